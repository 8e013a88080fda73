"""A blind trial, in a terminal, on Discord and on Slack: the same choice, whatever it is made with."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.chat import TRIAL, Person
from bot.llm import Request
from bot.records import Case, Reaction
from tests.adapters.test_parity import InTerminal, OnDiscord, OnSlack, Stage, stages
from tests.fakes.channel import finished_case, rate
from tests.fakes.council import MEMBERS
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat
from tests.fakes.watched import eventually

ADMIN = Person("0", admin=True)
QUESTION = "Is the sky blue?"


def plain(request: Request) -> Scripted:
    """A chairman that speaks of nobody."""
    is_verdict = stage_and_seat(request)[0] == "verdict"
    return "**Yes.** By day it is." if is_verdict else sensible(request)


async def remember(stage: Stage) -> None:
    """Questions of which people preferred the answers of one model."""
    here = stage.channel
    for number in range(20):
        case = finished_case(number, models=MEMBERS, platform=stage.platform, channel=here.id)
        await stage.app.store.create(case)
        await stage.app.store.delivered(case.id)
        await rate(stage.app.store, case, best="lab/b")


async def tell(stage: Stage) -> list[Any]:
    """Asks, votes, compares and chooses; once more is refused."""
    async with stage.open(FakeProvider(otherwise=plain)):
        await remember(stage)
        await stage.app.command(stage.channel, ADMIN, "trial on")
        await stage.ask(QUESTION)
        await eventually(lambda: is_answered(stage))
        case = await asked(stage)
        assert case.asker
        assert case.question.rivals[0] == "lab/b"
        at = case.question.asked_at + timedelta(minutes=1)
        given = Reaction(case.id, "verdict", case.asker, "accept", at, blind=True)
        await stage.app.store.react(given)
        await press(stage, case)
        await eventually(lambda: is_shown(stage, case))
        await choose(stage, case, "first")
        await eventually(lambda: has_chosen(stage, case))
        [said] = await stage.app.store.comparisons(case.id)
        assert said.person == case.asker
        page = await stage.app.command(stage.channel, ADMIN, "trial")
        return [said.chose, said.blind, said.trial, len(page.blocks)]


async def asked(stage: Stage) -> Case:
    [found] = [case async for case in stage.app.store.cases() if case.question.text == QUESTION]
    return found


async def is_answered(stage: Stage) -> bool:
    found = [case async for case in stage.app.store.cases() if case.question.text == QUESTION]
    return bool(found) and not await stage.app.store.unfinished(stage.platform)


async def is_shown(stage: Stage, case: Case) -> bool:
    return await stage.app.store.comparison(case.id, case.asker or "") is not None


async def has_chosen(stage: Stage, case: Case) -> bool:
    return bool(await stage.app.store.comparisons(case.id))


async def ranking(stage: Stage, case: Case) -> str:
    posts = await stage.app.store.posts(case.id)
    id = next(post.post_id for post in posts if (post.key, post.part) == ("ranking", 0))
    assert id
    return id.partition("/")[2]


async def press(stage: Stage, case: Case) -> None:
    match stage:
        case InTerminal():
            stage._type("compare")
        case OnDiscord(place=place):
            assert stage._first
            assert stage._first.thread
            id = await ranking(stage, case)
            post = next(m for m in place.server.said(stage._first.thread) if str(m.id) == id)
            stage.shown = await place.server.click(place.ada, post, f"c1:{case.id}:compare")  # type: ignore[attr-defined]  # for `choose`
        case OnSlack(place=place):
            ts = await ranking(stage, case)
            await place.server.click(place.ada, place.channel, ts, "compare")


async def choose(stage: Stage, case: Case, place_chosen: str) -> None:
    match stage:
        case InTerminal():
            stage._type(f"compare {place_chosen}")
        case OnDiscord(place=place):
            shown = stage.shown  # type: ignore[attr-defined]  # by `press`
            await place.server.wait_for(lambda: shown.settled and shown.original)
            id = f"c1:{case.id}:compare:{place_chosen}"
            await place.server.click(place.ada, shown.original, id)
        case OnSlack(place=place):
            await place.server.wait_for(lambda: bool(place.server.ephemerals))
            ts = place.server.ephemerals[-1].ts
            await place.server.click(place.ada, place.channel, ts, f"compare:{place_chosen}")


async def test_a_choice_is_the_same_on_every_platform(tmp_path: Path) -> None:
    async with stages(tmp_path) as (terminal, *others):
        expected = await tell(terminal)
        assert expected[:3] == ["first", True, 1]
        for stage in others:
            assert await tell(stage) == expected, stage.platform


async def tell_the_end(stage: Stage) -> list[Any]:
    """Many chose the verdict before; once she chooses too, the trial is over, and her thread says so."""
    async with stage.open(FakeProvider(otherwise=plain)):
        await remember(stage)
        await stage.app.command(stage.channel, ADMIN, "trial on")
        await stage.ask(QUESTION)
        await eventually(lambda: is_answered(stage))
        case, store = await asked(stage), stage.app.store
        assert case.asker
        at = case.question.asked_at + timedelta(minutes=1)
        for number in range(30):
            await store.shown_comparison(case.id, f"person {number}", "verdict")
            await store.choose(case.id, f"person {number}", "first", at, trial=1)
        await store.react(Reaction(case.id, "verdict", case.asker, "accept", at, blind=True))
        await press(stage, case)
        await eventually(lambda: is_shown(stage, case))
        await choose(stage, case, "same")
        await eventually(lambda: is_over(stage))
        if not isinstance(stage, InTerminal):  # which tells it behind the choice
            for _ in range(2):
                await stage.app.trials.turn()
        await eventually(lambda: is_told(stage, case))
        assert await store.untold_trials(stage.platform) == ()
        here = stage.channel
        [newest, *_] = await store.audit(here.platform, here.workspace, here.id)
        settings = await stage.app.settings(here)
        return [newest.what, newest.person, settings.trial, told(stage).count(END)]


END = "People prefer the verdict to the best member's answer"


def told(stage: Stage) -> str:
    """Everything that stands in the thread."""
    match stage:
        case InTerminal(printed=printed):
            return " ".join(printed.getvalue().split())
        case OnDiscord(place=place):
            assert stage._first
            assert stage._first.thread
            return " ".join(m.text for m in place.server.said(stage._first.thread))
        case OnSlack(place=place):
            assert stage._first
            return " ".join(m.text for m in place.server.said(place.channel, stage._first.ts))
    raise AssertionError(stage)


async def is_over(stage: Stage) -> bool:
    return await stage.app.store.trial_over(stage.platform, stage.channel.id) is not None


async def is_told(stage: Stage, case: Case) -> bool:
    posts = await stage.app.store.posts(case.id)
    is_there = any(post.key == TRIAL and post.post_id for post in posts)
    return is_there and END in told(stage)


async def test_its_end_is_told_once_on_every_platform(tmp_path: Path) -> None:
    async with stages(tmp_path) as every:
        for stage in every:
            expected = ["trial = off", "council", False, 1]
            assert await tell_the_end(stage) == expected, stage.platform
