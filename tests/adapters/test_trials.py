"""A blind trial, in a terminal, on Discord and on Slack: the same choice, whatever it is made with."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.chat import HEADLINE, RANKING, Person
from bot.llm import Request
from bot.records import Case
from tests.adapters.test_parity import InTerminal, OnDiscord, OnSlack, Stage, stages
from tests.fakes.channel import finished_case, rate
from tests.fakes.council import MEMBERS
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat
from tests.fakes.watched import eventually

ADMIN = Person("0", admin=True)
QUESTION = "Is the sky blue?"


def long(request: Request) -> Scripted:
    """Texts that take several messages."""
    said, stage = plain(request), stage_and_seat(request)[0]
    if stage not in {"answer", "verdict"}:
        return said
    lines = "\n\n".join(f"Line {n} of the {stage}: so it is, and so it stays." for n in range(240))
    return f"{said}\n\n{lines}\n\nThe end of the {stage}."


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
        await vote(stage, case)
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


async def post_of(stage: Stage, case: Case, key: str) -> Any:
    """On Discord the message, on Slack its `ts`."""
    posts = await stage.app.store.posts(case.id)
    found = next(post.post_id for post in posts if (post.key, post.part) == (key, 0))
    assert found
    id = found.partition("/")[2]
    if not isinstance(stage, OnDiscord):
        return id
    assert stage._first
    assert stage._first.thread
    return next(m for m in stage.place.server.said(stage._first.thread) if str(m.id) == id)


async def vote(stage: Stage, case: Case) -> None:
    """Where people vote: what is not there would be taken back."""
    match stage:
        case InTerminal():
            stage._type("react verdict 👍")
        case OnDiscord(place=place):
            place.server.react(place.ada, await post_of(stage, case, HEADLINE), "👍")
        case OnSlack(place=place):
            ts = await post_of(stage, case, HEADLINE)
            place.server.react(place.ada, place.channel, ts, "+1")
    await eventually(lambda: has_voted(stage, case))


async def has_voted(stage: Stage, case: Case) -> bool:
    return any(each.person == case.asker for each in await stage.app.store.reactions(case.id))


async def press(stage: Stage, case: Case) -> None:
    match stage:
        case InTerminal():
            stage._type("compare")
        case OnDiscord(place=place):
            post = await post_of(stage, case, RANKING)
            stage.shown = await place.server.click(place.ada, post, f"c1:{case.id}:compare")  # type: ignore[attr-defined]  # for `alone`
        case OnSlack(place=place):
            ts = await post_of(stage, case, RANKING)
            await place.server.click(place.ada, place.channel, ts, "compare")


def alone(stage: Stage) -> list[Any]:
    """The messages that she alone sees, on Discord those in answer to her pressing *Compare*."""
    match stage:
        case OnDiscord():
            shown = stage.shown  # type: ignore[attr-defined]  # by `press`
            return [shown.original, *shown.followups] if shown.settled else []
        case OnSlack(place=place):
            return list(place.server.ephemerals)
    raise AssertionError(stage)


def said_in(message: Any) -> str:
    """All of it, as it was sent."""
    return str(getattr(message, "blocks", None) or message.components)


def can_choose(message: Any) -> bool:
    return "compare:first" in said_in(message)


async def choose(stage: Stage, case: Case, place_chosen: str) -> None:
    if isinstance(stage, InTerminal):
        stage._type(f"compare {place_chosen}")
        return
    assert isinstance(stage, OnDiscord | OnSlack)
    await stage.place.server.wait_for(lambda: any(map(can_choose, alone(stage))))
    await press_at(stage, case, next(filter(can_choose, alone(stage))), place_chosen)


async def press_at(stage: Stage, case: Case, message: Any, place_chosen: str) -> None:
    match stage:
        case OnDiscord(place=place):
            id = f"c1:{case.id}:compare:{place_chosen}"
            await place.server.click(place.ada, message, id)
        case OnSlack(place=place):
            await place.server.click(
                place.ada, place.channel, message.ts, f"compare:{place_chosen}"
            )


async def test_a_choice_is_the_same_on_every_platform(tmp_path: Path) -> None:
    async with stages(tmp_path) as (terminal, *others):
        expected = await tell(terminal)
        assert expected[:3] == ["first", True, 1]
        for stage in others:
            assert await tell(stage) == expected, stage.platform


async def read_and_choose(stage: OnDiscord | OnSlack) -> None:
    """Two long texts, twice, because she presses twice."""
    async with stage.open(FakeProvider(otherwise=long)):
        await remember(stage)
        await stage.app.command(stage.channel, ADMIN, "trial on")
        await stage.ask(QUESTION)
        await eventually(lambda: is_answered(stage))
        case, server = await asked(stage), stage.place.server
        assert case.asker
        await vote(stage, case)
        await press(stage, case)
        await server.wait_for(lambda: any(map(can_choose, alone(stage))))
        first = alone(stage)
        *texts, last = first
        assert len(texts) >= 2
        assert not any(map(can_choose, texts))
        read = "\n".join(map(said_in, first))
        assert "The end of the verdict." in read
        assert "The end of the answer." in read
        assert "Your choice stands" in said_in(last)
        await press(stage, case)
        await server.wait_for(lambda: any(can_choose(each) for each in again(stage, first)))
        [second] = [each for each in again(stage, first) if can_choose(each)]

        await press_at(stage, case, last, "first")
        await server.wait_for(lambda: "Your choice: " in said_in(last))
        await press_at(stage, case, second, "second")
        await server.wait_for(lambda: "the first choice stands" in said_in(second))
        assert not any(map(can_choose, [*first, *again(stage, first)]))
        [said] = await stage.app.store.comparisons(case.id)
        assert said.chose == "first"


def again(stage: Stage, before: list[Any]) -> list[Any]:
    return [message for message in alone(stage) if message not in before]


async def test_both_texts_are_read_before_the_buttons_which_go_with_the_choice(
    tmp_path: Path,
) -> None:
    async with stages(tmp_path) as (_terminal, *others):
        for stage in others:
            assert isinstance(stage, OnDiscord | OnSlack)
            await read_and_choose(stage)


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
        await vote(stage, case)
        await press(stage, case)
        await eventually(lambda: is_shown(stage, case))
        await choose(stage, case, "same")
        await eventually(lambda: is_over(stage))
        if not isinstance(stage, InTerminal):  # which tells it behind the choice
            for _ in range(2):
                await stage.app.trials.turn()
        await eventually(lambda: is_told(stage))
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


async def is_told(stage: Stage) -> bool:
    over = await stage.app.store.trial_over(stage.platform, stage.channel.id)
    return over is not None and not await stage.app.store.untold_trials(stage.platform)


async def test_its_end_is_told_once_on_every_platform(tmp_path: Path) -> None:
    async with stages(tmp_path) as every:
        for stage in every:
            expected = ["trial = off", "council", False, 1]
            assert await tell_the_end(stage) == expected, stage.platform
