"""Posts that wait for their turn: what is shown of them, and in which order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.chat import HEADLINE, RANKING, answer_key
from bot.conversation.showing import Showing
from bot.conversation.turns import Turn, Turns, Worth
from bot.document import Document, Text
from bot.errors import Owed, StoreFailed

A, B = answer_key("A"), answer_key("B")
# Longer than anybody here waits.
NEVER = 3_600.0


def said(text: str) -> Document:
    return Document((Text(text),))


def live(text: str) -> Document:
    return Document((Text(text),), state="live")


class Crowded:
    """A reply on a platform that has room for what is worth at least so much."""

    interval_seconds = 0.0

    def __init__(self, worth: Worth) -> None:
        self.turns = Turns(lambda each: 0.0 if each <= worth else NEVER)
        self.shown: list[tuple[str, str]] = []
        self.owes = 0
        self.takes_edits = asyncio.Event()  # of the headline; else it is long about them
        self.takes_edits.set()
        self.knows_turns = True

    async def turn(self, key: str, worth: Worth) -> Turn:
        if not self.knows_turns:
            self.knows_turns = True
            raise StoreFailed("The store cannot be read.")
        return self.turns.join(("place",), worth)

    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        self.shown.append((key, str(document.blocks[0].text)))  # type: ignore[union-attr]
        if key == HEADLINE:
            await self.takes_edits.wait()
        if self.owes:
            self.owes -= 1
            raise Owed


@asynccontextmanager
async def showing(
    worth: Worth, *, time_scale: float = 0.001
) -> AsyncIterator[tuple[Showing, Crowded]]:
    reply = Crowded(worth)
    await reply.turns.take(("before",), Worth.VERDICT)
    shown = Showing(reply, "run", time_scale=time_scale)
    try:
        yield shown, reply
    finally:
        await shown.close()


async def a_while() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_state_that_is_overtaken_while_it_waits_is_never_shown() -> None:
    async with showing(Worth.VERDICT) as (posts, reply):
        posts.update({HEADLINE: live("one answer")})
        await a_while()
        posts.update({HEADLINE: live("two answers")})
        await a_while()
        assert reply.shown == []
        posts.update({HEADLINE: said("Yes.")})
        posts.end()
        await posts.delivered()
        assert reply.shown == [(HEADLINE, "Yes.")]


async def test_what_others_wait_for_to_come_first_is_worth_as_much_as_they_are() -> None:
    async with showing(Worth.ANSWER) as (posts, reply):
        posts.update({HEADLINE: live("asked"), A: live("A writes"), B: live("B writes")})
        await a_while()
        assert reply.shown == [(HEADLINE, "asked")]
        posts.update({B: said("B")})
        await a_while()
        assert reply.shown == [(HEADLINE, "asked"), (A, "A writes"), (B, "B")]


async def test_progress_waits_where_there_is_room_for_no_more_than_answers() -> None:
    async with showing(Worth.ANSWER) as (posts, reply):
        posts.update({HEADLINE: live("asked")})
        await a_while()
        posts.update({HEADLINE: live("an answer")})
        await a_while()
        posts.update({A: said("A"), B: said("B")})
        await a_while()
        assert reply.shown == [(HEADLINE, "asked"), (A, "A"), (B, "B")]


async def test_nobody_is_notified_before_the_verdict_stands_there() -> None:
    async with showing(Worth.BESIDES, time_scale=1.0) as (posts, reply):
        posts.update({HEADLINE: live("asked"), A: said("A")})
        await a_while()
        reply.takes_edits.clear()
        posts.update({HEADLINE: live("more")})
        await a_while()
        posts.update({HEADLINE: said("Yes."), RANKING: said("A first")})
        await a_while()
        assert [key for key, _ in reply.shown[2:]] == [HEADLINE]
        reply.takes_edits.set()
        posts.end()
        await posts.delivered()
        assert reply.shown[2:] == [(HEADLINE, "more"), (HEADLINE, "Yes."), (RANKING, "A first")]


async def test_what_is_owed_keeps_nobody_waiting_and_is_shown_later() -> None:
    async with showing(Worth.VERDICT) as (posts, reply):
        reply.owes = 2
        posts.update({HEADLINE: said("Yes.")})
        posts.end()
        await posts.tried()
        assert posts.seen
        assert not posts.complete
        await posts.delivered()
        assert posts.complete
        assert reply.shown == [(HEADLINE, "Yes.")] * 3


async def test_a_post_whose_turn_nobody_could_tell_is_shown_later() -> None:
    async with showing(Worth.VERDICT) as (posts, reply):
        reply.knows_turns = False
        posts.update({HEADLINE: said("Yes.")})
        posts.end()
        await posts.delivered()
        assert posts.complete
        assert reply.shown == [(HEADLINE, "Yes.")]
