"""From the store to what a reflection works with: a channel's rated questions, as far as their texts are
there and can be reviewed again as they were.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.analysis.judged import Judged
from bot.analysis.reflection import Rated, Split, split
from bot.chat import Channel
from bot.conversation.statistics import Statistics
from bot.council import Deliberation, by_models
from bot.protocol.reflecting import LESSONS_MAX
from bot.records import Case
from bot.store.store import Store

IsPrivate = Callable[[Case], bool]


@dataclass(frozen=True, slots=True)
class Readable:
    """A rated question whose texts are there."""

    case: Case
    result: Deliberation
    judged: Judged


@dataclass(frozen=True, slots=True)
class Gathered:
    """`rated` is how many questions there are, `readable` those that can be read, by id; `learn` and
    `test` are theirs, in the order of their lot."""

    rated: int
    readable: dict[str, Readable]
    learn: tuple[str, ...]
    test: tuple[str, ...]


async def gathered(
    store: Store, statistics: Statistics, channel: Channel, tries: int, is_private: IsPrivate
) -> Gathered:
    """The same lot until a comparison came of it: whoever asks again is told the same."""
    here = channel.platform, channel.id
    judged = await statistics.judged(*here)
    before = await store.learned_before(*here)
    readable = await _readable(store, judged, is_private)
    # What was learned from takes its asker and thread along, also where its texts are gone.
    known = [each for each in judged if each.id in readable or each.id in before]
    found = split(
        [await _rated(store, readable, each) for each in known], before, _seed(*here, tries)
    )
    learn, test = (tuple(id for id in ids if id in readable) for ids in (found.learn, found.test))
    return Gathered(len(judged), readable, learn[:LESSONS_MAX], test)


async def readable(
    store: Store, judged: Sequence[Judged], wanted: Split, is_private: IsPrivate
) -> dict[str, Readable]:
    """Of those that were drawn once, what is still there."""
    ids = {*wanted.learn, *wanted.test}
    return await _readable(store, [each for each in judged if each.id in ids], is_private)


async def _readable(
    store: Store, judged: Sequence[Judged], is_private: IsPrivate
) -> dict[str, Readable]:
    """What was asked in places that not all who see the channel see is nobody's else to read, nor what
    was learned from it."""
    found = {}
    for each in judged:
        case = await store.case(each.id)
        if case is None or case.result is None or is_private(case):
            continue
        if _can_be_read(case, case.result):
            found[each.id] = Readable(case, case.result, each)
    return found


def _can_be_read(case: Case, result: Deliberation) -> bool:
    """Files and pages were read once and are not kept as they were; people's answers are nobody's to
    judge again."""
    is_read_along = any(each.kind != "search" for each in result.evidence)
    is_plain = not (
        is_read_along or case.question.files or case.question.redo or case.council.seating
    )
    return case.expired_at is None and is_plain and len(by_models(result.answers)) > 1


async def _rated(store: Store, readable: dict[str, Readable], judged: Judged) -> Rated:
    known = readable.get(judged.id)
    case = known.case if known else await store.case(judged.id)
    return Rated(judged.id, (case and case.thread) or judged.id, judged.asker)


def _seed(platform: str, channel: str, tries: int) -> int:
    drawn = hashlib.sha256(f"{platform}/{channel}/{tries}".encode()).digest()
    return int.from_bytes(drawn[:6])
