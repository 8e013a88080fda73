"""A PostgreSQL server of the tests' own: Debian's, in a folder of its own, on a free port of loopback."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from bot.store.postgres_jobs import NAMESPACE as JOBS
from bot.store.postgres_migrations import NAMESPACE, PART, migrate
from bot.store.server import Server
from tests.fakes.ports import free_port

USER, PASSWORD = "council", "p@ss/word"
# Of a test that needs one database alone.
EMPTIED = "council_emptied"
_IN_URL = "p%40ss%2Fword"
# Also where the tests are killed.
_WITH_US = ("setpriv", "--pdeathsig", "QUIT") if shutil.which("setpriv") else ()
# No test pulls the plug.
FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60")
# As a server is that keeps what it was told to, whatever happens.
DURABLE = ("fsync=on", "full_page_writes=on", "synchronous_commit=on", "shared_buffers=128MB")


class Refused(Exception):
    """No server can be made here; why, in a sentence."""


def programs() -> Path | None:
    """Where PostgreSQL's own programs are, the newest of Debian's; `None` where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    path = shutil.which("initdb")
    return found[-1].parent if found else Path(path).resolve().parent if path else None


def _version(program: Path) -> int:
    name = program.parents[1].name
    return int(name) if name.isdecimal() else 0


class Postgres:
    """Made by `running`."""

    def __init__(self, programs: Path, folder: Path, settings: Sequence[str] = FAST) -> None:
        self._programs, self._folder, self._settings = programs, folder, settings
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        self._shared: Server | None = None
        self._template: Server | None = None

    def start(self) -> None:
        """And wait until it answers. In the main thread, whose end is its own, too."""
        assert self._process is None
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *_WITH_US,
                    *(self._programs / "postgres", "-D", self._data, "-p", str(self.port)),
                    *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
                    *(word for setting in self._settings for word in ("-c", setting)),
                ],
                stdout=log,
                stderr=log,
                user=_user(),
                group=_user(),
                extra_groups=None if _user() is None else [],
            )
        ready: list[str | Path] = [
            self._programs / "pg_isready",
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
        ]
        while subprocess.run(ready).returncode:
            assert self._process.poll() is None, (self._folder / "log").read_text()

    def end(self, how: signal.Signals) -> None:
        """At once, whoever is connected: in order (SIGINT), or as a crash does (SIGQUIT)."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
        self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It answers nothing, and nobody notices: its connections stay."""
        pids = self._processes()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def _processes(self) -> list[int]:
        """The server, and those that serve its connections."""
        assert self._process
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [self._process.pid, *map(int, children.read_text().split())]

    def initialise(self) -> None:
        """Raises `Refused`."""
        password = self._folder / "password"
        password.write_text(PASSWORD)
        if user := _user():
            try:
                for each in (self._folder, password):
                    shutil.chown(each, user, user)
            except LookupError:
                raise Refused(f"it does not run as root, and there is no user {user}") from None
        made = subprocess.run(
            [
                *(self._programs / "initdb", "-D", self._data, "-U", USER, "--no-sync"),
                *("-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8"),
                # Sorted otherwise than by code points, as a server may be.
                *("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"),
            ],
            capture_output=True,
            text=True,
            user=_user(),
            group=_user(),
            extra_groups=None if _user() is None else [],
        )
        if made.returncode:
            raise Refused(" ".join(made.stderr.split()))

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def server(self, name: str, *, user: str = USER, password: str = _IN_URL) -> Server:
        return Server(f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{name}")

    def connect(self, name: str = "postgres") -> psycopg.Connection:
        return connected(self.server(name))

    async def checkpoint(self) -> None:
        """What is committed is in the files of the tables, and what is gone is in none."""
        with self.connect() as connection:
            await asyncio.to_thread(connection.execute, "CHECKPOINT")

    def holds(self, word: bytes) -> bool:
        """Whether a file of a table has it; the server's log does for a while."""
        files = (file for file in (self._data / "base").rglob("*") if file.is_file())
        return any(word in file.read_bytes() for file in files)

    def cpu_seconds(self) -> float:
        """What it took of processors so far, with all that it started. Linux tells that."""
        assert self._process
        return cpu_seconds(str(self._process.pid))

    def create(self, *, template: str = "template1") -> Server:
        """A new database, without anything in it unless another is its template."""
        self._count += 1
        return self._created(f"council_{self._count}", template)

    def _created(self, name: str, template: str = "template1") -> Server:
        making = f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"
        with self.connect() as connection:
            connection.execute(making.encode())
        return self.server(name)

    def emptied(self) -> Server:
        """The database `EMPTIED`, as when it was just made, and nobody connected to it any more."""
        if self._shared is None:
            self._shared = self._created(EMPTIED)
            with self.connect(_name(self._shared)) as connection:
                migrate(connection, self._shared)
        with self.connect(_name(self._shared)) as connection:
            connection.execute(_END_OTHERS)
            connection.execute(f"DROP TABLE IF EXISTS {PART}")
            tables = connection.execute(_TABLES, ([NAMESPACE, JOBS],)).fetchall()
            names = ", ".join(name for (name,) in tables)
            connection.execute(f"TRUNCATE {names} RESTART IDENTITY".encode())
        return self._shared

    def migrated(self) -> Server:
        """A new database, as it is after its first use; `drop` it."""
        if self._template is None:
            self._template = self.create()
            with self.connect(_name(self._template)) as connection:
                migrate(connection, self._template)
                _pack_nothing(connection)
        return self.create(template=_name(self._template))

    def drop(self, server: Server) -> None:
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE {_name(server)} WITH (FORCE)".encode())

    def copy(self, source: Server, target: Server) -> None:
        """What one moment has, while others go on writing, into a database without rows; as pg_dump does."""
        with self.connect(_name(source)) as old, self.connect(_name(target)) as new:
            new.execute("SET session_replication_role = replica")  # in any order of the tables
            with old.transaction(), new.transaction():
                old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                for (table,) in old.execute(_TABLES, ([NAMESPACE],)).fetchall():
                    _copy_rows(old, new, table)
                for name, value in old.execute(_COUNTED, (NAMESPACE,)).fetchall():
                    new.execute("SELECT setval(%s, %s)", (name, value))


def _pack_nothing(connection: psycopg.Connection) -> None:
    """So that whoever looks for a word in files finds it in a long text, too."""
    for table, column in connection.execute(_TEXTS, (NAMESPACE,)).fetchall():
        plain = f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL"
        connection.execute(plain.encode())


def _copy_rows(old: psycopg.Connection, new: psycopg.Connection, table: str) -> None:
    out = old.cursor().copy(f"COPY {table} TO STDOUT".encode())
    into = new.cursor().copy(f"COPY {table} FROM STDIN".encode())
    with out as reading, into as writing:
        for block in reading:
            writing.write(block)


def connected(server: Server) -> psycopg.Connection:
    """Beside whoever uses it."""
    return psycopg.connect(server.url, autocommit=True, options=f"-c search_path={NAMESPACE}")


_END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_TABLES = (
    "SELECT schemaname || '.' || tablename FROM pg_tables"
    " WHERE schemaname = ANY(%s) AND tablename <> 'schema_version'"
)
_TEXTS = (
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = %s AND data_type IN ('text', 'bytea')"
)
_COUNTED = (
    "SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences"
    " WHERE schemaname = %s AND last_value IS NOT NULL"
)


def _name(server: Server) -> str:
    return server.url.rpartition("/")[2]


def cpu_seconds(process: str) -> float:
    """Source: proc(5), "/proc/pid/stat". Of children that ended their parent has the time, too."""
    ticks = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            _state, parent, *rest = file.read_text().rpartition(")")[2].split()
            if file.parent.name == process:
                ticks += sum(map(int, rest[9:13]))
            elif parent == process:
                ticks += sum(map(int, rest[9:11]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(programs: Path, settings: Sequence[str] = FAST) -> Iterator[Postgres]:
    """Raises `Refused`."""
    # Not in pytest's folders, which its user cannot enter.
    folder = Path(tempfile.mkdtemp(prefix="council-postgres-"))
    server = Postgres(programs, folder, settings)
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        server.end(signal.SIGQUIT)
        shutil.rmtree(folder)


def _user() -> str | None:
    """It refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else None
