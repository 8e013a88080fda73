"""What happens in a deliberation, told to whoever follows it from another process."""

import asyncio
from collections.abc import Callable

from bot.conversation.events_text import text_of
from bot.conversation.loops import within
from bot.protocol.events import Event, Progress, VerdictAsked, VerdictText
from bot.store.journal import Journal

# How often the verdict is told as far as it is written.
DRAFT_SECONDS = 2.0


def _no_draft() -> str:
    return ""


class Telling:
    """Watches a deliberation for others: what happens while it is told goes along with the next."""

    def __init__(self, journal: Journal, *, time_scale: float) -> None:
        self._journal = journal
        self._draft_seconds = DRAFT_SECONDS * time_scale
        self._draft_at = 0.0  # when the next one may be told
        self._events: list[str] = []
        self._draft: Callable[[], str] | None = None
        self._news, self._hurry = asyncio.Event(), asyncio.Event()

    async def opened(self) -> None:
        pass

    async def unread(self, progress: Progress) -> None:
        pass

    async def between_stages(self) -> None:
        """Whoever follows it stops it where nobody could see it."""

    def happened(self, event: Event) -> None:
        if isinstance(event, VerdictText):
            self._draft = event.read
        else:
            self._events.append(text_of(event))
            if isinstance(event, VerdictAsked):
                self._draft = _no_draft  # what another author wrote is not theirs
            self._hurry.set()
        self._news.set()

    async def tell(self) -> None:
        """Until cancelled. Raises `Superseded` where another run has taken it over."""
        time = asyncio.get_running_loop().time
        while True:
            await self._news.wait()
            if not self._hurry.is_set():
                await within(max(self._draft_at - time(), 0), self._hurry.wait())
            await self.told()
            self._draft_at = time() + self._draft_seconds

    async def told(self) -> None:
        """All of it until now."""
        events, self._events = self._events, []
        draft, self._draft = self._draft, None
        self._news.clear()
        self._hurry.clear()
        if events or draft:
            await self._journal.publish(events, draft and draft())
