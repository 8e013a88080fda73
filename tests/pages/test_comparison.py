"""What one person compares: neither the order nor anything beside the texts tells which is which."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.council import Deliberation, Question
from bot.document import Text
from bot.pages.comparison import compared, comparison, first_text
from tests.fakes.channel import MODELS, finished_case

PEOPLE = [f"U{number:05}" for number in range(2_000)]
QUESTION = Question("one", "Why?", 1, datetime(2026, 11, 30, tzinfo=UTC), rivals=MODELS)


def deliberation(verdict: str = "**Yes.** It holds.", answer: str = "It does.") -> Deliberation:
    result = finished_case(0).result
    assert result
    answers = tuple(replace(each, text=answer) for each in result.answers)
    return replace(result, answers=answers, verdict=replace(result.verdict, text=verdict))


def test_of_many_people_as_many_read_either_text_first() -> None:
    firsts = [first_text(QUESTION, person) for person in PEOPLE]
    assert 900 < firsts.count("verdict") < 1_100
    other = replace(QUESTION, id="two")
    same = sum(first_text(other, p) == f for p, f in zip(PEOPLE, firsts, strict=True))
    assert 900 < same < 1_100
    assert [first_text(QUESTION, person) for person in PEOPLE] == firsts


def test_the_page_is_the_same_but_for_the_order_of_two_texts() -> None:
    result = deliberation()
    best = compared(result, QUESTION)
    assert best
    one, other = comparison(result, best, "verdict"), comparison(result, best, "answer")
    assert one.buttons == other.buttons
    assert [type(block) for block in one.blocks] == [type(block) for block in other.blocks]
    assert [block for block in one.blocks if not isinstance(block, Text)] == [
        block for block in other.blocks if not isinstance(block, Text)
    ]
    assert one.blocks[1::2][:2] == other.blocks[1::2][:2][::-1]
    assert not one.letters


def test_the_best_of_those_that_answered_is_compared() -> None:
    result = deliberation()
    without = tuple(each for each in result.answers if each.model != MODELS[0])
    best = compared(replace(result, answers=without), QUESTION)
    assert best
    assert best.model == MODELS[1]
    assert compared(replace(result, answers=()), QUESTION) is None
    assert compared(result, replace(QUESTION, rivals=())) is None


@pytest.mark.parametrize(
    "verdict",
    [
        "Answer B says why.",
        "As B and C say, it holds.",
        "The answers agree.",
        "All four answers are right.",
        "The council holds it for true.",
        "As chairman I rule so.",
        "(B) has it right, which nobody else says.",
    ],
)
def test_a_verdict_that_names_answers_or_speaks_of_several_is_not_compared(verdict: str) -> None:
    assert compared(deliberation(verdict), QUESTION) is None


@pytest.mark.parametrize(
    "verdict",
    [
        "Use a table (A, C), and a cache (B).",
        "A table does it. I would take one.",
        "Vitamin-rich food helps; it's a plan.",
    ],
)
def test_marks_are_taken_out_and_other_capitals_tell_nothing(verdict: str) -> None:
    assert compared(deliberation(verdict), QUESTION)


@pytest.mark.parametrize("mode", ["quick", "vote", "compare"])
def test_where_the_verdict_is_an_answer_nothing_is_compared(mode: str) -> None:
    assert compared(replace(deliberation(), mode=mode), QUESTION) is None
    result = deliberation()
    for other in (
        replace(result.verdict, written_by=None),
        replace(result.verdict, fallback="top_answer"),
        replace(result.verdict, label="A"),
    ):
        assert compared(replace(result, verdict=other), QUESTION) is None
