"""People on a local platform, and what they get to see of the council.

The same acts on each: ask, press, type a command, look. Each look is a `Scene`.
"""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from bot.chat import HEADLINE, answer_key
from bot.conversation.app import App
from bot.conversation.loops import Handling
from bot.protocol.patience import Patience
from bot.records import Case, Reaction, ReactionValue
from tests.fakes.watched import eventually
from tests.pictures.scenes import Platform, Scene
from tests.pictures.script import CHAIRMAN, LABELS, MEMBERS, Models

T = TypeVar("T")


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
    def client(self) -> Handling: ...

    @property
    @abstractmethod
    def place_id(self) -> str:
        """The platform's own id of the channel."""

    @abstractmethod
    async def ask(
        self, text: str, *, in_thread: bool = False, files: Mapping[str, bytes] | None = None
    ) -> None: ...

    @abstractmethod
    def thread(self, name: str) -> Scene:
        """The thread of the first question, from the question on."""

    @abstractmethod
    async def click(self, what: str) -> Any:
        """Press the first control of the thread that does this, a pattern of its id."""

    @abstractmethod
    async def press(self, name: str, what: str) -> Scene:
        """What is shown to her alone once she has."""

    @abstractmethod
    async def opened(self, name: str, key: str, fold: int = 0) -> Scene:
        """What she sees once she has opened a fold of this post."""

    @abstractmethod
    async def refused(self, name: str, text: str) -> Scene:
        """A question that is not taken up, and what is said about it."""

    @abstractmethod
    async def command(self, name: str, text: str) -> Scene:
        """What is shown to her alone once she has typed `/council` and this."""

    def __init__(self) -> None:
        self._asked: list[str] = []

    async def offered(self, what: str) -> None:
        """Until `click` would find it: on Slack an edit waits for those before it."""

        async def there() -> bool:
            shown = self.thread("").to_json()
            return re.search(rf'_id": "[^"]*{what}"', shown) is not None

        await eventually(there)

    async def tells(self, words: str) -> None:
        """Until the thread says so."""

        async def there() -> bool:
            return words in self.thread("").to_json()

        await eventually(there)

    async def begun(self) -> None:
        """Until the newest question has its first post."""
        await self._post_id(HEADLINE, len(self._asked) - 1)

    async def finished(self) -> None:
        """Until every question is over, everything posted, and emoji to vote with are offered."""
        for run in range(len(self._asked)):
            await self._case(run)

        async def done() -> bool:
            return not await self.app.store.unfinished(self.platform)

        await eventually(done)
        while tasks := set(self.client._tasks):  # as those that offer emoji
            await asyncio.wait(tasks)
        await self._quiet()

    async def voted(self, target: str, value: ReactionValue) -> None:
        """She gave this vote on the first question."""
        case = await self._case(0)
        given = Reaction(case.id, target, case.asker or "", value, self.app.now(), blind=True)
        await self.app.store.react(given)

    async def answered(self, count: int) -> None:
        """Until so many answers to the newest question are in and shown."""
        await self._in("answer", count)

    async def revised(self, count: int) -> None:
        """The same of revisions in a debate."""
        await self._in("revision", count)

    async def _in(self, stage: str, count: int) -> None:
        case = await self._case(len(self._asked) - 1)

        async def given() -> bool:
            calls = await self.app.store.calls(case.id)
            return sum(call.stage == stage for call in calls) >= count

        await eventually(given)
        await self._quiet()

    async def all_posted(self) -> None:
        """Until each member has a post under the newest question, whatever it tells by then: where it
        has any."""
        case = await self._case(len(self._asked) - 1)
        for label in () if case.rests_on else LABELS:
            await self._post_id(answer_key(label), len(self._asked) - 1)

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
    """Those of `running_app`. Nobody is asked twice or given up because the machine is busy."""
    return {
        "members": MEMBERS,
        "chairman": CHAIRMAN,
        "clock": models.clock,
        "patience": Patience(),
    }


def first(what: str, offered: Sequence[tuple[str, T]]) -> tuple[str, T]:
    """Of controls, by their ids, the first that the pattern fits."""
    for id, place in offered:
        if re.search(what, id):
            return id, place
    raise LookupError(f"nothing does {what}; there are {[id for id, _ in offered]}")
