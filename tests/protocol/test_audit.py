"""What is found about a verdict once it stands: by whom, for how much, and how it is read."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.allowance import AUDIT, Key
from bot.bills import Price, Usage
from bot.council import Claim, Council, Deliberation, Question, Stage
from bot.errors import ModelFailed
from bot.llm import Completion, Request
from bot.protocol.audit import Audit, auditor, read
from bot.protocol.calls import Caller
from bot.protocol.events import Checked, Event, Finished
from bot.protocol.modes import deliberate
from bot.protocol.patience import Patience
from bot.protocol.pricing import Pricing, checks
from bot.protocol.prompts import AUDIT_POINTS
from bot.records import Case, PlatformName, Stop
from bot.store.store import Store
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat

pytestmark = pytest.mark.usefixtures("own_time")

ASKED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COUNCIL = Council(("lab/a", "lab/b", "lab/c"), "lab/chair", audit="on")
CHAIR = ("verdict", COUNCIL.chairman_seat)
DEAR, MIDDLING, CHEAP = Price(3, 15), Price(1, 5), Price(0.1, 0.4)


class Prices:
    def __init__(self, **prices: Price) -> None:
        self.prices = {f"lab/{name}": price for name, price in prices.items()}

    def price(self, model: str) -> Price:
        return self.prices.get(model, DEAR)

    def max_price(self, model: str) -> tuple[float, float] | None:
        return None


IMPATIENT = Patience().scaled(0.05)
C_IS_CHEAP = Prices(a=MIDDLING, c=CHEAP)


# --- who does it


def test_the_cheapest_member_that_did_not_write_the_verdict_audits_it() -> None:
    assert auditor(COUNCIL, C_IS_CHEAP, writer="lab/chair") == 2
    assert auditor(COUNCIL, C_IS_CHEAP, writer="lab/c") == 0
    assert auditor(COUNCIL, C_IS_CHEAP, writer="lab/chair", seats=[0, 1]) == 0


def test_nobody_audits_what_its_own_model_wrote() -> None:
    alike = Council(("lab/c", "lab/c"), "lab/c", audit="on")

    assert auditor(alike, C_IS_CHEAP, writer="lab/c") is None


def test_by_itself_an_audit_costs_less_than_a_tenth_of_its_question() -> None:
    auto = replace(COUNCIL, audit="auto")

    assert auditor(auto, C_IS_CHEAP, writer="lab/chair") == 2
    # With three members of one price it is 4,500 of 73,500; with two, whose chairman is cheap, more.
    small = replace(auto, members=("lab/a", "lab/b"))
    assert auditor(auto, Prices(), writer="lab/chair") == 0
    assert auditor(small, Prices(chair=CHEAP), writer="lab/chair") is None
    assert (
        auditor(auto, Prices(**dict.fromkeys(("a", "b", "c", "chair"), Price(0, 0))), writer="")
        is None
    )
    assert auditor(replace(COUNCIL, audit="off"), C_IS_CHEAP, writer="lab/chair") is None


async def test_its_money_is_set_aside_with_that_of_the_question() -> None:
    async def unknown(stage: Stage | None, model: str, place: str | None) -> Sequence[Usage]:
        return ()

    question = Question("q1", "", 1, ASKED_AT)

    async def share(council: Council) -> int | None:
        return (await Pricing(C_IS_CHEAP, unknown).shares(question, council, None)).get(AUDIT)

    # 3,000 tokens at 0.4 and, at 0.1, three answers and a verdict of 6,000 with 2,064 around.
    assert await share(COUNCIL) == 1_200 + 2_607
    assert await share(replace(COUNCIL, audit="off")) is None
    assert list(checks(Council(("lab/a",), "lab/a", audit="on"), C_IS_CHEAP)) == []


# --- how it is read

VERDICT = "**Move.** Postgres handles concurrent writes. It doubles the monthly hosting costs."
ANSWERS = {
    "B": "Postgres handles concurrent writes. Plan the migration of stored procedures first.",
    "A": "Backups become harder with replication slots, and writes become concurrent.",
    "C": "Somebody has to learn vacuuming.",
}
POINTS = (
    (
        "as asked for",
        "LEFT OUT:\n- Plan the migration of stored procedures first (B)\n\nUNSUPPORTED:\n- It doubles "
        "the monthly hosting costs.",
        Audit(
            (Claim("Plan the migration of stored procedures first", ("B",)),),
            ("It doubles the monthly hosting costs",),
        ),
    ),
    (
        "with Markdown and other signs",
        "**Left out:**\n1. **Backups** become harder with `replication` slots [A]\n\n## Unsupported:\n"
        "* \"It doubles the monthly hosting costs\"",
        Audit(
            (Claim("Backups become harder with replication slots", ("A",)),),
            ("It doubles the monthly hosting costs",),
        ),
    ),
    (
        "with the letter ahead",
        "LEFT OUT:\n- Answer A: backups become harder\nUNSUPPORTED: none",
        Audit((Claim("backups become harder", ("A",)),)),
    ),
    (
        "without a letter",
        "LEFT OUT:\n- stored procedures need a migration plan",
        Audit((Claim("stored procedures need a migration plan", ("B",)),)),
    ),
    ("nothing", "LEFT OUT:\n- none\n\nUNSUPPORTED:\n- None.", Audit()),
    ("what the verdict does say", "LEFT OUT:\n- Postgres handles concurrent writes (B)", Audit()),
    ("what that answer does not say", "LEFT OUT:\n- Buy a bigger machine at once (A)", Audit()),
    ("a point of another answer", "LEFT OUT:\n- Somebody has to learn vacuuming (C)", Audit()),
    ("a wrong letter", "LEFT OUT:\n- stored procedures need a migration plan (C)", Audit()),
    ("what the verdict does not claim", "UNSUPPORTED:\n- MySQL is deprecated nowadays", Audit()),
    ("what an answer does claim", "UNSUPPORTED:\n- Postgres handles concurrent writes", Audit()),
    ("prose", "The verdict is fine. It leaves out stored procedures.", Audit()),
)  # fmt: skip


@pytest.mark.parametrize(("name", "text", "found"), POINTS, ids=[name for name, *_ in POINTS])
def test_lists_are_read_tolerantly_and_counted_strictly(name: str, text: str, found: Audit) -> None:
    assert read(text, VERDICT, ANSWERS) == found


PARTS = st.sampled_from(
    ("LEFT OUT:", "UNSUPPORTED:", "\n", "- ", "1. ", "(A)", "(Z)", "@everyone", "<!channel>", "`", "**",
     "stored procedures", "hosting costs", "none", "#", "x" * 500)
)  # fmt: skip


@given(st.lists(PARTS, max_size=60).map("".join))
def test_for_any_text_few_and_short_points_come_of_it(text: str) -> None:
    found = read(text, VERDICT, ANSWERS)

    assert len(found.left_out) <= AUDIT_POINTS
    assert len(found.unsupported) <= AUDIT_POINTS
    for point in (*(claim.text for claim in found.left_out), *found.unsupported):
        assert 0 < len(point) <= 240
        assert "\n" not in point
    assert {label for claim in found.left_out for label in claim.labels} <= {"A", "B"}


def test_a_huge_list_is_read_at_once() -> None:
    found = read("LEFT OUT:\n" + "- stored procedures (B)\n" * 50_000, VERDICT, ANSWERS)

    assert found == Audit((Claim("stored procedures", ("B",)),))


# --- how it goes

REPLIES: Mapping[str, str] = {
    "answer": "The second seat gives many reasons for something else.",
    "verdict": "**Yes.** It is entirely free of charge (A).",
    "audit": "LEFT OUT:\n- The second seat gives many reasons (A)\n\nUNSUPPORTED:\n- It is entirely free of charge",
}  # fmt: skip


def telling(request: Request) -> Scripted:
    return REPLIES.get(stage_and_seat(request)[0]) or sensible(request)


async def run(
    store: Store,
    provider: FakeProvider,
    *,
    events: list[Event] | None = None,
    council: Council = COUNCIL,
    shares: Mapping[Key, int] | None = None,
    limits: Mapping[str, int] | None = None,
    patience: Patience = IMPATIENT,
    platform: PlatformName = "terminal",
) -> Deliberation:
    question = Question("q1", "Should we move to Postgres?", 1, ASKED_AT)
    case = Case(question, council, platform, channel="here" if platform == "terminal" else None)
    await store.create(case, shares=shares, limits=limits)
    journal = await store.begin("q1", limits)

    async def nothing(model: str) -> tuple[float, ...]:
        return ()

    caller = Caller(provider, C_IS_CHEAP, patience, nothing, now=lambda: ASKED_AT)
    emit = events.append if events is not None else lambda event: None
    return await deliberate(question, council, caller, journal=journal, emit=emit)


async def stored(store: Store) -> Deliberation:
    case = await store.case("q1")
    assert case
    assert case.result
    return case.result


async def test_what_was_found_comes_with_the_result_once_the_verdict_stands(store: Store) -> None:
    events: list[Event] = []

    result = await run(store, FakeProvider(otherwise=telling), events=events)

    assert [type(event) for event in events[-2:]] == [Finished, Checked]
    assert isinstance(events[-2], Finished)
    assert events[-2].deliberation.left_out == ()
    assert [claim.text for claim in result.left_out] == ["The second seat gives many reasons"]
    assert result.unsupported == ("It is entirely free of charge",)
    assert await stored(store) == result
    # Its price is part of what the question cost, and of nothing that was told before.
    assert result.calls == events[-2].deliberation.calls + 1
    assert result.cost_usd == pytest.approx(events[-2].deliberation.cost_usd + 7e-6)
    assert result.timings == events[-2].deliberation.timings


async def test_the_auditor_sees_the_answers_blind_the_best_two_first(store: Store) -> None:
    provider = FakeProvider(otherwise=telling)

    result = await run(store, provider)

    [request] = provider.asked("audit")
    assert request.model == "lab/c"
    shown = "".join(message.content for message in request.messages)
    assert "lab/" not in shown
    places = [shown.index(f"\nAnswer {standing.label}\n") for standing in result.standings]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "reply",
    [
        ModelFailed("refused", "it will not do that."),
        "I would rather not.",
        Completion("LEFT OUT:\n- The second seat gives", "length", 100, 20, cost_micros=7),
    ],
    ids=["failed", "no list", "broken off"],
)
async def test_where_it_gives_nothing_nothing_is_found(store: Store, reply: Scripted) -> None:
    def replies(request: Request) -> Scripted:
        return reply if stage_and_seat(request)[0] == "audit" else telling(request)

    result = await run(store, FakeProvider(otherwise=replies))

    assert result.verdict.text == "**Yes.** It is entirely free of charge (A)."
    assert (result.left_out, result.unsupported) == ((), ())


async def test_one_that_takes_too_long_is_not_waited_for(store: Store) -> None:
    script = {("audit", 2): [asyncio.Event()]}
    patience = replace(Patience(), audit=0.01)

    result = await run(store, FakeProvider(script, otherwise=telling), patience=patience)

    assert (result.left_out, result.unsupported) == ((), ())


async def test_an_answer_in_the_place_of_a_verdict_is_not_audited(store: Store) -> None:
    def replies(request: Request) -> Scripted:
        failed = ModelFailed("refused", "it will not do that.")
        return failed if stage_and_seat(request)[0] == "verdict" else telling(request)

    provider = FakeProvider(otherwise=replies)

    result = await run(store, provider)

    assert result.verdict.fallback == "top_answer"
    assert provider.asked("audit") == []


async def test_the_member_that_wrote_in_the_chairmans_place_does_not_audit_itself(
    store: Store,
) -> None:
    refusing = [ModelFailed("refused", "it will not do that.")]
    script = {CHAIR: refusing, ("verdict", 0): refusing, ("verdict", 1): refusing}
    provider = FakeProvider(script, otherwise=telling)

    result = await run(store, provider)

    assert result.verdict.written_by == "lab/c"
    assert [request.model for request in provider.asked("audit")] == ["lab/a"]


async def killed_at_the_audit(
    store: Store,
    *,
    shares: Mapping[Key, int] | None = None,
    limits: Mapping[str, int] | None = None,
    platform: PlatformName = "terminal",
) -> None:
    def dies(request: Request) -> Scripted:
        if stage_and_seat(request)[0] != "audit":
            return telling(request)
        dying.cancel()
        return asyncio.Event()

    dying = asyncio.create_task(
        run(
            store,
            FakeProvider(otherwise=dies),
            shares=shares,
            limits=limits,
            platform=platform,
        )
    )
    await asyncio.wait({dying})
    assert dying.cancelled()


async def test_a_kill_at_the_audit_loses_nothing_and_asks_for_it_alone(store: Store) -> None:
    await killed_at_the_audit(store)
    assert (await stored(store)).unsupported == ()
    provider = FakeProvider(otherwise=telling)

    result = await run(store, provider)

    assert [stage_and_seat(request) for request in provider.requests] == [("audit", 2)]
    assert result.unsupported == ("It is entirely free of charge",)
    assert await stored(store) == result

    silent = FakeProvider(otherwise=lambda request: ModelFailed("unreachable", "nobody is there."))
    assert await run(store, silent) == result
    assert silent.requests == []


SHARES: Mapping[Key, int] = {
    **{("answer", 0, seat): 100_000 for seat in range(3)},
    **{("review", 0, seat): 300_000 for seat in range(3)},
    ("verdict", 0, 3): 200_000,
    AUDIT: 4_000,
}
LIMITS = {"all": 5_000_000}


async def left(store: Store) -> int:
    found = (await store.left(ASKED_AT.date(), LIMITS)).left_micros
    assert found is not None
    return found


async def test_its_money_is_kept_beyond_the_verdict_and_then_given_back(store: Store) -> None:
    await killed_at_the_audit(store, shares=SHARES, limits=LIMITS)
    spent = await store.spent(ASKED_AT.date())
    assert LIMITS["all"] - spent - 4_000 <= await left(store) < LIMITS["all"] - spent

    await run(store, FakeProvider(otherwise=telling), shares=SHARES, limits=LIMITS)

    assert await left(store) == LIMITS["all"] - await store.spent(ASKED_AT.date())


async def test_where_the_rest_of_the_budget_is_gone_the_audit_has_its_share(store: Store) -> None:
    limits = {"all": sum(SHARES.values())}
    provider = FakeProvider(otherwise=telling)

    result = await run(store, provider, shares=SHARES, limits=limits)

    assert len(provider.asked("audit")) == 1
    assert result.unsupported != ()


async def test_a_stop_that_comes_at_the_audit_gives_its_money_back(store: Store) -> None:
    await killed_at_the_audit(store, shares=SHARES, limits=LIMITS)

    await (await store.begin("q1", LIMITS)).stop(Stop("person", ASKED_AT))

    assert await left(store) == LIMITS["all"] - await store.spent(ASKED_AT.date())
    assert (await stored(store)).answered


async def test_what_is_kept_for_texts_that_expired_is_given_back(store: Store) -> None:
    await killed_at_the_audit(store, shares=SHARES, limits=LIMITS)

    await store.expire(datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))

    assert await left(store) == LIMITS["all"] - await store.spent(ASKED_AT.date())


async def test_what_a_killed_command_kept_is_given_back_at_the_next_start(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    store = await Store.open(database, holder="tests")
    await killed_at_the_audit(store, shares=SHARES, limits=LIMITS, platform="cli")
    assert await left(store) < LIMITS["all"] - await store.spent(ASKED_AT.date())
    await store.close()

    store = await Store.open(database, holder="tests")
    try:
        assert await left(store) == LIMITS["all"] - await store.spent(ASKED_AT.date())
    finally:
        await store.close()
