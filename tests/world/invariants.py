"""What has to hold in every world, whatever goes wrong, by its name.

Checked as things happen: at every request to a model, every post and edit, every rest.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from adapters.discord.render import mark
from bot.chat import HEADLINE, QUESTION, RANKING, TRIAL, VERDICT, answer_key
from tests.fakes.discord.state import Message as DiscordMessage
from tests.fakes.slack.state import Message as SlackMessage
from tests.world.loop import LIFE
from tests.world.models import NEWCOMER, PRICES, name_of
from tests.world.past import ASKED_HERE
from tests.world.weights import UNEQUAL, Weights, is_weighted, weighted_numbers

if TYPE_CHECKING:
    from tests.world.people import Asked
    from tests.world.world import World

Name = Literal[
    "answered",
    "goes on",
    "one of each post",
    "taken once",
    "letters",
    "asked once",
    "booked as billed",
    "within limits",
    "pinged once",
    "no name",
    "weighed as asked",
    "first choice stands",
    "told once",
    "forgotten",
    "expired",
    "hidden",
    "not admitted",
    "quiet log",
    "whole",
    "alive",
]
# In whose description each is written out, beside the code that has to keep it.
WHERE: dict[Name, str] = {
    "answered": "bot/conversation/serving.py",
    "goes on": "bot/conversation/working.py",
    "one of each post": "bot/conversation/outbox.py",
    "taken once": "bot/conversation/questions.py",
    "letters": "bot/protocol/ranking.py",
    "asked once": "bot/protocol/calls.py",
    "booked as billed": "bot/store/spending.py",
    "within limits": "bot/store/spending.py",
    "pinged once": "bot/conversation/showing.py",
    "no name": "bot/pages/presenter.py",
    "weighed as asked": "bot/conversation/weighing.py",
    "first choice stands": "bot/store/trials.py",
    "told once": "bot/conversation/trials.py",
    "forgotten": "bot/store/removal.py",
    "expired": "bot/store/retention.py",
    "hidden": "bot/redaction.py",
    "not admitted": "bot/conversation/desk.py",
    "quiet log": "bot/program/process.py",
    "whole": "bot/store/sqlite_database.py",
    "alive": "bot/program/serve.py",
}

# Of a person or a model: nobody else writes such.
_WORD = re.compile(r"qq\d+y[0-9a-f]+|zw\d+x[0-9a-f]+")

# A row is committed within 0.2 s of the last byte; where writes are repeated, or wait for others
# that are, later.
COMMITTED_SECONDS = 1.0
# What a process was at that ended is gone on with by others: it is missed for 10 s, at looks 5 s apart.
GONE_ON_SECONDS = 30.0
# Far more than all of the last questions can cost together.
PLENTY_MICROS = 4_000_000


@dataclass(frozen=True, slots=True)
class Broken(Exception):
    name: Name
    what: str

    def __str__(self) -> str:
        return f"{self.name}: {self.what}"


class Watch:
    """Looks at one world. The first thing that is broken ends it."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.broken: Broken | None = None
        self.forgotten: set[str] = set()  # words
        self.were_forgotten: set[str] = set()  # people, or may have been
        self.hidden: set[str] = set()  # addresses that no model may read
        self._asked_until: dict[str, int] = {}  # the newest question when it was forgotten
        self._answers: dict[str, tuple[float, int]] = {}
        self._marks: dict[int, tuple[str, str]] = {}
        self._standing: dict[tuple[str, str, str, int], Any] = {}
        self._replaced: list[tuple[tuple[str, str, str, int], Any]] = []
        self._pings: dict[str, int] = {}
        self._letters: dict[tuple[str, str], str] = {}
        self.cleared = False  # then old posts are gone, and old sums are not known any more
        self._unheard: set[tuple[str, str, str, int]] = set()  # deleted before they were confirmed
        self._heard = {"slack": 0, "discord": 0}
        self._weights = Weights(world.disk)
        self._chosen: dict[tuple[str, str], str] = {}

    def fail(self, name: Name, what: str) -> None:
        life = LIFE.get()
        if self.broken is None and not (life is not None and life.dead):
            self.broken = Broken(name, what)

    # Models

    def asked(self, tag: str, read: Sequence[str]) -> None:
        world = self.world
        for address in self.hidden:
            if any(address in text for text in read):
                self.fail("hidden", f"{tag} reads {address}")
        run, stage, round, seat = tag.split("/")
        rows = world.disk.rows(
            "SELECT failure_kind FROM calls"
            " WHERE deliberation = ? AND stage = ? AND round = ? AND seat = ?",
            run,
            stage,
            int(round),
            int(seat),
        )
        if rows:
            self.fail("asked once", f"{tag} has its final row")
        if said := self._weights.changed(run):
            self.fail("weighed as asked", said)
        if tag in self._answers and self._was_kept(*self._answers[tag]):
            self.fail("asked once", f"{tag} was answered before")

    def answered(self, tag: str) -> None:
        life = LIFE.get()
        self._answers[tag] = self.world.loop.time(), life.number if life else 0

    def _was_kept(self, at: float, number: int) -> bool:
        """Whether the program had the time to keep what it was told."""
        ends = {**self.world.ends, **self.world.workers_ends}
        ended = ends.get(number, self.world.loop.time())
        if self.world.frozen.get(number):
            return False  # another may have taken its place
        patience = COMMITTED_SECONDS
        if any(
            at - self.world.disk.patience_seconds < when < ended
            for when in self.world.disk.troubles
        ):
            patience = self.world.disk.patience_seconds
        return ended - at > patience

    def logged(self, line: str) -> None:
        if found := _WORD.search(line):
            self.fail("quiet log", f"{found[0]} in {line}")

    # Posts

    def seen(self, platform: str, kind: str, message: Any) -> None:
        """After each post and edit, before anything else happens."""
        if platform == "slack":
            self._seen_on_slack(kind, message)
        else:
            self._seen_on_discord(kind, message)

    def _seen_on_slack(self, kind: str, message: SlackMessage) -> None:
        shown = json.dumps([message.text, message.blocks], ensure_ascii=False)
        self._check_words(kind, shown)
        found = message.metadata
        key = None
        if found and found.get("event_type") == "council_run":
            payload = found["event_payload"]
            key = "slack", payload["run"], payload["key"], payload["part"]
            there = message.channel.messages.get
            self._check_single(kind, key, message, lambda other: there(other.ts) is other)
            self._check_numbers(key, shown)
        pings = self.world.slack.pings
        for ping in pings[self._heard["slack"] :]:
            self._check_ping(ping.kind == "user", ping.target, key)
        self._heard["slack"] = len(pings)

    def _seen_on_discord(self, kind: str, message: DiscordMessage) -> None:
        if message.viewer is not None:
            return
        shown = json.dumps([message.content, message.components], ensure_ascii=False)
        self._check_words(kind, shown)
        found = self._marked(message)
        key = ("discord", *found, 0) if found else None
        if key:
            self._check_single(kind, key, message, lambda other: not other.deleted)
            self._check_numbers(key, shown)
        pings = self.world.discord.pings
        for ping in pings[self._heard["discord"] :]:
            plain = len(ping.users) == 1 and not ping.roles and not ping.everyone
            target = str(ping.users[0].id) if ping.users else ""
            if ping.users or ping.roles or ping.everyone:
                self._check_ping(plain, target, key)
        self._heard["discord"] = len(pings)

    def _marked(self, message: DiscordMessage) -> tuple[str, str] | None:
        id = message.components[0].get("id") if message.components else None
        if id is None:
            return None
        if id not in self._marks:
            for (run,) in self.world.disk.rows("SELECT id FROM deliberations"):
                for key in _keys():
                    self._marks[mark(run, key)] = run, key
        return self._marks.get(id)

    def _check_words(self, kind: str, shown: str) -> None:
        people, known = self.world.people, list(PRICES)
        models = known[: people.members]
        # Of a chairman without a seat it is said, and of a model whose audition is over.
        if known[people.chairman] != NEWCOMER and "The audition of" not in shown:
            models.append(NEWCOMER)
        for model in models:
            name = name_of(model)
            if name in shown.lower():
                self.fail("no name", f"{name} in a public {kind}: {shown[:300]}")
        for word in self.forgotten:
            if word in shown:
                self.fail("forgotten", f"{word} in a later {kind}")

    def _check_numbers(self, key: tuple[str, str, str, int], shown: str) -> None:
        """Who counts for how much would tell whose answer is whose."""
        _, run, name, _ = key
        if name in {HEADLINE, VERDICT, RANKING} and (result := self._weights.result(run)):
            for number in weighted_numbers(result, shown):
                self.fail("no name", f"{name} of {run} says {number}, which is weighted")

    def _check_single(
        self, kind: str, key: tuple[str, str, str, int], message: Any, stands: Any
    ) -> None:
        self._check_letter(key, _words_of(message))
        other = self._standing.get(key)
        if kind == "post":
            if self.world.plan.frozen and key[0] == "slack" and other is not None:
                self._replaced.append((key, other))  # which is removed as soon as may be
            elif other is not None and other is not message and stands(other):
                self.fail("one of each post", f"{key} stands twice")
            # Where each state is a new post, one may be on its way when the older is deleted.
            is_fleeting = self.world.plan.frozen and key[0] == "slack"
            is_deleted = not is_fleeting and key in self.world.deleted - self._unheard
            if other is not message and is_deleted:
                self.fail("one of each post", f"{key} was deleted by a person and came again")
            self._standing[key] = message

    def _check_letter(self, key: tuple[str, str, str, int], shown: str) -> None:
        _, run, name, _ = key
        if not name.startswith("answer:"):
            return
        models = self.world.models
        for word in models.words.get(run, ()):
            seat = models.seats.get(word)
            if seat and word in shown and self._letters.setdefault((run, name), seat) != seat:
                was = self._letters[run, name]
                self.fail("letters", f"{name} of {run} was seat {was}, now {seat} ({word})")

    def _check_ping(self, plain: bool, target: str, key: tuple[str, str, str, int] | None) -> None:
        if key is None or key[2] != RANKING or not plain:
            self.fail("pinged once", f"{target or 'somebody'} by {key}")
            return
        run = key[1]
        rows = self.world.disk.rows("SELECT asker FROM deliberations WHERE id = ?", run)
        if rows and rows[0][0] != target:
            self.fail("pinged once", f"{target}, who did not ask {run}")
        self._pings[run] = self._pings.get(run, 0) + 1
        if self._pings[run] > 1:
            self.fail("pinged once", f"{target} {self._pings[run]} times by {run}")

    def deleted_by_person(self, message: Any) -> None:
        """Somebody takes a post away: it is to stay so."""
        for key, post in self._standing.items():
            _, run, name, part = key
            if post is message:
                self.world.deleted.add(key)
                known = self.world.disk.rows(
                    "SELECT 1 FROM posts WHERE deliberation = ? AND key = ? AND part = ?"
                    " AND post_id IS NOT NULL",
                    run,
                    name,
                    part,
                )
                if not known:  # nobody can know that it ever stood there
                    self._unheard.add(key)

    def forget(self, run: str, words: list[str]) -> None:
        """Somebody was told that this is forgotten."""
        new = {*words, *self.world.models.words.get(run, ())}
        ((last,),) = self.world.disk.rows("SELECT coalesce(max(number), 0) FROM deliberations")
        self._asked_until |= dict.fromkeys(new, last)
        self.forgotten |= new

    def _is_said_again(self, word: str) -> bool:
        """Whether a later question quotes it: it still stands where people wrote it."""
        later = self.world.disk.rows(
            "SELECT question FROM deliberations WHERE number > ?", self._asked_until[word]
        )
        return any(word in json.loads(question).get("quoted", "") for (question,) in later)

    def post(self, platform: str, run: str, key: str, part: int = 0) -> Any:
        """The message that stands under this key, `None` where there is none."""
        message = self._standing.get((platform, run, key, part))
        if isinstance(message, SlackMessage):
            return message if message.channel.messages.get(message.ts) is message else None
        return message if message is not None and not message.deleted else None

    def clear(self, older_than: "Sequence[Asked]") -> None:
        """Forget of posts and calls what is older than these questions."""
        mentions = {asked.key for asked in older_than}
        recent = {
            run
            for run, mention in self.world.disk.rows("SELECT id, mention FROM deliberations")
            if mention in mentions
        }
        self._standing = {k: post for k, post in self._standing.items() if k[1] in recent}
        self._letters = {k: word for k, word in self._letters.items() if k[0] in recent}
        self._answers = {k: at for k, at in self._answers.items() if k.partition("/")[0] in recent}
        self._pings = {run: count for run, count in self._pings.items() if run in recent}
        self._marks.clear()
        self.cleared = True
        self.world.slack.pings.clear()
        self.world.discord.pings.clear()
        self._heard = {"slack": 0, "discord": 0}

    # At rest

    def at_rest(self) -> None:
        """Nothing is under way, and nothing was in trouble for a while."""
        for said in self._weights.at_rest():
            self.fail("weighed as asked", said)
        if not self.cleared:
            self._check_cases()
            self._check_replaced()
            self._check_money()
        self._check_guests()
        self._check_left_over()
        self._check_trials()
        self._check_taken()
        self._check_forgotten()
        self.check_whole()

    def check_expired(self) -> None:
        """Weeks after everything was said."""
        said = [asked.word for asked in self.world.people.asked]
        for word in (
            *said,
            *(word for words in self.world.models.words.values() for word in words),
        ):
            if found := self.world.disk.holds(word.encode()):
                self.fail("expired", f"{word} in {found}, {self.world.disk.where(word)}")
        self.check_whole()

    def check_whole(self) -> None:
        found = self.world.disk.rows("PRAGMA integrity_check")
        if found != [("ok",)]:
            self.fail("whole", str(found))

    def _check_cases(self) -> None:
        world = self.world
        for id, platform, status, result, delivered, thread, mention in world.disk.rows(
            "SELECT id, platform, status, result, delivered, thread, mention FROM deliberations"
            f" WHERE {ASKED_HERE}"
        ):
            if status == "running" or not delivered:
                self.fail("answered", f"{id} is {status}, delivered: {delivered}")
            if world.people.has_deleted(thread, mention):
                continue  # there may be no place for a reply
            finished = json.loads(result) if result else None
            keys = [HEADLINE]
            if finished:
                # A verdict that is written anew rests on answers whose posts are another run's.
                own = [] if finished["redo"] else finished["answers"]
                keys += [answer_key(each["label"]) for each in own]
                keys += [RANKING] * bool(finished["answers"])
            for key in keys:
                message = self.post(platform, id, key)
                if message is None and (platform, id, key, 0) not in world.deleted:
                    self.fail("answered", f"{id} ({status}) has no {key}")
            self._check_headline(platform, id, finished)

    def _check_replaced(self) -> None:
        for key, message in self._replaced:
            if (
                message.channel.messages.get(message.ts) is message
                and self._standing[key] is not message
            ):
                self.fail("one of each post", f"{key} stands twice")

    def _check_headline(self, platform: str, id: str, finished: Any) -> None:
        if (platform, id, VERDICT, 0) in self.world.deleted:
            return
        message = self.post(platform, id, VERDICT) or self.post(platform, id, HEADLINE)
        if message is None:
            return
        shown = _words_of(message)
        verdict = finished["verdict"]["text"] if finished else ""
        if finished and (UNEQUAL in shown) != is_weighted(finished):
            self.fail("weighed as asked", f"the headline of {id} says otherwise: {shown[:300]}")
        words = [word for word in self.world.models.words.get(id, ()) if word in verdict]
        for word in words:
            if word not in shown and word not in self.forgotten:
                self.fail("answered", f"the headline of {id} does not show its verdict")
        if finished and self.post(platform, id, RANKING) and not self._pings.get(id):
            self.fail("pinged once", f"the asker of {id} never was")

    def _check_taken(self) -> None:
        """`asked` words are each one person's; who asks again by a button says them on purpose."""
        runs: dict[str, int] = {}
        for (question,) in self.world.disk.rows("SELECT question FROM deliberations"):
            read = json.loads(question)
            if not (read.get("origin") or {}).get("repeats"):
                runs[read["text"]] = runs.get(read["text"], 0) + 1
        for text, count in runs.items():
            if count > 1:
                self.fail("taken once", f"{text} is asked in {count} runs")

    # Workers

    def left(self, number: int) -> None:
        """Whatever a process was at that was just killed, others are at in time."""
        rows = self.world.disk.rows("SELECT deliberation FROM work WHERE process = ?", number)
        since = self.world.loop.time()
        if rows:
            ids = [id for (id,) in rows]
            self.world.loop.call_later(GONE_ON_SECONDS, self._check_gone_on, number, ids, since)

    def _check_gone_on(self, number: int, ids: Sequence[str], since: float) -> None:
        world = self.world
        is_well = not any(when > since - 30 for when in world.disk.troubles)
        if not is_well or not world.workers.is_somebody_there(since):
            return
        for id in ids:
            rows = world.disk.rows(
                "SELECT 1 FROM work WHERE deliberation = ? AND process = ?", id, number
            )
            if rows:
                self.fail("goes on", f"{id} is still at {number}, which lives no more")

    def _check_left_over(self) -> None:
        for table in ("work", "progress", "drafts", "wishes"):
            rows = self.world.disk.rows(f"SELECT DISTINCT deliberation FROM {table}")
            if rows:
                self.fail("goes on", f"{rows} are left in {table}, and nothing is under way")

    # Trials

    def chosen(self, run: str, person: str) -> None:
        """What somebody chose, as far as that was kept. Of whoever was forgotten nothing was."""
        if person in self.were_forgotten:
            return
        for (chose,) in self.world.disk.rows(
            "SELECT chose FROM comparisons WHERE deliberation = ? AND person = ? "
            "AND chose IS NOT NULL",
            run,
            person,
        ):
            before = self._chosen.setdefault((run, person), chose)
            if chose != before:
                self.fail("first choice stands", f"{person} chose {before}, then {chose} of {run}")

    def told_alone(self, shown: str) -> None:
        for model in list(PRICES)[: self.world.people.members]:
            if name_of(model) in shown.lower():
                self.fail("no name", f"{model} in what is compared: {shown}")

    def _check_trials(self) -> None:
        disk = self.world.disk
        for run, person in list(self._chosen):
            self.chosen(run, person)
        over = disk.rows("SELECT deliberation, told FROM trials")
        for run, told in over:
            if run and not told:
                self.fail("told once", f"the end of a trial is never told in {run}")
        audit = "SELECT 1 FROM settings_audit WHERE person = 'council' AND what = 'trial = off'"
        if len(disk.rows(audit)) != len(over):
            self.fail("told once", f"{len(over)} trials are over, by {disk.rows(audit)}")

    def _check_guests(self) -> None:
        guest = self.world.people.guest.id
        for (id,) in self.world.disk.rows("SELECT id FROM deliberations WHERE asker = ?", guest):
            self.fail("not admitted", f"{guest} asked {id}")

    def check_plenty(self, spent_micros: int) -> None:
        """Of the questions asked at last, in fair weather, with most of a large budget left."""
        world = self.world
        limit = world.limit_micros
        if limit is None or limit - spent_micros < PLENTY_MICROS or world.people.commanded:
            return
        for asked in world.people.last:
            rows = world.disk.rows(
                "SELECT id, result FROM deliberations WHERE mention = ?", asked.key
            )
            for id, result in rows:
                errors = [each["error"] for each in json.loads(result or "{}").get("members", ())]
                if any(error and error.startswith("no_credit") for error in errors):
                    self.fail(
                        "within limits", f"{id} had no credit, of {limit - spent_micros} left"
                    )
            if not rows and world.people.is_due(asked) and not world.people.waits(asked):
                self.fail(
                    "within limits", f"{asked.key} was refused, of {limit - spent_micros} left"
                )

    def _check_money(self) -> None:
        world = self.world
        spent = dict(world.disk.rows("SELECT day, spent_micros FROM spending WHERE scope = 'all'"))
        if world.limit_micros is not None:
            for day, micros in spent.items():
                if micros > world.limit_micros:
                    self.fail("within limits", f"{micros} on {day}, of {world.limit_micros}")
        ((held,),) = world.disk.rows("SELECT sum(held_micros) FROM accounts")
        if held:
            self.fail("within limits", f"{held} are still set aside, and nothing is under way")
        told = [bill for bill in world.models.bills if bill.told]
        kept = [bill for bill in told if self._was_kept(bill.at, bill.life)]
        ((booked,),) = world.disk.rows(
            "SELECT coalesce(sum(told_micros), 0) FROM spending WHERE scope = 'all'"
        )
        least, most = (sum(bill.micros for bill in bills) for bills in (kept, told))
        if not least <= booked <= most:
            self.fail("booked as billed", f"{booked}, where {least} to {most} were told")

    def _check_forgotten(self) -> None:
        for word in self.forgotten:
            found = self.world.disk.holds(word.encode())
            if found and not self._is_said_again(word):
                self.fail("forgotten", f"{word} in {found}, {self.world.disk.where(word)}")


def _keys() -> Iterable[str]:
    return (QUESTION, HEADLINE, RANKING, TRIAL, *map(answer_key, "ABCDEFGH"))


def _words_of(message: Any) -> str:
    if isinstance(message, SlackMessage):
        return json.dumps([message.text, message.blocks], ensure_ascii=False)
    return json.dumps([message.content, message.components], ensure_ascii=False)
