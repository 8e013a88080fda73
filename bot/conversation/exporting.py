"""Finished deliberations as JSON, with what is learned of verdicts like each in its channel."""

from collections.abc import AsyncIterator
from typing import Any

from bot.analysis.calibration import Look, Rated, acceptance, look_of
from bot.analysis.publication import verdicts
from bot.conversation.statistics import Statistics
from bot.council import Acceptance
from bot.pages.exports import export
from bot.records import Case, PlatformName
from bot.store.store import Store

_Place = tuple[PlatformName, str | None]


async def exported(
    store: Store, statistics: Statistics, cases: AsyncIterator[Case]
) -> AsyncIterator[dict[str, Any]]:
    """How often verdicts were accepted is by all votes of now, which an export has one by one."""
    rated: dict[_Place, list[Rated]] = {}
    found: dict[tuple[_Place, Look], Acceptance | None] = {}
    async for case in cases:
        place = (case.platform, case.channel)
        if place not in rated:
            rated[place] = verdicts(await statistics.rows(*place))
        look = look_of(case.result) if case.result and case.result.has_verdict else None
        if look and (place, look) not in found:
            found[place, look] = acceptance(rated[place], look)
        yield await export(store, case, found[place, look] if look else None)
