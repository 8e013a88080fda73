"""Taking out what people wrote, everywhere: their questions, the answers to them, their votes, the
follow-ups that build on them, whose texts may repeat theirs, and the copies that others took.

Rows of a deliberation go with it (foreign keys). Money spent stays counted. The bot's own posts are
noted to be removed, which takes as long as the platform wants.

Whatever goes wrong, "forgotten": words that were forgotten are in no file, and in no later post.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import get_args

from bot.records import Place, PlatformName
from bot.store import spending
from bot.store.copies import Thread, Words
from bot.store.encoding import encode_time
from bot.store.erasing import TO_ERASE, Erasing
from bot.store.exhibits import forget_forwarded
from bot.store.people import take_back
from bot.store.recaps import KNOWS
from bot.store.reflections import IS_JOURNAL, book_readers, journal_platform
from bot.store.transactions import Do, Many, Statement, Transaction, change, equal, lists

# How a question that quotes nothing is written, and one that a button put.
_QUOTES_NOTHING = '%"quoted":""%'
_PUT_BY_BUTTON = '%"origin":{%'

# What is kept of a channel, beside its questions.
_OF_CHANNELS = (
    "settings",
    "settings_audit",
    "publications",
    "auditions",
    "trials",
    "published_trials",
    "held",
    "reflections",
    "lessons",
)

Parameters = Sequence[str]
Which = tuple[str, Parameters]


class Removal(Erasing):
    async def asked_by(self, person: str) -> tuple[Place, ...]:
        """Where the questions of this person stand, and those that are forgotten with them."""
        return await self._with_what_follows(_by(person))

    async def asked_in(self, platform: str | None, channel: str) -> tuple[Place, ...]:
        """Where the questions of this channel stand, in the order in which they were asked."""
        which, parameters = equal(channel=channel, platform=platform)
        rows = await self._database.read(
            "SELECT id, platform, channel, thread FROM deliberations "
            f"WHERE {which} AND NOT {IS_JOURNAL} ORDER BY number",
            parameters,
        )
        return tuple(Place(*row) for row in rows)

    async def asked_in_thread(self, platform: str, channel: str, thread: str) -> tuple[Place, ...]:
        """The same of a thread."""
        return await self._with_what_follows(_in_thread(platform, channel, thread))

    async def asked_as(self, id: str) -> tuple[Place, ...]:
        """The same of the question of this id, if there is one."""
        return await self._with_what_follows(_as(id))

    async def asked_by_command(self, since: datetime) -> tuple[Place, ...]:
        """The same of what `ask` and `bench` asked since then."""
        return await self._with_what_follows(_by_command(since))

    async def quoting(self, places: Sequence[Place]) -> set[str]:
        """Which questions, of whatever place, quote these or what was answered to them."""

        def read() -> Transaction[set[str]]:
            words = Words()
            for _, place, texts in (yield from _said([place.id for place in places])):
                words.add(texts, place)
            return set((yield from _quoting(words)))

        return await self._database.write(read)

    async def forget_deliberation(self, id: str) -> int:
        """One question and all that came of it. How many there were, with what goes with it."""
        return await self._forget(_as(id))

    async def forget_by_command(self, since: datetime) -> int:
        """What `ask` and `bench` asked since then. How many questions."""
        return await self._forget(_by_command(since))

    async def forget_thread(self, platform: str, channel: str, thread: str) -> int:
        """Every question of a thread. How many."""
        which, place = _in_thread(platform, channel, thread)
        waiting = Statement(f"DELETE FROM held WHERE {which}", place)
        return await self._forget((which, place), [waiting])

    async def forget_channel(self, platform: str | None, channel: str) -> int:
        """Every question of a channel, its settings and their history. How many questions."""
        which, place = equal(channel=channel, platform=platform)
        more = [Statement(f"DELETE FROM {table} WHERE {which}", place) for table in _OF_CHANNELS]
        more.append(_journals_of_reflections(platform, channel))
        return await self._forget((which, place), more)

    async def forget_person(self, person: str) -> int:
        """A person's questions, and their votes on those of others and answers to them. How many
        questions.

        What they spent today is kept to the day's end, since a limit counts it.
        """
        await self._database.write(lambda: _taken_back(person))
        today = spending.day_of(datetime.now(UTC))
        scopes = [spending.person_scope(platform, person) for platform in get_args(PlatformName)]
        marks = ", ".join("?" * len(scopes))
        return await self._forget(
            _by(person),
            [
                Statement("DELETE FROM reactions WHERE person = ?", (person,)),
                Statement("DELETE FROM reveals WHERE person = ?", (person,)),
                Statement("DELETE FROM comparisons WHERE person = ?", (person,)),
                Statement("DELETE FROM held WHERE asker = ?", (person,)),
                Statement(
                    f"DELETE FROM spending WHERE scope IN ({marks}) AND day < ?", (*scopes, today)
                ),
                Statement(f"DELETE FROM accounts WHERE scope IN ({marks})", scopes),
                Statement("UPDATE settings_audit SET person = '' WHERE person = ?", (person,)),
                # A reflection is the channel's, whoever began it.
                Statement(
                    f"UPDATE deliberations SET asker = NULL WHERE asker = ? AND {IS_JOURNAL}",
                    (person,),
                ),
                Statement(
                    "UPDATE deliberations SET stopped_by = NULL WHERE stopped_by = ?", (person,)
                ),
            ],
        )

    async def _with_what_follows(self, which: Which) -> tuple[Place, ...]:
        def read() -> Transaction[tuple[Place, ...]]:
            places: list[Place] = []
            for marks, part in lists((yield from _and_what_follows(which))):
                rows = yield Statement(
                    "SELECT id, platform, channel, thread FROM deliberations "
                    f"WHERE id IN ({marks}) ORDER BY number",
                    part,
                )
                places += [Place(*row) for row in rows]
            return tuple(places)

        return await self._database.write(read)

    async def _forget(self, which: Which, more: Sequence[Statement] = ()) -> int:
        def write() -> Transaction[int]:
            ids = yield from _and_what_follows(which)
            yield from book_readers(ids)
            yield from spending.book_those(set(ids))
            for statement in more:
                yield from change(*statement)
            yield from forget_forwarded(ids)
            yield from _forget_copies(ids)
            for marks, part in lists(ids):
                yield Do(
                    "INSERT INTO removals (platform, post_id) SELECT platform, post_id FROM posts "
                    f"WHERE deliberation IN ({marks}) AND post_id IS NOT NULL AND deleted = 0 "
                    "AND platform IN ('discord', 'slack') ON CONFLICT DO NOTHING",
                    part,
                )
                yield Do(f"DELETE FROM feed WHERE deliberation IN ({marks})", part)
                yield Do(f"DELETE FROM deliberations WHERE id IN ({marks})", part)
            yield TO_ERASE
            return len(ids)

        forgotten = await self._database.write(write)
        await self.erase()
        return forgotten


def _by(person: str) -> Which:
    return f"(asker = ? OR wrote = ?) AND NOT {IS_JOURNAL}", (person, person)


def _as(id: str) -> Which:
    return "id = ?", (id,)


def _journals_of_reflections(platform: str | None, channel: str) -> Statement:
    which, place = equal(channel=channel, platform=platform and journal_platform(platform))
    return Statement(f"DELETE FROM deliberations WHERE {which} AND {IS_JOURNAL}", place)


def _in_thread(platform: str, channel: str, thread: str) -> Which:
    return equal(platform=platform, channel=channel, thread=thread)


def _by_command(since: datetime) -> Which:
    return "platform = 'cli' AND asked_at >= ?", (encode_time(since),)


def _and_what_follows(which: Which) -> Transaction[list[str]]:
    """The ids of these questions, of those that say the same once more, and of the follow-ups that
    build on any of them, by whomever."""
    condition, parameters = which
    rows = yield Statement(f"SELECT id FROM deliberations WHERE {condition}", parameters)
    found = dict.fromkeys(id for (id,) in rows)
    pressed = (yield from _put_by_buttons()) if found else []
    new = list(found)
    while new:
        known: list[str] = []
        for id, _, texts in (yield from _said(new)):
            known += [json.dumps(id), json.dumps(texts[:2])]
        before = set(new)
        following = [id for id, origins in pressed if before & origins]
        following += yield from _taught(known)
        new = [id for id in dict.fromkeys(following) if id not in found]
        found |= dict.fromkeys(new)
    return list(found)


def _put_by_buttons() -> Transaction[list[tuple[str, set[str]]]]:
    """Questions that a button put, and those whose words or verdict they took up."""
    rows = yield Statement(
        "SELECT id, question FROM deliberations WHERE question LIKE ?", (_PUT_BY_BUTTON,)
    )
    found = []
    for id, question in rows:
        origin = json.loads(question)["origin"]
        found.append((id, {origin["earlier"], origin["repeats"]}))
    return found


def _forget_copies(ids: Sequence[str]) -> Transaction[None]:
    """Take what others quote of these questions out of theirs."""
    words = Words()
    for _, place, texts in (yield from _said(ids)):
        words.add(texts, place)
    yield from _forget_quotes(words, set(ids))


def _taken_back(person: str) -> Transaction[None]:
    """What they answered to questions, and what others quote of that."""
    words = Words()
    for place, text in (yield from take_back(person)):
        words.add([text], place)
    yield from _forget_quotes(words, set())


def _forget_quotes(words: Words, gone: set[str]) -> Transaction[None]:
    """Take these words out of questions that quote them, but for those that are gone themselves."""
    yield from _forget_held(words, gone)
    quoting = yield from _quoting(words)
    quoting = {id: question for id, question in quoting.items() if id not in gone}
    yield Many(
        "UPDATE attempts SET body = NULL WHERE body IS NOT NULL AND deliberation = ?",
        [(id,) for id in quoting],
    )
    yield Many(
        "UPDATE deliberations SET question = ? WHERE id = ?",
        [(question, id) for id, question in quoting.items()],
    )


def _forget_held(words: Words, ids: set[str]) -> Transaction[None]:
    """Questions that wait, and quote one of these texts or go on from one of these questions."""
    for id, platform, channel, thread, asked, takes_up in (
        yield Statement("SELECT id, platform, channel, thread, asked, takes_up FROM held")
    ):
        mention = json.loads(asked)
        origin = mention["origin"] or {}
        if ids & {*origin.values(), takes_up} or words.are_in(
            mention["quoted"], (platform, channel, thread)
        ):
            yield Do("DELETE FROM held WHERE id = ?", (id,))


def _said(ids: Iterable[str]) -> Transaction[list[tuple[str, Thread | None, list[str]]]]:
    """What was asked in these questions, and answered; and in which thread."""
    said: list[tuple[str, Thread | None, list[str]]] = []
    for marks, part in lists(list(ids)):
        rows = yield Statement(
            "SELECT id, platform, channel, thread, question, result FROM deliberations "
            f"WHERE id IN ({marks})",
            part,
        )
        for id, platform, channel, thread, question, result in rows:
            texts = [json.loads(question)["text"], *_texts(json.loads(result) if result else {})]
            said.append((id, None if thread is None else (platform, channel, thread), texts))
    return said


def _taught(known: Sequence[str]) -> Transaction[list[str]]:
    """Deliberations whose members were told of these."""
    taught: list[str] = []
    for marks, part in lists(known):
        rows = yield Statement(
            "SELECT DISTINCT deliberation FROM decisions WHERE (name = 'earlier' "
            f"OR name LIKE '{KNOWS}%') AND value IN ({marks})",
            part,
        )
        taught += [deliberation for (deliberation,) in rows]
    return taught


def _quoting(words: Words) -> Transaction[dict[str, str]]:
    """Questions that quote one of these texts, without what they quote: replies to it, and
    forwards, wherever they went."""
    rows = yield Statement(
        "SELECT id, question, platform, channel, thread FROM deliberations"
        " WHERE question NOT LIKE ?",
        (_QUOTES_NOTHING,),
    )
    quoting: dict[str, str] = {}
    for id, text, *place in rows:
        question = json.loads(text)
        if words.are_in(question.get("quoted", ""), (place[0], place[1], place[2])):
            bare = {**question, "quoted": ""}
            quoting[id] = json.dumps(bare, ensure_ascii=False, separators=(",", ":"))
    return quoting


def _texts(result: dict[str, object]) -> list[str]:
    """What was posted of a result: the verdict first."""
    verdict, answers = result.get("verdict"), result.get("answers")
    left_out, unsupported = result.get("left_out"), result.get("unsupported")
    shown = [verdict, *_listed(answers), *_listed(left_out)]
    texts = [str(each.get("text", "")) for each in shown if isinstance(each, dict)]
    return [*texts, *map(str, _listed(unsupported))]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
