"""Where a channel's reviews count unequally: the same order on every platform, and nothing before the
names by which anybody could tell whose answer is whose."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

from bot.chat import Person
from bot.council import Deliberation
from bot.pages.exports import export
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
    voted,
)
from tests.conversation.room import ALL_HEARD
from tests.fakes.council import MEMBERS
from tests.fakes.discord_thread import buttons
from tests.fakes.provider import FakeProvider
from tests.fakes.teaching import at_odds, teach
from tests.fakes.watched import eventually

A, B, C = MEMBERS


async def taught(stage: Stage, *, value: str) -> None:
    """The channel's people voted mostly as one reviewer did, and somebody looked at the statistics."""
    here, store = stage.channel, stage.app.store
    past = partial(teach, store, people=8, platform=stage.platform, channel=here.id)
    await past(range(24), agree=C)
    await past(range(24, 60), agree=C, also=(A, B))
    await past(range(60, 68), agree=A, also=(B,))
    await stage.app.statistics().published(stage.platform, here.id)
    await stage.app.command(here, Person("0", admin=True), f"set weights {value}")
    assert (await stage.app.settings(here)).weights == value


async def opened(stage: Stage, case: Case) -> str:
    """All that anybody can read of it while blind: posts, what folds out of them, and the transcript."""
    if isinstance(stage, InTerminal):
        stage._type("open ranking")
        await eventually(lambda: is_open(stage))
        return stage.printed.getvalue() + (await stage.app.archive.transcript(case.id) or "")
    if isinstance(stage, OnDiscord):
        return await _opened_on_discord(stage, case)
    assert isinstance(stage, OnSlack)
    return await _opened_on_slack(stage)


async def is_open(stage: InTerminal) -> bool:
    return "Kendall" in stage.printed.getvalue()


async def _opened_on_discord(stage: OnDiscord, case: Case) -> str:
    assert stage._first
    assert stage._first.thread
    server, ada = stage.place.server, stage.place.ada
    said = [message.text for message in server.said(stage._first.thread)]
    ranking = await stage._post("ranking")
    [fold] = [id for id, label in buttons(ranking).items() if label == "How they ranked"]
    said.append((await server.click(ada, ranking, fold)).text)
    file = await server.click(ada, await stage._post("verdict"), f"c1:{case.id}:transcript")
    assert file.original
    return "\n".join((*said, file.original.files()["transcript.md"].decode()))


async def _opened_on_slack(stage: OnSlack) -> str:
    place = stage.place
    server = place.server
    said = [message for message in place.channel.ordered() if message.user is server.bot]
    await server.click(place.ada, place.channel, await post_of(stage, "verdict"), "transcript")
    await place.whispered("in our direct messages")
    [message] = server.said(server.direct(place.ada))
    [file] = message.files
    shown = [json.dumps([each.text, each.blocks], ensure_ascii=False) for each in said]
    return "\n".join((*shown, (file.content or b"").decode()))


def weighted_numbers(result: Deliberation) -> set[str]:
    """As they might be written, but for those that equal counts give, too."""
    weighted = [each.weighted_score for each in result.standings]
    weighted += [review.weight for review in result.reviews]
    equal = [each.score for each in result.standings] + [result.agreement.kendall_w]
    return _written(weighted) - _written(equal)


def _written(values: list[float | None]) -> set[str]:
    forms = (".1f", ".2f", ".3f", ".0%", ".1%")
    return {
        f"{value:{form}}".rstrip("%") for value in values if value is not None for form in forms
    } - {"1.0"}


def numbers_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\d)", text))


async def tell(stage: Stage, value: str) -> list[Any]:
    async with stage.open(models := FakeProvider(otherwise=at_odds)):
        stage.app.questions.seed = ALL_HEARD
        await taught(stage, value=value)
        await stage.ask("Is the sky blue?")
        await answered(stage, 1)
        [case] = await cases(stage)
        assert case.result
        blind = await opened(stage, case)
        assert not any(model in blind for model in MEMBERS), stage.platform
        found = weighted_numbers(case.result) & numbers_in(blind)
        assert not found, (stage.platform, found)
        said = re.search(
            r"Reviews counted unequally; equal votes would put \W*([ABC])\W* first", blind
        )
        refused = await stage.app.command(stage.channel, Person("zoe"), "export")
        assert "administrator" in str(refused)

        await stage.vote("A", "👍")
        await voted(stage, ("A", "accept", True, True))
        await stage.reveal()
        await voted(stage, ("A", "accept", True, True), ("A", "accept", False, True))
        exported = await export(stage.app.store, case)
        [asked] = models.asked("verdict")
        return [
            [(s["model"], s["score"], s["weighted_score"]) for s in exported["standings"]],
            {review["model"]: review["weight"] for review in exported["reviews"]},
            case.council.weights,
            said and said[1] == next(a.label for a in case.result.answers if a.model == A),
            re.findall(r"^Answer ([ABC]): 0", asked.messages[-1].content, re.MULTILINE)
            == [standing.label for standing in case.result.standings],
            "some reviewers count more than others" in asked.messages[-1].content,
        ]


async def test_weights_turn_the_same_order_on_every_platform(tmp_path: Path) -> None:
    async with stages(tmp_path) as (terminal, *others):
        expected = await tell(terminal, "on")
        standings, weights, _, is_said, is_read, is_told = expected
        assert [model for model, _, _ in standings] == [B, A, C]
        assert [round(score, 3) for _, score, _ in standings] == [0.667, 0.833, 0.0]
        assert standings[0][2] > standings[1][2]
        assert weights[C] > 2 * max(weights[A], weights[B])
        assert (is_said, is_read, is_told) == (True, True, True)
        for stage in others:
            assert await tell(stage, "on") == expected, stage.platform


async def test_in_shadow_nothing_is_said_of_weights_on_any_platform(tmp_path: Path) -> None:
    async with stages(tmp_path) as all_stages:
        for stage in all_stages:
            standings, weights, of_council, *said = await tell(stage, "shadow")
            assert [model for model, _, _ in standings] == [A, B, C]
            assert {weighted for _, _, weighted in standings} == {None}
            assert (weights, of_council) == (dict.fromkeys(MEMBERS, 1.0), ())
            assert said == [None, True, False]
