"""What a question will take, before anything is asked: a share for each call of its run, one for a
verdict in the chairman's place, and a margin for what is asked again.

By what such calls used lately, at today's prices; by the most that they may use where too little is
known. A run that has all its shares runs as a whole. Which money there is, is not known here.
"""

from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from statistics import median

from bot import bills
from bot.allowance import AUDIT, MARGIN, SUCCESSOR, Key, margin_of
from bot.bills import BYTES_PER_TOKEN, ENOUGH, TYPICAL_TOKENS, Price, Prices, Usage
from bot.council import ANSWER_LIMIT_CHARS, Cost, Council, Question, Stage
from bot.protocol import plans, reflecting
from bot.protocol.attempts import LEAST_TOKENS
from bot.protocol.audit import AUDIT_TOKENS, auditor
from bot.protocol.modes import MODES
from bot.protocol.plans import Planned
from bot.protocol.recap import RECAP_TOKENS
from bot.protocol.stages import VERDICT_TOKENS
from bot.protocol.title import TITLE_BYTES, TITLE_TOKENS
from bot.settings import PROSE_LIMIT_CHARS

# Of calls like one to come, so many cost no more than its share.
QUANTILE = 0.95
# Around what is asked and judged: instructions, fences, labels, standings.
_FRAME_BYTES = 2_000
# The most that UTF-8 takes for one.
_BYTES_PER_CHARACTER = 4
_CRITERIA_BYTES = PROSE_LIMIT_CHARS * _BYTES_PER_CHARACTER
# From so many calls on it is known what such ones are like.
FEW = 3
# Of what is asked in a typical call there is no more.
_SHORT_BYTES = 2_000

# What a model's newest requests used in a stage, in one place (`None`: in any), newest first.
Usual = Callable[[Stage | None, str, str | None], Awaitable[Sequence[Usage]]]


@dataclass(frozen=True, slots=True)
class Carried:
    """What goes along with a question besides, in bytes and `images`; how much has to be `folded` first:
    summed up by one member; and whether its thread is `named` by one."""

    bytes: int = 0
    folded: int = 0
    named: bool = False
    images: int = 0


NOTHING = Carried()


def cheapest(prices: Prices, models: Sequence[str], prompt_bytes: int, tokens: int) -> int:
    """The seat, of these, that reads so much and writes so many tokens for the least."""
    read = bills.prompt_tokens(prompt_bytes, 1)
    most = [prices.price(model).most(read, tokens) for model in models]
    return most.index(min(most))


def at_first(council: Council) -> Iterator[Planned]:
    """Those for which money is set aside before the run: all, unless its mode does so step by step."""
    mode = MODES[council.mode]
    return (mode.at_first or mode.planned)(council)


def planned(council: Council) -> Iterator[Planned]:
    """The calls of a run that goes the longest way of its mode, if nothing fails."""
    return MODES[council.mode].planned(council)


def _besides(prices: Prices, council: Council, carried: Carried) -> Iterator[Planned]:
    """The calls that no mode makes."""
    if carried.folded:
        seat = cheapest(prices, council.seated, carried.folded, RECAP_TOKENS)
        yield Planned("recap", seat, council.members[seat], RECAP_TOKENS, carried.folded)
    if carried.named:
        seat = cheapest(prices, council.seated, TITLE_BYTES, TITLE_TOKENS)
        yield Planned("title", seat, council.members[seat], TITLE_TOKENS)


def checks(council: Council, prices: Prices) -> Iterator[Planned]:
    """Those that are made once the verdict stands, where a chairman writes one."""
    calls = list(planned(council))
    stages = {call.stage for call in calls}
    if "verdict" not in stages:
        return
    if council.verify and "review" in stages:
        yield from plans.verification(council)
    seat = auditor(council, prices, writer=council.chairman)
    if seat is not None:
        read = VERDICT_TOKENS + sum(call.tokens for call in calls if call.stage == "answer")
        stage, round, anybody = AUDIT
        yield Planned(stage, anybody, council.model(seat), AUDIT_TOKENS, read, round)


@dataclass(frozen=True, slots=True)
class Pricing:
    prices: Prices
    usual: Usual

    async def shares(
        self,
        question: Question,
        council: Council,
        place: str | None,
        carried: Carried = NOTHING,
    ) -> Mapping[Key, int]:
        """Micro-dollars, as `bot.allowance` has them, for the run of a question that is asked in this
        place, or for as much of it as is set aside at first."""
        calls = (*_besides(self.prices, council, carried), *self._at_first(question, council))
        return await self._of(calls, question, council, place, carried)

    async def step(
        self, question: Question, council: Council, place: str | None, stage: Stage, round: int
    ) -> Mapping[Key, int]:
        """The same for the calls of one stage alone, in one round."""
        calls = [call for call in planned(council) if (call.stage, call.round) == (stage, round)]
        carried = Carried(images=len(question.images))
        shares = await self._of(calls, question, council, place, carried)
        return {key: micros for key, micros in shares.items() if key != MARGIN}

    async def reflection(
        self,
        question: Question,
        council: Council,
        rows: Sequence[tuple[Question, Council, Carried]],
        place: str | None,
        budget_micros: int,
    ) -> tuple[Mapping[Key, int], int]:
        """The same for a reflection on the criteria of this council, and how many of the rows, taken in
        the order of their lot, are within the budget; none where not even the first is."""
        councils = [of_row for _, of_row, _ in rows]
        calls: dict[int, list[Planned]] = {}
        for call in reflecting.planned(council, councils):
            calls.setdefault((call.round - 1) // 2, []).append(call)
        shares = dict(await self._of(calls[-1], question, council, place, NOTHING))
        for row, (of_question, of_council, carried) in enumerate(rows):
            # Nobody knows yet how long the new criteria are.
            carried = replace(carried, bytes=carried.bytes + _CRITERIA_BYTES)
            more = await self._of(calls.get(row, ()), of_question, of_council, place, carried)
            more = {**shares, **more, MARGIN: max(shares[MARGIN], more[MARGIN])}
            if sum(more.values()) > budget_micros:
                return shares, row
            shares = more
        return shares, len(rows)

    async def _of(
        self,
        calls: Iterable[Planned],
        question: Question,
        council: Council,
        place: str | None,
        carried: Carried,
    ) -> Mapping[Key, int]:
        size = _asked_bytes(question, council, carried)
        models = {*council.members, council.chairman}
        density = {m: bills.density(await self.usual(None, m, None)) for m in models}
        shares: dict[Key, int] = {}
        known: dict[Key, int] = {}
        for call in calls:
            price, used = self.prices.price(call.model), await self._used(call, place)
            asked_bytes = size + _people_bytes(council, call)
            of_call = partial(share, call, asked_bytes=asked_bytes, images=carried.images)
            shares[call.key] = of_call(price, used, density=density[call.model])
            if len(used) >= ENOUGH:
                known[call.key] = shares[call.key]
            if call.stage == "verdict":
                # Any member may write in its place: as much as it does, at a price of its own.
                tokens = [replace(usage, cost_micros=None) for usage in used]
                prices = {m: self.prices.price(m) for m in council.members}
                shares[SUCCESSOR] = max(
                    of_call(prices[m], tokens, density=density[m]) for m in council.members
                )
        return {**shares, MARGIN: margin_of(known)}

    def _at_first(self, question: Question, council: Council) -> Sequence[Planned]:
        """Of the calls planned, those for which money is set aside at first."""
        calls = {call.key for call in (*at_first(council), *checks(council, self.prices))}
        return [call for call in self._planned(question, council) if call.key in calls]

    def _planned(self, question: Question, council: Council) -> Sequence[Planned]:
        """Whoever writes a verdict anew asks for nothing else."""
        if question.redo:
            return (plans.verdict(council),)
        return (*planned(council), *checks(council, self.prices))

    def _likely(self, question: Question, council: Council) -> Sequence[Planned]:
        """Those of the way that most runs of its mode go."""
        likely = MODES[council.mode].likely
        if question.redo or likely is None:
            return self._planned(question, council)
        calls = tuple(likely(council))
        is_ruled = any(call.stage == "verdict" for call in calls)
        return (*calls, *checks(council, self.prices)) if is_ruled else calls

    async def estimate(
        self,
        question: Question,
        council: Council,
        place: str | None,
        carried: Carried = NOTHING,
        paid: Collection[Key] = (),
    ) -> Cost:
        """About what the run of this question will cost, where nothing is asked again: of its calls
        some may be `paid` already. As many of their stages count as the cheapest: who was asked,
        nobody learns."""
        size = _asked_bytes(question, council, carried)
        stages: dict[tuple[Stage, int], list[tuple[int, bool]]] = {}
        for call in (*_besides(self.prices, council, carried), *self._likely(question, council)):
            price, used = self.prices.price(call.model), await self._lately(call, place)
            micros = typical(price, used, asked_bytes=size, images=carried.images)
            micros += price.searching(call.searches)
            if not call.is_usual:  # thoughts take about half of what it may write
                micros = max(micros, price.cost(TYPICAL_TOKENS[0], call.tokens // 2))
            is_told = len(used) >= FEW and all(usage.cost_micros is not None for usage in used)
            stages.setdefault(call.key[:2], []).append((micros, price.known or is_told))
        known, assumed = 0, 0
        for stage, costs in stages.items():
            done = sum(key[:2] == stage for key in paid)
            for micros, is_known in sorted(costs)[done:]:
                known += micros if is_known else 0
                assumed += 0 if is_known else micros
        return Cost(0.0, known / 1e6, assumed / 1e6)

    async def _lately(self, call: Planned, place: str | None) -> Sequence[Usage]:
        """As `_used`, where a few say enough."""
        here = await self.usual(call.stage, call.model, place) if place else ()
        if len(here) >= FEW:
            return here
        return await self.usual(call.stage, call.model, None)

    async def _used(self, call: Planned, place: str | None) -> Sequence[Usage]:
        """As such calls did here; where there were too few, as they did anywhere."""
        if not call.is_usual:
            return ()
        here = await self.usual(call.stage, call.model, place) if place else ()
        if len(here) >= ENOUGH:
            return here
        return await self.usual(call.stage, call.model, None)


def share(
    call: Planned,
    price: Price,
    used: Sequence[Usage],
    *,
    density: float,
    asked_bytes: int,
    images: int = 0,
) -> int:
    """Enough for all but a few of such calls, about a question of this size. `density` is the most
    tokens that a byte of this model's prompts takes."""
    seen = images * bills.IMAGE_TOKENS
    searches = price.searches(call.searches)
    if len(used) < ENOUGH or searches:  # what others used says nothing of one that searches
        tokens = bills.prompt_tokens(asked_bytes + _FRAME_BYTES, 1) + call.material_tokens + seen
        return max(price.most(tokens, call.tokens, searches), bills.dearest(price, used))
    took = [_took(usage, price, density) for usage in used]
    prompts = [bills.prompt_tokens(usage.prompt_bytes, density) for usage in used]
    least = price.most(quantile(prompts), min(LEAST_TOKENS, call.tokens))
    return max(quantile(took), least) + price.most(ceil(asked_bytes * density) + seen, 0)


def typical(price: Price, used: Sequence[Usage], *, asked_bytes: int, images: int = 0) -> int:
    """As the one in the middle of such calls cost; of a long question there is more to read, and of one
    with images more to see."""
    tokens = ceil(max(asked_bytes - _SHORT_BYTES, 0) / BYTES_PER_TOKEN)
    tokens += images * bills.USUAL_IMAGE_TOKENS
    if len(used) < FEW:
        prompt_tokens, completion_tokens = TYPICAL_TOKENS
        return price.cost(prompt_tokens + tokens, completion_tokens)
    costs = (
        price.cost(usage.prompt_tokens, usage.completion_tokens)
        if usage.cost_micros is None
        else usage.cost_micros
        for usage in used
    )
    return round(median(costs)) + price.cost(tokens, 0)


def _asked_bytes(question: Question, council: Council, carried: Carried) -> int:
    guidance = question.redo.guidance if question.redo else ""
    asked = (question.text, question.quoted, guidance, council.instructions, council.criteria)
    return len("".join(asked).encode("utf-8", "replace")) + carried.bytes


def _people_bytes(council: Council, call: Planned) -> int:
    """At most, of what people answered beside the members: whoever judges answers reads it."""
    is_told = call.stage in {"revision", "review", "verdict", "audit"}
    return council.people * ANSWER_LIMIT_CHARS * _BYTES_PER_CHARACTER if is_told else 0


def _took(usage: Usage, price: Price, density: float) -> int:
    """What had to be set aside for a request to go as it did."""
    tokens = bills.prompt_tokens(usage.prompt_bytes, density), usage.completion_tokens
    return max(price.most(*tokens), usage.cost_micros or 0)


def quantile(values: Sequence[int]) -> int:
    return sorted(values)[ceil(QUANTILE * len(values)) - 1]
