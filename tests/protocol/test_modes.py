"""The modes beside that of the whole council, with scripted models and a store in memory."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.council import Council, Plurality, Side
from bot.llm import Request
from bot.modes import MODES as MEANINGS
from bot.protocol import ranking
from bot.protocol.comparing import values
from bot.protocol.events import AnswerGiven, Event, Grown, MemberFailed, ReviewGiven, Started
from bot.protocol.modes import MODES
from bot.store.store import Store
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat
from tests.protocol.deliberating import CHAIR, FOUR, final, question, run

pytestmark = pytest.mark.usefixtures("own_time")


def test_every_mode_is_explained_in_a_line_that_forms_can_show() -> None:
    assert tuple(MEANINGS) == tuple(MODES)
    assert [name for name, does in MEANINGS.items() if len(str(does)) > 75] == []


# --- what holds in each


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("after", range(1, 9))
async def test_a_run_that_ends_anywhere_goes_on_and_pays_nothing_twice(
    store: Store, mode: str, after: int
) -> None:
    council = replace(FOUR, mode=mode)
    first, second = FakeProvider(), FakeProvider()
    seen = 0

    def die(event: Event) -> None:
        nonlocal seen
        seen += isinstance(event, AnswerGiven | ReviewGiven)
        if seen == after:
            dying.cancel()

    dying = asyncio.create_task(run(store, first, council=council, watch=die))
    await asyncio.wait({dying})
    paid = {(call.stage, call.round, call.seat) for call in await store.calls("q1")}

    resumed = await run(store, second, council=council)

    asked_again = {(*stage_and_seat(request), request.tag) for request in second.requests}
    assert not {(s, int(tag.split("/")[2]), seat) for s, seat, tag in asked_again} & paid
    calls = Counter((c.stage, c.round, c.seat) for c in await store.calls("q1"))
    assert set(calls.values()) == {1}
    whole = await run(store, FakeProvider(), council=council, asked=question("q2"))
    assert replace(resumed.deliberation.verdict, ballots=None) == replace(
        whole.deliberation.verdict, ballots=None
    )


@pytest.mark.parametrize("mode", MODES)
async def test_where_nobody_answers_there_is_an_apology(store: Store, mode: str) -> None:
    provider = FakeProvider(otherwise=lambda request: final())

    done = await run(store, provider, council=replace(FOUR, mode=mode))

    result = done.deliberation
    assert result.verdict.text.startswith("**Sorry, no member of the council could answer.**")
    assert (result.answered, result.has_verdict, result.degraded) == (False, False, True)
    assert len(result.members) == 4
    assert Counter(map(type, done.events))[MemberFailed] == 4
    assert {stage_and_seat(request)[0] for request in provider.requests} == {"answer"}


# --- compare


async def test_answers_that_people_compare_are_neither_reviewed_nor_judged(store: Store) -> None:
    done = await run(store, FakeProvider(), council=replace(FOUR, mode="compare"))

    result = done.deliberation
    assert [stage_and_seat(request)[0] for request in done.provider.requests] == ["answer"] * 4
    assert [answer.label for answer in result.answers] == ["A", "B", "C", "D"]
    assert (result.reviews, result.standings) == ((), ())
    assert result.verdict.text == (
        "There is no verdict: the answers stand side by side, and people say which is best."
    )
    assert (result.verdict.written_by, result.verdict.fallback, result.verdict.label) == (None,) * 3
    assert (result.mode, result.degraded, result.has_verdict) == ("compare", False, False)
    assert result.timings.verdict is not None


async def test_one_answer_to_compare_is_no_verdict_either(store: Store) -> None:
    script = {("answer", seat): [final()] for seat in range(3)}

    done = await run(store, FakeProvider(script), council=replace(FOUR, mode="compare"))

    assert len(done.deliberation.answers) == 1
    assert done.deliberation.degraded
    assert not done.deliberation.has_verdict
    assert done.deliberation.verdict.fallback is None


# --- vote

VOTE, QUICK = replace(FOUR, mode="vote"), replace(FOUR, mode="quick")


def saying(**answers: str) -> Callable[[Request], Scripted]:
    """What the members say by their labels, for the seed of these tests; else what is sensible."""
    labels = ranking.labels(question().seed, 4)

    def reply(request: Request) -> Scripted:
        stage, seat = stage_and_seat(request)
        said = answers.get(labels[seat]) if stage == "answer" else None
        said = answers.get(stage, said)
        return final() if said == "fails" else said or sensible(request)

    return reply


async def test_what_most_answers_say_is_the_verdict_with_its_counts(store: Store) -> None:
    said = saying(A="It is **18**.", B="The answer is 20.", C="Final answer: 18", D="18")

    done = await run(store, FakeProvider(otherwise=said), council=VOTE)

    result = done.deliberation
    assert {stage_and_seat(request)[0] for request in done.provider.requests} == {"answer"}
    assert result.vote == Plurality(
        "number", (Side("18", ("A", "C", "D")), Side("20", ("B",))), "18", tie=False
    )
    assert result.verdict.text == (
        "**The answer is 18.** 3 of 4 say so: Answers A, C, D. Answer B says 20."
    )
    assert (result.verdict.written_by, result.verdict.fallback) == (None, None)
    assert result.verdict.label in {"A", "C", "D"}
    assert result.agreement.same_answer == 3
    assert (result.reviews, result.standings, result.not_asked) == ((), (), ())


async def test_an_answer_that_says_nothing_to_count_is_told(store: Store) -> None:
    said = saying(
        A="Yes.", B="That depends on much, as one may well think of it.", C="Yes!", D="No"
    )

    done = await run(store, FakeProvider(otherwise=said), council=VOTE)

    assert done.deliberation.verdict.text == (
        "**The answer is yes.** 2 of 4 say so: Answers A, C. Answer D says no. "
        "Answer B gives none that can be counted."
    )


@pytest.mark.parametrize("value", ["18", "B", "yes", "Paris"])
async def test_the_value_can_be_read_from_the_verdict(store: Store, value: str) -> None:
    text = "Which?\nA) one\nB) two" if value == "B" else "Which?"
    said = saying(**dict.fromkeys("ABC", f"Final answer: {value}"), D="Final answer: 3")

    done = await run(store, FakeProvider(otherwise=said), council=VOTE, asked=question(text=text))

    found = values(text, {"verdict": done.deliberation.verdict.text})["verdict"]
    assert found.text == value


async def test_a_tie_goes_to_the_chairman_alone(store: Store) -> None:
    said = saying(A="18", B="20", C="20", D="18", verdict="**It is 20.** (B)\n\nFinal answer: 20")

    done = await run(store, FakeProvider(otherwise=said), council=VOTE)

    result = done.deliberation
    stages = [stage_and_seat(request) for request in done.provider.requests]
    assert stages[4:] == [("verdict", CHAIR)]
    assert result.vote == Plurality(
        "number", (Side("18", ("A", "D")), Side("20", ("B", "C"))), "20", tie=True
    )
    assert result.verdict.written_by == "lab/chair"
    assert (result.verdict.label, result.agreement.same_answer) == (None, 2)
    prompt = done.provider.asked("verdict")[0].messages[-1].content
    assert "- Answer A, Answer D\n- Answer B, Answer C\n" in prompt


async def test_a_chairman_that_takes_no_side_leaves_no_winner(store: Store) -> None:
    said = saying(A="18", B="20", C="20", D="18", verdict="**Neither.** It is 19.")

    done = await run(store, FakeProvider(otherwise=said), council=VOTE)

    assert done.deliberation.vote
    assert (done.deliberation.vote.winner, done.deliberation.vote.tie) == (None, True)
    assert done.deliberation.has_verdict


async def test_where_the_chairman_cannot_one_of_the_tied_breaks_the_tie(store: Store) -> None:
    said = saying(A="18", B="20", C="20", D="18", E="")

    def reply(request: Request) -> Scripted:
        return final() if stage_and_seat(request) == ("verdict", CHAIR) else said(request)

    done = await run(store, FakeProvider(otherwise=reply), council=VOTE)

    assert done.deliberation.verdict.fallback == "next_member"
    assert done.deliberation.verdict.chairman_error
    assert done.deliberation.vote
    assert done.deliberation.vote.tie


async def test_a_tie_that_nobody_breaks_is_told_as_one(store: Store) -> None:
    said = saying(A="18", B="20", C="20", D="18", verdict="fails")

    done = await run(store, FakeProvider(otherwise=said), council=VOTE)

    result = done.deliberation
    assert result.verdict.text == (
        "**It is a tie: 18 or 20.** Answers A, D say 18. Answers B, C say 20."
    )
    assert (result.verdict.written_by, result.verdict.fallback) == (None, None)
    assert result.verdict.chairman_error
    assert result.vote
    assert (result.vote.winner, result.vote.tie, result.has_verdict) == (None, True, False)


async def test_a_question_that_is_not_closed_goes_on_as_in_a_council(store: Store) -> None:
    words = "One may see it in several ways, and each of them has some merit of its own, "
    said = saying(A=f"{words}I think.", B=f"{words}I guess.", C=f"{words}I hope.", D="No")

    done = await run(store, FakeProvider(otherwise=said), council=VOTE)

    result = done.deliberation
    assert (result.vote, result.escalated) == (None, False)
    assert len(result.reviews) == 4
    assert result.verdict.written_by == "lab/chair"


# --- quick


def two_first() -> list[str]:
    """The models of the two that are asked first, as their labels have it."""
    labels = ranking.labels(question().seed, 4)
    return [FOUR.members[labels.index(label)] for label in "AB"]


async def test_two_that_agree_are_enough_and_nobody_else_is_asked(store: Store) -> None:
    said = saying(A="It is **18**.", B="Final answer: 18")

    done = await run(store, FakeProvider(otherwise=said), council=QUICK)

    result = done.deliberation
    assert [request.model for request in done.provider.requests] == sorted(two_first())
    assert [member.label for member in result.members] == ["A", "B"]
    assert set(result.not_asked) == set(FOUR.members) - set(two_first())
    assert (result.degraded, result.escalated, result.reviews) == (False, False, ())
    assert result.verdict.label in {"A", "B"}
    answer = next(a for a in result.answers if a.label == result.verdict.label)
    assert (result.verdict.text, result.verdict.seat) == (answer.text, answer.seat)
    assert (result.verdict.written_by, result.verdict.fallback) == (None, None)
    assert result.agreement.same_answer == 2
    assert done.events[0] == Started(tuple((label, _seat(label)) for label in "AB"))


async def test_either_of_the_two_is_the_verdict_by_lot(store: Store) -> None:
    drawn = Counter[str | None]()
    for seed in range(60):
        done = await run(
            store,
            FakeProvider(otherwise=lambda request: "Yes."),
            council=QUICK,
            asked=question(f"q{seed}", seed=seed),
        )
        drawn[done.deliberation.verdict.label] += 1

    assert set(drawn) == {"A", "B"}
    assert min(drawn.values()) > 15


async def test_two_that_do_not_agree_grow_into_the_council_with_what_they_said(
    store: Store,
) -> None:
    said = saying(A="18", B="20", C="20", D="20")

    done = await run(store, FakeProvider(otherwise=said), council=QUICK)

    result = done.deliberation
    stages = Counter(stage_and_seat(request)[0] for request in done.provider.requests)
    assert stages["answer"] == 4
    assert stages["verdict"] >= 1
    assert (result.escalated, result.not_asked, len(result.members)) == (True, (), 4)
    assert result.verdict.written_by == "lab/chair"
    assert len(result.reviews) == 4
    assert [type(event) for event in done.events].count(Grown) == 1


@pytest.mark.parametrize("first", [{"A": "fails"}, {"A": "fails", "B": "fails"}])
async def test_where_one_of_the_two_fails_all_are_asked(
    store: Store, first: dict[str, str]
) -> None:
    done = await run(store, FakeProvider(otherwise=saying(**first)), council=QUICK)

    result = done.deliberation
    assert (result.escalated, result.degraded) == (True, True)
    assert len(result.answers) == 4 - len(first)
    assert result.verdict.written_by == "lab/chair"


async def test_one_of_the_two_that_hangs_is_not_waited_for(store: Store) -> None:
    never = asyncio.Event()
    slow = _seat("B")

    done = await run(store, FakeProvider({("answer", slow): [never, never]}), council=QUICK)

    assert done.deliberation.escalated
    assert [m.label for m in done.deliberation.members if m.status == "failed"] == ["B"]
    assert len(done.deliberation.answers) == 3


@pytest.mark.parametrize("members", [1, 2])
async def test_a_small_council_is_asked_whole(store: Store, members: int) -> None:
    council = replace(QUICK, members=QUICK.members[:members])

    done = await run(store, FakeProvider(), council=council)

    result = done.deliberation
    assert (len(result.answers), result.not_asked) == (members, ())
    assert result.verdict.fallback == ("only_answer" if members == 1 else None)
    assert result.degraded is False


@pytest.mark.parametrize("council", [VOTE, QUICK])
async def test_members_are_told_how_their_answers_are_compared(
    store: Store, council: Council
) -> None:
    done = await run(store, FakeProvider(), council=council)

    system = done.provider.asked("answer")[0].messages[0].content
    assert system.count("`Final answer: ...`") == 1


def _seat(label: str) -> int:
    return ranking.labels(question().seed, 4).index(label)


# --- what can be compared, in every mode


@pytest.mark.parametrize("mode", ["council", "quick", "compare", "vote", "debate", "deep"])
async def test_no_mode_claims_agreement_across_a_doubt(store: Store, mode: str) -> None:
    """What some write for 1234 is to others a little more than one."""
    texts = dict(zip("ABCD", ("1.234", "1,234") * 2, strict=True))
    labels = ranking.labels(question().seed, 4)

    def reply(request: Request) -> Scripted:
        stage, seat = stage_and_seat(request)
        if stage in ("answer", "revision"):
            return f"Final answer: {texts[labels[seat]]}"
        return sensible(request)

    done = await run(store, FakeProvider(otherwise=reply), council=replace(FOUR, mode=mode))

    result = done.deliberation
    assert len(result.answers) == 4
    assert (result.vote, result.agreement.same_answer) == (None, None)


@pytest.mark.parametrize("mode", ["council", "quick", "vote"])
async def test_those_that_answered_are_counted_where_a_member_failed(
    store: Store, mode: str
) -> None:
    said = saying(A="fails", B="Final answer: $1,200", C="1200 dollars", D="Answer: 1.2k USD")

    done = await run(store, FakeProvider(otherwise=said), council=replace(FOUR, mode=mode))

    assert done.deliberation.agreement.same_answer == 3
