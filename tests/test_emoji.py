"""Which emoji on which post is which vote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import emoji as reactions


@pytest.mark.parametrize(
    ("key", "emoji", "value"),
    [
        ("answer:A", "👍", "accept"),
        ("answer:A", "👎", "reject"),
        ("answer:A", "🏆", "best"),
        ("headline", "👍", "accept"),
        ("headline", "👎", "reject"),
        ("verdict", "👎", "reject"),
        ("ranking", "🚫", "none"),
        ("answer:T", "👍🏽", "accept"),
        ("answer:A", "👎\U0001f3ff", "reject"),
        ("answer:A", "🏆\ufe0f", "best"),
        ("ranking", "🚫\ufe0f", "none"),
    ],
)
def test_a_vote_is_read_whatever_its_skin_tone_or_presentation(
    key: str, emoji: str, value: str
) -> None:
    assert reactions.value(key, emoji) == value


@pytest.mark.parametrize(
    ("key", "emoji"),
    [
        ("headline", "🏆"),
        ("headline", "🚫"),
        ("ranking", "👍"),
        ("ranking", "🏆"),
        ("answer:A", "🚫"),
        ("answer:A", "🎉"),
        ("answer:A", ""),
        ("answer:A", "🏽"),
        ("answer:A", "👍👎"),
        ("answer:A", "custom"),
    ],
)
def test_any_other_emoji_is_no_vote_there(key: str, emoji: str) -> None:
    assert reactions.value(key, emoji) is None


@pytest.mark.parametrize(
    ("key", "target", "name"),
    [
        ("headline", "verdict", "verdict"),
        ("verdict", "verdict", "verdict"),
        ("ranking", "none", "ranking"),
        ("answer:A", "A", "A"),
        ("answer:T", "T", "T"),
        ("welcome", None, ""),
    ],
)
def test_a_posts_key_says_what_a_vote_is_about(key: str, target: str | None, name: str) -> None:
    assert reactions.target(key) == target
    assert reactions.part_name(key) == name


@pytest.mark.parametrize(
    ("key", "emoji"),
    [("answer:A", ("👍", "👎", "🏆")), ("headline", ("👍", "👎")), ("ranking", ("🚫",))],
)
def test_a_post_offers_its_votes_in_the_order_of_the_legend(
    key: str, emoji: tuple[str, ...]
) -> None:
    assert reactions.offered(key) == emoji


@given(st.text())
def test_for_any_text_reading_it_as_a_vote_is_total(emoji: str) -> None:
    assert reactions.value("answer:A", emoji) in {"accept", "reject", "best", None}
