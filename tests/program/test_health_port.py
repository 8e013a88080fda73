"""`/healthz`, `/readyz` and `/metrics` of `council serve`, asked over HTTP as an operator would."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.errors import InvalidConfiguration, Kind, ModelFailed, Spent
from bot.llm import ModelInfo
from bot.program.config import load
from bot.program.health_port import health_port
from bot.program.metrics import Metrics
from bot.program.readiness import Readiness
from tests.conversation.room import ADMIN, CHANNEL, Clock, Room, mention
from tests.conversation.room import served as asked
from tests.fakes.council import running_app
from tests.fakes.discord_server import running_discord
from tests.fakes.model_server import ModelServer
from tests.fakes.ports import free_port, listening_at
from tests.fakes.processes import ROOT
from tests.fakes.provider import FakeProvider, sensible
from tests.fakes.served import OnDiscord, Served, running_platform
from tests.fakes.watched import eventually

MEMBERS = ("lab/a", "lab/b", "lab/c")
CHAIRMAN = "lab/d"


async def get(port: int, path: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return answer.status, await answer.text()


async def ready(port: int) -> tuple[int, dict[str, Any]]:
    status, page = await get(port, "/readyz")
    return status, json.loads(page)


def is_ready(port: int) -> Callable[[], Any]:
    async def asked() -> bool:
        try:
            return (await ready(port))[0] == 200
        except aiohttp.ClientError:
            return False

    return asked


def numbers(page: str) -> dict[str, float]:
    """`name{labels}` to value."""
    lines = [line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def ours(page: str) -> dict[str, float]:
    return {name: value for name, value in numbers(page).items() if name.startswith("council_")}


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with running_app(FakeProvider()) as app:
        yield app


@pytest.fixture(params=["discord", "slack"])
async def served(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    async with running_platform(request.param) as served:
        yield served


async def test_a_served_council_tells_its_health_and_what_it_did(served: Served) -> None:
    port = free_port()
    async with ModelServer(models=(*MEMBERS, CHAIRMAN)) as models:
        variables = {
            "COUNCIL_MODEL_URL": models.url,
            "COUNCIL_MODEL_KEY": models.key or "",
            "COUNCIL_MEMBERS": ",".join(MEMBERS),
            "COUNCIL_CHAIRMAN": CHAIRMAN,
            "COUNCIL_HEALTH_PORT": str(port),
        }
        async with served.serving(**variables):
            await eventually(is_ready(port))
            assert json.loads((await get(port, "/healthz"))[1]) == {"healthy": True}
            assert await asyncio.to_thread(health_check, port) == (0, "")
            before = numbers((await get(port, "/metrics"))[1])
            question = served.ask()
            await served.posts(question)
            _, page = await get(port, "/metrics")
        requests = len(models.requests)

    after = numbers(page)
    platform = "discord" if isinstance(served, OnDiscord) else "slack"
    assert 'council_deliberations_total{outcome="finished"}' not in before
    assert after['council_deliberations_total{outcome="finished"}'] == 1
    for model in MEMBERS:
        answered = f'council_calls_total{{model="{model}",outcome="answered",stage="answer"}}'
        assert after[answered] == 1
    verdict = f'council_calls_total{{model="{CHAIRMAN}",outcome="answered",stage="verdict"}}'
    assert after[verdict] == 1
    assert after['council_call_seconds_count{stage="review"}'] == 3
    assert after[f'council_platform_connected{{platform="{platform}"}}'] == 1
    assert after["council_daily_budget_usd"] == 5
    assert 0 < after["council_spent_today_usd"] < 1
    assert after["council_database_bytes"] > 10_000
    assert requests == 3 + 3 + 1 + 1, "the chairman's word, once, beside the deliberation"


async def test_it_is_not_ready_where_the_platform_is_lost_and_ready_again_after() -> None:
    port = free_port()
    async with running_discord(time_scale=0.05) as discord:
        served = OnDiscord(discord)
        async with served.serving(COUNCIL_HEALTH_PORT=str(port)):
            await eventually(is_ready(port))
            discord.gateway.refuse_connections = 1_000
            discord.gateway.drop()

            async def lost() -> bool:
                status, page = await ready(port)
                return status == 503 and page["discord"]["ok"] is False and page["database"]["ok"]

            await eventually(lost)
            discord.gateway.refuse_connections = 0
            await eventually(is_ready(port))


async def test_nobody_else_can_reach_it() -> None:
    port = free_port()
    async with (
        running_discord(time_scale=0.05) as discord,
        OnDiscord(discord).serving(COUNCIL_HEALTH_PORT=str(port)),
    ):
        await eventually(is_ready(port))
        assert listening_at(port) == {"127.0.0.1"}


async def test_without_the_variable_no_port_is_opened_and_no_word_is_paid(app: App) -> None:
    async with health_port(load({}), app, ["discord"]):
        pass
    assert app.provider.requests == []  # type: ignore[attr-defined]


async def test_a_port_in_use_is_named(app: App) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(InvalidConfiguration, match=f"COUNCIL_HEALTH_PORT {port} cannot"):
            async with health_port(load({"COUNCIL_HEALTH_PORT": str(port)}), app, []):
                pass


def test_the_health_check_of_a_container_says_what_it_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whatever proxies are set: it asks this machine.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    code, err = health_check(free_port())
    assert code == 1
    assert err.startswith("/healthz does not answer: ")


def health_check(port: int) -> tuple[int, str]:
    """What a container runs."""
    done = subprocess.run(
        [sys.executable, "-m", "bot.program.healthy"],
        env=os.environ | {"COUNCIL_HEALTH_PORT": str(port)},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return done.returncode, done.stderr


# --- the chairman


def deaf() -> ModelFailed:
    return ModelFailed("unreachable", "nobody listens")


async def chairman(readiness: Readiness) -> bool | None:
    await readiness.turn()
    return (await readiness.findings())["chairman"].ok


async def test_the_chairman_alone_is_asked_at_most_once_an_hour_and_it_is_booked() -> None:
    clock, provider = Clock(), FakeProvider()
    async with running_app(provider, clock=clock) as app:
        readiness = Readiness(app, [])
        assert (await readiness.findings())["chairman"].ok is False
        for _ in range(59):
            assert await chairman(readiness) is True
            clock.move(60)
        assert [request.model for request in provider.requests] == ["lab/chair"]
        assert provider.requests[0].max_completion_tokens == 16
        assert await app.store.spent(clock().date()) == 7
        clock.move(60)
        assert await chairman(readiness) is True
        assert len(provider.requests) == 2


async def test_a_restart_asks_no_sooner(tmp_path: Path) -> None:
    clock, database = Clock(), str(tmp_path / "council.db")
    provider = FakeProvider(otherwise=lambda request: deaf())
    for _ in range(3):
        async with running_app(provider, clock=clock, database=database) as app:
            assert await chairman(Readiness(app, [])) is False
        clock.move(60)
    assert len(provider.requests) == 1


async def test_a_chairman_that_came_back_is_seen_in_its_next_answer_or_after_an_hour() -> None:
    clock, silent = Clock(), True
    provider = FakeProvider(otherwise=lambda request: deaf() if silent else sensible(request))
    async with running_app(provider, clock=clock) as app:
        readiness = Readiness(app, [])
        assert await chairman(readiness) is False
        silent = False
        clock.move(60)
        assert await chairman(readiness) is False
        app.platforms["discord"] = Room(app)
        await asked(app)
        assert await chairman(readiness) is True
        assert "doctor" in provider.requests[0].tag
        assert [r.tag for r in provider.requests if "doctor" in r.tag] == [provider.requests[0].tag]


@pytest.mark.parametrize("kind", ["refused", "empty", "cut_off"])
async def test_a_chairman_that_wrote_nothing_usable_is_there_all_the_same(kind: Kind) -> None:
    failed = ModelFailed(kind, "nothing", spent=Spent(9, 16, cost_micros=5))
    provider = FakeProvider(otherwise=lambda request: failed)
    async with running_app(provider) as app:
        assert await chairman(Readiness(app, [])) is True
        assert await app.store.spent(app.now().date()) == 5


class Priced(FakeProvider):
    async def models(self) -> tuple[ModelInfo, ...]:
        """A word costs at most 0.0005 USD and the prompt."""
        chair = ModelInfo("lab/chair", prompt_usd_per_million=5, completion_usd_per_million=25)
        return (chair,)


async def test_a_budget_without_room_is_no_fault_and_nothing_is_asked() -> None:
    provider = Priced()
    async with running_app(provider, rules=Rules(daily_budget_micros=400)) as app:
        assert await chairman(Readiness(app, [])) is None
        assert await app.store.spent(app.now().date()) == 0
    assert provider.requests == []


async def test_a_word_counts_at_its_most_until_its_price_is_known() -> None:
    under_way = asyncio.Event()
    provider = Priced(
        otherwise=lambda request: sensible(request) if under_way.is_set() else under_way
    )
    async with running_app(provider, rules=Rules(daily_budget_micros=2_000)) as app:

        async def asked_for_a_word() -> bool:
            return bool(provider.requests)

        asking = asyncio.create_task(Readiness(app, []).turn())
        await eventually(asked_for_a_word)
        assert 400 < await app.store.spent(app.now().date()) < 2_000
        under_way.set()
        await asking
        assert await app.store.spent(app.now().date()) == 7


async def test_a_database_that_takes_no_writes_is_told() -> None:
    async with running_app(FakeProvider()) as app:
        readiness = Readiness(app, ["discord"])
        await app.store.close()
        findings = await readiness.findings()
    assert (findings["database"].ok, findings["discord"].ok) == (False, False)


async def test_labels_name_no_model_that_the_deployment_does_not_seat() -> None:
    provider = FakeProvider()
    async with running_app(provider, members=("lab/a", "lab/b")) as app:
        metrics = Metrics(app, 0)
        app.platforms["discord"] = Room(app)
        await app.command(CHANNEL, ADMIN, "members set lab/a lab/private-tune")
        await asked(app, mention("Which words may stand here?"))
        page = (await metrics.page()).decode()
        again = (await metrics.page()).decode()
    assert 'model="lab/a"' in page
    assert 'model="other"' in page
    assert "private-tune" not in page
    assert CHANNEL.id not in page
    assert "words" not in page
    assert ours(page) == ours(again), "told twice, counted once"
