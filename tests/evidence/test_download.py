"""Files fetched from their platform, and from nowhere else."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.errors import Unreadable
from bot.evidence.download import download
from bot.evidence.files import FILE_LIMIT_BYTES

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(*answers: Serve) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A server that gives these answers, one after the other, and what it was asked."""
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        return await answers[min(len(asked), len(answers)) - 1](request)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


def said(text: str = "words", status: int = 200, *, headers: dict[str, str] | None = None) -> Serve:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status, headers=headers)

    return answer


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        while True:
            await response.write(b"x" * 1_000_000)
    except ConnectionError:
        return response


async def silent(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while not (request.transport is None or request.transport.is_closing()):
        await response.write(b"x")
    return response


async def refusal(address: str, origin: str) -> str:
    with pytest.raises(Unreadable) as caught:
        await download(address, origins={origin}, time_scale=0.02)
    return str(caught.value)


async def test_a_file_is_fetched_with_what_is_to_be_sent_along() -> None:
    async with serving(said()) as (origin, asked):
        found = await download(f"{origin}/a?ex=1", origins={origin}, headers={"X-Key": "token"})
    assert (found.data, found.kind) == (b"words", "text/plain")
    assert [(each.path_qs, each.headers["X-Key"]) for each in asked] == [("/a?ex=1", "token")]


@pytest.mark.parametrize(
    "address",
    [
        "{other}/a",
        "{origin}@127.0.0.1:1/a",
        "http://token@{host}/a",
        "http://127.0.0.1:1\\@{host}/a",
        "http://{host}.evil.example/a",
        "https://{host}/a",
        "ftp://{host}/a",
        "file:///etc/passwd",
        "//{host}/a",
        "/a",
        "",
        "http://[::ffff:127.0.0.1]/a",
    ],
)
async def test_no_other_place_is_asked(address: str) -> None:
    async with serving(said()) as (origin, asked), serving(said()) as (other, asked_there):
        host = origin.removeprefix("http://")
        written = address.format(origin=origin, other=other, host=host)
        assert "fetches no files from" in await refusal(written, origin)
    assert not asked
    assert not asked_there


async def test_nobody_is_followed_elsewhere() -> None:
    async with (
        serving(said()) as (other, asked_there),
        serving(said(status=302, headers={"Location": f"{other}/a"})) as (origin, _),
    ):
        assert "status 302" in await refusal(f"{origin}/a", origin)
    assert not asked_there


async def test_what_may_pass_is_asked_again() -> None:
    async with serving(said(status=503), said(status=429), said()) as (origin, asked):
        await download(f"{origin}/a", origins={origin}, time_scale=0.01)
    assert len(asked) == 3


async def test_what_is_final_is_not() -> None:
    async with serving(said(status=404), said()) as (origin, asked):
        assert "status 404" in await refusal(f"{origin}/a", origin)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (endless, "larger than 10 MB"),
        (said("x" * (FILE_LIMIT_BYTES + 1)), "larger than 10 MB"),
        (said(status=500), "could not be fetched"),
    ],
)
async def test_nothing_is_kept_without_end_or_asked_for_again_and_again(
    answer: Serve, why: str
) -> None:
    async with serving(answer) as (origin, _):
        assert why in await refusal(f"{origin}/a", origin)


async def test_who_goes_on_without_end_is_not_waited_for() -> None:
    async with serving(silent) as (origin, _):
        with pytest.raises(Unreadable, match="could not be fetched"):
            await download(f"{origin}/a", origins={origin}, seconds=0.5)


async def test_where_nobody_listens_that_is_said() -> None:
    assert "could not be fetched" in await refusal("http://127.0.0.1:1/a", "http://127.0.0.1:1")


async def test_what_is_packed_stays_packed() -> None:
    async with serving(said("\x1f\x8b bomb", headers={"Content-Encoding": "gzip"})) as (
        origin,
        asked,
    ):
        found = await download(f"{origin}/a", origins={origin})
    assert found.data == "\x1f\x8b bomb".encode()
    assert asked[0].headers["Accept-Encoding"] == "identity"
