"""Money by day (UTC) and scope: what was spent, and what runs under way have set aside.

A scope is `all`, a server, a channel, a person, a model; a channel over a month; or a run of the
bench, which no day ends. Every amount is in micro-dollars. What a run may spend is decided by
`bot.allowance`; here it is read and written, in one transaction with what it is spent on.

Whatever goes wrong, "booked as billed": what providers told is booked, all of it and nothing
besides.

Whatever goes wrong, "within limits": no day costs more than its limit, nothing stays set aside for
what is over, and nobody is refused while there is plenty.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain

from bot.allowance import SUCCESSOR, Allowance, CallMoney, Key, checks_of, needed_of
from bot.bills import Bill
from bot.errors import BotError, ModelFailed
from bot.language import _
from bot.records import Account, Untold
from bot.store.accounts import as_told
from bot.store.encoding import encode_time
from bot.store.hedges import HedgesSpent
from bot.store.transactions import Do, Rows, Statement, Tables, Transaction, done, lists

ALL = "all"

# Decisions of a run that say which calls it may still make: the chairman began while reviews were
# written; no more of these were waited for.
EARLY_VERDICT, EARLY_STOP = "early_verdict", "early_stop"
# Nothing more is bought but a verdict of what there is: a person wanted no more, or money ended.
ENOUGH = "enough"

Shares = Mapping[Key, int]


def channel_scope(platform: str, channel: str) -> str:
    return f"channel:{platform}:{channel}"


def month_scope(platform: str, channel: str) -> str:
    return f"month:{channel_scope(platform, channel)}"


def server_scope(platform: str, workspace: str) -> str:
    return f"server:{platform}:{workspace}"


def person_scope(platform: str, person: str) -> str:
    return f"person:{platform}:{person}"


def run_scope(run: str) -> str:
    return f"run:{run}"


def scopes_of(
    platform: str, channel: str | None, asker: str | None, limits: Iterable[str]
) -> tuple[str, ...]:
    """What a question counts in, whether there is a limit or not."""
    scopes = [ALL]
    if channel is not None:
        scopes += [channel_scope(platform, channel), month_scope(platform, channel)]
        if asker is not None:
            scopes.append(person_scope(platform, asker))
    return tuple(dict.fromkeys((*scopes, *limits)))


def day_of(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def period(day: str, scope: str) -> str:
    """What a scope's money belongs to, for a question of this day."""
    if scope.startswith("month:"):
        return day[:7]
    return "" if scope.startswith("run:") else day


class OverBudget(BotError):
    """A budget has no room: of `limit_micros` in this scope `left_micros` are left."""

    def __init__(self, scope: str, limit_micros: int, left_micros: int, needed_micros: int) -> None:
        super().__init__(
            _(
                "About {needed} is needed; {left} of {limit} is left.",
                needed=_usd(needed_micros),
                left=_usd(max(left_micros, 0)),
                limit=_usd(limit_micros),
            )
        )
        self.scope = scope
        self.limit_micros = limit_micros
        self.left_micros = left_micros
        self.needed_micros = needed_micros


class NoRoom(ModelFailed):
    """A request was not sent, because a budget has no room for it. What others only set aside
    `may_come` back and make some."""

    def __init__(self, message: str, *, may_come: bool) -> None:
        super().__init__("no_credit", message)
        self.may_come = may_come


@dataclass(frozen=True, slots=True)
class Left:
    """What the tightest of some limits has left, `None` where there is no limit at all, and what
    any of them has left of what was spent alone."""

    scope: str = ALL
    limit_micros: int = 0
    left_micros: int | None = None
    unspent_micros: int = 0


class Spending(Tables):
    async def spent(self, day: date, scope: str = ALL) -> int:
        """Micro-dollars that limits count on that day, without what is only set aside."""
        rows = await self._database.read(
            "SELECT spent_micros FROM spending WHERE day = ? AND scope = ?",
            (period(day.isoformat(), scope), scope),
        )
        return int(rows[0][0]) if rows else 0

    async def spend(self, day: date, model: str, bill: Bill) -> None:
        """Add what was spent outside of any deliberation."""
        await self._database.write(lambda: done(spent(day.isoformat(), (ALL,), model, bill)))

    async def set_aside(
        self, day: date, model: str, micros: int, limits: Mapping[str, int]
    ) -> bool:
        """Count what a request outside of any deliberation may cost at most, before it is sent.

        False where a limit has no room for it; then nothing is counted. `spend` what it differs by.
        """

        def write() -> Transaction[bool]:
            left = yield from _left(day.isoformat(), limits)
            if left.left_micros is not None and left.left_micros < micros:
                return False
            most = Bill(cost_micros=None, counted_micros=micros)
            yield spent(day.isoformat(), (ALL,), model, most)
            return True

        return await self._database.write(write)

    async def untold(self, since: datetime, limit: int = 50) -> tuple[Untold, ...]:
        """Requests that ended since then, and whose usage nobody told so far; the newest first."""
        rows = await self._database.read(
            "SELECT deliberation, stage, round, seat, n, model, generation_id FROM attempts"
            " WHERE told_micros = 0 AND counted_micros > 0 AND finished_at >= ?"
            " AND generation_id <> '' ORDER BY finished_at DESC LIMIT ?",
            (encode_time(since), limit),
        )
        return tuple(Untold(*row) for row in rows)

    async def book_again(self, request: Untold, bill: Bill) -> None:
        """Book what a request cost in the place of what was counted of it, once."""
        key = (request.deliberation, request.stage, request.round, request.seat, request.n)
        which = "deliberation = ? AND stage = ? AND round = ? AND seat = ? AND n = ?"

        def write() -> Transaction[None]:
            rows = yield Statement(
                "SELECT cost_micros, counted_micros, assumed_micros, term FROM attempts"
                f" WHERE {which} AND told_micros = 0",
                key,
            )
            for cost, counted, assumed, term in rows:
                accounts = yield from _accounts(request.deliberation, term)
                yield Do(
                    "UPDATE attempts SET prompt_tokens = ?, completion_tokens = ?, cost_micros = ?,"
                    " counted_micros = ?, told_micros = ?, assumed_micros = ?"
                    f" WHERE {which}",
                    (
                        bill.prompt_tokens,
                        bill.completion_tokens,
                        bill.cost_micros,
                        bill.counted_micros,
                        bill.told_micros,
                        bill.assumed_micros,
                        *key,
                    ),
                )
                change = Bill(
                    cost_micros=(bill.cost_micros or 0) - (cost or 0),
                    counted_micros=bill.counted_micros - counted,
                    told_micros=bill.told_micros,
                    assumed_micros=bill.assumed_micros - assumed,
                )
                day = next((day for day, scope in accounts if scope == ALL), "")
                scopes = [scope for _, scope in accounts]
                yield from settle(request.deliberation, day, scopes, request.model, change)

        await self._database.write(write)

    async def drop_old_sums(self, now: datetime) -> None:
        """Of persons: who asked is not kept longer than a person's budget needs it. A question that
        was asked before midnight may still be under way."""
        day = now.astimezone(UTC).date() - timedelta(days=1)
        await self._change(
            "DELETE FROM spending WHERE scope LIKE 'person:%' AND day < ?", (day.isoformat(),)
        )

    async def account(self, day: date, scope: str) -> Account:
        """A scope's money on that day, as it is told to people.

        All of it is looked at in one transaction: between two, a call may be booked.
        """
        at = period(day.isoformat(), scope)
        return await self._database.write(lambda: as_told(at, scope))

    async def left(self, day: date, limits: Mapping[str, int]) -> Left:
        """What these limits have left on that day."""
        return await self._database.write(lambda: _left(day.isoformat(), limits))

    async def costs(self, by: str, since: date | None = None) -> tuple[Account, ...]:
        """What was spent since then, and may yet be billed: by `day`, oldest first, or by `channel`
        or `model`, the most first."""
        prefix = {"channel": "channel:", "model": "model:"}.get(by)
        which, name, order = ALL, "day", "day"
        if prefix is not None:
            which, name = f"{prefix}%", f"substr(scope, {len(prefix) + 1})"
            order = "sum(told_micros + estimated_micros + assumed_micros) DESC, 1"
        rows = await self._database.read(
            f"SELECT {name}, sum(told_micros), sum(estimated_micros), sum(assumed_micros),"
            " sum(spent_micros - told_micros - estimated_micros - assumed_micros)"
            " FROM spending WHERE scope LIKE ? AND day >= ? AND spent_micros > 0"
            f" GROUP BY {name} ORDER BY {order}",
            (which, since.isoformat() if since else ""),
        )
        return tuple(Account(*row) for row in rows)


def reserve(
    deliberation: str,
    day: str,
    scopes: Sequence[str],
    shares: Shares,
    limits: Mapping[str, int],
    *,
    term: int,
) -> Transaction[None]:
    """Set a run's money aside, in the transaction that accepts its question. Raises `OverBudget`."""
    needed = needed_of(shares)
    left = yield from _left(day, limits)
    if left.left_micros is not None:
        if needed > left.left_micros:
            raise OverBudget(left.scope, left.limit_micros, left.left_micros, needed)
        if SUCCESSOR in shares:
            rest = left.left_micros - needed
            shares = {**shares, SUCCESSOR: min(shares[SUCCESSOR], rest)}
    yield Do("UPDATE deliberations SET shares = ? WHERE id = ?", (_encoded(shares), deliberation))
    yield opened(deliberation, term, day, scopes)
    yield _hold(deliberation, sum(shares.values()))


def opened(deliberation: str, term: int, day: str, scopes: Sequence[str]) -> Do:
    """A run counts in these scopes."""
    rows = [(deliberation, term, period(day, scope), scope) for scope in scopes]
    marks = ", ".join(["(?, ?, ?, ?)"] * len(rows))
    return Do(
        f"INSERT INTO accounts (deliberation, term, day, scope) VALUES {marks}"
        " ON CONFLICT DO NOTHING",
        tuple(chain.from_iterable(rows)),
    )


def money(
    deliberation: str, day: str, limits: Mapping[str, int]
) -> Transaction[tuple[Allowance, Left]]:
    """What a run may still spend, and what its limits have left for it."""
    sums = yield from _sums(day, limits, besides=deliberation)
    allowance = yield from _allowance(deliberation)
    return allowance, _tightest(limits, sums)


def grant(
    deliberation: str,
    key: Key,
    allowance: Allowance,
    left: Left,
    *,
    wanted_micros: int,
    least_micros: int,
    enough_micros: int,
) -> Transaction[int]:
    """What a request may cost: what is wanted, or its part of what there is room for. Raises
    `NoRoom` where there is less than enough, which is at most its call's share and at least the
    least.

    Runs inside the transaction that also looks at the `money` and records the request, so requests
    cannot pass together a limit that each of them keeps.
    """
    key = allowance.whose(key)
    micros = wanted_micros
    if left.left_micros is not None:
        needed = max(least_micros, min(enough_micros, allowance.shares.get(key, 0)))
        # What was once set aside stays the run's own, also where a limit was lowered since.
        room = allowance.room(key, max(left.left_micros, allowance.held))
        if room < needed:
            raise NoRoom(
                _no_room(left, room=room, needed=needed),
                may_come=allowance.hope(key, left.unspent_micros) >= needed,
            )
        micros = min(wanted_micros, max(needed, allowance.part(key, room)))
    call = allowance.calls.get(key, CallMoney())
    begun = CallMoney(call.counted, call.in_flight + micros, call.over)
    yield _hold(deliberation, allowance.with_call(key, begun).held)
    return micros


def keep_margin(
    deliberation: str, day: str, limits: Mapping[str, int], key: Key
) -> Transaction[None]:
    """Raises `HedgesSpent` where a second request of this call, whose row was just written, leaves
    less than is kept for asking again."""
    allowance, left = yield from money(deliberation, day, limits)
    key = allowance.whose(key)
    if left.left_micros is None:
        return
    room = allowance.room(key, max(left.left_micros, allowance.held))
    if allowance.spare(key, room) < 0:
        raise HedgesSpent()


def set_restart_aside(deliberation: str, day: str, limits: Mapping[str, int]) -> Transaction[bool]:
    """Set as much aside for a verdict that may be begun again as for its first time. False, nothing
    written, where a limit has no room for it."""
    allowance, left = yield from money(deliberation, day, limits)
    return (yield from _set_aside(deliberation, left, allowance, allowance.with_restart()))


def set_more_aside(
    deliberation: str, day: str, limits: Mapping[str, int], shares: Shares
) -> Transaction[bool]:
    """The same for calls for which nothing was set aside so far. A run without any money of its own
    needs none."""
    allowance, left = yield from money(deliberation, day, limits)
    if not allowance.shares:
        return True
    return (yield from _set_aside(deliberation, left, allowance, allowance.with_step(shares)))


def raise_shares(
    deliberation: str, day: str, limits: Mapping[str, int], shares: Shares
) -> Transaction[bool]:
    """The same where its calls are to take more than was set aside for them."""
    allowance, left = yield from money(deliberation, day, limits)
    if not allowance.shares:
        return True
    return (yield from _set_aside(deliberation, left, allowance, allowance.with_more(shares)))


def _set_aside(
    deliberation: str, left: Left, allowance: Allowance, more: Allowance
) -> Transaction[bool]:
    if left.left_micros is not None and more.held > max(left.left_micros, allowance.held):
        return False
    yield Do(
        "UPDATE deliberations SET shares = ? WHERE id = ?", (_encoded(more.shares), deliberation)
    )
    yield _hold(deliberation, more.held)
    return True


def settle(
    deliberation: str, day: str, scopes: Sequence[str], model: str, bill: Bill
) -> Transaction[None]:
    """Book what a request cost, once its row says so, and hold what its run needs from then on."""
    yield spent(day, scopes, model, bill)
    yield from hold_needed(deliberation)


def hold_needed(deliberation: str) -> Transaction[None]:
    """Hold what a run needs, as its rows are now, and give the rest back."""
    allowance = yield from _allowance(deliberation)
    yield _hold(deliberation, allowance.held)


def book(deliberation: str) -> Transaction[None]:
    """Book what an earlier run of this deliberation left under way at its most: it may have been
    billed."""
    rows = yield Statement(
        "SELECT model, sum(reserved_micros) FROM attempts "
        "WHERE deliberation = ? AND reserved_micros > 0 GROUP BY model",
        (deliberation,),
    )
    accounts = yield Statement(
        "SELECT day, scope FROM accounts WHERE deliberation = ?"
        " AND term = (SELECT term FROM deliberations WHERE id = ?)",
        (deliberation, deliberation),
    )
    if not rows:
        return
    day = next((day for day, scope in accounts if scope == ALL), "")
    scopes = [scope for _, scope in accounts]
    yield Do(
        "UPDATE attempts SET counted_micros = reserved_micros, reserved_micros = 0 "
        "WHERE deliberation = ? AND reserved_micros > 0",
        (deliberation,),
    )
    for model, most in rows:
        bill = Bill(cost_micros=None, counted_micros=most)
        yield from settle(deliberation, day, scopes, model, bill)


def give_up_checks(deliberation: str) -> Transaction[None]:
    """Keep nothing more for checks of a verdict that stands."""
    yield Do("UPDATE deliberations SET shares = NULL WHERE id = ?", (deliberation,))
    yield from hold_needed(deliberation)


def _give_up_checks_left() -> Transaction[None]:
    """The same of all that an ended process left and nobody goes on with."""
    rows = yield Statement(
        "SELECT DISTINCT id FROM accounts JOIN deliberations ON id = deliberation"
        " WHERE held_micros > 0 AND status = 'finished' AND (platform = 'cli' OR delivered = 1)"
    )
    for (deliberation,) in rows:
        yield from give_up_checks(deliberation)


def book_those(deliberations: Collection[str]) -> Transaction[None]:
    """The same of some, whose rows go: whoever is at them, maybe in another process, books nothing any
    more."""
    rows = yield Statement("SELECT DISTINCT deliberation FROM attempts WHERE reserved_micros > 0")
    for (deliberation,) in rows:
        if deliberation in deliberations:
            yield from book(deliberation)


def book_all() -> Transaction[None]:
    """Book what an ended process left under way at its most: it may have been billed.

    Nothing is under way when the only process that writes has just started.
    """
    rows = yield Statement("SELECT DISTINCT deliberation FROM attempts WHERE reserved_micros > 0")
    for (deliberation,) in rows:
        yield from book(deliberation)
    yield from _give_up_checks_left()


def _left(day: str, limits: Mapping[str, int]) -> Transaction[Left]:
    """What the tightest limit has left."""
    return _tightest(limits, (yield from _sums(day, limits, besides="")))


def _sums(day: str, limits: Mapping[str, int], *, besides: str) -> Transaction[Sequence[Rows]]:
    """What is spent and set aside in these scopes, but for what the run `besides` has set aside."""
    days = {period(day, scope) for scope in limits}
    sums = []
    for marks, part in lists([*limits]):
        dates = ", ".join("?" * len(days))
        rows = yield Statement(
            "SELECT scope, spent_micros, 0 FROM spending"
            f" WHERE day IN ({dates}) AND scope IN ({marks})"
            " UNION ALL SELECT scope, 0, sum(held_micros) FROM accounts"
            f" WHERE day IN ({dates}) AND scope IN ({marks}) AND held_micros > 0"
            " AND deliberation <> ? GROUP BY scope",
            (*days, *part, *days, *part, besides),
        )
        sums.append(rows)
    return sums


def _tightest(limits: Mapping[str, int], sums: Sequence[Rows]) -> Left:
    spent, held = dict.fromkeys(limits, 0), dict.fromkeys(limits, 0)
    for scope, spent_micros, held_micros in chain.from_iterable(sums):
        spent[scope] += spent_micros
        held[scope] += held_micros
    unspent = {scope: limit - spent[scope] for scope, limit in limits.items()}
    tightest = min(limits, key=lambda scope: unspent[scope] - held[scope], default=None)
    if tightest is None:
        return Left()
    # What was billed beyond a limit is not owed by what costs nothing.
    left = max(unspent[tightest] - held[tightest], 0)
    return Left(tightest, limits[tightest], left, min(unspent.values()))


def _allowance(deliberation: str) -> Transaction[Allowance]:
    """As the rows have it, so that it is the same whoever asks, and however often. What was asked
    before somebody went on with the run was another's."""
    runs = yield Statement(
        "SELECT status, shares, EXISTS (SELECT 1 FROM decisions WHERE deliberation = id AND name = ?)"
        " AND NOT EXISTS (SELECT 1 FROM decisions WHERE deliberation = id AND name = ?)"
        " AND NOT EXISTS (SELECT 1 FROM attempts WHERE deliberation = id AND stage = 'verdict'"
        " AND round > 0) FROM deliberations WHERE id = ? AND status <> 'stopped'",
        (EARLY_VERDICT, EARLY_STOP, deliberation),
    )
    calls = yield Statement(
        "SELECT stage, round, seat, sum(counted_micros), sum(reserved_micros), EXISTS (SELECT 1"
        " FROM calls WHERE calls.deliberation = ? AND"
        " calls.stage = attempts.stage AND calls.round = attempts.round AND"
        " calls.seat = attempts.seat)"
        " FROM attempts WHERE deliberation = ?"
        " AND term = (SELECT term FROM deliberations WHERE id = ?) GROUP BY stage, round, seat",
        (deliberation, deliberation, deliberation),
    )
    status, encoded, reviewing = runs[0] if runs else ("stopped", None, False)
    shares = _decoded(encoded) if encoded else {}
    if status == "finished":
        shares = checks_of(shares)
    allowance, money = Allowance(shares, reviewing=bool(reviewing)), dict[Key, CallMoney]()
    for stage, round, seat, counted, in_flight, over in calls:
        key = allowance.whose((stage, round, seat))
        call = CallMoney(counted, in_flight, bool(over))
        money[key] = money[key] + call if key in money else call
    return replace(allowance, calls=money)


def _hold(deliberation: str, micros: int) -> Do:
    return Do(
        "UPDATE accounts SET held_micros = ? WHERE deliberation = ?"
        " AND term = (SELECT term FROM deliberations WHERE id = ?) AND held_micros <> ?",
        (micros, deliberation, deliberation, micros),
    )


def _accounts(deliberation: str, term: int) -> Transaction[Rows]:
    """The day and the scope of each account that requests of this term count in."""
    return (
        yield Statement(
            "SELECT day, scope FROM accounts WHERE deliberation = ? AND term = ?",
            (deliberation, term),
        )
    )


def spent(day: str, scopes: Sequence[str], model: str, bill: Bill) -> Do:
    """What one request to this model cost, once in each of these scopes."""
    amounts = (
        bill.counted_micros,
        bill.told_micros,
        bill.estimated_micros,
        bill.assumed_micros,
    )
    rows = [(period(day, scope), scope, *amounts) for scope in (*scopes, f"model:{model}")]
    marks = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(rows))
    return Do(
        "INSERT INTO spending (day, scope, spent_micros, told_micros, estimated_micros,"
        f" assumed_micros) VALUES {marks} ON CONFLICT (day, scope) DO UPDATE SET"
        " spent_micros = spending.spent_micros + excluded.spent_micros,"
        " told_micros = spending.told_micros + excluded.told_micros,"
        " estimated_micros = spending.estimated_micros + excluded.estimated_micros,"
        " assumed_micros = spending.assumed_micros + excluded.assumed_micros",
        tuple(chain.from_iterable(rows)),
    )


def _encoded(shares: Shares) -> str:
    return json.dumps([[*key, micros] for key, micros in shares.items()], separators=(",", ":"))


def _decoded(text: str) -> Shares:
    return {(stage, round, seat): micros for stage, round, seat, micros in json.loads(text)}


def _no_room(left: Left, *, room: int, needed: int) -> str:
    kind = left.scope.partition(":")[0]
    whose = {
        ALL: _("The daily budget"),
        "channel": _("This channel's daily budget"),
        "month": _("This channel's monthly budget"),
        "server": _("This server's share of the daily budget"),
        "person": _("The asker's daily budget"),
    }.get(kind, _("This run's budget"))
    return _(
        "{whose} of {limit} has no room: {left} of it is left for this, and {needed} is needed.",
        whose=whose,
        limit=_usd(left.limit_micros),
        left=_usd(room),
        needed=_usd(needed),
    )


def _usd(micros: int) -> str:
    exact = f"{micros / 1e6:.6f}"
    return f"{exact[:-4]}{exact[-4:].rstrip('0')} USD"
