"""What Slack takes in a minute, and how calls are kept within it. Knows no call."""

import asyncio
from collections.abc import Sequence

# Slack takes about one post a second in a channel. Source: docs.slack.dev, "Rate limits".
POST_SPACING = 1.1
# Slack limits those of a workspace, too, and does not say how closely; some bursts are welcome, which
# are left to verdicts. Source: the same.
WORKSPACE_SPACING, VERDICT_SPACING = 0.1, 0.01
# Of Slack's time: requests catch up with each other on their way.
MINUTE_SECONDS = 61.0
# A little below tiers 3 and 4, which are 50 and 100 a minute for the whole workspace.
TIER_3, TIER_4 = 45, 90
# Posts a minute that are made to be edited once; edits that progress, votes and links leave for
# verdicts besides; and seconds between those that show progress.
PLACEHOLDERS_A_MINUTE, RESERVED_UPDATES, PROGRESS_SPACING = 20, 10, 1.0
# These have limits of their own, of which Slack tells no figures.
STATUSES_A_MINUTE = LINKS_A_MINUTE = 200
# Slack takes a status away after two minutes.
STATUS_RENEWAL = 90.0


class Allowance:
    """So many calls in any minute."""

    def __init__(self, calls: int, minute_seconds: float) -> None:
        self._calls = calls
        self._minute = minute_seconds
        # When the last ones were, or are to be, made, in this order.
        self._turns: list[float] = []

    @property
    def taken(self) -> int:
        """How many of this minute are."""
        now = asyncio.get_running_loop().time()
        # As `take` reckons: rounded another way, it would find nothing left to wait for.
        return sum(turn + self._minute > now for turn in self._turns)

    def is_free(self, reserve: int = 0) -> bool:
        """Whether one may be made now that leaves `reserve` for what matters more."""
        return self.taken < self._calls - reserve

    def spend(self, calls: int = 1, *, reserve: int = 0) -> bool:
        """Make so many now, if that leaves `reserve` for what matters more."""
        if not self.is_free(reserve + calls - 1):
            return False
        self._keep([asyncio.get_running_loop().time()] * calls)
        return True

    async def take(self, reserve: int = 0) -> None:
        """Wait for the next one that leaves `reserve`, which is fewer than all, for what matters
        more."""
        loop = asyncio.get_running_loop()
        while reserve and not self.is_free(reserve):
            kept = self._turns[reserve - self._calls]
            await asyncio.sleep(kept + self._minute - loop.time())
        now = loop.time()
        is_full = len(self._turns) == self._calls
        turn = max(now, self._turns[0] + self._minute) if is_full else now
        self._keep([turn])
        await asyncio.sleep(turn - now)

    def give_back(self) -> None:
        """One of them counts no more."""
        del self._turns[:1]

    def _keep(self, turns: Sequence[float]) -> None:
        self._turns = sorted((*self._turns, *turns))[-self._calls :]
