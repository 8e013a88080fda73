"""Which first lines name a thread, and what of a model's words is a title."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.protocol.title import is_good_name, title_in

MODELS = ("anthropic/claude-sonnet-4.5", "lab/orca-2", "acme/tiny")


@pytest.mark.parametrize(
    "text",
    [
        "Is a monolith right for a team of five?",
        "How do we deploy?\n\n" + "We have three servers. " * 40,
        "Why?",
        "Hi all!",
        "Hello world in Rust, how?",
        "모놀리식이 우리 팀에 맞을까요?",
        "データベースの選び方を教えてください",
        "Which is better: https://a.example or https://b.example?",
        "create a plan for our move",
    ],
)
def test_a_line_that_says_what_is_asked_is_a_good_name(text: str) -> None:
    assert is_good_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "We are four people and need a job queue for our Django shop, and cannot agree on one at all.",
        "Hi!\nIs a monolith right?",
        "Hello everyone,\nwe need a queue.",
        "Guten Morgen zusammen 👋\nwelche Datenbank?",
        "안녕하세요 여러분!\n질문이 있습니다.",
        "```python\nprint(1)\n```\nWhy does this fail?",
        "def total(values): return sum(values)\nIs that right?",
        "Traceback (most recent call last):\n  File ...",
        "ValueError: invalid literal for int()\nWhat now?",
        "SELECT * FROM users WHERE id = 1;\nIs this safe?",
        "https://a.example/some/page\nIs that true?",
        "<https://a.example> https://b.example",
        "Q:\nWhich database?",
        '{"a": 1}\nIs this JSON?',
    ],
)
def test_a_line_that_does_not_is_none(text: str) -> None:
    assert not is_good_name(text)


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("A queue for four people", "A queue for four people"),
        ('  **"A queue for four people."**\n\nI chose it because', "A queue for four people"),
        ("Title: A queue", "A queue"),
        ("# A queue", "A queue"),
        ("@everyone look: <@123> a `queue`", "everyone look: 123 a queue"),
        ("[a queue](javascript:x)", "a queue(javascript:x)"),
        ("word " * 40, " ".join(["word"] * 11) + "…"),
        ("작업 대기열 고르기", "작업 대기열 고르기"),
        ("a\u202ebc def", "abc def"),
        ("", ""),
        ("...", ""),
        ("I'm sorry, I cannot do that", ""),
        ("As a model I cannot", ""),
        ("Claude on queues", ""),
        ("What Orca says of queues", ""),
        ("See https://a.example", ""),
        ("join discord.gg/abc", ""),
    ],
)
def test_a_title_is_one_harmless_line_that_names_no_model(written: str, title: str) -> None:
    assert title_in(written, MODELS) == title


@given(st.text(max_size=5_000))
def test_for_any_text_a_title_is_short_and_pings_nobody(text: str) -> None:
    title = title_in(text, MODELS)

    assert len(title) <= 60
    assert "\n" not in title
    assert not set("@<>`|*_[]") & set(title)
    is_good_name(text)


def test_a_text_made_to_be_slow_is_read_at_once() -> None:
    for text in ("hi " * 50_000, "a" * 200_000, "http://" * 50_000, "x." * 100_000, "@" * 200_000):
        is_good_name(text)
        title_in(text, MODELS)
