"""How far a bench is: a bar on a terminal, a line for each question elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from bot.bench.run import Step
from bot.cleaning import harmless
from bot.language import _
from bot.printing import tell


@contextmanager
def progress(stream: TextIO) -> Iterator[Callable[[Step], None]]:
    """What to call after each question. Lines printed meanwhile go above the bar."""
    if not stream.isatty():

        def line(step: Step) -> None:
            if step.text:
                tell(
                    _(
                        "{done} of {total}: {text}",
                        done=step.done,
                        total=step.total,
                        text=step.text,
                    ),
                    stream,
                )

        yield line
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("${task.fields[cost]:.4f}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[last]}", markup=False),
    )
    with Progress(*columns, console=Console(file=stream)) as bar:
        task = bar.add_task("", total=None, visible=False, cost=0.0, last="")

        def move(step: Step) -> None:
            last = harmless(step.text).partition("\n")[0]
            bar.update(
                task,
                completed=step.done,
                total=step.total,
                cost=step.cost_usd,
                last=last,
                visible=True,
            )

        yield move
