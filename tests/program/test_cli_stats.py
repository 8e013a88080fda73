"""`council stats` and `council ceiling`: the numbers of one channel or all, of a file, as JSON."""

import json
from pathlib import Path

import pytest
from scipy import stats

from bot.store.store import Store
from tests.fakes.channel import MODELS, finished_case, rate
from tests.fakes.forks import Ended, Program

# The keys of the contract.
CEILING = {
    "rows", "models", "all_wrong", "beta", "beta_low", "beta_high", "beta_worst_case",
    "best_model", "best_accuracy", "oracle", "gain", "gain_low", "gain_high_paired",
    "gain_high_paired_anytime", "gain_high_published", "phi_mean", "tetrachoric_mean",
    "beta_single_factor", "ratio_single_factor", "reference_alarm", "beta_anytime_low",
    "beta_anytime_high", "gain_anytime_low", "gain_seed", "by_pool_size", "audit", "complete_rows",
    "advice", "realised", "verdict_is_better",
}  # fmt: skip


async def fill(database: Path, count: int) -> None:
    """Rated questions in one channel, an unrated one in another."""
    store = await Store.open(database, holder="tests")
    for number in range(count):
        case = finished_case(number)
        await store.create(case)
        await rate(store, case, best=MODELS[number % 2])
    await store.create(finished_case(count, channel="quiet"))
    await store.close()


def matrix(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "outcomes.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def refused(ended: Ended, sentence: str) -> None:
    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err
    assert "Traceback" not in ended.err


# Stats


async def test_what_stats_take_from_each_question_is_kept_unless_somebody_writes(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    await fill(database, 3)
    writer = await Store.open(database, holder="a test")
    beside = await council.run("stats", "--json", environment=environment)
    assert len(await writer.missing_summaries(10)) == 4
    await writer.close()
    alone = await council.run("stats", "--json", environment=environment)
    again = await council.run("stats", "--json", environment=environment)

    reader = await Store.open(database, read_only=True)
    assert await reader.missing_summaries(10) == ()
    await reader.close()
    assert (alone.code, alone.err) == (0, "")
    assert beside.out == alone.out == again.out


async def test_stats_are_told_of_all_channels_or_of_one(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    await fill(database, 20)

    everything = await council.run("stats", environment=environment)
    here = await council.run("stats", "--channel", "general", environment=environment)

    assert "Rated 20 of 21 questions, by one person." in everything.out
    assert "Rated 20 of 20 questions, by one person." in here.out
    assert "Models' standings" in here.out
    assert "\x1b" not in here.out
    assert "/council" not in everything.out + here.out
    assert {everything.code, here.code} == {0}


async def test_stats_as_json_are_read_beside_whoever_writes(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    await fill(database, 20)
    writing = await Store.open(database, holder="council serve")
    try:
        ended = await council.run("stats", "--json", environment=environment)
    finally:
        await writing.close()

    told = json.loads(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert told["rated"] == {"rated": 20, "rows": 21, "people": 1, "one_person": True}
    place = told["people"]["places"][0]
    assert place["wins"]["low"] < place["wins"]["value"] < place["wins"]["high"]
    assert told["length"]["why"] or told["length"]["gamma"]


@pytest.mark.sqlite_only("there is no database yet")
async def test_stats_without_a_database_say_what_to_do(
    council: Program, environment: dict[str, str]
) -> None:
    refused(await council.run("stats", environment=environment), "Ask a question first")


# The ceiling


async def test_the_ceiling_of_votes(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    await fill(database, 20)

    told = await council.run("ceiling", "--channel", "general", environment=environment)
    as_json = await council.run("ceiling", "--json", environment=environment)

    assert (
        "In 20 rated questions (20\u2009–\u200921 Nov 2026) you rejected every answer" in told.out
    )
    assert "correlation of errors" in told.out
    assert as_json.json["rows"] == 20
    assert as_json.json.keys() >= CEILING


async def test_what_a_ceiling_of_votes_lacks_is_said(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    await fill(database, 3)
    ended = await council.run("ceiling", environment=environment)
    refused(ended, "so far 3 were rated at all")


async def test_the_ceiling_of_a_file(
    council: Program, tmp_path: Path, environment: dict[str, str]
) -> None:
    """The worked example: 120 questions, 96, 90, 88, 80 and 71 right, 6 all wrong."""
    right = (96, 90, 88, 80, 71)
    lines = [[int(n < count) for count in right] for n in range(114)]
    lines = [[*line[:-1], 1] if not any(line) else line for line in lines] + [[0] * 5] * 6
    moved = sum(line == [0, 0, 0, 0, 1] for line in lines)
    for line in lines[:moved]:
        line[4] = 0
    file = matrix(tmp_path, "v,w,x,y,z", *(",".join(map(str, line)) for line in lines))

    ended = await council.run("ceiling", file, "--json", environment=environment)

    told = ended.json
    assert told.keys() >= CEILING
    assert (told["rows"], told["models"], told["all_wrong"]) == (120, 5, 6)
    assert (told["best_model"], told["best_accuracy"]) == ("v", 0.8)
    assert told["gain"] == pytest.approx(0.15)
    assert told["gain_low"] == pytest.approx(0.09925, abs=5e-6)
    assert told["gain_high_paired"] == pytest.approx(0.24146, abs=5e-6)
    assert told["gain_high_paired_anytime"] == pytest.approx(0.28647, abs=5e-6)
    assert told["gain_high_published"] == pytest.approx(0.29077, abs=5e-6)
    assert told["beta_low"] == pytest.approx(0.01857, abs=5e-6)
    assert told["beta_high"] == pytest.approx(0.10565, abs=5e-6)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (("a,b", "1,0", "1,yes"), "In row 2, column b, `yes` is neither 1, 0 nor empty."),
        (("a,b", "1,0", "1,1"), "A ceiling needs 20 complete rows; of the 2 here 2 are complete."),
        (("a", *["1"] * 30), "two models or more"),
        (("a,b",), "no rows under its header"),
        (("a,b", *["1,"] * 30), "of the 30 here 0 are complete"),
    ],
)
async def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(
    council: Program,
    tmp_path: Path,
    environment: dict[str, str],
    lines: tuple[str, ...],
    sentence: str,
) -> None:
    ended = await council.run("ceiling", matrix(tmp_path, *lines), environment=environment)
    refused(ended, sentence)


async def test_a_file_and_a_channel_are_one_too_many(
    council: Program, tmp_path: Path, environment: dict[str, str]
) -> None:
    words = "ceiling", matrix(tmp_path, "a,b"), "--channel", "general"
    ended = await council.run(*words, environment=environment)
    refused(ended, "Name a FILE or a --channel")


async def test_a_file_lists_the_rows_to_audit_with_their_questions_and_the_curve(
    council: Program, tmp_path: Path, environment: dict[str, str]
) -> None:
    lines = [f"q{n},Is it {n}?,{n % 2},1,{int(n % 3 > 0)}" for n in range(30)]
    broken = ['b1,"How many, of\nthese two?",0,0,0', "b2,Which?,0,0,0"]
    file = matrix(tmp_path, "id,question,a,b,c", *lines, *broken)

    told = await council.run("ceiling", file, environment=environment)
    as_json = (await council.run("ceiling", file, "--json", environment=environment)).json

    assert "majority vote, at least" in told.out
    shares = as_json["realised"]["shares"]
    assert [each["way"] for each in shares] == ["best_member", "majority_at_least"]
    assert shares[1]["over_best"].keys() == {"value", "low", "high", "n"}
    assert "Rows that every model got wrong" in told.out
    assert "b1   How many, of these two?" in told.out
    assert "b2   Which?" in told.out
    assert "Is it" not in told.out
    assert "Seen / predicted" in told.out
    assert as_json["audit"] == ["b1", "b2"]
    assert as_json["models"] == 3
    assert [size for size, _, _ in as_json["by_pool_size"]] == [2, 3]
    assert as_json["by_pool_size"][-1][1] == as_json["beta"] == 2 / 32
    assert as_json["by_pool_size"][-1][2] == pytest.approx(as_json["beta_single_factor"])
    assert (as_json["complete_rows"], as_json["advice"]) == (32, None)


async def test_a_file_without_texts_lists_the_rows_to_audit(
    council: Program, tmp_path: Path, environment: dict[str, str]
) -> None:
    file = matrix(tmp_path, "a,b", *["1,0", "0,1"] * 15, "0,0", "0,0")
    told = await council.run("ceiling", file, environment=environment)
    assert "31, 32" in told.out


async def test_the_ceiling_of_three_counts(council: Program, environment: dict[str, str]) -> None:
    """The example that the first published rule came with, and what the corrected one makes of it."""
    words = "ceiling", "--counts", "17", "330", "276"
    told = await council.run(*words, environment=environment)
    fixed = (await council.run(*words, "--json", environment=environment)).json
    picked = (await council.run(*words, "--models", "67", "--json", environment=environment)).json

    assert "In 330 questions every model was wrong 17 times (5.2 %;" in told.out
    assert "if the best model was chosen in advance" in told.out
    assert fixed.keys() >= CEILING
    assert (fixed["beta_low"], fixed["beta_high"]) == pytest.approx((0.0302923, 0.0812013))
    assert fixed["gain_seed"] == pytest.approx(0.9669133 - 276 / 330, abs=5e-8)
    assert fixed["gain_high_published"] == pytest.approx(0.17776, abs=5e-6)
    assert picked["gain_high_published"] == pytest.approx(0.21132, abs=5e-6)
    assert fixed["gain"] == pytest.approx(37 / 330)
    assert fixed["phi_mean"] is fixed["ratio_single_factor"] is None
    # A row in which all are wrong is one in which the best is wrong: 330 - 276 - 17 are left.
    assert fixed["gain_high_paired"] == pytest.approx(stats.beta.isf(0.05, 38, 293))
    assert picked["gain_high_paired"] == pytest.approx(stats.beta.isf(0.05 / 67, 38, 293))
    assert fixed["gain_low"] == pytest.approx(stats.beta.ppf(0.05, 37, 294))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--counts", "17", "330", "320"), "do not fit together"),
        (("--counts", "-1", "330", "3"), "do not fit together"),
        (("--counts", "1", "19", "3"), "A ceiling needs 20 rows; these are 19."),
        (("--counts", "1", "30", "3", "--channel", "general"), "told of one of them"),
        (("--models", "3"), "--models goes with --counts"),
    ],
)
async def test_counts_that_cannot_be_used_are_refused_in_a_sentence(
    council: Program, environment: dict[str, str], words: tuple[str, ...], sentence: str
) -> None:
    refused(await council.run("ceiling", *words, environment=environment), sentence)
