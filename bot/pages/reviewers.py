"""What people's votes say of the reviewers, as a page. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from bot.analysis.estimates import Estimate
from bot.analysis.reviewers import FirstPlaces, Reviewer, Reviewers
from bot.analysis.weights import PAIRS_MIN, PARTS
from bot.document import Document, Heading, Note, Table, Text
from bot.language import N_, _, n_
from bot.pages.numbers import interval, points, share, signed

_ALIKE = N_(
    "A weight of 1 is what all have on average. With the setting `weights` at `on` reviews count for their "
    "weight, else all alike."
)
_PERSON = N_(
    "One person's votes are at most a third of what weights are learned from; where fewer than three "
    "people voted, the rest leaves reviewers alike."
)
_MONTHS_FROM_DAYS = 60


def reviewers_page(found: Reviewers, pace: timedelta | None = None) -> Document:
    """`pace` is the time from one rated question to the next, `None` where it is not known."""
    title = Heading(_("What people's votes say of the reviewers"))
    if not found.reviewers:
        nothing = _(
            "No reviewer read two answers of which people hold one for better. That takes a question "
            "in which one answer was accepted and another was not, or one was called the best."
        )
        return Document((title, Text(nothing)))
    told = Text(" ".join(_told(found, pace)))
    notes = [Note(_(_ALIKE))]
    if 0 < found.people < PARTS:
        notes.append(Note(_(_PERSON)))
    return Document((title, told, _table(found), *notes))


def _told(found: Reviewers, pace: timedelta | None) -> Iterator[str]:
    yield _decided(found)
    if not found.learned:
        yield _(
            "Weights are learned from {least} such pairs on; below that all count alike.",
            least=PAIRS_MIN,
        )
    elif found.gain is None or found.first_places is None:
        yield _("All are one person's, so that what weights would gain for others cannot be told.")
    else:
        yield _gain(found)
        if found.first_places.changed:
            yield _changed(found.first_places)
        yield _shown(found, pace)


def _decided(found: Reviewers) -> str:
    pairs = n_("1 pair of answers", "{n:,} pairs of answers", found.equal.pairs)
    questions = n_("1 question", "{n:,} questions", found.questions)
    if not found.people:
        return _(
            "People hold one answer for better in {pairs}, of {questions}.",
            pairs=pairs,
            questions=questions,
        )
    return _(
        "People hold one answer for better in {pairs}, of {questions}, by the votes of {people}.",
        pairs=pairs,
        questions=questions,
        people=n_("one person", "{n} people", found.people),
    )


def _gain(found: Reviewers) -> str:
    assert found.gain is not None
    assert found.gain_low is not None
    assert found.gain_high is not None
    assert found.equal.right is not None
    assert found.weighted.right is not None
    gain = Estimate(found.gain, found.gain_low, found.gain_high, found.equal.pairs)
    return _(
        "Reviews that count alike order {equal} of them as people do, weighted ones {weighted}: "
        "{points}, on questions that the weights were not learned from.",
        equal=share(found.equal.right),
        weighted=share(found.weighted.right),
        points=points(gain),
    )


def _changed(firsts: FirstPlaces) -> str:
    return _(
        "Weights would have changed the first place in {changed} of {questions}; people hold the new "
        "first for better in {right} of these, the old one in {wrong}.",
        changed=firsts.changed,
        questions=n_("1 question", "{n:,} questions", firsts.questions),
        right=firsts.right,
        wrong=firsts.wrong,
    )


def _shown(found: Reviewers, pace: timedelta | None) -> str:
    """Whether the gain holds however often one looks, and else how long that may take."""
    assert found.gain_low_anytime is not None
    if found.gain_low_anytime > 0:
        return _("However often one looks, that is above 0.")
    if found.questions_needed is None:
        return _("That weights gain anything is not in sight.")
    left = n_(
        "1 more rated question",
        "{n:,} more rated questions",
        max(1, found.questions_needed - found.questions),
    )
    if pace is None:
        return _(
            "That is no proof for one who looks again and again; at this rate it takes about {left}.",
            left=left,
        )
    return _(
        "That is no proof for one who looks again and again; at this rate it takes about {left}, which "
        "is {time} at the pace so far.",
        left=left,
        time=_time(pace * max(1, found.questions_needed - found.questions)),
    )


def _time(time: timedelta) -> str:
    days = max(1, round(time / timedelta(days=1)))
    if days < _MONTHS_FROM_DAYS:
        return n_("about 1 day", "about {n} days", days)
    return n_("about 1 month", "about {n} months", round(days / 30))


def _table(found: Reviewers) -> Table:
    header = [_("Reviewer"), _("Agrees with people"), _("Pairs"), _("Weight")]
    authors = any(each.self_preference is not None for each in found.reviewers)
    if authors:
        header.append(_("Own answer"))
    ordered = sorted(found.reviewers, key=lambda each: (-each.weight, each.reviewer))
    return Table(tuple(header), tuple(_row(each, own=authors) for each in ordered))


def _row(each: Reviewer, *, own: bool) -> tuple[str, ...]:
    cells = (
        each.reviewer,
        interval(each.agreement) or "-",
        f"{each.pairs:,}",
        f"{each.weight:.2f}",
    )
    if not own:
        return cells
    preference = each.self_preference
    return (*cells, "-" if preference is None else signed(preference, 2))
