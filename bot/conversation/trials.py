"""A channel's blind trial: whom the council is compared with, and how it ends by itself.

Who may choose, and what they are told, is known in `bot.conversation.comparisons`. What counts choices is
imported where it is used: it takes a while to load.

Whatever goes wrong, "told once": the end of a trial is posted once, below the question that ended it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot import settings as channel_settings
from bot.chat import TRIAL, Channel, Platform, Platforms
from bot.conversation.loops import surviving
from bot.conversation.offers import answer_usd, question_usd
from bot.document import Document
from bot.errors import SettingsChanged, Undeliverable
from bot.language import speaking
from bot.models.catalogue import Catalogue
from bot.records import ITSELF, Case, Comparison, EndedTrial, PlatformName
from bot.settings import Settings
from bot.store.encoding import decode, encode
from bot.store.store import Store

if TYPE_CHECKING:
    from bot.analysis.report import Report
    from bot.analysis.trial import Choice, Finding, Trial
    from bot.conversation.statistics import Statistics

logger = logging.getLogger(__name__)

MONTH = timedelta(days=30)
# A platform that is away is tried again with the next turn.
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Trials:
    store: Store
    statistics: "Callable[[], Statistics]"
    catalogue: Catalogue
    defaults: Settings
    platforms: Platforms
    now: Callable[[], datetime]
    time_scale: float
    _telling: asyncio.Lock = field(default_factory=asyncio.Lock)
    # How many choices a trial had when it was last looked at.
    _looked_at: dict[Channel, int] = field(default_factory=dict)

    async def rivals(self, channel: Channel) -> tuple[str, ...]:
        """The models that people preferred there when it was last told which, the best first, while a
        trial is on; none where they cannot be ranked. What changed with a single vote would tell whose
        answer that was about."""
        settings = await self.settings(channel)
        if not settings.trial or settings.reveal != "after_vote":
            return ()
        told = await self.statistics().last_published(channel.platform, channel.id)
        return tuple(model for model in _ranked(told.report) if model != settings.auditioning)

    async def evaluate(self, here: Channel, deliberation: str) -> None:
        """End the channel's trial, where its choices end it; it is then told in the thread of this
        deliberation, with a `turn`."""
        while (await self.settings(here)).trial:
            stored = await self.store.settings(here.platform, here.workspace, here.id)
            number = await self.number(here)
            found = await counted(self.store, here.platform, here.id, number)
            if found.end is None:
                return
            result = await self._result(here, found)
            try:
                await self.store.end_trial(
                    (here.platform, here.workspace, here.id),
                    EndedTrial(number, self.now(), result, deliberation),
                    seen_version=stored.version,
                    values={**stored.values, "trial": "off"},
                    person=ITSELF,
                    what="trial = off",
                )
            except SettingsChanged:
                continue
            return

    async def saves_usd(self, channel: Channel) -> float | None:
        """About what always asking the best member alone would save in a month; `None` where a price
        is not known, or nobody is the best."""
        settings = await self.settings(channel)
        told, _waiting = await self.statistics().published(channel.platform, channel.id)
        best = next((model for model in _ranked(told.report) if model in settings.members), None)
        whole = question_usd(self.catalogue, channel_settings.council_of(settings))
        alone = answer_usd(self.catalogue, best) if best else None
        if whole is None or alone is None:
            return None
        since = self.now() - MONTH
        return (whole - alone) * await self.store.asked_since(channel.platform, channel.id, since)

    async def turn(self) -> None:
        """End those that their choices end, and tell what is yet to be told."""
        await self.evaluate_open()
        for platform in list(self.platforms):
            for id in await self.store.untold_trials(platform):
                await self.tell(id)

    async def evaluate_open(self) -> None:
        """Every trial with choices that were not looked at: something came between."""
        for here in await self.store.channels_with("trial", "on"):
            if here.platform in self.platforms:
                with surviving(f"the trial in channel {here.id} is not looked at"):
                    await self._catch_up(here)

    async def _catch_up(self, here: Channel) -> None:
        last = await self.store.last_chosen(here.platform, here.id)
        if last and self._looked_at.get(here) != last[1]:
            deliberation, choices = last
            await self.evaluate(here, deliberation)
            self._looked_at[here] = choices

    async def tell(self, id: str) -> None:
        """Tell the end of a trial in the thread of this deliberation, where it is yet to be told; later
        where the platform is away."""
        async with self._telling:  # two at a time would each post it
            case, over = await self.store.case(id), await self.store.trial_told_in(id)
            platform = self.platforms.get(case.platform) if case else None
            if case is None or over is None or platform is None:
                return
            if id not in await self.store.untold_trials(case.platform):
                return
            with surviving(f"the end of a trial is not told in deliberation {id} yet"):
                await self._post(platform, case, over)
                await self.store.told_trial(id)

    async def _post(self, platform: Platform, case: Case, over: EndedTrial) -> None:
        with speaking(case.council.interface):
            document = await asyncio.to_thread(told_page, over)
            try:
                async with asyncio.timeout(PATIENCE_SECONDS * self.time_scale):
                    await platform.reply(case).show(TRIAL, document)
            except Undeliverable as error:
                logger.info("the end of a trial cannot be told: %s", error)

    async def number(self, channel: Channel) -> int:
        return number_after(await self.store.trial_over(channel.platform, channel.id))

    async def settings(self, channel: Channel) -> Settings:
        stored = await self.store.settings(channel.platform, channel.workspace, channel.id)
        return channel_settings.resolve(stored.values, self.defaults)

    async def _result(self, here: Channel, found: "Trial") -> str:
        saves = await self.saves_usd(here)
        return await asyncio.to_thread(_encoded, found, saves)


def number_after(over: EndedTrial | None) -> int:
    """Which trial of the channel is the next to end, by the one that ended last."""
    return over.number + 1 if over else 1


async def counted(store: Store, platform: PlatformName, channel: str, number: int) -> "Trial":
    """Where the channel's trial of this number stands."""
    said = await store.choices(platform, channel, number)
    return await asyncio.to_thread(_trial, said)


async def counted_in_steps(store: Store, channel: Channel, number: int) -> "tuple[Trial, Trial]":
    """The same, and what people are told of it, which stays as it is until enough of them chose anew,
    also where somebody is forgotten."""
    here = channel.platform, channel.id
    before = await store.published_trial(*here, number)
    said = await store.choices(*here, number)
    found = await asyncio.to_thread(_trial, said)
    told = await asyncio.to_thread(_to_publish, found, said)
    if told and not await store.publish_trial(*here, number, told, instead_of=before):
        told = await store.published_trial(*here, number)
    return found, await asyncio.to_thread(_published, told or before)


def _ranked(report: "Report") -> tuple[str, ...]:
    return tuple(each.model for each in report.people.places if each.place is not None)


def _trial(said: Sequence[Comparison]) -> "Trial":
    from bot.analysis.trial import trial

    return trial(_choices(said))


def _to_publish(found: "Trial", said: Sequence[Comparison]) -> str | None:
    from bot.analysis.trial import Trial, is_step

    new = [each.person for each in said if not each.published]
    return encode(Trial, found) if is_step(new) else None


def _published(told: str | None) -> "Trial":
    from bot.analysis.trial import Trial, trial

    return decode(Trial, told) if told else trial(())


def _choices(said: Sequence[Comparison]) -> "list[Choice]":
    from bot.analysis.trial import Choice

    return [Choice(each.person, each.verdict) for each in said if each.verdict is not None]


def _encoded(found: "Trial", saves_usd: float | None) -> str:
    from bot.analysis.trial import Finding

    return encode(Finding, Finding(found, saves_usd))


def finding(result: str) -> "Finding":
    """What came of a trial that is over, as it was kept."""
    from bot.analysis.trial import Finding

    return decode(Finding, result)


def told_page(over: EndedTrial) -> Document:
    from bot.pages.trial import told

    return told(finding(over.result), number=over.number)
