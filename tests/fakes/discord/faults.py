"""Faults a scenario orders for coming requests: errors, cut sockets, delays, answers held back."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.fakes.discord.refusals import Refusal


@dataclass(slots=True, eq=False)
class Fault:
    """What happens to the next `times` requests of this method whose path matches.

    `status` None cuts the connection. `committed`: the request takes effect all the same. `gate`
    holds the answer back until it is set, and then lets it through.
    """

    method: str
    pattern: str
    status: int | None = 502
    committed: bool = False
    times: int = 1
    delay_seconds: float = 0.0
    gate: asyncio.Event | None = None
    refusal: Refusal | None = None
    """Said with Discord's own words instead of a proxy's."""
    page: str = "upstream connect error"
    headers: Mapping[str, str] = field(default_factory=dict)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    def matches(self, method: str, path: str) -> bool:
        return method == self.method and re.search(self.pattern, path) is not None


@dataclass(slots=True)
class Faults:
    ordered: list[Fault] = field(default_factory=list)

    def order(self, fault: Fault) -> Fault:
        self.ordered.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        for fault in self.ordered:
            if fault.matches(method, path):
                fault.times -= 1
                if fault.times == 0:
                    self.ordered.remove(fault)
                return fault
        return None
