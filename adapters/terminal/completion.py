"""What Tab offers: words, parts, emoji, threads, and whatever `/council`'s table knows."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document as Typed

from adapters.terminal import emoji
from adapters.terminal.words import ASK, COMMAND, WORDS
from bot import emoji as reactions
from bot.chat import is_answer
from bot.conversation.commands import COMMANDS
from bot.conversation.desk import Command, Desk, Option
from bot.criteria import PRESETS
from bot.language import Message, _
from bot.modes import MODES
from bot.pages.comparison import PLACES
from bot.settings import SETTINGS

# (what is written, what it says)
Offer = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sources:
    """`parts` are what is posted in the thread, by their names: name -> key."""

    desk: Callable[[], Desk]
    parts: Callable[[], Mapping[str, str]]
    threads: Callable[[], Awaitable[Sequence[Offer]]]


class Completing(Completer):
    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def get_completions(
        self, document: Typed, complete_event: CompleteEvent
    ) -> Iterator[Completion]:
        raise NotImplementedError  # the library asks for it beside an event loop alone; here is one

    async def get_completions_async(
        self, document: Typed, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        before = document.text_before_cursor
        *words, last = before.split(" ") if before else [""]
        for text, meaning in await self._offers([word for word in words if word], last):
            shown = text.rstrip()
            yield Completion(text, -len(last), display=shown, display_meta=meaning)

    async def _offers(self, words: Sequence[str], last: str) -> list[Offer]:
        match [word.lower() for word in words]:
            case []:
                offers = [(f"{w} ", _(WORDS[w].description)) for w in WORDS]
                modes = [each for each in _modes() if each[0].strip() != COMMAND]
                return _starting(last, [*offers, *modes] if last else offers)
            case [word] | [word, "ask"] if word in {ASK, COMMAND} and last.startswith("/"):
                return _starting(last, _modes())
            case ["ask"]:
                return _starting(last, [("only ", _("the author of an answer alone"))])
            case ["ask", "only"]:
                parts = self._sources.parts().items()
                return _starting(last, ((f"{p} ", "") for p, key in parts if is_answer(key)))
            case ["open"]:
                return _starting(last, ((part, "") for part in self._sources.parts()))
            case ["react" | "unreact"]:
                parts = self._sources.parts().items()
                return _starting(last, ((f"{p} ", "") for p, key in parts if reactions.target(key)))
            case ["react" | "unreact", *part]:
                return _emoji(self._sources.parts().get(_known(" ".join(part))), last)
            case ["thread"]:
                return _starting(last, await self._sources.threads())
            case ["reveal"]:
                return _starting(last, [("anyway", _("before you have voted"))])
            case ["compare"]:
                return _starting(last, ((place, _(says)) for place, says in PLACES.items()))
            case [word] if word == COMMAND:
                names = ((f"{c.name} ", _(c.description)) for c in COMMANDS.values())
                return _starting(last, names)
            case [word, name, *rest] if word == COMMAND and name in COMMANDS:
                return await self._options(COMMANDS[name], rest, last)
            case _:
                return []

    async def _options(self, command: Command, given: Sequence[str], last: str) -> list[Offer]:
        """Of the option that is written next; the last one may have many words."""
        options = [option for option in command.options if not option.mark]
        if not options:
            return []
        named = dict(zip((option.name for option in options), given, strict=False))
        option = options[min(len(given), len(options) - 1)]
        if option.kind == "flag":
            return _starting(last, [(option.name, _(option.description))])
        if command.name == "set" and option.name == "value":
            option = _of_setting(named.get("name", "")) or option
        if option.complete:
            found = await option.complete(self._sources.desk(), named, last)
            return [(text, label.removeprefix(f"{text} · ")) for text, label in found]
        return _starting(last, ((c, _described(c, option.meanings)) for c in option.choices))


def _modes() -> list[Offer]:
    """As a question names them."""
    return [(f"/{name} ", _(does)) for name, does in MODES.items()]


def _of_setting(name: str) -> Option | None:
    """What may be written as the value of this setting."""
    if name in {"members", "chairman"}:
        return COMMANDS["chairman"].options[0]
    setting = SETTINGS.get(name)
    if setting is None:
        return None
    choices = (*setting.choices, *setting.presets, "default")
    return Option("value", setting.description, choices=choices, meanings=setting.meanings or {})


def _described(choice: str, meanings: Mapping[str, Message]) -> str:
    if choice in SETTINGS:
        return _(SETTINGS[choice].description)
    return _(meanings[choice]) if choice in meanings else PRESETS.get(choice, "")


def _known(part: str) -> str:
    """A part's name as it is listed: answers in capitals."""
    return part if len(part) > 3 else part.upper()


def _emoji(key: str | None, last: str) -> list[Offer]:
    """Those that mean something there, by any of their names."""
    offered = [(e, emoji.names_of(e)) for e in reactions.offered(key)] if key else []
    typed = last.strip(":").lower()
    return [
        (e, " ".join(names))
        for e, names in offered
        if not typed or any(name.startswith(typed) for name in names)
    ]


def _starting(last: str, offers: "Iterator[Offer] | Sequence[Offer]") -> list[Offer]:
    return [offer for offer in offers if offer[0].lower().startswith(last.lower())]
