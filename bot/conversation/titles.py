"""Names for threads whose questions begin with no good one.

One member is asked beside everything else. Nobody waits for it: what is not there when the question
is answered comes no more, and the old name stays.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.chat import NamesThreads, Platforms
from bot.conversation.loops import surviving
from bot.council import Question
from bot.models.catalogue import Catalogue
from bot.protocol.calls import Caller
from bot.protocol.pricing import cheapest
from bot.protocol.sitting import Sitting
from bot.protocol.title import TITLE_BYTES, TITLE_TOKENS, is_good_name, title_in, write_title
from bot.records import Case
from bot.store.journal import Journal
from bot.store.store import Store

# The decision that says who is asked for the title, once, whatever comes of it.
_TITLE = "title"


class Entitle(Protocol):
    """Sees to the title of a question's thread, beside everything else. Never raises."""

    async def __call__(
        self,
        case: Case,
        question: Question,
        journal: Journal,
        *,
        opened: Callable[[], Awaitable[None]],
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Titles:
    store: Store
    catalogue: Catalogue
    caller: Caller
    platforms: Platforms

    def names(self, case: Case) -> NamesThreads | None:
        """The platform, where a member is to name the thread of this question."""
        platform = self.platforms.get(case.platform)
        if not isinstance(platform, NamesThreads) or is_good_name(case.question.text):
            return None
        return platform if platform.opens_thread(case) else None

    async def title(self, case: Case) -> str:
        """What the thread of this question was named; "" where nobody named it."""
        seat = await self.store.decision(case.id, _TITLE)
        call = await self.store.call(case.id, "title", 0, int(seat)) if seat else None
        written = (call.text if call else None) or ""
        return title_in(written, (*case.council.members, case.council.chairman))

    async def give(
        self,
        case: Case,
        question: Question,
        journal: Journal,
        *,
        opened: Callable[[], Awaitable[None]],
    ) -> None:
        """Have the thread named, once it was `opened`. Never raises."""
        with surviving(f"the thread of deliberation {case.id} is not named"):
            platform = self.names(case)
            title = await self._written(case, question, journal) if platform else ""
            if platform and title:
                await opened()
                platform.name_thread(case, title)

    async def write(
        self,
        case: Case,
        question: Question,
        journal: Journal,
        *,
        opened: Callable[[], Awaitable[None]],
    ) -> None:
        """Have the title written for whoever names the thread. Never raises."""
        with surviving(f"the title of deliberation {case.id} is not written"):
            await self._written(case, question, journal)

    async def _written(self, case: Case, question: Question, journal: Journal) -> str:
        """A call that was cut off is not made again: it may be paid already."""
        decided = journal.decision(_TITLE)
        if decided is None:
            seat = cheapest(self.catalogue, case.council.seated, TITLE_BYTES, TITLE_TOKENS)
            await journal.decide(_TITLE, str(seat))
        else:
            seat = int(decided)
            if journal.finished("title", 0, seat) is None:
                return ""
        sitting = Sitting(question, case.council, self.caller, journal, lambda event: None)
        return await write_title(sitting, seat)


async def untitled(
    case: Case, question: Question, journal: Journal, *, opened: Callable[[], Awaitable[None]]
) -> None:
    """Of a thread that has its name."""
