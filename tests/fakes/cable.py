"""A cable between a client and a server, which can be cut while something is on its way."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

How = Literal["sent", "answered", "unnoticed"]


class Cable:
    """`port` leads to the server at `to`."""

    def __init__(self, to: int) -> None:
        self.port = 0
        self._to = to
        self._cut: tuple[bytes, How] | None = None
        self._ends: set[StreamWriter] = set()
        self._unnoticed: set[StreamWriter] = set()
        self._far_ends: set[StreamWriter] = set()
        self.cuts = 0

    def cut_when(self, word: bytes, how: How) -> None:
        """Once: what has the word never arrives (`sent`), or its answer does not; nor does the server
        notice that, where it goes `unnoticed`."""
        self._cut = word, how

    def cut_unnoticed(self) -> None:
        """The server keeps its end: nothing tells it that nobody is at the other."""
        self._unnoticed |= self._ends
        self.cut()

    def cut(self) -> None:
        self.cuts += 1
        for end in self._ends:
            end.close()

    def take_up(self) -> None:
        """It is not there any more."""
        for end in (*self._ends, *self._far_ends):
            end.close()

    async def take(self, client: StreamReader, back: StreamWriter) -> None:
        server, there = await asyncio.open_connection("127.0.0.1", self._to)
        self._ends.add(back)
        self._far_ends.add(there)
        answers = asyncio.create_task(self._answers(server, back))
        try:
            while data := await client.read(65_536):
                word, how = self._cut or (b"\0" * 65_536, "")
                if word in data and how == "sent":
                    self._cut = None
                    self.cut()
                    return
                there.write(data)
        except ConnectionError:
            pass
        finally:
            if back not in self._unnoticed:
                there.close()
            await answers
            there.close()

    async def _answers(self, server: StreamReader, back: StreamWriter) -> None:
        try:
            while data := await server.read(65_536):
                word, how = self._cut or (b"\0" * 65_536, "")
                if word in data and how == "answered":
                    self._cut = None
                    self.cut()
                    return
                if word in data and how == "unnoticed":
                    self._cut = None
                    self.cut_unnoticed()
                if back not in self._unnoticed:
                    back.write(data)
        except ConnectionError:
            pass
        finally:
            back.close()


@asynccontextmanager
async def cable(to: int) -> AsyncIterator[Cable]:
    laid = Cable(to)
    ends: set[asyncio.Task[None]] = set()

    async def take(client: StreamReader, back: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        ends.add(task)
        await laid.take(client, back)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    laid.port = server.sockets[0].getsockname()[1]
    try:
        yield laid
    finally:
        server.close()
        laid.take_up()
        await asyncio.gather(*ends)
