"""The ceiling in words. Shows the limits that hold however often somebody looks."""

import math
from dataclasses import asdict
from typing import Any

from bot.analysis.cofailure import Ceiling

# Below this no way of picking is worth what a council costs, several times one model's price.
WORTHWHILE_GAIN = 0.05

FOOTNOTE = "Each end is a one-sided limit that is right 95 % of the time, at all looks together."


def worded(ceiling: Ceiling, *, period: str = "") -> str:
    """One paragraph; `period` is when the questions were asked, such as "1 Mar - 9 May"."""
    sentences = {"votes": _votes, "grades": _grades, "counts": _counts}[ceiling.source]
    return " ".join(sentences(ceiling, period))


def as_json(ceiling: Ceiling) -> dict[str, Any]:
    """The object of the contract: the fields, and what follows from them in words."""
    return asdict(ceiling) | {"advice": advice(ceiling), "assumption": assumption(ceiling)}


def advice(ceiling: Ceiling) -> str | None:
    """What to do, where the rows are complete enough to say it.

    People choose what they rate, so the rows they rated in full alone may mislead (those that
    rejected everything are among them); the limit that allows for the others has to agree.
    """
    high = ceiling.gain_anytime_high_complete
    if high is None or max(high, ceiling.gain_high_paired_anytime) >= WORTHWHILE_GAIN:
        return None
    return (
        f"By {ceiling.complete_rows:,} questions of which every outcome is known that is too "
        f"little: skip the council for this kind of question and ask {ceiling.best_model}."
    )


def assumption(ceiling: Ceiling) -> str | None:
    """What the shares take for granted that are no limits; `None` on complete rows."""
    if ceiling.complete_rows == ceiling.rated_rows:
        return None
    return (
        f"The shares take answers that nobody rated to be like those that were rated "
        f"({ceiling.complete_rows:,} of {ceiling.rated_rows:,} questions were rated in full); the "
        "two ends of the gain take them at their worst."
    )


def _votes(ceiling: Ceiling, period: str) -> list[str]:
    return [
        f"In {_questions(ceiling.rated_rows, 'rated ', period)} you rejected every answer "
        f"{_all_wrong(ceiling)}.",
        *_more(ceiling, "nobody rated"),
        f"A perfect picker among these {ceiling.models} models would be accepted "
        f"{_gain(ceiling)}; no way of picking can gain more.",
        *filter(None, [assumption(ceiling)]),
        _holds(ceiling),
        "It covers only rated questions, and not the written synthesis, which can do better or "
        "worse.",
        *filter(None, [advice(ceiling)]),
    ]


def _grades(ceiling: Ceiling, period: str) -> list[str]:
    return [
        f"In {_questions(ceiling.rows, 'graded ', period)} every model was wrong "
        f"{_all_wrong(ceiling)}.",
        *_more(ceiling, "lack an outcome"),
        *_audit(ceiling),
        f"A perfect picker among these {ceiling.models} models would be right "
        f"{_gain(ceiling)}; no way of picking can gain more.",
        _holds(ceiling),
        "It covers only questions like these, and not the written synthesis, which can do better "
        "or worse.",
        *filter(None, [advice(ceiling)]),
    ]


def _counts(ceiling: Ceiling, period: str) -> list[str]:
    if ceiling.models == 1:
        holds = (
            "This holds however often you look, if the best model was chosen in advance; where it "
            "was picked on these questions, say from how many with --models."
        )
    else:
        holds = (
            "This holds however often you look and already allows for the best model having been "
            f"picked from {ceiling.models} on these questions."
        )
    return [
        f"In {_questions(ceiling.rows, '', period)} every model was wrong {_all_wrong(ceiling)}.",
        f"A perfect picker would be right {_gain(ceiling)}; no way of picking can gain more.",
        holds,
        "It covers only questions like these, and not the written synthesis, which can do better "
        "or worse.",
        *filter(None, [advice(ceiling)]),
    ]


def _holds(ceiling: Ceiling) -> str:
    return (
        f"This holds however often you look and already allows for {ceiling.best_model} having "
        "been picked on the same data."
    )


def _questions(rows: int, kind: str, period: str) -> str:
    return f"{rows:,} {kind}questions{f' ({period})' if period else ''}"


def _all_wrong(ceiling: Ceiling) -> str:
    times = "1 time" if ceiling.all_wrong == 1 else f"{ceiling.all_wrong:,} times"
    low, high = ceiling.beta_anytime_low, ceiling.beta_anytime_high
    of = "" if ceiling.rows == ceiling.rated_rows else f" of the {ceiling.rows:,} that tell"
    return f"{times} ({100 * ceiling.beta:.1f} %{of}; plausible range {_range(low, high)})"


def _gain(ceiling: Ceiling) -> str:
    # Outwards, so that rounding never promises more than the limits do.
    low = math.floor(100 * ceiling.gain_anytime_low)
    high = math.ceil(100 * ceiling.gain_high_paired_anytime)
    rated = ceiling.n_best_accuracy
    of = "" if rated == ceiling.rated_rows else f" of its {rated:,} rated answers"
    return (
        f"{low} to {high} points more often than always using {ceiling.best_model} "
        f"({100 * ceiling.best_accuracy:.0f} %{of})"
    )


def _more(ceiling: Ceiling, what: str) -> list[str]:
    more = ceiling.n_beta_worst_case - ceiling.rated_rows
    if not more:
        return []
    return [
        f"Counting {more:,} more that {what}, the share can be anything in "
        f"{_range(*ceiling.beta_plausible)}."
    ]


def _audit(ceiling: Ceiling) -> list[str]:
    sentences = []
    if ceiling.rows_set_aside:
        sentences.append(
            f"An audit set {ceiling.rows_set_aside:,} rows aside; as graded, "
            f"{ceiling.all_wrong_graded:,} were all wrong."
        )
    if ceiling.reference_alarm:
        sentences.append(
            f"That is {ceiling.ratio_single_factor:.1f} times what pairs of models predict, which "
            "mostly means wrong references: audit these rows before believing it."
        )
    return sentences


def _range(low: float, high: float) -> str:
    return f"{100 * low:.1f}-{100 * high:.1f} %"
