"""The process at its end, and what it logs."""

import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bot.program.process import JsonLines
from tests.fakes.processes import ROOT


def program(text: str) -> "subprocess.Popen[str]":
    """These lines in a process of their own, which says `ready` when it is to be signalled."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(text)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def signalled(process: "subprocess.Popen[str]") -> tuple[int, str]:
    with process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        return process.wait(), process.stderr.read()


STUCK = """
    import asyncio, sys, time
    from bot.program.process import until_interrupted

    async def command():
        print("ready", flush=True)
        try:
            await asyncio.Event().wait()
        finally:
            {stuck}

    asyncio.run(until_interrupted(command(), end_seconds=0.2))
"""


@pytest.mark.parametrize(
    "stuck", ["await asyncio.Event().wait()", "time.sleep(600)", "await asyncio.to_thread(time.sleep, 600)"]
)  # fmt: skip
def test_a_term_signal_ends_what_does_not_end_by_itself(stuck: str) -> None:
    code, err = signalled(program(STUCK.format(stuck=stuck)))
    assert code == 130
    assert err == "Not everything ended in time. The next start goes on where it was.\n"


def test_what_ends_in_order_does_so_at_its_own_pace() -> None:
    code, err = signalled(program(STUCK.format(stuck="print('in order', file=sys.stderr)")))
    assert err.startswith("in order\n")
    assert "Not everything" not in err
    assert code != 0


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "플랫폼이 없습니다"),
        ("euc-kr", "플랫폼이 없습니다"),
        ("ascii", "No platform has a token"),
        ("latin-1", "No platform has a token"),
    ],
)
def test_nobody_is_told_question_marks_in_place_of_korean(
    encoding: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / ".env").touch()
    here = {"PYTHONPATH": str(ROOT), "LC_ALL": "ko_KR.UTF-8", "PYTHONIOENCODING": encoding}
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "serve"],
        env={"PATH": os.environ["PATH"], **here},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert said in ended.stderr.decode(encoding)
    assert "??" not in ended.stderr.decode(encoding)


def logged(error: Exception | None = None, **more: object) -> dict[str, object]:
    record = logging.makeLogRecord({
        "name": "bot.tests", "levelname": "ERROR", "msg": "%s\x1b[31m and\nmore", "args": ("one",),
        "exc_info": (type(error), error, error.__traceback__) if error else None, **more,
    })  # fmt: skip
    line = JsonLines().format(record)
    assert "\n" not in line
    assert "\x1b" not in line
    parsed: dict[str, object] = json.loads(line)
    return parsed


def test_a_json_line_holds_the_exception_and_what_was_given_besides() -> None:
    def fail() -> None:
        raise ValueError("of the cause")

    with pytest.raises(ValueError, match="of the cause") as caught:
        fail()
    line = logged(caught.value, deliberation="d1", seconds=1.5, path=ROOT)
    assert line["message"] == "one\x1b[31m and\nmore"
    assert (line["level"], line["logger"]) == ("ERROR", "bot.tests")
    assert str(line["traceback"]).endswith("ValueError: of the cause")
    assert (line["deliberation"], line["seconds"], line["path"]) == ("d1", 1.5, str(ROOT))
    assert set(logged()) == {"at", "level", "logger", "message"}


def test_the_log_is_in_english_whatever_was_spoken() -> None:
    speaking_korean = """
        import logging
        from bot.errors import StoreFailed
        from bot.language import _, n_, speaking
        from bot.program.process import configure

        configure(logging.INFO, json=False)
        log = logging.getLogger("bot.tests").error
        with speaking("ko"):
            error = StoreFailed(_("There is no deliberation {deliberation} in this database.", deliberation="d1"))
            log("deliberation %s had to stop: %s", "d1", error)
            log("%s", _("The answer has {given:,} characters; the limit is {limit:,}. Shorten it.",
                        given=5000, limit=3000))
            log(n_("{n} answer", "{n} answers", 2))
        print(error)
    """
    done = program(speaking_korean)
    out, err = done.communicate()
    assert [line.partition(" ERROR ")[2] for line in err.splitlines()] == [
        "deliberation d1 had to stop: There is no deliberation d1 in this database.",
        "The answer has 5,000 characters; the limit is 3,000. Shorten it.",
        "2 answers",
    ]
    assert "d1" in out
    assert "There is no" not in out


def test_a_crash_is_a_json_line_too() -> None:
    crash = """
        import logging
        from bot.program.process import configure

        configure(logging.INFO, json=True)
        raise RuntimeError("nobody thought of this")
    """
    done = program(crash)
    _, err = done.communicate()
    (line,) = map(json.loads, err.splitlines())
    assert line["level"] == "CRITICAL"
    assert line["traceback"].endswith("RuntimeError: nobody thought of this")
    assert done.returncode == 1


def test_what_people_are_told_is_a_json_line_among_json_lines() -> None:
    told = """
        import logging
        from bot.printing import note
        from bot.program.process import configure

        note("before")
        configure(logging.INFO, json=True)
        note("\\nStopped: \\x1b[31mred.\\nGo on.")
        configure(logging.INFO, json=False)
        note("after")
    """
    _, err = program(told).communicate()
    before, line, after = err.splitlines()
    assert (before, after) == ("before", "after")
    found = json.loads(line)
    assert found["message"] == "Stopped: \x1b[31mred.\nGo on."
    assert (found["level"], found["logger"]) == ("INFO", "council")


def test_why_nothing_starts_is_an_error_among_json_lines() -> None:
    told = """
        import os
        from bot.program.cli import main

        os.environ |= {"COUNCIL_LOG": "json", "COUNCIL_AT_ONCE": "none"}
        main(["serve"])
    """
    _, err = program(told).communicate()
    (line,) = map(json.loads, err.splitlines())
    assert "COUNCIL_AT_ONCE must be a whole number" in line["message"]
    assert line["level"] == "ERROR"
