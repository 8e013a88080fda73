"""What was found about a verdict once it stood, for people. Pure and blind: who found it is not
said."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from bot.cleaning import one_line
from bot.council import Claim, Deliberation, Question
from bot.document import Detail, Leaf, Note, Text
from bot.language import _, n_
from bot.pages.sentences import letters, masked, shown

Named = Callable[[str], str]


def checked(deliberation: Deliberation, question: Question) -> Iterator[Detail]:
    """A fold, where anything was found."""
    points, claims = len(deliberation.left_out), len(deliberation.unsupported)
    counts = [
        n_("{n} point left out", "{n} points left out", points) if points else "",
        n_("{n} claim that no answer makes", "{n} claims that no answer makes", claims)
        if claims
        else "",
    ]
    if points or claims:
        title = _("Details: the verdict checked")
        hint = ", ".join(filter(None, counts))
        yield Detail(title, tuple(_blocks(deliberation, question)), hint=hint)


def checked_lines(deliberation: Deliberation, question: Question) -> list[str]:
    """The same for where nothing folds, a line of Markdown each."""
    named = partial(shown, question=question)
    return [
        *(
            _("Not in the verdict: {point}", point=_point(each, deliberation, named))
            for each in deliberation.left_out
        ),
        *(
            _("In no answer: {claim}", claim=_plain(each, deliberation))
            for each in deliberation.unsupported
        ),
    ]


def _blocks(deliberation: Deliberation, question: Question) -> Iterator[Leaf]:
    labels = [member.label for member in deliberation.members]
    # Where letters lead to posts, these are put in their places as people know them.
    named: Named = str if letters(labels, question) else partial(shown, question=question)
    points = [_point(each, deliberation, named) for each in deliberation.left_out]
    claims = [_plain(each, deliberation) for each in deliberation.unsupported]
    if points:
        yield _list(_("**In the best two answers, not in the verdict:**"), points)
    if claims:
        yield _list(_("**In the verdict, in no answer:**"), claims)
    yield Note(
        _(
            "Found by a member that did not write the verdict and was told no names. It may be "
            "mistaken, and says nothing of who is right."
        )
    )


def _list(heading: str, items: Sequence[str]) -> Text:
    return Text("\n".join((heading, *(f"- {item}" for item in items))))


def _point(claim: Claim, deliberation: Deliberation, named: Named) -> str:
    return f"{_plain(claim.text, deliberation)} ({', '.join(map(named, claim.labels))})"


def _plain(text: str, deliberation: Deliberation) -> str:
    return one_line(masked(text, [member.model for member in deliberation.members]))
