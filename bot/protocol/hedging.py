"""Whether a second request, sent now beside one under way, would be done before it. Pure.

The rule is that of hedged requests (Dean and Barroso, "The Tail at Scale", 2013), which go out once
a request is later than most, with the time that is left in the place of the time that has passed:
a model at work shows its pace. Who sends requests and who pays for them is not known here.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bot.records import Tempo

# A second request comes where it would be the first to be complete with this probability.
PROBABLY = 0.55
# With this one, what has shown no sign of work is not waited for where no second may be paid.
SURELY = 0.8
# Of all spending, at most so much goes to second requests; of it the more, the surer these are.
HEDGE_SHARE = 0.05
# A model with fewer samples in a stage is unknown there.
ENOUGH = 10

# So many stand for all samples: the tail beyond 95 % is no longer told from what never comes.
_KEPT = 20
# A model's usual pace counts as so many characters of a text that has just begun.
_USUAL_CHARS = 40
# How much of the time that has passed may pass again before somebody looks once more.
_LOOK_AGAIN = 0.2


@dataclass(frozen=True, slots=True)
class Heard:
    """What a request under way has shown: how many seconds ago it was sent, gave its last sign of
    work and its first text (`None`: not so far), and its text in characters."""

    sent: float
    sign: float | None = None
    text: float | None = None
    chars: int = 0

    @property
    def silent(self) -> float:
        """Seconds without a sign of work."""
        return self.sent if self.sign is None else self.sign


@dataclass(frozen=True, slots=True)
class Usual:
    """How a model's newest requests in a stage went. `tempos` are some that stand for all, `lengths`
    those of whole texts in characters, shortest first, `wait` the usual seconds to a first text."""

    tempos: tuple[Tempo, ...]
    lengths: tuple[int, ...]
    wait: float

    def length(self, chars: int) -> int:
        """What a text of which so much is written is going to have: the median of those that went
        further; where none did, nothing more is to come."""
        shorter, all_of_them = bisect_left(self.lengths, chars), len(self.lengths)
        return self.lengths[(shorter + all_of_them) // 2] if shorter < all_of_them else chars

    def seconds(self, length: float, waited: float) -> list[float]:
        """What one request more would take for a text of this length, where another waited so long
        for the first of it: as likely each, in order.

        Half of how late a text is, on the scale of factors, belongs to its question: how long that
        is thought about. The other half is the server's, which the next request need not meet.
        """
        late = max(waited / self.wait, 1) ** 0.5 if self.wait else 1
        return sorted(late * tempo.first_seconds + tempo.writing(length) for tempo in self.tempos)


def usual(tempos: Iterable[Tempo]) -> Usual | None:
    """`None` where there are not enough to know a model by."""
    by_pace = sorted(tempos, key=lambda tempo: tempo.first_seconds + tempo.seconds)
    lengths = tuple(sorted(tempo.chars for tempo in by_pace if tempo.whole))
    if len(lengths) < ENOUGH:
        return None
    step = len(by_pace) / _KEPT
    kept = tuple(by_pace[int((n + 0.5) * step)] for n in range(_KEPT))
    return Usual(kept, lengths, median(tempo.first_seconds for tempo in kept))


def chance(heard: Heard, usual: Usual) -> float:
    """The probability that a request sent now is complete before the one that was heard.

    The length belongs to the question, so that both write as much. It is 0 where nothing is left
    to write, and rises to 1 for a silence without an end.
    """
    length = usual.length(heard.chars)
    waited = heard.sent if heard.text is None else heard.sent - heard.text
    second = usual.seconds(length, waited)
    left = seconds_left(heard, usual, length)
    return sum(bisect_left(second, seconds) for seconds in left) / (len(left) * len(second))


def seconds_left(heard: Heard, usual: Usual, length: float) -> Sequence[float]:
    """What a request still takes for a text of this length, as likely each.

    At work it keeps the pace that it has shown. One without text goes on as one of those that began
    later than this, or as none did so far, which is as likely as any one of them. What is silent
    longer than it should be stays so for as long again: such silences have no usual length.
    """
    if heard.text is None:
        later = [tempo for tempo in usual.tempos if tempo.first_seconds > heard.sent]
        begins = [tempo.first_seconds - heard.sent + tempo.writing(length) for tempo in later]
        half = usual.tempos[len(usual.tempos) // 2]
        return [*begins, heard.silent + half.writing(length)]
    usually, rest = _USUAL_CHARS, length - heard.chars
    wrote = heard.text - heard.silent
    return [
        heard.silent + rest * (wrote + tempo.writing(usually)) / (heard.chars + usually)
        for tempo in usual.tempos
    ]


def share(chance: float) -> float:
    """How much of all spending may go to second requests, one with this chance among them: where
    little is left, only those go out that are sure to be of use."""
    return HEDGE_SHARE * min(max(chance - 0.5, 0) / (SURELY - 0.5), 1)


def look_again(heard: Heard, *, at_least: float) -> float:
    """Seconds until the question is worth asking once more."""
    return max(at_least, _LOOK_AGAIN * heard.sent)
