"""What came of the arms: quantiles, their ratios with intervals, and the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.bench.weather.councils import Run
from tests.bench.weather.models import Bill

QUANTILES = (0.5, 0.9, 0.99)
RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to ask, with every question's run and every request's bill."""

    name: str
    runs: tuple[Run, ...]
    bills: tuple[Bill, ...]

    @property
    def verdict_rate(self) -> float:
        return float(np.mean([run.verdict is not None for run in self.runs]))

    def all_answered(self, members: int) -> float:
        return float(np.mean([run.answered == members for run in self.runs]))

    @property
    def best_on_top(self) -> float:
        """Of all questions; where nothing was ranked, the best was not."""
        return float(np.mean([bool(run.best_on_top) for run in self.runs]))

    @property
    def prompt_tokens(self) -> float:
        """A question."""
        return sum(bill.prompt_tokens for bill in self.bills) / len(self.runs)

    @property
    def completion_tokens(self) -> float:
        return sum(bill.completion_tokens for bill in self.bills) / len(self.runs)

    @property
    def usd(self) -> float:
        return sum(bill.micros for bill in self.bills) / len(self.runs) / 1e6

    @property
    def requests(self) -> float:
        return len(self.bills) / len(self.runs)


@dataclass(frozen=True, slots=True)
class Ratio:
    """With its 95 % interval, from resampled questions."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f}x [{self.low:.2f}, {self.high:.2f}]"


def paired(arms: Sequence[Arm]) -> list[int]:
    """The questions that have a verdict in every arm: what an arm without one would have taken is
    not known, and counting it as endless would flatter the others."""
    return [
        each[0].question
        for each in zip(*(arm.runs for arm in arms), strict=True)
        if all(run.verdict is not None for run in each)
    ]


def seconds(arm: Arm, what: str, questions: Sequence[int]) -> "np.ndarray[Any, Any]":
    """`what` is a field of `Run`; not a number where it never came."""
    runs = [arm.runs[number] for number in questions]
    return np.array([np.nan if (value := getattr(run, what)) is None else value for run in runs])


def ratio(these: "np.ndarray[Any, Any]", those: "np.ndarray[Any, Any]", quantile: float) -> Ratio:
    """Of the quantiles of two arms over the same questions."""
    whole = ~(np.isnan(these) | np.isnan(those))
    these, those = these[whole], those[whole]
    picks = np.random.default_rng(0).integers(0, len(these), (RESAMPLES, len(these)))
    drawn = np.quantile(these[picks], quantile, axis=1) / np.quantile(
        those[picks], quantile, axis=1
    )
    low, high = np.quantile(drawn, (0.025, 0.975))
    value = np.quantile(these, quantile) / np.quantile(those, quantile)
    return Ratio(float(value), float(low), float(high))


def mean_ratio(these: Sequence[float], those: Sequence[float]) -> Ratio:
    """Of the means over the same questions."""
    a, b = np.array(these), np.array(those)
    picks = np.random.default_rng(0).integers(0, len(a), (RESAMPLES, len(a)))
    low, high = np.quantile(a[picks].mean(axis=1) / b[picks].mean(axis=1), (0.025, 0.975))
    return Ratio(float(a.mean() / b.mean()), float(low), float(high))


def by_question(arm: Arm, what: str) -> list[float]:
    """Sums of a field of bills, in the order of questions."""
    sums = dict.fromkeys((run.question for run in arm.runs), 0.0)
    for bill in arm.bills:
        sums[bill.question] += getattr(bill, what)
    return list(sums.values())


def stages(arm: Arm, questions: Sequence[int]) -> Mapping[str, float]:
    """Mean seconds of each stage; only for councils."""
    answers, reviews, verdict = (
        seconds(arm, what, questions) for what in ("answers", "reviews", "verdict")
    )
    return {
        "answers": float(np.nanmean(answers)),
        "reviews": float(np.nanmean(reviews - answers)),
        "verdict": float(np.nanmean(verdict - reviews)),
        "all": float(np.nanmean(verdict)),
    }
