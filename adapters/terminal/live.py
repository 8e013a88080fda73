"""What is under way, above the prompt: for each question its state, and a line for each answer.

Made of the posts alone, in as many rows as there is room for.
"""

from collections.abc import Iterator, Sequence

from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import StyleAndTextTuples
from rich.cells import cell_len, set_cell_size

from adapters.terminal.layout import answer_lines
from adapters.terminal.threads import Run
from bot.chat import HEADLINE
from bot.cleaning import harmless
from bot.document import Document, Heading, Note, Text
from bot.language import _

# Turns for as long as somebody is at work.
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_STEPS_A_SECOND = 2

# The prompt, and two rows for what is typed.
_PROMPT_ROWS = 3


def live_lines(runs: Sequence[Run], now: float, size: Size) -> StyleAndTextTuples:
    """A fragment for each line, none wider than the screen."""
    lines = [line for run in runs for line in _live(run, now)]
    room = max(size.rows - _PROMPT_ROWS, 1)
    return [(style, f"{_cut(text, size.columns - 1)}\n") for style, text in lines[:room]]


def _live(run: Run, now: float) -> Iterator[tuple[str, str]]:
    yield "", ""
    spinner = _SPINNER[int(now * _STEPS_A_SECOND) % len(_SPINNER)]
    for n, (style, text) in enumerate(_state(run.posts.get(HEADLINE, Document()))):
        yield style, f"{'▌' if n else spinner} {text}"
    for answer in answer_lines(run):
        yield "class:dim", f"  {answer.part}  {answer.said}"
    names = {button.name for button in run.posts.get(HEADLINE, Document()).buttons}
    if "answer" in names:
        yield "class:dim", _("  answer: TEXT adds an answer of your own")
    if "begin" in names:
        yield "class:dim", _("  enough: the models are asked now")
    if "enough" in names:
        yield "class:dim", _("  enough: the verdict of what there is by now")


def _state(headline: Document) -> Iterator[tuple[str, str]]:
    """How far it is, and the end of what is written so far."""
    *above, last = [b for b in headline.blocks if isinstance(b, Heading | Text)] or [Heading("")]
    if len(above) == 1 and isinstance(above[0], Heading):  # it has not begun
        yield "", _bare(above.pop().text)
    for line in last.text.splitlines():
        yield "", _bare(line)
    for block in headline.blocks:
        if isinstance(block, Note):
            yield "class:dim", _bare(block.text)
    for block in above:
        yield "bold" if isinstance(block, Heading) else "", _bare(block.text.splitlines()[-1])


def _bare(markdown: str) -> str:
    return harmless(markdown.replace("**", "")).strip()


def _cut(text: str, columns: int) -> str:
    return text if cell_len(text) <= columns else set_cell_size(text, columns - 1).rstrip() + "…"
