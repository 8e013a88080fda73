"""A channel's blind trial: where it stands, and what came of it. Pure."""

from collections.abc import Iterator

from bot.analysis.estimates import Estimate
from bot.analysis.trial import (
    LENGTHS,
    MARGIN,
    PEOPLE_MIN,
    POINTS,
    STEP,
    Finding,
    Trial,
    missing_people,
)
from bot.document import Document, Heading, Note, Text
from bot.language import _, n_, number
from bot.pages.numbers import interval
from bot.pages.numbers import share as percent
from bot.pages.prices import dollars

_CENT_USD = 0.01


def under_way_page(
    found: Trial, told_of: Trial, saves_usd: float | None, *, number: int
) -> Document:
    """While people choose. What they chose is told of the first choices alone, those of `told_of`.
    `number` counts the trials of the channel, from 1."""
    return Document(
        (
            Heading(_("A blind trial is under way here")),
            Text(" ".join(_so_far(found, told_of))),
            *([Text(_missing(found))] if missing_people(found) else []),
            Note(_length()),
            *_steps(found, told_of),
            *map(Note, _of_several(number)),
            *_notes(saves_usd),
        )
    )


def stopped_page(found: Trial, told_of: Trial) -> Document:
    """Of one that is off before it could end, and can go on."""
    return Document(
        (
            Heading(_("The blind trial here is stopped")),
            Text(" ".join(_so_far(found, told_of))),
            Note(_("`/council trial on` goes on with it: what was chosen so far is kept.")),
            *_steps(found, told_of),
            *_notes(None),
        )
    )


def over_page(found: Finding, *, number: int) -> Document:
    """Once it has ended."""
    return Document(
        (
            Heading(_("The blind trial here is over")),
            Text(end(found.trial)),
            *map(Note, _of_several(number)),
            *_notes(found.saves_usd),
            Note(_("`/council trial on` begins another, in which these choices do not count.")),
        )
    )


def none_page() -> Document:
    return Document(
        (
            Text(_("No trial is under way here.")),
            Note(
                _(
                    "With `/council trial on`, whoever has voted can compare the verdict with the best "
                    "member's answer, without knowing which is which. It ends by itself once it is known "
                    "which people prefer."
                )
            ),
        )
    )


def told(found: Finding, *, number: int) -> Document:
    """Below the question with which it ended."""
    said = (f"🏁 {end(found.trial)}", *_of_several(number), _saves(found.saves_usd))
    return Document((Text(" ".join(filter(None, said))),))


def end(found: Trial) -> str:
    """What came of a trial that ended."""
    of = _of(found)
    if found.end == "no_difference" or found.share is None:
        return _(
            "Between the verdict and the best member's answer people see no difference beyond {margin} "
            "points, after {of}.",
            margin=round(100 * MARGIN),
            of=of,
        )
    share = _within(found.share)
    if found.end == "better":
        return _(
            "People prefer the verdict to the best member's answer: in {share} of the choices for one of "
            "them, after {of}.",
            share=share,
            of=of,
        )
    return _(
        "People prefer the best member's answer to the verdict, which they chose in {share} of the choices "
        "for one of them, after {of}.",
        share=share,
        of=of,
    )


def _of(found: Trial) -> str:
    people = n_("{n} person", "{n} people", found.people)
    return n_("{n} choice of {people}", "{n} choices of {people}", found.choices, people=people)


def _of_several(number: int) -> list[str]:
    """Whoever tries again and again comes to any end."""
    if number == 1:
        return []
    return [
        _(
            "This is trial {n} of the channel: each may end wrongly, with a chance of about 5\u00a0% at most.",
            n=number,
        )
    ]


def _within(value: Estimate) -> str:
    """With its limits as what they are, shares that are left out: at an end one half is one of them."""
    low, high = (number(100 * limit, ".0f") for limit in (value.low, value.high))
    return _(
        "{share} (more than {low}\u00a0%, less than {high}\u00a0%)",
        share=percent(value.value),
        low=low,
        high=high,
    )


def _so_far(found: Trial, told_of: Trial) -> Iterator[str]:
    if not found.choices:
        yield _("Nobody has chosen so far.")
        return
    yield _("So far: {of}.", of=_of(found))
    if told_of.share is None:
        return
    yield _(
        "After {n} choices, the verdict was chosen in {share} of the choices for one of the two: limits that "
        "hold however often one looks.",
        n=told_of.choices,
        share=interval(told_of.share),
    )
    if told_of.same:
        yield n_("{n} of them was for neither.", "{n} of them were for neither.", told_of.same)


def _steps(found: Trial, told_of: Trial) -> list[Note]:
    if found == told_of:
        return []
    told_in_steps = _(
        "What people chose is told in steps of {n} choices, once {people} people chose one of the two: so no "
        "step tells what somebody chose.",
        n=STEP,
        people=PEOPLE_MIN,
    )
    return [Note(told_in_steps)]


def _missing(found: Trial) -> str:
    return n_(
        "It needs {n} more person who chooses before it can end.",
        "It needs {n} more people who choose before it can end.",
        missing_people(found),
    )


def _length() -> str:
    (many, few_choices), (some, more_choices), (few, most_choices) = LENGTHS.items()
    return _(
        "Where people differ by {points} points, it takes about {few_choices} choices of {many} people, "
        "{more_choices} of {some}, or {most_choices} of {few}; where they do not differ, more than 500 with "
        "few people.",
        points=POINTS,
        few_choices=few_choices,
        many=many,
        more_choices=more_choices,
        some=some,
        most_choices=most_choices,
        few=few,
    )


def _notes(saves_usd: float | None) -> list[Note]:
    read = _(
        "Those who choose had read the verdict before, and choices about one question may be alike, which "
        "the limits do not know."
    )
    saved = _saves(saves_usd)
    return [*([Note(saved)] if saved else []), Note(read)]


def _saves(usd: float | None) -> str:
    if usd is None or usd < _CENT_USD:
        return ""
    return _(
        "Always asking the best member alone would save about ${usd} a month, at list prices and the pace "
        "of the last 30 days.",
        usd=dollars(usd),
    )
