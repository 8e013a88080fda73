"""Taking out what people wrote, everywhere: their questions, the answers to them, their votes, and
the copies that follow-ups took of them.

Rows of a deliberation go with it (foreign keys). The bytes of what was deleted stay in the file's
pages and in its log until both are written anew: `erase` does that. Money spent stays counted.
"""

import json
import logging
import sqlite3
from collections.abc import Iterator, Sequence

from bot.errors import StoreFailed
from bot.records import Place
from bot.store.copies import Thread, Words
from bot.store.sqlite_database import Tables

logger = logging.getLogger(__name__)

# The note that says how far erasing is: the file has to be rewritten, or only its log emptied.
_ERASING, _FILE, _LOG = "erasing", "file", "log"

_PERSON = "asker = ?"
_CHANNEL = "channel = ? AND (? IS NULL OR platform = ?)"

Parameters = tuple[str | None, ...]
Statement = tuple[str, Parameters]


class Removal(Tables):
    async def asked_by(self, person: str) -> tuple[Place, ...]:
        """Where the questions of this person stand."""
        return await self._places(_PERSON, (person,))

    async def asked_in(self, platform: str | None, channel: str) -> tuple[Place, ...]:
        """Where the questions of this channel stand."""
        return await self._places(_CHANNEL, (channel, platform, platform))

    async def quoting(self, places: Sequence[Place]) -> set[str]:
        """Which questions, of whatever place, quote these or what was answered to them."""

        def read(connection: sqlite3.Connection) -> set[str]:
            words = Words()
            which = "id IN (SELECT value FROM json_each(?))"
            ids = json.dumps([place.id for place in places])
            for _, place, texts in _said(connection, which, (ids,)):
                words.add(texts, place)
            return set(_quoting(connection, words))

        return await self._database.write(read)

    async def forget_deliberation(self, id: str) -> int:
        """One question and all that came of it. How many there were: 0 or 1."""
        return await self._forget("id = ?", (id,))

    async def forget_channel(self, platform: str | None, channel: str) -> int:
        """Every question of a channel, its settings and their history. How many questions."""
        place = (channel, platform, platform)
        return await self._forget(
            _CHANNEL,
            place,
            [
                (f"DELETE FROM {table} WHERE {_CHANNEL}", place)
                for table in ("settings", "settings_audit", "publications")
            ],
        )

    async def forget_person(self, person: str) -> int:
        """A person's questions, and their votes on those of others. How many questions."""
        return await self._forget(
            _PERSON,
            (person,),
            [
                ("DELETE FROM reactions WHERE person = ?", (person,)),
                ("DELETE FROM reveals WHERE person = ?", (person,)),
                ("UPDATE settings_audit SET person = '' WHERE person = ?", (person,)),
            ],
        )

    async def erase(self) -> bool:
        """Overwrite what forgotten rows left in the database's files.

        False where that has to be tried again: another program is reading, or the disk is full.
        """
        left = await self._left()
        try:
            if left == _FILE:
                await self._database.rewrite()
                await self._note(_LOG)
            if left and not await self._database.empty_log():
                return False
        except StoreFailed as error:
            logger.warning("what was forgotten is not erased yet: %s", error)
            return False
        if left:
            await self._note("")
        return True

    async def _places(self, which: str, parameters: Parameters) -> tuple[Place, ...]:
        rows = await self._database.read(
            f"SELECT id, platform, channel, thread FROM deliberations WHERE {which}", parameters
        )
        return tuple(Place(*row) for row in rows)

    async def _left(self) -> str:
        rows = await self._database.read("SELECT value FROM notes WHERE key = ?", (_ERASING,))
        return rows[0][0] if rows else ""

    async def _note(self, left: str) -> None:
        await self._database.write(lambda connection: _set_left(connection, left))

    async def _forget(
        self, which: str, parameters: Parameters, more: Sequence[Statement] = ()
    ) -> int:
        def write(connection: sqlite3.Connection) -> int:
            for sql, values in more:
                connection.execute(sql, values)
            _forget_copies(connection, which, parameters)
            connection.execute(
                "DELETE FROM feed WHERE deliberation IN"
                f" (SELECT id FROM deliberations WHERE {which})",
                parameters,
            )
            _set_left(connection, _FILE)
            return connection.execute(
                f"DELETE FROM deliberations WHERE {which}", parameters
            ).rowcount

        forgotten = await self._database.write(write)
        await self.erase()
        return forgotten


def _set_left(connection: sqlite3.Connection, left: str) -> None:
    connection.execute(
        "INSERT INTO notes (key, value) VALUES (?, ?) "
        "ON CONFLICT DO UPDATE SET value = excluded.value",
        (_ERASING, left),
    )


def _forget_copies(connection: sqlite3.Connection, which: str, parameters: Parameters) -> None:
    """Take what follow-ups know of these questions out of theirs."""
    known: list[str] = []
    words = Words()
    for id, place, texts in _said(connection, which, parameters):
        known += [json.dumps(id), json.dumps(texts[:2])]
        words.add(texts, place)
    quoting = list(_quoting(connection, words))
    of_copies = (
        "SELECT deliberation FROM decisions WHERE name = 'earlier'"
        " AND value IN (SELECT value FROM json_each(?))"
        " UNION SELECT value FROM json_each(?)"
    )
    lists = (json.dumps(known), json.dumps(quoting))
    connection.execute(
        f"UPDATE attempts SET body = NULL WHERE body IS NOT NULL AND deliberation IN ({of_copies})",
        lists,
    )
    connection.execute(
        "UPDATE decisions SET value = 'null' WHERE name = 'earlier'"
        " AND value IN (SELECT value FROM json_each(?))",
        lists[:1],
    )
    connection.execute(
        "UPDATE deliberations SET question = json_set(question, '$.quoted', '')"
        " WHERE id IN (SELECT value FROM json_each(?))",
        lists[1:],
    )


def _said(
    connection: sqlite3.Connection, which: str, parameters: Parameters
) -> Iterator[tuple[str, Thread | None, list[str]]]:
    """What was asked in these questions, and answered; and in which thread."""
    for id, platform, channel, thread, question, result in connection.execute(
        f"SELECT id, platform, channel, thread, question, result FROM deliberations WHERE {which}",
        parameters,
    ).fetchall():
        texts = [json.loads(question)["text"], *_texts(json.loads(result) if result else {})]
        yield id, None if thread is None else (platform, channel, thread), texts


def _quoting(connection: sqlite3.Connection, words: Words) -> Iterator[str]:
    """Questions that quote one of these texts: replies to it, and forwards, wherever they went."""
    for id, quoted, *place in connection.execute(
        "SELECT id, json_extract(question, '$.quoted'), platform, channel, thread"
        " FROM deliberations WHERE json_extract(question, '$.quoted') <> ''"
    ):
        if words.are_in(quoted, (place[0], place[1], place[2])):
            yield id


def _texts(result: dict[str, object]) -> list[str]:
    """What was posted of a result: the verdict first."""
    verdict, answers = result.get("verdict"), result.get("answers")
    shown = [verdict, *(answers if isinstance(answers, list) else [])]
    return [str(each.get("text", "")) for each in shown if isinstance(each, dict)]
