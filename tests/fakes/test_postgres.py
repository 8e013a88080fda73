"""Where no server can be made, that is a sentence; what is copied, emptied and made anew is whole."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.store.store import Store
from tests.fakes.channel import finished_case
from tests.fakes.postgres import Postgres, Refused, running


def test_an_initdb_that_refuses_is_quoted() -> None:
    with TemporaryDirectory() as folder:  # its user cannot enter pytest's
        program = Path(folder, "initdb")
        program.write_text("#!/bin/sh\necho 'no such locale:\n en-US' >&2\nexit 1\n")
        for each in (program, program.parent):
            each.chmod(0o755)
        with pytest.raises(Refused, match=r"^no such locale: en-US$"), running(program.parent):
            pass


async def test_a_copy_has_what_is_committed_and_counts_on(postgres: Postgres) -> None:
    one, other = postgres.migrated(), postgres.migrated()
    writing = await Store.open(one, holder="tests")
    await writing.create(finished_case(1))
    postgres.copy(one, other)
    await writing.create(finished_case(2))
    await writing.close()

    copied = await Store.open(other, holder="tests")
    assert [case.id async for case in copied.cases()] == ["run-1"]
    await copied.create(finished_case(3))
    assert [case.id async for case in copied.cases()] == ["run-1", "run-3"]
    await copied.close()
    for server in (one, other):
        postgres.drop(server)
