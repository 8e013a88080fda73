"""The ceiling in words. Shows the limits that hold however often somebody looks."""

from dataclasses import asdict
from typing import Any

from bot.analysis.cofailure import Ceiling
from bot.analysis.estimates import outwards
from bot.language import N_, Message, _, n_

# Below this no way of picking is worth what a council costs, several times one model's price.
WORTHWHILE_GAIN = 0.05

_LITTLE = N_(
    "Picking the best answer of {models} can gain at most {high} over always using {best_model}: "
    "skip the council for this kind of question, or add a model that fails on other questions, not "
    "a router."
)
_LITTLE_BUT_VERDICT = N_(
    "Picking the best answer of {models} can gain at most {high} over always using {best_model}, "
    "but the written verdict does better than any member: keep the chairman, and add no router."
)
_MUCH = N_(
    "Picking the best answer of {models} would gain at least {low:.0f} points over always using "
    "{best_model}, for they fail on different questions: keep them all, and change how an answer is "
    "picked until more of that is made real."
)
_MUCH_AND_VERDICT = N_(
    "Picking the best answer of {models} would gain at least {low:.0f} points over always using "
    "{best_model}, and the written verdict does better than any member: keep this council."
)

FOOTNOTE = N_(
    "Each end is a one-sided limit that is right 95 % of the time, at all looks together."
)


def worded(ceiling: Ceiling, *, period: str = "") -> str:
    """One paragraph; `period` is when the questions were asked, such as "1 Mar - 9 May"."""
    sentences = {"votes": _votes, "grades": _grades, "counts": _counts}[ceiling.source]
    return " ".join(sentences(ceiling, period))


def as_json(ceiling: Ceiling) -> dict[str, Any]:
    """The object of the contract: the fields, and what follows from them in words."""
    return asdict(ceiling) | {"advice": advice(ceiling), "assumption": assumption(ceiling)}


def advice(ceiling: Ceiling) -> str | None:
    """What a reader should do, where the limits carry it: the first line of every display.

    People choose what they rate, so the rows they rated in full alone may mislead (those that
    rejected everything are among them); the limit that allows for the others has to agree.
    """
    if ceiling.reference_alarm:
        return _(
            "Look at the {n:,} questions that every model got wrong before you act on any of this: "
            "so many together are mostly faults of the references.",
            n=ceiling.all_wrong,
        )
    better = ceiling.verdict_is_better
    complete = ceiling.gain_anytime_high_complete
    if complete is not None:
        high = max(complete, ceiling.gain_high_paired_anytime)
        if high < WORTHWHILE_GAIN:
            return _limit(_LITTLE_BUT_VERDICT if better else _LITTLE, ceiling, high=high)
    if ceiling.gain_anytime_low >= WORTHWHILE_GAIN:
        return _limit(_MUCH_AND_VERDICT if better else _MUCH, ceiling, low=ceiling.gain_anytime_low)
    return None


def _limit(advice: Message, ceiling: Ceiling, *, low: float = 0.0, high: float = 0.0) -> str:
    low, high = outwards(100 * low, 100 * high)
    models = _("these {models} models", models=ceiling.models)
    return _(
        advice,
        low=low,
        high=n_("{n} point", "{n} points", int(high)),
        models=models if ceiling.models > 1 else _("these models"),
        best_model=ceiling.best_model,
    )


def assumption(ceiling: Ceiling) -> str | None:
    """What the shares take for granted that are no limits; `None` on complete rows."""
    if ceiling.complete_rows == ceiling.rated_rows:
        return None
    return _(
        "The shares take answers that nobody rated to be like those that were rated "
        "({complete_rows:,} of {rated_rows:,} questions were rated in full); the two ends "
        "of the gain take them at their worst.",
        complete_rows=ceiling.complete_rows,
        rated_rows=ceiling.rated_rows,
    )


def _votes(ceiling: Ceiling, period: str) -> list[str]:
    return [
        _(
            "In {questions} you rejected every answer {all_wrong}.",
            questions=_questions(N_("{rows:,} rated questions"), ceiling.rated_rows, period),
            all_wrong=_all_wrong(ceiling),
        ),
        *_more(
            ceiling,
            N_("Counting {more:,} more that nobody rated, the share can be anything in {range}."),
        ),
        _(
            "A perfect picker among these {models} models would be accepted {gain}; no way of "
            "picking can gain more.",
            models=ceiling.models,
            gain=_gain(ceiling),
        ),
        *filter(None, [assumption(ceiling)]),
        _holds(ceiling),
        _(
            "It covers only rated questions, and not the written synthesis, which can do "
            "better or worse."
        ),
    ]


def _grades(ceiling: Ceiling, period: str) -> list[str]:
    return [
        _(
            "In {questions} every model was wrong {all_wrong}.",
            questions=_questions(N_("{rows:,} graded questions"), ceiling.rows, period),
            all_wrong=_all_wrong(ceiling),
        ),
        *_more(
            ceiling,
            N_(
                "Counting {more:,} more that lack an outcome, the share can be anything in {range}."
            ),
        ),
        *_audit(ceiling),
        _(
            "A perfect picker among these {models} models would be right {gain}; no way of "
            "picking can gain more.",
            models=ceiling.models,
            gain=_gain(ceiling),
        ),
        _holds(ceiling),
        _(
            "It covers only questions like these, and not the written synthesis, which can do "
            "better or worse."
        ),
    ]


def _counts(ceiling: Ceiling, period: str) -> list[str]:
    if ceiling.models == 1:
        holds = _(
            "This holds however often you look, if the best model was chosen in advance; "
            "where it was picked on these questions, say from how many with --models."
        )
    else:
        holds = _(
            "This holds however often you look and already allows for the best model "
            "having been picked from {models} on these questions.",
            models=ceiling.models,
        )
    return [
        _(
            "In {questions} every model was wrong {all_wrong}.",
            questions=_questions(N_("{rows:,} questions"), ceiling.rows, period),
            all_wrong=_all_wrong(ceiling),
        ),
        _(
            "A perfect picker would be right {gain}; no way of picking can gain more.",
            gain=_gain(ceiling),
        ),
        holds,
        _(
            "It covers only questions like these, and not the written synthesis, which can do "
            "better or worse."
        ),
    ]


def _holds(ceiling: Ceiling) -> str:
    return _(
        "This holds however often you look and already allows for {best_model} having been "
        "picked on the same data.",
        best_model=ceiling.best_model,
    )


def _questions(asked: Message, rows: int, period: str) -> str:
    return _(asked, rows=rows) + (f" ({period})" if period else "")


def _all_wrong(ceiling: Ceiling) -> str:
    times = n_("{n:,} time", "{n:,} times", ceiling.all_wrong)
    low, high = ceiling.beta_anytime_low, ceiling.beta_anytime_high
    all_tell = ceiling.rows == ceiling.rated_rows
    return _(
        N_("{times} ({share:.1f} %; plausible range {range})")
        if all_tell
        else N_("{times} ({share:.1f} % of the {rows:,} that tell; plausible range {range})"),
        times=times,
        share=100 * ceiling.beta,
        rows=ceiling.rows,
        range=_range(low, high),
    )


def _gain(ceiling: Ceiling) -> str:
    low, high = outwards(100 * ceiling.gain_anytime_low, 100 * ceiling.gain_high_paired_anytime)
    rated = ceiling.n_best_accuracy
    return _(
        N_(
            "{low:.0f} to {high:.0f} points more often than always using {best_model} ({share:.0f} %)"
        )
        if rated == ceiling.rated_rows
        else N_(
            "{low:.0f} to {high:.0f} points more often than always using {best_model} "
            "({share:.0f} % of its {rated:,} rated answers)"
        ),
        low=low,
        high=high,
        best_model=ceiling.best_model,
        share=100 * ceiling.best_accuracy,
        rated=rated,
    )


def _more(ceiling: Ceiling, counting: Message) -> list[str]:
    more = ceiling.n_beta_worst_case - ceiling.rated_rows
    if not more:
        return []
    return [_(counting, more=more, range=_range(*ceiling.beta_plausible))]


def _audit(ceiling: Ceiling) -> list[str]:
    sentences = []
    if ceiling.rows_set_aside:
        sentences.append(
            _(
                "An audit set {aside:,} rows aside; as graded, {wrong:,} were all wrong.",
                aside=ceiling.rows_set_aside,
                wrong=ceiling.all_wrong_graded,
            )
        )
    if ceiling.reference_alarm:
        sentences.append(
            _(
                "That is {times:.1f} times what pairs of models predict, which "
                "mostly means wrong references: audit these rows before believing it.",
                times=ceiling.ratio_single_factor,
            )
        )
    return sentences


def _range(low: float, high: float) -> str:
    low, high = outwards(100 * low, 100 * high, 1)
    return _("{low:.1f}-{high:.1f} %", low=low, high=high)
