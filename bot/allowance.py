"""What a run may still spend. Pure arithmetic; who writes it down is `store.spending`.

When its question is accepted, a run has money set aside for it: a share for each call that it is
going to make. From then on these hold, whatever its calls cost, as long as none costs more than it
was allowed:

- what is spent and set aside, over all runs, never passes a limit;
- a call finds its share, whatever other calls, retries and hedges took;
- what calls leave of their shares, and what is free in the budget, goes to whoever asks for more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.council import Stage

Key = tuple[Stage, int, int]  # stage, round, seat

# Calls of an earlier stage are not made any more once a later one has begun.
_ORDER: Mapping[Stage, int] = {"answer": 0, "review": 1, "verdict": 2, "grade": 3}


@dataclass(frozen=True, slots=True)
class CallMoney:
    """One call's, in micro-dollars: what its ended requests count, and what those under way may
    cost at most. `over` once it has its final row."""

    counted: int = 0
    in_flight: int = 0
    over: bool = False


@dataclass(frozen=True, slots=True)
class Allowance:
    """In micro-dollars. `shares` are those of a run under way; one that ended has none left."""

    shares: Mapping[Key, int] = field(default_factory=dict)
    calls: Mapping[Key, CallMoney] = field(default_factory=dict)

    @property
    def reserved(self) -> int:
        """What was set aside at the beginning."""
        return sum(self.shares.values())

    @property
    def held(self) -> int:
        """What is set aside now: the rest of the reservation, or what calls need beyond it."""
        rest = self.reserved - sum(call.counted for call in self.calls.values())
        return max(rest, sum(map(self._needed, {*self.shares, *self.calls})))

    def room(self, key: Key, left: int) -> int:
        """The most that one request more of this call may cost, where the budget has so much left
        for all of this run: every other call keeps its share."""
        begun = self.with_call(key, self.calls.get(key, CallMoney()))
        others = sum(map(begun._needed, {*begun.shares, *begun.calls} - {key}))
        return max(left - others - begun.calls[key].in_flight, 0)

    def with_call(self, key: Key, money: CallMoney) -> "Allowance":
        return Allowance(self.shares, {**self.calls, key: money})

    def _needed(self, key: Key) -> int:
        """What has to be kept for a call: what is left of its share, or what it has in flight."""
        call = self.calls.get(key, CallMoney())
        if call.over or _ORDER[key[0]] < self._begun:
            return call.in_flight
        return max(self.shares.get(key, 0) - call.counted, call.in_flight)

    @property
    def _begun(self) -> int:
        """The latest stage of which a call was made."""
        return max((_ORDER[stage] for stage, _, _ in self.calls), default=0)
