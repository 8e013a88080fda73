"""What a question costs, asked about on each platform: of whoever asked, alone where that can be."""

import getpass
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.terminal.threads import CHANNEL
from bot.chat import Held, HeldQuestion, Mention, Person
from bot.conversation.app import App
from bot.llm import ModelInfo
from tests.adapters.slack.test_asking import pressed as open_form
from tests.adapters.terminal.test_client import after, chat
from tests.fakes import council_on_discord, council_on_slack
from tests.fakes.council import CHAIRMAN, MEMBERS, running_app
from tests.fakes.discord.interactions import Interaction
from tests.fakes.discord_server import Message as DiscordMessage
from tests.fakes.discord_server import running_discord
from tests.fakes.person import CTRL_D, ENTER, person_at
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_server import Message as SlackMessage
from tests.fakes.slack_server import running_slack
from tests.fakes.watched import eventually

QUESTION = "Is a monolith right?"
# The answers alone cost 21 micro-dollars here; reviews and a verdict cost what is typical at 2 and 8
# dollars per million tokens.
CHEAP = "/compare And this?"
COSTS = "This question will cost about $0.03"
CANCELLED = "Cancelled. Nothing was asked, and nothing paid."


class Priced(FakeProvider):
    """With prices in dollars per million tokens."""

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(id, id, prompt_usd_per_million=2, completion_usd_per_million=8)
            for id in (*MEMBERS, CHAIRMAN)
        )


async def waiting(app: App) -> list[HeldQuestion]:
    return [
        held
        for platform in ("discord", "slack", "terminal")
        for held in await app.questions.waiting(platform)
    ]


async def asked(app: App) -> list[str]:
    """What was answered, without the past."""
    return [c.question.text async for c in app.store.cases() if c.council.mode == "council"]


# --- Discord


@pytest.fixture
async def discord() -> AsyncIterator[council_on_discord.Place]:
    async with running_discord(time_scale=0.01) as server:
        place = council_on_discord.Place(server)
        async with place.online(Priced()):
            for mention in [server.mention(place.channel, place.ada, CHEAP) for _ in range(5)]:
                await place.answered(mention)
            await place.delivered()
            yield place


async def pressed(place: council_on_discord.Place, shown: DiscordMessage, name: str) -> Interaction:
    [held] = await waiting(place.app)
    return await place.server.click(place.ada, shown, f"c1:-:{name}:{held.id}")


async def test_on_discord_a_mention_is_answered_with_its_price(
    discord: council_on_discord.Place,
) -> None:
    question = discord.server.mention(discord.channel, discord.ada, QUESTION)
    told = await discord.said(discord.channel, COSTS)
    assert (question.thread, await asked(discord.app)) == (None, [])

    await pressed(discord, told, "go")

    assert told.text == "The question was put to the council."
    assert len(await discord.answered(question)) == 5
    assert await asked(discord.app) == [QUESTION]


async def test_on_discord_nobody_else_presses_go(discord: council_on_discord.Place) -> None:
    server = discord.server
    server.mention(discord.channel, discord.ada, QUESTION)
    told = await discord.said(discord.channel, COSTS)
    [held] = await waiting(discord.app)
    bob = server.create_user("Bob", discord.guild)
    refused = await server.click(bob, told, f"c1:-:go:{held.id}")
    assert refused.ephemeral
    assert refused.text == "Only the person who asked can say whether it is asked."
    assert COSTS in told.text


async def test_on_discord_a_mention_is_cancelled(discord: council_on_discord.Place) -> None:
    discord.server.mention(discord.channel, discord.ada, QUESTION)
    told = await discord.said(discord.channel, COSTS)
    await pressed(discord, told, "cancel")
    assert told.text == CANCELLED
    assert await waiting(discord.app) == []


async def test_on_discord_a_command_posts_the_question_once_its_price_is_agreed_to(
    discord: council_on_discord.Place,
) -> None:
    words = {"question": QUESTION}
    typed = await discord.server.slash(discord.ada, discord.channel, "council", "ask", words)
    assert typed.ephemeral
    assert COSTS in typed.text
    before = len(discord.server.said(discord.channel))
    assert typed.original

    await pressed(discord, typed.original, "go")

    assert typed.original.text == "The question was put to the council."
    root = await discord.said(discord.channel, QUESTION)
    assert root.text == f"**Ada asks:**\n\n{QUESTION}"
    assert len(await discord.answered(root)) == 5
    assert len(discord.server.said(discord.channel)) == before + 1
    assert await asked(discord.app) == [QUESTION]


async def test_on_discord_a_command_that_is_cancelled_leaves_nothing_in_the_channel(
    discord: council_on_discord.Place,
) -> None:
    before = len(discord.server.said(discord.channel))
    words = {"question": QUESTION}
    typed = await discord.server.slash(discord.ada, discord.channel, "council", "ask", words)
    assert typed.original
    await pressed(discord, typed.original, "cancel")
    assert typed.original.text == CANCELLED
    assert len(discord.server.said(discord.channel)) == before
    assert await waiting(discord.app) == []


# --- Slack


@pytest.fixture
async def slack() -> AsyncIterator[council_on_slack.Place]:
    async with running_slack(time_scale=0.01, deadline_scale=1) as server:
        place = council_on_slack.Place(server)
        async with place.online(Priced()):
            for mention in [server.mention(place.channel, place.ada, CHEAP) for _ in range(5)]:
                await place.answered(mention)
            await place.delivered()
            yield place


async def clicked(place: council_on_slack.Place, name: str) -> None:
    """A button of what only Ada sees."""
    await place.whispered(COSTS)
    [held] = await waiting(place.app)
    told = place.server.ephemerals[-1]
    await place.server.click(place.ada, place.channel, told.ts, f"{name}:{held.id}")


async def test_on_slack_whoever_asks_is_told_the_price_alone(
    slack: council_on_slack.Place,
) -> None:
    question = slack.server.mention(slack.channel, slack.ada, QUESTION)
    await clicked(slack, "go")
    [told] = slack.server.ephemerals
    assert told.user is slack.ada
    await slack.server.wait_for(lambda: "was put to the council" in told.text)
    assert len(await slack.answered(question)) == 5
    assert await asked(slack.app) == [QUESTION]
    assert slack.server.rejections == []


async def test_on_slack_a_question_in_a_thread_is_asked_about_in_it(
    slack: council_on_slack.Place,
) -> None:
    first = slack.server.messages(slack.channel)[0]
    slack.server.mention(slack.channel, slack.ada, QUESTION, first.ts)
    await slack.whispered(COSTS)
    assert slack.server.ephemerals[-1].thread_ts == first.ts


async def test_on_slack_a_question_is_cancelled(slack: council_on_slack.Place) -> None:
    slack.server.mention(slack.channel, slack.ada, QUESTION)
    await clicked(slack, "cancel")
    [told] = slack.server.ephemerals
    await slack.server.wait_for(lambda: CANCELLED in told.text)
    assert await waiting(slack.app) == []


async def test_on_slack_a_command_posts_the_question_once_its_price_is_agreed_to(
    slack: council_on_slack.Place,
) -> None:
    await slack.server.slash(slack.ada, slack.channel, "/council", f"ask {QUESTION}")
    await slack.whispered(COSTS)
    before: list[SlackMessage] = slack.server.messages(slack.channel)
    await clicked(slack, "go")
    root = await slack.said(slack.channel, QUESTION)
    assert "*ada asks:*" in root.text
    assert len(await slack.answered(root)) >= 5
    assert len(slack.server.messages(slack.channel)) == len(before) + 1
    assert await asked(slack.app) == [QUESTION]


async def test_on_slack_a_follow_up_in_a_form_is_asked_about_beside_its_thread(
    slack: council_on_slack.Place,
) -> None:
    first = slack.server.messages(slack.channel)[0]
    [run, *_] = [case.id async for case in slack.app.store.cases() if case.thread == first.ts]
    await open_form(slack, first, run, "follow")
    view = await slack.server.wait_for(lambda: slack.server.open_views)
    answer = await slack.server.submit_view(slack.ada, view[-1], {"text": QUESTION})
    assert answer.action == "close"
    await clicked(slack, "go")
    await slack.said(slack.channel, QUESTION, first.ts)
    await slack.delivered()
    assert await asked(slack.app) == [QUESTION]
    assert slack.server.ephemerals[-1].thread_ts == first.ts


# --- The terminal


async def test_in_a_terminal_a_person_is_asked(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    async with running_app(Priced(), time_scale=1, database=database) as app:
        await chat(app, *[f"@council {CHEAP}"] * 5)
    async with (
        running_app(Priced(), time_scale=1, database=database) as app,
        person_at(app) as person,
    ):
        person.says(QUESTION)
        await person.sees("Ask it all the same? [y/N]")
        assert COSTS in person.screen.text
        person.types("n" + ENTER)
        await person.sees(CANCELLED)
        assert (await asked(app), await waiting(app)) == ([], [])
        person.says(QUESTION)
        await person.sees("Ask it all the same? [y/N]")
        person.types("y" + ENTER)
        await person.sees("· open ranking ·")
        assert await asked(app) == [QUESTION]
        person.types(CTRL_D)
        await person.left()


async def test_in_a_terminal_what_waited_when_the_chat_was_killed_is_asked_about_again(
    tmp_path: Path,
) -> None:
    database = str(tmp_path / "council.db")
    async with running_app(Priced(), time_scale=1, database=database) as app:
        await chat(app, *[f"@council {CHEAP}"] * 5)
        me = Person(getpass.getuser(), admin=True)
        killed = Mention("terminal:one", CHANNEL, me, QUESTION, "", thread="one")
        assert isinstance(await app.questions.accept(killed), Held)
    async with (
        running_app(Priced(), time_scale=1, database=database) as app,
        person_at(app) as person,
    ):
        await person.sees("An earlier chat left this unasked: Is a monolith right?")
        await person.sees("Ask it all the same? [y/N]")
        person.types("y" + ENTER)
        await person.sees("· open ranking ·")
        assert await asked(app) == [QUESTION]
        person.types(CTRL_D)
        await person.left()


async def test_nobody_is_asked_in_a_pipe() -> None:
    async with running_app(Priced(), time_scale=1) as app:
        text = await chat(app, *[f"@council {CHEAP}"] * 5, f"@council {QUESTION}")
        assert "will cost" not in text
        assert "Because the answers say so." in after(text, f"@council {QUESTION}")
        assert (await asked(app), await waiting(app)) == ([QUESTION], [])
        await eventually(lambda: _nothing_left(app))


async def _nothing_left(app: App) -> bool:
    return not await app.store.unfinished("terminal")
