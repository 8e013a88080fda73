"""Faults a scenario orders for coming calls: errors, cut sockets, delays, answers held back."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Fault:
    """What happens to the next `times` calls of a method.

    `status` answers like a proxy, `error` like Slack itself; with neither the connection is cut.
    `committed`: the call takes effect all the same. `gate` holds the answer back until it is set,
    and then lets it through.
    """

    method: str
    status: int | None = None
    error: str = ""
    committed: bool = False
    times: int = 1
    retry_after_seconds: int | None = None
    delay_seconds: float = 0.0
    gate: asyncio.Event | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Faults:
    ordered: list[Fault] = field(default_factory=list)

    def order(self, fault: Fault) -> Fault:
        self.ordered.append(fault)
        return fault

    def take(self, method: str) -> Fault | None:
        for fault in self.ordered:
            if fault.method == method:
                fault.times -= 1
                if fault.times == 0:
                    self.ordered.remove(fault)
                return fault
        return None
