"""Every error of the project.

BotError                  str() is fit for a user: names no secret, says what to do next
├── ModelFailed           one request to one model; becomes a value inside a deliberation
├── InvalidInput          what a person typed cannot be used (a question, a command, a file)
│   └── InvalidForm       the same for a form; says for each field what is wrong
├── InvalidConfiguration  the environment; lists every problem at once
├── Expired               the texts that somebody wants to see were erased for their age
├── Unreadable            what came along with a question cannot be read; says why
├── Undeliverable         a platform does not take a post
├── Owed                  a platform takes no more for now; the rest is owed
└── StoreFailed           the database cannot be opened, read or written
    ├── StoreLocked       another process writes to it
    ├── SettingsChanged   somebody else changed the channel's settings first
    └── Superseded        this run of a deliberation was taken over; it must stop writing
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "rate_limited",
    "no_credit",
    "unauthorised",
    "unknown_model",
    "timed_out",
    "not_waited_for",
    "refused",
    "empty",
    "cut_off",
    "server_error",
    "unreachable",
]


class BotError(Exception):
    """An expected failure, worded for the person who will read it."""

    @property
    def public(self) -> str:
        """What may be posted where strangers read: without the paths of the bot's machine."""
        return str(self)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a provider reported as used; `cost_micros` is `None` where it named no sum."""

    prompt_tokens: int
    completion_tokens: int
    cost_micros: int | None


class ModelFailed(BotError):
    """One request to one model failed.

    `retryable` says whether the same request may succeed later; `retry_after_seconds` is the
    server's own word on when, `None` where it gave none. `unusable` marks a reply that came whole
    and is no answer (empty, refused, unreadable): another like it is likely, so of these at most
    one more is worth its price. The message names no model: the place it is shown at does.

    `spent` is what the provider reported as used all the same, `None` where it reported nothing.
    `began` says that it may have worked and may bill for it: a byte of a successful response had
    arrived. A refusal, even one inside such a response, leaves it False. `written_bytes` counts the
    text that had come until then, `None` where the model may have written more than that.

    `context_tokens` is set where the prompt alone is longer than the model's context, which holds
    that many tokens (0 where nobody said how many): only a shorter prompt can succeed. The server
    counted `prompt_tokens` in it, 0 where it did not say. Where it is `unseeing`, the request was
    refused for its images: without them it may be answered.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        retryable: bool = False,
        retry_after_seconds: float | None = None,
        unusable: bool = False,
        spent: Spent | None = None,
        began: bool = False,
        written_bytes: int | None = None,
        context_tokens: int | None = None,
        prompt_tokens: int = 0,
        unseeing: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds
        self.unusable = unusable
        self.spent = spent
        self.began = began
        self.written_bytes = written_bytes
        self.context_tokens = context_tokens
        self.prompt_tokens = prompt_tokens
        self.unseeing = unseeing


class InvalidInput(BotError):
    """What a person typed cannot be used; nothing was started or changed."""


class InvalidForm(InvalidInput):
    """What a person filled in cannot be used. `problems` are sentences by the field's name."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class InvalidConfiguration(BotError):
    """The environment cannot be used. `problems` holds one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Expired(BotError):
    """The texts of a deliberation were erased for their age; numbers and votes are kept."""


class Unreadable(BotError):
    """Something that came along with a question cannot be had or read; the message says why."""


class Undeliverable(BotError):
    """The platform does not take this post now; it stays owed, and is tried again.

    `gone`: its place was deleted for good, so it never will. `wording`: it refuses these very
    words (too long, a filter of the server), so others are shown in their place.
    """

    def __init__(self, message: str, gone: bool = False, *, wording: bool = False) -> None:
        super().__init__(message)
        self.gone = gone
        self.wording = wording


class Owed(BotError):
    """The platform takes no more for now. What people wait for is there; the rest stays owed."""


class StoreFailed(BotError):
    """The database cannot be opened, read or written. `public` where the message names a path."""

    def __init__(self, message: str, *, public: str = "") -> None:
        super().__init__(message)
        self._public = public

    @property
    def public(self) -> str:
        return self._public or str(self)


class StoreLocked(StoreFailed):
    """Another process writes to this database."""


class StoreUnreachable(StoreFailed):
    """Its server does not answer. It may be there in a while."""


class SettingsChanged(StoreFailed):
    """The channel's settings have a newer version than the one the change was made from."""


class Superseded(StoreFailed):
    """A newer attempt owns this deliberation, so nothing may be written for it from here."""
