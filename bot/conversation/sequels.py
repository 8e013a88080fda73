"""What is asked of a run that is over, in its thread: its verdict anew, or the whole council on its
question. What is paid for is not asked again.

What such words are is known in `wishes`; each becomes a run of its own, below the one before, whose
posts and votes stay as they are.
"""

from dataclasses import dataclass, replace

from bot import settings as channel_settings
from bot.chat import Accepted, Mention, Refused, Repeated, channel_of
from bot.conversation.anew import paid_of, verdict_of
from bot.conversation.budget import SettingsOf
from bot.conversation.followups import FollowUps, require_texts
from bot.conversation.questions import Questions, TakenUp
from bot.conversation.wishes import AllOfYou, Wish, wish
from bot.conversation.wishes import Redo as Anew
from bot.council import Council, Redo
from bot.document import Document, Text
from bot.errors import InvalidInput
from bot.language import _
from bot.models.gate import mended
from bot.records import Case
from bot.store.store import Store
from bot.texts import FORGOTTEN

# Modes that leave something of the whole council out, whose answers it takes over.
LIGHT = frozenset({"quick", "vote", "compare"})


@dataclass(frozen=True, slots=True)
class Sequels:
    store: Store
    questions: Questions
    followups: FollowUps
    settings: SettingsOf

    async def heard(self, mention: Mention) -> Accepted | Refused | Repeated:
        """Take in what somebody said: to a run before, or else as a question."""
        said = wish(mention.text)
        case = await self._meant(mention) if said else None
        if said is None or case is None:
            return await self.questions.accept(mention)
        if await self.questions.is_known(mention.key):
            return Repeated()
        try:
            await self.questions.admission.require(mention.channel, mention.person)
            return await self._take_up(said, case, mention)
        except InvalidInput as error:
            await self.store.refuse(mention.key, self.questions.now())
            return Refused(Document((Text(str(error)),)))

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
            case Anew(guidance):
                return await self._anew(whole, case, mention, mended(guidance))
            case AllOfYou():
                return await self._all(whole, mention)

    async def _anew(
        self, whole: Case, newest: Case, mention: Mention, guidance: str
    ) -> Accepted | Refused | Repeated:
        if not guidance:
            raise InvalidInput(
                _("Say what is to be otherwise, as in `redo: shorter, and with the costs`.")
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
        mode = "council" if whole.council.mode in LIGHT else whole.council.mode
        if whole.result and whole.council.mode in LIGHT and len(whole.council.members) > 1:
            council = replace(await self._with_todays_chairman(whole), mode=mode)
            return await self.questions.accept(again, council=council, taken=TakenUp(whole))
        here = channel_settings.council_of(await self.settings(mention.channel))
        return await self.questions.accept(again, council=replace(here, mode=mode))

    async def _asked_again(self, case: Case, mention: Mention) -> Mention:
        """The question of the case, as the person's who said so now."""
        asked = case.question
        origin = await self.followups.repeated(case)
        return replace(
            mention,
            text=asked.text,
            quoted=asked.quoted,
            unread=asked.unread,
            origin=origin,
            alone=asked.alone,
        )

    async def _with_todays_chairman(self, case: Case) -> Council:
        """The members that answered, under whoever would rule here now; one alone rules itself."""
        council = replace(case.council, mode="council")
        if len(council.members) == 1:
            return council
        here = channel_settings.council_of(await self.settings(channel_of(case)))
        return replace(
            here, members=council.members, mode="council", redact=here.redact or council.redact
        )
