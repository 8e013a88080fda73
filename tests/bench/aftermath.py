"""What a council left after its processes were killed: in its database, on its platform, at its models.

`problems` are what must not be: something lost, posted twice, paid twice, or not put in order.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import NamedTuple

from tests.bench.fleet import (
    CALLS,
    POSTS,
    Fleet,
    Lease,
    Started,
    key_of,
    number_in,
    question_of,
    stage_of,
)
from tests.fakes.discord_server import Message
from tests.fakes.model_server import Received

# What is refused because it was done already, by the process that was killed.
DONE_ALREADY = {160004}
SHORT_LIVED = ("work", "progress", "drafts", "wishes")


class Call(NamedTuple):
    question: int
    stage: str
    model: str


@dataclass(slots=True)
class Aftermath:
    facts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, fleet: Fleet, blows: str, quiet_after: float) -> "Aftermath":
        found = cls()
        found.facts.append(
            f"{blows}; {len(fleet.asked)} questions, quiet {quiet_after:.0f} s later"
        )
        ids = found._taken(fleet)
        found._posts(fleet)
        found._journal(fleet)
        found._money(fleet)
        found._paid(fleet, ids)
        found._resumed(fleet)
        found._said(fleet)
        return found

    def lines(self) -> Iterator[str]:
        yield from self.facts
        yield from (f"PROBLEM: {problem}" for problem in self.problems)
        yield f"{len(self.problems)} problems"

    def _wrong(self, what: str, rows: Sequence[object]) -> None:
        if rows:
            shown = "; ".join(map(str, rows[:5]))
            self.problems.append(f"{what}: {len(rows)}, such as {shown}")

    def _taken(self, fleet: Fleet) -> Mapping[str, int]:
        """By the deliberation's id, the question's number."""
        rows = fleet.rows("SELECT id, question FROM deliberations ORDER BY number")
        ids = {id: number_in(question) for id, question in rows}
        counts = Counter(ids.values())
        numbers = range(len(fleet.asked))
        self._wrong("questions lost", [n for n in numbers if not counts[n]])
        self._wrong("questions taken in twice", [n for n in numbers if counts[n] > 1])
        return ids

    def _posts(self, fleet: Fleet) -> None:
        """On the platform's own record."""
        wrong = {n: _shape(fleet, asked) for n, asked in enumerate(fleet.asked)}
        self._wrong(
            "threads that are not one headline, each answer once, one ranking",
            [(n, shape) for n, shape in wrong.items() if shape],
        )
        self._wrong(
            "askers not told once",
            [
                (n, fleet.told(asked))
                for n, asked in enumerate(fleet.asked)
                if fleet.told(asked) != 1
            ],
        )
        questions = {asked.id for asked in fleet.asked}
        for channel in fleet.channels:
            threads = fleet.threads(channel)
            self._wrong("threads of no question", [id for id in threads if id not in questions])
            beside = [post.text for post in fleet.discord.said(channel)]
            self._wrong("posts beside the threads", beside)
        refused = Counter(refusal.code for refusal in fleet.discord.rejections)
        self._wrong(
            "refused by the platform",
            [item for item in refused.items() if item[0] not in DONE_ALREADY],
        )
        posts = sum(len(fleet.said(asked)) for asked in fleet.asked)
        self.facts.append(
            f"{posts} posts, {len(fleet.discord.pings)} pings, {len(fleet.discord.requests)} requests to"
            f" the platform, refused {dict(refused)}, {len(fleet.discord.rate_limited)} times too fast"
        )

    def _journal(self, fleet: Fleet) -> None:
        def wrong(what: str, sql: str) -> None:
            self._wrong(what, fleet.rows(sql))

        wrong(
            "not finished",
            "SELECT id, status, stop FROM deliberations WHERE status <> 'finished'",
        )
        wrong(
            "not finished once",
            "SELECT deliberation, count(*) FROM feed WHERE what = 'finished'"
            " GROUP BY deliberation HAVING count(*) <> 1",
        )
        wrong(
            "not a row for each call",
            "SELECT id, count(calls.deliberation) FROM deliberations LEFT JOIN calls"
            " ON deliberation = id AND stage <> 'audit'"
            f" GROUP BY id HAVING count(calls.deliberation) <> {CALLS}",
        )
        failed = fleet.rows(
            "SELECT stage, failure_kind, count(*) FROM calls WHERE failure_kind IS NOT NULL"
            " GROUP BY stage, failure_kind"
        )
        self.facts.append(f"calls that failed: {failed or 'none'}")
        for table in SHORT_LIVED:
            wrong(f"left in {table}", f"SELECT * FROM {table}")

    def _money(self, fleet: Fleet) -> None:
        def wrong(what: str, sql: str) -> None:
            self._wrong(what, fleet.rows(sql))

        wrong(
            "money set aside for what is over", "SELECT * FROM spending WHERE reserved_micros <> 0"
        )
        wrong("money held", "SELECT * FROM accounts WHERE held_micros <> 0")
        wrong("requests with money set aside", "SELECT * FROM attempts WHERE reserved_micros > 0")
        ((counted, spent, told),) = fleet.rows(
            "SELECT (SELECT sum(counted_micros)::bigint FROM attempts), sum(spent_micros)::bigint, sum(told_micros)::bigint"
            " FROM spending WHERE scope = 'all'"
        )
        if counted != spent:
            self.problems.append(f"{spent} micro-dollars spent, {counted} counted by requests")
        bills = sum(request.bill_micros for request in fleet.models.requests if request.told)
        whole = sum(request.told for request in fleet.models.requests)
        self.facts.append(
            f"${spent / 1e6:.2f} booked ($1000 a day allowed), ${told / 1e6:.2f} of it as told by the"
            f" models, whose {whole} whole replies were ${bills / 1e6:.2f}"
        )

    def _paid(self, fleet: Fleet, ids: Mapping[str, int]) -> None:
        """A call whose reply was in the journal is never asked again, and nothing is asked that is in no
        journal."""
        again = fleet.rows(
            "SELECT attempts.deliberation, attempts.stage, attempts.model, attempts.started_at,"
            " calls.finished_at FROM attempts JOIN calls USING (deliberation, stage, round, seat)"
            " WHERE attempts.started_at > calls.finished_at"
        )
        self._wrong("asked again though the reply was in the journal", again)
        journaled: Counter[Call] = Counter()
        tried: set[Call] = set()
        for id, stage, model, requests, tries in fleet.rows(
            "SELECT deliberation, stage, model, sum(requests)::bigint, sum(hedge) + count(failure_kind)"
            " FROM attempts GROUP BY deliberation, stage, model"
        ):
            call = Call(ids[id], stage, model)
            journaled[call] += requests
            if tries:
                tried.add(call)
        asked: defaultdict[Call, list[Received]] = defaultdict(list)
        for request in fleet.models.requests:
            asked[Call(question_of(request), stage_of(request), request.model)].append(request)
        self._wrong(
            "requests in no journal",
            [(call, len(made)) for call, made in asked.items() if len(made) > journaled[call]],
        )
        self._again(fleet, asked, tried)

    def _again(self, fleet: Fleet, asked: Mapping[Call, list[Received]], tried: set[Call]) -> None:
        """Requests beyond the first of a call, by what came of those before: only what was under way, or
        in hand and not written yet, when a process was struck may be asked again."""
        by_key = {started.key: started for started in fleet.started}
        cut, in_hand, unexplained = 0, [], []
        for call, made in asked.items():
            if call in tried:
                continue
            for request in made[:-1]:
                seconds = _until_struck(request, by_key[key_of(request)], fleet.restarted)
                if seconds is None:
                    unexplained.append((call, key_of(request), request.outcome))
                elif request.told:
                    in_hand.append(seconds)
                else:
                    cut += 1
        self._wrong("asked again though nobody was struck", unexplained)
        worst = max(in_hand, default=0.0)
        self.facts.append(
            f"{len(fleet.models.requests)} requests for {len(asked)} calls ({len(tried)} hedged or tried again); asked"
            f" again: {cut} under way at a blow, {len(in_hand)} whole and not yet in the journal (blow at"
            f" most {worst:.2f} s after their last byte)"
        )

    def _resumed(self, fleet: Fleet) -> None:
        """How long after a worker was killed others were at what it had."""
        leases = fleet.leases()
        killed = [each for each in fleet.started if each.killed_at and each.role == "worker"]
        frozen = [each for each in fleet.started if each.frozen and each.role == "worker"]
        after_kills = [
            s for each in killed for s in _seconds(leases, each.process.pid, each.killed_at or 0)
        ]
        after_freezes = [
            s
            for each in frozen
            for began, ended in each.frozen
            for s in _seconds(leases, each.process.pid, began, ended)
        ]
        self.facts.append(
            f"a killed worker's deliberation was elsewhere after {_spread(after_kills)}"
        )
        self.facts.append(
            f"a frozen one's, where it was taken over, after {_spread(after_freezes)}"
        )

    def _said(self, fleet: Fleet) -> None:
        """By the programs: nothing that a person could not read."""
        faults = Counter(
            started.process.said.strip().splitlines()[-1]
            for started in fleet.started
            if "Traceback" in started.process.said
        )
        self._wrong("processes told of a fault", list(faults.items()))


def _shape(fleet: Fleet, question: Message) -> str:
    """What is wrong with a thread; "" for nothing."""
    said = fleet.said(question)
    letters = [post.text.strip("*")[:1] for post in said[1:-1]]
    if len(said) == POSTS and letters == ["A", "B", "C"]:
        return ""
    return f"{len(said)} posts: {letters}"


def _until_struck(request: Received, started: Started, restarted: Sequence[float]) -> float | None:
    """From the end of its reply, 0 where it came to none; `None` where neither its process nor the database
    was struck after."""
    blows = [*restarted] if started.killed_at is None else [*restarted, started.killed_at]
    blows += [began for began, ended in started.frozen if ended > request.time]
    after = [max(blow - request.over_at, 0.0) for blow in blows if blow > request.time]
    return min(after, default=None)


def _seconds(
    leases: Sequence[Lease], pid: int, struck: float, until: float = float("inf")
) -> Iterator[float]:
    """For each deliberation that this process was at then, until another was."""
    held: dict[str, int | None] = {}
    for lease in leases:
        if lease.at <= struck:
            held[lease.deliberation] = lease.pid
        elif held.get(lease.deliberation) == pid and lease.pid not in (None, pid):
            del held[lease.deliberation]
            if lease.at <= until:
                yield lease.at - struck


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "nothing was taken over"
    p95 = quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return f"median {median(seconds):.1f} s, p95 {p95:.1f} s, at most {max(seconds):.1f} s ({len(seconds)} times)"
