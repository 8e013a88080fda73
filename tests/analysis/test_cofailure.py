"""The ceiling: published numbers, reference results, coverage, and gaps."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from bot.analysis.certificate import advice
from bot.analysis.cofailure import Ceiling, ceiling_of_grades, ceiling_of_votes, reference_alarm
from bot.analysis.dependence import wrong_rates
from bot.analysis.gain import (
    DELTA,
    beta_certificate,
    corrected_certificate,
    gain_lower,
    paired_certificate,
    resolvable_counts,
)
from bot.analysis.limits import anytime_lower, anytime_upper, lower, upper
from bot.analysis.outcomes import RIGHT, UNKNOWN, WRONG, Outcomes, parse_outcomes
from bot.errors import InvalidInput
from tests.bench.coverage import (
    WORLDS,
    held_at_every_row,
    held_at_the_end,
    published_held,
    simulate,
)
from tests.bench.partial_votes import HABITS, Habit, ceilings, held
from tests.fakes.outcomes import WORKED, all_wrong_labels, filled, matrix, worked_example
from tests.reference_data import expected, outcomes

# The keys that other programs read.
CONTRACT = {
    *("rows", "models", "all_wrong", "beta", "beta_low", "beta_high", "beta_worst_case"),
    *("best_model", "best_accuracy", "oracle", "gain", "gain_low", "gain_high_paired"),
    *("gain_high_paired_anytime", "gain_high_published", "phi_mean", "tetrachoric_mean"),
    *("beta_single_factor", "ratio_single_factor", "reference_alarm", "beta_anytime_low"),
    *("beta_anytime_high", "gain_anytime_low"),
}

# --- the rules -------------------------------------------------------------------------------


def test_first_published_rule_on_its_own_example() -> None:
    assert 1 - lower(17, 330, 0.05) == pytest.approx(0.9669133, abs=5e-8)
    assert beta_certificate(17, 330, 0.836, 0.05) == pytest.approx(0.1309133, abs=5e-8)


def test_corrected_rule_on_the_same_counts() -> None:
    best = [(330 - 276, 330)]
    assert corrected_certificate((17, 330), best, models=1) == pytest.approx(0.17776, abs=5e-6)
    assert corrected_certificate((17, 330), best, models=67) == pytest.approx(0.21132, abs=5e-6)


@pytest.mark.parametrize(
    ("all_wrong", "right", "rows", "models", "limit"),
    [
        (0, 326, 330, 67, 0.04788),
        (0, 296, 298, 67, 0.04088),
        (0, 37, 42, 52, 0.35827),
        (0, 110, 130, 52, 0.28124),
        (1, 119, 124, 67, 0.13618),
        (0, 57, 63, 18, 0.25441),
        (0, 462, 480, 15, 0.07034),
        (2, 182, 200, 15, 0.16354),
    ],
)
def test_corrected_certificates_are_the_published_ones(
    all_wrong: int, right: int, rows: int, models: int, limit: float
) -> None:
    found = corrected_certificate((all_wrong, rows), [(rows - right, rows)], models=models)
    assert found == pytest.approx(limit, abs=5e-6)


def test_best_accuracy_of_many_models_is_known_less_well() -> None:
    assert 1 - upper(330 - 326, 330, 0.05 / (2 * 67)) == pytest.approx(0.95212, abs=5e-6)


def test_rules_on_the_worked_example() -> None:
    wrong = [(24, 120), (30, 120), (32, 120), (40, 120), (49, 120)]
    assert gain_lower(WORKED, lower) == pytest.approx(0.09924886, abs=5e-9)
    assert gain_lower(WORKED, anytime_lower) == pytest.approx(0.0644, abs=5e-5)
    assert beta_certificate(6, 120, 96 / 120, DELTA) == pytest.approx(0.178003872, abs=5e-9)
    corrected = corrected_certificate((6, 120), wrong, models=5)
    fixed_in_advance = corrected_certificate((6, 120), wrong[:1], models=1)
    assert (corrected, fixed_in_advance) == pytest.approx((0.290769383, 0.264242304), abs=5e-9)
    assert paired_certificate(WORKED, upper) == pytest.approx(0.241458321, abs=5e-9)
    assert paired_certificate(WORKED, anytime_upper) == pytest.approx(0.286472717, abs=5e-9)


def test_the_model_with_few_rows_does_not_narrow_a_limit() -> None:
    assert gain_lower([(30, 100), (0, 0)], lower) == 0
    assert paired_certificate([(30, 100), (0, 0)], upper) == upper(30, 100, 0.025)


@pytest.mark.parametrize(
    ("all_wrong", "models", "ratio", "raised"),
    [
        (3, 8, 2.0, True),
        (2, 8, 2.0, False),
        (3, 7, 2.0, False),
        (3, 8, 1.99, False),
        (3, 8, None, False),
    ],
)
def test_alarm_needs_rows_models_and_ratio(
    all_wrong: int, models: int, ratio: float | None, raised: bool
) -> None:
    assert reference_alarm(all_wrong, models, ratio) is raised


# --- the report ------------------------------------------------------------------------------


def test_report_of_the_worked_example() -> None:
    found = ceiling_of_grades(worked_example())
    right = [round(120 * (1 - rate)) for rate in wrong_rates(worked_example())]
    assert right == [96, 90, 88, 80, 71]
    assert [k for k, _ in resolvable_counts(worked_example())] == [18, 24, 26, 34, 43]
    assert (found.rows, found.models, found.all_wrong) == (120, 5, 6)
    assert found.best_model == "a"
    assert found.best_accuracy == pytest.approx(0.8)
    assert (found.beta_low, found.beta_high) == pytest.approx((0.018567587, 0.105653855), abs=5e-9)
    assert (found.beta, found.oracle, found.gain) == pytest.approx((0.05, 0.95, 0.15))
    assert found.gain_low == pytest.approx(0.09924886, abs=5e-9)
    assert found.gain_high_published == pytest.approx(0.290769383, abs=5e-9)
    assert found.gain_high_paired == pytest.approx(0.241458321, abs=5e-9)
    assert found.gain_high_paired_anytime == pytest.approx(0.286472717, abs=5e-9)
    assert found.beta_anytime_low == pytest.approx(0.008839093, abs=5e-9)
    assert found.beta_worst_case == (0.05, 0.05)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("gsm8k_outcomes", "all"),
        ("gsm8k_outcomes", "top5"),
        ("gsm8k_outcomes", "top12"),
        ("gsm8k_outcomes", "audited"),
        ("crux_outcomes_a", "all"),
        ("crux_outcomes_a", "top5"),
        ("crux_outcomes_a", "top12"),
    ],
)
def test_report_is_the_reference_one(name: str, part: str) -> None:
    whole, known = outcomes(name), expected()["outcomes"][name][part]
    if part.startswith("top"):
        best = np.argsort(wrong_rates(whole), kind="stable")
        whole = whole.of_models(best[: int(part.removeprefix("top"))].tolist())
    labels = all_wrong_labels(whole, "bad reference") if part == "audited" else {}
    found = ceiling_of_grades(whole, labels)
    first_rule = beta_certificate(found.all_wrong, found.rows, found.best_accuracy, DELTA)
    numbers = {
        "models": found.models,
        "rows": found.rows,
        "all_wrong": found.all_wrong,
        "beta": found.beta,
        "single_best_acc": found.best_accuracy,
        "oracle": found.oracle,
        "G": found.gain,
        "cert_seed": first_rule,
        "cert_corrected": found.gain_high_published,
        "cert_paired": found.gain_high_paired,
        "cert_paired_anytime": found.gain_high_paired_anytime,
        "G_lower95": found.gain_low,
        "phi_mean": found.phi_mean,
        "rho_tet_mean": found.tetrachoric_mean,
        "beta_single_factor": found.beta_single_factor,
        "neg_eig": found.negative_eigenvalues,
        "ratio_sf": found.ratio_single_factor,
    }
    assert found.best_model == known["single_best"]
    assert (found.beta_low, found.beta_high) == pytest.approx(known["beta_ci95"], rel=5e-6)
    assert numbers == pytest.approx({key: known[key] for key in numbers}, rel=5e-6)


def test_report_has_the_contracts_keys_and_is_json() -> None:
    read = json.loads(json.dumps(asdict(ceiling_of_grades(worked_example())), allow_nan=False))
    assert read.keys() >= CONTRACT
    assert read["beta_worst_case"] == [0.05, 0.05]


def test_incomplete_rows_of_a_benchmark_count_in_the_worst_case_alone() -> None:
    found = ceiling_of_grades(filled([[WRONG] * 3, [UNKNOWN, 0, 0], [UNKNOWN, 1, 0]]))
    assert (found.rows, found.n_beta, found.n_best_accuracy, found.n_gain) == (41, 41, 41, 41)
    assert found.all_wrong == 1
    assert found.beta_worst_case == (1 / 43, 2 / 43)
    assert (found.undecided, found.n_beta_worst_case) == (1, 43)


def test_votes_count_each_quantity_where_it_is_known() -> None:
    found = ceiling_of_votes(filled([[WRONG] * 3, [UNKNOWN, 0, 0], [UNKNOWN, 1, 0], [-1, -1, 0]]))
    assert (found.best_model, found.n_best_accuracy) == ("c", 44)
    assert found.best_accuracy == 40 / 44
    # The row in which c alone was rated says nothing of all three; one acceptance does.
    assert (found.rows, found.n_beta, found.all_wrong) == (42, 42, 1)
    assert (found.gain, found.n_gain) == (1 / 42, 42)
    assert found.beta_worst_case == (1 / 44, 3 / 44)
    assert found.n_phi_mean == 41


def test_best_without_a_vote_on_the_others_decides_that_not_all_were_rejected() -> None:
    found = ceiling_of_votes(filled([[RIGHT, UNKNOWN, UNKNOWN]]))
    assert (found.n_beta, found.all_wrong, found.undecided) == (41, 0, 0)


@pytest.mark.parametrize("report", [ceiling_of_grades, ceiling_of_votes])
def test_one_model_is_no_council(report: Any) -> None:
    with pytest.raises(InvalidInput, match="two models or more; here there is only a"):
        report(matrix(np.ones((30, 1), np.int8)))


def test_too_few_rows_of_a_benchmark_are_a_sentence() -> None:
    with pytest.raises(InvalidInput) as caught:
        ceiling_of_grades(parse_outcomes("a,b\n1,0\n0,\n"))
    assert str(caught.value) == "A ceiling needs 20 complete rows; of the 2 here 1 are complete."


def test_too_few_votes_say_what_is_missing() -> None:
    cells = np.full((25, 2), UNKNOWN, np.int8)
    cells[:15, 0] = 1
    cells[15:, 1] = WRONG
    with pytest.raises(InvalidInput, match=r"so far there are 15, of 25 that were rated\.$"):
        ceiling_of_votes(matrix(cells))


def test_no_votes_at_all_are_a_sentence() -> None:
    with pytest.raises(InvalidInput, match=r"so far there are 0, of 0 that were rated\.$"):
        ceiling_of_votes(matrix(np.empty((0, 2), np.int8)))


@pytest.mark.parametrize("habit", HABITS.values(), ids=HABITS)
def test_limits_hold_for_the_votes_that_people_really_give(habit: Habit) -> None:
    found = held(habit, channels=200)
    assert min(found.high, found.high_anytime, found.low) >= 0.95
    told = [advice(each) for each in ceilings(habit, channels=3)]
    assert not any("skip" in each for each in told if each)


def test_full_votes_give_limits_as_narrow_as_before() -> None:
    found = held(HABITS["everything"], channels=200)
    assert found.width == found.width_of_known_cells
    assert found.high_of_known_cells == found.high


def test_an_unrated_answer_counts_at_its_worst_in_either_limit() -> None:
    """Of 40 rows a is right in 20 and unrated in 20, in 10 of which b is right."""
    cells = np.full((40, 2), UNKNOWN, np.int8)
    cells[:20, 0] = 1
    cells[20:30, 1] = 1
    found = ceiling_of_votes(matrix(cells))
    assert (found.rows, found.rated_rows, found.complete_rows) == (30, 30, 0)
    assert found.best_model == "a"
    assert found.gain_high_paired == pytest.approx(upper(10, 30, 0.025))
    assert found.gain_low == 0
    assert (found.best_accuracy, found.gain) == (1, 0)
    assert found.best_accuracy_low == pytest.approx(lower(20, 30, 0.0125))


small = arrays.arrays(
    np.int8, st.tuples(st.integers(20, 60), st.integers(2, 6)), elements=st.integers(-1, 1)
)
complete = arrays.arrays(
    np.int8, st.tuples(st.integers(20, 60), st.integers(2, 6)), elements=st.integers(0, 1)
)


def report_or_sentence(outcomes: Outcomes) -> Ceiling | str:
    try:
        return ceiling_of_votes(outcomes)
    except InvalidInput as error:
        return str(error)


@given(small)
def test_estimates_stay_within_their_limits_for_any_votes(cells: Any) -> None:
    match report_or_sentence(matrix(cells)):
        case str(sentence):
            assert sentence.endswith(".")
        case found:
            low, high = found.beta_worst_case
            assert low <= high
            assert found.beta_anytime_low <= found.beta_low + 1e-9
            assert found.beta_low <= found.beta <= found.beta_high
            assert found.best_accuracy_low <= found.best_accuracy <= found.best_accuracy_high
            assert found.gain_anytime_low <= found.gain_low + 1e-9
            assert found.gain_low <= found.gain <= found.gain_high_paired
            assert found.gain_high_paired <= found.gain_high_paired_anytime + 1e-9
            json.dumps(asdict(found), allow_nan=False)


@given(complete)
def test_gain_is_oracle_minus_best_for_any_complete_outcomes(cells: Any) -> None:
    found = ceiling_of_grades(matrix(cells))
    assert found.best_accuracy == pytest.approx(cells.mean(axis=0).max())
    assert found.oracle == pytest.approx(cells.any(axis=1).mean())
    assert found.gain == pytest.approx(found.oracle - found.best_accuracy)
    assert ceiling_of_votes(matrix(cells)).gain == found.gain


@given(complete)
def test_limits_are_scipys_for_any_complete_outcomes(cells: Any) -> None:
    found = ceiling_of_grades(matrix(cells))
    rows, models = cells.shape
    lost = ((cells == 0) & cells.any(axis=1, keepdims=True)).sum(axis=0)
    wrong = (cells == 0).sum(axis=0)
    all_wrong = found.all_wrong
    beta_low = stats.beta.ppf(0.025, all_wrong, rows - all_wrong + 1) if all_wrong else 0.0

    def highs(k: Any, alpha: float) -> Any:
        return np.where(k < rows, stats.beta.isf(alpha, k + 1, np.maximum(rows - k, 1)), 1.0)

    lows = np.where(lost > 0, stats.beta.ppf(0.05, np.maximum(lost, 1), rows - lost + 1), 0.0)
    published = highs(wrong, 0.025 / models).min() - beta_low
    assert found.beta_low == pytest.approx(beta_low, abs=1e-8)
    assert found.gain_low == pytest.approx(lows.min(), abs=1e-8)
    assert found.gain_high_paired == pytest.approx(highs(lost, 0.05 / models).min(), abs=1e-8)
    assert found.gain_high_published == pytest.approx(published, abs=1e-8)


def test_models_that_are_always_right_or_wrong_leave_the_diagnostics_open() -> None:
    found = ceiling_of_grades(matrix(np.array([[1, 0]] * 30, np.int8)))
    assert (found.gain, found.best_accuracy) == (0, 1)
    assert (found.phi_mean, found.ratio_single_factor, found.reference_alarm) == (None, None, False)


# --- coverage --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("rows", [50, 100, 400])
def test_paired_limits_cover_the_gain(name: str, rows: int) -> None:
    world = WORLDS[name]
    share = DELTA / len(world.accuracies)
    runs = simulate(world, runs=2_000, rows=rows)
    assert held_at_the_end(runs.resolvable, upper, share, world.gain) >= 0.95
    assert held_at_the_end(runs.resolvable, lower, DELTA, world.gain) >= 0.95


@pytest.mark.parametrize("name", WORLDS)
def test_anytime_limits_cover_the_gain_after_every_row(name: str) -> None:
    world = WORLDS[name]
    share = DELTA / len(world.accuracies)
    runs = simulate(world, runs=2_000, rows=300)
    assert held_at_every_row(runs.resolvable, anytime_upper, share, world.gain) >= 0.95
    assert held_at_every_row(runs.resolvable, anytime_lower, DELTA, world.gain) >= 0.95
    assert held_at_every_row(runs.all_wrong, anytime_lower, DELTA, world.beta) >= 0.95
    assert held_at_every_row(runs.all_wrong, anytime_upper, DELTA, world.beta) >= 0.95


def test_exact_limits_do_not_survive_a_look_at_every_row() -> None:
    world = WORLDS["5 equal"]
    runs = simulate(world, runs=3_000, rows=400)
    assert held_at_every_row(runs.all_wrong, lower, DELTA, world.beta) < 0.90


def test_first_published_rule_covers_far_too_seldom() -> None:
    world = WORLDS["12 equal"]
    assert published_held(simulate(world, runs=3_000, rows=100), world) < 0.15
