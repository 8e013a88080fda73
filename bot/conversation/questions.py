"""Questions: what may be asked, by whom and at what price. What becomes of one is in `cases`.

Whatever goes wrong, "taken once": one question of a person's starts one run, however often its
event comes, and one that was heard, or missed for a while, is taken in or told no.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from bot import settings as channel_settings
from bot.allowance import Allowance, Key
from bot.chat import (
    Accepted,
    Agreed,
    Channel,
    HeldQuestion,
    Mention,
    Person,
    Refused,
    Repeated,
    channel_of,
)
from bot.conversation.auditions import Auditions
from bot.conversation.budget import Budget, SettingsOf
from bot.conversation.cases import (
    TakenUp,
    Way,
    as_asked_by,
    checked,
    new_case,
    redacted,
    sendable,
    split_way,
    taking_up,
    without_audition,
)
from bot.conversation.desk import Admission
from bot.conversation.exhibits import Exhibits
from bot.conversation.holding import Dear, Holding
from bot.conversation.locks import Locks
from bot.conversation.offers import alone, answer_of, sat_with
from bot.conversation.running import Running
from bot.conversation.silence import paused_page
from bot.conversation.threads import Threads, is_thread_of
from bot.conversation.titles import Titles
from bot.conversation.trials import Trials
from bot.conversation.weighing import Weighing
from bot.council import Call, Council
from bot.document import Document, Text
from bot.errors import InvalidInput, SettingsChanged, StoreFailed
from bot.language import N_, _
from bot.pages.sentences import masked
from bot.protocol.pricing import Carried
from bot.recognition import signs
from bot.records import AuditionEnding, Case, PlatformName
from bot.redaction import put_back
from bot.store.spending import OverBudget
from bot.store.store import Store
from bot.texts import OUT_OF_DATE

logger = logging.getLogger(__name__)

# Unfinished questions of one person, wherever they were asked, and of one channel; more would only
# queue at the providers.
PERSON_LIMIT, CHANNEL_LIMIT = 5, 25
# Those of everybody: each takes tasks and memory while it waits for its models.
OPEN_LIMIT = 200

NOT_WAITING = N_(
    "This question waits no more: it was cancelled, or its time is over. Nothing was asked, and "
    "nothing paid. Ask it again."
)
_NOTHING = N_("What should the council answer? Write the question behind the mention.")


@dataclass(frozen=True, slots=True)
class ToPost:
    """A question that waits no more and that nobody sees yet: it is taken in once it is posted."""

    text: str
    agreed: Agreed


@dataclass(slots=True)
class Questions:
    """Takes questions in."""

    store: Store
    admission: Admission
    budget: Budget
    running: Running
    threads: Threads
    exhibits: Exhibits
    titles: Titles
    holding: Holding
    auditions: Auditions
    weighing: Weighing
    trials: Trials
    settings: SettingsOf
    now: Callable[[], datetime]
    seed: int | None = None  # of every question, in the place of one of its own
    # One for each person asking; it goes with the last.
    _lock: Locks = field(default_factory=Locks)
    _entering: int = 0  # questions that are let in and not stored yet

    async def accept(
        self,
        mention: Mention,
        *,
        council: Council | None = None,
        taken: TakenUp | None = None,
        agreed: Agreed | None = None,
    ) -> Accepted | Refused | Repeated:
        """Take a question in, once: journal it and start it, or say why not. `Held` where it is so
        dear that its asker has to agree first, and has not `agreed` yet.

        `council` takes the place of the channel's own: one member alone, say. What is `taken` up has
        the same members.
        """
        # One by one for each person, so that a burst of questions meets the limit.
        try:
            async with self._lock(mention.channel.platform, mention.person.id):
                return await self._accept(sendable(mention), council, taken, agreed)
        except StoreFailed as error:
            logger.error("a question could not be taken in: %s", error)
            return Refused(Document((Text(error.public),)))

    async def before_posting(self, mention: Mention) -> Refused | None:
        """Why a question must not be posted now, by a command that would post it; `None` where it
        may. Where it is `Held`, agreeing to it brings the question back `ToPost`."""
        if refusal := await self.refusal(mention):
            return Refused(refusal)
        try:
            case, _originals = await self._case(mention, None, None, None)
            dear = await self._dear(mention, case, (), None)
            return await self.holding.hold(mention, None, dear, is_posted=False) if dear else None
        except OverBudget as over:
            return Refused(Document((Text(await self.budget.sentence(over)),)))

    async def go(
        self, id: str, platform: PlatformName, person: Person
    ) -> Accepted | Refused | Repeated | ToPost:
        """Have what waits under this id asked, as its asker says. Raises `InvalidInput`."""
        async with self._lock(platform, person.id):
            if await self.store.case(id):
                return Repeated()
            held = await self._waiting(id, platform, person)
            mention, agreed = replace(held.mention, person=person), Agreed(id, held.told_micros)
            if held.is_posted:
                return await self._accept(mention, held.council, await self._up(held), agreed)
            if barred := await self._barred(mention):
                return Refused(barred)
            await self.store.let_go(id)
            return ToPost(mention.text, agreed)

    async def remind(self, held: HeldQuestion) -> Accepted | Refused | Repeated:
        """Ask its asker once more about what waits, at the price of now."""
        try:
            taken = await self._up(held)
        except InvalidInput as error:
            return Refused(Document((Text(str(error)),)))
        return await self.accept(held.mention, council=held.council, taken=taken)

    async def waiting(self, platform: PlatformName) -> tuple[HeldQuestion, ...]:
        """Those that wait there for their asker to agree, the oldest first."""
        held = await self.store.all_held(platform)
        return tuple(each for each in held if each.until > self.now())

    async def _up(self, held: HeldQuestion) -> TakenUp | None:
        """The run that it takes up. Raises `InvalidInput` where that is forgotten."""
        if held.takes_up is None:
            return None
        case = await self.store.case(held.takes_up)
        if case is None or case.expired_at:
            raise InvalidInput(_(NOT_WAITING))
        return TakenUp(case, held.redo)

    async def cancel(self, id: str, platform: PlatformName, person: Person) -> None:
        """Have it wait no more, as its asker says. Raises `InvalidInput`."""
        async with self._lock(platform, person.id):
            held = await self._waiting(id, platform, person)
            await self.store.refuse(held.mention.key, self.now())
            await self.store.let_go(id)

    async def _waiting(self, id: str, platform: PlatformName, person: Person) -> HeldQuestion:
        """Raises `InvalidInput`."""
        held = await self.store.held(id)
        if held is None or held.until <= self.now():
            raise InvalidInput(_(NOT_WAITING))
        if (held.mention.channel.platform, held.mention.person.id) != (platform, person.id):
            raise InvalidInput(_("Only the person who asked can say whether it is asked."))
        return held

    async def _accept(
        self,
        mention: Mention,
        council: Council | None,
        taken: TakenUp | None,
        agreed: Agreed | None,
    ) -> Accepted | Refused | Repeated:
        if await self.is_known(mention.key):
            return Repeated()
        if refusal := await self._barred(mention):
            await self.store.refuse(mention.key, self.now())
            return Refused(refusal)
        self._entering += 1
        try:
            while True:
                try:
                    return await self._take_in(mention, council, taken, agreed)
                except SettingsChanged:
                    continue  # the audition that was to end with it ended otherwise
        except OverBudget as over:
            await self.store.refuse(mention.key, self.now())
            return Refused(Document((Text(await self.budget.sentence(over)),)))
        except InvalidInput as error:
            return Refused(Document((Text(str(error)),)))
        finally:
            self._entering -= 1

    async def go_on(self, case: Case, person: Person) -> Accepted | Refused | Repeated:
        """Have a stopped run go on, as this person's question from now on, at their price; what is
        finished is not asked again. `Repeated` where it is not stopped any more."""
        try:
            async with self._lock(case.platform, person.id):
                if refusal := await self._barred(as_asked_by(person, case)):
                    return Refused(refusal)
                self._entering += 1
                try:
                    return await self._go_on(case, person)
                finally:
                    self._entering -= 1
        except OverBudget as over:
            return Refused(Document((Text(await self.budget.sentence(over)),)))
        except StoreFailed as error:
            logger.error("a question could not be gone on with: %s", error)
            return Refused(Document((Text(error.public),)))

    async def _go_on(self, case: Case, person: Person) -> Accepted | Repeated:
        limits = await self.budget.limits(channel_of(case), person.id)
        shares = await self.budget.rest(case, await self.shares(case)) if limits else None

        async def take() -> Case | None:
            now = self.now()
            return await self.store.go_on(case.id, person.id, now, shares=shares, limits=limits)

        return Accepted(case.id) if await self.running.take_up(take) else Repeated()

    async def is_known(self, key: str) -> bool:
        """Whether a question came of this event, forgotten or not."""
        return bool(await self.store.case_of_mention(key)) or await self.store.taken(key)

    async def words(self, key: str) -> str:
        """What was asked by this event; "" where nothing was, or it was forgotten."""
        case = await self.store.case_of_mention(key)
        return case.question.text if case else ""

    async def knows_thread(
        self, platform: PlatformName, channel: str, thread: str, key: str
    ) -> bool:
        """Whether a question of this thread, or that of its root, comes with a new one anyway:
        where texts are erased it does not."""
        turns = await self.store.turns(platform, channel, thread)
        root = await self.store.case_of_mention(key)
        return bool(turns or (root and not root.expired_at))

    async def _take_in(
        self,
        mention: Mention,
        council: Council | None,
        taken: TakenUp | None,
        agreed: Agreed | None,
    ) -> Accepted | Refused | Repeated:
        ending = await self._ending(mention, council)
        case, originals = await self._case(mention, council, taken, agreed, ending)
        if council is None and not case.question.is_about_answers:
            rivals = await self.trials.rivals(mention.channel)
            case = replace(case, question=replace(case.question, rivals=rivals))
        answers = await self._answers(taken.case) if taken and not taken.redo else ()
        if dear := await self._dear(mention, case, answers, agreed):
            return await self.holding.hold(
                mention,
                council,
                dear,
                is_posted=True,
                takes_up=taken.case.id if taken else None,
                redo=taken.redo if taken else None,
            )
        limits = await self.budget.limits(mention.channel, mention.person.id)
        shares = await self._unpaid(case, answers) if limits else None
        if not await self.store.create(
            case, originals, shares=shares, limits=limits, answers=answers, ending=ending
        ):
            return Repeated()
        self.running.start(case)
        return Accepted(case.id)

    async def _ending(self, mention: Mention, council: Council | None) -> AuditionEnding | None:
        """Of an audition that is over with this question, as the channel's own council is asked."""
        is_whole = council is None and mention.alone is None
        return await self.auditions.due(mention.channel) if is_whole else None

    async def _dear(
        self, mention: Mention, case: Case, answers: Sequence[Call], agreed: Agreed | None
    ) -> Dear | None:
        """What is to be agreed to, if anything, where so many `answers` are there. Raises
        `OverBudget`: nobody is asked about a price that no budget could pay."""
        estimate = partial(self.budget.estimate, case, paid=_keys(answers))
        carried = await self._carried(case)
        dear = await self.holding.dear(mention.channel, case, partial(estimate, carried), agreed)
        limits = await self.budget.limits(mention.channel, mention.person.id) if dear else {}
        if limits:
            await self.budget.require_room(await self._unpaid(case, answers), limits)
        return dear

    async def _carried(self, case: Case) -> Carried:
        ahead = [each for each in self.running.cases if is_thread_of(each, case)]
        carried = await self.threads.carried(case, ahead)
        earlier = await self.threads.before(case)
        files = await self.exhibits.carried(case, earlier, ahead)
        return replace(
            carried,
            bytes=carried.bytes + files.bytes,
            images=files.images,
            named=self.titles.names(case) is not None,
        )

    async def _case(
        self,
        mention: Mention,
        council: Council | None,
        taken: TakenUp | None,
        agreed: Agreed | None,
        ending: AuditionEnding | None = None,
    ) -> tuple[Case, dict[str, str]]:
        """What comes of the question, and what placeholders in it stand for."""
        mention, way = split_way(mention)
        if council is None:
            mention, council = await self._council(mention, way)
        settings = await self.settings(mention.channel)
        interface = channel_settings.language_in(settings, mention.locale)
        case = new_case(
            mention.text,
            replace(council, interface=interface),
            self.now(),
            id=agreed.id if agreed else None,
            seed=taken.case.question.seed if taken else self.seed,
            mention=mention,
        )
        if taken:
            case = taking_up(case, taken)
        if ending:
            case = without_audition(case, ending)
        if settings.weights == "on" and not taken:
            case = await self.weighing.frozen(mention.channel, case)
        if not council.redact:
            return case, {}
        case, originals = redacted(case, await self.store.redactions(case))
        if originals:
            written = put_back(case.question.text, originals)
            found = signs(written, await self.store.secret())
            case = replace(case, question=replace(case.question, signs=found))
        return case, originals

    async def _council(self, mention: Mention, way: Way) -> tuple[Mention, Council]:
        """Who is asked, and with what. Whoever says how wants the whole council. Raises
        `InvalidInput`."""
        council = channel_settings.council_of(await self.settings(mention.channel))
        if way or mention.alone is None:
            wait = council.wait if way.wait is None else way.wait
            council = replace(council, mode=way.mode or council.mode, wait=wait)
            return replace(mention, alone=None), council
        case = await self.store.case(mention.alone.run)
        given = answer_of(case, mention.alone.label)
        if case is None or given is None:
            raise InvalidInput(_(OUT_OF_DATE))
        own = masked(given.text, case.council.members)
        return replace(mention, quoted=own), alone(council, given.model)

    async def _answers(self, case: Case) -> tuple[Call, ...]:
        """What was answered in its run, as if it had been there when it is asked for now."""
        now = self.now()
        return tuple(
            replace(
                call,
                started_at=now - (call.finished_at - call.started_at),
                first_text_at=now,
                finished_at=now,
            )
            for call in await self.store.calls(case.id)
            if call.stage == "answer" and call.round == 0 and call.text is not None
        )

    async def _unpaid(self, case: Case, answers: Sequence[Call]) -> Mapping[Key, int]:
        """What the run takes where these are there."""
        shares = await self.shares(case)
        return Allowance(shares).besides(_keys(answers)).shares if answers else shares

    async def shares(self, case: Case) -> Mapping[Key, int]:
        """Of one member alone as much as of the dearest that it sat with: what is missing in a
        budget would say who it is."""
        shares: dict[Key, int] = {}
        for council in await self._alike(case):
            like = replace(case, council=council)
            carried = await self._carried(like)
            found = await self.budget.shares(like, carried)
            shares |= {key: max(micros, shares.get(key, 0)) for key, micros in found.items()}
        return shares

    async def _alike(self, case: Case) -> Sequence[Council]:
        """The councils that the question might as well be put to, for all that people may know."""
        if case.question.alone is None:
            return [case.council]
        members = await sat_with(self.store, case)
        return [alone(case.council, model) for model in {*case.council.members, *members}]

    async def refusal(self, mention: Mention) -> Document | None:
        """Why this may not be asked now, in words; `None` where it may. Keeps and starts nothing."""
        if barred := await self._barred(mention):
            return barred
        spent = await self.budget.refusal(mention.channel, mention.person.id)
        return Document((Text(spent),)) if spent else None

    async def _barred(self, mention: Mention) -> Document | None:
        """The same but for its price, which is settled with the moment it is taken in."""
        try:
            await self.admission.require(mention.channel, mention.person)
            if self.running.closing:
                raise InvalidInput(_("The bot is restarting. Ask again in a minute."))
            if (await self.settings(mention.channel)).paused:
                return await self._paused(mention.channel)
            self._check(mention)
            self._check_room()
        except InvalidInput as error:
            return Document((Text(str(error)),))
        return None

    async def _paused(self, channel: Channel) -> Document:
        return await paused_page(self.store, self.running.platforms, channel, self.now())

    def _check(self, mention: Mention) -> None:
        """Refuse what cannot or may not be asked. Raises `InvalidInput`."""
        mention, _way = split_way(mention)
        unread = " ".join((*mention.unread, _("Write the question behind the mention.")))
        checked(mention.text, unread if mention.unread else _(_NOTHING))
        cases = self.running.cases
        asker = mention.channel.platform, mention.person.id
        if sum((case.platform, case.asker) == asker for case in cases) >= PERSON_LIMIT:
            raise InvalidInput(
                _(
                    "{count} of your questions are being deliberated already. Wait for one, or end "
                    "one with the button below it.",
                    count=PERSON_LIMIT,
                )
            )
        if sum(channel_of(case) == mention.channel for case in cases) >= CHANNEL_LIMIT:
            raise InvalidInput(
                _(
                    "{count} questions of this channel are being deliberated already. "
                    "Ask again in a few minutes.",
                    count=CHANNEL_LIMIT,
                )
            )

    def _check_room(self) -> None:
        """Raises `InvalidInput`."""
        if len(self.running.cases) + self._entering >= OPEN_LIMIT:
            raise InvalidInput(
                _(
                    "{count} questions are being deliberated already, here and elsewhere. "
                    "Ask again in a few minutes.",
                    count=OPEN_LIMIT,
                )
            )


def _keys(calls: Sequence[Call]) -> frozenset[Key]:
    return frozenset((call.stage, call.round, call.seat) for call in calls)
