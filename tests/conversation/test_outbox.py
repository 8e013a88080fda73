"""The outbox: a post comes once, whatever nobody heard of. The platform is a list here."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from bot.chat import TRIAL
from bot.conversation.outbox import Edited, Outbox, Sending
from bot.conversation.persistence import Line
from bot.council import Council, Question
from bot.errors import StoreFailed, Undeliverable
from bot.records import Case, Stop
from bot.store.store import Store

LOST, REFUSED = ConnectionError("no answer"), Undeliverable("not now")


class Wall:
    """Takes posts, whose ids are their places. `troubles` come in turn: a refusal in the place of
    the post, anything else behind its back."""

    def __init__(self, *troubles: Exception) -> None:
        self.posts: list[str] = []
        self.looks = 0
        self.is_frozen = False
        self.keeps = False
        self._troubles = list(troubles)

    def sending(self, text: str) -> Sending:
        return Sending(text, partial(self._send, text), self._find, self._edit, self._remove)

    async def _send(self, text: str) -> str:
        trouble = self._troubles.pop(0) if self._troubles else None
        if trouble is not REFUSED:
            self.posts.append(text)
        if trouble:
            raise trouble
        return str(len(self.posts) - 1)

    async def _find(self, besides: str) -> str | None:
        self.looks += 1
        return next((str(n) for n in range(len(self.posts)) if str(n) != besides), None)

    async def _edit(self, id: str) -> Edited:
        return Edited.FROZEN if self.is_frozen else Edited.DONE

    async def _remove(self, id: str) -> None:
        if self.keeps:
            raise REFUSED
        self.posts[int(id)] = ""


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = await Store.open(":memory:", holder="a test")
    question = Question("one", "Why?", 1, datetime(2026, 11, 29, tzinfo=UTC))
    await store.create(Case(question, Council(("lab/a", "lab/b"), "lab/c"), "slack"))
    yield store
    await store.close()


def outbox(store: Store, *, remembers_seconds: float = 0.0) -> Outbox:
    """Of a process that begins here."""

    def is_passing(error: Exception) -> bool:
        return error is LOST

    line = Line(is_passing, (Undeliverable,), 0.001, remembers_seconds=remembers_seconds)
    return Outbox(store, "one", "slack", line)


async def test_what_nobody_heard_of_is_found_instead_of_sent_again(store: Store) -> None:
    wall = Wall(LOST)
    assert await outbox(store).show("headline", 0, wall.sending("hello")) == "0"
    assert (wall.posts, wall.looks) == (["hello"], 1)


async def test_a_platform_that_remembers_is_asked_again_without_a_look(store: Store) -> None:
    wall = Wall(LOST)
    await outbox(store, remembers_seconds=60).show("headline", 0, wall.sending("hello"))
    assert (len(wall.posts), wall.looks) == (2, 0)


async def test_a_refused_post_is_sent_later_without_a_look(store: Store) -> None:
    wall, box = Wall(REFUSED), outbox(store)
    with pytest.raises(Undeliverable):
        await box.show("headline", 0, wall.sending("hello"))
    await box.show("headline", 0, wall.sending("hello"))
    assert (wall.posts, wall.looks) == (["hello"], 0)


async def test_a_refusal_after_a_lost_answer_says_nothing_of_the_first_try(store: Store) -> None:
    wall, box = Wall(LOST, REFUSED), outbox(store, remembers_seconds=60)
    with pytest.raises(Undeliverable):
        await box.show("headline", 0, wall.sending("hello"))
    assert await box.show("headline", 0, wall.sending("hello")) == "0"
    assert (wall.posts, wall.looks) == (["hello"], 1)


@pytest.mark.parametrize("remembers_seconds", [0.0, 60.0])
async def test_a_post_that_could_not_be_noted_comes_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, remembers_seconds: float
) -> None:
    wall, box = Wall(), outbox(store, remembers_seconds=remembers_seconds)

    async def full(*arguments: Any) -> None:
        raise StoreFailed("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(store, "confirm_post", full)
        with pytest.raises(StoreFailed):
            await box.show("headline", 0, wall.sending("hello"))
    for later in (box, outbox(store)):
        assert await later.show("headline", 0, wall.sending("hello")) == "0"
    assert wall.posts == ["hello"]


async def test_a_post_that_nobody_may_edit_is_replaced(store: Store) -> None:
    wall = Wall()
    await outbox(store).show("headline", 0, wall.sending("live"))
    wall.is_frozen = True
    assert await outbox(store).show("headline", 0, wall.sending("final")) == "1"
    assert wall.posts == ["", "final"]
    assert await outbox(store).first("headline") == "1"
    assert await store.posts_to_remove() == 0


async def test_what_was_replaced_is_removed_later_where_it_cannot_be_now(store: Store) -> None:
    wall = Wall()
    await outbox(store).show("headline", 0, wall.sending("live"))
    wall.is_frozen = wall.keeps = True
    assert await outbox(store).show("headline", 0, wall.sending("final")) == "1"
    assert await store.removals("slack", datetime(2026, 11, 29, tzinfo=UTC), 10) == ("0",)


async def delivered(store: Store, wall: Wall) -> Outbox:
    """Of a later process, where everything stood there in its last state."""
    await outbox(store).show("ranking", 0, wall.sending("a ranking"))
    await (await store.begin("one")).stop(Stop("place", datetime(2026, 11, 29, tzinfo=UTC)))
    await store.delivered("one")
    return outbox(store)


async def test_what_stands_is_still_edited_when_all_is_over(store: Store) -> None:
    wall = Wall()
    later = await delivered(store, wall)

    assert await later.show("ranking", 0, wall.sending("votes")) == "0"
    assert [post.digest for post in await store.posts("one")] == ["votes"]
    assert wall.posts == ["a ranking"]


async def test_when_all_is_over_nothing_is_posted_any_more(store: Store) -> None:
    wall = Wall()
    later = await delivered(store, wall)
    wall.is_frozen = True

    assert await later.show("ranking", 1, wall.sending("more")) is None
    assert await later.show("ranking", 0, wall.sending("votes")) == "0"
    assert wall.posts == ["a ranking"]
    assert [post.key for post in await store.posts("one")] == ["ranking"]


async def test_when_all_is_over_what_was_deleted_stays_deleted_and_no_emoji_are_offered(
    store: Store,
) -> None:
    wall, offered = Wall(), []
    later = await delivered(store, wall)
    await store.mark_deleted("slack", "0")

    async def react(emoji: str) -> bool:
        offered.append(emoji)
        return True

    assert await later.show("ranking", 0, wall.sending("votes")) is None
    await later.seed("ranking", react)
    assert (wall.posts, offered) == (["a ranking"], [])


async def test_what_came_of_a_trial_is_posted_when_all_is_over_and_once(store: Store) -> None:
    wall = Wall()
    later = await delivered(store, wall)

    assert await later.show(TRIAL, 0, wall.sending("people prefer it")) == "1"
    assert await outbox(store).show(TRIAL, 0, wall.sending("people prefer it")) == "1"
    assert wall.posts == ["a ranking", "people prefer it"]
