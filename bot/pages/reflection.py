"""What came of a reflection, as a page: proposed criteria beside those of before, and whether they made
reviewers agree more with people. Pure; it recommends what `bot.analysis.reflection` does, no more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.analysis.reflection import ASKERS_MIN, ROWS_MIN, Compared, alpha_of
from bot.council import Cost
from bot.document import Block, Button, Document, Heading, Note, Table, Text, literal
from bot.language import N_, Message, _, n_
from bot.pages.numbers import points, share
from bot.pages.prices import dollars, where_from
from bot.protocol.prompts import CRITERIA
from bot.protocol.reflecting import Why

_NONE = N_("None of this channel's own, so that reviewers are asked to judge by:")
_BY_YOU = N_(
    "Criteria never change by themselves: this is for an administrator to decide, either way."
)
_FROM_OTHERS = N_("No question that the proposal was written from is among these.")

_NO_PROPOSAL: Mapping[Why, Message] = {
    "failed": N_("The chairman did not answer."),
    "broken_off": N_("The chairman's text broke off before its end."),
    "unreadable": N_("What the chairman wrote holds no criteria that can be read."),
    "same": N_("The chairman would leave the criteria as they are."),
    "too_long": N_("What the chairman wrote is longer than criteria may be."),
    "names": N_("What the chairman wrote names a model, and reviewers know no names."),
    "letters": N_("What the chairman wrote speaks of an answer by its letter."),
    "pings": N_("What the chairman wrote mentions somebody or links to a page."),
    "private": N_("What the chairman wrote repeats words of a question or an answer."),
    "given_up": N_(
        "It failed several times, and not at a model's fault: the log says why, for whoever runs the bot."
    ),
}


@dataclass(frozen=True, slots=True)
class Reflected:
    """`before` and `criteria` are texts of the setting, "" for none; `learned` is how many questions
    the proposal was written from, `planned` how many were to be reviewed again."""

    before: str
    criteria: str
    reasons: str
    learned: int
    compared: Compared
    cost: Cost
    planned: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is kept of a reflection that ended: what it found, or why nothing was proposed."""

    reflected: Reflected | None
    why: Why | None
    cost: Cost


def outcome_page(found: Outcome) -> Document:
    if found.reflected:
        return reflected_page(found.reflected)
    return no_proposal_page(found.why or "failed", found.cost)


def reflected_page(found: Reflected) -> Document:
    written = n_(
        "The chairman wrote them from 1 rated question.",
        "The chairman wrote them from {n:,} rated questions.",
        found.learned,
    )
    blocks: list[Block] = [
        Heading(_headline(found.compared)),
        Text(" ".join(_told(found.compared))),
        *_agreement(found.compared),
        Text(_beside(found)),
        Text(f"**{_('Why')}**\n{_quoted(found.reasons)}"),
        Note(
            " ".join(
                (
                    written,
                    _(_FROM_OTHERS),
                    *_left_out(found),
                    *_looked(found.compared),
                    _cost(found.cost),
                    _(_BY_YOU),
                )
            )
        ),
    ]
    return Document(tuple(blocks), buttons=_buttons(found.compared))


def no_proposal_page(why: Why, cost: Cost) -> Document:
    """Where the chairman's text is none that could be tried on questions."""
    kept = _("No question was reviewed again, and the criteria stay as they are.")
    if why == "given_up":
        kept = _("The criteria stay as they are.")
    return Document(
        (
            Heading(_("No criteria are proposed")),
            Text(f"{_(_NO_PROPOSAL[why])} {kept}"),
            Note(_cost(cost)),
        )
    )


def _headline(compared: Compared) -> str:
    match compared.recommendation:
        case "adopt":
            return _("The proposed criteria are better: adopt them")
        case "discard":
            return _("The proposed criteria are hardly better: discard them")
        case "too_few":
            return _("Too few questions to say whether the proposed criteria are better")


def _told(compared: Compared) -> Iterator[str]:
    questions = n_("1 question", "{n:,} questions", compared.rows)
    if compared.gain is None or compared.old is None or compared.new is None:
        yield _("{questions} could be reviewed again: nothing can be told.", questions=questions)
    else:
        yield _(
            "Where people decided between two answers, reviewers do as they did in {old} of cases by "
            "the criteria of now, in {new} by the proposed ones: {points}, over {questions} by "
            "{askers}.",
            old=share(compared.old),
            new=share(compared.new),
            points=points(compared.gain),
            questions=questions,
            askers=n_("one person", "{n} people", compared.askers),
        )
    if compared.recommendation == "too_few":
        yield _missing(compared)


def _missing(compared: Compared) -> str:
    """What it takes to say more, as far as that is known."""
    if compared.rows < ROWS_MIN:
        return n_(
            "Nothing is recommended below {least}: 1 more is needed.",
            "Nothing is recommended below {least}: {n:,} more are needed.",
            ROWS_MIN - compared.rows,
            least=n_("1 question", "{n:,} questions", ROWS_MIN),
        )
    if compared.askers < ASKERS_MIN:
        return _("Nothing is recommended on questions of fewer than {n} people.", n=ASKERS_MIN)
    if compared.of_one_person:
        return _("Nothing is recommended where more than half of the votes are one person's.")
    if compared.rows_needed is None:
        return _("How many it takes is not in sight.")
    return n_(
        "At this rate it takes about 1 question in all.",
        "At this rate it takes about {n:,} questions in all.",
        compared.rows_needed,
    )


def _agreement(compared: Compared) -> Iterator[Table]:
    if compared.gain is None or compared.old is None or compared.new is None:
        return
    yield Table(
        (_("Criteria"), _("Agree with people")),
        (
            (_("Now"), share(compared.old)),
            (_("Proposed"), share(compared.new)),
            (_("Difference"), points(compared.gain)),
        ),
    )


def _beside(found: Reflected) -> str:
    before = _quoted(found.before) or f"{_(_NONE)}\n{_quoted(CRITERIA)}"
    return f"**{_('Now')}**\n{before}\n\n**{_('Proposed')}**\n{_quoted(found.criteria)}"


def _quoted(text: str) -> str:
    """As it is: what would hide in Markdown would be adopted unseen."""
    return "\n".join(f"> {literal(line)}".rstrip() for line in text.strip().splitlines())


def _left_out(found: Reflected) -> Iterator[str]:
    left_out = found.planned - found.compared.rows
    if left_out > 0:
        yield n_(
            "1 question more was to be reviewed again and is left out: models failed, its text went, or "
            "the money was used up.",
            "{n:,} questions more were to be reviewed again and are left out: models failed, their texts "
            "went, or the money was used up.",
            left_out,
        )


def _looked(compared: Compared) -> Iterator[str]:
    """How sure the interval is, and why that is more with each try."""
    if compared.gain is not None:
        level = share(1 - 2 * alpha_of(compared.tries), 1)
        yield _("The difference has a {level} interval.", level=level)
    if compared.tries > 1:
        yield _(
            "This is try {n} here: each has a wider interval than the one before, for of many tries "
            "one looks good by chance.",
            n=compared.tries,
        )


def _cost(cost: Cost) -> str:
    known = dollars(cost.provider_usd + cost.estimated_usd)
    return _("It cost ${usd}{where_from}.", usd=known, where_from=where_from(cost))


def _buttons(compared: Compared) -> tuple[Button, ...]:
    """They name the try, so that what is decided is what was read."""
    said, tried = compared.recommendation, compared.tries
    return (
        Button(f"reflect:adopt:{tried}", _("Adopt"), primary=said == "adopt"),
        Button(f"reflect:discard:{tried}", _("Discard"), primary=said == "discard"),
    )
