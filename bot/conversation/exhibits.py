"""What came along with a question: fetched from its platform, read once, and the same for every
member, as much of it as fits the smallest context among them.

What was read stands in the journal of the question, so that a resumed run reads nothing again.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.chat import KeepsFiles, Platforms
from bot.conversation.redacting import hidden
from bot.council import Attached, Council, Exhibit, Question
from bot.errors import Unreadable
from bot.evidence import local
from bot.evidence.files import FILE_LIMIT_BYTES, read_file, too_large
from bot.language import N_, _
from bot.models.catalogue import Catalogue
from bot.models.gate import mended
from bot.protocol import past
from bot.protocol.shortening import common_limit, size
from bot.records import Case
from bot.store.journal import Journal
from bot.store.store import Store

# What is asked where nothing but files was sent.
ABOUT_FILES = "Answer what came along: what it asks, or else what is to be said about it."

# Of one question: how many files are read, for how long in all, and how much of them goes along.
FILES_LIMIT, READING_SECONDS = 10, 120.0
ROOM_LIMIT_BYTES = 100_000
# At once, for everybody: each is held in memory and read by a process of its own.
AT_ONCE = 3
# Heading, name and fences around a text.
_FRAME_BYTES = 400
# These hold more text than they have bytes; any other no more than twice as much, as UTF-8.
_PACKED = (".pdf", ".docx")

# The decision that says how much of each text goes along.
_EXHIBITS = "exhibits"

_TOO_MANY = N_("No more than {limit} files are read with one question.")
_TOO_LONG = N_("There was no time left to read it.")
_NOWHERE = N_("It is on a platform that is not served here.")


@dataclass(frozen=True, slots=True)
class Exhibits:
    store: Store
    catalogue: Catalogue
    platforms: Platforms
    at_once: asyncio.Semaphore

    def carried(self, case: Case) -> int:
        """How many bytes go along at most, which is all that is known before they are read."""
        files = case.question.files[:FILES_LIMIT]
        return min(sum(map(_most, files)), self._room(case.council)) if files else 0

    async def told(self, case: Case, question: Question, journal: Journal) -> Question:
        """The question with what was read of its files, once; of one that is asked once more, then."""
        if not question.files:
            return question
        known = await self.store.exhibits(case.id)
        origin = question.origin
        before = await self.store.exhibits(origin.repeats) if origin and origin.repeats else {}
        ends_at = asyncio.get_running_loop().time() + READING_SECONDS
        for place, file in enumerate(question.files):
            if place not in known:
                again = before.get(place)
                if again and again.text:
                    [text] = await hidden(self.store, case, [again.text])
                    known[place] = replace(again, text=text)
                else:
                    known[place] = await self._exhibit(case, place, file, ends_at)
                await journal.exhibit(place, known[place])
        exhibits = tuple(known[place] for place in sorted(known))
        chars = await self._chars(case.council, exhibits, journal)
        return replace(question, exhibits=exhibits, exhibit_chars=chars)

    async def _exhibit(self, case: Case, place: int, file: Attached, ends_at: float) -> Exhibit:
        try:
            if place >= FILES_LIMIT:
                raise Unreadable(_(_TOO_MANY, limit=FILES_LIMIT))
            if file.why:
                raise Unreadable(file.why)
            async with asyncio.timeout_at(ends_at):
                return await self._read(case, file)
        except Unreadable as error:
            return Exhibit(file.name, why=str(error))
        except TimeoutError:
            return Exhibit(file.name, why=_(_TOO_LONG))

    async def _read(self, case: Case, file: Attached) -> Exhibit:
        """Raises `Unreadable`."""
        if (file.size or 0) > FILE_LIMIT_BYTES:
            raise too_large()
        async with self.at_once:
            read = await read_file(await self._fetched(case, file), file.name)
        [text] = await hidden(self.store, case, [mended(read.text)])
        first = _("Only its first {n:,} characters were read.", n=len(read.text))
        return Exhibit(file.name, text, why=first if read.more else None)

    async def _fetched(self, case: Case, file: Attached) -> bytes:
        if case.platform in ("cli", "terminal"):
            return await local.fetch(file)
        platform = self.platforms.get(case.platform)
        if not isinstance(platform, KeepsFiles):
            raise Unreadable(_(_NOWHERE))
        return await platform.fetch(file)

    async def _chars(
        self, council: Council, exhibits: Sequence[Exhibit], journal: Journal
    ) -> int | None:
        """How many characters of each text go along; the same whenever the question is resumed."""
        decided = journal.decision(_EXHIBITS)
        if decided is None:
            texts = [exhibit.text for exhibit in exhibits]
            room = self._room(council) - _FRAME_BYTES * len(texts)
            chars = common_limit(texts, max(room, 0)) if sum(map(size, texts)) > room else None
            decided = json.dumps(chars)
            await journal.decide(_EXHIBITS, decided)
        found = json.loads(decided)
        return found if found is None else int(found)

    def _room(self, council: Council) -> int:
        models = map(self.catalogue.find, (*council.members, council.chairman))
        contexts = [model.context_tokens if model else None for model in models]
        return min(past.room(contexts), ROOM_LIMIT_BYTES)


def _most(file: Attached) -> int:
    if file.why:
        return 0
    if file.size is None or file.name.lower().endswith(_PACKED):
        return ROOM_LIMIT_BYTES
    return 2 * file.size + _FRAME_BYTES
