"""A verdict beside the best member's answer, shown to one person, who chooses: who may, and what they are
told. What the choices come to is known in `bot.conversation.trials`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.chat import Person, channel_of
from bot.conversation.desk import Admission
from bot.conversation.loops import surviving
from bot.conversation.posts import put_back
from bot.conversation.revealing import has_voted, knows_names
from bot.conversation.trials import Trials
from bot.council import Answer
from bot.document import Document, Text
from bot.errors import InvalidInput
from bot.language import N_, _
from bot.pages.comparison import PLACES, chosen, compared, comparison, first_text
from bot.records import Case, Comparison
from bot.store.store import Store
from bot.texts import EXPIRED, OUT_OF_DATE, TRIAL_NEEDS_VOTES

NO_TRIAL = N_("No trial is under way here any more.")
NOTHING = N_(
    "Nothing can be compared here: no member was known to be the best when this was asked, or the verdict "
    "is an answer itself, or speaks of answers."
)
READ_BEFORE = N_("Read both texts first: *Compare* shows them.")
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
class Comparisons:
    store: Store
    trials: Trials
    admission: Admission
    now: Callable[[], datetime]

    async def show(self, case: Case, person: Person) -> Document:
        """Both texts, to one person who may choose. Raises `InvalidInput`."""
        best = await self._compared(case, person)
        assert case.result is not None
        first = first_text(case.question, person.id)
        await self.store.shown_comparison(case.id, person.id, first)
        return await put_back(self.store, case, comparison(case.result, best, first))

    async def choose(self, case: Case, person: Person, place: str) -> Document:
        """Keep the choice, and say which was which. Raises `InvalidInput`."""
        chose = next((each for each in PLACES if each == place), None)
        best = await self._compared(case, person)
        if chose is None:
            raise InvalidInput(_(OUT_OF_DATE))
        if await self.store.comparison(case.id, person.id) is None:
            raise InvalidInput(_(READ_BEFORE))
        number = await self.trials.number(channel_of(case))
        if not await self.store.choose(case.id, person.id, chose, self.now(), trial=number):
            await self._compared(case, person)  # where they chose twice at once, that says so
            raise InvalidInput(_(NO_TRIAL))
        said = await self.store.comparison(case.id, person.id)
        assert said is not None
        with surviving("a trial is not looked at"):
            await self.trials.evaluate(channel_of(case), case.id)
        return await self._told(case, said, best)

    async def _compared(self, case: Case, person: Person) -> Answer:
        """What the verdict is compared with, by somebody who may. Raises `InvalidInput`."""
        await self.admission.require(channel_of(case), person)
        settings = await self.trials.settings(channel_of(case))
        if case.expired_at:
            raise InvalidInput(_(EXPIRED))
        if not settings.trial or case.result is None:
            raise InvalidInput(_(NO_TRIAL))
        if settings.reveal != "after_vote":
            raise InvalidInput(_(TRIAL_NEEDS_VOTES, reveal=settings.reveal))
        best = compared(case.result, case.question)
        if best is None:
            raise InvalidInput(_(NOTHING))
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
        return chosen(said, best.label, await self.store.numbered(case))
