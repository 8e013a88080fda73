"""Backing up beside a running council and restoring, with the commands that the page names."""

import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from bot.store.store import Store
from tests.fakes.channel import finished_case
from tests.fakes.forks import Ended, Program
from tests.fakes.processes import ROOT

DATABASE = Path("council.db")

pytestmark = pytest.mark.sqlite_only("a server's database is copied by its own tools")


async def run(council: Program, *words: str) -> Ended:
    return await council.run(*words, environment={"COUNCIL_DATABASE": str(DATABASE)})


def page_commands() -> list[list[str]]:
    """What stands under "Back up and restore", without what other programs do."""
    _, section = (ROOT / "docs" / "operations.md").read_text().split("## Back up and restore\n")
    lines = section.split("\n## ")[0].splitlines()
    commands = [line.split("#")[0].split("&&")[0] for line in lines if line.startswith("council ")]
    return [command.split()[1:] for command in commands]


async def ask(number: int) -> None:
    store = await Store.open(DATABASE, holder="tests")
    await store.create(finished_case(number, text=f"**Verdict {number}.**"))
    await store.close()


async def shown(council: Program) -> str:
    return (await run(council, "show")).out


def private(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_page_says_how_to_back_up_and_restore(council: Program) -> None:
    backup, restore, doctor = page_commands()
    await ask(1)
    running = await Store.open(DATABASE, holder="council serve")
    assert (await run(council, *backup)).code == 0
    refused = await run(council, *restore)
    assert refused.code == 2
    assert "in use by council serve" in refused.err
    await running.close()
    await ask(2)
    assert "Verdict 2." in await shown(council)

    restored = await run(council, *restore)

    assert restored.code == 0, restored.err
    assert "Verdict 1." in await shown(council)
    assert (await run(council, *doctor)).code == 0
    (before,) = Path().glob("council.db.before-*[0-9]")
    assert str(before) in restored.out
    assert private(DATABASE)
    assert private(before)
    shutil.copy(before, DATABASE)
    assert "Verdict 2." in await shown(council)


async def test_what_a_killed_process_left_in_the_log_is_kept_too(council: Program) -> None:
    await ask(1)
    assert (await run(council, "backup", "copy.db")).code == 0
    await ask(2)
    # As after a kill: the newest pages stand in the log alone.
    with sqlite3.connect(DATABASE) as left:
        left.execute("PRAGMA wal_autocheckpoint = 0")
        left.execute("INSERT INTO notes VALUES ('of the log', 'x')")
        left.commit()
        for name in ("council.db", "council.db-wal"):
            shutil.copy(name, f"killed-{name}")
    left.close()
    for name in ("council.db", "council.db-wal"):
        shutil.copy(f"killed-{name}", name)

    assert (await run(council, "restore", "copy.db")).code == 0

    assert "Verdict 1." in await shown(council)
    (before,) = Path().glob("council.db.before-*[0-9]")
    with sqlite3.connect(before) as kept:
        assert kept.execute("SELECT value FROM notes WHERE key = 'of the log'").fetchall()
    kept.close()


async def test_where_there_was_none_nothing_is_kept(council: Program) -> None:
    await ask(1)
    assert (await run(council, "backup", "copy.db")).code == 0
    DATABASE.unlink()
    restored = await run(council, "restore", "copy.db")
    assert (restored.code, "kept as" in restored.out) == (0, False)
    assert list(Path().glob("council.db.before-*")) == []
    assert "Verdict 1." in await shown(council)


@pytest.mark.parametrize("wrong", ["missing", "empty", "text", "another program's", "torn"])
async def test_what_is_no_copy_changes_nothing(council: Program, wrong: str) -> None:
    await ask(1)
    copy = Path("copy.db")
    assert (await run(council, "backup", str(copy))).code == 0
    match wrong:
        case "missing":
            copy.unlink()
        case "empty":
            copy.write_bytes(b"")
        case "text":
            copy.write_text("no database at all, but longer than a header " * 10)
        case "another program's":
            copy.unlink()
            with sqlite3.connect(copy) as other:
                other.execute("CREATE TABLE theirs (x)")
            other.close()
        case "torn":
            copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])

    refused = await run(council, "restore", str(copy))

    assert refused.code == 2, refused
    assert refused.out == ""
    assert "Traceback" not in refused.err
    if wrong != "another program's":
        assert "COUNCIL_DATABASE" not in refused.err  # it is the copy that is wrong
    assert "Verdict 1." in await shown(council)
    assert list(Path().glob("council.db.before-*")) == []


async def test_half_a_copy_takes_no_room_on_a_disk_that_has_none(council: Program) -> None:
    await ask(1)
    assert (await run(council, "backup", "copy.db")).code == 0

    refused = await council.run(
        *("restore", "copy.db"),
        environment={"COUNCIL_DATABASE": str(DATABASE)},
        file_limit_bytes=Path("copy.db").stat().st_size // 2,
    )

    assert refused.code == 2
    assert "cannot be written" in refused.err
    assert not Path("council.db.restoring").exists()
    assert "Verdict 1." in await shown(council)
