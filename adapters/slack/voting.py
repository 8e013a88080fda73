"""Reactions as votes. What Slack tells of them is a hint to read the message's reactions again."""

from collections.abc import Sequence
from typing import Any

from adapters.slack.bot import Bot
from adapters.slack.emoji import emoji_of
from adapters.slack.limits import MINUTE_SECONDS, TIER_3, Allowance
from adapters.slack.reply import post_id
from bot import emoji as reactions
from bot.chat import HEADLINE, Accepted, Refused, Repeated
from bot.conversation.voting import Readings
from bot.records import Post

Json = dict[str, Any]

# A post is written down as soon as Slack has answered, which people can be quicker than.
_UNTIL_KNOWN: Sequence[float] = (0.5, 2.0, 10.0, 60.0)


class Votes:
    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self.readings = Readings(
            bot.app.voting,
            "slack",
            standing=self._standing,
            surely=bot.surely,
            closer=self._missed,
            room=Allowance(TIER_3, MINUTE_SECONDS * bot.time_scale).take,
        )
        # Posts that were voted on before what they are about was there to stay.
        self._early: set[str] = set()

    async def changed(self, event: Json) -> None:
        """A reaction was added or taken away."""
        item, me = event["item"], await self._bot.web.me()
        if item.get("type") != "message" or event.get("user") == me.user:
            return
        id = post_id(item["channel"], item["ts"])
        if await self._bot.app.voting.is_early("slack", id):
            self._early.add(id)
        is_own = event.get("item_user") == me.user
        pauses = [seconds * self._bot.time_scale for seconds in _UNTIL_KNOWN if is_own]
        await self.readings.changed(id, known_within=pauses)

    async def offered(self, id: str) -> None:
        """What people may vote with was put there, so that it stays."""
        if id in self._early:
            self._early.discard(id)
            await self.readings.changed(id)

    async def looked(self, event: Json) -> Refused | Repeated | None:
        """Whether somebody gave the sign to look closer at a verdict, and nothing comes of it."""
        item, emoji, user = event["item"], emoji_of(event["reaction"]), str(event.get("user"))
        if item.get("type") != "message" or not emoji:
            return None
        if not reactions.looks_closer(HEADLINE, emoji) or not await self._is_a_person(user):
            return None
        person = await self._bot.people.asker(user)
        await self._bot.speak_to(user, item["channel"])
        taken = await self._bot.app.sequels.look_closer(
            "slack", post_id(item["channel"], item["ts"]), person
        )
        return None if isinstance(taken, Accepted) else taken

    async def _missed(self, post: Post, user: str) -> None:
        if await self._is_a_person(user):
            person = await self._bot.people.asker(user)
            await self._bot.app.sequels.missed("slack", post.post_id or "", person)

    async def _is_a_person(self, user: str) -> bool:
        """Whether they are one of ours, or listed."""
        if user == (await self._bot.web.me()).user or await self._bot.people.is_bot(user):
            return False
        is_listed = user in self._bot.app.rules.allowed
        return is_listed or await self._bot.people.is_ours(user)

    async def _standing(self, post: Post) -> set[tuple[str, str]]:
        """Who reacted with what, as far as it is a vote of a person."""
        channel, _, ts = (post.post_id or "").partition("/")
        web, me = self._bot.web, await self._bot.web.me()
        answer = await web.client.reactions_get(channel=channel, timestamp=ts, full=True)
        standing = set()
        for reaction in answer["message"].get("reactions", ()):
            emoji = emoji_of(reaction["name"])
            if emoji is None or not reactions.is_heard(post.key, emoji):
                continue
            for user in reaction["users"]:
                if user != me.user and not await self._bot.people.is_bot(user):
                    standing.add((str(user), emoji))
        return standing
