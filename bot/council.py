"""The values of a deliberation. Field names are the JSON keys of the contract; nothing here acts.

A *seat* is an index into the council's members as configured; the chairman's seat is the number of
members, and those of people who answer, too, come after it. A *label* (A, B, ...) stands for whoever has
a seat while answers are anonymous.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.errors import Kind
from bot.llm import Image, Source

# `recap` comes before the first: the beginning of a long thread in short. `revision` is a member's
# answer once it knows those of the others, from round 1 on. A `title` goes on beside all of them, an
# `audit` is of the verdict. `grade` and `proposal` are no stages of a deliberation: a benchmark asks
# afterwards whether an answer was right, a reflection for changed criteria.
Stage = Literal[
    "recap", "title", "answer", "revision", "proposal", "review", "verdict", "audit", "grade"
]
Auditing = Literal["auto", "on", "off"]
# How a text ended: all but `stop` were broken off.
Finish = Literal["stop", "length", "filtered", "broken"]
Fallback = Literal["next_member", "top_answer", "only_answer"]
# What the value of an answer to a closed question is.
ValueKind = Literal["number", "choice", "yes_no", "text"]
# Why nothing more was bought: a person wanted no more, or no budget had room for the next stage.
EndedEarly = Literal["enough", "no_credit"]
EvidenceKind = Literal["file", "image", "link", "search", "quoted", "thread"]

# One letter per member; 20 is far past where more members help (research: 3 to 6).
MEMBERS_MAX = 20
# Answers of people beside theirs: with the most members there are letters enough.
PEOPLE_MAX = 5
# Of each; Slack's forms take no longer text.
ANSWER_LIMIT_CHARS = 3_000
# In the place of a model where a person answered: never a name.
PERSON = "person"

# After so many ratings of its answers an audition is over.
AUDITION_RATINGS = 20

# A ranking, best first; members of an inner tuple are tied.
Ranking = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Seating:
    """Where people answer beside the members: the `labels` of all seats, in the order of `Council.seats`.
    `seen` are the seats whose answers stood under theirs before the first person sat down."""

    labels: tuple[str, ...]
    seen: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SeatWeight:
    """What a seat's ballot counts for, not below 0, and what its own answer's share on it is less by."""

    weight: float
    preference: float = 0.0


@dataclass(frozen=True, slots=True)
class Council:
    """Who deliberates and how: the snapshot that the journal keeps, never today's settings.

    A model on `audition`, "" for none, has the last seat. It answers along, and does nothing else but
    what its answer has to go through like any other; `seated` are the others.
    """

    members: tuple[str, ...]
    chairman: str
    mode: str = "council"
    criteria: str = ""
    instructions: str = ""
    language: str = ""
    effort: str = ""
    chairman_sees_names: bool = False
    redact: bool = False
    # What of its thread goes along with a question: "run" for what the council was asked there,
    # "thread" for what people said there, too.
    context: str = "run"
    links: bool = False
    web: bool = False
    audit: Auditing = "off"
    verify: bool = False
    audition: str = ""
    # For so many seconds people may add their answers before anybody else is asked.
    wait: int = 0
    seating: Seating | None = None
    # What the bot speaks in everything that all see of it; models write in the `language`.
    interface: str = "en"
    # By seat, from the first; empty where all count alike.
    weights: tuple[SeatWeight, ...] = ()

    @property
    def seated(self) -> tuple[str, ...]:
        return self.members[:-1] if self.audition else self.members

    @property
    def audition_seat(self) -> int | None:
        return len(self.seated) if self.audition else None

    @property
    def all_review(self) -> bool:
        """Whether whoever answers reviews, too."""
        return not (self.audition or self.seating)

    @property
    def chairman_seat(self) -> int:
        return len(self.members)

    @property
    def people(self) -> int:
        """How many people answer, too."""
        return len(self.seating.labels) - len(self.members) if self.seating else 0

    @property
    def seats(self) -> tuple[int, ...]:
        """Of all who answer: the members, then people."""
        first = self.chairman_seat + 1
        return (*range(len(self.members)), *range(first, first + self.people))

    @property
    def searches(self) -> int:
        """How often a member may search the web for its answer. Reviewers and the chairman judge by
        what all of them read."""
        return 1 if self.web else 0

    def model(self, seat: int) -> str:
        if seat > self.chairman_seat:
            return PERSON
        return self.chairman if seat == self.chairman_seat else self.members[seat]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A question that the thread was asked before, and its verdict."""

    question: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Past:
    """What a follow-up knows of its thread: `turns`, oldest first, and a `recap` of the `folded` ones
    before them, "" where there is none: then they are not known.

    At most `limit` characters of each text of the turns, `None` for all. `said` is what people wrote
    there last, oldest first, nobody's names.
    """

    turns: tuple[Earlier, ...]
    recap: str = ""
    folded: int = 0
    limit: int | None = None
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Of a question that a button put, so that no message of a person's says it.

    `earlier` is the deliberation whose question and verdict go along, `None` for none. `label` is
    the member that it was put to alone, as the thread shows it, "" for the whole council. `repeats` is
    the deliberation whose words it asks once more, the first of them all; "" where the words are new.
    """

    earlier: str | None = None
    label: str = ""
    repeats: str = ""


@dataclass(frozen=True, slots=True)
class Alone:
    """The member that a question is put to alone: the one of this label in that deliberation."""

    run: str
    label: str


@dataclass(frozen=True, slots=True)
class Redo:
    """A verdict to be written anew with this guidance, from the answers of the deliberation `of`. `after`
    is the one with the verdict so far: `of` itself, or an earlier redo of it."""

    of: str
    after: str
    guidance: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a question: `size` in bytes, as far as that is known; `source` is where its
    platform has it, "" where it gives none of it, for the reason that `why` says."""

    name: str
    source: str
    size: int | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Exhibit:
    """What came of it: its `text` or the `image` that it is, neither where it could not be read. `why`
    says in a sentence what of it was not. One that is `earlier` came with a question before this one
    in its thread. An image is `seen_by` the members of these labels, as far as that is known, and
    `unseen_by` those that can see none."""

    name: str
    text: str = ""
    why: str | None = None
    kind: EvidenceKind = "file"
    earlier: bool = False
    image: Image | None = None
    seen_by: tuple[str, ...] = ()
    unseen_by: tuple[str, ...] = ()

    @property
    def is_read(self) -> bool:
        return bool(self.text or self.image)


@dataclass(frozen=True, slots=True)
class Question:
    """What is deliberated. `quoted` is the message replied to, data and not instructions.

    `files` came along with it, `exhibits` is what was read of them, of whose texts members get at most
    `exhibit_chars` characters each, `None` for all.

    `unread` are sentences for people: what belongs to the question and could not be read. `number`
    says which question of its thread it is, as far as that is known. `signs` are those by which it is
    recognised (`bot.recognition`) where `text` is not as it was written; else empty. Of one that a
    member is asked `alone`, `quoted` is that member's own answer. One that `grows` has the answers of
    that deliberation. `pauses` are the times, from when to when, in which its run was stopped and
    somebody had yet to go on with it, or people's answers were waited for. `ended_audition` is the
    model whose audition was over as it was asked, "" for none. `rivals` are the models of a trial, the one
    that people preferred most before it first; none without a trial.
    """

    id: str
    text: str
    seed: int
    asked_at: datetime
    quoted: str = ""
    past: Past | None = None
    unread: tuple[str, ...] = ()
    origin: Origin | None = None
    number: int = 1
    signs: tuple[str, ...] = ()
    files: tuple[Attached, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    exhibit_chars: int | None = None
    alone: Alone | None = None
    pauses: tuple[tuple[datetime, datetime], ...] = ()
    redo: Redo | None = None
    grows: str = ""
    ended_audition: str = ""
    rivals: tuple[str, ...] = ()

    @property
    def is_about_answers(self) -> bool:
        """Whether it goes to one member with its own, or only has a verdict written anew."""
        return bool(self.alone or self.redo)

    @property
    def images(self) -> tuple[Image, ...]:
        return tuple(each.image for each in self.exhibits if each.image)

    def seconds_until(self, moment: datetime) -> float:
        """Since it was asked, without its pauses; 0 where the clock was set back since."""
        none = timedelta()
        paused = [max(min(end, moment) - start, none) for start, end in self.pauses]
        return max(moment - self.asked_at - sum(paused, none), none).total_seconds()


def takes_people(question: Question, council: Council) -> bool:
    """Whether people may add answers of their own, of which there may be so many."""
    return not question.is_about_answers and council.people < PEOPLE_MAX


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
    neither the provider nor the catalogue gives a price. `sources` are what was found on the
    web for it, `None` where it was not searched.
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
    sources: tuple[Source, ...] | None = None

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class MemberResult:
    """A seat and what came of it. `error` is `KIND: sentence`; `audition` says that its model is no
    member so far."""

    label: str
    model: str
    status: Literal["answered", "failed"]
    error: str | None
    seat: int
    audition: bool = False


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


def by_models(answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """Without those of people, who review nothing, rule nothing and enter no statistics."""
    return tuple(answer for answer in answers if answer.model != PERSON)


def is_taken_back(answer: Answer) -> bool:
    """Whether it was a person's who had it forgotten."""
    return answer.model == PERSON and not answer.text


@dataclass(frozen=True, slots=True)
class Review:
    """One reviewer's reading of the answers, in the `order` shown to it, first to last.

    `counted` is False where the text holds no ballot (`ranking` is then empty). A reviewer that
    failed or was not waited for has the text "". `label` is the reviewer's own. Of each answer it
    read at most `shown_chars` characters, `None` where every one was whole. `weight` is 1 where
    reviewers count alike.
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
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Standing:
    """An answer's place. `score` is its mean Borda share, 0 to 1, `None` without any ballot;
    `weighted_score` the same by reviewers' weights, `None` without any."""

    label: str
    model: str
    score: float | None
    first_places: int
    ballots: int
    weighted_score: float | None = None

    @property
    def ordered_by(self) -> float:
        """The score that puts it in its place."""
        score = self.score if self.weighted_score is None else self.weighted_score
        return round(score or 0, 9)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How many verdicts people accepted, of those they judged; between `low` and `high` the share among
    the next ones plausibly lies."""

    accepted: int
    of: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """`kendall_w` 0 to 1 (`None` below two ballots); `top_share`: sole firsts of the winner.

    `heard` counts the ballots that this rests on; `None` in results from before it was kept.
    `same_answer` counts the members that share the winner's value, `None` where answers cannot be
    compared.
    """

    kendall_w: float | None
    top_share: float | None
    stopped_early: bool
    heard: int | None = None
    same_answer: int | None = None
    accepted_when_like_this: Acceptance | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """A second review, with the verdict among the answers: of so many `ballots` it stood `above`
    `best`, the answer that came first before, or `below` it, else level. Without any it is not
    verified."""

    best: str
    above: int
    below: int
    ballots: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """`written_by` is a model id, `None` where the verdict is an answer or the apology.

    `seat` wrote the verdict, or the answer that stands for it; `None` under the apology.
    `finish_reason` is its provider's word for how it ended. The author read at most `shown_chars`
    characters of each answer and critique, `None` where all were whole. `label` is the answer that
    is the verdict where the mode says so; where an answer only stands for one, `fallback` does.
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
    label: str | None = None
    verification: Verification | None = None


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

    @property
    def usd(self) -> float:
        """All of it."""
        return self.provider_usd + self.estimated_usd + self.assumed_usd


@dataclass(frozen=True, slots=True)
class Side:
    """A value, and the labels of the answers that hold it."""

    value: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plurality:
    """What the answers to a closed question say, those of most members first. `winner` is `None` in a
    `tie` that nobody broke."""

    kind: ValueKind
    options: tuple[Side, ...]
    winner: str | None
    tie: bool


@dataclass(frozen=True, slots=True)
class Version:
    """An answer as it was in one round."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A member that changed its mind in this round, 1 for the first revision: its answer holds another
    value, or where answers hold none it says so. `towards` is the answer that held that before, or
    that it names, `None` for neither."""

    label: str
    round: int
    towards: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed, and the labels of the answers that claim it."""

    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that came along with the question, or `earlier` in its thread; `why` it was not read is
    a sentence. Of an image there are the labels of the members that it was shown to, and of those that
    can see none."""

    kind: EvidenceKind
    name: str
    chars: int
    read: bool
    why: str | None = None
    earlier: bool = False
    seen_by: tuple[str, ...] = ()
    unseen_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deliberation:
    """A finished deliberation: the JSON object of the contract.

    `answers`, `reviews` and `members` are in the order of their labels, `standings` best first.
    `cost_known` is False where a call's price is unknown and was counted as zero. `cost` is `None` in
    results from before it was kept.

    What follows it belongs to some modes, and is empty elsewhere. `members` are those that were
    asked, `not_asked` the models of the other seats. `escalated` says that two members grew into the
    whole council. `rounds` are the answers of each, where there were several. `left_out` are points
    of answers that the verdict is without, `unsupported` claims of its that no answer made.
    `ended_early` says why a stage is missing.
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
    escalated: bool = False
    not_asked: tuple[str, ...] = ()
    vote: Plurality | None = None
    rounds: tuple[tuple[Version, ...], ...] = ()
    changes: tuple[Change, ...] = ()
    claims: tuple[Claim, ...] = ()
    left_out: tuple[Claim, ...] = ()
    unsupported: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    redo: Redo | None = None
    ended_early: EndedEarly | None = None

    @property
    def answered(self) -> bool:
        """Whether any member answered; else `verdict.text` is the apology."""
        return bool(by_models(self.answers))

    @property
    def has_verdict(self) -> bool:
        """Whether anything was decided; else `verdict.text` is the apology, or says that nothing
        was to be."""
        return self.verdict.seat is not None
