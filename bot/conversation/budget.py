"""What may be spent: the budgets of the bot, a server, a channel and a person, a question's price
before it is asked, and what somebody is told where there is no room for it.
"""

import math
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from bot import settings as channel_settings
from bot.allowance import Allowance, Key, needed_of
from bot.chat import Channel, Person
from bot.conversation.desk import Admission
from bot.council import Cost, Question
from bot.language import N_, Message, _, day, n_
from bot.pages.costs import BudgetLine, left_micros
from bot.pages.prices import dollars_at_least, dollars_at_most
from bot.protocol.pricing import NOTHING, Carried, Pricing
from bot.records import Account, Case
from bot.settings import Settings
from bot.store.journal import place_of
from bot.store.spending import (
    ALL,
    EARLY_VERDICT,
    OverBudget,
    channel_scope,
    month_scope,
    person_scope,
    server_scope,
)
from bot.store.store import Store

# What one server of strangers may take of a day's budget; those in COUNCIL_ALLOWED may take it all.
STRANGERS_SHARE = 0.25

SettingsOf = Callable[[Channel], Awaitable[Settings]]

# Whose budget a limit is.
_LEFT: Mapping[str, Message] = {
    ALL: N_("About ${needed} is needed; ${left} of today's ${limit} is left."),
    "server": N_("About ${needed} is needed; ${left} of this server's ${limit} a day is left."),
    "channel": N_("About ${needed} is needed; ${left} of this channel's ${limit} a day is left."),
    "month": N_("About ${needed} is needed; ${left} of this channel's ${limit} a month is left."),
    "person": N_("About ${needed} is needed; ${left} of your ${limit} a day is left."),
}

_WHOSE: Mapping[str, Message] = {
    ALL: N_("the bot's, today"),
    "server": N_("this server's, today"),
    "channel": N_("this channel's, today"),
    "month": N_("this channel's, this month"),
    "person": N_("yours, today"),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may ask and change, how many deliberations are under way at once, and what may be spent:
    a day, a day for each person, a month for each channel. `None` is no limit."""

    allowed: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    daily_budget_micros: int | None = None
    person_budget_micros: int | None = None
    channel_budget_micros: int | None = None
    at_once: int | None = None

    @property
    def limits(self) -> dict[str, int]:
        """Micro-dollars by scope, wherever something is asked."""
        return {} if self.daily_budget_micros is None else {ALL: self.daily_budget_micros}


@dataclass(frozen=True, slots=True)
class Budget:
    """`now` says which day it is: the one that a question's money belongs to."""

    store: Store
    rules: Rules
    admission: Admission
    settings: SettingsOf
    pricing: Pricing
    now: Callable[[], datetime]

    async def limits(self, channel: Channel, person: str | None) -> Mapping[str, int]:
        """Micro-dollars by scope."""
        here = channel.platform, channel.id
        limits = self.rules.limits
        settings = await self.settings(channel)
        if settings.budget_usd is not None:
            limits[channel_scope(*here)] = round(settings.budget_usd * 1e6)
        if self.rules.channel_budget_micros is not None:
            limits[month_scope(*here)] = self.rules.channel_budget_micros
        if self.rules.person_budget_micros is not None and person is not None:
            limits[person_scope(channel.platform, person)] = self.rules.person_budget_micros
        if ALL in limits and self.admission.is_strangers(channel):
            share = round(limits[ALL] * STRANGERS_SHARE)
            limits[server_scope(channel.platform, channel.workspace)] = share
        return limits

    async def shares(self, case: Case, carried: Carried = NOTHING) -> Mapping[Key, int]:
        """What the run of a question will take, by its calls, where so much goes along with it."""
        place = None if case.channel is None else place_of(case.platform, case.channel)
        return await self.pricing.shares(case.question, case.council, place, carried)

    async def rest(self, case: Case, shares: Mapping[Key, int]) -> Mapping[Key, int]:
        """What of this, the price of a whole run, one that was stopped has yet to spend."""
        all = Allowance(shares)
        if await self.store.decision(case.id, EARLY_VERDICT):
            all = all.with_restart()
        finished = {(call.stage, call.round, call.seat) for call in await self.store.calls(case.id)}
        return all.besides(finished).shares

    async def estimate(self, case: Case, carried: Carried, *, paid: Collection[Key] = ()) -> Cost:
        """About what the run of a question will cost, where so much goes along with it, and these of
        its calls are paid."""
        place = None if case.channel is None else place_of(case.platform, case.channel)
        return await self.pricing.estimate(case.question, case.council, place, carried, paid)

    async def require_room(self, shares: Mapping[Key, int], limits: Mapping[str, int]) -> None:
        """Raises `OverBudget` where a question with these shares could not be taken in now."""
        left, needed = await self.store.left(self.now().date(), limits), needed_of(shares)
        if left.left_micros is not None and needed > left.left_micros:
            raise OverBudget(left.scope, left.limit_micros, left.left_micros, needed)

    async def account(self, channel: Channel) -> Account:
        """The channel's money of today."""
        scope = channel_scope(channel.platform, channel.id)
        return await self.store.account(self.now().date(), scope)

    async def lines(self, channel: Channel, person: Person) -> tuple[BudgetLine, ...]:
        """What each budget that counts here has left, for this person to see."""
        limits = await self.limits(channel, person.id)
        here = channel.platform, channel.id
        own = channel_scope(*here), month_scope(*here), person_scope(channel.platform, person.id)
        shown = (own[0], *(scope for scope in limits if scope != own[0]))
        return tuple([await self._line(scope, limits.get(scope), scope in own) for scope in shown])

    async def _line(self, scope: str, limit: int | None, is_own: bool) -> BudgetLine:
        account = await self.store.account(self.now().date(), scope)
        return BudgetLine(_(_WHOSE[scope.partition(":")[0]]), limit, account, is_own)

    async def refusal(self, channel: Channel, person: str | None = None) -> str:
        """Why nothing can be asked here now; "" where there is room for a short question."""
        limits = await self.limits(channel, person)
        if not limits:
            return ""
        council = channel_settings.council_of(await self.settings(channel))
        question = Question("", "", 0, self.now())
        place = place_of(channel.platform, channel.id)
        try:
            await self.require_room(await self.pricing.shares(question, council, place), limits)
        except OverBudget as over:
            return await self.sentence(over)
        return ""

    async def sentence(self, over: OverBudget) -> str:
        """The numbers, when there is room again, and who can make some."""
        numbers = await self._numbers(over)
        if over.needed_micros > over.limit_micros:
            return f"{numbers} {_('That is more than it ever has.')} {_raised(over.scope)}"
        return f"{numbers} {self._free_again(over.scope)} {_raised(over.scope)}"

    async def _numbers(self, over: OverBudget) -> str:
        """Without what is left where so much is kept back that it would look like enough."""
        account = await self.store.account(self.now().date(), over.scope)
        left, whose = left_micros(account, over.limit_micros), over.scope.partition(":")[0]
        needed = dollars_at_least(over.needed_micros)
        limit = dollars_at_most(over.limit_micros)
        if left >= over.needed_micros:
            return _(
                "About ${needed} is needed; less is left of ${limit} ({whose}).",
                needed=needed,
                limit=limit,
                whose=_(_WHOSE[whose]),
            )
        return _(_LEFT[whose], needed=needed, left=dollars_at_most(left), limit=limit)

    def _free_again(self, scope: str) -> str:
        now = self.now().astimezone(UTC)
        if scope.startswith("month:"):
            first = (now.replace(day=1) + timedelta(days=31)).replace(day=1).date()
            return _("It is free again on {day} (UTC).", day=day(first))
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        return n_(
            "It is free again at midnight UTC, in at most {n} hour.",
            "It is free again at midnight UTC, in about {n} hours.",
            math.ceil((midnight - now) / timedelta(hours=1)),
        )


def _raised(scope: str) -> str:
    if scope.startswith("channel:"):
        return _("Administrators can raise it: `/council budget USD`.")
    return _("Whoever runs the bot can raise it.")
