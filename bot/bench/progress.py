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
                tell(_line(step), stream)

        yield line
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("${task.fields[cost]:.4f}"),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[last]}", markup=False),
    )
    with Progress(*columns, console=Console(file=stream)) as bar:
        task = bar.add_task("", total=None, visible=False, cost=0.0, left="", last="")

        def move(step: Step) -> None:
            last = harmless(step.text).partition("\n")[0]
            bar.update(
                task,
                completed=step.done,
                total=step.total,
                cost=step.cost_usd,
                left=left(step.seconds_left),
                last=last,
                visible=True,
            )

        yield move


def _line(step: Step) -> str:
    if time_left := left(step.seconds_left):
        return _(
            "{done} of {total}: {text} ({left})",
            done=step.done,
            total=step.total,
            text=step.text,
            left=time_left,
        )
    return _("{done} of {total}: {text}", done=step.done, total=step.total, text=step.text)


def left(seconds: float | None) -> str:
    """Roughly: to a minute above one, to five above ten; "" where there is no telling."""
    if not seconds:
        return ""
    minutes = round(seconds / 60)
    if minutes < 1:
        return _("less than a minute left")
    if minutes > 10:
        minutes = 5 * round(minutes / 5)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("about {hours} h {minutes} min left", hours=hours, minutes=minutes)
    return _("about {minutes} min left", minutes=minutes)
