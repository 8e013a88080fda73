"""A small internet on this machine: what stands at 127.0.0.2 is public to it, all else as it really is.

What its hostile servers do is written down by others: OWASP's cheat sheet on server-side request
forgery, RFC 9110 on redirects and content codings, RFC 9309 on robots.txt.
"""

import asyncio
import gzip
import sys
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.evidence.addresses import Checked, is_public
from bot.evidence.links import Web

PUBLIC, PRIVATE = "127.0.0.2", "127.0.0.1"

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]

_connected: list[str] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        match arguments:
            case (_, (host, *_)):
                _connected.append(str(host))


# An audit hook cannot be taken away again; nobody reads the list elsewhere.
sys.addaudithook(_note)


@contextmanager
def watched() -> Iterator[list[str]]:
    """The addresses that this process connects to meanwhile."""
    _connected.clear()
    yield _connected


@dataclass
class Internet:
    """`names` are addresses by host, several for one that changes them. `asked` is what a server was
    asked, by host."""

    port: int
    names: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    pages: dict[str, Serve] = field(default_factory=dict)
    asked: defaultdict[str, list[web.Request]] = field(default_factory=lambda: defaultdict(list))
    private_asked: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)

    async def resolve(self, host: str) -> Sequence[str]:
        self.looked_up.append(host)
        answers = self.names.get(host, [[PUBLIC]] if host.endswith(".example") else [])
        if not answers:
            raise OSError("no such host")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def reader(self, seconds: float = 10.0) -> Web:
        checked = Checked(self.resolve, lambda address: address == PUBLIC or is_public(address))
        return Web(checked, ports=frozenset({self.port}), seconds=seconds)

    def url(self, path: str = "/page", host: str = "site.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def paths(self, host: str = "site.example") -> list[str]:
        return [request.path for request in self.asked[host]]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        host = (request.headers.get("Host") or "").partition(":")[0]
        self.asked[host].append(request)
        page = self.pages.get(f"{host}{request.path}") or self.pages.get(request.path)
        return await page(request) if page else web.Response(status=404)

    async def serve_private(self, request: web.Request) -> web.StreamResponse:
        self.private_asked.append(request.path)
        return web.Response(text="the machine's own secrets")


@asynccontextmanager
async def internet() -> AsyncIterator[Internet]:
    world = Internet(0)
    async with _running(world.serve) as public, _running(world.serve_private) as private:
        while not world.port:
            site = web.TCPSite(public, PUBLIC, 0)
            await site.start()
            port = public.addresses[0][1]
            try:
                await web.TCPSite(private, PRIVATE, port).start()
                world.port = port
            except OSError:  # taken there by somebody else
                await site.stop()
        yield world


@asynccontextmanager
async def _running(serve: Serve) -> AsyncIterator[web.AppRunner]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


def page(text: str, kind: str = "text/html", status: int = 200, **headers: str) -> Serve:
    async def serve(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(text=text, content_type=kind, status=status, headers=named)

    return serve


def data(body: bytes, kind: str, **headers: str) -> Serve:
    async def serve(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=body, headers={"Content-Type": kind, **named})

    return serve


def leads_to(address: str, status: int = 302) -> Serve:
    return page("moved", status=status, Location=address)


def article(words: str) -> str:
    return (
        "<html><head><title>Of grass</title></head><body><nav><a href='/'>Home</a></nav>"
        f"<article><h1>Grass</h1><p>{words}</p></article><footer>Imprint</footer></body></html>"
    )


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    try:
        while True:
            await response.write(b"x" * 1_000_000)
    except ConnectionError:
        return response


async def drip(request: web.Request) -> web.StreamResponse:
    """A byte now and then, for as long as anybody listens."""
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    try:
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.05)
    except ConnectionError:
        return response


async def says_ten_gigabytes(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Content-Type": "text/plain", "Content-Length": "10000000000"}
    )
    await response.prepare(request)
    await response.write(b"x" * 1_000)
    return response


def deflate_bomb() -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(b" " * 10_000_000) for _ in range(10)) + packer.flush()


def gzip_bomb() -> bytes:
    """A gigabyte in a megabyte."""
    packed = gzip.compress(b"\0" * 10_000_000, 9)
    return packed * 100
