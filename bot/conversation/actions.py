"""What each button does, on every platform.

The answer comes from the store, for the person alone who pressed it. Adapters tell what was
pressed, and show what comes of it, as `bot.conversation.presses` has it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot import emoji as reactions
from bot import settings as channel_settings
from bot.chat import (
    HEADLINE,
    RANKING,
    VERDICT,
    Accepted,
    Channel,
    Held,
    Person,
    Refused,
    Repeated,
    answer_key,
    channel_of,
    is_answer,
)
from bot.conversation import commands
from bot.conversation.archive import Archive
from bot.conversation.budget import SettingsOf
from bot.conversation.comparisons import Comparisons
from bot.conversation.desk import NOT_ENABLED, Admission, Desk, Typed, settings_of
from bot.conversation.followups import COUNCIL, NOT_YET, FollowUps
from bot.conversation.offers import Offer, can_be_alone, offer, sat_with
from bot.conversation.people import People
from bot.conversation.posts import put_back
from bot.conversation.presses import Ask, Choice, File, Form, Press, Told
from bot.conversation.questions import Questions, ToPost
from bot.conversation.records_commands import accepted_like
from bot.conversation.revealing import has_voted, named_with
from bot.conversation.running import Running
from bot.conversation.voting import Voting
from bot.council import Alone
from bot.document import Document, Text
from bot.errors import InvalidInput
from bot.language import N_, Message, _
from bot.models.catalogue import Catalogue
from bot.pages import presenter
from bot.pages.sentences import shown
from bot.records import Case, PlatformName
from bot.store.store import Store
from bot.texts import ASKED, ASKED_ALREADY, ELSEWHERE, EXPIRED, FORGOTTEN, OUT_OF_DATE, VOTE_HERE

VOTE_FIRST = N_(
    "You have not voted here yet. Vote first, or show the names now: your votes on this "
    "question then stop counting."
)
OVER = N_("This deliberation is over already.")
NOTHING_TO_END = N_(
    "There is nothing to end early: two answers have to be in, and no verdict under way."
)
NO_TRANSCRIPT = N_("There is no transcript: this question came to no verdict.")
CANCELLED = N_("Cancelled. Nothing was asked, and nothing paid.")
TRANSCRIPT = "transcript.md"
# (label, what the button does)
VOTE_CHOICES = (
    (N_("Show names (my votes here stop counting)"), "names"),
    (N_("Vote first"), "later"),
)


@dataclass(frozen=True, slots=True)
class Actions:
    store: Store
    catalogue: Catalogue
    admission: Admission
    running: Running
    questions: Questions
    voting: Voting
    followups: FollowUps
    people: People
    archive: Archive
    comparisons: Comparisons
    settings: SettingsOf
    desk: Callable[[Channel, Person], Desk]
    now: Callable[[], datetime]

    async def press(self, press: Press) -> Told | Ask | Choice | Form | File:
        try:
            return await self._press(press)
        except InvalidInput as error:
            return Told(_sentence(str(error)))

    async def _choose(self, press: Press, place: str) -> Document:
        """In place of the buttons, whatever comes of it. Raises `InvalidInput`."""
        case = await self.case(press)
        try:
            return await self.comparisons.choose(case, press.person, place)
        except InvalidInput as error:
            return _sentence(str(error))

    async def submit(self, press: Press, text: str, whom: str) -> Told | Refused:
        """What a `Form` was filled in with, once; `Refused` asked nothing, and may be sent off
        again."""
        try:
            return await self._submit(press, text, whom)
        except InvalidInput as error:
            return Refused(_sentence(str(error)))

    async def _press(self, press: Press) -> Told | Ask | Choice | Form | File:
        match press.what:
            case ("ask", message):
                return await self._ask(press, message, None)
            case ("alone", label, message):
                return await self._ask(press, message, Alone((await self.case(press)).id, label))
            case ("follow",):
                return await self._follow(press, COUNCIL)
            case ("follow", label):
                return await self._follow(press, label)
            case ("answer",):
                return await self.people.form(await self._seen(press), press.person)
            case ("again",):
                return await self._again(press)
            case ("stop",):
                return await self._stop(press)
            case ("go_on",):
                return await self._go_on(press)
            case ("begin",):
                return await self._begin(press)
            case ("enough",):
                return await self._enough(press)
            case ("reveal",):
                return await self._reveal(press)
            case ("names",):
                return Told(await self._names(await self.case(press), press.person), instead=True)
            case ("later",):
                return Told(_sentence(_(VOTE_HERE)), instead=True)
            case ("vote", *key, value):
                return Told(_sentence(await self._vote(press, ":".join(key), value)))
            case ("compare",):
                return Told(await self.comparisons.show(await self.case(press), press.person))
            case ("compare", place):
                return Told(await self._choose(press, place), instead=True)
            case ("transcript",):
                return await self._file(press)
            case ("go", id):
                return await self._go(press, id)
            case ("cancel", id):
                return await self._cancel(press, id)
            case ("check",):
                return await self._check(press)
            case ("audition", *rest):
                return await self._command(press, Typed("audition", " ".join(rest)))
            case ("resume",):
                return await self._resume(press)
            case _:
                raise InvalidInput(_(OUT_OF_DATE))

    async def case(self, press: Press) -> Case:
        """The run that the button belongs to, where the person may use it: or still whoever asked,
        whose thread others may read and vote in. Raises `InvalidInput`."""
        case = await self._seen(press)
        people = (press.person, Person(case.asker or ""))
        if not any([await self.admission.admits(channel_of(case), person) for person in people]):
            raise InvalidInput(_(NOT_ENABLED))
        return case

    async def _seen(self, press: Press) -> Case:
        case = await self.store.case(press.run)
        if case is None:
            raise InvalidInput(_(FORGOTTEN))
        if not press.sees(case):
            raise InvalidInput(_(ELSEWHERE))
        return case

    # --- reading

    async def part(self, press: Press, key: str) -> Document:
        """What is posted under this key, as it would be shown now. Raises `InvalidInput`."""
        case = await self.case(press)
        if document := await self.archive.document(case.id, key):
            return await put_back(self.store, case, document)
        raise InvalidInput(_(_why_none(case, FORGOTTEN)))

    async def _file(self, press: Press) -> File:
        case = await self.case(press)
        text = await self.archive.transcript(case.id)
        if text is None:
            raise InvalidInput(_(_why_none(case, NO_TRANSCRIPT)))
        return File(TRANSCRIPT, text)

    # --- what a run's buttons do

    async def _stop(self, press: Press) -> Told:
        """End a run early and keep what is paid: for the asker and those who moderate."""
        case = await self._under_way(press)
        self.running.stop(case.id, press.person.id)
        return Told(_sentence(_("Stopping. What is finished stays.")))

    async def _begin(self, press: Press) -> Told:
        """Wait for people no longer, for the same people; pressed once more, it ends nothing else."""
        case = await self._under_way(press)
        if self.running.waits_for_people(case.id):
            await self.running.enough(case.id)
        return Told(_sentence(_("The models are asked now.")))

    async def _enough(self, press: Press) -> Told:
        """Have the verdict of what there is, for the same people."""
        case = await self._under_way(press)
        if self.running.waits_for_people(case.id):
            return await self._begin(press)
        if not await self.running.enough(case.id):
            return Told(_sentence(_(NOTHING_TO_END)))
        return Told(_sentence(_("The verdict is written now, of what there is.")))

    async def _under_way(self, press: Press) -> Case:
        """A run that this person may end. Raises `InvalidInput`."""
        case, person = await self._seen(press), press.person
        if case.id not in [each.id for each in self.running.cases]:
            raise InvalidInput(_(OVER))
        if not (person.admin or person.id in {case.asker, *self.admission.operators}):
            raise InvalidInput(_("Only the person who asked, or an administrator, can stop it."))
        return case

    async def _go_on(self, press: Press) -> Told:
        """Take up what somebody stopped, as one's own: for whoever may ask."""
        case = await self.case(press)
        if case.expired_at:
            raise InvalidInput(_(EXPIRED))
        if case.status == "finished":
            return Told(_sentence(_(OVER)))
        if case.stop and not case.stop.may_go_on:
            raise InvalidInput(_(OUT_OF_DATE))
        match await self.questions.go_on(case, press.person):
            case Refused(document):
                return Told(document)
            case Accepted():
                return Told(_sentence(_("It goes on. What is finished is not asked again.")))
            case Repeated():
                return Told(_sentence(_("It goes on already.")))

    async def _reveal(self, press: Press) -> Told | Choice:
        """The names, by the channel's `reveal` setting; under `after_vote` somebody who has not
        voted yet is asked first."""
        case = await self.case(press)
        setting = await self._reveal_setting(case, press.person)
        asks_first = setting == "after_vote" and case.result is not None
        if asks_first and not await self._may_see(case, press.person):
            return Choice(_(VOTE_FIRST), tuple((_(label), what) for label, what in VOTE_CHOICES))
        return Told(await self._names(case, press.person))

    async def _may_see(self, case: Case, person: Person) -> bool:
        """Whether no vote that the person has yet to give would be spoilt by the names."""
        for run in await named_with(self.store, case):
            has_seen = await self.store.revealed(run.id, person.id)
            if not has_seen and not await has_voted(self.store, run, person.id):
                return False
        return True

    async def _reveal_setting(self, case: Case, person: Person) -> str:
        """Raises `InvalidInput` where this person may see no names."""
        channel = channel_of(case)
        await self.admission.require(channel, person)
        setting = (await self.settings(channel)).reveal
        if setting == "never":
            raise InvalidInput(_("Names stay hidden in this channel (`reveal` is `never`)."))
        return setting

    async def _names(self, case: Case, person: Person) -> Document:
        """Who sits behind each label, for one person, whose votes stop counting as blind."""
        await self._reveal_setting(case, person)
        if case.result is None:
            return _sentence(_("Names are shown once the verdict is there."))
        for run in await named_with(self.store, case):
            await self.store.reveal(run.id, person.id, self.now())
        page = presenter.names(case.result, await self.store.numbered(case))
        if not await has_voted(self.store, case, person.id):
            return page
        told = await accepted_like(self.desk(channel_of(case), person), case.result)
        return replace(page, blocks=(*page.blocks, *told))

    async def _vote(self, press: Press, key: str, value: str) -> str:
        """Give a vote, or take it back where it counts already; says which."""
        counts = await self.rate(press, key, value)
        emoji = next(e for e in reactions.offered(key) if reactions.value(key, e) == value)
        taken = N_("Your vote is taken back: {emoji} on {part}.")
        given = N_("Your vote is recorded: {emoji} on {part}. Press again to undo.")
        return _(given if counts else taken, emoji=emoji, part=_called(key))

    async def rate(self, press: Press, key: str, value: str) -> bool:
        """The same on the post of this key, wherever it was pressed; whether the vote counts now.
        Raises `InvalidInput`."""
        case = await self.case(press)
        offered = {reactions.value(key, emoji) for emoji in reactions.offered(key)}
        known = next((each for each in offered if each == value), None)
        if known is None:
            raise InvalidInput(_(OUT_OF_DATE))
        for post in await self.store.posts(case.id):
            if (post.key, post.part) == (key, 0):
                return await self.voting.pressed(post, press.person, known)
        raise InvalidInput(_(FORGOTTEN))

    # --- asking

    async def offer_about(self, channel: Channel, person: Person, post_id: str) -> Offer:
        """What a reply to this post may start, nothing of it paid so far. Raises `InvalidInput`."""
        await self.admission.require(channel, person)
        post = await self.voting.post(channel.platform, post_id)
        if post is None:
            return await self.offered(channel, None, None)
        target = reactions.target(post.key)
        is_answer = target and post.key == answer_key(target)
        return await self.offered(channel, post.deliberation, target if is_answer else None)

    async def offered(self, channel: Channel, run: str | None, label: str | None) -> Offer:
        """What replying to the bot may start: the council, or the member of an answer alone."""
        council = channel_settings.council_of(await self.settings(channel))
        case = await self.store.case(run) if run and label else None
        if case is None or not label or not can_be_alone(case, label):
            return offer(self.catalogue, council, run=run)
        name = shown(label, await self.store.numbered(case))
        members = await sat_with(self.store, case)
        return offer(self.catalogue, council, members, run, label, name)

    async def answer_at(self, platform: PlatformName, post_id: str) -> Alone | None:
        """The answer that one of the bot's own messages shows, where its author can be asked alone."""
        post = await self.voting.post(platform, post_id)
        label = reactions.target(post.key) if post and is_answer(post.key) else None
        case = await self.store.case(post.deliberation) if post else None
        return Alone(case.id, label) if case and label and can_be_alone(case, label) else None

    async def _ask(self, press: Press, message: str, alone: Alone | None) -> Told:
        """Put the message that an offer is about to the council, or to one member alone."""
        mention = replace(await press.question(message), alone=alone)
        match await self.questions.accept(mention):
            case Refused(document):
                return Told(document)
            case taken:
                return Told(_taken(taken), instead=True)

    async def _follow(self, press: Press, whom: str) -> Told | Form:
        match await self.followups.form(await self.case(press), press.person, whom):
            case Refused(document):
                return Told(document)
            case form:
                return form

    async def _submit(self, press: Press, text: str, whom: str) -> Told | Refused:
        if press.what[:1] == ("answer",):
            told = await self.people.submit(await self._seen(press), press.person, text)
            return told if isinstance(told, Refused) else Told(told)
        if len(press.what) != 2 or press.what[0] != "follow":
            raise InvalidInput(_(OUT_OF_DATE))
        case, address = await self.case(press), await press.address()
        taken = await self.followups.submit(
            case, press.person, press.what[1], text=text, whom=whom, address=address
        )
        return taken if isinstance(taken, Refused) else Told(_taken(taken))

    async def _again(self, press: Press) -> Told:
        case, address = await self.case(press), await press.address()
        taken = await self.followups.again(case, press.person, address)
        return Told(taken.document if isinstance(taken, Refused) else _taken(taken))

    async def _go(self, press: Press, id: str) -> Told | Ask:
        """Have a question asked whose price is agreed to, for whoever asked it."""
        match await self.questions.go(id, _channel(press).platform, press.person):
            case ToPost(text, agreed):
                return Ask(text, agreed, _sentence(_(ASKED)))
            case Held(document):
                return Told(document, instead=True)
            case Refused(document):
                return Told(document)
            case taken:
                return Told(_taken(taken), instead=True)

    async def _cancel(self, press: Press, id: str) -> Told:
        await self.questions.cancel(id, _channel(press).platform, press.person)
        return Told(_sentence(_(CANCELLED)), instead=True)

    # --- the channel's council

    async def _check(self, press: Press) -> Told:
        return await self._command(press, Typed("show"))

    async def _command(self, press: Press, typed: Typed) -> Told:
        here = channel_of(await self.case(press))
        return Told(await commands.run(self.desk(here, press.person), typed))

    async def _resume(self, press: Press) -> Told:
        """End the silence of the channel that the button stands in, for those who may."""
        desk = self.desk(_channel(press), press.person)
        if (await settings_of(desk)).paused:
            await commands.run(desk, Typed("resume"))
        return Told(_sentence(_("The council answers here again. Ask once more.")), instead=True)


def _channel(press: Press) -> Channel:
    """Where a button of no run was pressed. Raises `InvalidInput`."""
    if press.channel is None:
        raise InvalidInput(_(OUT_OF_DATE))
    return press.channel


def _why_none(case: Case, otherwise: Message) -> Message:
    """Why there is nothing to read of it."""
    if case.expired_at:
        return EXPIRED
    return NOT_YET if case.status == "running" else otherwise


def _taken(taken: Accepted | Repeated) -> Document:
    return _sentence(_(ASKED if isinstance(taken, Accepted) else ASKED_ALREADY))


def _sentence(text: str) -> Document:
    return Document((Text(text),))


def _called(key: str) -> str:
    """How a sentence names the post of this key."""
    if key in {HEADLINE, VERDICT}:
        return _("the verdict")
    return _("ranking") if key == RANKING else reactions.part_name(key)
