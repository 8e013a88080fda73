"""How much of a thread goes along: it fits, the newest is whole, and nothing is summed up in vain."""

from hypothesis import given
from hypothesis import strategies as st

from bot.council import Earlier
from bot.protocol.past import Split, bytes_of, past, room, split
from bot.protocol.shortening import size

SIZES = st.lists(st.integers(250, 40_000), min_size=1, max_size=12)
ROOMS = st.integers(5_000, 400_000)
TEXTS = st.text(max_size=3_000)


def test_a_quarter_of_the_smallest_context_is_room_for_a_thread() -> None:
    assert room([128_000, 8_000, 200_000]) == 5_000
    assert room([128_000, None]) == 5_120


def test_what_fits_is_not_summed_up() -> None:
    assert split([1_000, 1_000, 3_000], {}, 5_000) == Split(0)


def test_half_of_the_room_is_left_for_the_questions_to_come() -> None:
    assert split([1_000] * 6, {}, 5_000) == Split(folded=4)


def test_a_recap_that_is_there_is_taken_where_the_rest_fits_beside_it() -> None:
    assert split([1_000] * 6, {2: 500, 4: 500}, 5_000) == Split(folded=2, summed=2)


def test_a_recap_that_is_too_short_by_now_is_gone_on_from() -> None:
    assert split([1_000] * 9, {2: 500}, 5_000) == Split(folded=7, summed=2)


@given(SIZES, ROOMS, st.dictionaries(st.integers(1, 12), st.integers(0, 2_000)))
def test_the_newest_turn_is_always_told_and_a_recap_only_where_all_is_too_much(
    sizes: list[int], room: int, recaps: dict[int, int]
) -> None:
    found = split(sizes, recaps, room)

    assert 0 <= found.summed <= found.folded < len(sizes)
    assert (found.folded == 0) or sum(sizes) > room


@given(st.lists(st.builds(Earlier, TEXTS, TEXTS), min_size=1, max_size=6), TEXTS, ROOMS)
def test_for_any_thread_what_goes_along_fits(turns: list[Earlier], recap: str, room: int) -> None:
    found = split([bytes_of(turn) for turn in turns], {}, room)
    known = past(turns[found.folded :], recap, found.folded, room)

    limit = known.limit
    texts = [text for turn in known.turns for text in (turn.question, turn.verdict)]
    told = sum(size(text if limit is None else text[:limit]) for text in texts)
    mark = 50
    assert told + size(known.recap) <= room + mark
