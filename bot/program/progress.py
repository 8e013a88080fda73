"""How far a question of the command line is, told to whoever waits."""

from typing import assert_never

from bot import texts
from bot.council import Failure
from bot.pages.sentences import ballot
from bot.printing import note
from bot.protocol.events import (
    AnswerGiven,
    ChairmanFailed,
    Event,
    Finished,
    MemberFailed,
    Ranked,
    ReviewGiven,
    ReviewsAsked,
    Started,
    VerdictAsked,
    VerdictText,
)
from bot.protocol.outcome import finish
from bot.records import Case


class Narrator:
    """Progress for whoever waits. A failure that hits several is told in full once."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._told: set[str] = set()

    def tell(self, event: Event) -> None:
        council = self._case.council
        match event:
            case Started():
                count = len(council.members)
                members = "1 member answers" if count == 1 else f"{count} members answer"
                note(f"Deliberation {self._case.id}: {members}.")
            case AnswerGiven(answer):
                note(f"Answer {answer.label} is in ({answer.model}, {answer.seconds:.1f} s).")
                for line in texts.broken_off("It", finish(answer.finish_reason)):
                    note(line)
            case MemberFailed(label, seat, failure):
                self._failed(f"Member {label} ({council.model(seat)}) failed", failure)
            case ReviewsAsked(reviewers):
                note(f"{len(reviewers)} members review the answers.")
            case ReviewGiven(review) if review.counted:
                note(f"The author of {review.label} ranked {ballot(review.ranking)}.")
            case ReviewGiven(review):
                why = texts.error_words(review.error) if review.error else "no ranking in it"
                note(f"The review by the author of {review.label} does not count: {why}.")
            case Ranked(standings, stopped_early, not_heard) if stopped_early:
                note(f"Stopped early: {texts.agreement(standings[0], not_heard)}.")
            case VerdictAsked(seat):
                note(f"{council.model(seat)} writes the verdict.")
            case ChairmanFailed(seat, failure):
                self._failed(f"{council.model(seat)} could not write it", failure)
            case Ranked() | VerdictText() | Finished():
                pass
            case _:
                assert_never(event)

    def _failed(self, who: str, failure: Failure) -> None:
        why = f"{failure.message} ({failure.kind})"
        note(f"{who}, for the same reason." if why in self._told else f"{who}: {why}")
        self._told.add(why)
