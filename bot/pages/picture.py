"""The standings as a picture for a phone: what people prefer beside what models do, with intervals.

A card with a ground of its own reads the same in light and dark mode; it is drawn at the width of a
phone, so that nothing in it has to be enlarged. matplotlib is imported when something is drawn.
"""

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

from bot.analysis.leaderboard import Board, Place
from bot.language import N_, _

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# More would be lines nobody reads on a phone; the tables list all.
MODELS_MAX = 10

# Inches and dots of a phone's width, some 380 of its points, at two dots each.
_WIDTH, _DPI = 3.8, 220
_ROW, _HEAD, _FOOT = 0.5, 0.62, 0.42

_GROUND, _PANEL = "#1b1f2a", "#252b3a"
_INK, _FAINT = "#f2f4f8", "#a3acbd"
_PEOPLE, _MODELS = "#ffb454", "#6cb6ff"


def standings_png(people: Board, peers: Board) -> bytes | None:
    """`None` where neither side is ranked yet."""
    if not (people.ranked or peers.ranked):
        return None
    first = people if people.ranked else peers
    models = [place.model for place in first.places][:MODELS_MAX]
    foot = _("how often preferred to a typical model · bars: 90 % · ★ leads")
    if len(first.places) > MODELS_MAX:
        cut = _("first {shown} of {models}", shown=MODELS_MAX, models=len(first.places))
        foot = f"{cut} · {foot}"
    height = _HEAD + _ROW * len(models) + _FOOT
    figure = _figure(height)
    bottom, span = _FOOT / height, _ROW * len(models) / height
    for left, title, board, colour in (
        (0.04, _("People prefer"), people, _PEOPLE),
        (0.52, _("Models prefer"), peers, _MODELS),
    ):
        axes = figure.add_axes((left, bottom, 0.44, span))
        _draw(axes, board, models, colour)
        figure.text(left, 1 - 0.24 / height, title, color=colour, size=10, weight="bold")
        figure.text(left, 1 - 0.42 / height, _counted(board), color=_FAINT, size=6.5)
    for row, model in enumerate(models):
        y = bottom + span * (1 - (row + 0.27) / len(models))
        figure.text(0.055, y, _short(model), color=_INK, size=8, va="center", parse_math=False)
    figure.text(
        0.5,
        0.09 / height,
        foot,
        color=_FAINT,
        size=6.5,
        ha="center",
    )
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


def _draw(axes: "Axes", board: Board, models: list[str], colour: str) -> None:
    axes.set_facecolor(_PANEL)
    axes.set_xlim(0, 1)
    axes.set_ylim(len(models), 0)
    axes.set_yticks([])
    axes.set_xticks([0, 0.5, 1], ["0", "50 %", "100"], color=_FAINT, size=6.5)
    first, _, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    axes.tick_params(length=0, pad=2)
    for side in axes.spines.values():
        side.set_visible(False)
    for row in range(1, len(models)):
        axes.axhline(row, color=_GROUND, linewidth=1.5)
    places = {place.model: place for place in board.places}
    for row, model in enumerate(models):
        _mark(axes, places.get(model), row + 0.68, colour, leads=model == board.leader)


def _mark(axes: "Axes", place: Place | None, y: float, colour: str, *, leads: bool) -> None:
    if place is None or place.wins is None:
        axes.text(0.5, y, _("not yet"), color=_FAINT, size=6.5, ha="center", va="center")
        return
    wins = place.wins
    # The middle: below the name, so that it does not strike it through.
    axes.plot([0.5, 0.5], [y - 0.23, y + 0.27], color=_FAINT, linewidth=0.6, zorder=1)
    axes.plot([wins.low, wins.high], [y, y], color=colour, linewidth=2, solid_capstyle="round")
    shape, size = ("*", 11) if leads else ("o", 5)
    axes.plot(wins.value, y, shape, color=_INK if leads else colour, markersize=size, mec=_PANEL)


def _counted(board: Board) -> str:
    counted = (
        N_("in {rows:,} questions")
        if board.ranked
        else N_("in {rows:,} questions: too few to rank")
    )
    return _(counted, rows=board.rows)


def _short(model: str) -> str:
    """Without the vendor: what a phone has room for."""
    # What its font cannot show the library warns of, again and again.
    name = model.rpartition("/")[2].encode("ascii", "replace").decode()
    return name if len(name) <= 40 else name[:39] + "…"
