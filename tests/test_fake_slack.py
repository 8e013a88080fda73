"""The local Slack brings what people do to an app, and the app's answers back to them.

Everything goes through the unmodified slack_sdk and Bolt; where the client checks an argument
itself, the same client sends the bare call.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.fakes.slack.building import (
    a_button,
    container,
    in_actions,
    modal,
    option,
    plain,
    section,
)
from tests.fakes.slack.listener import Bot, Place, listening, online, serving
from tests.fakes.slack.manifest import BadManifest
from tests.fakes.slack_server import (
    APP_TOKEN,
    MANIFEST,
    Impossible,
    SlackServer,
    User,
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
    async with online(server) as bot:
        await server.wait_for(lambda: bot.heard)
        await server.wait_for(lambda: delivery.state == "acknowledged")
    assert bot.retries == ["2"]


async def test_an_acknowledged_event_can_come_twice(live: Place) -> None:
    server = live.server
    server.mention(live.channel, live.ada, "why?")
    (delivery,) = server.deliveries
    await server.wait_for(lambda: delivery.state == "acknowledged")
    server.courier.repeat(delivery)
    await server.wait_for(lambda: len(live.bot.heard) == 2)
    assert len({body["event_id"] for body in live.bot.heard}) == 1


async def test_the_time_to_acknowledge_is_measured(live: Place) -> None:
    live.server.mention(live.channel, live.ada, "why?")
    (delivery,) = live.server.deliveries
    assert delivery.ack_seconds is None
    await live.server.wait_for(lambda: delivery.state == "acknowledged")
    assert delivery.ack_seconds is not None
    assert 0 < delivery.ack_seconds < 3
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


async def test_modals_work_by_signed_requests_too(server: SlackServer) -> None:
    bot = Bot(server)

    async def offered(ack: Any) -> None:
        await ack(options=[option("gpt")])

    async def submitted(ack: Any) -> None:
        await ack(response_action="errors", errors={"members": "at least two"})

    bot.app.options("models")(offered)
    bot.app.view("settings")(submitted)
    async with listening(server, bot):
        ada = server.create_user("ada")
        await bot.client.views_open(trigger_id=server.triggers.new(ada), view=modal())
        (view,) = server.open_views
        await server.options(ada, view, "models", "g")
        answer = await server.submit_view(ada, view, {"models": ["gpt"]})
    assert (answer.action, view.errors) == ("errors", {"members": "at least two"})


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


async def test_an_outdated_view_is_not_updated(place: Place) -> None:
    trigger_id = place.server.triggers.new(place.ada)
    opened = (await place.client.views_open(trigger_id=trigger_id, view=modal()))["view"]
    known = {"view_id": opened["id"], "hash": opened["hash"]}
    await place.client.views_update(view=modal(title=plain("Now")), **known)
    error = await place.bot.error("views.update", view=modal(title=plain("Then")), **known)
    (view,) = place.server.open_views
    assert (error, view.body["title"]["text"]) == ("hash_conflict", "Now")


async def test_three_modals_can_lie_on_each_other(live: Place) -> None:
    server, client = live.server, live.client
    await client.views_open(trigger_id=server.triggers.new(live.ada), view=modal())
    for _ in range(2):
        await client.views_push(trigger_id=server.triggers.new(live.ada), view=modal())
    fourth = server.triggers.new(live.ada)
    assert await live.bot.error("views.push", trigger_id=fourth, view=modal()) == (
        "push_limit_reached"
    )

    async def submitted(ack: Any) -> None:
        await ack(response_action="clear")

    live.bot.app.view("settings")(submitted)
    top = server.open_views[-1]
    top.offered["models"] = [option("gpt")]
    await server.submit_view(live.ada, top, {"models": ["gpt"]})
    assert server.open_views == []


async def test_a_closed_modal_is_heard_of_when_asked_for(live: Place) -> None:
    closed: list[str] = []

    async def heard(ack: Any, view: Any) -> None:
        closed.append(view["callback_id"])
        await ack()

    live.bot.app.view_closed("settings")(heard)
    trigger_id = live.server.triggers.new(live.ada)
    await live.client.views_open(trigger_id=trigger_id, view=modal(notify_on_close=True))
    (view,) = live.server.open_views
    await live.server.close_view(live.ada, view)
    assert (closed, live.server.open_views) == (["settings"], [])


async def test_a_button_of_an_ephemeral_is_for_its_reader(live: Place) -> None:
    server = live.server

    async def vote_first(ack: Any, respond: Any) -> None:
        await ack()
        await respond(delete_original=True)

    live.bot.app.action("press")(vote_first)
    await live.client.chat_postEphemeral(
        channel=live.channel.id, user=live.ada.id, text="x", blocks=[in_actions(a_button())]
    )
    (shown,) = server.ephemerals
    with pytest.raises(Impossible, match="somebody else"):
        await server.click(server.create_user("bob", live.channel), live.channel, shown.ts, "press")
    await server.click(live.ada, live.channel, shown.ts, "press")
    await server.wait_for(lambda: server.ephemerals == [])


async def test_views_are_refused(place: Place) -> None:
    home = {"type": "home", "blocks": [section()]}
    named = modal(external_id="settings")
    await place.client.views_open(trigger_id=place.server.triggers.new(place.ada), view=named)

    async def error(name: str, view: Any, person: User = place.ada) -> str:
        trigger_id = place.server.triggers.new(person)
        return await place.bot.error(name, trigger_id=trigger_id, view=view)

    assert await error("views.open", "modal") == "invalid_arguments"
    assert await error("views.open", home) == "invalid_arguments"
    assert await error("views.open", modal(blocks=[section("x" * 3000)] * 90)) == "view_too_large"
    assert await error("views.open", named) == "duplicate_external_id"
    assert await error("views.push", modal(), place.server.bot) == "invalid_trigger_id"
    gone = await place.bot.error("views.update", view_id="V0", view=modal())
    assert gone == "not_found"


async def test_a_view_is_found_by_its_external_id(live: Place) -> None:
    server, client = live.server, live.client
    for name in ("first", "second"):
        trigger_id = server.triggers.new(live.ada)
        await client.views_open(trigger_id=trigger_id, view=modal(external_id=name))
    changed = modal(external_id="second", title=plain("Changed"))
    await client.views_update(external_id="second", view=changed)
    titles = [view.body["title"]["text"] for view in server.open_views]
    assert titles == ["Council", "Changed"]


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
