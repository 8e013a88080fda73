"""What the store keeps, as values: what its methods take and give. Knows no SQL and no file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.council import Council, Deliberation, Failure, Question, Stage
from bot.errors import Kind
from bot.recognition import signs

PlatformName = Literal["discord", "slack", "terminal", "cli"]
Status = Literal["running", "finished", "stopped"]
ReactionValue = Literal["accept", "reject", "best", "none"]
# Nothing of what it was about could be read (`unread`); somebody stopped the run; its question or place was deleted, or is being forgotten; nobody could see
# it; or a fault of the bot's own came again and again.
StopCause = Literal["person", "question", "place", "forgotten", "unseen", "given_up", "unread"]
Happening = Literal[
    "attempt_started", "attempt_finished", "call_finished", "finished", "stopped", "went_on"
]


@dataclass(frozen=True, slots=True)
class Stop:
    """Why and when a run was ended early. `person` did it, by the platform's id, where anybody is known
    to; `refusal` is the platform's reason to let nobody see it."""

    cause: StopCause
    at: datetime
    person: str | None = None
    refusal: str = ""

    @property
    def may_go_on(self) -> bool:
        """Whether it may lead anywhere to go on with what was stopped so."""
        return self.cause not in {"forgotten", "given_up", "unread"}


@dataclass(frozen=True, slots=True)
class Case:
    """A question, where it was asked, and what came of it.

    `mention` is the platform's event, of which there can be one case only. `address` is the
    adapter's own JSON, from which it can answer again after a restart. `result` is set when, and
    only when, `status` is `finished`; `stop` where it is `stopped`, but for those of before it was
    kept. Where it is `expired_at` some time, its texts are empty, and
    of those of a finished one there are the `remains`. Where somebody went on with it, it is theirs:
    they are the `asker`, and `wrote` says who asked it first.
    """

    question: Question
    council: Council
    platform: PlatformName
    workspace: str | None = None
    channel: str | None = None
    thread: str | None = None
    asker: str | None = None
    mention: str | None = None
    address: str = ""
    status: Status = "running"
    result: Deliberation | None = None
    expired_at: datetime | None = None
    remains: "Remains | None" = None
    stop: Stop | None = None
    wrote: str | None = None

    @property
    def id(self) -> str:
        return self.question.id

    @property
    def takes_up(self) -> str:
        """The deliberation whose answers it has, or began with; "" for none."""
        return self.rests_on or self.question.grows

    @property
    def rests_on(self) -> str:
        """The deliberation whose answers it has instead of its own; "" for none."""
        return self.question.redo.of if self.question.redo else ""

    @property
    def writer(self) -> str | None:
        """Whose words the question is."""
        return self.wrote or self.asker


@dataclass(frozen=True, slots=True)
class Remains:
    """What is kept of texts that are erased: the signs by which the question is recognised
    (`bot.recognition`), and how many characters each answer had, by label."""

    signs: tuple[str, ...]
    lengths: Mapping[str, int]


def remains_of(case: Case, key: str) -> Remains:
    """Of texts that are still there. The `key` is the database's own."""
    answers = case.result.answers if case.result else ()
    lengths = {answer.label: len(answer.text) for answer in answers}
    return Remains(case.question.signs or signs(case.question.text, key), lengths)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was answered, and its verdict. It `repeats` an earlier one, "" for none."""

    id: str
    question: str
    verdict: str
    repeats: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question stands."""

    id: str
    platform: PlatformName
    channel: str | None
    thread: str | None


@dataclass(frozen=True, slots=True)
class Dispatched:
    """A deliberation that a process may take: its limits are micro-dollars by scope; its thread wants a
    title where `names`."""

    limits: Mapping[str, int]
    names: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of whoever is at a deliberation: to `stop` it for this reason, to buy no more than
    a verdict of what there is, or to read answers of people."""

    what: Literal["stop", "enough", "people"]
    stop: Stop | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What the run of this token tells of itself: what happened, each with its number, and its verdict as
    far as it is written. `over`: the deliberation does not run, and nobody is at it."""

    token: int
    events: tuple[tuple[int, str], ...]
    draft: str | None
    over: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that was sent for a call; `n` counts from 1. `finished_at` is `None` while it is
    under way, and for ever where the process died meanwhile. Limits count `counted_micros`: the
    cost, what was assumed, and what may yet be billed. `told_micros` of the cost are the
    provider's word."""

    stage: Stage
    round: int
    seat: int
    n: int
    model: str
    hedge: bool
    started_at: datetime
    finished_at: datetime | None
    failure: Failure | None
    prompt_tokens: int
    completion_tokens: int
    cost_micros: int | None
    generation_id: str | None
    first_text_seconds: float | None
    counted_micros: int
    told_micros: int = 0
    assumed_micros: int = 0


@dataclass(frozen=True, slots=True)
class Tempo:
    """How a request that wrote text went: seconds until the first of it, from then on until its end,
    and how many characters came; `whole` where that was all of them."""

    first_seconds: float
    seconds: float
    chars: int
    whole: bool

    def writing(self, chars: float) -> float:
        """Seconds for so many characters at this pace."""
        return self.seconds * chars / self.chars


@dataclass(frozen=True, slots=True)
class Untold:
    """A request that ended without a word of what it used."""

    deliberation: str
    stage: Stage
    round: int
    seat: int
    n: int
    model: str
    generation_id: str


@dataclass(frozen=True, slots=True)
class Account:
    """What was spent under a name: as providers told, as estimated, and at assumed prices; and what
    is set aside for questions under way, or may yet be billed. `keeps_back`: more was spent, and would
    say what one answer cost."""

    name: str
    told_micros: int
    estimated_micros: int
    assumed_micros: int
    reserved_micros: int = 0
    keeps_back: bool = False

    @property
    def spent_micros(self) -> int:
        return self.told_micros + self.estimated_micros + self.assumed_micros


@dataclass(frozen=True, slots=True)
class JournalLine:
    """Something that happened; fields that do not apply are `None`. `at` is when it was written,
    `seconds` how long a finished call took, `tokens` those of its prompt and text together."""

    at: datetime
    deliberation: str
    what: Happening
    stage: Stage | None
    round: int | None
    seat: int | None
    n: int | None
    model: str | None
    kind: Kind | None
    seconds: float | None
    tokens: int | None
    cost_micros: int | None


@dataclass(frozen=True, slots=True)
class Post:
    """A part of what the bot shows. `post_id` is the platform's, `None` until it is confirmed;
    `digest` tells what the post last showed."""

    deliberation: str
    key: str
    part: int
    platform: str
    post_id: str | None = None
    digest: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction that stands. `target` is an answer's label, `verdict`, or `none`.

    `ranking_shown` and `place` (in the thread, from 0) say what the person could see then;
    `by_button`, that it stands in the store alone and nowhere on the platform.
    """

    deliberation: str
    target: str
    person: str
    value: ReactionValue
    at: datetime
    blind: bool
    ranking_shown: bool = False
    place: int | None = None
    by_button: bool = False


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """What a channel changed; everything else falls through. Version 0 is a channel that changed
    nothing yet."""

    version: int
    values: Mapping[str, str]


# In the place of a person: what the council changed by itself.
ITSELF = "council"


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """`values` are all of the channel's after the change."""

    version: int
    values: Mapping[str, str]
    person: str
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class EndedAudition:
    """What came of a model's audition in a channel, as text that others write and read."""

    model: str
    at: datetime
    result: str


@dataclass(frozen=True, slots=True)
class AuditionEnding:
    """An audition that ends with a question, and the channel's settings without it, as
    `SettingsChange` has them. It holds only where they still have the `seen_version`."""

    audition: EndedAudition
    seen_version: int
    values: Mapping[str, str]
    person: str
    what: str


ReflectionDecision = Literal["adopted", "discarded"]


@dataclass(frozen=True, slots=True)
class ReflectionBegun:
    """A reflection on a channel's criteria that a person has begun: its `question` has no text, `split`
    is text that others read, of the ids that it is `learned` from and `tested` on."""

    question: Question
    council: Council
    platform: PlatformName
    workspace: str
    channel: str
    person: str
    split: str
    learned: tuple[str, ...]
    tested: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LastReflection:
    """Of a channel: how many came to a comparison so far, the id of the one `under_way`, and the
    `result`, as text that others read, of the one that ended last."""

    tries: int = 0
    under_way: str | None = None
    result: str | None = None
    ended_at: datetime | None = None
    decided: ReflectionDecision | None = None

    @property
    def waits(self) -> bool:
        """Whether nobody has looked yet at what came of the last, or decided about it."""
        return self.result is not None and self.decided is None


# What was chosen of two texts, and which of them stood first.
ChosenPlace = Literal["first", "second", "same"]
FirstText = Literal["verdict", "answer"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A verdict and an answer that one person was shown as two texts, and what they `chose`, `None` so
    far. It was `blind` where they had not seen the names by then; `trial` counts those of the channel
    from 1. What people are told rests on it once it is `published`."""

    person: str
    first: FirstText
    chose: ChosenPlace | None = None
    at: datetime | None = None
    blind: bool = True
    trial: int = 0
    published: bool = False

    @property
    def verdict(self) -> float | None:
        """1 where the verdict was chosen, 0 where the answer was, 0.5 for neither."""
        if self.chose is None or self.chose == "same":
            return None if self.chose is None else 0.5
        return float((self.chose == "first") == (self.first == "verdict"))


@dataclass(frozen=True, slots=True)
class EndedTrial:
    """What came of the channel's trial of this number, as text that others write and read. It is told
    in the thread of the deliberation, `None` where that is forgotten."""

    number: int
    at: datetime
    result: str
    deliberation: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished deliberation to the statistics. Follow-ups have the `thread` of the first question
    that was read with them; `revision` changes whenever its votes do."""

    deliberation: str
    thread: int
    revision: int
