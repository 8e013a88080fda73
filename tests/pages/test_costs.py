"""Costs as a page: what was spent, and what may yet be billed."""

from datetime import date
from pathlib import Path

from adapters.terminal.render import plain
from bot.bills import Bill
from bot.pages.costs import costs_page
from bot.store.store import Store

DAY = date(2026, 11, 24)


async def test_what_only_limits_count_is_said_below(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "council.db")
    await store.spend(
        DAY, "lab/a", Bill(cost_micros=6_000, counted_micros=6_000, told_micros=6_000)
    )
    told = plain(costs_page(await store.costs("day"), "day"))
    await store.spend(DAY, "lab/b", Bill(cost_micros=None, counted_micros=60_000))
    cut_off = plain(costs_page(await store.costs("day"), "day"))
    await store.close()

    assert "Limits count" not in told
    assert "Limits count up to $0.06 more" in cut_off
