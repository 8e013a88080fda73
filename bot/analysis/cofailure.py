"""The co-failure ceiling: how much a perfect picker among these models could gain.

Where every model is wrong, no router, vote or pick can be right. With beta = P(all wrong), a_i the
accuracy of model i and r_i = P(i wrong and another one right), picking gains at most

    G = (1 - beta) - max a_i = min r_i

over always using the best model. A text written anew from the answers is not bound by it.
The theory is Josef Chen's, "When Does Combining Language Models Help?", arXiv 2606.27288.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from bot.analysis.audit import set_aside
from bot.analysis.dependence import PoolSize, by_pool_size, diagnose, undiagnosed
from bot.analysis.estimates import Missing, known
from bot.analysis.gain import (
    DELTA,
    beta_certificate,
    corrected_certificate,
    gain_lower,
    paired_certificate,
    resolvable_bounds,
    resolvable_counts,
)
from bot.analysis.limits import anytime_lower, anytime_upper, anytime_z, interval, lower, upper
from bot.analysis.outcomes import RIGHT, Outcomes
from bot.analysis.realised import Realised, Ways, more_than_half, realised
from bot.errors import InvalidInput
from bot.language import N_, _

# Below it intervals are so wide that they only invite misreading.
MINIMUM_ROWS = 20

Source = Literal["grades", "votes", "counts"]

_FEW = N_("A ceiling needs {least} complete rows; of the {rows} here {complete} are complete.")
_FEW_NOT_ASIDE = N_(
    "A ceiling needs {least} complete rows; of the {rows} here {complete} are complete and not "
    "set aside."
)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The report; its fields are keys of `ceiling --json`.

    Limits that are not called anytime hold for one look at a number of rows fixed in advance.
    Those of one side, and all with `anytime` in their name, are wrong with a chance of 5 % at most;
    so are the intervals of `beta` (both sides together) and of `best_accuracy`, which allows for
    the best model having been picked on the same rows. `None` is a quantity that these rows do not
    define.

    Votes leave cells unknown. Every limit of the gain and of `best_accuracy`, and those of beta
    called anytime, then allow for the worst in the `rated_rows`, those with any known cell: in an
    upper limit of the gain an unknown answer is wrong for the single model and may be right for the
    perfect picker, in a lower one the other way round. The shares `beta`, `oracle`, `best_accuracy`
    and `gain` are over the cells and rows where they are known, and take the others to be like
    them; `beta_low` and `beta_high` are limits of that share. Each `n_` field counts the rows
    behind a quantity, `n_phi_mean` those of the pair with the fewest; `n_beta_worst_case` counts
    all rows, of which `undecided` may or may not be all wrong, and `beta_plausible` is the range of
    `beta_worst_case` with what chance adds to either end.

    `complete_rows` have no unknown cell, and `gain_anytime_high_complete` is over these alone,
    `None` below `MINIMUM_ROWS`. `audit` are the rows that are all wrong. `gain_seed` is the first
    published rule, see `gain.beta_certificate`. The intervals of `realised` are of 95 %, those of
    votes at all looks together. `verdict_is_better` than every single model, as far as the caller can
    tell.
    """

    source: Source
    rows: int
    rated_rows: int
    complete_rows: int
    models: int
    all_wrong: int
    beta: float
    beta_low: float
    beta_high: float
    beta_anytime_low: float
    beta_anytime_high: float
    beta_worst_case: tuple[float, float]
    beta_plausible: tuple[float, float]
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
    gain_anytime_high_complete: float | None
    gain_seed: float
    phi_mean: float | None
    tetrachoric_mean: float | None
    beta_single_factor: float | None
    ratio_single_factor: float | None
    beta_full_sigma: float | None
    beta_full_sigma_low: float | None
    beta_full_sigma_high: float | None
    negative_eigenvalues: int | None
    by_pool_size: tuple[PoolSize, ...]
    audit: tuple[str, ...]
    reference_alarm: bool
    all_wrong_graded: int
    all_wrong_genuine: int
    rows_set_aside: int
    realised: Realised | Missing
    verdict_is_better: bool
    n_beta: int
    n_beta_worst_case: int
    n_best_accuracy: int
    n_gain: int
    n_phi_mean: int


def ceiling_of_grades(
    outcomes: Outcomes,
    labels: Mapping[str, str] | None = None,
    ways: Ways | None = None,
    *,
    verdict_is_better: bool = False,
) -> Ceiling:
    """Over the complete rows of a graded benchmark, `beta_worst_case` over all of them.

    `labels` are an audit's, by row: rows whose label says that the question or its grading is at
    fault are set aside, and counted. `ways` go with the rows; without them a majority vote is what
    outcomes tell of it. Raises `InvalidInput` for less than two models, for less than
    `MINIMUM_ROWS` rows, and for labels that cannot be read.
    """
    _check_models(outcomes)
    labels = labels or {}
    aside = set_aside(outcomes, labels)
    kept = outcomes.complete & ~aside
    if kept.sum() < MINIMUM_ROWS:
        raise InvalidInput(
            _(
                _FEW_NOT_ASIDE if aside.any() else _FEW,
                least=MINIMUM_ROWS,
                rows=len(outcomes.rows),
                complete=kept.sum(),
            )
        )
    genuine = [labels.get(row) == "genuine" for row in outcomes.rows]
    if ways is None:
        ways = {"majority_at_least": more_than_half(outcomes)}
    kept_ways: Ways = {
        way: tuple(value for value, away in zip(values, aside, strict=True) if not away)
        for way, values in ways.items()
    }
    return _ceiling(
        "grades",
        outcomes.of_rows(kept),
        outcomes.of_rows(~aside),
        all_wrong_graded=int(outcomes.all_wrong.sum()),
        all_wrong_genuine=int((outcomes.all_wrong & genuine).sum()),
        rows_set_aside=int(aside.sum()),
        realised=known(lambda: realised(outcomes.of_rows(~aside), kept_ways)),
        verdict_is_better=verdict_is_better,
    )


def ceiling_of_counts(all_wrong: int, rows: int, best_right: int, *, models: int = 1) -> Ceiling:
    """From three counts: rows, those that every model got wrong, those that the best got right.

    In an all-wrong row the best is wrong too, so that it was wrong where another was right in
    `rows - best_right - all_wrong` rows, which is all that the limits need. `models` is how many
    the best was picked from on these rows, 1 where it was chosen in advance. Raises `InvalidInput`
    for counts that do not fit together, and below `MINIMUM_ROWS`.
    """
    if min(all_wrong, best_right) < 0 or models < 1 or all_wrong + best_right > rows:
        raise InvalidInput(
            _(
                "{all_wrong} of {rows} rows all wrong and {best_right} right by the best model "
                "do not fit together: the best model is wrong in the all-wrong rows.",
                all_wrong=all_wrong,
                rows=rows,
                best_right=best_right,
            )
        )
    if rows < MINIMUM_ROWS:
        raise InvalidInput(
            _(
                "A ceiling needs {least} rows; these are {rows}.",
                least=MINIMUM_ROWS,
                rows=rows,
            )
        )
    beta_low, beta_high = interval(all_wrong, rows, DELTA)
    low, high = interval(best_right, rows, DELTA / models)
    anytime = anytime_lower(all_wrong, rows, DELTA), anytime_upper(all_wrong, rows, DELTA)
    # The model with the fewest has the lowest limits, so that the others' counts are not needed.
    lost = [(rows - best_right - all_wrong, rows)]
    share = DELTA / models
    return Ceiling(
        source="counts",
        rows=rows,
        rated_rows=rows,
        complete_rows=rows,
        models=models,
        all_wrong=all_wrong,
        beta=all_wrong / rows,
        beta_low=beta_low,
        beta_high=beta_high,
        beta_anytime_low=anytime[0],
        beta_anytime_high=anytime[1],
        beta_worst_case=(all_wrong / rows, all_wrong / rows),
        beta_plausible=anytime,
        undecided=0,
        best_model=_("the best model"),
        best_accuracy=best_right / rows,
        best_accuracy_low=low,
        best_accuracy_high=high,
        oracle=1 - all_wrong / rows,
        gain=lost[0][0] / rows,
        gain_low=gain_lower(lost, lower),
        gain_high_paired=paired_certificate(lost, upper, delta=share),
        gain_anytime_low=gain_lower(lost, anytime_lower),
        gain_high_paired_anytime=paired_certificate(lost, anytime_upper, delta=share),
        gain_high_published=corrected_certificate(
            (all_wrong, rows), [(rows - best_right, rows)], models=models
        ),
        gain_anytime_high_complete=paired_certificate(lost, anytime_upper, delta=share),
        gain_seed=beta_certificate(all_wrong, rows, best_right / rows, DELTA),
        **asdict(undiagnosed(rows)),
        by_pool_size=(),
        audit=(),
        reference_alarm=False,
        all_wrong_graded=all_wrong,
        all_wrong_genuine=0,
        rows_set_aside=0,
        realised=Missing(_("Counts alone do not tell what was made of the possible gain.")),
        verdict_is_better=False,
        n_beta=rows,
        n_beta_worst_case=rows,
        n_best_accuracy=rows,
        n_gain=rows,
    )


def ceiling_of_votes(
    outcomes: Outcomes,
    ways: Ways | None = None,
    clusters: Sequence[str] | None = None,
    *,
    verdict_is_better: bool = False,
) -> Ceiling:
    """Over what people rated, which may be the best answer alone.

    `ways` go with the rows, and so do `clusters`, whose votes belong together. Raises `InvalidInput`, which says what is still missing, for less than two models, and below
    `MINIMUM_ROWS` rows of which it is known whether every answer was rejected.
    """
    _check_models(outcomes)
    rated, decided = outcomes.rated, int(outcomes.decided.sum())
    if decided < MINIMUM_ROWS:
        raise InvalidInput(
            _(
                "A ceiling needs {least} questions in which an answer was accepted, or "
                "every one rejected; so far there are {decided}, of {rated} that were rated.",
                least=MINIMUM_ROWS,
                decided=decided,
                rated=rated.sum(),
            )
        )
    return _ceiling(
        "votes",
        outcomes.of_rows(rated),
        outcomes,
        all_wrong_graded=int(outcomes.all_wrong.sum()),
        all_wrong_genuine=0,
        rows_set_aside=0,
        realised=known(
            lambda: realised(
                outcomes, ways or {}, clusters=clusters, z=anytime_z(len(outcomes.rows))
            )
        ),
        verdict_is_better=verdict_is_better,
    )


def reference_alarm(all_wrong: int, models: int, ratio: float | None) -> bool:
    """Whether so many models fail together so often that the references are to be suspected.

    Wrong references make the ratio grow with the number of models (7.6 at 43 models on GSM8K,
    where all five are wrong references); questions that are genuinely hard leave it near 1.
    """
    return all_wrong >= 3 and models >= 8 and ratio is not None and ratio >= 2


def _check_models(outcomes: Outcomes) -> None:
    if len(outcomes.models) < 2:
        only = ", ".join(outcomes.models) or "none"
        raise InvalidInput(
            _("A ceiling compares two models or more; here there is only {only}.", only=only)
        )


def _ceiling(
    source: Source,
    outcomes: Outcomes,
    everything: Outcomes,
    *,
    all_wrong_graded: int,
    all_wrong_genuine: int,
    rows_set_aside: int,
    realised: Realised | Missing,
    verdict_is_better: bool,
) -> Ceiling:
    """`outcomes` are the rows with any known cell, out of `everything`."""
    rated, models = outcomes.cells.shape
    k, n = int(outcomes.all_wrong.sum()), int(outcomes.decided.sum())
    beta_low, beta_high = interval(k, n, DELTA)
    known, possible = ([(k, rated) for k in each] for each in resolvable_bounds(outcomes))
    right = (outcomes.cells == RIGHT).sum(axis=0).tolist()
    labelled = outcomes.known.sum(axis=0).tolist()
    wrong_at_most = [(rated - each, rated) for each in right]
    # The limits are about the model that may be worse than others in the fewest rows. On complete
    # rows it is the one with the best accuracy.
    best = min(range(models), key=lambda model: (possible[model][0], -labelled[model]))
    missed, of = resolvable_counts(outcomes)[best]
    # Where little is known, the rows that tell may be unlike what the others leave possible.
    gain = min(max(missed / of, known[best][0] / rated), possible[best][0] / rated)
    accuracy = right[best] / labelled[best]
    alpha = DELTA / (2 * models)
    total, undecided = len(everything.rows), int((~everything.decided).sum())
    all_wrong = int(everything.all_wrong.sum())
    complete = outcomes.of_rows(outcomes.complete)
    diagnosis = diagnose(outcomes, k / n)
    return Ceiling(
        source=source,
        rows=n,
        rated_rows=rated,
        complete_rows=len(complete.rows),
        models=models,
        all_wrong=k,
        beta=k / n,
        beta_low=beta_low,
        beta_high=beta_high,
        beta_anytime_low=anytime_lower(k, rated, DELTA),
        beta_anytime_high=anytime_upper(k + rated - n, rated, DELTA),
        beta_worst_case=(all_wrong / total, (all_wrong + undecided) / total),
        beta_plausible=(
            anytime_lower(all_wrong, total, DELTA),
            anytime_upper(all_wrong + undecided, total, DELTA),
        ),
        undecided=undecided,
        best_model=outcomes.models[best],
        best_accuracy=accuracy,
        best_accuracy_low=lower(right[best], rated, alpha),
        best_accuracy_high=upper(right[best] + rated - labelled[best], rated, alpha),
        oracle=1 - k / n,
        gain=gain,
        gain_low=gain_lower(known, lower),
        gain_high_paired=paired_certificate(possible, upper),
        gain_anytime_low=gain_lower(known, anytime_lower),
        gain_high_paired_anytime=paired_certificate(possible, anytime_upper),
        gain_high_published=corrected_certificate((k, rated), wrong_at_most, models=models),
        gain_anytime_high_complete=_of_complete(complete),
        gain_seed=beta_certificate(k, n, accuracy, DELTA),
        **asdict(diagnosis),
        by_pool_size=by_pool_size(complete) if len(complete.rows) >= MINIMUM_ROWS else (),
        audit=tuple(row for row, bad in zip(outcomes.rows, outcomes.all_wrong, strict=True) if bad),
        reference_alarm=reference_alarm(k, models, diagnosis.ratio_single_factor),
        all_wrong_graded=all_wrong_graded,
        all_wrong_genuine=all_wrong_genuine,
        rows_set_aside=rows_set_aside,
        realised=realised,
        verdict_is_better=verdict_is_better,
        n_beta=n,
        n_beta_worst_case=total,
        n_best_accuracy=labelled[best],
        n_gain=of,
    )


def _of_complete(complete: Outcomes) -> float | None:
    if len(complete.rows) < MINIMUM_ROWS:
        return None
    return paired_certificate(resolvable_counts(complete), anytime_upper)
