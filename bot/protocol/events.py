"""What happens in a deliberation, as it happens, and what is known after it.

A resumed run emits its past again, in order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from bot.council import Answer, Council, Deliberation, Failure, Question, Review, Standing
from bot.modes import REVISES
from bot.records import Stop


@dataclass(frozen=True, slots=True)
class Started:
    """The seats are drawn: label -> seat, in the order of labels."""

    labels: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Grown:
    """The answers so far settle nothing, so more members are asked: the seats as they are now."""

    labels: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class SatDown:
    """People sat down with their answers: the council with them, and the seats as they are now."""

    council: Council
    labels: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class AnswerGiven:
    answer: Answer


@dataclass(frozen=True, slots=True)
class MemberFailed:
    label: str
    seat: int
    failure: Failure


@dataclass(frozen=True, slots=True)
class RevisionsAsked:
    """A round between answers and reviews begins; the labels of the members that take part."""

    round: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevisionGiven:
    """What a member's answer is after the round, whatever came of its revision."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class ReviewsAsked:
    """Stage 2 begins; the labels of the reviewers."""

    reviewers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewGiven:
    review: Review


@dataclass(frozen=True, slots=True)
class Ranked:
    """Stage 2 is over; the labels of the reviewers whose ballot it is without."""

    standings: tuple[Standing, ...]
    stopped_early: bool
    not_heard: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerdictAsked:
    """Stage 3: this seat is writing. A second one means that the one before failed."""

    seat: int


@dataclass(frozen=True, slots=True)
class VerdictText:
    """The current author writes. `text` is all of it so far at the moment it is looked at: to put
    it together at every piece would take quadratic time."""

    read: Callable[[], str]

    @property
    def text(self) -> str:
        return self.read()


@dataclass(frozen=True, slots=True)
class ChairmanFailed:
    seat: int
    failure: Failure


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls so far have cost, told between stages: never so that it says what one model did."""

    usd: float


@dataclass(frozen=True, slots=True)
class Enough:
    """Nothing more is bought but a verdict of what there is."""


@dataclass(frozen=True, slots=True)
class Finished:
    deliberation: Deliberation


@dataclass(frozen=True, slots=True)
class Checked:
    """The same with what was found about the verdict once it stood."""

    deliberation: Deliberation


Event = (
    Started
    | Grown
    | SatDown
    | AnswerGiven
    | MemberFailed
    | RevisionsAsked
    | RevisionGiven
    | ReviewsAsked
    | ReviewGiven
    | Ranked
    | VerdictAsked
    | VerdictText
    | ChairmanFailed
    | Spent
    | Enough
    | Finished
    | Checked
)


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known so far. The newest state is all that a redraw needs."""

    question: Question
    council: Council
    labels: tuple[tuple[str, int], ...] = ()
    grown: bool = False
    answers: Mapping[str, Answer] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)
    round: int = 0
    revising: tuple[str, ...] = ()
    revised: frozenset[str] = frozenset()
    reviewers: tuple[str, ...] = ()
    reviewed: frozenset[str] = frozenset()
    ranked: bool = False
    author: int | None = None
    chairman_failures: tuple[Failure, ...] = ()
    draft: VerdictText | None = None
    spent_usd: float | None = None
    # How many come before it, while it waits to be begun elsewhere; `None` where it does not.
    queued: int | None = None
    enough: bool = False
    finished: Deliberation | None = None
    stopped: Stop | None = None
    # How whoever did it is called, as CommonMark; "" where nobody says.
    stopped_by: str = ""
    fault: str = ""

    @property
    def answers_ended(self) -> bool:
        """Whether the stage of answers is over."""
        begun = self.revising or self.reviewers or self.author is not None
        return bool(begun or self.finished or self.stopped or self.fault)

    @property
    def settled(self) -> bool:
        """Whether nobody will change an answer any more, as `outcome.settled` reads it from calls."""
        over = bool(self.reviewed or self.finished or self.stopped)
        return over or (self.council.mode not in REVISES and self.council.seating is None)


def advance(progress: Progress, event: Event) -> Progress:
    """The progress after one more event."""
    match event:
        case Started(labels):
            return replace(progress, labels=labels)
        case Grown(labels):
            return replace(progress, labels=labels, grown=True)
        case SatDown(council, labels):
            return replace(progress, council=council, labels=labels)
        case AnswerGiven(answer):
            # One that an earlier run revised is known as it is now.
            return replace(progress, answers={answer.label: answer, **progress.answers})
        case MemberFailed(label, _, failure):
            return replace(progress, failures={**progress.failures, label: failure})
        case RevisionsAsked(round, labels):
            return replace(progress, round=round, revising=labels, revised=frozenset())
        case RevisionGiven(answer):
            answers = {**progress.answers, answer.label: answer}
            return replace(progress, answers=answers, revised=progress.revised | {answer.label})
        case ReviewsAsked(reviewers):
            return replace(progress, reviewers=reviewers)
        case ReviewGiven(review):
            return replace(progress, reviewed=progress.reviewed | {review.label})
        case Ranked():
            return replace(progress, ranked=True)
        case VerdictAsked(seat):
            return replace(progress, author=seat, draft=None)
        case VerdictText():
            return replace(progress, draft=event)
        case ChairmanFailed(_, failure):
            return replace(progress, chairman_failures=(*progress.chairman_failures, failure))
        case Spent(usd):
            return replace(progress, spent_usd=usd)
        case Enough():
            return replace(progress, enough=True)
        case Finished(deliberation) | Checked(deliberation):
            return replace(progress, finished=deliberation)
        case _:
            assert_never(event)
