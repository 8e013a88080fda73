"""Events cross from one process to another as text, and whoever folds them sees the same."""

from functools import reduce
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.events_text import event_of, text_of
from bot.council import Council
from bot.modes import MODES
from bot.protocol.events import Event, Progress, VerdictText, advance
from bot.store.store import Store
from tests.fakes.provider import FakeProvider
from tests.protocol.deliberating import FOUR, Run, question, run

KINDS = [kind for kind in get_args(Event) if kind is not VerdictText]
# JSON has no others, and none is emitted.
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ASKED = Progress(question(), FOUR)


def events() -> st.SearchStrategy[Event]:
    st.register_type_strategy(float, NUMBERS)
    return st.one_of(*map(st.from_type, KINDS))


@given(events())
def test_any_event_comes_back_as_it_was_and_advances_as_before(event: Event) -> None:
    back = event_of(text_of(event))
    assert back == event
    assert advance(ASKED, back) == advance(ASKED, event)


async def deliberated(mode: str) -> Run:
    store = await Store.open(":memory:", holder="tests")
    try:
        council = Council(FOUR.members, FOUR.chairman, mode=mode, audit="on")
        return await run(store, FakeProvider(), council=council)
    finally:
        await store.close()


@pytest.mark.parametrize("mode", MODES)
async def test_a_whole_deliberation_told_as_text_makes_the_same_progress(mode: str) -> None:
    events = [e for e in (await deliberated(mode)).events if not isinstance(e, VerdictText)]
    told = map(event_of, map(text_of, events))
    assert reduce(advance, told, ASKED) == reduce(advance, events, ASKED)


@pytest.mark.parametrize("text", ["Promoted {}", "Finished", "Started {", "Enough null", ""])
def test_what_another_version_wrote_is_refused_in_words_that_quote_nothing(text: str) -> None:
    with pytest.raises(ValueError, match=r"event|cannot be read"):
        event_of(text)
