"""How members changed their minds once they knew the other answers, for people. Pure and blind."""

from collections import Counter

from bot.council import Change, Deliberation, Question
from bot.language import _, n_
from bot.pages.sentences import shown


def discussion(deliberation: Deliberation, question: Question) -> str:
    """How many members changed their mind once they knew the other answers, and towards which; ""
    where nobody was heard after getting to know them."""
    if not any(deliberation.rounds[1:]):
        return ""
    of, last = len(deliberation.answers), {c.label: c.towards for c in deliberation.changes}
    if not last:
        return _("Nobody changed their mind after reading the other answers.")
    n = len(last)
    letters = Counter(shown(label, question) for label in last.values() if label)
    if not letters:
        return n_(
            "{n} of {of} changed its mind after reading the other answers.",
            "{n} of {of} changed their mind after reading the other answers.",
            n,
            of=of,
        )
    parts = [_("**{label}**", label=label) for label, _count in letters.most_common()]
    if len(letters) > 1 or letters.total() < n:
        parts = [
            _("{n} towards **{label}**", n=count, label=label)
            for label, count in letters.most_common()
        ]
        return n_(
            "{n} of {of} changed its mind: {towards}.",
            "{n} of {of} changed their mind: {towards}.",
            n,
            of=of,
            towards=", ".join(parts),
        )
    return n_(
        "{n} of {of} changed its mind, towards {label}.",
        "{n} of {of} changed their mind, towards {label}.",
        n,
        of=of,
        label=parts[0],
    )


def in_rounds(deliberation: Deliberation, question: Question) -> list[str]:
    """What each round changed, a line each; who gave nothing in it kept its answer."""
    lines = []
    for number, said in enumerate(deliberation.rounds[1:], start=1):
        heard = {each.label for each in said}
        changed = [_changed(c, question) for c in deliberation.changes if c.round == number]
        missing = [
            _("{label} was not heard and kept its answer", label=shown(each.label, question))
            for each in deliberation.answers
            if each.label not in heard
        ]
        what = "; ".join((*changed, *missing)) or _("nobody changed their mind")
        lines.append(_("Round {n}: {what}.", n=number, what=what))
    return lines


def _changed(change: Change, question: Question) -> str:
    label = shown(change.label, question)
    if change.towards is None:
        return _("{label} changed its mind", label=label)
    other = shown(change.towards, question)
    return _("{label} changed its mind, towards {other}", label=label, other=other)
