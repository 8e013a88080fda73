"""What is said to a run in its thread: an exact, small grammar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.wishes import AllOfYou, Redo, wish


@pytest.mark.parametrize(
    ("text", "guidance"),
    [
        ("redo: shorter", "shorter"),
        ("  Redo :shorter, and\nwith costs ", "shorter, and\nwith costs"),
        ("REDO:", ""),
        ("redo", ""),
    ],
)
def test_a_verdict_is_wanted_anew(text: str, guidance: str) -> None:
    assert wish(text) == Redo(guidance)


@pytest.mark.parametrize(
    "text", ["again", "Again!", "all of you", "again, all of you", "Again all of you.", " AGAIN "]
)
def test_everybody_is_wanted(text: str) -> None:
    assert wish(text) == AllOfYou()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "redo the sum with 5 %",
        "redoing: why?",
        "please redo: shorter",
        "again?",
        "and again",
        "again, but shorter",
        "all of you are wrong",
        "again and again",
        "/debate again",
    ],
)
def test_anything_else_is_a_question(text: str) -> None:
    assert wish(text) is None


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    wish(text)
