"""Money per day (UTC) and scope: what was spent, and what requests under way may still cost.

A scope is `all`, one server, or one channel. Every amount is in micro-dollars.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from bot.errors import ModelFailed
from bot.language import _
from bot.store.sqlite_database import Tables

ALL = "all"


def channel_scope(platform: str, channel: str) -> str:
    return f"channel:{platform}:{channel}"


def server_scope(platform: str, workspace: str) -> str:
    return f"server:{platform}:{workspace}"


def day_of(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


class Spending(Tables):
    async def spent(self, day: date, scope: str = ALL) -> int:
        """Micro-dollars spent on that day, without what is only reserved."""
        rows = await self._database.read(
            "SELECT spent_micros FROM spending WHERE day = ? AND scope = ?",
            (day.isoformat(), scope),
        )
        return int(rows[0][0]) if rows else 0


def reserve(
    connection: sqlite3.Connection,
    day: str,
    scopes: Sequence[str],
    micros: int,
    limits: Mapping[str, int],
) -> None:
    """Set money aside for one request. Raises `ModelFailed` where that would pass a limit.

    Runs inside the transaction that also records the request, so requests cannot pass together
    a limit that each of them keeps.
    """
    for scope in scopes:
        used = _used(connection, day, scope)
        if scope in limits and used + micros > limits[scope]:
            raise ModelFailed("no_credit", _budget_sentence(scope, limits[scope], used, micros))
    connection.executemany(
        "INSERT INTO spending (day, scope, reserved_micros) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET reserved_micros = reserved_micros + excluded.reserved_micros",
        [(day, scope, micros) for scope in scopes],
    )


def settle(
    connection: sqlite3.Connection, day: str, scopes: Sequence[str], *, reserved: int, spent: int
) -> None:
    """Turn what was reserved for one request into what it cost."""
    connection.executemany(
        "UPDATE spending SET reserved_micros = reserved_micros - ?, spent_micros = spent_micros + ?"
        " WHERE day = ? AND scope = ?",
        [(reserved, spent, day, scope) for scope in scopes],
    )


def book(connection: sqlite3.Connection, deliberation: str, scopes: Sequence[str]) -> None:
    """Book what an earlier run of this deliberation left under way at its most: it may have been
    billed."""
    rows = connection.execute(
        "SELECT substr(started_at, 1, 10) AS day, sum(reserved_micros) FROM attempts "
        "WHERE deliberation = ? AND reserved_micros > 0 GROUP BY day",
        (deliberation,),
    ).fetchall()
    for day, reserved in rows:
        settle(connection, day, scopes, reserved=reserved, spent=reserved)
    connection.execute(
        "UPDATE attempts SET counted_micros = reserved_micros, reserved_micros = 0 "
        "WHERE deliberation = ? AND reserved_micros > 0",
        (deliberation,),
    )


def book_all(connection: sqlite3.Connection) -> None:
    """Book what an ended process left under way at its most: it may have been billed.

    Nothing is under way when the only process that writes has just started.
    """
    connection.execute(
        "UPDATE attempts SET counted_micros = reserved_micros, reserved_micros = 0 "
        "WHERE reserved_micros > 0"
    )
    connection.execute(
        "UPDATE spending SET spent_micros = spent_micros + reserved_micros, reserved_micros = 0 "
        "WHERE reserved_micros > 0"
    )


def _used(connection: sqlite3.Connection, day: str, scope: str) -> int:
    row = connection.execute(
        "SELECT spent_micros + reserved_micros FROM spending WHERE day = ? AND scope = ?",
        (day, scope),
    ).fetchone()
    return int(row[0]) if row else 0


def _budget_sentence(scope: str, limit: int, used: int, micros: int) -> str:
    if scope == ALL:
        whose = _("The daily budget")
    elif scope.startswith("channel:"):
        whose = _("This channel's daily budget")
    elif scope.startswith("server:"):
        whose = _("This server's share of the daily budget")
    else:
        whose = _("This run's daily budget")
    return _(
        "{whose} of {limit} has no room until midnight UTC: {used} is spent or reserved, and "
        "this request may cost {cost}.",
        whose=whose,
        limit=_usd(limit),
        used=_usd(used),
        cost=_usd(micros),
    )


def _usd(micros: int) -> str:
    exact = f"{micros / 1e6:.6f}"
    return f"{exact[:-4]}{exact[-4:].rstrip('0')} USD"
