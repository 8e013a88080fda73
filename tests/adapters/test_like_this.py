"""How often verdicts like one were accepted, as each platform tells it to whoever has voted."""

from dataclasses import replace
from pathlib import Path

from bot.records import Case
from tests.adapters.test_parity import (
    InTerminal,
    OnDiscord,
    OnSlack,
    Stage,
    answered,
    cases,
    closed,
    stages,
    voted,
)
from tests.fakes.channel import finished_case, rate
from tests.fakes.provider import FakeProvider
from tests.fakes.watched import eventually

SAID = "people accepted the verdict in 36 of 40 (the next: plausible "


async def plant(stage: Stage, like: Case) -> None:
    """Forty questions whose verdicts looked as that of this one."""
    assert like.result
    for number in range(40):
        case = finished_case(
            number,
            models=[each.model for each in like.result.answers],
            platform=stage.platform,
            channel=stage.channel.id,
            asker=f"person-{number % 7}",
        )
        assert case.result
        result = replace(case.result, agreement=like.result.agreement)
        await stage.app.store.create(replace(case, result=result))
        await rate(stage.app.store, case, best=result.answers[0].model, verdict=number % 10 > 0)


async def told(stage: Stage) -> str:
    """What the person alone is told with the names."""
    if isinstance(stage, OnDiscord):
        shown = await stage._press("reveal")
        assert shown.ephemeral
        return shown.text
    await stage.reveal()
    if isinstance(stage, OnSlack):
        return await stage.place.whispered("The verdict was written by")
    assert isinstance(stage, InTerminal)
    await eventually(lambda: is_told(stage))
    return " ".join(stage.printed.getvalue().split())


async def is_told(stage: InTerminal) -> bool:
    return "(the next: plausible " in " ".join(stage.printed.getvalue().split())


async def tell(stage: Stage) -> str:
    async with stage.open(FakeProvider(otherwise=closed)):
        stage.app.questions.seed = 1
        await stage.ask("Is the sky blue?")
        await answered(stage, 1)
        [asked] = await cases(stage)
        await plant(stage, asked)
        await stage.vote("A", "👍")
        await voted(stage, ("A", "accept", True, True))
        return await told(stage)


async def test_whoever_has_voted_is_told_it_with_the_names_on_every_platform(
    tmp_path: Path,
) -> None:
    async with stages(tmp_path) as all_stages:
        for stage in all_stages:
            assert SAID in await tell(stage)
