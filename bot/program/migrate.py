"""`council migrate`: what is in a file's database, copied into one on a server."""

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bar

from bot.bench.progress import left
from bot.errors import InvalidInput
from bot.language import N_, _, listed, n_, number
from bot.printing import note, tell
from bot.program.process import DONE, NO_ANSWER
from bot.store.transfer import Progress, Transferred, transfer

if TYPE_CHECKING:
    from bot.program.config import Config

# A line at most so often, where no bar can be shown.
_LINE_SECONDS = 5.0
# What less time took tells nothing of the rest.
_PACE_SECONDS = 2.0

_DOING = {"copying": N_("Copying"), "comparing": N_("Comparing")}
_DONE = {
    "copying": N_("Copied {done} of {of} rows."),
    "comparing": N_("Compared {done} of {of} rows."),
}
_DONE_SO_FAR = {
    "copying": N_("Copied {done} of {of} rows ({left})."),
    "comparing": N_("Compared {done} of {of} rows ({left})."),
}


async def migrate(options: argparse.Namespace, config: "Config") -> int:
    path = config.database_place()
    if not isinstance(path, Path):
        raise InvalidInput(
            _(
                "COUNCIL_DATABASE names a database on a server already: {database}. Set it to the path "
                "of the file that is to be copied.",
                database=path,
            )
        )
    with progress(sys.stderr) as tell_progress:
        found = await transfer(path, options.to, tell_progress)
    if found.left_out:
        note(_("Not copied, since they are not Council's: {names}.", names=listed(found.left_out)))
    return _told(found, path, str(options.to))


def _told(found: Transferred, path: Path, server: str) -> int:
    if found.differing:
        note(
            _(
                "The copy is not whole: {tables} did not come back as they are in the file. Start the "
                "same command again: it copies them anew.",
                tables=listed(found.differing),
            )
        )
        return NO_ANSWER
    tell(
        n_(
            "Everything is in {database}: {n} row, compared with the file's.",
            "Everything is in {database}: {n} rows, compared with the file's.",
            found.rows,
            database=server,
        )
    )
    tell(_("Now set COUNCIL_DATABASE to the address that you gave with --to, and start Council."))
    tell(
        _(
            "{path} stays as it is, for you alone to read. Keep it as a backup as long as you need one, "
            "then delete it: it holds what people wrote, and nothing is forgotten in it any more.",
            path=path,
        )
    )
    return DONE


@contextmanager
def progress(stream: TextIO) -> Iterator[Callable[[Progress], None]]:
    """What to call after each batch: a bar on a terminal, a line from time to time elsewhere."""
    if not stream.isatty():
        yield Lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}"),
    )
    pace = Pace()
    with Bar(*columns, console=Console(file=stream)) as bar:
        task = bar.add_task("", total=None, visible=False, left="")

        def move(step: Progress) -> None:
            doing = str(_DOING[step.doing])
            bar.update(task, completed=step.done, total=step.of, description=doing, visible=True)
            bar.update(task, left=left(pace.seconds_left(step)))

        yield move


class Lines:
    """The first batch, what is done every few seconds, and the end of each part."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pace = Pace(clock)
        self._told_at = -math.inf

    def __call__(self, step: Progress) -> None:
        time_left = left(self._pace.seconds_left(step))
        if step.done < step.of and self._clock() < self._told_at + _LINE_SECONDS:
            return
        self._told_at = self._clock()
        sentence = (_DONE_SO_FAR if time_left else _DONE)[step.doing]
        done, of = number(step.done, ",d"), number(step.of, ",d")
        note(_(sentence, done=done, of=of, left=time_left))


class Pace:
    """How long a part of it takes, by how long it took so far."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = self._clock(), Progress("copying", 0, 0)

    def seconds_left(self, step: Progress) -> float | None:
        """`None` where nothing is known of it yet, or nothing is left."""
        at, first = self._began
        if step.doing != first.doing or step.done <= first.done:
            self._began = self._clock(), step
            return None
        took = self._clock() - at
        if took < _PACE_SECONDS:
            return None
        return took * (step.of - step.done) / (step.done - first.done)
