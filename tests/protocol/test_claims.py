"""Letters behind the claims of a verdict."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.council import Answer, Claim, Earlier, Past, Question
from bot.protocol.claims import CLAIM_LIMIT_CHARS, CLAIMS_LIMIT, claims, credited, unmarked

ASKED = Question("q1", "Should we move to Postgres?", 1, datetime(2026, 11, 24, tzinfo=UTC))


def answer(label: str, text: str = "Yes.") -> Answer:
    return Answer(label, "lab/a", text, 1.0, 1, 1, 0.0, 0, 0, "stop")


ANSWERS = (answer("A"), answer("B"), answer("C"))

READ = (
    ("one letter", "It writes fast (A).", [("It writes fast", "A")]),
    ("several letters", "It writes fast (A, C).", [("It writes fast", "AC")]),
    ("spelled out", "It writes fast (Answers A and C).", [("It writes fast", "AC")]),
    ("bold letters", "It writes fast (**A**, **B**).", [("It writes fast", "AB")]),
    ("square brackets", "It writes fast [B].", [("It writes fast", "B")]),
    ("wide brackets", "植物は光を使う（A、B）。", [("植物は光を使う", "AB")]),
    ("behind the full stop", "It writes fast. (A) It is free.", [("It writes fast", "A")]),
    (
        "two sentences",
        "It writes fast (A). It costs nothing (B).",
        [("It writes fast", "A"), ("It costs nothing", "B")],
    ),
    (
        "two clauses",
        "It writes fast enough (A), but it needs care (B).",
        [("It writes fast enough", "A"), ("but it needs care", "B")],
    ),
    (
        "an unmarked clause behind",
        "It writes fast enough (A), but nobody knows why.",
        [("It writes fast enough", "A")],
    ),
    ("in the middle", "Postgres (A, B) is the safer choice.", [("Postgres is the safer choice", "AB")]),
    (
        "a mark behind one word",
        "Postgres (A) is faster than SQLite (B).",
        [("Postgres is faster than SQLite", "AB")],
    ),
    ("list items", "- **Fast:** it writes fast (A)\n- It is free (B)",
     [("Fast: it writes fast", "A"), ("It is free", "B")]),
    ("an abbreviation", "It needs care, e.g. in tests (C).", [("It needs care, e.g. in tests", "C")]),
    ("sums", "It costs $5 a month (A) or $9 a month (B).",
     [("It costs $5 a month", "A"), ("or $9 a month", "B")]),
    ("the same claim twice", "It is free (A). It is free (B).", [("It is free", "AB")]),
)  # fmt: skip

NONE = (
    ("no mark", "It writes fast."),
    ("a list of its own", "(A) Move now.\n(B) Wait."),
    ("code", "Call `f (A)` or\n```\nx = (B)\n```"),
    ("a function", "P(A) is larger than f(A, B)."),
    ("a formula", "It follows from $x = (A)$ at once."),
    ("a link", "It is said [A](https://example.org/a)."),
    ("an article", "A database is fine. (a)"),
)


class Unread(str):
    """A text that nobody may read, for what that costs."""

    def casefold(self) -> str:
        raise AssertionError("it was read")


def test_where_no_letter_stands_no_answer_is_read() -> None:
    """A draft is shown again and again while it is written, and answers are long."""
    assert credited("It writes fast.", [answer("A", Unread("Yes."))], ASKED) == "It writes fast."
    with pytest.raises(AssertionError, match="it was read"):
        credited("It writes fast (A).", [answer("A", Unread("Yes."))], ASKED)


@pytest.mark.parametrize(("name", "text", "expected"), READ, ids=[name for name, *_ in READ])
def test_a_claim_is_read_with_its_letters(
    name: str, text: str, expected: list[tuple[str, str]]
) -> None:
    assert claims(text, ANSWERS, ASKED) == tuple(Claim(said, tuple(by)) for said, by in expected)


@pytest.mark.parametrize(("name", "text"), NONE, ids=[name for name, _ in NONE])
def test_what_marks_no_claim_is_none_and_stays(name: str, text: str) -> None:
    assert claims(text, ANSWERS, ASKED) == ()
    assert credited(text, ANSWERS, ASKED) == text


SHOWN = (
    ("of answers", "It is fast (A, C).", "It is fast (A, C)."),
    ("one of no answer", "It is fast (A, D).", "It is fast (A)."),
    ("none of an answer", "It is fast (D, E). It is free (B).", "It is fast. It is free (B)."),
    ("in the middle of a sentence", "The energy (E) grows (A).", "The energy (E) grows (A)."),
    ("brackets of another kind", "It is fast [A, D].", "It is fast (A)."),
)


@pytest.mark.parametrize(("name", "text", "shown"), SHOWN, ids=[name for name, *_ in SHOWN])
def test_a_letter_of_no_answer_is_not_shown(name: str, text: str, shown: str) -> None:
    assert credited(text, ANSWERS, ASKED) == shown


def test_a_letter_that_the_question_uses_stays() -> None:
    asked = replace(ASKED, text="What does E stand for in physics?")

    assert (
        credited("It stands for the energy (E).", ANSWERS, asked) == "It stands for the energy (E)."
    )


def test_choices_of_the_question_are_no_answers() -> None:
    text = "The right choice is the second (B). It is the largest (D)."
    offering = replace(ASKED, text="Which is it? (A) one (B) two (C) three (D) four")
    quoting = replace(ASKED, text="Which is it?", quoted="A) one\nB) two\nC) three")
    following = replace(ASKED, text="Why?", past=Past((Earlier("A) one B) two", "Two (B)."),)))

    for asked in (offering, quoting, following):
        assert claims(text, ANSWERS, asked) == ()
        assert credited(text, ANSWERS, asked) == text


LONG = " ".join(
    f"subject{n} matters" for n in "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
)
INDEX = "A partial index keeps the table small and the writes fast."


def test_an_answer_that_speaks_of_something_else_is_not_credited() -> None:
    different = " ".join(f"{first}{second}another" for first in "bcdfgh" for second in "klmnpqrst")
    answers = (answer("A", f"{INDEX} {LONG}"), answer("B", different), answer("C", "Sure."))
    text = "A partial index keeps writes fast (A, B, C)."

    # C is too short to tell; nobody else speaks of what D's claim says.
    assert claims(text, answers, ASKED) == (Claim("A partial index keeps writes fast", ("A", "C")),)
    assert credited(text, answers, ASKED) == "A partial index keeps writes fast (A, C)."


def test_what_no_answer_has_the_words_of_is_credited_as_marked() -> None:
    """The verdict may be in another language than the answers."""
    answers = (answer("A", f"{INDEX} {LONG}"), answer("B", LONG))
    text = "Ein teilweiser Suchbaum hält Schreibzugriffe schnell (A, B)."

    assert credited(text, answers, ASKED) == text


def test_an_earlier_verdict_is_without_marks() -> None:
    assert unmarked("**Yes.** It is fast (A, C), and free [B].") == "**Yes.** It is fast, and free."


PIECES = (
    "(A)",
    "(A, D)",
    " ",
    "word",
    "fast enough",
    ". ",
    ", ",
    "\n- ",
    "`",
    "$",
    "[B]",
    "（C）",
    "。",
    "**",
)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_for_any_text_only_letters_of_answers_count_and_nothing_else_is_lost(text: str) -> None:
    found, shown = claims(text, ANSWERS, ASKED), credited(text, ANSWERS, ASKED)

    assert {letter for claim in found for letter in claim.labels} <= set("ABC")
    assert all(claim.labels for claim in found)
    assert claims(shown, ANSWERS, ASKED) == found
    assert shown.count("word") == text.count("word")


@pytest.mark.parametrize(
    "text",
    ["(A)" * 20_000, ". (A)" * 8_000, "it is fast (A). " * 2_000, "(A" + ", A" * 30_000, "`a` (A). " * 4_000],
)  # fmt: skip
def test_a_hostile_verdict_gives_few_and_short_claims(text: str) -> None:
    found = claims(f"{text}{'x' * 5_000} (A)", ANSWERS, ASKED)

    assert len(found) <= CLAIMS_LIMIT
    assert all(len(claim.text) <= CLAIM_LIMIT_CHARS for claim in found)
