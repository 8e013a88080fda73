"""A person at a terminal: types keys, and sees the screen."""

import asyncio
import fcntl
import os
import signal
import struct
import termios
from codecs import getincrementaldecoder
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.terminal.client import Terminal
from bot.conversation.app import App
from tests.fakes.screen import Screen
from tests.fakes.watched import Watched

ENTER, ALT_ENTER, TAB, UP = "\r", "\x1b\r", "\t", "\x1b[A"
CTRL_C, CTRL_D, CTRL_U = "\x03", "\x04", "\x15"


class Person(Watched):
    """`screen` is what the terminal shows now."""

    def __init__(self, controller: int, screen: Screen) -> None:
        super().__init__()
        self.screen = screen
        self._controller = controller
        self.chat: asyncio.Task[None]

    def types(self, keys: str) -> None:
        os.write(self._controller, keys.encode())

    def says(self, line: str) -> None:
        self.types(line + ENTER)

    def pastes(self, text: str) -> None:
        """As terminals do that tell a paste from keys."""
        self.types(f"\x1b[200~{text}\x1b[201~")

    def resizes(self, rows: int, columns: int) -> None:
        self.screen.resize(rows, columns)
        set_size(self._controller, rows, columns)
        os.kill(os.getpid(), signal.SIGWINCH)

    async def sees(self, text: str) -> None:
        await self.wait_for(lambda: text in self.screen.text)

    async def sees_at_the_end(self, line: str) -> None:
        await self.wait_for(lambda: self.screen.lines[-1:] == [line])

    async def left(self) -> None:
        """Wait until the chat has ended."""
        async with asyncio.timeout(60):
            await self.chat

    def situation(self) -> str:
        return f"the screen shows:\n{self.screen.text}"

    def take(self, text: str) -> None:
        self.screen.write(text)
        self.changed()


def set_size(terminal: int, rows: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


@asynccontextmanager
async def person_at(
    app: App,
    *,
    rows: int = 24,
    columns: int = 80,
    history: Path | None = None,
    typed: str = "",
) -> AsyncIterator[Person]:
    """Somebody in a chat with this council, which has to be left in the end. `typed` came before it
    began."""
    controller, terminal = os.openpty()
    set_size(terminal, rows, columns)
    person = Person(controller, Screen(rows, columns))
    person.types(typed)
    loop = asyncio.get_running_loop()
    reading = asyncio.create_task(asyncio.to_thread(_read, controller, loop, person))
    with os.fdopen(os.dup(terminal)) as stdin, os.fdopen(terminal, "w") as stdout:
        client = Terminal(app, stdin=stdin, stdout=stdout, history=history)
        app.platforms["terminal"] = client
        person.chat = asyncio.create_task(client.run())
        try:
            yield person
            await person.left()
        finally:
            person.chat.cancel()
            await asyncio.wait({person.chat})
    await reading
    os.close(controller)


def _read(controller: int, loop: asyncio.AbstractEventLoop, person: Person) -> None:
    """In a thread: the program writes from the loop's, and would wait for a reader there."""
    decoder = getincrementaldecoder("utf-8")()
    try:
        while chunk := os.read(controller, 65_536):
            loop.call_soon_threadsafe(person.take, decoder.decode(chunk))
    except OSError:
        pass  # how Linux reports that the other side is closed
