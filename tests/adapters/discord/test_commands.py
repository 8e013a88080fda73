"""`/council` and the message menu, as people on Discord use them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest

from adapters.text.markdown import WORD_JOINER
from bot.chat import Channel
from bot.conversation.budget import Rules
from bot.conversation.commands import COMMANDS
from bot.criteria import PRESETS
from bot.language import _, speaking
from bot.llm import ModelInfo
from bot.modes import MODES
from bot.settings import SETTINGS
from tests.fakes.channel import finished_case, rate
from tests.fakes.council_on_discord import Place
from tests.fakes.discord.state import Flag, Message
from tests.fakes.discord_server import (
    ChannelType,
    DiscordServer,
    Fault,
    Impossible,
)
from tests.fakes.provider import FakeProvider
from tests.fakes.watched import eventually


class Listing(FakeProvider):
    """Scripted models with a list of what there is."""

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(
                id=id,
                name=id,
                context_tokens=100_000,
                prompt_usd_per_million=1.0,
                completion_usd_per_million=2.0,
                created=number,
            )
            for number, id in enumerate(["lab/a", "lab/b", "lab/c", "lab/chair", "lab/new"])
        )


@pytest.fixture
async def place(server: DiscordServer) -> AsyncIterator[Place]:
    async with Place(server).online(Listing()) as place:
        yield place


def make_admin(place: Place) -> None:
    rights = discord.Permissions(manage_guild=True)
    place.server.create_role(place.guild, "managers", rights, place.ada)


async def typed(place: Place, sub: str, **options: object) -> str:
    """What the person reads after `/council sub`, which nobody else does."""
    done = await place.server.slash(place.ada, place.channel, "council", sub, options)
    assert done.ephemeral
    return done.text


async def members(place: Place) -> tuple[str, ...]:
    channel = Channel("discord", str(place.guild.id), str(place.channel.id))
    return (await place.app.settings(channel)).members


# What it does


async def test_everybody_may_look(place: Place) -> None:
    assert "writes the verdict" in await typed(place, "show")
    assert "lab/a" in await typed(place, "members")
    assert "under way" in await typed(place, "health")
    assert "/council members" in await typed(place, "help")
    assert "lab/new" in await typed(place, "models", search="new")


async def test_changing_needs_the_right_to_manage_the_server(place: Place) -> None:
    assert "Only administrators" in await typed(place, "members", action="add", model="lab/new")
    assert await members(place) == ("lab/a", "lab/b", "lab/c")
    make_admin(place)
    assert "lab/new" in await typed(place, "members", action="add", model="lab/new")
    assert await members(place) == ("lab/a", "lab/b", "lab/c", "lab/new")


async def test_the_right_is_looked_up_each_time(place: Place) -> None:
    make_admin(place)
    await typed(place, "chairman", model="lab/new")
    place.guild.member_roles[place.ada.id].clear()
    assert "Only administrators" in await typed(place, "chairman", model="lab/chair")


async def test_every_setting_can_be_changed_and_reset(place: Place) -> None:
    make_admin(place)
    assert "always" in await typed(place, "set", name="reveal", value="always")
    assert "2.5" in await typed(place, "budget", usd="2.50")
    assert "council" in await typed(place, "mode", name="council")
    assert "reveal" in await typed(place, "reset", name="reveal")
    assert "everything" in await typed(place, "reset")
    assert "on" in await typed(place, "pause")
    assert "off" in await typed(place, "resume")


async def test_a_thread_has_the_settings_of_its_channel(place: Place) -> None:
    make_admin(place)
    question = place.server.mention(place.channel, place.ada, "Why?")
    await place.answered(question)
    assert question.thread
    options = {"action": "remove", "model": "lab/c"}
    await place.server.slash(place.ada, question.thread, "council", "members", options)
    assert await members(place) == ("lab/a", "lab/b")


async def test_a_long_answer_comes_in_pages(place: Place) -> None:
    make_admin(place)
    long = await place.server.slash(
        place.ada, place.channel, "council", "set", {"name": "criteria", "value": "x" * 1990}
    )
    assert "x" * 1990 in long.text + "".join(message.text for message in long.followups)


# What was asked and voted here


async def rated_channel(place: Place, count: int) -> None:
    for number in range(count):
        case = finished_case(number, channel=str(place.channel.id))
        await place.app.store.create(case)
        await place.app.store.delivered(case.id)
        await rate(place.app.store, case, best="lab/b")


async def answered(place: Place, sub: str, **options: object) -> Message:
    """What the person is shown once the bot is done thinking."""
    done = await place.server.slash(place.ada, place.channel, "council", sub, options)
    assert done.original
    message = done.original
    await place.server.wait_for(lambda: not message.flags & Flag.LOADING)
    assert done.ephemeral
    return message


async def test_stats_come_with_their_picture_in_the_same_message(place: Place) -> None:
    await rated_channel(place, 20)
    shown = await answered(place, "stats")
    assert shown.text.startswith("## b serves people best here\n")
    (picture,) = shown.attachments
    assert picture.data.startswith(b"\x89PNG")
    assert "Models: " in (picture.description or "")


async def test_details_and_the_ceiling_are_texts(place: Place) -> None:
    await rated_channel(place, 20)
    assert "People's standings" in (await answered(place, "stats", more="details")).text
    assert "A perfect picker" in (await answered(place, "ceiling")).text


async def test_members_are_suggested_for_as_many_seats_as_wanted(place: Place) -> None:
    await rated_channel(place, 20)
    assert "there is nothing to choose" in (await answered(place, "suggest")).text
    shown = (await answered(place, "suggest", seats=1)).text
    assert "To seat them: `/council members set lab/b`" in shown


async def test_an_export_is_a_file_for_administrators(place: Place) -> None:
    await rated_channel(place, 2)
    assert "Only administrators" in (await answered(place, "export")).text
    make_admin(place)
    (file,) = (await answered(place, "export")).attachments
    assert file.filename == "deliberations.jsonl"
    assert [json.loads(line)["id"] for line in file.data.splitlines()] == ["run-0", "run-1"]


async def test_an_export_of_a_channel_leaves_its_private_threads_out(place: Place) -> None:
    server = place.server
    await place.answered(server.mention(place.channel, place.ada, "For everybody?"))
    public = server.create_thread(place.ada, place.channel, "open")
    secret = server.world.open_thread(
        place.channel, place.ada, "secret", ChannelType.PRIVATE_THREAD, server.world.new_id()
    )
    for thread in (public, secret):
        thread.thread_members.add(server.bot.id)
        server.mention(thread, place.ada, f"In the {thread.name} thread?")
        await server.wait_for(lambda thread=thread: place.verdict(thread))  # type: ignore[misc]
    make_admin(place)

    (file,) = (await answered(place, "export")).attachments

    asked = [json.loads(line)["question"] for line in file.data.splitlines()]
    assert asked == ["For everybody?", "In the open thread?"]


@pytest.mark.parametrize("address", ["{", "[]", "{}", '{"kind": "moon"}'])
async def test_an_unreadable_address_keeps_nothing_else_from_an_export(
    place: Place, address: str
) -> None:
    await rated_channel(place, 2)
    case = finished_case(7, channel=str(place.channel.id))
    await place.app.store.create(replace(case, address=address))
    make_admin(place)
    (file,) = (await answered(place, "export")).attachments
    assert [json.loads(line)["id"] for line in file.data.splitlines()] == ["run-0", "run-1"]


async def test_what_is_mine_is_forgotten_and_a_channel_by_administrators(place: Place) -> None:
    await rated_channel(place, 2)
    assert "0 deliberations that you asked" in (await answered(place, "forget", what="me")).text
    assert "Only administrators" in (await answered(place, "forget", what="channel")).text
    make_admin(place)
    assert (
        "2 deliberations of this channel" in (await answered(place, "forget", what="channel")).text
    )


# Autocompletion


async def test_models_are_completed_with_their_prices(place: Place) -> None:
    (choice,) = await place.server.autocomplete(
        place.ada, place.channel, "council", "chairman", "model", "new"
    )
    assert choice["value"] == "lab/new"
    assert choice["name"] == "lab/new · $1 / $2 per million tokens"


async def test_a_model_for_an_audition_is_completed_unless_it_is_a_member(place: Place) -> None:
    async def choices(typed: str) -> list[str]:
        found = await place.server.autocomplete(
            place.ada, place.channel, "council", "audition", "model", typed
        )
        return [choice["value"] for choice in found]

    assert sorted(await choices("lab")) == ["lab/chair", "lab/new"]
    make_admin(place)
    await typed(place, "audition", model="lab/new")
    assert await choices("") == await choices("st") == ["stop"]
    assert await choices("lab") == []


async def test_an_audition_is_begun_looked_at_and_stopped(place: Place) -> None:
    make_admin(place)
    assert "**lab/new** is on audition here." in await typed(place, "audition", model="lab/new")
    done = await place.server.slash(place.ada, place.channel, "council", "audition")
    assert "So far it answered 0 questions" in done.text
    assert done.original
    stopped = await place.server.click(place.ada, done.original, "c1:-:audition:stop:lab/new")
    assert "is stopped" in stopped.text
    assert stopped.ephemeral


async def test_of_several_models_the_last_is_completed(place: Place) -> None:
    (choice,) = await place.server.autocomplete(
        place.ada, place.channel, "council", "members", "model", "lab/a, new", {"action": "set"}
    )
    assert choice["value"] == "lab/a, lab/new"


async def test_only_seated_models_are_offered_for_removal(place: Place) -> None:
    choices = await place.server.autocomplete(
        place.ada, place.channel, "council", "members", "model", "", {"action": "remove"}
    )
    assert [choice["value"] for choice in choices] == ["lab/a", "lab/b", "lab/c"]


# The form for the criteria


async def test_an_administrator_gets_a_form_for_the_criteria(place: Place) -> None:
    make_admin(place)
    opened = await place.server.slash(place.ada, place.channel, "council", "criteria")
    assert opened.modal
    done = await place.server.submit_modal(opened, {"text": "Short\nand true"})
    assert "Short" in done.text
    again = await place.server.slash(place.ada, place.channel, "council", "criteria")
    assert "Short\\nand true" in str(again.modal)
    cleared = await place.server.submit_modal(again, {"text": ""})
    assert "none" in cleared.text


async def test_the_form_for_the_criteria_takes_a_preset_whose_text_it_then_shows(
    place: Place,
) -> None:
    make_admin(place)
    opened = await place.server.slash(place.ada, place.channel, "council", "criteria")
    done = await place.server.submit_modal(opened, {"text": "Mine", "preset": ["code review"]})
    assert f"code review: {PRESETS['code review']}" in done.text
    again = await place.server.slash(place.ada, place.channel, "council", "criteria")
    assert again.modal
    text, preset = [label["component"] for label in again.modal["components"]]
    assert text["value"] == PRESETS["code review"]
    assert [option["value"] for option in preset["options"]] == list(PRESETS)


async def test_presets_of_the_criteria_are_completed_with_their_texts(place: Place) -> None:
    found = await place.server.autocomplete(
        place.ada, place.channel, "council", "criteria", "text", "co"
    )
    assert [choice["value"] for choice in found] == ["concision", "code review"]
    assert found[0]["name"].startswith("concision · the right answer in the fewest words.")


async def test_the_form_is_judged_when_it_is_sent(place: Place) -> None:
    make_admin(place)
    opened = await place.server.slash(place.ada, place.channel, "council", "criteria")
    place.guild.member_roles[place.ada.id].clear()
    done = await place.server.submit_modal(opened, {"text": "Mine"})
    assert "Only administrators" in done.text


async def test_a_form_sent_from_a_channel_that_one_sees_no_more_changes_nothing(
    place: Place,
) -> None:
    make_admin(place)
    await typed(place, "set", name="changers", value="anyone")
    place.guild.member_roles[place.ada.id].clear()
    opened = await place.server.slash(place.ada, place.channel, "council", "criteria")
    hidden = discord.Permissions(view_channel=True)
    place.server.overwrite(place.channel, place.ada, deny=hidden)
    done = await place.server.submit_modal(opened, {"text": "Mine"})
    assert done.text == "You cannot see the channel that this belongs to."


async def test_others_read_the_criteria(place: Place) -> None:
    assert "criteria" in await typed(place, "criteria")


# Asking


async def test_a_question_by_command_is_the_root_of_its_thread(place: Place) -> None:
    asked = await place.server.slash(
        place.ada, place.channel, "council", "ask", {"question": "Why @everyone?"}
    )
    root = asked.original
    assert root
    assert root.text == f"**Ada asks:**\n\nWhy @{WORD_JOINER}everyone?"
    assert not asked.ephemeral
    posts = await place.answered(root)
    assert len(posts) == 5
    assert not any(ping.everyone for ping in place.server.pings)


async def test_a_refused_question_leaves_nothing_in_the_channel(place: Place) -> None:
    make_admin(place)
    await typed(place, "pause")
    asked = await place.server.slash(
        place.ada, place.channel, "council", "ask", {"question": "Why?"}
    )
    assert "paused" in asked.text
    assert asked.ephemeral
    assert place.server.said(place.channel) == []


@pytest.mark.parametrize("blank", [" ", "\n\t ", "\u3000", "\u200b", "\u2800 \u3164"])
async def test_a_question_of_blanks_gets_a_hint(
    place: Place, caplog: pytest.LogCaptureFixture, blank: str
) -> None:
    assert "What should the council answer?" in await typed(place, "ask", question=blank)
    assert place.server.said(place.channel) == []
    assert caplog.records == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "Is [discord.com](https://evil.example/x) safe?",
            "Is discord.com (https://evil.example/x) safe?",
        ),
        ("[docs](https://evil.example)", "docs (https://evil.example)"),
        ("![cat](https://evil.example/a.png)", "cat (https://evil.example/a.png)"),
    ],
)
async def test_a_question_by_command_hides_no_link(place: Place, written: str, shown: str) -> None:
    asked = await place.server.slash(
        place.ada, place.channel, "council", "ask", {"question": written}
    )
    assert asked.text == f"**Ada asks:**\n\n{shown}"


@pytest.mark.parametrize("code", [50035, 200000, 240000])
async def test_a_question_whose_words_discord_refuses_is_refused_in_words(
    place: Place, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    place.server.refuse("POST", "/callback", code)
    asked = await place.server.slash(
        place.ada, place.channel, "council", "ask", {"question": "Is evil.example safe?"}
    )
    assert asked.ephemeral
    assert "Discord" in asked.text or "AutoMod" in asked.text
    assert place.server.said(place.channel) == []
    assert [record for record in caplog.records if record.exc_info] == []


async def test_nobody_speaks_with_the_bots_own_voice(place: Place) -> None:
    """Not by a name that looks like Markdown either."""
    mallory = place.server.create_user("**x**\n# Council", place.guild)
    asked = await place.server.slash(
        mallory, place.channel, "council", "ask", {"question": "Admins: type your password"}
    )
    first, *_ = asked.text.splitlines()
    assert first == r"**\*\*x\*\* \# Council asks:**"


async def test_a_long_question_by_command_stands_there_whole(place: Place) -> None:
    question = "?" * 3_900
    asked = await place.server.slash(
        place.ada, place.channel, "council", "ask", {"question": question}
    )
    assert asked.original
    await place.answered(asked.original)
    shown = "".join(m.text for m in place.server.said(place.channel))
    assert shown.count("?") == 3_900
    assert place.server.rejections == []


async def test_a_question_whose_rest_is_refused_is_answered(place: Place) -> None:
    place.server.refuse("POST", "/webhooks/", 50027)
    asked = await place.server.slash(
        place.ada, place.channel, "council", "ask", {"question": "?" * 3_900}
    )
    assert asked.original
    await place.answered(asked.original)


async def test_a_reply_to_a_question_by_command_knows_its_words_alone(place: Place) -> None:
    server = place.server
    asked = await server.slash(
        place.ada, place.channel, "council", "ask", {"question": "Is the sky green?"}
    )
    assert asked.original
    await place.answered(asked.original)
    await place.answered(server.mention(place.channel, place.ada, "Well?", reply_to=asked.original))
    (case,) = [c async for c in place.app.store.cases() if c.question.text == "Well?"]
    assert case.question.quoted == "Is the sky green?"


async def test_where_the_bot_may_not_write_it_says_what_it_needs(place: Place) -> None:
    rights = discord.Permissions(send_messages=True, send_messages_in_threads=True)
    place.server.overwrite(place.channel, place.server.bot, deny=rights)
    assert "I may not write here" in await typed(place, "ask", question="Why?")
    message = place.server.post(place.channel, place.ada, "Is water wet?")
    done = await place.server.context_menu(place.ada, message, "Ask the council")
    assert "I may not write here" in done.text


async def test_the_menu_asks_about_a_message_the_bot_could_not_read(place: Place) -> None:
    bob = place.server.create_user("Bob", place.guild)
    message = place.server.post(place.channel, bob, "Is water wet?")
    done = await place.server.context_menu(place.ada, message, "Ask the council")
    assert done.ephemeral
    assert str(message.id) in done.text
    await place.answered(message)
    (case,) = [case async for case in place.app.store.cases()]
    assert (case.question.text, case.asker) == ("Is water wet?", str(place.ada.id))


async def test_the_menu_asks_once_about_a_message(place: Place) -> None:
    message = place.server.post(place.channel, place.ada, "Is water wet?")
    await place.server.context_menu(place.ada, message, "Ask the council")
    again = await place.server.context_menu(place.ada, message, "Ask the council")
    assert "already" in again.text
    await place.answered(message)


async def test_the_menu_says_of_a_message_that_is_a_file_alone_why_it_cannot_be_read(
    place: Place,
) -> None:
    message = place.server.post(place.channel, place.ada, "", files={"a.png": b"\x89PNG"})
    done = await place.server.context_menu(place.ada, message, "Ask the council")
    assert "The council deliberates" in done.text
    thread = await place.server.wait_for(lambda: message.thread)
    assert thread
    headline = await place.said(thread, "Nothing that came along could be read")
    assert "`a.png`" in headline.text


async def test_the_menu_reads_a_forward_and_tells_of_files(place: Place) -> None:
    original = place.server.post(place.channel, place.ada, "Is water wet?", files={"a.png": b"x"})
    forward = place.server.forward(place.channel, place.ada, original)
    await place.server.context_menu(place.ada, forward, "Ask the council")
    (headline, *_) = await place.answered(forward)
    assert "`a.png`" in headline.frames[0]
    (case,) = [case async for case in place.app.store.cases()]
    assert case.question.text == "Is water wet?"


async def test_a_command_under_way_at_the_end_is_let_go_in_silence(
    server: DiscordServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with Place(server).online() as place:
        held = server.hold("POST", "/callback")
        question = {"question": "Why?"}
        await server.slash(place.ada, place.channel, "council", "ask", question)
        await held.reached.wait()
    assert held.gate
    held.gate.set()
    assert [record.getMessage() for record in caplog.records] == []


# Lost answers


async def test_an_answer_whose_receipt_is_lost_is_not_repeated(place: Place) -> None:
    place.server.fail("POST", "/callback", 502, committed=True)
    assert "writes the verdict" in await typed(place, "show")
    (shown,) = [i for i in place.server.interactions.log if i.original]
    assert shown.followups == []


async def test_a_question_whose_receipt_is_lost_is_asked_once(place: Place) -> None:
    place.server.fail("POST", "/callback", 502, committed=True)
    asked = await place.server.slash(
        place.ada, place.channel, "council", "ask", {"question": "Why?"}
    )
    assert asked.original
    await place.answered(asked.original)
    assert len(place.server.said(place.channel)) == 1


# Where it may not be used


@pytest.fixture
async def stranger(place: Place) -> Place:
    """An administrator of a server that the bot's operator did not allow."""
    make_admin(place)
    place.app.admission.allowed = frozenset({"somewhere else"})
    return place


NOT_ENABLED = "The council is not enabled here."


@pytest.mark.parametrize(
    ("sub", "options"),
    [
        ("show", {}),
        ("health", {}),
        ("help", {}),
        ("members", {"action": "add", "model": "lab/new"}),
        ("chairman", {"model": "lab/new"}),
        ("models", {"search": "lab"}),
        ("criteria", {}),
        ("criteria", {"text": "Mine."}),
        ("mode", {}),
        ("budget", {"usd": "unlimited"}),
        ("set", {"name": "reveal", "value": "always"}),
        ("reset", {}),
        ("ask", {"question": "Why?"}),
        ("stats", {}),
        ("ceiling", {}),
        ("suggest", {}),
        ("export", {}),
        ("forget", {"what": "channel"}),
        ("pause", {}),
        ("resume", {}),
    ],
)
async def test_a_command_in_a_server_that_is_not_allowed_is_refused(
    stranger: Place, sub: str, options: dict[str, object]
) -> None:
    assert NOT_ENABLED in await typed(stranger, sub, **options)
    assert stranger.server.said(stranger.channel) == []
    assert await members(stranger) == ("lab/a", "lab/b", "lab/c")


async def test_nothing_is_completed_and_no_menu_asks_where_it_is_not_allowed(
    stranger: Place,
) -> None:
    complete, here = stranger.server.autocomplete, (stranger.ada, stranger.channel, "council")
    assert await complete(*here, "chairman", "model", "lab") == []
    for action in ("add", "remove"):
        assert await complete(*here, "members", "model", "lab", {"action": action}) == []
    message = stranger.server.post(stranger.channel, stranger.ada, "Is water wet?")
    done = await stranger.server.context_menu(stranger.ada, message, "Ask the council")
    assert NOT_ENABLED in done.text


async def test_a_form_that_was_open_when_the_server_was_disallowed_changes_nothing(
    place: Place,
) -> None:
    make_admin(place)
    opened = await place.server.slash(place.ada, place.channel, "council", "criteria")
    place.app.admission.allowed = frozenset({"somewhere else"})
    done = await place.server.submit_modal(opened, {"text": "Mine."})
    assert NOT_ENABLED in done.text


async def test_everybody_may_be_forgotten(stranger: Place) -> None:
    assert NOT_ENABLED not in await typed(stranger, "forget", what="me")


async def test_only_an_operator_allows_a_server(server: DiscordServer) -> None:
    server.world.public = True
    place = Place(server)
    make_admin(place)
    root = server.create_user("Root", place.guild)
    async with place.online(Listing(), rules=Rules(admins=frozenset({str(root.id)}))):
        assert NOT_ENABLED in await typed(place, "show")
        assert "Only those listed in COUNCIL_ADMINS" in await typed(place, "allow")
        done = await server.slash(root, place.channel, "council", "allow")
        assert "may be used in this server" in done.text
        assert "writes the verdict" in await typed(place, "show")
        await server.slash(root, place.channel, "council", "allow", {"off": True})
        assert NOT_ENABLED in await typed(place, "show")


# Delivered too late


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What was logged so far, tracebacks included."""

    def found() -> list[str]:
        for record in caplog.records:
            assert record.exc_info is None, record.getMessage()
        return [record.getMessage() for record in caplog.records]

    return found


@pytest.mark.parametrize("sub", ["stats", "show", "criteria", "ask", "forget", "members"])
async def test_a_command_that_comes_too_late_takes_a_line(
    place: Place, lines: Callable[[], list[str]], sub: str
) -> None:
    make_admin(place)
    place.server.interactions.late_seconds = 5
    options = {"ask": {"question": "Why?"}, "forget": {"what": "me"}}.get(sub, {})
    await act_in_vain(place.server.slash, place.ada, place.channel, "council", sub, options)
    assert "10062" in await only_line(place, lines)
    assert place.server.said(place.channel) == []


async def test_a_form_that_comes_too_late_takes_a_line(
    place: Place, lines: Callable[[], list[str]]
) -> None:
    make_admin(place)
    opened = await place.server.slash(place.ada, place.channel, "council", "criteria")
    place.server.interactions.late_seconds = 5
    await act_in_vain(place.server.submit_modal, opened, {"text": "Be right."})
    assert "10062" in await only_line(place, lines)


async def test_autocompletion_that_comes_too_late_takes_a_line(
    place: Place, lines: Callable[[], list[str]]
) -> None:
    place.server.interactions.late_seconds = 5
    ask = place.server.autocomplete
    await act_in_vain(ask, place.ada, place.channel, "council", "chairman", "model", "lab")
    assert "10062" in await only_line(place, lines)


@pytest.mark.parametrize("status", [None, 429])
async def test_a_command_that_discord_does_not_take_the_answer_of_takes_a_line(
    place: Place, lines: Callable[[], list[str]], status: int | None
) -> None:
    place.server.faults.order(Fault("POST", "/callback", status, times=2))
    ask = place.server.slash
    done = await ask(place.ada, place.channel, "council", "stats", {})
    assert done.text == "Something went wrong here. It has been logged."
    assert len(lines()) == 1


async def logged(lines: Callable[[], list[str]], count: int) -> list[str]:
    async def found() -> list[str]:
        await asyncio.sleep(0)
        return lines()[count - 1 :]

    return await eventually(found)


async def only_line(place: Place, lines: Callable[[], list[str]]) -> str:
    """What was logged by the time that a later command is answered."""
    await logged(lines, 1)
    place.server.interactions.late_seconds = 0
    await typed(place, "show")
    (line,) = lines()
    return line


async def act_in_vain(act: Callable[..., Awaitable[object]], *arguments: object) -> None:
    """Do what the bot will not answer, and do not wait for its answer."""
    await act(*arguments, timeout_seconds=0.01)


# What Discord is told


def strings(node: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """Every name and description with its translations."""
    for option in node.get("options") or []:
        yield from strings(option)
    # A choice is a word that people type, alone, or with what it does.
    for choice in node.get("choices") or []:
        if ": " in choice["name"]:
            yield choice["name"], choice.get("name_localizations") or {}
    if node.get("description"):
        yield node["description"], node.get("description_localizations") or {}


async def test_each_command_of_the_table_is_a_subcommand(place: Place) -> None:
    (council,) = [c for c in place.server.commands.registered[None] if c["name"] == "council"]
    subs = {sub["name"]: sub for sub in council["options"]}
    assert list(subs) == list(COMMANDS)
    for name, command in COMMANDS.items():
        options = subs[name].get("options") or []
        assert subs[name]["description"] == command.description.english
        assert [o["description"] for o in options] == [
            o.description.english for o in command.options
        ]


@pytest.mark.parametrize(
    ("sub", "option", "told"),
    [
        ("members", "action", {"type": 3, "required": False, "choices": ["add", "remove", "set"]}),
        ("members", "model", {"type": 3, "required": False, "autocomplete": True}),
        ("chairman", "model", {"type": 3, "required": False, "autocomplete": True}),
        ("models", "search", {"type": 3, "required": False}),
        ("criteria", "text", {"type": 3, "required": False, "autocomplete": True}),
        ("mode", "name", {"type": 3, "required": False, "choices": list(MODES)}),
        ("budget", "usd", {"type": 3, "required": False}),
        ("set", "name", {"type": 3, "required": True, "choices": list(SETTINGS)}),
        ("set", "value", {"type": 3, "required": False}),
        ("reset", "name", {"type": 3, "required": False, "choices": list(SETTINGS)}),
        ("ask", "question", {"type": 3, "required": True, "min_length": 1, "max_length": 3_900}),
        ("ask", "mode", {"type": 3, "required": False, "choices": list(MODES)}),
        ("stats", "more", {"type": 3, "required": False, "choices": ["details", "reviewers"]}),
        ("suggest", "seats", {"type": 4, "required": False, "min_value": 1, "max_value": 20}),
        ("forget", "what", {"type": 3, "required": True, "choices": ["me", "thread", "channel"]}),
    ],
)
async def test_discord_is_told_of_each_option(
    place: Place, sub: str, option: str, told: dict[str, object]
) -> None:
    (council,) = [c for c in place.server.commands.registered[None] if c["name"] == "council"]
    (command,) = [c for c in council["options"] if c["name"] == sub]
    (found,) = [o for o in command["options"] if o["name"] == option]
    if "choices" in found:
        found = found | {"choices": [choice["value"] for choice in found["choices"]]}
    texts = {"name", "description", "name_localizations", "description_localizations"}
    assert {key: value for key, value in found.items() if key not in texts} == told


def names(node: Any) -> Iterator[tuple[str, dict[str, str]]]:
    yield node["name"], node.get("name_localizations") or {}
    for option in node.get("options") or []:
        yield from names(option)


async def test_every_description_is_there_in_korean(place: Place) -> None:
    found = [
        pair for command in place.server.commands.registered[None] for pair in strings(command)
    ]
    assert len(found) > 40
    assert [text for text, translations in found if "ko" not in translations] == []
    assert dict(found)["Who writes the verdict"]["ko"] == "결론을 쓰는 모델"


async def test_what_people_type_is_english_everywhere(place: Place) -> None:
    council, menu = sorted(place.server.commands.registered[None], key=lambda each: each["type"])
    assert [name for name, translations in names(council) if translations] == []
    assert menu["name_localizations"] == {"ko": "카운슬에 질문"}


async def test_the_form_speaks_korean_to_koreans(place: Place) -> None:
    make_admin(place)
    place.ada.locale = "ko"
    opened = await place.server.slash(place.ada, place.channel, "council", "criteria")
    assert opened.modal
    with speaking("ko"):
        assert opened.modal["title"] == _("This channel's council") != "This channel's council"


async def test_everybody_sees_the_command_and_nobody_can_install_it_alone(place: Place) -> None:
    (council,) = [c for c in place.server.commands.registered[None] if c["name"] == "council"]
    assert council.get("default_member_permissions") is None
    assert council["integration_types"] == [0]
    with pytest.raises(Impossible):
        await place.server.slash(place.ada, place.channel, "council", "nothing")


async def test_the_commands_are_synced_only_when_they_differ(
    server: DiscordServer, tmp_path: Path
) -> None:
    place = Place(server, database=str(tmp_path / "council.db"))
    async with place.online():
        assert server.commands.syncs == 1
    await server.wait_for(lambda: not server.gateway.online)
    async with place.online():
        assert server.commands.syncs == 1
        await place.app.store.set_note(f"discord:commands:{server.bot.id}", "another version")
    await server.wait_for(lambda: not server.gateway.online)
    async with place.online():
        assert server.commands.syncs == 2


async def test_a_refused_sync_does_not_keep_the_bot_away(server: DiscordServer) -> None:
    server.fail("PUT", "/commands", 403)
    async with Place(server).online() as place:
        await place.answered(server.mention(place.channel, place.ada, "Why?"))


@pytest.mark.parametrize("trouble", ["503", "cut", "banned"])
async def test_commands_that_are_not_taken_for_now_are_taken_later(
    server: DiscordServer, trouble: str
) -> None:
    match trouble:
        case "503":
            server.fail("PUT", "/commands", 503, times=6)
        case "cut":
            server.cut("PUT", "/commands", times=2)
        case _:
            server.ban("PUT", "/commands", 1)
    async with Place(server).online():
        await server.wait_for(lambda: server.commands.syncs)
    refused, again = server.sent("PUT", "/commands")[:2]
    assert trouble != "banned" or again.at - refused.at >= 1
