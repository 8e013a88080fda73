"""Requests to Slack: repeated where that can do no harm, and no faster than Slack takes them.

The SDK's own handlers repeat a post whose answer was lost, which posts it twice; here such a post
is looked for first.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.limits import (
    LINKS_A_MINUTE,
    MINUTE_SECONDS,
    PLACEHOLDERS_A_MINUTE,
    POST_SPACING,
    PROGRESS_SPACING,
    RESERVED_UPDATES,
    STATUS_RENEWAL,
    STATUSES_A_MINUTE,
    TIER_3,
    TIER_4,
    VERDICT_SPACING,
    WORKSPACE_SPACING,
    Allowance,
)
from adapters.slack.packing import Message
from adapters.slack.refusals import error_of, status_of
from adapters.slack.render import File
from bot.conversation.loops import ended, surviving
from bot.conversation.persistence import BACKOFF_FIRST, Doubt, Line
from bot.conversation.turns import Spaced, Turns, Worth
from bot.errors import Undeliverable
from bot.language import _

logger = logging.getLogger(__name__)

T = TypeVar("T")

# In a row: fewer are a hiccup, which nobody has to hear of.
TOLD_AFTER_FAILURES = 3

RATE_LIMITED = "ratelimited"
# "Request timeout", "too early", "too many requests".
_PASSING_STATUSES = frozenset({408, 425, 429})
# Slack's own trouble: the request may or may not have taken effect.
_TROUBLE = frozenset(
    {"fatal_error", "internal_error", "rate_limited", "request_timeout", "service_unavailable"}
)


@dataclass(frozen=True, slots=True)
class Me:
    """Who the token belongs to.

    `enterprise` is the Enterprise Grid organisation, "" without one. `scopes` are those granted;
    empty where Slack does not say.
    """

    user: str
    bot: str
    team: str
    enterprise: str = ""
    scopes: frozenset[str] = frozenset()

    @property
    def homes(self) -> frozenset[str]:
        """What Slack names as the team of the bot's own people."""
        return frozenset({self.team, self.enterprise} - {""})


@dataclass(frozen=True, slots=True)
class Posted:
    """`thread` is None where Slack put it in the channel: the root of the thread is gone."""

    ts: str
    thread: str | None


def granted_scopes(answer: AsyncSlackResponse) -> frozenset[str]:
    """As Slack tells them with every answer; none where it does not."""
    listed = str(answer.headers.get("x-oauth-scopes", ""))
    return frozenset(listed.replace(" ", "").split(",")) - {""}


class _Pausing(AsyncRateLimitErrorRetryHandler):
    """Waits as long as Slack says, with all that is yet to be posted: more would be refused, too."""

    def __init__(self, posts: Turns) -> None:
        super().__init__(max_retry_count=3)
        self._posts = posts

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        if response and request.url.endswith("/chat.postMessage"):
            headers = {name.lower(): values for name, values in response.headers.items()}
            self._posts.pause(float(headers.get("retry-after", ["1"])[0]))
        await super().prepare_for_next_attempt_async(
            state=state, request=request, response=response, error=error
        )


class Web:
    """The Web API with one bot's token, for everything in the process that calls it."""

    def __init__(self, token: str, *, api_url: str | None = None, time_scale: float = 1.0) -> None:
        # Of posts that are shown, by channel and thread, to be taken before they are made ready.
        self.posts = Turns(self._spacing, rest_seconds=POST_SPACING * time_scale)
        self.client = AsyncWebClient(
            token,
            base_url=api_url or AsyncWebClient.BASE_URL,
            retry_handlers=[_Pausing(self.posts)],
        )
        self.line = Line(
            _is_passing, refusals=(SlackApiError, Undeliverable), time_scale=time_scale
        )
        self.updates = Allowance(TIER_3, MINUTE_SECONDS * time_scale)
        # Of edits; those that are worth more than progress need not wait for theirs.
        self.edits = Turns(self._edit_spacing, is_free=self._takes_edits)
        self.reactions = Allowance(TIER_3, MINUTE_SECONDS * time_scale)
        self.placeholders = Allowance(PLACEHOLDERS_A_MINUTE, MINUTE_SECONDS * time_scale)
        self.people = Allowance(TIER_4, MINUTE_SECONDS * time_scale)
        self.links = Allowance(LINKS_A_MINUTE, MINUTE_SECONDS * time_scale)
        self._status_calls = Allowance(STATUSES_A_MINUTE, MINUTE_SECONDS * time_scale)
        self.time_scale = time_scale
        self._me: Me | None = None
        self._failures = 0
        # Posts to each channel.
        self._channels = defaultdict[str, Spaced](lambda: Spaced(POST_SPACING * time_scale))
        self._statuses: dict[tuple[str, str], str] = {}
        self._renewing: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Stop what goes on by itself."""
        if self._renewing:
            await ended({self._renewing})

    async def me(self) -> Me:
        if self._me is None:
            found = await self.persistently(self.client.auth_test)
            self._me = Me(
                found["user_id"],
                found["bot_id"],
                found["team_id"],
                enterprise=found.get("enterprise_id") or "",
                scopes=granted_scopes(found),
            )
        return self._me

    async def persistently(self, call: Callable[[], Awaitable[T]]) -> T:
        """The call's result, however long Slack or the network is away.

        For what may take effect twice. Raises `SlackApiError` where another try would meet it again.
        """

        async def attempt() -> T:
            try:
                result = await call()
            except Exception as error:
                if _is_passing(error) is True:
                    self._failed(error)
                raise
            self._worked()
            return result

        return await self.line.persistently(attempt)

    def _failed(self, error: Exception) -> None:
        """An outage is told of once, whatever waits for its end."""
        self._failures += 1
        if self._failures == TOLD_AFTER_FAILURES:
            logger.warning(
                "Slack cannot be reached (%s). Check the network and SLACK_API_URL; the bot tries "
                "again until it can.",
                _words(error),
            )

    def _worked(self) -> None:
        if self._failures >= TOLD_AFTER_FAILURES:
            logger.info("Slack can be reached again")
        self._failures = 0

    # Messages

    async def post(
        self,
        channel: str,
        message: Message,
        *,
        thread: str | None = None,
        metadata: dict[str, Any] | None = None,
        find: Callable[[], Awaitable[str | None]] | None = None,
    ) -> Posted:
        """Post it, once: `find` tells the `ts` of a post whose answer was lost.

        Raises `SlackApiError` where Slack refuses.
        """

        async def found() -> Posted | None:
            ts = await find() if find else None
            return Posted(ts, thread) if ts else None

        send = partial(self.send, channel, message, thread=thread, metadata=metadata)
        return await self.line.once(send, found, Doubt())

    async def send(
        self,
        channel: str,
        message: Message,
        *,
        thread: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Posted:
        """The same, in one request."""
        await self._channels[channel].wait()
        answer = await self.client.chat_postMessage(
            channel=channel,
            text=message.text,
            blocks=list(message.blocks) or None,
            thread_ts=thread,
            metadata=metadata,
            unfurl_links=False,
            unfurl_media=False,
        )
        if thread and (channel, thread) in self._statuses:
            await self._show_status(channel, thread)  # a post takes it away
        return Posted(answer["ts"], answer["message"].get("thread_ts"))

    async def whisper(
        self, channel: str, user: str, messages: Sequence[Message], *, thread: str | None = None
    ) -> None:
        """Show them in the channel to one person alone. Raises `SlackApiError`.

        In a `thread` they are seen only where it has replies.
        """
        for message in messages:
            await self.persistently(
                partial(
                    self.client.chat_postEphemeral,
                    channel=channel,
                    user=user,
                    text=message.text,
                    blocks=list(message.blocks) or None,
                    thread_ts=thread,
                )
            )

    async def tell_alone(
        self,
        channel: str,
        user: str,
        messages: Sequence[Message],
        elsewhere: Sequence[Message] = (),
        *,
        thread: str | None = None,
    ) -> None:
        """The same, or in their direct messages where the channel takes nothing from the bot:
        what is to be said `elsewhere`, if that is more."""
        try:
            await self.whisper(channel, user, messages, thread=thread)
        except SlackApiError as error:
            logger.info("%s: nobody can be told there: %s", channel, error_of(error))
            for message in elsewhere or messages:
                await self.post(user, message)

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Bring a post up to date, in one request that `updates` has room for; nobody is notified.
        Raises `SlackApiError`."""
        await self.client.chat_update(
            channel=channel, ts=ts, text=message.text, blocks=list(message.blocks)
        )

    async def delete(self, channel: str, ts: str) -> None:
        await self.persistently(lambda: self.client.chat_delete(channel=channel, ts=ts))

    async def delete_file(self, id: str) -> None:
        await self.persistently(lambda: self.client.files_delete(file=id))

    async def upload(self, channel: str, file: File, *, thread: str | None = None) -> str:
        """Put the file into the thread, in one go; its id.

        Raises `SlackApiError`, and `Undeliverable` where the content itself is refused.
        """
        place = await self.client.files_getUploadURLExternal(
            filename=file.name, length=len(file.content), alt_txt=file.alt or None
        )
        await _send_content(place["upload_url"], file.content)
        await self._channels[channel].wait()
        await self.client.files_completeUploadExternal(
            files=[{"id": place["file_id"], "title": file.title}],
            channel_id=channel,
            thread_ts=thread,
        )
        return str(place["file_id"])

    async def react(self, channel: str, ts: str, name: str) -> None:
        """Add a reaction, unless it is there, in one request that `reactions` has room for. Raises
        `SlackApiError`."""
        try:
            await self.client.reactions_add(channel=channel, timestamp=ts, name=name)
        except SlackApiError as error:
            if error_of(error) != "already_reacted":
                raise

    async def permalink(self, channel: str, ts: str) -> str | None:
        """The address of a message; None where there is none."""
        await self.links.take()
        try:
            found = await self.persistently(
                lambda: self.client.chat_getPermalink(channel=channel, message_ts=ts)
            )
        except SlackApiError as error:
            logger.debug("no permalink of %s/%s: %s", channel, ts, error_of(error))
            return None
        return str(found["permalink"])

    def _spacing(self, worth: Worth) -> float:
        seconds = VERDICT_SPACING if worth is Worth.VERDICT else WORKSPACE_SPACING
        return seconds * self.time_scale

    def _edit_spacing(self, worth: Worth) -> float:
        return PROGRESS_SPACING * self.time_scale if worth >= Worth.LIVE else 0.0

    def _takes_edits(self, worth: Worth) -> bool:
        return worth < Worth.LIVE or self.updates.is_free(self.reserved_updates)

    async def keep_promise(self) -> None:
        """Wait for the edit of a post that was made to be edited."""
        await self.updates.take()
        self.placeholders.give_back()

    @property
    def reserved_updates(self) -> int:
        """Of this minute, for verdicts, and for the answers that have a place in a thread."""
        return RESERVED_UPDATES + self.placeholders.taken

    def may_promise(self, edits: int) -> bool:
        """Whether so many posts may be made now that are to be edited, once each."""
        return self.updates.is_free(self.reserved_updates + edits) and self.placeholders.spend(
            edits
        )

    # The line that says the bot is busy

    async def set_status(self, channel: str, thread: str, text: str) -> None:
        """Show it under the thread until it is cleared; a nicety that may fail."""
        key = (channel, thread)
        if self._statuses.get(key) == text:
            return
        self._statuses[key] = text
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew(), name="slack statuses")
        await self._show_status(channel, thread)

    async def clear_status(self, channel: str, thread: str) -> None:
        """Where there is no room for that, the next post does it, or time."""
        known = self._statuses.pop((channel, thread), None) is not None
        if known and self._status_calls.spend():
            await self._send_status(channel, thread, "")

    async def _renew(self) -> None:
        while self._statuses:
            await asyncio.sleep(STATUS_RENEWAL * self.time_scale)
            for channel, thread in list(self._statuses):
                with surviving("a status on Slack is not renewed"):
                    await self._show_status(channel, thread)

    async def _show_status(self, channel: str, thread: str) -> None:
        text = self._statuses.get((channel, thread))
        if text and self._status_calls.spend():
            await self._send_status(channel, thread, text)

    async def _send_status(self, channel: str, thread: str, text: str) -> None:
        try:
            await self.client.assistant_threads_setStatus(
                channel_id=channel, thread_ts=thread, status=text
            )
        except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
            logger.debug("no status in %s/%s: %s", channel, thread, error)


def _words(error: Exception) -> str:
    """What a log may say of it: an answer's own text could name the address of an upload."""
    if isinstance(error, SlackApiError):
        return error_of(error) or f"status {status_of(error)}"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"status {error.status}"
    return str(error) or type(error).__name__


async def _send_content(url: str, content: bytes) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=content) as answer,
    ):
        if _is_final(answer.status):
            raise Undeliverable(
                _(
                    "Slack does not take a file of {length:,} bytes (status {status}).",
                    length=len(content),
                    status=answer.status,
                )
            )
        answer.raise_for_status()


def _is_final(status: int) -> bool:
    """Whether the same request would be answered like this again."""
    return 400 <= status < 500 and status not in _PASSING_STATUSES


def _is_passing(error: Exception) -> bool | float:
    """Whether the same request may go through later; seconds where Slack says when."""
    if not isinstance(error, SlackApiError):
        return isinstance(error, OSError | aiohttp.ClientError | TimeoutError)
    name = error_of(error)
    if name == RATE_LIMITED:
        return float(error.response.headers.get("Retry-After", BACKOFF_FIRST))
    if not name:
        return not _is_final(status_of(error))
    return name in _TROUBLE
