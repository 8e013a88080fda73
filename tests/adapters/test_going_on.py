"""A question that is stopped and gone on with, in a terminal, on Discord and on Slack."""

import asyncio
from pathlib import Path

from bot.llm import Request
from bot.records import Case
from tests.adapters.test_parity import (
    InTerminal,
    OnDiscord,
    OnSlack,
    Stage,
    answered,
    cases,
    post_of,
    stages,
)
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat
from tests.fakes.watched import eventually


async def only(stage: Stage) -> Case:
    [place] = await stage.app.store.asked_in(stage.platform, stage.channel.id)
    case = await stage.app.store.case(place.id)
    assert case is not None
    return case


async def press(stage: Stage, what: str) -> None:
    """A button of the headline; in the terminal, what stands for it."""
    case = await only(stage)
    if isinstance(stage, InTerminal):
        if what == "stop":
            stage.app.running.stop(case.id, case.asker or "")
        else:
            stage._type("continue")
        return
    headline = next(
        post.post_id or ""
        for post in await stage.app.store.posts(case.id)
        if (post.key, post.part) == ("headline", 0)
    )
    _, _, message = headline.partition("/")
    if isinstance(stage, OnSlack):
        await stage.place.server.click(stage.place.ada, stage.place.channel, message, what)
        return
    assert isinstance(stage, OnDiscord)
    thread = stage._first and stage._first.thread
    assert thread
    shown = next(m for m in stage.place.server.said(thread) if str(m.id) == message)
    await stage.place.server.click(stage.place.ada, shown, f"c1:{case.id}:{what}")


async def stopped_and_gone_on_with(stage: Stage) -> None:
    provider = FakeProvider({("answer", 1): [asyncio.Event()]})
    async with stage.open(provider):
        await stage.ask("Why is the sky blue?")
        await eventually(lambda: hangs(stage))
        await press(stage, "stop")
        await eventually(lambda: is_stopped(stage))
        before = await posts(stage)

        await press(stage, "go_on")
        await answered(stage, 1)

        after = await posts(stage)
        assert {key: after[key] for key in before} == before, stage.platform
        assert after.keys() - before.keys() == {"ranking"}
        seats = [request.tag.split("/", 1)[1] for request in provider.asked("answer")]
        assert sorted(seats) == ["answer/0/0", "answer/0/1", "answer/0/1", "answer/0/2"]


async def test_on_every_platform_a_stopped_question_goes_on_in_its_own_posts(
    tmp_path: Path,
) -> None:
    async with stages(tmp_path) as all:
        for stage in all:
            await stopped_and_gone_on_with(stage)


def alike(request: Request) -> Scripted:
    name, _ = stage_and_seat(request)
    return "The answer is 18." if name == "answer" else sensible(request)


async def taken_up(stage: Stage) -> list[tuple[str, bool, str, list[str]]]:
    """A quick verdict is written anew, looked closer at, and everybody is asked again."""
    async with stage.open(FakeProvider(otherwise=alike)):
        await stage.ask("/quick What is 6 + 12?")
        await answered(stage, 1)
        await stage.ask("redo: shorter", in_thread=True)
        await answered(stage, 2)
        if isinstance(stage, OnSlack):
            ts = await post_of(stage, "verdict")
            stage.place.server.react(stage.place.ada, stage.place.channel, ts, "mag")
        elif isinstance(stage, InTerminal):
            stage._type("react 1 verdict mag")
        else:
            await stage.vote("verdict", "🔍")
        await answered(stage, 3)
        await stage.ask("Again, all of you!", in_thread=True)
        await answered(stage, 4)
        return [
            (
                case.question.redo.guidance if case.question.redo else case.question.text,
                bool(case.question.grows),
                case.council.mode,
                sorted(f"{c.stage}/{c.seat}" for c in await stage.app.store.calls(case.id)),
            )
            for case in await cases(stage)
        ]


async def test_on_every_platform_what_is_said_of_a_verdict_leaves_the_same(tmp_path: Path) -> None:
    async with stages(tmp_path) as (terminal, *others):
        expected = await taken_up(terminal)
        assert [(said, grows, mode) for said, grows, mode, _ in expected] == [
            ("What is 6 + 12?", False, "quick"),
            ("shorter", False, "council"),
            ("What is 6 + 12?", True, "council"),
            ("What is 6 + 12?", False, "council"),
        ]
        for stage in others:
            found = await taken_up(stage)
            assert [each[:3] for each in found] == [each[:3] for each in expected], stage.platform
            assert [len(each[3]) for each in found] == [2, 1, 7, 7]


async def hangs(stage: Stage) -> bool:
    found = await cases(stage)
    if not found or len(await stage.app.store.calls(found[0].id)) < 2:
        return False
    return "answer:C" in await posts(stage)


async def is_stopped(stage: Stage) -> bool:
    case = await only(stage)
    return case.status == "stopped" and await stage.app.store.is_delivered(case.id)


async def posts(stage: Stage) -> dict[str, str | None]:
    id = (await only(stage)).id
    return {post.key: post.post_id for post in await stage.app.store.posts(id) if not post.part}
