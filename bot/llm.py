"""The port to models: what is asked of one, what comes back. Knows no HTTP and no council."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, Protocol, runtime_checkable

from bot.errors import Spent


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as every model gets it: a PNG or a JPEG, by its media type in `kind`."""

    kind: str
    data: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        return sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Message:
    """A text, and behind it the images that it speaks of, in its order."""

    role: Literal["system", "user"]
    content: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A page of the web that a search brought up: its address, and how many characters of it the model
    was shown."""

    url: str
    chars: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """One request to one model.

    `tag` tells this call from every other one (deliberation, stage, round, seat): providers that
    cache by body put it there, so that only a repeat of the very same call can hit the cache.
    `max_price` is in US dollars per million tokens of prompt and completion: what no provider may
    ask more than, where that can be told to the endpoint. `searches` is how often the model may search
    the web, where its endpoint has a search. `body` are bytes to send instead of encoding the request,
    from `Provider.stored_body`. `resent` is called where it was refused for its form, and is sent once
    more; `named` with the provider's own id of it, before the first word, by which its bill can be
    looked up.
    """

    model: str
    messages: tuple[Message, ...]
    max_completion_tokens: int
    tag: str
    effort: str = ""
    max_price: tuple[float, float] | None = None
    searches: int = 0
    body: bytes | None = field(default=None, repr=False)
    resent: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)
    named: Callable[[str], None] = field(default=lambda id: None, repr=False, compare=False)

    @property
    def images(self) -> tuple[Image, ...]:
        """Those of all its messages."""
        return tuple(image for message in self.messages for image in message.images)


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote. `text` is never empty; `finish_reason` is the provider's own word (`stop`,
    `length`, `content_filter`), which `ending_of` reads.

    `cost_micros` is in micro-dollars as the provider reported it, `None` where it said nothing.
    `written_bytes` counts what the model wrote besides, `None` where nobody can tell. `sources` are
    what its searches brought up, `None` where it could not search.
    """

    text: str
    finish_reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_micros: int | None = None
    generation_id: str = ""
    written_bytes: int | None = None
    sources: tuple[Source, ...] | None = None

    @property
    def spent(self) -> Spent | None:
        """The usage; `None` where the provider told none: no text takes no tokens."""
        tokens = self.prompt_tokens, self.completion_tokens
        if self.cost_micros is None and tokens == (0, 0):
            return None
        return Spent(*tokens, self.cost_micros)


Ending = Literal["whole", "length", "refused", "broken"]

# Providers' words in lower case, without what some write around them (`FinishReason.SAFETY`).
_ENDINGS: tuple[tuple[Ending, "re.Pattern[str]"], ...] = (
    (
        "refused",
        re.compile(
            r"content[_ -]?(filter|policy)|safety|prohibited|recitation|blocklist|\bblocked\b|\bspii\b"
            r"|refus|guardrail|moderat|sensitive"
        ),
    ),
    (
        "length",
        re.compile(
            r"length|max[_ -]?(new_|output_|completion_)?tokens|token[_ -]?limit|context_window"
        ),
    ),
    (
        "broken",
        re.compile(
            r"insufficient_system_resource|abort|cancel|interrupt|error|timeout|time_limit|overload"
            r"|malformed|incomplete|disconnect|fail"
        ),
    ),
)


def ending_of(finish_reason: str) -> Ending:
    """How a text ended by its provider's word; whatever is not `whole` was broken off."""
    for ending, words in _ENDINGS:
        if words.search(finish_reason.lower()):
            return ending
    return "whole"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model of the catalogue; prices in US dollars per million tokens, and whether it `sees` images:
    `None` where unknown."""

    id: str
    name: str = ""
    context_tokens: int | None = None
    max_completion_tokens: int | None = None
    prompt_usd_per_million: float | None = None
    completion_usd_per_million: float | None = None
    created: int = 0
    sees: bool | None = None


@runtime_checkable
class TellsBills(Protocol):
    """A provider that can be asked afterwards what a request cost."""

    async def billed(self, model: str, generation_id: str) -> Spent | None:
        """`None` where this model's server cannot tell. Raises `ModelFailed`, as while it does not
        know yet."""
        ...


@runtime_checkable
class Searches(Protocol):
    """A provider that has servers which search the web for their models."""

    def search_usd(self, model: str) -> float | None:
        """What one search costs; `None` where this model's server has none."""
        ...


@runtime_checkable
class HasEndpoints(Protocol):
    """A provider of several servers, each by its name, "" the default one."""

    @property
    def endpoints(self) -> tuple[str, ...]: ...

    def url(self, name: str) -> str: ...

    def know(self, name: str, models: Iterable[ModelInfo]) -> None:
        """Take in what a server's list, read now or before, says of its models."""
        ...

    async def models_of(self, name: str) -> tuple[ModelInfo, ...]:
        """The list of one server, ids with its name before them. Raises `ModelFailed`."""
        ...


class Provider(Protocol):
    """Something that completes text. One call is one request: no retry, no deadline in here. A form
    of it that a server refuses before it works is put right at once: that is no request served."""

    def stored_body(self, request: Request) -> bytes | None:
        """The exact bytes to keep for a repeat after a crash; `None` where a repeat is paid anyway."""
        ...

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        """Ask once. `on_text` gets each piece of text as it arrives, and "" as soon as the model
        shows any sign of work (a reasoning token); a keep-alive is no sign.

        Raises `ModelFailed`, whose kind says why; never any other exception of its own.
        """
        ...

    async def models(self) -> tuple[ModelInfo, ...]:
        """The live list, ids written as this provider expects them back. Raises `ModelFailed`."""
        ...
