"""Who may use the council where: one rule for questions, commands, buttons and forms.

`COUNCIL_ALLOWED` lists servers, workspaces, channels and people. `/council allow` and `disallow`
say it of one server or workspace more, in the store. Knows no command and no document.
"""

from dataclasses import dataclass, field

from bot.chat import Channel, Person, PlatformName
from bot.errors import InvalidInput
from bot.store.store import Store

NOT_ENABLED = (
    "The council is not enabled here. An operator can list this server, channel or person in "
    "COUNCIL_ALLOWED, or let everybody here ask: `/council allow`."
)


@dataclass(slots=True)
class Admission:
    """`public` are platforms where strangers can invite the bot: there it answers only where an
    operator said so."""

    store: Store
    allowed: frozenset[str]
    operators: frozenset[str]
    public: set[PlatformName] = field(default_factory=set)

    async def require(self, channel: Channel, person: Person) -> None:
        """Raises `InvalidInput` where this person may not use the council here."""
        if not await self.admits(channel, person):
            raise InvalidInput(NOT_ENABLED)

    async def admits(self, channel: Channel, person: Person) -> bool:
        """Without any list: every channel that the bot was invited to, unless anybody can invite
        it. Nobody invites it to direct messages. A guest, or somebody else's, has to be listed."""
        if channel.platform in {"terminal", "cli"} or person.id in self.operators:
            return True
        if self.allowed & {channel.id, person.id}:
            return True
        if person.guest:
            return False
        if channel.workspace in self.allowed:
            return True
        if not channel.workspace and channel.platform == "discord":
            return False
        said = await self.store.note(_key(channel))
        if said:
            return said == "allow"
        return not self.allowed and channel.platform not in self.public

    def is_strangers(self, channel: Channel) -> bool:
        """Whether the server is one that anybody may have invited the bot to."""
        listed = self.allowed & {channel.workspace, channel.id}
        return channel.platform in self.public and bool(channel.workspace) and not listed

    async def say(self, channel: Channel, person: Person, word: str) -> None:
        """`allow` or `disallow` this server or workspace. Raises `InvalidInput`."""
        if person.id not in self.operators:
            raise InvalidInput(
                "Only those listed in COUNCIL_ADMINS can say where the council may be used."
            )
        if not channel.workspace:
            raise InvalidInput("This is said of a server or workspace: write it in one.")
        await self.store.set_note(_key(channel), word)


def _key(channel: Channel) -> str:
    return f"admission:{channel.platform}:{channel.workspace}"
