"""A channel in the terminal: what is said there, and what the app answers.

How lines are read and threads are drawn is known to the screens alone: a prompt for a person, a pipe
for a script.
"""

import asyncio
import getpass
import secrets
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Literal, TextIO

from adapters.terminal import emoji as emoji_names
from adapters.terminal import words
from adapters.terminal.names import named
from adapters.terminal.parts import CRITIQUES, nowhere, opening_of, parts_of, posted
from adapters.terminal.pictures import with_paths
from adapters.terminal.screen import Screen, Script
from adapters.terminal.threads import CHANNEL, Run, ScriptThreads, Threads
from bot import emoji as reactions
from bot.chat import HEADLINE, RANKING, TRIAL, Accepted, Channel, Held, Mention, Person, Refused
from bot.cleaning import one_line, shortened
from bot.conversation.actions import CANCELLED
from bot.conversation.app import App
from bot.conversation.desk import parse
from bot.conversation.followups import NOT_YET
from bot.conversation.loops import ended
from bot.conversation.outbox import Outbox, Sending
from bot.conversation.persistence import Line
from bot.conversation.presses import Choice, Press, Told
from bot.conversation.voting import MAY_CHANGE, OWN_ANSWER
from bot.conversation.wishes import wish
from bot.council import Alone, Attached
from bot.document import Document, Note, Text
from bot.errors import InvalidInput
from bot.evidence.local import attached
from bot.language import N_, Message, _, n_, speak, spoken
from bot.pages.comparison import COMPARE, PLACES
from bot.pages.evidence import file_name
from bot.pages.presenter import beneath_verdict
from bot.records import Case, PlatformName

# Nothing that is printed fails to arrive.
_CHOOSES = N_("`compare first`, `compare second` or `compare same` chooses.")
_ALWAYS_OPEN = Line(lambda _: False, refusals=(), time_scale=1)

# So many threads are listed, with so much of their questions.
_LISTED, _GIST_CHARS = 15, 60


class TerminalReply:
    """Keeps the newest state of each post and tells the screen."""

    interval_seconds = 0.1

    def __init__(self, case: Case, run: Run, terminal: "Terminal") -> None:
        self._run = run
        self._changed = terminal.changed
        self._print = terminal.print
        self._outbox = Outbox(terminal.app.store, case.id, "terminal", _ALWAYS_OPEN)

    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        async def there(*_: str) -> str:
            return post_id(self._run.id, key)

        if key == TRIAL:  # which no screen has a place for
            await self._print(document)
        await self._outbox.show(key, 0, Sending("", send=there, find=there))
        self._run.posts[key] = document
        if key == RANKING:
            self._run.stands.set()
        self._changed()


def post_id(id: str, key: str) -> str:
    return f"{id}/{key}"


class Terminal:
    """The chat itself. `history` is the file for what is typed, where there is a person to type."""

    def __init__(
        self,
        app: App,
        *,
        stdin: TextIO = sys.stdin,
        stdout: TextIO = sys.stdout,
        history: Path | None = None,
    ) -> None:
        self.app = app
        self._person = Person(getpass.getuser(), admin=True)
        self._locale = spoken()
        self._files: list[Attached] = []  # of the next question
        self._stopped: set[str] = set()  # questions that Ctrl-C has stopped
        self._leaves_next = False  # whether another Ctrl-C leaves
        self._context = AsyncExitStack()
        self._threads: Threads
        self._screen: Screen
        if stdin.isatty() and stdout.isatty():
            self._threads = Threads(app, self._person)
            self._screen = self._prompt(stdin, stdout, history)
        else:
            self._threads = ScriptThreads(app, self._person)
            self._screen = Script(stdin, stdout)

    def _prompt(self, stdin: TextIO, stdout: TextIO, history: Path | None) -> Screen:
        """What it is made of takes a while to load, and scripts never need it."""
        from adapters.terminal.completion import Completing, Sources
        from adapters.terminal.history import drop_old
        from adapters.terminal.prompt import Prompt

        if history and self.app.retention_days:
            drop_old(history, self.app.now() - timedelta(days=self.app.retention_days))
        sources = Sources(
            lambda: self.app.desk(CHANNEL, self._person),
            lambda: parts_of(self._threads),
            self._thread_offers,
        )
        return Prompt(self, stdin, stdout, completer=Completing(sources), history=history)

    def reply(self, case: Case) -> TerminalReply:
        if case.result and (run := self._threads.known(case.id)):
            return TerminalReply(case, run, self)
        now = asyncio.get_running_loop().time()
        return TerminalReply(case, self._threads.begin(case, now), self)

    async def name(self, channel: Channel, person: str) -> str:
        """As the computer calls them."""
        return person

    def opens_thread(self, case: Case) -> bool:
        return self._threads.opens(case)

    def name_thread(self, case: Case, title: str) -> None:
        """`threads` lists it by what the journal has."""

    def changed(self) -> None:
        self._screen.changed()

    # --- from start to end

    async def run(self) -> None:
        """Until `quit` or the end of the input."""
        await self._speak()
        await self._threads.load()
        self.app.questions.weighing.keep_up_beside()
        async with self._screen:
            if not await self._take_up():
                return
            await self._screen.aside(Document((Text(_(_WELCOME)),)))
            while (line := await self._screen.line(self._place())) is not None:
                self._leaves_next = False
                await self._speak()
                line = line.strip()
                if line and not await self._screen.doing(self._obeyed(line)):
                    break
            await self._say_goodbye()

    async def _speak(self) -> None:
        """As the channel says, else as whoever runs the program reads."""
        speak(await self.app.language(CHANNEL, self._locale))

    async def _take_up(self) -> bool:
        """Go on with what an earlier chat left unfinished, where that is wanted; False for whoever
        leaves instead of saying so."""
        elsewhere = await self.app.store.others_work()  # another chat has them
        for case in await self.app.running.left("terminal", elsewhere):
            question = _gist(case.question.text)
            left = _("An earlier chat left this unfinished: {question}", question=question)
            agreed = await self._screen.agrees(
                Document((Text(left),)), await self._price_of_the_rest(case)
            )
            if agreed is None:
                return False
            if not agreed:
                await self.app.running.drop(case.id, self._person.id)
        await self.app.running.resume("terminal", elsewhere)
        await self.app.reflections.resume("terminal")
        for run in self._threads.live:
            await self._attend(run)
        await self._end_trials()
        if self._screen.asks:
            await self._ask_again()
        return True

    async def _ask_again(self) -> None:
        """What an earlier chat asked a person about, who had not answered when it ended."""
        for held in await self.app.questions.waiting("terminal"):
            question = _gist(held.mention.text)
            await self._say(_("An earlier chat left this unasked: {question}", question=question))
            await self._taken(await self.app.questions.remind(held))

    async def _price_of_the_rest(self, case: Case) -> str:
        calls = await self.app.store.calls(case.id)
        return _(
            "{answers} of {members} answers are in, ${usd:.2f} spent. Go on, and pay for the rest?",
            answers=sum(call.stage == "answer" and call.text is not None for call in calls),
            members=len(case.council.members),
            usd=sum(call.cost_micros or 0 for call in calls) / 1e6,
        )

    async def _say_goodbye(self) -> None:
        if left := len(self._threads.live):
            sentence = n_(
                "{n} question is left unfinished. The next chat asks whether to go on with it.",
                "{n} questions are left unfinished. The next chat asks whether to go on with them.",
                left,
            )
            await self._screen.aside(Document((Note(sentence),)))

    def live(self) -> list[Run]:
        return self._threads.live

    def interrupt(self) -> Literal["stopped", "leave", "idle"]:
        """Ctrl-C: stop what is under way and keep what is paid; at once again, leave."""
        fresh = [run.id for run in self._threads.live if run.id not in self._stopped]
        if stopped := [id for id in fresh if self.app.running.stop(id, self._person.id)]:
            self._stopped.update(stopped)
            self._leaves_next = True
            return "stopped"
        return "leave" if self._leaves_next else "idle"

    def _place(self) -> str:
        inside = self._threads.inside
        return "" if inside is None else str(self._threads.number(inside))

    # --- what is said

    async def _obeyed(self, line: str) -> bool:
        """Do what the line says; False where it ends the chat."""
        match words.read(line):
            case words.Command("quit" | "exit"):
                return False
            case words.Command(word, rest):
                try:
                    await self._doings()[word](rest)
                except InvalidInput as error:
                    await self._say(str(error))
            case words.Asked(question):
                await self._ask(question)
            case words.AskedOnly(part, question):
                try:
                    await self._ask_only(part, question)
                except InvalidInput as error:
                    await self._say(str(error))
            case words.Mistaken() if self._threads.inside and wish(line):
                await self._ask(line)
            case words.Mistaken(meant):
                await self._say(self._unknown(line, meant or opening_of(self._threads, line)))
        return True

    def _doings(self) -> Mapping[str, Callable[[str], Awaitable[None]]]:
        return {
            words.ASK: self._ask,
            words.COMMAND: self._command,
            "attach": self._attach,
            "open": self._open,
            "react": self._react,
            "unreact": self._unreact,
            "reveal": self._reveal,
            "continue": self._go_on,
            "enough": self._enough,
            "compare": self._compare,
            words.ANSWER: self._answer,
            "thread": self._enter,
            "threads": self._list,
            "help": self._help,
        }

    def _unknown(self, line: str, meant: str) -> str:
        if not meant:
            return _(
                "`{line}` is not known here: `help` lists what is. To ask it, write "
                "`@council {line}`.",
                line=line,
            )
        return _(
            "`{line}` is not known here. Did you mean `{meant}`? To ask it, write "
            "`@council {line}`.",
            line=line,
            meant=meant,
        )

    async def _command(self, rest: str) -> None:
        command = parse(rest)
        if command.name == "ask":
            await self._ask(command.rest)
            return
        await self._show(await self.app.command(CHANNEL, self._person, rest))
        if command.name == "forget":
            await self._forget()

    async def _forget(self) -> None:
        """Show nothing any more of what is no longer stored."""
        before = self._threads.count
        await self._threads.load()
        if self._threads.count < before:
            self._screen.forget()

    async def _ask_only(self, part: str, text: str) -> None:
        """Raises `InvalidInput`."""
        run, key = posted(self._threads, part)
        alone = await self.app.actions.answer_at("terminal", post_id(run.id, key))
        if alone is None:
            raise InvalidInput(_("Nobody can be asked alone about `{part}`.", part=part))
        await self._put(text, run.thread, alone)

    async def _ask(self, text: str) -> None:
        await self._put(text, self._threads.inside)

    async def _put(self, text: str, thread: str | None, alone: Alone | None = None) -> None:
        unique = secrets.token_hex(6)
        mention = Mention(
            key=f"terminal:{unique}",
            channel=CHANNEL,
            person=self._person,
            text=text,
            address="",
            thread=thread or unique,
            alone=alone,
            files=tuple(self._files),
        )
        await self._taken(await self.app.sequels.heard(mention))

    async def _taken(self, taken: object) -> None:
        match taken:
            case Held(id=id, price=price):
                await self._decide(id, price)
            case Refused(document):
                await self._show(document)
            case Accepted(id):
                self._files.clear()
                await self._attend(self._threads.run(id))

    async def _decide(self, id: str, price: str) -> None:
        """Whether what is so dear shall be asked; whoever writes into a pipe has said so already."""
        if not self._screen.asks or await self._screen.agrees(
            Document((Text(price),)), _("Ask it all the same?")
        ):
            await self._taken(await self.app.questions.go(id, "terminal", self._person))
            return
        await self.app.questions.cancel(id, "terminal", self._person)
        await self._say(_(CANCELLED))

    async def _attach(self, rest: str) -> None:
        if rest == "none":
            self._files.clear()
        elif rest:
            self._files.append(attached(Path(rest)))
        names = ", ".join(f"`{file_name(file.name)}`" for file in self._files)
        await self._say(
            _("The next question takes along: {files}.", files=names)
            if names
            else _("No file goes along with the next question. `attach PATH` takes one along.")
        )

    async def _attend(self, run: Run) -> None:
        if self._screen.follows:
            self._threads.inside = run.thread
        await self._screen.attend(self._watch(run))

    async def _watch(self, run: Run) -> None:
        """Show what came of it, once it is over; to a person once it stands: what is checked of it
        then comes to what `open` shows."""
        over = asyncio.create_task(self.app.running.finished(run.id))
        stands = asyncio.create_task(run.stands.wait())
        try:
            waited_for = {over, stands} if self._screen.asks else {over}
            await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await ended({over, stands})
        run.live = False
        await self._screen.thread(run, self._threads.number(run.thread))

    async def _help(self, rest: str) -> None:
        await self._say(words.help_text())

    # --- reading and voting

    async def _open(self, rest: str) -> None:
        run, key = posted(self._threads, rest)
        if key == CRITIQUES:
            document = await self._threads.critiques(run) or Document((Text(_(NOT_YET)),))
        else:
            document = named(run.posts[key], key, run.names)
            document = beneath_verdict(document) if key == RANKING else document
        await self._show(document, opened=True)

    async def _look_closer(self, run: Run, key: str) -> None:
        taken = await self.app.sequels.look_closer("terminal", post_id(run.id, key), self._person)
        match taken:
            case Accepted(id):
                await self._attend(self._threads.run(id))
            case Refused(document):
                await self._show(document)
            case _nothing:
                await self._say(
                    _("🔍 is for the verdict of a `quick` question that two answered, once.")
                )

    async def _react(self, rest: str) -> None:
        part, __, written = rest.rpartition(" ")
        if part and reactions.looks_closer(HEADLINE, emoji_names.emoji_of(written)):
            run, key = posted(self._threads, part)
            if reactions.looks_closer(key, emoji_names.emoji_of(written)):
                await self._look_closer(run, key)
                return
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
        part, __, written = rest.rpartition(" ")
        if not part:
            await self._say(
                _("Name a part and an emoji, for example `react A 👍` or `react A +1`.")
            )
            return
        run, key = posted(self._threads, part)
        if key == CRITIQUES:
            await self._say(_("Nobody votes on critiques. An answer takes votes: `react A 👍`."))
            return
        if await self.app.voting.is_early("terminal", post_id(run.id, key)):
            await self._say(_(MAY_CHANGE))
            return
        if await self.app.voting.is_own("terminal", post_id(run.id, key), self._person):
            await self._say(_(OWN_ANSWER))
            return
        emoji, name = emoji_names.emoji_of(written), run.part(key) or part
        if await record("terminal", post_id(run.id, key), self._person, emoji):
            await self._say(_(done, emoji=emoji, part=name))
        else:
            offered = " ".join(reactions.offered(key))
            await self._say(
                _(
                    "`{emoji}` is no vote on {part}. There: {offered}",
                    emoji=written,
                    part=name,
                    offered=offered,
                )
            )

    async def _reveal(self, rest: str) -> None:
        run = self._threads.current()
        if run is None:
            await self._say(nowhere(self._threads))
            return
        what = "names" if rest == "anyway" else "reveal"
        press = Press(self._person, run.id, (what,), sees=lambda case: True)
        match await self.app.actions.press(press):
            case Told(document):
                await self._show(document)
                await self._threads.name(run)
            case Choice(question):
                await self._say(question)
                await self._say(_("`reveal anyway` shows them now."))

    async def _compare(self, rest: str) -> None:
        run = self._threads.current()
        if run is None:
            await self._say(nowhere(self._threads))
            return
        place = rest.lower()
        if place and place not in PLACES:
            await self._say(_(_CHOOSES))
            return
        what = (COMPARE, *filter(None, (place,)))
        match await self.app.actions.press(
            Press(self._person, run.id, what, sees=lambda case: True)
        ):
            case Told(document):
                await self._show(document)
                if not rest and document.buttons:
                    await self._say(_(_CHOOSES))
        await self._end_trials()

    async def _end_trials(self) -> None:
        """What an earlier chat may have left to be told, too."""
        await self.app.trials.evaluate_open()
        for id in await self.app.store.untold_trials("terminal"):
            if case := await self.app.store.case(id):
                await self._threads.enter(case.thread or case.id)
                await self.app.trials.tell(id)

    async def _go_on(self, rest: str) -> None:
        run = self._threads.current()
        if run is None:
            await self._say(nowhere(self._threads))
            return
        self._stopped.discard(run.id)
        press = Press(self._person, run.id, ("go_on",), sees=lambda case: True)
        match await self.app.actions.press(press):
            case Told(document) if self._threads.run(run.id) is run:
                await self._show(document)
            case _gone_on_with:
                await self._attend(self._threads.run(run.id))

    async def _enough(self, rest: str) -> None:
        runs = self._threads.live
        if not runs:
            await self._say(_("Nothing is under way."))
        for run in runs:
            press = Press(self._person, run.id, ("enough",), sees=lambda case: True)
            match await self.app.actions.press(press):
                case Told(document):
                    await self._show(document)

    async def _answer(self, rest: str) -> None:
        await self._show(await self.app.command(CHANNEL, self._person, f"answer {rest}"))

    # --- threads

    async def _enter(self, rest: str) -> None:
        if not rest:
            self._threads.inside = None
            await self._say(_("Back in the channel."))
            return
        thread = self._threads.find(int(rest)) if rest.isdecimal() else None
        if thread is None:
            await self._say(self._no_thread(rest))
            return
        self._threads.inside = thread
        await self._screen.entered(int(rest), await self._threads.enter(thread))

    async def _list(self, rest: str) -> None:
        listed = await self._threads.listed(_LISTED)
        if not listed:
            await self._say(nowhere(self._threads))
            return
        lines = [
            f"{each.number}. {each.asked_at.astimezone():%Y-%m-%d %H:%M}  {_gist(each.question)}"
            for each in listed
        ]
        await self._show(Document((Text("\n".join(lines)),)))
        if (older := self._threads.count - len(listed)) > 0:
            await self._say(n_("{n} is older.", "{n} are older.", older))

    def _no_thread(self, name: str) -> str:
        if not self._threads.count:
            return _("There is no thread {name}. Ask a question first.", name=name)
        return _("There is no thread {name}. `threads` lists those that there are.", name=name)

    async def _thread_offers(self) -> Sequence[tuple[str, str]]:
        listed = await self._threads.listed(_LISTED)
        return [(str(each.number), _gist(each.question)) for each in reversed(listed)]

    async def _say(self, text: str) -> None:
        await self._show(Document((Text(text),)))

    async def print(self, document: Document) -> None:
        await self._show(document)

    async def _show(self, document: Document, *, opened: bool = False) -> None:
        await self._screen.show(with_paths(document), opened=opened)


def _gist(question: str) -> str:
    return shortened(one_line(question), _GIST_CHARS)


_WELCOME = N_(
    "Write a question: several models answer it, rank each other blindly, and a chairman writes "
    "one verdict. Tab completes, `help` lists what else can be said."
)
