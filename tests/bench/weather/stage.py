"""The real program over the strict local servers, on a clock of its own, with models under a weather.

Everything is as in `tests.world`, but that nothing goes wrong on the way: the app, the deliberation,
the store on SQLite, replies and their pacing are the product's, the platform's limits are enforced
by the local server, and time jumps.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

import bot.conversation.questions as questions
from bot.council import Deliberation
from bot.store.journal import Journal
from tests.bench.weather.models import Models, question_text
from tests.world.loop import Life
from tests.world.world import Plan, World, opened

Platform = Literal["slack", "discord"]

# Longer than anything is waited for where nothing goes wrong on the way.
LONGEST_SECONDS = 4 * 3600.0

_MARK = re.compile(r"\b(k\d+m\d+z|v\d+z)\b")
Finish = Callable[[Journal, Deliberation], Awaitable[None]]

_CASE = re.compile(r"\bcase (\d+)\?")


@dataclass
class Seen:
    """Moments on the world's clock, by the number of the question."""

    asked: dict[int, float] = field(default_factory=dict)
    ready: dict[int, float] = field(default_factory=dict)  # the verdict is in the journal
    results: dict[int, Deliberation] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)  # by the mark that a text is known by


class Stage:
    """`opened_stage` makes one. A question is put in a channel by a person of its own."""

    def __init__(self, world: World, platform: Platform, places: int) -> None:
        self.world, self.platform = world, platform
        self.seen = Seen()
        self._asking: list[Callable[[str], Any]] = []
        if platform == "slack":
            slack = world.slack
            for n in range(places):
                person = slack.create_user(f"person{n}")
                channel = slack.create_channel(f"channel{n}", person)
                self._asking.append(_asks(slack.mention, channel, person))
        else:
            discord = world.discord
            guild = discord.create_guild()
            for n in range(places):
                user = discord.create_user(f"person{n}", guild)
                self._asking.append(
                    _asks(discord.mention, discord.create_channel(guild, f"channel{n}"), user)
                )
        world.wires.seen = self._look

    def run(self, story: Callable[[], Any]) -> None:
        """The program from its start to its end, with what `story` does meanwhile."""
        self.world.loop.run_until_complete(self._live(story))

    def ask(self, number: int) -> None:
        self.seen.asked[number] = self.world.loop.time()
        self._asking[number % len(self._asking)](question_text(number))

    async def answered(self) -> None:
        """Until nothing is under way and no post is owed. Raises where that takes hours."""
        until = self.world.loop.time() + LONGEST_SECONDS
        while owed := self._owed():
            if self.world.loop.time() > until:
                raise RuntimeError(f"after hours there is still something owed: {owed}")
            await asyncio.sleep(5)

    def _owed(self) -> list[object]:
        """Questions without a verdict, and deliberations whose posts are not all there."""
        waiting = [number for number in self.seen.asked if number not in self.seen.ready]
        rows = self.world.disk.rows("SELECT id FROM deliberations WHERE delivered = 0 LIMIT 10")
        return [*waiting[:10], *(id for (id,) in rows)]

    @property
    def limits_passed(self) -> Counter[str]:
        """How often the platform refused a request as one too many, by its limit: a method, or a
        kind of request, or "global"."""
        limits = (
            [refused.limit for refused in self.world.slack.rate_limited]
            if self.platform == "slack"
            else [refused.bucket for refused in self.world.discord.rate_limited]
        )
        return Counter(limit.partition(":")[0] for limit in limits)

    async def _live(self, story: Callable[[], Any]) -> None:
        world, life = self.world, Life(1)
        world.lives.append(life)
        running = world.loop.begin(life, world.program.live(life), "program")
        app = await world.program.running()
        assert app is not None
        while len(app.platforms) < 2:  # noqa: ASYNC110 - platforms come when they are connected
            await asyncio.sleep(1)
        await asyncio.sleep(5)
        await story()
        world.program.over = True
        world.program.end()
        await running

    def _look(self, platform: str, kind: str, message: Any) -> None:
        text = message.shown if platform == "slack" else message.text
        for mark in _MARK.findall(text):
            self.seen.shown.setdefault(mark, self.world.loop.time())


def _asks(mention: Callable[..., Any], channel: Any, person: Any) -> Callable[[str], Any]:
    return lambda text: mention(channel, person, text)


@contextmanager
def opened_stage(
    models: Models, platform: Platform, *, seed: int, places: int, at_once: int
) -> Iterator[Stage]:
    """So many questions may be under way `at_once`, more than the program takes by itself."""
    with opened(seed, Plan(minutes=1e9), Random(seed)) as world:
        world.people.members, world.people.chairman = 4, 4
        world.program.environment = {"COUNCIL_AT_ONCE": str(at_once)}
        world.models = models  # type: ignore[assignment]  # stands in for those of a world
        stage = Stage(world, platform, places)
        finish, unchecked = Journal.finish, Journal.finish_unchecked
        open_limit = questions.OPEN_LIMIT

        def noting(finish: Finish) -> Finish:
            async def noted(journal: Journal, result: Deliberation) -> None:
                number = int(_CASE.findall(result.question)[0])
                stage.seen.ready[number] = world.loop.time()
                stage.seen.results[number] = result
                await finish(journal, result)

            return noted

        changed: Any = Journal
        changed.finish, changed.finish_unchecked = noting(finish), noting(unchecked)
        changed_questions: Any = questions
        changed_questions.OPEN_LIMIT = max(open_limit, at_once)
        try:
            yield stage
        finally:
            changed.finish, changed.finish_unchecked = finish, unchecked
            changed_questions.OPEN_LIMIT = open_limit
