"""A window that was left open: who meanwhile lost the channel, or the right, presses nothing there.

Which buttons there are is read from the code that hears them: one without a row here fails.
"""

import ast
import inspect
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import pytest
from discord import Permissions

from adapters.discord import forms
from adapters.discord.buttons import CouncilButton
from adapters.discord.page import Page, Row, button, custom_id, select_row
from adapters.slack import asking, client, form
from adapters.slack.blocks import NO_RUN
from adapters.slack.render import document_messages
from bot.chat import Channel, HeldQuestion, Mention, Person
from bot.conversation import settings_commands
from bot.conversation.actions import Actions
from bot.conversation.app import App
from bot.conversation.commands import ASKED_BY_BUTTON
from bot.document import Button, Document, Select, Text
from bot.texts import ELSEWHERE
from tests.fakes.council_on_slack import Place
from tests.fakes.discord.interactions import Interaction
from tests.fakes.discord_thread import Stage, stage
from tests.fakes.slack_server import Message, running_slack

BOSS = Person("boss", admin=True)
NOT_ENABLED = "The council is not enabled here"
HIDDEN = str(ELSEWHERE)
ADMINISTRATORS = "Only administrators can"
FORM, FILE = "a form", "a file"


@dataclass(frozen=True)
class Kind:
    """A button as it is named under a post, `{message}` being one to ask about; what its presser
    is told; and what without the right, "" where whoever sees it may press it."""

    name: str
    told: str
    refused: str = NOT_ENABLED
    value: str = ""


BUTTONS = {
    "ask": Kind("ask:{message}", "was put to the council"),
    "alone": Kind("alone:A:{message}", "was put to the council"),
    "follow": Kind("follow", FORM),
    "answer": Kind("answer", "comes too late"),
    "again": Kind("again", "was put to the council"),
    "stop": Kind("stop", "over already", ""),
    "begin": Kind("begin", "over already", ""),
    "enough": Kind("enough", "over already", ""),
    "reveal": Kind("reveal", "You have not voted here yet"),
    "names": Kind("names", "Answer  Model"),
    "later": Kind("later", "Vote on the answers", ""),
    "vote": Kind("vote:answer:A:accept", "Your vote is recorded"),
    "compare": Kind("compare", "No trial is under way here"),
    "transcript": Kind("transcript", FILE),
    "go_on": Kind("go_on", "over"),
    "go": Kind("go:held", "was put to the council"),
    "cancel": Kind("cancel:held", "Cancelled", ""),
    "check": Kind("check", "This channel's council"),
    "resume": Kind("resume", "answers here again", ADMINISTRATORS),
    "settings": Kind("settings:all", "All settings"),
    "set": Kind("set:weights:on", "is now: on", ADMINISTRATORS),
    "members": Kind("members:remove:lab/c", "is now:", ADMINISTRATORS),
    "chairman": Kind("chairman", "is now:", ADMINISTRATORS, "lab/b"),
    "mode": Kind("mode", "is now:", ADMINISTRATORS, "compare"),
    "form": Kind("form:criteria", FORM),
    "stats": Kind("stats:details", "Numbers by model"),
    "suggest": Kind("suggest", "Numbers by model"),
    "audition": Kind("audition", "No model is on audition here."),
    "reflect": Kind("reflect:stop", "No reflection is under way here.", ADMINISTRATORS),
    # On Discord, where one reads by pressing
    "read": Kind("read:answer:A:0", "Answer A"),
    "more": Kind("more:headline", "What next?"),
    "page": Kind("page:answer:A:0:0", "Answer A"),
    "rate": Kind("rate:answer:A:0:0:accept", "Your vote"),
}
READ_ON_DISCORD = {"read", "more", "page", "rate"}
# The forms, and what is written into them.
FORMS = {"follow": {"text": "And then?"}, "form": {"criteria": "Mine"}}


def heard(*functions: Callable[..., Any]) -> set[str]:
    """The names that these tell buttons by, as their cases spell them."""
    found = set[str]()
    for function in functions:
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
            if isinstance(node, ast.match_case) and isinstance(node.pattern, ast.MatchSequence):
                first = node.pattern.patterns[0]
                found |= {
                    each.value
                    for each in ast.walk(first)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    return found


def test_no_button_and_no_form_is_left_out() -> None:
    everywhere = heard(Actions._press, settings_commands.pressed)
    everywhere |= {name.partition(":")[0] for name in ASKED_BY_BUTTON}
    on_discord = heard(CouncilButton._pressed)
    assert everywhere | on_discord == set(BUTTONS)
    assert on_discord == READ_ON_DISCORD
    assert set(forms.Form.__subclasses__()) == {forms.QuestionForm, forms.SettingForm}
    listening = inspect.getsource(client.SlackClient._listening)
    assert listening.count("bolt.view(") == len({form.CALLBACK, asking.CALLBACK}) == len(FORMS)


class Window(Protocol):
    """Ada's, with a finished question of hers before it."""

    app: App
    run: str

    @property
    def ada(self) -> str: ...
    @property
    def here(self) -> Channel: ...
    async def show(self, kind: Kind) -> None:
        """A button of this kind under a post."""

    async def press(self) -> str:
        """What she is told."""

    async def submit(self, written: dict[str, str]) -> str: ...
    def lose_the_channel(self) -> None: ...
    def promote(self) -> None: ...
    def demote(self) -> None: ...


class OnSlack:
    def __init__(self, place: Place, asked: Message, run: str) -> None:
        self.place, self.app, self.asked, self.run = place, place.app, asked, run

    @property
    def ada(self) -> str:
        return self.place.ada.id

    @property
    def here(self) -> Channel:
        return Channel("slack", self.place.server.team.id, self.place.channel.id)

    async def show(self, kind: Kind) -> None:
        about = self.place.server.post(self.place.channel, self.place.ada, "And then?")
        name = kind.name.format(message=about.ts)
        control = Button(name, "x")
        shown = Document((Text("x"),), buttons=(control,))
        if kind.value:
            shown = Document((Text("x"), Select(name, "x", (("x", kind.value), ("y", "lab/y")))))
        run = self.run if name.partition(":")[0] in OF_A_RUN else NO_RUN
        [message] = document_messages(shown, run=run)
        web = self.place.client.web
        self.post = await web.post(self.place.channel.id, message, thread=self.asked.ts)
        self.name, self.value = name, f"{run}:{kind.value}" if kind.value else None

    async def press(self) -> str:
        place, server = self.place, self.place.server
        message = place.channel.messages[self.post.ts]
        before, text = len(server.ephemerals), message.text
        inside = place.ada.id in place.channel.members
        click = server.click if inside else server.click_left_open
        await click(place.ada, place.channel, self.post.ts, self.name, self.value)

        def told() -> str:
            files = any(each.files for each in server.said(server.direct(place.ada)))
            said = [each.text for each in server.ephemerals[before:]]
            said += [message.text] if message.text != text else []
            said += [FORM] if server.open_views else []
            return " ".join([*said, FILE] if said and files else said)

        return await server.wait_for(told)

    async def submit(self, written: dict[str, str]) -> str:
        [view] = self.place.server.open_views
        await self.place.server.submit_view(self.place.ada, view, written)
        return " ".join(view.errors.values())

    def lose_the_channel(self) -> None:
        self.place.server.remove(self.place.channel, self.place.ada)

    def promote(self) -> None:
        self.place.ada.admin = True

    def demote(self) -> None:
        self.place.ada.admin = False


class OnDiscord:
    opened: Interaction

    def __init__(self, scene: Stage, run: str) -> None:
        self.scene, self.app, self.run = scene, scene.app, run

    @property
    def ada(self) -> str:
        return str(self.scene.ada.id)

    @property
    def here(self) -> Channel:
        return Channel("discord", str(self.scene.guild.id), str(self.scene.channel.id))

    async def show(self, kind: Kind) -> None:
        scene = self.scene
        reply = scene.server.reply(scene.posts()[0], scene.ada, "And then?")
        name = kind.name.format(message=reply.id)
        self.id, self.values = custom_id(self.run, name), [kind.value] if kind.value else None
        select = Select(name, "x", (("x", kind.value), ("y", "lab/y")))
        control = select_row(select, self.run) if kind.value else Row(button("x", self.id))
        assert control
        self.post = await scene.host.send(scene.thread().id, Page(control), nonce="x")

    async def press(self) -> str:
        scene = self.scene
        sees = scene.thread().permissions(scene.ada).view_channel
        click = scene.server.click if sees else scene.server.click_left_open
        self.opened = done = await click(scene.ada, self.post.id, self.id, self.values)
        await scene.server.wait_for(lambda: done.settled)
        files = done.original.files() if done.original else {}
        return " ".join([done.text, FORM if done.modal else "", FILE if files else ""])

    async def submit(self, written: dict[str, str]) -> str:
        text = {"text": next(iter(written.values()))}
        return (await self.scene.server.submit_modal(self.opened, text)).text

    def lose_the_channel(self) -> None:
        hidden = Permissions(view_channel=True)
        self.scene.server.overwrite(self.scene.channel, self.scene.ada, deny=hidden)

    def promote(self) -> None:
        rights = Permissions(manage_guild=True)
        self.scene.server.create_role(self.scene.guild, "managers", rights, self.scene.ada)

    def demote(self) -> None:
        self.scene.guild.member_roles[self.scene.ada.id].clear()


OF_A_RUN = heard(Actions._press) - {"ask", "resume", "go", "cancel"}


@asynccontextmanager
async def on_slack() -> AsyncIterator[Window]:
    async with (
        running_slack(time_scale=0.01, deadline_scale=1) as server,
        Place(server).online() as place,
    ):
        place.channel = server.create_channel("secret", place.ada, kind="private")
        asked = server.mention(place.channel, place.ada, "Why is the sky blue?")
        await place.answered(asked)
        await place.delivered()
        [case] = [case async for case in place.app.store.cases()]
        yield OnSlack(place, asked, case.id)


@asynccontextmanager
async def on_discord() -> AsyncIterator[Window]:
    async with stage() as scene:
        run, _ = await scene.deliberated()
        yield OnDiscord(scene, run)
        await scene.all_finished()


PLATFORMS = {"slack": on_slack, "discord": on_discord}
EVERY = [
    (platform, name)
    for platform in PLATFORMS
    for name in BUTTONS
    if platform == "discord" or name not in READ_ON_DISCORD
]


@asynccontextmanager
async def shown(platform: str, name: str) -> AsyncIterator[Window]:
    """What she may press and have done, for she is an administrator, too."""
    async with PLATFORMS[platform]() as window:
        if name == "resume":
            await window.app.command(window.here, BOSS, "pause")
        if name in {"go", "cancel"}:
            await hold(window)
        window.promote()
        await window.show(BUTTONS[name])
        yield window


async def hold(window: Window) -> None:
    """A question of hers that waits for her to agree to its price."""
    case = await window.app.store.case(window.run)
    assert case
    asked = Mention(
        "event", window.here, Person(window.ada), "And then?", case.address, case.thread
    )
    now = window.app.now()
    held = HeldQuestion("held", asked, None, 1, True, now, now + timedelta(hours=1))
    await window.app.store.hold(held)


async def state(window: Window) -> object:
    """Whatever a press may change."""
    store, here = window.app.store, window.here
    stored = await store.settings(here.platform, here.workspace, here.id)
    asked = await store.asked_by(window.ada)
    revealed = await store.revealed(window.run, window.ada)
    held = await store.held("held")
    return asked, await store.reactions(window.run), revealed, stored, held


@pytest.mark.parametrize(("platform", "name"), EVERY)
async def test_who_sees_the_channel_and_may_presses_it(platform: str, name: str) -> None:
    async with shown(platform, name) as window:
        assert BUTTONS[name].told in await window.press()


@pytest.mark.parametrize(("platform", "name"), EVERY)
async def test_who_lost_the_channel_presses_nothing(platform: str, name: str) -> None:
    async with shown(platform, name) as window:
        before = await state(window)
        window.lose_the_channel()
        assert (await window.press()).strip() == HIDDEN
        assert await state(window) == before


@pytest.mark.parametrize(("platform", "name"), [each for each in EVERY if BUTTONS[each[1]].refused])
async def test_who_lost_the_right_presses_nothing(platform: str, name: str) -> None:
    async with shown(platform, name) as window:
        before = await state(window)
        lose_the_right(window, BUTTONS[name].refused)
        assert BUTTONS[name].refused in await window.press()
        assert await state(window) == before


def lose_the_right(window: Window, refused: str) -> None:
    if refused == ADMINISTRATORS:
        window.demote()
    else:
        window.app.admission.allowed = frozenset({"somebody else"})


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("name", FORMS)
async def test_a_form_is_sent_off_by_who_still_sees_the_channel_and_may(
    platform: str, name: str
) -> None:
    async with shown(platform, name) as window:
        before = await state(window)
        assert FORM in await window.press()
        assert NOT_ENABLED not in await window.submit(FORMS[name])
        assert await state(window) != before


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    ("name", "lost"),
    [(name, lost) for name in FORMS for lost in (HIDDEN, NOT_ENABLED)] + [("form", ADMINISTRATORS)],
)
async def test_a_form_of_who_lost_the_channel_or_the_right_does_nothing(
    platform: str, name: str, lost: str
) -> None:
    async with shown(platform, name) as window:
        before = await state(window)
        assert FORM in await window.press()
        if lost == HIDDEN:
            window.lose_the_channel()
        else:
            lose_the_right(window, lost)
        assert lost in await window.submit(FORMS[name])
        assert await state(window) == before
