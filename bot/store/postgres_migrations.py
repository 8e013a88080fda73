"""The schema of a PostgreSQL database: the first file makes what SQLite's have made up to its number,
the next are numbered as theirs are."""

from pathlib import Path

from psycopg import Connection

from bot.errors import StoreFailed
from bot.language import _
from bot.store import migrations
from bot.store.server import Server

SCHEMA = Path(__file__).with_name("postgres_schema")
# Everything is in a schema of this name, so that other programs may share the database.
NAMESPACE = "council"
# The table that stands beside the others as long as they are not yet a whole copy of a file's.
PART = "transfer"


def check(connection: Connection, server: Server) -> int:
    """The database's version, 0 for one without anything of ours. Changes nothing.

    Raises `StoreFailed` where something else has the name, and for a version of a newer Council.
    """
    version = _version(connection)
    if version is None:
        if _used(connection):
            raise StoreFailed(
                _(
                    "The database {path} has a schema council of another program: name another "
                    "database.",
                    path=server,
                )
            )
        return 0
    newest = max(_steps(SCHEMA))
    if version > newest:
        raise StoreFailed(
            _(
                "The database {path} has version {version}, and this Council knows versions up "
                "to {newest}. Upgrade Council, or name another database.",
                path=server,
                version=version,
                newest=newest,
            )
        )
    return version


def check_current(connection: Connection, server: Server) -> None:
    """For readers, who cannot migrate: raises `StoreFailed` unless the version is the newest."""
    version, newest = check(connection, server), max(_steps(SCHEMA))
    if not version:
        raise migrations.missing(server)
    if version < newest:
        raise migrations.outdated(server, version, newest)
    _require_whole(connection, server)


def migrate(connection: Connection, server: Server, *, schema: Path = SCHEMA) -> None:
    """Bring the database to the newest version: all of the steps that it lacks, or none."""
    with connection.transaction():
        migrate_part(connection, server, schema=schema)
        _require_whole(connection, server)


def is_part(connection: Connection) -> bool:
    """Whether it holds no whole copy of a file's database yet."""
    ((table,),) = connection.execute(f"SELECT to_regclass('{NAMESPACE}.{PART}')")
    return table is not None


def migrate_part(connection: Connection, server: Server, *, schema: Path = SCHEMA) -> None:
    """The same, also where it is no whole copy yet."""
    with connection.transaction():
        # Of two processes that start at once, one makes the tables.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('council: schema'))")
        version = check(connection, server)
        lacking = {n: step for n, step in _steps(schema).items() if n > version}
        if not version:
            if not _is_there(connection):
                connection.execute(f"CREATE SCHEMA {NAMESPACE}")
            connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL)")
            connection.execute("INSERT INTO schema_version VALUES (0)")
        for number, step in lacking.items():
            connection.execute(step.read_bytes())
            connection.execute("UPDATE schema_version SET version = %s", (number,))


def _require_whole(connection: Connection, server: Server) -> None:
    if is_part(connection):
        raise StoreFailed(
            _(
                "The database {path} holds a part of a copy of a file: start `council migrate` again to "
                "finish it, or begin anew with an empty database.",
                path=server,
            )
        )


def _steps(schema: Path) -> dict[int, Path]:
    return {int(step.name[:4]): step for step in sorted(schema.glob("[0-9][0-9][0-9][0-9]_*.sql"))}


def _version(connection: Connection) -> int | None:
    ((table,),) = connection.execute(f"SELECT to_regclass('{NAMESPACE}.schema_version')")
    if table is None:
        return None
    ((version,),) = connection.execute("SELECT version FROM schema_version")
    return int(version)


def _is_there(connection: Connection) -> bool:
    ((name,),) = connection.execute(f"SELECT to_regnamespace('{NAMESPACE}')")
    return name is not None


def _used(connection: Connection) -> bool:
    found = connection.execute(f"SELECT 1 FROM pg_tables WHERE schemaname = '{NAMESPACE}'")
    return found.fetchone() is not None
