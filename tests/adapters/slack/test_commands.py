"""`/council` as text and as a form, and the message menu, on the local Slack."""

import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack.whisper import whisper
from bot.conversation.budget import Rules
from bot.conversation.commands import COMMANDS
from bot.criteria import PRESETS
from bot.document import Button, Document, Text
from bot.llm import ModelInfo
from bot.settings import FORM, SETTINGS
from tests.fakes.council_on_slack import Place
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_server import SlackServer, User, View
from tests.fakes.watched import eventually

ROOT = Path(__file__).resolve().parents[3]
LISTED = tuple(f"lab/{name}" for name in ("a", "b", "c", "chair", "new"))


class Listing(FakeProvider):
    """With a list of models."""

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(ModelInfo(id, id) for id in LISTED)


class Priced(FakeProvider):
    """With prices in dollars per million tokens."""

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(id, id, prompt_usd_per_million=2, completion_usd_per_million=8)
            for id in LISTED
        )


@pytest.fixture
async def place(server: SlackServer) -> AsyncIterator[Place]:
    async with Place(server).online(Listing()) as place:
        yield place


@pytest.fixture
def boss(server: SlackServer, place: Place) -> User:
    return server.create_user("boss", place.channel, admin=True)


async def say(place: Place, user: User, text: str, words: str) -> str:
    """Type a command; the answer with these words, which that person alone sees."""
    before = len(place.server.ephemerals)
    answer = await place.server.slash(user, place.channel, "/council", text)
    assert answer.acknowledged
    assert answer.text == ""

    def found() -> str | None:
        new = place.server.ephemerals[before:]
        return next((m.text for m in new if words in m.text and m.user is user), None)

    text_shown = await place.server.wait_for(found)
    assert text_shown
    return text_shown


async def opened(place: Place, user: User, text: str = "") -> View:
    answer = await place.server.slash(user, place.channel, "/council", text)
    assert answer.acknowledged
    await place.server.wait_for(lambda: place.server.open_views)
    return place.server.open_views[-1]


async def members(place: Place) -> tuple[str, ...]:
    return (await place.app.settings(await place.client.place(place.channel.id))).members


async def audit(place: Place) -> list[tuple[str, str]]:
    """Who changed what, newest first."""
    at = await place.client.place(place.channel.id)
    changes = await place.app.store.audit(at.platform, at.workspace, at.id)
    return [(change.person, change.what) for change in changes]


# Typed


async def test_commands_are_answered_to_one_person(place: Place) -> None:
    shown = await say(place, place.ada, "show", "This channel's council")
    assert "*chair* writes the verdict" in shown
    assert place.server.said(place.channel) == []


async def test_unknown_words_get_help(place: Place) -> None:
    await say(place, place.ada, "frobnicate", "There is no")


async def test_members_are_changed_by_those_who_may(place: Place, boss: User) -> None:
    await say(place, place.ada, "members add lab/new", "Only administrators")
    await say(place, boss, "members add lab/new", "members")
    assert await members(place) == ("lab/a", "lab/b", "lab/c", "lab/new")
    await say(place, place.channel.creator, "members remove lab/new", "members")
    assert await members(place) == ("lab/a", "lab/b", "lab/c")
    assert [person for person, _ in await audit(place)] == [place.channel.creator.id, boss.id]


async def test_guests_change_nothing_where_anyone_may(
    server: SlackServer, place: Place, boss: User
) -> None:
    guest = server.create_user("gus", place.channel, guest=True)
    await say(place, boss, "set changers anyone", "changers")
    await say(place, guest, "members add lab/new", "not enabled here")
    await say(place, place.ada, "members add lab/new", "members")


async def test_people_of_other_organisations_change_nothing(
    server: SlackServer, place: Place, boss: User
) -> None:
    stranger = server.create_user("eve", place.channel, team=server.create_team("partner"))
    await say(place, boss, "set changers anyone", "changers")
    await say(place, stranger, "members add lab/new", "not enabled here")


async def test_rights_are_looked_up_each_time(place: Place, boss: User) -> None:
    await say(place, boss, "criteria brevity", "criteria")
    boss.admin = False
    await say(place, boss, "criteria clear", "Only administrators")


async def test_a_listed_administrator_needs_no_right_of_slacks(server: SlackServer) -> None:
    place = Place(server)
    async with place.online(Listing(), rules=Rules(admins=frozenset({place.ada.id}))):
        await say(place, place.ada, "criteria brevity", "criteria")


@pytest.mark.parametrize(
    "text", ["", "health", "members", "members add lab/new", "export", "ask Why?"]
)
async def test_where_nothing_is_allowed_nothing_is_shown_or_changed(
    server: SlackServer, text: str
) -> None:
    place = Place(server)
    async with place.online(Listing(), rules=Rules(allowed=frozenset({"T0OTHER"}))):
        boss = server.create_user("boss", place.channel, admin=True)
        await say(place, boss, text, "not enabled here")
        assert server.open_views == []
        assert "lab/new" not in await members(place)


async def test_a_form_that_was_open_is_refused_where_nothing_is_allowed_any_more(
    server: SlackServer,
) -> None:
    place = Place(server)
    ops = server.create_user("ops", place.channel)
    boss = server.create_user("boss", place.channel, admin=True)
    async with place.online(Listing(), rules=Rules(admins=frozenset({ops.id}))):
        view = await opened(place, boss)
        await say(place, ops, "allow off", "may not be used in this server")
        answer = await server.submit_view(boss, view, {"criteria": "brevity"})
        assert answer.action == "errors"
        assert "not enabled here" in view.errors["members"]


async def test_guests_are_refused_commands_like_questions(place: Place) -> None:
    guest = place.server.create_user("gus", place.channel, guest=True)
    for text in ("health", "members add lab/new", "ask Why?", "export"):
        await say(place, guest, text, "not enabled here")


async def test_an_export_goes_to_the_administrator_alone(place: Place, boss: User) -> None:
    server = place.server
    await place.answered(server.mention(place.channel, place.ada, "Why?"))
    await place.delivered()
    await say(place, place.ada, "export", "administrator")
    assert server.world.files == {}
    await say(place, boss, "export", "in our direct messages")
    (file,) = server.world.files.values()
    assert b"Why?" in (file.content or b"")
    (message,) = server.messages(server.direct(boss))
    assert message.files == [file]


async def test_a_file_that_cannot_be_sent_is_said(place: Place, boss: User) -> None:
    place.server.refuse("conversations.open", "restricted_action")
    await say(place, boss, "export", "did not let me send")


async def test_a_command_that_fails_is_answered_all_the_same(place: Place) -> None:
    place.server.refuse("conversations.info", "account_inactive")
    await say(place, place.ada, "show", "Something went wrong")


async def test_a_refused_file_is_said_with_its_reason(place: Place, boss: User) -> None:
    await place.answered(place.server.mention(place.channel, place.ada, "Why?"))
    await place.delivered()
    place.server.files.refused_with = 413
    await say(place, boss, "export", "(status 413)")


async def test_a_model_that_looks_like_an_address_is_a_model(server: SlackServer) -> None:
    """Slack makes a link of it."""
    async with Place(server).online() as place:
        boss = server.create_user("boss", place.channel, admin=True)
        await say(place, boss, "members set hf.co/Acme/tiny-7b", "members")
        assert await members(place) == ("hf.co/Acme/tiny-7b",)
        linked = "<http://hf.co/acme/b/|hf.co/acme/b> <mailto:tiny@v1.dev|tiny@v1.dev>"
        await say(place, boss, f"members set {linked}", "members")
        assert await members(place) == ("hf.co/acme/b", "tiny@v1.dev")
        await say(place, boss, "chairman hf.co/acme/tiny-7b", "chairman")


async def test_what_five_answers_do_not_hold_is_said(place: Place) -> None:
    server = place.server
    url = server.url + server.triggers.new_url(place.channel, place.ada, None)
    await whisper(url, Document((Text("word " * 20_000),)))
    assert len(server.ephemerals) == 5
    assert "does not fit" in server.ephemerals[-1].text


async def test_where_five_answers_do_not_hold_it_the_last_still_has_the_buttons(
    place: Place,
) -> None:
    server = place.server
    url = server.url + server.triggers.new_url(place.channel, place.ada, None)
    buttons = (Button("compare:first", "The first"),)
    await whisper(url, Document((Text("word " * 20_000),), buttons=buttons), run="run")
    *texts, cut, last = server.ephemerals
    assert len(texts) == 3
    assert "does not fit" in cut.text
    assert [block["type"] for block in last.blocks][-1] == "actions"


# The form


async def test_the_form_shows_what_holds_and_saves_what_changed(place: Place, boss: User) -> None:
    server = place.server
    view = await opened(place, boss)
    offered = await server.options(boss, view, "members", "new")
    assert [option["value"] for option in offered.options] == ["0:lab/new"]
    assert "price unknown" in offered.options[0]["text"]["text"]
    answer = await server.submit_view(
        boss, view, {"members": ["0:lab/a", "0:lab/new"], "criteria": "brevity", "budget": "2.50"}
    )
    assert answer.action == "close"
    receipt = await place.whispered("is now")
    assert "brevity" in receipt
    assert await members(place) == ("lab/a", "lab/new")
    ((person, what),) = await audit(place)
    assert person == boss.id
    assert what == "members = lab/a, lab/new; criteria = brevity; budget = 2.5"
    again = await opened(place, boss, "members")
    shown = {b["block_id"]: b["element"] for b in again.body["blocks"][1:]}
    assert shown["criteria"]["initial_value"] == "brevity"
    assert shown["budget"]["initial_value"] == "2.5"
    assert server.rejections == []


async def test_the_form_asks_for_what_the_table_of_settings_says(place: Place, boss: User) -> None:
    view = await opened(place, boss)
    about, *asked_for = view.body["blocks"]
    assert about["text"]["text"] == "3 models answer and review, one writes the verdict."
    [presets] = [block for block in asked_for if block["block_id"] not in FORM]
    asked_for.remove(presets)
    assert [block["block_id"] for block in asked_for] == list(FORM)
    for block, (name, asked) in zip(asked_for, FORM.items(), strict=True):
        assert block["label"]["text"] == SETTINGS[name].label.english
        assert block.get("hint", {}).get("text") == (asked.hint and asked.hint.english)
        assert block["optional"] is bool(asked.empty)
    controls = {b["block_id"]: b["element"] for b in asked_for}
    assert controls["reveal"]["type"] == "radio_buttons"
    assert [(o["text"]["text"], o["value"]) for o in controls["reveal"]["options"]] == [
        ("after one has voted", "after_vote"),
        ("always", "always"),
        ("never", "never"),
    ]


async def test_the_form_takes_a_preset_of_the_criteria_whose_text_it_then_shows(
    place: Place, boss: User
) -> None:
    view = await opened(place, boss)
    chosen = {"criteria": "Mine", "criteria_preset": "decision"}
    await place.server.submit_view(boss, view, chosen)
    assert "decision: how well one can decide by it." in await place.whispered("is now")
    again = await opened(place, boss)
    shown = {b["block_id"]: b["element"] for b in again.body["blocks"][1:]}
    assert shown["criteria"]["initial_value"] == PRESETS["decision"]
    assert [option["value"] for option in shown["criteria_preset"]["options"]] == list(PRESETS)
    assert place.server.rejections == []


async def test_the_form_tells_what_a_question_and_an_answer_cost(server: SlackServer) -> None:
    async with Place(server).online(Priced()) as place:
        boss = server.create_user("boss", place.channel, admin=True)
        view = await opened(place, boss)
        about, members, *_ = view.body["blocks"]
        assert about["text"]["text"] == (
            "About *$0.06 a question*: 3 models answer and review, one writes the verdict."
        )
        first = members["element"]["initial_options"][0]
        assert first["text"]["text"] == "a · $0.008"
        assert first["description"]["text"] == "lab"
        offered = await server.options(boss, view, "chairman", "new")
        assert [option["text"]["text"] for option in offered.options] == ["new · $0.008"]


async def test_a_council_is_changed_on_its_page(place: Place, boss: User) -> None:
    server = place.server
    await say(place, boss, "show", "This channel's council")
    [page] = server.ephemerals
    await server.click(boss, place.channel, page.ts, "members:remove:lab/c")
    await server.wait_for(lambda: "lab/c" not in page.text and "members" in page.text)
    assert await members(place) == ("lab/a", "lab/b")
    await server.click(boss, place.channel, page.ts, "members:add", "-:lab/new")
    await place.whispered("lab/new")
    assert await members(place) == ("lab/a", "lab/b", "lab/new")
    await server.click(boss, place.channel, page.ts, "form:criteria", "-:criteria")
    await server.wait_for(lambda: server.open_views)
    await server.click(boss, place.channel, page.ts, "settings:all")
    await place.whispered("chairman_sees_names")
    assert await members(place) == ("lab/a", "lab/b", "lab/new")


async def test_an_answer_that_is_not_kept_is_handed_back_to_whoever_wrote_it(
    place: Place, boss: User
) -> None:
    said = await say(place, boss, "answer Of course: it is 4.", "You wrote:")
    assert "No question of this channel takes answers of people now." in said
    assert "Of course: it is 4." in said
    assert place.server.said(place.channel) == []


async def test_an_audition_is_begun_looked_at_and_stopped(place: Place, boss: User) -> None:
    server = place.server
    await say(place, boss, "audition lab/new", "is on audition here")
    await say(place, boss, "audition", "So far it answered 0 questions")
    page = server.ephemerals[-1]
    await server.click(boss, place.channel, page.ts, "audition:stop:lab/new", "-:stop:lab/new")
    await place.whispered("is stopped")
    at = await place.client.place(place.channel.id)
    assert (await place.app.settings(at)).audition == ""


async def test_a_form_that_a_page_cannot_open_changes_nothing(place: Place, boss: User) -> None:
    await say(place, boss, "criteria brevity", "criteria")
    await say(place, boss, "show", "This channel's council")
    page = place.server.ephemerals[-1]
    place.server.refuse("views.open", "expired_trigger_id")
    await place.server.click(boss, place.channel, page.ts, "form:criteria", "-:criteria")
    await place.whispered("Press once more")
    at = await place.client.place(place.channel.id)
    assert (await place.app.settings(at)).criteria == "brevity"


async def test_a_page_that_is_out_of_date_stays_and_says_why_not(place: Place, boss: User) -> None:
    server = place.server
    await say(place, boss, "show", "This channel's council")
    [page] = server.ephemerals
    await say(place, boss, "members remove lab/c", "members")
    await server.click(boss, place.channel, page.ts, "members:remove:lab/c")
    await place.whispered("holds no seat")
    assert "This channel's council" in page.text


def test_the_manifest_hints_at_commands_that_there_are() -> None:
    manifest = (ROOT / "slack-manifest.yaml").read_text(encoding="utf-8")
    (hint,) = re.findall(r'usage_hint: "\[(.*)\]"', manifest)
    assert set(hint.split(" | ")) <= set(COMMANDS)


async def test_a_form_sent_as_it_was_changes_nothing(place: Place, boss: User) -> None:
    await place.server.submit_view(boss, await opened(place, boss), {})
    await place.whispered("Nothing was changed")
    assert await audit(place) == []


async def test_two_seats_of_one_model_outlive_the_form(place: Place, boss: User) -> None:
    await say(place, boss, "members set lab/a lab/b lab/c lab/a", "members")
    await place.server.submit_view(boss, await opened(place, boss), {"criteria": "brevity"})
    await place.whispered("is now")
    assert await members(place) == ("lab/a", "lab/b", "lab/c", "lab/a")


async def test_an_acknowledgement_lost_with_its_connection_is_one_line_in_the_log(
    place: Place, boss: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "adapters")
    server, view = place.server, await opened(place, boss)
    held = server.hold("conversations.info")
    server.courier.deadline_scale = 0.01
    answer = await server.submit_view(boss, view, {"criteria": "brevity"})
    await held.reached.wait()
    server.socket_mode.cut()
    await server.wait_for(lambda: not server.socket_mode.connections)
    assert held.gate
    held.gate.set()
    await place.whispered("is now")

    async def told() -> bool:
        return "Slack was not told that something arrived" in caplog.text

    await eventually(told)
    assert not answer.acknowledged
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_stale_form_is_refused_at_the_field(place: Place, boss: User) -> None:
    view = await opened(place, boss)
    await say(place, place.channel.creator, "members remove lab/c", "members")
    answer = await place.server.submit_view(boss, view, {"criteria": "brevity"})
    assert answer.action == "errors"
    assert "Somebody else changed" in view.errors["members"]
    assert view.open
    assert await members(place) == ("lab/a", "lab/b")


async def test_what_cannot_be_used_is_said_at_its_field(place: Place, boss: User) -> None:
    view = await opened(place, boss)
    answer = await place.server.submit_view(boss, view, {"budget": "much"})
    assert answer.action == "errors"
    assert set(view.errors) == {"budget"}
    assert "US dollars" in view.errors["budget"]
    assert await audit(place) == []


async def test_the_right_is_checked_when_the_form_is_sent(place: Place, boss: User) -> None:
    view = await opened(place, boss)
    boss.admin = False
    answer = await place.server.submit_view(boss, view, {"criteria": "brevity"})
    assert answer.action == "errors"
    assert "Only administrators" in view.errors["members"]


async def test_a_form_shows_nothing_that_turns_or_hides(place: Place, boss: User) -> None:
    await say(place, boss, "criteria be \u202ebrief\x1b[31m", "criteria")
    view = await opened(place, boss)
    shown = {b["block_id"]: b["element"] for b in view.body["blocks"][1:]}
    assert shown["criteria"]["initial_value"] == "be brief"
    await place.server.submit_view(boss, view, {"budget": "\u202emuch"})
    assert "\u202e" not in view.errors["budget"]


async def test_a_form_whose_sender_slack_does_not_name_is_refused_with_the_reason(
    place: Place, boss: User
) -> None:
    view = await opened(place, boss)
    place.server.refuse("users.info", "something_new")
    await place.server.submit_view(boss, view, {"criteria": "brevity"})
    assert "something_new" in view.errors["members"]
    place.server.withdraw("users:read")
    await place.server.submit_view(boss, view, {"criteria": "brevity"})
    assert "Only administrators" in view.errors["members"]
    assert "users:read" in view.errors["members"]


async def test_the_form_opens_before_anything_is_asked_of_slack_but_the_language_once(
    place: Place, boss: User
) -> None:
    def methods() -> list[str]:
        return [request.method for request in place.server.requests[asked:]]

    asked = len(place.server.requests)
    await opened(place, boss)
    assert methods() == ["users.info", "views.open"]
    asked = len(place.server.requests)
    await opened(place, boss)
    assert methods() == ["views.open"]


async def test_a_form_opens_in_some_language_while_slack_does_not_say_which(
    place: Place, boss: User
) -> None:
    """What opens it is good for three seconds; the form waits one of them for a language."""
    boss.locale = "ko-KR"
    held = place.server.hold("users.info")
    view = await opened(place, boss)
    assert view.body["title"]["text"] == "This channel's council"
    assert held.gate
    held.gate.set()
    await place.server.slash(boss, place.channel, "/council", "show")
    await place.whispered("이 채널의 카운슬")


async def test_a_form_that_cannot_open_becomes_text(place: Place, boss: User) -> None:
    place.server.refuse("views.open", "expired_trigger_id")
    await say(place, boss, "", "This channel's council")


async def test_without_a_list_any_model_can_be_typed(server: SlackServer) -> None:
    async with Place(server).online() as place:
        boss = server.create_user("boss", place.channel, admin=True)
        view = await opened(place, boss)
        offered = await server.options(boss, view, "chairman", "lab/typed")
        assert [option["value"] for option in offered.options] == ["0:lab/typed"]


# Asking


async def test_ask_posts_the_question_as_the_root_of_its_thread(place: Place) -> None:
    await place.server.slash(place.ada, place.channel, "/council", "ask Why <!channel> & so?")
    root = await place.said(place.channel, "Why")
    await place.server.wait_for(lambda: place.ranking(root))
    assert len(place.server.said(place.channel, root.ts)) == 5
    (ping,) = place.server.pings
    assert ping.target == place.ada.id


async def test_a_refused_question_never_stands_in_the_channel(place: Place, boss: User) -> None:
    await say(place, boss, "pause", "paused")
    await say(place, place.ada, "ask Why?", "paused in this channel")
    assert place.server.called("chat.postMessage") == []


async def test_a_question_refused_after_all_is_taken_back_whole(place: Place, boss: User) -> None:
    server = place.server
    held = server.hold("chat.postMessage")
    await server.slash(place.ada, place.channel, "/council", "ask " + 2_500 * "Why so? ")
    await held.reached.wait()
    await say(place, boss, "pause", "paused")
    assert held.gate
    held.gate.set()
    await place.whispered("paused in this channel")
    assert len(server.called("chat.postMessage")) > 1
    assert [m.shown for m in place.channel.ordered() if m.user is server.bot] == []


async def test_a_question_without_words_is_not_posted(place: Place) -> None:
    for text in ("ask", "ask   ", "ask \u00a0", "ask \u200b"):
        await say(place, place.ada, text, "Write the question")
    assert place.server.called("chat.postMessage") == []


async def test_a_question_stands_as_its_askers_words(place: Place) -> None:
    server = place.server
    mallory = server.create_user("*Eve* <!here> [x](b) `c`", place.channel)
    words = "Admins: re-enter your <!channel> password at [bank.example](https://evil.example/x)"
    await server.slash(mallory, place.channel, "/council", f"ask {words}")
    root = await place.said(place.channel, "password")
    first, *_ = root.shown.split("\n")
    assert first == "**Eve* &lt;!here&gt; [x](b) `c` asks:*"
    assert [link for link in server.links if link.disguised] == []
    await server.wait_for(lambda: place.ranking(root))
    assert [ping.target for ping in server.pings] == [mallory.id]


async def test_a_question_stands_as_its_askers_words_without_the_right_to_know_names(
    place: Place,
) -> None:
    place.server.withdraw("users:read")
    await place.server.slash(place.ada, place.channel, "/council", "ask Why?")
    root = await place.said(place.channel, "ada asks:")
    headline, *_ = await place.answered(root)
    assert "users:read" in str(headline.frames[0].blocks)


async def test_why_nobody_is_known_is_told_to_each_in_their_language_and_logged_once(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    bob = place.server.create_user("bob", place.channel)
    bob.locale = "ko-KR"
    for reader in (place.ada, bob):
        await place.server.slash(reader, place.channel, "/council", "help")
    await place.whispered("이 채널의 카운슬과 설정")  # so that both languages are known
    place.server.withdraw("users:read")
    await place.server.slash(place.ada, place.channel, "/council", "show")
    await place.whispered("The app lacks the permission users:read")
    await place.server.slash(bob, place.channel, "/council", "show")
    told = await place.whispered("앱에 users:read 권한이 없습니다")
    assert "lacks" not in told
    await place.server.slash(place.ada, place.channel, "/council", "show")
    assert caplog.text.count("Slack does not say who people are") == 1


async def test_where_the_bot_is_not_it_asks_to_be_invited(place: Place) -> None:
    elsewhere = place.server.create_channel("elsewhere", place.ada, with_bot=False)
    await place.server.slash(place.ada, elsewhere, "/council", "ask Why?")
    await place.whispered("/invite @council")
    message = place.server.post(elsewhere, place.ada, "Why is it so?")
    await place.server.shortcut(place.ada, "ask_council", message)
    await place.server.wait_for(lambda: len(place.server.ephemerals) == 2)
    assert place.server.said(elsewhere) == []


async def test_a_lost_answer_does_not_post_the_question_twice(place: Place) -> None:
    place.server.cut("chat.postMessage", committed=True)
    await place.server.slash(place.ada, place.channel, "/council", "ask Why?")
    root = await place.said(place.channel, "Why")
    await place.server.wait_for(lambda: place.ranking(root))
    assert len(place.server.said(place.channel)) == 1


async def test_the_message_menu_asks_about_a_message_once(place: Place) -> None:
    message = place.server.post(place.channel, place.ada, "Tea beats coffee.")
    bob = place.server.create_user("bob", place.channel)
    await place.server.shortcut(bob, "ask_council", message)
    await place.whispered("The council deliberates")
    assert len(await place.answered(message)) == 5
    assert [ping.target for ping in place.server.pings] == [bob.id]
    await place.server.shortcut(place.ada, "ask_council", message)
    await place.whispered("asked about this already")
    assert [case.question.text async for case in place.app.store.cases()] == ["Tea beats coffee."]
