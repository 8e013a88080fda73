"""Many questions at once in one workspace or server: how late their verdicts are shown.

By itself the program takes 200 open questions and deliberates 20 at once; both are raised here to as
many as there are, so that what holds verdicts back is the platform alone.
"""

from dataclasses import asdict, dataclass

from tests.bench.weather.draws import Climate
from tests.bench.weather.models import Models, verdict_mark
from tests.bench.weather.stage import Platform, opened_stage


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds from the moment in which a verdict is in the journal to that in which all of it stands
    in its channel. `limits_passed`: requests that the platform refused as too many."""

    platform: Platform
    questions: int
    verdicts: int
    shown: int
    p50: float
    p90: float
    longest: float
    first_ready: float
    last_ready: float
    limits_passed: dict[str, int]

    def __str__(self) -> str:
        return (
            f"{self.questions} questions at once in as many channels on {self.platform}: "
            f"{self.verdicts} verdicts, {self.shown} shown; ready {self.first_ready:.0f} to "
            f"{self.last_ready:.0f} s after they were asked, shown p50 {self.p50:.1f} s, p90 "
            f"{self.p90:.1f} s, at most {self.longest:.1f} s later; limits passed: "
            f"{self._passed}"
        )

    @property
    def _passed(self) -> str:
        by_limit = ", ".join(f"{n} of {limit}" for limit, n in self.limits_passed.items())
        return f"{sum(self.limits_passed.values())}{by_limit and f' ({by_limit})'}"

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def at_once(count: int, platform: Platform, climate: Climate) -> Lateness:
    """Each by a person of its own in a channel of its own, in the same moment."""
    with opened_stage(
        Models(climate), platform, seed=climate.seed, places=count, at_once=count
    ) as stage:

        async def everybody() -> None:
            for number in range(count):
                stage.ask(number)
            await stage.answered()

        stage.run(everybody)
        seen = stage.seen
        late = sorted(
            max(seen.shown[verdict_mark(number)] - ready, 0)
            for number, ready in seen.ready.items()
            if verdict_mark(number) in seen.shown
        )
        ready = [at - seen.asked[number] for number, at in seen.ready.items()]
        return Lateness(
            platform,
            count,
            sum(result.verdict.written_by is not None for result in seen.results.values()),
            len(late),
            late[len(late) // 2],
            late[len(late) * 9 // 10],
            late[-1],
            min(ready),
            max(ready),
            dict(stage.limits_passed),
        )
