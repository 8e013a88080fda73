"""Reflections on a channel's criteria: the one under way, and what came of the last.

The journal of one is a deliberation on a platform of its own (`journal_platform`), which is in no list
of questions. It ends as one that was stopped, without a result, its texts erased.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import get_args

from bot.council import Council, Question
from bot.records import LastReflection, PlatformName, ReflectionBegun, ReflectionDecision
from bot.store import spending
from bot.store.channels import changed
from bot.store.encoding import decode_time_or_none, encode, encode_time
from bot.store.transactions import Do, Many, Row, Statement, Tables, Transaction, change, lists

# The decision of the journal that says which questions are learned from, and which are tried on.
SPLIT = "split"
# And the one that says how many micro-dollars it may cost.
MOST = "most"

_PREFIX = "reflection:"
_JOURNALS = ", ".join(f"'{_PREFIX}{platform}'" for platform in get_args(PlatformName))
# Of journals of reflections, and no question's.
IS_JOURNAL = f"platform IN ({_JOURNALS})"
_THIS_CHANNEL = "platform = ? AND channel = ?"


def journal_platform(platform: str) -> str:
    return _PREFIX + platform


def channels_platform(platform: str) -> str:
    """The channel's own, of whatever is asked or reflected there."""
    return platform.removeprefix(_PREFIX)


class Reflections(Tables):
    async def begin_reflection(
        self,
        begun: ReflectionBegun,
        *,
        shares: spending.Shares,
        limits: Mapping[str, int],
    ) -> bool:
        """Keep a new one, and set its money aside, which is all that it ever spends. False, and nothing
        written, where another is under way in the channel. Raises `OverBudget`, nothing written."""
        most = sum(shares.values())
        limits = {**limits, spending.run_scope(begun.question.id): most}

        def write() -> Transaction[bool]:
            here = begun.platform, begun.channel
            rows = yield Statement(f"SELECT under_way FROM reflections WHERE {_THIS_CHANNEL}", here)
            if rows and rows[0][0]:
                return False
            yield _journal(begun)
            yield Do(
                "INSERT INTO reflections (platform, channel, under_way) VALUES (?, ?, ?) "
                "ON CONFLICT (platform, channel) DO UPDATE SET under_way = excluded.under_way",
                (*here, begun.question.id),
            )
            yield from _keep_split(begun)
            yield _decision(begun, MOST, str(most))
            day = spending.day_of(begun.question.asked_at)
            scopes = spending.scopes_of(*here, begun.person, limits)
            yield from spending.reserve(begun.question.id, day, scopes, shares, limits, term=1)
            return True

        return await self._database.write(write)

    async def reflection(self, platform: str, channel: str) -> LastReflection:
        rows = await self._database.read(
            "SELECT tries, under_way, result, ended_at, decided FROM reflections "
            f"WHERE {_THIS_CHANNEL}",
            (platform, channel),
        )
        return _last(rows[0]) if rows else LastReflection()

    async def reflections_under_way(self, platform: PlatformName) -> tuple[str, ...]:
        """Their journals, in no particular order."""
        rows = await self._database.read(
            "SELECT under_way FROM reflections WHERE platform = ? AND under_way IS NOT NULL",
            (platform,),
        )
        return tuple(id for (id,) in rows)

    async def reflections_reading(self, questions: Sequence[str]) -> frozenset[str]:
        """Those under way, by their journals, that go with any of these questions."""
        found: set[str] = set()
        for marks, part in lists(questions):
            rows = await self._database.read(
                f"SELECT DISTINCT reflection FROM reflected WHERE question IN ({marks})", part
            )
            found.update(reflection for (reflection,) in rows)
        return frozenset(found)

    async def learned_before(self, platform: str, channel: str) -> frozenset[str]:
        """The questions that criteria were once proposed from."""
        rows = await self._database.read(
            f"SELECT question FROM lessons WHERE {_THIS_CHANNEL}", (platform, channel)
        )
        return frozenset(question for (question,) in rows)

    async def discard_reflection(self, platform: str, channel: str, ended_at: datetime) -> bool:
        """Note that its criteria are not wanted; False where another has ended since, or this was
        decided."""
        return await self._database.write(
            lambda: _decided(platform, channel, ended_at, "discarded")
        )

    async def adopt_reflection(
        self,
        here: tuple[str, str, str],
        ended_at: datetime,
        *,
        seen_version: int,
        values: Mapping[str, str],
        person: str,
        at: datetime,
        what: str,
    ) -> bool:
        """Change the settings of a channel (`here` are platform, workspace and channel), and note it;
        False, nothing written, as `discard_reflection`. Raises `SettingsChanged`, nothing written."""

        def write() -> Transaction[bool]:
            platform, _, channel = here
            if not (yield from _decided(platform, channel, ended_at, "adopted")):
                return False
            yield from changed(
                here, seen_version=seen_version, values=values, person=person, at=at, what=what
            )
            return True

        return await self._database.write(write)


def ended(id: str, result: str | None, at: datetime, *, tries: int) -> Transaction[None]:
    """The reflection of this journal is over: with its result, or, stopped, without one, which leaves
    what came of the last. `tries` is how many comparisons it came to."""
    over = yield from change(
        "UPDATE deliberations SET status = 'stopped', delivered = 1 "
        "WHERE id = ? AND status = 'running'",
        (id,),
    )
    if not over:
        return
    yield from spending.hold_needed(id)
    kept = "" if result is None else "result = ?, ended_at = ?, decided = NULL, "
    values = () if result is None else (result, encode_time(at))
    yield Do(
        f"UPDATE reflections SET {kept}tries = tries + ?, under_way = NULL WHERE under_way = ?",
        (*values, tries, id),
    )
    yield Do("DELETE FROM reflected WHERE reflection = ?", (id,))
    for sql in _ERASED:
        yield Do(sql, (id,))


def book_readers(questions: Sequence[str]) -> Transaction[None]:
    """Book what reflections that read any of these have under way at its most: their rows go with
    these questions, and it may have been billed."""
    for marks, part in lists(questions):
        rows = yield Statement(
            f"SELECT DISTINCT reflection FROM reflected WHERE question IN ({marks})", part
        )
        for (reflection,) in rows:
            yield from spending.book(reflection)


# Reviews quote what they are about, and nothing is read of them again.
_ERASED = (
    "UPDATE calls SET text = '' WHERE deliberation = ? AND text IS NOT NULL",
    "UPDATE calls SET failure_message = '' WHERE deliberation = ? AND failure_message IS NOT NULL",
    "UPDATE attempts SET body = NULL WHERE deliberation = ? AND body IS NOT NULL",
    "UPDATE attempts SET failure_message = '' WHERE deliberation = ? AND failure_message IS NOT NULL",
)


def _journal(begun: ReflectionBegun) -> Do:
    return Do(
        "INSERT INTO deliberations (id, asked_at, question, council, platform, workspace, channel,"
        " asker, address, status, delivered) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', 'running', 1)",
        (
            begun.question.id,
            encode_time(begun.question.asked_at),
            encode(Question, begun.question),
            encode(Council, begun.council),
            journal_platform(begun.platform),
            begun.workspace,
            begun.channel,
            begun.person,
        ),
    )


def _keep_split(begun: ReflectionBegun) -> Transaction[None]:
    """Before anything is asked: whatever comes of it, these were learned from."""
    yield _decision(begun, SPLIT, begun.split)
    yield Many(
        "INSERT INTO lessons (platform, channel, question) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(begun.platform, begun.channel, id) for id in begun.learned],
    )
    yield Many(
        "INSERT INTO reflected (reflection, question) VALUES (?, ?)",
        [(begun.question.id, id) for id in _all(begun)],
    )


def _decision(begun: ReflectionBegun, name: str, value: str) -> Do:
    return Do(
        "INSERT INTO decisions (deliberation, name, value) VALUES (?, ?, ?)",
        (begun.question.id, name, value),
    )


def _all(begun: ReflectionBegun) -> Sequence[str]:
    return tuple(dict.fromkeys((*begun.learned, *begun.tested)))


def _decided(
    platform: str, channel: str, ended_at: datetime, how: ReflectionDecision
) -> Transaction[bool]:
    count = yield from change(
        f"UPDATE reflections SET decided = ? WHERE {_THIS_CHANNEL} AND ended_at = ?"
        " AND decided IS NULL",
        (how, platform, channel, encode_time(ended_at)),
    )
    return count == 1


def _last(row: Row) -> LastReflection:
    tries, under_way, result, ended_at, decided = row
    return LastReflection(tries, under_way, result, decode_time_or_none(ended_at), decided)
