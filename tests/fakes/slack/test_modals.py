"""Modals on the local Slack, and what else waits for an app: triggers, forms, response URLs."""

from typing import Any

import aiohttp
import pytest

from tests.fakes.slack.building import (
    a_button,
    in_actions,
    modal,
    option,
    plain,
    section,
    select,
)
from tests.fakes.slack.listener import Bot, Place, listening
from tests.fakes.slack_server import (
    Impossible,
    SlackServer,
    User,
)


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


NUMBER = {
    "type": "number_input",
    "is_decimal_allowed": False,
    "min_value": "2",
    "max_value": "9",
}
MANY = select(3, type="multi_static_select", max_selected_items=2)


@pytest.mark.parametrize(
    ("element", "value", "sentence"),
    [
        (NUMBER, "1", "at least 2"),
        (NUMBER, "10", "at most 9"),
        (NUMBER, "2.5", "whole number"),
        ({"type": "plain_text_input", "min_length": 2}, "x", "between 2 and 3000"),
        (MANY, ["0", "1", "2"], "at most 2"),
        (MANY, ["3"], "not offered"),
    ],
)
async def test_an_input_outside_its_limits_cannot_be_submitted(
    place: Place, element: dict[str, Any], value: Any, sentence: str
) -> None:
    field = {"type": "input", "label": plain("x"), "element": element | {"action_id": "field"}}
    trigger_id = place.server.triggers.new(place.ada)
    await place.client.views_open(trigger_id=trigger_id, view=modal(blocks=[field]))
    (view,) = place.server.open_views
    with pytest.raises(Impossible, match=sentence):
        await place.server.submit_view(place.ada, view, {"field": value})
    with pytest.raises(Impossible, match="there is no"):
        await place.server.submit_view(place.ada, view, {"elsewhere": value})


async def test_what_no_client_offers_is_impossible(place: Place) -> None:
    server, channel = place.server, place.channel
    eve = server.create_user("eve")
    message = server.post(channel, place.ada, "hello")
    for attempt in (
        server.slash(place.ada, channel, "/senate"),
        server.shortcut(place.ada, "ask_senate", message),
        server.slash(eve, channel, "/council"),
        server.click(place.ada, channel, message.ts, "press"),
        server.click(place.ada, channel, "1.000001", "press"),
    ):
        with pytest.raises(Impossible):
            await attempt
    with pytest.raises(Impossible, match="no such thread"):
        server.post(channel, place.ada, "hello", "1.000001")
    with pytest.raises(Impossible, match="invalid_name"):
        server.react(place.ada, channel, message.ts, "council_of_elrond")
    channel.archived = True
    with pytest.raises(Impossible, match="archived"):
        server.post(channel, place.ada, "hello")


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


async def test_a_response_url_ends_and_is_no_guess(place: Place) -> None:
    server = place.server
    server.triggers.time_scale = 0.0
    ended = server.url + server.triggers.new_url(place.channel, place.ada)
    async with aiohttp.ClientSession() as session:
        late = await session.post(ended, json={"text": "x"})
        guessed = await session.post(f"{server.url}/response/guessed", json={"text": "x"})
        assert (late.status, (await late.json())["error"]) == (404, "expired_url")
        assert (guessed.status, (await guessed.json())["error"]) == (404, "no_such_url")


async def test_a_bad_answer_at_a_response_url_is_refused(place: Place) -> None:
    server = place.server
    address = server.url + server.triggers.new_url(place.channel, place.ada)
    async with aiohttp.ClientSession() as session:
        bad = await session.post(address, json={"blocks": [section(colour="red")]})
        empty = await session.post(address, json={"text": " "})
        garbled = await session.post(address, data="{")
        assert [answer.status for answer in (bad, empty, garbled)] == [400] * 3
        texts = [await answer.text() for answer in (bad, empty, garbled)]
    assert texts == ["invalid_blocks", "no_text", "invalid_payload"]
    assert len(server.interactions.refused_responses) == 3


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


async def test_options_beyond_the_limits_are_a_violation(live: Place) -> None:
    async def offered(ack: Any) -> None:
        await ack(options=[{"text": plain("x" * 76), "value": "x"}])

    live.bot.app.options("models")(offered)
    server = live.server
    await live.client.views_open(trigger_id=server.triggers.new(live.ada), view=modal())
    (view,) = server.open_views
    answer = await server.options(live.ada, view, "models", "g")
    assert "must be less than 76 characters" in answer.problem
    assert answer.problem in server.complaints()[0]
    server.violations.clear()


async def test_a_bad_answer_to_a_command_is_a_violation(live: Place) -> None:
    async def council(ack: Any) -> None:
        await ack(text="x", blocks=[section(colour="red")])

    live.bot.app.command("/council")(council)
    answer = await live.server.slash(live.ada, live.channel, "/council")
    assert "invalid_blocks" in answer.problem
    assert len(live.server.complaints()) == 1
    assert live.server.ephemerals == []
    live.server.violations.clear()


async def test_only_what_a_control_offers_can_be_chosen(live: Place) -> None:
    chosen: list[str] = []

    async def picked(ack: Any, action: Any) -> None:
        chosen.append(action.get("value") or action["selected_option"]["value"])
        await ack()

    for name in ("s", "press"):
        live.bot.app.action(name)(picked)
    ts = await live.say(blocks=[in_actions(select(2), a_button(value="A"))])
    click, ada, channel = live.server.click, live.ada, live.channel
    await click(ada, channel, ts, "s", "1")
    await click(ada, channel, ts, "press", "A")
    assert chosen == ["1", "A"]
    for action, value in (("s", "2"), ("press", "B"), ("pull", "A")):
        with pytest.raises(Impossible):
            await click(ada, channel, ts, action, value)
