"""The values of a deliberation. Field names are the JSON keys of the contract; nothing here acts.

A *seat* is an index into the council's members as configured; the chairman's seat is the number of
members. A *label* (A, B, ...) stands for a member while answers are anonymous.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.errors import Kind

# `grade` is no stage of a deliberation: a benchmark asks afterwards whether an answer was right.
Stage = Literal["answer", "review", "verdict", "grade"]
# How a text ended: all but `stop` were broken off.
Finish = Literal["stop", "length", "filtered", "broken"]
Fallback = Literal["next_member", "top_answer", "only_answer"]

# One letter per member; 20 is far past where more members help (research: 3 to 6).
MEMBERS_MAX = 20

# A ranking, best first; members of an inner tuple are tied.
Ranking = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Council:
    """Who deliberates and how: the snapshot that the journal keeps, never today's settings."""

    members: tuple[str, ...]
    chairman: str
    mode: str = "council"
    criteria: str = ""
    instructions: str = ""
    language: str = ""
    effort: str = ""
    chairman_sees_names: bool = False
    redact: bool = False

    @property
    def chairman_seat(self) -> int:
        return len(self.members)

    def model(self, seat: int) -> str:
        return self.chairman if seat == self.chairman_seat else self.members[seat]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The question and verdict that a follow-up in the same thread builds on."""

    question: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Of a question that a button put, so that no message of a person's says it.

    `earlier` is the deliberation whose question and verdict go along, `None` for none. `label` is
    the member that it was put to alone, as the thread shows it, "" for the whole council. `repeats` is the deliberation
    whose words it asks once more, the first of them all; "" where the words are new.
    """

    earlier: str | None = None
    label: str = ""
    repeats: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is deliberated. `quoted` is the message replied to, data and not instructions.

    `unread` are sentences for people: what belongs to the question and could not be read. `number`
    says which question of its thread it is, as far as that is known. `signs` are those by which it is
    recognised (`bot.recognition`) where `text` is not as it was written; else empty.
    """

    id: str
    text: str
    seed: int
    asked_at: datetime
    quoted: str = ""
    earlier: Earlier | None = None
    unread: tuple[str, ...] = ()
    origin: Origin | None = None
    number: int = 1
    signs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call gave nothing; `message` names no model and no secret."""

    kind: Kind
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


@dataclass(frozen=True, slots=True)
class Call:
    """A finished call: a row of the journal. Exactly one of `text` and `failure` is set.

    `seconds` and `first_text_seconds` are counted from the call's start; `requests` counts
    attempts and hedges, the cancelled ones included; cost is in micro-dollars, `None` where
    neither the provider nor the catalogue gives a price.
    """

    stage: Stage
    round: int
    seat: int
    model: str
    started_at: datetime
    finished_at: datetime
    first_text_at: datetime | None
    text: str | None
    failure: Failure | None = None
    finish_reason: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_micros: int | None = None

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class MemberResult:
    """A seat and what came of it. `error` is `KIND: sentence`."""

    label: str
    model: str
    status: Literal["answered", "failed"]
    error: str | None
    seat: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One member's answer. `text` is as the member wrote it; `leaks` counts masked self-naming."""

    label: str
    model: str
    text: str
    seconds: float
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    leaks: int
    seat: int
    finish_reason: str


@dataclass(frozen=True, slots=True)
class Review:
    """One reviewer's reading of the answers, in the `order` shown to it, first to last.

    `counted` is False where the text holds no ballot (`ranking` is then empty). A reviewer that
    failed or was not waited for has the text "". `label` is the reviewer's own. Of each answer it
    read at most `shown_chars` characters, `None` where every one was whole.
    """

    model: str
    label: str
    order: tuple[str, ...]
    ranking: Ranking
    counted: bool
    text: str
    seconds: float
    error: str | None
    seat: int
    shown_chars: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """An answer's place. `score` is its mean Borda share, 0 to 1, `None` without any ballot."""

    label: str
    model: str
    score: float | None
    first_places: int
    ballots: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """`kendall_w` 0 to 1 (`None` below two ballots); `top_share`: sole firsts of the winner.

    `heard` counts the ballots that this rests on; `None` in results from before it was kept.
    """

    kendall_w: float | None
    top_share: float | None
    stopped_early: bool
    heard: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`written_by` is a model id, `None` where the verdict is an answer or the apology.

    `seat` wrote the verdict, or the answer that stands for it; `None` under the apology.
    `finish_reason` is its provider's word for how it ended. The author read at most `shown_chars`
    characters of each answer and critique, `None` where all were whole.
    """

    text: str
    written_by: str | None
    fallback: Fallback | None
    chairman_error: Failure | None
    dissent: str | None
    seat: int | None
    finish_reason: str = ""
    shown_chars: int | None = None
    ballots: int | None = None
    restart_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds since the question."""

    first_answer: float | None
    answers: float | None
    reviews: float | None
    verdict_first_text: float | None
    verdict: float | None


@dataclass(frozen=True, slots=True)
class Cost:
    """In US dollars: as providers told, as estimated where they told nothing, and at an assumed
    price where there is none. The first two are what is known of it."""

    provider_usd: float
    estimated_usd: float
    assumed_usd: float


@dataclass(frozen=True, slots=True)
class Deliberation:
    """A finished deliberation: the JSON object of the contract.

    `answers`, `reviews` and `members` are in the order of their labels, `standings` best first.
    `cost_known` is False where a call's price is unknown and was counted as zero. `cost` is `None` in
    results from before it was kept.
    """

    id: str
    question: str
    mode: str
    seed: int
    degraded: bool
    members: tuple[MemberResult, ...]
    answers: tuple[Answer, ...]
    reviews: tuple[Review, ...]
    standings: tuple[Standing, ...]
    agreement: Agreement
    verdict: Verdict
    timings: Timings
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    cost_known: bool
    chairman: str
    cost: Cost | None = None

    @property
    def answered(self) -> bool:
        """Whether there is any verdict; without it `verdict.text` is the apology."""
        return bool(self.answers)
