"""What is cut of texts that are too long, and that nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.protocol.shortening import common_limit, fitting_limit, reading_limit, shortened

TEXTS = st.lists(st.text(max_size=60), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("lengths", "limit"),
    [
        ([2_000, 2_500, 2_000, 40_000], 6_750),
        # Three times a short median is still a short answer.
        ([40, 50, 60, 2_900], None),
        ([40, 50, 60, 9_000], 3_000),
        # All long: nobody is far longer than the others.
        ([30_000, 32_000, 40_000, 80_000], None),
        # Of two, either could be the usual one.
        ([1_000, 30_000], None),
        ([], None),
    ],
)
def test_only_what_is_far_longer_than_the_median_is_cut(
    lengths: list[int], limit: int | None
) -> None:
    assert reading_limit(["x" * length for length in lengths]) == limit


@given(st.lists(st.integers(min_value=0, max_value=50_000), min_size=3, max_size=8))
def test_any_reviewer_reads_at_most_three_times_the_median_of_each(lengths: list[int]) -> None:
    texts = ["x" * length for length in lengths]
    limit = reading_limit(texts)
    read = [min(length, limit or length) for length in lengths]
    middle = (sorted(lengths)[len(lengths) // 2] + sorted(lengths)[(len(lengths) - 1) // 2]) / 2
    assert max(read) <= max(3 * middle, 3_000)


def test_a_cut_is_in_the_middle_and_says_how_much() -> None:
    text = "a" * 500 + "b" * 500
    assert shortened(text, 300) == (
        "a" * 200 + "\n\n[... 700 characters left out here ...]\n\n" + "b" * 100
    )
    assert shortened(text, 1_000) == shortened(text, None) == text


@given(TEXTS, st.integers(min_value=0, max_value=500))
def test_any_texts_cut_to_a_size_have_it_and_no_less(texts: list[str], size: int) -> None:
    limit = common_limit(texts, size)

    def together(limit: int) -> int:
        return sum(len(text[:limit].encode("utf-8", "replace")) for text in texts)

    assert together(limit) <= size
    assert limit == max(map(len, texts)) or together(limit + 1) > size


def test_the_longest_is_cut_first() -> None:
    texts = ["x" * 100, "y" * 5_000, "z" * 9_000]
    assert common_limit(texts, 10_100) == 5_000
    assert common_limit(texts, 5_100) == 2_500
    assert common_limit(texts, 100_000) == 9_000


ANSWERS = ["x" * 2_000, "y" * 2_000, "z" * 60_000]
PROMPT = "?" * 1_000 + "".join(ANSWERS)


@pytest.mark.parametrize(
    ("context", "prompt", "limit"),
    [
        # 3/4 of 8,000 tokens at 2.5 bytes, less 1,000 of the rest, 750 for marks and 4,000 for two.
        (8_000, 0, 9_250),
        # The server counted 16,250 tokens: four bytes each, of which a tenth is not counted on.
        (8_000, 16_250, 15_850),
        (0, 0, 1_976),
        (1_000, 0, None),
    ],
)
def test_a_quarter_of_the_context_is_left_for_what_is_to_be_written(
    context: int, prompt: int, limit: int | None
) -> None:
    found = fitting_limit(ANSWERS, PROMPT, context_tokens=context, prompt_tokens=prompt)
    assert found == limit


def test_nothing_is_left_out_for_a_question_that_is_too_long_itself() -> None:
    found = fitting_limit(["Yes."], "?" * 50_000, context_tokens=4_096, prompt_tokens=12_000)
    assert found is None
