"""Which events of the platforms were handled: hashes, which outlive the questions they brought.

Somebody who is forgotten must not be asked about again when missed mentions are looked for. The
hash is keyed with a secret of this database, so that it tells nothing to whoever has no access.
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import HMAC

from bot.errors import StoreFailed
from bot.store.encoding import encode_time
from bot.store.transactions import Database, Do, Statement, Tables, Transaction, change, lists

# No platform repeats an event later than this, and nobody looks for one.
KEPT = timedelta(days=30)
# Some hundred bytes each.
MOST_EVENTS = 500_000

_SECRET = "event_secret"
_PREFIX = "handled:"
_ADD = "INSERT INTO seen_events (key, at) VALUES (?, ?) ON CONFLICT DO NOTHING"


class Events(Tables):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._unwritten: set[str] = set()

    async def taken(self, event: str) -> bool:
        """Whether a question came of it, forgotten or not."""
        return await self._knows(event)

    async def handled(self, event: str) -> bool:
        """Whether a question came of it or was refused: nobody waits for it any more."""
        return await self._knows(event, refused(event))

    async def refuse(self, event: str, at: datetime) -> None:
        """Note that its question was refused. It may be put again all the same, by a button say."""
        await self._database.write(lambda: note_event(refused(event), at))

    async def _knows(self, *events: str) -> bool:
        rows = await self._database.read("SELECT value FROM notes WHERE key = ?", (_SECRET,))
        digests = [_digest(secret, event) for (secret,) in rows for event in events]
        for marks, part in lists(digests):
            if await self._database.read(f"SELECT 1 FROM seen_events WHERE key IN ({marks})", part):
                return True
        return False

    async def secret(self) -> str:
        """The key of this database's hashes; "" where it has none yet, and so no hash."""
        rows = await self._database.read("SELECT value FROM notes WHERE key = ?", (_SECRET,))
        return str(rows[0][0]) if rows else ""

    async def seen(self, key: str, at: datetime) -> bool:
        """Note an event; True the first time, False for a repeat.

        Where it cannot be noted it counts as new, once in this process: better said twice than
        never.
        """
        try:
            return await self._change(_ADD, (key, encode_time(at))) == 1
        except StoreFailed:
            is_new = key not in self._unwritten
            self._unwritten.add(key)
            return is_new

    async def drop_old_events(self, now: datetime, *, most: int = MOST_EVENTS) -> None:
        """Those that can come no more, and those before so many of the newest. A place is joined
        and left again at any time."""
        await self._change(
            "DELETE FROM seen_events WHERE key NOT LIKE '%:joined:%' AND (at < ? OR at <"
            " (SELECT at FROM seen_events ORDER BY at DESC LIMIT 1 OFFSET ?))",
            (encode_time(now - KEPT), most - 1),
        )


def note_event(event: str, at: datetime) -> Transaction[bool]:
    """False where it was noted before."""
    key = yield from secret()
    return (yield from change(_ADD, (_digest(key, event), encode_time(at)))) == 1


def refused(event: str) -> str:
    """Under which it is noted that its question was refused."""
    return f"refused {event}"


def secret() -> Transaction[str]:
    """The key of this database's hashes."""
    yield Do(
        "INSERT INTO notes (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (_SECRET, secrets.token_hex(32)),
    )
    ((key,),) = yield Statement("SELECT value FROM notes WHERE key = ?", (_SECRET,))
    return str(key)


def identity_of(secret: str) -> str:
    """What tells a database with this key, and its copies, from every other; of the key it tells nothing."""
    return HMAC(secret.encode(), b"the database itself", sha256).hexdigest()


def _digest(secret: str, event: str) -> str:
    return _PREFIX + HMAC(secret.encode(), event.encode(errors="replace"), sha256).hexdigest()
