"""Every command over a long past: `python -m tests.bench.commands [--deliberations 50000]`.

Each command is a process of its own; printed are its seconds, its CPU and the most memory that it
took. What serve keeps for the statistics is there, as it is where serve runs.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha512
from pathlib import Path
from typing import Any

from bot.analysis.rows import Row, row_of
from bot.council import Council, Deliberation, Question
from bot.records import Case
from bot.store.encoding import encode, encode_time
from bot.store.store import Store
from tests.fakes.channel import MODELS, finished_case, label_of, reaction

ROOT = Path(__file__).parents[2]
TEMPLATES = 500
TEXT = "It depends on who runs it and how often it changes. " * 10
LAST = datetime(2026, 11, 20, 12, tzinfo=UTC)
STAGES = [("answer", seat) for seat in range(4)] + [("review", seat) for seat in range(4)]
CALLS = [*STAGES, ("verdict", 4)]
CHANNELS, PEOPLE = 40, 300


# --- A past


@dataclass(frozen=True, slots=True)
class Template:
    """A deliberation's texts, in which its id is replaced."""

    case: Case
    question: str
    council: str
    result: str
    summary: str  # without what recognises its question

    def of(self, text: str, id: str) -> str:
        return text.replace(self.case.id, id)


def template(number: int) -> Template:
    case = finished_case(number, text=TEXT, asker=f"person-{number % PEOPLE}", seed=number)
    assert case.result
    rated = [reaction(case, label_of(case, MODELS[number // 2 % 4]), "best", case.asker or "")]
    row = row_of(case, rated if number % 2 else (), "secret")
    assert row
    return Template(
        case,
        encode(Question, case.question),
        encode(Council, case.council),
        encode(Deliberation, case.result),
        encode(Row, replace(row, signs=())),
    )


def fill(path: Path, count: int) -> None:
    """So many finished deliberations, ten minutes apart, with their journal, posts and feed; the
    asker of one in two has named the best answer."""
    import asyncio

    async def make() -> None:
        await (await Store.open(path)).close()

    asyncio.run(make())
    templates = [template(number) for number in range(TEMPLATES)]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for table, columns, rows in tables(templates, count):
            marks = ", ".join("?" * (columns.count(",") + 1))
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        # Read as they were made, so that what serve keeps is there.
        connection.executemany(
            "UPDATE summaries SET value = ? WHERE deliberation = ?",
            ((summary(t, id), id) for id, _, t in past(templates, count)),
        )
        connection.execute("COMMIT")


def summary(template: Template, id: str) -> str:
    """Of a question that no other says nearly."""
    digest = sha512(id.encode()).hexdigest() * 2
    signs = [digest[n * 12 : n * 12 + 12] for n in range(14)]
    return template.of(template.summary, id).replace('"signs":[]', f'"signs":{json.dumps(signs)}')


def past(templates: list[Template], count: int) -> Iterator[tuple[str, str, Template]]:
    for n in range(count):
        at = LAST - timedelta(minutes=10 * (count - n))
        yield f"deliberation-{n}", encode_time(at), templates[n % len(templates)]


def tables(
    templates: list[Template], count: int
) -> Iterator[tuple[str, str, Iterator[tuple[Any, ...]]]]:
    yield (
        "deliberations",
        "id, mention, platform, workspace, channel, thread, asker, address, asked_at, question,"
        " council, status, result, delivered",
        (
            (
                id,
                f"discord:{id}",
                "discord",
                "server",
                f"channel-{n % CHANNELS}",
                id,
                t.case.asker,
                "",
                at,
                t.of(t.question, id),
                t.council,
                "finished",
                t.of(t.result, id),
                1,
            )
            for n, (id, at, t) in enumerate(past(templates, count))
        ),
    )
    yield (
        "calls",
        "deliberation, stage, round, seat, model, started_at, finished_at, first_text_at, text,"
        " finish_reason, prompt_tokens, completion_tokens, cost_micros",
        (
            (id, stage, 0, seat, model(seat), at, at, at, TEXT, "stop", 100, 200, 2_000)
            for id, at, _ in past(templates, count)
            for stage, seat in CALLS
        ),
    )
    yield (
        "attempts",
        "deliberation, stage, round, seat, n, model, hedge, started_at, reserved_micros,"
        " finished_at, prompt_tokens, completion_tokens, cost_micros, first_text_seconds,"
        " counted_micros, told_micros, prompt_bytes, max_tokens, place",
        (
            (
                *(id, stage, 0, seat, 1, model(seat), 0, at, 0, at, 100, 200, 2_000, 0.8),
                *(2_000, 2_000, 400, 8_000, f"discord:channel-{n % CHANNELS}"),
            )
            for n, (id, at, _) in enumerate(past(templates, count))
            for stage, seat in CALLS
        ),
    )
    yield (
        "feed",
        "at, deliberation, what, stage, round, seat, n, model, seconds, tokens, cost_micros",
        (
            (at, id, what, stage, 0, seat, 1, model(seat), 3.0, 200, 2_000)
            for id, at, _ in past(templates, count)
            for stage, seat in CALLS
            for what in ("attempt_started", "attempt_finished", "call_finished")
        ),
    )
    yield (
        "posts",
        "deliberation, key, part, platform, post_id",
        (
            (id, key, 0, "discord", f"{id}/{key}")
            for id, _, _ in past(templates, count)
            for key in ("headline", "answer:A", "answer:B", "answer:C", "answer:D", "ranking")
        ),
    )
    yield (
        "reactions",
        "deliberation, target, person, value, blind, at, ranking_shown",
        (
            (id, label_of(t.case, MODELS[n // 2 % 4]), t.case.asker, "best", 1, at, 0)
            for n, (id, at, t) in enumerate(past(templates, count))
            if n % 2
        ),
    )
    yield (
        "spending",
        "day, scope, spent_micros, told_micros",
        (
            ((LAST - timedelta(days=day)).date().isoformat(), scope, 2_000_000, 2_000_000)
            for day in range(count // 144 + 1)
            for scope in ("all", *(f"channel:discord:channel-{n}" for n in range(CHANNELS)))
        ),
    )
    yield (
        "seen_events",
        "key, at",
        ((f"handled:{id}", at) for id, at, _ in past(templates, count)),
    )


def model(seat: int) -> str:
    return (*MODELS, "lab/chair")[seat]


# --- Commands


@dataclass(frozen=True, slots=True)
class Taken:
    seconds: float
    cpu: float
    megabytes: float
    code: int
    said: str


def taken(folder: Path, *words: str) -> Taken:
    """What `council WORDS` takes."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "COUNCIL_DATABASE": str(folder / "council.db"),
        "COUNCIL_RETENTION_DAYS": "keep",
    }
    with open(folder / "said", "w+b") as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        start = said.read(200).decode(errors="replace")
    cpu = usage.ru_utime + usage.ru_stime
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Taken(seconds, cpu, usage.ru_maxrss / unit, process.returncode, start)


def commands(count: int) -> list[list[str]]:
    newest = f"deliberation-{count - 1}"
    number = (count - 1) % TEMPLATES
    question = finished_case(number, seed=number).question.text
    day = LAST.date().isoformat()
    return [
        ["stats"],
        ["stats"],
        ["stats", "--channel", "channel-1"],
        ["ceiling"],
        ["costs"],
        ["costs", "--by", "channel"],
        ["costs", "--by", "model"],
        ["watch"],
        ["watch", "--since", day],
        ["show"],
        ["show", "deliberation-7"],
        ["ask", "--id", newest, question],
        ["export", "--since", day],
        ["export", "--channel", "channel-1"],
        ["export"],
        ["ask", "Is a monolith right?"],
        ["forget", "--id", newest],
        ["forget", "--person", "person-1"],
        ["forget", "--channel", "channel-2"],
        ["doctor"],
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="What commands take over a long past.")
    parser.add_argument("--deliberations", type=int, default=50_000)
    parser.add_argument("--only", help="commands that begin so")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        fill(Path(folder, "council.db"), given.deliberations)
        size = Path(folder, "council.db").stat().st_size / 2**20
        seconds = time.perf_counter() - began
        print(f"{given.deliberations:,} deliberations, {size:.0f} MB, made in {seconds:.0f} s")
        print("seconds     CPU      MB  command")
        for words in commands(given.deliberations):
            if given.only and not " ".join(words).startswith(given.only):
                continue
            took = taken(Path(folder), *words)
            failed = "" if took.code == 0 else f"  (exit {took.code}: {took.said.strip()[:90]})"
            print(
                f"{took.seconds:7.2f} {took.cpu:7.2f} {took.megabytes:7.0f}  "
                f"council {' '.join(words)}{failed}"
            )


if __name__ == "__main__":
    main()
