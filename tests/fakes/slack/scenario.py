"""What people do on the local Slack, as their clients let them, and what they get to see.

Acts at once and returns; the app hears of it by event, or does not if it is away. Only what waits
for the app's answer is a coroutine. What a client would not let a person do raises `Impossible`.
"""

from collections.abc import Mapping, Sequence

from tests.fakes.slack import payloads
from tests.fakes.slack.blocks import elements_of
from tests.fakes.slack.elements import options_of
from tests.fakes.slack.forms import Filled, Impossible
from tests.fakes.slack.interactions import Answer, Interactions
from tests.fakes.slack.refusals import Json, Refusal
from tests.fakes.slack.state import (
    Channel,
    ChannelKind,
    Ephemeral,
    File,
    Link,
    Message,
    Ping,
    Team,
    User,
    View,
)
from tests.fakes.slack.typed import as_rich_text, command_text, escaped
from tests.fakes.slack.world import World
from tests.fakes.watched import Watched


class Scenario(Watched):
    """The people, and the test that watches them."""

    def __init__(self, world: World, interactions: Interactions) -> None:
        super().__init__()
        self.world = world
        self.interactions = interactions

    # Looking

    @property
    def bot(self) -> User:
        return self.world.bot

    @property
    def team(self) -> Team:
        return self.world.team

    @property
    def pings(self) -> list[Ping]:
        return self.world.pings

    @property
    def links(self) -> list[Link]:
        return self.world.links

    @property
    def unfurled(self) -> list[Message]:
        """The bot's messages whose links Slack shows a preview of."""
        linked = {link.ts for link in self.links}
        return [
            message
            for channel in self.world.channels.values()
            for message in channel.ordered()
            if message.ts in linked and (message.unfurl_links or message.unfurl_media)
        ]

    @property
    def ephemerals(self) -> list[Ephemeral]:
        return [message for message in self.world.ephemerals if not message.deleted]

    @property
    def open_views(self) -> list[View]:
        """Modals that people have open, the newest last."""
        views = self.world.views.values()
        return [view for view in views if view.open and view.body["type"] == "modal"]

    def messages(self, channel: Channel, thread_ts: str | None = None) -> list[Message]:
        """Oldest first: a channel's, or the replies of one thread."""
        if thread_ts is not None:
            return channel.thread(thread_ts)
        return [message for message in channel.ordered() if not message.is_reply]

    def said(self, channel: Channel, thread_ts: str | None = None) -> list[Message]:
        """The bot's own among `messages`."""
        return [m for m in self.messages(channel, thread_ts) if m.user is self.bot]

    def status(self, channel: Channel, thread_ts: str) -> str | None:
        """The line under the thread that says the app is busy, None without one."""
        found = self.world.status(channel.id, thread_ts)
        return found.text if found else None

    # Furnishing

    def create_team(self, name: str, *, enterprise: str = "") -> Team:
        """Another workspace: of another organisation, unless it has the enterprise of `team`."""
        team = self.world.add_team(name)
        team.enterprise = enterprise
        return team

    def create_user(
        self,
        name: str,
        *channels: Channel,
        team: Team | None = None,
        admin: bool = False,
        owner: bool = False,
        guest: bool = False,
        bot: bool = False,
    ) -> User:
        user = self.world.add_user(name, team or self.team, bot=bot)
        user.admin, user.owner, user.guest = admin, owner, guest
        for channel in channels:
            channel.members[user.id] = user
        return user

    def create_channel(
        self,
        name: str = "general",
        *members: User,
        kind: ChannelKind = "public",
        creator: User | None = None,
        shared_with: Sequence[Team] = (),
        with_bot: bool = True,
    ) -> Channel:
        creator = creator or self.world.add_user(f"creator-of-{name}", self.team)
        channel = Channel(self.world.new_id("C"), kind, name, creator)
        channel.shared_with = list(shared_with)
        bots = (self.bot,) if with_bot else ()
        channel.members = {person.id: person for person in (creator, *members, *bots)}
        self.world.channels[channel.id] = channel
        return channel

    def create_emoji(self, name: str) -> None:
        self.world.custom_emoji.add(name)

    def direct(self, *people: User) -> Channel:
        return self.world.direct(*people)

    def invite(self, channel: Channel, user: User, inviter: User | None = None) -> None:
        self.world.join(channel, user, inviter)

    def archive(self, channel: Channel, user: User | None = None) -> None:
        self.world.archive(channel, user or channel.creator)

    def unarchive(self, channel: Channel, user: User | None = None) -> None:
        self.world.unarchive(channel, user or channel.creator)

    def remove(self, channel: Channel, user: User) -> None:
        channel.members.pop(user.id, None)
        self.changed()

    # Writing

    def post(
        self,
        channel: Channel,
        user: User,
        text: str,
        thread_ts: str | None = None,
        *,
        files: Mapping[str, bytes] | None = None,
        blocks: Sequence[Json] = (),
        attachments: Sequence[Json] = (),
        age_seconds: float = 0.0,
        subtype: str | None = None,
    ) -> Message:
        """`age_seconds` backdates the message; the app is told of it all the same.

        `subtype` is `me_message` for what is typed behind `/me`. Only other apps give `blocks`; attachments of people are what they forward.
        """
        self._require_member(channel, user)
        if thread_ts is not None and thread_ts not in channel.messages:
            raise Impossible("there is no such thread")
        message = Message(self.world.new_ts(age_seconds), channel, user, escaped(text))
        message.blocks = list(blocks)
        if text and not blocks:
            message.blocks = as_rich_text(message.text, self.world.new_id("b"))
        message.attachments = list(attachments)
        message.thread_ts = thread_ts
        message.client_msg_id = None if user.bot else self.world.new_id("m")
        message.files = [self._file(user, *each) for each in (files or {}).items()]
        if user.bot:
            message.subtype = "bot_message"
        else:
            message.subtype = "file_share" if files else subtype
        self.world.post(message)
        return message

    def mention(
        self,
        channel: Channel,
        user: User,
        text: str,
        thread_ts: str | None = None,
        *,
        age_seconds: float = 0.0,
    ) -> Message:
        """`post` with the bot mentioned first."""
        words = f"<@{self.bot.id}> {text}"
        return self.post(channel, user, words, thread_ts, age_seconds=age_seconds)

    def forward(
        self,
        channel: Channel,
        user: User,
        message: Message,
        text: str = "",
        thread_ts: str | None = None,
    ) -> Message:
        """Share a message there, with some words or none."""
        shared = [payloads.forwarded(message, self.world.base_url)]
        return self.post(channel, user, text, thread_ts, attachments=shared)

    def direct_message(self, user: User, text: str, thread_ts: str | None = None) -> Message:
        return self.post(self.direct(user), user, text, thread_ts)

    def edit(self, message: Message, text: str) -> None:
        """By its author; editing a mention fires the mention once more."""
        message.text = escaped(text)
        message.blocks = as_rich_text(message.text, self.world.new_id("b"))
        self.world.edit(message, message.user)

    def delete(self, message: Message) -> None:
        """By its author, or by an administrator when it is the bot's."""
        self.world.delete(message)

    # Reacting

    def react(self, user: User, channel: Channel, ts: str, name: str) -> None:
        self._require_member(channel, user)
        try:
            self.world.react(user, self.world.message(channel, ts), name)
        except Refusal as refusal:
            raise Impossible(str(refusal)) from refusal

    def unreact(self, user: User, channel: Channel, ts: str, name: str) -> None:
        try:
            self.world.unreact(user, self.world.message(channel, ts), name)
        except Refusal as refusal:
            raise Impossible(str(refusal)) from refusal

    # Interacting

    async def slash(self, user: User, channel: Channel, command: str, text: str = "") -> Answer:
        """Type a command. It reaches the app also where the bot is not a member."""
        self._require_member(channel, user)
        if command not in self.world.manifest.commands:
            raise Impossible(f"{command} is not a valid command")
        if self.world.manifest.commands[command]:
            people = list(self.world.users.values())
            text = command_text(text, people, list(self.world.channels.values()))
        return await self.interactions.slash(user, channel, command, text)

    async def shortcut(self, user: User, callback_id: str, message: Message) -> Answer:
        """Choose a message shortcut from the message's menu."""
        self._require_member(message.channel, user)
        self._require_interactivity()
        if callback_id not in self.world.manifest.message_shortcuts:
            raise Impossible(f"there is no shortcut {callback_id}")
        return await self.interactions.shortcut(user, callback_id, message)

    async def click(
        self, user: User, channel: Channel, ts: str, action_id: str, value: str | None = None
    ) -> Answer:
        """Press a button of a message, or choose the option `value` of its select."""
        return await self._act(user, self._source(user, channel, ts), action_id, value)

    async def click_left_open(
        self, user: User, channel: Channel, ts: str, action_id: str, value: str | None = None
    ) -> Answer:
        """The same in a window that was open before the person was taken out of the channel."""
        if user.id in channel.members:
            raise Impossible(f"{user.name} is still in {channel.name}")
        return await self._act(user, channel.messages[ts], action_id, value)

    async def click_view(
        self, user: User, view: View, action_id: str, value: str | None = None
    ) -> Answer:
        """The same inside a modal."""
        self._require_open(user, view)
        return await self._act(user, view, action_id, value)

    async def options(self, user: User, view: View, action_id: str, query: str = "") -> Answer:
        """Type `query` into an external select of a modal; the answer's `options` can be chosen."""
        self._require_open(user, view)
        block, element = _find(view.body["blocks"], action_id)
        if "external_select" not in element["type"]:
            raise Impossible(f"{action_id} asks nobody for options")
        if len(query) < element.get("min_query_length", 3):
            raise Impossible("the client asks only from min_query_length on")
        return await self.interactions.suggest(user, view, block, element, query)

    async def submit_view(self, user: User, view: View, values: Mapping[str, Filled]) -> Answer:
        """Fill in inputs by their action ids and press the submit button.

        Several options are a list of their values. The answer's `action` says what happened.
        """
        self._require_open(user, view)
        return await self.interactions.submit(user, view, values)

    async def close_view(self, user: User, view: View) -> Answer:
        self._require_open(user, view)
        return await self.interactions.close(user, view)

    # Inside

    async def _act(
        self, user: User, source: Message | Ephemeral | View, action_id: str, value: str | None
    ) -> Answer:
        self._require_interactivity()
        blocks = source.body["blocks"] if isinstance(source, View) else source.blocks
        block, element = _find(blocks, action_id)
        shown_to = element.get("visible_to_user_ids")
        if shown_to is not None and user.id not in shown_to:
            raise Impossible("the control is hidden from this person")
        chosen = _chosen(element, value)
        return await self.interactions.act(user, source, block, element, chosen)

    def _source(self, user: User, channel: Channel, ts: str) -> Message | Ephemeral:
        for ephemeral in self.ephemerals:
            if ephemeral.ts == ts and ephemeral.channel is channel:
                if ephemeral.user is not user:
                    raise Impossible("somebody else's ephemeral message")
                return ephemeral
        self._require_member(channel, user)
        if ts not in channel.messages:
            raise Impossible("the message is gone")
        return channel.messages[ts]

    def _require_member(self, channel: Channel, user: User) -> None:
        if user.id not in channel.members:
            raise Impossible(f"{user.name} is not in {channel.name}")
        if channel.archived:
            raise Impossible("the channel is archived")

    def _require_interactivity(self) -> None:
        if not self.world.manifest.interactive:
            raise Impossible("the app takes no interactions")

    def _require_open(self, user: User, view: View) -> None:
        if not view.open or view.user is not user:
            raise Impossible("this person does not have the modal open")

    def _file(self, user: User, name: str, content: bytes) -> File:
        file = File(self.world.new_id("F"), name, name, len(content), user, content, shared=True)
        self.world.files[file.id] = file
        return file


def _find(blocks: list[Json], action_id: str) -> tuple[Json, Json]:
    for block, element in elements_of(blocks):
        if element["action_id"] == action_id:
            return block, element
    shown = [element["action_id"] for _, element in elements_of(blocks)]
    raise Impossible(f"there is no {action_id}, only {shown}")


def _chosen(element: Json, value: str | None) -> Json:
    """The part of an action that depends on the control."""
    kind = element["type"]
    if kind in ("button", "icon_button"):
        found = {"value": element["value"]} if "value" in element else {}
        if value is not None and value != element.get("value"):
            raise Impossible(f"the button's value is {element.get('value')!r}")
        return {"text": element["text"], **found}
    if kind == "feedback_buttons":
        buttons = [element["positive_button"], element["negative_button"]]
        if value not in [button["value"] for button in buttons]:
            raise Impossible(f"no button of value {value!r}")
        return {"value": value}
    offered = {option["value"]: option for option in options_of(element)}
    if value not in offered:
        raise Impossible(f"{value!r} is not offered, only {list(offered)}")
    if kind in ("checkboxes", "multi_static_select"):
        return {"selected_options": [offered[value]]}
    return {"selected_option": offered[value]}
