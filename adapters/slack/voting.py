"""Reactions as votes. What Slack tells of them is a hint to read the message's reactions again."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from slack_sdk.errors import SlackApiError

from adapters.slack.emoji import emoji_of
from adapters.slack.people import People
from adapters.slack.refusals import error_of, sentence
from adapters.slack.reply import post_id
from adapters.slack.web import TIER_3, Allowance, Web
from bot import emoji as reactions
from bot.conversation.app import App
from bot.conversation.locks import Locks
from bot.records import Post

logger = logging.getLogger(__name__)

Json = dict[str, Any]

# A post is written down as soon as Slack has answered, which people can be quicker than.
_UNTIL_KNOWN: Sequence[float] = (0.5, 2.0, 10.0, 60.0)


class Votes:
    def __init__(self, app: App, web: Web, people: People, *, time_scale: float) -> None:
        self._app = app
        self._web = web
        self._people = people
        self._time_scale = time_scale
        self._allowance = Allowance(TIER_3, 60 * time_scale)
        # Why votes cannot be read, said once.
        self._problem = ""
        self._lock = Locks()
        # Posts that somebody waits to read again; one reading serves all who wait.
        self._due: set[str] = set()

    async def changed(self, event: Json) -> None:
        """A reaction was added or taken away."""
        item, me = event["item"], await self._web.me()
        if item.get("type") != "message" or event.get("user") == me.user:
            return
        id = post_id(item["channel"], item["ts"])
        if id in self._due:
            return
        self._due.add(id)
        try:
            if post := await self._known(id, own=event.get("item_user") == me.user):
                await self.read(post)
        finally:
            self._due.discard(id)

    async def read(self, post: Post) -> None:
        """Make what stands on Slack the votes of this post."""
        id = post.post_id
        if post.part or not id or reactions.target(post.key) is None:
            return
        async with self._lock(id):
            await self._allowance.take()
            # What comes from here on needs another reading.
            self._due.discard(id)
            channel, _, ts = id.partition("/")
            try:
                answer = await self._web.persistently(
                    lambda: self._web.client.reactions_get(channel=channel, timestamp=ts, full=True)
                )
            except SlackApiError as error:
                if error_of(error) == "message_not_found":
                    await self._app.store.mark_deleted("slack", id)
                elif sentence(error) != self._problem:
                    self._problem = sentence(error)
                    logger.warning("the votes on %s cannot be read: %s", id, self._problem)
                return
            self._problem = ""
            found = answer["message"].get("reactions", ())
            await self._app.reconcile("slack", id, await self._standing(post.key, found))

    async def _standing(self, key: str, found: Sequence[Json]) -> set[tuple[str, str]]:
        """Who reacted with what, as far as it is a vote of a person."""
        me = await self._web.me()
        standing = set()
        for reaction in found:
            emoji = emoji_of(reaction["name"])
            if emoji is None or reactions.value(key, emoji) is None:
                continue
            for user in reaction["users"]:
                if user != me.user and not await self._people.is_bot(user):
                    standing.add((str(user), emoji))
        return standing

    async def _known(self, id: str, *, own: bool) -> Post | None:
        post = await self._app.store.post_by_id("slack", id)
        for seconds in _UNTIL_KNOWN if own else ():
            if post:
                break
            await asyncio.sleep(seconds * self._time_scale)
            post = await self._app.store.post_by_id("slack", id)
        return post
