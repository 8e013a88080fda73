"""Gateways and workers, each a process of its own, over one PostgreSQL, a local Discord and a model server.

Discord and the models are in the process that measures. In the database every change of who is at which
deliberation is noted, by a trigger of this bench's own.
"""

import asyncio
import re
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from bot.protocol.prompts import LEFT_OUT_MARKER
from bot.store.postgres_migrations import migrate
from bot.store.server import Server
from tests.bench.spawning import Spawned, Spawning, spawning
from tests.fakes.discord_server import (
    TOKEN,
    Channel,
    DiscordServer,
    Message,
    running_discord,
)
from tests.fakes.model_server import ModelServer, Received
from tests.fakes.postgres import Postgres, connected
from tests.fakes.watched import eventually

MEMBERS = ("lab/a", "lab/b", "lab/c")
CHAIRMAN = "lab/d"
CALLS = 2 * len(MEMBERS) + 1
POSTS = len(MEMBERS) + 2
CHANNELS, PEOPLE = 8, 24

Role = Literal["gateway", "worker"]
WORDS: Mapping[Role, tuple[str, ...]] = {"gateway": ("serve", "--no-work"), "worker": ("worker",)}
STANDS_BY, WORKS = "this one stands by", "Deliberating what is asked elsewhere"
_UP = (STANDS_BY, WORKS, "online as")

_NOTED = """
CREATE SCHEMA bench;
CREATE TABLE bench.leases (
    number BIGINT GENERATED ALWAYS AS IDENTITY, at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    deliberation TEXT NOT NULL, process BIGINT, who TEXT NOT NULL
);
CREATE FUNCTION bench.note() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bench.leases (deliberation, process, who) VALUES (
        coalesce(NEW.deliberation, OLD.deliberation), NEW.process,
        current_setting('application_name')
    );
    RETURN NULL;
END $$;
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON work
    FOR EACH ROW EXECUTE FUNCTION bench.note();
"""


class Lease(NamedTuple):
    """From then on this process of the machine (`pid`) is at the deliberation; nobody where it is `None`."""

    at: float
    deliberation: str
    pid: int | None


@dataclass(slots=True)
class Started:
    """One process of the program. No other has its key of the models."""

    role: Role
    process: Spawned
    key: str
    frozen: list[tuple[float, float]] = field(default_factory=list)  # from, to
    killed_at: float | None = None
    is_replaced: bool = False

    @property
    def is_up(self) -> bool:
        """Whether it has come so far as to be of use."""
        return self.process.lives and any(words in self.process.said for words in _UP)

    @property
    def is_frozen(self) -> bool:
        return bool(self.frozen) and self.frozen[-1][1] > time.time()

    async def kill(self) -> None:
        self.killed_at = time.time()
        self.process.send(signal.SIGKILL)
        await self.process.ended()

    async def freeze(self, seconds: float) -> None:
        began = time.time()
        self.frozen.append((began, began + seconds))
        self.process.send(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.process.send(signal.SIGCONT)
        self.frozen[-1] = (began, time.time())


class Fleet:
    """Made by `running_fleet`."""

    def __init__(
        self,
        discord: DiscordServer,
        models: ModelServer,
        server: Server,
        spawning: Spawning,
        scale: float,
    ) -> None:
        self._spawning = spawning
        self.discord, self.models, self.server = discord, models, server
        self.started: list[Started] = []
        self.asked: list[Message] = []
        self.restarted: list[float] = []
        """When PostgreSQL was ended, to be started again."""
        guild = discord.create_guild()
        self.channels = [discord.create_channel(guild, f"room-{n}") for n in range(CHANNELS)]
        self._people = [discord.create_user(f"Ada {n}", guild) for n in range(PEOPLE)]
        self._variables = {
            "COUNCIL_DATABASE": server.url,
            "COUNCIL_MODEL_URL": models.url,
            "COUNCIL_MEMBERS": ",".join(MEMBERS),
            "COUNCIL_CHAIRMAN": CHAIRMAN,
            "COUNCIL_UNKNOWN_PRICE": "5,25",
            "COUNCIL_DAILY_BUDGET_USD": "1000",
            "COUNCIL_TIME_SCALE": str(scale),
        }

    async def start(self, role: Role, *words: str, **more: str) -> Started:
        """`words` in the place of the role's own."""
        key = f"sk-{role}-{len(self.started)}"
        variables = self._variables | {"COUNCIL_MODEL_KEY": key} | more
        discord = self.discord.url if role == "gateway" else None
        if discord:
            variables |= {"DISCORD_TOKEN": TOKEN}
        process = await self._spawning.start(
            *(words or WORDS[role]), environment=variables, discord=discord
        )
        started = Started(role, process, key)
        self.started.append(started)
        return started

    async def up(
        self, gateways: int, workers: int, *, worker: Mapping[str, str] | None = None
    ) -> None:
        """So many of each; the first gateway is connected, the others stand by."""
        await self.connected(await self.start("gateway"))
        for _ in range(gateways - 1):
            await self.is_up(await self.start("gateway"))
        for _ in range(workers):
            await self.is_up(await self.start("worker", **(worker or {})))

    async def connected(self, started: Started) -> None:
        """Once it is on the platform."""
        online = self.discord.wait_for(lambda: self.discord.gateway.online)
        waiting = [asyncio.create_task(each) for each in (online, started.process.ended())]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert self.discord.gateway.online, started.process.said
        waiting[1].cancel()

    async def is_up(self, started: Started) -> None:
        async def is_up() -> bool:
            assert started.process.lives, started.process.said
            return started.is_up

        await eventually(is_up)

    async def start_again(self) -> int:
        """Whoever has ended, as what watches over services does. How many had ended by themselves."""
        ended = [each for each in self.started if not (each.process.lives or each.is_replaced)]
        for each in ended:
            each.is_replaced = True
            await self.start(each.role)
        return sum(each.killed_at is None for each in ended)

    @property
    def living(self) -> list[Started]:
        return [started for started in self.started if started.process.lives]

    def ask(self) -> Message:
        """In the next channel, the next person's question, with its number in it."""
        n = len(self.asked)
        channel, person = self.channels[n % CHANNELS], self._people[n % PEOPLE]
        asked = self.discord.mention(channel, person, f"Is a monolith right for a team of {n}?")
        self.asked.append(asked)
        return asked

    def said(self, question: Message) -> list[Message]:
        return self.discord.said(question.thread) if question.thread else []

    def threads(self, channel: Channel) -> list[int]:
        return [thread.id for thread in self.discord.threads(channel)]

    def told(self, question: Message) -> int:
        """How often the asker was told by a ping that everything is there."""
        return sum(
            ping.message.channel is question.thread and question.author in ping.users
            for ping in self.discord.pings
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with connected(self.server) as connection:
            return connection.execute(sql.encode()).fetchall()

    def leases(self) -> list[Lease]:
        """In the order in which they were committed."""
        rows = self.rows(
            "SELECT extract(epoch FROM at)::float8, deliberation, process, who"
            " FROM bench.leases ORDER BY number"
        )
        return [Lease(at, id, _pid(who) if process else None) for at, id, process, who in rows]

    async def end(self) -> None:
        for started in self.living:
            started.process.send(signal.SIGCONT)
            started.process.send(signal.SIGTERM)
        for started in self.started:
            await started.process.ended()


def number_in(text: str) -> int:
    """Of the question that this text has in it; -1 where it has none."""
    found = re.search(r"for a team of (\d+)\?", text)
    return int(found[1]) if found else -1


def stage_of(request: Received) -> str:
    """As the journal has it."""
    return "audit" if LEFT_OUT_MARKER.encode() in request.body else request.stage


def question_of(request: Received) -> int:
    return number_in(request.body.decode())


def key_of(request: Received) -> str:
    return request.headers["Authorization"].removeprefix("Bearer ")


def _pid(who: str) -> int:
    found = re.search(r"process (\d+) on ", who)
    return int(found[1]) if found else -1


@asynccontextmanager
async def running_fleet(
    postgres: Postgres,
    *,
    scale: float,
    limits: float | None = None,
    chunk_delay: float = 0.0,
) -> AsyncIterator[Fleet]:
    """Nothing of it is started yet. `scale` is that of the program's own pauses, and of the periods of
    Discord's limits unless these have one of their own."""
    server = postgres.create()
    with connected(server) as connection:
        migrate(connection, server)
        connection.execute(_NOTED)
    models = ModelServer(models=(*MEMBERS, CHAIRMAN), key=None, chunk_delay=chunk_delay)
    async with (
        models,
        running_discord(time_scale=limits or scale) as discord,
        spawning() as processes,
    ):
        fleet = Fleet(discord, models, server, processes, scale)
        try:
            yield fleet
        finally:
            await fleet.end()
