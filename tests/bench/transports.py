"""500 concurrent streams through the program's own provider, on each of httpx's transports.

    python -m tests.bench.transports [--streams 500] [--chunks 200] [--rate 10]

The server is a process of its own that sends one small event a tick on every stream, as a provider
does while a model writes. Printed for each transport, each in a fresh process: CPU per chunk, the
longest stall of the event loop, the wall time beside the ideal, and memory before and after.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import socket
import time
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
from aiohttp import web

from bot.llm import Message, Request
from bot.models.http import Endpoint, HttpProvider

TRANSPORTS = ("aiohttp", "httpx")


def chunk(content: str | None, finish_reason: str | None) -> bytes:
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    event = {"id": "gen-1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


async def serve(listening: socket.socket, chunks: int, rate: float) -> None:
    piece, end = chunk("word ", None), chunk(None, "stop") + b"data: [DONE]\n\n"

    async def stream(request: web.Request) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        began = time.monotonic()
        for n in range(1, chunks + 1):
            await asyncio.sleep(max(0.0, began + n / rate - time.monotonic()))
            await response.write(piece)
        await response.write(end)
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", stream)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, listening, backlog=2048).start()
    await asyncio.Event().wait()


def run_server(listening: socket.socket, chunks: int, rate: float) -> None:
    asyncio.run(serve(listening, chunks, rate))


async def measure(transport: str, url: str, streams: int, chunks: int) -> dict[str, float]:
    plain = httpx.AsyncClient(
        timeout=httpx.Timeout(None, connect=30),
        limits=httpx.Limits(max_connections=None),
    )
    client = plain if transport == "httpx" else None
    provider = HttpProvider([Endpoint("", url)], client=client)
    request = Request("m", (Message("user", "Go."),), 1000, "bench")
    before, cpu, wall = resident_mb(), time.process_time(), time.monotonic()
    late_ms: list[float] = []
    stalls = asyncio.create_task(note_stalls(late_ms))
    pieces = 0

    def count(piece: str) -> None:
        nonlocal pieces
        pieces += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(streams):
            group.create_task(provider.complete(request, count))
    assert pieces == streams * chunks
    stalls.cancel()
    result = {
        "cpu_us": (time.process_time() - cpu) / pieces * 1e6,
        "wall": time.monotonic() - wall,
        "before_mb": before,
        "after_mb": resident_mb(),
        "stall_ms": max(late_ms),
    }
    await provider.aclose()
    await plain.aclose()
    return result


async def note_stalls(late_ms: list[float]) -> None:
    """How much later than asked for each sleep of 10 ms ended."""
    while True:
        began = time.monotonic()
        await asyncio.sleep(0.01)
        late_ms.append((time.monotonic() - began - 0.01) * 1000)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def run_client(results: Connection, transport: str, url: str, streams: int, chunks: int) -> None:
    results.send(asyncio.run(measure(transport, url, streams, chunks)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare transports for streamed answers.")
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--chunks", type=int, default=200)
    parser.add_argument("--rate", type=float, default=10.0, help="chunks a second and stream")
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    server = context.Process(
        target=run_server, args=(listening, arguments.chunks, arguments.rate), daemon=True
    )
    server.start()
    print(f"{arguments.streams} streams, {arguments.chunks} chunks each, {arguments.rate:g}/s")
    print(f"{'transport':10} CPU us/chunk   stall ms   wall s (ideal)   RSS MB")
    cpu = {}
    for transport in TRANSPORTS:
        results, sender = context.Pipe(duplex=False)
        client = context.Process(
            target=run_client,
            args=(sender, transport, url, arguments.streams, arguments.chunks),
        )
        client.start()
        result = results.recv()
        client.join()
        cpu[transport] = result["cpu_us"]
        print(
            f"{transport:10} {result['cpu_us']:12.0f} {result['stall_ms']:10.0f} "
            f"{result['wall']:8.1f} ({arguments.chunks / arguments.rate:.1f})"
            f"   {result['before_mb']:.0f} -> {result['after_mb']:.0f}"
        )
    print(f"httpx's own transport costs {cpu['httpx'] / cpu['aiohttp']:.2f} times aiohttp's CPU")
    server.terminate()
    server.join()


if __name__ == "__main__":
    main()
