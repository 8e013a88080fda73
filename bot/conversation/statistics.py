"""From the store to the statistics of a channel.

Each finished deliberation is read once; what the statistics take from it is kept in the database
until its votes change, and in memory for the channels asked about last. Numbers are computed beside
the event loop. Knows no words and no pictures.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar

from bot.analysis.cofailure import Ceiling
from bot.analysis.publication import STEP, Published, anonymous, changes
from bot.analysis.report import Peers, Report, ceiling, peers_of, report
from bot.analysis.rows import Row, counted, row_of
from bot.records import PlatformName, Summary
from bot.store.encoding import decode, encode
from bot.store.store import Store

# How many are made in one go, between which others get their turn.
BATCH = 100

# How many are read in one go.
PAGE = 1_000

# Reviewers' ballots are half of a row, and only those of the newest questions are compared
# (`bot.analysis.report`): those of so many deliberations are kept, of which some add no row.
BALLOTS_MAX = 5_000

# Channels that are kept in memory; a row takes some kilobytes.
CHANNELS_MAX = 4

# What models think of each other is counted again once there is so much more of it.
GROWTH = 0.01

# The text of a deliberation that nobody answered.
_NOTHING = "null"

T = TypeVar("T")

_Place = tuple[PlatformName | None, str | None]


@dataclass(slots=True)
class _Known:
    """What was read of a channel, by deliberation, with the revision that it was read at."""

    rows: dict[str, tuple[int, Row | None]] = field(default_factory=dict)
    peers: Peers | None = None
    published: Published | None = None


class Statistics:
    """One for the process, or for a command."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[_Place, _Known] = {}
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
            rows: dict[str, tuple[int, Row | None]] = {}
            for start in range(0, len(summaries), PAGE):
                page = summaries[start : start + PAGE]
                new = [each for each in page if _revision(known, each) != each.revision]
                texts = await self._store.summary_texts([each.deliberation for each in new])
                for id, text in texts.items():
                    if text is None:
                        texts[id] = await self._made(id)
                with_ballots = len(summaries) - start <= BALLOTS_MAX
                read = _read if with_ballots else _read_without_ballots
                rows |= await asyncio.to_thread(read, known, page, texts)
            known.rows = rows  # without what is no longer there
            return await asyncio.to_thread(_counted, summaries, rows)

    async def published(self, platform: PlatformName, channel: str) -> tuple[Published, int]:
        """What the people of a channel are told, and how many questions changed since.

        It changes in steps of several questions, over restarts too.
        """
        rows = await self.rows(platform, channel)
        async with self._publishing:
            known = self._of(platform, channel)
            if known.published is None:
                text = await self._store.publication(platform, channel)
                known.published = await asyncio.to_thread(_published, text)
            waiting = await asyncio.to_thread(changes, known.published.rows, rows)
            if waiting >= STEP:
                text = await asyncio.to_thread(_anonymous_text, rows)
                await self._store.publish(platform, channel, text)
                known.published, waiting = await asyncio.to_thread(_published, text), 0
            return known.published, waiting

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

    def _of(self, platform: PlatformName | None, channel: str | None) -> _Known:
        place = (platform, channel)
        known = self._known.pop(place, None) or _Known()
        self._known[place] = known  # the last asked about are the last here
        while len(self._known) > CHANNELS_MAX:
            del self._known[next(iter(self._known))]
        return known

    async def _made(self, id: str) -> str:
        case = await self._store.case(id)
        if case is None:
            return _NOTHING
        row = row_of(case, await self._store.reactions(id), await self._store.secret())
        return _NOTHING if row is None else encode(Row, row)


def _published(text: str | None) -> Published:
    return Published.of(decode(tuple[Row, ...], text) if text else ())


def _anonymous_text(rows: Sequence[Row]) -> str:
    return encode(tuple[Row, ...], anonymous(rows))


def _revision(known: _Known, summary: Summary) -> int | None:
    revision, _ = known.rows.get(summary.deliberation, (None, None))
    return revision


def _read(
    known: _Known, page: Sequence[Summary], texts: Mapping[str, str | None]
) -> dict[str, tuple[int, Row | None]]:
    """The rows of a page with their revisions: as known, or out of their texts."""
    rows: dict[str, tuple[int, Row | None]] = {}
    for each in page:
        text = texts.get(each.deliberation)
        rows[each.deliberation] = (
            known.rows[each.deliberation] if text is None else (each.revision, _row(text))
        )
    return rows


def _read_without_ballots(
    known: _Known, page: Sequence[Summary], texts: Mapping[str, str | None]
) -> dict[str, tuple[int, Row | None]]:
    return {
        id: (revision, replace(row, ballots=()) if row and row.ballots else row)
        for id, (revision, row) in _read(known, page, texts).items()
    }


def _counted(
    summaries: Sequence[Summary], rows: Mapping[str, tuple[int, Row | None]]
) -> tuple[Row, ...]:
    return counted((each.thread, rows[each.deliberation][1]) for each in summaries)


def _row(text: str) -> Row | None:
    """As small in memory as may be: its signs in one text, and what is the same in many rows once."""
    if text == _NOTHING:
        return None
    row = decode(Row, text)
    return replace(
        row,
        models=_once("models", row.models),
        accepted=_once("accepted", row.accepted),
        places=_once("places", row.places),
        signs=(" ".join(row.signs),) if row.signs else (),
    )


@lru_cache(maxsize=10_000)
def _once(field: str, values: T) -> T:
    """The first of equal values; 0 and False, which are equal, are values of two fields."""
    return values


def _report(known: _Known, rows: Sequence[Row]) -> Report:
    ids = {row.id for row in rows}
    peers = known.peers
    if peers is None or not peers.ids <= ids or len(ids) > (1 + GROWTH) * len(peers.ids):
        peers = known.peers = peers_of(rows)
    return report(rows, peers)
