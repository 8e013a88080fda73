"""`council chat` from a pipe, against models over HTTP: the script, and what the models are asked."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.fakes.forks import KILLED, Kill, Program, environment, program
from tests.fakes.model_server import ModelServer

QUESTION = "Is a monolith right for a team of four?"
VERDICT = "Start with the simplest thing that can be measured, as Answer"


@pytest.fixture(scope="module")
def council() -> Iterator[Program]:
    with program() as running:
        yield running


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
    places = [out.index(text) for text in told]
    assert places == sorted(places)


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
