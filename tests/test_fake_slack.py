"""The local Slack takes, delivers and refuses as the real one does.

Everything goes through the unmodified slack_sdk and Bolt; where the client checks an argument
itself, the same client sends the bare call.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.fakes.slack.listener import Bot, Place, listening, online
from tests.fakes.slack.manifest import BadManifest
from tests.fakes.slack_server import (
    APP_TOKEN,
    MANIFEST,
    Impossible,
    SlackServer,
    read_manifest,
    running_slack,
)


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack(time_scale=0.01, deadline_scale=1.0) as server:
        yield server


@pytest.fixture
async def place(server: SlackServer) -> Place:
    """Without a socket: for the Web API alone."""
    return Place(server, Bot(server))


@pytest.fixture
async def live(server: SlackServer) -> AsyncIterator[Place]:
    async with online(server) as bot:
        yield Place(server, bot)


# From a mention to a vote


async def test_a_mention_becomes_a_thread_and_a_reaction_comes_back(live: Place) -> None:
    server = live.server
    question = server.mention(live.channel, live.ada, "why?")
    await server.wait_for(lambda: live.bot.named("app_mention"))
    heard = live.bot.named("app_mention")[0]
    assert heard["text"] == f"<@{server.bot.id}> why?"

    ts = await live.say("thinking", thread_ts=heard["ts"])
    await live.client.chat_update(channel=live.channel.id, ts=ts, text="because")
    server.react(live.ada, live.channel, ts, "thumbsup")
    await server.wait_for(lambda: live.bot.named("reaction_added"))

    (answer,) = server.said(live.channel, question.ts)
    assert [frame.text for frame in answer.frames] == ["thinking", "because"]
    assert live.bot.named("reaction_added")[0]["reaction"] == "+1"
    server.unreact(live.ada, live.channel, ts, "+1")
    await server.wait_for(lambda: live.bot.named("reaction_removed"))


async def test_a_command_opens_a_modal_that_is_submitted(live: Place) -> None:
    server, app = live.server, live.bot.app

    async def council(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal())

    async def submitted(ack: Any, view: Any) -> None:
        chosen = view["state"]["values"]["members"]["models"]["selected_options"]
        if len(chosen) < 2:
            await ack(response_action="errors", errors={"members": "at least two"})
        else:
            await ack()

    async def offered(ack: Any, payload: Any) -> None:
        names = [f"{payload['value']}-{n}" for n in range(3)]
        await ack(options=[option(name) for name in names])

    app.command("/council")(council)
    app.view("settings")(submitted)
    app.options("models")(offered)

    assert (await server.slash(live.ada, live.channel, "/council", "members")).acknowledged
    await server.wait_for(lambda: server.open_views)
    (view,) = server.open_views
    found = await server.options(live.ada, view, "models", "gpt")
    assert [o["value"] for o in found.options] == ["gpt-0", "gpt-1", "gpt-2"]
    refused = await server.submit_view(live.ada, view, {"models": ["gpt-0"]})
    assert (refused.action, view.errors) == ("errors", {"members": "at least two"})
    accepted = await server.submit_view(live.ada, view, {"models": ["gpt-0", "gpt-2"]})
    assert (accepted.action, server.open_views) == ("close", [])


async def test_a_shortcut_brings_the_message_and_a_way_to_answer(live: Place) -> None:
    server = live.server

    async def ask(ack: Any, shortcut: Any, respond: Any) -> None:
        await ack()
        await respond(f"asking about {shortcut['message']['text']}")

    live.bot.app.shortcut("ask_council")(ask)
    message = server.post(live.channel, live.ada, "is 7 < 8?")
    assert (await server.shortcut(live.ada, "ask_council", message)).acknowledged
    await server.wait_for(lambda: server.ephemerals)
    (receipt,) = server.ephemerals
    assert (receipt.text, receipt.user) == ("asking about is 7 &lt; 8?", live.ada)


async def test_a_button_in_a_container_is_clicked_and_its_message_replaced(live: Place) -> None:
    server = live.server

    async def reveal(ack: Any, action: Any, respond: Any) -> None:
        await ack()
        await respond(text=f"{action['value']} revealed", replace_original=True)

    live.bot.app.action("reveal")(reveal)
    button = a_button(action_id="reveal", value="A", visible_to_user_ids=[live.ada.id])
    ts = await live.say(blocks=[container({"type": "actions", "elements": [button]})])
    assert (await server.click(live.ada, live.channel, ts, "reveal")).acknowledged
    await server.wait_for(lambda: live.channel.messages[ts].text == "A revealed")
    assert live.channel.messages[ts].blocks == []


async def test_a_hidden_button_cannot_be_clicked(live: Place) -> None:
    bob = live.server.create_user("bob", live.channel)
    button = a_button(action_id="reveal", visible_to_user_ids=[live.ada.id])
    ts = await live.say(blocks=[{"type": "actions", "elements": [button]}])
    with pytest.raises(Impossible, match="hidden"):
        await live.server.click(bob, live.channel, ts, "reveal")


async def test_what_a_command_acknowledges_with_is_for_one_person(live: Place) -> None:
    async def council(ack: Any) -> None:
        await ack("two members")

    live.bot.app.command("/council")(council)
    answer = await live.server.slash(live.ada, live.channel, "/council", "show")
    assert answer.text == "two members"
    (shown,) = live.server.ephemerals
    assert (shown.text, shown.via) == ("two members", "acknowledgement")


async def test_mentions_in_a_command_are_escaped_with_their_names(live: Place) -> None:
    texts: list[str] = []

    async def council(ack: Any, command: Any) -> None:
        texts.append(command["text"])
        await ack()

    live.bot.app.command("/council")(council)
    await live.server.slash(live.ada, live.channel, "/council", "ask @ada in #general")
    assert texts == [f"ask <@{live.ada.id}|ada> in <#{live.channel.id}|general>"]


async def test_a_command_nobody_listens_to_is_seen_to_fail(server: SlackServer) -> None:
    server.courier.deadline_scale = 0.01
    async with online(server) as bot:
        place = Place(server, bot)
        answer = await server.slash(place.ada, place.channel, "/council", "show")
    assert (answer.acknowledged, answer.problem) == (False, "timeout")


async def test_a_direct_message_is_a_message_and_no_mention(live: Place) -> None:
    live.server.direct_message(live.ada, f"<@{live.server.bot.id}> hello")
    await live.server.wait_for(lambda: live.bot.named("message"))
    assert live.bot.named("message")[0]["channel_type"] == "im"
    assert live.bot.named("app_mention") == []


async def test_a_person_hears_of_nothing_where_the_bot_is_not(live: Place) -> None:
    elsewhere = live.server.create_channel("elsewhere", live.ada, with_bot=False)
    live.server.mention(elsewhere, live.ada, "why?")
    live.server.invite(elsewhere, live.server.bot)
    await live.server.wait_for(lambda: live.bot.named("member_joined_channel"))
    assert [delivery.type for delivery in live.server.deliveries] == ["member_joined_channel"]


async def test_channel_messages_are_not_subscribed_to(live: Place) -> None:
    live.server.post(live.channel, live.ada, "among ourselves")
    assert live.server.deliveries == []


async def test_an_edited_mention_comes_again_under_a_new_event_id(live: Place) -> None:
    server = live.server
    question = server.mention(live.channel, live.ada, "why?")
    server.edit(question, f"<@{server.bot.id}> how?")
    await server.wait_for(lambda: len(live.bot.named("app_mention")) == 2)
    first, second = server.deliveries
    assert first.event_id != second.event_id
    assert first.body["event"]["ts"] == second.body["event"]["ts"]
    assert "edited" in second.body["event"]


async def test_another_organisation_is_named_in_the_event(live: Place) -> None:
    server = live.server
    partner = server.create_team("partner")
    shared = server.create_channel("shared", shared_with=[partner])
    eve = server.create_user("eve", shared, team=partner)
    server.mention(shared, eve, "why?")
    await server.wait_for(lambda: live.bot.heard)
    (body,) = live.bot.heard
    assert body["is_ext_shared_channel"] is True
    assert (body["team_id"], body["event"]["user_team"]) == (server.team.id, partner.id)
    shown = (await live.client.users_info(user=eve.id))["user"]
    assert "is_admin" not in shown


# Delivery


async def test_an_event_is_repeated_until_it_is_acknowledged(server: SlackServer) -> None:
    server.courier.deadline_scale = 0.01
    deaf = Bot(server, catch_all=False)
    async with online(server, deaf):
        place = Place(server, deaf)
        server.mention(place.channel, place.ada, "why?")
        (delivery,) = server.deliveries
        await server.wait_for(lambda: len(delivery.attempts) == 2 and delivery.attempts[1].outcome)
        deaf.app.event("app_mention")(deaf._hear)
        await server.wait_for(lambda: delivery.state == "acknowledged")
    retries = [(attempt.retry.number, attempt.retry.reason) for attempt in delivery.attempts]
    assert retries == [(0, ""), (1, "timeout"), (2, "timeout")]
    assert deaf.retries == ["2"]


async def test_after_three_repeats_an_event_is_lost() -> None:
    async with running_slack(time_scale=0.0001) as server:
        channel = server.create_channel()
        server.mention(channel, server.create_user("ada", channel), "why?")
        (delivery,) = server.deliveries
        await server.wait_for(lambda: delivery.state == "lost")
        assert len(delivery.attempts) == 4


async def test_each_event_goes_to_one_of_the_sockets(server: SlackServer) -> None:
    async with online(server) as first, online(server) as second:
        place = Place(server, first)
        for _ in range(4):
            server.mention(place.channel, place.ada, "why?")
        await server.wait_for(lambda: len(first.heard) + len(second.heard) == 4)
        assert (len(first.heard), len(second.heard)) == (2, 2)


async def test_a_client_told_to_refresh_comes_back_on_a_new_socket(live: Place) -> None:
    server = live.server
    server.socket_mode.say_goodbye("refresh_requested")
    await server.wait_for(lambda: server.socket_mode.open)
    server.mention(live.channel, live.ada, "why?")
    await server.wait_for(lambda: live.bot.heard)
    assert len(server.socket_mode.past) == 1


async def test_a_client_whose_socket_goes_silent_finds_out(server: SlackServer) -> None:
    async with online(server, ping_interval=0.2) as bot:
        place = Place(server, bot)
        await server.wait_for(lambda: server.socket_mode.connections[0].pings > 1)
        server.socket_mode.mute()
        await server.wait_for(lambda: any(not c.mute for c in server.socket_mode.open))
        server.socket_mode.cut()
        await server.wait_for(lambda: len(server.socket_mode.past) >= 2)
        await server.wait_for(lambda: any(not c.mute for c in server.socket_mode.open))
        server.mention(place.channel, place.ada, "why?")
        await server.wait_for(lambda: bot.heard)


async def test_signed_requests_carry_the_same_as_a_socket(server: SlackServer) -> None:
    bot = Bot(server)

    async def council(ack: Any) -> None:
        await ack(text="two members")

    bot.app.command("/council")(council)
    async with listening(server, bot):
        place = Place(server, bot)
        assert await server.http.verify()
        server.mention(place.channel, place.ada, "why?")
        (delivery,) = server.deliveries
        await server.wait_for(lambda: delivery.state == "acknowledged")
        assert (await server.slash(place.ada, place.channel, "/council")).text == "two members"
        forged = await server.http.post("{}", "application/json", signing_secret="guessed")
        stale = await server.http.post("{}", "application/json", age_seconds=301)
    assert (forged[0], stale[0]) == (401, 401)
    assert [body["event"]["text"] for body in bot.heard] == [f"<@{server.bot.id}> why?"]


async def test_a_refused_request_is_repeated_with_its_number(server: SlackServer) -> None:
    bot = Bot(server, catch_all=False)
    async with listening(server, bot):
        place = Place(server, bot)
        server.mention(place.channel, place.ada, "why?")
        (delivery,) = server.deliveries
        await server.wait_for(lambda: len(delivery.attempts) == 2 and delivery.attempts[1].outcome)
        bot.app.event("app_mention")(bot._hear)
        await server.wait_for(lambda: delivery.state == "acknowledged")
    assert delivery.attempts[2].retry.reason == "http_error"
    assert bot.retries == ["2"]


async def test_a_ticket_opens_one_socket(server: SlackServer) -> None:
    async with online(server) as bot, aiohttp.ClientSession() as session:
        answer = await bot.client.apps_connections_open(app_token=APP_TOKEN)
        async with session.ws_connect(answer["url"]):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(answer["url"])


# What a message may be


def text(words: str, kind: str = "mrkdwn") -> dict[str, Any]:
    return {"type": kind, "text": words}


def plain(words: str) -> dict[str, Any]:
    return text(words, "plain_text")


def section(words: str = "x", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": text(words)} | more


def container(*children: dict[str, Any], **more: Any) -> dict[str, Any]:
    folded = {"is_collapsible": True, "default_collapsed": True}
    title = {"title": plain("Answer A")}
    return {"type": "container", "child_blocks": list(children)} | title | folded | more


def table(rows: int = 2, columns: int = 2, words: str = "x") -> dict[str, Any]:
    cells = [{"type": "raw_text", "text": words}] * columns
    return {"type": "table", "rows": [cells] * rows}


def option(value: str) -> dict[str, Any]:
    return {"text": plain(value), "value": value}


def a_button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Press"), "action_id": "press"} | more


def in_actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def select(size: int, **more: Any) -> dict[str, Any]:
    choice = [option(str(n)) for n in range(size)]
    return {"type": "static_select", "action_id": "s", "options": choice} | more


def modal(**more: Any) -> dict[str, Any]:
    members = {
        "type": "multi_external_select",
        "action_id": "models",
        "min_query_length": 1,
        "max_selected_items": 4,
    }
    field = {"type": "input", "block_id": "members", "label": plain("Members"), "element": members}
    return {
        "type": "modal",
        "callback_id": "settings",
        "title": plain("Council"),
        "submit": plain("Save"),
        "blocks": [field],
    } | more


REFUSED_BLOCKS = {
    "an unknown type": ([{"type": "accordion"}], "unsupported type: accordion"),
    "an unknown field": ([section(blocks=[])], "invalid additional property: blocks"),
    "an unknown field far inside": (
        [container(section(), in_actions(a_button(colour="red")))],
        "invalid additional property: colour [json-pointer:/blocks/0/child_blocks/1/elements/0]",
    ),
    "a null": ([section(expand=None)], "must not be null"),
    "a section of 3001": (
        [section("x" * 3001)],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    "an empty section": ([{"type": "section"}], "text or fields"),
    "an empty text": ([section("")], "must be more than 0 characters"),
    "eleven fields": ([section(fields=[text("x")] * 11)], "no more than 10 items"),
    "a header in mrkdwn": ([{"type": "header", "text": text("x")}], "valid text object"),
    "a header of 151": ([{"type": "header", "text": plain("x" * 151)}], "less than 151"),
    "emoji on mrkdwn": ([section(text=text("x") | {"emoji": True})], "property: emoji"),
    "51 blocks": ([section()] * 51, "no more than 50 items"),
    "eleven context elements": (
        [{"type": "context", "elements": [text("x")] * 11}],
        "no more than 10 items",
    ),
    "26 actions": (
        [in_actions(*(a_button(action_id=str(n)) for n in range(26)))],
        "no more than 25 items",
    ),
    "an action_id twice": ([in_actions(a_button(), a_button())], "press already exists"),
    "an action_id of 256": ([in_actions(a_button(action_id="x" * 256))], "less than 256"),
    "a block_id twice": ([section(block_id="a"), section(block_id="a")], "a already exists"),
    "a block_id twice, once folded": (
        [section(block_id="a"), container(section(block_id="a"))],
        "a already exists",
    ),
    "a block_id of 256": ([section(block_id="x" * 256)], "less than 256"),
    "a button of 76": ([in_actions(a_button(text=plain("x" * 76)))], "less than 76"),
    "a value of 2001": ([in_actions(a_button(value="x" * 2001))], "less than 2001"),
    "a button in a context": (
        [{"type": "context", "elements": [a_button()]}],
        "valid text object",
    ),
    "101 options": ([in_actions(select(101))], "no more than 100 items"),
    "an option of 151": (
        [in_actions(select(0, options=[{"text": plain("x"), "value": "x" * 151}]))],
        "less than 151",
    ),
    "an initial option nobody offers": (
        [in_actions(select(1, initial_option=option("other")))],
        "must match options exactly",
    ),
    "six overflow options": (
        [in_actions({"type": "overflow", "options": [option(str(n)) for n in range(6)]})],
        "no more than 5 items",
    ),
    "a markdown block in a container": (
        [container({"type": "markdown", "text": "x"})],
        "unsupported type: markdown",
    ),
    "a container in a container": (
        [container(container(section()))],
        "unsupported type: container",
    ),
    "rich text in a container": (
        [container({"type": "rich_text", "elements": []})],
        "unsupported type: rich_text",
    ),
    "children under another name": (
        [{"type": "container", "title": plain("x"), "blocks": [section()]}],
        "missing required field: child_blocks",
    ),
    "eleven children": ([container(*[section()] * 11)], "no more than 10 items"),
    "no children": ([container()], "no fewer than 1 items"),
    "a container without title": (
        [{"type": "container", "child_blocks": [section()]}],
        "title or rich_text_title",
    ),
    "a container's title of 151": (
        [container(section(), title=plain("x" * 151))],
        "less than 151",
    ),
    "a divided header that folds": (
        [container(section(), has_header_divider=True)],
        "has_header_divider is not supported",
    ),
    "folded but not foldable": (
        [container(section(), is_collapsible=False)],
        "default_collapsed requires",
    ),
    "101 rows": ([table(rows=101)], "no more than 100 items"),
    "21 columns": ([table(columns=21)], "no more than 20 items"),
    "an empty cell": ([table(words="")], "must be more than 0 characters"),
    "a table of 10,001": ([table(1, 1, "x" * 10_001)], "less than 10001"),
    "six context actions": (
        [{"type": "context_actions", "elements": [a_button()] * 6}],
        "no more than 5 items",
    ),
    "a markdown block of 12,001": (
        [{"type": "markdown", "text": "x" * 12_001}],
        "less than 12001",
    ),
    "an image without address": ([{"type": "image", "alt_text": "x"}], "image_url or slack_file"),
    "a picture never uploaded": (
        [{"type": "image", "alt_text": "x", "slack_file": {"id": "F0"}}],
        "invalid slack file",
    ),
    "a card of 201": ([{"type": "card", "body": text("x" * 201)}], "less than 201"),
    "a video": (
        [
            {
                "type": "video",
                "alt_text": "x",
                "title": plain("x"),
                "video_url": "https://x.test",
                "thumbnail_url": "https://x.test",
            }
        ],
        "links.embed:write",
    ),
}


@pytest.mark.parametrize("case", REFUSED_BLOCKS)
async def test_blocks_are_refused(place: Place, case: str) -> None:
    blocks, sentence = REFUSED_BLOCKS[case]
    error, said = await place.refused(*blocks)
    assert error == "invalid_blocks"
    assert sentence in said
    assert place.server.messages(place.channel) == []


ACCEPTED_BLOCKS: dict[str, list[dict[str, Any]]] = {
    "everything a container holds": [
        container(
            section("x" * 3000, expand=True),
            {"type": "header", "text": plain("x")},
            {"type": "divider"},
            {"type": "context", "elements": [text("x"), plain("y")]},
            in_actions(a_button(style="primary", value="A"), select(100)),
            {"type": "image", "alt_text": "x", "image_url": "https://x.test/a.png"},
            table(10, 5),
            subtitle=text("x"),
            width="wide",
        )
    ],
    "a markdown block of 12,000": [{"type": "markdown", "text": "x" * 12_000}],
    "thumbs": [
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "f",
                    "positive_button": {"text": plain("yes"), "value": "1"},
                    "negative_button": {"text": plain("no"), "value": "0"},
                }
            ],
        }
    ],
    "rich text": [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [{"type": "text", "text": "x", "style": {"bold": True}}],
                        }
                    ],
                }
            ],
        }
    ],
    "two data tables and an alert": [
        *[
            {
                "type": "data_table",
                "caption": "Standings",
                "rows": [[{"type": "raw_text", "text": "x"}]] * 2,
            }
        ]
        * 2,
        {"type": "alert", "text": text("x"), "level": "warning"},
    ],
}


@pytest.mark.parametrize("case", ACCEPTED_BLOCKS)
async def test_blocks_are_accepted(place: Place, case: str) -> None:
    ts = await place.say(blocks=ACCEPTED_BLOCKS[case])
    kept = place.channel.messages[ts].blocks
    assert [block["type"] for block in kept] == [b["type"] for b in ACCEPTED_BLOCKS[case]]
    assert all(block["block_id"] for block in kept)


async def test_two_tables_in_a_message_are_refused(place: Place) -> None:
    assert await place.refused(table(), container(table())) == (
        "invalid_attachments",
        "only_one_table_allowed",
    )


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param([{"type": "markdown", "text": "x" * 6001}] * 2, id="markdown of 12,002"),
        pytest.param([section("x" * 2600)] * 5, id="13,000 and five blocks"),
        pytest.param(
            [
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [{"type": "text", "text": "x" * 11_341}],
                        }
                    ],
                }
            ],
            id="rich text of 11,341",
        ),
    ],
)
async def test_blocks_beyond_the_budget_are_refused(
    place: Place, blocks: list[dict[str, Any]]
) -> None:
    assert (await place.refused(*blocks))[0] == "msg_blocks_too_long"


async def test_blocks_must_be_a_list_of_objects(place: Place) -> None:
    error = await place.bot.error(
        "chat.postMessage", channel=place.channel.id, text="x", blocks="[1]"
    )
    assert error == "invalid_blocks_format"


async def test_containers_can_be_unknown(place: Place) -> None:
    place.server.forget_blocks("container")
    assert "unsupported type: container" in (await place.refused(container(section())))[1]
    await place.say(blocks=[section()])


async def test_validation_posts_nothing_and_asks_for_no_token(place: Place) -> None:
    place.client.token = None
    await place.client.blocks_validate(blocks=[section()])
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        await place.client.blocks_validate(blocks=[section(colour="red")])
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await place.client.blocks_validate(view=modal(title=plain("x" * 25)))
    assert place.server.messages(place.channel) == []


# The Web API


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": " "}, "no_text"),
        ({}, "no_text"),
        ({"text": "x", "markdown_text": "x"}, "markdown_text_conflict"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"text": "x", "channel": "C0NOWHERE"}, "channel_not_found"),
        ({"text": "x", "username": "Claude"}, "missing_scope"),
        ({"text": "x", "metadata": {"event_type": "run"}}, "invalid_metadata_format"),
        (
            {"text": "x", "metadata": {"event_type": "run", "event_payload": {"x": "y" * 4000}}},
            "metadata_too_large",
        ),
    ],
)
async def test_a_post_is_refused(place: Place, arguments: dict[str, Any], error: str) -> None:
    body = {"channel": place.channel.id} | arguments
    assert await place.bot.error("chat.postMessage", **body) == error
    assert place.server.rejections[-1].error == error


async def test_where_the_bot_may_not_post(place: Place) -> None:
    server = place.server
    open_one = server.create_channel("open", with_bot=False)
    closed = server.create_channel("closed", kind="private", with_bot=False)
    quiet = server.create_channel("quiet")
    quiet.restriction = "restricted_action"
    old = server.create_channel("old")
    old.archived = True
    errors = [
        await place.bot.error("chat.postMessage", channel=channel.id, text="x")
        for channel in (open_one, closed, quiet, old)
    ]
    assert errors == ["not_in_channel", "channel_not_found", "restricted_action", "is_archived"]


async def test_a_long_text_is_cut_with_a_warning(place: Place) -> None:
    answer = await place.client.chat_postMessage(channel=place.channel.id, text="x" * 40_001)
    assert answer["warning"] == "message_truncated"
    assert len(place.channel.messages[answer["ts"]].text) == 40_000


async def test_what_cannot_be_updated(place: Place) -> None:
    theirs = place.server.post(place.channel, place.ada, "mine").ts
    own = await place.say()
    errors = [
        await place.bot.error("chat.update", channel=place.channel.id, ts=ts, text=words)
        for ts, words in ((theirs, "x"), ("1.000001", "x"), (own, "x" * 4001), (own, ""))
    ]
    assert errors == ["cant_update_message", "message_not_found", "msg_too_long", "no_text"]


async def test_blocks_go_when_only_text_is_updated(place: Place) -> None:
    ts = await place.say(blocks=[section()])
    await place.client.chat_update(channel=place.channel.id, ts=ts, text="plain")
    message = place.channel.messages[ts]
    assert (message.blocks, message.text, message.edited_by) == ([], "plain", place.server.bot)


async def test_an_update_that_is_refused_changes_nothing(place: Place) -> None:
    ts = await place.say("before")
    bad = [section(colour="red")]
    error = await place.bot.error(
        "chat.update", channel=place.channel.id, ts=ts, text="after", blocks=bad
    )
    assert (error, place.channel.messages[ts].text) == ("invalid_blocks", "before")


async def test_only_its_own_messages_can_be_deleted(place: Place) -> None:
    theirs = place.server.post(place.channel, place.ada, "mine").ts
    own = await place.say()
    await place.client.chat_delete(channel=place.channel.id, ts=own)
    errors = [
        await place.bot.error("chat.delete", channel=place.channel.id, ts=ts)
        for ts in (theirs, own)
    ]
    assert errors == ["cant_delete_message", "message_not_found"]


async def test_a_reply_to_a_message_that_is_gone_lands_in_the_channel(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "why?")
    place.server.delete(question)
    answer = await place.client.chat_postMessage(
        channel=place.channel.id, text="because", thread_ts=question.ts
    )
    assert "thread_ts" not in answer["message"]
    assert len(place.server.said(place.channel)) == 1


async def test_a_root_that_was_replied_to_leaves_a_stone(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "why?")
    await place.say("because", thread_ts=question.ts)
    place.server.delete(question)
    await place.say("and also", thread_ts=question.ts)
    page = await place.client.conversations_replies(channel=place.channel.id, ts=question.ts)
    subtypes = [message.get("subtype") for message in page["messages"]]
    assert subtypes == ["tombstone", None, None]


async def test_an_ephemeral_is_for_members_and_in_no_history(place: Place) -> None:
    stranger = place.server.create_user("eve")
    channel, client = place.channel.id, place.client
    await client.chat_postEphemeral(channel=channel, user=place.ada.id, text="saved")
    error = await place.bot.error("chat.postEphemeral", channel=channel, user=stranger.id, text="x")
    assert error == "user_not_in_channel"
    assert [shown.text for shown in place.server.ephemerals] == ["saved"]
    assert (await client.conversations_history(channel=channel))["messages"] == []


async def test_history_comes_in_pages_newest_first_without_replies(place: Place) -> None:
    posts = [place.server.post(place.channel, place.ada, str(n)) for n in range(5)]
    await place.say("a reply", thread_ts=posts[0].ts)
    seen: list[str] = []
    async for page in await place.client.conversations_history(channel=place.channel.id, limit=2):
        seen.append(" ".join(message["text"] for message in page["messages"]))
    assert seen == ["4 3", "2 1", "0"]


async def test_a_range_leaves_its_ends_out_unless_told(place: Place) -> None:
    first, second, third = (place.server.post(place.channel, place.ada, n) for n in "123")
    ends: dict[str, Any] = {"channel": place.channel.id, "oldest": first.ts, "latest": third.ts}
    inside = await place.client.conversations_history(**ends)
    both = await place.client.conversations_history(**ends, inclusive=True)
    assert [message["ts"] for message in inside["messages"]] == [second.ts]
    assert len(both["messages"]) == 3


async def test_metadata_comes_back_when_asked_for(place: Place) -> None:
    root = place.server.mention(place.channel, place.ada, "why?")
    mark = {"event_type": "council_run", "event_payload": {"run": "r1", "part": 0}}
    await place.say("because", thread_ts=root.ts, metadata=mark)
    thread: dict[str, Any] = {"channel": place.channel.id, "ts": root.ts, "oldest": root.ts}
    bare = await place.client.conversations_replies(**thread)
    full = await place.client.conversations_replies(**thread, include_all_metadata=True)
    assert [message.get("metadata") for message in bare["messages"]] == [None, None]
    assert [message.get("metadata") for message in full["messages"]] == [None, mark]


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("conversations.replies", {"ts": "1.000001"}, "thread_not_found"),
        ("conversations.history", {"cursor": "b64?"}, "invalid_cursor"),
        ("conversations.history", {"limit": 1000}, "invalid_limit"),
        ("conversations.history", {"oldest": "yesterday"}, "invalid_ts_oldest"),
        ("reactions.get", {"timestamp": "1.000001"}, "message_not_found"),
    ],
)
async def test_a_reading_call_is_refused(
    place: Place, name: str, arguments: dict[str, Any], error: str
) -> None:
    assert await place.bot.error(name, channel=place.channel.id, **arguments) == error


async def test_reactions_are_complete_only_in_full(place: Place) -> None:
    ts = await place.say()
    for name in ("bob", "cy", "di"):
        person = place.server.create_user(name, place.channel)
        place.server.react(person, place.channel, ts, "+1")
    item: dict[str, Any] = {"channel": place.channel.id, "timestamp": ts}
    short = (await place.client.reactions_get(**item))["message"]["reactions"]
    full = (await place.client.reactions_get(**item, full=True))["message"]["reactions"]
    assert [(len(each["users"]), each["count"]) for each in short + full] == [(2, 3), (3, 3)]


async def test_reactions_are_refused(place: Place) -> None:
    ts = await place.say()
    item: dict[str, Any] = {"channel": place.channel.id, "timestamp": ts}
    await place.client.reactions_add(**item, name="thumbsup")
    again = await place.bot.error("reactions.add", **item, name="+1")
    unknown = await place.bot.error("reactions.add", **item, name="council_of_elrond")
    absent = await place.bot.error("reactions.remove", **item, name="eyes")
    assert (again, unknown, absent) == ("already_reacted", "invalid_name", "no_reaction")


async def test_a_message_takes_fifty_emoji_and_a_person_gives_23(place: Place) -> None:
    server, ts = place.server, await place.say()
    bob, cy = (server.create_user(name, place.channel) for name in ("bob", "cy"))
    for number in range(50):
        server.create_emoji(f"e{number}")
        person = (place.ada, bob, cy)[number // 20]
        server.react(person, place.channel, ts, f"e{number}")
    item: dict[str, Any] = {"channel": place.channel.id, "timestamp": ts}
    assert await place.bot.error("reactions.add", **item, name="eyes") == "too_many_emoji"
    for number in range(23):
        await place.client.reactions_add(**item, name=f"e{number}")
    assert await place.bot.error("reactions.add", **item, name="e30") == "too_many_reactions"


async def test_tokens_are_checked(place: Place) -> None:
    posting = {"channel": place.channel.id, "text": "x"}
    errors = []
    for token in ("", "xoxb-guessed", APP_TOKEN):
        place.client.token = token
        errors.append(await place.bot.error("chat.postMessage", **posting))
    place.client.token = "xoxb-local-bot"
    errors.append(await place.bot.error("apps.connections.open"))
    place.server.revoke("account_inactive")
    errors.append(await place.bot.error("auth.test"))
    assert errors == [
        "not_authed",
        "invalid_auth",
        "not_allowed_token_type",
        "not_allowed_token_type",
        "account_inactive",
    ]


async def test_a_scope_not_in_the_manifest_is_missed(place: Place) -> None:
    channel = place.server.direct(place.ada)
    with pytest.raises(SlackApiError) as caught:
        await place.client.conversations_info(channel=channel.id)
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "im:read"


async def test_people_and_channels_are_described(place: Place) -> None:
    server = place.server
    boss = server.create_user("boss", owner=True)
    shown = (await place.client.users_info(user=boss.id))["user"]
    assert (shown["is_admin"], shown["is_restricted"]) == (True, False)
    info = (await place.client.conversations_info(channel=place.channel.id))["channel"]
    assert info["creator"] == place.channel.creator.id
    members = await place.client.conversations_members(channel=place.channel.id)
    assert place.ada.id in members["members"]
    opened = await place.client.conversations_open(users=place.ada.id)
    assert opened["channel"]["id"] == server.direct(place.ada).id


async def test_unknown_methods_are_refused_and_remembered(place: Place) -> None:
    assert await place.bot.error("chat.yodel") == "unknown_method"
    assert place.server.unknown_methods == ["chat.yodel"]
    place.server.unknown_methods.clear()


async def test_arguments_slack_would_ignore_are_remembered(place: Place) -> None:
    await place.client.api_call(
        "chat.postMessage", json={"channel": place.channel.id, "text": "x", "unfurl": False}
    )
    assert place.server.complaints() == ["unknown argument chat.postMessage unfurl"]
    place.server.desk.unknown_arguments.clear()


# Files


async def test_a_picture_is_uploaded_and_shown_in_a_thread(place: Place) -> None:
    root = place.server.mention(place.channel, place.ada, "why?")
    answer = await place.client.files_upload_v2(
        file=b"\x89PNG", filename="plot.png", channel=place.channel.id, thread_ts=root.ts
    )
    (message,) = place.server.said(place.channel, root.ts)
    assert [file.content for file in message.files] == [b"\x89PNG"]
    picture = {"type": "image", "alt_text": "x", "slack_file": {"id": answer["file"]["id"]}}
    await place.say(blocks=[picture])


async def test_a_file_that_was_not_sent_cannot_be_shared(place: Place) -> None:
    announced = await place.client.files_getUploadURLExternal(filename="a.md", length=3)
    async with aiohttp.ClientSession() as session:
        answer = await session.post(announced["upload_url"], data=b"too long")
        assert answer.status == 400
    with pytest.raises(SlackApiError, match="file_not_found"):
        await place.client.files_completeUploadExternal(files=[{"id": announced["file_id"]}])


async def test_without_the_scope_a_download_is_a_login_page(place: Place) -> None:
    message = place.server.post(place.channel, place.ada, "read", files={"a.txt": b"secret"})
    shown = (await place.client.conversations_history(channel=place.channel.id))["messages"][0]
    assert (shown["subtype"], shown["files"][0]["size"]) == ("file_share", 6)
    token = {"Authorization": f"Bearer {place.client.token}"}
    async with aiohttp.ClientSession(headers=token) as session:
        answer = await session.get(shown["files"][0]["url_private"])
        assert (answer.status, answer.content_type) == (200, "text/html")
    assert message.files[0].content == b"secret"


# Modals


async def test_a_trigger_opens_one_modal_in_time(live: Place) -> None:
    server, view = live.server, modal()
    triggers: list[str] = []

    async def council(ack: Any, body: Any) -> None:
        triggers.append(body["trigger_id"])
        await ack()

    live.bot.app.command("/council")(council)
    await server.slash(live.ada, live.channel, "/council")
    await server.slash(live.ada, live.channel, "/council")
    used, late = triggers
    await live.client.views_open(trigger_id=used, view=view)
    again = await live.bot.error("views.open", trigger_id=used, view=view)
    server.triggers.expire()
    expired = await live.bot.error("views.open", trigger_id=late, view=view)
    guessed = await live.bot.error("views.open", trigger_id="1.2.3", view=view)
    assert (again, expired, guessed) == (
        "exchanged_trigger_id",
        "expired_trigger_id",
        "invalid_trigger_id",
    )


REFUSED_VIEWS = {
    "a title of 25": (modal(title=plain("x" * 25)), "/view/title/text"),
    "inputs without submit": (
        {key: value for key, value in modal().items() if key != "submit"},
        "/view/submit",
    ),
    "101 blocks": (modal(blocks=[section()] * 101), "/view/blocks"),
    "no blocks": (modal(blocks=[]), "/view/blocks"),
    "metadata of 3001": (modal(private_metadata="x" * 3001), "/view/private_metadata"),
    "a markdown block": (modal(blocks=[{"type": "markdown", "text": "x"}]), "unsupported type"),
    "an unknown field": (modal(colour="red"), "additional property: colour"),
    "a number as a number": (
        modal(
            blocks=[
                {
                    "type": "input",
                    "label": plain("x"),
                    "element": {
                        "type": "number_input",
                        "is_decimal_allowed": False,
                        "min_value": 1,
                    },
                }
            ]
        ),
        "must be a string holding a number",
    ),
}


@pytest.mark.parametrize("case", REFUSED_VIEWS)
async def test_a_view_is_refused(place: Place, case: str) -> None:
    view, sentence = REFUSED_VIEWS[case]
    trigger_id = place.server.triggers.new(place.ada)
    assert await place.bot.error("views.open", trigger_id=trigger_id, view=view) == (
        "invalid_arguments"
    )
    assert sentence in " ".join(place.server.rejections[-1].answer["errors"])


async def test_an_outdated_view_is_not_updated(place: Place) -> None:
    trigger_id = place.server.triggers.new(place.ada)
    opened = (await place.client.views_open(trigger_id=trigger_id, view=modal()))["view"]
    known = {"view_id": opened["id"], "hash": opened["hash"]}
    await place.client.views_update(view=modal(title=plain("Now")), **known)
    error = await place.bot.error("views.update", view=modal(title=plain("Then")), **known)
    (view,) = place.server.open_views
    assert (error, view.body["title"]["text"]) == ("hash_conflict", "Now")


async def test_what_the_form_forbids_cannot_be_submitted(place: Place) -> None:
    server = place.server
    trigger_id = server.triggers.new(place.ada)
    await place.client.views_open(trigger_id=trigger_id, view=modal())
    (view,) = server.open_views
    with pytest.raises(Impossible, match="required"):
        await server.submit_view(place.ada, view, {})
    with pytest.raises(Impossible, match="not offered"):
        await server.submit_view(place.ada, view, {"models": ["gpt"]})
    with pytest.raises(Impossible, match="min_query_length"):
        await server.options(place.ada, view, "models", "")


async def test_errors_for_what_is_no_input_are_a_violation(live: Place) -> None:
    server = live.server

    async def submitted(ack: Any) -> None:
        await ack(response_action="errors", errors={"nowhere": "bad"})

    live.bot.app.view("settings")(submitted)
    optional = modal(blocks=[modal()["blocks"][0] | {"optional": True}])
    await live.client.views_open(trigger_id=server.triggers.new(live.ada), view=optional)
    (view,) = server.open_views
    answer = await server.submit_view(live.ada, view, {})
    assert "nowhere" in answer.problem
    assert len(server.violations) == 1
    assert server.open_views == [view]
    server.violations.clear()


async def test_a_response_url_takes_five_messages(live: Place) -> None:
    urls: list[str] = []

    async def council(ack: Any, body: Any) -> None:
        urls.append(body["response_url"])
        await ack()

    live.bot.app.command("/council")(council)
    await live.server.slash(live.ada, live.channel, "/council")
    async with aiohttp.ClientSession() as session:
        answers = [await session.post(urls[0], json={"text": str(n)}) for n in range(6)]
        assert [answer.status for answer in answers] == [200] * 5 + [404]
        assert (await answers[5].json())["error"] == "used_url"
    assert len(live.server.ephemerals) == 5


# Who is notified, and where links lead


async def pinged(place: Place, **message: Any) -> set[str]:
    before, channel = len(place.server.pings), place.server.create_channel()
    await place.client.api_call(
        "chat.postMessage", json={"channel": channel.id, "text": "x"} | message
    )
    return {ping.target for ping in place.server.pings[before:]}


async def test_a_post_notifies_whom_it_names(place: Place) -> None:
    ada = place.ada.id
    assert await pinged(place, text=f"<@{ada}> <!here> &lt;!channel&gt;") == {ada, "here"}
    assert await pinged(place, blocks=[section("<!subteam^S012|all>")]) == {"S012"}
    assert await pinged(place, blocks=[{"type": "markdown", "text": "<!channel>"}]) == {"channel"}
    assert await pinged(place, blocks=[container(section(f"`<@{ada}>`"))]) == {ada}
    assert await pinged(place, blocks=[{"type": "header", "text": plain("<!here>")}]) == set()
    assert await pinged(place, text="@ada @here") == set()
    assert await pinged(place, text="@ada @here", link_names=True) == {ada, "here"}
    assert await pinged(place, text="<\u2060!here> &lt;@U1>") == set()


async def test_an_update_notifies_nobody(place: Place) -> None:
    ts = await place.say()
    await place.client.chat_update(channel=place.channel.id, ts=ts, text="<!here>")
    assert place.server.pings == []


@pytest.mark.parametrize(
    ("block", "disguised"),
    [
        pytest.param(section("<https://evil.test|good.test>"), True, id="mrkdwn"),
        pytest.param(section("<https://good.test/a|good.test/a>"), False, id="mrkdwn, honest"),
        pytest.param(section("<https://evil.test>"), False, id="bare"),
        pytest.param(
            {"type": "markdown", "text": "[good](https://evil.test)"}, True, id="markdown"
        ),
        pytest.param(
            {"type": "markdown", "text": "[good][1]\n\n[1]: https://evil.test"},
            True,
            id="markdown, by reference",
        ),
        pytest.param(
            {"type": "markdown", "text": "good (https://evil.test)"}, None, id="plain text"
        ),
        pytest.param(in_actions(a_button(url="https://evil.test")), True, id="button"),
    ],
)
async def test_links_are_recorded_with_their_labels(
    place: Place, block: dict[str, Any], disguised: bool | None
) -> None:
    await place.say(blocks=[block])
    expected = [] if disguised is None else [disguised]
    assert [link.disguised for link in place.server.links] == expected


# Statuses


async def test_a_status_stands_until_a_post_or_too_long(place: Place) -> None:
    server, channel = place.server, place.channel
    root = server.mention(channel, place.ada, "why?")
    status: dict[str, Any] = {"channel_id": channel.id, "thread_ts": root.ts, "status": "ranking"}
    await place.client.assistant_threads_setStatus(**status)
    assert server.status(channel, root.ts) == "ranking"
    await place.say("because", thread_ts=root.ts)
    assert server.status(channel, root.ts) is None
    await place.client.assistant_threads_setStatus(**status)
    await server.wait_for(lambda: server.status(channel, root.ts) is None)
    ends = [each.ended for each in server.world.statuses[channel.id, root.ts]]
    assert ends == ["posted", "expired"]
    many = status | {"loading_messages": ["x"] * 11}
    assert await place.bot.error("assistant.threads.setStatus", **many) == "invalid_arguments"


# Rates and faults


async def test_a_channel_takes_a_message_a_second_after_a_short_burst() -> None:
    async with running_slack() as server:
        place = Place(server, Bot(server))
        place.client.retry_handlers = []
        other = server.create_channel("other")
        for _ in range(3):
            await place.say()
        with pytest.raises(SlackApiError) as caught:
            await place.say()
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "1"
        await place.client.chat_postMessage(channel=other.id, text="x")
        with pytest.raises(SlackApiError):
            await place.say()
        assert [refusal.waited for refusal in server.rate_limited] == [False, None]


async def test_a_tier_allows_so_many_calls_a_minute() -> None:
    async with running_slack() as server:
        place = Place(server, Bot(server))
        place.client.retry_handlers = []
        ts = await place.say()
        for _ in range(50):
            await place.client.chat_update(channel=place.channel.id, ts=ts, text="x")
        with pytest.raises(SlackApiError) as caught:
            await place.client.chat_update(channel=place.channel.id, ts=ts, text="x")
        assert 55 < int(caught.value.response.headers["Retry-After"]) <= 60


async def test_a_client_that_waits_gets_through(place: Place) -> None:
    place.server.rate_limit("chat.postMessage", retry_after_seconds=0)
    await place.say()
    assert [refusal.waited for refusal in place.server.rate_limited] == [True]
    assert len(place.server.said(place.channel)) == 1


async def test_a_failure_before_and_one_after_the_effect(place: Place) -> None:
    server = place.server
    server.fail("chat.postMessage", 503)
    server.refuse("chat.postMessage", "fatal_error", committed=True)
    with pytest.raises(SlackApiError) as caught:
        await place.say("never")
    assert caught.value.response.status_code == 503
    with pytest.raises(SlackApiError, match="fatal_error"):
        await place.say("after all")
    assert [message.text for message in server.said(place.channel)] == ["after all"]


async def test_an_answer_can_be_lost_after_the_effect(place: Place) -> None:
    server = place.server
    server.cut("chat.postMessage", committed=True)
    with pytest.raises(aiohttp.ClientOSError):
        await place.say("once")
    assert len(server.said(place.channel)) == 1


async def test_a_held_answer_comes_when_the_gate_opens(place: Place) -> None:
    held = place.server.hold("chat.postMessage")
    async with asyncio.TaskGroup() as group:
        posting = group.create_task(place.say("slow"))
        await held.reached.wait()
        assert len(place.server.said(place.channel)) == 1
        assert held.gate is not None
        held.gate.set()
    assert posting.result() == place.server.said(place.channel)[0].ts


async def test_a_fault_no_call_met_is_a_complaint(server: SlackServer) -> None:
    server.fail("chat.delete")
    assert "no call met the fault" in server.complaints()[0]
    server.faults.ordered.clear()


# The manifest


def test_an_event_needs_its_scope(tmp_path: Path) -> None:
    text = MANIFEST.read_text().replace("      - reactions:read\n", "")
    broken = tmp_path / "manifest.yaml"
    broken.write_text(text)
    with pytest.raises(BadManifest, match="reaction_added needs the scope reactions:read"):
        read_manifest(broken)


def test_the_command_and_the_shortcut_are_in_the_manifest() -> None:
    manifest = read_manifest(MANIFEST)
    assert manifest.commands == {"/council": True}
    assert manifest.message_shortcuts == {"ask_council"}
