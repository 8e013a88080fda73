"""What is asked of a run that is over, in its thread: its verdict anew, or the whole council on its
question. What is paid for is not asked again.

What such words are is known in `wishes`; each becomes a run of its own, below the one before, whose
posts and votes stay as they are.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot import emoji as reactions
from bot import settings as channel_settings
from bot.chat import Accepted, Mention, Person, Refused, Repeated, channel_of
from bot.conversation import wishes
from bot.conversation.budget import SettingsOf
from bot.conversation.cases import TakenUp, asking_again, checked, mention_in
from bot.conversation.followups import FollowUps, require_texts
from bot.conversation.locks import Locks
from bot.conversation.questions import Questions
from bot.conversation.redoing import paid_of, verdict_of
from bot.conversation.wishes import Wish, wish
from bot.council import Council, Redo
from bot.document import Document, Text
from bot.errors import InvalidInput
from bot.language import N_, _
from bot.models.gate import mended
from bot.modes import ANSWERS_ALONE
from bot.records import Case, PlatformName
from bot.store.store import Store
from bot.texts import FORGOTTEN
from bot.votes import VERDICT as VERDICT_TARGET

NO_RUN = N_(
    "There is no question here that this could be about, so nothing was asked. Say it in the thread of "
    "a question."
)
# Nobody waits any more for what came of a sign that went by unheard for longer.
MISSED = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Sequels:
    store: Store
    questions: Questions
    followups: FollowUps
    settings: SettingsOf
    # One for each run that somebody looks closer at; it goes with the last.
    _lock: Locks = field(default_factory=Locks)

    async def heard(self, mention: Mention) -> Accepted | Refused | Repeated:
        """Take in what somebody said: to a run before, or else as a question."""
        said = wish(mention.text)
        case = await self._meant(mention) if said else None
        if said is None or (case is None and mention.quoted):
            return await self.questions.accept(mention)
        if await self.questions.is_known(mention.key):
            return Repeated()
        try:
            await self.questions.admission.require(mention.channel, mention.person)
            if case is None:
                raise InvalidInput(_(NO_RUN))
            return await self._take_up(said, case, mention)
        except InvalidInput as error:
            await self.store.refuse(mention.key, self.questions.now())
            return Refused(Document((Text(str(error)),)))

    async def look_closer(
        self, platform: PlatformName, post_id: str, person: Person
    ) -> Accepted | Refused | Repeated | None:
        """Put the question of a quick verdict to the whole council, once, as this person's who gave the
        sign for it under the verdict; `None` where there is nothing to look closer at."""
        case = await self._looked_at(platform, post_id)
        return await self._looked(case, person) if case else None

    async def missed(self, platform: PlatformName, post_id: str, person: Person) -> None:
        """The same of a sign that stands there, whenever it was given: where that cannot be long ago."""
        case = await self._looked_at(platform, post_id)
        if case is None or case.result is None:
            return
        verdict_at = case.question.asked_at + timedelta(seconds=case.result.timings.verdict or 0)
        if self.questions.now() - verdict_at < MISSED:
            await self._looked(case, person)

    async def _looked_at(self, platform: PlatformName, post_id: str) -> Case | None:
        """The run whose quick verdict this is, if it is one."""
        post = await self.store.post_by_id(platform, post_id)
        if post is None or post.part or reactions.target(post.key) != VERDICT_TARGET:
            return None
        case = await self.store.case(post.deliberation)
        is_quick = case and case.council.mode == "quick" and _is_light(case)
        return case if case and is_quick and not case.expired_at else None

    async def _looked(self, case: Case, person: Person) -> Accepted | Refused | Repeated | None:
        now = self.questions.now()
        async with self._lock(case.id):
            if grown := await self.store.grown_from(case.id):
                return None if grown.asker == person.id else Repeated()
            try:
                await self.questions.admission.require(channel_of(case), person)
            except InvalidInput as error:
                return Refused(Document((Text(str(error)),)))
            key = f"closer:{case.id}:{person.id}:{now.isoformat()}"
            return await self._all(case, mention_in(case, person, key))

    async def _meant(self, mention: Mention) -> Case | None:
        """The run that it is said of: that of the post replied to, else the newest of the thread."""
        here = mention.channel
        if mention.about and (post := await self.store.post_by_id(here.platform, mention.about)):
            case = await self.store.case(post.deliberation)
            return case if case and case.channel == here.id else None
        return await self.store.newest_in(here.platform, here.id, mention.thread)

    async def _take_up(
        self, said: Wish, case: Case, mention: Mention
    ) -> Accepted | Refused | Repeated:
        """Raises `InvalidInput`."""
        require_texts(case)
        redo = case.question.redo
        whole = await self.store.case(redo.of) if redo else case
        if whole is None:
            raise InvalidInput(_(FORGOTTEN))
        match said:
            case wishes.Redo(guidance):
                return await self._redo(whole, case, mention, mended(guidance))
            case wishes.AllOfYou():
                return await self._all(whole, mention)

    async def _redo(
        self, whole: Case, newest: Case, mention: Mention, guidance: str
    ) -> Accepted | Refused | Repeated:
        guidance = checked(
            guidance, _("Say what is to be otherwise, as in `redo: shorter, and with the costs`.")
        )
        if not (await paid_of(self.store, whole)).answers:
            raise InvalidInput(
                _(
                    "There is no answer that a verdict could be written from. `again, all of you` "
                    "asks everybody."
                )
            )
        before = newest.question.redo
        after = before.after if before and not verdict_of(newest) else newest.id
        council = await self._with_todays_chairman(whole)
        taken = TakenUp(whole, Redo(whole.id, after, guidance))
        return await self.questions.accept(
            await self._asked_again(whole, mention), council=council, taken=taken
        )

    async def _all(self, whole: Case, mention: Mention) -> Accepted | Refused | Repeated:
        again = await self._asked_again(whole, mention)
        if whole.question.alone:
            again = replace(again, quoted="", alone=None)
        mode = "council" if whole.council.mode in ANSWERS_ALONE else whole.council.mode
        if _is_light(whole) and not await self.store.grown_from(whole.id):
            council = replace(await self._with_todays_chairman(whole), mode=mode)
            return await self.questions.accept(again, council=council, taken=TakenUp(whole))
        here = channel_settings.council_of(await self.settings(mention.channel))
        return await self.questions.accept(again, council=replace(here, mode=mode))

    async def _asked_again(self, case: Case, mention: Mention) -> Mention:
        """The question of the case, as the person's who said so now."""
        return asking_again(mention, case.question, await self.followups.repeated(case))

    async def _with_todays_chairman(self, case: Case) -> Council:
        """The members that answered, under whoever would rule here now; one alone rules itself."""
        council = replace(case.council, mode="council", wait=0)
        if len(council.members) == 1:
            return council
        here = channel_settings.council_of(await self.settings(channel_of(case)))
        return replace(
            here,
            members=council.members,
            audition=council.audition,
            mode="council",
            redact=here.redact or council.redact,
            wait=0,
            seating=council.seating,
        )


def _is_light(case: Case) -> bool:
    """Whether it has answers that the whole council was not asked about."""
    result, council = case.result, case.council
    is_whole = result is None or bool(result.reviews) or len(council.members) == 1
    return council.mode in ANSWERS_ALONE and not is_whole
