"""The queue that workers take deliberations from, as the conversation needs it."""

from typing import Protocol


class Jobs(Protocol):
    async def defer(self, id: str) -> None:
        """Say that this deliberation waits, which is only a hint: one that waits is said again, and
        one that does not is nobody's to take."""
