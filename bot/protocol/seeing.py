"""Which seats see the images of a question: those of which the journal does not say that they cannot.

A list of models may say it before anything is asked, else a refusal does.
"""

from collections.abc import Iterable
from dataclasses import replace

from bot.council import Council, Exhibit, Question
from bot.llm import Message
from bot.protocol import ranking
from bot.protocol.prompts import UNSEEN
from bot.store.journal import Journal


def unseeing(seat: int) -> str:
    """The decision that this seat is asked without images."""
    return f"unseeing/{seat}"


def sees(journal: Journal, seat: int) -> bool:
    return journal.decision(unseeing(seat)) is None


def with_eyes(question: Question, council: Council, journal: Journal) -> Question:
    """The question whose images say by which members they are seen: nothing of whoever is asked alone,
    whose letter that would narrow down."""
    if question.alone:
        return question
    labels = ranking.labels_of(question, council)
    members = {seat: label for seat, label in labels.items() if seat < council.chairman_seat}
    seeing = {label: sees(journal, seat) for seat, label in members.items()}
    exhibits = tuple(_seen(exhibit, seeing.items()) for exhibit in question.exhibits)
    return replace(question, exhibits=exhibits)


def _seen(exhibit: Exhibit, seeing: Iterable[tuple[str, bool]]) -> Exhibit:
    if exhibit.image is None:
        return exhibit
    seen_by = tuple(sorted(label for label, sees in seeing if sees))
    unseen_by = tuple(sorted(label for label, sees in seeing if not sees))
    return replace(exhibit, seen_by=seen_by, unseen_by=unseen_by)


def without_images(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The same for who sees none, and is told so."""
    if not any(message.images for message in messages):
        return messages
    told, *others = (replace(message, images=()) for message in messages)
    return replace(told, content=f"{told.content}\n\n{UNSEEN}"), *others
