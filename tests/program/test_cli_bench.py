"""`council bench` from outside: its file, its money, and what is left of a run that was killed."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.forks import CHAIRMAN, KILLED, Ended, Kill, Program, environment
from tests.fakes.model_server import Behaviour, ModelServer, Script
from tests.fakes.pseudo_terminal import seen

TWO = {"COUNCIL_MEMBERS": "lab/a,lab/b"}
CALLS = 5  # of a council of two: two answers, two reviews, a verdict


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


def write(*lines: Mapping[str, Any] | str) -> None:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    Path("file.jsonl").write_text("\n".join(texts) + "\n", encoding="utf-8")


def questions(count: int) -> list[dict[str, str]]:
    return [{"id": f"q{n}", "question": f"How far is {n}?"} for n in range(count)]


async def bench(
    council: Program,
    server: ModelServer,
    *words: str,
    kill: Kill | None = None,
    file_limit_bytes: int | None = None,
) -> Ended:
    return await council.run(
        *("bench", "file.jsonl", "--out", "out.jsonl", *words),
        environment=environment(server, **TWO),
        kill=kill,
        file_limit_bytes=file_limit_bytes,
    )


def out() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("out.jsonl").read_bytes().splitlines()]


async def test_every_question_becomes_a_line_with_its_own_id(
    council: Program, server: ModelServer
) -> None:
    write({"id": "q1", "question": "One?"}, {"id": 7, "question": "Seven?"})

    ended = await bench(council, server)

    assert ended.code == 0, ended.err
    lines = {line["id"]: line for line in out()}
    assert lines.keys() == {"q1", 7}
    assert lines[7]["question"] == "Seven?"
    assert lines[7]["calls"] == CALLS
    assert lines[7]["verdict"]["written_by"] == CHAIRMAN
    assert "2 questions, 0 degraded" in ended.out


async def test_simulated_members_are_called_that(council: Program) -> None:
    write({"id": "q1", "question": "One?", "reference": "1", "grader": "number"})
    here = {"COUNCIL_DATABASE": "council.db", "COUNCIL_TIME_SCALE": "0.01"}

    ended = await council.run("bench", "file.jsonl", environment=here)

    assert "Rehearsal: simulated models. Set a key to ask real ones.\n" in ended.err


async def test_its_files_are_for_their_owner_alone(council: Program, server: ModelServer) -> None:
    write({"id": "q1", "question": "One?", "reference": "1", "grader": "number"})
    Path("out.jsonl").touch(mode=0o644)
    Path("out.jsonl").chmod(0o644)
    await bench(council, server)

    assert {
        file.name: file.stat().st_mode & 0o777 for file in Path().glob("out*")
    } == dict.fromkeys((file.name for file in Path().glob("out*")), 0o600)


async def test_without_out_the_lines_go_beside_the_file(
    council: Program, server: ModelServer
) -> None:
    write(*questions(1))
    await council.run("bench", "file.jsonl", environment=environment(server, **TWO))
    assert len(Path("file.out.jsonl").read_text().splitlines()) == 1


async def test_answers_are_graded_beside_the_reference(council: Program) -> None:
    write({"id": "q", "question": "2+2?", "reference": "4", "grader": "number"})
    behaviours: dict[str, Script] = {
        "lab/a": [{"text": "It is 4."}, "ok"],
        "lab/b": [{"text": "It is 5."}, "ok"],
        CHAIRMAN: {"text": "**Four.** #### 4"},
    }
    async with ModelServer(behaviours=behaviours) as server:
        ended = await bench(council, server)

    [line] = out()
    assert line["grades"]["verdict"] == {"correct": True, "extracted": "4"}
    members = {grade["model"]: grade for grade in line["grades"]["members"].values()}
    assert members["lab/a"] == {"model": "lab/a", "correct": True, "extracted": "4"}
    assert members["lab/b"] == {"model": "lab/b", "correct": False, "extracted": "5"}
    assert (line["reference"], line["grader"]) == ("4", "number")
    assert "Correct, of 1 graded question\n" in ended.out


async def test_a_judge_is_asked_through_the_journal_and_counted(council: Program) -> None:
    write({"id": "q", "question": "Why?", "reference": "Because.", "grader": "judge"})
    behaviours: dict[str, Script] = {CHAIRMAN: ["ok", {"text": "It says so.\nYES"}]}
    async with ModelServer(behaviours=behaviours) as server:
        await bench(council, server)
        asked = len(server.requests)
        Path("out.jsonl").write_text("")  # the line is lost, the journal is not
        await bench(council, server)

        assert asked == len(server.requests) == CALLS + 3
    [line] = out()
    assert line["grades"]["verdict"]["correct"]
    assert line["grading_usd"] > 0


# What a file may hold


async def test_broken_lines_are_named_by_number_and_only_left_out_on_demand(
    council: Program, server: ModelServer
) -> None:
    write(
        {"id": "q1", "question": "One?"},
        "broken",
        '["no object"]',
        {"id": "q2", "question": "  "},
        {"question": "No id?"},
        {"id": "q3", "question": "x", "reference": "y", "grader": "magic"},
        {"id": "q4", "question": "x", "reference": "many", "grader": "number"},
        "",
        {"id": "q5", "question": "x" * 100_000},
        {"id": "q6", "question": "Six?"},
        {"id": "q" * 201, "question": "Seven?"},
    )

    refused = await bench(council, server)
    assert server.requests == []
    assert not Path("out.jsonl").exists()
    ended = await bench(council, server, "--skip-bad")

    assert (refused.code, refused.out) == (2, "")
    assert "Nothing was asked. Mend these lines, or leave them out with --skip-bad." in refused.err
    assert ended.code == 0
    assert sorted(line["id"] for line in out()) == ["q1", "q6"]
    for number, problem in [
        (2, "no JSON"),
        (3, "an object"),
        (4, "empty"),
        (5, "an object"),
        (6, "unknown grader `magic`"),
        (7, "no number"),
        (9, "100,000 characters; the limit is 32,000"),
        (11, "an id is a text of up to 200 characters"),
    ]:
        for err in (refused.err, ended.err):
            [told] = [line for line in err.splitlines() if f"line {number}:" in line]
            assert problem in told
    assert "line 1:" not in ended.err
    assert "Traceback" not in refused.err + ended.err


async def test_a_file_without_a_usable_question_is_refused(
    council: Program, server: ModelServer
) -> None:
    for text, words, sentence in [
        ("", (), "file.jsonl holds no question. Each line of it is one, such as {"),
        ("\n\n", (), "file.jsonl holds no question."),
        ("broken\n", ("--skip-bad",), "file.jsonl, line 1: no JSON"),
    ]:
        Path("file.jsonl").write_text(text)
        ended = await bench(council, server, *words)
        assert (ended.code, ended.out) == (2, "")
        assert sentence in ended.err
    assert server.requests == []


async def test_line_separators_inside_json_and_a_byte_order_mark_break_no_line(
    council: Program, server: ModelServer
) -> None:
    line = json.dumps({"id": "q", "question": "One\u2028Two?"}, ensure_ascii=False)
    Path("file.jsonl").write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\r\n")

    ended = await bench(council, server)

    assert "line" not in ended.err
    assert [line["question"] for line in out()] == ["One\u2028Two?"]


async def test_ids_named_twice_are_refused_before_anything_is_asked(
    council: Program, server: ModelServer
) -> None:
    write(*questions(2), {"id": "q1", "question": "Again?"})

    ended = await bench(council, server)

    assert ended.code == 2
    assert "file.jsonl names an id more than once: q1." in ended.err
    assert server.requests == []


@pytest.mark.parametrize(
    ("file", "words", "sentence"),
    [
        ("missing.jsonl", (), "missing.jsonl cannot be read: No such file or directory."),
        (".", (), "cannot be read: Is a directory."),
        ("latin.jsonl", (), "latin.jsonl is no UTF-8 text"),
        ("file.jsonl", ("--out", "no/where.jsonl"), "cannot be written: No such file"),
        ("file.jsonl", ("--out", "file.jsonl"), "file.jsonl, line 1, is no deliberation."),
        ("file.jsonl", ("--concurrency", "0"), "0 is no whole number of at least 1"),
        ("file.jsonl", ("--max-cost", "much"), "much is no sum in US dollars"),
        ("file.jsonl", ("--max-cost", "1e303"), "1e303 is no sum in US dollars"),
    ],
)
async def test_files_and_numbers_that_cannot_be_used_are_named(
    council: Program, server: ModelServer, file: str, words: tuple[str, ...], sentence: str
) -> None:
    # Without a line feed at its end: it must not be taken for a torn line of an OUT.
    Path("file.jsonl").write_text('{"id":"q","question":"?"}\n{"id":"r","question":"?"}')
    Path("latin.jsonl").write_bytes(b'{"id":"q","question":"f\xfcr?"}')

    ended = await council.run("bench", file, *words, environment=environment(server, **TWO))

    assert ended.code == 2
    assert sentence in ended.err
    assert "Traceback" not in ended.err
    assert server.requests == []
    assert Path("file.jsonl").read_text().endswith('"r","question":"?"}')


@pytest.mark.parametrize(
    "text",
    [
        "Buy milk, all in one line",
        '{"id":"q","question":"?"}',
        '{"id": "q", "question": "?"}',
        '{"id": "q", "question": "?"}\n',
        "\x00",
    ],
)
async def test_an_out_that_is_another_file_is_left_as_it_is(
    council: Program, server: ModelServer, text: str
) -> None:
    write(*questions(1))
    Path("notes").write_text(text)
    Path("notes").chmod(0o644)

    ended = await council.run(
        "bench", "file.jsonl", "--out", "notes", environment=environment(server, **TWO)
    )

    assert ended.code == 2
    assert "notes, line 1, is no deliberation. Name another file with --out." in ended.err
    assert Path("notes").read_text() == text
    assert Path("notes").stat().st_mode & 0o777 == 0o644
    assert server.requests == []


# Going on


async def test_the_same_words_again_ask_only_what_is_left(
    council: Program, server: ModelServer
) -> None:
    write(*questions(2))
    await bench(council, server)
    first = out()
    write(*questions(3))

    ended = await bench(council, server)
    again = await bench(council, server)

    assert out()[:2] == first
    assert len(out()) == 3
    assert len(server.requests) == 3 * CALLS
    assert "2 of 3 questions are done; 1 to ask." in ended.err
    assert again.code == 0
    assert "3 of 3 questions are done; 0 to ask." in again.err


async def test_a_missing_out_starts_a_new_run(council: Program, server: ModelServer) -> None:
    write(*questions(1))
    await bench(council, server)
    Path("out.jsonl").unlink()
    await bench(council, server)
    assert len(server.requests) == 2 * CALLS


async def test_a_run_is_of_one_mode(council: Program, server: ModelServer) -> None:
    write(*questions(2))

    compared = await bench(council, server, "--mode", "compare")
    again = await bench(council, server)

    assert compared.code == 0, compared.err
    assert {line["mode"] for line in out()} == {"compare"}
    assert {request.stage for request in server.requests} == {"answer"}
    assert again.code == 2
    assert again.err.startswith("This run was begun in mode compare. Say `--mode compare`, or")


async def test_answers_to_compare_are_graded_without_a_verdict(council: Program) -> None:
    write({"id": "q1", "question": "How far?", "reference": "3", "grader": "number"})
    async with ModelServer(behaviours={"*": {"text": "It is 3."}}) as server:
        ended = await bench(council, server, "--mode", "compare")

    assert ended.code == 0, ended.err
    [line] = out()
    assert line["grades"]["verdict"] is None
    assert [grade["correct"] for grade in line["grades"]["members"].values()] == [True, True]


async def test_what_most_say_is_graded_as_the_verdict(council: Program) -> None:
    write({"id": "q1", "question": "How far?", "reference": "3", "grader": "number"})
    async with ModelServer(behaviours={"*": {"text": "Final answer: 3"}}) as server:
        ended = await bench(council, server, "--mode", "vote")

    assert ended.code == 0, ended.err
    assert out()[0]["grades"]["verdict"] == {"correct": True, "extracted": "3"}


@pytest.mark.both_databases
@pytest.mark.parametrize("commit", [13, 18, 24, 33])
async def test_a_killed_run_with_a_torn_last_line_goes_on(
    council: Program, server: ModelServer, commit: int
) -> None:
    write(*questions(3))

    killed = await bench(council, server, "--concurrency", "2", kill=Kill(commit, made=True))
    whole = out()
    Path("out.jsonl").write_bytes(Path("out.jsonl").read_bytes() + b'{"id": "q2", "quest')
    ended = await bench(council, server, "--concurrency", "2")

    assert killed.code == KILLED
    assert ended.code == 0, ended.err
    assert out()[: len(whole)] == whole
    assert sorted(line["id"] for line in out()) == ["q0", "q1", "q2"]
    finished = [request.call or (request.model, request.body) for request in server.requests]
    # At most the requests under way at the kill are sent again, two questions of two members.
    assert len(finished) - len(set(finished)) <= 4


async def test_a_question_that_changed_within_a_run_is_named(
    council: Program, server: ModelServer
) -> None:
    write(*questions(1))
    await bench(council, server)
    Path("out.jsonl").write_text("")
    write({"id": "q0", "question": "Quite another one?"})

    ended = await bench(council, server)

    assert ended.code == 2
    assert "The question q0 was another one when this run began. Name a new --out." in ended.err


async def test_a_full_disk_below_out_ends_in_a_sentence_and_the_same_words_go_on(
    council: Program, server: ModelServer
) -> None:
    write(*questions(2))
    large = {"id": "before", "answers": [], "cost_usd": 0, "degraded": True, "text": "x" * 2**21}
    Path("out.jsonl").write_text(json.dumps(large) + "\n")
    full_soon = Path("out.jsonl").stat().st_size + 3_500

    ended = await bench(council, server, "--concurrency", "1", file_limit_bytes=full_soon)
    more = await bench(council, server)

    assert ended.code == 2
    assert "out.jsonl cannot be written: File too large." in ended.err
    assert "Traceback" not in ended.err
    assert more.code == 0
    assert [line["id"] for line in out()] == ["before", "q0", "q1"]
    assert len(server.requests) == 2 * CALLS


async def test_questions_without_an_answer_are_counted_by_reason(council: Program) -> None:
    write(*questions(3))
    # Each question asks both members once.
    no_credit: Script = ["no_credit", "no_credit", "unknown_model"]
    async with ModelServer(behaviours={"lab/a": no_credit, "lab/b": no_credit}) as server:
        ended = await bench(council, server, "--concurrency", "1")

    assert ended.code == 1
    assert (
        "3 of 3 questions have no answer: no credit (2), unknown model (1). "
        "The same command asks them again." in ended.err
    )
    assert [line["answers"] for line in out()] == [[], [], []]


async def test_a_line_without_an_answer_is_asked_again_and_carries_the_cost_of_both(
    council: Program,
) -> None:
    write(*questions(2))
    usage = '"usage": {"prompt_tokens": 9, "completion_tokens": 900, "cost": 0.01}'
    choice = '"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]'
    chunk = f"data: {{{choice}, {usage}}}\n\ndata: [DONE]\n\n"
    empty = Behaviour("raw", raw=[chunk], status=200)
    behaviours: dict[str, Script] = {
        "lab/a": [empty, empty, "ok"],
        "lab/b": [empty, empty, "ok"],
    }
    async with ModelServer(behaviours=behaviours) as server:
        first = await bench(council, server, "--concurrency", "1")
        silent, answered = out()
        again = await bench(council, server, "--concurrency", "1")
        lines = out()
        spent = sum(request.bill_micros for request in server.requests) / 1e6
        third = await bench(council, server)
        asked = len(server.requests)

    assert (first.code, again.code, third.code) == (1, 0, 0)
    assert (silent["id"], silent["answers"]) == ("q0", [])
    assert silent["cost_usd"] == 0.04  # four times a cent
    assert "1 of 2 questions are done; 1 to ask." in again.err
    assert [line["id"] for line in lines] == ["q1", "q0"]
    assert lines[0] == answered
    assert len(lines[1]["answers"]) == 2
    assert lines[1]["earlier_usd"] == silent["cost_usd"]
    assert sum(line["cost_usd"] for line in lines) == pytest.approx(spent + 0.04)
    assert asked == 2 * CALLS + 4
    assert Path("out.jsonl").stat().st_mode & 0o777 == 0o600


async def test_a_question_that_nobody_answers_twice_is_asked_a_third_time(council: Program) -> None:
    write(*questions(1))
    behaviours: dict[str, Script] = {
        "lab/a": ["no_credit", "no_credit", "ok"],
        "lab/b": ["no_credit", "no_credit", "ok"],
    }
    async with ModelServer(behaviours=behaviours) as server:
        codes = [(await bench(council, server)).code for __ in range(3)]

    assert codes == [1, 1, 0]
    assert [(line["id"], len(line["answers"])) for line in out()] == [("q0", 2)]


@pytest.mark.parametrize("commit", [3, 6, 9, 12])
async def test_a_kill_while_asking_again_loses_no_line_and_no_cost(
    council: Program, commit: int
) -> None:
    write(*questions(2))
    behaviours: dict[str, Script] = {"lab/a": ["no_credit", "ok"], "lab/b": ["no_credit", "ok"]}
    async with ModelServer(behaviours=behaviours) as server:
        await bench(council, server, "--concurrency", "1")
        killed = await bench(council, server, kill=Kill(commit, made=True))
        ended = await bench(council, server)

    assert (killed.code, ended.code) == (KILLED, 0)
    assert sorted((line["id"], len(line["answers"])) for line in out()) == [("q0", 2), ("q1", 2)]


# Money


async def test_a_run_stops_before_its_limit_and_goes_on_under_a_higher_one(
    council: Program, server: ModelServer
) -> None:
    write(*questions(6))
    [one] = [line["cost_usd"] for line in await priced(council, server)]

    ended = await bench(council, server, "--max-cost", str(one * 3.5))
    spent = [line["cost_usd"] for line in out()]
    more = await bench(council, server, "--max-cost", "1")

    assert len(spent) == 3
    assert sum(spent) <= one * 3.5
    assert "3 questions were not asked" in ended.err
    assert len(out()) == 6
    assert all(line["verdict"]["fallback"] is None for line in out())
    assert "not asked" not in more.err


async def priced(council: Program, server: ModelServer) -> list[dict[str, Any]]:
    """What one question costs, by asking it in a run of its own."""
    ended = await council.run(
        "ask", "How far is 0?", "--json", environment=environment(server, **TWO)
    )
    return [ended.json]


async def test_a_limit_that_not_even_one_question_fits_in_asks_nothing(council: Program) -> None:
    write(*questions(2))
    entry = {"pricing": {"prompt": "0.00000125", "completion": "0.00001"}}
    entries = [{"id": model, **entry} for model in ("lab/a", "lab/b", CHAIRMAN)]
    async with ModelServer(entries=entries) as server:
        ended = await bench(council, server, "--max-cost", "0.01")
        assert server.requests == []

    assert "2 questions were not asked: $0.0000 is spent, and one more could cost $" in ended.err
    assert "2 of 2 questions have no answer: not asked (2)." in ended.err
    assert ended.code == 1


async def test_a_day_without_room_for_a_whole_question_asks_nothing_and_says_so(
    council: Program,
) -> None:
    write(*questions(2))
    entry = {"pricing": {"prompt": "0.00000125", "completion": "0.00001"}}
    entries = [{"id": model, **entry} for model in ("lab/a", "lab/b", CHAIRMAN)]
    async with ModelServer(entries=entries) as server:
        ended = await council.run(
            *("bench", "file.jsonl", "--out", "out.jsonl"),
            environment=environment(server, COUNCIL_DAILY_BUDGET_USD="0.10", **TWO),
        )
        assert server.requests == []

    assert " is needed; $0.10 of today's $0.10 is left. That is more than it ever has." in ended.err
    assert "2 of 2 questions have no answer: not asked (2)." in ended.err
    assert ended.code == 1


@pytest.mark.parametrize("limit", ["--max-cost", "COUNCIL_DAILY_BUDGET_USD"])
async def test_where_money_is_for_one_at_a_time_the_others_wait_for_what_it_gives_back(
    council: Program, limit: str
) -> None:
    write(*questions(4))
    entry = {"pricing": {"prompt": "0.00000125", "completion": "0.00001"}}
    entries = [{"id": model, **entry} for model in ("lab/a", "lab/b", CHAIRMAN)]
    words = ("--max-cost", "0.45") if limit == "--max-cost" else ()
    async with ModelServer(entries=entries) as server:
        ended = await council.run(
            *("bench", "file.jsonl", "--out", "out.jsonl", "--concurrency", "4", *words),
            environment=environment(server, COUNCIL_DAILY_BUDGET_USD="0.45", **TWO),
        )

    assert (ended.code, len(out())) == (0, 4), ended.err
    assert "not asked" not in ended.err
    assert "needed" not in ended.err


async def test_what_one_more_needs_is_more_than_the_limit_that_refused_it(council: Program) -> None:
    write(*questions(1))
    entry = {"pricing": {"prompt": "0.00000125", "completion": "0.00001"}}
    entries = [{"id": model, **entry} for model in ("lab/a", "lab/b", CHAIRMAN)]
    async with ModelServer(entries=entries) as server:
        ended = await bench(council, server, "--max-cost", "0.25")
        assert server.requests == []

    [could] = re.findall(r"one more could cost \$([\d.]+)\.", ended.err)
    assert float(could) > 0.25


async def test_what_it_will_cost_is_told_before_asking(
    council: Program, server: ModelServer
) -> None:
    write(*questions(1))
    ended = await bench(council, server)
    assert "What 1 question will cost is unknown: the list of models gives no price.\n" in ended.err


async def test_a_terminal_is_asked_before_anything_is_spent() -> None:
    write(*questions(2))
    entry = {"pricing": {"prompt": "0.00000125", "completion": "0.00001"}}
    entries = [{"id": model, **entry} for model in ("lab/a", "lab/b", CHAIRMAN)]
    price = "About $0.08 for 2 questions. Go on? y/N"
    async with ModelServer(entries=entries) as server:
        here = environment(server, **TWO)
        no = await seen("bench", "file.jsonl", environment=here, typed=[(price, "\n")])
        gone = await seen("bench", "file.jsonl", environment=here, typed=[(price, "\x03")])
        assert server.requests == []
        unasked = await seen("bench", "file.jsonl", "--yes", environment=here)
        Path("file.out.jsonl").unlink()
        yes = await seen("bench", "file.jsonl", environment=here, typed=[(price, "y\n")])

        assert len(server.requests) == 4 * CALLS
    assert (no.code, gone.code, unasked.code, yes.code) == (1, 130, 0, 0)
    assert "Nothing was asked." in no.text
    assert "Go on?" not in unasked.text
    assert "Traceback" not in no.text + gone.text
