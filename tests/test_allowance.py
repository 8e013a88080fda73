"""What a run may still spend: for any order of requests, bills and ends."""

from collections.abc import Collection
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from bot.allowance import (
    AUDIT,
    MARGIN,
    SUCCESSOR,
    Allowance,
    CallMoney,
    Key,
    checks_of,
    margin_of,
    needed_of,
)
from bot.council import Stage

KEYS: tuple[Key, ...] = (
    ("answer", 0, 0),
    ("answer", 0, 1),
    ("review", 0, 0),
    ("review", 0, 1),
    ("verdict", 0, 2),
    SUCCESSOR,
)

# A request of a call that wants so much, or the end of one: what part of its cap it cost in percent,
# and whether the call is over.
Steps = list[tuple[Key, int] | tuple[int, bool]]


@dataclass
class Budget:
    """A limit, and one run under it that does what it may."""

    limit: int
    allowance: Allowance
    spent: int = 0
    in_flight: list[tuple[Key, int]] = field(default_factory=list)

    @property
    def used(self) -> int:
        return self.spent + self.allowance.held

    def left(self) -> int:
        return self.limit - self.spent

    def money(self, key: Key) -> CallMoney:
        return self.allowance.calls.get(key, CallMoney())

    def start(self, key: Key, wanted: int) -> int:
        cap = min(wanted, self.allowance.room(key, self.left()))
        money = self.money(key)
        begun = CallMoney(money.counted, money.in_flight + cap, money.over)
        self.allowance = self.allowance.with_call(key, begun)
        self.in_flight.append((key, cap))
        return cap

    def end(self, percent: int, *, over: bool) -> None:
        key, cap = self.in_flight.pop(0)
        cost, money = cap * percent // 100, self.money(key)
        self.spent += cost
        # A final row stays, whatever a slower request of the same call does after it.
        ended = CallMoney(money.counted + cost, money.in_flight - cap, money.over or over)
        self.allowance = self.allowance.with_call(key, ended)

    def take(self, steps: Steps, *, keys: Collection[Key] = KEYS) -> None:
        """Requests of calls with these keys begin, and the first under way ends, step by step."""
        for what, how in steps:
            if isinstance(what, tuple) and what in keys:
                self.start(what, int(how))
            elif not isinstance(what, tuple) and self.in_flight:
                self.end(what, over=bool(how))


steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(KEYS), st.integers(0, 80)),
        st.tuples(st.integers(0, 100), st.booleans()),
    ),
    max_size=40,
)
shares = st.fixed_dictionaries({key: st.integers(0, 30) for key in (*KEYS, MARGIN)})


@given(shares=shares, besides=st.integers(0, 60), steps=steps)
def test_what_is_spent_and_set_aside_never_passes_a_limit(
    shares: dict[Key, int], besides: int, steps: Steps
) -> None:
    budget = Budget(sum(shares.values()) + besides, Allowance(shares))
    for what, how in steps:
        if isinstance(what, tuple):
            budget.start(what, int(how))
        elif budget.in_flight:
            budget.end(what, over=bool(how))
        assert budget.used <= budget.limit


@given(shares=shares, besides=st.integers(0, 60), steps=steps, stage=st.sampled_from(KEYS))
def test_a_call_finds_its_share_whatever_others_took(
    shares: dict[Key, int],
    besides: int,
    steps: Steps,
    stage: Key,
) -> None:
    budget = Budget(sum(shares.values()) + besides, Allowance(shares))
    later = [key for key in KEYS if KEYS.index(key) >= KEYS.index(stage)]
    budget.take(steps, keys=[key for key in KEYS if key not in later])
    for key in later:
        assert budget.start(key, shares[key]) == shares[key]


@given(shares=shares, besides=st.integers(0, 60), steps=steps, order=st.permutations(KEYS[2:]))
def test_reviews_and_the_verdict_beside_them_find_their_shares_in_any_order(
    shares: dict[Key, int],
    besides: int,
    steps: Steps,
    order: list[Key],
) -> None:
    budget = Budget(sum(shares.values()) + besides, Allowance(shares, reviewing=True))
    budget.take(steps, keys=[key for key in KEYS if key[0] == "answer"])
    for key in order:
        assert budget.start(key, shares[key]) == shares[key]
    assert budget.used <= budget.limit


@given(shares=shares, besides=st.integers(0, 60), steps=steps, key=st.sampled_from(KEYS))
def test_of_what_there_is_room_for_a_call_takes_its_share_at_least_and_leaves_the_margin(
    shares: dict[Key, int],
    besides: int,
    steps: Steps,
    key: Key,
) -> None:
    budget = Budget(sum(shares.values()) + besides, Allowance(shares))
    budget.take(steps, keys=[other for other in KEYS if other != key])
    room = budget.allowance.room(key, budget.left())
    part = budget.allowance.part(key, room)
    assert part <= room
    assert part >= min(room, shares[key])
    assert part <= shares[key] or 4 * part <= room - shares[MARGIN]


@given(shares=shares, stage=st.sampled_from(["answer", "review", "verdict"]))
def test_every_call_of_a_stage_is_asked_again_where_nobody_tells_what_it_cost(
    shares: dict[Key, int], stage: Stage
) -> None:
    shares = {**shares, MARGIN: margin_of({key: shares[key] for key in KEYS})}
    budget = Budget(sum(shares.values()), Allowance(shares))
    for each in ("answer", "review", "verdict"):
        keys = [key for key in KEYS if key[0] == each and key != SUCCESSOR]
        for key in keys * (2 if each == stage else 1):
            asked = min(100, budget.allowance.part(key, budget.allowance.room(key, budget.left())))
            assert budget.start(key, asked) == shares[key]
        while budget.in_flight:
            budget.end(100, over=False)
    assert budget.start(SUCCESSOR, shares[SUCCESSOR]) == shares[SUCCESSOR]
    assert budget.used <= budget.limit


@given(shares=shares, besides=st.integers(0, 200), key=st.sampled_from(KEYS))
def test_a_second_request_goes_only_where_whatever_is_needed_after_it_finds_its_share(
    shares: dict[Key, int], besides: int, key: Key
) -> None:
    budget = Budget(sum(shares.values()) + besides, Allowance(shares))
    budget.start(key, shares[key])
    budget.start(key, shares[key])
    again = (key, *(other for other in KEYS[KEYS.index(key) :] if other != key))
    room = budget.allowance.room(key, budget.left())
    if budget.allowance.spare(key, room) >= 0:
        assert [budget.start(each, shares[each]) for each in again] == [shares[k] for k in again]
    else:
        assert room < max(shares[key], shares[MARGIN])
    assert budget.used <= budget.limit


@given(shares=shares, besides=st.integers(0, 60), steps=steps, key=st.sampled_from(KEYS))
def test_nobody_hopes_for_less_than_there_is_room_for(
    shares: dict[Key, int],
    besides: int,
    steps: Steps,
    key: Key,
) -> None:
    budget = Budget(sum(shares.values()) + besides, Allowance(shares))
    budget.take(steps)
    room = budget.allowance.room(key, budget.left())
    assert room <= max(budget.allowance.hope(key, budget.left()), 0)


def run(*counted: tuple[Stage, int, int], shares: dict[Key, int]) -> Allowance:
    calls = {(stage, 0, seat): CallMoney(paid, 0, True) for stage, seat, paid in counted}
    return Allowance(shares, calls)


SHARES: dict[Key, int] = {("answer", 0, 0): 10, ("answer", 0, 1): 10, ("verdict", 0, 2): 5}


def test_what_a_call_leaves_of_its_share_is_for_whoever_needs_more() -> None:
    allowance = run(("answer", 0, 4), shares=SHARES)

    assert allowance.held == 21
    assert allowance.room(("answer", 0, 1), left=21) == 16


def test_what_is_free_in_the_budget_is_for_whoever_needs_more() -> None:
    assert Allowance(SHARES).room(("answer", 0, 0), left=25 + 7) == 17


def test_a_retry_has_what_its_first_try_left_and_no_others_share() -> None:
    failed = Allowance(SHARES, {("answer", 0, 0): CallMoney(counted=8)})

    assert failed.room(("answer", 0, 0), left=17) == 2


def test_calls_of_a_stage_that_is_over_need_nothing_more() -> None:
    allowance = run(("answer", 0, 10), shares=SHARES)

    assert allowance.room(("verdict", 0, 2), left=15) == 15


def test_a_run_that_ended_holds_no_more_than_it_has_in_flight() -> None:
    assert Allowance({}, {("review", 0, 1): CallMoney(3, 4)}).held == 4


def test_a_call_hopes_for_what_others_hold_but_not_for_what_later_calls_need() -> None:
    allowance = Allowance(SHARES, {("answer", 0, 1): CallMoney(in_flight=10)})

    assert allowance.room(("answer", 0, 0), left=25) == 10
    assert allowance.hope(("answer", 0, 0), unspent=25) == 20


STAND_IN = {**SHARES, SUCCESSOR: 6}


def test_whoever_writes_in_the_chairmans_place_finds_a_share_whatever_it_took() -> None:
    failed = run(("answer", 0, 10), ("answer", 1, 10), ("verdict", 2, 5), shares=STAND_IN)
    later: Key = ("verdict", 1, 2)

    assert failed.whose(("verdict", 0, 1)) == failed.whose(later) == SUCCESSOR
    assert failed.whose(("verdict", 0, 2)) == ("verdict", 0, 2)
    assert failed.room(SUCCESSOR, left=6) == 6


def test_the_chairman_does_not_ask_again_with_what_its_successor_needs() -> None:
    failed = Allowance(STAND_IN, {("verdict", 0, 2): CallMoney(counted=5)})

    assert failed.room(("verdict", 0, 2), left=6) == 0


def test_a_verdict_to_be_begun_again_has_as_much_as_the_first_time() -> None:
    again: Key = ("verdict", 1, 2)
    allowance = Allowance({**STAND_IN, MARGIN: 20}, reviewing=True).with_restart()

    assert allowance.shares == {**STAND_IN, MARGIN: 20, again: 5}
    assert allowance.with_restart() == allowance
    assert allowance.reviewing
    assert allowance.whose(again) == again
    assert allowance.whose(("verdict", 1, 0)) == SUCCESSOR
    assert Allowance().with_restart() == Allowance()


def test_whoever_stood_in_for_the_chairman_leaves_it_money_to_begin_again() -> None:
    again: Key = ("verdict", 1, 2)
    stood_in = {("verdict", 0, 2): CallMoney(5, 0), SUCCESSOR: CallMoney(6, 0, True)}
    allowance = Allowance({**STAND_IN, again: 5}, stood_in)

    assert allowance.held == 25
    assert allowance.room(("answer", 0, 0), left=5) == 0
    assert allowance.room(again, left=5) == 5


def test_a_question_needs_no_money_for_a_chairman_that_fails() -> None:
    assert needed_of(STAND_IN) == 25


def test_a_margin_is_what_the_dearest_stage_takes() -> None:
    assert margin_of(SHARES) == 20
    assert margin_of({**SHARES, ("review", 0, 0): 24}) == 24
    assert margin_of({}) == 0
    assert needed_of({**SHARES, MARGIN: 20}) == 45


def test_checks_of_a_verdict_keep_their_shares_to_the_end() -> None:
    again: Key = ("review", 1, 0)
    shares: dict[Key, int] = {("review", 0, 0): 5, ("verdict", 0, 2): 7, again: 3, AUDIT: 2}
    begun = Allowance(checks_of(shares)).with_call(("verdict", 0, 2), CallMoney(7, over=True))

    assert begun.held == 5
    assert begun.room(again, 5) == 3
    assert begun.whose(("audit", 0, 1)) == AUDIT
    assert begun.room(AUDIT, 5) == 2
