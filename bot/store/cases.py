"""Deliberations as they were asked and as they ended."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from statistics import median

from bot.council import Attached, Call, Cost, Council, Deliberation, Question
from bot.records import AuditionEnding, Case, PlatformName, Remains, Stop, Turn
from bot.store import spending
from bot.store.auditions import ended
from bot.store.encoding import decode, decode_time_or_none, encode, encode_time
from bot.store.events import note_event
from bot.store.feed import record
from bot.store.held import taken_in
from bot.store.journal import inserted
from bot.store.people import taken_over
from bot.store.redactions import insert_redactions
from bot.store.reflections import IS_JOURNAL
from bot.store.transactions import Do, Row, Statement, Tables, Transaction, change, equal, lists
from bot.store.work import nothing_left, nothing_told

_PAGE = 100

# From how many questions on, of the newest at most, it is known how long one takes, and what it
# costs: of that something is made only where it is sure enough.
_USUAL_FROM, _COST_FROM, _USUAL_OF = 3, 5, 20

_COLUMNS = (
    "question, council, platform, workspace, channel, thread, asker, mention, address, status,"
    " result"
)
# As `case_of` reads them.
COLUMNS = f"{_COLUMNS}, expired_at, remains, stop, stopped_by, wrote"


# As `_turns` reads them.
_TURN = "id, question, result"
_HAS_TURN = "status = 'finished' AND expired_at IS NULL"


class Cases(Tables):
    async def create(
        self,
        case: Case,
        originals: Mapping[str, str] | None = None,
        *,
        shares: spending.Shares | None = None,
        limits: Mapping[str, int] | None = None,
        answers: Sequence[Call] = (),
        ending: AuditionEnding | None = None,
    ) -> bool:
        """Keep a new case, with the `originals` of the placeholders in its texts, and set its money
        aside: `shares`, within `limits`, which are micro-dollars by scope. `answers` are those of a run
        before that it need not ask for. False, and nothing
        written, where its mention or id is known already, if only as an event that was handled, or the
        run that it grows from grew before. An audition that ends with it does so then. Raises
        `OverBudget` or `SettingsChanged`, nothing written."""
        values = (
            case.id,
            encode_time(case.question.asked_at),
            encode(Question, case.question),
            encode(Council, case.council),
            case.platform,
            case.workspace,
            case.channel,
            case.thread,
            case.asker,
            case.mention,
            case.address,
            case.status,
            None if case.result is None else encode(Deliberation, case.result),
            case.takes_up or None,
        )
        marks = ", ".join("?" * len(values))
        sql = (
            f"INSERT INTO deliberations (id, asked_at, {_COLUMNS}, takes_up) VALUES ({marks}) "
            "ON CONFLICT DO NOTHING"
        )

        def write() -> Transaction[bool]:
            if case.question.grows and (yield _grown_from(case.question.grows)):
                return False
            if case.mention is not None:
                is_new = yield from note_event(case.mention, case.question.asked_at)
                if not is_new:
                    return False
            if (yield from change(sql, values)) != 1:
                return False
            yield taken_in(case.id, case.mention)
            yield from insert_redactions(case.id, originals or {})
            for call in answers:
                yield inserted(case.id, call)
            if case.takes_up and case.council.seating:
                yield taken_over(case.id, case.takes_up)
            if ending:
                yield from ended(case, ending)
            if shares is not None:
                day = spending.day_of(case.question.asked_at)
                scopes = spending.scopes_of(case.platform, case.channel, case.asker, limits or {})
                yield from spending.reserve(case.id, day, scopes, shares, limits or {}, term=1)
            return True

        return await self._database.write(write)

    async def case(self, id: str) -> Case | None:
        rows = await self._database.read(f"SELECT {COLUMNS} FROM deliberations WHERE id = ?", (id,))
        return case_of(rows[0]) if rows else None

    async def results(self, ids: Sequence[str]) -> dict[str, tuple[str | None, str]]:
        """Who asked, and the result as `decode` reads it, of those that are finished."""
        found = {}
        for marks, part in lists(ids):
            rows = await self._database.read(
                "SELECT id, asker, result FROM deliberations "
                f"WHERE id IN ({marks}) AND result IS NOT NULL",
                part,
            )
            found.update({id: (asker, result) for id, asker, result in rows})
        return found

    async def go_on(
        self,
        id: str,
        asker: str,
        at: datetime,
        *,
        shares: spending.Shares | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> Case | None:
        """Have a stopped case run again, as this person's from now on, with its money set aside as
        `create` does. What its run has finished stays, and no earlier one can write any more. `None`,
        and nothing written, where it is not stopped, or its texts are erased. Raises `OverBudget`,
        nothing written."""

        def write() -> Transaction[Case | None]:
            rows = yield Statement(
                f"SELECT {COLUMNS}, term FROM deliberations "
                "WHERE id = ? AND status = 'stopped' AND expired_at IS NULL",
                (id,),
            )
            if not rows:
                return None
            case, term = case_of(rows[0][:-1]), rows[0][-1] + 1
            since = case.stop.at if case.stop else case.question.asked_at
            question = replace(case.question, pauses=(*case.question.pauses, (since, at)))
            wrote = None if case.writer == asker else case.writer
            yield from spending.book(id)
            yield from nothing_left(id)
            yield Do(
                "UPDATE deliberations SET status = 'running', delivered = 0, token = token + 1,"
                " failed_starts = 0, term = ?, went_on_at = ?, question = ?, asker = ?, wrote = ?,"
                " stop = NULL, stopped_by = NULL, shares = NULL WHERE id = ?",
                (term, encode_time(at), encode(Question, question), asker, wrote, id),
            )
            if shares is not None:
                scopes = spending.scopes_of(case.platform, case.channel, asker, limits or {})
                day = spending.day_of(at)
                yield from spending.reserve(id, day, scopes, shares, limits or {}, term=term)
            yield record(id, "went_on")
            return replace(
                case, question=question, asker=asker, wrote=wrote, status="running", stop=None
            )

        return await self._database.write(write)

    async def unfinished(self, platform: PlatformName) -> tuple[Case, ...]:
        """What a restart takes up again, oldest first: cases that run, and those that ended but
        were not `delivered`."""
        rows = await self._database.read(
            f"SELECT {COLUMNS} FROM deliberations "
            "WHERE platform = ? AND delivered = 0 ORDER BY number",
            (platform,),
        )
        return tuple(map(case_of, rows))

    async def case_of_mention(self, mention: str) -> Case | None:
        """The case that this event of a platform started."""
        rows = await self._database.read(
            f"SELECT {COLUMNS} FROM deliberations WHERE mention = ?", (mention,)
        )
        return case_of(rows[0]) if rows else None

    async def active_places(
        self, platform: PlatformName, since: datetime
    ) -> tuple[tuple[str, str, str | None], ...]:
        """Where something was asked since then: workspace, channel and thread."""
        rows = await self._database.read(
            "SELECT DISTINCT workspace, channel, thread FROM deliberations "
            "WHERE platform = ? AND asked_at >= ? AND channel IS NOT NULL",
            (platform, encode_time(since)),
        )
        return tuple((workspace or "", channel, thread) for workspace, channel, thread in rows)

    async def delivered(self, id: str) -> None:
        """The last post shows how the case ended, so a restart need not see to it."""

        def write() -> Transaction[None]:
            changed = yield from change(
                "UPDATE deliberations SET delivered = 1 WHERE id = ? AND status <> 'running'", (id,)
            )
            if changed:
                yield from nothing_told(id)

        await self._database.write(write)

    async def is_delivered(self, id: str) -> bool:
        """Whether every post stood there in its last state once."""
        rows = await self._database.read("SELECT delivered FROM deliberations WHERE id = ?", (id,))
        return bool(rows and rows[0][0])

    async def unfinished_question(
        self,
        platform: PlatformName,
        text: str,
        mode: str,
        since: datetime,
        *,
        quoted: str = "",
        files: Sequence[Attached] = (),
    ) -> Case | None:
        """The newest running case that asked exactly this, about that material, in this mode."""
        rows = await self._database.read(
            f"SELECT {COLUMNS} FROM deliberations "
            "WHERE platform = ? AND status = 'running' AND asked_at >= ? ORDER BY number DESC",
            (platform, encode_time(since)),
        )
        wanted = (text, quoted, tuple(files), mode)
        for case in map(case_of, rows):
            asked = case.question
            if (asked.text, asked.quoted, asked.files, case.council.mode) == wanted:
                return case
        return None

    async def turns(
        self, platform: PlatformName, channel: str | None, thread: str | None
    ) -> tuple[Turn, ...]:
        """The answered questions of a thread, oldest first; without a thread there are none. Nor
        is any whose texts are erased."""
        if channel is None or thread is None:
            return ()
        rows = await self._database.read(
            f"SELECT {_TURN} FROM deliberations WHERE platform = ? AND channel = ? "
            f"AND thread = ? AND {_HAS_TURN} ORDER BY number",
            (platform, channel, thread),
        )
        return _turns(rows)

    async def turns_of(self, ids: Sequence[str]) -> tuple[Turn, ...]:
        """Those of these deliberations, oldest first."""
        rows: list[Row] = []
        for marks, part in lists(ids):
            rows += await self._database.read(
                f"SELECT {_TURN} FROM deliberations WHERE id IN ({marks}) AND {_HAS_TURN} "
                "ORDER BY number",
                part,
            )
        return _turns(rows)

    async def numbered(self, case: Case) -> Question:
        """The question with its number in its thread: as was decided once, else one more than those
        before it."""
        if redo := case.question.redo:
            of = await self.case(redo.of)
            return replace(case.question, number=(await self.numbered(of)).number if of else 1)
        if case.channel is None or case.thread is None:
            return case.question
        rows = await self._database.read(
            "SELECT number, value FROM deliberations "
            "LEFT JOIN decisions ON deliberation = id AND name = 'number' WHERE id = ?",
            (case.id,),
        )
        for place, value in rows:
            if value is not None:
                return replace(case.question, number=int(value))
            before = await self._database.read(
                "SELECT value FROM deliberations "
                "LEFT JOIN decisions ON deliberation = id AND name = 'number' "
                "WHERE platform = ? AND channel = ? AND thread = ? AND number < ?",
                (case.platform, case.channel, case.thread, place),
            )
            numbers = [int(number) for (number,) in before if number is not None]
            return replace(case.question, number=1 + max((len(before), *numbers)))
        return case.question

    async def usual_seconds(self, case: Case) -> float | None:
        """How long a question in this mode takes in the case's channel, whoever is asked: the median
        of the newest, of a council's or of one member's alone. `None` where too few are known."""
        rows = await self._database.read(
            "SELECT result FROM deliberations WHERE platform = ? AND channel = ? "
            "AND status = 'finished' ORDER BY number DESC LIMIT ?",
            (case.platform, case.channel or "", _USUAL_OF),
        )
        results = [json.loads(result) for (result,) in rows]
        seconds = [
            result["timings"]["verdict"]
            for result in results
            if result["mode"] == case.council.mode
            and bool(result.get("redo")) == bool(case.question.redo)
            and (len(result["members"]) == 1) == (len(case.council.members) == 1)
            and result["timings"]["verdict"] is not None
        ]
        return float(median(seconds)) if len(seconds) >= _USUAL_FROM else None

    async def grown_from(self, id: str) -> Case | None:
        """The first that grew into the whole council from the answers of this one."""
        grown = _grown_from(id)
        rows = await self._database.read(grown.sql, grown.parameters)
        return case_of(rows[0]) if rows else None

    async def newest_in(
        self, platform: PlatformName, channel: str, thread: str | None
    ) -> Case | None:
        """The case that was asked last in a thread, however it stands; without one there is none."""
        if thread is None:
            return None
        rows = await self._database.read(
            f"SELECT {COLUMNS} FROM deliberations WHERE platform = ? AND channel = ? "
            "AND thread = ? ORDER BY number DESC LIMIT 1",
            (platform, channel, thread),
        )
        return case_of(rows[0]) if rows else None

    async def usual_cost(self, case: Case) -> Cost | None:
        """What a question to a council costs in the case's channel, in whichever mode: as the one in
        the middle of the newest did. `None` where too few are known."""
        rows = await self._database.read(
            "SELECT council, sum(told_micros), sum(coalesce(cost_micros, 0) - told_micros),"
            " sum(assumed_micros) FROM (SELECT id, council FROM deliberations WHERE platform = ?"
            " AND channel = ? AND status = 'finished' ORDER BY number DESC LIMIT ?) AS newest"
            " JOIN attempts ON attempts.deliberation = id WHERE EXISTS (SELECT 1 FROM calls WHERE"
            " calls.deliberation = id AND calls.stage = 'answer' AND text IS NOT NULL)"
            " GROUP BY id, council",
            (case.platform, case.channel or "", _USUAL_OF),
        )
        costs = [
            Cost(*(micros / 1e6 for micros in sums))
            for council, *sums in rows
            if len(json.loads(council)["members"]) > 1
        ]
        costs.sort(key=lambda cost: cost.usd)
        return costs[len(costs) // 2] if len(costs) >= _COST_FROM else None

    async def newest(self) -> Case | None:
        """The case that was asked last of those that are finished, on whatever platform."""
        rows = await self._database.read(
            f"SELECT {COLUMNS} FROM deliberations WHERE status = 'finished' "
            "ORDER BY number DESC LIMIT 1"
        )
        return case_of(rows[0]) if rows else None

    async def was_asked_in(self, channel: str) -> bool:
        """Whether anything was, on whatever platform."""
        rows = await self._database.read(
            "SELECT 1 FROM deliberations WHERE channel = ? LIMIT 1", (channel,)
        )
        return bool(rows)

    async def place_of_channel(self, channel: str) -> tuple[str, str] | None:
        """Its platform and workspace, by what was asked there last."""
        rows = await self._database.read(
            "SELECT platform, workspace FROM deliberations WHERE channel = ? "
            f"AND NOT {IS_JOURNAL} ORDER BY number DESC LIMIT 1",
            (channel,),
        )
        return (rows[0][0], rows[0][1] or "") if rows else None

    async def channels(self) -> tuple[str, ...]:
        """Those that something was asked in, on whatever platform, the busiest lately first."""
        rows = await self._database.read(
            "SELECT channel FROM deliberations WHERE channel IS NOT NULL "
            "GROUP BY channel ORDER BY MAX(number) DESC"
        )
        return tuple(channel for (channel,) in rows)

    async def cases(
        self,
        *,
        platform: PlatformName | None = None,
        channel: str | None = None,
        since: datetime | None = None,
    ) -> AsyncIterator[Case]:
        """The finished cases, oldest first, read a page at a time: a consumer may take its time,
        since nothing stays open between two pages."""
        where, values = equal(platform=platform, channel=channel)
        earliest = encode_time(since) if since else ""
        last = await self._number_before(since) if since else 0
        while page := await self._database.read(
            f"SELECT {COLUMNS}, number FROM deliberations WHERE number > ? "
            f"AND status = 'finished' AND asked_at >= ? AND {where} ORDER BY number LIMIT ?",
            (last, earliest, *values, _PAGE),
        ):
            for row in page:
                yield case_of(row[:-1])
            last = page[-1][-1]

    async def _number_before(self, since: datetime) -> int:
        """Of the last case that was asked before all those of then or later."""
        ((first,),) = await self._database.read(
            "SELECT min(number) FROM deliberations WHERE asked_at >= ?", (encode_time(since),)
        )
        return 0 if first is None else int(first) - 1


def _grown_from(id: str) -> Statement:
    return Statement(
        f"SELECT {COLUMNS} FROM deliberations WHERE takes_up = ? AND question LIKE ? "
        "ORDER BY number LIMIT 1",
        (id, f'%"grows":"{id}"%'),
    )


def _turns(rows: Iterable[Row]) -> tuple[Turn, ...]:
    turns = []
    for id, text, outcome in rows:
        question, result = json.loads(text), json.loads(outcome)
        if result["answers"]:
            repeats = (question.get("origin") or {}).get("repeats", "")
            turns.append(Turn(id, question["text"], result["verdict"]["text"], repeats))
    return tuple(turns)


def case_of(row: Row) -> Case:
    question, council, platform, workspace, channel, thread, asker, mention = row[:8]
    address, status, result, expired_at, remains, stop, stopped_by, wrote = row[8:]
    return Case(
        question=decode(Question, question),
        council=decode(Council, council),
        platform=platform,
        workspace=workspace,
        channel=channel,
        thread=thread,
        asker=asker,
        mention=mention,
        address=address,
        status=status,
        result=None if result is None else decode(Deliberation, result),
        expired_at=decode_time_or_none(expired_at),
        remains=None if remains is None else decode(Remains, remains),
        stop=None if stop is None else replace(decode(Stop, stop), person=stopped_by),
        wrote=wrote,
    )
