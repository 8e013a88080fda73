"""Shares as lines of text, to be compared at a glance. Pure."""

from bot.cleaning import one_line
from bot.document import Bars

FULL, EMPTY = "█", "░"


def bar_lines(bars: Bars, *, cells: int = 10, full: str = FULL, empty: str = EMPTY) -> list[str]:
    """`A ████████░░  75 %  First: 2 of 4`: a line for each, in columns; the note's has a name where
    the bars' columns have. Nothing in it is defused yet."""
    name = f"{one_line(bars.columns[-1])}: " if bars.columns else ""
    rows = [(one_line(bar.label), one_line(bar.value), one_line(bar.note)) for bar in bars.bars]
    label_width = max((len(label) for label, _, _ in rows), default=0)
    value_width = max((len(value) for _, value, _ in rows), default=0)
    return [
        f"{label:<{label_width}} {drawn(bar.share, cells, full, empty)} {value:>{value_width}}"
        f"{f'  {name}{note}' if note else ''}".rstrip()
        for bar, (label, value, note) in zip(bars.bars, rows, strict=True)
    ]


def drawn(share: float, cells: int, full: str, empty: str) -> str:
    """The bar alone."""
    filled = round(min(max(share, 0.0), 1.0) * cells)
    return full * filled + empty * (cells - filled)
