"""How fast models are, how much they write, and what goes wrong: drawn, one request at a time.

Every draw is a hash of the seed and of what it is about (model, stage, question, attempt), so two
councils that ask the same thing meet the same weather, in whatever order they ask.

Where the figures come from: models that do not reason are reported to begin after .2 to 2 s and to
write 50 to 200 tokens a second, those that do to think for 5 to 30 s first. Times are skewed to the
right: of requests to the same model, p95 is told to be 3 to 5 times and p99 5 to 10 times the median
or more, which a lognormal distribution of .8 gives (3.7 and 6.4). `docs/speed.md` names the pages.

Part of the time to a first text is the question's (how long it is thought about), and comes again
in a second request; so does the length of a text. The rest, and being a straggler, is the server's
and is drawn anew. If all were the question's, no second request could gain anything.
"""

import hashlib
import math
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.world.models import PRICES

Trouble = Literal["limited", "ill", "torn", "hung"]

MEMBERS, CHAIRMAN = tuple(PRICES)[:4], tuple(PRICES)[4]


@dataclass(frozen=True, slots=True)
class Temper:
    """A model as it usually is. `first_seconds` is the median time to its first text, `skill` how
    good its answers are in the mean, `shows_thoughts` whether one hears it think meanwhile."""

    first_seconds: float
    tokens_per_second: float
    wordiness: float
    skill: float
    shows_thoughts: bool = False


TEMPERS = dict(
    zip(
        PRICES,
        (
            Temper(6.0, 70, 1.0, 0.3),
            Temper(10.0, 55, 1.15, 0.5, shows_thoughts=True),
            Temper(1.5, 120, 0.9, 0.0),
            Temper(15.0, 45, 1.05, 0.6),
            Temper(8.0, 60, 1.0, 0.4, shows_thoughts=True),
        ),
        strict=True,
    )
)
# Of the logarithm of the time to a first text: what all models share in a question, what is this
# model's in it, and what is drawn at every request. Of the logarithm of the length: of a text.
QUESTION_SPREAD, MODEL_SPREAD, REQUEST_SPREAD, LENGTH_SPREAD = 0.35, 0.4, 0.6, 0.2
PACE_SPREAD = 0.15
# Reading the prompt, before anything is thought or written.
PROMPT_TOKENS_PER_SECOND = 4_000
QUEUE_SECONDS = 0.4
# Of the time before a hidden first text, so much goes into tokens, which are billed.
THINKING = 0.7
STRAGGLING = 10.0
TROUBLES: tuple[Trouble, ...] = ("limited", "limited", "ill", "ill", "torn", "hung")


@dataclass(frozen=True, slots=True)
class Climate:
    """`failing` and `stragglers` are shares of requests. `wordiness` multiplies the length of every
    text, `spread` how far times to a first text lie apart."""

    seed: int = 0
    failing: float = 0.0
    stragglers: float = 0.0
    wordiness: float = 1.0
    spread: float = 1.0


@dataclass(frozen=True, slots=True)
class Weather:
    """What one request meets. `fails_at` is the share of its time after which its trouble comes."""

    first_seconds: float
    tokens_per_second: float
    slowness: float
    trouble: Trouble | None
    fails_at: float
    retry_after_seconds: float | None

    def writing_seconds(self, tokens: float) -> float:
        return tokens / self.tokens_per_second

    @property
    def thought_tokens(self) -> float:
        """As many for a straggler as for anybody."""
        return (
            THINKING * self.first_seconds / self.slowness * self.tokens_per_second * self.slowness
        )


def draw(*about: object) -> Random:
    digest = hashlib.sha256("/".join(map(str, about)).encode()).digest()
    return Random(int.from_bytes(digest[:16]))


def weather(climate: Climate, model: str, stage: str, question: int, attempt: int) -> Weather:
    """Of the request that is the so manyth (from 0) of its call."""
    seed, temper = climate.seed, TEMPERS[model]
    shared = draw(seed, "question", question).gauss(0, QUESTION_SPREAD)
    own = draw(seed, "thought", model, stage, question).gauss(0, MODEL_SPREAD)
    random = draw(seed, "request", model, stage, question, attempt)
    slowness = STRAGGLING if random.random() < climate.stragglers else 1.0
    fails = random.random() < climate.failing
    trouble = random.choice(TROUBLES)
    spread = climate.spread * (shared + own + random.gauss(0, REQUEST_SPREAD))
    first = temper.first_seconds * math.exp(spread)
    pace = temper.tokens_per_second * math.exp(random.gauss(0, PACE_SPREAD))
    return Weather(
        first_seconds=first * slowness,
        tokens_per_second=pace / slowness,
        slowness=slowness,
        trouble=trouble if fails else None,
        fails_at=random.random(),
        retry_after_seconds=random.choice((None, 1.0, 3.0)),
    )


def words(climate: Climate, model: str, stage: str, question: int, asked: float) -> int:
    """How many a model writes that was asked for so many; a second request gives as many."""
    spread = draw(climate.seed, "length", model, stage, question).gauss(0, LENGTH_SPREAD)
    return max(5, round(asked * climate.wordiness * TEMPERS[model].wordiness * math.exp(spread)))


def worth(climate: Climate, model: str, question: int) -> float:
    """How good this model's answer is."""
    return TEMPERS[model].skill + draw(climate.seed, "worth", model, question).gauss(0, 1)


def seen_worth(climate: Climate, reviewer: str, model: str, question: int) -> float:
    """How good it looks to a reviewer, who likes its own the better."""
    random = draw(climate.seed, "seen", reviewer, model, question)
    own = random.expovariate(1) / 2 if reviewer == model else 0.0
    return worth(climate, model, question) + random.gauss(0, 1) + own
