"""People: they ask, follow up, press, vote, edit, delete, forget and leave, whenever they like."""

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapters.discord.questions import key_of as discord_key
from adapters.slack.questions import key_of as slack_key
from bot.chat import HEADLINE, Channel, Person
from bot.conversation.app import App
from bot.conversation.presses import Press
from bot.modes import MODES
from tests.fakes.discord.components import walk
from tests.fakes.discord.scenario import Impossible as DiscordImpossible
from tests.fakes.slack.blocks import elements_of
from tests.fakes.slack.forms import Impossible as SlackImpossible
from tests.world.models import NEWCOMER, PRICES
from tests.world.past import ASKED_HERE

if TYPE_CHECKING:
    from tests.world.world import World

_EMOJI = ("👍", "👎", "🏆", "🔍")
_NAMES = ("+1", "-1", "trophy", "mag")
_PRESSES = ("stop", "reveal", "names", "again", "follow", "vote", "transcript", "read", "rate")
# How long somebody who was heard may wait for a word.
_DUE_SECONDS = 400.0


@dataclass(slots=True)
class Asked:
    """A question that somebody wrote."""

    key: str
    at: float
    word: str
    asker: str
    channel: str
    message: Any
    heard: bool  # the program was there
    deleted: bool = False


class People:
    def __init__(self, world: "World") -> None:
        self.world = world
        random = world.random
        self.members = random.choice((2, 3, 3, 4))
        self.chairman = random.choice((self.members, 0))  # who may hold a seat, too
        self.admins: tuple[str, ...] = ()
        self.asked: list[Asked] = []
        self.gone: set[str] = set()  # threads
        self.last: list[Asked] = []
        self.commanded = False  # somebody changed what may be asked, or for how much
        self.hiding = False  # every channel hides personal data
        self._wants_anew = False  # what is said next is about a verdict that is there
        self._count = 0
        self._wrote: list[tuple[str, str]] = []  # answers, by the id of whose they are
        self._going: set[asyncio.Task[None]] = set()

    def furnish(self) -> None:
        discord, slack = self.world.discord, self.world.slack
        self.guild = discord.create_guild()
        self.rooms = [discord.create_channel(self.guild, name) for name in ("general", "other")]
        self.discord_people = [discord.create_user(n, self.guild) for n in ("Ada", "Bob", "Eve")]
        self.slack_people = [slack.create_user(name) for name in ("ada", "bob", "eve")]
        self.slack_people[2].admin = True
        self.guest = slack.create_user("gus", guest=True)
        self.channels = [
            slack.create_channel(name, *self.slack_people, self.guest)
            for name in ("general", "other")
        ]
        self.admins = (str(self.discord_people[2].id), self.slack_people[2].id)

    @property
    def seated(self) -> list[str]:
        return list(PRICES)[: self.members]

    @property
    def taught(self) -> list[Channel]:
        """Where people voted before this world, if anywhere: a channel of each platform."""
        slack, _, discord, _ = self._places()
        return [slack, discord]

    async def live(self, seconds: float) -> None:
        world = self.world
        until = world.loop.time() + seconds
        self._going.add(world.loop.create_task(self._settle()))
        while world.loop.time() < until:
            await asyncio.sleep(world.random.expovariate(1 / world.plan.pause_seconds))
            self._going = {task for task in self._going if not task.done()}
            self._going.add(world.loop.create_task(self._act()))
        if self._going:
            await asyncio.wait(self._going, timeout=600)

    async def _act(self) -> None:
        random = self.world.random
        on_slack = random.random() < 0.5
        acts = [self._ask] * 10 + [self._follow_up] * 4 + [self._press] * 6 + [self._vote] * 6
        acts += [self._unvote, self._delete_question, self._edit, self._delete_post]
        acts += [self._delete_thread]
        acts += [self._answer] * (6 if self.world.plan.waits else 2)
        if random.random() < 0.3:
            acts += [self._command, self._command, self._forget]
        if self.world.plan.taught and self.world.plan.trial:
            acts += [self._compare] * 8
        if self.world.plan.forgetful:
            acts += [self._forget] * 6
        act = random.choice(acts)
        try:
            await act(on_slack)
        except (DiscordImpossible, SlackImpossible, TimeoutError):
            pass  # no client offers that at the moment

    # Asking

    async def _ask(self, on_slack: bool) -> None:
        random = self.world.random
        if on_slack:
            self._ask_on_slack(random.choice(self.channels), None)
        else:
            self._ask_on_discord(random.choice(self.rooms))

    def ask_nobody(self) -> None:
        """While no process is there: mostly where it is going to look, and is told by nobody."""
        random = self.world.random
        known = {asked.channel for asked in self.asked}
        rooms = [room for room in self.rooms if str(room.id) in known]
        if rooms and random.random() < 0.7:
            self._ask_on_discord(random.choice(rooms))
        else:
            self._ask_on_slack(random.choice(self.channels), None)

    async def _follow_up(self, on_slack: bool) -> None:
        random = self.world.random
        wants_anew = random.random() < 0.4
        if on_slack:
            roots = [each for each in self._mine(True) if not self._is_forgotten(each)]
            if roots:
                self._wants_anew = wants_anew
                root = random.choice(roots).message
                self._ask_on_slack(root.channel, root.thread_ts or root.ts)
            return
        forgotten = {each.message.id for each in self._all(False) if self._is_forgotten(each)}
        threads = [
            thread
            for room in self.rooms
            for thread in self.world.discord.threads(room)
            if thread.id not in forgotten
        ]
        if threads:
            self._wants_anew = wants_anew
            self._ask_on_discord(random.choice(threads))

    def _is_forgotten(self, asked: Asked) -> bool:
        """Who asks in such a thread says its words again: they still stand there."""
        return asked.word in self.world.watch.forgotten

    def _ask_on_slack(self, channel: Any, thread: str | None, person: Any = None) -> None:
        slack = self.world.slack
        person = person or self.world.random.choice([*self.slack_people * 5, self.guest])
        word, text = self._words()
        message = slack.mention(channel, person, text, thread)
        key = slack_key(slack.team.id, channel.id, message.ts)
        self._note(key, word, person.id, channel.id, message, self.world.program._slack is not None)

    def _ask_on_discord(self, channel: Any) -> None:
        discord = self.world.discord
        person = self.world.random.choice(self.discord_people)
        word, text = self._words()
        message = discord.mention(channel, person, text)
        place = channel.parent or channel
        heard = discord.gateway.online
        self._note(discord_key(message.id), word, str(person.id), str(place.id), message, heard)

    def _words(self) -> tuple[str, str]:
        self._count += 1
        word = f"qq{self._count}y{self.world.random.randrange(36**4):x}"
        mode = self.world.random.choice(("", "", *(f"/{name} " for name in MODES)))
        text = f"{mode}Is {word} better than number {self._count}?"
        if self._wants_anew:
            text, self._wants_anew = f"redo: say it as {word} would", False
        if self.world.plan.redact:
            text += f" Write to {word}@mail.example."
        if self.hiding:
            self.world.watch.hidden.add(f"{word}@mail.example")
        return word, text

    def _note(
        self, key: str, word: str, asker: str, channel: str, message: Any, heard: bool
    ) -> None:
        self.world.tell(f"{asker} asks {key} ({word}){'' if heard else ', unheard'}")
        self.asked.append(Asked(key, self.world.loop.time(), word, asker, channel, message, heard))

    async def unanswered(self, app: App | None) -> list[str]:
        """Questions that were heard, or are caught up with, and that nobody took up or refused."""
        assert app is not None
        found = []
        for each in self.asked:
            if each.deleted or not self.is_due(each) or await app.store.handled(each.key):
                continue
            if not self.waits(each):
                found.append(each.key)
        return found

    def waits(self, each: Asked) -> bool:
        """Whether it will be asked once its asker agrees to its price."""
        return bool(self.world.disk.rows("SELECT 1 FROM held WHERE mention = ?", each.key))

    def is_due(self, each: Asked) -> bool:
        """Whether the program was there when it was written, and for a while, and could write; or
        came soon, to a channel that it knew."""
        world, until = self.world, each.at + _DUE_SECONDS
        if any(each.at - 100 < when < until for when in (*world.disk.troubles, *world.wires.lost)):
            return False
        ended = [when for when in world.ends.values() if each.at - 1 < when < until]
        if each.heard and not ended:
            return True
        rows = world.disk.rows("SELECT mention FROM deliberations WHERE channel = ?", each.channel)
        taken = {mention for (mention,) in rows}
        knew = any(a.key in taken and a.at < each.at - 60 for a in self.asked)
        soon = not ended or max(ended) < each.at + 120
        return bool(
            knew and soon and not world.drift and not world.plan.clock_jumps and len(ended) <= 1
        )

    def has_deleted(self, thread: str | None, mention: str | None) -> bool:
        """Whether somebody deleted the question, or the one that its thread began with, or all of
        the thread."""
        if thread in self.gone:
            return True
        gone = {each.key for each in self.asked if each.deleted}
        return any(key == mention or (thread and key.endswith(f":{thread}")) for key in gone)

    # Pressing

    def _posts(self, on_slack: bool) -> list[Any]:
        if on_slack:
            return [m for c in self.channels for m in c.ordered() if m.user is self.world.slack.bot]
        discord = self.world.discord
        places = [*self.rooms, *(t for room in self.rooms for t in discord.threads(room))]
        return [message for place in places for message in discord.said(place)]

    async def _press(self, on_slack: bool) -> None:
        world = self.world
        posts = self._posts(on_slack)[-30:]
        if not posts:
            return
        post = world.random.choice(posts)
        if on_slack:
            person = world.random.choice(self.slack_people)
            ids = [element["action_id"] for _, element in elements_of(post.blocks)]
            if ids:
                chosen = world.random.choice(ids)
                world.tell(f"{person.id} presses {chosen}")
                await world.slack.click(person, post.channel, post.ts, chosen)
                await self._fill_in(person)
            return
        someone = world.random.choice(self.discord_people)
        ids = [
            each["custom_id"]
            for each in walk(post.components)
            if each["type"] == 2 and "custom_id" in each and not each.get("disabled")
        ]
        if ids:
            chosen = world.random.choice(ids)
            world.tell(f"{someone.id} presses {chosen}")
            pressed = await world.discord.click(someone, post, chosen)
            if pressed.modal is not None:
                await asyncio.sleep(world.random.uniform(1, 30))
                word, text = self._words()
                fields = {
                    each["custom_id"]: text
                    for each in walk(pressed.modal["components"])
                    if each.get("type") == 4
                }
                world.tell(f"{someone.id} asks further ({word})")
                await world.discord.submit_modal(pressed, fields)

    async def _fill_in(self, person: Any) -> None:
        world = self.world
        await asyncio.sleep(world.random.uniform(1, 5))
        for view in world.slack.open_views:
            if view.user is not person:
                continue
            inputs = [
                element["action_id"]
                for _, element in elements_of(view.body["blocks"])
                if element["type"] == "plain_text_input"
            ]
            word, text = self._words()
            world.tell(f"{person.id} asks further ({word})")
            if len(inputs) == 1:
                await world.slack.submit_view(person, view, {inputs[0]: text})
            else:
                await world.slack.close_view(person, view)

    async def _vote(self, on_slack: bool) -> None:
        world, random = self.world, self.world.random
        posts = self._posts(on_slack)[-30:]
        if not posts:
            return
        post = random.choice(posts)
        if on_slack:
            person = random.choice(self.slack_people)
            world.slack.react(person, post.channel, post.ts, random.choice(_NAMES))
        else:
            world.discord.react(random.choice(self.discord_people), post, random.choice(_EMOJI))

    async def _unvote(self, on_slack: bool) -> None:
        world, random = self.world, self.world.random
        voted = [post for post in self._posts(on_slack) if post.reactions]
        if not voted:
            return
        post = random.choice(voted)
        if on_slack:
            name, users = random.choice(list(post.reactions.items()))
            people = [user for user in users if user is not world.slack.bot]
            if people:
                world.slack.unreact(random.choice(people), post.channel, post.ts, name)
            return
        reaction = random.choice(list(post.reactions.values()))
        users = [user for user in reaction.normal.values() if user is not world.discord.bot]
        if users:
            world.discord.unreact(random.choice(users), post, reaction.name)

    # Taking back

    def _all(self, on_slack: bool) -> list[Asked]:
        return [each for each in self.asked if each.key.startswith("slack") == on_slack]

    def _mine(self, on_slack: bool) -> list[Asked]:
        return [each for each in self._all(on_slack) if not each.deleted]

    async def _delete_question(self, on_slack: bool) -> None:
        if not (mine := self._mine(on_slack)):
            return
        asked = self.world.random.choice(mine)
        asked.deleted = True
        self.world.tell(f"{asked.key} is deleted")
        if on_slack:
            self.world.slack.delete(asked.message)
        else:
            self.world.discord.delete_message(asked.message)

    async def _edit(self, on_slack: bool) -> None:
        if not (mine := self._mine(on_slack)):
            return
        asked = self.world.random.choice(mine)
        bot = self.world.slack.bot if on_slack else self.world.discord.bot
        text = f"<@{bot.id}> Is {asked.word} really better?"
        if on_slack:
            self.world.slack.edit(asked.message, text)
        else:
            self.world.discord.edit(asked.message, text)

    async def _delete_post(self, on_slack: bool) -> None:
        """By a moderator; it never comes back."""
        if not (posts := self._posts(on_slack)):
            return
        post = self.world.random.choice(posts)
        self.world.watch.deleted_by_person(post)
        if on_slack:
            self.world.slack.delete(post)
        else:
            self.world.discord.delete_message(post)

    async def _delete_thread(self, on_slack: bool) -> None:
        discord = self.world.discord
        threads = [thread for room in self.rooms for thread in discord.threads(room)]
        if threads and not on_slack:
            thread = self.world.random.choice(threads)
            self.gone.add(str(thread.id))
            self.world.tell(f"the thread {thread.id} is deleted")
            for asked in self._all(False):
                asked.deleted |= asked.message.channel is thread
            discord.delete_thread(thread)

    # Choosing

    async def _compare(self, on_slack: bool) -> None:
        """Somebody votes, compares, and chooses, the verdict more often than not."""
        world, random = self.world, self.world.random
        platform = "slack" if on_slack else "discord"
        runs = [
            run
            for run, question in world.disk.rows(
                "SELECT id, question FROM deliberations WHERE platform = ? AND status = 'finished' "
                f"AND {ASKED_HERE} ORDER BY number",
                platform,
            )
            if json.loads(question)["rivals"]
        ]
        run = random.choice(runs) if runs else ""
        post = world.watch.post(platform, run, HEADLINE)
        if post is None:
            return
        if on_slack:
            user = random.choice(self.slack_people)
            world.slack.react(user, post.channel, post.ts, random.choice(_NAMES))
            person = user.id
        else:
            someone = random.choice(self.discord_people)
            world.discord.react(someone, post, random.choice(_EMOJI))
            person = str(someone.id)
        await asyncio.sleep(random.uniform(2, 20))
        await self._press_for(Person(person), run, "compare")
        await asyncio.sleep(random.uniform(0, 20))
        shown = world.disk.rows(
            "SELECT first FROM comparisons WHERE deliberation = ? AND person = ?", run, person
        )
        if shown:
            verdict = "first" if shown[0][0] == "verdict" else "second"
            place = random.choice((verdict, verdict, "first", "second", "same"))
            await self._press_for(Person(person), run, "compare", place)
            world.watch.chosen(run, person)

    async def _press_for(self, person: Person, run: str, *what: str) -> None:
        world = self.world
        app, life = world.program.app, world.program.life
        if app is None or life is None:
            return
        world.tell(f"{person.id} presses {':'.join(what)} of {run}")
        press = Press(person, run, what, sees=lambda case: True)
        running = world.loop.begin(life, app.actions.press(press), "press")
        await asyncio.wait({running}, timeout=600)
        if running.done() and not running.cancelled() and not running.exception():
            world.tell(f"that tells {running.result()}"[:200])
            world.watch.told_alone(str(running.result()))

    # Commanding

    def _someplace(self, on_slack: bool) -> tuple[Channel, Person]:
        random = self.world.random
        if on_slack:
            user = random.choice(self.slack_people)
            here = Channel("slack", self.world.slack.team.id, random.choice(self.channels).id)
            return here, Person(user.id, admin=user.admin)
        someone = random.choice(self.discord_people)
        here = Channel("discord", str(self.guild.id), str(random.choice(self.rooms).id))
        return here, Person(str(someone.id), admin=someone is self.discord_people[2])

    async def _answer(self, on_slack: bool) -> None:
        """Beside the models, where a question takes such answers."""
        here, person = self._someplace(on_slack)
        word, _ = self._words()
        if await self._run(here, person, f"answer Neither: {word} is."):
            self._wrote.append((person.id, word))

    async def _command(self, on_slack: bool) -> None:
        here, person = self._someplace(on_slack)
        self.commanded = True
        text = self.world.random.choice(
            (
                "show",
                "set effort high",
                "budget 0.01",
                "budget unlimited",
                "pause",
                "resume",
                "resume",
            )
        )
        await self._run(here, person, text)

    async def _settle(self) -> None:
        """What holds in every channel from then on; one after the other, as two at once refuse."""
        plan = self.world.plan
        if plan.redact:
            await self._in_every_channel("set redact on")
            self.hiding = True
        if plan.waits and not plan.clock_jumps:  # the end of a wait is a time of the clock's
            await self._in_every_channel("set wait 1m")
        for here in self.taught if plan.taught else ():
            value = self.world.random.choice(("on", "on", "on", "shadow", "off"))
            await self._in(here, f"set weights {value}")
            if plan.trial:
                await self._in(here, "trial on")
        if plan.audition:
            await self._in_every_channel(f"audition {NEWCOMER}")

    async def _in_every_channel(self, text: str) -> None:
        for here in self._places():
            await self._in(here, text)

    async def _in(self, here: Channel, text: str) -> None:
        admin = Person(self.admins[here.platform == "slack"], admin=True)
        while not await self._run(here, admin, text):  # noqa: ASYNC110 - no bell
            await asyncio.sleep(5)

    def _places(self) -> list[Channel]:
        return [
            *(Channel("slack", self.world.slack.team.id, each.id) for each in self.channels),
            *(Channel("discord", str(self.guild.id), str(each.id)) for each in self.rooms),
        ]

    async def _run(self, here: Channel, person: Person, text: str) -> bool:
        """Whether the program did it, and is still there to say so."""
        world = self.world
        app, life = world.program.app, world.program.life
        if app is None or life is None:
            return False
        world.tell(f"{person.id} says /council {text}")
        running = world.loop.begin(life, app.command(here, person, text), "command")
        await asyncio.wait({running}, timeout=600)
        if not running.done() or running.cancelled() or running.exception():
            return False
        world.tell(f"/council {text}: {running.result()}"[:200])
        return True

    async def _forget(self, on_slack: bool) -> None:
        world = self.world
        here, person = self._someplace(on_slack)
        runs = {
            run: (question, mention)
            for run, question, mention in world.disk.rows(
                "SELECT id, question, mention FROM deliberations WHERE asker = ?", person.id
            )
        }
        wrote = [word for id, word in self._wrote if id == person.id]
        if runs or wrote:
            world.watch.were_forgotten.add(person.id)
        if not (runs or wrote) or not await self._run(here, person, "forget me"):
            return
        world.watch.forget("", wrote)
        left = {run for (run,) in world.disk.rows("SELECT id FROM deliberations")}
        for run, (question, _) in runs.items():
            if run not in left:
                read = json.loads(question)
                repeats = (read["origin"] or {}).get("repeats")
                # Not what it quotes, which others said, nor what it says once more.
                text = "" if repeats in left else read["text"]
                words = [a.word for a in self.asked if a.word in text]
                world.watch.forget(run, words)

    def say_goodbye(self) -> None:
        """One more question for each platform, when everything is well again."""
        before = len(self.asked)
        self._ask_on_slack(self.channels[0], None, self.slack_people[0])
        self._ask_on_discord(self.rooms[0])
        self.last = self.asked[before:]
