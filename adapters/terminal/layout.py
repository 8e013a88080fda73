"""A finished thread on a person's screen: one page that fits.

Made of the posts alone. A page never scrolls its own verdict away: of that as much is shown as there
is room for, and the rest is left to `open`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table as Grid
from rich.text import Text as Line

from adapters.terminal import render
from adapters.terminal.threads import Run
from adapters.text.bars import bar_lines
from bot.chat import HEADLINE, RANKING, is_answer
from bot.cleaning import one_line
from bot.document import Bars, Block, Detail, Document, Heading, Note, State, Text
from bot.language import _

# So much of a verdict's text is shown, however small the screen is.
_TEXT_ROWS = 3
# In fewer rows of it no line is left empty.
_AIRY_ROWS = 10
_BAR = "▌ "
# How long the bars of the ranking are, the best length first.
_BAR_CELLS = (10, 8, 6)

_COLOURS: dict[State, str] = {
    "live": "dim",
    "done": "cyan",
    "degraded": "yellow",
    "failed": "red",
    "stopped": "dim",
}


def thread_page(run: Run, *, rows: int) -> RenderableType:
    """Verdict, a line for each answer, bars and what can be done next, in so many rows."""
    return _Page(run, rows)


@dataclass(frozen=True, slots=True)
class _Page:
    run: Run
    rows: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        run = self.run
        headline = run.posts.get(HEADLINE, Document())
        bars = _bar_rows(run, options.max_width - 2)
        hint = _hint(run, headline)
        # Above the answers stand as many rows of a verdict at least, with what stands around it.
        room = max(self.rows - len(bars) - _TEXT_ROWS - 12, 2)
        parts: list[RenderableType] = [
            *([_grid(answers, room)] if (answers := list(answer_lines(run))) else []),
            *([Group(*map(Line, bars))] if bars else []),
            *([Line(hint, style="dim", overflow="ellipsis", no_wrap=True)] if hint else []),
        ]
        below = [line for part in parts for line in (Line(), Padding(part, (0, 0, 0, 2)))]
        rows = self.rows - 1 - _height(console, options, Group(*below))
        yield Line()
        yield from _verdict(console, options, headline, rows, f"open {run.part(HEADLINE)}")
        yield from below


def _verdict(
    console: Console, options: ConsoleOptions, headline: Document, most: int, opens: str
) -> Iterator[Segment]:
    """Beside a bar: the text, cut to what is left of so many rows, and whole what it is worth."""
    narrow = options.update(width=max(options.max_width - len(_BAR), 1))

    def lines(blocks: Sequence[Block]) -> list[list[Segment]]:
        page = render.render(Document(tuple(blocks), letters=headline.letters))
        return console.render_lines(page, narrow, pad=False) if blocks else []

    text, worth = _parted(headline)
    shown, rest = lines(text), lines(worth)
    if len(shown) > most - len(rest) < _AIRY_ROWS:
        shown, rest = list(filter(_is_written, shown)), list(filter(_is_written, rest))
    room = max(most - len(rest) - bool(rest), _TEXT_ROWS)
    if (left := len(shown) - room + 1) > 1:
        more = _("… {count} more lines: {opens}", count=left, opens=opens)
        shown = [*shown[: room - 1], [Segment(more, console.get_style("dim"))]]
    if rest:
        rest = [[], *rest]
    bar = Segment(_BAR, console.get_style(_COLOURS[headline.state]))
    for line in (*shown, *rest):
        yield from (bar, *line, Segment.line())


def _parted(headline: Document) -> tuple[list[Block], list[Block]]:
    """What the verdict says, and what stands behind it: dissent, what is missing, numbers. How to
    vote is the page's own last line."""
    text: list[Block] = []
    worth: list[Block] = []
    for block in headline.blocks:
        match block:
            case Text(quoted) if quoted.startswith("> "):
                worth.append(Text(quoted.removeprefix("> ")))
            case Note(said) if headline.votable and "👍" in said:
                pass
            case Heading() | Text() if not worth:
                text.append(block)
            case _:
                worth.append(block)
    return text, worth


def _is_written(line: Sequence[Segment]) -> bool:
    return any(segment.text.strip() for segment in line)


def _height(console: Console, options: ConsoleOptions, renderable: RenderableType) -> int:
    return len(console.render_lines(renderable, options, pad=False))


# --- answers


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """What one line tells of an answer; `said` is its gist, or what became of it."""

    part: str
    said: str
    size: str = ""
    name: str = ""


def answer_lines(run: Run) -> Iterator[AnswerLine]:
    """In the order of labels."""
    for key in sorted(key for key in run.posts if key not in {HEADLINE, RANKING}):
        name = run.names.get(key.rpartition(":")[2], "")
        yield _answer_line(run.part(key), run.posts[key], name)


def _answer_line(part: str, post: Document, name: str) -> AnswerLine:
    for block in post.blocks:
        match block:
            case Detail(title, _, hint):
                said = one_line(title).removeprefix(f"{part} · ")
                return AnswerLine(part, said, one_line(hint), name)
            case Heading(text) | Text(text) | Note(text):
                bare = one_line(text).replace("**", "")
                return AnswerLine(
                    part, bare.replace(f"{part} · ", "").replace(f"{part} ", "", 1), "", name
                )
    return AnswerLine(part, "", "", name)


def _grid(answers: Sequence[AnswerLine], most: int) -> RenderableType:
    """A row for each, and how many there was no room for."""
    grid = Grid.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    grid.add_column(style="dim", no_wrap=True, justify="right")
    shown = answers if len(answers) <= most else answers[: most - 1]
    for answer in shown:
        end = " · ".join(filter(None, (answer.size, answer.name)))
        grid.add_row(Line(answer.part), Line(answer.said), Line(end))
    if left := len(answers) - len(shown):
        grid.add_row(Line("…"), Line(_("{left} more answers", left=left), style="dim"), Line())
    return grid


# --- bars and what comes next


def _bar_rows(run: Run, width: int) -> list[str]:
    """The ranking's bars side by side: in one row if short ones fit, else as many in a row as do."""
    found = [
        bar for bars in _all_bars(run.posts.get(RANKING, Document()).blocks) for bar in bars.bars
    ]
    rows: list[str] = []
    for cells in _BAR_CELLS:
        rows = _packed(
            [bar_lines(Bars((replace(b, note=""),)), cells=cells)[0] for b in found], width
        )
        if len(rows) <= 1:
            break
    return rows


def _packed(words: Sequence[str], width: int) -> list[str]:
    rows: list[str] = []
    for word in words:
        joined = f"{rows[-1]}   {word}" if rows else word
        if rows and cell_len(joined) <= width:
            rows[-1] = joined
        else:
            rows.append(word)
    return rows


def _all_bars(blocks: Sequence[Block]) -> Iterator[Bars]:
    for block in blocks:
        match block:
            case Bars():
                yield block
            case Detail(_, inner):
                yield from _all_bars(inner)


def _hint(run: Run, headline: Document) -> str:
    """What can be done next; "" where nothing can."""
    if any(button.name == "go_on" for button in headline.buttons):
        return _("continue goes on with it · any other line asks on")
    if headline.state not in {"done", "degraded"}:
        return ""
    first = next((run.part(key) for key in sorted(run.posts) if is_answer(key)), "")
    if not first:  # written anew, from answers further up
        return _("open {v} · react {v} 👍 (👎) · any other line asks on", v=run.part(HEADLINE))
    return _(
        "open {a} · open ranking · react {a} 👍 (👎 🏆) · reveal · any other line asks on", a=first
    )
