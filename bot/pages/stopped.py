"""The first post of a question that was stopped: who or what did it, what stays, and how it goes on.

Pure and blind.
"""

from bot import texts
from bot.document import Button, Document, Heading, Text
from bot.language import _, n_
from bot.pages.along import read_along
from bot.pages.live import asked
from bot.protocol.events import Progress
from bot.records import Stop


def stopped(progress: Progress, stop: Stop) -> Document:
    n, of = len(progress.answers), asked(progress)
    why = texts.STOPPED.get(stop.cause)
    text = _("The answers below stay; nothing was ranked.") if n else _("Nothing was ranked.")
    if progress.reviewers:
        text = _("The answers below stay; no verdict was written.")
    return Document(
        (
            Heading(_when(progress.stopped_by, n, of)),
            *([Text(_(why, refusal=stop.refusal))] if why else []),
            Text(text),
            *(read_along(progress.question) if stop.cause == "unread" else []),
        ),
        state="stopped",
        buttons=_after(stop),
    )


def _after(stop: Stop) -> tuple[Button, ...]:
    if stop.cause == "forgotten":
        return ()
    again = Button("again", _("Ask again"), primary=not stop.may_go_on)
    return (Button("go_on", _("Go on"), primary=True), again) if stop.may_go_on else (again,)


def _when(name: str, n: int, of: int) -> str:
    if n and name:
        return n_(
            "Stopped by {name} after {n} of {of} answers",
            "Stopped by {name} after {n} of {of} answers",
            n,
            of=of,
            name=name,
        )
    if n:
        return n_(
            "Stopped after {n} of {of} answers", "Stopped after {n} of {of} answers", n, of=of
        )
    if name:
        return _("Stopped by {name} before any answer", name=name)
    return _("Stopped before any answer")
