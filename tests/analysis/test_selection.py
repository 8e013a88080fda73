"""Which members are suggested, on what evidence, and that nothing changes by itself."""

from collections.abc import AsyncIterator, Sequence
from random import Random

import numpy as np
import pytest

from bot.analysis.rows import Row
from bot.analysis.selection import (
    Suggestion,
    Table,
    chances,
    cross_fitted_gain,
    greedy,
    most_accepted,
    pull_of,
    suggest,
    table_of,
)
from bot.chat import Channel, Person
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.document import Document, Note, Text
from bot.document import Table as Shown
from bot.errors import InvalidInput
from bot.pages.suggestion import reason
from tests.fakes.channel import MODELS, finished_case, rate
from tests.fakes.council import running_app
from tests.fakes.provider import FakeProvider
from tests.fakes.rows import make_row

NAN = np.nan
GENERAL = Channel("discord", "server", "general")
ANN, ADMIN = Person("ann"), Person("eve", admin=True)


def table(accepted: Sequence[Sequence[float]], delivered: Sequence[float] = ()) -> Table:
    """With verdicts where they are given; every row then has to be split."""
    cells = np.array(accepted, float)
    odds = np.full(len(cells), NAN)
    if delivered:
        good = cells.sum(axis=1)
        odds = np.log(good / (cells.shape[1] - good))
    return Table(cells, odds, np.array(delivered or [NAN] * len(cells), float))


# Two twins are the most accepted, a third one is right where they are not.
TWINS = [[1, 1, 0]] * 6 + [[0, 0, 1]] * 4 + [[1, 1, 1]] * 2


def rows_of(patterns: Sequence[Sequence[bool | None]], models: Sequence[str]) -> list[Row]:
    """Rated by one person; the verdict is accepted where any answer is."""
    return [
        make_row(f"q{n}", models, accepted=pattern, verdict=any(pattern))
        for n, pattern in enumerate(patterns)
    ]


# The council's chance


def test_the_chance_follows_the_pull_between_mean_and_coverage() -> None:
    accepted = np.array([[1.0, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1]])
    assert chances(accepted, 0.0) == pytest.approx([2 / 3, 1 / 3, 0, 1])
    assert chances(accepted, 50.0) == pytest.approx([1, 1, 0, 1])
    # 2 e / (2 e + 1) and e / (e + 2)
    assert chances(accepted, 1.0)[:2] == pytest.approx([0.844638, 0.576117], abs=1e-6)


def test_the_pull_without_a_rated_verdict_is_the_priors() -> None:
    assert pull_of(table([[1, 0], [0, 1]])) == pytest.approx(2.0)


def test_the_pull_follows_how_often_verdicts_took_the_better_side() -> None:
    often = pull_of(table([[1, 0]] * 400, [1] * 360 + [0] * 40))
    never = pull_of(table([[1, 0]] * 400, [1] * 200 + [0] * 200))
    assert often == pytest.approx(np.log(9), abs=0.02)
    assert never == pytest.approx(0.0, abs=0.02)


# Choosing


def test_the_joint_choice_prefers_a_model_that_is_right_where_others_are_not() -> None:
    assert sorted(most_accepted(table(TWINS), 2)) == [0, 1]
    assert sorted(greedy(table(TWINS), 2)) == [0, 2]


def test_without_any_pull_the_joint_choice_is_the_most_accepted() -> None:
    half_of_them = np.array([0.0, 1.0] * 120)
    against = Table(table(TWINS * 20).accepted, np.zeros(240), half_of_them)
    assert pull_of(against) == pytest.approx(0, abs=0.02)
    assert sorted(greedy(against, 2)) == [0, 1]


def test_a_missing_label_counts_as_the_models_rate() -> None:
    # Nine of ten known labels are better than twelve of twenty.
    gaps = [[1, 1]] * 9 + [[0, 1]] + [[NAN, 1]] * 2 + [[NAN, 0]] * 8
    assert greedy(table(gaps), 1) == [0]


def test_a_gain_is_measured_on_rows_the_set_was_not_chosen_by() -> None:
    gain = cross_fitted_gain(table(TWINS * 10), 2)
    same = cross_fitted_gain(table([[1, 1, 0, 0]] * 40), 2)

    assert gain.n == 120
    assert 0 < gain.low < gain.value < gain.high
    assert (same.low, same.value, same.high) == (0, 0, 0)


def test_rows_with_gaps_are_not_what_a_gain_is_measured_on() -> None:
    assert cross_fitted_gain(table([*TWINS * 5, *[[1, NAN, 0]] * 40]), 2).n == 60


def test_the_table_takes_verdicts_of_split_rows_that_are_rated_in_full() -> None:
    rows = [
        make_row("split", "abc", accepted=(True, True, False), verdict=True),
        make_row("all", "abc", accepted=(True, True, True), verdict=True),
        make_row("gap", "abc", accepted=(True, None, False), verdict=True),
        make_row("no verdict", "abc", accepted=(True, True, False)),
        make_row("other", "ax", accepted=(False, True), verdict=False),
    ]

    made = table_of(rows, ["a", "b"])

    assert made.odds == pytest.approx([np.log(2), NAN, NAN, NAN, 0.0], nan_ok=True)
    assert made.delivered == pytest.approx([1, NAN, NAN, NAN, 0], nan_ok=True)
    expected = [[1, 1], [1, 1], [1, NAN], [1, 1], [0, NAN]]
    np.testing.assert_array_equal(made.accepted, np.array(expected))


# Suggesting


def test_few_complete_rows_suggest_the_most_accepted() -> None:
    patterns = [(True, True, False)] * 14 + [(False, False, True)] * 10
    found = suggest(rows_of(patterns, "abc"), seats=2)
    assert (found.models, found.together, found.complete, found.gain) == (
        ("a", "b"),
        False,
        24,
        None,
    )
    assert "once all 3 were rated in 30 questions (24 so far)" in reason(found)


def test_proven_complements_are_suggested_with_their_gain() -> None:
    patterns = [(True, True, False)] * 60 + [(False, False, True)] * 40

    found = suggest(rows_of(patterns, "abc"), seats=2)

    assert (found.models, found.together) == (("a", "c"), True)
    assert found.gain is not None
    assert found.gain.low > 0.1
    assert reason(found).startswith("They fail on different questions: chosen this way, a council")


def test_suggested_models_come_most_accepted_first() -> None:
    # c is seldom accepted, but where the others are not, so that J takes it second.
    patterns = [(n < 60, n < 59, n >= 60, n < 55) for n in range(100)]
    found = suggest(rows_of(patterns, "abcd"), seats=3)
    assert (found.models, found.together) == (("a", "b", "c"), True)


def test_a_gain_that_may_be_chance_suggests_the_most_accepted() -> None:
    random = Random(5)
    rates = (0.8, 0.75, 0.7, 0.65)
    patterns = [[random.random() < rate for rate in rates] for _ in range(60)]

    found = suggest(rows_of(patterns, "abcd"), seats=2)

    best = [each.model for each in found.candidates[:2]]
    assert (list(found.models), found.together) == (best, False)
    assert found.gain is not None
    assert "is not clearly better" in reason(found)


def test_models_that_were_rated_seldom_are_no_candidates_but_named() -> None:
    rows = rows_of([(True, False)] * 25, "ab")
    rows += [make_row(f"n{n}", "abn", accepted=(True, False, True)) for n in range(19)]
    rows += [make_row(f"u{n}", "u") for n in range(30)]
    found = suggest(rows, seats=1)
    assert [each.model for each in found.candidates] == ["a", "b"]
    assert sorted(found.unrated) == ["n", "u"]


def test_refused_models_are_no_candidates() -> None:
    rows = rows_of([(True, True, False)] * 25, "abc")
    assert suggest(rows, seats=1, refused={"a"}).models == ("b",)


@pytest.mark.parametrize(
    ("count", "seats", "sentence"),
    [
        (0, 3, "so far no model has them"),
        (2, 3, "so far no model has them"),
        (20, 3, "There are 3 seats and 3 models with 20 rated answers or more"),
        (20, 9, "Seat another model for a while, or ask for fewer: `/council suggest 2`."),
    ],
)
def test_where_there_is_nothing_to_choose_it_says_what_is_missing(
    count: int, seats: int, sentence: str
) -> None:
    rows = rows_of([(True, True, False)] * count, "abc")
    with pytest.raises(InvalidInput) as refused:
        suggest(rows, seats=seats)
    assert sentence in str(refused.value)


def test_a_suggestion_is_the_same_every_time() -> None:
    random = Random(1)
    patterns = [[random.random() < 0.6 for _ in "abcd"] for _ in range(80)]
    rows = rows_of(patterns, "abcd")
    one, other = suggest(rows, seats=2), suggest(rows, seats=2)
    assert isinstance(one, Suggestion)
    assert one == other


# In a channel


@pytest.fixture
async def app() -> AsyncIterator[App]:
    rules = Rules(admins=frozenset({"root"}))
    async with running_app(FakeProvider(), members=MODELS, chairman="lab/e", rules=rules) as app:
        yield app


async def rated_channel(app: App, count: int) -> None:
    for number in range(count):
        case = finished_case(number)
        await app.store.create(case)
        await rate(app.store, case, best="lab/b")


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Text | Note)]


async def test_a_channel_is_told_what_is_missing(app: App) -> None:
    assert "so far no model has them" in texts(await app.command(GENERAL, ANN, "suggest"))[0]
    await rated_channel(app, 20)
    assert "`/council suggest 3`" in texts(await app.command(GENERAL, ANN, "suggest"))[0]


async def test_a_suggestion_changes_nothing_and_says_how_to_follow_it(app: App) -> None:
    await rated_channel(app, 20)
    before = await app.settings(GENERAL)

    document = await app.command(GENERAL, ADMIN, "suggest 1")

    [models, why, how, note] = texts(document)
    assert models == "- lab/b"
    assert why.startswith("The most accepted of 4 models")
    assert how == "Nothing was changed. To seat them: `/council members set lab/b`"
    assert note.endswith("rated 20 of 20 questions, by one person.")
    [shown] = [block for block in document.blocks if isinstance(block, Shown)]
    # Beta(20 + 2, 0 + 6): eight rows more, at the channel's own rate.
    assert shown.rows[0] == ("lab/b", "20 of 20", "79\xa0% (64-90\xa0%)", "seated", "yes")
    assert await app.settings(GENERAL) == before


async def test_members_that_are_seated_already_are_told(app: App) -> None:
    await rated_channel(app, 20)
    await app.command(GENERAL, ADMIN, "members set lab/b")
    assert "They are seated already." in texts(await app.command(GENERAL, ANN, "suggest"))


@pytest.mark.parametrize("typed", ["0", "21", "two", "-1", "1 2"])
async def test_seats_that_no_council_has_are_refused(app: App, typed: str) -> None:
    assert texts(await app.command(GENERAL, ANN, f"suggest {typed}")) == [
        "Write `/council suggest`, or `/council suggest SEATS` with 1 to 20 seats."
    ]
