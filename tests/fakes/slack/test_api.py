"""The local Slack's Web API: what it keeps and gives back, refuses, limits, and loses on order."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.fakes.slack.building import (
    section,
)
from tests.fakes.slack.listener import Bot, Place
from tests.fakes.slack_server import APP_TOKEN, MANIFEST, SlackServer, read_manifest, running_slack

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
            {"text": "x", "metadata": {"event_type": "run", "event_payload": "r1"}},
            "invalid_metadata_format",
        ),
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


async def test_a_persons_id_opens_the_direct_message(place: Place) -> None:
    robot = place.server.create_user("robot", bot=True)
    sent = await place.client.chat_postMessage(channel=place.ada.id, text="your export")
    assert sent["channel"] == place.server.direct(place.ada).id
    error = await place.bot.error("chat.postMessage", channel=robot.id, text="x")
    assert error == "cannot_dm_bot"


async def test_an_app_without_messages_tab_takes_no_direct_messages(tmp_path: Path) -> None:
    closed = tmp_path / "manifest.yaml"
    open_tab, closed_tab = "messages_tab_enabled: true", "messages_tab_enabled: false"
    closed.write_text(MANIFEST.read_text().replace(open_tab, closed_tab))
    async with running_slack(manifest=read_manifest(closed)) as server:
        place = Place(server, Bot(server))
        error = await place.bot.error("chat.postMessage", channel=place.ada.id, text="x")
        assert error == "messages_tab_disabled"


@pytest.mark.parametrize("wrong", ["a reply's", "a number"])
async def test_a_wrong_thread_ts_is_a_violation(place: Place, wrong: str) -> None:
    root = place.server.mention(place.channel, place.ada, "why?").ts
    reply = await place.say(thread_ts=root)
    given = {"a reply's": reply, "a number": float(root)}[wrong]
    body = {"channel": place.channel.id, "text": "x", "thread_ts": given}
    await place.client.api_call("chat.postMessage", json=body)
    assert "thread_ts is" in place.server.complaints()[0]
    place.server.violations.clear()


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


async def test_what_a_person_deleted_cannot_be_updated(place: Place) -> None:
    ts = await place.say()
    place.server.delete(place.channel.messages[ts])
    error = await place.bot.error("chat.update", channel=place.channel.id, ts=ts, text="x")
    assert error == "message_not_found"


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
    empty = await place.bot.error("chat.postEphemeral", channel=channel, user=place.ada.id)
    assert (error, empty) == ("user_not_in_channel", "no_text")
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


async def test_every_page_of_a_thread_begins_with_its_root(place: Place) -> None:
    root = place.server.mention(place.channel, place.ada, "why?")
    for number in range(3):
        place.server.post(place.channel, place.ada, str(number), root.ts)
    seen: list[list[str]] = []
    async for page in await place.client.conversations_replies(
        channel=place.channel.id, ts=root.ts, limit=2
    ):
        seen.append([message["text"] for message in page["messages"]])
    assert seen == [[root.text, "0", "1"], [root.text, "2"]]


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
        ("conversations.history", {"cursor": "cHJldg=="}, "invalid_cursor"),
        ("conversations.history", {"limit": 1000}, "invalid_limit"),
        ("conversations.history", {"oldest": "yesterday"}, "invalid_ts_oldest"),
        ("reactions.get", {"timestamp": "1.000001"}, "message_not_found"),
    ],
)
async def test_a_reading_call_is_refused(
    place: Place, name: str, arguments: dict[str, Any], error: str
) -> None:
    assert await place.bot.error(name, channel=place.channel.id, **arguments) == error


async def test_conversations_are_refused(place: Place) -> None:
    robot = place.server.create_user("robot", bot=True)
    errors = [
        await place.bot.error("conversations.open", users=""),
        await place.bot.error("conversations.open", users=robot.id),
        await place.bot.error("conversations.list", types="secret"),
        await place.bot.error("conversations.list", types="im"),
        await place.bot.error("users.conversations", user=place.ada.id),
    ]
    assert errors == [
        "users_list_not_supplied",
        "cannot_dm_bot",
        "invalid_types",
        "missing_scope",
        "invalid_arguments",
    ]


async def test_the_bots_conversations_are_listed_in_pages(place: Place) -> None:
    server = place.server
    private = server.create_channel("private", kind="private")
    server.create_channel("elsewhere", with_bot=False)
    seen: list[str] = []
    async for page in await place.client.users_conversations(
        types=["public_channel", "private_channel"], limit=1
    ):
        seen += [channel["id"] for channel in page["channels"]]
    assert seen == [place.channel.id, private.id]


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
    place.channel.archived = True
    archived = await place.bot.error("reactions.add", **item, name="eyes")
    assert (again, unknown, absent) == ("already_reacted", "invalid_name", "no_reaction")
    assert archived == "is_archived"


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


async def test_bodies_that_are_no_objects_are_refused(place: Place) -> None:
    address = f"{place.server.api_url}auth.test"
    as_json = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=as_json) as session:
        for body in ("{", "[]"):
            await session.post(address, data=body)
    errors = [rejection.error for rejection in place.server.rejections]
    assert errors == ["invalid_json", "json_not_object"]


async def test_a_missing_argument_is_named(place: Place) -> None:
    assert await place.bot.error("users.info", user="U0NOBODY") == "user_not_found"
    assert await place.bot.error("users.info") == "invalid_arguments"
    assert "missing required field: user" in place.server.rejections[-1].answer["errors"]


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


async def test_uploads_are_refused(place: Place) -> None:
    empty = await place.bot.error("files.getUploadURLExternal", filename="a.md", length=0)
    nothing = await place.bot.error("files.completeUploadExternal", files=[])
    place.channel.restriction = "restricted_action"
    with pytest.raises(SlackApiError, match="restricted_action"):
        await place.client.files_upload_v2(content="x", filename="a", channel=place.channel.id)
    assert (empty, nothing) == ("invalid_arguments", "invalid_arguments")
    assert place.server.messages(place.channel) == []


@pytest.mark.parametrize("status", [413, 403])
async def test_the_store_of_files_can_refuse_what_slack_announced(
    place: Place, status: int
) -> None:
    place.server.files.refused_with = status
    client, body = place.client, b"x" * 10
    answer = await client.files_getUploadURLExternal(filename="a.md", length=len(body))
    async with (
        aiohttp.ClientSession() as session,
        session.post(answer["upload_url"], data=body) as response,
    ):
        assert response.status == status
    error = await place.bot.error("files.completeUploadExternal", files=[{"id": answer["file_id"]}])
    assert error == "file_not_found"


async def test_a_scope_can_be_withdrawn_and_is_named(place: Place) -> None:
    place.server.withdraw("users:read")
    with pytest.raises(SlackApiError) as caught:
        await place.client.users_info(user=place.ada.id)
    answer = caught.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "users:read")
    assert "users:read" not in answer["provided"].split(",")
    assert "chat:write" in answer["provided"].split(",")


async def test_a_revoked_token_can_be_restored(place: Place) -> None:
    place.server.revoke()
    assert await place.bot.error("auth.test") == "token_revoked"
    place.server.restore()
    assert (await place.client.auth_test())["user_id"] == place.server.bot.id


async def test_an_archived_channel_takes_nothing_until_it_is_opened_again(place: Place) -> None:
    posted = await place.say("one")
    place.server.archive(place.channel)
    for name, more in (("chat.postMessage", {}), ("chat.update", {"ts": posted})):
        arguments = {"channel": place.channel.id, "text": "two"} | more
        assert await place.bot.error(name, **arguments) == "is_archived"
    place.server.unarchive(place.channel)
    await place.say("two")


async def test_where_the_edit_window_is_closed_nothing_is_updated(place: Place) -> None:
    posted = await place.say("one")
    place.server.world.edit_window_closed = True
    error = await place.bot.error("chat.update", channel=place.channel.id, ts=posted, text="two")
    assert error == "edit_window_closed"


async def test_without_the_scope_a_download_is_a_login_page(place: Place) -> None:
    message = place.server.post(place.channel, place.ada, "read", files={"a.txt": b"secret"})
    shown = (await place.client.conversations_history(channel=place.channel.id))["messages"][0]
    assert (shown["subtype"], shown["files"][0]["size"]) == ("file_share", 6)
    place.server.desk.scopes = place.server.desk.scopes - {"files:read"}
    token = {"Authorization": f"Bearer {place.client.token}"}
    async with aiohttp.ClientSession(headers=token) as session:
        answer = await session.get(shown["files"][0]["url_private"])
        assert (answer.status, answer.content_type) == (200, "text/html")
    assert message.files[0].content == b"secret"


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


async def test_a_status_is_refused(place: Place) -> None:
    root = place.server.mention(place.channel, place.ada, "why?")
    status = {"channel_id": place.channel.id, "thread_ts": root.ts, "status": "ranking"}
    many: dict[str, Any] = status | {"loading_messages": ["x"] * 11}
    nowhere = status | {"thread_ts": "1.000001"}
    errors = [
        await place.bot.error("assistant.threads.setStatus", **each) for each in (many, nowhere)
    ]
    assert errors == ["invalid_arguments", "thread_not_found"]


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
