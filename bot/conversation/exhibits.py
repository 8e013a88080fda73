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
from bot.evidence.files import (
    FILE_LIMIT_BYTES,
    Read,
    is_image,
    read_file,
    read_image,
    too_large,
)
from bot.evidence.mentioned import links_in
from bot.language import N_, _
from bot.models.catalogue import Catalogue
from bot.models.gate import mended
from bot.protocol import past, seeing
from bot.protocol.pricing import Carried
from bot.protocol.shortening import common_limit, size
from bot.records import Case
from bot.redaction import placeholders
from bot.store.journal import Journal
from bot.store.store import Store

# What is asked where nothing but files was sent.
ABOUT_FILES = "Answer what came along: what it asks, or else what is to be said about it."

# Of one question: how many files and links are read, for how long in all, and how much of them goes along.
FILES_LIMIT, LINKS_LIMIT, READING_SECONDS = 10, 5, 120.0
# Every call of a run has all of them: nine, in a council of four.
IMAGES_LIMIT = 4
ROOM_LIMIT_BYTES = 100_000
# At once, for everybody: each is held in memory and read by a process of its own.
AT_ONCE = 3
# Heading, name and fences around a text.
_FRAME_BYTES = 400
# These hold more text than they have bytes; any other no more than twice as much, as UTF-8.
_PACKED = (".pdf", ".docx")

_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp")

# The decision that says how much of each text goes along.
_EXHIBITS = "exhibits"

_TOO_MANY = N_("No more than {limit} files are read with one question.")
_TOO_MANY_IMAGES = N_("No more than {limit} images are shown with one question.")
_HIDDEN_IMAGE = N_("Personal data in an image cannot be hidden, and is hidden here.")
_NOBODY_SEES = N_("No model of this council can see images: choose one that can.")
_TOO_MANY_LINKS = N_("No more than {limit} links are followed with one question.")
_HIDDEN_LINK = N_("Personal data stands in it, which is hidden here.")
_TOO_LONG = N_("There was no time left to read it.")
_NOWHERE = N_("It is on a platform that is not served here.")


# What Discord and Slack call a long text that somebody pastes.
_PASTED = {"message.txt", "Untitled"}


@dataclass(frozen=True, slots=True)
class Exhibits:
    store: Store
    catalogue: Catalogue
    platforms: Platforms
    at_once: asyncio.Semaphore

    async def carried(
        self, case: Case, earlier: Sequence[str] = (), ahead: Iterable[Case] = ()
    ) -> Carried:
        """How much goes along at most: of the question, of those `earlier` in its thread, and of those
        `ahead` that are answered before it. What is in a file is known once it is read, so names say what
        may be an image; what one costs that calls itself a text is set aside when it is asked about."""
        known, cases = await self._of_thread(case, earlier), (case, *ahead)
        most = sum(size(exhibit.text) + _FRAME_BYTES for exhibit in known)
        most += sum(map(_most_of, cases))
        images = sum(1 for exhibit in known if exhibit.image) + sum(map(_images_of, cases))
        room = min(most, self._room(case.council)) if most else 0
        return Carried(room, images=min(images, IMAGES_LIMIT))

    async def told(
        self, case: Case, question: Question, journal: Journal, earlier: Sequence[str] = ()
    ) -> Question:
        """The question with what was read of its files and links, once, and of those of the questions
        `earlier` in its thread, as long as these are stored."""
        own = await self._own(case, question, journal) if expected(case) else ()
        thread = await self._of_thread(case, earlier, own)
        known = [await self._hidden(case, each) for each in thread]
        exhibits = (*known, *own)
        if not exhibits:
            return question
        chars = await self._chars(case.council, exhibits, journal)
        question = replace(question, exhibits=exhibits, exhibit_chars=chars)
        return await self._seen(question, case.council, journal)

    async def _of_thread(
        self, case: Case, earlier: Sequence[str], own: Sequence[Exhibit] = ()
    ) -> list[Exhibit]:
        """What was read along with these questions, oldest first: of several by one name the newest.
        Nothing is copied, so that whatever is forgotten or erased is gone from here as well."""
        taken = set(map(_identity, own))
        images = IMAGES_LIMIT - sum(1 for each in own if each.image)
        found: list[Exhibit] = []
        for id in reversed(earlier):
            for exhibit in reversed((await self.store.exhibits(id)).values()):
                if exhibit.image and (case.council.redact or not images):
                    continue
                if exhibit.is_read and _identity(exhibit) not in taken:
                    taken.add(_identity(exhibit))
                    images -= exhibit.image is not None
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
        is_hidden = case.council.redact
        ends_at = asyncio.get_running_loop().time() + READING_SECONDS
        for place, (kind, file) in enumerate(_sources(case)):
            if place not in known:
                again = earlier.get(place)
                if again and _is_same(again, kind, file) and not (again.image and is_hidden):
                    [text] = await hidden(self.store, case, [again.text])
                    known[place] = replace(again, text=text)
                else:
                    found = await self._exhibit(case, kind, file, ends_at)
                    known[place] = _within(IMAGES_LIMIT, found, known.values())
                await journal.exhibit(place, known[place])
        return tuple(known[place] for place in sorted(known))

    async def _seen(self, question: Question, council: Council, journal: Journal) -> Question:
        """The question whose images say who sees them. Whoever is listed as seeing none is not asked
        with them; where nobody sees any, they are not read."""
        if not question.images:
            return question
        for seat in range(len(council.members) + 1):
            is_blind = self.catalogue.sees(council.model(seat)) is False
            if is_blind and seeing.sees(journal, seat):
                await journal.decide(seeing.unseeing(seat), "listed")
        if question.alone:
            return question
        question = seeing.with_eyes(question, council, journal)
        return replace(question, exhibits=tuple(map(_if_seen, question.exhibits)))

    async def _exhibit(
        self, case: Case, kind: EvidenceKind, file: Attached, ends_at: float
    ) -> Exhibit:
        try:
            if file.why:
                raise Unreadable(file.why)
            async with asyncio.timeout_at(ends_at), self.at_once:
                if kind == "file":
                    return await self._file(case, file)
                return await self._text(case, file, "link", await read_link(file.source))
        except Unreadable as error:
            return Exhibit(file.name, why=str(error), kind=kind)
        except TimeoutError:
            return Exhibit(file.name, why=_(_TOO_LONG), kind=kind)

    async def _file(self, case: Case, file: Attached) -> Exhibit:
        """Read by what it holds, whatever its name says. Raises `Unreadable`."""
        if (file.size or 0) > FILE_LIMIT_BYTES:
            raise too_large()
        data = await self._fetched(case, file)
        if not is_image(data):
            return await self._text(case, file, "file", await read_file(data, file.name))
        if case.council.redact:
            return Exhibit(file.name, why=_(_HIDDEN_IMAGE), kind="image")
        try:
            return Exhibit(file.name, kind="image", image=await read_image(data))
        except Unreadable as error:
            return Exhibit(file.name, why=str(error), kind="image")

    async def _text(self, case: Case, file: Attached, kind: EvidenceKind, read: Read) -> Exhibit:
        [text] = await hidden(self.store, case, [mended(read.text)])
        first = _("Only its first {n:,} characters were read.", n=len(read.text))
        return Exhibit(file.name, text, why=first if read.more else None, kind=kind)

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
        contexts = map(self.catalogue.context_tokens, (*council.seated, council.chairman))
        return min(past.room(contexts), ROOM_LIMIT_BYTES)


def expected(case: Case) -> bool:
    """Whether anything is to be read along with the question."""
    return bool(case.question.files or _links(case))


def _identity(exhibit: Exhibit) -> tuple[str, str]:
    """A file's is its name, so that a newer one takes its place, unless the chat gave it that name."""
    if exhibit.image:
        return exhibit.kind, exhibit.image.digest
    return exhibit.kind, exhibit.text if exhibit.name in _PASTED else exhibit.name


def _within(limit: int, found: Exhibit, others: Iterable[Exhibit]) -> Exhibit:
    if found.image is None or sum(1 for each in others if each.image) < limit:
        return found
    return replace(found, image=None, why=_(_TOO_MANY_IMAGES, limit=limit))


def _if_seen(exhibit: Exhibit) -> Exhibit:
    """Whoever sees none of a council answers no question about it."""
    if exhibit.image is None or exhibit.seen_by:
        return exhibit
    return replace(exhibit, image=None, why=_(_NOBODY_SEES), unseen_by=())


def _is_same(exhibit: Exhibit, kind: EvidenceKind, file: Attached) -> bool:
    """Whether it was read of this, in the same place of an earlier question: several of one question
    may have one name, and what a file holds is known once it is fetched."""
    came_as = "file" if exhibit.kind == "image" else exhibit.kind
    return exhibit.is_read and (came_as, exhibit.name) == (kind, file.name)


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


def _images_of(case: Case) -> int:
    files = [] if case.council.redact else case.question.files[:FILES_LIMIT]
    return sum(1 for file in files if _may_be_image(file) and not file.why)


def _may_be_image(file: Attached) -> bool:
    return file.name.lower().endswith(_IMAGES)


def _most(file: Attached) -> int:
    if file.why:
        return 0
    if _may_be_image(file):
        return _FRAME_BYTES
    if file.size is None or file.name.lower().endswith(_PACKED):
        return ROOM_LIMIT_BYTES
    return 2 * file.size + _FRAME_BYTES
