"""What went by unheard: unfinished questions, missed mentions, votes given meanwhile.

Slack repeats an event for six minutes; what was said in a longer absence is looked for.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack import questions
from adapters.slack.bot import Bot
from adapters.slack.refusals import sentence
from adapters.slack.voting import Votes
from adapters.slack.web import TIER_3, Allowance
from bot.conversation.loops import surviving

logger = logging.getLogger(__name__)

Json = dict[str, Any]
Take = Callable[[Json], Awaitable[None]]

# Nobody waits for an answer to an older mention any more.
MISSED = timedelta(minutes=15)
# Where something was asked since then, a mention may have been missed.
ACTIVE, THREADS_ACTIVE = timedelta(days=30), timedelta(days=1)
VOTES = timedelta(days=7)

_PAGE = 100


async def catch_up(bot: Bot, take: Take, votes: Votes) -> None:
    """What people wait for comes first."""
    resumed = await bot.app.resume("slack")
    if resumed:
        logger.info("Slack: going on with %d unfinished deliberations", resumed)
    await _missed_mentions(bot, take)
    for post in reversed(await bot.app.store.recent_posts("slack", bot.app.now() - VOTES)):
        with surviving(f"the votes on {post.post_id} cannot be read"):
            await votes.read(post)


async def _missed_mentions(bot: Bot, take: Take) -> None:
    since, team = bot.app.now() - MISSED, (await bot.web.me()).team
    told: set[str] = set()
    allowance = Allowance(TIER_3 // 2, 60 * bot.time_scale)
    for channel, thread in await _places(bot):
        await allowance.take()
        try:
            found = [message async for message in _messages(bot, channel, thread, since)]
            for message in sorted(found, key=lambda message: str(message["ts"])):
                # A refused question, or one that was forgotten, is not missed.
                if not await bot.app.store.handled(questions.key_of(team, channel, message["ts"])):
                    await take(message | {"channel": channel})
        except SlackApiError as error:
            # One permission is missing for many places.
            if (problem := sentence(error)) not in told:
                logger.warning("%s: missed mentions cannot be looked for: %s", channel, problem)
            told.add(problem)
        except Exception:
            logger.exception("%s: missed mentions cannot be looked for", channel)


async def _places(bot: Bot) -> list[tuple[str, str | None]]:
    """Channels with earlier questions, and the threads that were talked in lately."""
    store, now = bot.app.store, bot.app.now()
    channels = {channel for _, channel, _ in await store.active_places("slack", now - ACTIVE)}
    lately = await store.active_places("slack", now - THREADS_ACTIVE)
    threads = [(channel, thread) for _, channel, thread in lately if thread]
    return [*((channel, None) for channel in sorted(channels)), *threads]


async def _messages(
    bot: Bot, channel: str, thread: str | None, since: datetime
) -> AsyncIterator[Json]:
    """What was written there since then; of a channel newest first, as Slack tells it."""
    oldest, cursor = f"{since.timestamp():.6f}", ""
    while True:
        page = await _page(bot, channel, thread, oldest, cursor)
        for message in page["messages"]:
            # The root of a thread stands first, however old it is.
            if questions.time_of(message["ts"]) > since:
                yield message
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return


async def _page(
    bot: Bot, channel: str, thread: str | None, oldest: str, cursor: str
) -> AsyncSlackResponse:
    api = bot.web.client

    async def read() -> AsyncSlackResponse:
        if thread is None:
            return await api.conversations_history(
                channel=channel, oldest=oldest, limit=_PAGE, cursor=cursor or None
            )
        return await api.conversations_replies(
            channel=channel, ts=thread, oldest=oldest, limit=_PAGE, cursor=cursor or None
        )

    return await bot.web.persistently(read)
