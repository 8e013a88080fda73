"""The local Slack brings what people do to an app, and the app's answers back to them.

Everything goes through the unmodified slack_sdk and Bolt; where the client checks an argument
itself, the same client sends the bare call.
"""

import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.fakes.slack.building import (
    a_button,
    container,
)
from tests.fakes.slack.listener import Bot, Place, listening, online, serving
from tests.fakes.slack.manifest import BadManifest
from tests.fakes.slack_server import (
    APP_TOKEN,
    MANIFEST,
    Impossible,
    SlackServer,
    read_manifest,
    running_slack,
)

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


async def test_words_that_look_like_addresses_become_links(live: Place) -> None:
    texts: list[str] = []

    async def council(ack: Any, command: Any) -> None:
        texts.append(command["text"])
        await ack()

    live.bot.app.command("/council")(council)
    typed = "see hf.co/acme/tiny-7b and https://a.example, lab/a & 1.5 < 2"
    await live.server.slash(live.ada, live.channel, "/council", typed)
    linked = (
        "see <http://hf.co/acme/tiny-7b|hf.co/acme/tiny-7b> and <https://a.example,> "
        "lab/a &amp; 1.5 &lt; 2"
    )
    assert texts == [linked]
    assert live.server.post(live.channel, live.ada, typed).text == linked


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


async def test_a_mention_is_a_message_too_where_both_are_subscribed_to(tmp_path: Path) -> None:
    wide = tmp_path / "manifest.yaml"
    wide.write_text(MANIFEST.read_text().replace("- message.im", "- message.channels"))
    async with running_slack(manifest=read_manifest(wide)) as server, online(server) as bot:
        place = Place(server, bot)
        server.mention(place.channel, place.ada, "why?")
        await server.wait_for(lambda: len(bot.heard) == 2)
    assert {body["event"]["type"] for body in bot.heard} == {"message", "app_mention"}
    assert len({body["event"]["ts"] for body in bot.heard}) == 1
    assert len({body["event_id"] for body in bot.heard}) == 2


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


async def test_a_sister_workspace_is_of_the_same_organisation(live: Place) -> None:
    server = live.server
    server.team.enterprise = "E1"
    sister = server.create_team("sister", enterprise="E1")
    shared = server.create_channel("shared", shared_with=[sister])
    sis = server.create_user("sis", shared, team=sister)
    server.mention(shared, sis, "why?")
    await server.wait_for(lambda: live.bot.heard)
    (body,) = live.bot.heard
    assert (body["is_ext_shared_channel"], body["context_enterprise_id"]) == (False, "E1")
    assert body["event"]["user_team"] == sister.id
    shown = (await live.client.users_info(user=sis.id))["user"]
    assert (shown["team_id"], shown["enterprise_user"]["enterprise_id"]) == (sister.id, "E1")
    assert (await live.client.auth_test())["enterprise_id"] == "E1"


async def test_a_forward_brings_the_message_along_as_an_attachment(live: Place) -> None:
    server = live.server
    original = server.post(live.channel, live.ada, "Tea beats coffee.")
    server.forward(server.direct(live.ada), live.ada, original)
    await server.wait_for(lambda: live.bot.named("message"))
    (event,) = live.bot.named("message")
    assert (event["text"], event["blocks"]) == ("", [])
    (attachment,) = event["attachments"]
    assert attachment["is_share"] is True
    inner = attachment["message_blocks"][0]["message"]["blocks"]
    assert inner[0]["elements"][0]["elements"] == [{"type": "text", "text": "Tea beats coffee."}]


async def test_a_deleted_question_with_replies_is_told_as_a_change_into_a_stone(
    live: Place,
) -> None:
    server = live.server
    question = server.direct_message(live.ada, "why?")
    await live.client.chat_postMessage(
        channel=question.channel.id, text="because", thread_ts=question.ts
    )
    server.delete(question)
    await server.wait_for(lambda: len(live.bot.named("message")) == 2)
    *_, event = live.bot.named("message")
    assert (event["subtype"], event["message"]["subtype"]) == ("message_changed", "tombstone")
    assert event["message"]["ts"] == question.ts


async def test_without_its_scope_an_event_is_not_heard(live: Place) -> None:
    server = live.server
    server.withdraw("im:history")
    server.direct_message(live.ada, "why?")
    server.mention(live.channel, live.ada, "why?")
    await server.wait_for(lambda: live.bot.named("app_mention"))
    assert live.bot.named("message") == []


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


async def test_an_event_sent_while_the_bot_is_away_is_repeated_to_it(server: SlackServer) -> None:
    server.courier.deadline_scale = 0.01
    channel = server.create_channel()
    server.mention(channel, server.create_user("ada", channel), "why?")
    (delivery,) = server.deliveries
    await server.wait_for(lambda: len(delivery.attempts) == 2 and delivery.attempts[1].outcome)
    server.courier.deadline_scale = 1.0
    async with online(server) as bot:
        await server.wait_for(lambda: bot.heard)
        await server.wait_for(lambda: delivery.state == "acknowledged")
    assert bot.retries in (["2"], ["3"])  # a busy machine comes online later


async def test_an_acknowledged_event_can_come_twice(live: Place) -> None:
    server = live.server
    server.mention(live.channel, live.ada, "why?")
    (delivery,) = server.deliveries
    await server.wait_for(lambda: delivery.state == "acknowledged")
    server.courier.repeat(delivery)
    await server.wait_for(lambda: len(live.bot.heard) == 2)
    assert len({body["event_id"] for body in live.bot.heard}) == 1


async def test_the_time_to_acknowledge_is_measured(live: Place) -> None:
    live.server.courier.deadline_scale = 100  # or it may be sent again
    began = time.monotonic()
    live.server.mention(live.channel, live.ada, "why?")
    (delivery,) = live.server.deliveries
    assert delivery.ack_seconds is None
    await live.server.wait_for(lambda: delivery.state == "acknowledged")
    assert delivery.ack_seconds is not None
    assert 0 < delivery.ack_seconds < time.monotonic() - began
    assert live.bot.retries == ["0"]


async def test_an_app_can_ask_for_no_repeats(server: SlackServer) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.Response(status=503, headers={"X-Slack-No-Retry": "1"})

    async with serving(refuse) as address:
        await server.deliver_by_http(address)
        channel = server.create_channel()
        server.mention(channel, server.create_user("ada", channel), "why?")
        (delivery,) = server.deliveries
        await server.wait_for(lambda: delivery.state == "lost")
    assert len(delivery.attempts) == 1


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


async def test_an_eleventh_socket_is_one_too_many(server: SlackServer) -> None:
    client = Bot(server).client
    greetings: list[str] = []
    async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
        for _ in range(11):
            answer = await client.apps_connections_open(app_token=APP_TOKEN)
            socket = await stack.enter_async_context(session.ws_connect(answer["url"]))
            greeting = await socket.receive_json()
            greetings.append(greeting.get("reason", greeting["type"]))
    assert greetings == ["hello"] * 10 + ["too_many_websockets"]


async def test_acknowledging_what_was_never_sent_is_a_violation(server: SlackServer) -> None:
    answer = await Bot(server).client.apps_connections_open(app_token=APP_TOKEN)
    async with aiohttp.ClientSession() as session, session.ws_connect(answer["url"]) as socket:
        await socket.send_json({"envelope_id": "never"})
        await server.wait_for(lambda: server.violations)
    server.violations.clear()


async def test_a_ticket_opens_one_socket(server: SlackServer) -> None:
    async with online(server) as bot, aiohttp.ClientSession() as session:
        answer = await bot.client.apps_connections_open(app_token=APP_TOKEN)
        async with session.ws_connect(answer["url"]):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(answer["url"])


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
