"""Taking out what people wrote, everywhere: their questions, the answers to them, their votes, and
the copies that follow-ups took of them.

Rows of a deliberation go with it (foreign keys). Money spent stays counted.
"""

import json
from collections.abc import Sequence

from bot.records import Place
from bot.store.copies import Thread, Words
from bot.store.erasing import TO_ERASE, Erasing
from bot.store.transactions import Many, Statement, Transaction, change, equal, lists

_PERSON = "asker = ?"

# How a question that quotes nothing is written.
_QUOTES_NOTHING = '%"quoted":""%'

Parameters = Sequence[str]


class Removal(Erasing):
    async def asked_by(self, person: str) -> tuple[Place, ...]:
        """Where the questions of this person stand."""
        return await self._places(*_and_repeats(_PERSON, (person,)))

    async def asked_in(self, platform: str | None, channel: str) -> tuple[Place, ...]:
        """Where the questions of this channel stand, in the order in which they were asked."""
        return await self._places(*equal(channel=channel, platform=platform))

    async def asked_as(self, id: str) -> tuple[Place, ...]:
        """Where the question of this id stands, if there is one."""
        return await self._places("id = ?", (id,))

    async def quoting(self, places: Sequence[Place]) -> set[str]:
        """Which questions, of whatever place, quote these or what was answered to them."""

        def read() -> Transaction[set[str]]:
            words = Words()
            for marks, part in lists([place.id for place in places]):
                for _, place, texts in (yield from _said(f"id IN ({marks})", part)):
                    words.add(texts, place)
            return set((yield from _quoting(words)))

        return await self._database.write(read)

    async def forget_deliberation(self, id: str) -> int:
        """One question and all that came of it. How many there were, with its repeats."""
        return await self._forget(*_and_repeats("id = ?", (id,)))

    async def forget_channel(self, platform: str | None, channel: str) -> int:
        """Every question of a channel, its settings and their history. How many questions."""
        which, place = equal(channel=channel, platform=platform)
        tables = ("settings", "settings_audit", "publications")
        more = [Statement(f"DELETE FROM {table} WHERE {which}", place) for table in tables]
        return await self._forget(which, place, more)

    async def forget_person(self, person: str) -> int:
        """A person's questions, and their votes on those of others. How many questions."""
        return await self._forget(
            *_and_repeats(_PERSON, (person,)),
            [
                Statement("DELETE FROM reactions WHERE person = ?", (person,)),
                Statement("DELETE FROM reveals WHERE person = ?", (person,)),
                Statement("UPDATE settings_audit SET person = '' WHERE person = ?", (person,)),
            ],
        )

    async def _places(self, which: str, parameters: Parameters) -> tuple[Place, ...]:
        rows = await self._database.read(
            f"SELECT id, platform, channel, thread FROM deliberations WHERE {which} "
            "ORDER BY number",
            parameters,
        )
        return tuple(Place(*row) for row in rows)

    async def _forget(
        self, which: str, parameters: Parameters, more: Sequence[Statement] = ()
    ) -> int:
        def write() -> Transaction[int]:
            for statement in more:
                yield from change(*statement)
            yield from _forget_copies(which, parameters)
            yield Statement(
                "DELETE FROM feed WHERE deliberation IN"
                f" (SELECT id FROM deliberations WHERE {which})",
                parameters,
            )
            yield TO_ERASE
            return (yield from change(f"DELETE FROM deliberations WHERE {which}", parameters))

        forgotten = await self._database.write(write)
        await self.erase()
        return forgotten


def _and_repeats(which: str, parameters: Parameters) -> tuple[str, Parameters]:
    """These questions, and the same words asked once more by a button, by whomever."""
    repeated = (
        """question LIKE '%"repeats":"_%' AND EXISTS"""
        f" (SELECT 1 FROM deliberations AS first WHERE {which} AND"
        """ deliberations.question LIKE '%"repeats":"' || first.id || '"%')"""
    )
    return f"({which} OR {repeated})", (*parameters, *parameters)


def _forget_copies(which: str, parameters: Parameters) -> Transaction[None]:
    """Take what follow-ups know of these questions out of theirs."""
    known: list[str] = []
    words = Words()
    for id, place, texts in (yield from _said(which, parameters)):
        known += [json.dumps(id), json.dumps(texts[:2])]
        words.add(texts, place)
    taught = yield from _taught(known)
    quoting = yield from _quoting(words)
    yield Many(
        "UPDATE attempts SET body = NULL WHERE body IS NOT NULL AND deliberation = ?",
        [(id,) for id in {*taught, *quoting}],
    )
    yield Many(
        "UPDATE decisions SET value = 'null' WHERE name = 'earlier' AND deliberation = ?",
        [(id,) for id in taught],
    )
    yield Many(
        "UPDATE deliberations SET question = ? WHERE id = ?",
        [(question, id) for id, question in quoting.items()],
    )


def _said(
    which: str, parameters: Parameters
) -> Transaction[list[tuple[str, Thread | None, list[str]]]]:
    """What was asked in these questions, and answered; and in which thread."""
    rows = yield Statement(
        f"SELECT id, platform, channel, thread, question, result FROM deliberations WHERE {which}",
        parameters,
    )
    said: list[tuple[str, Thread | None, list[str]]] = []
    for id, platform, channel, thread, question, result in rows:
        texts = [json.loads(question)["text"], *_texts(json.loads(result) if result else {})]
        said.append((id, None if thread is None else (platform, channel, thread), texts))
    return said


def _taught(known: Sequence[str]) -> Transaction[list[str]]:
    """Deliberations whose members were told of these."""
    taught: list[str] = []
    for marks, part in lists(known):
        rows = yield Statement(
            f"SELECT deliberation FROM decisions WHERE name = 'earlier' AND value IN ({marks})",
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
    shown = [verdict, *(answers if isinstance(answers, list) else [])]
    return [str(each.get("text", "")) for each in shown if isinstance(each, dict)]
