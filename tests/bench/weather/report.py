"""The table of a run, its JSON, and its comparison with an earlier one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.weather import figures
from tests.bench.weather.councils import Run
from tests.bench.weather.draws import MEMBERS, Climate
from tests.bench.weather.figures import QUANTILES, Arm
from tests.bench.weather.product import Served

SPENT = ("prompt_tokens", "completion_tokens", "micros")
MOMENTS = {"verdict": "verdict", "first_text": "first text"}


@dataclass(frozen=True, slots=True)
class Report:
    """`arms` by name: plain, limit, product, direct and plain with the old numbers of words."""

    climate: Climate
    arms: Mapping[str, Arm]
    served: Served

    @property
    def councils(self) -> list[Arm]:
        return [arm for name, arm in self.arms.items() if name != "direct"]

    def lines(self) -> Iterator[str]:
        questions = figures.paired(list(self.arms.values()))
        count = len(self.arms["product"].runs)
        yield (
            f"{count:,} questions, seed {self.climate.seed}, {self.climate.failing:.0%} of requests "
            f"fail, {self.climate.stragglers:.0%} straggle, texts are "
            f"{self.climate.wordiness:g} times as long as asked for; times are of the "
            f"{len(questions):,} questions with a verdict in every arm"
        )
        for what, name in MOMENTS.items():
            yield from self._times(what, name, questions)
        yield from self._rates()
        yield from self._parts(questions)
        yield from self._extras()

    def _times(self, what: str, name: str, questions: Sequence[int]) -> Iterator[str]:
        yield ""
        yield f"{name + ', seconds':<24}" + "".join(f"{f'p{q * 100:.0f}':>9}" for q in QUANTILES)
        for arm in self.arms.values():
            values = figures.seconds(arm, what, questions)
            cells = "".join(f"{np.nanquantile(values, q):9.1f}" for q in QUANTILES)
            yield f"{arm.name:<24}{cells}"
        these = figures.seconds(self.arms["product"], what, questions)
        for other in ("plain, old words", "plain", "limit", "limit, top settled", "direct"):
            those = figures.seconds(self.arms[other], what, questions)
            cells = "  ".join(str(figures.ratio(these, those, q)) for q in QUANTILES)
            yield f"  product / {other:<18}  {cells}"

    def _rates(self) -> Iterator[str]:
        yield ""
        yield (
            f"{'a question':<24}{'verdict':>9}{'all in':>8}{'best top':>10}{'requests':>10}"
            f"{'tokens in':>11}{'out':>7}{'USD':>9}"
        )
        for arm in self.arms.values():
            members = 1 if arm.name == "direct" else len(MEMBERS)
            yield (
                f"{arm.name:<24}{arm.verdict_rate:>9.2%}{arm.all_answered(members):>8.1%}"
                f"{arm.best_on_top:>10.1%}{arm.requests:>10.2f}{arm.prompt_tokens:>11,.0f}"
                f"{arm.completion_tokens:>7,.0f}{arm.usd:>9.4f}"
            )
        product = self.arms["product"]
        for other in ("plain", "plain, old words"):
            tokens, cost = (
                figures.mean_ratio(
                    figures.by_question(product, what),
                    figures.by_question(self.arms[other], what),
                )
                for what in ("prompt_tokens", "micros")
            )
            yield f"  product / {other:<18} prompt tokens {tokens}, cost {cost}"

    def _parts(self, questions: Sequence[int]) -> Iterator[str]:
        """What fewer words gain is told apart from what waiting better gains."""
        yield ""
        yield f"{'mean seconds':<24}{'answers':>9}{'reviews':>9}{'verdict':>9}{'all':>9}"
        for arm in self.councils:
            parts = figures.stages(arm, questions)
            yield f"{arm.name:<24}" + "".join(f"{part:9.1f}" for part in parts.values())
        old, plain, product = (
            figures.seconds(self.arms[name], "verdict", questions)
            for name in ("plain, old words", "plain", "product")
        )
        for name, these, those in (
            ("fewer words (plain / plain, old words)", plain, old),
            ("waiting better (product / plain)", product, plain),
        ):
            cells = "  ".join(str(figures.ratio(these, those, q)) for q in QUANTILES)
            yield f"  {name:<40} {cells}"

    def _extras(self) -> Iterator[str]:
        served, product = self.served, self.arms["product"]
        whole = product.usd * len(product.runs)
        yield ""
        for name, extra in (("hedges", served.hedges), ("restarts", served.restarts)):
            share = extra.billed_usd / whole if whole else 0.0
            yield (
                f"{name}: {extra.count}, billed {extra.billed_usd:.4f} USD, {share:.1%} of all "
                f"bills; booked {extra.booked_usd:.4f} USD"
            )
        late = np.array(list(served.shown_after.values()) or [np.nan])
        first = np.array(list(served.first_shown.values()) or [np.nan])
        yield (
            f"on the platform: {len(served.shown_after):,} verdicts shown p50 "
            f"{np.quantile(late, 0.5):.1f} s, p99 {np.quantile(late, 0.99):.1f} s after they were "
            f"ready; first answer p50 {np.quantile(first, 0.5):.1f} s after the question; limits "
            f"passed: {served.limits_passed}"
        )
        if served.fallbacks:
            yield "no verdict by the chairman: " + ", ".join(
                f"{count} {name}" for name, count in served.fallbacks.items()
            )

    def as_json(self) -> dict[str, Any]:
        return {
            "climate": asdict(self.climate),
            "arms": {
                name: {
                    "runs": [asdict(run) for run in arm.runs],
                    **{what: figures.by_question(arm, what) for what in SPENT},
                    "requests": arm.requests,
                }
                for name, arm in self.arms.items()
            },
            "served": asdict(self.served),
        }


def compared(report: Report, earlier: Path) -> Iterator[str]:
    """The product now against the product as an earlier run of the same weather left it."""
    told = json.loads(earlier.read_text())
    if told["climate"] != asdict(report.climate):
        yield f"{earlier} is of another weather: {told['climate']}"
        return
    before = told["arms"]["product"]
    now = report.arms["product"]
    count = min(len(before["runs"]), len(now.runs))
    now = replace(now, runs=now.runs[:count])
    then = Arm("earlier", tuple(Run(**run) for run in before["runs"][:count]), ())
    yield ""
    yield f"the same {count:,} questions, now / as it was in {earlier.name}"
    for what, name in MOMENTS.items():
        these, those = (figures.seconds(arm, what, range(count)) for arm in (now, then))
        cells = "  ".join(str(figures.ratio(these, those, q)) for q in QUANTILES)
        yield f"  {name:<14} {cells}"
    for what, name in (("prompt_tokens", "prompt tokens"), ("micros", "cost")):
        spent = figures.by_question(report.arms["product"], what)[:count]
        yield f"  {name:<14} {figures.mean_ratio(spent, before[what][:count])}"
    yield f"  best on top    {now.best_on_top:.1%}, was {then.best_on_top:.1%}"
