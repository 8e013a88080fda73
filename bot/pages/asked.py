"""The post of a question that a button put: whose words they are stands before them. Pure."""

from bot.cleaning import one_line
from bot.council import Origin, Question
from bot.document import Document, Text
from bot.language import _

# Of a question that the thread has seen before.
REMINDER_CHARS = 150


def asked(question: Question, origin: Origin, name: str) -> Document:
    """`name` is CommonMark, "" where nobody knows it."""
    name = name or _("Somebody")
    if origin.repeats:
        line = one_line(question.text)
        line = line if len(line) <= REMINDER_CHARS else line[: REMINDER_CHARS - 1].rstrip() + "…"
        return Document((Text(f"{_asks_again(name, origin.label)} {line}"),))
    return Document((Text(f"{_asks(name, origin.label)}\n\n{question.text}"),))


def _asks(name: str, label: str) -> str:
    if label:
        return _("**{name} asks only {label}:**", name=name, label=label)
    return _("**{name} asks:**", name=name)


def _asks_again(name: str, label: str) -> str:
    if label:
        return _("**{name} asks {label} again:**", name=name, label=label)
    return _("**{name} asks again:**", name=name)
