"""Erasing: the bytes of what was deleted stay in the file's pages and in its log until both are
written anew. How far that is, a note says, so that a restart goes on with it, and so that of several
who erase nobody takes for erased what another deleted meanwhile.
"""

import logging
import secrets

from bot.errors import StoreFailed
from bot.store.transactions import Do, Tables, change

logger = logging.getLogger(__name__)

# The file has to be rewritten, or only its log emptied.
_ERASING, _FILE, _LOG = "erasing", "file", "log"
# Tables of rows that are there for a short while.
_BRIEF = ("held",)


class Erasing(Tables):
    async def erase(self) -> bool:
        """Overwrite what forgotten rows left in the database's files.

        False where that has to be tried again: another program is reading, or the disk is full.
        """
        left = (await self._left()).partition(" ")[0]
        if not left:
            return True
        ours = f"{left} {secrets.token_hex(8)}"  # whoever deletes from now on says so without this word
        await self._database.write(lambda: change(*_set_left(ours)))
        try:
            if left == _FILE:
                await self._database.rewrite()
            is_emptied = await self._database.empty_log(_BRIEF)
        except StoreFailed as error:
            logger.warning("what was forgotten is not erased yet: %s", error)
            return False
        changed = await self._change(
            "UPDATE notes SET value = ? WHERE key = ? AND value = ?",
            ("" if is_emptied else _LOG, _ERASING, ours),
        )
        return is_emptied and changed == 1

    async def _left(self) -> str:
        rows = await self._database.read("SELECT value FROM notes WHERE key = ?", (_ERASING,))
        return rows[0][0] if rows else ""


def _set_left(left: str) -> Do:
    return Do(
        "INSERT INTO notes (key, value) VALUES (?, ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (_ERASING, left),
    )


# For the transaction that deletes.
TO_ERASE = _set_left(_FILE)
# The same where the rows were there for a short while, in a table of `_BRIEF`: the pages of a file hold
# nothing of them any more, and a server's table is small.
TO_EMPTY_LOG = Do(
    "INSERT INTO notes (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value ="
    " CASE WHEN notes.value LIKE ? THEN ? ELSE excluded.value END",
    (_ERASING, _LOG, f"{_FILE}%", _FILE),
)
