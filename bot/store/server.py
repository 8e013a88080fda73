"""The address of a PostgreSQL database. Knows no driver."""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from bot.language import N_

UNREADABLE = N_(
    "COUNCIL_DATABASE cannot be read. It is written postgresql://USER:PASSWORD@HOST:PORT/DATABASE; "
    "signs such as @, / and % in a password are written as %40, %2F and %25."
)

_BEGINNINGS = ("postgresql://", "postgres://")
# Of any kind, and misspelled ones: taken for a path, it would be told as one, and be a file's name. The
# one letter before a colon is a drive.
_ADDRESS = re.compile(r"\s*[\w+.-]{2,}:/|.*\b(host|password|dbname)\s*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Server:
    """As text it tells neither who logs in nor with what."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def password(self) -> str:
        return unquote(urlsplit(self.url).password or "")


def is_server(text: str) -> bool:
    """Whether it is meant to be one, readable or not."""
    return _ADDRESS.match(text) is not None


def read_server(text: str) -> Server:
    """Raises `ValueError`, also where a sign in the password ends it early: what follows would be
    taken for a host, and told."""
    parts = urlsplit(text)
    if not text.startswith(_BEGINNINGS) or any(map(str.isspace, text)):
        raise ValueError
    if text.count("@") != parts.netloc.count("@") or parts.netloc.count("@") > 1 or parts.fragment:
        raise ValueError
    if not (_host(parts) or "host=" in parts.query):
        raise ValueError
    return Server(text)


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
