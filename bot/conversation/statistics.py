"""From the store to the statistics of a channel.

Each finished deliberation is read once; what the statistics take from it is kept in the database
until its votes change, and in memory for the channels asked about last. Numbers are computed beside
the event loop. Knows no words and no pictures.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from sys import intern
from typing import TypeVar

from bot.analysis.cofailure import Ceiling
from bot.analysis.judged import Judged
from bot.analysis.publication import STEP, Published, anonymous, changes
from bot.analysis.report import Peers, Report, ceiling, compared, peers_of, report
from bot.analysis.reviewers import Reviewers, reviewers
from bot.analysis.rows import DETAILS, Row, brief, counted, row_of
from bot.conversation.judgements import Judgements
from bot.language import spoken
from bot.records import PlatformName, Summary
from bot.store.encoding import decode, encode
from bot.store.store import Store

# How many are made in one go, between which others get their turn.
BATCH = 100

# How many are read in one go.
PAGE = 1_000

# Channels that are kept in memory; a row takes a kilobyte.
CHANNELS_MAX = 4

# What models think of each other is counted again once there is so much more of it.
GROWTH = 0.01

# The text of a deliberation that nobody answered.
_NOTHING = "null"

T = TypeVar("T")

_Place = tuple[PlatformName | None, str | None]

# By deliberation, with the revision that was read.
_Rows = dict[str, tuple[int, Row | None]]


@dataclass(slots=True)
class _Known:
    """What was read of a channel, by deliberation, with the revision that it was read at."""

    rows: _Rows = field(default_factory=dict)
    # By the language that their sentences are in.
    peers: dict[str, Peers] = field(default_factory=dict)
    published: Published | None = None


class Statistics:
    """One for the process, or for a command."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[_Place, _Known] = {}
        self._judgements = Judgements(store)
        self._lock = asyncio.Lock()
        self._publishing = asyncio.Lock()

    async def keep_up(self) -> int:
        """Make what is missing, and keep it. How many there were."""
        made = 0
        while missing := await self._store.missing_summaries(BATCH):
            await self._store.keep_summaries(
                [(id, revision, await self._made(id)) for id, revision in missing]
            )
            made += len(missing)
        return made

    async def rows(
        self, platform: PlatformName | None = None, channel: str | None = None
    ) -> tuple[Row, ...]:
        """Of a channel, or of everything. Reads only: it works beside another process."""
        # One after the other, because what is known is replaced in between.
        async with self._lock:
            known = self._of(platform, channel)
            summaries = await self._store.summaries(platform=platform, channel=channel)
            rows: _Rows = {}
            for start in range(0, len(summaries), PAGE):
                page = summaries[start : start + PAGE]
                new = [each.deliberation for each in page if not _is_known(known, each)]
                texts = await self._texts(new, emptied=DETAILS)
                rows |= await asyncio.to_thread(_read, known, page, texts)
            found = await asyncio.to_thread(_counted, summaries, rows)
            while lacking := await asyncio.to_thread(_lacking, found):
                texts = await self._texts(lacking)
                rows |= await asyncio.to_thread(_read_whole, rows, lacking, texts)
                found = tuple(row for each in found if (row := rows[each.id][1]))
            await asyncio.to_thread(_shorten, rows, found)
            known.rows = rows  # without what is no longer there
            return found

    async def judged(
        self, platform: PlatformName | None = None, channel: str | None = None
    ) -> tuple[Judged, ...]:
        """What reviewers and people held of the answers in each rated question."""
        rated = {row.id for row in await self.rows(platform, channel) if row.rated}
        summaries = await self._store.summaries(platform=platform, channel=channel)
        return await self._judgements.of(rated, summaries)

    async def published(self, platform: PlatformName, channel: str) -> tuple[Published, int]:
        """What the people of a channel are told, and how many questions changed since.

        It changes in steps of several questions, over restarts too.
        """
        rows = await self.rows(platform, channel)
        async with self._publishing:
            known = self._of(platform, channel)
            told = await self._told_last(known, platform, channel)
            waiting = await asyncio.to_thread(changes, told.rows, rows)
            if waiting >= STEP:
                here, everywhere = await self.judged(platform, channel), await self.judged()
                texts = await asyncio.to_thread(_texts_to_publish, rows, here, everywhere)
                await self._store.publish(platform, channel, *texts)
                told, waiting = await asyncio.to_thread(_published, *texts), 0
                known.published = told
            return told, waiting

    async def last_published(self, platform: PlatformName, channel: str) -> Published:
        """What they were told last, however much changed since: known without reading a row."""
        return await self._told_last(self._of(platform, channel), platform, channel)

    async def _told_last(self, known: _Known, platform: PlatformName, channel: str) -> Published:
        if before := known.published:
            return before
        kept = await self._store.publication(platform, channel)
        told = await asyncio.to_thread(_published, *kept)
        if known.published is None:  # no step came meanwhile
            known.published = told
        return known.published

    async def report(
        self, platform: PlatformName | None = None, channel: str | None = None
    ) -> Report:
        rows = await self.rows(platform, channel)
        return await asyncio.to_thread(_report, self._of(platform, channel), rows)

    async def ceiling(
        self, platform: PlatformName | None = None, channel: str | None = None
    ) -> tuple[Ceiling, str]:
        """With its period. Raises `InvalidInput`, which says what is missing."""
        return await asyncio.to_thread(ceiling, await self.rows(platform, channel))

    def forget(self) -> None:
        """Keep nothing in memory of what may have been deleted."""
        self._known.clear()
        self._judgements.forget()

    def _of(self, platform: PlatformName | None, channel: str | None) -> _Known:
        place = (platform, channel)
        known = self._known.pop(place, None) or _Known()
        self._known[place] = known  # the last asked about are the last here
        while len(self._known) > CHANNELS_MAX:
            del self._known[next(iter(self._known))]
        return known

    async def _texts(self, ids: Sequence[str], *, emptied: Sequence[str] = ()) -> dict[str, str]:
        """Of those that are there; what has to be made first is whole."""
        texts = await self._store.summary_texts(ids, emptied=emptied)
        return {id: await self._made(id) if text is None else text for id, text in texts.items()}

    async def _made(self, id: str) -> str:
        case = await self._store.case(id)
        if case is None:
            return _NOTHING
        row = row_of(case, await self._store.reactions(id), await self._store.secret())
        return _NOTHING if row is None else encode(Row, row)


def _published(rows: str | None, told: str | None) -> Published:
    return Published.of(
        decode(tuple[Row, ...], rows) if rows else (),
        decode(Reviewers, told) if told else None,
    )


def _texts_to_publish(
    rows: Sequence[Row], here: Sequence[Judged], everywhere: Sequence[Judged]
) -> tuple[str, str]:
    """Neither leads to a question or a person."""
    ids = {each.id for each in here}
    told = reviewers(here, [each for each in everywhere if each.id not in ids])
    return encode(tuple[Row, ...], anonymous(rows)), encode(Reviewers, told)


def _is_known(known: _Known, summary: Summary) -> bool:
    revision, _ = known.rows.get(summary.deliberation, (None, None))
    return revision == summary.revision


def _read(known: _Known, page: Sequence[Summary], texts: Mapping[str, str]) -> _Rows:
    """The rows of a page: as known, or out of their texts; none of what was forgotten meanwhile."""
    rows: _Rows = {}
    for each in page:
        id = each.deliberation
        if id in texts:
            rows[id] = (each.revision, _row(id, texts[id]))
        elif _is_known(known, each):
            rows[id] = known.rows[id]
    return rows


def _counted(summaries: Sequence[Summary], rows: _Rows) -> tuple[Row, ...]:
    return counted(
        (each.thread, rows[each.deliberation][1]) for each in summaries if each.deliberation in rows
    )


def _lacking(rows: Sequence[Row]) -> list[str]:
    """The ids of rows that are brief and have to be whole."""
    whole = compared(rows)
    return [row.id for row in rows if row.is_brief and row.id in whole]


def _read_whole(rows: _Rows, ids: Sequence[str], texts: Mapping[str, str]) -> _Rows:
    return {id: (rows[id][0], _row(id, texts[id]) if id in texts else None) for id in ids}


def _shorten(rows: _Rows, found: Sequence[Row]) -> None:
    """Keep no more of the rows than is needed."""
    whole = compared(found)
    for id, (revision, row) in rows.items():
        if row and not row.is_brief and id not in whole:
            rows[id] = (revision, brief(row))


def _row(id: str, text: str) -> Row | None:
    """As small in memory as may be: its signs in one text, and what is the same in many rows once."""
    if text == _NOTHING:
        return None
    row = decode(Row, text)
    return replace(
        row,
        id=id,
        asker=intern(row.asker),
        models=_once("models", row.models),
        accepted=_once("accepted", row.accepted),
        places=_once("places", row.places),
        best=row.best and intern(row.best),
        picks=_once("picks", row.picks),
        voters=_once("voters", row.voters),
        signs=(" ".join(row.signs),) if row.signs else (),
    )


@lru_cache(maxsize=10_000)
def _once(field: str, values: T) -> T:
    """The first of equal values; 0 and False, which are equal, are values of two fields."""
    return values


def _report(known: _Known, rows: Sequence[Row]) -> Report:
    ids = {row.id for row in rows}
    peers = known.peers.get(spoken())
    if peers is None or not peers.ids <= ids or len(ids) > (1 + GROWTH) * len(peers.ids):
        peers = known.peers[spoken()] = peers_of(rows)
    return report(rows, peers)
