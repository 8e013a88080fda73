"""`council serve` on Discord: the whole way, many at once, cut off, taken down."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

import discord
import pytest

from adapters.discord import supervisor
from bot.chat import Channel as Here
from bot.chat import Person
from bot.conversation.budget import Rules
from bot.conversation.catchup import MISSED
from bot.errors import InvalidConfiguration
from bot.llm import Request
from tests.fakes import processes
from tests.fakes.council import running_app
from tests.fakes.council_on_discord import TIME_SCALE, Place
from tests.fakes.discord.http import Request as Sent
from tests.fakes.discord_server import (
    TOKEN,
    DiscordServer,
    running_discord,
)
from tests.fakes.discord_subprocess import LOG_VARIABLE
from tests.fakes.discord_thread import buttons
from tests.fakes.provider import FakeProvider, sensible, stage_and_seat
from tests.fakes.served import OnDiscord

# The headline, an answer of each member, the ranking.
POSTS = 5


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with running_discord(time_scale=0.05) as server:
        yield server


# --- The whole way


async def test_a_token_is_all_it_takes(server: DiscordServer) -> None:
    served = OnDiscord(server)
    async with served.serving():
        question = served.ask("Why is the sky blue?")
        headline, *answers, ranking = await served.posts(question)
    thread = question.thread
    assert thread
    assert thread.name == "Why is the sky blue?"
    assert "**Answers 0 of 4** · reviews" in headline.frames[0]
    assert "verdict" in headline.text
    assert [answer.text[:5] for answer in answers] == [f"**{label} ·" for label in "ABCD"]
    assert "How they ranked" in str(ranking.components)
    assert [post.silent for post in (headline, *answers, ranking)] == [True] * 5 + [False]
    (ping,) = served.pings
    assert (ping.message, ping.users) == (ranking, (served.ada,))
    assert server.rejections == []
    assert server.unknown_routes == []
    assert server.rate_limited == []


async def test_many_questions_at_once_meet_no_limit_and_miss_no_heartbeat(full: bool) -> None:
    async with running_discord(time_scale=0.2) as server:
        server.gateway.heartbeats.interval_seconds = 3.0
        people = [OnDiscord(server) for _ in range(50 if full else 20)]
        log = {"COUNCIL_TIME_SCALE": "0.2", LOG_VARIABLE: str(Path("loop.log").resolve())}
        async with people[0].serving(**log):
            began = time.monotonic()
            questions = [(each, each.ask(f"Why {n}?")) for n, each in enumerate(people)]
            await server.wait_for(lambda: all(each.told(q) for each, q in questions))
            assert server.gateway.heartbeats.missed == 0
            assert server.gateway.heartbeats.count > 0
        assert [len(server.threads(each.channel)) for each in people] == [1] * len(people)
        assert [refusal for refusal in server.rate_limited if refusal.waited is False] == []
        assert server.rejections == []
        rounds = [seconds for at, seconds in noted_rounds() if at > began]
        # As much as ten questions of these: an absolute time would judge the machine.
        assert max(rounds) < 10 / len(people) * sum(rounds)


def noted_rounds() -> list[tuple[float, float]]:
    """Rounds of the program's event loop: when each ended, and its seconds of computing."""
    lines = Path("loop.log").read_text(encoding="ascii").splitlines()
    return [(float(at), float(seconds)) for at, seconds in map(str.split, lines)]


# --- Invited by strangers


async def test_a_public_bot_answers_only_where_an_operator_allowed_it(
    server: DiscordServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.world.public = True
    provider = FakeProvider()
    rules = Rules(admins=frozenset({"root"}))
    async with Place(server).online(provider, rules=rules) as place:
        question = server.mention(place.channel, place.ada, "Is it right?")
        await server.wait_for(lambda: "not enabled here" in str(server.said(place.channel)))
        assert provider.requests == []
        assert question.thread is None

        here = Here("discord", str(place.guild.id), str(place.channel.id))
        await place.app.command(here, Person("root"), "allow")
        await place.answered(server.mention(place.channel, place.ada, "And now?"))
    assert str(supervisor.PUBLIC) in caplog.messages


# --- Cut off


async def test_a_refused_first_connection_is_tried_again(server: DiscordServer) -> None:
    server.gateway.refuse_connections = 1
    async with Place(server).online() as place:
        await place.answered(server.mention(place.channel, place.ada, "Anybody there?"))
    assert server.gateway.refuse_connections == 0


async def test_a_gateway_that_was_away_is_found_soon_after_its_return(
    server: DiscordServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The library would by then pause for minutes between two tries."""
    async with Place(server).online() as place:
        await place.answered(server.mention(place.channel, place.ada, "Before?"))
        server.gateway.refuse_connections = tries = 14
        server.gateway.drop()
        await server.wait_for(lambda: not server.gateway.online)
        await server.wait_for(lambda: server.gateway.online)
        await place.answered(server.mention(place.channel, place.ada, "And after?"))
    told = [record for record in caplog.records if "Attempting a reconnect" in record.message]
    assert len(told) >= tries
    assert [record for record in caplog.records if record.exc_info] == []


def test_no_pause_comes_near_the_time_that_is_caught_up_with() -> None:
    pauses = supervisor._ShortPauses()
    longest = max(pauses.delay() for _ in range(200))
    assert longest <= 8
    assert max(islice(supervisor._delays(1.0), 20)) == 8
    assert timedelta(seconds=10 * longest) < MISSED


async def test_the_wait_that_a_proxy_states_is_kept_at_login(
    server: DiscordServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.ban("GET", "/users/@me", 1)
    async with Place(server).online():
        refused, again = server.sent("GET", "/users/@me$")
    assert again.at - refused.at >= 1
    (line,) = [r.getMessage() for r in caplog.records if "Discord" in r.getMessage()]
    assert line == "Discord cannot be reached (429 Too Many Requests); again in 1.0 s"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", r"/threads$"),
        ("POST", r"/messages$"),
        ("PATCH", r"/messages/\d+$"),
        ("PUT", "react"),
    ],
)
async def test_the_wait_that_a_proxy_states_is_kept_in_between(
    server: DiscordServer, caplog: pytest.LogCaptureFixture, method: str, path: str
) -> None:
    async with Place(server).online() as place:
        server.ban(method, path, 1)
        question = server.mention(place.channel, place.ada, "Why?")
        await place.answered(question)
        await place.delivered()

        def sent() -> list[Sent]:
            return [r for r in server.sent(method, path) if banned(server, r)]

        await server.wait_for(lambda: len(sent()) > 1)  # emoji come after the posts
    assert question.thread
    assert len(server.said(question.thread)) == POSTS
    refused, again = sent()[:2]
    assert again.at - refused.at >= 1
    assert [r for r in caplog.records if r.exc_info or "html" in r.getMessage()] == []


async def test_what_the_library_has_to_tell_after_the_end_is_not_heard(
    server: DiscordServer,
) -> None:
    async with Place(server).online() as place:
        client = place.client
    client.dispatch("ready")  # as it does once no more servers come


# --- Owed


@pytest.fixture
def reviews() -> asyncio.Event:
    """Set once reviewers may answer."""
    return asyncio.Event()


async def test_a_channel_that_is_hidden_for_a_while_has_every_post_in_the_end(
    server: DiscordServer, reviews: asyncio.Event
) -> None:
    provider = FakeProvider({("review", seat): [reviews] for seat in range(3)})
    async with Place(server).online(provider) as place:
        question = server.mention(place.channel, place.ada, "Why?")
        thread = await server.wait_for(lambda: question.thread)
        assert thread
        await server.wait_for(lambda: len(server.said(thread)) == 4)
        hidden = discord.Permissions(view_channel=True)
        server.overwrite(place.channel, server.bot, deny=hidden)
        reviews.set()
        await server.wait_for(lambda: {r.code for r in server.rejections} == {50001})
        server.overwrite(place.channel, server.bot)
        headline, *_ = await place.answered(question)
        await place.delivered()
    assert len(server.said(thread)) == POSTS
    assert "· reviews ·" not in headline.text
    assert "Stop" not in str(headline.components)


@pytest.mark.parametrize("code", [200000, 240000, 50035])
async def test_where_a_text_is_refused_it_says_so_and_names_the_transcript(
    server: DiscordServer, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    def verdict_with_a_link(request: Request) -> str:
        name, _ = stage_and_seat(request)
        words = sensible(request)
        return words.replace("**Yes.**", "**See evil.example.**") if name == "verdict" else words

    server.world.refused_words["evil.example"] = code
    async with Place(server).online(FakeProvider(otherwise=verdict_with_a_link)) as place:
        headline, *answers, _ = await place.answered(
            server.mention(place.channel, place.ada, "Why?")
        )
        await place.delivered()
        [case] = [case async for case in place.app.store.cases()]
        assert "evil.example" in (await place.app.archive.transcript(case.id) or "")
    assert "The verdict cannot be shown here" in headline.text
    assert "transcript" in headline.text
    assert "Stop" not in str(headline.components)
    assert len(answers) == 3
    assert [record for record in caplog.records if record.exc_info] == []


async def test_an_answer_that_is_refused_for_its_text_says_so_in_its_place(
    server: DiscordServer,
) -> None:
    server.world.refused_words["from seat 1"] = 240000
    async with Place(server).online() as place:
        await place.answered(server.mention(place.channel, place.ada, "Why?"))
        await place.delivered()
        [thread] = server.threads(place.channel)
    excuses = [post for post in server.said(thread) if "The answer cannot be shown" in post.text]
    assert len(excuses) == 1


async def test_a_folded_answer_that_is_refused_for_its_text_says_so_to_who_reads_it(
    server: DiscordServer,
) -> None:
    server.world.refused_words["from seat 1"] = 240000

    def starting_alike(request: Request) -> str:
        is_answer = stage_and_seat(request)[0] == "answer"
        return ("The same for all. " * 12 if is_answer else "") + sensible(request)

    async with Place(server).online(FakeProvider(otherwise=starting_alike)) as place:
        posts = await place.answered(server.mention(place.channel, place.ada, "Why?"))
        await place.delivered()
        reads = [(post, id) for post in posts for id in buttons(post) if ":read:answer" in id]
        opened = [await server.click(place.ada, post, id) for post, id in reads]
    assert len(opened) == 3
    told = [each.text for each in opened if "from seat" not in each.text]
    assert told == [
        "Discord's filter of harmful links blocks these words. The transcript has the whole text."
    ]


async def test_a_post_whose_every_edit_fails_holds_up_no_other(server: DiscordServer) -> None:
    async with Place(server).online() as place:
        broken = server.fail("PATCH", r"/messages/\d+$", 500, times=1_000)
        posts = await place.answered(server.mention(place.channel, place.ada, "Why?"))
        assert broken.reached.is_set()
        assert len(posts) == POSTS
        assert "verdict" in posts[0].text
        server.faults.ordered.remove(broken)
        await server.wait_for(lambda: posts[0].text.startswith("## Yes."))


async def test_a_refused_name_of_the_thread_does_not_hide_the_reply(server: DiscordServer) -> None:
    server.world.refused_words["darn"] = 50035
    async with Place(server).online() as place:
        question = server.mention(place.channel, place.ada, "What is a darn?")
        assert len(await place.answered(question)) == POSTS
    assert question.thread
    assert question.thread.name == "Council"


def banned(server: DiscordServer, request: Sent) -> bool:
    """Whether this is the request that was refused, or its repetition."""
    (first,) = [each for each in server.requests if each.status == 429 and not each.answer]
    return (request.path, request.body) == (first.path, first.body)


async def test_an_unreachable_api_is_tried_again(server: DiscordServer) -> None:
    server.fail("GET", "/users/@me", 503)
    server.cut("GET", "/users/@me")
    async with Place(server).online() as place:
        await place.answered(server.mention(place.channel, place.ada, "Anybody there?"))


async def test_an_event_that_no_parser_understands_costs_a_connection_only(
    server: DiscordServer,
) -> None:
    provider = FakeProvider({("answer", 1): [asyncio.Event()]})
    (hanging,) = provider._script["answer", 1]
    assert isinstance(hanging, asyncio.Event)
    async with Place(server).online(provider) as place:
        question = server.mention(place.channel, place.ada, "Interrupted?")
        await server.wait_for(lambda: question.thread and len(server.said(question.thread)) == 3)
        server.gateway.push_raw("MESSAGE_CREATE", {})
        await server.wait_for(lambda: len(server.gateway.identifies) == 2 and server.gateway.online)
        assert len(server.gateway.connections) == 1
        hanging.set()
        assert len(await place.answered(question)) == POSTS
        await place.answered(server.mention(place.channel, place.ada, "And now?"))
    # The call under way went on: the deliberation does not hang on the connection.
    assert len(provider.asked("answer")) == 6


@pytest.mark.parametrize("code", sorted(supervisor.FATAL))
async def test_what_a_person_has_to_mend_ends_the_program(server: DiscordServer, code: int) -> None:
    async with running_app(FakeProvider()) as app:
        running = asyncio.create_task(supervisor.run(app, TOKEN, time_scale=TIME_SCALE))
        await server.wait_for(lambda: server.gateway.online)
        server.gateway.close(code)
        with pytest.raises(InvalidConfiguration) as wrong:
            await running
    assert wrong.value.problems == (str(supervisor.FATAL[code]),)


async def test_a_wrong_token_is_named_and_not_shown(server: DiscordServer) -> None:
    program = await OnDiscord(server).start(DISCORD_TOKEN="wrong.token.here")
    code, err = await program.ended()
    assert code == 2
    assert "DISCORD_TOKEN is refused by Discord" in err
    assert "wrong.token.here" not in err
    assert "Traceback" not in err


async def test_without_a_token_it_says_what_to_set() -> None:
    code, _, err = await processes.run("serve", environment={})
    assert code == 2
    assert "set DISCORD_TOKEN or SLACK_BOT_TOKEN" in err


# --- After a restart


async def test_an_old_button_works_after_a_restart(server: DiscordServer, tmp_path: Path) -> None:
    place = Place(server, database=str(tmp_path / "council.db"))
    async with place.online():
        found = await place.answered(server.mention(place.channel, place.ada, "Why?"))
        await place.delivered()
    answer = next(post for post in found if post.text.startswith("**A"))
    async with place.online():
        (run,) = [case.id async for case in place.app.store.cases()]
        opened = await server.click(place.ada, answer, f"c1:{run}:read:answer:A:0")
        assert opened.ephemeral
        assert "The answer from seat" in opened.text


# --- Hostile text


def hostile(request: Request) -> str:
    """What a model would write that wants to be heard by everybody."""
    calls = "@everyone @here <@{person}> <@&{role}> [docs.python.org](https://evil.example/x)"
    return f"{calls.format(person=_SOMEBODY, role=_SOMEBODY)}\n\n{sensible(request)}"


_SOMEBODY = 175928847299117063


async def test_hostile_text_pings_nobody_and_hides_no_address(server: DiscordServer) -> None:
    place = Place(server)
    async with place.online(FakeProvider(otherwise=hostile)):
        found = await place.answered(server.mention(place.channel, place.ada, "@everyone?"))
    own = [ping for ping in server.pings if ping.message.author is server.bot]
    assert [(ping.users, ping.roles, ping.everyone) for ping in own] == [((place.ada,), (), False)]
    assert "evil.example" in found[0].text
    assert "[docs.python.org](https://evil.example" not in found[0].text
    for request in server.requests:
        if request.method in {"POST", "PATCH"} and re.search(r"/messages(/\d+)?$", request.path):
            assert request.body["allowed_mentions"]["parse"] == []
