"""Answers of people to a question: who may add one, until when, and what they are told.

How an answer takes its place among the others is known in `bot.protocol.people`.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from bot.chat import Channel, Person, Refused, channel_of
from bot.conversation.budget import Budget
from bot.conversation.desk import Admission
from bot.conversation.presses import Form, handed_back
from bot.conversation.questions import Questions
from bot.conversation.running import Running
from bot.council import ANSWER_LIMIT_CHARS, PEOPLE_MAX, Seating
from bot.document import Document, Text
from bot.errors import InvalidInput
from bot.language import N_, Message, _
from bot.models.gate import mended
from bot.protocol.folding import is_blank
from bot.records import Case
from bot.store.people import NotKept
from bot.store.store import Store
from bot.texts import ADD_ANSWER

IN = N_(
    "Your answer is in. It is ranked blind beside those of the models, nobody is told that it is yours, "
    "and your votes on it do not count."
)
MAY_REPLACE = N_("Until the models are asked another one of yours takes its place.")
LATE = N_(
    "Your answer comes too late: the others are in, or nothing is under way. Nothing of it was kept; to "
    "say it all the same, post it in the thread."
)
NO_PEOPLE = N_("Nobody can add an answer to this question: it is about answers that are there.")
NONE_OPEN = N_("No question of this channel takes answers of people now.")
_WHY: Mapping[NotKept, Message] = {
    "late": LATE,
    "there": N_("An answer of yours is among the others already, and can change no more."),
    "full": N_("{most} people have answered already, which is as many as may."),
    "no_room": N_(
        "Your answer was not kept: no budget here has room for what it costs to have it reviewed."
    ),
}


@dataclass(frozen=True, slots=True)
class People:
    store: Store
    admission: Admission
    budget: Budget
    running: Running
    questions: Questions

    async def form(self, case: Case, person: Person) -> Form:
        """Where this person may add an answer to the run now. Raises `InvalidInput`."""
        await self._require(case, person)
        return Form(
            run=case.id,
            name=f"answer:{secrets.token_hex(4)}",
            title=_(ADD_ANSWER),
            text=_("Your answer"),
            hint=_("Your name is shown nowhere: do not say who you are."),
            send=_("Add"),
            limit=ANSWER_LIMIT_CHARS,
        )

    async def submit(self, case: Case, person: Person, text: str) -> Document | Refused:
        """Add what was written, once for each person; what they are told. Raises `InvalidInput`."""
        await self._require(case, person)
        text = _checked(mended(text))
        keep = partial(self._keep, case, person.id, text)
        if not_kept := await self.running.answered(case.id, person.id, keep):
            return Refused(_told(_(_WHY[not_kept], most=PEOPLE_MAX)))
        is_seated = (await self.store.people(case.id)).get(person.id) is not None
        return _told(_(IN) if is_seated else f"{_(IN)} {_(MAY_REPLACE)}")

    async def _keep(self, case: Case, person: str, text: str) -> NotKept | None:
        """With the money for having it read."""
        people = {*await self.store.people(case.id), person}
        seating = Seating(("",) * (len(case.council.members) + len(people)))
        with_them = replace(case, council=replace(case.council, seating=seating))
        return await self.store.keep_answer(
            case.id,
            person,
            text,
            shares=await self.questions.shares(with_them),
            limits=await self.budget.limits(channel_of(case), case.asker),
        )

    async def submit_here(self, channel: Channel, person: Person, text: str) -> Document:
        """The same to the newest question of the channel that takes answers: what was typed with a
        command stands nowhere, so it is handed back where it was not kept."""
        try:
            told = await self._submit_to_newest(channel, person, text)
        except InvalidInput as error:
            told = Refused(_told(error.public))
        return handed_back(told.document, text) if isinstance(told, Refused) else told

    async def _submit_to_newest(
        self, channel: Channel, person: Person, text: str
    ) -> Document | Refused:
        """Raises `InvalidInput`."""
        await self.admission.require(channel, person)
        for case in reversed(self.running.cases):
            if channel_of(case) == channel and self.running.takes_answers(case.id):
                return await self.submit(case, person, text)
        raise InvalidInput(_(NONE_OPEN))

    async def _require(self, case: Case, person: Person) -> None:
        """Raises `InvalidInput`."""
        await self.admission.require(channel_of(case), person)
        if case.question.is_about_answers:
            raise InvalidInput(_(NO_PEOPLE))
        if not self.running.takes_answers(case.id):
            raise InvalidInput(_(LATE))


def _checked(text: str) -> str:
    """The answer without space around it. Raises `InvalidInput`."""
    text = text.strip()
    if is_blank(text):
        raise InvalidInput(_("The answer is empty. Write what you would answer."))
    if len(text) > ANSWER_LIMIT_CHARS:
        raise InvalidInput(
            _(
                "The answer has {given:,} characters; the limit is {limit:,}. Shorten it.",
                given=len(text),
                limit=ANSWER_LIMIT_CHARS,
            )
        )
    return text


def _told(text: str) -> Document:
    return Document((Text(text),))
