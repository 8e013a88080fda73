"""A deliberation that is followed from elsewhere: what is seen of it goes on from run to run, never back."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.board import Board
from bot.conversation.events_text import text_of
from bot.conversation.seen import Seen
from bot.council import Council
from bot.protocol.events import Event, Progress, VerdictAsked, VerdictText
from bot.records import Told
from bot.store.store import Store
from tests.fakes.provider import FakeProvider
from tests.protocol.deliberating import FOUR, question, run

COUNCIL = Council(FOUR.members, FOUR.chairman, mode="debate")


@cache
def events() -> Sequence[Event]:
    """What a whole deliberation tells."""

    async def told() -> Sequence[Event]:
        store = await Store.open(":memory:", holder="tests")
        try:
            return (await run(store, FakeProvider(), council=COUNCIL)).events
        finally:
            await store.close()

    return [event for event in asyncio.run(told()) if not isinstance(event, VerdictText)]


def board() -> Board:
    return Board(question(), COUNCIL, ())


def told(token: int, after: int, until: int, draft: str | None = None) -> Told:
    """These events, by the run of this token."""
    texts = map(text_of, events()[after:until])
    return Told(token, tuple(enumerate(texts, after + 1)), draft, over=False)


def how_far(progress: Progress) -> tuple[int, int, int, int]:
    """What a reader can count."""
    return (
        bool(progress.finished),
        progress.author is not None,
        len(progress.reviewed),
        len(progress.answers),
    )


def whole(board: Board) -> Progress:
    for event in events():
        board.emit(event)
    return board.progress


cuts = st.lists(st.integers(0, 40), max_size=6).map(sorted)


@given(st.lists(cuts, min_size=1, max_size=3))
def test_however_often_another_run_goes_on_nothing_that_was_seen_goes_back(
    runs: list[list[int]],
) -> None:
    """Each run tells the past again, in groups; all but the last break off."""
    shown = board()
    seen, last = Seen(shown), how_far(shown.progress)
    for token, groups in enumerate(runs, 1):
        ends = [min(each, len(events())) for each in groups]
        if token == len(runs):
            ends.append(len(events()))
        for after, until in zip([0, *ends], ends, strict=False):
            seen.see(told(token, after, until))
            assert how_far(shown.progress) >= last
            last = how_far(shown.progress)
    assert shown.progress == whole(board())


def test_a_draft_is_shown_and_another_author_s_is_not_theirs() -> None:
    shown = board()
    seen = Seen(shown)
    seen.see(told(1, 0, len(events()) - 1, "The verdict"))
    assert shown.progress.draft
    assert shown.progress.draft.text == "The verdict"
    seen.see(Told(1, ((99, text_of(VerdictAsked(0))),), "", over=False))
    assert shown.progress.draft is None


def test_what_another_version_tells_is_skipped_and_the_rest_is_seen(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shown = board()
    seen = Seen(shown)
    first, second = map(text_of, events()[:2])
    seen.see(Told(1, ((1, first), (2, "Promoted {}"), (3, second)), None, over=False))
    assert (seen.n, len(shown.progress.answers)) == (3, 1)
    assert "another version" in caplog.text


def test_the_question_that_was_read_meanwhile_stays() -> None:
    shown = board()
    seen = Seen(shown)
    shown.read(replace(question(), unread=("A file.",)))
    seen.see(told(1, 0, 3))
    assert shown.progress.question.unread == ("A file.",)
