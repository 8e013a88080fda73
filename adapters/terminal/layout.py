"""A thread on a person's screen: one page that fits, and a few lines while it is under way.

Made of the posts alone. A page never scrolls its own verdict away: what does not fit is left to
`open`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import StyleAndTextTuples
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Table as Grid
from rich.text import Text as Line

from adapters.terminal import render
from adapters.terminal.threads import Run
from adapters.text.bars import bar_lines
from bot.chat import HEADLINE, RANKING
from bot.cleaning import one_line
from bot.document import Bars, Block, Detail, Document, Heading, Note, State, Text
from bot.language import _

# So much of a verdict is shown, however small the screen is.
_VERDICT_ROWS = 3

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
        run, width = self.run, options.max_width - 2
        headline = run.posts.get(HEADLINE, Document())
        answers = [_answer(run, key, post) for key, post in _answers(run)]
        bars = _bar_rows(run, width)
        hint = _hint(run) if headline.votable else ""
        below = [
            part
            for part in (
                _clipped_answers(answers, self.rows - _VERDICT_ROWS - len(bars) - 6),
                Group(*map(Line, bars)) if bars else None,
                Line(hint, style="dim", overflow="ellipsis", no_wrap=True) if hint else None,
            )
            if part
        ]
        lower = [line for part in below for line in (Line(), Padding(part, (0, 0, 0, 2)))]
        taken = len(console.render_lines(Group(*lower), options)) if lower else 0
        most = max(self.rows - taken - 1, _VERDICT_ROWS)
        verdict = _Barred(headline, most, f"open {run.part(HEADLINE)}")
        yield from (Line(), verdict, *lower)


@dataclass(frozen=True, slots=True)
class _Barred:
    """A document beside a bar, cut to so many rows; `opens` shows the rest."""

    document: Document
    most: int
    opens: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        inner = render.render(self.document)
        narrow = options.update(width=max(options.max_width - 2, 1))
        lines = console.render_lines(inner, narrow, pad=False)
        if len(lines) > self.most:
            rest = _(
                "… {count} more lines: {opens}", count=len(lines) - self.most + 1, opens=self.opens
            )
            lines = [*lines[: self.most - 1], [Segment(rest, console.get_style("dim"))]]
        bar = Segment("▌ ", Style.parse(_COLOURS[self.document.state]))
        for line in lines:
            yield bar
            yield from line
            yield Segment.line()


@dataclass(frozen=True, slots=True)
class _Answer:
    part: str
    gist: str
    size: str
    name: str = ""


def _answers(run: Run) -> list[tuple[str, Document]]:
    keys = sorted(key for key in run.posts if key not in {HEADLINE, RANKING})
    return [(key, run.posts[key]) for key in keys]


def _answer(run: Run, key: str, post: Document) -> _Answer:
    """What one line tells of an answer, folded or too short for that, or of one that is missing."""
    part, name = run.part(key), run.names.get(key.rpartition(":")[2], "")
    for block in post.blocks:
        match block:
            case Detail(title, _, hint):
                gist, size = _told_apart(title, hint)
                return _Answer(part, gist, size, name)
            case Heading(text) | Text(text) | Note(text):
                return _Answer(part, one_line(text), "", name)
    return _Answer(part, "", "", name)


def _told_apart(title: str, hint: str) -> tuple[str, str]:
    """Without the label, which stands before it."""
    label, dot, rest = title.partition(" · ")
    return one_line(rest if dot else label), one_line(hint)


def _clipped_answers(answers: Sequence[_Answer], most: int) -> RenderableType | None:
    if not answers:
        return None
    grid = Grid.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    grid.add_column(style="dim", no_wrap=True, justify="right")
    for answer in answers[: max(most, 2)]:
        end = " · ".join(filter(None, (answer.size, answer.name)))
        grid.add_row(Line(answer.part), Line(answer.gist), Line(end))
    if (left := len(answers) - max(most, 2)) > 0:
        grid.add_row(Line("…"), Line(_("{left} more", left=left), style="dim"), Line())
    return grid


def _bar_rows(run: Run, width: int) -> list[str]:
    """Every bar of the ranking side by side, as many in a row as fit."""
    drawn = [
        bar_lines(replace(bars, bars=(bar,)))[0]
        for bars in _all_bars(run.posts.get(RANKING, Document()).blocks)
        for bar in bars.bars
    ]
    rows: list[str] = []
    for bar in drawn:
        joined = f"{rows[-1]}   {bar}" if rows else bar
        if rows and cell_len(joined) <= width:
            rows[-1] = joined
        else:
            rows.append(bar)
    return rows


def _all_bars(blocks: Sequence[Block]) -> Iterator[Bars]:
    for block in blocks:
        match block:
            case Bars():
                yield block
            case Detail(_, inner):
                yield from _all_bars(inner)


def _hint(run: Run) -> str:
    a = run.part("answer:A")
    return _("open {a} · open ranking · react {a} 👍 (👎 🏆) · reveal · a question asks on", a=a)


# --- under way


def live_lines(runs: Sequence[Run], now: float, size: Size) -> StyleAndTextTuples:
    """What is under way, above the prompt: for each question its state and a line for each answer,
    as far as there is room. Every line is a fragment of its own."""
    lines = [line for run in runs for line in _live(run, now)]
    room = max(size.rows - 3, 1)
    return [
        (style, set_cell_size(text, size.columns - 1).rstrip() + "\n")
        for style, text in lines[:room]
    ]


def _live(run: Run, now: float) -> Iterator[tuple[str, str]]:
    yield "class:live", ""
    headline = run.posts.get(HEADLINE)
    seconds = f"{now - run.began:.0f} s" if run.began is not None else ""
    for n, text in enumerate(_lines(headline) if headline else [""]):
        yield "class:live", f"▌ {text}" if n else f"▌ {text} {seconds}".rstrip()
    for key, post in _answers(run):
        answer = _answer(run, key, post)
        yield "class:live.dim", f"  {answer.part}  {answer.gist}"


def _lines(headline: Document) -> list[str]:
    """The first line of each block, without Markdown."""
    return [
        line
        for block in headline.blocks
        if isinstance(block, Heading | Text | Note)
        for line in block.text.splitlines()[:1]
    ]
