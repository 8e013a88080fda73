"""A channel's blind trial: who may choose between which texts, and how it ends by itself.

What counts choices is imported where it is used: it takes a while to load.

Whatever goes wrong, "told once": the end of a trial is posted once, below the question that ended it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot import settings as channel_settings
from bot.chat import TRIAL, Channel, Person, Platform, Platforms, channel_of
from bot.conversation.desk import Admission
from bot.conversation.loops import surviving
from bot.conversation.offers import answer_usd, question_usd
from bot.conversation.posts import put_back
from bot.conversation.revealing import has_voted, knows_names
from bot.council import Answer
from bot.document import Document, Text
from bot.errors import InvalidInput, SettingsChanged, Undeliverable
from bot.language import N_, _, speaking
from bot.models.catalogue import Catalogue
from bot.pages.comparison import chosen, compared, comparison, first_text
from bot.records import ITSELF, Case, ChosenPlace, Comparison, EndedTrial, PlatformName
from bot.settings import Settings
from bot.store.encoding import decode, encode
from bot.store.store import Store
from bot.texts import EXPIRED, OUT_OF_DATE

if TYPE_CHECKING:
    from bot.analysis.report import Report
    from bot.analysis.trial import Choice, Finding, Trial
    from bot.conversation.statistics import Statistics

logger = logging.getLogger(__name__)

MONTH = timedelta(days=30)
# A platform that is away is tried again with the next turn.
PATIENCE_SECONDS = 30.0

NO_TRIAL = N_("No trial is under way here any more.")
VOTE_BEFORE = N_(
    "Vote here first: on the verdict, or on an answer. Then press *Compare* again: what you compare would "
    "tell you more of the answers than anybody may know who votes."
)
NAMES_SEEN = N_(
    "You have seen the names here, so your choice would not be blind, and none is taken."
)
NO_GUESTS = N_("Guests, and people of another organisation, take no part in the trial.")
OWN_ANSWER = N_("One of the answers here is your own, so no choice of yours is taken.")
CHOSEN_BEFORE = N_("You have chosen here before, and the first choice stands.")


@dataclass(frozen=True, slots=True)
class Trials:
    store: Store
    statistics: "Callable[[], Statistics]"
    catalogue: Catalogue
    admission: Admission
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
        settings = await self._settings(channel)
        if not settings.trial or settings.reveal != "after_vote":
            return ()
        told = await self.statistics().last_published(channel.platform, channel.id)
        return tuple(model for model in _ranked(told.report) if model != settings.auditioning)

    async def show(self, case: Case, person: Person) -> Document:
        """Both texts, to one person who may choose. Raises `InvalidInput`."""
        best = await self._compared(case, person)
        assert case.result is not None
        first = first_text(case.question, person.id)
        await self.store.shown_comparison(case.id, person.id, first)
        return await put_back(self.store, case, comparison(case.result, best, first))

    async def choose(self, case: Case, person: Person, place: str) -> Document:
        """Keep the choice, and say which was which. Raises `InvalidInput`."""
        places: tuple[ChosenPlace, ...] = ("first", "second", "same")
        chose = next((each for each in places if each == place), None)
        best = await self._compared(case, person)
        if chose is None or await self.store.comparison(case.id, person.id) is None:
            raise InvalidInput(_(OUT_OF_DATE))
        number = await self._number(channel_of(case))
        if not await self.store.choose(case.id, person.id, chose, self.now(), trial=number):
            raise InvalidInput(_(NO_TRIAL))
        said = await self.store.comparison(case.id, person.id)
        assert said is not None
        with surviving("a trial is not looked at"):
            await self.evaluate(channel_of(case), case.id)
        return await self._told(case, said, best)

    async def evaluate(self, here: Channel, deliberation: str) -> None:
        """End the channel's trial, where its choices end it; it is then told in the thread of this
        deliberation, with a `turn`."""
        while (await self._settings(here)).trial:
            stored = await self.store.settings(here.platform, here.workspace, here.id)
            number = await self._number(here)
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
        settings = await self._settings(channel)
        told, _waiting = await self.statistics().published(channel.platform, channel.id)
        best = next((model for model in _ranked(told.report) if model in settings.members), None)
        whole = question_usd(self.catalogue, channel_settings.council_of(settings))
        alone = answer_usd(self.catalogue, best) if best else None
        if whole is None or alone is None:
            return None
        since = self.now() - MONTH
        return (whole - alone) * await self.store.asked_since(channel.platform, channel.id, since)

    # --- telling its end

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

    # --- who may choose

    async def _compared(self, case: Case, person: Person) -> Answer:
        """What the verdict is compared with, by somebody who may. Raises `InvalidInput`."""
        await self.admission.require(channel_of(case), person)
        settings = await self._settings(channel_of(case))
        if case.expired_at:
            raise InvalidInput(_(EXPIRED))
        if not settings.trial or settings.reveal != "after_vote" or case.result is None:
            raise InvalidInput(_(NO_TRIAL))
        best = compared(case.result, case.question)
        if best is None:
            raise InvalidInput(_(OUT_OF_DATE))
        if person.guest:
            raise InvalidInput(_(NO_GUESTS))
        if person.id in await self.store.people(case.id):
            raise InvalidInput(_(OWN_ANSWER))
        before = await self.store.comparison(case.id, person.id)
        if before and before.chose:
            said = await self._told(case, before, best)
            which = " ".join(each.text for each in said.blocks if isinstance(each, Text))
            raise InvalidInput(f"{_(CHOSEN_BEFORE)} {which}")
        if await knows_names(self.store, case, person.id):
            raise InvalidInput(_(NAMES_SEEN))
        if not await has_voted(self.store, case, person.id):
            raise InvalidInput(_(VOTE_BEFORE))
        return best

    async def _told(self, case: Case, said: Comparison, best: Answer) -> Document:
        hidden = (await self._settings(channel_of(case))).reveal == "never"
        question = await self.store.numbered(case)
        return chosen(said, "" if hidden else best.label, question)

    async def _number(self, channel: Channel) -> int:
        over = await self.store.trial_over(channel.platform, channel.id)
        return over.number + 1 if over else 1

    async def _settings(self, channel: Channel) -> Settings:
        stored = await self.store.settings(channel.platform, channel.workspace, channel.id)
        return channel_settings.resolve(stored.values, self.defaults)

    async def _result(self, here: Channel, found: "Trial") -> str:
        saves = await self.saves_usd(here)
        return await asyncio.to_thread(_encoded, found, saves)


async def counted(store: Store, platform: PlatformName, channel: str, number: int) -> "Trial":
    """Where the channel's trial of this number stands."""
    said = await store.choices(platform, channel, number)
    return await asyncio.to_thread(_trial, said)


async def counted_in_steps(store: Store, channel: Channel, number: int) -> "tuple[Trial, Trial]":
    """The same, and where it stood when it had the choices that people may be told of."""
    said = await store.choices(channel.platform, channel.id, number)
    return await asyncio.to_thread(_in_steps, said)


def _ranked(report: "Report") -> tuple[str, ...]:
    return tuple(each.model for each in report.people.places if each.place is not None)


def _trial(said: Sequence[Comparison]) -> "Trial":
    from bot.analysis.trial import trial

    return trial(_choices(said))


def _in_steps(said: Sequence[Comparison]) -> "tuple[Trial, Trial]":
    from bot.analysis.trial import told_until, trial

    choices = _choices(said)
    return trial(choices), trial(choices[: told_until(choices)])


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
