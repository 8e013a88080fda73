"""What of a reply stands in its thread already: found by the metadata of posts, the names of files.

For posts whose answer was lost, or that a process made which ended before it could confirm.
"""

from collections.abc import AsyncIterator
from typing import Any

from adapters.slack.address import Address
from adapters.slack.web import Web

Json = dict[str, Any]

EVENT_TYPE = "council_run"

_PAGE = 200


class Traces:
    """Those of one run. Each look reads the thread and raises `SlackApiError`."""

    def __init__(self, web: Web, address: Address, run: str) -> None:
        self._web = web
        self._address = address
        self._run = run

    def metadata(self, key: str, part: int) -> Json:
        """What a post carries to be found by."""
        payload = {"run": self._run, "key": key, "part": part}
        return {"event_type": EVENT_TYPE, "event_payload": payload}

    async def post(self, key: str, part: int, besides: str = "") -> str | None:
        """The id of the post; `besides` is that of one that does not count."""
        metadata = self.metadata(key, part)
        async for message in self._own_messages():
            id = f"{self._address.channel}/{message['ts']}"
            if message.get("metadata") == metadata and id != besides:
                return id
        return None

    async def file(self, name: str, besides: str = "") -> str | None:
        """The same for a file."""
        async for message in self._own_messages():
            for file in message.get("files", ()):
                id = f"{self._address.channel}/{file['id']}"
                if file["name"] == name and id != besides:
                    return id
        return None

    async def _own_messages(self) -> AsyncIterator[Json]:
        """The bot's messages in the thread since the question."""
        me = await self._web.me()
        pages = await self._web.client.conversations_replies(
            channel=self._address.channel,
            ts=self._address.thread,
            oldest=self._address.message,
            include_all_metadata=True,
            limit=_PAGE,
        )
        async for page in pages:
            for message in page["messages"]:
                if message.get("bot_id") == me.bot:
                    yield message
