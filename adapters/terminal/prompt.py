"""The screen of a person: a prompt that can be used all the time, and above it what is under way.

Whatever is printed comes above the prompt, which keeps what was typed so far.
"""

import asyncio
import logging
import select
import signal
import sys
import termios
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal, Protocol, Self, TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.application import in_terminal
from prompt_toolkit.completion import Completer
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style
from rich.console import RenderableType

from adapters.terminal import render
from adapters.terminal.history import History
from adapters.terminal.layout import thread_page
from adapters.terminal.live import live_lines
from adapters.terminal.redrawing import Redrawing
from adapters.terminal.threads import Run
from bot.conversation.loops import ended
from bot.document import Document, Note
from bot.language import _

# How often the clock above the prompt moves on.
TICK_SECONDS = 0.5

_ENTER = (Keys.ControlM, Keys.ControlJ)

_LOCAL_FLAGS = 3  # their place among what termios tells

# A menu of so many rows may come below the prompt.
_MENU_ROWS = 6

# In the terminal's own colours, as `palette` has the rest.
_PLAIN = "fg:default noreverse bg:default"
_STYLE = Style.from_dict(
    {
        "prompt": "bold",
        "dim": "dim",
        "completion-menu": _PLAIN,
        "completion-menu.completion": _PLAIN,
        "completion-menu.completion.current": f"{_PLAIN} reverse",
        "completion-menu.meta.completion": f"{_PLAIN} dim",
        "completion-menu.meta.completion.current": f"{_PLAIN} reverse",
        "scrollbar.background": "bg:default",
        "scrollbar.button": "reverse",
    }
)

# What Ctrl-C came to: a question was stopped, the chat is left, or nothing was under way.
Interrupted = Literal["stopped", "leave", "idle"]


class Chat(Protocol):
    """What a prompt knows of the chat around it."""

    def live(self) -> list[Run]:
        """What is under way, oldest first."""
        ...

    def interrupt(self) -> Interrupted: ...


class _Keys(Vt100Input):
    """Stays as it is while something is printed: a terminal that edits lines itself would take
    Ctrl-D and Ctrl-U for its own.

    Whatever came before the first prompt could not be marked as pasted, so many lines are that.
    """

    _are_first = True

    def read_keys(self) -> list[KeyPress]:
        keys = super().read_keys()
        if not (self._are_first and keys):
            return keys
        self._are_first = False
        while select.select([self.fileno()], [], [], 0)[0] and (more := super().read_keys()):
            keys += more
        return _pasted(keys)

    def cooked_mode(self) -> AbstractContextManager[None]:
        return nullcontext()


class Prompt:
    """Entered for as long as the chat lasts."""

    follows = True
    asks = True

    def __init__(
        self,
        chat: Chat,
        stdin: TextIO,
        stdout: TextIO,
        *,
        completer: Completer,
        history: Path | None = None,
    ) -> None:
        self._chat = chat
        self._place = ""
        self._input, self._output = _Keys(stdin), create_output(stdout)
        if isinstance(self._output, Vt100_Output):
            self._output.enable_cpr = False  # its answers are typed where nobody waits for them
        self._console = render.console(stdout)
        self._history = History(history) if history else None
        self._session: PromptSession[str] = self._made(
            message=self._message,
            completer=completer,
            complete_while_typing=False,
            reserve_space_for_menu=_MENU_ROWS,
            history=self._history,
            enable_suspend=True,
            key_bindings=self._keys(),
        )
        self._surroundings = ExitStack()
        self._watching: set[asyncio.Task[None]] = set()
        self._doing: asyncio.Task[bool] | None = None

    def _made(self, **options: Any) -> PromptSession[str]:
        session: PromptSession[str] = PromptSession(
            input=self._input,
            output=self._output,
            style=_STYLE,
            include_default_pygments_style=False,
            **options,
        )
        app = session.app
        app.renderer = Redrawing(app.renderer.style, self._output)
        return session

    async def __aenter__(self) -> Self:
        self._surroundings.enter_context(_logging_above())
        self._surroundings.enter_context(_unechoed(self._input.fileno()))
        self._surroundings.enter_context(_interrupts(self._signalled))
        self._watching.add(asyncio.create_task(self._tick()))
        return self

    async def __aexit__(self, *raised: Any) -> None:
        await ended(self._watching)
        self._surroundings.close()

    async def line(self, place: str) -> str | None:
        self._place = place
        try:
            return await self._session.prompt_async(handle_sigint=False)
        except EOFError:
            return None

    async def show(self, document: Document, *, opened: bool = False, name: str = "") -> None:
        await self._print(render.render(document, opened=opened, name=name))

    async def aside(self, document: Document) -> None:
        await self.show(document)

    async def thread(self, run: Run, number: int) -> None:
        size = self._output.get_size()
        others = [each for each in self._chat.live() if each is not run]
        # The prompt, and the line that was entered, stay on the screen, too.
        rows = size.rows - len(live_lines(others, _now(), size)) - 2
        await self._print(thread_page(run, rows=rows))

    async def entered(self, number: int, runs: Sequence[Run]) -> None:
        for run in runs:
            if not run.live:
                await self.thread(run, number)

    async def agrees(self, why: Document, question: str) -> bool | None:
        await self.show(why)
        keys = KeyBindings()
        session = self._made(key_bindings=keys)

        @keys.add("c-c")
        @keys.add("<sigint>")
        def leave(event: KeyPressEvent) -> None:
            event.app.exit(exception=EOFError)

        try:
            answer = await session.prompt_async(f"{question} [y/N] ", handle_sigint=False)
        except EOFError:
            return None
        return answer.strip().lower() in {"y", "yes"}

    async def doing(self, what: Coroutine[Any, Any, bool]) -> bool:
        self._doing = asyncio.create_task(what)
        try:
            await asyncio.wait({self._doing})
            if not self._doing.cancelled():
                return self._doing.result()
        finally:
            await ended({self._doing})
        await self.show(Document((Note(_("Stopped.")),)))
        return True

    async def attend(self, watching: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(watching)
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    def changed(self) -> None:
        self._session.app.invalidate()

    def forget(self) -> None:
        """Forget what was typed, in this chat and in earlier ones."""
        if self._history:
            self._history.forget()

    # --- the prompt itself

    def _message(self) -> StyleAndTextTuples:
        """Above the prompt stands what is under way, until the line is entered."""
        prompt = ("class:prompt", f"{self._place}> ")
        if self._session.app.is_done:
            return [prompt]
        return [*live_lines(self._chat.live(), _now(), self._output.get_size()), prompt]

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("escape", "enter", eager=True)
        @keys.add("escape", "c-j", eager=True)  # typed before the terminal was ours
        def new_line(event: KeyPressEvent) -> None:
            event.current_buffer.newline(copy_margin=False)

        @keys.add("c-c")
        @keys.add("<sigint>")
        def interrupt(event: KeyPressEvent) -> None:
            match self._chat.interrupt():
                case "leave":
                    event.app.exit(exception=EOFError)
                case "idle" if event.current_buffer.text:
                    event.current_buffer.reset()
                case "idle":
                    hint = Document((Note(_("Ctrl-D or `quit` leaves.")),))
                    event.app.create_background_task(self.show(hint))

        return keys

    def _signalled(self) -> None:
        """An interrupt that is no key: of a command that takes its time, or from outside."""
        if self._session.app.is_running:
            self._session.app.key_processor.send_sigint()
        elif self._doing:
            self._doing.cancel()

    async def _print(self, renderable: RenderableType) -> None:
        async with in_terminal():
            size = self._output.get_size()
            self._console.width = size.columns
            self._console.print(renderable)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self._chat.live():
                self.changed()


def _pasted(keys: list[KeyPress]) -> list[KeyPress]:
    """Several lines of text as one paste, which is entered by hand; any other keys as they are."""
    text = "".join("\n" if key.key in _ENTER else key.data for key in keys)
    is_text = all(key.key in _ENTER or key.data.isprintable() or key.data == "\t" for key in keys)
    if not is_text or "\n" not in text.rstrip("\n"):
        return keys
    return [KeyPress(Keys.BracketedPaste, text.rstrip("\n"))]


def _now() -> float:
    return asyncio.get_running_loop().time()


@contextmanager
def _unechoed(terminal: int) -> Iterator[None]:
    """What is typed while there is no prompt waits for the next one, and is read by nobody else."""
    before = termios.tcgetattr(terminal)
    quiet = termios.tcgetattr(terminal)
    quiet[_LOCAL_FLAGS] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(terminal, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)


@contextmanager
def _interrupts(interrupted: Callable[[], None]) -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)


@contextmanager
def _logging_above() -> Iterator[None]:
    """What is logged to the terminal comes above the prompt, too."""
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr
    ]
    if not handlers or not sys.stderr.isatty():
        yield
        return
    stderr = sys.stderr
    with patch_stdout(raw=True):
        for handler in handlers:
            handler.setStream(sys.stderr)
        try:
            yield
        finally:
            for handler in handlers:
                handler.setStream(stderr)
