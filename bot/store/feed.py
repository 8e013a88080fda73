"""What happened in the journals, in the order of commits, for readers in other processes."""

from datetime import datetime, timedelta

from bot.bills import Usage
from bot.council import Failure, Stage
from bot.errors import Kind
from bot.records import Attempt, Happening, JournalLine, Tempo
from bot.store.encoding import decode_time, decode_time_or_none, encode_time
from bot.store.transactions import Do, Row, Tables, equal

# Who was asked when is looked up in the days after it; sums are kept elsewhere.
KEPT = timedelta(days=30)
# Some hundred bytes each.
MOST_LINES = 500_000

_PAGE = 1_000


class Feed(Tables):
    async def journal_since(self, cursor: int) -> tuple[tuple[JournalLine, ...], int]:
        """The next lines after `cursor` (0 for the beginning), and the cursor after them.

        A page at most: no lines means that there is nothing new.
        """
        rows = await self._database.read(
            "SELECT number, at, deliberation, what, stage, round, seat, n, model, kind, seconds,"
            " tokens, cost_micros FROM feed WHERE number > ? ORDER BY number LIMIT ?",
            (cursor, _PAGE),
        )
        lines = tuple(JournalLine(decode_time(at), *rest) for _, at, *rest in rows)
        return lines, rows[-1][0] if rows else cursor

    async def journal_before(self, moment: datetime) -> int:
        """The cursor before the first line of then or later."""
        rows = await self._database.read(
            "SELECT number - 1 FROM feed WHERE at >= ? ORDER BY at LIMIT 1", (encode_time(moment),)
        )
        return int(rows[0][0]) if rows else await self.journal_end()

    async def journal_end(self) -> int:
        """The cursor after everything so far."""
        ((end,),) = await self._database.read("SELECT coalesce(max(number), 0) FROM feed")
        return int(end)

    async def drop_old_lines(self, now: datetime, *, most: int = MOST_LINES) -> None:
        """And those beyond so many; but for the newest: from its number those to come are counted."""
        await self._change(
            "DELETE FROM feed WHERE at < ? AND number < (SELECT max(number) FROM feed)"
            " OR number <= (SELECT max(number) FROM feed) - ?",
            (encode_time(now - KEPT), most),
        )

    async def has_answered(self, model: str, since: datetime) -> bool:
        """Whether one of the newest requests to this model got a whole reply since then."""
        rows = await self._database.read(
            "SELECT 1 FROM (SELECT * FROM attempts ORDER BY number DESC LIMIT 1000) AS newest "
            "WHERE model = ? AND finished_at >= ? AND failure_kind IS NULL "
            "AND first_text_seconds IS NOT NULL LIMIT 1",
            (model, encode_time(since)),
        )
        return bool(rows)

    async def attempts(self, deliberation: str) -> tuple[Attempt, ...]:
        """Every request sent for a deliberation, in order."""
        rows = await self._database.read(
            "SELECT stage, round, seat, n, model, hedge, started_at, finished_at, failure_kind,"
            " failure_message, prompt_tokens, completion_tokens, cost_micros, generation_id,"
            " first_text_seconds, counted_micros, told_micros, assumed_micros FROM attempts WHERE deliberation = ? ORDER BY number",
            (deliberation,),
        )
        return tuple(map(_attempt, rows))

    async def recent_first_text_seconds(self, model: str, limit: int = 200) -> tuple[float, ...]:
        """How long this model took to its first text, newest first."""
        rows = await self._database.read(
            "SELECT first_text_seconds FROM attempts "
            "WHERE model = ? AND first_text_seconds IS NOT NULL ORDER BY number DESC LIMIT ?",
            (model, limit),
        )
        return tuple(seconds for (seconds,) in rows)

    async def recent_tempos(self, model: str, stage: Stage, limit: int = 200) -> tuple[Tempo, ...]:
        """How this model's last requests in a stage wrote, newest first."""
        rows = await self._database.read(
            "SELECT text_after_seconds, text_seconds, text_chars, text_whole FROM attempts "
            "WHERE model = ? AND stage = ? AND text_chars > 0 ORDER BY number DESC LIMIT ?",
            (model, stage, limit),
        )
        return tuple(
            Tempo(first, writing, chars, bool(whole)) for first, writing, chars, whole in rows
        )

    async def usual(
        self, stage: Stage | None, model: str, place: str | None = None, limit: int = 200
    ) -> tuple[Usage, ...]:
        """What this model's last requests used, as its provider told: in a stage, in a place, or in
        any; newest first."""
        where, values = equal(stage=stage, place=place, model=model)
        rows = await self._database.read(
            "SELECT prompt_bytes, prompt_tokens, completion_tokens, cost_micros FROM attempts "
            f"WHERE {where} AND prompt_bytes > 0 AND prompt_tokens > 0 "
            "ORDER BY number DESC LIMIT ?",
            (*values, limit),
        )
        return tuple(Usage(*row) for row in rows)

    async def recent_seconds(self, model: str, limit: int = 200) -> tuple[float, ...]:
        """How long this model took for a whole reply, newest first."""
        rows = await self._database.read(
            "SELECT started_at, finished_at FROM attempts "
            "WHERE model = ? AND first_text_seconds IS NOT NULL AND finished_at IS NOT NULL"
            " AND failure_kind IS NULL AND completion_tokens > 0 ORDER BY number DESC LIMIT ?",
            (model, limit),
        )
        return tuple(
            (decode_time(finished_at) - decode_time(started_at)).total_seconds()
            for started_at, finished_at in rows
        )


def record(
    deliberation: str,
    what: Happening,
    call: tuple[Stage, int, int] | tuple[None, None, None] = (None, None, None),
    *,
    n: int | None = None,
    model: str | None = None,
    kind: Kind | None = None,
    seconds: float | None = None,
    tokens: int | None = None,
    cost_micros: int | None = None,
) -> Do:
    """A line, for the transaction of what it tells."""
    return Do(
        "INSERT INTO feed (deliberation, what, stage, round, seat, n, model, kind, seconds,"
        " tokens, cost_micros) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (deliberation, what, *call, n, model, kind, seconds, tokens, cost_micros),
    )


def _attempt(row: Row) -> Attempt:
    stage, round, seat, n, model, hedge, started_at, finished_at, kind, message, *rest = row
    return Attempt(
        stage,
        round,
        seat,
        n,
        model,
        bool(hedge),
        decode_time(started_at),
        decode_time_or_none(finished_at),
        Failure(kind, message) if kind else None,
        *rest,
    )
