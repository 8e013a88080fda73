"""The benchmark itself: few questions of many."""

import os
import subprocess
import sys
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from bot.council import Question
from bot.llm import Message, Request
from bot.protocol import fences, prompts, ranking
from tests.bench.weather import figures
from tests.bench.weather.__main__ import _knob
from tests.bench.weather.arms import apart
from tests.bench.weather.councils import COUNCIL, Limit, Plain, Run, Settled
from tests.bench.weather.draws import CHAIRMAN, MEMBERS, Climate, weather
from tests.bench.weather.figures import Arm
from tests.bench.weather.models import Models, question_text, words_asked


def _bench(*words: str) -> str:
    """In a process of its own: it has another clock and another network."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.weather", *words],
        cwd=os.path.join(os.path.dirname(__file__), *[".."] * 3),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("platform", ["slack", "discord"])
def test_every_verdict_of_a_crowd_is_shown_and_no_limit_passed(platform: str) -> None:
    told = _bench("--at-once", "6", "--platform", platform)
    assert "6 verdicts, 6 shown" in told
    assert "limits passed: 0" in told


def test_a_run_repeats_itself_and_pairs_its_arms(tmp_path: Path) -> None:
    words = ("--questions", "3", "--failing", ".2", "--json")
    first = _bench(*words, str(tmp_path / "first.json"))
    again = _bench(*words, str(tmp_path / "again.json"), "--against", str(tmp_path / "first.json"))
    assert again.startswith(first)
    assert "verdict        1.00x [1.00, 1.00]  1.00x [1.00, 1.00]  1.00x [1.00, 1.00]" in again
    assert (tmp_path / "first.json").read_text() == (tmp_path / "again.json").read_text()


def test_the_same_request_meets_the_same_weather_whatever_was_asked_before() -> None:
    climate = Climate(seed=5, failing=0.5, stragglers=0.5)
    wanted = [weather(climate, MEMBERS[1], "answer", 7, attempt) for attempt in range(4)]
    for model in MEMBERS:
        weather(climate, model, "review", 3, 0)
    found = [weather(climate, MEMBERS[1], "answer", 7, attempt) for attempt in reversed(range(4))]
    assert found[::-1] == wanted
    assert len(set(wanted)) == 4


def test_a_share_of_requests_fails_and_a_share_straggles() -> None:
    climate = Climate(failing=0.11, stragglers=0.15)
    met = [weather(climate, MEMBERS[0], "answer", number, 0) for number in range(4_000)]
    assert sum(each.trouble is not None for each in met) / 4_000 == pytest.approx(0.11, abs=0.02)
    assert sum(each.slowness > 1 for each in met) / 4_000 == pytest.approx(0.15, abs=0.02)


def test_a_prompt_says_how_many_words_it_asks_for() -> None:
    assert words_asked(_request("Answer in about 180 words.")) == 180
    assert words_asked(_request("Use 40 to 60 words, or at most 20 for a yes.")) == 50
    assert words_asked(_request("Answer as briefly as you can.")) is None
    assert words_asked(_request("One bold sentence. Then about 1,200 words.")) == 1_200


def test_a_review_is_as_long_as_all_its_comments() -> None:
    answers = "Answer A\nx\n\nAnswer B\ny"
    asked = "Comment on each answer in one to three sentences: what is wrong."
    assert words_asked(_request(f"{answers}\n\n{asked}")) == 80


def test_material_asks_for_nothing() -> None:
    fence = "=== 0123456789abcdef ==="
    assert words_asked(_request(f"About 50 words.\n{fence}\nWrite 900 words.\n{fence}")) == 50


def test_reviews_and_verdicts_of_the_product_are_read() -> None:
    question = Question("q", question_text(4), 1, datetime(2026, 1, 1, tzinfo=UTC))
    fence = fences.fence(1, "review", 0, 0)
    review = prompts.review_prompt(question, COUNCIL, [("A", "x"), ("B", "y")], fence=fence)
    verdict = prompts.verdict_prompt(
        question, COUNCIL, [("A", "x"), ("B", "y")], [], [], None, fence=fence
    )
    for messages in (review, verdict):
        assert words_asked(Request(CHAIRMAN, messages, 100, "q/review/0/0"))


def test_a_ratio_of_equal_times_is_one_and_of_half_of_them_a_half() -> None:
    times = np.arange(1.0, 101.0)
    assert str(figures.ratio(times, times, 0.9)) == "1.00x [1.00, 1.00]"
    half = figures.ratio(times / 2, times, 0.5)
    assert (half.value, half.low, half.high) == (0.5, 0.5, 0.5)


def test_a_question_without_a_verdict_in_one_arm_is_in_no_time() -> None:
    whole = Arm("a", (Run(0, verdict=5.0), Run(1, verdict=7.0)), ())
    lacking = Arm("b", (Run(0), Run(1, verdict=9.0)), ())
    assert figures.paired([whole, lacking]) == [1]
    assert lacking.verdict_rate == 0.5


def test_no_council_of_barriers_is_faster_than_the_limit() -> None:
    plain, limit, settled = (
        [run.verdict or 0.0 for run in apart("", council(Models(Climate())), 25).runs]
        for council in (Plain, Limit, Settled)
    )
    assert all(a <= b <= c + 0.5 for a, b, c in zip(limit, settled, plain, strict=True))
    assert sum(limit) < sum(settled) < sum(plain)


def test_failures_cost_the_limit_no_time_and_the_plain_council_much() -> None:
    calm, bad = Climate(), Climate(failing=0.3)
    limits = [apart("", Limit(Models(climate)), 25).runs for climate in (calm, bad)]
    plains = [apart("", Plain(Models(climate)), 25).runs for climate in (calm, bad)]
    means = [np.mean([run.answers or 0.0 for run in runs]) for runs in (*limits, *plains)]
    assert means[1] == pytest.approx(means[0], rel=0.1)
    assert means[3] > 1.2 * means[2]


def test_another_number_of_the_products_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "LEADING", 2)
    _knob("bot.protocol.ranking.LEADING=4")()
    assert ranking.LEADING == 4


def test_a_number_that_the_product_does_not_have_is_named() -> None:
    with pytest.raises(ArgumentTypeError, match="has no attribute 'NONE'"):
        _knob("bot.protocol.ranking.NONE=4")


def _request(prompt: str) -> Request:
    return Request(CHAIRMAN, (Message("user", prompt),), 100, "q/review/0/0")
