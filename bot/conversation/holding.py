"""Questions that will cost far more than is usual in their channel: held until whoever asked agrees.

Nothing of them is asked, paid or counted before. What is said of it is in `bot.pages.estimate`.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.chat import Agreed, Channel, Held, HeldQuestion, Mention
from bot.conversation.budget import SettingsOf
from bot.council import Cost, Council, Redo
from bot.pages.estimate import estimate_page, price_line
from bot.records import Case
from bot.store.store import Store

# What is usual, so many times, is asked for without a word.
TIMES = 2.0
# An estimate moves with every question in between; what grew by less than this was agreed to.
SAME = 1.1
# Whoever did not press *Go* by then does not want it any more.
WAITS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Dear:
    """About what a question will cost, and what one usually does."""

    estimate: Cost
    usual: Cost


@dataclass(frozen=True, slots=True)
class Holding:
    store: Store
    settings: SettingsOf
    now: Callable[[], datetime]

    async def dear(
        self,
        channel: Channel,
        case: Case,
        estimated: Callable[[], Awaitable[Cost]],
        agreed: Agreed | None,
    ) -> Dear | None:
        """Whether the case is dearer than was `agreed` to, or than one may be that nobody was asked
        about.

        One member alone is never asked about: what all of them may cost stands where it is offered.
        """
        if len(case.council.members) == 1 or not (await self.settings(channel)).ask_first:
            return None
        usual = await self.store.usual_cost(case)
        if usual is None:
            return None
        estimate = await estimated()
        agreed_usd = agreed.micros / 1e6 if agreed else 0.0
        most_usd = max(TIMES * usual.usd, SAME * agreed_usd)
        return Dear(estimate, usual) if estimate.usd > most_usd else None

    async def hold(
        self,
        mention: Mention,
        council: Council | None,
        dear: Dear,
        *,
        is_posted: bool,
        takes_up: str | None = None,
        redo: Redo | None = None,
    ) -> Held:
        """Have it wait, as `HeldQuestion` has it."""
        now = self.now()
        question = HeldQuestion(
            id=secrets.token_hex(6),
            mention=mention,
            council=council,
            told_micros=round(dear.estimate.usd * 1e6),
            is_posted=is_posted,
            asked_at=now,
            until=now + WAITS,
            takes_up=takes_up,
            redo=redo,
        )
        id, line = await self.store.hold(question), price_line(dear.estimate, dear.usual)
        return Held(estimate_page(line, id, question.until), id, line)
