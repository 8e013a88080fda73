"""What holds in every mode, whatever fails: a reply that says so, no money left set aside, and no word
of who sits where before somebody has voted."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

import pytest

from bot.chat import HEADLINE, RANKING, Person, Refused
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.presses import Press
from bot.errors import ModelFailed
from bot.llm import Completion, Request
from bot.modes import MODES
from bot.records import Case
from tests.conversation.room import (
    BOB,
    CHANNEL,
    Held,
    Room,
    accepted,
    case_of,
    mention,
    running,
    served,
    words,
)
from tests.conversation.test_holding import Priced
from tests.fakes.council import CHAIRMAN, MEMBERS
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat
from tests.fakes.watched import eventually

CHAIR = len(MEMBERS)
PLENTY = Rules(daily_budget_micros=50_000_000)
# Micro-dollars of each call, by the seat: as people would read them, no sum of others.
COSTS = (1_111_000, 2_333_000, 4_777_000, 9_199_000)


def failing(*failed: tuple[str, int]) -> FakeProvider:
    """Of these stages and seats nothing comes; the others agree on nothing."""

    def reply(request: Request) -> Scripted:
        if stage_and_seat(request) in failed:
            return ModelFailed("refused", "It will not do that.")
        # Too much for a value that could be counted.
        reasons = " It has its reasons. They are of many kinds." * 3
        return sensible(request) + reasons * (stage_and_seat(request)[0] == "answer")

    return FakeProvider(otherwise=reply)


def room_of(app: App) -> Room:
    room = app.platforms["discord"]
    assert isinstance(room, Room)
    return room


async def served_in(mode: str, provider: FakeProvider) -> tuple[Case, list[str]]:
    """A question that is over, and the keys of what was posted."""
    async with running(provider, rules=PLENTY) as app:
        id = await served(app, mention(f"/{mode} Is it right?"))
        day = app.now().date()
        assert (await app.store.account(day, "all")).reserved_micros == 0
        return await case_of(app, id), room_of(app).keys(id)


@pytest.mark.parametrize("mode", MODES)
async def test_where_nobody_answers_the_headline_is_the_apology(mode: str) -> None:
    case, keys = await served_in(mode, failing(*(("answer", seat) for seat in range(CHAIR))))
    assert case.result
    assert not case.result.answered
    assert "no member of the council could answer" in case.result.verdict.text
    assert RANKING not in keys


@pytest.mark.parametrize("mode", MODES)
async def test_one_answer_alone_stands_for_the_verdict_or_is_compared_with_nothing(
    mode: str,
) -> None:
    case, keys = await served_in(mode, failing(("answer", 1), ("answer", 2)))
    assert case.result
    assert (case.result.degraded, len(case.result.answers)) == (True, 1)
    assert case.result.verdict.fallback == (None if mode == "compare" else "only_answer")
    assert (keys[0], keys[-1]) == (HEADLINE, RANKING)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "compare"])
async def test_a_chairman_that_fails_costs_no_run(mode: str) -> None:
    case, keys = await served_in(mode, failing(("verdict", CHAIR)))
    assert case.result
    assert case.result.verdict.fallback == "next_member"
    assert case.result.verdict.chairman_error
    assert keys[-1] == RANKING


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "compare"])
async def test_where_nobody_can_write_the_answer_ranked_first_is_the_verdict(mode: str) -> None:
    seats = (*range(CHAIR), CHAIR)
    case, keys = await served_in(mode, failing(*(("verdict", seat) for seat in seats)))
    assert case.result
    assert case.result.verdict.fallback == "top_answer"
    assert keys[-1] == RANKING


@pytest.mark.parametrize("mode", MODES)
async def test_a_failed_review_or_revision_leaves_a_verdict(mode: str) -> None:
    case, keys = await served_in(mode, failing(("review", 0), ("revision", 1)))
    assert case.result
    assert (len(case.result.answers), keys[-1]) == (3, RANKING)
    assert case.result.verdict.fallback is None


@pytest.mark.parametrize("mode", MODES)
async def test_what_no_budget_could_pay_is_refused_before_anything_is_asked(mode: str) -> None:
    provider = Priced()
    async with running(provider, rules=Rules(daily_budget_micros=10)) as app:
        taken = await app.questions.accept(mention(f"/{mode} Is it right?"))
        assert isinstance(taken, Refused)
        assert "of today's $0.00 is left" in words(taken.document)
        assert provider.requests == []


@pytest.mark.parametrize("mode", MODES)
async def test_a_question_that_is_stopped_says_so_and_keeps_no_money(mode: str) -> None:
    provider = Held("pineapple")
    async with running(provider, rules=PLENTY) as app:
        id = await accepted(app, mention(f"/{mode} pineapple?"))
        await provider.until_asked("pineapple")
        app.running.stop(id, BOB.id)
        await app.running.finished(id)
        assert (await case_of(app, id)).status == "stopped"
        assert room_of(app).documents[id, HEADLINE].state == "stopped"

        async def given_back() -> bool:
            return not (await app.store.account(app.now().date(), "all")).reserved_micros

        await eventually(given_back)
        provider.release()


# --- nobody learns who sits where


class Dear(FakeProvider):
    """Each seat has a price of its own."""

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        done = await super().complete(request, on_text)
        _, seat = stage_and_seat(request)
        return Completion(done.text, "stop", 100, 20, COSTS[max(seat, 0)])


def tells(shown: str) -> Collection[str]:
    """What it says of a seat."""
    names = [*MEMBERS, CHAIRMAN, *(model.partition("/")[2] + "`" for model in MEMBERS)]
    prices = [f"{micros / 1e6:.2f}" for micros in COSTS]
    return [each for each in (*names, *prices) if each in shown]


@pytest.mark.parametrize("otherwise", [sensible, None], ids=["well", "badly"])
@pytest.mark.parametrize("mode", MODES)
async def test_no_post_and_no_button_tells_who_sits_where_before_a_vote(
    mode: str, otherwise: Callable[[Request], Scripted] | None
) -> None:
    """At every state of every post, and on whatever comes of its buttons."""
    provider = Dear(otherwise=otherwise or failing(("answer", 2), ("verdict", CHAIR))._otherwise)
    async with running(provider) as app:
        room = Remembering(app)
        app.platforms |= {"discord": room}
        id = await served(app, mention(f"/{mode} Is it right?", thread="thread"))

        assert len(room.states) >= 4
        assert [tells(state) for state in room.states if tells(state)] == []
        for name in {button for _, button in room.buttons} - {"again", "stop", "enough"}:
            pressed = await app.actions.press(a_press(id, BOB, *name.split(":")))
            assert tells(repr(pressed)) == [], name


class Watched(Priced):
    """Each seat has a price of its own, and `look` is awaited at every answer."""

    def __init__(self, look: Callable[[], Awaitable[None]], costs: Sequence[int]) -> None:
        super().__init__()
        self._look, self._costs = look, costs

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        stage, seat = stage_and_seat(request)
        if stage == "answer":
            await asyncio.sleep(0.02 * seat)  # one after the other, as people see them come
            await self._look()
        done = await super().complete(request, on_text)
        return Completion(done.text, "stop", 100, 20, self._costs[seat])


# Once less than is set aside for a call, once more than is for all of them.
@pytest.mark.parametrize("costs", [[each // 1_000 for each in COSTS], COSTS], ids=["less", "more"])
@pytest.mark.parametrize("rules", [PLENTY, Rules()], ids=["limited", "without limits"])
@pytest.mark.parametrize("mode", MODES)
async def test_no_budget_tells_what_an_answer_cost_before_the_verdict(
    mode: str, rules: Rules, costs: Sequence[int]
) -> None:
    """Whoever looks at it after each answer subtracts."""
    seen: list[str] = []

    async def look() -> None:
        seen.append(repr((await app.budget.lines(CHANNEL, BOB), await app.health(CHANNEL))))

    provider = Watched(look, costs)
    async with running(provider, rules=rules) as app:
        id = await served(app, mention(f"/{mode} Is it right?"))

        assert len(seen) == 3
        assert len(set(seen)) == 1
        result = (await case_of(app, id)).result
        [line, *_] = await app.budget.lines(CHANNEL, BOB)
        assert result
        assert line.account.spent_micros / 1e6 == pytest.approx(result.cost_usd)


class Remembering(Room):
    """Keeps each state of each post, and every button that stood below one."""

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self.states: list[str] = []
        self.buttons: set[tuple[str, str]] = set()

    async def post(self, id: str, key: str, document: object) -> None:
        self.states.append(repr(document))
        self.buttons |= {(key, each.name) for each in getattr(document, "buttons", ())}
        await super().post(id, key, document)  # type: ignore[arg-type]  # a Document, as handed in


def a_press(id: str, person: Person, *what: str) -> Press:
    return Press(person, id, what, sees=lambda case: True)
