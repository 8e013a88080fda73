"""As much of what lies below the driver as the store uses: statements in a pipeline, and their results."""

import re
from collections.abc import Generator, Iterator, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from psycopg import OperationalError, errors
from psycopg.pq import ExecStatus

from tests.world.postgres_backend import Message

if TYPE_CHECKING:
    from tests.world.postgres_wire import Connection

_NUMBERED = re.compile(r"\$\d+")


class Libpq:
    """Of one connection."""

    def __init__(self, connection: "Connection") -> None:
        self.connection = connection
        self._prepared: dict[bytes, str] = {}
        self._in_pipeline = False

    def enter_pipeline_mode(self) -> None:
        self._in_pipeline = True

    def exit_pipeline_mode(self) -> None:
        if self.connection.is_expecting:
            raise OperationalError("cannot exit pipeline mode with uncollected results")
        self._in_pipeline = False

    def send_query_params(self, sql: bytes, values: None) -> None:
        self._send(sql.decode(), ())

    def send_prepare(self, name: bytes, sql: bytes, types: Sequence[int]) -> None:
        self._prepared[name] = _NUMBERED.sub("?", sql.decode())
        self._send("-- prepared", ())

    def send_query_prepared(self, name: bytes, values: Sequence[Any], formats: Any) -> None:
        self._send(self._prepared[name], values)

    def pipeline_sync(self) -> None:
        self.connection.post(Message(""))

    def _send(self, sql: str, values: Sequence[Any]) -> None:
        assert self._in_pipeline
        if sql.count("?") != len(values):
            raise errors.ProtocolViolation(f"{len(values)} parameters for {sql}")
        self.connection.post(Message(sql, values))


class Result:
    """Of a message that has arrived."""

    def __init__(self, message: Message) -> None:
        self.error = message.error
        self.rows = message.rows
        self.ntuples = len(message.rows)
        self.command_tuples = None if message.count < 0 else message.count
        self.status = _status(message)


def _status(message: Message) -> ExecStatus:
    if isinstance(message.error, errors.PipelineAborted):
        return ExecStatus.PIPELINE_ABORTED
    if message.error:
        return ExecStatus.FATAL_ERROR
    if not message.sql:
        return ExecStatus.PIPELINE_SYNC
    return ExecStatus.TUPLES_OK if message.is_query else ExecStatus.COMMAND_OK


def error_from_result(result: Result, encoding: str) -> Exception:
    assert result.error
    return result.error


class Values:
    """In the place of the driver's `Transformer`."""

    types: tuple[int, ...] = ()
    formats: Sequence[Any] = ()

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._result: Result | None = None

    def dump_sequence(self, parameters: Sequence[Any], formats: Sequence[Any]) -> list[Any]:
        self.types = tuple(_TYPES.get(type(each), 0) for each in parameters)
        return [self._connection.put(each) for each in parameters]

    def set_pgresult(self, result: Result) -> None:
        self._result = result

    def load_rows(self, first: int, last: int, make_row: Any) -> list[Any]:
        assert self._result
        got = self._connection.got
        return [make_row(map(got, row)) for row in self._result.rows[first:last]]


# What statements are kept ready by, besides their words.
_TYPES = {int: 20, float: 701, bytes: 17}


def _send(libpq: Libpq) -> Iterator[None]:
    libpq.connection.flush()
    yield from ()


def _fetch_many(libpq: Libpq) -> Generator[None, None, list[Result]]:
    while not (message := libpq.connection.next_of_pipeline()):
        yield
    return [Result(message)]


generators = SimpleNamespace(send=_send, fetch_many=_fetch_many)
