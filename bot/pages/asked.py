"""The post of a question that the bot put for somebody: whose words they are stands before them.

Names are CommonMark, "" where nobody knows them. Pure.
"""

from bot.cleaning import one_line, shortened
from bot.council import Origin, Question
from bot.document import Document, Text
from bot.language import _

# Of a question that the thread has seen before.
REMINDER_CHARS = 150


def asked(question: Question, origin: Origin, name: str) -> Document:
    """Of one that a button put, or that says what was asked before."""
    if question.redo:
        return Document((Text(_anew(name or _("Somebody"), question.redo.guidance)),))
    if question.grows:
        line = shortened(one_line(question.text), REMINDER_CHARS)
        everybody = _("**{name} asks all of the council:**", name=name or _("Somebody"))
        return Document((Text(f"{everybody} {line}"),))
    if origin.repeats:
        line = shortened(one_line(question.text), REMINDER_CHARS)
        return Document((Text(f"{_asks_again(name or _('Somebody'), origin.label)} {line}"),))
    return first_asked(name, question.text, origin.label)


def _anew(name: str, guidance: str) -> str:
    wants = _("**{name} wants the verdict written anew:**", name=name)
    return f"{wants} {shortened(one_line(guidance), REMINDER_CHARS)}"


def first_asked(name: str, text: str, label: str = "") -> Document:
    """Of one that was never posted before; `label` is whom alone it is put to."""
    name = name or _("Somebody")
    asks = _("**{name} asks:**", name=name)
    if label:
        asks = _("**{name} asks only {label}:**", name=name, label=label)
    return Document((Text(f"{asks}\n\n{text}"),))


def _asks_again(name: str, label: str) -> str:
    name = name or _("Somebody")
    if label:
        return _("**{name} asks {label} again:**", name=name, label=label)
    return _("**{name} asks again:**", name=name)
