"""Who changed a channel's council and when, and any version of it brought back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.chat import Channel, Person
from bot.conversation.app import App
from bot.conversation.audit_commands import LISTED
from bot.conversation.budget import Rules
from bot.document import Document, Heading, Note, Table, Text
from bot.llm import ModelInfo
from bot.records import StoredSettings
from tests.conversation.room import ADMIN, ANN, BOB, CHANNEL, ELSEWHERE, NOW, running
from tests.fakes.provider import FakeProvider

ROOT, GUEST = Person("root"), Person("gus", guest=True)
SEES_ONLY_CHANGERS = "Only those who may change this channel's council see who changed it."
HOW = (
    "Write `/council audit` (who changed what), `/council audit N` (what held in version N) or "
    "`/council audit restore N` (have it back)."
)


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with running(rules=Rules(admins=frozenset({"root"}))) as app:
        yield app


async def text(app: App, typed: str, person: Person = ADMIN, channel: Channel = CHANNEL) -> str:
    page = await app.command(channel, person, typed)
    return "\n".join(block.text for block in page.blocks if isinstance(block, Text))


async def stored(app: App, channel: Channel = CHANNEL) -> StoredSettings:
    return await app.store.settings(channel.platform, channel.workspace, channel.id)


def cells(page: Document) -> dict[str, tuple[str, str]]:
    [table] = [block for block in page.blocks if isinstance(block, Table)]
    return {name: (value, default) for name, value, default in table.rows}


# --- who changed what when


async def test_the_newest_changes_come_first_with_number_time_and_name(app: App) -> None:
    await app.command(CHANNEL, ADMIN, "set changers anyone")
    await app.command(CHANNEL, ANN, "set language German")
    await app.command(CHANNEL, ROOT, "reset language")
    await app.command(ELSEWHERE, ADMIN, "set language French")

    page = await app.command(CHANNEL, ADMIN, "audit")

    assert page.blocks == (
        Heading("Who changed this channel's council"),
        Text(
            "- **3** · 2026-11-24 12:00 · root · reset language\n"
            "- **2** · 2026-11-24 12:00 · Ann\\_ · language \\= German\n"
            "- **1** · 2026-11-24 12:00 · eve · changers \\= anyone"
        ),
        Note("`/council audit N` shows version N, `/council audit restore N` has it back."),
    )


async def test_a_channel_that_nobody_changed_says_so(app: App) -> None:
    assert await text(app, "audit") == "Nobody changed this channel's council yet."


async def test_a_long_history_is_cut_and_says_so(app: App) -> None:
    for n in range(LISTED + 1):
        await app.command(CHANNEL, ADMIN, f"budget {n}")

    page = await app.command(CHANNEL, ADMIN, "audit")

    said = page.blocks[1]
    assert isinstance(said, Text)
    assert said.text.count("\n") == LISTED - 1
    assert said.text.startswith(f"- **{LISTED + 1}** · ")
    assert Note("Older versions can be shown and had back by their numbers, too.") in page.blocks
    assert "budget" in cells(await app.command(CHANNEL, ADMIN, "audit 1"))


async def test_a_change_of_many_words_or_signs_is_a_line(app: App) -> None:
    hostile = "@everyone\n- **99** · 2026-11-24 12:00 · Bob · budget = 0\n# Top\n" + "word " * 100
    await app.command(CHANNEL, ADMIN, f"criteria {hostile}")

    said = await text(app, "audit")

    assert "\n" not in said
    assert "**99**" not in said
    assert len(said) < 300


async def test_who_was_forgotten_is_somebody(app: App) -> None:
    await app.command(CHANNEL, ADMIN, "set language German")
    await app.command(CHANNEL, ADMIN, "forget me")

    assert "· somebody · language" in await text(app, "audit")


@pytest.mark.parametrize("typed", ["audit", "audit 1", "audit restore 1"])
@pytest.mark.parametrize("person", [ANN, GUEST], ids=["member", "guest"])
async def test_the_history_is_for_those_who_may_change_the_council(
    app: App, typed: str, person: Person
) -> None:
    await app.command(CHANNEL, ADMIN, "set language German")
    app.admission.allowed = frozenset({CHANNEL.id})

    said = await text(app, typed, person)

    refused = "Only administrators can bring a version back."
    assert said == (refused if "restore" in typed else SEES_ONLY_CHANGERS)
    assert (await stored(app)).version == 1


async def test_where_everybody_may_change_everybody_but_guests_sees_the_history(app: App) -> None:
    await app.command(CHANNEL, ADMIN, "set changers anyone")
    app.admission.allowed = frozenset({CHANNEL.id})

    assert "changers" in await text(app, "audit", ANN)
    assert await text(app, "audit", GUEST) == SEES_ONLY_CHANGERS


# --- any version comes back


async def test_a_version_is_shown_as_it_was_and_by_whom(app: App) -> None:
    await app.command(CHANNEL, ANN, "set language German")
    await app.command(CHANNEL, replace(ANN, admin=True), "set language French")
    await app.command(CHANNEL, ADMIN, "budget 2.50")

    page = await app.command(CHANNEL, ADMIN, "audit 1")

    assert page.blocks[:2] == (
        Heading("Version 1 of this channel's settings"),
        Text("Since 2026-11-24 12:00 UTC, by Ann\\_. Their id: ann"),
    )
    assert cells(page)["language"] == ("French", "")
    assert cells(page)["budget"] == ("unlimited", "default")
    assert page.blocks[-1] == Note("`/council audit restore 1` has it back.")


async def test_a_version_that_is_brought_back_holds_and_is_a_change_itself(app: App) -> None:
    await app.command(CHANNEL, ADMIN, "set language German")
    await app.command(CHANNEL, ADMIN, "budget 2.50")
    await app.command(CHANNEL, ADMIN, "set reveal never")

    assert await text(app, "audit restore 2") == (
        "Version 2 of this channel's settings holds again."
    )

    assert await stored(app) == StoredSettings(4, {"language": "German", "budget": "2.5"})
    assert (await text(app, "audit")).startswith("- **4** · 2026-11-24 12:00 · eve · restore 2\n")
    await app.command(CHANNEL, ADMIN, "audit restore 3")
    assert (await app.settings(CHANNEL)).reveal == "never"


async def test_what_holds_already_makes_no_version(app: App) -> None:
    await app.command(CHANNEL, ADMIN, "set language German")

    assert await text(app, "audit restore 1") == "Nothing was changed."
    assert (await stored(app)).version == 1


async def test_a_version_of_another_channel_is_not_reached(app: App) -> None:
    await app.command(ELSEWHERE, ADMIN, "set language German")

    missing = "There is no version 1 of this channel's settings. `/council audit` lists them."
    assert await text(app, "audit 1") == missing
    assert await text(app, "audit restore 1") == missing
    assert (await app.settings(CHANNEL)).language == ""


@pytest.mark.parametrize(
    "typed", ["ten", "-1", "1.5", "²", "9" * 400, "restore", "restore x", "1 2"]
)
async def test_what_is_no_version_is_explained_and_changes_nothing(app: App, typed: str) -> None:
    await app.command(CHANNEL, ADMIN, "set language German")

    assert await text(app, f"audit {typed}") == HOW
    assert (await stored(app)).version == 1


async def test_everybody_may_change_brings_nobody_a_version_back(app: App) -> None:
    """It may hold another budget, other rights, other names."""
    await app.command(CHANNEL, ADMIN, "budget unlimited")
    await app.command(CHANNEL, ADMIN, "set changers anyone")
    await app.command(CHANNEL, ADMIN, "budget 1")

    assert await text(app, "audit restore 1", BOB) == (
        "Only administrators can bring a version back."
    )
    assert (await app.settings(CHANNEL)).budget_usd == 1


@pytest.mark.sqlite_only("both have read before either writes, which a server does not promise")
async def test_of_a_version_and_another_change_at_once_one_is_refused(app: App) -> None:
    await app.command(CHANNEL, ADMIN, "set language German")
    await app.command(CHANNEL, ADMIN, "set language French")

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(text(app, typed))
            for typed in ("audit restore 1", "set language Spanish")
        ]

    refused = [task for task in tasks if "Somebody else changed" in task.result()]
    assert len(refused) == 1
    assert (await stored(app)).version == 3


class Listed(FakeProvider):
    """A list of models that knows some only."""

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(id=id, prompt_usd_per_million=1, completion_usd_per_million=1)
            for id in ("lab/a", "lab/b", "lab/c", "lab/chair")
        )


async def test_a_version_whose_model_is_gone_is_refused_with_its_name() -> None:
    async with running(Listed()) as app:
        await app.store.save_settings(
            CHANNEL.platform,
            CHANNEL.workspace,
            CHANNEL.id,
            seen_version=0,
            values={"members": "lab/a, lab/gone"},
            person="eve",
            at=NOW,
            what="members = lab/a, lab/gone",
        )
        await app.command(CHANNEL, ADMIN, "reset")

        said = await text(app, "audit restore 1")

        assert said.startswith("There is no model `lab/gone`.")
        assert (await stored(app)).values == {}
