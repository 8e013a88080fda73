"""A reflection before it is over, as pages: what it would do and cost, and how far it is. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.analysis.reflection import ASKERS_MIN, ROWS_MIN
from bot.document import Button, Document, Heading, Note, Text
from bot.language import N_, _, n_
from bot.pages.prices import dollars_at_least

_WHAT = N_(
    "From what people voted, the chairman proposes other criteria for the reviewers. Then questions that "
    "it did not read are reviewed again, by the criteria of now and by the proposed ones, and you see "
    "which agree more with people. Nothing changes before you adopt it."
)
_BESIDE = N_(
    "It runs beside questions and may take a while; `/council reflect` says how far it is, and then what "
    "came of it."
)


@dataclass(frozen=True, slots=True)
class Proposed:
    """What would be done: `rated` questions there are, of `readable` ones the texts are there; `learn` of
    them are read, on `test` of `testable` by `askers` it is tried. `least_micros` is what the fewest
    that say anything would cost, `None` where there are not as many. `lately` is how many of those that
    can be read were asked in four weeks, for `keeps_days` their texts are kept. A button begins the one
    after so many `tries`, and no other. `is_assumed` where no price is known of some model."""

    rated: int
    readable: int
    learn: int
    test: int
    testable: int
    askers: int
    of_one_person: bool
    most_micros: int
    least_micros: int | None
    tries: int
    is_assumed: bool
    lately: int
    keeps_days: int | None

    @property
    def can_begin(self) -> bool:
        is_broad = self.askers >= ASKERS_MIN and not self.of_one_person
        return self.learn > 0 and self.test >= ROWS_MIN and is_broad


def proposed_page(plan: Proposed) -> Document:
    blocks = (Heading(_("Reflect on the criteria")), Text(_(_WHAT)), Text(_there_are(plan)))
    if not plan.can_begin:
        return Document((*blocks, Text(_missing(plan))))
    usd = dollars_at_least(plan.most_micros)
    reads = n_(
        "The chairman would read 1 question.", "The chairman would read {n} questions.", plan.learn
    )
    tries = n_(
        "1 other is reviewed again, twice.", "{n:,} others are reviewed again, twice.", plan.test
    )
    costs = _("That costs at most ${usd}.", usd=usd)
    if plan.is_assumed:
        assumed = _("No price is known of some of these models: they count at an assumed one.")
        costs = f"{costs} {assumed}"
    begin = Button(
        f"reflect:begin:{plan.most_micros}:{plan.tries}",
        _("Reflect for at most ${usd}", usd=usd),
        primary=True,
    )
    return Document(
        (*blocks, Text(f"{reads} {tries} {costs}"), Note(_(_BESIDE))),
        buttons=(begin,),
    )


def proposed_json(plan: Proposed) -> dict[str, Any]:
    return {
        "can_begin": plan.can_begin,
        "rated": plan.rated,
        "readable": plan.readable,
        "learn": plan.learn,
        "test": plan.test,
        "testable": plan.testable,
        "askers": plan.askers,
        "of_one_person": plan.of_one_person,
        "tries": plan.tries,
        "most_usd": plan.most_micros / 1e6,
        "is_assumed": plan.is_assumed,
        "least_usd": None if plan.least_micros is None else plan.least_micros / 1e6,
    }


def under_way_page(done: int, of: int) -> Document:
    far = n_(
        "{done} of 1 question is reviewed again.",
        "{done:,} of {n:,} questions are reviewed again.",
        of,
        done=done,
    )
    stop = Button("reflect:stop", _("Stop"))
    return Document(
        (Heading(_("A reflection is under way here")), Text(far), Note(_(_BESIDE))),
        buttons=(stop,),
    )


def _there_are(plan: Proposed) -> str:
    rated = n_("1 question is rated here", "{n:,} questions are rated here", plan.rated)
    readable = n_(
        "1 still has its texts and can be reviewed again",
        "{n:,} still have their texts and can be reviewed again",
        plan.readable,
    )
    return _("{rated}; {readable}.", rated=rated, readable=readable)


def _missing(plan: Proposed) -> str:
    """Why it would say nothing, so that nobody pays for it."""
    if plan.testable < ROWS_MIN:
        return " ".join(_too_few(plan))
    if not plan.learn:
        return _(
            "What one person asked, or one thread, stays together, and here that is too much in one "
            "piece to learn from a part: it takes more people in threads of their own."
        )
    if plan.askers < ASKERS_MIN:
        return _(
            "Besides those whose questions the chairman would read, {people} asked: at least {n} are "
            "needed.",
            people=n_("one person", "{n} people", plan.askers),
            n=ASKERS_MIN,
        )
    if plan.test < ROWS_MIN and plan.least_micros is not None:
        return _(
            "That budget has room for {n} of them, and below {least} nothing can be told: that takes "
            "${usd}.",
            n=plan.test,
            least=ROWS_MIN,
            usd=dollars_at_least(plan.least_micros),
        )
    return _(
        "More than half of the votes are one person's: they say too little of what others prefer."
    )


def _too_few(plan: Proposed) -> Iterator[str]:
    """How many are missing, and how long these take at the pace of now."""
    # Of three questions one is learned from.
    needed = -(-ROWS_MIN * 3 // 2)
    more = max(needed - plan.readable, 1)
    yield n_(
        "That is too few to tell anything: about 1 more is needed.",
        "That is too few to tell anything: about {n} more are needed.",
        more,
    )
    if not plan.lately:
        return
    if plan.keeps_days is not None and plan.lately * plan.keeps_days < needed * 28:
        yield n_(
            "Texts are erased after 1 day: at the pace of the last four weeks there are never as many.",
            "Texts are erased after {n} days: at the pace of the last four weeks there are never as many.",
            plan.keeps_days,
        )
        return
    yield n_(
        "At the pace of the last four weeks that takes about 1 week.",
        "At the pace of the last four weeks that takes about {n:,} weeks.",
        -(-more * 4 // plan.lately),
    )
