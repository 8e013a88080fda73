"""How far a question of the command line is, told to whoever waits."""

from typing import assert_never

from bot import texts
from bot.council import Failure
from bot.language import N_, Message, _, n_
from bot.pages.gists import unbolded
from bot.pages.sentences import ballot, reviewers_stand
from bot.printing import note
from bot.protocol.events import (
    AnswerGiven,
    ChairmanFailed,
    Checked,
    Enough,
    Event,
    Finished,
    Grown,
    MemberFailed,
    Ranked,
    ReviewGiven,
    ReviewsAsked,
    RevisionGiven,
    RevisionsAsked,
    SatDown,
    Spent,
    Started,
    VerdictAsked,
    VerdictText,
)
from bot.protocol.outcome import finish
from bot.records import Case

# For the first with a reason, and for others with the same.
_MEMBER_FAILED = (
    N_("Member {label} ({model}) failed: {why}"),
    N_("Member {label} ({model}) failed, for the same reason."),
)
_CHAIRMAN_FAILED = (
    N_("{model} could not write it: {why}"),
    N_("{model} could not write it, for the same reason."),
)


class Narrator:
    """Progress for whoever waits. A failure that hits several is told in full once."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._told: set[str] = set()

    def tell(self, event: Event) -> None:
        council = self._case.council
        match event:
            case Started(labels):
                count = len(labels)
                note(
                    n_(
                        "Deliberation {id}: {n} member answers.",
                        "Deliberation {id}: {n} members answer.",
                        count,
                        id=self._case.id,
                    )
                )
            case Grown(labels):
                note(_("They do not agree; all {n} members answer.", n=len(labels)))
            case AnswerGiven(answer):
                note(
                    _(
                        "Answer {label} is in ({model}, {seconds:.1f} s).",
                        label=answer.label,
                        model=answer.model,
                        seconds=answer.seconds,
                    )
                )
                for line in texts.broken_off(_("It"), finish(answer.finish_reason)):
                    note(line)
            case MemberFailed(label, seat, failure):
                self._failed(failure, *_MEMBER_FAILED, label=label, model=council.model(seat))
            case RevisionsAsked(round, labels):
                note(
                    _(
                        "Round {round}: {count} members read the answers of the others.",
                        round=round,
                        count=len(labels),
                    )
                )
            case ReviewsAsked(reviewers):
                note(_("{count} members review the answers.", count=len(reviewers)))
            case ReviewGiven(review) if review.counted:
                note(
                    _(
                        "The author of {label} ranked {ranking}.",
                        label=review.label,
                        ranking=ballot(review.ranking),
                    )
                )
            case ReviewGiven(review):
                why = texts.error_words(review.error) if review.error else _("no ranking in it")
                note(
                    _(
                        "The review by the author of {label} does not count: {why}.",
                        label=review.label,
                        why=why,
                    )
                )
            case Ranked(standings, stopped_early, not_heard) if stopped_early:
                stand = unbolded(reviewers_stand(standings, not_heard))
                note(_("Stopped early: {stand}", stand=stand))
            case VerdictAsked(seat):
                note(_("{model} writes the verdict.", model=council.model(seat)))
            case ChairmanFailed(seat, failure):
                self._failed(failure, *_CHAIRMAN_FAILED, model=council.model(seat))
            case SatDown() | RevisionGiven() | Spent() | Enough() | Ranked() | VerdictText():
                pass
            case Finished() | Checked():
                pass
            case _:
                assert_never(event)

    def _failed(self, failure: Failure, first: Message, again: Message, **who: str) -> None:
        why = f"{failure.message} ({failure.kind})"
        note(_(again if why in self._told else first, why=why, **who))
        self._told.add(why)
