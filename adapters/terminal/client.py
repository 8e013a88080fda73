"""A channel in the terminal: reads lines, speaks to the app, prints threads.

On a terminal the headline is redrawn in place; from a pipe a thread is printed once it is whole,
without escape codes, and the end of the input ends the chat.
"""

import getpass
import secrets
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console
from rich.live import Live

from adapters.terminal import render
from adapters.terminal.lines import Lines
from bot import emoji as reactions
from bot.chat import HEADLINE, RANKING, Accepted, Channel, Mention, Person, Refused, answer_key
from bot.cleaning import harmless
from bot.conversation.actions import Choice, Press, Told
from bot.conversation.app import App
from bot.conversation.desk import parse
from bot.conversation.outbox import Outbox, Sending
from bot.conversation.persistence import Line
from bot.document import Document, Heading, Text
from bot.language import N_, Message, _
from bot.records import Case, PlatformName

CHANNEL = Channel("terminal", "", "terminal")

HELP = N_(
    """\
- `@council QUESTION` puts a question to the council
- `open A`, `open ranking`, `open verdict` unfolds a part of the thread
- `react A 👍`, `react verdict 👎`, `react ranking 🚫`, `unreact A 👍` votes and takes a vote back
- `reveal` shows who wrote what
- `thread 1` goes into a thread, so that `@council ...` there follows up; `thread` leaves it
- `/council help` is about this channel's council
- `quit`"""
)


# Nothing that is printed fails to arrive.
_ALWAYS_OPEN = Line(lambda _: False, refusals=(), time_scale=1)


@dataclass(slots=True)
class Run:
    """What was posted for one question, newest state, by key."""

    id: str
    thread: str
    question: str
    posts: dict[str, Document] = field(default_factory=dict)


class TerminalReply:
    """Keeps the newest state of each post and tells the screen."""

    interval_seconds = 0.1

    def __init__(self, case: Case, terminal: "Terminal") -> None:
        self._run = terminal.begin(case)
        self._terminal = terminal
        self._outbox = Outbox(terminal.app.store, case.id, "terminal", _ALWAYS_OPEN)

    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        async def there(*_: str) -> str:
            return post_id(self._run.id, key)

        await self._outbox.show(key, 0, Sending("", send=there, find=there))
        self._run.posts[key] = document
        self._terminal.redraw(self._run)


def post_id(id: str, key: str) -> str:
    return f"{id}/{key}"


class Terminal:
    """The chat itself."""

    def __init__(self, app: App, *, stdin: TextIO = sys.stdin, stdout: TextIO = sys.stdout) -> None:
        self.app = app
        self._lines = Lines(stdin.fileno())
        self._console = Console(
            file=stdout, soft_wrap=not stdout.isatty(), highlight=False, emoji=False
        )
        self._interactive = stdin.isatty() and stdout.isatty()
        self._person = Person(getpass.getuser(), admin=True)
        self._runs: list[Run] = []
        self._threads: list[str] = []
        self._inside: str | None = None
        self._live: Live | None = None

    def reply(self, case: Case) -> TerminalReply:
        return TerminalReply(case, self)

    def begin(self, case: Case) -> Run:
        thread = case.thread or case.id
        if thread not in self._threads:
            self._threads.append(thread)
        self._runs.append(Run(case.id, thread, case.question.text))
        return self._runs[-1]

    def redraw(self, run: Run) -> None:
        if self._live and HEADLINE in run.posts:
            self._live.update(render.render(run.posts[HEADLINE]))

    async def run(self) -> None:
        """Until `quit` or the end of the input."""
        await self._go_on()
        if self._interactive:
            self._say(_(HELP))
        while (line := await self._read()) is not None:
            if line in {"quit", "exit"}:
                return
            if line:
                await self._obey(line)

    async def _go_on(self) -> None:
        """Finish what an earlier chat left unfinished, and show it."""
        await self.app.running.resume("terminal")
        for run in list(self._runs):
            self._say(_("An earlier chat left this unfinished: {question}", question=run.question))
            await self._watch(run.id)

    async def _read(self) -> str | None:
        if self._interactive:
            self._console.print(f"{self._place()}> ", end="", style="bold")
        line = await self._lines.next()
        if line is None:
            return None
        if not self._interactive:
            self._console.print(f"> {harmless(line.strip())}", markup=False)
        return line.strip()

    def _place(self) -> str:
        if self._inside is None:
            return ""
        return _("thread {number} ", number=self._threads.index(self._inside) + 1)

    async def _obey(self, line: str) -> None:
        word, __, rest = line.partition(" ")
        doings: dict[str, Callable[[str], Awaitable[None]]] = {
            "@council": self._ask,
            "/council": self._command,
            "open": self._open,
            "react": self._react,
            "unreact": self._unreact,
            "reveal": self._reveal,
            "thread": self._enter,
        }
        doing = doings.get(word.lower())
        if doing is None:
            unknown = _("`{word}` is not known here. A question begins with `@council`.", word=word)
            self._say(f"{unknown}\n\n{_(HELP)}")
            return
        await doing(rest.strip())

    async def _command(self, rest: str) -> None:
        command = parse(rest)
        if command.name == "ask":
            await self._ask(command.rest)
        else:
            self._print(await self.app.command(CHANNEL, self._person, rest))

    async def _ask(self, text: str) -> None:
        unique = secrets.token_hex(6)
        mention = Mention(
            key=f"terminal:{unique}",
            channel=CHANNEL,
            person=self._person,
            text=text,
            address="",
            thread=self._inside or unique,
        )
        match await self.app.questions.accept(mention):
            case Refused(document):
                self._print(document)
            case Accepted(id):
                await self._watch(id)

    async def _watch(self, id: str) -> None:
        """Show the thread as it grows, then as it is."""
        run = next(run for run in self._runs if run.id == id)
        if self._interactive:
            with Live(console=self._console, transient=True, refresh_per_second=8) as self._live:
                self.redraw(run)
                await self.app.running.finished(id)
            self._live = None
        else:
            await self.app.running.finished(id)
        heading = _("Thread {number}", number=self._threads.index(run.thread) + 1)
        self._print(Document((Heading(heading),)))
        for key, document in run.posts.items():
            self._print(document, name=reactions.part_name(key))

    async def _open(self, rest: str) -> None:
        if document := self._posted(rest):
            self._print(document, opened=True)

    async def _react(self, rest: str) -> None:
        await self._vote(
            rest, self.app.voting.react, N_("Your vote is recorded: {emoji} on {part}.")
        )

    async def _unreact(self, rest: str) -> None:
        await self._vote(
            rest, self.app.voting.unreact, N_("Your vote is taken back: {emoji} on {part}.")
        )

    async def _vote(
        self,
        rest: str,
        record: Callable[[PlatformName, str, Person, str], Awaitable[bool]],
        done: Message,
    ) -> None:
        part, __, emoji = rest.rpartition(" ")
        if not part:
            self._say(_("Name a part and an emoji, for example `react A 👍`."))
            return
        if not self._posted(part):
            return
        key, run = _key(part), self._current()
        assert run is not None
        if await record("terminal", post_id(run.id, key), self._person, emoji):
            self._say(_(done, emoji=emoji, part=part))
        else:
            offered = " ".join(reactions.offered(key))
            self._say(
                _(
                    "`{emoji}` is no vote on {part}. There: {offered}",
                    emoji=emoji,
                    part=part,
                    offered=offered,
                )
            )

    async def _reveal(self, rest: str) -> None:
        run = self._current()
        if run is None:
            self._say(_("There is no thread yet."))
            return
        what = "names" if rest == "anyway" else "reveal"
        press = Press(self._person, run.id, (what,), sees=lambda case: True)
        match await self.app.actions.press(press):
            case Told(document):
                self._print(document)
            case Choice(question):
                self._say(question)
                self._say(_("`reveal anyway` shows them now."))

    async def _enter(self, rest: str) -> None:
        if not rest:
            self._inside = None
            self._say(_("Back in the channel."))
        elif rest.isdecimal() and 1 <= int(rest) <= len(self._threads):
            self._inside = self._threads[int(rest) - 1]
            self._say(_("In thread {number}: `@council ...` follows up.", number=rest))
        else:
            self._say(self._no_thread(rest))

    def _no_thread(self, name: str) -> str:
        if not self._threads:
            return _("There is no thread {name}. `thread 1` goes into the first one.", name=name)
        return _(
            "There is no thread {name}. There are {count}. `thread 1` goes into the first one.",
            name=name,
            count=len(self._threads),
        )

    def _current(self) -> Run | None:
        """The newest run, of the thread one is in."""
        runs = [run for run in self._runs if self._inside in (None, run.thread)]
        return runs[-1] if runs else None

    def _posted(self, part: str) -> Document | None:
        run = self._current()
        if run is None:
            self._say(_("There is no thread yet. `@council QUESTION` starts one."))
            return None
        document = run.posts.get(_key(part))
        if document is None:
            parts = ", ".join(name for key in run.posts if (name := reactions.part_name(key)))
            missing = (
                _("There is no `{part}` in this thread.", part=part) if part else _("Name a part.")
            )
            there = _("There are: {parts}", parts=parts)
            self._say(f"{missing} {there}")
        return document

    def _say(self, text: str) -> None:
        self._print(Document((Text(text),)))

    def _print(self, document: Document, *, opened: bool = False, name: str = "") -> None:
        if self._interactive:
            self._console.print(render.render(document, opened=opened, name=name))
        else:
            text = render.plain(document, opened=opened, name=name)
            self._console.print(text, markup=False)


def _key(part: str) -> str:
    """`A`, `ranking`, `verdict` as people write it -> the key of the post."""
    name = part.strip().lower()
    if name in {"verdict", HEADLINE}:
        return HEADLINE
    return RANKING if name == RANKING else answer_key(name.removeprefix("answer ").upper())
