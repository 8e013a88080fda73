"""The local Discord takes and refuses messages, threads and reactions as the real one does.

Everything goes through the unmodified discord.py; where that checks an argument itself, the same
client sends the bare request.
"""

import io
from typing import Any

import aiohttp
import discord
import pytest
from discord import AllowedMentions, Permissions, ui

from tests.fakes.discord.listener import Place, Pressed, online, view_of
from tests.fakes.discord_server import (
    TOKEN,
    DiscordServer,
    Flag,
    running_discord,
)

V2 = int(Flag.V2)


async def test_a_mention_becomes_a_thread_with_a_v2_message_and_a_button(place: Place) -> None:
    server = place.server
    question = server.mention(place.channel, place.ada, "why?")
    heard = await place.heard("why?")
    thread = await heard.create_thread(name="why?")
    assert thread.id == question.id

    sent = await thread.send(view=view_of("**Because.**"))
    await sent.edit(view=view_of("**Because of light.**"))
    await sent.add_reaction("👍")
    view = view_of("Answer A")
    view.add_item(ui.Section("teaser", accessory=Pressed("r1", "A")))
    answer = await thread.send(view=view)

    verdict, _ = server.said(server.threads(place.channel)[0])
    assert verdict.frames == ["**Because.**", "**Because of light.**"]
    assert list(verdict.reactions) == ["👍"]
    pressed = await server.click(place.ada, answer.id, "c1:r1:A")
    assert (pressed.text, pressed.ephemeral) == ("answer A of r1", True)


# What a message may be


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


def button(**more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Read", "custom_id": "c"} | more


def in_row(*children: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(children)}


def select(options: int, **more: Any) -> dict[str, Any]:
    choices = [{"label": f"o{n}", "value": f"o{n}"} for n in range(options)]
    return {"type": 3, "custom_id": "s", "options": choices} | more


REFUSED_COMPONENTS = {
    "4001 characters in one": ([text("x" * 4001)], "BASE_TYPE_MAX_LENGTH"),
    "4001 characters in two": (
        [text("x" * 2000), text("x" * 2001)],
        "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
    ),
    "41 components": ([text("x")] * 41, "COMPONENT_TOTAL_COUNT_EXCEEDED"),
    "41 with accessories": (
        [
            {"type": 9, "components": [text("x")], "accessory": button(custom_id=str(n))}
            for n in range(13)
        ]
        + [text("x"), text("x")],
        "COMPONENT_TOTAL_COUNT_EXCEEDED",
    ),
    "a section of four texts": (
        [{"type": 9, "components": [text("x")] * 4, "accessory": button()}],
        "BASE_TYPE_BAD_LENGTH",
    ),
    "a section without accessory": (
        [{"type": 9, "components": [text("x")]}],
        "BASE_TYPE_REQUIRED",
    ),
    "a section with a select": (
        [{"type": 9, "components": [text("x")], "accessory": select(1)}],
        "UNION_TYPE_CHOICES",
    ),
    "a container in a container": (
        [{"type": 17, "components": [{"type": 17, "components": [text("x")]}]}],
        "UNION_TYPE_CHOICES",
    ),
    "a bare button": ([button()], "UNION_TYPE_CHOICES"),
    "six buttons in a row": (
        [in_row(*(button(custom_id=str(n)) for n in range(6)))],
        "BASE_TYPE_BAD_LENGTH",
    ),
    "a button beside a select": (
        [in_row(button(), select(1))],
        "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
    ),
    "a button whose emoji is none": (
        [in_row(button() | {"emoji": {"name": "thumbsup"}})],
        "BUTTON_COMPONENT_INVALID_EMOJI",
    ),
    "a custom_id twice": ([in_row(button(), button())], "COMPONENT_CUSTOM_ID_DUPLICATED"),
    "a custom_id of 101": ([in_row(button(custom_id="c" * 101))], "BASE_TYPE_MAX_LENGTH"),
    "a label of 81": ([in_row(button(label="x" * 81))], "BASE_TYPE_MAX_LENGTH"),
    "a button with nothing on it": (
        [in_row(button(label=None))],
        "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED",
    ),
    "a link with a custom_id": (
        [in_row(button(style=5, url="https://example.org"))],
        "BUTTON_COMPONENT_FIELDS",
    ),
    "26 options": ([in_row(select(26))], "BASE_TYPE_BAD_LENGTH"),
    "more choices than options": ([in_row(select(1, max_values=2))], "NUMBER_TYPE_MAX"),
    "a placeholder of 151": (
        [in_row(select(1, placeholder="x" * 151))],
        "BASE_TYPE_MAX_LENGTH",
    ),
    "eleven pictures": (
        [{"type": 12, "items": [{"media": {"url": "https://example.org/a.png"}}] * 11}],
        "BASE_TYPE_BAD_LENGTH",
    ),
    "a file nobody uploaded": (
        [{"type": 13, "file": {"url": "attachment://a.md"}}],
        "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
    ),
    "a file from elsewhere": (
        [{"type": 13, "file": {"url": "https://example.org/a.md"}}],
        "COMPONENT_FILE_URL",
    ),
    "an unknown type": ([{"type": 99}], "UNION_TYPE_CHOICES"),
    "an unknown field": ([text("x") | {"colour": 1}], "UNKNOWN_FIELD"),
    "a modal's part": ([in_row({"type": 4, "custom_id": "t", "style": 1})], "UNION_TYPE_CHOICES"),
}


@pytest.mark.parametrize("case", REFUSED_COMPONENTS)
async def test_malformed_components_are_refused(place: Place, case: str) -> None:
    components, code = REFUSED_COMPONENTS[case]
    found = await place.refused_body({"flags": V2, "components": components})
    assert code in found.split()
    assert not place.server.said(place.channel)


REFUSED_BODIES = {
    "2001 characters": ({"content": "x" * 2001}, "BASE_TYPE_MAX_LENGTH"),
    "content beside V2": (
        {"flags": V2, "content": "x", "components": [text("x")]},
        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
    "embeds beside V2": (
        {"flags": V2, "embeds": [{"title": "x"}], "components": [text("x")]},
        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
    "V2 components without the flag": ({"components": [text("x")]}, "UNION_TYPE_CHOICES"),
    "embeds of 6001 characters": (
        {"embeds": [{"description": "x" * 3000}, {"description": "x" * 3001}]},
        "MAX_EMBED_SIZE_EXCEEDED",
    ),
    "a nonce of 26": ({"content": "x", "nonce": "n" * 26}, "BASE_TYPE_MAX_LENGTH"),
    "users both all and listed": (
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
    ),
    "a reply to nothing": (
        {"content": "x", "message_reference": {"message_id": "1"}},
        "REPLIES_UNKNOWN_MESSAGE",
    ),
    "an unknown field": ({"content": "x", "colour": 1}, "UNKNOWN_FIELD"),
}


@pytest.mark.parametrize("case", REFUSED_BODIES)
async def test_malformed_messages_are_refused(place: Place, case: str) -> None:
    body, code = REFUSED_BODIES[case]
    assert code in (await place.refused_body(body)).split()


async def test_an_error_tree_names_the_field(place: Place) -> None:
    with pytest.raises(discord.HTTPException, match=r"In components\.0\.content: Must be 4000"):
        await place.here().send(view=view_of("x" * 4001))


async def test_one_text_display_may_use_all_4000_characters(place: Place) -> None:
    await place.here().send(view=view_of("x" * 4000))
    assert len(place.server.said(place.channel)[0].text) == 4000


async def test_an_empty_message_is_refused(place: Place) -> None:
    path = f"/channels/{place.channel.id}/messages"
    assert await place.refused("POST", path, {"content": ""}) == 50006
    assert await place.refused("POST", path, {"components": [in_row(button())]}) == 50006


async def test_a_message_turns_v2_only_when_its_old_fields_are_cleared(place: Place) -> None:
    sent = await place.here().send("old")
    with pytest.raises(discord.HTTPException, match=r"MessageFlags\.IS_COMPONENTS_V2"):
        await sent.edit(view=view_of("new"))
    await sent.edit(content=None, embeds=[], view=view_of("new"))
    (message,) = place.server.said(place.channel)
    assert (message.text, message.flags) == ("new", V2)


async def test_a_v2_message_stays_one(place: Place) -> None:
    sent = await place.here().send(view=view_of("x"))
    path = f"/channels/{place.channel.id}/messages/{sent.id}"
    await place.raw("PATCH", path, {"flags": 0})
    assert place.server.said(place.channel)[0].flags == V2


async def test_an_edit_unsuppresses_embeds_unless_told_otherwise(place: Place) -> None:
    sent = await place.here().send("x", suppress_embeds=True)
    (message,) = place.server.said(place.channel)
    assert message.flags == Flag.SUPPRESS_EMBEDS
    await sent.edit(content="y", suppress=True)
    assert message.flags == Flag.SUPPRESS_EMBEDS
    await sent.edit(content="z")
    assert message.flags == 0


async def test_edits_of_old_messages_run_out(place: Place) -> None:
    place.server.world.late_edit_limit = 1
    sent = await place.here().send("x")
    place.server.world.advance(3601)
    await sent.edit(content="y")
    with pytest.raises(discord.HTTPException) as refused:
        await sent.edit(content="z")
    assert (refused.value.status, refused.value.code) == (429, 30046)


async def test_only_own_messages_are_edited_and_deleted(place: Place) -> None:
    theirs = place.server.post(place.channel, place.ada, "mine")
    path = f"/channels/{place.channel.id}/messages/{theirs.id}"
    assert await place.refused("PATCH", path, {"content": "yours"}) == 50005
    assert await place.refused("DELETE", path) == 50013
    assert await place.refused("GET", f"/channels/{place.channel.id}/messages/1") == 10008
    assert await place.refused("GET", "/channels/1") == 10003


# Nonces


async def test_a_message_committed_behind_a_502_is_not_sent_twice(place: Place) -> None:
    place.server.fail("POST", "/messages$", 502, committed=True)
    await place.here().send("once")
    assert len(place.server.said(place.channel)) == 1
    assert [request.status for request in place.server.sent("POST", "/messages$")] == [502, 200]


async def test_a_nonce_is_forgotten_after_some_minutes(place: Place) -> None:
    first = await place.here().send("x", nonce="c1-0")
    assert (await place.here().send("x", nonce="c1-0")).id == first.id
    place.server.world.advance(301)
    assert (await place.here().send("x", nonce="c1-0")).id != first.id


# Pings


async def test_an_edit_without_allowed_mentions_pings_everybody_it_names(place: Place) -> None:
    sent = await place.here().send(view=view_of(f"<@{place.ada.id}>"))
    assert place.server.pings == []
    await sent.edit(view=view_of(f"<@{place.ada.id}>"), allowed_mentions=AllowedMentions.none())
    assert place.server.pings == []
    await sent.edit(view=view_of(f"<@{place.ada.id}>"))
    (ping,) = place.server.pings
    assert (ping.users, ping.by) == ((place.ada,), "edit")


async def test_a_listed_person_is_pinged_and_nobody_else(place: Place) -> None:
    bob = place.server.create_user("Bob", place.guild)
    allowed = AllowedMentions(users=[discord.Object(place.ada.id)], everyone=False, roles=False)
    words = f"<@{place.ada.id}> <@{bob.id}> @everyone"
    await place.here().send(words, allowed_mentions=allowed, silent=True)
    (ping,) = place.server.pings
    assert (ping.users, ping.everyone, ping.silent) == ((place.ada,), False, True)


async def test_everyone_needs_a_permission_and_roles_the_same_or_their_consent(
    place: Place,
) -> None:
    server = place.server
    role = server.create_role(place.guild, "crew", Permissions.none())
    everything = AllowedMentions.all()
    await place.here().send(f"@everyone <@&{role.id}>", allowed_mentions=everything)
    assert server.pings == []
    role.mentionable = True
    await place.here().send(f"@everyone <@&{role.id}>", allowed_mentions=everything)
    assert [(ping.roles, ping.everyone) for ping in server.pings] == [((role,), False)]
    server.overwrite(place.channel, server.bot, allow=Permissions(mention_everyone=True))
    await place.here().send("@everyone", allowed_mentions=everything)
    assert server.pings[-1].everyone


async def test_a_reply_pings_its_author_if_asked_to(place: Place) -> None:
    question = place.server.mention(place.channel, place.ada, "why?")
    here = place.here().get_partial_message(question.id)
    await here.reply("quietly", mention_author=False)
    assert place.server.pings == []
    await here.reply("aloud", mention_author=True)
    assert [ping.users for ping in place.server.pings] == [(place.ada,)]


# What the application may read


async def test_without_the_content_intent_only_mentions_are_readable(place: Place) -> None:
    server, ada, here = place.server, place.ada, place.channel
    own = server.world.messages[(await place.here().send("own")).id]
    sent = {
        "plain": server.post(here, ada, "plain"),
        "mention": server.mention(here, ada, "mention"),
        "role": server.mention_role(here, ada, "role"),
        "ping": server.reply(own, ada, "ping"),
        "no ping": server.reply(own, ada, "no ping", ping=False),
        "direct": server.post(server.direct(ada), ada, "direct"),
    }
    await server.wait_for(lambda: len(place.bot.heard) == 7)
    heard = {message.id: message.content for message in place.bot.heard}
    readable = {name for name, message in sent.items() if heard[message.id]}
    assert readable == {"mention", "ping", "direct"}
    fetched = {m.id: m.content async for m in place.here().history()}
    assert {name for name in sent if fetched.get(sent[name].id)} == {"mention", "ping"}


async def test_with_the_content_intent_everything_is_readable() -> None:
    async with running_discord(message_content=True) as server:
        place = Place(server, discord.Intents(guilds=True, messages=True, message_content=True))
        async with online(server, place.bot):
            server.post(place.channel, place.ada, "plain")
            assert (await place.heard("plain")).content == "plain"


async def test_an_edited_in_mention_arrives_as_an_update(place: Place) -> None:
    message = place.server.post(place.channel, place.ada, "why?")
    place.server.edit(message, f"<@{place.server.bot.id}> why?")
    (event,) = await place.server.wait_for(lambda: place.bot.named("raw_message_edit"))
    assert place.bot.user in event.message.mentions
    assert "why?" in event.message.content


# Files


async def test_an_uploaded_file_can_be_shown_and_downloaded(place: Place) -> None:
    view = view_of("transcript")
    view.add_item(ui.File("attachment://transcript.md"))
    files = [discord.File(io.BytesIO(b"# all of it"), n) for n in ("transcript.md", "unseen.md")]
    sent = await place.here().send(view=view, files=files)
    assert len(sent.attachments) == 2
    assert await sent.attachments[0].read() == b"# all of it"
    assert place.server.said(place.channel)[0].files() == {"transcript.md": b"# all of it"}
    shown = sent.components[1]
    assert isinstance(shown, discord.FileComponent)
    assert shown.media.url == sent.attachments[0].url


async def test_files_have_a_size_limit(place: Place) -> None:
    big = discord.File(io.BytesIO(b"x" * (10 * 1024 * 1024 + 1)), "big.md")
    with pytest.raises(discord.HTTPException) as refused:
        await place.here().send(file=big)
    assert (refused.value.status, refused.value.code) == (413, 40005)


async def test_an_edit_keeps_only_the_attachments_it_lists(place: Place) -> None:
    files = [discord.File(io.BytesIO(name.encode()), name) for name in ("a.md", "b.md")]
    sent = await place.here().send(files=files)
    await sent.edit(attachments=[sent.attachments[1]])
    assert place.server.said(place.channel)[0].files() == {"b.md": b"b.md"}


async def test_a_persons_file_is_served(place: Place) -> None:
    place.server.mention(place.channel, place.ada, "read this", files={"a.txt": b"words"})
    heard = await place.heard("read this")
    assert heard.attachments[0].content_type == "text/plain; charset=utf-8"
    assert await heard.attachments[0].read() == b"words"


# History


async def test_history_comes_newest_first_from_the_asked_end(place: Place) -> None:
    sent = [place.server.post(place.channel, place.ada, str(n)) for n in range(6)]
    path = f"/channels/{place.channel.id}/messages?limit=2"

    async def ids(more: str = "") -> list[int]:
        found = await place.raw("GET", path + more)
        return [[m.id for m in sent].index(int(message["id"])) for message in found]

    assert await ids() == [5, 4]
    assert await ids(f"&before={sent[3].id}") == [2, 1]
    assert await ids(f"&after={sent[1].id}") == [3, 2]
    assert await ids(f"&around={sent[3].id}") == [3, 2]
    assert await place.refused("GET", f"{path}00") == 50035


async def test_history_is_empty_without_the_right_to_read_it(place: Place) -> None:
    server = place.server
    question = server.mention(place.channel, place.ada, "why?")
    server.overwrite(place.channel, server.bot, deny=Permissions(read_message_history=True))
    path = f"/channels/{place.channel.id}/messages"
    assert await place.raw("GET", path) == []
    assert await place.refused("GET", f"{path}/{question.id}") == 50013
    reply = {"content": "x", "message_reference": {"message_id": str(question.id)}}
    assert await place.refused("POST", path, reply) == 160002


# Limits and faults


async def test_the_library_waits_for_a_bucket_to_fill_up_again(place: Place) -> None:
    for n in range(11):
        await place.here().send(str(n))
    assert len(place.server.said(place.channel)) == 11
    assert place.server.rate_limited == []


async def test_a_client_that_ignores_the_headers_is_told_to_wait(server: DiscordServer) -> None:
    place = Place(server)
    url = f"{server.url}/api/v10/channels/{place.channel.id}/messages"
    server.limits.time_scale = 10.0
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {TOKEN}"}) as session:
        answers = [await posted(session, url) for _ in range(7)]
    assert [answer.status for answer in answers] == [200] * 5 + [429] * 2
    assert answers[-1].headers["Via"]
    assert answers[-1].headers["X-RateLimit-Remaining"] == "0"
    assert 40 < (await answers[-1].json())["retry_after"] <= 50
    assert [refusal.waited for refusal in server.rate_limited] == [False, None]


async def posted(session: aiohttp.ClientSession, url: str) -> aiohttp.ClientResponse:
    async with session.post(url, json={"content": "x"}) as answer:
        await answer.read()
        return answer


async def test_all_requests_together_have_a_limit(server: DiscordServer) -> None:
    place = Place(server)
    server.limits.time_scale = 10.0
    channels = [server.create_channel(place.guild, str(n)) for n in range(3)]
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {TOKEN}"}) as session:
        urls = [f"{server.url}/api/v10/channels/{channel.id}/typing" for channel in channels]
        answers = [await posted(session, urls[n % 3]) for n in range(51)]
    assert [answer.status for answer in answers] == [204] * 50 + [429]
    assert (await answers[-1].json())["global"]


async def test_a_503_is_raised_at_once(place: Place) -> None:
    place.server.fail("POST", "/messages$", 503)
    with pytest.raises(discord.DiscordServerError):
        await place.here().send("x")
    assert place.server.said(place.channel) == []


async def test_a_connection_cut_after_the_commit_leaves_the_message(place: Place) -> None:
    place.server.cut("POST", "/messages$", committed=True)
    with pytest.raises(aiohttp.ClientOSError):
        await place.here().send("x", nonce="c1-0")
    await place.here().send("x", nonce="c1-0")
    assert len(place.server.said(place.channel)) == 1


async def test_an_answer_can_be_held_back(place: Place) -> None:
    held = place.server.hold("POST", "/messages$")
    sending = place.bot.loop.create_task(place.here().send("x"))
    await held.reached.wait()
    assert len(place.server.said(place.channel)) == 1
    assert not sending.done()
    assert held.gate is not None
    held.gate.set()
    assert (await sending).content == "x"


async def test_a_wrong_token_is_refused(server: DiscordServer) -> None:
    place = Place(server)
    with pytest.raises(discord.LoginFailure):
        await place.bot.login("wrong")
    await place.bot.close()


async def test_unknown_routes_and_unmet_faults_are_complaints(place: Place) -> None:
    with pytest.raises(discord.NotFound):
        await place.raw("GET", "/guilds/1/bans")
    fault = place.server.fail("POST", "/never")
    assert place.server.complaints() == [
        "unknown route GET /api/v10/guilds/1/bans",
        f"no request met the fault {fault}",
    ]
    place.server.unknown_routes.clear()
    place.server.faults.ordered.clear()
