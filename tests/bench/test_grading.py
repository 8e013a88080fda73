"""Answers beside references."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bench.grading import Grade, Grader, check_reference, grade
from bot.errors import InvalidInput


@pytest.mark.parametrize(
    ("answer", "reference", "extracted", "correct"),
    [
        ("It is 42.", "42", "42", True),
        ("2 + 2 makes 4, so 4.", "4", "4", True),
        ("First 3, then 5, in the end 8", "8", "8", True),
        ("#### 1,234", "1234", "1234", True),
        ("The total is $1,234.50.", "1234.5", "1234.50", True),
        (r"So \boxed{7} as 3 of 9 are left.", "7", "7", True),
        ("The answer is 12. I checked 3 times.", "12", "12", True),
        ("**Final answer:** 5\n\nBecause 2 and 3.", "5", "5", True),
        ("정답은 15입니다. 3번 확인했습니다.", "15", "15", True),
        ("−3", "-3", "-3", True),
        ("Final answer: -3", "-3", "-3", True),
        ("1/2", "0.5", "1/2", True),
        ("It is .5", "0.5", ".5", True),
        ("About 6.0e3 of them", "6000", "6.0e3", True),
        ("In the range 5-7", "7", "7", True),
        ("It is 41.", "42", "41", False),
        ("Nobody knows.", "42", None, False),
    ],
)
def test_numbers(answer: str, reference: str, extracted: str | None, correct: bool) -> None:
    assert grade("number", answer, reference) == Grade(correct, extracted)


@pytest.mark.parametrize(
    ("answer", "reference", "extracted", "correct"),
    [
        ("B", "B", "B", True),
        ("(C)", "C", "C", True),
        ("The answer is (D) since A is wrong.", "D", "D", True),
        ("A and B fail. Answer: C", "C", "C", True),
        ("Neither A nor B; rather D", "D", "D", True),
        ("It is B.", "A", "B", False),
        ("None fits.", "A", None, False),
        ("B, and I am sure of it.", "B", "B", True),
        ("It is B. A good reason is its age.", "B", "B", True),
        ("A is right.", "A", "A", True),
        ("정답은 B입니다.", "B", "B", True),
    ],
)
def test_choices(answer: str, reference: str, extracted: str | None, correct: bool) -> None:
    assert grade("choice", answer, reference) == Grade(correct, extracted)


@pytest.mark.parametrize("answer", ["Paris", " paris.\n", "**Paris**", "`PARIS`"])
def test_words_are_the_same_whatever_surrounds_them(answer: str) -> None:
    assert grade("exact", answer, "Paris").correct


def test_other_words_are_not() -> None:
    assert grade("exact", "Paris, France", "Paris") == Grade(False, "paris, france")


def test_a_pattern_is_looked_for_anywhere() -> None:
    assert grade("regex", "It opened in 1889.", r"18\d\d") == Grade(True, "1889")
    assert grade("regex", "Long ago.", r"18\d\d") == Grade(False, None)


@pytest.mark.parametrize(
    ("grader", "reference", "problem"),
    [
        ("magic", "x", "unknown grader `magic`"),
        ("number", "many", "is no number"),
        ("number", "1/0", "is no number"),
        ("choice", "none", "is no choice"),
        ("regex", "(", "is no regular expression"),
    ],
)
def test_a_reference_that_nothing_could_meet_is_refused(
    grader: str, reference: str, problem: str
) -> None:
    with pytest.raises(InvalidInput, match=problem):
        check_reference(grader, reference)


@pytest.mark.parametrize("number", ["1e999999999", "1" * 5_000, "1/" + "9" * 5_000, "1/0"])
def test_a_number_beyond_all_bounds_is_wrong_and_quick(number: str) -> None:
    assert not grade("number", number, "4").correct


@given(st.text(), st.sampled_from(["number", "choice", "exact"]))
def test_any_text_can_be_graded(answer: str, grader: Grader) -> None:
    reference = {"number": "4", "choice": "A", "exact": "yes"}[grader]
    check_reference(grader, reference)
    assert isinstance(grade(grader, answer, reference).correct, bool)
