"""Asking a person before money is spent. Where nobody sits at a terminal, nobody is asked."""

import sys

from adapters.terminal.lines import Lines
from bot.language import _
from bot.printing import note


async def agreed(price: str) -> bool:
    """Whether to go on at this price, which is told; "" is none. All but a plain yes is a no."""
    if not price:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        note(price)
        return True
    sys.stderr.write(_("{price} Go on? y/N", price=price) + " ")
    sys.stderr.flush()
    answer = await Lines(sys.stdin.fileno()).next()
    return (answer or "").strip().lower() in {"y", "yes"}
