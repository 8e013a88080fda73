"""The council at work in its channels: accepts mentions, runs what the journal holds, takes votes.

One for the process. Knows settings, permissions and limits; knows no platform but by its name.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot import emoji as reactions
from bot import settings as channel_settings
from bot import texts
from bot.chat import (
    HEADLINE,
    RANKING,
    Channel,
    KnowsPrivate,
    Mention,
    Person,
    Platform,
    PlatformName,
    answer_key,
)
from bot.conversation import commands
from bot.conversation.desk import NOT_ENABLED, Admission, Desk, parse, require
from bot.conversation.health import health
from bot.conversation.locks import Locks
from bot.conversation.loops import surviving
from bot.conversation.offers import Offer, offer
from bot.conversation.records_commands import export_lines
from bot.conversation.serving import Serving
from bot.conversation.showing import PATIENCE_SECONDS
from bot.council import Council, Question
from bot.document import Document, Text
from bot.errors import BotError, InvalidInput, StoreFailed, Superseded
from bot.language import _
from bot.llm import Provider
from bot.models.catalogue import Catalogue
from bot.models.gate import mended
from bot.pages import presenter
from bot.pages.transcript import transcript
from bot.protocol import outcome
from bot.protocol.calls import Caller
from bot.protocol.folding import is_blank
from bot.records import Case, Place, Post, Reaction, ReactionValue
from bot.settings import Settings
from bot.store.spending import ALL, channel_scope, server_scope
from bot.store.store import Store

if TYPE_CHECKING:
    from bot.conversation.statistics import Statistics

logger = logging.getLogger(__name__)

QUESTION_LIMIT_CHARS = 32_000
# Unfinished questions of one person in one channel; more would only queue at the providers.
RUNNING_LIMIT = 5
# Those of everybody: each takes tasks and memory while it waits for its models.
OPEN_LIMIT = 200

# What one server of strangers may take of a day's budget; those in COUNCIL_ALLOWED may take it all.
STRANGERS_SHARE = 0.25
_WHOSE = {ALL: "the bot's", "server": "this server's", "channel": "this channel's"}

VOTE_FIRST = (
    "You have not voted here yet. Vote first, or show the names now: "
    "your votes on this question then stop counting."
)


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may ask and change, and what a day may cost; `None` is no limit."""

    allowed: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    daily_budget_micros: int | None = None

    @property
    def limits(self) -> dict[str, int]:
        """Micro-dollars a day by scope."""
        return {} if self.daily_budget_micros is None else {ALL: self.daily_budget_micros}


@dataclass(frozen=True, slots=True)
class Accepted:
    id: str


@dataclass(frozen=True, slots=True)
class Refused:
    document: Document


@dataclass(frozen=True, slots=True)
class Repeated:
    """The mention was seen before: nothing to say."""


@dataclass(slots=True)
class _Running:
    """A run that this process serves; `over` once nothing but posts is owed."""

    serving: Serving
    task: asyncio.Task[None]
    over: asyncio.Event


@dataclass(slots=True)
class App:
    store: Store
    provider: Provider
    caller: Caller
    catalogue: Catalogue
    defaults: Settings
    rules: Rules = field(default_factory=Rules)
    platforms: dict[PlatformName, Platform] = field(default_factory=dict)
    time_scale: float = 1.0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    admission: Admission = field(init=False)
    _running: dict[str, _Running] = field(default_factory=dict)
    # One for each thread with a question under way and each person asking; it goes with the last.
    _lock: Locks = field(default_factory=Locks)
    _statistics: "Statistics | None" = None
    _unservable: set[str] = field(default_factory=set)
    _closing: bool = False
    _entering: int = 0  # questions that are let in and not stored yet

    def __post_init__(self) -> None:
        self.admission = Admission(self.store, self.rules.allowed, self.rules.admins)

    # --- questions

    async def accept(
        self, mention: Mention, *, council: Council | None = None
    ) -> Accepted | Refused | Repeated:
        """Take a question in, once: journal it and start it, or say why not.

        `council` takes the place of the channel's own: one member alone, say.
        """
        # One by one for each person, so that a burst of questions meets the limit.
        try:
            async with self._lock("person", mention.channel.platform, mention.person.id):
                return await self._accept(_mended(mention), council)
        except StoreFailed as error:
            logger.error("a question could not be taken in: %s", error)
            return Refused(Document((Text(error.public),)))

    async def _accept(
        self, mention: Mention, council: Council | None
    ) -> Accepted | Refused | Repeated:
        if await self.store.case_of_mention(mention.key) or await self.store.taken(mention.key):
            return Repeated()
        if refusal := await self.refusal(mention):
            await self.store.refuse(mention.key, self.now())
            return Refused(refusal)
        self._entering += 1
        try:
            return await self._take_in(mention, council)
        finally:
            self._entering -= 1

    async def _take_in(self, mention: Mention, council: Council | None) -> Accepted | Repeated:
        settings = await self.settings(mention.channel)
        case = Case(
            question=Question(
                id=secrets.token_hex(6),
                text=mention.text.strip(),
                seed=secrets.randbits(48),
                asked_at=self.now(),
                quoted=mention.quoted,
                unread=mention.unread,
            ),
            council=council or channel_settings.council_of(settings),
            platform=mention.channel.platform,
            workspace=mention.channel.workspace,
            channel=mention.channel.id,
            thread=mention.thread,
            asker=mention.person.id,
            mention=mention.key,
            address=mention.address,
        )
        if not await self.store.create(case):
            return Repeated()
        self._start(case)
        return Accepted(case.question.id)

    async def refusal(self, mention: Mention) -> Document | None:
        """Why this may not be asked now, in words; `None` where it may. Keeps and starts nothing."""
        settings = await self.settings(mention.channel)
        try:
            await self.admission.require(mention.channel, mention.person)
            self._check(mention, settings)
            await self._check_budget(mention.channel, settings)
            self._check_room()
        except InvalidInput as error:
            return Document((Text(str(error)),))
        return None

    async def resume(self, platform: PlatformName) -> int:
        """Go on with what an earlier process left unfinished; how many there are."""
        async with self._lock("resume"):
            unfinished = await self.store.unfinished(platform)
            cases = [case for case in unfinished if case.question.id not in self._running]
            return sum(map(self._resumed, cases))

    def _resumed(self, case: Case) -> bool:
        """Whether this one was gone on with. Where its reply cannot be made, as of a case that
        another version stored, the log says so once: it is met again every minute."""
        try:
            self._start(case)
        except Exception:
            if case.id not in self._unservable:
                self._unservable.add(case.id)
                logger.exception("deliberation %s cannot be gone on with", case.id)
            return False
        return True

    async def sweep(self) -> None:
        """Go on with whatever was left unfinished, is owed, or has yet to be erased."""
        for platform in list(self.platforms):
            with surviving(f"unfinished questions on {platform} are not looked for"):
                await self.resume(platform)
        await self.store.erase()

    async def finished(self, id: str) -> None:
        """Wait until this deliberation is over, however it ends, and each post was tried."""
        if running := self._running.get(id):
            await running.over.wait()
            tried = asyncio.create_task(running.serving.tried())
            await asyncio.wait({tried, running.task}, return_when=asyncio.FIRST_COMPLETED)
            tried.cancel()

    async def question_deleted(self, key: str) -> None:
        """Whoever deletes the question ends its run; what is paid stays in the journal."""
        case = await self.store.case_of_mention(key)
        if case and (running := self._running.get(case.id)):
            running.serving.stop()

    def place_deleted(self, platform: PlatformName, place: str) -> None:
        """The same for whoever deletes the thread or the channel that it is answered in, or takes
        the bot from its server."""
        for running in self._under_way():
            case = running.serving.case
            places = {case.thread, case.channel, case.workspace}
            if case.platform == platform and place in places:
                running.serving.stop()

    @asynccontextmanager
    async def aside(self, places: Sequence[Place]) -> AsyncIterator[None]:
        """Room to forget these questions: those under way are stopped, which their headlines say,
        and others of their threads, or that quote them, rest; they go on afterwards."""
        ids = {place.id for place in places}
        stopped = [running for id, running in self._running.items() if id in ids]
        for running in stopped:
            running.serving.stop(_(texts.FORGETTING))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS * self.time_scale):
                for id in ids:
                    await self.finished(id)
        except TimeoutError:
            logger.warning("not every headline could say that its question was forgotten")
        threads = {(place.channel, place.thread) for place in places if place.thread}
        quoting = await self.store.quoting(places)
        resting = [
            running
            for running in self._running.values()
            if (running.serving.case.channel, running.serving.case.thread) in threads
            or running.serving.case.id in quoting
        ]
        async with self._lock("resume"):
            await _ended({running.task for running in (*stopped, *resting)})
            yield
        await self.sweep()

    async def stop(self, id: str, person: Person) -> Document:
        """End a run early and keep what is paid: for the asker and those who moderate."""
        running = self._running.get(id)
        if running is None or running.over.is_set():
            return Document((Text("This deliberation is over already."),))
        if not (person.admin or person.id in {running.serving.case.asker, *self.rules.admins}):
            return Document((Text("Only the person who asked, or an administrator, can stop it."),))
        running.serving.stop()
        return Document((Text("Stopping. What is finished stays."),))

    async def leave(self, platform: PlatformName) -> None:
        """Do nothing more on this platform, and leave everything resumable there."""
        self.platforms.pop(platform, None)
        await self._let_go(platform)

    async def close(self) -> None:
        """Take nothing new in and leave everything resumable."""
        self._closing = True
        await self._let_go(*{running.serving.case.platform for running in self._running.values()})

    async def _let_go(self, *platforms: str) -> None:
        running = self._running.values()
        await _ended({each.task for each in running if each.serving.case.platform in platforms})

    def _check(self, mention: Mention, settings: Settings) -> None:
        """Refuse what cannot or may not be asked. Raises `InvalidInput`."""
        channel, person = mention.channel, mention.person
        length = len(mention.text)
        if self._closing:
            raise InvalidInput("The bot is restarting. Ask again in a minute.")
        if settings.paused:
            raise InvalidInput("The council is paused here. `/council resume` ends that.")
        if is_blank(mention.text):
            raise InvalidInput(
                " ".join((*mention.unread, "Write the question behind the mention."))
                if mention.unread
                else "What should the council answer? Write the question behind the mention."
            )
        if length > QUESTION_LIMIT_CHARS:
            raise InvalidInput(
                f"The question has {length:,} characters; the limit is {QUESTION_LIMIT_CHARS:,}. "
                "Shorten it, or ask about a part."
            )
        asking = [
            running
            for running in self._under_way()
            if (running.serving.case.asker, running.serving.case.channel) == (person.id, channel.id)
        ]
        if len(asking) >= RUNNING_LIMIT:
            raise InvalidInput(
                f"{RUNNING_LIMIT} of your questions are being deliberated here. Wait for one."
            )

    def _check_room(self) -> None:
        """Raises `InvalidInput`."""
        if len(self._under_way()) + self._entering >= OPEN_LIMIT:
            raise InvalidInput(
                f"{OPEN_LIMIT} questions are being deliberated already, here and elsewhere. "
                "Ask again in a few minutes."
            )

    async def _check_budget(self, channel: Channel, settings: Settings) -> None:
        day = self.now().date()
        for scope, limit in self._limits(channel, settings).items():
            if await self.store.spent(day, scope) >= limit:
                whose = _WHOSE[scope.partition(":")[0]]
                raise InvalidInput(
                    f"Today's budget is spent: {whose} limit is ${limit / 1e6:.2f} a day. "
                    "Ask again after midnight UTC, or raise the budget."
                )

    def _limits(self, channel: Channel, settings: Settings) -> dict[str, int]:
        limits = self.rules.limits
        if settings.budget_usd is not None:
            limits[channel_scope(channel.platform, channel.id)] = round(settings.budget_usd * 1e6)
        if ALL in limits and self.admission.is_strangers(channel):
            share = round(limits[ALL] * STRANGERS_SHARE)
            limits[server_scope(channel.platform, channel.workspace)] = share
        return limits

    def _start(self, case: Case) -> None:
        id = case.question.id
        # `resume` may read a case before whoever accepted it gets here; `close` may come between.
        if self._closing or id in self._running or case.platform not in self.platforms:
            return
        reply = self.platforms[case.platform].reply(case)
        serving = Serving(
            case,
            caller=self.caller,
            store=self.store,
            reply=reply,
            time_scale=self.time_scale,
        )
        over = asyncio.Event()
        task = asyncio.create_task(self._serve(serving, over), name=f"deliberation {id}")
        self._running[id] = _Running(serving, task, over)
        task.add_done_callback(lambda _: self._ended(id))

    def _ended(self, id: str) -> None:
        self._running.pop(id).over.set()

    def _under_way(self) -> list[_Running]:
        return [running for running in self._running.values() if not running.over.is_set()]

    async def _serve(self, serving: Serving, over: asyncio.Event) -> None:
        """One deliberation, supervised. Those of one thread run in sequence; posts that are owed
        keep no other from its turn."""
        case = serving.case
        channel = _channel(case)
        try:
            turn = self._turn(case)
            has_turn = await serving.take(turn)
            try:
                settings = await self.settings(channel)
                await serving.run(self._limits(channel, settings))
            finally:
                if has_turn:
                    turn.release()
            over.set()
            await serving.deliver()
        except Superseded:
            logger.warning("deliberation %s was taken over by another process", case.question.id)
        except BotError as error:
            logger.error("deliberation %s had to stop: %s", case.question.id, error)
        except Exception:
            logger.exception("deliberation %s failed; it is tried again", case.question.id)

    def _turn(self, case: Case) -> asyncio.Lock:
        """The lock that a thread's questions take in turn; without a thread none waits."""
        if case.thread is None:
            return asyncio.Lock()
        return self._lock("thread", case.platform, case.channel or "", case.thread)

    # --- settings and commands

    async def settings(self, channel: Channel) -> Settings:
        stored = await self.store.settings(channel.platform, channel.workspace, channel.id)
        return channel_settings.resolve(stored.values, self.defaults)

    async def command(self, channel: Channel, person: Person, text: str) -> Document:
        """Run what was typed after `/council`; a refusal is a document, too."""
        try:
            return await commands.run(self.desk(channel, person), parse(mended(text)))
        except BotError as error:
            return Document((Text(error.public),))

    def desk(self, channel: Channel, person: Person) -> Desk:
        return Desk(
            channel=channel,
            person=person,
            store=self.store,
            catalogue=self.catalogue,
            defaults=self.defaults,
            admins=self.rules.admins,
            health=self.health,
            statistics=self.statistics,
            admission=self.admission,
            aside=self.aside,
            is_private=self._is_private,
            now=self.now,
        )

    def _is_private(self, case: Case) -> bool:
        platform = self.platforms.get(case.platform)
        return isinstance(platform, KnowsPrivate) and platform.is_private(case)

    def statistics(self) -> "Statistics":
        """Made when first asked for: most processes need no numbers."""
        if self._statistics is None:
            from bot.conversation.statistics import Statistics

            self._statistics = Statistics(self.store)
        return self._statistics

    async def export(self, channel: Channel, person: Person) -> str:
        """The channel's deliberations as JSON lines, for an administrator. Raises `InvalidInput`."""
        desk = self.desk(channel, person)
        await require(desk, "administrator", "export")
        return await export_lines(desk)

    async def health(self, channel: Channel) -> Document:
        here = [each for each in self._under_way() if _channel(each.serving.case) == channel]
        scope = channel_scope(channel.platform, channel.id)
        return health(
            await self.settings(channel),
            self.catalogue,
            under_way=len(here),
            spent_micros=await self.store.spent(self.now().date(), scope),
        )

    # --- what was posted, and what people say to it

    async def document(self, id: str, key: str) -> Document | None:
        """A post as it would be shown now; `None` where it is not, or no longer, stored."""
        case = await self.store.case(id)
        if case is None:
            return None
        if key == HEADLINE and case.result:
            return presenter.verdict(case.result, case.question)
        if key == RANKING and case.result:
            return presenter.ranking(case.result)
        calls = await self.store.calls(id)
        for given in outcome.answers(case.question, case.council, calls):
            if key == answer_key(given.label):
                return presenter.answer(given, case.question, case.council)
        return None

    async def transcript(self, id: str) -> str | None:
        case = await self.store.case(id)
        if case is None or case.result is None:
            return None
        return transcript(case.result, case.question, case.council)

    async def react(self, platform: PlatformName, post_id: str, person: Person, emoji: str) -> bool:
        """Take a reaction as a vote; whether it is one."""
        found = await self._vote(platform, post_id, emoji)
        if found is None:
            return False
        post, target, value = found
        await self.store.react(await self._reaction(post, target, value, person))
        return True

    async def unreact(
        self, platform: PlatformName, post_id: str, person: Person, emoji: str
    ) -> bool:
        """Take a vote back; whether the emoji was one."""
        found = await self._vote(platform, post_id, emoji)
        if found is None:
            return False
        post, target, value = found
        await self.store.unreact(post.deliberation, target, person.id, value)
        return True

    async def reconcile(
        self, platform: PlatformName, post_id: str, standing: Collection[tuple[str, str]]
    ) -> None:
        """Make (person, emoji) pairs, read from the platform, the reactions of this post."""
        post = await self.store.post_by_id(platform, post_id)
        target = reactions.target(post.key) if post and not post.part else None
        if post is None or target is None:
            return
        values = {
            (person, value)
            for person, emoji in standing
            if (value := reactions.value(post.key, emoji))
        }
        seen = await self._reaction(post, target, "accept", Person(""))
        await self.store.reconcile(
            post.deliberation,
            target,
            values,
            seen.at,
            blind=seen.blind,
            ranking_shown=seen.ranking_shown,
            place=seen.place,
        )

    async def offered(self, channel: Channel, id: str | None, label: str | None) -> Offer:
        """What replying to the bot may start: the council, or the member of an answer alone."""
        council = channel_settings.council_of(await self.settings(channel))
        case = await self.store.case(id) if id and label else None
        members = case.result.members if case and case.result else ()
        return offer(self.catalogue, council, members, label)

    async def names(self, id: str) -> Document:
        """Who sits behind each label, for one person."""
        case = await self.store.case(id)
        if case is None or case.result is None:
            return Document((Text("Names are shown once the verdict is there."),))
        return presenter.names(case.result)

    async def reveal(self, id: str, person: Person, *, anyway: bool = False) -> Document:
        """The names for one person, by the channel's `reveal` setting.

        Under `after_vote` somebody who has not voted yet is asked first; `anyway` is their answer.
        Votes changed after the reveal stop counting as blind.
        """
        case = await self.store.case(id)
        if case is None:
            return Document((Text("This deliberation is no longer stored."),))
        if not await self.admission.admits(_channel(case), person):
            return Document((Text(NOT_ENABLED),))
        settings = await self.settings(_channel(case))
        if settings.reveal == "never":
            return Document((Text("Names stay hidden in this channel (`reveal` is `never`)."),))
        if settings.reveal == "after_vote" and case.result and not anyway:
            voted = {reaction.person for reaction in await self.store.reactions(id)}
            if person.id not in voted and not await self.store.revealed(id, person.id):
                return Document((Text(VOTE_FIRST),))
        if case.result:
            await self.store.reveal(id, person.id, self.now())
        return await self.names(id)

    async def _vote(
        self, platform: PlatformName, post_id: str, emoji: str
    ) -> tuple[Post, str, ReactionValue] | None:
        post = await self.store.post_by_id(platform, post_id)
        if post is None or post.part:  # a long post is voted on by its first part
            return None
        target, value = reactions.target(post.key), reactions.value(post.key, emoji)
        return (post, target, value) if target and value else None

    async def _reaction(
        self, post: Post, target: str, value: ReactionValue, person: Person
    ) -> Reaction:
        case = await self.store.case(post.deliberation)
        settings = await self.settings(_channel(case)) if case else self.defaults
        posts = await self.store.posts(post.deliberation)
        keys = [each.key for each in posts if each.post_id and each.part == 0]
        return Reaction(
            deliberation=post.deliberation,
            target=target,
            person=person.id,
            value=value,
            at=self.now(),
            blind=settings.reveal != "always",
            ranking_shown=RANKING in keys,
            place=keys.index(post.key) if post.key in keys else None,
        )


async def _ended(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _mended(mention: Mention) -> Mention:
    """Half a character, which chats do send, can be neither stored nor sent on."""
    return replace(
        mention,
        text=mended(mention.text),
        quoted=mended(mention.quoted),
        unread=tuple(map(mended, mention.unread)),
    )


def _channel(case: Case) -> Channel:
    return Channel(case.platform, case.workspace or "", case.channel or "")
