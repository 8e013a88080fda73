"""The same question in the terminal, as SVG: what `council chat` prints when all is there."""

import os
from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from adapters.terminal import palette
from adapters.terminal.client import Terminal
from adapters.terminal.layout import thread_page
from adapters.terminal.threads import Run, Threads
from bot.chat import Person
from bot.conversation.app import App
from tests.fakes.council import running_app
from tests.pictures.script import SEED, Script, models
from tests.pictures.stage import settings

# Columns and rows.
Size = tuple[int, int]
SIZES: tuple[Size, ...] = ((80, 24), (120, 40))
SHOWN: Size = (96, 38)

# Without the fonts that rich's own would fetch from elsewhere.
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; \
font-size: {char_height}px; line-height: {line_height}px }}
.{unique_id}-title {{ font: bold 18px sans-serif }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/>\
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


async def finished(sizes: Sequence[Size]) -> dict[Size, str]:
    """The finished thread, by the terminal's size."""
    script = Script.read("flags")
    async with (
        models(script) as council,
        running_app(council, **settings(council)) as app,
    ):
        app.questions.seed = SEED
        run = await _asked(app, script.question)
        return {size: _svg(run, size) for size in sizes}


async def _asked(app: App, question: str) -> Run:
    """Through a pipe, and read again as a person's chat would."""
    reading, writing = os.pipe()
    os.write(writing, f"@council {question}\n".encode())
    os.close(writing)
    with os.fdopen(reading) as stdin:
        terminal = Terminal(app, stdin=stdin, stdout=StringIO())
        app.platforms["terminal"] = terminal
        await terminal.run()
    threads = Threads(app, Person("alice"))
    await threads.load()
    thread = threads.find(1)
    assert thread
    (run,) = await threads.enter(thread)
    return run


def _svg(run: Run, size: Size) -> str:
    columns, rows = size
    console = Console(
        file=StringIO(),
        record=True,
        width=columns,
        force_terminal=True,
        color_system="standard",
        highlight=False,
        emoji=False,
        theme=palette.MARKDOWN,
    )
    prompt = Text("council> ", style="bold")
    asked = Text.assemble(prompt, (run.question, ""))
    console.print(asked)
    console.print(thread_page(run, rows=rows - len(asked.wrap(console, columns)) - 1))
    console.print(prompt)
    return console.export_svg(
        title="council chat", theme=MONOKAI, code_format=_SVG, unique_id="council"
    )
