"""Estimates in words: a value with its interval, in shares, points and signed numbers. Pure."""

from bot.analysis.estimates import Estimate, outwards
from bot.language import _, number


def share(value: float, digits: int = 0) -> str:
    return _("{percent}\u00a0%", percent=number(100 * value, f".{digits}f"))


def interval(value: Estimate | None) -> str:
    """A share, such as `62 % (48-74 %)`; "" for `None`."""
    return "" if value is None else f"{share(value.value)} ({percents(value.low, value.high)})"


def percents(low: float, high: float) -> str:
    return span(*outwards(100 * low, 100 * high), 0)


def span(low: float, high: float, digits: int) -> str:
    """Of percents."""
    spec = f".{digits}f"
    return _("{low}-{high}\u00a0%", low=number(low, spec), high=number(high, spec))


def points(value: Estimate) -> str:
    """A difference of shares, in whole points."""
    low, high = outwards(100 * value.low, 100 * value.high)
    return _(
        "{mean} points ({low} to {high})",
        mean=signed(100 * value.value, 0),
        low=signed(low, 0),
        high=signed(high, 0),
    )


def signed_estimate(value: Estimate) -> str:
    """As it is, with two digits."""
    low, high = outwards(value.low, value.high, 2)
    return _(
        "{mean} ({low} to {high})",
        mean=signed(value.value, 2),
        low=signed(low, 2),
        high=signed(high, 2),
    )


def signed(value: float, digits: int) -> str:
    """With its sign, and 0 without: what rounds to nothing is neither above nor below it."""
    rounded = round(value, digits)
    return number(rounded, f"+.{digits}f") if rounded else number(0, f".{digits}f")
