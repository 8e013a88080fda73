"""Whatever goes wrong, no log line that is written by default has a secret, or a word that people or
models wrote."""

import asyncio
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import pytest

from bot.chat import Accepted
from bot.council import Attached
from bot.document import Document
from bot.errors import ModelFailed, Undeliverable, Unreadable
from bot.llm import Provider
from bot.models.http import Endpoint, HttpProvider
from bot.printing import as_it_is, write_notes
from bot.program.process import Lines, configure
from bot.records import Case
from tests.conversation.room import ANN, Room, RoomReply, case_of, mention
from tests.fakes import databases
from tests.fakes.council import CHAIRMAN, MEMBERS, running_app
from tests.fakes.model_server import Behaviour, Do, ModelServer
from tests.fakes.provider import FakeProvider

SECRET = "sk-canary-0123456789"
ASKED, QUOTED, WRITTEN = "asked-canary", "quoted-canary", "written-canary"
CANARIES = (SECRET, ASKED, QUOTED, WRITTEN)
TIME_SCALE = 0.002


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """What the program writes as `council serve` does, as JSON and as text."""
    written, root = io.StringIO(), logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in ("bot", "adapters", "stamina"))]
    handlers, levels = root.handlers, [logger.level for logger in loggers]
    configure(logging.INFO, json=True)
    [as_json] = root.handlers
    assert isinstance(as_json, logging.StreamHandler)
    as_json.setStream(written)
    as_text = logging.StreamHandler(written)
    as_text.setFormatter(Lines("%(levelname)s %(name)s %(message)s"))
    root.addHandler(as_text)
    try:
        yield written
    finally:
        write_notes(as_it_is)
        root.handlers = handlers
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def require_silence(written: io.StringIO) -> None:
    for canary in CANARIES:
        assert canary not in written.getvalue(), written.getvalue()


async def asked(provider: Provider, platform: type[Room] = Room, **settings: Any) -> str:
    """Ask, wait for the end or for a while, and press what there is; the status of the case."""
    async with running_app(provider, time_scale=TIME_SCALE, **settings) as app:
        app.platforms["discord"] = platform(app)
        question = replace(mention(f"Is {ASKED} right?"), quoted=f"> {QUOTED}")
        taken = await app.questions.accept(question)
        id = str(getattr(taken, "id", ""))
        try:
            async with asyncio.timeout(5):
                await app.running.finished(id)
        except TimeoutError:
            pass
        await app.command(question.channel, ANN, f"ask {ASKED}")
        await app.command(question.channel, ANN, f"set instructions {WRITTEN}")
        return (await case_of(app, id)).status


@pytest.mark.parametrize("do", get_args(Do))
async def test_no_fault_of_a_model_server_brings_words_into_the_log(do: Do) -> None:
    said = f"{WRITTEN}: cannot answer {ASKED} about {QUOTED} with Bearer {SECRET}"
    fault = Behaviour(do, text=WRITTEN, message=said, raw=(f"data: {{{said}",))
    seats = dict.fromkeys((MEMBERS[0], CHAIRMAN), fault)
    with logged() as written:
        async with ModelServer(behaviours=seats, models=(*MEMBERS, CHAIRMAN), key=SECRET) as server:
            provider = HttpProvider([Endpoint("", server.url, SECRET)], time_scale=TIME_SCALE)
            try:
                await asked(provider)
            finally:
                await provider.aclose()
    require_silence(written)


class Shelf(Room):
    """A platform with files, some of which it does not find."""

    async def fetch(self, file: Attached) -> bytes:
        if "gone" in file.source:
            raise Unreadable("It is not here.")
        return f"{WRITTEN} {SECRET}".encode()


async def test_no_file_and_no_link_brings_words_into_the_log() -> None:
    files = [Attached(f"{ASKED}.{end}", f"{QUOTED}/{end}", 30) for end in ("md", "pdf", "gone")]
    links = f"http://127.0.0.1:1/{QUOTED} https://user:{SECRET}@site.example/{WRITTEN}"
    with logged() as written:
        async with running_app(FakeProvider(), time_scale=TIME_SCALE) as app:
            app.platforms["discord"] = Shelf(app)
            question = replace(mention(f"Is {ASKED} right? {links}"), files=tuple(files))
            await app.command(question.channel, replace(ANN, admin=True), "set links on")
            taken = await app.questions.accept(question)
            assert isinstance(taken, Accepted)
            await app.running.finished(taken.id)
            result = (await case_of(app, taken.id)).result
    assert result
    assert [each.read for each in result.evidence] == [True, False, False, False, False]
    require_silence(written)


class Broken(Room):
    """A platform that fails with what it was to show, each time in another way."""

    def reply(self, case: Case) -> RoomReply:
        return BrokenReply(self, case)


@dataclass
class BrokenReply(RoomReply):
    tries: int = 0

    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        self.tries += 1
        match self.tries % 3:
            case 0:
                raise RuntimeError("an error of a library")
            case 1:
                raise Undeliverable("The bot may not write here.")
            case _:
                raise OSError(28, "no space left")


async def test_no_fault_of_a_platform_brings_words_into_the_log() -> None:
    with logged() as written:
        await asked(FakeProvider(otherwise=lambda request: WRITTEN), Broken)
    assert "was not posted" in written.getvalue()
    require_silence(written)


@pytest.mark.both_databases
async def test_no_fault_of_the_database_brings_words_into_the_log(tmp_path: Path) -> None:
    """Each time one kind of write is refused, with whatever the database says of it."""
    for table in ("calls", "attempts", "decisions", "posts", "feed"):
        path = tmp_path / f"{table}.db"
        async with running_app(FakeProvider(), database=str(path), time_scale=TIME_SCALE):
            pass
        databases.refuse_inserts(path, table, "disk I/O error")
        with logged() as written:
            provider = FakeProvider(otherwise=lambda request: WRITTEN)
            await asked(provider, database=str(path))
        require_silence(written)


async def test_a_row_that_cannot_be_read_is_not_quoted_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "council.db"
    wait = asyncio.Event()
    await asked(
        FakeProvider({("answer", 0): [wait]}, otherwise=lambda r: WRITTEN), database=str(path)
    )
    unfinished = "status = 'running', result = NULL, delivered = 0"
    unreadable = """question = replace(question, '"seed"', '"sead"')"""
    databases.rows(path, f"UPDATE deliberations SET {unfinished}, {unreadable}")
    with logged() as written:
        async with running_app(FakeProvider(), database=str(path), time_scale=TIME_SCALE) as app:
            app.platforms["discord"] = Room(app)
            try:
                await app.running.sweep()
            except Exception:
                logging.getLogger("bot.tests").exception("as a loop would log it")
    assert "a stored Question cannot be read (seed: Field required)" in written.getvalue()
    require_silence(written)


@pytest.mark.parametrize("error", [ModelFailed("refused", "It refused."), ValueError("a bug")])
async def test_no_fault_of_our_own_brings_words_into_the_log(error: Exception) -> None:
    class Buggy(FakeProvider):
        async def complete(self, *args: Any, **options: Any) -> Any:
            raise error

    with logged() as written:
        await asked(Buggy())
    require_silence(written)
