"""The ceiling in words. Shows the limits that hold however often somebody looks."""

import math

from bot.analysis.cofailure import Ceiling

# Below this no way of picking is worth what a council costs, several times one model's price.
WORTHWHILE_GAIN = 0.05

FOOTNOTE = "Each end is a one-sided limit that is right 95 % of the time, at all looks together."


def worded(ceiling: Ceiling, *, period: str = "") -> str:
    """One paragraph; `period` is when the questions were asked, such as "1 Mar - 9 May"."""
    sentences = {"votes": _votes, "grades": _grades}[ceiling.source]
    return " ".join(sentences(ceiling, period))


def _votes(ceiling: Ceiling, period: str) -> list[str]:
    return [
        f"In {_questions(ceiling, 'rated ', period)} you rejected every answer "
        f"{_all_wrong(ceiling)}.",
        *_worst_case(ceiling, "were rated only in part"),
        f"A perfect picker among these {ceiling.models} models would be accepted "
        f"{_gain(ceiling)}; no way of picking can gain more.",
        "This holds however often you look and already allows for "
        f"{ceiling.best_model} having been picked on the same data.",
        "It covers only rated questions, and not the written synthesis, which can do better or "
        "worse.",
        *_advice(ceiling),
    ]


def _grades(ceiling: Ceiling, period: str) -> list[str]:
    return [
        f"In {_questions(ceiling, 'graded ', period)} every model was wrong {_all_wrong(ceiling)}.",
        *_worst_case(ceiling, "lack outcomes"),
        *_audit(ceiling),
        f"A perfect picker among these {ceiling.models} models would be right "
        f"{_gain(ceiling)}; no way of picking can gain more.",
        "This holds however often you look and already allows for "
        f"{ceiling.best_model} having been picked on the same data.",
        "It covers only questions like these, and not the written synthesis, which can do better "
        "or worse.",
        *_advice(ceiling),
    ]


def _questions(ceiling: Ceiling, kind: str, period: str) -> str:
    return f"{ceiling.rows:,} {kind}questions{f' ({period})' if period else ''}"


def _all_wrong(ceiling: Ceiling) -> str:
    times = "1 time" if ceiling.all_wrong == 1 else f"{ceiling.all_wrong:,} times"
    low, high = ceiling.beta_anytime_low, ceiling.beta_anytime_high
    return f"{times} ({100 * ceiling.beta:.1f} %; plausible range {_range(low, high)})"


def _gain(ceiling: Ceiling) -> str:
    # Outwards, so that rounding never promises more than the limits do.
    low = math.floor(100 * ceiling.gain_anytime_low)
    high = math.ceil(100 * ceiling.gain_high_paired_anytime)
    return (
        f"{low} to {high} points more often than always using {ceiling.best_model} "
        f"({100 * ceiling.best_accuracy:.0f} %)"
    )


def _worst_case(ceiling: Ceiling, why: str) -> list[str]:
    if not ceiling.undecided:
        return []
    low, high = ceiling.beta_worst_case
    return [
        f"{ceiling.undecided:,} of all {ceiling.n_beta_worst_case:,} questions {why}: with them the "
        f"share can be anything in {_range(low, high)}."
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


def _advice(ceiling: Ceiling) -> list[str]:
    if ceiling.gain_high_paired_anytime >= WORTHWHILE_GAIN:
        return []
    return [
        "That is too little: skip the council for this kind of question and ask "
        f"{ceiling.best_model}."
    ]


def _range(low: float, high: float) -> str:
    return f"{100 * low:.1f}-{100 * high:.1f} %"
