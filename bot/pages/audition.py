"""A model on audition: that it answers along, and what it would bring once that is over. Pure.

While it goes on there is no number of its own but how often it was rated, and that in steps: nobody
may learn from a vote whose answer it was about.
"""

from bot.analysis.audition import Audition, Kept, share_of
from bot.council import AUDITION_RATINGS
from bot.document import Block, Button, Document, Heading, Note, Table, Text
from bot.language import _, n_
from bot.pages.numbers import interval, percents
from bot.pages.prices import dollars
from bot.pages.settings import short


def begun_page(model: str, more_usd: float | None, price: str) -> Document:
    """Once it has begun. `more_usd` is about what a question costs more, `None` where nobody knows;
    `price` is the model's, in words."""
    return Document(
        (Text(_("**{model}** is on audition here.", model=model)), *_meaning(more_usd, price))
    )


def under_way_page(
    model: str, answered: int, rated: int, more_usd: float | None, price: str
) -> Document:
    """As far as it is published: how many questions it `answered`, and how often it was `rated`."""
    so_far = n_(
        "So far it answered {n} question, and {rated} of its answers were rated.",
        "So far it answered {n} questions, and {rated} of its answers were rated.",
        answered,
        rated=rated,
    )
    return Document(
        (
            Heading(_("{model} is on audition here", model=short(model))),
            Text(so_far),
            *_meaning(more_usd, price),
        ),
        buttons=(Button(f"audition:stop:{model}", _("Stop it")),),
    )


def _meaning(more_usd: float | None, price: str) -> list[Block]:
    says = _(
        "It answers along, without its name, and may win. It reviews nothing, and where it fails "
        "nothing is missing. That ends by itself with the first question after {n} of its answers were "
        "rated, and then I say what it would bring.",
        n=AUDITION_RATINGS,
    )
    if more_usd is None:
        cost = _("What a question costs more is not known: {price}.", price=price)
    elif not more_usd:
        cost = _("It costs nothing.")
    else:
        cost = _("A question costs about ${usd} more.", usd=dollars(more_usd))
    return [Text(says), Note(f"{cost} {_('`/council audition stop` ends it before.')}")]


def ended_page(
    found: Audition, *, more_usd: float | None, is_seated: bool, may_change: bool
) -> Document:
    """What it would bring. `more_usd` is about what a question would cost more with it as a member,
    `None` where nobody knows."""
    blocks: list[Block] = [
        Heading(_headline(found)),
        Text("\n".join(f"- {line}" for line in _brings(found, more_usd))),
        Table(
            (_("Model"), _("Accepted"), _("Share")),
            tuple(_row(each, found.model) for each in (found.kept, *found.members)),
        ),
        Note(
            _(
                "Over the questions in which its answer was rated, with 95\u00a0% intervals; {rated}. "
                "They say nothing of questions that nobody rates.",
                rated=found.rated,
            )
        ),
    ]
    if is_seated:
        blocks.append(Note(_("It is a member by now.")))
    else:
        command = f"`/council members add {found.model}`"
        blocks.append(Note(_("Nobody was seated. To seat it: {command}", command=command)))
    offered = may_change and not is_seated
    return Document(tuple(blocks), buttons=_next(found.model) if offered else ())


def left() -> Document:
    """What is said where nobody is to be seated."""
    return Document(
        (Text(_("The council stays as it is. `/council audition` shows the numbers again.")),)
    )


def none_page() -> Document:
    return Document(
        (
            Text(_("No model is on audition here.")),
            Note(
                _(
                    "`/council audition MODEL` has one answer along, without its name, until {n} of its "
                    "answers were rated; then I say what it would bring.",
                    n=AUDITION_RATINGS,
                )
            ),
        )
    )


def _next(model: str) -> tuple[Button, ...]:
    return (
        Button(f"members:add:{model}", _("Add as a member"), primary=True),
        Button("audition:leave", _("Leave it")),
    )


def _headline(found: Audition) -> str:
    kept = found.kept
    return _(
        "{model}: {accepted} of {rated} answers were accepted",
        model=short(found.model),
        accepted=kept.accepted,
        rated=kept.rated,
    )


def _brings(found: Audition, more_usd: float | None) -> list[str]:
    lines = []
    if found.kept.share:
        lines.append(_("**Accepted:** {share}.", share=interval(found.kept.share)))
    lines += _failures(found)
    cost = _("**Cost:** ${usd} an answer.", usd=dollars(found.cost_usd))
    if more_usd:
        more = _(
            "As a member it reviews, too: about ${usd} more a question.", usd=dollars(more_usd)
        )
        cost = f"{cost} {more}"
    return [*lines, cost]


def _failures(found: Audition) -> list[str]:
    if not found.compared:
        return [_("No answer of a member was rated beside its own.")]
    return [
        _(
            "**Failures that it does not share:** in {questions} only its answer was accepted.",
            questions=_of(found.saved, found.compared),
        ),
        _(
            "**Failures of its own:** in {questions} only its answer was rejected.",
            questions=_of(found.spoilt, found.compared),
        ),
    ]


def _of(n: int, of: int) -> str:
    share = share_of(n, of)
    return n_(
        "{some} of {n} question ({range})",
        "{some} of {n} questions ({range})",
        of,
        some=n,
        range=percents(share.low, share.high),
    )


def _row(kept: Kept, own: str) -> tuple[str, ...]:
    name = short(kept.model)
    return (
        _("{model} (on audition)", model=name) if kept.model == own else name,
        _("{accepted} of {rated}", accepted=kept.accepted, rated=kept.rated),
        interval(kept.share),
    )
