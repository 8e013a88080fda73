"""What the answers to a closed question say, counted. Pure.

What is broken off gives no value: it may have been about to give another.
"""

from collections.abc import Mapping, Sequence

from bot.council import Answer, Plurality, Question, Side, Verdict
from bot.protocol.comparing import K, values
from bot.protocol.outcome import broken_off
from bot.protocol.values import Value


def plurality(question: Question, answers: Sequence[Answer]) -> Plurality | None:
    """The values by how many answers give them; `None` where fewer than two give any."""
    given = _given(question, answers)
    if len(given) < 2:
        return None
    holders: dict[Value, list[str]] = {}
    for label, value in given.items():
        holders.setdefault(value, []).append(label)
    options = [Side(value.text, tuple(labels)) for value, labels in holders.items()]
    options.sort(key=lambda option: (-len(option.labels), option.labels))
    tie = len(tied(options)) > 1
    kind = next(iter(holders)).kind
    return Plurality(kind, tuple(options), None if tie else options[0].value, tie)


def tied(options: Sequence[Side]) -> tuple[Side, ...]:
    """Those that most answers give: several of them are a tie."""
    most = max(len(option.labels) for option in options)
    return tuple(option for option in options if len(option.labels) == most)


def decided(question: Question, verdict: Verdict, tie: Sequence[Side]) -> str | None:
    """Which of these values the verdict gives; `None` where it gives none of them."""
    if verdict.seat is None:
        return None
    texts = [*(f"Final answer: {held.value}" for held in tie), verdict.text]
    given = values_of(question, {str(n): text for n, text in enumerate(texts)})
    found = given.get(str(len(tie)))
    sides = (given.get(str(n)) for n in range(len(tie)))
    return next(
        (held.value for held, value in zip(tie, sides, strict=True) if found and value == found),
        None,
    )


def all_agree(question: Question, answers: Sequence[Answer]) -> bool:
    """Whether there are several answers, and all give the same value."""
    given = _given(question, answers)
    return len(given) == len(answers) > 1 and len(set(given.values())) == 1


def same_answer(question: Question, answers: Sequence[Answer], label: str) -> int | None:
    """How many give the value that the answer of this label does; `None` where it gives none, or no
    other one does."""
    given = _given(question, answers)
    if label not in given or len(given) < 2:
        return None
    return sum(value == given[label] for value in given.values())


def values_of(question: Question, texts: Mapping[K, str]) -> dict[K, Value]:
    """The values of all these texts, such that any two can be compared."""
    return values("\n".join((question.text, question.quoted)), texts)


def _given(question: Question, answers: Sequence[Answer]) -> dict[str, Value]:
    cut = broken_off(answers)
    return values_of(question, {a.label: a.text for a in answers if a.label not in cut})
