"""What votes teach of reviewers, from a channel's database to its next question: who can make a reviewer
count for more, and who cannot."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from bot.analysis.judged import seats
from bot.chat import Person
from bot.conversation.app import App
from bot.council import PERSON, Ranking
from bot.records import Case
from tests.conversation.room import (
    ALL_HEARD,
    ANN,
    BOB,
    CHANNEL,
    accepted,
    case_of,
    mention,
    pressed,
)
from tests.conversation.test_people import running as running_with_people
from tests.conversation.test_people import until_gathering, written
from tests.conversation.test_weighing import council, weights_of
from tests.fakes.channel import finished_case, label_of, rate, reaction
from tests.fakes.council import MEMBERS
from tests.fakes.provider import FakeProvider
from tests.fakes.teaching import at_odds, keep, reviewed, teach

A, B, C = MEMBERS

# So many questions are of the reviewer that people agree with.
MANY = range(40)


def cases(numbers: Sequence[int], *, agree: str) -> Iterator[Case]:
    """Questions that nobody voted on, and whose asker wrote nothing else."""
    for number in numbers:
        case = finished_case(number, models=MEMBERS, channel=CHANNEL.id, asker=f"asker-{number}")
        yield reviewed(case, label_of(case, best_of(case)), {agree})


def best_of(case: Case) -> str:
    return MEMBERS[int(case.id.rpartition("-")[2]) % 3]


async def voted_on(app: App, case: Case, person: str, *, blind: bool = True) -> None:
    """This person holds one answer for the best and refuses the others."""
    assert case.result
    for answer in case.result.answers:
        value = "best" if answer.model == best_of(case) else "reject"
        given = reaction(case, answer.label, value, person)  # type: ignore[arg-type]  # of two
        await app.store.react(replace(given, blind=blind))


async def weights(app: App) -> list[float]:
    return [each.weight for each in await weights_of(app)]


async def test_a_pair_that_praises_each_other_gains_nothing_by_it() -> None:
    """However often they do, and also in questions that people rated."""

    def praised(case: Case) -> Case:
        assert case.result
        a, b, c = (label_of(case, model) for model in MEMBERS)
        orders: dict[str, Ranking] = {A: ((b,), (a,), (c,)), B: ((a,), (b,), (c,))}
        reviews = tuple(
            replace(review, ranking=orders.get(review.model, review.ranking))
            for review in case.result.reviews
        )
        return replace(case, result=replace(case.result, reviews=reviews))

    found = []
    for unrated in (0, 100):
        async with council(FakeProvider(otherwise=at_odds)) as app:
            for case in cases(MANY, agree=C):
                await keep(app.store, praised(case))
                await rate(app.store, case, best=best_of(case))
            for case in cases(range(40, 40 + unrated), agree=C):
                await keep(app.store, praised(case))
            found.append(await weights(app))
    assert found[0] == found[1]
    a, b, c = found[0]
    assert c > 2 * max(a, b)


async def test_each_account_that_votes_without_end_is_one_person_of_three() -> None:
    """Two of one person are two for whoever cannot know: more votes make them no more than that."""
    found = []
    for flood in (24, 300):
        async with council(FakeProvider(otherwise=at_odds)) as app:
            await teach(app.store, range(24), agree=A, people=1, name="honest")
            await teach(app.store, range(24, 24 + flood), agree=C, people=2, name="sock")
            found.append(await weights(app))
    few, many = found
    assert many == pytest.approx(few, abs=0.1)


async def test_votes_of_who_saw_the_names_first_teach_nothing() -> None:
    async with council(FakeProvider(otherwise=at_odds)) as app:
        for case in cases(MANY, agree=C):
            await keep(app.store, case)
            await voted_on(app, case, f"seer-{case.id}", blind=False)
        assert await weights_of(app) == ()
        await teach(app.store, range(40, 80), agree=A, people=8)
        a, b, c = await weights(app)
        assert a > 2 * max(b, c)


async def taken_back(app: App, cases: Sequence[Case]) -> None:
    """As the people take their reactions off."""
    for case in cases:
        for each in await app.store.reactions(case.id):
            await app.store.unreact(case.id, each.target, each.person, each.value)


async def forgotten(app: App, cases: Sequence[Case]) -> None:
    """As the one who voted on all of them wants to be."""
    await app.command(CHANNEL, Person("zoe"), "forget me")
    for case in cases:
        assert await app.store.case(case.id)  # which others asked
        assert await app.store.reactions(case.id) == ()


@pytest.mark.parametrize("gone", [taken_back, forgotten])
async def test_votes_that_are_gone_teach_nothing_from_the_next_step_on(
    gone: Callable[[App, Sequence[Case]], object],
) -> None:
    async with council(FakeProvider(otherwise=at_odds)) as app:
        by_zoe = list(cases(MANY, agree=C))
        for case in by_zoe:
            await keep(app.store, case)
            await voted_on(app, case, "zoe")
        await teach(app.store, range(40, 64), agree=A, people=8)
        before = await weights(app)
        await gone(app, by_zoe)  # type: ignore[misc]  # either of two coroutines
        after = await weights(app)
        async with council(FakeProvider(otherwise=at_odds)) as another:
            await teach(another.store, range(40, 64), agree=A, people=8)
            assert after == pytest.approx(await weights(another))
        assert after[0] > before[0]


async def test_where_all_votes_are_gone_all_count_alike_again() -> None:
    async with council(FakeProvider(otherwise=at_odds)) as app:
        for case in cases(MANY, agree=C):
            await keep(app.store, case)
            await voted_on(app, case, "zoe")
        assert await weights_of(app) != ()
        await app.command(CHANNEL, Person("zoe"), "forget me")
        assert await weights_of(app) == ()


async def test_fewer_changes_than_a_step_has_leave_weights_as_they_were() -> None:
    async with council(FakeProvider(otherwise=at_odds)) as app:
        await teach(app.store, range(20), agree=C, people=8)
        await teach(app.store, range(20, 40), agree=A, also=(B, C), people=8)
        before = await weights(app)
        # The question that is asked to see them is one, too.
        await teach(app.store, range(40, 48), agree=A, people=8)
        assert await weights(app) == before
        await teach(app.store, range(48, 49), agree=A, people=8)
        assert await weights(app) != before


async def test_two_seats_of_one_model_are_two_reviewers() -> None:
    """What the second one earned is no merit of the first."""
    twice = (C, A, C)
    async with council(FakeProvider(otherwise=at_odds)) as app:
        for number in MANY:
            case = finished_case(number, models=twice, channel=CHANNEL.id, asker=f"ann-{number}")
            assert case.result
            by_name = {name: label for label, name in seats(case.result).items()}
            first = by_name[(A, C, f"{C}#2")[number % 3]]
            await keep(app.store, reviewed(case, first, {f"{C}#2"}))
            for label in by_name.values():
                value = "best" if label == first else "reject"
                given = reaction(case, label, value, f"ann-{number}")  # type: ignore[arg-type]
                await app.store.react(given)
        app.defaults = replace(app.defaults, members=twice)
        first_seat, other, second_seat = await weights(app)
        assert second_seat > 2 * max(first_seat, other)


async def test_people_who_answer_have_no_weight_and_their_answers_a_place() -> None:
    async with running_with_people(FakeProvider(otherwise=at_odds)) as app:
        app.questions.seed = ALL_HEARD
        await teach(app.store, MANY, agree=C, people=8)
        alone = await weights_of(app)

        id = await accepted(app, mention("/wait 10m Is it right?", thread="t"))
        await until_gathering(app, id)
        await written(app, id, BOB, "Never.")
        await pressed(app, id, ANN, "begin")
        await app.running.finished(id)

        case = await case_of(app, id)
        assert case.result
        assert case.council.weights == alone
        assert {review.model for review in case.result.reviews} == set(MEMBERS)
        assert {each.model for each in case.result.standings} == {*MEMBERS, PERSON}
        assert all(each.weighted_score is not None for each in case.result.standings)


async def test_votes_on_answers_of_people_are_of_no_reviewers_account() -> None:
    async with running_with_people(FakeProvider(otherwise=at_odds)) as app:
        app.questions.seed = ALL_HEARD
        id = await accepted(app, mention("/wait 10m Is it right?", thread="t"))
        await until_gathering(app, id)
        await written(app, id, BOB, "Never.")
        await pressed(app, id, ANN, "begin")
        await app.running.finished(id)
        case = await case_of(app, id)
        for label, value in ((label_of(case, PERSON), "best"), (label_of(case, A), "accept")):
            await app.store.react(reaction(case, label, value, "ann"))  # type: ignore[arg-type]
        await app.store.react(reaction(case, label_of(case, B), "reject", "ann"))

        [judged] = await app.statistics().judged("discord", CHANNEL.id)
        assert judged.pairs == ((A, B),)
        assert {sheet.reviewer for sheet in judged.sheets} == set(MEMBERS)
        assert {name for sheet in judged.sheets for name in sheet.shares} == set(MEMBERS)
