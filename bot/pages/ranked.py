"""How the reviewers ranked the answers, for people: who stands where, by how much, and who says so.

Pure and blind. Words of the trade come last, in brackets; every number is in the transcript.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby

from bot.council import Deliberation, Question, Review, Standing
from bot.document import Bar, Bars, Leaf, Note, Table, Text
from bot.language import N_, Message, _, listed, n_
from bot.pages.modes import counted, why_unranked
from bot.pages.numbers import share
from bot.pages.rounds import discussion, in_rounds
from bot.pages.sentences import (
    are_numbered,
    based_on,
    best_first,
    broken_off,
    counted_unequally,
    not_heard,
    put_first,
    read_shortened,
    reviewer,
    reviewers_stand,
    reviews,
    same_answer,
    shown,
    verified,
)
from bot.texts import Agreement, agreement_words, error_words
from bot.votes import NONE, Tally

# Where the first place stands, and how alike the whole orders are.
_AGREEMENT: Mapping[Agreement, Message] = {
    "agreed": N_("The reviewers agree on the first place (Kendall's W {w:.2f})."),
    "leaned": N_("Most reviewers agree on the first place (Kendall's W {w:.2f})."),
    "split": N_("The reviewers are split on the first place (Kendall's W {w:.2f})."),
}

# How far reviewers are blind, and readers with them.
_LETTERED = N_(
    "Each reviewer wrote the answer of its letter. None knew who wrote what, and each "
    "read the answers in another order."
)
_UNLETTERED = N_(
    "Each reviewer wrote one of the answers. None knew who wrote what, and each read the answers in "
    "another order."
)


def title(deliberation: Deliberation, question: Question) -> str:
    """The order of the answers: `Ranking: A and B level, then D, C`."""
    if len(deliberation.answers) < 2:
        return _("No ranking: there is one answer alone")
    if not deliberation.reviews:
        return why_unranked(deliberation)
    if not _heard(deliberation):
        return _("No ranking: no reviewer was heard")
    first, *rest = _levels(deliberation.standings, question)
    if not rest:
        return _("Ranking: {first}", first=first)
    return _("Ranking: {first}, then {rest}", first=first, rest=", ".join(rest))


def hint(deliberation: Deliberation, question: Question) -> str:
    """Who says so: `4 anonymous reviewers, 2 against 2`."""
    heard, reviewers = _heard(deliberation), len(deliberation.reviews)
    if not reviewers:
        return ""
    who = n_("{n} anonymous reviewer", "{n} anonymous reviewers", reviewers)
    if heard < reviewers:
        who = _(
            "{heard} of {reviewers} anonymous reviewers heard", heard=heard, reviewers=reviewers
        )
    return ", ".join(filter(None, (who, _split(deliberation, question))))


def reviewers_line(deliberation: Deliberation, question: Question) -> str:
    """Whom how many put first, who was not heard, on how many the verdict rests where these are
    fewer, and how many answers say the same as the first, as a note; "" without any ballot."""
    named = partial(shown, question=question)
    stand = reviewers_stand(deliberation.standings, not_heard(deliberation, question), named)
    unequal = counted_unequally(deliberation.standings, named)
    said = (stand, unequal, based_on(deliberation), same_answer(deliberation, question))
    return " ".join(filter(None, ("⚖️", *said))) if stand else ""


def discussion_line(deliberation: Deliberation, question: Question) -> str:
    """How many changed their mind, as a note; "" where there was no discussion."""
    said = discussion(deliberation, question)
    return f"💬 {said}" if said else ""


def ranking_blocks(deliberation: Deliberation, question: Question, tally: Tally) -> Iterator[Leaf]:
    """What stands under the title once it is opened."""
    heard = _heard(deliberation)
    if deliberation.vote:
        yield counted(deliberation.vote, question)
    if heard:
        yield _bars(deliberation.standings, question)
        yield Note(_points(len(deliberation.answers), heard))
    if deliberation.reviews:
        lines = (
            f"- {_reviewer(review, deliberation, question)}"
            for review in reviews(deliberation, question)
        )
        yield Text("\n".join(lines))
        yield Note(_(_UNLETTERED if are_numbered(deliberation) else _LETTERED))
    if deliberation.rounds:
        lines = (f"- {line}" for line in in_rounds(deliberation, question))
        yield Text("\n".join((_("Once each had read the other answers:"), "", *lines)))
    if said := verified(deliberation, partial(shown, question=question)):
        yield Text(said)
    yield from map(Note, (*broken_off(deliberation), *read_shortened(deliberation, question)))
    yield from _people(deliberation, question, tally)
    yield Note(" ".join(_closing(deliberation)))


# --- Reviewers


def _heard(deliberation: Deliberation) -> int:
    return deliberation.standings[0].ballots if deliberation.standings else 0


def _split(deliberation: Deliberation, question: Question) -> str:
    heard, firsts = _heard(deliberation), put_first(deliberation.standings)
    if heard < 2 or not firsts:
        return ""
    counts = [str(standing.first_places) for standing in firsts]
    if len(counts) > 1:
        return _("{most} against {others}", most=counts[0], others=listed(counts[1:]))
    if firsts[0].first_places < heard:
        return ""
    return _("all for {label}", label=shown(firsts[0].label, question))


def _reviewer(review: Review, deliberation: Deliberation, question: Question) -> str:
    who = _("Reviewer {label}", label=reviewer(review, deliberation, question))
    if review.counted:
        places = (" = ".join(shown(label, question) for label in tied) for tied in review.ranking)
        return f"{who}: {' › '.join(places)}"
    if review.error:
        return _("{who} gave no review: {error}", who=who, error=error_words(review.error))
    if review.text:
        return _("{who} gave no ranking, so the review did not count", who=who)
    return _("{who} was not waited for: the first place was decided", who=who)


# --- Numbers


def _bars(standings: Sequence[Standing], question: Question) -> Bars:
    return Bars(
        tuple(
            Bar(
                shown(standing.label, question),
                standing.score or 0,
                share(standing.score or 0),
                _first_places(standing),
            )
            for standing in best_first(standings)
        ),
        columns=(_("Answer"), _("Points"), _("First")),
    )


def _first_places(standing: Standing) -> str:
    if not standing.first_places:
        return ""
    return _("{n} of {of}", n=standing.first_places, of=standing.ballots)


def _points(answers: int, heard: int) -> str:
    return n_(
        "Points of {n} reviewer: first of {answers} counts 1, last 0.",
        "Points: first of {answers} counts 1, last 0; the mean of {n} reviewers.",
        heard,
        answers=answers,
    )


def _levels(standings: Sequence[Standing], question: Question) -> Iterator[str]:
    """The answers from the best on, those of one score together."""
    for _score, group in groupby(best_first(standings), key=lambda standing: standing.ordered_by):
        labels = [shown(each.label, question) for each in group]
        yield _("{labels} level", labels=listed(labels)) if len(labels) > 1 else labels[0]


def _people(deliberation: Deliberation, question: Question, tally: Tally) -> Iterator[Leaf]:
    """What people voted so far, without the bot's own reactions."""
    counts = [(given.label, *_votes(given.label, tally)) for given in deliberation.answers]
    none = tally.get((NONE, "none"), 0)
    if any(any(votes) for _label, *votes in counts) or none:
        rows = tuple((shown(label, question), *map(str, votes)) for label, *votes in counts)
        yield Table((_("People"), "👍", "👎", "🏆"), rows)
    elif deliberation.mode == "compare":
        yield Note(_("Votes of people are counted here."))
    if none:
        yield Note(
            n_("🚫 none is good enough: {n} person", "🚫 none is good enough: {n} people", none)
        )


def _votes(label: str, tally: Tally) -> tuple[int, int, int]:
    """Acceptances, which a trophy is too, rejections and trophies."""
    best = tally.get((label, "best"), 0)
    return tally.get((label, "accept"), 0) + best, tally.get((label, "reject"), 0), best


def _closing(deliberation: Deliberation) -> Iterator[str]:
    w = deliberation.agreement.kendall_w
    if w is not None and not deliberation.agreement.stopped_early:
        [top, *_others] = put_first(deliberation.standings) or deliberation.standings
        yield _(_AGREEMENT[agreement_words(top)], w=w)
    yield n_("{n} call.", "{n} calls.", deliberation.calls)
