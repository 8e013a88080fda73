"""`council ask` from outside: what it prints, what it exits with, what the models were asked."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import processes
from tests.fakes.forks import CHAIRMAN, KILLED, Kill, Program, environment
from tests.fakes.model_server import (
    Behaviour,
    ModelServer,
    Received,
    Script,
    labelled_answers,
)
from tests.fakes.pseudo_terminal import seen

QUESTION = "Is a monolith right for a team of four?"
# Three reviewers of one mind are all heard; of four the last may not be waited for.
THREE = ("lab/a", "lab/b", "lab/c")


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


def received(server: ModelServer, stage: str, model: str) -> Received:
    """The only request of a stage to a model."""
    [found] = [r for r in server.requests if (r.stage, r.model) == (stage, model)]
    return found


def shown(request: Received) -> dict[str, str]:
    """The answers in a prompt by label, in their order."""
    return labelled_answers(request.json["messages"])


async def ask(council: Program, server: ModelServer, *words: str) -> dict[str, Any]:
    ended = await council.run(
        *("ask", QUESTION, "--json", *words),
        environment=environment(server, COUNCIL_MEMBERS=",".join(THREE)),
    )
    assert ended.code == 0, ended.err
    return ended.json


async def test_every_key_of_the_contract_is_there_and_filled(
    council: Program, server: ModelServer
) -> None:
    result = await ask(council, server)

    assert result["question"] == QUESTION
    assert result["mode"] == "council"
    assert isinstance(result["seed"], int)
    assert result["degraded"] is False
    [member, *_] = result["members"]
    assert member.keys() >= {"label", "model", "status", "error"}
    assert (member["label"], member["status"], member["error"]) == ("A", "answered", None)
    [answer, *_] = result["answers"]
    assert answer.keys() >= {
        *("label", "model", "text", "seconds", "prompt_tokens", "completion_tokens"),
        *("cost_usd", "leaks"),
    }
    assert answer["seconds"] > 0
    assert answer["leaks"] == 0
    assert answer["finish"] == result["verdict"]["finish"] == "stop"
    [review, *_] = result["reviews"]
    assert review.keys() >= {
        *("model", "label", "order", "ranking", "counted", "text", "seconds"),
    }
    [standing, *_] = result["standings"]
    assert standing.keys() >= {"label", "model", "score", "first_places", "ballots"}
    assert standing["score"] == 1
    assert result["agreement"].keys() >= {"kendall_w", "top_share", "stopped_early", "heard"}
    assert result["agreement"]["heard"] == 3
    assert result["agreement"]["kendall_w"] == 1
    assert result["agreement"]["top_share"] == 1
    assert result["verdict"].keys() >= {
        *("text", "written_by", "fallback", "chairman_error", "dissent"),
    }
    assert result["verdict"]["text"].startswith("**Start with the simplest thing")
    assert result["verdict"]["written_by"] == CHAIRMAN
    assert result["verdict"]["fallback"] is None
    assert result["verdict"]["chairman_error"] is None
    timings = result["timings"]
    moments = ("first_answer", "answers", "reviews", "verdict_first_text", "verdict")
    assert sorted(timings.values()) == [timings[moment] for moment in moments]
    assert result["calls"] == 7


async def test_members_answers_and_reviews_are_those_of_the_models(
    council: Program, server: ModelServer
) -> None:
    result = await ask(council, server)

    assert sorted(member["model"] for member in result["members"]) == list(THREE)
    labels = {member["label"]: member["model"] for member in result["members"]}
    assert sorted(labels) == ["A", "B", "C"]
    texts = {answer["label"]: answer["text"] for answer in result["answers"]}
    assert {answer["label"]: answer["model"] for answer in result["answers"]} == labels
    for review in result["reviews"]:
        prompt = shown(received(server, "review", review["model"]))
        assert labels[review["label"]] == review["model"]
        assert review["order"] == list(prompt)
        assert prompt == {label: texts[label] for label in review["order"]}
    assert shown(received(server, "verdict", CHAIRMAN)) == texts


async def test_a_ranking_is_the_one_the_reviewer_wrote(
    council: Program, server: ModelServer
) -> None:
    result = await ask(council, server)

    by_quality = sorted(THREE, key=server.quality, reverse=True)
    labels = {member["model"]: member["label"] for member in result["members"]}
    best_first = [labels[model] for model in by_quality]
    read = [review for review in result["reviews"] if review["counted"]]
    assert [review["ranking"] for review in read] == [best_first] * 3
    assert [standing["label"] for standing in result["standings"]] == best_first


async def test_a_tie_is_a_list_within_the_ranking(council: Program) -> None:
    tied = {"text": "FINAL RANKING:\n1. Answer B\n2. Answer A = Answer C"}
    async with ModelServer(behaviours={"lab/a": ["ok", tied]}) as server:
        result = await ask(council, server)

    [review] = [review for review in result["reviews"] if review["model"] == "lab/a"]
    assert review["ranking"] == ["B", ["A", "C"]]


async def test_tokens_cost_and_calls_are_what_the_provider_counted(
    council: Program, server: ModelServer
) -> None:
    result = await ask(council, server)

    assert result["calls"] == len(server.requests)
    assert [request.outcome for request in server.requests] == ["ok"] * 7
    # The fake counts a token for four bytes or characters, at 1.25 and 10 dollars per million.
    for answer in result["answers"]:
        request = received(server, "answer", answer["model"])
        assert answer["prompt_tokens"] == len(request.body) // 4
        assert answer["completion_tokens"] == len(answer["text"]) // 4
        assert answer["cost_usd"] == pytest.approx(
            answer["prompt_tokens"] * 1.25e-6 + answer["completion_tokens"] * 1e-5, abs=1e-6
        )
    texts = [
        *(answer["text"] for answer in result["answers"]),
        *(review["text"] for review in result["reviews"]),
        result["verdict"]["text"],
    ]
    prompt, completion = result["prompt_tokens"], result["completion_tokens"]
    assert prompt == sum(len(request.body) // 4 for request in server.requests)
    assert completion == sum(len(text) // 4 for text in texts)
    assert result["cost_usd"] == pytest.approx(prompt * 1.25e-6 + completion * 1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("unknown_model", "unknown_model"),
        ("no_credit", "no_credit"),
        ("rate_limited", "rate_limited"),
        ("empty", "empty"),
        ("cut", "cut_off"),
        ("hang", "timed_out"),
        ("hang_alive", "timed_out"),
        ("stall", "timed_out"),
    ],
)
async def test_whatever_the_chairman_does_there_is_a_verdict_with_author_and_reason(
    council: Program, fault: str, kind: str
) -> None:
    async with ModelServer(behaviours={CHAIRMAN: fault}) as server:
        ended = await council.run(
            *("ask", QUESTION, "--json"),
            environment=environment(server, COUNCIL_TIME_SCALE="0.005"),
        )

    assert ended.code == 0
    verdict = ended.json["verdict"]
    winner = ended.json["standings"][0]
    assert verdict["text"].startswith("**Start with the simplest thing")
    assert (verdict["fallback"], verdict["written_by"]) == ("next_member", winner["model"])
    assert verdict["chairman_error"]["kind"] == kind
    assert f"{CHAIRMAN} could not write it" in ended.err
    assert f"the author of Answer {winner['label']} did" not in ended.out


async def test_a_chairman_that_thinks_for_minutes_before_its_first_word_writes_the_verdict(
    council: Program,
) -> None:
    """The median of a reasoning model that hides its thoughts is some 190 s."""
    scale = 0.005
    slow = Behaviour(text="**Yes.**", delay=190 * scale)
    async with ModelServer(behaviours={CHAIRMAN: slow}) as server:
        ended = await council.run(
            *("ask", QUESTION, "--json"),
            environment=environment(server, COUNCIL_TIME_SCALE=str(scale)),
        )

    assert ended.code == 0
    verdict = ended.json["verdict"]
    assert (verdict["text"], verdict["written_by"], verdict["fallback"]) == (
        "**Yes.**",
        CHAIRMAN,
        None,
    )


@pytest.mark.parametrize("finish_reason", ["stop", "length"])
async def test_empty_replies_that_cost_money_pass_no_budget(
    council: Program, finish_reason: str
) -> None:
    usage = '"usage": {"prompt_tokens": 9, "completion_tokens": 900, "cost": 0.04}'
    choice = f'"choices": [{{"index": 0, "delta": {{}}, "finish_reason": "{finish_reason}"}}]'
    empty = Behaviour("raw", raw=[f"data: {{{choice}, {usage}}}\n\ndata: [DONE]\n\n"], status=200)
    async with ModelServer(behaviours={"lab/a": empty}) as server:
        spending = environment(
            server,
            COUNCIL_MEMBERS="lab/a",
            COUNCIL_CHAIRMAN="lab/a",
            COUNCIL_DAILY_BUDGET_USD="0.05",
        )
        for question in (QUESTION, "And of five?", "And of six?"):
            await council.run("ask", question, environment=spending)

    assert len(server.requests) == 1


async def test_a_question_without_room_in_the_budget_is_an_apology_in_json_with_the_numbers(
    council: Program,
) -> None:
    price = {"prompt": "0.00000125", "completion": "0.00001"}
    entries = [{"id": model, "pricing": price} for model in (*THREE, "lab/d", CHAIRMAN)]
    async with ModelServer(entries=entries) as server:
        poor = environment(server, COUNCIL_DAILY_BUDGET_USD="0.0001")
        ended = await council.run("ask", QUESTION, "--json", environment=poor)

    assert (ended.code, server.requests) == (1, [])
    told = ended.json
    assert (told["answers"], told["calls"], told["cost_usd"]) == ([], 0, 0)
    assert " is needed; $0.0001 of today's $0.0001 is left." in told["verdict"]["text"]
    assert told["verdict"]["text"] in ended.err
    assert {member["error"].partition(":")[0] for member in told["members"]} == {"no_credit"}


async def test_what_was_broken_off_is_told_on_the_way_and_under_the_verdict(
    council: Program,
) -> None:
    async with ModelServer(behaviours={CHAIRMAN: "truncated", THREE[0]: "truncated"}) as server:
        ended = await council.run(
            "ask", QUESTION, environment=environment(server, COUNCIL_MEMBERS=",".join(THREE))
        )

    assert ended.code == 0
    assert ended.err.count("It ends here: it reached the length limit.") == 1
    assert "⚠ The verdict ends here: it reached the length limit." in ended.err


async def test_a_fallback_is_named_under_the_verdict(council: Program) -> None:
    async with ModelServer(behaviours={CHAIRMAN: "no_credit"}) as server:
        ended = await council.run("ask", QUESTION, environment=environment(server))

    assert ended.out.startswith("**Start with the simplest thing")
    assert "The chairman could not write (no credit); the author of Answer" in ended.err


async def test_no_answer_at_all_is_an_apology_in_json_and_exit_code_1(council: Program) -> None:
    async with ModelServer(behaviours={"*": "no_credit"}) as server:
        ended = await council.run("ask", QUESTION, "--json", environment=environment(server))

    assert ended.code == 1
    assert ended.json["answers"] == ended.json["reviews"] == ended.json["standings"] == []
    assert ended.json["verdict"]["text"].startswith("**Sorry, no member of the council")
    assert ended.json["verdict"]["written_by"] is None
    assert ended.json["degraded"] is True
    assert [member["status"] for member in ended.json["members"]] == ["failed"] * 4
    assert ended.json["members"][0]["error"].startswith("no_credit: ")


async def test_without_any_answer_a_shell_is_told_what_to_do_in_a_shell(council: Program) -> None:
    async with ModelServer(behaviours={"*": "unknown_model"}) as server:
        ended = await council.run("ask", QUESTION, environment=environment(server))

    assert ended.code == 1
    assert "Put models that there are into COUNCIL_MEMBERS; `council doctor` tries" in ended.out
    assert "/council" not in ended.out + ended.err


async def test_a_degraded_verdict_still_exits_with_0(council: Program) -> None:
    async with ModelServer(behaviours={"lab/b": "moderated"}) as server:
        ended = await council.run("ask", QUESTION, "--json", environment=environment(server))

    assert ended.code == 0
    assert ended.json["degraded"] is True
    [missing] = [member for member in ended.json["members"] if member["status"] == "failed"]
    assert missing["model"] == "lab/b"
    assert missing["error"].startswith("refused: ")


async def test_progress_goes_to_standard_error_and_the_verdict_alone_to_standard_output(
    council: Program, server: ModelServer
) -> None:
    ended = await council.run("ask", QUESTION, environment=environment(server))

    assert ended.out.startswith("**Start with the simplest thing that can be measured")
    assert ended.out.endswith("when the number is good enough.\n")
    assert "4 members answer." in ended.err
    assert "lab/e writes the verdict." in ended.err
    assert re.search(r"\n\n(.+\n)?⚖️ .*\*\*[A-D]\*\* first", ended.err)
    assert "👍" not in ended.err
    # A price of more than nothing, in whole cents or, below one, in hundredths of them.
    assert re.search(r"\n\d+ calls · \$0\.\d\d(\d\d)? · \d+ s · [0-9a-f]{12}\n$", ended.err)


async def test_prices_that_nobody_tells_are_not_told_as_nothing(council: Program) -> None:
    async with ModelServer(behaviours={"*": Behaviour(cost="")}) as server:
        ended = await council.run("ask", QUESTION, environment=environment(server))
    assert " calls · price unknown · " in ended.err


async def test_answers_are_printed_below_the_verdict_under_their_labels(
    council: Program, server: ModelServer
) -> None:
    result = await ask(council, server, "--id", "m1")
    here = environment(server, COUNCIL_MEMBERS=",".join(THREE))

    ended = await council.run("ask", QUESTION, "--id", "m1", "--answers", environment=here)

    a, b, c = (answer["text"] for answer in result["answers"])
    assert ended.out == (
        f"{result['verdict']['text']}\n"
        f"\n## Answer A\n\n{a}\n\n## Answer B\n\n{b}\n\n## Answer C\n\n{c}\n"
    )


async def test_answers_to_compare_are_printed_and_an_answer_is_enough_to_succeed(
    council: Program,
) -> None:
    async with ModelServer(behaviours={"lab/b": "no_credit"}) as server:
        here = environment(server, COUNCIL_MEMBERS=",".join(THREE))
        ended = await council.run("ask", QUESTION, "--mode", "compare", environment=here)

    assert ended.code == 0
    assert ended.out.startswith("There is no verdict: the answers stand side by side")
    assert ended.out.count("## Answer ") == 2
    assert {request.stage for request in server.requests} == {"answer"}


async def test_two_that_agree_answer_a_quick_question(council: Program) -> None:
    async with ModelServer(behaviours={"*": {"text": "Two and one.\n\nFinal answer: 3"}}) as server:
        result = await ask(council, server, "--mode", "quick")

    assert [request.stage for request in server.requests] == ["answer"] * 2
    assert [member["label"] for member in result["members"]] == ["A", "B"]
    assert {m["model"] for m in result["members"]} | set(result["not_asked"]) == set(THREE)
    assert (result["degraded"], result["escalated"]) == (False, False)
    assert result["verdict"]["label"] in {"A", "B"}
    assert (result["verdict"]["written_by"], result["verdict"]["fallback"]) == (None, None)
    assert result["agreement"]["same_answer"] == 2


async def test_two_that_do_not_agree_are_joined_by_the_others(council: Program) -> None:
    said: dict[str, Script] = {
        model: [{"text": f"Final answer: {n}"}, "ok"] for n, model in enumerate(THREE)
    }
    async with ModelServer(behaviours=said) as server:
        here = environment(server, COUNCIL_MEMBERS=",".join(THREE))
        ended = await council.run("ask", QUESTION, "--mode", "quick", "--json", environment=here)

    assert ended.json["escalated"] is True
    assert ended.json["not_asked"] == []
    assert ended.json["verdict"]["written_by"] == CHAIRMAN
    assert "They do not agree; all 3 members answer." in ended.err


async def test_what_most_say_is_printed_with_its_counts(council: Program) -> None:
    said: dict[str, Script] = {
        model: {"text": f"Final answer: {number}"}
        for model, number in zip(THREE, "344", strict=True)
    }
    async with ModelServer(behaviours=said) as server:
        here = environment(server, COUNCIL_MEMBERS=",".join(THREE))
        ended = await council.run("ask", QUESTION, "--mode", "vote", environment=here)

    assert ended.code == 0
    assert ended.out.startswith("**The answer is 4.** 2 of 3 say so: Answers ")


# Standard input


async def test_a_pipe_alone_is_the_question(council: Program, server: ModelServer) -> None:
    for words in ((), ("-",)):
        ended = await council.run(
            *("ask", "--json", *words), environment=environment(server), stdin=f"\ufeff{QUESTION}\n"
        )
        assert ended.json["question"] == QUESTION


async def test_words_beside_a_pipe_leave_it_alone(council: Program, server: ModelServer) -> None:
    ended = await council.run(
        "ask", "Is", "it?", "--json", environment=environment(server), stdin="The next question?"
    )
    assert ended.json["question"] == "Is it?"
    assert b"The next question?" not in b"".join(request.body for request in server.requests)


@pytest.mark.parametrize(
    "words", [("What is wrong?", "--json", "-"), ("-", "What is wrong?", "--json")]
)
async def test_words_with_a_dash_are_about_what_comes_on_standard_input(
    council: Program, server: ModelServer, words: tuple[str, ...]
) -> None:
    ended = await council.run(
        "ask", *words, environment=environment(server), stdin="It fell over.\nIgnore that."
    )

    assert ended.json["question"] == "What is wrong?"
    assert "26 characters of standard input go along." in ended.err
    prompt = received(server, "answer", "lab/a").json["messages"][-1]["content"]
    before, _, material = prompt.partition("The question is about this message:\n")
    assert "It fell over." not in before
    fence, first, second, end, *_ = material.split("\n")
    assert (first, second, end) == ("It fell over.", "Ignore that.", fence)


async def test_a_question_about_something_else_is_another_question(
    council: Program, server: ModelServer
) -> None:
    here = environment(server)
    killed = await council.run(
        "ask", QUESTION, "-", environment=here, stdin="one", kill=Kill(18, made=True)
    )
    other = await council.run("ask", QUESTION, "-", environment=here, stdin="two")
    same = await council.run("ask", QUESTION, "-", environment=here, stdin="one")

    assert killed.code == KILLED
    assert "Going on where" not in other.err
    assert "Going on where an earlier run was interrupted." in same.err


async def test_files_are_read_along_and_listed(
    council: Program, server: ModelServer, tmp_path: Path
) -> None:
    notes, photo = tmp_path / "notes.md", tmp_path / "photo.png"
    notes.write_text("Grass is green.", encoding="utf-8")
    photo.write_bytes(b"\x89PNG")
    words = ("ask", QUESTION, "--json", "--file", str(notes), "--file", str(photo))
    ended = await council.run(*words, environment=environment(server))

    read, unread = ended.json["evidence"]
    told = {"kind": "file", "name": "notes.md", "chars": 15, "read": True, "why": None}
    assert read.items() >= told.items()
    assert (unread["name"], unread["read"]) == ("photo.png", False)
    assert "The council read the attached file along with the question: `notes.md`." in ended.err
    assert "⚠ `photo.png` was not read." in ended.err
    assert str(tmp_path) not in ended.out
    for request in server.requests:
        assert "Grass is green." in request.json["messages"][-1]["content"]
        assert str(tmp_path) not in str(request.json)


async def test_a_resumed_run_has_what_was_read_when_it_began(
    council: Program, server: ModelServer, tmp_path: Path
) -> None:
    here, notes = environment(server), tmp_path / "notes.md"
    words = ("ask", QUESTION, "--json", "--file", str(notes))
    notes.write_text("one", encoding="utf-8")
    killed = await council.run(*words, environment=here, kill=Kill(24, made=True))
    notes.write_text("two", encoding="utf-8")
    same = await council.run(*words, environment=here)
    notes.write_text("three", encoding="utf-8")
    other = await council.run(*words, environment=here)

    assert killed.code == KILLED
    assert "Going on where an earlier run was interrupted." in same.err
    assert "Going on where" not in other.err
    prompts = [request.json["messages"][-1]["content"] for request in server.requests]
    assert any("\n\none\n===" in prompt for prompt in prompts)
    assert not any("\n\ntwo\n===" in prompt for prompt in prompts)
    assert other.json["evidence"][0]["chars"] == 5


@pytest.mark.parametrize("name", ["gone.md", "."])
async def test_a_file_that_is_not_there_is_named_and_nothing_asked(
    council: Program, server: ModelServer, name: str
) -> None:
    ended = await council.run("ask", QUESTION, "--file", name, environment=environment(server))
    assert ended.code == 2
    assert "There is no file" in ended.err
    assert server.requests == []


@pytest.mark.parametrize(
    ("stdin", "words", "sentence"),
    [
        ("", (), "The question is empty."),
        ("", (QUESTION, "-"), "Standard input is empty."),
        ("a\0b", ("-",), "Standard input is no text: it holds zero bytes."),
    ],
)
async def test_standard_input_that_holds_no_question_is_named(
    council: Program, server: ModelServer, stdin: str, words: tuple[str, ...], sentence: str
) -> None:
    ended = await council.run("ask", *words, environment=environment(server), stdin=stdin)

    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err
    assert server.requests == []


async def test_standard_input_without_an_end_is_not_read_to_it(server: ModelServer) -> None:
    code, out, err = await processes.run(
        "ask", QUESTION, "-", environment=environment(server), stdin="more " * 90_000
    )

    assert (code, out) == (2, "")
    assert "Standard input holds more than 100,000 characters." in err
    assert server.requests == []


# On a terminal


async def test_a_terminal_shows_markdown_as_people_read_it(server: ModelServer) -> None:
    shown = await seen("ask", QUESTION, "--answers", environment=environment(server))

    assert shown.code == 0
    assert "Start with the simplest thing that can be measured" in shown.text
    assert "**Start with" not in shown.text
    assert "## Answer" not in shown.text
    assert "Answer A" in shown.text


async def test_a_terminal_without_a_question_is_told_how_to_write_one(server: ModelServer) -> None:
    shown = await seen("ask", environment=environment(server))
    assert (shown.code, server.requests) == (2, [])
    assert '`council ask "..."`, or `council ask -`' in shown.text


async def test_a_question_may_be_typed_over_several_lines(server: ModelServer) -> None:
    shown = await seen(
        *("ask", "-", "--json"),
        environment=environment(server),
        typed=[("Reading standard input", "One?\nTwo?\n\x04")],
    )
    assert shown.code == 0
    assert '"question": "One?\\nTwo?"' in shown.text


async def test_ctrl_c_ends_the_reading(server: ModelServer) -> None:
    shown = await seen(
        *("ask", "-"),
        environment=environment(server),
        typed=[("Reading standard input", "One?\n\x03")],
    )
    assert (shown.code, server.requests) == (130, [])
    assert "Traceback" not in shown.text


# Once more


async def test_a_finished_id_is_printed_again_without_asking_anyone(
    council: Program, server: ModelServer
) -> None:
    first = await ask(council, server, "--id", "m1")
    asked = len(server.requests)

    assert await ask(council, server, "--id", "m1") == first
    assert first["id"] == "m1"
    assert len(server.requests) == asked


async def test_who_asks_a_finished_id_again_is_told_that_nobody_was(
    council: Program, server: ModelServer
) -> None:
    here = environment(server, COUNCIL_MEMBERS=",".join(THREE))
    await ask(council, server, "--id", "m1")
    ended = await council.run("ask", QUESTION, "--id", "m1", environment=here)
    assert "This was answered before; nobody is asked again." in ended.err


async def test_the_same_words_after_the_end_are_a_new_question(
    council: Program, server: ModelServer
) -> None:
    first = await ask(council, server)
    second = await ask(council, server)

    assert first["id"] != second["id"]
    assert len(server.requests) == 14


async def test_an_id_of_another_question_is_refused(council: Program, server: ModelServer) -> None:
    await ask(council, server, "--id", "m1")

    ended = await council.run("ask", "Another?", "--id", "m1", environment=environment(server))

    assert (ended.code, ended.out) == (2, "")
    assert "The id m1 belongs to another question or mode." in ended.err


async def test_a_run_without_any_answer_is_finished(council: Program) -> None:
    async with ModelServer(behaviours={"*": "no_credit"}) as server:
        first = await council.run("ask", QUESTION, "--json", environment=environment(server))
        second = await council.run("ask", QUESTION, "--json", environment=environment(server))

    assert first.json["id"] != second.json["id"]
    assert second.json["calls"] == 4


async def test_a_resumed_run_says_so(council: Program, server: ModelServer) -> None:
    here = environment(server)
    killed = await council.run("ask", QUESTION, environment=here, kill=Kill(18, made=True))
    ended = await council.run("ask", QUESTION, environment=here)

    assert killed.code == KILLED
    assert "Going on where an earlier run was interrupted." in ended.err


async def test_export_shows_what_was_asked_here(council: Program, server: ModelServer) -> None:
    asked = await ask(council, server)

    ended = await council.run("export", environment=environment(server))

    [line] = ended.out.splitlines()
    exported = json.loads(line)
    assert {key: exported[key] for key in asked} == asked
    assert exported["platform"] == "cli"
    assert exported["channel"] is exported["thread"] is exported["asker"] is None
    assert (exported["posts"], exported["votes"]) == ({}, [])
    assert exported["asked_at"].endswith("+00:00")


async def test_export_of_nothing_says_so(council: Program, server: ModelServer) -> None:
    await ask(council, server)
    ended = await council.run("export", "--since", "2100-01-01", environment=environment(server))
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "No finished question is from there and then.\n"


@pytest.mark.parametrize(
    "words", [("export",), ("export", "--csv", "outcomes"), ("stats",), ("ceiling",)]
)
async def test_a_channel_that_nothing_was_asked_in_is_named_beside_those_that_there_are(
    council: Program, server: ModelServer, words: tuple[str, ...]
) -> None:
    here = environment(server)
    await ask(council, server)
    none = await council.run(*words, "--channel", "genral", environment=here)
    await council.run("chat", environment=here, stdin=f"@council {QUESTION}\n")
    another = await council.run(*words, "--channel", "genral", environment=here)

    assert (none.code, none.out) == (another.code, another.out) == (2, "")
    assert none.err == "Nothing was asked in any channel yet. Leave --channel out.\n"
    assert another.err == "Nothing was asked in a channel genral. There are: terminal.\n"
