"""What the modes say in their threads that no other one does. Pure and blind."""

from collections.abc import Mapping

from bot import texts
from bot.council import Deliberation, EndedEarly, Plurality, Question
from bot.document import Block, Heading, Table, Text
from bot.language import N_, Message, _, n_
from bot.pages.sentences import shown
from bot.protocol.counting import plurality, tied

_ENDED: Mapping[EndedEarly, Message] = {
    "enough": N_("⏩ Ended early, as somebody asked: this is the verdict of what there was."),
    "no_credit": N_(
        "⏩ Ended early: no budget had room for more. This is the verdict of what there was."
    ),
}
_NOT_REVIEWED = N_("Nobody reviewed the answers.")


def side_by_side(deliberation: Deliberation) -> list[Block]:
    """In the place of a verdict, where people judge the answers."""
    said = _("Nobody ranked them and no verdict was written: which is best is for people to say.")
    return [Heading(count_of_answers(deliberation)), Text(said)]


def agreed(deliberation: Deliberation, question: Question) -> str:
    """What two that agree say, in a sentence; "" elsewhere."""
    if deliberation.mode != "quick" or not deliberation.verdict.label:
        return ""
    both = plurality(question, deliberation.answers)
    return _("The answer is {value}.", value=both.options[0].value) if both else ""


def count_of_answers(deliberation: Deliberation) -> str:
    n = len(deliberation.answers)
    if n == 1:
        return _("1 answer, and none to compare it with")
    return _("{n} answers, side by side", n=n)


def how_decided(deliberation: Deliberation, question: Question) -> list[str]:
    """By what, where that is not what a council always does."""
    vote, label = deliberation.vote, deliberation.verdict.label
    if question.grows:
        return [_("Answers that there were already were not asked for again.")]
    if deliberation.escalated:
        return [
            _(
                "Two members were asked first. They did not agree in an answer that can be compared, "
                "so everybody was asked."
            )
        ]
    if deliberation.mode == "quick" and label:
        both = _(
            "Both members asked give the same answer; this is Answer {label}, drawn by lot.",
            label=shown(label, question),
        )
        return [" ".join(filter(None, (both, _not_asked(deliberation))))]
    if vote and vote.tie:
        sides = " ".join(map(texts.says, tied(vote.options)))
        written = deliberation.verdict.written_by
        return [_("A tie, which the verdict decides: {sides}", sides=sides)] if written else []
    if deliberation.mode == "vote" and deliberation.reviews:
        return [_("Too few answers could be counted, so they were reviewed.")]
    return []


def looks_closer(deliberation: Deliberation) -> list[str]:
    """How to have the whole council on a question that two answered."""
    if deliberation.mode != "quick" or deliberation.reviews or not deliberation.not_asked:
        return []
    return [_("React 🔍 to have the whole council asked, at the price of whoever does.")]


def ended_early(deliberation: Deliberation) -> list[str]:
    """Why it is without a stage, and which."""
    if deliberation.ended_early is None:
        return []
    why = _ENDED[deliberation.ended_early]
    return [_(why) if deliberation.reviews else f"{_(why)} {_(_NOT_REVIEWED)}"]


def why_unranked(deliberation: Deliberation) -> str:
    """Of answers that nobody reviewed."""
    match deliberation.mode:
        case "quick":
            return _("No ranking: both agree")
        case "vote":
            return _("No ranking: answers counted")
        case "deep":
            return _("No ranking: ended early")
        case _:
            return _("No ranking: people compare")


def opens(deliberation: Deliberation) -> str:
    """What a button says that shows what is folded there; "" for the ranking."""
    if deliberation.reviews or len(deliberation.answers) < 2:
        return ""
    if deliberation.mode == "compare":
        return _("Votes")
    return _("Counts") if deliberation.vote else _("Details")


def counted(vote: Plurality, question: Question) -> Table:
    """The values, and whose they are."""
    rows = tuple(
        (option.value, ", ".join(shown(label, question) for label in option.labels))
        for option in vote.options
    )
    return Table((_("Says"), _("Answers")), rows)


def _not_asked(deliberation: Deliberation) -> str:
    n = len(deliberation.not_asked)
    return n_("{n} more was not asked.", "{n} more were not asked.", n) if n else ""
