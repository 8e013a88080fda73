"""The co-failure ceiling: how much a perfect picker among these models could gain.

Where every model is wrong, no router, vote or pick can be right. With beta = P(all wrong), a_i the
accuracy of model i and r_i = P(i wrong and another one right), picking gains at most

    G = (1 - beta) - max a_i = min r_i

over always using the best model. A text written anew from the answers is not bound by it.
The theory is Josef Chen's, "When Does Combining Language Models Help?", arXiv 2606.27288.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.analysis.audit import set_aside
from bot.analysis.dependence import diagnose
from bot.analysis.limits import Limit, anytime_lower, anytime_upper, interval, lower, upper
from bot.analysis.outcomes import WRONG, Mask, Outcomes
from bot.errors import InvalidInput

DELTA = 0.05
# Below it intervals are so wide that they only invite misreading.
MINIMUM_ROWS = 20

# A model's successes and trials.
Count = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The report; its fields are the keys of `ceiling --json`.

    Limits that are not called anytime hold for one look at a number of rows fixed in advance.
    Those of one side, and all with `anytime` in their name, are wrong with a chance of 5 % at most;
    so are the intervals of `beta` (both sides together) and of `best_accuracy`, which allows for
    the best model having been picked on the same rows. `None` is a quantity that these rows do not
    define. Each `n_` field counts the rows behind a quantity, `n_phi_mean` those of the pair with
    the fewest; `n_beta_worst_case` counts all rows, of which `undecided` may or may not be all
    wrong.
    """

    source: Literal["grades", "votes"]
    rows: int
    models: int
    all_wrong: int
    beta: float
    beta_low: float
    beta_high: float
    beta_anytime_low: float
    beta_anytime_high: float
    beta_worst_case: tuple[float, float]
    undecided: int
    best_model: str
    best_accuracy: float
    best_accuracy_low: float
    best_accuracy_high: float
    oracle: float
    gain: float
    gain_low: float
    gain_high_paired: float
    gain_anytime_low: float
    gain_high_paired_anytime: float
    gain_high_published: float
    phi_mean: float | None
    tetrachoric_mean: float | None
    beta_single_factor: float | None
    ratio_single_factor: float | None
    beta_full_sigma: float | None
    beta_full_sigma_low: float | None
    beta_full_sigma_high: float | None
    negative_eigenvalues: int | None
    reference_alarm: bool
    all_wrong_graded: int
    all_wrong_genuine: int
    rows_set_aside: int
    n_beta: int
    n_beta_worst_case: int
    n_best_accuracy: int
    n_gain: int
    n_phi_mean: int


def ceiling_of_grades(outcomes: Outcomes, labels: Mapping[str, str] | None = None) -> Ceiling:
    """Over the complete rows of a graded benchmark, `beta_worst_case` over all of them.

    `labels` are an audit's, by row: rows whose label says that the question or its grading is at
    fault are set aside, and counted. Raises `InvalidInput` for less than two models, for less than
    `MINIMUM_ROWS` rows, and for labels that cannot be read.
    """
    _check_models(outcomes)
    labels = labels or {}
    aside = set_aside(outcomes, labels)
    kept = outcomes.complete & ~aside
    if kept.sum() < MINIMUM_ROWS:
        raise InvalidInput(
            f"A ceiling needs {MINIMUM_ROWS} complete rows; of the {len(outcomes.rows)} here "
            f"{kept.sum()} are complete{' and not set aside' if aside.any() else ''}."
        )
    genuine = [labels.get(row) == "genuine" for row in outcomes.rows]
    return _ceiling(
        "grades",
        outcomes.of_rows(kept),
        outcomes.of_rows(~aside),
        all_wrong_graded=int(outcomes.all_wrong.sum()),
        all_wrong_genuine=int((outcomes.all_wrong & genuine).sum()),
        rows_set_aside=int(aside.sum()),
    )


def ceiling_of_votes(outcomes: Outcomes) -> Ceiling:
    """Over what people rated: each quantity over the rows where it is known.

    Raises `InvalidInput`, which says what is still missing, for less than two models, and where a
    model was rated in less than `MINIMUM_ROWS` rows.
    """
    _check_models(outcomes)
    rated = [trials for _, trials in resolvable_counts(outcomes)]
    if min(rated) < MINIMUM_ROWS:
        so_far = ", ".join(f"{model} {n}" for model, n in zip(outcomes.models, rated, strict=True))
        raise InvalidInput(
            f"A ceiling needs {MINIMUM_ROWS} questions for each model in which its answer was "
            f"rated, and another one accepted or all rejected. So far: {so_far}."
        )
    return _ceiling(
        "votes",
        outcomes,
        outcomes,
        all_wrong_graded=int(outcomes.all_wrong.sum()),
        all_wrong_genuine=0,
        rows_set_aside=0,
    )


def beta_certificate(all_wrong: int, rows: int, best_accuracy: float, delta: float) -> float:
    """The rule as first published. **Too optimistic: never show it as a result.**

    `(1 - lower limit of beta) - best_accuracy` takes the best accuracy seen for the true one. In
    simulations it covers the true gain 6 to 87 % of the time instead of 1 - `delta`. It is here to
    be compared with.
    """
    return (1 - lower(all_wrong, rows, delta)) - best_accuracy


def corrected_certificate(
    all_wrong: Count, wrong: Iterable[Count], *, models: int, delta: float = DELTA
) -> float:
    """The rule as corrected in print: an upper limit of the gain; valid, and wide.

    P(best wrong) - beta, each at its limit: half of `delta` is for beta, the other half is shared
    by the `models` that the best one was picked from (1: fixed in advance). `wrong` holds each
    model's errors; the best model's alone give the same limit where all have the same trials.
    """
    return _least(upper, wrong, delta / (2 * models)) - lower(*all_wrong, delta / 2)


def paired_certificate(resolvable: Sequence[Count], limit: Limit, *, delta: float = DELTA) -> float:
    """Our upper limit of the gain, from how often each model was wrong and another one right.

    G = min r_i is at most r_i for every i, so each model's own limit is one; `delta` is shared,
    because the smallest is picked on the same rows. `limit` is `upper` or `anytime_upper`.
    """
    return _least(limit, resolvable, delta / len(resolvable))


def gain_lower(resolvable: Iterable[Count], limit: Limit, *, delta: float = DELTA) -> float:
    """A lower limit of the gain, with `lower` or `anytime_lower`.

    Nothing is shared here: G is r_i of one fixed model, and the smallest limit is at most its.
    """
    return _least(limit, resolvable, delta)


def reference_alarm(all_wrong: int, models: int, ratio: float | None) -> bool:
    """Whether so many models fail together so often that the references are to be suspected.

    Wrong references make the ratio grow with the number of models (7.6 at 43 models on GSM8K,
    where all five are wrong references); questions that are genuinely hard leave it near 1.
    """
    return all_wrong >= 3 and models >= 8 and ratio is not None and ratio >= 2


def resolvable_counts(outcomes: Outcomes) -> tuple[Count, ...]:
    """Of each model: wrong where another one was right, of the rows where both are known."""
    lost = (outcomes.cells == WRONG) & ~outcomes.all_wrong[:, None]
    return _counts(lost, outcomes.known & outcomes.decided[:, None])


def _counts(successes: Mask, trials: Mask) -> tuple[Count, ...]:
    k, n = (successes & trials).sum(axis=0).tolist(), trials.sum(axis=0).tolist()
    return tuple(zip(k, n, strict=True))


def _check_models(outcomes: Outcomes) -> None:
    if len(outcomes.models) < 2:
        only = ", ".join(outcomes.models) or "none"
        raise InvalidInput(f"A ceiling compares two models or more; here there is only {only}.")


def _least(limit: Limit, counts: Iterable[Count], alpha: float) -> float:
    """The smallest limit. Among the same trials the fewest successes have it."""
    fewest: dict[int, int] = {}
    for k, n in counts:
        fewest[n] = min(k, fewest.get(n, k))
    return min(limit(k, n, alpha) for n, k in fewest.items())


def _ceiling(
    source: Literal["grades", "votes"],
    outcomes: Outcomes,
    everything: Outcomes,
    *,
    all_wrong_graded: int,
    all_wrong_genuine: int,
    rows_set_aside: int,
) -> Ceiling:
    k, n = int(outcomes.all_wrong.sum()), int(outcomes.decided.sum())
    beta_low, beta_high = interval(k, n, DELTA)
    models = len(outcomes.models)
    wrong = _counts(outcomes.cells == WRONG, outcomes.known)
    resolvable = resolvable_counts(outcomes)
    # On complete rows this is the model with the best accuracy; on votes it is the one that the
    # limits are about.
    best = min(range(models), key=lambda model: resolvable[model][0] / resolvable[model][1])
    missed, rated = wrong[best]
    best_low, best_high = interval(rated - missed, rated, DELTA / models)
    undecided = int((~everything.decided).sum())
    total = len(everything.rows)
    known_all_wrong = int(everything.all_wrong.sum())
    diagnosis = diagnose(outcomes, k / n)
    return Ceiling(
        source=source,
        rows=n,
        models=models,
        all_wrong=k,
        beta=k / n,
        beta_low=beta_low,
        beta_high=beta_high,
        beta_anytime_low=anytime_lower(k, n, DELTA),
        beta_anytime_high=anytime_upper(k, n, DELTA),
        beta_worst_case=(known_all_wrong / total, (known_all_wrong + undecided) / total),
        undecided=undecided,
        best_model=outcomes.models[best],
        best_accuracy=1 - missed / rated,
        best_accuracy_low=best_low,
        best_accuracy_high=best_high,
        oracle=1 - k / n,
        gain=resolvable[best][0] / resolvable[best][1],
        gain_low=gain_lower(resolvable, lower),
        gain_high_paired=paired_certificate(resolvable, upper),
        gain_anytime_low=gain_lower(resolvable, anytime_lower),
        gain_high_paired_anytime=paired_certificate(resolvable, anytime_upper),
        gain_high_published=corrected_certificate((k, n), wrong, models=models),
        phi_mean=diagnosis.phi_mean,
        tetrachoric_mean=diagnosis.tetrachoric_mean,
        beta_single_factor=diagnosis.beta_single_factor,
        ratio_single_factor=diagnosis.ratio_single_factor,
        beta_full_sigma=diagnosis.beta_full_sigma,
        beta_full_sigma_low=diagnosis.beta_full_sigma_low,
        beta_full_sigma_high=diagnosis.beta_full_sigma_high,
        negative_eigenvalues=diagnosis.negative_eigenvalues,
        reference_alarm=reference_alarm(k, models, diagnosis.ratio_single_factor),
        all_wrong_graded=all_wrong_graded,
        all_wrong_genuine=all_wrong_genuine,
        rows_set_aside=rows_set_aside,
        n_beta=n,
        n_beta_worst_case=total,
        n_best_accuracy=rated,
        n_gain=resolvable[best][1],
        n_phi_mean=diagnosis.n_least,
    )
