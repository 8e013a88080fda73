"""`council chat` against models over HTTP, from a pipe and on a terminal: what is said there, and
what the models are asked."""

import getpass
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.forks import KILLED, Kill, Program, environment
from tests.fakes.model_server import ModelServer
from tests.fakes.pseudo_terminal import seen

QUESTION = "Is a monolith right for a team of four?"
VERDICT = "Start with the simplest thing that can be measured, as Answer"


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


async def chat(council: Program, server: ModelServer, *lines: str) -> str:
    """What a script prints; it ends well and without a word on standard error."""
    ended = await council.run("chat", stdin="\n".join(lines), environment=environment(server))
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in ended.out
    return ended.out


def prompts(server: ModelServer, stage: str) -> list[str]:
    return [r.json["messages"][-1]["content"] for r in server.requests if r.stage == stage]


async def test_the_script_of_a_newcomer(council: Program, server: ModelServer) -> None:
    out = await chat(
        council, server, f"@council {QUESTION}", "open A", "react A 👍", "/council show"
    )

    told = [
        VERDICT,
        "**A**",
        "▸ Ranking: ",
        "> open A",
        "Your vote is recorded: 👍 on A.",
        "This channel's council",
        "**e** writes the verdict.",
    ]
    place = 0
    for text in told:
        place = out.index(text, place)


async def test_the_vote_is_exported(council: Program, server: ModelServer) -> None:
    await chat(council, server, f"@council {QUESTION}", "react A 👍", "react verdict 👎")

    exported = (await council.run("export", environment=environment(server))).json

    assert exported["platform"] == "terminal"
    assert {(vote["target"], vote["value"]) for vote in exported["votes"]} == {
        ("A", "accept"),
        ("verdict", "reject"),
    }
    assert exported["posts"].keys() == {"headline", "answers", "ranking"}
    assert sorted(exported["posts"]["answers"]) == ["A", "B", "C", "D"]


async def test_a_follow_up_carries_the_earlier_question_and_verdict(
    council: Program, server: ModelServer
) -> None:
    await chat(council, server, f"@council {QUESTION}", "thread 1", "@council And for eight?")

    first, second = prompts(server, "answer")[:4], prompts(server, "answer")[4:]
    assert [VERDICT in prompt for prompt in first] == [False] * 4
    assert [QUESTION in prompt and VERDICT in prompt for prompt in second] == [True] * 4
    assert all(prompt.endswith("Question:\nAnd for eight?") for prompt in second)


async def test_another_question_in_the_channel_carries_nothing(
    council: Program, server: ModelServer
) -> None:
    await chat(council, server, f"@council {QUESTION}", "@council And tabs or spaces?")
    assert not [prompt for prompt in prompts(server, "answer")[4:] if QUESTION in prompt]


async def test_a_channels_new_member_answers_the_next_question(
    council: Program, server: ModelServer
) -> None:
    out = await chat(
        council,
        server,
        "/council members set lab/a lab/e",
        "/council members add lab/zebra",
        f"@council {QUESTION}",
    )
    assert "There is no model `lab/zebra`." in out
    assert sorted(server.asked("answer")) == ["lab/a", "lab/e"]


@pytest.mark.both_databases
async def test_a_chat_that_was_killed_goes_on_without_asking_again(
    council: Program, server: ModelServer
) -> None:
    here = environment(server)
    killed = await council.run(
        "chat", stdin=f"@council {QUESTION}", environment=here, kill=Kill(18, made=True)
    )
    out = await chat(council, server, "open ranking")

    assert killed.code == KILLED
    assert f"An earlier chat left this unfinished: {QUESTION}" in out
    assert out.count(VERDICT) >= 1
    assert "▾ Ranking: " in out


# --- on a terminal


READY, OVER = "Tab completes", "open ranking"
CTRL_D = "\x04"


# Beside a database in a file; beside one on a server there is nothing.
HISTORY = {"sqlite": Path("council.history"), "postgresql": Path("data/council/council.history")}


def with_history(server: ModelServer) -> dict[str, str]:
    return environment(server, XDG_DATA_HOME=str(Path("data").resolve()))


async def test_a_person_asks_votes_and_leaves(
    council: Program, server: ModelServer, told_on: str
) -> None:
    here = with_history(server)
    left = await seen(
        "chat",
        environment=here,
        typed=[(READY, f"{QUESTION}\r"), (OVER, "react A +1\r"), ("recorded", CTRL_D)],
    )
    exported = (await council.run("export", environment=here)).json

    assert left.code == 0
    assert [(v["target"], v["value"]) for v in exported["votes"]] == [("A", "accept")]
    assert stat.S_IMODE(HISTORY[told_on].stat().st_mode) == 0o600
    assert left.screen.rstrip("\x1b[?0123456789hlmqJK ").endswith("\r\n")


async def test_without_colours_none_are_sent(server: ModelServer) -> None:
    left = await seen(
        "chat",
        environment=environment(server, NO_COLOR="1"),
        typed=[(READY, f"{QUESTION}\r"), (OVER, CTRL_D)],
    )

    codes = [code.partition("m")[0] for code in left.screen.split("\x1b[")[1:]]
    numbers = {int(n) for code in codes for n in code.split(";") if n.isdecimal()}
    assert not numbers & {*range(30, 38), *range(40, 48), *range(90, 108), 38, 48}


@pytest.mark.parametrize(
    "words", [("--channel", "terminal"), ("--id",), ("--person", getpass.getuser())]
)
async def test_what_is_forgotten_goes_from_the_history(
    council: Program, server: ModelServer, words: tuple[str, ...], told_on: str
) -> None:
    here = with_history(server)
    await seen("chat", environment=here, typed=[(READY, f"{QUESTION}\r"), (OVER, CTRL_D)])
    assert QUESTION in HISTORY[told_on].read_text()
    if words == ("--id",):
        words = ("--id", (await council.run("export", environment=here)).json["id"])

    forgotten = await council.run("forget", *words, environment=here)

    assert forgotten.out == "Forgotten: 1 deliberation.\n"
    assert not HISTORY[told_on].exists()


async def test_a_finished_thread_is_shown_again_drawn_for_a_person(
    council: Program, server: ModelServer
) -> None:
    here = environment(server)
    await chat(council, server, f"@council {QUESTION}")

    shown = await seen("show", environment=here)

    assert shown.code == 0
    assert QUESTION in shown.text
    assert "**" not in shown.text
    assert "\x1b[" in shown.screen
