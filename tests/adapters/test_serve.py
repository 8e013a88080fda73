"""`council serve` on each platform: killed anywhere, and ended in order."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.store.store import Store
from tests.fakes.discord_server import running_discord
from tests.fakes.model_server import ModelServer
from tests.fakes.processes import delivered, rows
from tests.fakes.served import POSTS, OnDiscord, Served, running_platform
from tests.fakes.watched import eventually

MEMBERS = ("lab/a", "lab/b", "lab/c")
CHAIRMAN = "lab/d"

# What is refused because it was done already, by the process that was killed.
DONE_ALREADY = {160004, "already_reacted"}


@pytest.fixture
async def served(platform: str) -> AsyncIterator[Served]:
    async with running_platform(platform) as served:
        yield served


async def reach(served: Served, models: ModelServer, moment: str) -> Any:
    """Until it is there; what has to be let go after the kill, or nothing."""
    match moment:
        case "review" | "verdict":
            least = 2 if moment == "review" else 1
            await models.until(lambda: len(models.asked(moment)) >= least)
            return None
        case "ranking shown":
            await served.server.wait_for(lambda: served.pings)
            return None
        case "answer":
            await served.server.wait_for(served.posted)
        case "ranking":
            await served.server.wait_for(lambda: served.posted() == len(MEMBERS) + 1)
    held = served.hold(moment if moment in served.holdable else "post")
    await held.reached.wait()
    return held


EVERYWHERE = (
    "headline", "answer", "seed", "update", "review", "verdict", "ranking", "ranking shown",
)  # fmt: skip


@pytest.mark.both_databases(2)
@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("platform", "moment"),
    [
        ("discord", "thread"),
        *((name, moment) for name in ("discord", "slack") for moment in EVERYWHERE),
    ],
)
async def test_a_kill_repeats_no_post_and_no_finished_call(served: Served, moment: str) -> None:
    async with ModelServer(models=(*MEMBERS, CHAIRMAN), chunk_delay=0.005) as models:
        variables = {
            "COUNCIL_MODEL_URL": models.url,
            "COUNCIL_MODEL_KEY": models.key or "",
            "COUNCIL_MEMBERS": ",".join(MEMBERS),
            "COUNCIL_CHAIRMAN": CHAIRMAN,
        }
        async with served.serving(**variables) as program:
            question = served.ask()
            held = await reach(served, models, moment)
            await program.kill()
        if held:
            held.gate.set()
        finished = set(rows("SELECT stage, model FROM calls"))
        before = Counter((request.stage, request.model) for request in models.requests)
        async with served.serving(**variables):
            found = await served.posts(question)
            await delivered()
        again = Counter((request.stage, request.model) for request in models.requests) - before

    assert len(found) == len(MEMBERS) + 2
    assert [post.text.strip("*")[0] for post in found[1:-1]] == ["A", "B", "C"]
    assert served.only_answered(question)
    assert [call for call in again if call in finished] == []
    assert len(served.pings) == 1
    assert served.refused() <= DONE_ALREADY


async def enough_chosen() -> None:
    """As a kill leaves it behind the last choice of a trial: nothing came of it yet."""
    at = datetime.now(UTC)
    store = await Store.open(Path("council.db"), holder="tests")
    [case] = [case async for case in store.cases()]
    here = case.platform, case.workspace or "", case.channel or ""
    await store.save_settings(
        *here, seen_version=0, values={"trial": "on"}, person="eve", at=at, what="trial = on"
    )
    for number in range(30):
        await store.shown_comparison(case.id, f"person {number}", "verdict")
        await store.choose(case.id, f"person {number}", "first", at, trial=1)
    await store.close()


@pytest.mark.both_databases(1)
@pytest.mark.parametrize("platform", ["discord", "slack"])
async def test_a_trial_that_a_kill_kept_from_ending_ends_once_and_is_told_once(
    served: Served,
) -> None:
    async with served.serving():
        question = served.ask()
        await served.posts(question)
        await delivered()
    await enough_chosen()
    held = served.hold("post")
    async with served.serving() as program:
        await held.reached.wait()
        await program.kill()
    held.gate.set()
    assert rows("SELECT number, told FROM trials") == [(1, 0)]

    async def told() -> bool:
        return rows("SELECT told FROM trials") == [(1,)]

    async with served.serving():
        await eventually(told)
    end = "People prefer the verdict to the best member's answer"
    assert [end in post.text for post in served.said(question)].count(True) == 1
    assert rows("SELECT what FROM settings_audit WHERE person = 'council'") == [("trial = off",)]


@pytest.mark.both_databases(1)
@pytest.mark.parametrize("platform", ["discord", "slack"])
async def test_a_term_signal_ends_it_in_order_and_a_start_goes_on(served: Served) -> None:
    async with served.serving() as program:
        question = served.ask()
        await served.server.wait_for(lambda: served.said(question))
        code, err = await program.told_to_end()
    assert code == 130
    assert "Traceback" not in err
    async with served.serving():
        assert len(await served.posts(question)) == POSTS


async def test_it_says_what_it_serves_by_whom_and_for_how_much() -> None:
    async with running_discord(time_scale=0.05) as discord, ModelServer() as models:
        served = OnDiscord(discord)
        here = {"COUNCIL_MODEL_URL": models.url, "COUNCIL_MODEL_KEY": models.key or ""}
        async with served.serving(**here) as program:
            pass
        _, err = await program.ended()
        async with served.serving() as program:
            pass
        _, rehearsed = await program.ended()

    said = (
        "Serving Discord: members lab/a, lab/b, lab/c, lab/d; chairman lab/e; $5.00 a day, "
        "$0.00 of it spent; texts are kept for 30 days."
    )
    assert err.count("Serving ") == 1
    assert said in err
    assert "; chairman rehearsal/chairman; the models are simulated;" in rehearsed


async def test_a_platform_that_cannot_be_reached_is_named_and_the_other_served() -> None:
    async with ModelServer() as nothing:
        gone = nothing.url
    async with running_discord(time_scale=0.05) as discord:
        served = OnDiscord(discord)
        tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": gone}
        async with served.serving(**tokens) as program:
            assert len(await served.posts(served.ask())) == POSTS
        _, err = await program.ended()

    assert "Serving Discord and Slack: members " in err
    assert "Slack cannot be reached" in err
    assert "Traceback" not in err
