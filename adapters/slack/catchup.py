"""What Slack tells of mentions that went by unheard.

Slack repeats an event for six minutes; what was said in a longer absence is looked for.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack import questions
from adapters.slack.bot import Bot
from adapters.slack.limits import MINUTE_SECONDS, TIER_3, Allowance
from bot.conversation.catchup import Active, Heard

Json = dict[str, Any]
# A channel, and a thread in it or None.
Place = tuple[str, str | None]

_PAGE = 100


def heard(bot: Bot, take: Callable[[Json], Awaitable[None]]) -> Heard[Place, Json]:
    allowance = Allowance(TIER_3 // 2, MINUTE_SECONDS * bot.time_scale)
    return Heard(
        "slack",
        places=_places,
        messages=partial(_messages, bot, allowance),
        take=take,
        surely=bot.surely,
        at_once=1,
    )


def _places(active: Active) -> list[Place]:
    """Channels with earlier questions, and the threads that were talked in lately."""
    channels = sorted({channel for _, channel in active.channels})
    return [*((channel, None) for channel in channels), *active.threads]


async def _messages(
    bot: Bot, allowance: Allowance, place: Place, since: datetime
) -> list[tuple[str, Json]]:
    channel, thread = place
    await allowance.take()
    team = (await bot.web.me()).team
    found = [message async for message in _written(bot, channel, thread, since)]
    return [
        (questions.key_of(team, channel, message["ts"]), message | {"channel": channel})
        for message in sorted(found, key=lambda message: str(message["ts"]))
    ]


async def _written(
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
