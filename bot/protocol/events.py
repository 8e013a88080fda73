"""What happens in a deliberation, as it happens. A resumed run emits its past again, in order."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.council import Answer, Deliberation, Failure, Review, Standing


@dataclass(frozen=True, slots=True)
class Started:
    """The seats are drawn: label -> seat, in the order of labels."""

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
class Finished:
    deliberation: Deliberation


Event = (
    Started
    | AnswerGiven
    | MemberFailed
    | ReviewsAsked
    | ReviewGiven
    | Ranked
    | VerdictAsked
    | VerdictText
    | ChairmanFailed
    | Finished
)
