"""What came along with a question: fetched from its platform, read once, and the same for every
member, as much of it as fits the smallest context among them.

What was read stands in the journal of the question, so that a resumed run reads nothing again.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.chat import KeepsFiles, Platforms
from bot.conversation.redacting import hidden
from bot.council import Attached, Council, EvidenceKind, Exhibit, Question
from bot.errors import Unreadable
from bot.evidence import local
from bot.evidence.files import FILE_LIMIT_BYTES, Read, read_file, too_large
from bot.evidence.mentioned import links_in
from bot.language import N_, _
from bot.models.catalogue import Catalogue
from bot.models.gate import mended
from bot.protocol import past
from bot.protocol.shortening import common_limit, size
from bot.records import Case
from bot.redaction import placeholders
from bot.store.journal import Journal
from bot.store.store import Store

# What is asked where nothing but files was sent.
ABOUT_FILES = "Answer what came along: what it asks, or else what is to be said about it."

# Of one question: how many files and links are read, for how long in all, and how much of them goes along.
FILES_LIMIT, LINKS_LIMIT, READING_SECONDS = 10, 5, 120.0
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
_TOO_MANY_LINKS = N_("No more than {limit} links are followed with one question.")
_HIDDEN_LINK = N_("Personal data stands in it, which is hidden here.")
_TOO_LONG = N_("There was no time left to read it.")
_NOWHERE = N_("It is on a platform that is not served here.")


@dataclass(frozen=True, slots=True)
class Exhibits:
    store: Store
    catalogue: Catalogue
    platforms: Platforms
    at_once: asyncio.Semaphore

    async def carried(
        self, case: Case, earlier: Sequence[str] = (), ahead: Iterable[Case] = ()
    ) -> int:
        """How many bytes go along at most, which is all that is known before they are read: of the
        question, of those `earlier` in its thread, and of those `ahead` that are answered before it."""
        known = await self._of_thread(earlier)
        most = sum(size(exhibit.text) + _FRAME_BYTES for exhibit in known)
        most += sum(map(_most_of, (case, *ahead)))
        return min(most, self._room(case.council)) if most else 0

    def expected(self, case: Case) -> bool:
        """Whether anything is to be read along with the question."""
        return bool(case.question.files or _links(case))

    async def told(
        self, case: Case, question: Question, journal: Journal, earlier: Sequence[str] = ()
    ) -> Question:
        """The question with what was read of its files and links, once, and of those of the questions
        `earlier` in its thread, as long as these are stored."""
        own = await self._own(case, question, journal) if self.expected(case) else ()
        known = [await self._hidden(case, each) for each in await self._of_thread(earlier, own)]
        exhibits = (*known, *own)
        if not exhibits:
            return question
        chars = await self._chars(case.council, exhibits, journal)
        return replace(question, exhibits=exhibits, exhibit_chars=chars)

    async def _of_thread(
        self, earlier: Sequence[str], own: Sequence[Exhibit] = ()
    ) -> list[Exhibit]:
        """What was read along with these questions, oldest first: of several by one name the newest.
        Nothing is copied, so that whatever is forgotten or erased is gone from here as well."""
        taken = {(each.kind, each.name) for each in own}
        found: list[Exhibit] = []
        for id in reversed(earlier):
            for exhibit in reversed((await self.store.exhibits(id)).values()):
                if exhibit.text and (exhibit.kind, exhibit.name) not in taken:
                    taken.add((exhibit.kind, exhibit.name))
                    found.append(replace(exhibit, earlier=True))
        return list(reversed(found[:FILES_LIMIT]))

    async def _hidden(self, case: Case, exhibit: Exhibit) -> Exhibit:
        name, text = await hidden(self.store, case, [exhibit.name, exhibit.text])
        return replace(exhibit, name=name, text=text)

    async def _own(self, case: Case, question: Question, journal: Journal) -> tuple[Exhibit, ...]:
        """Of one that is asked once more, what was read then."""
        known = await self.store.exhibits(case.id)
        origin = question.origin
        earlier = await self.store.exhibits(origin.repeats) if origin and origin.repeats else {}
        before = {(each.kind, each.name): each for each in earlier.values() if each.text}
        ends_at = asyncio.get_running_loop().time() + READING_SECONDS
        for place, (kind, file) in enumerate(_sources(case)):
            if place not in known:
                if again := before.get((kind, file.name)):
                    [text] = await hidden(self.store, case, [again.text])
                    known[place] = replace(again, text=text)
                else:
                    known[place] = await self._exhibit(case, kind, file, ends_at)
                await journal.exhibit(place, known[place])
        return tuple(known[place] for place in sorted(known))

    async def _exhibit(
        self, case: Case, kind: EvidenceKind, file: Attached, ends_at: float
    ) -> Exhibit:
        try:
            if file.why:
                raise Unreadable(file.why)
            async with asyncio.timeout_at(ends_at), self.at_once:
                read = await (self._read(case, file) if kind == "file" else read_link(file.source))
        except Unreadable as error:
            return Exhibit(file.name, why=str(error), kind=kind)
        except TimeoutError:
            return Exhibit(file.name, why=_(_TOO_LONG), kind=kind)
        [text] = await hidden(self.store, case, [mended(read.text)])
        first = _("Only its first {n:,} characters were read.", n=len(read.text))
        return Exhibit(file.name, text, why=first if read.more else None, kind=kind)

    async def _read(self, case: Case, file: Attached) -> Read:
        """Raises `Unreadable`."""
        if (file.size or 0) > FILE_LIMIT_BYTES:
            raise too_large()
        return await read_file(await self._fetched(case, file), file.name)

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
        contexts = map(self.catalogue.context_tokens, (*council.members, council.chairman))
        return min(past.room(contexts), ROOM_LIMIT_BYTES)


async def read_link(link: str) -> Read:
    """What the page says. Raises `Unreadable`."""
    # Late: most questions need no HTTP.
    from bot.evidence.links import Web

    return await Web().read(link)


def _sources(case: Case) -> Iterator[tuple[EvidenceKind, Attached]]:
    """Everything that is to be read, in its place; what is too much says so."""
    for n, file in enumerate(case.question.files):
        too_many = _(_TOO_MANY, limit=FILES_LIMIT)
        yield "file", file if n < FILES_LIMIT else replace(file, why=too_many)
    for n, link in enumerate(_links(case)):
        why = _(_TOO_MANY_LINKS, limit=LINKS_LIMIT) if n >= LINKS_LIMIT else None
        if placeholders(link):
            why = _(_HIDDEN_LINK)
        yield "link", Attached(link, link, why=why)


def _links(case: Case) -> list[str]:
    return links_in(case.question.text) if case.council.links else []


def _most_of(case: Case) -> int:
    files, links = case.question.files[:FILES_LIMIT], _links(case)[:LINKS_LIMIT]
    return sum(map(_most, files)) + ROOM_LIMIT_BYTES * len(links)


def _most(file: Attached) -> int:
    if file.why:
        return 0
    if file.size is None or file.name.lower().endswith(_PACKED):
        return ROOM_LIMIT_BYTES
    return 2 * file.size + _FRAME_BYTES
