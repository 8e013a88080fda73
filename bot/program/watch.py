"""The journal as it grows, a line for each thing that happened, read beside the running program."""

import asyncio
from collections.abc import Callable

from bot.records import JournalLine
from bot.store.store import Store

# Between two looks at the database.
LOOK_SECONDS = 0.5


async def watch(store: Store, *, follow: bool, tell: Callable[[str], None]) -> None:
    """Tell everything so far; with `follow`, what comes after it until interrupted."""
    cursor = 0
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
        parts += [line.stage, f"seat {line.seat}", f"{line.model}:"]
    match line.what:
        case "attempt_started":
            parts.append("asked" if line.n == 1 else f"asked again (request {line.n})")
        case "attempt_finished":
            parts.append(f"request {line.n} " + (f"failed, {line.kind}" if line.kind else "ended"))
        case "call_finished":
            parts.append(_numbers(line))
        case "finished" | "stopped":
            parts.append(line.what)
    return " ".join(parts)


def _numbers(line: JournalLine) -> str:
    numbers = [f"failed, {line.kind}" if line.kind else "done"]
    if not line.kind:
        numbers.append(f"{line.tokens or 0} tokens")
    if line.seconds is not None:
        numbers.append(f"{line.seconds:.1f} s")
    if line.cost_micros is not None:
        numbers.append(f"${line.cost_micros / 1e6:.4f}")
    return ", ".join(numbers)
