"""What a line means: a command, a slip of the finger in one, or a question."""

import pytest

from adapters.terminal.words import Asked, Command, Mistaken, read


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("open A", Command("open", "A")),
        ("Open answer b", Command("open", "answer b")),
        ("react A 👍", Command("react", "A 👍")),
        ("react answer A +1", Command("react", "answer A +1")),
        ("thread", Command("thread", "")),
        ("threads", Command("threads", "")),
        ("quit", Command("quit", "")),
        ("@council: Is it right?", Command("@council", "Is it right?")),
        ("@council one\ntwo", Command("@council", "one\ntwo")),
        ("/council set reveal always", Command("/council", "set reveal always")),
    ],
)
def test_commands_are_read(line: str, command: Command) -> None:
    assert read(line) == command


@pytest.mark.parametrize(
    "line",
    [
        "Is a monolith right?",
        "open source or not, and why?",
        "react or vue or something else, for four people?",
        "thread pools or asyncio?",
        "help me choose a database",
        "exit codes of curl?",
        "/etc/fstab: what does noatime mean?",
        "1 + 1",
        "모놀리스가맞나",
        "单体架构适合四人团队吗",
        "Why?",
        "Which is right?\nquit",
    ],
)
def test_everything_else_is_a_question(line: str) -> None:
    assert read(line) == Asked(line)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("opne A", "open A"),
        ("raect B 👍", "react B 👍"),
        ("thraed 3", "thread 3"),
        ("exti", "exit"),
        ("/show", "/council show"),
        ("/helpp", "/council help"),
        ("/debate", "/debate QUESTION"),
        ("/concil show", "/council show"),
        ("council show", "/council show"),
        ("hello", ""),
        ("clear", ""),
        (":q", ""),
    ],
)
def test_what_looks_like_a_command_is_none_and_no_question(line: str, meant: str) -> None:
    assert read(line) == Mistaken(meant)
