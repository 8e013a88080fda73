"""The standings as a picture for a phone: what people prefer beside what models do, with intervals.

A card with a ground of its own reads the same in light and dark mode; it is drawn at the width of a
phone, so that nothing in it has to be enlarged. matplotlib is imported when something is drawn. The
font that it brings along has no letters for every language, so the few words are English; what is
said beside the picture, and in its place, is not.
"""

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

from bot.analysis.leaderboard import Board, Place
from bot.cleaning import shortened
from bot.language import ENGLISH, _, speaking
from bot.pages.numbers import share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# More would be lines nobody reads on a phone; the tables list all.
MODELS_MAX = 10
NAME_MAX = 34

# Inches and dots of what a phone shows of a picture beside a message, some 306 of its points, at
# two dots each: points of type are then 1.4 of the phone's.
_WIDTH, _DPI = 3.06, 200
_MODEL, _HEAD, _FOOT = 0.56, 0.3, 0.26
# Where the shares are drawn, and where numbers end, in widths.
_LEFT, _SPAN, _NUMBERS = 0.07, 0.68, 0.94

_GROUND, _PANEL = "#1b1f2a", "#252b3a"
_INK, _FAINT = "#f2f4f8", "#a3acbd"
_PEOPLE, _MODELS = "#ffb454", "#6cb6ff"


def standings_png(people: Board, peers: Board) -> bytes | None:
    """`None` where neither side is ranked yet."""
    if not (people.ranked or peers.ranked):
        return None
    with speaking(ENGLISH):
        return _drawn(people, peers)


def _drawn(people: Board, peers: Board) -> bytes:
    first = people if people.ranked else peers
    models = [place.model for place in first.places][:MODELS_MAX]
    height = _HEAD + _MODEL * len(models) + _FOOT
    figure = _figure(height)
    _legend(figure, height)
    axes = figure.add_axes((0.03, _FOOT / height, 0.94, _MODEL * len(models) / height))
    axes.set_facecolor(_PANEL)
    axes.set_xlim((0.03 - _LEFT) / _SPAN, (0.97 - _LEFT) / _SPAN)
    axes.set_ylim(len(models), 0)
    axes.axis("off")
    for row, model in enumerate(models):
        axes.axhspan(row + 0.03, row + 0.97, color=_PANEL, linewidth=0, zorder=0)
        leads = model == first.leader
        _name(axes, model, row + 0.22, leads=leads)
        for board, y, colour in ((people, row + 0.5, _PEOPLE), (peers, row + 0.78, _MODELS)):
            if board.ranked:
                place = next((each for each in board.places if each.model == model), None)
                _mark(axes, place, y, colour)
    figure.text(0.5, 0.08 / height, _foot(first), color=_FAINT, size=5.5, ha="center")
    return _png(figure)


@cache
def load() -> None:
    """Once, ahead of the first picture, for which somebody waits: library and fonts take half a second."""
    figure = _figure(1)
    figure.text(0, 0, "A", weight="bold")
    _png(figure)


def _figure(height: float) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, facecolor=_GROUND)
    FigureCanvasAgg(figure)
    return figure


def _png(figure: "Figure") -> bytes:
    out = BytesIO()
    figure.savefig(out, format="png", facecolor=_GROUND)
    return out.getvalue()


def _legend(figure: "Figure", height: float) -> None:
    y = 1 - 0.15 / height
    for x, colour, who in ((0.06, _PEOPLE, _("people")), (0.36, _MODELS, _("the models"))):
        figure.text(x, y, "●", color=colour, size=8, va="center")
        figure.text(x + 0.05, y, who, color=_INK, size=7.5, weight="bold", va="center")


def _foot(board: Board) -> str:
    foot = _("preferred to a typical model · line = 50 % · bar = 90 % sure")
    if len(board.places) <= MODELS_MAX:
        return foot
    cut = _("first {shown} of {models}", shown=MODELS_MAX, models=len(board.places))
    return f"{cut} · {foot}"


def _name(axes: "Axes", model: str, y: float, *, leads: bool) -> None:
    weight = "bold" if leads else "normal"
    axes.text(
        0, y, _short(model), color=_INK, size=7.5, weight=weight, va="center", parse_math=False
    )


def _mark(axes: "Axes", place: Place | None, y: float, colour: str) -> None:
    """The share as a dot in its interval, and as a number at the end of the line."""
    right = (_NUMBERS - _LEFT) / _SPAN
    if place is None or place.wins is None:
        axes.text(right, y, _("not yet"), color=_FAINT, size=6.5, ha="right", va="center")
        return
    wins = place.wins
    axes.plot([0.5, 0.5], [y - 0.14, y + 0.14], color=_FAINT, linewidth=0.6, zorder=1)
    axes.plot([wins.low, wins.high], [y, y], color=colour, linewidth=1.6, alpha=0.65)
    axes.plot(wins.value, y, "o", color=colour, markersize=4.5)
    axes.text(
        right, y, share(wins.value), color=colour, size=7.5, weight="bold", ha="right", va="center"
    )


def _short(model: str) -> str:
    """Without the vendor: what a phone has room for."""
    # What its font cannot show the library warns of, again and again.
    name = model.rpartition("/")[2].encode("ascii", "replace").decode()
    return shortened(name, NAME_MAX)
