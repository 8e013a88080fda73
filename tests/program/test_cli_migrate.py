"""`council migrate`: afterwards every command tells the same of the server's database as of the file's."""

import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.program.migrate import Lines
from bot.store.server import Server
from bot.store.transfer import Progress
from tests.fakes.forks import KILLED, Ended, Kill, Program
from tests.fakes.postgres import PASSWORD, Postgres

IN_URL = "p%40ss%2Fword"
SAID = """\
@council Tabs or spaces?
react A 👍
react verdict 👍
react B 👎
@council /vote Is water wet?
/council set criteria Be brief
/council budget 3
quit
"""


@pytest.fixture
def here(database: Path) -> dict[str, str]:
    """With the simulated models, without their pauses."""
    return {"COUNCIL_DATABASE": str(database), "COUNCIL_TIME_SCALE": "0.001"}


@pytest.fixture
def server(postgres: Postgres) -> Server:
    return postgres.emptied()


@pytest.fixture
async def used(council: Program, here: Mapping[str, str], database: Path) -> Path:
    """A file that somebody has chatted, asked and voted in."""
    said = await council.run("chat", environment=here, stdin=SAID)
    asked = await council.run("ask", "Is a monolith right?", "--id", "one", environment=here)
    assert (said.code, asked.code) == (0, 0)
    return database


async def migrate(
    council: Program, here: Mapping[str, str], to: str, kill: Kill | None = None, **more: str
) -> Ended:
    ended = await council.run("migrate", "--to", to, environment={**here, **more}, kill=kill)
    for secret in (PASSWORD, IN_URL, "Traceback"):
        assert secret not in f"{ended.out}{ended.err}"
    return ended


async def told(council: Program, here: Mapping[str, str], place: str) -> dict[str, str]:
    """What every command that reads says of a database."""
    found = {}
    for words in (
        *("stats", "stats --json", "show", "show one", "export", "costs", "costs --by model"),
        *("reviewers --json", "trial --json", "watch", "export --csv ballots"),
    ):
        ended = await council.run(*words.split(), environment={**here, "COUNCIL_DATABASE": place})
        found[words] = f"{ended.code} {ended.out}"
    return found


async def test_every_command_tells_the_same_afterwards(
    council: Program, here: Mapping[str, str], used: Path, server: Server
) -> None:
    before = await told(council, here, str(used))
    assert [words for words, each in before.items() if len(each) < 10] == []

    ended = await migrate(council, here, server.url)

    assert ended.code == 0, ended.err
    assert f"Everything is in {server}: " in ended.out
    assert "set COUNCIL_DATABASE to the address" in ended.out
    assert ended.err.splitlines()[-1].startswith("Compared ")
    assert await told(council, here, server.url) == before
    assert await told(council, here, str(used)) == before
    assert stat.S_IMODE(used.stat().st_mode) == 0o600
    again = await migrate(council, here, server.url)
    assert again.code == 0
    asked = await council.run(
        *("ask", "And then?"), environment={**here, "COUNCIL_DATABASE": server.url}
    )
    assert asked.code == 0
    refused = await migrate(council, here, server.url)
    assert refused.code == 2
    assert "since then one of the two was used" in refused.err


async def test_a_kill_around_any_step_loses_and_doubles_nothing(
    council: Program, here: Mapping[str, str], used: Path, server: Server
) -> None:
    async def code(kill: Kill | None = None) -> int:
        return (await migrate(council, here, server.url, kill)).code

    before = await told(council, here, str(used))
    kills = 0
    # Right after the first step that is left, or right before the second.
    while await code(Kill(1 + kills % 2, made=not kills % 2)) == KILLED:
        kills += 1
    assert kills > 10
    assert await code() == 0
    assert await told(council, here, server.url) == before


async def test_the_password_may_come_from_where_nobody_reads_it(
    council: Program, here: Mapping[str, str], used: Path, server: Server, tmp_path: Path
) -> None:
    nameless = server.url.replace(f":{IN_URL}@", "@")
    refused = await migrate(council, here, nameless)
    assert refused.code == 2
    assert "lets nobody in with what its address says" in refused.err
    file = tmp_path / "passwords"
    file.write_text(f"127.0.0.1:*:*:*:{PASSWORD}\n")
    file.chmod(0o600)
    assert (await migrate(council, here, nameless, PGPASSFILE=str(file))).code == 0
    assert (await migrate(council, here, nameless, PGPASSWORD=PASSWORD)).code == 0


@pytest.mark.parametrize(
    "to",
    ["council.db", f"postgresql://ann:{PASSWORD}@db.example/x", "mysql://ann:p@db.example/x", ""],
)
async def test_what_is_no_address_is_refused_and_not_repeated(
    council: Program, here: Mapping[str, str], to: str
) -> None:
    ended = await migrate(council, here, to)
    assert ended.code == 2
    assert "it is written postgresql://USER:PASSWORD@HOST" in ended.err
    assert "example" not in ended.err


async def test_nothing_but_a_file_is_copied_and_none_is_made(
    council: Program, here: Mapping[str, str], database: Path, server: Server
) -> None:
    missing = await migrate(council, here, server.url)
    assert (missing.code, database.exists()) == (2, False)
    assert f"There is no database {database} yet." in missing.err
    assert (await council.run("migrate", environment=here)).code == 2
    twice = await migrate(council, {**here, "COUNCIL_DATABASE": server.url}, server.url)
    assert twice.code == 2
    assert "names a database on a server already" in twice.err


def test_progress_is_a_line_from_time_to_time(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = Lines(lambda: now[0])
    for now[0], step in (
        (0.0, Progress("copying", 5_000, 200_000)),
        (1.0, Progress("copying", 10_000, 200_000)),
        (10.0, Progress("copying", 15_000, 200_000)),
        (14.0, Progress("copying", 20_000, 200_000)),
        (15.0, Progress("copying", 200_000, 200_000)),
        (16.0, Progress("comparing", 200_000, 200_000)),
    ):
        lines(step)
    assert capsys.readouterr().err.splitlines() == [
        "Copied 5,000 of 200,000 rows.",
        "Copied 15,000 of 200,000 rows (about 2 min left).",
        "Copied 200,000 of 200,000 rows.",
        "Compared 200,000 of 200,000 rows.",
    ]
