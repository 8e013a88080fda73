"""The local Slack takes, delivers and refuses as the real one does.

Everything goes through the unmodified slack_sdk and Bolt; where the client checks an argument
itself, the same client sends the bare call.
"""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.fakes.slack.listener import Bot, Place, listening, online
from tests.fakes.slack_server import (
    APP_TOKEN,
    Impossible,
    SlackServer,
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
