"""Money per day (UTC) and scope: what was spent, and what requests under way may still cost.

A scope is `all`, one server, or one channel. Every amount is in micro-dollars.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from bot.errors import ModelFailed
from bot.language import _
from bot.store.transactions import Many, Statement, Tables, Transaction

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

    async def spend(self, day: date, micros: int) -> None:
        """Add what was spent outside of any deliberation."""
        await self._change(
            "INSERT INTO spending (day, scope, spent_micros) VALUES (?, ?, ?) "
            "ON CONFLICT (day, scope) DO UPDATE "
            "SET spent_micros = spending.spent_micros + excluded.spent_micros",
            (day.isoformat(), ALL, micros),
        )


def reserve(
    day: str, scopes: Sequence[str], micros: int, limits: Mapping[str, int]
) -> Transaction[None]:
    """Set money aside for one request. Raises `ModelFailed` where that would pass a limit.

    Runs inside the transaction that also records the request, so requests cannot pass together
    a limit that each of them keeps.
    """
    marks = ", ".join("?" * len(scopes))
    rows = yield Statement(
        "SELECT scope, spent_micros + reserved_micros FROM spending "
        f"WHERE day = ? AND scope IN ({marks})",
        (day, *scopes),
    )
    used: dict[str, int] = dict(rows)
    for scope in scopes:
        if scope in limits and used.get(scope, 0) + micros > limits[scope]:
            sentence = _budget_sentence(scope, limits[scope], used.get(scope, 0), micros)
            raise ModelFailed("no_credit", sentence)
    yield Many(
        "INSERT INTO spending (day, scope, reserved_micros) VALUES (?, ?, ?) "
        "ON CONFLICT (day, scope) DO UPDATE "
        "SET reserved_micros = spending.reserved_micros + excluded.reserved_micros",
        [(day, scope, micros) for scope in scopes],
    )


def settle(day: str, scopes: Sequence[str], *, reserved: int, spent: int) -> Many:
    """Turn what was reserved for one request into what it cost."""
    return Many(
        "UPDATE spending SET reserved_micros = reserved_micros - ?, spent_micros = spent_micros + ?"
        " WHERE day = ? AND scope = ?",
        [(reserved, spent, day, scope) for scope in scopes],
    )


def book(deliberation: str, scopes: Sequence[str]) -> Transaction[None]:
    """Book what an earlier run of this deliberation left under way at its most: it may have been
    billed."""
    rows = yield Statement(
        "SELECT substr(started_at, 1, 10) AS day, sum(reserved_micros) FROM attempts "
        "WHERE deliberation = ? AND reserved_micros > 0 GROUP BY day",
        (deliberation,),
    )
    for day, reserved in rows:
        yield settle(day, scopes, reserved=reserved, spent=reserved)
    yield Statement(
        "UPDATE attempts SET counted_micros = reserved_micros, reserved_micros = 0 "
        "WHERE deliberation = ? AND reserved_micros > 0",
        (deliberation,),
    )


def book_all() -> Transaction[None]:
    """Book what an ended process left under way at its most: it may have been billed.

    Nothing is under way when the only process that writes has just started.
    """
    yield Statement(
        "UPDATE attempts SET counted_micros = reserved_micros, reserved_micros = 0 "
        "WHERE reserved_micros > 0"
    )
    yield Statement(
        "UPDATE spending SET spent_micros = spent_micros + reserved_micros, reserved_micros = 0 "
        "WHERE reserved_micros > 0"
    )


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
