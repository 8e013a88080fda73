"""Whether reviews are weighed is told and decided on the page of the reviewers, and told with the settings."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

import pytest

from bot.chat import Person
from bot.conversation.app import App
from bot.document import Document, Table, Text
from tests.conversation.room import ANN, CHANNEL, running, set_here
from tests.conversation.test_weighing import A, B, C
from tests.fakes.channel import NOW, finished_case
from tests.fakes.council import MEMBERS
from tests.fakes.teaching import teach
from tests.pages.telling import words

BOSS = Person("boss", admin=True)
WORTH_IT = "It is worth weighing reviews here"


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with running() as app:
        app.clock = lambda: NOW
        yield app


async def proven(app: App) -> None:
    """Votes that leave no doubt about who orders answers as people do."""
    await teach(app.store, range(60), agree=C, people=12)


async def page(app: App, person: Person = BOSS) -> Document:
    return await app.command(CHANNEL, person, "stats reviewers")


def names(page: Document) -> list[str]:
    return [button.name for button in page.buttons]


async def changes(app: App) -> list[tuple[str, str, datetime]]:
    """Newest first."""
    audit = await app.store.audit(CHANNEL.platform, CHANNEL.workspace, CHANNEL.id)
    return [(each.person, each.what, each.at) for each in audit]


async def test_a_press_on_what_the_page_suggests_is_one_change_of_the_settings(app: App) -> None:
    await proven(app)
    suggested = await page(app)
    assert WORTH_IT in words(suggested)
    assert names(suggested) == ["set:weights:on"]

    told = await app.pressed(CHANNEL, BOSS, "set:weights:on")

    assert told.blocks[0] == Text("**weights** is now: on")
    assert await changes(app) == [("boss", "weights = on", NOW)]
    after = await page(app)
    assert "`weights` has been `on` since 20 Nov 2026." in words(after)
    assert WORTH_IT not in words(after)


async def test_who_may_not_change_settings_reads_it_and_presses_nothing(app: App) -> None:
    await proven(app)
    shown = await page(app, ANN)
    assert WORTH_IT in words(shown)
    assert names(shown) == []

    told = await app.pressed(CHANNEL, ANN, "set:weights:on")

    assert words(told).startswith("Only administrators can change")
    assert await changes(app) == []
    await set_here(app, "changers anyone")
    assert names(await page(app, ANN)) == ["set:weights:on"]


async def test_since_when_reviews_are_weighed_is_since_it_was_turned_on_last(app: App) -> None:
    await proven(app)
    days = iter(range(1, 9))

    async def on(day: int, setting: str) -> None:
        app.clock = lambda: NOW.replace(day=day)
        await set_here(app, setting)

    for setting in ("weights on", "weights shadow", "reveal always", "weights on", "weights on"):
        await on(next(days), setting)
    await on(next(days), "effort high")
    assert "since 4 Nov 2026" in words(await page(app))


async def test_the_page_of_a_channel_that_wants_no_weights_has_none(app: App) -> None:
    await proven(app)
    await set_here(app, "weights off")
    shown = await page(app)
    assert "Weights would serve here" in words(shown)
    assert names(shown) == ["set:weights:on", "set:weights:shadow"]
    [table] = [block for block in shown.blocks if isinstance(block, Table)]
    assert table.columns == ("Reviewer", "Agrees with people", "Pairs")

    told = await app.pressed(CHANNEL, BOSS, "set:weights:shadow")

    assert told.blocks[0] == Text("**weights** is now: shadow")
    assert WORTH_IT in words(await page(app))


# --- with the settings


async def told_of_weights(app: App) -> Mapping[str, str]:
    """By where settings are shown, the line about weights."""
    everywhere = {each: await app.command(CHANNEL, BOSS, each) for each in PLACES}
    return {each: _line(page) for each, page in everywhere.items()}


PLACES: Sequence[str] = ("show", "show all", "set weights")


def _line(page: Document) -> str:
    rows = [row for block in page.blocks if isinstance(block, Table) for row in block.rows]
    lines = [line for b in page.blocks if isinstance(b, Text) for line in b.text.splitlines()]
    cells = [row[1] for row in rows if row[0] == "weights"]
    found = [line for line in lines if line.startswith(("- **What reviews", "**weights**"))]
    return next(iter(cells + found), "")


async def test_settings_say_how_many_pairs_there_are_while_these_are_too_few(app: App) -> None:
    await teach(app.store, range(9), agree=C, people=9)  # of two pairs each
    await set_here(app, "weights on")
    assert await told_of_weights(app) == {
        "show": "- **What reviews count for**: the more, the more often they agree with people",
        "show all": "on",
        "set weights": "**weights**: on",
    }
    await teach(app.store, range(9, 10), agree=C, people=9)
    await app.command(CHANNEL, BOSS, "stats")  # publishes the step
    enough = await told_of_weights(app)
    assert not any("pairs" in line for line in enough.values())


async def test_the_count_of_pairs_moves_with_the_published_numbers_alone(app: App) -> None:
    await teach(app.store, range(3), agree=A, people=3)
    await asked_and_not_rated(app, range(3, 10))
    await set_here(app, "weights on")
    await app.command(CHANNEL, BOSS, "stats")
    assert set((await told_of_weights(app)).values()) == {
        "- **What reviews count for**: the more, the more often they agree with people · "
        "6 of 20 pairs so far",
        "on · 6 of 20 pairs so far",
        "**weights**: on · 6 of 20 pairs so far",
    }
    before = await told_of_weights(app)
    await teach(app.store, range(10, 19), agree=B, people=3)
    await app.command(CHANNEL, BOSS, "stats")
    assert await told_of_weights(app) == before
    assert (await app.command(CHANNEL, BOSS, "set weights on")).blocks[0] == Text(
        "**weights** is now: on · 6 of 20 pairs so far"
    )
    await set_here(app, "weights off")
    assert not any("pairs" in line for line in (await told_of_weights(app)).values())


async def asked_and_not_rated(app: App, numbers: Sequence[int]) -> None:
    for number in numbers:
        await app.store.create(finished_case(number, models=MEMBERS, channel=CHANNEL.id))
