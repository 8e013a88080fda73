"""A verdict and the best member's answer side by side, for one person who is not told which is which.

Pure. What would give one of them away, such as the letter of an answer, is no text to compare: then
nothing is.
"""

import hashlib
import re

from bot.council import Answer, Deliberation, Question
from bot.document import Button, Document, Heading, Note, Text
from bot.language import N_, Message, _
from bot.modes import ANSWERS_ALONE, REVISES
from bot.pages.gists import demoted
from bot.pages.sentences import masked, shown, verdict_text
from bot.protocol.claims import unmarked
from bot.records import ChosenPlace, Comparison, FirstText

COMPARE = "compare"
# What was chosen, by the place of the text.
PLACES: dict[ChosenPlace, Message] = {
    "first": N_("The first"),
    "second": N_("The second"),
    "same": N_("Both alike"),
}

# Who speaks so has read several answers, or is none of those that wrote one.
_OF_SEVERAL = re.compile(
    r"\b(?:chair(?:man|woman|person)?|council|reviewers?|consensus"
    r"|(?:the|all|both|most|two|three|four|five|several|other|these) (?:answers|members|responses))\b",
    re.IGNORECASE,
)
# "A" and "I" are words where a sentence or a line begins, or as the article that it mostly is there.
_LETTER = re.compile(
    r"(?<![\w'’.+-])[B-HJ-T](?![\w'’+#-])|[(\[][A-T][)\]]"
    r"|\b(?:[Aa]nswer|[Mm]ember|[Rr]eviewer|[Rr]esponse|[Oo]ption|답변|Antwort) \*{0,2}[A-T]\b"
)


def compared(deliberation: Deliberation, question: Question) -> Answer | None:
    """The answer that people compare the verdict with; `None` where there is nothing to compare."""
    verdict = deliberation.verdict
    is_alone = deliberation.mode in ANSWERS_ALONE or deliberation.redo is not None
    is_answer = verdict.written_by is None or verdict.fallback or verdict.label
    if not question.rivals or is_alone or is_answer or not deliberation.has_verdict:
        return None
    by_model: dict[str, Answer] = {}
    for given in deliberation.answers:
        if given.text.strip():
            by_model.setdefault(given.model, given)
    best = next((by_model[model] for model in question.rivals if model in by_model), None)
    texts = [unmarked(verdict_text(deliberation))]
    if (
        deliberation.mode in REVISES
    ):  # then answers speak of each other, too, and not the best's alone
        texts += [answer.text for answer in deliberation.answers]
    return None if any(map(_gives_itself_away, texts)) else best


def first_text(question: Question, person: str) -> FirstText:
    """Which text this person reads first, as if a coin were thrown."""
    thrown = hashlib.sha256(f"{question.seed}:{question.id}:{person}".encode()).digest()
    return "verdict" if thrown[0] % 2 else "answer"


def button() -> Button:
    return Button(COMPARE, _("Compare"))


def comparison(deliberation: Deliberation, best: Answer, first: FirstText) -> Document:
    """Both texts, and what can be chosen."""
    verdict, answer = map(demoted, _texts(deliberation, best))
    one, other = (verdict, answer) if first == "verdict" else (answer, verdict)
    return Document(
        (
            Heading(f"1️⃣ {_('The first')}"),
            Text(one),
            Heading(f"2️⃣ {_('The second')}"),
            Text(other),
            Note(
                _(
                    "Which is better? One is the verdict and one the answer of a member. Your choice stands, "
                    "and only then you learn which was which."
                )
            ),
        ),
        buttons=tuple(Button(f"{COMPARE}:{place}", _(word)) for place, word in PLACES.items()),
    )


def chosen(said: Comparison, label: str, question: Question) -> Document:
    """Which was which, to whoever chose; the `label` is that of the answer."""
    first, second = _("the verdict"), _("Answer {label}", label=shown(label, question))
    if said.first == "answer":
        first, second = second, first
    which = _("The first was {first}, the second {second}.", first=first, second=second)
    word = _(PLACES[said.chose or "same"])
    return Document((Text(f"{_('Your choice: {choice}.', choice=word)} {which}"),))


def _texts(deliberation: Deliberation, best: Answer) -> tuple[str, str]:
    """The verdict and the answer, as blind as anything that readers see."""
    models = [member.model for member in deliberation.members]
    return unmarked(verdict_text(deliberation)).strip(), masked(best.text, models).strip()


def _gives_itself_away(text: str) -> bool:
    """Whether it names an answer by a letter, or speaks of several. Rather once too often: a single
    capital letter inside of a sentence is taken for one."""
    return bool(_LETTER.search(text) or _OF_SEVERAL.search(text))
