"""What is read out of calls, and the result that they add up to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bills import Bill, total
from bot.council import (
    Answer,
    Call,
    Council,
    Deliberation,
    Earlier,
    Evidence,
    Failure,
    Past,
    Question,
    Review,
    Stage,
    Standing,
    Verdict,
)
from bot.protocol import outcome

ASKED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COUNCIL = Council(("lab/a", "lab/b", "lab/c"), "lab/chair")
# Seed 1 labels the seats 0, 1, 2 as A, C, B.
QUESTION = Question("q1", "Is a monolith right?", 1, ASKED_AT)
ORDER = ("A", "B", "C")


def call(
    stage: Stage = "answer",
    seat: int = 0,
    text: str | None = "It is.",
    *,
    ends: float = 2,
    starts: float = 1,
    first_text: float | None = None,
    failure: Failure | None = None,
    finish_reason: str = "stop",
    cost_micros: int | None = 7,
) -> Call:
    def moment(seconds: float) -> datetime:
        return ASKED_AT + timedelta(seconds=seconds)

    return Call(
        stage=stage,
        round=0,
        seat=seat,
        model=COUNCIL.model(seat),
        started_at=moment(starts),
        finished_at=moment(ends),
        first_text_at=None if first_text is None else moment(first_text),
        text=None if failure else text,
        failure=failure,
        finish_reason="" if failure else finish_reason,
        prompt_tokens=0 if failure else 100,
        completion_tokens=0 if failure else 20,
        cost_micros=None if failure else cost_micros,
    )


TIMED_OUT = Failure("timed_out", "no complete answer before the deadline.")
CHAIR = COUNCIL.chairman_seat
VERDICT = Verdict("**Yes.**", "lab/chair", None, None, None, CHAIR)


def result(
    calls: Sequence[Call],
    *,
    reviews: Sequence[Review] = (),
    verdict: Verdict = VERDICT,
    stopped_at: datetime | None = None,
) -> Deliberation:
    return outcome.outcome(
        QUESTION,
        COUNCIL,
        calls,
        answers=outcome.answers(QUESTION, COUNCIL, calls),
        reviews=reviews,
        standings=[Standing("B", "lab/c", 1.0, len(reviews), len(reviews))],
        verdict=verdict,
        requests=11,
        paid=total(Bill(c.prompt_tokens, c.completion_tokens, c.cost_micros) for c in calls),
        stopped_at=stopped_at,
    )


# --- answers and reviews


def test_an_answer_carries_its_label_and_what_it_took() -> None:
    given = outcome.answer(QUESTION, COUNCIL, call(seat=2, text="It is.", starts=1, ends=3.5))

    assert given == Answer(
        label="B",
        model="lab/c",
        text="It is.",
        seconds=2.5,
        prompt_tokens=100,
        completion_tokens=20,
        cost_usd=0.000007,
        leaks=0,
        seat=2,
        finish_reason="stop",
    )


def test_an_answer_is_kept_as_written_and_its_leaks_are_counted() -> None:
    given = outcome.answer(QUESTION, COUNCIL, call(text="As Claude, I say so."))

    assert (given.text, given.leaks) == ("As Claude, I say so.", 1)


def test_a_leak_counts_also_where_the_question_names_the_model() -> None:
    asked = replace(QUESTION, text="Are you Claude, GPT or Gemini?")

    assert outcome.answer(asked, COUNCIL, call(text="I'm Claude.")).leaks == 1


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        *(
            (reason, "stop")
            for reason in ("stop", "", "STOP", "end_turn", "eos_token", "completed")
        ),
        *((reason, "length") for reason in ("length", "max_tokens", "MAX_OUTPUT_TOKENS")),
        *((reason, "filtered") for reason in ("content_filter", "content_filter: X", "SAFETY")),
        *((r, "broken") for r in ("insufficient_system_resource", "incomplete", "error", "abort")),
    ],
)
def test_every_provider_names_an_end_in_its_way(reason: str, finish: str) -> None:
    assert outcome.finish(reason) == finish


@pytest.mark.parametrize("reason", ["length", "content_filter", "insufficient_system_resource"])
def test_a_review_that_was_broken_off_in_its_ranking_is_no_ballot(reason: str) -> None:
    cut = call("review", 1, "FINAL RANKING:\n1. Answer B\n2.", finish_reason=reason)

    assert not outcome.review("C", ORDER, cut).counted


def test_an_answer_without_a_price_counts_as_zero() -> None:
    assert outcome.answer(QUESTION, COUNCIL, call(cost_micros=None)).cost_usd == 0


def test_only_calls_that_gave_an_answer_are_answers_in_the_order_of_labels() -> None:
    calls = [
        call("review", 0),
        call(seat=1, text="the second"),
        call(seat=2, failure=TIMED_OUT),
        call(seat=0, text="the first"),
    ]

    given = outcome.answers(QUESTION, COUNCIL, calls)

    assert [(answer.label, answer.text) for answer in given] == [
        ("A", "the first"),
        ("C", "the second"),
    ]


def test_a_review_is_read_for_its_ballot() -> None:
    text = "Fine.\n\nFINAL RANKING:\n1. Answer B\n2. Answer A\n3. Answer C"

    review = outcome.review("C", ORDER, call("review", 1, text, starts=4, ends=6))

    assert review == Review(
        model="lab/b",
        label="C",
        order=ORDER,
        ranking=(("B",), ("A",), ("C",)),
        counted=True,
        text=text,
        seconds=2.0,
        error=None,
        seat=1,
    )


def test_a_review_without_a_ranking_does_not_count() -> None:
    review = outcome.review("C", ORDER, call("review", 1, "Answer B is fine."))

    assert (review.counted, review.ranking, review.text) == (False, (), "Answer B is fine.")


def test_a_review_cut_off_within_its_ranking_does_not_count() -> None:
    cut = call("review", 1, "FINAL RANKING:\n1. Answer B\n2.", finish_reason="length")

    assert not outcome.review("C", ORDER, cut).counted


def test_a_review_cut_off_behind_its_whole_ranking_counts() -> None:
    cut = call("review", 1, "FINAL RANKING: B > A > C\n\nAnd", finish_reason="length")

    assert outcome.review("C", ORDER, cut).ranking == (("B",), ("A",), ("C",))


def test_a_failed_review_names_what_failed() -> None:
    review = outcome.review("C", ORDER, call("review", 1, failure=TIMED_OUT))

    assert (review.text, review.counted) == ("", False)
    assert review.error == "timed_out: no complete answer before the deadline."


# --- dissent


@pytest.mark.parametrize(
    "line",
    [
        "Dissent: a split later costs more.",
        "**Dissent:** a split later costs more.",
        "**Dissent: a split later costs more.**",
        "dissent: a split later costs more.",
        "> Dissent: a split later costs more.  ",
        "- *Dissent:* a split later costs more.",
    ],
)
def test_the_closing_line_is_the_dissent_however_it_is_decorated(line: str) -> None:
    assert outcome.split_dissent(f"**Yes.** Enough.\n\n{line}\n") == (
        "**Yes.** Enough.",
        "a split later costs more.",
    )


@pytest.mark.parametrize("line", ["Dissent: none.", "Dissent: None", "Dissent:", "Dissent: n/a"])
def test_no_dissent_is_left_out(line: str) -> None:
    assert outcome.split_dissent(f"**Yes.**\n{line}") == ("**Yes.**", None)


def test_dissent_in_the_middle_is_part_of_the_verdict() -> None:
    text = "**Yes.**\n\nDissent: some would say no.\n\nThey are wrong."

    assert outcome.split_dissent(text) == (text, None)


def test_a_verdict_of_nothing_but_dissent_stays_a_verdict() -> None:
    assert outcome.split_dissent("Dissent: it depends.") == ("Dissent: it depends.", None)


@given(st.text(), st.sampled_from(["", "\n\nDissent: it depends.", "\nDissent: none"]))
def test_for_any_text_the_verdict_is_never_empty_where_something_was_written(
    text: str, line: str
) -> None:
    verdict, _ = outcome.split_dissent(text + line)

    assert bool(verdict) == bool((text + line).strip())


# --- the whole


def test_the_result_adds_up_what_the_calls_took() -> None:
    calls = [call(seat=0), call(seat=1), call(seat=2), call("verdict", CHAIR, cost_micros=100)]

    added = result(calls)

    assert (added.prompt_tokens, added.completion_tokens, added.calls) == (400, 80, 11)
    assert added.cost_usd == pytest.approx(0.000121)
    assert added.cost_known
    assert not added.degraded


def test_a_cost_is_unknown_where_an_answer_has_no_price() -> None:
    assert not result([call(seat=0), call(seat=1, cost_micros=None)]).cost_known


def test_a_failure_costs_nothing_and_hides_no_cost() -> None:
    failed = result([call(seat=0), call(seat=1, failure=TIMED_OUT)])

    assert failed.cost_known
    assert failed.cost_usd == pytest.approx(0.000007)


def test_every_seat_is_listed_with_its_label_and_what_failed() -> None:
    listed = result([call(seat=0), call(seat=1, failure=TIMED_OUT), call(seat=2)])

    assert [(m.label, m.model, m.status, m.error) for m in listed.members] == [
        ("A", "lab/a", "answered", None),
        ("B", "lab/c", "answered", None),
        ("C", "lab/b", "failed", "timed_out: no complete answer before the deadline."),
    ]
    assert listed.degraded


def test_agreement_is_counted_over_the_ballots() -> None:
    def review(label: str, seat: int, text: str) -> Review:
        return outcome.review(label, ORDER, call("review", seat, text))

    agreed = result(
        [call(seat=0), call(seat=1), call(seat=2)],
        reviews=[
            review("A", 0, "FINAL RANKING: B > A > C"),
            review("B", 2, "FINAL RANKING: B > A > C"),
            review("C", 1, "FINAL RANKING: A > B > C"),
        ],
    ).agreement

    assert agreed.top_share == pytest.approx(2 / 3)
    assert agreed.kendall_w == pytest.approx(7 / 9)
    assert not agreed.stopped_early


# --- timings

ANSWERS = [call(seat=0, ends=3), call(seat=1, ends=5), call(seat=2, ends=4)]
REVIEWS = [call("review", 0, ends=7), call("review", 1, ends=9), call("review", 2, ends=8)]
READ = [outcome.review(x, ORDER, each) for x, each in zip("ACB", REVIEWS, strict=True)]


def test_timings_are_seconds_since_the_question() -> None:
    chair = call("verdict", CHAIR, first_text=10, ends=12)

    timings = result([*ANSWERS, *REVIEWS, chair], reviews=READ).timings

    assert (timings.first_answer, timings.answers, timings.reviews) == (3, 5, 9)
    assert (timings.verdict_first_text, timings.verdict) == (10, 12)


def test_the_stage_of_answers_ends_with_the_last_failure() -> None:
    timings = result([*ANSWERS[:2], call(seat=2, ends=150, failure=TIMED_OUT)]).timings

    assert (timings.first_answer, timings.answers) == (3, 150)


def test_an_early_stop_ends_the_reviews() -> None:
    stopped = result(
        [*ANSWERS, *REVIEWS, call("verdict", CHAIR, first_text=10, ends=12)],
        reviews=READ,
        stopped_at=ASKED_AT + timedelta(seconds=8.5),
    )

    assert stopped.timings.reviews == 8.5
    assert stopped.agreement.stopped_early


def test_where_the_next_member_wrote_its_text_counts() -> None:
    calls = [
        *ANSWERS,
        *REVIEWS,
        call("verdict", CHAIR, first_text=10, ends=11, failure=TIMED_OUT),
        call("verdict", 2, first_text=13, ends=15),
    ]
    stand_in = replace(VERDICT, written_by="lab/c", fallback="next_member")

    timings = result(calls, reviews=READ, verdict=stand_in).timings

    assert (timings.verdict_first_text, timings.verdict) == (13, 15)


def test_where_an_answer_is_the_verdict_its_first_text_is_the_verdict() -> None:
    calls = [*ANSWERS, *REVIEWS, call("verdict", CHAIR, first_text=10, ends=11, failure=TIMED_OUT)]
    top_answer = replace(VERDICT, written_by=None, fallback="top_answer")

    timings = result(calls, reviews=READ, verdict=top_answer).timings

    assert (timings.verdict_first_text, timings.verdict) == (11, 11)


def test_an_only_answer_has_every_timing() -> None:
    only = Verdict("It is.", None, "only_answer", None, None, 0)

    timings = result([ANSWERS[0], call(seat=1, ends=6, failure=TIMED_OUT)], verdict=only).timings

    assert (timings.first_answer, timings.answers, timings.reviews) == (3, 6, 6)
    assert (timings.verdict_first_text, timings.verdict) == (6, 6)


def test_without_an_answer_there_is_no_timing() -> None:
    timings = result([call(seat=0, failure=TIMED_OUT)]).timings

    assert (timings.first_answer, timings.verdict) == (None, None)


def test_what_came_along_with_a_question_is_told() -> None:
    past = Past((Earlier("And?", "x" * 50),), recap="", folded=2, limit=20)
    question = replace(QUESTION, quoted="A quote.", past=past)

    assert outcome.evidence(question) == (
        Evidence("quoted", "message", 8, read=True),
        Evidence("thread", "verdicts", 24, read=True),
        Evidence("thread", "recap", 0, read=False),
    )
    assert outcome.evidence(QUESTION) == ()


def test_no_time_is_negative_where_the_clock_was_set_back() -> None:
    asked = QUESTION

    assert asked.seconds_until(asked.asked_at - timedelta(hours=1)) == 0
    assert asked.seconds_until(asked.asked_at + timedelta(seconds=21)) == 21
