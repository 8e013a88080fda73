"""The same story in Korean on every platform: all that is shown of it is, over a restart and with votes
counted again; somebody who reads English is answered in English, and alone sees that."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.chat import Person
from bot.council import Failure
from bot.language import _, speaking
from bot.llm import Request
from bot.texts import error_words, kind_of
from tests.abuse.test_shown import strings
from tests.adapters.test_parity import (
    InTerminal,
    OnDiscord,
    OnSlack,
    Stage,
    answered,
    cases,
    voted,
)
from tests.fakes import council_on_discord, council_on_slack
from tests.fakes.discord_server import running_discord
from tests.fakes.provider import FakeProvider, labels_shown, stage_and_seat
from tests.fakes.slack_server import running_slack
from tests.fakes.watched import eventually
from tests.pages.test_korean import ENGLISH

CODE = re.compile(
    r"`[^`]*`|/council [a-z_]+( [a-z]+)*|@council \S+|lab/\w+|(open|react|thread) \S+"
)
KOREAN = re.compile(r"[가-힣]")

PLATFORMS = ["terminal", "discord", "slack"]


def korean(request: Request) -> str:
    """What models write whose people write Korean."""
    stage, seat = stage_and_seat(request)
    if stage == "answer":
        return f"{seat}번 자리의 답변입니다."
    if stage == "review":
        places = "\n".join(
            f"{n}. Answer {x}" for n, x in enumerate(sorted(labels_shown(request)), 1)
        )
        return f"모두 좋습니다.\n\nFINAL RANKING:\n{places}"
    return "**하늘은 파랗습니다.** 답변들이 그렇게 말합니다."


@asynccontextmanager
async def staged(platform: str, folder: Path) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        if platform == "terminal":
            stack.enter_context(speaking("ko"))  # as `main` does for a Korean terminal
            yield InTerminal(str(folder / "terminal.db"))
        elif platform == "discord":
            server = await stack.enter_async_context(running_discord(time_scale=0.01))
            place = council_on_discord.Place(server, database=str(folder / "discord.db"))
            place.guild.locale = place.ada.locale = "ko"
            yield OnDiscord(place)
        else:
            slack = await stack.enter_async_context(
                running_slack(time_scale=0.01, deadline_scale=1)
            )
            on_slack = council_on_slack.Place(slack, database=str(folder / "slack.db"))
            on_slack.ada.locale = "ko-KR"
            yield OnSlack(on_slack)


def shown(stage: Stage) -> list[str]:
    """Everything that the bot showed so far, in every state that it had."""
    if isinstance(stage, OnDiscord):
        told = [r for r in stage.place.server.requests if "/commands" not in r.path]
        return [text for r in told if r.method != "GET" for _kind, text in strings(r.body or {})]
    if isinstance(stage, OnSlack):
        calls = stage.place.server.requests
        told_there = [r.arguments for r in calls if r.method.startswith(("chat.", "views."))]
        ephemeral = [[m.text, m.blocks] for m in stage.place.server.ephemerals]
        return [text for body in (*told_there, *ephemeral) for _kind, text in strings(body)]
    assert isinstance(stage, InTerminal)
    return stage.printed.getvalue().splitlines()


def english(texts: list[str]) -> Iterator[str]:
    for text in texts:
        for line in text.splitlines():
            if ENGLISH.search(CODE.sub("", line)):
                yield line


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_all_that_a_korean_team_sees_is_korean(platform: str, tmp_path: Path) -> None:
    said = "1번 자리의 답변입니다."
    async with staged(platform, tmp_path) as stage:
        hangs = FakeProvider({("answer", 1): [said, asyncio.Event()]}, otherwise=korean)
        async with stage.open(hangs):
            await stage.ask("하늘은 왜 파란가요?")
            await answered(stage, 1)
            await stage.vote("A", "👍")
            await voted(stage, ("A", "accept", True, True))
            await stage.reveal()
            await stage.command("members remove lab/c")
            await stage.ask("밤에는요?")
            await eventually(lambda: is_interrupted(stage))
        async with stage.open(FakeProvider(otherwise=korean)):
            await answered(stage, 2)
            await stage.vote("A", "👎")
            await eventually(lambda: is_rejected(stage))
            await stage.app.recounts.turn()
            spoken = {case.council.interface for case in await cases(stage)}
        found = shown(stage)
    assert len([text for text in found if KOREAN.search(text)]) > 25
    assert set(english(found)) == set()
    assert spoken == {"ko"}


async def is_interrupted(stage: Stage) -> bool:
    found = await cases(stage)
    return len(found) == 2 and len(await stage.app.store.calls(found[1].id)) >= 1


async def is_rejected(stage: Stage) -> bool:
    """In the terminal it is the newest thread that one votes in."""
    reactions = [await stage.app.store.reactions(case.id) for case in await cases(stage)]
    return any(each.value == "reject" for found in reactions for each in found)


async def test_on_discord_somebody_who_reads_english_alone_is_answered_so(tmp_path: Path) -> None:
    async with staged("discord", tmp_path) as stage, stage.open(FakeProvider(otherwise=korean)):
        assert isinstance(stage, OnDiscord)
        place = stage.place
        place.ada.locale = "en-GB"
        answer = await place.server.slash(place.ada, place.channel, "council", "help")
        assert "this channel's council and settings" in told(answer.original)
        await stage.ask("하늘은 왜 파란가요?")
        await answered(stage, 1)
        headline = await stage._post("verdict")
        assert "후속 질문" in told(headline)
        case = (await cases(stage))[0]
        pressed = await place.server.click(place.ada, headline, f"c1:{case.id}:reveal")
        assert "Vote first" in told(pressed.original)
        place.ada.locale = "fr"  # which the bot does not speak
        answer = await place.server.slash(place.ada, place.channel, "council", "help")
        assert "this channel's council and settings" in told(answer.original)


async def test_on_slack_somebody_who_reads_english_alone_is_answered_so(tmp_path: Path) -> None:
    async with staged("slack", tmp_path) as stage, stage.open(FakeProvider(otherwise=korean)):
        assert isinstance(stage, OnSlack)
        place = stage.place
        bob = place.server.create_user("bob", place.channel)
        await place.server.slash(bob, place.channel, "/council", "help")
        await place.whispered("this channel's council and settings")
        await place.server.slash(place.ada, place.channel, "/council", "help")
        await place.whispered("이 채널의 카운슬과 설정")


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_what_a_channel_says_goes_before_what_people_read(
    platform: str, tmp_path: Path
) -> None:
    async with staged(platform, tmp_path) as stage, stage.open(FakeProvider(otherwise=korean)):
        here = stage.channel
        admin = Person("ada", admin=True)
        await stage.app.command(here, admin, "set interface en")
        await stage.ask("하늘은 왜 파란가요?")
        await answered(stage, 1)
        assert (await cases(stage))[0].council.interface == "en"
    assert any(re.search(r"put \W*A\W* first", text) for text in shown(stage))


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_run_ends_in_the_language_that_it_began_in_whatever_the_channel_says_meanwhile(
    platform: str, tmp_path: Path
) -> None:
    hangs = FakeProvider({("answer", 1): [asyncio.Event()]}, otherwise=korean)
    async with staged(platform, tmp_path) as stage:
        async with stage.open(hangs):
            await stage.ask("하늘은 왜 파란가요?")
            await eventually(lambda: has_begun(stage))
            admin = Person("ada", admin=True)
            await stage.app.command(stage.channel, admin, "set interface en")
        async with stage.open(FakeProvider(otherwise=korean)):
            await answered(stage, 1)
            await stage.vote("A", "👍")
            await voted(stage, ("A", "accept", True, True))
            await stage.app.recounts.turn()
            found = shown(stage)
            await stage.ask("밤에는요?")
            await answered(stage, 2)
            spoken = [case.council.interface for case in await cases(stage)]
    assert spoken == ["ko", "en"]
    if platform != "terminal":  # which says all the rest in the language of now
        assert set(english(found)) == set()


async def has_begun(stage: Stage) -> bool:
    found = await cases(stage)
    return len(found) == 1 and len(await stage.app.store.calls(found[0].id)) >= 1


async def test_what_everybody_sees_on_discord_is_in_the_servers_language_whoever_asks_or_presses(
    tmp_path: Path,
) -> None:
    async with staged("discord", tmp_path) as stage, stage.open(FakeProvider(otherwise=korean)):
        assert isinstance(stage, OnDiscord)
        place, server = stage.place, stage.place.server
        place.ada.locale = "en-GB"
        asked = {"question": "하늘은 왜 파란가요?"}
        await server.slash(place.ada, place.channel, "council", "ask", asked)
        await answered(stage, 1)
        case = (await cases(stage))[0]
        root = next(m for m in server.said(place.channel) if m.thread)
        assert root.thread
        headline = next(m for m in server.said(root.thread) if "후속 질문" in told(m))
        form = await server.click(place.ada, headline, f"c1:{case.id}:follow")
        await server.submit_modal(form, {"text": "밤에는요?"})
        await answered(stage, 2)
        spoken = {case.council.interface for case in await cases(stage)}
        found = [told(m) for place in (place.channel, root.thread) for m in server.said(place)]
    assert spoken == {"ko"}
    assert len(found) > 8
    assert set(english(found)) == set()


def told(message: object) -> str:
    """All that a message of Discord's shows."""
    body = [getattr(message, "text", ""), getattr(message, "components", [])]
    return "\n".join(text for _kind, text in strings(body))


def test_programs_read_the_kind_of_an_error_in_any_language() -> None:
    with speaking("ko"):
        error = str(Failure("no_credit", _("no credit")))
        assert kind_of(error) == "no_credit"
        assert KOREAN.search(error_words(error))
