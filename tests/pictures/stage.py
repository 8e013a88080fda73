"""People on a local platform, and what they get to see of the council.

The same acts on each: ask, press, type a command, look. Each look is a `Scene`.
"""

import asyncio
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import Any

from bot.conversation.app import App
from bot.records import Case
from tests.fakes.watched import eventually
from tests.pictures.scenes import Platform, Scene
from tests.pictures.script import CHAIRMAN, MEMBERS, Models


class Stage(ABC):
    """Alice in #general; she may change everything."""

    platform: Platform
    app: App
    models: Models

    @abstractmethod
    def open(self, models: Models) -> AbstractAsyncContextManager["Stage"]:
        """The bot online, until its orderly end."""

    @property
    @abstractmethod
    def place_id(self) -> str:
        """The platform's own id of the channel."""

    @abstractmethod
    async def ask(self, text: str, *, in_thread: bool = False) -> None: ...

    @abstractmethod
    def thread(self, name: str) -> Scene:
        """The thread of the first question, from the question on."""

    @abstractmethod
    async def click(self, message: Any, what: str) -> Any:
        """Press the control that does this, a pattern of its id."""

    @abstractmethod
    async def opened(self, name: str, key: str) -> Scene:
        """What she sees once she has opened the fold of this post."""

    @abstractmethod
    async def refused(self, name: str, text: str) -> Scene:
        """A question that is not taken up, and what is said about it."""

    @abstractmethod
    async def post(self, key: str, run: int = 0) -> Any:
        """The first message of this post, once it is there."""

    @abstractmethod
    async def press(self, name: str, message: Any, what: str) -> Scene:
        """What is shown to her alone once she has pressed the control that does this."""

    @abstractmethod
    async def command(self, name: str, text: str) -> Scene:
        """What is shown to her alone once she has typed `/council` and this."""

    def __init__(self) -> None:
        self._asked: list[str] = []

    async def finished(self) -> None:
        """Until every question is over and nothing more is to be posted."""
        for run in range(len(self._asked)):
            await self._case(run)

        async def done() -> bool:
            return not await self.app.store.unfinished(self.platform)

        await eventually(done)

    async def answered(self, count: int) -> None:
        """Until so many answers to the newest question are in and shown."""
        case = await self._case(len(self._asked) - 1)

        async def given() -> bool:
            calls = await self.app.store.calls(case.id)
            return sum(call.stage == "answer" for call in calls) >= count

        await eventually(given)
        await self._quiet()

    async def _quiet(self) -> None:
        """Until the thread has stood still for a moment: only somebody who looks needs that."""
        shown = None
        while shown != (shown := self.thread("").to_json()):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.5)

    async def _case(self, run: int) -> Case:
        found = await eventually(lambda: self.app.store.case_of_mention(self._asked[run]))
        assert found
        return found

    async def _post_id(self, key: str, run: int) -> str:
        """The platform's own id of it, without its channel's."""
        case = await self._case(run)

        async def found() -> str | None:
            posts = await self.app.store.posts(case.id)
            return next((p.post_id for p in posts if p.key == key and p.part == 0), None)

        return (await eventually(found) or "").partition("/")[2]


def settings(models: Models) -> dict[str, Any]:
    """Those of `running_app`."""
    return {"members": MEMBERS, "chairman": CHAIRMAN, "clock": models.clock}
