"""A file of questions: deliberate each, and grade those with a reference.

Resumable: complete lines of OUT stay, and what the journal holds is not asked again.
"""

import asyncio
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from bot.bench.graded import Line
from bot.bench.grading import VERSION, grade
from bot.bench.items import Item, finished_lines, replace_lines, written
from bot.bench.judging import judge
from bot.bills import TYPICAL_TOKENS
from bot.conversation.app import App
from bot.conversation.cases import new_case
from bot.council import Council, Deliberation, Stage
from bot.errors import InvalidInput
from bot.language import N_, _, n_
from bot.pages.exports import as_json
from bot.privacy import make_private
from bot.protocol.modes import deliberate
from bot.protocol.pricing import planned
from bot.protocol.sitting import task_group
from bot.records import Case
from bot.store.journal import Journal
from bot.store.spending import OverBudget, run_scope
from bot.texts import kind_of, kind_words


@dataclass(frozen=True, slots=True)
class Step:
    """Questions `done` of `total`; `text` tells of the last one, "" where none was asked yet.

    `seconds_left` goes by the pace of this run so far, `None` before there is one.
    """

    done: int
    total: int
    cost_usd: float
    text: str
    seconds_left: float | None = None


@dataclass(slots=True)
class Bench:
    """One run over a file of questions."""

    app: App
    council: Council
    out: Path
    run: str
    max_cost_usd: float | None
    lines: list[Line]
    running: int = 0
    # The last refusal, unless it was asked since.
    over: OverBudget | None = None
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def begin(
        cls, app: App, council: Council, out: Path, *, max_cost_usd: float | None
    ) -> "Bench":
        """Continue the run of OUT where it exists; a missing OUT is made and starts a new run."""
        note = f"bench:{out.resolve()}"
        run = await app.store.note(note)
        if run is None or not out.exists():
            run = secrets.token_hex(4)
            await app.store.set_note(note, run)
        try:
            lines = finished_lines(out)
            make_private(out)
        except OSError as error:
            raise _unusable(out, error) from error
        for line in lines:
            if line.get("mode", council.mode) != council.mode:
                raise _begun_in(line["mode"])
        # Its verdicts are graded: nobody reads what a check finds.
        return cls(app, replace(council, audit="off", verify=False), out, run, max_cost_usd, lines)

    def left(self, items: Sequence[Item]) -> list[Item]:
        """Those that OUT holds no answer to: nobody was asked, or nobody answered."""
        answered = {line["id"] for line in self.lines if line["answers"]}
        return [item for item in items if item.id not in answered]

    def state(self, items: Sequence[Item]) -> str:
        left = len(self.left(items))
        return _(
            "{done} of {total} questions are done; {left} to ask.",
            done=len(items) - left,
            total=len(items),
            left=left,
        )

    def reasons(self, items: Sequence[Item]) -> Counter[str]:
        """Why questions have no answer, each by what most of its members met, in words."""
        silent = {line["id"]: line for line in self.lines}
        return Counter(_why(silent.get(item.id)) for item in self.left(items))

    async def ask(
        self,
        items: Sequence[Item],
        *,
        concurrency: int,
        tell: Callable[[str], None],
        step: Callable[[Step], None],
    ) -> None:
        """Ask what OUT holds no answer to, some at once; `lines` and OUT grow with each.

        `tell` takes what everybody should read, `step` what passes by.
        """
        left = self.left(items)
        before, asked = len(items) - len(left), 0
        started = time.monotonic()
        queue = iter(left)
        if left:
            step(Step(before, len(items), self.cost_usd, ""))

        async def work(queue: Iterable[Item]) -> None:
            nonlocal asked
            for item in queue:
                line = await self._once_affordable(item)
                if line is None:
                    return
                self._keep(line)
                asked += 1
                pace = (time.monotonic() - started) / asked
                step(
                    Step(
                        before + asked,
                        len(items),
                        self.cost_usd,
                        _outcome(line),
                        pace * (len(left) - asked),
                    )
                )

        if self.max_cost_usd is not None and not self.most_usd and not self.lines:
            # Nobody knows what a question costs: the first shows it before others start.
            await work(islice(queue, 1))
        async with task_group() as group:
            for __ in range(concurrency):
                group.create_task(work(queue))
        missing = len(left) - asked
        if missing and self.over and self.over.scope != run_scope(self.run):
            tell(await self.app.budget.sentence(self.over))
        elif missing:
            each = self.over.needed_micros / 1e6 if self.over else self._dearest_usd
            tell(
                n_(
                    "{n} question was not asked: ${spent:.4f} is spent, and one more could cost "
                    "${each:.4f}. The same words with a higher --max-cost go on here.",
                    "{n} questions were not asked: ${spent:.4f} is spent, and one more could cost "
                    "${each:.4f}. The same words with a higher --max-cost go on here.",
                    missing,
                    spent=self.cost_usd,
                    each=each,
                )
            )

    @property
    def cost_usd(self) -> float:
        return sum(map(_cost_usd, self.lines))

    @property
    def most_usd(self) -> float:
        """The most that one question can cost, without repeats; 0 where no price is known."""
        price = self.app.catalogue.price
        return sum(price(call.model).most(0, call.tokens) for call in planned(self.council)) / 1e6

    @property
    def typical_usd(self) -> float:
        """What one question costs: as those before did, else by the catalogue's prices."""
        answered = [_cost_usd(line) for line in self.lines if line["answers"]]
        if answered:
            return sum(answered) / len(answered)
        cost = self.app.catalogue.cost_micros
        micros = [cost(call.model, *TYPICAL_TOKENS) or 0 for call in planned(self.council)]
        return sum(micros) / 1e6

    def outlook(self, count: int) -> str:
        """What so many questions will cost, as far as anybody knows; "" where that is nothing."""
        models = {call.model for call in planned(self.council)}
        prices = [self.app.catalogue.cost_micros(model, *TYPICAL_TOKENS) for model in models]
        if not self.cost_usd and None in prices:
            return n_(
                "What {n} question will cost is unknown: the list of models gives no price.",
                "What {n} questions will cost is unknown: the list of models gives no price.",
                count,
            )
        if not self.typical_usd:
            return ""
        return n_(
            "About ${usd:.2f} for {n} question.",
            "About ${usd:.2f} for {n} questions.",
            count,
            usd=count * self.typical_usd,
        )

    def _keep(self, line: Line) -> None:
        """Add a line to OUT, on the disk before anybody hears of it; an earlier one of the same
        question, to which nobody had an answer, goes."""
        others = [each for each in self.lines if each["id"] != line["id"]]
        try:
            if len(others) < len(self.lines):
                replace_lines(self.out, [*others, line])
            else:
                with self.out.open("a", encoding="utf-8") as file:
                    file.write(written(line))
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise _unusable(self.out, error) from error
        self.lines = [*others, line]

    def _affordable(self) -> bool:
        """Whether one more fits beside those under way, at its dearest: a question that is refused
        money half-way would be paid for and no use. The journal holds the line in any case."""
        if self.max_cost_usd is None:
            return True
        return self.cost_usd + (self.running + 1) * self._dearest_usd <= self.max_cost_usd

    @property
    def _dearest_usd(self) -> float:
        return max(self.most_usd, self.typical_usd)

    async def _once_affordable(self, item: Item) -> Line | None:
        """Its line, asked once those under way have given back enough for it; `None` where there is
        too little although none is."""
        while True:
            if self._affordable():
                self.running += 1
                try:
                    line = await self._one(item)
                    self.over = None
                    self._wake()
                    return line
                except OverBudget as over:
                    self.over = over
                finally:
                    self.running -= 1
            if not self.running:
                self._wake()
                return None
            await self._ended.wait()

    def _wake(self) -> None:
        """Those that wait for money."""
        self._ended.set()
        self._ended.clear()

    async def _one(self, item: Item) -> Line:
        case, earlier_usd = await self._case(item)
        journal = await self.app.store.begin(case.id, self._limits())
        result = case.result or await deliberate(
            case.question, case.council, self.app.caller, journal=journal
        )
        line = as_json(result) | {"id": item.id, "stage_usd": _stage_usd(journal)}
        if earlier_usd:
            line |= {"cost_usd": line["cost_usd"] + earlier_usd, "earlier_usd": earlier_usd}
        if not item.reference:
            return line
        return line | {
            "reference": item.reference,
            "grader": item.grader,
            "grader_version": VERSION,
            "grades": await _grades(self.app, journal, item, result),
            "grading_usd": _spent_usd(journal, "grade"),
        }

    async def _case(self, item: Item) -> tuple[Case, float]:
        """The question's case, a new one where nobody answered those before it or their texts are
        erased, and what these took.

        Raises `InvalidInput` where it is the case of another question, and `OverBudget`.
        """
        # A line from another database is all that is known of its cost.
        in_out = sum(line["cost_usd"] for line in self.lines if line["id"] == item.id)
        earlier_usd, nth = 0.0, 1
        case = await self._nth_case(item, nth)
        while case.expired_at or (case.result and not case.result.answered):
            earlier_usd += case.result.cost_usd if case.result else 0.0
            nth += 1
            case = await self._nth_case(item, nth)
        return case, max(earlier_usd, in_out)

    async def _nth_case(self, item: Item, nth: int) -> Case:
        run = self.run if nth == 1 else f"{self.run}.{nth}"
        id = f"{run}-{item.id}"
        case = await self.app.store.case(id)
        if case is None:
            case = new_case(item.question, self.council, self.app.now(), id=id)
            # Where nobody knows a price, the caps at an assumed one would refuse every question.
            shares = await self.app.budget.shares(case) if self.most_usd else None
            await self.app.store.create(case, shares=shares, limits=self._limits())
        elif case.question.text != item.question and not case.expired_at:
            raise InvalidInput(
                _(
                    "The question {id} was another one when this run began. Name a new --out.",
                    id=item.id,
                )
            )
        elif case.council.mode != self.council.mode:
            raise _begun_in(case.council.mode)
        return case

    def _limits(self) -> dict[str, int]:
        if self.max_cost_usd is None:
            return self.app.rules.limits
        return self.app.rules.limits | {run_scope(self.run): round(self.max_cost_usd * 1e6)}


def _cost_usd(line: Line) -> float:
    return float(line["cost_usd"] + line.get("grading_usd", 0))


def _why(line: Line | None) -> str:
    if line is None:
        return _("not asked")
    kinds = Counter(kind_of(member["error"]) for member in line.get("members", ()))
    return kind_words(kinds.most_common(1)[0][0]) if kinds else _("no answer")


def _stage_usd(journal: Journal) -> dict[str, float]:
    stages: tuple[Stage, ...] = ("answer", "revision", "review", "verdict")
    return {stage: _spent_usd(journal, stage) for stage in stages}


def _spent_usd(journal: Journal, stage: Stage) -> float:
    return sum(call.cost_micros or 0 for call in journal.calls if call.stage == stage) / 1e6


def _begun_in(mode: str) -> InvalidInput:
    return InvalidInput(
        _("This run was begun in mode {mode}. Say `--mode {mode}`, or name a new --out.", mode=mode)
    )


def _unusable(out: Path, error: OSError) -> InvalidInput:
    return InvalidInput(
        _(
            "{path} cannot be written: {strerror}. Once it can be, the same words go on where "
            "they were.",
            path=out,
            strerror=error.strerror,
        )
    )


async def _grades(app: App, journal: Journal, item: Item, result: Deliberation) -> dict[str, Any]:
    """The verdict's grade, each member's by label, and that of the answer the reviewers put first."""

    async def graded(text: str, seat: int) -> dict[str, Any]:
        if item.grader == "judge":
            found = await judge(app.caller, journal, result, text, item.reference, seat)
        else:
            found = grade(item.grader, text, item.reference)
        return {"correct": found.correct, "extracted": found.extracted}

    members = {
        answer.label: {"model": answer.model, **await graded(answer.text, answer.seat)}
        for answer in result.answers
    }
    first = result.standings[0].label if result.standings else None
    verdict = await graded(result.verdict.text, len(result.members)) if result.has_verdict else None
    return {"verdict": verdict, "top_answer": members.get(first or ""), "members": members}


def _outcome(line: Line) -> str:
    if not line["answers"]:
        return _("{id}, no answer", id=line["id"])
    told = N_("{id}, {calls} calls, ${usd:.4f}, {seconds:.1f} s")
    grades = line.get("grades")
    if grades and grades["verdict"]:
        told = N_("{id}, wrong, {calls} calls, ${usd:.4f}, {seconds:.1f} s")
        if grades["verdict"]["correct"]:
            told = N_("{id}, correct, {calls} calls, ${usd:.4f}, {seconds:.1f} s")
    return _(
        told,
        id=line["id"],
        calls=line["calls"],
        usd=line["cost_usd"],
        seconds=line["timings"]["verdict"],
    )
