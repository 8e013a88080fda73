"""Answers of people beside those of the members: how they sit down, and what is made of what they wrote.

Each is a finished call of the stage "answer" that nobody was asked for and nobody pays: under a label
like any other, read and ranked blind. Who wrote it is not known here.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.council import PERSON, Answer, Call
from bot.protocol import outcome, ranking
from bot.protocol.events import AnswerGiven, SatDown
from bot.protocol.sitting import Sitting


def may_sit_down(sitting: Sitting) -> bool:
    """Whether a label that comes along now may be a member's as well: one has yet to answer."""
    return sitting.open and bool(_loose(sitting))


async def sit_down(sitting: Sitting, texts: Mapping[str, str]) -> None:
    """Have people's answers, by who wrote them, among the others.

    For whoever holds the door, where somebody `may_sit_down`.
    """
    journal, before = sitting.journal, sitting.council
    fixed = [seat for seat in before.seats if seat not in _loose(sitting)]
    council = ranking.with_people(sitting.question, before, len(texts), fixed=fixed)
    seats = council.seats[len(before.seats) :]
    now = sitting.caller.now()
    calls = [_written(seat, text, now) for seat, text in zip(seats, texts.values(), strict=True)]
    # At once: what a member answers meanwhile gets its new label, and is committed after this.
    sitting.council, sitting.labels = council, ranking.labels_of(sitting.question, council)
    await journal.seat(council, calls, tuple(texts))
    sitting.emit(SatDown(council, sitting.known()))
    for call in calls:
        sitting.emit(AnswerGiven(outcome.answer(sitting.question, council, call)))


def _loose(sitting: Sitting) -> set[int]:
    """Members under whose labels nothing is known: all, where nobody is asked so far."""
    answered = {call.seat for call in sitting.journal.calls if call.stage == "answer"}
    asked = sitting.members() if sitting.asked is None else sitting.asked
    return set(asked) - answered


def _written(seat: int, text: str, at: datetime) -> Call:
    return Call(
        stage="answer",
        round=0,
        seat=seat,
        model=PERSON,
        started_at=at,
        finished_at=at,
        first_text_at=at,
        text=text,
        finish_reason="stop",
        cost_micros=0,
    )


def answers_of(sitting: Sitting) -> tuple[Answer, ...]:
    """What people answered, in the order of their labels."""
    given = outcome.answers(sitting.question, sitting.council, sitting.journal.calls)
    return tuple(answer for answer in given if answer.model == PERSON)
