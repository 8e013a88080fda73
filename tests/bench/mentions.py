"""A hundred mentions in the same moment, with a budget for ten:
`python -m tests.bench.mentions --seeds 0-9`. A budget for ten is ten times what the run of such a
question has set aside for it.

Over HTTP against a server that fails, hangs and keeps its own bill, a harsher one than most: one
request in twenty is silent until somebody asks again. Some questions were asked the day before, so
that their price is known; midnight passes while the runs go on. Prints how many ran as a whole, what
was refused and how, and what was billed and booked.
"""

import argparse
import asyncio
import logging
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from bot.chat import Accepted, Channel, Mention, Person, Refused
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.loops import forever
from bot.conversation.questions import CHANNEL_LIMIT
from bot.council import Call, Question
from bot.llm import Provider
from bot.models.catalogue import Catalogue
from bot.models.http import Endpoint, HttpProvider
from bot.program.work import KEEP_UP_SECONDS
from bot.protocol.calls import Caller
from bot.protocol.patience import Patience
from bot.settings import Settings, council_of
from bot.store.journal import place_of
from bot.store.store import Store
from tests.bench.money import MIX, paired
from tests.conversation.room import Clock, Room, mention, words
from tests.fakes.model_server import ModelServer

COUNCIL = Settings(("lab/a", "lab/b", "lab/c", "lab/d"), "lab/e")
MODELS = (*COUNCIL.members, COUNCIL.chairman)
CHANNEL = Channel("discord", "server", "channel")
MINUTE_BEFORE_MIDNIGHT = datetime(2026, 11, 24, 23, 59, tzinfo=UTC)
TODAY = date(2026, 11, 24)
TIME_SCALE = 0.01
BEFORE, MENTIONS, BUDGETED = 50, 100, 10
SILENT = (5, {"do": "hang_alive"})


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums in micro-dollars. `whole` runs came to a verdict, and none of their calls failed or was
    not asked again for want of money. `told_` are those of requests whose usage the client was
    sent."""

    whole: int
    not_whole: int
    refused: Counter[str]
    hedges: int
    retries: int
    after_midnight: int
    budget: int
    billed: int
    booked: int
    tomorrow: int
    told_requests: int
    told_billed: int
    told_booked: int

    def __str__(self) -> str:
        told = "\n".join(f"  {n} x {sentence}" for sentence, n in self.refused.most_common())
        return (
            f"{self.whole} whole councils, {self.not_whole} others, {self.hedges} hedges, "
            f"{self.retries} retries, {self.after_midnight} requests after midnight\n"
            f"budget {self.budget}, billed {self.billed}, booked {self.booked}, of the next day "
            f"{self.tomorrow} (micro-dollars)\nusage told of {self.told_requests} requests: billed "
            f"{self.told_billed}, booked {self.told_booked}\n{told}"
        )


async def figures(seed: int = 0) -> Figures:
    async with _served(seed) as (app, server, clock):
        await _ask_before(app)
        budget = BUDGETED * await _set_aside(app)
        app = _app(app.store, app.provider, app.caller, app.catalogue, clock, budget)
        clock.at = MINUTE_BEFORE_MIDNIGHT
        before = len(server.requests)
        accepted, refused = await _ask_at_once(app, clock)
        attempts = {id: await app.store.attempts(id) for id in accepted}
        calls = {id: await app.store.calls(id) for id in accepted}
        cases = [await app.store.case(id) for id in accepted]
        whole = sum(
            case.result.answered and not any(map(_wanted_money, calls[case.id]))
            for case in cases
            if case and case.result
        )
        rows = [row for several in attempts.values() for row in several]
        told = paired(server.requests[before:], attempts)
        return Figures(
            whole=whole,
            not_whole=len(accepted) - whole,
            refused=refused,
            hedges=sum(row.hedge for row in rows),
            retries=sum(row.n > 1 and not row.hedge for row in rows),
            after_midnight=sum(row.started_at.date() > TODAY for row in rows),
            budget=budget,
            billed=sum(request.bill_micros for request in server.requests[before:]),
            booked=await app.store.spent(TODAY),
            tomorrow=await app.store.spent(TODAY + timedelta(days=1)),
            told_requests=len(told),
            told_billed=sum(request.bill_micros for request, _ in told),
            told_booked=sum(row.told_micros for _, row in told),
        )


def _wanted_money(call: Call) -> bool:
    """Whether it was not asked, or not again, because a budget had no room for it."""
    failure = call.failure
    return failure is not None and " has no room: " in failure.message


@asynccontextmanager
async def _served(seed: int) -> AsyncIterator[tuple[App, ModelServer, Clock]]:
    mix = [{**behaviour, "probability": percent / 100} for percent, behaviour in (SILENT, *MIX)]
    clock = Clock(MINUTE_BEFORE_MIDNIGHT - timedelta(days=1))
    with tempfile.TemporaryDirectory() as folder:
        async with ModelServer(
            behaviours={model: {"mix": mix} for model in MODELS}, openrouter=True, seed=seed
        ) as server:
            store = await Store.open(Path(folder) / "mentions.db", holder="mentions")
            provider = HttpProvider([Endpoint("", server.url, server.key, openrouter=True)])
            catalogue = Catalogue(provider, store)
            await catalogue.load()
            # Whatever is silent is asked a second time, and given up within seconds; no stage ends
            # before that, however slow the machine is.
            patience = replace(
                Patience().scaled(TIME_SCALE),
                **{"silence": 1.0, "chairman": 1.0, "hedge_unknown": 0.3},
                **dict.fromkeys(("answers", "reviews", "retry_after_longest"), 20.0),
            )
            caller = Caller(
                provider,
                catalogue,
                patience,
                store.recent_first_text_seconds,
                used=partial(store.usual, None),
                tempos=store.recent_tempos,
                now=clock,
            )
            app = _app(store, provider, caller, catalogue, clock, None)
            look_up = forever("", app.look_up, pause_seconds=KEEP_UP_SECONDS * TIME_SCALE)
            looking_up = asyncio.create_task(look_up)
            try:
                yield app, server, clock
            finally:
                looking_up.cancel()
                await asyncio.wait({looking_up})
                await app.close()
                await provider.aclose()
                await store.close()


def _app(
    store: Store,
    provider: Provider,
    caller: Caller,
    catalogue: Catalogue,
    clock: Clock,
    budget: int | None,
) -> App:
    rules = Rules(daily_budget_micros=budget)
    app = App(store, provider, caller, catalogue, COUNCIL, rules, clock=clock)
    app.platforms["discord"] = Room(app)
    return app


async def _ask_before(app: App) -> None:
    """What the price of a question is known by."""
    for first in range(0, BEFORE, CHANNEL_LIMIT):
        people = range(first, min(first + CHANNEL_LIMIT, BEFORE))
        for taken in [await app.questions.accept(_mention(n)) for n in people]:
            assert isinstance(taken, Accepted)
            await app.running.finished(taken.id)


async def _set_aside(app: App) -> int:
    """For the run of such a question, where there is room: by what such calls took the day before."""
    question = Question("", _mention(BEFORE).text, 0, MINUTE_BEFORE_MIDNIGHT)
    place = place_of(CHANNEL.platform, CHANNEL.id)
    shares = await app.budget.pricing.shares(question, council_of(COUNCIL), place)
    return sum(shares.values())


def _mention(n: int) -> Mention:
    return mention("Is a monolith right?", channel=CHANNEL, person=Person(f"person-{n}"))


async def _ask_at_once(app: App, clock: Clock) -> tuple[list[str], Counter[str]]:
    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(app.questions.accept(_mention(BEFORE + n))) for n in range(MENTIONS)
        ]
    clock.move(120)
    results = [task.result() for task in asked]
    accepted = [result.id for result in results if isinstance(result, Accepted)]
    for id in accepted:
        await app.running.finished(id)
    refused = Counter(words(r.document) for r in results if isinstance(r, Refused))
    return accepted, refused


def main() -> None:
    for name in ("stamina", "aiohttp.server", "bot"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0-9", help="the first and the last, as in 0-9")
    first, _, last = parser.parse_args().seeds.partition("-")
    for seed in range(int(first), int(last or first) + 1):
        print(f"seed {seed}: {asyncio.run(figures(seed))}", flush=True)


if __name__ == "__main__":
    main()
