"""What a channel's weights do in each mode: they order where reviews are counted, and else nothing is
said of them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.chat import HEADLINE, RANKING
from bot.conversation.app import App
from bot.llm import Request
from bot.modes import MODES
from bot.records import Case
from tests.conversation.room import Held, Room, accepted, case_of, mention, served, set_here
from tests.conversation.test_kills import agreeing
from tests.conversation.test_weighing import council, first_by, known
from tests.fakes import databases
from tests.fakes.council import MEMBERS
from tests.fakes.provider import FakeProvider, stage_and_seat
from tests.fakes.teaching import at_odds, teach
from tests.pages.telling import words

A, B, C = MEMBERS
UNEQUAL = "Reviews counted unequally"


def with_reasons(request: Request) -> str:
    """Too much for a value that could be counted."""
    reasons = " It has its reasons. They are of many kinds." * 3
    return at_odds(request) + reasons * (stage_and_seat(request)[0] == "answer")


async def weighing(app: App) -> None:
    await teach(app.store, range(40), agree=C, people=8)
    await known(app)
    await set_here(app, "weights on")


async def served_in(
    mode: str, says: Callable[[Request], str]
) -> tuple[Case, FakeProvider, list[str]]:
    """With what its verdict and its ranking say."""
    models = FakeProvider(otherwise=says)
    async with council(models) as app:
        await weighing(app)
        case = await case_of(app, await served(app, mention(f"/{mode} Is it right?")))
        room = app.platforms["discord"]
        assert isinstance(room, Room)
        said = [words(room.documents[case.id, key]) for key in (HEADLINE, RANKING)]
        return case, models, said


@pytest.mark.parametrize("mode", sorted({*MODES} - {"compare"}))
async def test_where_reviews_are_counted_weights_order(mode: str) -> None:
    """Members of `quick` and `vote` who say nothing that can be compared are reviewed."""
    case, models, said = await served_in(mode, with_reasons)
    assert case.result
    assert first_by(case.result) == (B, A)
    assert [each.weight for each in case.council.weights] == [
        review.weight for review in sorted(case.result.reviews, key=lambda each: each.seat)
    ]
    label = next(answer.label for answer in case.result.answers if answer.model == A)
    assert f"{UNEQUAL}; equal votes would put **{label}** first." in said[0]
    verdict = models.asked("verdict")[-1].messages[-1].content
    assert "some reviewers count more than others" in verdict


@pytest.mark.parametrize(
    ("mode", "says"), [("compare", at_odds), ("quick", agreeing), ("vote", agreeing)]
)
async def test_where_nobody_reviews_nothing_is_said_of_weights(
    mode: str, says: Callable[[Request], str]
) -> None:
    case, models, said = await served_in(mode, says)
    assert case.result
    assert case.council.weights != ()
    assert case.result.reviews == ()
    assert {each.weighted_score for each in case.result.standings} <= {None}
    assert not any(UNEQUAL in each for each in said)
    read = [message.content for request in models.requests for message in request.messages]
    assert not any("count more" in text for text in read)


async def test_a_run_that_an_earlier_version_began_ends_as_it_would_have(tmp_path: Path) -> None:
    """Its council knows of no weights, whatever its channel has now."""
    database, models = str(tmp_path / "council.db"), Held("right")
    async with council(models, database) as app:
        id = await accepted(app, mention())
        await models.until_asked("right")
    [(text,)] = databases.rows(database, "SELECT council FROM deliberations WHERE id = ?", (id,))
    written = json.loads(text)
    assert written.pop("weights") == []
    values = (json.dumps(written), id)
    databases.rows(database, "UPDATE deliberations SET council = ? WHERE id = ?", values)
    async with council(FakeProvider(otherwise=at_odds), database) as app:
        await weighing(app)
        await app.running.resume("discord")
        await app.running.finished(id)
        case = await case_of(app, id)
        assert case.council.weights == ()
        assert first_by(case.result) == (A, A)
        assert first_by((await case_of(app, await served(app))).result) == (B, A)
