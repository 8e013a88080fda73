"""A reflection before it is over, as pages: what it would do and cost, and how far it is. Pure."""

from dataclasses import dataclass

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
    that say anything would cost, `None` where there are not as many. A button begins the one after so many
    `tries`, and no other."""

    rated: int
    readable: int
    learn: int
    test: int
    testable: int
    askers: int
    most_micros: int
    least_micros: int | None
    tries: int

    @property
    def can_begin(self) -> bool:
        return self.learn > 0 and self.test >= ROWS_MIN and self.askers >= ASKERS_MIN


def proposed_page(plan: Proposed, *, may_change: bool) -> Document:
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
    begin = Button(
        f"reflect:begin:{plan.most_micros}:{plan.tries}",
        _("Reflect for at most ${usd}", usd=usd),
        primary=True,
    )
    return Document(
        (*blocks, Text(f"{reads} {tries} {costs}"), Note(_(_BESIDE))),
        buttons=(begin,) if may_change else (),
    )


def under_way_page(done: int, of: int, *, may_change: bool) -> Document:
    far = n_(
        "{done} of 1 question is reviewed again.",
        "{done:,} of {n:,} questions are reviewed again.",
        of,
        done=done,
    )
    stop = Button("reflect:stop", _("Stop"))
    return Document(
        (Heading(_("A reflection is under way here")), Text(far), Note(_(_BESIDE))),
        buttons=(stop,) if may_change else (),
    )


def _there_are(plan: Proposed) -> str:
    rated = n_("1 question is rated here", "{n:,} questions are rated here", plan.rated)
    readable = n_(
        "of 1 the texts are there and can be reviewed again",
        "of {n:,} the texts are there and can be reviewed again",
        plan.readable,
    )
    return _("{rated}; {readable}.", rated=rated, readable=readable)


def _missing(plan: Proposed) -> str:
    """Why it would say nothing, so that nobody pays for it."""
    if plan.testable >= ROWS_MIN and plan.askers >= ASKERS_MIN and plan.least_micros is not None:
        return _(
            "That budget has room for {n} of them, and below {least} nothing can be told: that takes "
            "${usd}.",
            n=plan.test,
            least=ROWS_MIN,
            usd=dollars_at_least(plan.least_micros),
        )
    if plan.testable >= ROWS_MIN:
        return _(
            "Besides those whose questions the chairman would read, too few people asked: at least {n} are "
            "needed.",
            n=ASKERS_MIN,
        )
    # Of three questions one is learned from.
    more = -(-ROWS_MIN * 3 // 2) - plan.readable
    return n_(
        "That is too few to tell anything: about 1 more is needed.",
        "That is too few to tell anything: about {n} more are needed.",
        max(more, 1),
    )
