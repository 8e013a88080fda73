"""The journal of one deliberation: every request sent, every call finished, every decision taken.

What is here was paid for and is never asked again. One run at a time may write: `begin` counts up
the deliberation's token, and every write checks inside its transaction that the token still is
its own.
"""

# Else each write would evaluate the annotations of the function that is made for it: 2 µs.
from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar

from bot.bills import Bill, total
from bot.council import Call, Council, Deliberation, Exhibit, Failure, Stage
from bot.errors import StoreFailed, Superseded
from bot.language import _
from bot.llm import Source
from bot.records import Stop, Tempo
from bot.store import hedges, reflections, spending, work
from bot.store.encoding import decode, decode_time, decode_time_or_none, encode, encode_time
from bot.store.exhibits import columns
from bot.store.feed import record
from bot.store.presence import PROGRESS
from bot.store.transactions import (
    Check,
    Database,
    Do,
    Many,
    Ring,
    Row,
    Statement,
    Transaction,
    change,
    done,
)

T = TypeVar("T")
# The decision that holds what people said in the thread, until the question is answered.
SAID = "said"
CallKey = tuple[Stage, int, int]  # stage, round, seat
_SOURCES = tuple[Source, ...]

_CALL_COLUMNS = (
    "stage, round, seat, model, started_at, finished_at, first_text_at, text, failure_kind,"
    " failure_message, finish_reason, prompt_tokens, completion_tokens, cost_micros, sources"
)
_INSERT_CALL = (
    f"INSERT INTO calls (deliberation, {_CALL_COLUMNS}) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_DECISION = "INSERT INTO decisions (deliberation, name, value) VALUES (?, ?, ?)"
_THIS_CALL = "deliberation = ? AND stage = ? AND round = ? AND seat = ?"


class Grant(NamedTuple):
    """A request that may be sent: its number within its call, what it may cost, the most tokens
    that it asks for, and the bytes that are kept for a repeat."""

    n: int
    micros: int
    tokens: int
    body: bytes | None


class Asked(NamedTuple):
    """What is sent of a request: its size, the most tokens that it may be answered with, and the
    bytes that are kept for a repeat."""

    prompt_bytes: int = 0
    max_tokens: int = 0
    body: bytes | None = None


_NOTHING_KEPT = Asked()


# That no run has.
_NO_TOKEN = -1


class Journal:
    """Made by `begin`. What earlier runs wrote is in memory; reading it costs nothing."""

    def __init__(
        self, database: Database, deliberation: str, token: int, limits: Mapping[str, int]
    ) -> None:
        self.deliberation = deliberation
        self._database = database
        self._token = token
        self._process = database.process
        self._fence = Check(
            "SELECT 1 FROM deliberations WHERE id = ? AND token = ?",
            (deliberation, token),
            _passed_by,
        )
        self._limits = limits
        self._scopes: tuple[str, ...] = ()
        self._day = ""
        self._term = 1
        self._place: str | None = None
        self._calls: dict[CallKey, Call] = {}
        self._bodies: dict[CallKey, bytes] = {}
        self._max_tokens: dict[CallKey, int] = {}
        self._bills: dict[CallKey, dict[int, Bill]] = {}
        self._decisions: dict[str, str] = {}
        self._listeners: dict[str, list[Callable[[], None]]] = {}
        self._requests = 0
        self._told = 0

    @property
    def place(self) -> str | None:
        """Where the question was asked, as one word."""
        return self._place

    @classmethod
    async def begin(
        cls, database: Database, deliberation: str, limits: Mapping[str, int]
    ) -> Journal:
        """Take the deliberation over from any earlier run. Raises `StoreFailed` if unknown."""

        def take_over() -> Transaction[Journal]:
            rows = yield Statement(
                "UPDATE deliberations SET token = token + 1 WHERE id = ? "
                "RETURNING token, platform, channel, asker, coalesce(went_on_at, asked_at), term",
                (deliberation,),
            )
            if not rows:
                raise StoreFailed(
                    _(
                        "There is no deliberation {deliberation} in this database.",
                        deliberation=deliberation,
                    )
                )
            ((token, platform, channel, asker, begun_at, term),) = rows
            platform = reflections.channels_platform(platform)
            journal = cls(database, deliberation, token, limits)
            journal._day = spending.day_of(decode_time(begun_at))
            journal._term = term
            journal._place = None if channel is None else place_of(platform, channel)
            journal._scopes = spending.scopes_of(platform, channel, asker, limits)
            yield spending.opened(deliberation, term, journal._day, journal._scopes)
            yield from spending.book(deliberation)
            if journal._process is not None:
                yield work.leased(deliberation, journal._process)
            yield from journal._load()
            return journal

        return await database.write(take_over)

    @classmethod
    async def look(cls, database: Database, deliberation: str) -> Journal:
        """As it is now, for reading alone: whatever is written raises `Superseded`."""

        def load() -> Transaction[Journal]:
            journal = cls(database, deliberation, _NO_TOKEN, {})
            yield from journal._load()
            return journal

        return await database.write(load)

    @property
    def requests(self) -> int:
        """How many requests were sent so far, those of earlier runs included."""
        return self._requests

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every finished call, in no particular order."""
        return tuple(self._calls.values())

    def finished(self, stage: Stage, round: int, seat: int) -> Call | None:
        return self._calls.get((stage, round, seat))

    def stored_body(self, stage: Stage, round: int, seat: int) -> bytes | None:
        """The bytes that were sent for a call that was asked and never finished."""
        return self._bodies.get((stage, round, seat))

    def stored_tokens(self, stage: Stage, round: int, seat: int) -> int | None:
        """The most tokens that these bytes ask for."""
        return self._max_tokens.get((stage, round, seat))

    def paid(self, stage: Stage, round: int, seat: int) -> Bill:
        """What the requests of a call took together, as far as they have ended."""
        return total(self._bills.get((stage, round, seat), {}).values())

    @property
    def paid_in_all(self) -> Bill:
        """What every request of the deliberation took, those of cancelled calls among them."""
        return total(bill for call in self._bills.values() for bill in call.values())

    def decision(self, name: str) -> str | None:
        return self._decisions.get(name)

    async def attempt_started(
        self,
        stage: Stage,
        round: int,
        seat: int,
        *,
        model: str,
        at: datetime,
        reserved_micros: int,
        least_micros: int | None = None,
        enough_micros: int | None = None,
        asked: Asked = _NOTHING_KEPT,
        shrunk: Callable[[int], Asked] | None = None,
        hedge_share: float | None = None,
    ) -> Grant:
        """Record a request before it is sent, and set its money aside: all of `reserved_micros`, or
        where a budget is short, its part of what there is, down to what is enough; `shrunk` says
        what is then asked. Raises `NoRoom`, nothing written, where there is not as much.

        `hedge_share` marks a second request beside one that is under way, and is how much of all
        spending may go to such. Raises `HedgesSpent`, nothing written, where it would be more, or
        where too little would be left for a retry."""
        call = (stage, round, seat)
        least = reserved_micros if least_micros is None else least_micros

        def write() -> Transaction[Grant]:
            newest = None if hedge_share is None else (yield hedges.NEWEST)
            numbers = yield Statement(
                f"SELECT coalesce(max(n), 0) + 1 FROM attempts WHERE {_THIS_CALL}",
                (self.deliberation, *call),
            )
            allowance, left = yield from spending.money(self.deliberation, self._day, self._limits)
            ((n,),) = numbers
            if newest is not None and hedge_share is not None:
                hedges.require_share(newest, model, hedge_share)
            granted = yield from spending.grant(
                self.deliberation,
                call,
                allowance,
                left,
                wanted_micros=reserved_micros,
                least_micros=least,
                enough_micros=least if enough_micros is None else enough_micros,
            )
            sent = shrunk(granted) if shrunk and granted < reserved_micros else asked
            yield Do(
                "INSERT INTO attempts (deliberation, stage, round, seat, n, model, hedge,"
                " started_at, reserved_micros, prompt_bytes, max_tokens, body, place, term)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self.deliberation,
                    *call,
                    n,
                    model,
                    int(hedge_share is not None),
                    encode_time(at),
                    granted,
                    *sent,
                    self._place,
                    self._term,
                ),
            )
            if hedge_share is not None:
                yield from spending.keep_margin(self.deliberation, self._day, self._limits, call)
            yield record(self.deliberation, "attempt_started", call, n=n, model=model)
            return Grant(n, granted, sent.max_tokens, sent.body)

        grant = await self._write(write)
        self._requests += 1
        if grant.body is not None:
            self._bodies[call], self._max_tokens[call] = grant.body, grant.tokens
        return grant

    async def attempt_finished(
        self,
        stage: Stage,
        round: int,
        seat: int,
        n: int,
        *,
        at: datetime,
        failure: Failure | None,
        bill: Bill,
        generation_id: str | None,
        first_text_seconds: float | None,
        requests: int = 1,
        tempo: Tempo | None = None,
    ) -> None:
        """Record how an attempt ended, how many requests it took, how it wrote where it wrote any
        text, and settle its money.

        A second report of the same request changes nothing.
        """
        key = (self.deliberation, stage, round, seat, n)
        outcome = (
            encode_time(at),
            *_failure_columns(failure),
            bill.prompt_tokens,
            bill.completion_tokens,
            bill.cost_micros,
            bill.counted_micros,
            bill.told_micros,
            bill.assumed_micros,
            generation_id,
            first_text_seconds,
            requests,
            *_tempo_columns(tempo),
        )

        # At once: the write stands also where whoever waits for it is cancelled.
        settled = self._bills.setdefault((stage, round, seat), {})
        if n not in settled:
            settled[n] = bill
            self._requests += requests - 1

        def write() -> Transaction[None]:
            rows = yield Statement(
                "UPDATE attempts SET reserved_micros = 0, finished_at = ?, failure_kind = ?,"
                " failure_message = ?, prompt_tokens = ?, completion_tokens = ?, cost_micros = ?,"
                " counted_micros = ?, told_micros = ?, assumed_micros = ?,"
                " generation_id = ?, first_text_seconds = ?, requests = ?,"
                " text_after_seconds = ?, text_seconds = ?, text_chars = ?, text_whole = ?"
                f" WHERE {_THIS_CALL} AND n = ? AND finished_at IS NULL RETURNING model",
                (*outcome, *key),
            )
            yield from spending.hold_needed(self.deliberation)
            if not rows:
                return
            ((model,),) = rows
            yield spending.spent(self._day, self._scopes, model, bill)
            yield record(
                self.deliberation,
                "attempt_finished",
                (stage, round, seat),
                n=n,
                model=model,
                kind=failure.kind if failure else None,
            )

        await self._write(write)

    async def finish_call(self, call: Call) -> None:
        """Record a call's final row; there is one per call. Raises `StoreFailed` on a second."""
        key = (call.stage, call.round, call.seat)

        def write() -> Transaction[None]:
            yield inserted(self.deliberation, call)
            yield Do(
                f"UPDATE attempts SET body = NULL WHERE {_THIS_CALL} AND body IS NOT NULL",
                (self.deliberation, *key),
            )
            yield record(
                self.deliberation,
                "call_finished",
                key,
                model=call.model,
                kind=call.failure.kind if call.failure else None,
                seconds=call.seconds,
                tokens=call.prompt_tokens + call.completion_tokens,
                cost_micros=call.cost_micros,
            )

        try:
            await self._write(write)
        except asyncio.CancelledError:
            self._keep(call)  # the write stands
            raise
        self._keep(call)

    def _keep(self, call: Call) -> None:
        key = (call.stage, call.round, call.seat)
        self._calls[key] = call
        self._bodies.pop(key, None)
        self._max_tokens.pop(key, None)

    async def decide(self, name: str, value: str) -> None:
        """Record a decision that a resumed run must repeat. Raises `StoreFailed` on a second."""

        decided = Do(_DECISION, (self.deliberation, name, value))
        await self._write(lambda: done(decided))
        self._decisions[name] = value
        for tell in self._listeners.get(name, ()):
            tell()

    def listen(self, name: str, tell: Callable[[], None]) -> None:
        """Be told once this is decided, also by whoever else has this journal."""
        self._listeners.setdefault(name, []).append(tell)

    async def decide_all(self, decisions: Mapping[str, str]) -> None:
        """Several by name, all of them or none. Raises `StoreFailed` where one was recorded."""
        rows = [(self.deliberation, name, value) for name, value in decisions.items()]
        await self._write(lambda: done(Many(_DECISION, rows)))
        self._decisions |= decisions

    async def seat(self, council: Council, calls: Sequence[Call], people: Sequence[str]) -> None:
        """Have these people answer, too, each with one of the calls, in this order: what they wrote
        moves there, and the seats are as the council has them."""
        seating = council.seating

        def write() -> Transaction[None]:
            ((stored,),) = yield Statement(
                "SELECT council FROM deliberations WHERE id = ?", (self.deliberation,)
            )
            kept = replace(decode(Council, stored), seating=seating)
            yield Do(
                "UPDATE deliberations SET council = ? WHERE id = ?",
                (encode(Council, kept), self.deliberation),
            )
            for person, call in zip(people, calls, strict=True):
                yield inserted(self.deliberation, call)
                yield Do(
                    "UPDATE people SET seat = ?, answer = '' WHERE deliberation = ? AND person = ?",
                    (call.seat, self.deliberation, person),
                )

        await self._write(write)
        for call in calls:
            self._keep(call)

    async def drop_unseated(self) -> None:
        """Keep nothing of what people answered who have no seat: it is too late for them."""
        sql = "DELETE FROM people WHERE deliberation = ? AND seat IS NULL"
        await self._write(lambda: change(sql, (self.deliberation,)))

    async def require(self) -> None:
        """Raises `Superseded` where another run has taken it over by now."""
        if not await self._database.read(self._fence.sql, self._fence.parameters):
            raise self._fence.otherwise()

    async def exhibit(self, place: int, read: Exhibit) -> None:
        """Keep what was read of a file, by its place among the question's."""
        sql = "INSERT INTO exhibits (deliberation, place, exhibit, image) VALUES (?, ?, ?, ?)"
        kept = Do(sql, (self.deliberation, place, *columns(read)))
        await self._write(lambda: done(kept))

    async def set_restart_aside(self) -> bool:
        """Have money for a second beginning of the verdict; False where a budget has no room."""
        return await self._write(
            lambda: spending.set_restart_aside(self.deliberation, self._day, self._limits)
        )

    async def set_aside(self, shares: Mapping[CallKey, int]) -> bool:
        """Have money for calls to come; False, nothing set aside, where a budget has no room."""
        return await self._write(
            lambda: spending.set_more_aside(self.deliberation, self._day, self._limits, shares)
        )

    async def finish(self, result: Deliberation) -> None:
        await self._end("finished", encode(Deliberation, result), then=spending.give_up_checks)

    async def finish_unchecked(self, result: Deliberation) -> None:
        """The verdict stands, and the money for its checks stays until it is `amend`ed."""
        await self._end("finished", encode(Deliberation, result))

    async def amend(self, result: Deliberation) -> None:
        """Put the result with what its checks found in the place of the one without."""
        text = encode(Deliberation, result)

        def write() -> Transaction[None]:
            changed = yield from change(
                "UPDATE deliberations SET result = ?"
                " WHERE id = ? AND status = 'finished' AND expired_at IS NULL AND result <> ?",
                (text, self.deliberation, text),
            )
            if changed:  # no vote did: a ranking that showed the newest ones still does
                yield Do(
                    "UPDATE summaries SET shown = revision"
                    " WHERE deliberation = ? AND shown = revision - 1",
                    (self.deliberation,),
                )
            yield from spending.give_up_checks(self.deliberation)

        await self._write(write)

    async def stop(self, why: Stop) -> None:
        """The deliberation ends early: what is paid stays, and nothing resumes it by itself. Where
        its verdict stands already, what is checked of that is not waited for."""
        await self._end("stopped", None, why)

    async def finish_reflection(self, result: str | None, at: datetime, *, tries: int) -> None:
        """As `reflections.ended`: what came of it stands beside the channel, and not here."""
        await self._write(lambda: reflections.ended(self.deliberation, result, at, tries=tries))

    async def publish(self, events: Sequence[str], draft: str | None) -> None:
        """Tell other processes what happens, and how far the verdict is written where that has changed."""
        first = self._told + 1
        self._told += len(events)
        numbered = tuple(enumerate(events, first))
        await self._write(lambda: work.told(self.deliberation, self._token, numbered, draft))

    async def release(self) -> None:
        """As `Work.release`. Nothing where another run has taken it over, be it of this process."""

        if self._process is None:
            return
        with suppress(Superseded):
            await self._write(lambda: work.let_go(self.deliberation, self._process))

    async def failed(self) -> int:
        """Count a start that failed at no model's fault. Returns how many there were."""

        def write() -> Transaction[int]:
            ((count,),) = yield Statement(
                "UPDATE deliberations SET failed_starts = failed_starts + 1 WHERE id = ? "
                "RETURNING failed_starts",
                (self.deliberation,),
            )
            return int(count)

        return await self._write(write)

    async def _end(
        self,
        status: Literal["finished", "stopped"],
        result: str | None,
        why: Stop | None = None,
        then: Callable[[str], Transaction[None]] = spending.hold_needed,
    ) -> None:
        stop = why and encode(Stop, replace(why, person=None))

        def write() -> Transaction[None]:
            ended = yield from change(
                "UPDATE deliberations SET status = ?, result = ?, stop = ?, stopped_by = ? "
                "WHERE id = ? AND status = 'running'",
                (status, result, stop, why and why.person, self.deliberation),
            )
            if ended:  # a second end, such as a stop that comes too late, changes nothing
                yield from then(self.deliberation)
                yield record(self.deliberation, status)
                yield Ring(PROGRESS, self.deliberation)
                if status == "finished":
                    yield from erase_said(self.deliberation)
            elif status == "stopped":
                yield from spending.give_up_checks(self.deliberation)

        await self._write(write)

    async def _write(self, begin: Callable[[], Transaction[T]]) -> T:
        def fenced() -> Transaction[T]:
            yield self._fence
            return (yield from begin())

        return await self._database.write(fenced)

    def _load(self) -> Transaction[None]:
        id = (self.deliberation,)
        calls = yield Statement(f"SELECT {_CALL_COLUMNS} FROM calls WHERE deliberation = ?", id)
        attempts = yield Statement(
            "SELECT stage, round, seat, n, body, max_tokens, requests, prompt_tokens,"
            " completion_tokens, cost_micros, counted_micros, told_micros, assumed_micros"
            " FROM attempts WHERE deliberation = ? ORDER BY n",
            id,
        )
        decisions = yield Statement("SELECT name, value FROM decisions WHERE deliberation = ?", id)
        for row in calls:
            self._keep(_call(row))
        for stage, round, seat, n, body, max_tokens, requests, *bill in attempts:
            call = (stage, round, seat)
            self._bills.setdefault(call, {})[n] = Bill(*bill)
            self._requests += requests
            if body is not None:
                self._bodies[call] = body
                self._max_tokens[call] = max_tokens
        self._decisions.update(decisions)


def _passed_by() -> Superseded:
    return Superseded(_("Another run has taken this deliberation over; this one stops."))


def erase_said(deliberation: str) -> Transaction[None]:
    """What people said in the thread is not kept longer than the question needs it."""
    yield Do(
        f"UPDATE decisions SET value = '{{}}' WHERE deliberation = ? AND name = '{SAID}'",
        (deliberation,),
    )


def place_of(platform: str, channel: str) -> str:
    """Where something was asked, as one word."""
    return f"{platform}:{channel}"


async def decision(database: Database, deliberation: str, name: str) -> str | None:
    """What was decided, for readers."""
    rows = await database.read(
        "SELECT value FROM decisions WHERE deliberation = ? AND name = ?", (deliberation, name)
    )
    return rows[0][0] if rows else None


async def finished_calls(database: Database, deliberation: str) -> tuple[Call, ...]:
    """Every finished call, for readers: nothing is taken over."""
    rows = await database.read(
        f"SELECT {_CALL_COLUMNS} FROM calls WHERE deliberation = ?", (deliberation,)
    )
    return tuple(map(_call, rows))


async def finished_call(database: Database, deliberation: str, key: CallKey) -> Call | None:
    """One of them."""
    rows = await database.read(
        f"SELECT {_CALL_COLUMNS} FROM calls WHERE {_THIS_CALL}", (deliberation, *key)
    )
    return _call(rows[0]) if rows else None


def inserted(deliberation: str, call: Call) -> Do:
    """The final row of a call."""
    return Do(_INSERT_CALL, (deliberation, *_call_columns(call)))


def _failure_columns(failure: Failure | None) -> tuple[str | None, str | None]:
    return (failure.kind, failure.message) if failure else (None, None)


def _tempo_columns(tempo: Tempo | None) -> Row:
    if tempo is None:
        return None, None, 0, 0
    return tempo.first_seconds, tempo.seconds, tempo.chars, int(tempo.whole)


def _call_columns(call: Call) -> Row:
    return (
        call.stage,
        call.round,
        call.seat,
        call.model,
        encode_time(call.started_at),
        encode_time(call.finished_at),
        None if call.first_text_at is None else encode_time(call.first_text_at),
        call.text,
        *_failure_columns(call.failure),
        call.finish_reason,
        call.prompt_tokens,
        call.completion_tokens,
        call.cost_micros,
        encode(_SOURCES, call.sources) if call.sources is not None else None,
    )


def _call(row: Row) -> Call:
    stage, round, seat, model, started_at, finished_at, first_text_at, text, kind, message = row[
        :10
    ]
    finish_reason, prompt_tokens, completion_tokens, cost_micros, sources = row[10:]
    return Call(
        stage=stage,
        round=round,
        seat=seat,
        model=model,
        started_at=decode_time(started_at),
        finished_at=decode_time(finished_at),
        first_text_at=decode_time_or_none(first_text_at),
        text=text,
        failure=Failure(kind, message) if kind else None,
        finish_reason=finish_reason,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        cost_micros=cost_micros,
        sources=decode(_SOURCES, sources) if sources else None,
    )
