"""`council serve` on Slack: the whole way, many at once, cut off, signed, beside Discord."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.fakes import processes
from tests.fakes.discord_server import running_discord
from tests.fakes.ports import free_port, listening_at
from tests.fakes.processes import Program, delivered, until_said
from tests.fakes.served import POSTS, OnDiscord, OnSlack
from tests.fakes.slack_server import SIGNING_SECRET, SlackServer, running_slack
from tests.fakes.watched import PATIENCE_SECONDS, eventually


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack(time_scale=0.05, deadline_scale=1) as server:
        yield server


@pytest.fixture
def room(server: SlackServer) -> OnSlack:
    return OnSlack(server)


# --- The whole way


async def test_two_tokens_are_all_it_takes(server: SlackServer, room: OnSlack) -> None:
    async with room.serving() as program:
        question = room.ask()
        headline, *answers, ranking = await room.posts(question)
        await delivered()
        code, err = await program.told_to_end()
    assert (code, err.count("Traceback"), err.count("WARNING")) == (130, 0, 0), err
    assert "*Answers 0 of 4* · reviews · verdict" in headline.frames[0].text
    assert len(answers) == 4
    assert [answer.text.removeprefix("*")[0] for answer in answers] == list("ABCD")
    assert "Ranking" in ranking.text
    (ping,) = server.pings
    assert (ping.message, ping.target) == (ranking, room.ada.id)
    assert server.said(room.channel) == []
    assert server.rejections == []
    assert server.rate_limited == []
    assert [delivery.state for delivery in server.deliveries if delivery.type == "app_mention"] == [
        "acknowledged"
    ]


# --- Cut off, and answers lost


async def test_lost_answers_and_refreshes_cost_nothing_and_double_nothing(
    server: SlackServer, room: OnSlack
) -> None:
    async with room.serving() as program:
        for _ in range(2):
            server.cut("chat.postMessage", committed=True)
        server.fail("chat.postMessage", 503, committed=True)
        server.refuse("chat.update", "internal_error")
        server.socket_mode.say_goodbye()
        questions = [room.ask("First?")]
        await server.wait_for(lambda: server.said(room.channel, questions[0].ts))
        server.socket_mode.say_goodbye()
        questions.append(room.ask("Second?"))
        found = [await room.posts(question) for question in questions]
        await delivered()
        _, err = await program.told_to_end()
    assert [len(each) for each in found] == [6, 6]
    assert len(server.pings) == 2
    assert "Traceback" not in err


# --- Many


async def test_many_questions_at_once_stay_within_the_tiers(
    server: SlackServer, full: bool
) -> None:
    rooms = [OnSlack(server) for _ in range(50 if full else 20)]
    async with rooms[0].serving(COUNCIL_TIME_SCALE="0.1") as program:
        questions = [(room, room.ask(f"Why {n}?")) for n, room in enumerate(rooms)]
        await server.wait_for(lambda: all(room.told(q) for room, q in questions))
        await delivered()
        _, err = await program.told_to_end()
    # One more where no edit was left for the verdict.
    assert {len(room.said(question)) for room, question in questions} <= {POSTS, POSTS + 1}
    assert len(server.pings) == len(rooms)
    assert "ratelimited" not in err
    assert "Traceback" not in err
    assert [each for each in server.deliveries if each.state != "acknowledged"] == []


# --- Tokens


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
async def test_a_wrong_token_is_named_and_not_shown(room: OnSlack, name: str) -> None:
    code, err = await (await room.start(**{name: "xoxx-wrong"})).ended()
    assert code == 2
    assert f"{name} is refused by Slack" in err
    assert "xoxx-wrong" not in err
    assert "Traceback" not in err


async def test_a_slack_out_of_reach_is_told_of_once_and_waited_for(room: OnSlack) -> None:
    away = {"SLACK_API_URL": f"http://127.0.0.1:{free_port()}/api", "COUNCIL_TIME_SCALE": "0.05"}
    here = {**room.variables, **away, "COUNCIL_DATABASE": "council.db"}
    process = await processes.council("serve", environment=here)
    assert process.stderr
    said = b""
    while b"Slack cannot be reached" not in said:
        said = await asyncio.wait_for(process.stderr.readline(), PATIENCE_SECONDS)
        assert said, "it ended without a word"
    # The time of a few more tries.
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(process.stderr.readline(), 1)
    process.send_signal(signal.SIGTERM)
    assert await process.stderr.read() == b"\nStopped. The same command goes on where it was.\n"
    assert await process.wait() == 130


# --- Beside Discord


@pytest.fixture
async def other(room: OnSlack) -> AsyncIterator[OnDiscord]:
    """Discord, served by the program that Slack's room starts."""
    async with running_discord(time_scale=0.05) as discord:
        other = OnDiscord(discord)
        room.module = other.module
        yield other


async def test_both_platforms_are_served_by_one_program(room: OnSlack, other: OnDiscord) -> None:
    async with room.serving(**other.variables):
        await other.server.wait_for(lambda: other.online)
        question, second = room.ask(), other.ask("And here?")
        assert len(await room.posts(question)) == POSTS
        assert len(await other.posts(second)) == POSTS
        await delivered()
    await other.server.wait_for(lambda: not other.online)


async def test_a_discord_that_fails_leaves_slack_going(room: OnSlack, other: OnDiscord) -> None:
    async with room.serving(**other.variables) as program:
        await other.server.wait_for(lambda: other.online)
        question = room.ask("Still there?")
        other.server.gateway.close(4004)
        await other.server.wait_for(lambda: not other.online)
        assert len(await room.posts(question)) == POSTS
        # A connection is closed from both ends before the program is done with it.
        await until_said(program, "Discord is not served any more")
        assert len(await room.posts(room.ask("And now?"))) == POSTS
        code, err = await program.told_to_end()
    assert code == 130
    assert "Discord is not served any more, Slack goes on. DISCORD_TOKEN is refused" in err


async def test_a_slack_that_fails_leaves_discord_going(room: OnSlack, other: OnDiscord) -> None:
    variables = room.variables | {"SLACK_BOT_TOKEN": "xoxb-wrong"}
    async with other.serving(**variables) as program:
        assert len(await other.posts(other.ask("Anybody there?"))) == POSTS
        code, err = await program.told_to_end()
    assert code == 130
    assert "Slack is not served any more, Discord goes on. SLACK_BOT_TOKEN is refused" in err


# --- Signed requests


@asynccontextmanager
async def serving_signed(
    room: OnSlack, secret: str, *, port: int | None = None, **more: str
) -> AsyncIterator[Program]:
    """The program, listening for what Slack posts to it."""
    port = port or free_port()
    program = await room.start(
        SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET=secret, COUNCIL_HTTP_PORT=str(port), **more
    )
    await room.server.deliver_by_http(f"http://127.0.0.1:{port}/slack/events")

    async def listens() -> bool:
        try:
            await room.server.http.verify()
        except aiohttp.ClientError:
            return False
        return True

    try:
        await eventually(listens)
        yield program
    finally:
        await program.told_to_end()


async def test_signed_requests_do_instead_of_a_socket(server: SlackServer, room: OnSlack) -> None:
    async with serving_signed(room, SIGNING_SECRET) as program:
        assert await server.http.verify()
        headline, *others = await room.posts(room.ask())
        assert len(others) == POSTS - 1
        assert headline.text
        status, _ = await server.http.post("{}", "application/json", signing_secret="another")
        assert status == 401
    code, err = await program.ended()
    assert (code, "Traceback" in err) == (130, False)


async def test_requests_are_taken_at_every_address_or_at_the_one_that_is_named(
    room: OnSlack,
) -> None:
    port = free_port()
    async with serving_signed(room, SIGNING_SECRET, port=port):
        assert "0.0.0.0" in listening_at(port)
    async with serving_signed(room, SIGNING_SECRET, port=port, COUNCIL_HTTP_HOST="127.0.0.1"):
        assert listening_at(port) == {"127.0.0.1"}


async def test_an_address_of_another_machine_is_named(room: OnSlack) -> None:
    program = await room.start(
        SLACK_APP_TOKEN="",
        SLACK_SIGNING_SECRET=SIGNING_SECRET,
        COUNCIL_HTTP_PORT=str(free_port()),
        COUNCIL_HTTP_HOST="192.0.2.1",
    )
    code, err = await program.ended()
    assert code == 2
    assert "(192.0.2.1) cannot be used: " in err


@pytest.mark.parametrize("age_seconds", [0, 600, -600])
async def test_requests_that_are_refused_are_told_of_once(
    server: SlackServer, room: OnSlack, age_seconds: float
) -> None:
    """A secret that was copied wrong, or a clock that is ten minutes off."""
    secret = SIGNING_SECRET if age_seconds else "another"
    async with serving_signed(room, secret) as program:
        for _ in range(3):
            status, _ = await server.http.post("{}", "application/json", age_seconds=age_seconds)
            assert status == 401
    _, err = await program.ended()
    (warning,) = [line for line in err.splitlines() if "WARNING" in line]
    assert "SLACK_SIGNING_SECRET" in warning
    assert "clock" in warning
    assert bool(re.search(r"their time is (599|6\d\d) seconds", warning)) == bool(age_seconds)
