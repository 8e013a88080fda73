"""`council export --csv`: the outcome matrix and the ballots, for other programs."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.council import Review
from bot.pages.csv_tables import write_ballots
from bot.records import Case
from bot.store.store import Store
from tests.fakes.channel import finished_case, label_of, rate, reaction
from tests.fakes.forks import Ended, Program


async def fill(database: Path, *cases: Case, best: str = "lab/b") -> None:
    """The asker rates each case in full."""
    store = await Store.open(database, holder="tests")
    for case in cases:
        await store.create(case)
        await rate(store, case, best=best)
    await store.close()


def table(ended: Ended) -> list[list[str]]:
    assert ended.code == 0, ended.err
    return list(csv.reader(io.StringIO(ended.out)))


async def test_outcomes_are_a_row_per_question_and_a_column_per_model(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    await fill(database, finished_case(0), finished_case(1, models=("lab/b", "lab/n")))
    store = await Store.open(database, holder="tests")
    quiet = finished_case(2)
    await store.create(quiet)
    await store.react(reaction(quiet, label_of(quiet, "lab/c")))
    await store.close()

    ended = await council.run("export", "--csv", "outcomes", environment=environment)

    assert table(ended) == [
        ["id", "lab/a", "lab/b", "lab/c", "lab/d", "lab/n"],
        ["run-0", "0", "1", "0", "0", ""],
        ["run-1", "", "1", "", "", "0"],
        ["run-2", "", "", "1", "", ""],
    ]


async def test_the_ceiling_reads_what_was_exported(
    council: Program, database: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    await fill(database, *(finished_case(n) for n in range(20)))
    exported = await council.run("export", "--csv", "outcomes", environment=environment)
    file = tmp_path / "outcomes.csv"
    file.write_text(exported.out)

    ceiling = await council.run("ceiling", str(file), "--json", environment=environment)

    assert (ceiling.json["rows"], ceiling.json["models"]) == (20, 4)
    assert (ceiling.json["best_model"], ceiling.json["best_accuracy"]) == ("lab/b", 1.0)


@pytest.mark.parametrize("what", ["outcomes", "ballots"])
async def test_a_channel_and_a_time_are_kept_to(
    council: Program, database: Path, environment: dict[str, str], what: str
) -> None:
    here = finished_case(0), finished_case(30)
    await fill(database, *here, finished_case(1, channel="elsewhere"))

    async def ids(*words: str) -> set[str]:
        ended = await council.run("export", "--csv", what, *words, environment=environment)
        return {line[0] for line in table(ended)[1:]}

    assert await ids() == {"run-0", "run-30", "run-1"}
    assert await ids("--channel", "general") == {"run-0", "run-30"}
    assert await ids("--channel", "general", "--since", "2026-11-21") == {"run-30"}
    assert await ids("--channel", "general", "--since", "2100-01-01") == set()


async def test_ballots_are_a_line_for_each_answer_on_each(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    case = finished_case(0, models=("lab/a", "lab/b"))
    await fill(database, case)

    header, *lines = table(await council.run("export", "--csv", "ballots", environment=environment))

    assert header == [
        "id", "reviewer", "reviewer_label", "model", "label", "place", "position",
    ]  # fmt: skip
    assert len(lines) == 4
    for line in lines:
        assert line[0] == "run-0"
        assert line[2] == label_of(case, line[1])
        assert line[4] == label_of(case, line[3])
    assert case.result is not None
    first = case.result.reviews[0]
    places = {line[4]: line[5] for line in lines if line[2] == first.label}
    assert places == {first.ranking[0][0]: "1", first.ranking[1][0]: "2"}
    assert [line[4] for line in lines if line[2] == first.label] == list(first.order)


async def one(case: Case) -> AsyncIterator[Case]:
    yield case


async def test_ties_share_a_place_and_what_was_left_out_has_none() -> None:
    case = finished_case(0)
    assert case.result is not None
    ranked = Review(
        "lab/a", "A", ("D", "B", "A", "C"), (("B", "D"), ("C",)), True, "", 1.0, None, 0
    )
    refused = replace(ranked, label="B", ranking=(), counted=False)
    file = io.StringIO()

    result = replace(case.result, reviews=(ranked, refused))

    await write_ballots(one(replace(case, result=result)), file)

    _, *lines = csv.reader(io.StringIO(file.getvalue()))
    assert [line[4:] for line in lines] == [
        ["D", "1", "1"],
        ["B", "1", "2"],
        ["A", "", "3"],
        ["C", "3", "4"],
    ]


async def test_tables_that_do_not_exist_are_refused(
    council: Program, environment: dict[str, str]
) -> None:
    ended = await council.run("export", "--csv", "texts", environment=environment)
    assert (ended.code, ended.out) == (2, "")
    assert "invalid choice: 'texts'" in ended.err


@pytest.mark.sqlite_only("there is no database yet")
async def test_without_a_database_it_says_what_to_do(
    council: Program, environment: dict[str, str]
) -> None:
    ended = await council.run("export", "--csv", "outcomes", environment=environment)
    assert (ended.code, ended.out) == (2, "")
    assert "Ask a question first" in ended.err
