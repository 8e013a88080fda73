"""Whether an answer agrees with a reference: pure readers of numbers, choices and words.

Grades are only as good as the reading, so what was read is kept beside each of them, with this
module's version.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from bot.errors import InvalidInput
from bot.language import _
from bot.protocol.amounts import NUMBER, fraction
from bot.protocol.markers import MARKED

Grader = Literal["number", "choice", "exact", "regex", "judge"]

# Counts up with every change of what counts as correct.
VERSION = 2

# "I think" and "A good one" hold a word, "A is right" a choice.
_CHOICE = re.compile(
    r"(?<![A-Za-z])(?!I\s+[a-z])(?!A\s+(?!(?:is|and|or|because|since)\b)[a-z])"
    r"\(?([A-J])\)?(?![A-Za-z'’])"
)


@dataclass(frozen=True, slots=True)
class Grade:
    """`extracted` is what was read of the answer, `None` where nothing could be."""

    correct: bool
    extracted: str | None


def grade(grader: Grader, answer: str, reference: str) -> Grade:
    """Compare an answer with its reference. `judge` asks a model and is not known here."""
    reading, same = _GRADERS[grader]
    extracted = reading(answer, reference)
    return Grade(extracted is not None and same(extracted, reference), extracted)


def common_form(grader: str, extracted: str) -> Fraction | str | None:
    """What equal answers share, so that a vote can count them.

    `None` where it is no answer, and for graders that read nothing but agreement with a reference.
    """
    match grader:
        case "number":
            return _as_number(extracted)
        case "choice" | "exact":
            return extracted
        case _:
            return None


def check_reference(grader: str, reference: str) -> None:
    """Raises `InvalidInput` where nothing could ever be compared with this reference."""
    if grader == "judge":
        return
    if grader not in _GRADERS:
        known = ", ".join([*_GRADERS, "judge"])
        raise InvalidInput(
            _("unknown grader `{grader}` (there are: {known})", grader=grader, known=known)
        )
    if grader == "number" and _as_number(reference) is None:
        raise InvalidInput(_("the reference `{reference}` is no number", reference=reference))
    if grader == "choice" and _choice(reference, "") is None:
        raise InvalidInput(
            _("the reference `{reference}` is no choice from A to J", reference=reference)
        )
    if grader == "regex":
        try:
            re.compile(reference)
        except re.error as error:
            raise InvalidInput(
                _("the reference is no regular expression: {error}", error=error)
            ) from error


def _number(answer: str, reference: str) -> str | None:
    # A model that shows its work ends with its answer, so a marked answer or else the last one counts.
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", answer).replace("$", "").replace("−", "-")
    *_, tail = MARKED.split(plain)
    marked = NUMBER.search(tail) if tail != plain else None
    if marked:
        return marked.group()
    numbers = NUMBER.findall(plain)
    return numbers[-1] if numbers else None


def _choice(answer: str, reference: str) -> str | None:
    *_, tail = MARKED.split(answer)
    marked = _CHOICE.search(tail) if tail != answer else None
    if marked:
        return marked.group(1)
    letters = _CHOICE.findall(answer)
    return letters[-1] if letters else None


def _words(answer: str, reference: str) -> str:
    return " ".join(answer.strip(" \n\t.*_`\"'").casefold().split())


def _matching(answer: str, reference: str) -> str | None:
    found = re.search(reference, answer)
    return found.group() if found else None


def _as_number(text: str) -> Fraction | None:
    found = NUMBER.search(re.sub(r"[$,#]", "", text).replace("−", "-"))
    return fraction(found.group()) if found else None


Reader = Callable[[str, str], str | None]

_GRADERS: dict[str, tuple[Reader, Callable[[str, str], bool]]] = {
    "number": (_number, lambda read, wanted: _as_number(read) == _as_number(wanted)),
    "choice": (_choice, lambda read, wanted: read == _choice(wanted, "")),
    "exact": (_words, lambda read, wanted: read == _words(wanted, "")),
    "regex": (_matching, lambda read, wanted: True),
}
