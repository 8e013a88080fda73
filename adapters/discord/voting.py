"""Reactions as votes: what Discord tells of them, brought to the app.

The events of one message are handled in their order. One that does not say what is left on the
message (a removal leaves a super reaction, another skin tone, or nothing) has it read again.
"""

import re
from datetime import timedelta

import discord

from adapters.discord.bot import Bot
from bot import emoji as reactions
from bot.chat import HEADLINE, Held, Person
from bot.conversation.voting import Readings
from bot.language import speaking, spoken
from bot.records import Post

# A seed that comes later was held up, and what people did meanwhile may have gone unheard.
SEEDED_WITHIN = timedelta(seconds=10)


class Votes:
    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self.readings = Readings(
            bot.app.voting,
            "discord",
            standing=self._standing,
            surely=bot.surely,
            closer=self._missed,
        )
        # The bot's own messages that were voted on before what they are was written down, or may
        # not change any more.
        self._early: set[str] = set()

    async def added(self, event: discord.RawReactionActionEvent) -> Held | None:
        """What whoever gave the sign to look closer has to agree to first, if anything."""
        post_id, person = _post_id(event), Person(str(event.user_id))
        if self._is_own(event):
            # Seeds come once it is written down, to stay.
            if post_id in self._early or _age(event.message_id) > SEEDED_WITHIN:
                self._early.discard(post_id)
                await self.readings.changed(post_id)
            return None
        is_elsewhere = event.message_author_id not in {None, self._bot.me.id}
        if is_elsewhere or (event.member and event.member.bot):
            return None
        emoji = emoji_text(event.emoji)
        is_vote = await self.readings.added(post_id, person, emoji)
        post = None if is_vote else await self._bot.app.voting.post("discord", post_id)
        if not is_vote and (post is None or reactions.value(post.key, emoji)):
            self._early.add(post_id)
        elif reactions.looks_closer(HEADLINE, emoji):
            # Discord has no way to tell somebody alone why nothing comes of it.
            app = self._bot.app
            case = await app.store.case(post.deliberation) if post else None
            with speaking(case.council.interface if case else spoken()):
                taken = await app.sequels.look_closer("discord", post_id, person)
            return taken if isinstance(taken, Held) else None
        return None

    async def removed(self, event: discord.RawReactionActionEvent) -> None:
        if not self._is_own(event):
            await self.readings.changed(_post_id(event))

    async def cleared(
        self, event: discord.RawReactionClearEvent | discord.RawReactionClearEmojiEvent
    ) -> None:
        await self.readings.changed(_post_id(event))

    async def _standing(self, post: Post) -> set[tuple[str, str]] | None:
        channel, message = map(int, (post.post_id or "").split("/"))
        found = await self._bot.get_partial_messageable(channel).fetch_message(message)
        if _has_vote_buttons(found):
            return None
        standing = set()
        for reaction in found.reactions:
            emoji = emoji_text(reaction.emoji)
            if not reactions.is_heard(post.key, emoji):
                continue
            for kind, count in _counts(reaction):
                if count:
                    users = reaction.users(type=kind)
                    standing |= {(str(user.id), emoji) async for user in users if not user.bot}
        return standing

    async def _missed(self, post: Post, person: str) -> None:
        await self._bot.app.sequels.missed("discord", post.post_id or "", Person(person))

    def _is_own(self, event: discord.RawReactionActionEvent) -> bool:
        return event.user_id == self._bot.me.id


def emoji_text(emoji: discord.PartialEmoji | discord.Emoji | str) -> str:
    """The character; of a custom emoji its code, which is no vote anywhere."""
    return str(emoji)


def _age(message: int) -> timedelta:
    return discord.utils.utcnow() - discord.utils.snowflake_time(message)


def _counts(reaction: discord.Reaction) -> list[tuple[discord.ReactionType, int]]:
    """How many people reacted in each way, the bot's own seed not counted."""
    return [
        (discord.ReactionType.normal, reaction.normal_count - reaction.me),
        (discord.ReactionType.burst, reaction.burst_count - reaction.me_burst),
    ]


def _has_vote_buttons(message: discord.Message) -> bool:
    """Whether people vote by buttons there, since the bot may not add reactions."""
    items = discord.ui.LayoutView.from_message(message, timeout=None).walk_children()
    ids = [item.custom_id for item in items if isinstance(item, discord.ui.Button)]
    return any(re.match(r"c1:[^:]+:vote", id) for id in ids if id)


def _post_id(
    event: discord.RawReactionActionEvent
    | discord.RawReactionClearEvent
    | discord.RawReactionClearEmojiEvent,
) -> str:
    return f"{event.channel_id}/{event.message_id}"
