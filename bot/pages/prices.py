"""What something costs, in words. Pure."""

import math
from collections.abc import Callable

from bot.council import Cost
from bot.language import _, number


def price_words(usd: float | None) -> str:
    """`about $0.09`; `None` is a price that nobody knows."""
    if usd is None:
        return _("price unknown")
    if not usd:
        return _("free")
    return _("about ${usd}", usd=dollars(usd)) if usd >= 0.0001 else _("less than $0.0001")


def where_from(cost: Cost | None) -> str:
    """` ($0.01 of it estimated, $0.02 more assumed)`, to follow a sum; "" where all was told."""
    if cost is None:
        return ""
    parts = []
    if cost.estimated_usd:
        parts.append(_("${usd} of it estimated", usd=dollars(cost.estimated_usd)))
    if cost.assumed_usd:
        parts.append(_("${usd} more assumed", usd=dollars(cost.assumed_usd)))
    return f" ({', '.join(parts)})" if parts else ""


def dollars_at_least(micros: int) -> str:
    """As `dollars`, never less than it is: what is needed."""
    return _in_steps(micros, math.ceil)


def dollars_at_most(micros: int) -> str:
    """As `dollars`, never more than it is: what is left."""
    return _in_steps(max(micros, 0), math.floor)


def _in_steps(micros: int, to_whole: Callable[[float], int]) -> str:
    step, digits = (10_000, 2) if micros >= 50_000 else (100, 4)
    if 1_000 <= micros < 50_000:
        step, digits = 1_000, 3
    usd = to_whole(micros / step) * step / 1e6
    return number(usd, f",.{digits}f") if usd else number(0, ".2f")


def dollars(usd: float) -> str:
    """In cents, and where they are few in tenths of one, and so on: `12.00`, `0.09`, `0.014`, `0.0003`."""
    if usd >= 0.05:
        return number(usd, ",.2f")
    return number(usd, ".3f" if usd >= 0.001 else ".4f")
