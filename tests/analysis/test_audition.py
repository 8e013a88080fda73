"""What a model on audition would bring, and that no number of the members is about it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from scipy import stats

from bot.analysis.audition import audition, heard, ratings, share_of
from bot.analysis.report import Report, ceiling, peers_of, report
from bot.analysis.rows import Row, rosters, row_of, seated
from tests.fakes.channel import finished_case, label_of, reaction
from tests.fakes.rows import NOW, ballot, make_row

MODELS = ("a", "b", "x")


def row(number: int, *accepted: bool | None, asker: str = "ann") -> Row:
    made = make_row(f"question-{number:03}", MODELS, accepted=accepted, audition="x", asker=asker)
    return replace(made, audition_usd=0.01 * number, asked_at=NOW + timedelta(hours=number))


def test_its_rated_answers_are_counted_and_those_of_members_beside_them() -> None:
    rows = [row(1, True, False, True), row(2, None, True, False), row(3, True, True, None)]

    found = audition(rows, "x")

    assert ratings(rows) == 2
    assert (found.kept.accepted, found.kept.rated, found.kept.share) == (1, 2, None)
    assert [(m.model, m.accepted, m.rated) for m in found.members] == [("a", 1, 1), ("b", 1, 2)]
    assert found.cost_usd == pytest.approx(0.02)


def test_failures_that_are_not_shared_are_counted_on_either_side() -> None:
    rows = [
        row(1, False, False, True),
        row(2, None, False, True),
        row(3, True, False, True),
        row(4, True, True, False),
        row(5, True, None, False),
        row(6, True, False, False),
        row(7, False, False, False),
        row(8, None, None, True),
        row(9, None, None, False),
    ]

    found = audition(rows, "x")

    assert (found.compared, found.saved, found.spoilt) == (7, 2, 2)


def test_a_share_has_the_exact_interval_of_one_look_and_needs_twenty_ratings() -> None:
    exact = stats.binomtest(13, 20).proportion_ci(0.95, method="exact")

    found = audition([row(n, None, None, n < 13) for n in range(20)], "x").kept.share
    few = audition([row(n, None, None, n < 13) for n in range(19)], "x").kept.share

    assert found is not None
    assert (found.value, found.n) == (0.65, 20)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    assert few is None
    assert share_of(0, 7).low == 0


def test_it_was_heard_where_it_answered_on_audition_since() -> None:
    failed = replace(row(2, True, True, None), models=("a", "b"), accepted=(True, True))
    as_member = replace(row(3, True, True, True), audition="")
    other = replace(row(4, True, True, True), audition="b")
    rows = [row(1, None, None, True), failed, as_member, other, row(5, None, None, False)]

    assert [each.id for each in heard(rows, "x")] == ["question-001", "question-005"]
    assert [each.id for each in heard(rows, "x", rows[0].asked_at)] == ["question-005"]


def test_nothing_heard_is_no_fault() -> None:
    assert audition((), "x").cost_usd == 0


# --- The members' own numbers


def full(number: int, *, x: bool) -> Row:
    """Rated by people and ranked by two reviewers, with the answer of `x` or without."""
    models = MODELS if x else ("a", "b")
    rankings = ("x>a>b", "a>x>b") if x else ("a>b", "a>b")
    best = ("a", "b", "a")[number % 3]
    return make_row(
        f"question-{number:03}",
        models,
        asker=f"person-{number % 7}",
        accepted=[True, number % 2 == 0, *([number % 3 == 0] if x else [])],
        verdict=number % 4 > 0,
        best=best,
        scores=[0.5, 0.2, *([0.8] if x else [])],
        lengths=[100, 900, *([400] if x else [])],
        places=[0, 1, *([2] if x else [])],
        ballots=[ballot(reviewer, r) for reviewer, r in zip("ab", rankings, strict=True)],
        audition="x" if x else "",
    )


def numbers(told: Report) -> object:
    return told.people, told.peers.board, told.acceptance, told.lift, told.first


def test_no_standing_share_or_comparison_of_members_moves_by_it() -> None:
    beside = [full(n, x=True) for n in range(60)]
    alone = [full(n, x=False) for n in range(60)]

    with_it, without = report(beside, peers_of(beside)), report(alone, peers_of(alone))

    assert numbers(with_it) == numbers(without)
    assert with_it.on_audition == ("x",)
    assert without.on_audition == ()


def test_where_it_was_best_no_member_was() -> None:
    beside = seated(make_row(models=MODELS, best="x", audition="x", accepted=(None, None, True)))

    assert (beside.models, beside.accepted, beside.best, beside.picks) == (
        ("a", "b"),
        (None, None),
        None,
        (),
    )


def test_the_ceiling_is_of_the_members() -> None:
    rows = [full(n, x=n > 10) for n in range(40)]

    assert rosters(rows) == ((("a", "b"), 40),)
    found, _period = ceiling(rows)
    assert (found.models, found.rows) == (2, 40)


def test_a_row_says_who_was_on_audition_and_what_its_answer_cost() -> None:
    case = finished_case(1)
    assert case.result is not None
    label = label_of(case, "lab/d")
    members = tuple(
        replace(member, audition=member.label == label) for member in case.result.members
    )
    case = replace(case, result=replace(case.result, members=members))

    made = row_of(case, [reaction(case, label)])

    assert made is not None
    assert (made.audition, made.audition_usd) == ("lab/d", 0.002)
    assert made.roster == ("lab/a", "lab/b", "lab/c")
