"""`council serve` on Slack: the whole way, many at once, killed anywhere, cut off, beside Discord."""

import asyncio
import re
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes import processes
from tests.fakes.discord_server import TOKEN as DISCORD_TOKEN
from tests.fakes.discord_server import URL_VARIABLE, running_discord
from tests.fakes.model_server import ModelServer
from tests.fakes.processes import Program, delivered, rows
from tests.fakes.slack_server import (
    APP_TOKEN,
    BOT_TOKEN,
    SIGNING_SECRET,
    Channel,
    Fault,
    Message,
    SlackServer,
    User,
    running_slack,
)

MEMBERS = ("lab/a", "lab/b", "lab/c")
CHAIRMAN = "lab/d"
# The headline, an answer of each member, the ranking.
POSTS = 5


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack(time_scale=0.05, deadline_scale=1) as server:
        yield server


def environment(server: SlackServer, **more: str) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_API_URL": f"{server.url}/api",
        "COUNCIL_TIME_SCALE": "0.05",
        "COUNCIL_DATABASE": str(Path("council.db").resolve()),
        **more,
    }


@asynccontextmanager
async def serving(
    server: SlackServer, module: tuple[str, ...] = ("-m", "bot"), /, **more: str
) -> AsyncIterator[Program]:
    """The program, online, until it is told to end; which it does in order."""
    process = await processes.council(
        "serve", environment=environment(server, **more), module=module
    )
    program = Program(process)
    try:
        try:
            await server.wait_for(lambda: server.socket_mode.open)
        except TimeoutError:
            if process.returncode is None:
                process.kill()
            raise AssertionError(await program.ended()) from None
        yield program
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await program.ended()
    await server.wait_for(lambda: not server.socket_mode.open)


class Room:
    """A channel with one person."""

    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self.channel: Channel = server.create_channel()
        self.ada: User = server.create_user("ada", self.channel)

    def ask(self, text: str = "Why is the sky blue?") -> Message:
        return self.server.mention(self.channel, self.ada, text)


def is_complete(server: SlackServer, question: Message) -> bool:
    """Whether the asker was told that the verdict is there."""
    return any(ping.message.thread_ts == question.ts for ping in server.pings)


async def posts(server: SlackServer, question: Message, seconds: float = 20) -> list[Message]:
    await server.wait_for(lambda: is_complete(server, question), seconds)
    return server.said(question.channel, question.ts)


# --- The whole way


async def test_two_tokens_are_all_it_takes(server: SlackServer) -> None:
    room = Room(server)
    async with serving(server) as program:
        question = room.ask()
        headline, *answers, ranking = await posts(server, question)
        await delivered()
        program.process.send_signal(signal.SIGTERM)
        code, err = await program.ended()
    assert (code, err.count("Traceback"), err.count("WARNING")) == (130, 0, 0), err
    assert "The council is deliberating" in headline.frames[0].text
    assert len(answers) == 4
    assert ["Answer" in answer.text for answer in answers] == [True] * 4
    assert "Ranking" in ranking.text
    (ping,) = server.pings
    assert (ping.message, ping.target) == (ranking, room.ada.id)
    assert server.said(room.channel) == []
    assert server.rejections == []
    assert server.rate_limited == []
    assert [delivery.state for delivery in server.deliveries if delivery.type == "app_mention"] == [
        "acknowledged"
    ]


# --- Killed


async def at_headline(server: SlackServer, models: ModelServer) -> Fault:
    return server.hold("chat.postMessage")


async def at_answer(server: SlackServer, models: ModelServer) -> Fault:
    await server.wait_for(lambda: server.called("chat.postMessage"))
    return server.hold("chat.postMessage")


async def at_seed(server: SlackServer, models: ModelServer) -> Fault:
    return server.hold("reactions.add")


async def at_update(server: SlackServer, models: ModelServer) -> Fault:
    return server.hold("chat.update")


async def at_review(server: SlackServer, models: ModelServer) -> None:
    await models.until(lambda: len(models.asked("review")) >= 2)


async def at_verdict(server: SlackServer, models: ModelServer) -> None:
    await models.until(lambda: len(models.asked("verdict")) >= 1)


async def at_ranking(server: SlackServer, models: ModelServer) -> Fault:
    await server.wait_for(lambda: len(server.called("chat.postMessage")) == POSTS - 1)
    return server.hold("chat.postMessage")


async def after_ranking(server: SlackServer, models: ModelServer) -> None:
    await server.wait_for(lambda: server.pings)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "moment",
    [at_headline, at_answer, at_seed, at_update, at_review, at_verdict, at_ranking, after_ranking],
)
async def test_a_kill_repeats_no_post_and_no_finished_call(
    server: SlackServer, moment: Callable[[SlackServer, ModelServer], Any]
) -> None:
    room = Room(server)
    async with ModelServer(models=(*MEMBERS, CHAIRMAN), chunk_delay=0.005) as models:
        variables = {
            "COUNCIL_MODEL_URL": models.url,
            "COUNCIL_MODEL_KEY": models.key or "",
            "COUNCIL_MEMBERS": ",".join(MEMBERS),
            "COUNCIL_CHAIRMAN": CHAIRMAN,
        }
        async with serving(server, **variables) as program:
            question = room.ask()
            fault = await moment(server, models)
            if fault:
                await fault.reached.wait()
            await program.kill()
        if fault:
            fault.gate.set()
        finished = {(stage, model) for stage, model in rows("SELECT stage, model FROM calls")}
        before = Counter((request.stage, request.model) for request in models.requests)
        async with serving(server, **variables):
            found = await posts(server, question)
            await delivered()
        again = Counter((request.stage, request.model) for request in models.requests) - before

    assert len(found) == POSTS
    assert sum("Ranking" in post.text for post in found) == 1
    labels = [label for label in "ABC" if any(p.text.startswith(f"*Answer {label}") for p in found)]
    assert labels == ["A", "B", "C"]
    assert [call for call in again if call in finished] == []
    assert [ping.target for ping in server.pings] == [room.ada.id]
    assert {refusal.error for refusal in server.rejections} <= {"already_reacted"}


async def test_a_term_signal_ends_it_in_order_and_a_start_goes_on(server: SlackServer) -> None:
    room = Room(server)
    async with serving(server) as program:
        question = room.ask()
        await server.wait_for(lambda: server.said(room.channel, question.ts))
        program.process.send_signal(signal.SIGTERM)
        code, err = await program.ended()
    assert code == 130
    assert "Traceback" not in err
    async with serving(server):
        assert len(await posts(server, question)) == 6


# --- Cut off, and answers lost


async def test_lost_answers_and_refreshes_cost_nothing_and_double_nothing(
    server: SlackServer,
) -> None:
    room = Room(server)
    async with serving(server) as program:
        for _ in range(2):
            server.cut("chat.postMessage", committed=True)
        server.fail("chat.postMessage", 503, committed=True)
        server.refuse("chat.update", "internal_error")
        server.socket_mode.say_goodbye()
        questions = [room.ask("First?")]
        await server.wait_for(lambda: server.said(room.channel, questions[0].ts))
        server.socket_mode.say_goodbye()
        questions.append(room.ask("Second?"))
        found = [await posts(server, question, 30) for question in questions]
        await delivered()
        program.process.send_signal(signal.SIGTERM)
        _, err = await program.ended()
    assert [len(each) for each in found] == [6, 6]
    assert len(server.pings) == 2
    assert "Traceback" not in err


# --- Many


async def test_fifty_questions_at_once_stay_within_the_tiers() -> None:
    async with running_slack(time_scale=0.05, deadline_scale=1) as server:
        rooms = [Room(server) for _ in range(50)]
        async with serving(server) as program:
            questions = [room.ask(f"Why {n}?") for n, room in enumerate(rooms)]
            await server.wait_for(lambda: all(is_complete(server, q) for q in questions))
            await delivered()
            program.process.send_signal(signal.SIGTERM)
            _, err = await program.ended()
        assert [len(server.said(q.channel, q.ts)) for q in questions] == [6] * 50
        assert len(server.pings) == 50
        assert "ratelimited" not in err
        assert "Traceback" not in err
        lost = [each for each in server.deliveries if each.state != "acknowledged"]
        assert lost == []


# --- Tokens


async def test_a_wrong_token_is_named_and_not_shown(server: SlackServer) -> None:
    for name, token in (("SLACK_BOT_TOKEN", "xoxb-wrong"), ("SLACK_APP_TOKEN", "xapp-wrong")):
        code, _, err = await processes.run(
            "serve", environment=environment(server, **{name: token})
        )
        assert code == 2
        assert f"{name} is refused by Slack" in err
        assert token not in err
        assert "Traceback" not in err


# --- Beside Discord


WITH_DISCORD = ("-m", "tests.fakes.discord_subprocess")


def discord_variables(url: str) -> dict[str, str]:
    return {"DISCORD_TOKEN": DISCORD_TOKEN, URL_VARIABLE: url}


async def test_both_platforms_are_served_by_one_program(server: SlackServer) -> None:
    room = Room(server)
    async with running_discord(time_scale=0.05) as discord:
        guild = discord.create_guild()
        channel = discord.create_channel(guild)
        bob = discord.create_user("Bob", guild)
        async with serving(server, WITH_DISCORD, **discord_variables(discord.url)):
            await discord.wait_for(lambda: discord.gateway.online)
            question, other = room.ask(), discord.mention(channel, bob, "And here?")
            assert len(await posts(server, question)) == 6
            await discord.wait_for(
                lambda: other.thread and len(discord.said(other.thread)) == 6, 20
            )
            await delivered()
        await discord.wait_for(lambda: not discord.gateway.online)


async def test_a_discord_that_fails_leaves_slack_going(server: SlackServer) -> None:
    room = Room(server)
    async with (
        running_discord(time_scale=0.05) as discord,
        serving(server, WITH_DISCORD, **discord_variables(discord.url)) as program,
    ):
        await discord.wait_for(lambda: discord.gateway.online)
        question = room.ask("Still there?")
        discord.gateway.close(4004)
        await discord.wait_for(lambda: not discord.gateway.online)
        assert len(await posts(server, question)) == 6
        assert len(await posts(server, room.ask("And now?"))) == 6
        program.process.send_signal(signal.SIGTERM)
        code, err = await program.ended()
    assert code == 130
    assert "A platform failed; the others go on. DISCORD_TOKEN is refused" in err


async def test_a_slack_that_fails_leaves_discord_going(server: SlackServer) -> None:
    async with running_discord(time_scale=0.05) as discord:
        guild = discord.create_guild()
        channel = discord.create_channel(guild)
        bob = discord.create_user("Bob", guild)
        wrong = {"SLACK_BOT_TOKEN": "xoxb-wrong", **discord_variables(discord.url)}
        process = await processes.council(
            "serve", environment=environment(server, **wrong), module=WITH_DISCORD
        )
        program = Program(process)
        await discord.wait_for(lambda: discord.gateway.online)
        other = discord.mention(channel, bob, "Anybody there?")
        await discord.wait_for(lambda: other.thread and len(discord.said(other.thread)) == 6)
        process.send_signal(signal.SIGTERM)
        code, err = await program.ended()
    assert code == 130
    assert "A platform failed; the others go on. SLACK_BOT_TOKEN is refused" in err


# --- Signed requests


async def test_signed_requests_do_instead_of_a_socket(server: SlackServer) -> None:
    room = Room(server)
    port = free_port()
    process = await processes.council(
        "serve",
        environment=environment(
            server,
            SLACK_APP_TOKEN="",
            SLACK_SIGNING_SECRET=SIGNING_SECRET,
            COUNCIL_HTTP_PORT=str(port),
        ),
    )
    program = Program(process)
    await server.deliver_by_http(f"http://127.0.0.1:{port}/slack/events")
    async with asyncio.timeout(20):
        while not await listens(server):
            pass
    question = room.ask()
    assert len(await posts(server, question)) == 6
    headline = server.said(room.channel, question.ts)[0]
    status, _ = await server.http.post("{}", "application/json", signing_secret="another")
    assert status == 401
    assert headline.text
    process.send_signal(signal.SIGTERM)
    code, err = await program.ended()
    assert (code, "Traceback" in err) == (130, False)


@pytest.mark.parametrize("age_seconds", [0, 600, -600])
async def test_requests_that_are_refused_are_told_of_once(
    server: SlackServer, age_seconds: float
) -> None:
    """A secret that was copied wrong, or a clock that is ten minutes off."""
    port = free_port()
    process = await processes.council(
        "serve",
        environment=environment(
            server,
            SLACK_APP_TOKEN="",
            SLACK_SIGNING_SECRET=SIGNING_SECRET if age_seconds else "another",
            COUNCIL_HTTP_PORT=str(port),
        ),
    )
    program = Program(process)
    await server.deliver_by_http(f"http://127.0.0.1:{port}/slack/events")
    async with asyncio.timeout(20):
        while not await answers(server, age_seconds):
            pass
    for _ in range(3):
        status, _ = await server.http.post("{}", "application/json", age_seconds=age_seconds)
        assert status == 401
    process.send_signal(signal.SIGTERM)
    _, err = await program.ended()
    (warning,) = [line for line in err.splitlines() if "WARNING" in line]
    assert "SLACK_SIGNING_SECRET" in warning
    assert "clock" in warning
    assert bool(re.search(r"their time is (599|6\d\d) seconds", warning)) == bool(age_seconds)


async def answers(server: SlackServer, age_seconds: float) -> bool:
    try:
        await server.http.post("{}", "application/json", age_seconds=age_seconds)
    except aiohttp.ClientError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def listens(server: SlackServer) -> bool:
    try:
        return await server.http.verify()
    except aiohttp.ClientError:
        return False
