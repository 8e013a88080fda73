"""What went by unheard: unfinished questions, missed mentions, votes given meanwhile.

Slack repeats an event for six minutes; what was said in a longer absence is looked for.
"""

import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack import questions
from adapters.slack.refusals import sentence
from adapters.slack.web import TIER_3, Allowance
from bot.conversation.loops import surviving

if TYPE_CHECKING:
    from adapters.slack.client import SlackClient

logger = logging.getLogger(__name__)

Json = dict[str, Any]

# Nobody waits for an answer to an older mention any more.
MISSED = timedelta(minutes=15)
# Where something was asked since then, a mention may have been missed.
ACTIVE, THREADS_ACTIVE = timedelta(days=30), timedelta(days=1)
VOTES = timedelta(days=7)

_PAGE = 100


async def catch_up(client: "SlackClient") -> None:
    """What people wait for comes first."""
    resumed = await client.app.resume("slack")
    if resumed:
        logger.info("Slack: going on with %d unfinished deliberations", resumed)
    await _missed_mentions(client)
    for post in reversed(await client.app.store.recent_posts("slack", client.app.now() - VOTES)):
        with surviving(f"the votes on {post.post_id} cannot be read"):
            await client.votes.read(post)


async def _missed_mentions(client: "SlackClient") -> None:
    since, team = client.app.now() - MISSED, (await client.web.me()).team
    told: set[str] = set()
    allowance = Allowance(TIER_3 // 2, 60 * client.time_scale)
    for channel, thread in await _places(client):
        await allowance.take()
        try:
            found = [message async for message in _messages(client, channel, thread, since)]
            for message in sorted(found, key=lambda message: str(message["ts"])):
                # A refused question, or one that was forgotten, is not missed.
                if not await client.app.store.handled(
                    questions.key_of(team, channel, message["ts"])
                ):
                    await client.take(message | {"channel": channel})
        except SlackApiError as error:
            # One permission is missing for many places.
            if (problem := sentence(error)) not in told:
                logger.warning("%s: missed mentions cannot be looked for: %s", channel, problem)
            told.add(problem)
        except Exception:
            logger.exception("%s: missed mentions cannot be looked for", channel)


async def _places(client: "SlackClient") -> list[tuple[str, str | None]]:
    """Channels with earlier questions, and the threads that were talked in lately."""
    store, now = client.app.store, client.app.now()
    channels = {channel for _, channel, _ in await store.active_places("slack", now - ACTIVE)}
    lately = await store.active_places("slack", now - THREADS_ACTIVE)
    threads = [(channel, thread) for _, channel, thread in lately if thread]
    return [*((channel, None) for channel in sorted(channels)), *threads]


async def _messages(
    client: "SlackClient", channel: str, thread: str | None, since: datetime
) -> AsyncIterator[Json]:
    """What was written there since then; of a channel newest first, as Slack tells it."""
    oldest, cursor = f"{since.timestamp():.6f}", ""
    while True:
        page = await _page(client, channel, thread, oldest, cursor)
        for message in page["messages"]:
            # The root of a thread stands first, however old it is.
            if questions.time_of(message["ts"]) > since:
                yield message
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return


async def _page(
    client: "SlackClient", channel: str, thread: str | None, oldest: str, cursor: str
) -> AsyncSlackResponse:
    api = client.web.client

    async def read() -> AsyncSlackResponse:
        if thread is None:
            return await api.conversations_history(
                channel=channel, oldest=oldest, limit=_PAGE, cursor=cursor or None
            )
        return await api.conversations_replies(
            channel=channel, ts=thread, oldest=oldest, limit=_PAGE, cursor=cursor or None
        )

    return await client.web.persistently(read)
