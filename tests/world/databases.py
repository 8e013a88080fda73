"""What a world keeps its rows in: a file of SQLite on a disk, or a server's database."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from tests.world.disk import Disk
from tests.world.loop import Life, WorldLoop
from tests.world.postgres_server import PostgresServer

DatabaseName = Literal["sqlite", "postgresql"]
Database = Disk | PostgresServer

DATABASES: dict[
    DatabaseName, Callable[[WorldLoop, Path, Callable[[Life], None]], Disk | PostgresServer]
] = {"sqlite": Disk, "postgresql": PostgresServer}
