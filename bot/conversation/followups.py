"""Questions that a button puts: a follow-up written in a form, and the same question once more.

Nobody's message says them, so the run posts them itself, first of all, in its thread.
"""

import json
import secrets
from dataclasses import dataclass, replace

from bot import settings as channel_settings
from bot.chat import Accepted, Person, Refused, Repeated, channel_of
from bot.conversation.budget import SettingsOf
from bot.conversation.cases import asking_again, checked, mention_in
from bot.conversation.offers import can_be_alone, offer, sat_with
from bot.conversation.presses import Form
from bot.conversation.questions import Questions
from bot.council import Alone, Origin
from bot.errors import InvalidInput
from bot.language import N_, _
from bot.models.catalogue import Catalogue
from bot.pages.sentences import shown
from bot.records import Case
from bot.store.store import Store
from bot.texts import EXPIRED

NOT_YET = N_("The verdict is still being written.")
# Whom a form offers first.
COUNCIL = "council"


@dataclass(frozen=True, slots=True)
class FollowUps:
    store: Store
    catalogue: Catalogue
    questions: Questions
    settings: SettingsOf

    async def form(self, case: Case, person: Person, first: str = COUNCIL) -> Form | Refused:
        """The form of a follow-up to this run, where one may be asked now; `first` is whom it offers
        first, the council or a label. Raises `InvalidInput`."""
        require_texts(case)
        mention = replace(mention_in(case, person, ""), text="?")
        if refusal := await self.questions.refusal(mention):
            return Refused(refusal)
        return Form(
            run=case.id,
            name=f"follow:{secrets.token_hex(4)}",
            title=_("Ask a follow-up"),
            text=_("Your question"),
            send=_("Ask"),
            whom_label=_("Whom to ask"),
            whom=tuple(sorted(await self._whom(case), key=lambda each: each[1] != first)),
        )

    async def submit(
        self, case: Case, person: Person, opening: str, *, text: str, whom: str, address: str
    ) -> Accepted | Refused | Repeated:
        """Ask what was written, once for each opening of the form. Raises `InvalidInput`."""
        require_texts(case)
        label = "" if whom == COUNCIL else whom
        mention = replace(
            mention_in(case, person, f"follow:{case.id}:{opening}", address),
            text=checked(text),
            origin=Origin(earlier=case.id, label=label and await self._shown(case, label)),
            alone=Alone(case.id, label) if label else None,
        )
        return await self.questions.accept(mention)

    async def again(
        self, case: Case, person: Person, address: str
    ) -> Accepted | Refused | Repeated:
        """Ask the same once more, with all that went along with it, once for each run. Raises
        `InvalidInput`."""
        require_texts(case)
        again = mention_in(case, person, f"again:{case.id}", address)
        mention = asking_again(again, case.question, await self.repeated(case))
        # One member alone was asked on purpose, for its price, and each question in its mode; any
        # other council may be put right.
        council = case.council
        if len(council.members) > 1:
            here = channel_settings.council_of(await self.settings(channel_of(case)))
            council = replace(here, mode=council.mode)
        return await self.questions.accept(mention, council=council)

    async def repeated(self, case: Case) -> Origin:
        """Where its question comes from where it is asked once more."""
        before = case.question.origin or Origin()
        earlier = before.earlier if case.question.origin else await self._earlier(case)
        return replace(before, earlier=earlier, repeats=before.repeats or case.id)

    async def _whom(self, case: Case) -> tuple[tuple[str, str], ...]:
        """The council, or one of those who answered; each alone has the one same price."""
        council = channel_settings.council_of(await self.settings(channel_of(case)))
        answers = case.result.answers if case.result else ()
        labels = [each.label for each in answers if can_be_alone(case, each.label)]
        offered = offer(self.catalogue, council, await sat_with(self.store, case))
        whom = [(_("The council ({price})", price=offered.price), COUNCIL)]
        for label in labels:
            name = await self._shown(case, label)
            said = _("Only {label} ({price})", label=name, price=offered.alone_price)
            whom.append((said, label))
        return tuple(whom)

    async def _shown(self, case: Case, label: str) -> str:
        """The label as its thread shows it."""
        return shown(label, await self.store.numbered(case))

    async def _earlier(self, case: Case) -> str | None:
        """The run whose verdict went along with this one's question."""
        known = json.loads(await self.store.decision(case.id, "earlier") or "null")
        return known if isinstance(known, str) else None


def require_texts(case: Case) -> None:
    """Raises `InvalidInput`."""
    if case.status == "running":
        raise InvalidInput(_(NOT_YET))
    if case.expired_at:
        raise InvalidInput(_(EXPIRED))
