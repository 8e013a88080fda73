"""What people voted turns the order of answers where a channel lets reviews count unequally."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat import Accepted, Channel, Person
from bot.conversation.app import App
from bot.council import Council, Deliberation, SeatWeight
from bot.errors import StoreFailed
from bot.llm import Request
from bot.records import PlatformName
from tests.conversation.room import (
    ALL_HEARD,
    ANN,
    CHANNEL,
    Held,
    accepted,
    case_of,
    mention,
    running,
    served,
    set_here,
)
from tests.conversation.test_kills import agreeing
from tests.conversation.test_sequels import said, taken
from tests.fakes.channel import finished_case, reaction
from tests.fakes.council import MEMBERS
from tests.fakes.provider import FakeProvider
from tests.fakes.teaching import at_odds, teach
from tests.fakes.watched import eventually

A, B, C = MEMBERS


async def known(app: App) -> None:
    """Have the channel's statistics counted, as whoever looks at them does."""
    await app.statistics().published("discord", CHANNEL.id)


def first_by(result: Deliberation | None) -> tuple[str, str]:
    """Who is first, and who would be by equal votes."""
    assert result is not None
    return result.standings[0].model, max(
        result.standings, key=lambda each: each.score or 0.0
    ).model


@asynccontextmanager
async def council(provider: FakeProvider, database: str = ":memory:") -> AsyncIterator[App]:
    """One in which all reviewers are heard."""
    async with running(provider, database=database) as app:
        app.questions.seed = ALL_HEARD
        yield app


async def of_council(app: App, id: str) -> Council:
    return (await case_of(app, id)).council


async def test_weights_learned_from_votes_turn_the_order() -> None:
    async with council(FakeProvider(otherwise=at_odds)) as app:
        await teach(app.store, range(40), agree=C, people=8)
        await known(app)
        await set_here(app, "weights on")

        case = await case_of(app, await served(app))

        assert first_by(case.result) == (B, A)
        weights = [each.weight for each in case.council.weights]
        assert weights[2] > 2 * max(weights[:2])
        assert case.result
        assert {r.model: r.weight for r in case.result.reviews} == dict(
            zip(MEMBERS, weights, strict=True)
        )


@pytest.mark.parametrize("value", ["off", "shadow", "default"])
async def test_without_it_votes_leave_standings_as_they_are(value: str) -> None:
    async with council(FakeProvider(otherwise=at_odds)) as app:
        await teach(app.store, range(40), agree=C, people=8)
        await known(app)
        await set_here(app, f"weights {value}")

        case = await case_of(app, await served(app))

        assert case.council.weights == ()
        assert first_by(case.result) == (A, A)
        assert case.result
        assert all(each.weighted_score is None for each in case.result.standings)
        assert {review.weight for review in case.result.reviews} == {1.0}


async def test_below_twenty_pairs_all_count_alike() -> None:
    async with council(FakeProvider(otherwise=at_odds)) as app:
        await teach(app.store, range(9), agree=C, people=9)  # of two pairs each
        await app.store.create(finished_case(9, models=MEMBERS, channel=CHANNEL.id))
        await known(app)
        await set_here(app, "weights on")

        case = await case_of(app, await served(app))

        assert case.council.weights == ()
        assert first_by(case.result) == (A, A)


async def test_what_votes_teach_is_learned_beside_a_question_for_those_to_come() -> None:
    async with council(FakeProvider(otherwise=at_odds)) as app:
        await teach(app.store, range(40), agree=C, people=8)
        await set_here(app, "weights on")

        assert (await of_council(app, await served(app))).weights == ()

        async def learned() -> bool:
            return (await app.store.publication("discord", CHANNEL.id))[1] is not None

        await eventually(learned)
        assert (await of_council(app, await served(app))).weights != ()


async def looked_at(app: App) -> list[Channel]:
    """Keep up, and say of which channels' statistics that asked for."""
    published, found = app.statistics().published, list[Channel]()

    async def watched(platform: PlatformName, channel: str) -> object:
        found.append(Channel(platform, CHANNEL.workspace, channel))
        return await published(platform, channel)

    app.statistics().published = watched  # type: ignore[assignment,method-assign]
    await app.questions.weighing.keep_up()
    app.statistics().published = published  # type: ignore[method-assign]
    return found


async def test_weights_are_known_where_nobody_ever_looked_at_the_statistics() -> None:
    async with council(FakeProvider(otherwise=at_odds)) as app:
        await teach(app.store, range(40), agree=C, people=8)
        await set_here(app, "weights on")
        await app.questions.weighing.keep_up()

        assert first_by((await case_of(app, await served(app))).result) == (B, A)


async def test_it_is_looked_only_where_reviews_are_weighed_and_something_changed() -> None:
    async with council(FakeProvider(otherwise=at_odds)) as app:
        await teach(app.store, range(10), agree=C, people=8)
        assert await looked_at(app) == []
        await set_here(app, "weights on")
        assert await looked_at(app) == [CHANNEL]
        assert await looked_at(app) == []
        await teach(app.store, range(10, 11), agree=C, people=8)
        assert await looked_at(app) == [CHANNEL]
        await app.store.react(reaction(finished_case(0, models=MEMBERS), "verdict"))
        assert await looked_at(app) == [CHANNEL]
        await set_here(app, "weights off")
        await teach(app.store, range(11, 12), agree=C, people=8)
        assert await looked_at(app) == []


async def test_where_looking_fails_it_is_looked_again_and_elsewhere_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, well = CHANNEL, replace(CHANNEL, id="elsewhere")
    async with council(FakeProvider()) as app:
        for channel in (broken, well):
            await set_here(app, "weights on", channel)
        published, tried = app.statistics().published, list[str]()

        async def failing(platform: PlatformName, channel: str) -> object:
            tried.append(channel)
            if channel == broken.id:
                raise StoreFailed("The disk is full.")
            return await published(platform, channel)

        app.statistics().published = failing  # type: ignore[assignment,method-assign]
        await app.questions.weighing.keep_up()
        await app.questions.weighing.keep_up()
        assert sorted(tried) == sorted([broken.id, well.id, broken.id])
        assert "what reviews count for stays as it was" in caplog.text


async def weights_of(app: App) -> tuple[SeatWeight, ...]:
    await known(app)
    await set_here(app, "weights on")
    return (await of_council(app, await served(app))).weights


async def test_one_person_who_votes_a_thousand_times_is_a_third_of_it_at_most() -> None:
    found = []
    for flood in (12, 1_000):
        async with council(FakeProvider(otherwise=at_odds)) as app:
            await teach(app.store, range(24), agree=A, people=2)
            await teach(app.store, range(24, 24 + flood), agree=C, people=1, name="flood")
            found.append([each.weight for each in await weights_of(app)])
    for few, many in zip(*found, strict=True):
        assert many == pytest.approx(few, abs=0.05)
    assert found[1][0] > found[1][2]


async def test_a_model_seated_twice_has_two_weights() -> None:
    async with council(FakeProvider(otherwise=at_odds)) as app:
        await teach(app.store, range(40), agree=C, people=8)
        app.defaults = replace(app.defaults, members=(C, A, C))
        first, _, second = await weights_of(app)
        assert first.weight > 2
        assert second == SeatWeight(1.0)  # nothing is known of it


async def test_a_member_asked_alone_has_no_weight() -> None:
    async with running(FakeProvider()) as app:
        await teach(app.store, range(40), agree=C, people=8)
        app.defaults = replace(app.defaults, members=(C,))
        assert await weights_of(app) == ()


@pytest.mark.parametrize(
    ("mode", "words", "says"),
    [("", "redo: shorter", at_odds), ("/quick ", "again, all of you", agreeing)],
)
async def test_what_takes_up_a_run_takes_its_weights_along(
    mode: str, words: str, says: Callable[[Request], str]
) -> None:
    async with council(FakeProvider(otherwise=says)) as app:
        await teach(app.store, range(40), agree=C, people=8)
        await known(app)
        await set_here(app, "weights on")
        id = await served(app, mention(f"{mode}Is it right?", thread="thread"))
        before = await of_council(app, id)
        await set_here(app, "weights off")

        grown = await taken(app, said(words))

        assert before.weights != ()
        assert grown.council.weights == before.weights
        assert grown.result
        assert all(each.weighted_score is not None for each in grown.result.standings)


async def test_a_run_that_is_resumed_keeps_the_weights_it_was_asked_with(tmp_path: Path) -> None:
    database, provider = str(tmp_path / "council.db"), Held("right")
    async with council(provider, database) as app:
        await teach(app.store, range(40), agree=C, people=8)
        await known(app)
        await set_here(app, "weights on")
        id = await accepted(app, mention())
        await provider.until_asked("right")
        before = await of_council(app, id)
    async with council(FakeProvider(otherwise=at_odds), database) as app:
        await set_here(app, "weights off")
        await teach(app.store, range(40, 80), agree=A, people=8)
        await known(app)
        await app.running.resume("discord")
        await app.running.finished(id)

        case = await case_of(app, id)
        assert before.weights != ()
        assert case.council == before
        assert first_by(case.result) == (B, A)


async def test_a_question_that_was_lost_before_it_was_kept_takes_the_weights_of_then(
    tmp_path: Path,
) -> None:
    database, asked = str(tmp_path / "council.db"), mention()
    async with running(database=database) as app:
        await teach(app.store, range(40), agree=C, people=8)
        await known(app)
        await set_here(app, "weights on")
        assert await app.questions.before_posting(asked) is None  # and is stopped here
    async with council(FakeProvider(otherwise=at_odds), database) as app:
        outcome = await app.questions.accept(asked)
        assert isinstance(outcome, Accepted)
        await app.running.finished(outcome.id)
        assert first_by((await case_of(app, outcome.id)).result) == (B, A)


async def test_whoever_may_change_settings_may_change_it() -> None:
    async with running() as app:
        await app.command(CHANNEL, ANN, "set weights on")
        assert (await app.settings(CHANNEL)).weights == "shadow"
        await set_here(app, "changers anyone")
        await app.command(CHANNEL, Person("zoe"), "set weights on")
        assert (await app.settings(CHANNEL)).weights == "on"
