"""Where a chat is read and shown: the port, and the screen of a script, which is a pipe.

From a pipe a thread is printed once it is whole, without escape codes, and the end of the input
ends the chat.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, Self, TextIO

from rich.console import Console

from adapters.terminal import render, words
from adapters.terminal.lines import Lines
from adapters.terminal.threads import Run
from bot.cleaning import harmless
from bot.conversation.loops import ended
from bot.document import Document, Text
from bot.language import _
from bot.pages.presenter import unvoted


class Screen(Protocol):
    # Whether somebody who asked stays in the thread that this began.
    follows: bool
    # Whether there is a person to be asked before money is spent.
    asks: bool

    async def line(self, place: str) -> str | None:
        """What is said next; `place` stands before it. `None` at the end."""
        ...

    async def show(self, document: Document, *, opened: bool = False, name: str = "") -> None: ...

    async def aside(self, document: Document) -> None:
        """Show what only a person needs to be told, such as how this works."""
        ...

    async def thread(self, run: Run, number: int) -> None:
        """Show what came of a question that is over."""
        ...

    async def agrees(self, why: Document, question: str) -> bool | None:
        """Whether it shall be so; `None` for whoever leaves instead of an answer."""
        ...

    async def doing(self, what: Coroutine[Any, Any, bool]) -> bool:
        """Wait for what was said to be done; True where it was interrupted."""
        ...

    async def attend(self, watching: Coroutine[Any, Any, None]) -> None:
        """Have a run watched: to its end, or beside whatever is said next."""
        ...

    async def entered(self, number: int, runs: Sequence[Run]) -> None:
        """Somebody went into the thread of this number, with these questions."""
        ...

    def changed(self) -> None:
        """Something that is under way has a new state."""
        ...

    def forget(self) -> None:
        """Forget what was typed, where that is kept."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *raised: Any) -> None: ...


class Script:
    """Lines from a pipe, answered one after the other: those that are about a question under way while
    it is, all others after it."""

    follows = False
    asks = False

    def __init__(self, stdin: TextIO, stdout: TextIO) -> None:
        self._lines = Lines(stdin.fileno())
        self._console = Console(file=stdout, soft_wrap=True, highlight=False, emoji=False)
        self._watching: asyncio.Task[None] | None = None

    async def line(self, place: str) -> str | None:
        line = await self._lines.next()
        if line is None or not words.is_meanwhile(line.strip()):
            await self._watched()
        if line is not None:
            self._console.print(f"> {harmless(line.strip())}", markup=False)
        return line

    async def show(self, document: Document, *, opened: bool = False, name: str = "") -> None:
        self._console.print(render.plain(document, opened=opened, name=name), markup=False)

    async def aside(self, document: Document) -> None:
        pass

    async def thread(self, run: Run, number: int) -> None:
        await self.show(render.heading(number))
        for key, document in run.posts.items():
            await self.show(unvoted(document), name=run.part(key))

    async def agrees(self, why: Document, question: str) -> bool | None:
        await self.show(why)
        return True

    async def doing(self, what: Coroutine[Any, Any, bool]) -> bool:
        return await what

    async def attend(self, watching: Coroutine[Any, Any, None]) -> None:
        await self._watched()
        self._watching = asyncio.create_task(watching)

    async def _watched(self) -> None:
        if self._watching:
            await self._watching

    def changed(self) -> None:
        pass

    async def entered(self, number: int, runs: Sequence[Run]) -> None:
        inside = _("In thread {number}: `@council ...` follows up.", number=number)
        await self.show(Document((Text(inside),)))

    def forget(self) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: Any) -> None:
        if self._watching:
            await ended({self._watching})
