"""What PostgreSQL answers where something goes wrong, in words a person can act on.

Its own words are told where they speak of the connection alone: of a statement they may repeat what
was in it.
"""

import re

from psycopg import Error, InterfaceError, OperationalError, errors

from bot.errors import StoreFailed, StoreUnreachable
from bot.language import N_, _
from bot.store.batches import UNUSABLE
from bot.store.server import Server

_LOST = N_(
    "The server of the database {path} cannot be reached ({error}). Check that it runs, and that this "
    "is its address."
)
_TURNED_AWAY = N_(
    "The server of the database {path} lets nobody in with what its address says ({error}). Correct "
    "the user, the password or the name there, or what the server allows."
)
_REFUSED = N_("The database {path} refused what was asked of it ({error}).")

# An answer to who connects has no SQLSTATE with the driver, and comes in the server's language: in others
# than this one it counts as a server that is not there.
_TURNS_AWAY = re.compile(
    "authentication failed|no password supplied|no pg_hba.conf entry|not permitted to log in|"
    '(database|role) ".*" does not exist|permission denied for database|does not support SSL|'
    "certificate"
)

# By the SQLSTATE's class, or the whole of it (postgresql.org, "PostgreSQL Error Codes").
_SENTENCES = {
    "42501": N_(
        "The user that the address of the database {path} names may not do there what Council needs: "
        "let it own the database, or grant it CREATE there."
    ),
    "53100": N_("The disk of the database {path} is full. Make room and try again."),
    "53300": N_(
        "The server of the database {path} takes no more connections: raise max_connections, or "
        "close others."
    ),
    "25006": N_("The server of the database {path} takes no writes: it is a standby, or set to."),
    "55P03": N_(
        "The database {path} is held by another program. Close that program and try again."
    ),
}
_PUBLIC = {
    "53100": N_(
        "The disk of the bot's database is full. Try again once there is room; the bot's "
        "log tells its operator more."
    ),
}

# What may pass while others wait: a lost connection (08, 57P, and what has no code), transactions that
# met (40), no room and no connections (53), a standby that takes over (25006), another's lock (55P03).
_PASSING = ("08", "57P", "40", "53", "25006", "55P03", "58")


def may_pass(error: Exception | None) -> bool:
    if not isinstance(error, OperationalError | InterfaceError | errors.ReadOnlySqlTransaction):
        return False
    if _turns_away(error):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(_PASSING)


def fails_all(error: Error) -> bool:
    """Whether it ends the transaction for every write in it."""
    return may_pass(error) or error.sqlstate is None


def failed(server: Server, error: Error) -> StoreFailed:
    code = error.sqlstate or ""
    sentence = _SENTENCES.get(code) or _SENTENCES.get(code[:2])
    words, kind = type(error).__name__, StoreFailed
    if _turns_away(error):
        sentence, words = _TURNED_AWAY, _without_secrets(server, error)
    elif code.startswith(("08", "57P")) or (not code and may_pass(error)):
        sentence, words, kind = sentence or _LOST, _without_secrets(server, error), StoreUnreachable
    translated = kind(
        _(sentence or _REFUSED, path=server, error=words), public=_(_PUBLIC.get(code, UNUSABLE))
    )
    translated.__cause__ = without_values(error)
    return translated


def _turns_away(error: Error) -> bool:
    is_answer = isinstance(error, OperationalError) and error.sqlstate is None
    return is_answer and _TURNS_AWAY.search(str(error)) is not None


def without_values(error: Error) -> Exception:
    """The same kind of error: its own words may repeat what people wrote."""
    bare = type(error)(error.sqlstate or "")
    for note in getattr(error, "__notes__", ()):
        bare.add_note(note)
    return bare


def _without_secrets(server: Server, error: Error) -> str:
    """One line of what is said of a connection."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    told = lines[0].strip()
    return told.replace(server.password, "***") if server.password else told
