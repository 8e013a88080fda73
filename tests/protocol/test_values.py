"""The value that an answer gives to a closed question."""

import csv
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bench.grading import common_form
from bot.protocol.comparing import values
from bot.protocol.values import Value, offered, value
from tests.reference_data import reference_file

CHOICES = "ABCD"


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("42", 42, ""),
        ("**42**", 42, ""),
        ("$18", 18, "$"),
        ("18 dollars.", 18, "$"),
        ("Answer: 18 eggs a day", 18, ""),
        ("First 9, then 2.\n\nThe answer is 18.", 18, ""),
        ("9 x 2 = 18\n\n**Final answer:** $18 per day", 18, "$"),
        ("**Final answer:**\n\n18", 18, ""),
        ("3 + 4 = 7.\n#### 7", 7, ""),
        (r"Thus \boxed{7}, as 3 of 9 are left.", 7, ""),
        (r"Thus $\boxed{\frac{1}{2}}$.", Fraction(1, 2), ""),
        (r"Final answer: $\boxed{70{,}000\text{ dollars}}$", 70_000, "$"),
        ("The answer is $70,000.50, since 3 were sold.", Fraction("70000.5"), "$"),
        ("The answer is 12,34,567", 1_234_567, ""),
        ("The answer is 70\u202f000 km", 70_000, "km"),
        ("Final answer: 3,5 kg", Fraction("3.5"), "kg"),
        ("Final answer: 1.5 million people", 1_500_000, ""),
        ("The answer is 50%", 50, "%"),
        ("The answer is −3", -3, ""),
        ("The answer is -$3", -3, "$"),
        ("The answer is x = 5.", 5, ""),
        ("The answer is about 3.14", Fraction("3.14"), ""),
        ("The answer is 12 cm^2", 12, "cm2"),
        ("She sells the rest, which makes **18** in all.", 18, ""),
        ("Nine eggs are left, at two dollars.\n\n18", 18, ""),
        ("정답은 15입니다. 3번 확인했습니다.", 15, ""),
        ("The answer is not 5.\n\nThe answer is 6.", 6, ""),
        ("Somebody says the answer is 5. In fact, the answer is 6.", 6, ""),
        ("> The answer is 5\n\nThe answer is 6", 6, ""),
        ("```\nanswer: 5\n```\nAnswer: 6", 6, ""),
        ("The answer is 5 a step, three times. Final answer: 15", 15, ""),
    ],
)
def test_numbers(text: str, number: Fraction | int, unit: str) -> None:
    assert value(text) == Value("number", Fraction(number), unit)


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("(C)", "C"),
        ("**B) Paris**\n\nIt is the capital.", "B"),
        ("The answer is (D) since A is wrong.", "D"),
        ("The answer is B, and I am sure.", "B"),
        ("A is too old and C too young.\n\nFinal answer: option B.", "B"),
        (r"\boxed{\text{A}}", "A"),
        ("B. Paris is the capital.", "B"),
    ],
)
def test_choices(text: str, letter: str) -> None:
    assert value(text, choices=CHOICES) == Value("choice", letter)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Yes, it is, as 97 has no divisor.", "yes"),
        ("**No.** It has one.", "no"),
        ("No", "no"),
        ("## Yes\n\nIt is.", "yes"),
        ("It depends on little.\n\nThe answer is no.", "no"),
        ("아니요, 그렇지 않습니다.", "no"),
        ("Ja, das geht.", "yes"),
    ],
)
def test_yes_and_no(text: str, form: str) -> None:
    assert value(text) == Value("yes_no", form)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Paris", "paris"),
        ("The answer is **Paris**, because it is the capital.", "paris"),
        ("It is on the Seine.\nFinal answer: the Eiffel Tower", "eiffel tower"),
        ("False. It was Bell.", "false"),
        ("The answer is 5 to 7 days", "5 to 7 days"),
        ("Answer: 2:00 pm", "2:00 pm"),
    ],
)
def test_short_texts(text: str, form: str) -> None:
    assert value(text) == Value("text", form)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The answer is 5 or 7.",
        "The answer is 5. But the answer is 7.",
        "Final answer: Paris or Lyon",
        "**5** of them, then **7**.",
        "5\n\n7",
        "Yes and no.",
        "No one of them knows what it is.",
        "A good one is Postgres 15. Use it, and keep a backup of everything.",
        "If the answer is 5, something is wrong with the clock on the wall.",
        "It depends on how soon the answer is needed. Ask the others of your team first.",
        "**Postgres 15** is what most people should use today for such work.",
        "The answer is that it depends on what you want to do with all of it.",
        "There are three steps:\n1. Wash\n2. Rinse\n3. Repeat",
    ],
)
def test_a_text_that_names_several_or_none_gives_none(text: str) -> None:
    assert value(text) is None


@pytest.mark.parametrize(
    "text", ["A good choice is hard.", "B or C", "A) is old.\nB) is new.", "It is B.", "42", "E"]
)
def test_a_text_that_picks_no_choice_offered_gives_none(text: str) -> None:
    assert value(text, choices=CHOICES) is None


def test_a_question_offers_the_letters_before_its_choices() -> None:
    assert offered("Which?\nA) red\nB) blue\nC. none") == {"A", "B", "C"}
    assert offered("Which, (A) red or (B) blue?") == {"A", "B"}
    assert offered("What is vitamin A) good for?") == frozenset()


def test_equal_values_are_written_alike() -> None:
    read = values("How much?", {"A": "$18", "B": "18 dollars", "C": "18.0", "D": "20"})
    assert {label: each.text for label, each in read.items()} == {
        "A": "$18",
        "B": "$18",
        "C": "$18",
        "D": "20",
    }
    assert read["A"] == read["B"] == read["C"] != read["D"]


def test_different_units_are_different_amounts() -> None:
    read = values("How far?", {"A": "5 km", "B": "5 miles", "C": "5 kilometers"})
    assert read["A"] == read["C"] != read["B"]


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [("50%", "50", True), ("0.5%", "0.5", False), ("1%", "1", False), ("0%", "0", True)],
)
def test_what_may_be_a_share_is_no_percentage(one: str, other: str, are_same: bool) -> None:
    """A half is not half a percent, and "50" beside "50%" leaves nothing to doubt."""
    read = values("", {"A": f"Final answer: {one}", "B": f"Final answer: {other}"})
    assert (read["A"] == read["B"]) is are_same


def test_only_values_of_the_kind_that_most_give_are_compared() -> None:
    read = values("Is it?", {"A": "Yes.", "B": "Yes, it is.", "C": "42", "D": "Who knows that?"})
    assert set(read) == {"A", "B"}


def test_only_choices_count_where_the_question_offers_some() -> None:
    read = values("Which?\nA) 4\nB) 5", {"A": "B", "B": "5", "C": "(B) 5", "D": "The answer is A."})
    assert {label: each.form for label, each in read.items()} == {"A": "B", "C": "B", "D": "A"}


PIECES = st.sampled_from(
    ["answer:", "The answer is ", "####", "\\boxed{", "}", "**", "1,", "0 000", "\\frac{1}{", "or", "A)",
     "$", "9" * 500, "1/", "\n", ">", "```", "(", "Yes,", "\\text{", " ", "e99", "-"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES, max_size=60).map("".join)))
def test_any_text_can_be_read(text: str) -> None:
    for choices in ("", CHOICES):
        read = value(text, choices=choices)
        assert read is None or read.text


@given(st.integers(-(10**9), 10**9), st.sampled_from(["{}", "${}", "**{}**", "{} dollars", "{}."]))
def test_any_number_is_read_however_it_is_written(number: int, written: str) -> None:
    for shown in (str(number), f"{number:,}"):
        read = value(f"It takes two steps.\n\nFinal answer: {written.format(shown)}")
        assert read
        assert read.form == number


@pytest.mark.parametrize(
    "piece", ["1,", "answer:", "(", "**", "\\frac{", "a ", "9", "$", "> x\n", "```\n", " 000"]
)
def test_a_huge_text_costs_no_more_than_its_ends(piece: str) -> None:
    def seconds(times: int) -> float:
        before = time.process_time()
        value(piece * times, choices=CHOICES)
        value(piece * times)
        return time.process_time() - before

    assert seconds(300_000) < 30 * max(seconds(6_000), 0.01)


@pytest.mark.parametrize("piece", ["1,", "a ", "not ", "不", "A) ", "n't"])
def test_a_huge_question_costs_no_more_than_its_length(piece: str) -> None:
    def seconds(times: int) -> float:
        before = time.process_time()
        values(piece * times, {"A": "Yes.", "B": "Yes."})
        return time.process_time() - before

    assert seconds(40_000) < 200 * max(seconds(1_000), 0.001)


def test_a_text_of_nothing_but_markers_gives_none() -> None:
    assert value("#### 7\n" * 50) == Value("number", Fraction(7))
    assert value("#### 7\n" * 51) is None


def test_public_answers_are_read_as_the_graders_read_them() -> None:
    with reference_file("gsm8k_answers.csv").open(encoding="utf-8", newline="") as file:
        _header, *rows = csv.reader(file)
    alike = read = total = 0
    for _id, _reference, *cells in rows:
        for cell in filter(None, cells):
            given = value(f"Let me count.\n\nThe answer is {cell}.")
            total += 1
            if given and given.kind == "number":
                read += 1
                alike += given.form == common_form("number", cell)
    assert read / total > 0.98
    assert alike / read > 0.999


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("```\n[1, 2]\n```", "[1, 2]"),
        ("The output is:\n\n```python\n[1, 2]\n```\n", "[1, 2]"),
        ("~~~\n{'a': 1}\n~~~", "{'a': 1}"),
        ("```\nAb\n```", "Ab"),
        ("```\n  42\n```", 42),
        ("```\nTrue\n```", "true"),
    ],
)
def test_one_line_of_output_in_a_fence_is_a_value(text: str, form: str | int) -> None:
    read = value(text)
    assert read
    assert read.form == form


def test_output_is_compared_to_the_letter() -> None:
    texts = ("```\n[1, 2]\n```", "It prints:\n```\n[1, 2]\n```", "`[1, 2]`", "```\n[1,2]\n```")
    given = values("What does it print?", dict(enumerate(texts)))
    assert given[0] == given[1] == given[2] != given[3]


@pytest.mark.parametrize(
    "text",
    [
        "```\ndef f():\n    return 1\n```",
        "```\na\n```\nor\n```\nb\n```",
        "I would write\n```\nls\n```",
        "```\nls\n```\nwhich lists them.",
        f"```\n{'x' * 61}\n```",
    ],
)
def test_other_code_is_no_value(text: str) -> None:
    assert value(text) is None


@pytest.mark.parametrize("text", ["아뇨", "아뇨, 그렇지 않습니다.", "아닙니다.", "아니요"])
def test_koreans_say_no_in_several_words(text: str) -> None:
    read = value(text)
    assert read
    assert (read.kind, read.form) == ("yes_no", "no")
