"""What a streamed chunk costs, from the socket to the posts: `python -m tests.bench.streaming`.

Questions come in evenly, each in a channel of its own, and are served whole: over HTTP, through the
journal, with what is posted drawn anew every two seconds. Every text comes a word at a time, fifty a
second, in events as long as OpenRouter's. Then the same questions with each text in one piece, so
that what the chunks cost is told apart. Each measurement is a process of its own, as is the server.

Processors are shared, so seconds differ from run to run; the rows of one run can be compared.
"""

import argparse
import asyncio
import json
import multiprocessing
import re
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import cast

from bot.chat import Accepted, Channel, Person
from bot.conversation.app import App
from bot.document import Document
from bot.llm import Message, Request
from bot.models.http import Endpoint, HttpProvider
from bot.program.process import collect_seldom, event_loop
from bot.records import Case
from tests.conversation.room import Room, RoomReply, mention
from tests.fakes.council import running_app
from tests.fakes.provider import labels_shown

MEMBERS, CHAIRMAN = ("lab/a", "lab/b", "lab/c", "lab/d"), "lab/e"
PROSE = "It depends on who runs it and how often it changes. "
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "council's": event_loop,
}


# --- The server: as little as streams need, so that the processors are left to the client


def text_of(request: Request, words: int) -> str:
    """Prose, and for a reviewer the ranking at its end."""
    prose = (PROSE * (words // 11 + 1)).split()[:words]
    places = [f"{n}. Answer {x}" for n, x in enumerate(sorted(labels_shown(request)), 1)]
    ranking = ["\n\nFINAL RANKING:", *places] if "FINAL RANKING" in str(request) else []
    return " ".join(prose) + "." + "\n".join(ranking)


def event(delta: dict[str, str], finish_reason: str | None = None, **more: object) -> bytes:
    choice = {
        "index": 0,
        "delta": {"role": "assistant", **delta},
        "finish_reason": finish_reason,
        "native_finish_reason": finish_reason,
        "logprobs": None,
    }
    content = {
        "id": "gen-1764442800-a1B2c3D4e5F6g7H8i9J0",
        "provider": "Laboratory",
        "model": "lab/model-of-some-name",
        "object": "chat.completion.chunk",
        "created": 1764442800,
        "choices": [choice],
        **more,
    }
    return b"data: " + json.dumps(content).encode() + b"\n\n"


def framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


MODELS = json.dumps({"data": [{"id": model} for model in (*MEMBERS, CHAIRMAN)]}).encode()
LIST = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(MODELS), MODELS)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Stream(asyncio.Protocol):
    """One connection: a request after the other, each answered by a stream of `words` at `rate`."""

    def __init__(self, words: int, rate: float, written: "Synchronized[int]") -> None:
        self._words, self._rate, self._written = words, rate, written
        self._received = bytearray()
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, gap, body = bytes(self._received).partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if not gap or (length and len(body) < int(length[1])):
            return
        self._received.clear()
        if length:
            self._answer(json.loads(body))
        else:
            self._transport.write(LIST)

    def _answer(self, asked: dict[str, list[dict[str, str]]]) -> None:
        messages = tuple(Message("user", each["content"]) for each in asked["messages"])
        text = text_of(Request("m", messages, 1, "t"), self._words)
        pieces = text.split(" ") if self._rate else [text]
        self._transport.write(HEAD)
        usage = {"prompt_tokens": 900, "completion_tokens": len(pieces), "cost": 0.001}
        events = [framed(event({"content": piece + " "})) for piece in pieces[:-1]]
        events.append(framed(event({"content": pieces[-1]}, "stop")))
        events.append(framed(event({"content": ""}, None, usage=usage) + b"data: [DONE]\n\n"))
        self._write(iter(events), self._loop.time())

    def _write(self, events: Iterator[bytes], at: float) -> None:
        if self._transport.is_closing():
            return
        step = 1 / self._rate if self._rate else 0.5
        for data in events:
            self._transport.write(data)
            self._written.value += 1
            at += step
            if at > self._loop.time():
                self._loop.call_at(at, self._write, events, at)
                return
        self._transport.write(b"0\r\n\r\n")


def serve(listening: socket.socket, words: int, rate: float, written: "Synchronized[int]") -> None:
    async def forever() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(partial(Stream, words, rate, written), sock=listening)
        await server.serve_forever()

    with asyncio.Runner(loop_factory=event_loop) as runner:
        runner.run(forever())


# --- The client: the council in its channels


class Drawn(Room):
    """Posts are drawn anew as often as on Discord, and written down when they are new."""

    def reply(self, case: Case) -> RoomReply:
        return DrawnReply(self, case, interval_seconds=2.0)


class DrawnReply(RoomReply):
    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        if (self.case.id, key) in self.room.documents:
            self.room.documents[self.case.id, key] = document
        else:
            await super().show(key, document, ping=ping)


@dataclass(frozen=True, slots=True)
class Figures:
    cpu: float
    wall: float
    chunks: int
    late_ms: float


async def questions(
    url: str, asked: int, per_second: float, written: "Synchronized[int]"
) -> Figures:
    """So many questions, evenly; the CPU and the wall time until the last is served."""
    collect_seldom()
    provider = HttpProvider([Endpoint("", url)])
    late: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with running_app(
            provider,
            members=MEMBERS,
            chairman=CHAIRMAN,
            database=str(Path(folder, "council.db")),
            time_scale=1.0,
        ) as app:
            app.platforms["discord"] = Drawn(app)
            await ask(app, 0)  # what a process does once
            lateness = asyncio.create_task(note_lateness(late))
            before, cpu, wall = written.value, time.process_time(), time.perf_counter()
            async with asyncio.TaskGroup() as group:
                for n in range(1, asked + 1):
                    group.create_task(ask(app, n))
                    await asyncio.sleep(1 / per_second)
            figures = Figures(
                time.process_time() - cpu,
                time.perf_counter() - wall,
                written.value - before,
                sorted(late)[int(len(late) * 0.99)] * 1000,
            )
            lateness.cancel()
    await provider.aclose()
    return figures


async def ask(app: App, n: int) -> None:
    asked = mention(
        "Is a monolith right?",
        channel=Channel("discord", "server", f"channel-{n}"),
        person=Person(f"person-{n}"),
    )
    taken = await app.questions.accept(asked)
    assert isinstance(taken, Accepted)
    await app.running.finished(taken.id)
    case = await app.store.case(taken.id)
    assert case
    assert case.result
    assert case.result.answered


async def note_lateness(late: list[float]) -> None:
    for _ in count():
        began = time.monotonic()
        await asyncio.sleep(0.01)
        late.append(time.monotonic() - began - 0.01)


def client(
    results: Connection,
    loop: str,
    url: str,
    asked: int,
    per_second: float,
    written: "Synchronized[int]",
) -> None:
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        results.send(runner.run(questions(url, asked, per_second, written)))


def measured(loop: str, given: argparse.Namespace, *, rate: float) -> Figures:
    context = multiprocessing.get_context("spawn")
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    written = context.Value("q", 0, lock=False)
    server = context.Process(
        target=serve, args=(listening, given.words, rate, written), daemon=True
    )
    server.start()
    results, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=client, args=(sender, loop, url, given.questions, given.per_second, written)
    )
    process.start()
    sender.close()  # so that a client that failed is no reason to wait
    figures: Figures = results.recv()
    process.join()
    server.terminate()
    server.join()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description="What a streamed chunk costs.")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--per-second", type=float, default=2.0)
    parser.add_argument("--words", type=int, default=400, help="of each text, a chunk each")
    parser.add_argument("--rate", type=float, default=50.0, help="chunks a second and stream")
    parser.add_argument("--loop", choices=LOOPS, action="append")
    given = parser.parse_args()
    # All members, mostly all reviewers, the chairman; a stopped review is no text.
    print(
        f"{given.questions} questions, {given.per_second:g} a second, texts of {given.words} "
        f"chunks, {given.rate:g} a second"
    )
    for loop in given.loop or LOOPS:
        whole, streamed = (measured(loop, given, rate=rate) for rate in (0.0, given.rate))
        per_chunk = (streamed.cpu - whole.cpu) / (streamed.chunks - whole.chunks)
        print(
            f"{loop:10} {whole.cpu / given.questions * 1e3:6.1f} ms CPU a deliberation, "
            f"{per_chunk * 1e6:5.1f} us a chunk more; {given.questions / streamed.cpu:.1f} "
            f"deliberations of {streamed.chunks // given.questions:,} a second and core; loop late by {streamed.late_ms:.0f} ms (p99)"
        )


if __name__ == "__main__":
    main()
