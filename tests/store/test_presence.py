"""Who lives of the processes that share a server's database, who alone has a name, and what they hear."""

import asyncio
import errno
import selectors
import signal
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest

from bot.errors import StoreFailed
from bot.store import postgres_presence, postgres_session
from bot.store.postgres_database import PostgresDatabase
from bot.store.postgres_presence import NUMBERS, PostgresPresence
from bot.store.presence import LOST
from bot.store.server import Server
from bot.store.store import Store
from bot.store.transactions import Ring, Transaction
from tests.fakes.cable import Cable, cable
from tests.fakes.postgres import EMPTIED, Postgres
from tests.fakes.watched import eventually
from tests.store.living import Living, living

# Long enough for a busy machine, short enough to wait for.
IDLE = 2.0


@pytest.fixture
def server(postgres: Postgres) -> Server:
    return postgres.emptied()


async def opened(server: Server) -> PostgresDatabase:
    return await PostgresDatabase.open(server, holder="a test", time_scale=0.05, idle_seconds=IDLE)


@pytest.fixture
async def database(server: Server) -> AsyncIterator[PostgresDatabase]:
    database = await opened(server)
    yield database
    await database.close()


@pytest.fixture
async def laid(postgres: Postgres) -> AsyncIterator[Cable]:
    async with cable(postgres.port) as laid:
        yield laid


@pytest.fixture
async def far(server: Server, laid: Cable, postgres: Postgres) -> AsyncIterator[PostgresDatabase]:
    """The database at the end of a cable."""
    database = await opened(Server(server.url.replace(f":{postgres.port}/", f":{laid.port}/")))
    yield database
    await database.close()


def presence_of(database: PostgresDatabase) -> PostgresPresence:
    assert database.presence is not None
    return database.presence


def lives(database: PostgresDatabase, number: int) -> Callable[[], "asyncio.Future[bool]"]:
    async def look() -> bool:
        return number in await presence_of(database).living()

    return lambda: asyncio.ensure_future(look())


def dead(database: PostgresDatabase, number: int) -> Callable[[], "asyncio.Future[bool]"]:
    async def look() -> bool:
        return number not in await presence_of(database).living()

    return lambda: asyncio.ensure_future(look())


class Ear:
    """What was heard so far."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.heard: list[tuple[str, str]] = []
        self._more = asyncio.Event()
        presence_of(database).listen(self._hear)

    def _hear(self, bell: str, what: str) -> None:
        self.heard.append((bell, what))
        self._more.set()

    async def until(self, bell: str, what: str) -> None:
        while (bell, what) not in self.heard:
            self._more.clear()
            await self._more.wait()


async def ring(database: PostgresDatabase, what: str, bell: str = "work") -> None:
    def write() -> Transaction[None]:
        yield Ring(bell, what)

    await database.write(write)


# Who lives


async def test_whoever_writes_lives_under_a_number_and_whoever_reads_does_not(
    server: Server, database: PostgresDatabase
) -> None:
    store = await Store.open(server)
    reader = await Store.open(server, read_only=True)
    assert store.presence is not None
    assert reader.presence is None
    numbers = {presence_of(database).number, store.presence.number}
    assert await store.presence.living() == numbers
    assert len(numbers) == 2
    assert database.process == presence_of(database).number
    await reader.close()
    await store.close()
    await eventually(dead(database, store.presence.number))


async def test_a_process_with_too_many_files_open_lives_on_once_it_can(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else would ever learn that it is there."""
    faults = 0

    class Few(selectors.DefaultSelector):
        def __init__(self) -> None:
            nonlocal faults
            if faults:
                faults -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            super().__init__()

    monkeypatch.setattr(selectors, "DefaultSelector", Few)
    database = await opened(server)
    try:
        ear = Ear(database)
        faults = 2
        await ear.until(LOST, "")
        number = presence_of(database).number
        await eventually(lives(database, number))
        await ring(database, "one")
        await ear.until("work", "one")
    finally:
        await database.close()
    assert not faults


async def test_a_file_has_nobody_else() -> None:
    store = await Store.open(":memory:")
    assert store.presence is None
    await store.close()


async def test_a_killed_process_lives_no_more(server: Server, database: PostgresDatabase) -> None:
    async with living(server) as other:
        assert other.number in await presence_of(database).living()
        await other.kill()
        await eventually(dead(database, other.number))


async def test_a_frozen_process_is_let_go_of_and_is_back_once_it_thaws(
    server: Server, database: PostgresDatabase
) -> None:
    async with living(server, idle_seconds=IDLE) as other:
        other.freeze()
        await eventually(dead(database, other.number))
        other.thaw()
        await eventually(lives(database, other.number))


async def test_whoever_pings_lives_longer_than_it_may_be_silent(
    database: PostgresDatabase, postgres: Postgres
) -> None:
    presence = presence_of(database)
    with postgres.connect(EMPTIED) as other:
        sql = f"SELECT pid FROM pg_locks WHERE classid = {NUMBERS} AND objid = {presence.number}"
        before = other.execute(sql.encode()).fetchone()
        other.execute("SELECT pg_sleep(%s)", (IDLE * 1.5,))
        assert other.execute(sql.encode()).fetchone() == before


async def test_a_server_that_starts_again_takes_no_number_away(
    database: PostgresDatabase, postgres: Postgres
) -> None:
    presence, ear = presence_of(database), Ear(database)
    number = presence.number
    for how in (signal.SIGQUIT, signal.SIGINT):
        ear.heard.clear()
        postgres.end(how)
        postgres.start()
        await ear.until(LOST, "")
        await eventually(lives(database, number))  # it may have come once more before the end
        assert presence.number == number == database.process


async def test_a_connection_that_the_server_still_keeps_does_not_keep_the_number(
    far: PostgresDatabase, laid: Cable
) -> None:
    presence, ear = presence_of(far), Ear(far)
    number = presence.number
    laid.cut_unnoticed()
    await ear.until(LOST, "")
    assert presence.number == number
    await eventually(lives(far, number))


async def test_whose_number_another_has_gets_a_new_one_and_says_so(
    database: PostgresDatabase, postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    presence, ear = presence_of(database), Ear(database)
    number = presence.number
    with postgres.connect(EMPTIED) as other:
        waiting = asyncio.create_task(
            asyncio.to_thread(
                other.execute, f"SELECT pg_advisory_lock({NUMBERS}, {number})".encode()
            )
        )
        await eventually(partial(_somebody_waits, postgres))
        with postgres.connect(EMPTIED) as third:
            third.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE classid = %s AND objid = %s"
                " AND granted",
                (str(NUMBERS), str(number)),
            )
        await waiting
        await ear.until(LOST, "")
        assert presence.number not in (0, number)
        assert database.process == presence.number
        assert presence.number in await presence.living()
    assert "its number is" in caplog.text


async def _somebody_waits(postgres: Postgres) -> bool:
    with postgres.connect(EMPTIED) as other:
        return other.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone() is not None


async def test_a_server_that_is_too_old_is_refused_with_both_versions(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_session, "_OLDEST", 99)
    with pytest.raises(StoreFailed, match=r"is PostgreSQL \d+, and Council needs 99 or newer"):
        await Store.open(server)


# Who alone has a name


async def _holder(*others: Living) -> Living:
    """Whoever of these says next that it has a name."""
    tasks = {asyncio.create_task(other.says()): other for other in others}
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    (task,) = done
    assert task.result() == "has slack"
    return tasks[task]


async def test_a_name_goes_to_one_and_on_when_that_is_killed_or_frozen(server: Server) -> None:
    async with (
        living(server, "slack", idle_seconds=IDLE) as a,
        living(server, "slack", idle_seconds=IDLE) as b,
        living(server, "slack", idle_seconds=IDLE) as c,
    ):
        first = await _holder(a, b, c)
        first.freeze()
        rest = [each for each in (a, b, c) if each is not first]
        second = await _holder(*rest)
        first.thaw()
        assert await first.says() == "lost slack"
        await second.kill()
        third = await _holder(*(each for each in (a, b, c) if each is not second))
        await third.leave()
        (last,) = (each for each in (a, b, c) if each not in (second, third))
        assert await last.says() == "has slack"


async def test_a_name_goes_to_one_again_after_the_server_started_again(
    server: Server, postgres: Postgres
) -> None:
    async with (
        living(server, "slack", idle_seconds=IDLE) as a,
        living(server, "slack", idle_seconds=IDLE) as b,
    ):
        first = await _holder(a, b)
        postgres.end(signal.SIGQUIT)
        assert await first.says() == "lost slack"
        postgres.start()
        second = await _holder(a, b)
        await second.kill()
        (other,) = (each for each in (a, b) if each is not second)
        assert await other.says() == "has slack"


async def test_names_are_had_beside_each_other_and_given_back(database: PostgresDatabase) -> None:
    presence = presence_of(database)
    async with presence.sole("slack") as slack, presence.sole("discord") as discord:
        second = asyncio.create_task(_once(presence, "slack"))
        await asyncio.sleep(0)
        assert not second.done()
        assert not slack.is_set()
        assert not discord.is_set()
    await second
    await _once(presence, "slack")


async def _once(presence: PostgresPresence, name: str) -> None:
    async with presence.sole(name) as lost:
        assert not lost.is_set()


async def test_whoever_waits_no_more_gets_no_name(
    server: Server, database: PostgresDatabase
) -> None:
    presence = presence_of(database)
    async with living(server, "slack") as other:
        assert await other.says() == "has slack"
        waiting = asyncio.create_task(_once(presence, "slack"))
        await asyncio.sleep(0)
        waiting.cancel()
        await other.kill()
        async with living(server, "slack") as next:
            assert await next.says() == "has slack"


async def test_a_name_is_not_sure_once_nothing_answers(
    far: PostgresDatabase, laid: Cable, postgres: Postgres
) -> None:
    """Also where the connection seems to be there: this process may have been let go of."""
    async with presence_of(far).sole("slack") as lost:
        with postgres.frozen():
            await lost.wait()


# Bells


async def test_a_bell_rings_after_the_commit_for_all_and_for_none_that_failed(
    server: Server, database: PostgresDatabase
) -> None:
    other = await opened(server)
    ears = Ear(database), Ear(other)

    def fails() -> Transaction[None]:
        yield Ring("work", "undone")
        raise StoreFailed("no")

    with pytest.raises(StoreFailed):
        await database.write(fails)
    await ring(database, "one and two")
    for ear in ears:
        await ear.until("work", "one and two")
        assert ear.heard == [("work", "one and two")]
    await other.close()


async def test_a_bell_of_whom_nothing_can_be_carried_is_heard_as_one_that_was_missed(
    database: PostgresDatabase,
) -> None:
    ear = Ear(database)
    await ring(database, "é" * 3_000)
    await ring(database, "é" * 4_000)
    await ear.until(LOST, "")
    assert ear.heard == [("work", "é" * 3_000), (LOST, "")]


async def test_bells_are_heard_again_after_the_connection_was_lost(
    far: PostgresDatabase, laid: Cable, caplog: pytest.LogCaptureFixture
) -> None:
    ear = Ear(far)
    laid.cut()
    await ear.until(LOST, "")
    await ring(far, "one")
    await ear.until("work", "one")
    told = [record for record in caplog.records if record.name == postgres_presence.__name__]
    assert len(told) == 1
    assert "cannot be reached" in told[0].getMessage()


async def test_many_bells_are_all_heard_in_order(database: PostgresDatabase) -> None:
    ear = Ear(database)
    for start in range(0, 500, 100):
        async with asyncio.TaskGroup() as group:
            for n in range(start, start + 100):
                group.create_task(ring(database, str(n)))
    await ear.until("work", "499")
    assert ear.heard == [("work", str(n)) for n in range(500)]


# The end


async def test_a_server_that_answers_nothing_does_not_keep_a_process_from_ending(
    server: Server, postgres: Postgres
) -> None:
    database = await opened(server)
    database.patience_seconds = 0.2
    await database.read("SELECT 1")
    with postgres.frozen():
        writing = asyncio.create_task(ring(database, "never"))
        reading = asyncio.create_task(database.read("SELECT 1"))
        await asyncio.sleep(0)
        await database.close()
        for task in (writing, reading):
            with pytest.raises((StoreFailed, asyncio.CancelledError)):
                await task
