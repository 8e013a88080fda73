"""Who gets the next turn. Time is a loop's that jumps to its next timer."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.turns import Place, Spaced, Turns, Worth
from tests.world.loop import WorldLoop


@contextmanager
def _loop() -> Iterator[WorldLoop]:
    loop = WorldLoop(Random(1))
    try:
        yield loop
    finally:
        loop.close()


def played(scene: Callable[[], Coroutine[Any, Any, None]]) -> float:
    """How long it took by the loop's own clock."""
    with _loop() as loop:
        loop.run_until_complete(scene())
        return loop.time()


class Queue:
    """Turns a second apart, and who got one when."""

    def __init__(self, turns: Turns | None = None) -> None:
        self.turns = turns or Turns(lambda _: 1.0)
        self.order: list[str] = []
        self.times: list[float] = []
        self._tasks: list[asyncio.Task[None]] = []

    def wait(self, name: str, *place: str, worth: Worth = Worth.ANSWER) -> asyncio.Task[None]:
        turn = self.turns.join(place or (name,), worth)

        async def come() -> None:
            await turn.come()
            self.order.append(name)
            self.times.append(asyncio.get_running_loop().time())

        self._tasks.append(asyncio.ensure_future(come()))
        return self._tasks[-1]

    async def done(self) -> None:
        await asyncio.wait(self._tasks)


def test_a_verdict_passes_everything_that_waits() -> None:
    order: list[str] = []

    async def scene() -> None:
        queue = Queue()
        queue.wait("first", worth=Worth.BESIDES)
        for worth in reversed(Worth):
            queue.wait(worth.name, worth=worth)
        await queue.done()
        order.extend(queue.order)

    played(scene)
    assert order == [
        "first",
        "VERDICT",
        "OPENING",
        "ANSWER",
        "RANKING",
        "LIVE",
        "BESIDES",
    ]


def test_turns_keep_their_distance() -> None:
    times: list[float] = []

    async def scene() -> None:
        queue = Queue()
        for n in range(4):
            queue.wait(str(n))
        await queue.done()
        times.extend(queue.times)

    played(scene)
    assert times == [0.0, 1.0, 2.0, 3.0]


def test_a_large_server_a_busy_channel_and_a_huge_thread_hold_no_other() -> None:
    order: list[str] = []

    async def scene() -> None:
        queue = Queue()
        for n in range(5):
            queue.wait(f"huge {n}", "large", "busy", "huge")
        queue.wait("small thread", "large", "busy", "small")
        queue.wait("quiet channel", "large", "quiet", "one")
        queue.wait("little server", "little", "one", "one")
        await queue.done()
        order.extend(queue.order)

    played(scene)
    assert order == [
        "huge 0",
        "huge 1",
        "little server",
        "quiet channel",
        "small thread",
        "huge 2",
        "huge 3",
        "huge 4",
    ]


def test_what_became_worthier_passes_what_came_before_it() -> None:
    order: list[str] = []

    async def scene() -> None:
        queue = Queue()
        queue.wait("first")
        queue.wait("answer")
        turn = queue.turns.join(("late",), Worth.LIVE)

        async def late() -> None:
            await turn.come()
            order.append("late")

        task = asyncio.ensure_future(late())
        turn.hurry(Worth.VERDICT)
        turn.hurry(Worth.RANKING)  # which it is not any more
        await queue.done()
        await task
        order.extend(queue.order)

    assert played(scene) == 2.0
    assert order == ["late", "first", "answer"]


def test_who_is_cancelled_takes_no_turn_from_another() -> None:
    order: list[str] = []

    async def scene() -> None:
        queue = Queue()
        queue.wait("first")
        gone = queue.wait("gone")
        queue.wait("last")
        await asyncio.sleep(0.5)
        gone.cancel()
        await queue.done()
        order.extend(queue.order)

    assert played(scene) == 1.0
    assert order == ["first", "last"]


def test_a_place_rests_and_others_go_on() -> None:
    seen: list[tuple[str, float]] = []

    async def scene() -> None:
        queue = Queue(Turns(lambda _: 0.0, rest_seconds=2.0))
        queue.wait("a1", "a", "1")
        queue.wait("a2", "a", "2", worth=Worth.LIVE)
        queue.wait("a3", "a", "3", worth=Worth.VERDICT)
        queue.wait("b1", "b", "1", worth=Worth.LIVE)
        await queue.done()
        seen.extend(zip(queue.order, queue.times, strict=True))

    played(scene)
    assert sorted(seen) == [("a1", 0.0), ("a2", 4.0), ("a3", 2.0), ("b1", 0.0)]


def test_no_turn_is_given_before_the_last_one_is_used() -> None:
    times: list[float] = []

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        queue = Queue(Turns(lambda _: 1.0, is_free=lambda _: not 0.5 < loop.time() < 4.5))
        queue.wait("one")
        queue.wait("two")
        await queue.done()
        times.extend(queue.times)

    played(scene)
    assert times == [0.0, 5.0]


def test_after_a_pause_the_worthiest_goes_on() -> None:
    seen: list[tuple[str, float]] = []

    async def scene() -> None:
        queue = Queue()
        queue.turns.pause(30.0)
        queue.wait("answer")
        queue.wait("verdict", worth=Worth.VERDICT)
        await queue.done()
        seen.extend(zip(queue.order, queue.times, strict=True))

    played(scene)
    assert seen == [("verdict", 31.0), ("answer", 32.0)]


PLACES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple)
WAITERS = st.lists(st.tuples(PLACES, st.sampled_from(Worth)), max_size=30)


@given(WAITERS)
def test_for_any_crowd_everybody_gets_a_turn_and_the_worthiest_first(
    waiters: list[tuple[Place, Worth]],
) -> None:
    got: list[Worth] = []

    async def scene() -> None:
        turns = Turns(lambda _: 1.0)
        await turns.take(("before",), Worth.VERDICT)

        async def wait(place: Place, worth: Worth) -> None:
            await turns.take((*place, "end"), worth)
            got.append(worth)

        async with asyncio.TaskGroup() as group:
            for place, worth in waiters:
                group.create_task(wait(place, worth))

    played(scene)
    assert got == sorted(worth for _, worth in waiters)


@given(st.integers(1, 20), st.integers(1, 20))
def test_for_any_two_crowds_each_of_two_places_gets_every_other_turn(one: int, two: int) -> None:
    order: list[str] = []

    async def scene() -> None:
        queue = Queue()
        queue.wait("before")
        for n in range(one):
            queue.wait("one", "one", str(n))
        for n in range(two):
            queue.wait("two", "two", str(n))
        await queue.done()
        order.extend(queue.order[1:])

    played(scene)
    shared = 2 * min(one, two)
    assert order[:shared] == ["one", "two"] * (shared // 2)


@pytest.mark.parametrize("worth", [Worth.LIVE, Worth.VERDICT])
def test_alone_nobody_waits(worth: Worth) -> None:
    async def scene() -> None:
        await Turns(lambda _: 1.0).take(("place",), worth)

    assert played(scene) == 0.0


def test_those_that_are_spaced_keep_their_distance_when_a_busy_loop_wakes_up_late() -> None:
    times: list[float] = []

    async def scene() -> None:
        loop, spaced = asyncio.get_running_loop(), Spaced(1.0)
        assert isinstance(loop, WorldLoop)

        async def wait() -> None:
            await spaced.wait()
            times.append(loop.time())

        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(wait())
            loop.call_later(0.5, loop.stall, 3.0)

    played(scene)
    assert times[0] == 0.0
    assert times[1] > 3.0
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))
