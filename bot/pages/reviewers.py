"""What people's votes say of the reviewers, as a page. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.analysis.estimates import Estimate
from bot.analysis.reviewers import FirstPlaces, Reviewer, Reviewers
from bot.analysis.weights import PAIRS_MIN, PARTS
from bot.document import Button, Document, Heading, Note, Table, Text
from bot.language import N_, _, day, n_
from bot.pages.numbers import interval, points, share, signed
from bot.pages.settings import unambiguous
from bot.settings import Weighted

_AVERAGE = N_("A weight of 1 is what all have on average.")
_ALIKE = N_(
    "A weight of 1 is what all have on average. With the setting `weights` at `on` reviews count for their "
    "weight, else all alike."
)
_LEARNED_FROM = N_("Weights are learned from {least} such pairs on; below that all count alike.")
_PERSON = N_(
    "One person's votes are at most a third of what weights are learned from; where fewer than three "
    "people voted, the rest leaves reviewers alike."
)
_OWN = N_(
    "Own answer: how much too high a reviewer places its own (1 is from last to first). Weighing corrects "
    "that."
)
_MONTHS_FROM_DAYS = 60

_WEIGH, _UNWEIGH = "set:weights:on", "set:weights:shadow"


@dataclass(frozen=True, slots=True)
class Counting:
    """What reviews count for in a channel: its setting `weights`, and since when that is what it is,
    `None` where nobody changed it. Who `may_change` it is offered to."""

    weights: Weighted
    since: datetime | None = None
    may_change: bool = False


def reviewers_page(found: Reviewers, pace: timedelta | None = None) -> Document:
    """`pace` is the time from one rated question to the next, `None` where it is not known."""
    return _page(found, (), _told(found, pace), _(_ALIKE))


def channel_page(found: Reviewers, pace: timedelta | None, counting: Counting) -> Document:
    """The same of a channel that has a setting: what weights would change is not told with `off`."""
    match counting.weights:
        case "off":
            page = _page(found, _off(found), (_decided(found),), "")
        case "shadow":
            page = _page(found, _shadow(found), _told(found, pace), _(_AVERAGE))
        case "on":
            page = _page(found, _on(found, counting.since), _told(found, pace), _(_AVERAGE))
        case _:
            assert_never(counting.weights)
    buttons = tuple(_buttons(found, counting.weights)) if counting.may_change else ()
    return replace(page, buttons=buttons)


def _page(found: Reviewers, first: Iterable[str], told: Iterable[str], legend: str) -> Document:
    """Without a `legend` of weights there are none."""
    title = Heading(_("What people's votes say of the reviewers"))
    sentences = " ".join(first)
    above = (title, Text(sentences)) if sentences else (title,)
    if not found.reviewers:
        nothing = _(
            "No reviewer read two answers of which people prefer one. That takes a question "
            "in which one answer was accepted and another was not, or one was called the best."
        )
        return Document((*above, Text(nothing)))
    numbers = Text("\n".join(f"- {each}" for each in told))
    if not (legend and found.learned):
        return Document((*above, numbers, _agreeing(found)))
    notes = [legend]
    if _are_authors(found):
        notes.append(_(_OWN))
    if 0 < found.people < PARTS:
        notes.append(_(_PERSON))
    return Document((*above, numbers, _weighed(found), *map(Note, notes)))


# --- What reviews count for


def _off(found: Reviewers) -> Iterator[str]:
    if _holds(found):
        yield _(
            "**Weights would serve here:** `/council set weights shadow` tells what they would change, "
            "`/council set weights on` lets reviews count for them. With `off` all count alike."
        )
    else:
        yield _(
            "Reviews here all count alike, and what weights would change is not told: `weights` is "
            "`off`."
        )


def _shadow(found: Reviewers) -> Iterator[str]:
    if _holds(found):
        yield _(
            "**It is worth weighing reviews here:** `/council set weights on` lets each count for its "
            "weight. So far all count alike."
        )
    else:
        yield _(
            "Reviews here all count alike: with `weights` at `shadow`, this page only tells what weights "
            "would change."
        )


def _on(found: Reviewers, since: datetime | None) -> Iterator[str]:
    if found.learned:
        yield _("Reviews here count for their weight.")
    else:
        yield _("Reviews here all count alike so far.")
    if since:
        yield _("`weights` has been `on` since {day}.", day=day(since.date()))


def _buttons(found: Reviewers, weights: Weighted) -> Iterator[Button]:
    if weights != "on" and _holds(found):
        yield Button(_WEIGH, _("Weigh reviews"), primary=True)
    if weights == "off":
        yield Button(_UNWEIGH, _("Tell what weights change"))
    if weights == "on":
        yield Button(_UNWEIGH, _("Let all count alike"))


def _holds(found: Reviewers) -> bool:
    """Whether weights gain something, however often one looks."""
    return found.gain_low_anytime is not None and found.gain_low_anytime > 0


# --- The numbers


def _told(found: Reviewers, pace: timedelta | None) -> Iterator[str]:
    yield _decided(found)
    if not found.learned:
        yield f"{_(_LEARNED_FROM, least=PAIRS_MIN)} {_takes(_until_learned(found), pace)}"
    elif found.gain is None or found.first_places is None:
        yield _("All are one person's, so that what weights would gain for others cannot be told.")
    else:
        yield f"{_gain(found)} {_shown(found, pace)}"
        if found.first_places.changed:
            yield _changed(found.first_places)


def _decided(found: Reviewers) -> str:
    pairs = n_("1 pair of answers", "{n:,} pairs of answers", found.equal.pairs)
    questions = n_("1 question", "{n:,} questions", found.questions)
    if not found.people:
        return _(
            "People prefer one answer in {pairs}, from {questions}.",
            pairs=pairs,
            questions=questions,
        )
    return _(
        "People prefer one answer in {pairs}, from {questions}, by the votes of {people}.",
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
        "Weights would have changed the first place in {changed} of {questions}; people prefer the new "
        "first in {right} of these, the old one in {wrong}.",
        changed=firsts.changed,
        questions=n_("1 question", "{n:,} questions", firsts.questions),
        right=firsts.right,
        wrong=firsts.wrong,
    )


def _shown(found: Reviewers, pace: timedelta | None) -> str:
    """Whether the gain holds however often one looks, and else how long that may take."""
    if _holds(found):
        return _("However often one looks, that is above 0.")
    if found.questions_needed is None:
        return _("That weights gain anything is not in sight.")
    count = max(1, found.questions_needed - found.questions)
    if pace is None:
        return _(
            "That is no proof for one who looks again and again; at this rate it takes about {left}.",
            left=_left(count),
        )
    return _(
        "That is no proof for one who looks again and again; at this rate it takes about {left}, which "
        "is {time} at the pace so far.",
        left=_left(count),
        time=_time(pace * count),
    )


def _until_learned(found: Reviewers) -> int:
    """About how many more questions have to be rated for pairs enough."""
    lacking = PAIRS_MIN - found.equal.pairs
    return max(1, math.ceil(lacking * found.questions / found.equal.pairs))


def _takes(count: int, pace: timedelta | None) -> str:
    if pace is None:
        return _("At this rate that takes about {left}.", left=_left(count))
    return _(
        "At this rate that takes about {left}, which is {time} at the pace so far.",
        left=_left(count),
        time=_time(pace * count),
    )


def _left(count: int) -> str:
    return n_("1 more rated question", "{n:,} more rated questions", count)


def _time(time: timedelta) -> str:
    days = max(1, round(time / timedelta(days=1)))
    if days < _MONTHS_FROM_DAYS:
        return n_("about 1 day", "about {n} days", days)
    return n_("about 1 month", "about {n} months", round(days / 30))


def _weighed(found: Reviewers) -> Table:
    header = [_("Reviewer"), _("Agrees with people"), _("Pairs"), _("Weight")]
    authors = _are_authors(found)
    if authors:
        header.append(_("Own answer"))
    ordered = sorted(found.reviewers, key=lambda each: (-each.weight, each.reviewer))
    called = unambiguous([each.reviewer for each in ordered])
    return Table(tuple(header), tuple(_row(each, called, own=authors) for each in ordered))


def _are_authors(found: Reviewers) -> bool:
    return any(each.self_preference is not None for each in found.reviewers)


def _row(each: Reviewer, called: Mapping[str, str], *, own: bool) -> tuple[str, ...]:
    cells = (*_agreement(each, called), f"{each.weight:.2f}")
    if not own:
        return cells
    preference = each.self_preference
    return (*cells, "-" if preference is None else signed(preference, 2))


def _agreeing(found: Reviewers) -> Table:
    """Without a word of weights; by name."""
    header = (_("Reviewer"), _("Agrees with people"), _("Pairs"))
    called = unambiguous([each.reviewer for each in found.reviewers])
    return Table(header, tuple(_agreement(each, called) for each in found.reviewers))


def _agreement(each: Reviewer, called: Mapping[str, str]) -> tuple[str, ...]:
    return called[each.reviewer], interval(each.agreement) or "-", f"{each.pairs:,}"
