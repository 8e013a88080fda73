"""What a run may still spend. Pure arithmetic; who writes it down is `store.spending`.

When its question is accepted, a run has money set aside for it: a share for each call that it is
going to make, enough for all but a few such calls; one for whoever writes the verdict where the
chairman cannot; and a margin for what is asked again, as much as a whole stage. (The share of a call
of which too little is known is the most that it may cost: there is no margin for it.) Before the
chairman begins early, there is one more share, so that it can begin again. From then on these hold,
whatever its calls cost, as long as none costs more than it was allowed:

- what is spent and set aside, over all runs, never passes a limit;
- a call finds its share, whatever other calls, retries and hedges took: it is asked in any case;
- every call of one stage can be asked again, even where nobody tells what the first time cost;
- what calls leave of their shares, and what is free in the budget, goes to whoever asks for more,
  a part of it to each, and to a second request beside one under way only where the margin stays;
- a retry that finds less than is enough has reason to wait while others hold what they may not need.

A request whose bill nobody told counts at the most that it may have cost. That is why none takes all
that is free: a few that hang would cost all others their retries.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field, replace

from bot.council import Stage

Key = tuple[Stage, int, int]  # stage, round, seat

# Stands for every verdict that has no share of its own: those of seats in the chairman's place.
SUCCESSOR: Key = ("verdict", 0, -1)
# Stands for the call that audits a verdict, whichever member makes it.
AUDIT: Key = ("audit", 0, -1)
# No call's: for what is asked again, of any call.
MARGIN: Key = ("answer", 0, -1)

# Calls of an earlier stage are not made any more once a later one has begun, unless a verdict was
# begun early, beside the reviews.
_ORDER: Mapping[Stage, int] = {
    "recap": 0,
    "title": 0,
    "answer": 1,
    "revision": 2,
    "proposal": 5,
    "review": 10,
    "verdict": 20,
    "grade": 40,
    "audit": 40,
}
_AFTER_CHAIRMAN, _CHECKING = 30, 40

# Beyond its share a request takes one part in so many of what there is room for.
_PARTS = 4


@dataclass(frozen=True, slots=True)
class CallMoney:
    """One call's, in micro-dollars: what its ended requests count, and what those under way may
    cost at most. `over` once it has its final row."""

    counted: int = 0
    in_flight: int = 0
    over: bool = False

    def __add__(self, other: "CallMoney") -> "CallMoney":
        """Of two calls with one share."""
        return CallMoney(
            self.counted + other.counted,
            self.in_flight + other.in_flight,
            self.over and other.over,
        )


_NOTHING = CallMoney()


@dataclass(frozen=True, slots=True)
class Allowance:
    """In micro-dollars, by whose share it is. `shares` are those of a run under way; one whose
    verdict stands has those of its checks left. `reviewing`: it asks for reviews beside the verdict."""

    shares: Mapping[Key, int] = field(default_factory=dict)
    calls: Mapping[Key, CallMoney] = field(default_factory=dict)
    reviewing: bool = False

    def whose(self, key: Key) -> Key:
        """Under which key a call's share is."""
        if key[0] == "audit" and AUDIT in self.shares:
            return AUDIT
        succeeds = key not in self.shares and key[0] == "verdict" and SUCCESSOR in self.shares
        return SUCCESSOR if succeeds else key

    @property
    def reserved(self) -> int:
        """What was set aside at the beginning."""
        return sum(self.shares.values())

    @property
    def held(self) -> int:
        """What is set aside now: the rest of the reservation, or what calls need beyond it."""
        rest = self.reserved - sum(call.counted for call in self.calls.values())
        return max(rest, self._needed_besides())

    def room(self, key: Key, left: int) -> int:
        """The most that one request more of this call may cost, where the budget has so much left
        for all of this run: every other call keeps its share."""
        begun = self._begun_with(key)
        return max(left - begun._needed_besides(key) - begun.calls[key].in_flight, 0)

    def part(self, key: Key, room: int) -> int:
        """What it takes of that where it wants more than is enough: its share, or a part of what is
        left beside the margin; all, where no money was set aside."""
        if not self.shares:
            return room
        beside_margin = max(room - self.shares.get(MARGIN, 0), 0)
        return max(min(self.shares.get(key, 0), room), beside_margin // _PARTS)

    def spare(self, key: Key, room: int) -> int:
        """What of that is not kept for asking this call, or others, again."""
        return room - max(self.shares.get(key, 0), self.shares.get(MARGIN, 0))

    def hope(self, key: Key, unspent: int) -> int:
        """The most that there may be room for, where so much of the budget is not spent: once other
        runs, and this one's other calls up to this stage and round, needed nothing more."""
        begun = self._begun
        later = (other for other in self.shares if _is_later(other, key))
        return unspent - sum(self._needed(other, begun) for other in later)

    def with_call(self, key: Key, money: CallMoney) -> "Allowance":
        return replace(self, calls={**self.calls, key: money})

    def with_restart(self) -> "Allowance":
        """With a share for the chairman that writes the verdict again, as much as for the first
        time."""
        again: Mapping[Key, int] = {
            ("verdict", 1, seat): share
            for (stage, round, seat), share in self.shares.items()
            if stage == "verdict" and round == 0 and seat >= 0
        }
        return replace(self, shares={**self.shares, **again})

    def with_step(self, shares: Mapping[Key, int]) -> "Allowance":
        """With those of a stage that is about to begin, for which calls of earlier ones give what they
        left of theirs. Shares that it has stay as they are."""
        begins = min(map(_order, shares), default=0)
        kept = {
            key: min(share, self.calls.get(key, CallMoney()).counted)
            if _order(key) < begins and key != MARGIN
            else share
            for key, share in self.shares.items()
        }
        return replace(self, shares={**shares, **kept})

    def with_more(self, shares: Mapping[Key, int]) -> "Allowance":
        """With as much for each call as these say, where that is more."""
        raised = {key: max(micros, shares.get(key, 0)) for key, micros in self.shares.items()}
        return replace(self, shares=raised)

    def besides(self, finished: Collection[Key]) -> "Allowance":
        """Of a run that is gone on with: without shares for what is finished, and with no more for
        asking again than the dearest of its stages to come needs.

        Whoever is left in a stage has the dearest shares of it: of a sum of their own, people could
        subtract who is finished."""
        calls: dict[Key, int] = {}
        for keys in _by_stage(self.shares):
            dearest = sorted((self.shares[key] for key in keys), reverse=True)
            left = sorted(keys - set(finished), key=lambda key: -self.shares[key])
            calls |= zip(left, dearest, strict=False)
        stages = margin_of(calls)
        if SUCCESSOR in self.shares:
            calls[SUCCESSOR] = self.shares[SUCCESSOR]
        return replace(self, shares={**calls, MARGIN: min(self.shares.get(MARGIN, 0), stages)})

    def _begun_with(self, key: Key) -> "Allowance":
        """Once this call is asked: those of earlier stages are over."""
        return self.with_call(key, self.calls.get(key, CallMoney()))

    def _needed_besides(self, *keys: Key) -> int:
        others, begun = {*self.shares, *self.calls} - {MARGIN, *keys}, self._begun
        return sum(self._needed(key, begun) for key in others)

    def _needed(self, key: Key, begun: int) -> int:
        """What has to be kept for a call: what is left of its share, or what it has in flight."""
        call = self.calls.get(key, _NOTHING)
        if call.over or _order(key) < begun:
            return call.in_flight
        return max(self.shares.get(key, 0) - call.counted, call.in_flight)

    @property
    def _begun(self) -> int:
        """The latest stage of which a call was made, as far as it ends those before it."""
        begun = max(map(_order, self.calls), default=0)
        return min(begun, _ORDER["review"]) if self.reviewing else begun


def needed_of(shares: Mapping[Key, int]) -> int:
    """Without which a question is not taken in: that for a stand-in is set aside where there is room."""
    return sum(micros for key, micros in shares.items() if key != SUCCESSOR)


def margin_of(shares: Mapping[Key, int]) -> int:
    """As much as the dearest stage, once more."""
    stages = Counter[tuple[Stage, int]]()
    for (stage, round, _), micros in shares.items():
        stages[stage, round] += micros
    return max(stages.values(), default=0)


def checks_of(shares: Mapping[Key, int]) -> Mapping[Key, int]:
    """Those of calls that are made once the verdict stands."""
    return {key: micros for key, micros in shares.items() if _order(key) == _CHECKING}


def _by_stage(keys: Collection[Key]) -> Collection[Set[Key]]:
    """Those of calls, by the stage and round that they are of."""
    stages: dict[tuple[Stage, int], set[Key]] = {}
    for key in keys:
        if key not in {MARGIN, SUCCESSOR}:
            stages.setdefault(key[:2], set()).add(key)
    return stages.values()


def _is_later(one: Key, other: Key) -> bool:
    """Reviews of one round are over before those of the next."""
    is_next_round = one[0] == other[0] == "review" and one[1] > other[1]
    return is_next_round or _order(one) > _order(other)


def _order(key: Key) -> int:
    stage, round, _ = key
    if stage == "review" and round > 0:
        return _CHECKING
    if key == SUCCESSOR or (stage == "verdict" and round > 0):
        return _AFTER_CHAIRMAN
    return _ORDER[stage] + round if stage == "revision" else _ORDER[stage]
