"""From the store to the numbers of a channel: they follow every vote, and nothing is read twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.analysis import report as report_module
from bot.analysis.publication import Published, verdicts
from bot.analysis.realised import Realised
from bot.analysis.report import peers_of, report
from bot.analysis.rows import Row, brief, rows
from bot.conversation import judgements
from bot.conversation.statistics import Statistics
from bot.errors import InvalidInput, StoreFailed
from bot.records import PlatformName, ReactionValue
from bot.store.store import Store
from tests.fakes.channel import MODELS, finished_case, label_of, rate, reaction

HERE: tuple[PlatformName, str] = ("discord", "general")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "council.db", holder="tests")
    yield store
    await store.close()


async def asked(store: Store, count: int, channel: str = "general", first: int = 0) -> None:
    for number in range(first, first + count):
        await store.create(finished_case(number, channel=channel))


async def accepted(statistics: Statistics) -> dict[str, tuple[bool | None, ...]]:
    return {row.id: row.accepted for row in await statistics.rows("discord", "general")}


async def test_a_vote_moves_the_numbers_and_its_retraction_moves_them_back(store: Store) -> None:
    await asked(store, 2)
    statistics = Statistics(store)
    unrated = await accepted(statistics)
    vote = reaction(finished_case(1), "A")

    await store.react(vote)
    rated = await accepted(statistics)
    await store.unreact(vote.deliberation, vote.target, vote.person, vote.value)

    assert unrated == {"run-0": (None,) * 4, "run-1": (None,) * 4}
    assert rated == {"run-0": (None,) * 4, "run-1": (True, None, None, None)}
    assert await accepted(statistics) == unrated


async def test_what_reviewers_and_people_held_is_read_again_only_where_a_vote_came(
    store: Store,
) -> None:
    await asked(store, 3)
    statistics = Statistics(store)
    for number in range(2):
        await rate(store, finished_case(number), best="lab/a")
    first = await statistics.judged(*HERE)
    await rate(store, finished_case(2), best="lab/b")
    await store.react(reaction(finished_case(0), "verdict", "reject", "bob"))
    second = await statistics.judged(*HERE)

    assert [each.id for each in first] == ["run-0", "run-1"]
    assert [each.id for each in second] == ["run-0", "run-1", "run-2"]
    assert second[0] is not first[0]
    assert second[1] is first[1]
    assert {better for better, _ in second[2].pairs} == {"lab/b"}


async def test_what_was_taken_back_is_no_longer_held(store: Store) -> None:
    await asked(store, 1)
    statistics = Statistics(store)
    best = reaction(finished_case(0), "A", "best")
    await store.react(best)
    assert [each.people for each in await statistics.judged(*HERE)] == [("ann",)]

    await store.unreact(best.deliberation, best.target, best.person, best.value)
    assert await statistics.judged(*HERE) == ()


async def test_what_is_beyond_the_memory_is_read_each_time_and_told_all_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        await store.create(finished_case(number))
        await rate(store, finished_case(number), best="lab/b")
    expected = await Statistics(store).judged(*HERE)
    monkeypatch.setattr(judgements, "KEPT_MAX", 3)
    read, results = list[list[str]](), store.results

    async def watched(ids: Sequence[str]) -> Mapping[str, tuple[str | None, str]]:
        read.append(list(ids))
        return await results(ids)

    monkeypatch.setattr(store, "results", watched)
    statistics = Statistics(store)

    for _ in range(3):
        assert await statistics.judged(*HERE) == expected
    assert [len(each) for each in read] == [5, 2, 2]
    await store.react(reaction(finished_case(0), "verdict", "reject", "bob"))
    assert await statistics.judged(*HERE) == expected
    assert read[-1] == ["run-0", "run-3", "run-4"]


async def test_votes_found_after_a_downtime_move_the_numbers(store: Store) -> None:
    await asked(store, 1)
    statistics = Statistics(store)
    await statistics.keep_up()
    await statistics.rows(*HERE)

    at = finished_case(0).question.asked_at
    await store.reconcile("run-0", "B", [("ann", "reject")], at)

    assert await accepted(statistics) == {"run-0": (None, False, None, None)}


async def test_a_channel_sees_itself_alone_and_the_program_everything(store: Store) -> None:
    await asked(store, 2)
    await asked(store, 3, channel="other", first=10)
    await store.create(finished_case(20, platform="slack", channel="general"))
    statistics = Statistics(store)

    assert len(await statistics.rows("discord", "general")) == 2
    assert len(await statistics.rows("discord", "other")) == 3
    assert len(await statistics.rows(channel="general")) == 3
    assert len(await statistics.rows()) == 6


async def test_a_follow_up_adds_no_row(store: Store) -> None:
    await store.create(finished_case(0, thread="thread"))
    await store.create(finished_case(1, thread="thread"))

    assert [row.id for row in await Statistics(store).rows(*HERE)] == ["run-0"]


async def test_what_is_kept_is_what_would_be_read(store: Store) -> None:
    await asked(store, 3)
    await rate(store, finished_case(1), best="lab/b")
    fresh = await Statistics(store).rows(*HERE)

    assert await Statistics(store).keep_up() == 3
    assert await Statistics(store).keep_up() == 0
    assert await Statistics(store).rows(*HERE) == fresh


async def test_a_vote_that_came_while_a_summary_was_made_is_not_lost(store: Store) -> None:
    await asked(store, 1)
    ((id, revision),) = await store.missing_summaries(1)
    await store.react(reaction(finished_case(0), "A"))

    await store.keep_summaries([(id, revision, "null")])

    assert await store.summary_texts([id]) == {id: None}


async def test_who_is_forgotten_is_in_no_number(store: Store) -> None:
    await asked(store, 2)
    await store.react(reaction(finished_case(0), "A", person="bob"))
    await store.create(finished_case(2, asker="bob"))
    statistics = Statistics(store)
    await statistics.keep_up()
    assert len(await statistics.rows(*HERE)) == 3

    await store.forget_person("bob")

    assert await accepted(statistics) == {"run-0": (None,) * 4, "run-1": (None,) * 4}
    texts = await store.summary_texts(["run-0", "run-1", "run-2"])
    assert not any("bob" in (text or "") for text in texts.values())


async def test_it_reads_beside_a_process_that_writes(store: Store, tmp_path: Path) -> None:
    await asked(store, 2)
    reader = await Store.open(tmp_path / "council.db", read_only=True)
    try:
        beside = Statistics(reader)
        assert len(await beside.rows(*HERE)) == 2
        with pytest.raises(StoreFailed):
            await beside.keep_up()
        await store.react(reaction(finished_case(0), "A"))
        assert (await accepted(beside))["run-0"] == (True, None, None, None)
    finally:
        await reader.close()


async def test_two_who_ask_at_once_get_the_same(store: Store) -> None:
    await asked(store, 5)
    statistics = Statistics(store)

    async with asyncio.TaskGroup() as group:
        first = group.create_task(statistics.rows(*HERE))
        second = group.create_task(statistics.rows(*HERE))

    assert first.result() == second.result()
    assert len(first.result()) == 5


async def test_the_models_standings_are_counted_again_as_a_channel_grows(store: Store) -> None:
    await asked(store, 3)
    statistics = Statistics(store)
    assert (await statistics.report(*HERE)).peers.board.rows == 3
    await asked(store, 1, first=3)
    assert (await statistics.report(*HERE)).peers.board.rows == 4


async def test_people_and_models_get_standings_from_twenty_rated_questions_on(store: Store) -> None:
    for number in range(20):
        case = finished_case(number)
        await store.create(case)
        await rate(store, case, best="lab/b")

    found = await Statistics(store).report(*HERE)

    assert str(found.rated) == "rated 20 of 20 questions, by one person"
    assert found.people.leader == "lab/b"
    assert found.peers.board.ranked


async def test_the_ceiling_says_what_is_missing_and_then_what_it_is(store: Store) -> None:
    statistics = Statistics(store)
    with pytest.raises(InvalidInput, match="so far 0 were rated at all"):
        await statistics.ceiling(*HERE)
    for number in range(20):
        case = finished_case(number)
        await store.create(case)
        await rate(store, case, best=MODELS[number % 4])
        if number == 5:
            with pytest.raises(InvalidInput, match="so far there are 6, of 6 that were rated"):
                await statistics.ceiling(*HERE)

    ceiling, period = await statistics.ceiling(*HERE)

    assert (ceiling.rows, ceiling.models, ceiling.all_wrong) == (20, 4, 0)
    assert ceiling.gain == pytest.approx(0.75)
    assert period == "20\u2009–\u200921 Nov 2026"


async def test_labels_are_dealt_anew_and_the_models_counted(store: Store) -> None:
    """The fake deals labels at random, as the council does."""
    case = finished_case(3)
    await store.create(case)
    await store.react(reaction(case, label_of(case, "lab/d")))

    (row,) = await Statistics(store).rows(*HERE)

    assert dict(zip(row.models, row.accepted, strict=True))["lab/d"] is True


# A long past


@pytest.fixture
def few_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_module, "COMPARED_MAX", 5)
    monkeypatch.setattr(report_module, "REVIEWED_MAX", 2)


async def read_whole(store: Store, count: int) -> tuple[Row, ...]:
    """The rows as they would be made of everything that is stored."""
    cases = [case for n in range(count) if (case := await store.case(f"run-{n}"))]
    return rows([(case, await store.reactions(case.id)) for case in cases], await store.secret())


@pytest.mark.usefixtures("few_compared")
async def test_most_of_a_long_past_is_kept_briefly_and_counts_as_the_whole(store: Store) -> None:
    statistics = Statistics(store)
    for number in range(40):
        await asked(store, 1, first=number)
        await rate(store, finished_case(number * 5 // 7), best=MODELS[number % 3])
        if number % 4:
            continue
        if number % 8:
            await statistics.keep_up()
        everything = await read_whole(store, number + 1)
        needed = report_module.compared(everything)
        expected = tuple(row if row.id in needed else brief(row) for row in everything)
        for read in (statistics, Statistics(store)):  # as it was known, and for the first time
            found = await read.rows(*HERE)
            assert [row.is_brief for row in found if row.id in needed] == [False] * len(needed)
            assert tuple(row if row.id in needed else brief(row) for row in found) == tuple(
                replace(row, signs=(" ".join(row.signs),)) for row in expected
            )
            assert await read.report(*HERE) == report(everything, peers_of(everything))
    assert sum(row.is_brief for row in await statistics.rows(*HERE)) >= 30


@pytest.mark.usefixtures("few_compared")
async def test_many_follow_ups_leave_no_question_brief_that_is_compared(store: Store) -> None:
    await asked(store, 6)
    for number in range(6, 20):
        await store.create(finished_case(number, thread="thread"))
    await Statistics(store).keep_up()

    found = await Statistics(store).rows(*HERE)

    assert len(found) == 7
    assert not any(row.is_brief for row in found[-5:])


@pytest.mark.usefixtures("few_compared")
async def test_questions_that_are_old_by_now_are_no_change_to_publish(store: Store) -> None:
    statistics = Statistics(store)
    await asked(store, 10)
    assert told(await statistics.published(*HERE)) == (10, 0)
    await asked(store, 9, first=10)
    assert told(await statistics.published(*HERE)) == (10, 9)


# What a channel is told


def told(published: tuple[Published, int]) -> tuple[int, int]:
    """How many questions are published, and how many wait."""
    return len(published[0].rows), published[1]


async def test_over_votes_a_majority_has_its_share_of_the_possible_gain(store: Store) -> None:
    for number in range(40):
        case = finished_case(number)
        await store.create(case)
        liked = MODELS[: 3 if number % 2 else 1]
        for model in MODELS:
            label = label_of(case, model)
            await store.react(reaction(case, label, "accept" if model in liked else "reject"))
    realised = (await Statistics(store).ceiling(*HERE))[0].realised
    assert isinstance(realised, Realised)
    majority = realised.of("majority_at_least")
    assert majority is not None
    # Right in the half of the questions in which three of four are, as a drawn member is.
    assert majority.of_gain.value == pytest.approx(0.0)
    assert majority.over_best is not None
    assert majority.over_best.value == pytest.approx(-0.5)


async def test_numbers_are_published_in_steps_of_ten_questions(store: Store) -> None:
    statistics = Statistics(store)
    await asked(store, 9)
    assert told(await statistics.published(*HERE)) == (0, 9)
    await asked(store, 1, first=9)
    assert told(await statistics.published(*HERE)) == (10, 0)
    await asked(store, 9, first=10)
    assert told(await statistics.published(*HERE)) == (10, 9)
    await asked(store, 1, first=19)
    assert told(await statistics.published(*HERE)) == (20, 0)


async def test_votes_on_a_published_question_wait_as_new_questions_do(store: Store) -> None:
    statistics = Statistics(store)
    await asked(store, 10)
    before, _ = await statistics.published(*HERE)
    for number in range(9):
        await store.react(reaction(finished_case(number), "A"))
        await store.react(reaction(finished_case(number), "B", "best"))
        assert await statistics.published(*HERE) == (before, number + 1)
    await store.react(reaction(finished_case(9), "A"))
    after, waiting = await statistics.published(*HERE)
    assert (after.report.rated.rated, waiting) == (10, 0)


async def test_no_restart_and_no_other_channel_publishes_a_single_question(store: Store) -> None:
    await asked(store, 10)
    before, _ = await Statistics(store).published(*HERE)
    await rate(store, finished_case(3), best="lab/b")
    statistics = Statistics(store)
    assert await statistics.published(*HERE) == (before, 1)
    for channel in "abcdefg":
        await statistics.published("discord", channel)
    assert await statistics.published(*HERE) == (before, 1)


async def test_what_is_published_leads_to_no_question_and_no_person(store: Store) -> None:
    cases = [finished_case(number, asker=f"person-{number % 3}") for number in range(12)]
    for case in cases:
        await store.create(case)
        await rate(store, case, best="lab/b")
    statistics = Statistics(store)
    found = (await statistics.published(*HERE))[0].report
    rows, told_of_reviewers = await store.publication(*HERE)
    assert rows is not None
    assert told_of_reviewers is not None
    for kept in (rows, told_of_reviewers):
        assert "person-" not in kept
        assert "run-" not in kept
        assert not any(word in kept for case in cases for word in case.question.text.split())
    # ... and counts as the questions do.
    live = await statistics.report(*HERE)
    assert (found.rated, found.people, found.acceptance) == (
        live.rated, live.people, live.acceptance,
    )  # fmt: skip
    assert (found.lift, found.agreement, found.price) == (live.lift, live.agreement, live.price)


async def judged_verdicts(store: Store, count: int, accepted: int, first: int = 0) -> None:
    """By five people in turn, each on a question of their own."""
    for number in range(first, first + count):
        case = finished_case(number, asker=f"person-{number % 5}")
        await store.create(case)
        value: ReactionValue = "accept" if number < first + accepted else "reject"
        await store.react(reaction(case, "verdict", value, f"person-{number % 5}"))


async def accepted_like(statistics: Statistics) -> tuple[int, int] | None:
    result = finished_case(0).result
    assert result
    found = (await statistics.published(*HERE))[0].accepted_like(result)
    return (found.accepted, found.of) if found else None


async def test_verdicts_like_one_are_told_of_from_thirty_on_and_in_steps(store: Store) -> None:
    statistics = Statistics(store)
    await judged_verdicts(store, 29, 20)
    assert await accepted_like(statistics) is None
    await judged_verdicts(store, 9, 9, first=29)
    assert await accepted_like(Statistics(store)) is None
    await judged_verdicts(store, 1, 1, first=38)
    assert await accepted_like(statistics) == (30, 39)


async def test_forgetting_a_person_takes_their_verdicts_out_of_what_is_told(store: Store) -> None:
    statistics = Statistics(store)
    await judged_verdicts(store, 60, 20)
    assert await accepted_like(statistics) == (20, 60)
    await store.forget_person("person-0")
    statistics.forget()
    assert await accepted_like(statistics) == (16, 48)


async def test_what_was_counted_of_a_channel_that_is_forgotten_is_kept_nowhere(
    store: Store,
) -> None:
    await judged_verdicts(store, 10, 10)
    await store.publish(*HERE, "[]", "{}")
    assert await store.publication(*HERE) == ("[]", "{}")
    await store.forget_channel(*HERE)
    await store.publish(*HERE, "[]", "{}")
    assert await store.publication(*HERE) == (None, None)


async def test_rows_published_without_looks_are_no_changes_and_tell_nothing(store: Store) -> None:
    statistics = Statistics(store)
    await judged_verdicts(store, 40, 20)
    assert await accepted_like(statistics) == (20, 40)
    rows, told_of_reviewers = await store.publication(*HERE)
    assert rows
    assert told_of_reviewers
    earlier = [{k: v for k, v in row.items() if k != "look"} for row in json.loads(rows)]
    await store.publish(*HERE, json.dumps(earlier), told_of_reviewers)

    statistics = Statistics(store)
    assert told(await statistics.published(*HERE)) == (40, 0)
    assert await accepted_like(statistics) is None
    await judged_verdicts(store, 10, 10, first=40)
    assert await accepted_like(statistics) == (30, 50)


async def test_one_who_votes_on_the_questions_of_all_is_one_person(store: Store) -> None:
    statistics = Statistics(store)
    for number in range(40):
        case = finished_case(number, asker=f"asker-{number}")
        await store.create(case)
        await store.react(reaction(case, "verdict", "accept", "bob"))
    rows = (await statistics.published(*HERE))[0].rows
    assert len({each.person for each in verdicts(rows)}) == 1


async def test_a_forgotten_channel_has_nothing_published(store: Store) -> None:
    await asked(store, 10)
    statistics = Statistics(store)
    await statistics.published(*HERE)
    await store.forget_channel("discord", "general")
    statistics.forget()
    assert await store.publication(*HERE) == (None, None)
    assert told(await statistics.published(*HERE)) == (0, 0)
