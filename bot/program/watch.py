"""The journal as it grows, a line for each thing that happened, read beside the running program."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.language import _
from bot.printing import note
from bot.records import JournalLine
from bot.store.store import Store

# Between two looks at the database.
LOOK_SECONDS = 0.5

# Without a time to begin at; a busy month has hundreds of thousands.
NEWEST = 1_000


async def watch(
    store: Store, *, since: datetime | None, follow: bool, tell: Callable[[str], None]
) -> None:
    """Tell what happened since then, or else the newest lines; with `follow`, what comes after them
    until interrupted."""
    if since:
        cursor = await store.journal_before(since)
    else:
        cursor = max(await store.journal_end() - NEWEST, 0)
        if cursor:
            note(_("These are the newest {n} lines; --since tells earlier ones, too.", n=NEWEST))
    while True:
        lines, cursor = await store.journal_since(cursor)
        for line in lines:
            tell(describe(line))
        if not lines:
            if not follow:
                return
            await asyncio.sleep(LOOK_SECONDS)


def describe(line: JournalLine) -> str:
    """`2026-11-24 12:00:01 4f2a answer seat 2 openai/gpt-5.1: done, 812 tokens, 3.1 s, $0.0021`

    In local time, as the logs are.
    """
    parts = [line.at.astimezone().strftime("%Y-%m-%d %H:%M:%S"), line.deliberation]
    if line.stage:
        parts += [line.stage, _("seat {seat}", seat=line.seat), f"{line.model}:"]
    match line.what:
        case "attempt_started" if line.stage == "verdict" and line.round and line.n == 1:
            parts.append(_("asked once more, with every review"))
        case "attempt_started":
            again = _("asked again (request {request})", request=line.n)
            parts.append(_("asked") if line.n == 1 else again)
        case "attempt_finished" if line.kind:
            parts.append(_("request {request} failed, {kind}", request=line.n, kind=line.kind))
        case "attempt_finished":
            parts.append(_("request {request} ended", request=line.n))
        case "call_finished":
            parts.append(_numbers(line))
        case "finished":
            parts.append(_("finished"))
        case "stopped":
            parts.append(_("stopped"))
        case "went_on":
            parts.append(_("gone on with"))
    return " ".join(parts)


def _numbers(line: JournalLine) -> str:
    numbers = [_("failed, {kind}", kind=line.kind) if line.kind else _("done")]
    if not line.kind:
        numbers.append(_("{tokens} tokens", tokens=line.tokens or 0))
    if line.seconds is not None:
        numbers.append(_("{seconds:.1f} s", seconds=line.seconds))
    if line.cost_micros is not None:
        numbers.append(f"${line.cost_micros / 1e6:.4f}")
    return ", ".join(numbers)
