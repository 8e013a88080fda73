"""From the store to what weights are learned from: what reviewers and people held of the same answers.

Of each rated question no more is read than that, and of many it is kept in memory until their votes
change.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence

from bot.analysis.judged import Judged, judged
from bot.council import Deliberation
from bot.records import Reaction, Summary
from bot.store.encoding import decode
from bot.store.store import Store

# How many are read in one go, between which others get their turn.
PAGE = 100

# So many are kept in memory, of some kilobytes each. Those beyond are read each time: whoever asks does so
# for the same ones in the same order, so that each would be dropped just before its turn, were those
# dropped that were used longest ago.
KEPT_MAX = 4_000

# By deliberation, with the revision that was read; `None` where people hold no answer for better.
_Read = dict[str, tuple[int, Judged | None]]


class Judgements:
    """A part of a channel's statistics."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: _Read = {}

    async def of(self, ids: Collection[str], summaries: Sequence[Summary]) -> tuple[Judged, ...]:
        """Of these deliberations, whose summaries are among those given; ordered by id."""
        revisions = {s.deliberation: s.revision for s in summaries if s.deliberation in ids}
        found = {id: self._known[id] for id, at in revisions.items() if self._is_known(id, at)}
        new = sorted(revisions.keys() - found.keys())
        for start in range(0, len(new), PAGE):
            page = new[start : start + PAGE]
            results = await self._store.results(page)
            votes = await self._store.reactions_to(page)
            for id, each in (await asyncio.to_thread(_judged, results, votes)).items():
                found[id] = (revisions[id], each)
        for id, read in found.items():
            if id in self._known or len(self._known) < KEPT_MAX:
                self._known[id] = read
        return tuple(each for id in sorted(found) if (each := found[id][1]))

    def forget(self) -> None:
        """Keep nothing in memory of what may have been deleted."""
        self._known.clear()

    def _is_known(self, id: str, revision: int) -> bool:
        return id in self._known and self._known[id][0] == revision


def _judged(
    results: Mapping[str, tuple[str | None, str]], votes: Mapping[str, Sequence[Reaction]]
) -> dict[str, Judged | None]:
    return {
        id: judged(id, asker, decode(Deliberation, text), votes.get(id, ()))
        for id, (asker, text) in results.items()
    }
