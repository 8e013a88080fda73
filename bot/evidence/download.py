"""Files fetched from where a platform keeps them, and from nowhere else.

A token goes to those places alone: no redirect is followed. Tries again what may pass.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import aiohttp
import stamina
from yarl import URL

from bot.errors import Unreadable
from bot.evidence.files import FILE_LIMIT_BYTES, too_large
from bot.language import N_, _

# For all tries together.
FETCH_SECONDS = 30.0
_TRIES = 3
_PASSING = frozenset({408, 425, 429})

_ELSEWHERE = N_("It is kept where the bot fetches no files from.")
_UNFETCHED = N_("It could not be fetched.")


@dataclass(frozen=True, slots=True)
class Fetched:
    """`kind` is what the server calls its content."""

    data: bytes
    kind: str


class Redirected(Unreadable):
    """It stands elsewhere, or whoever asked is sent to log in: nothing of that is followed."""


class _Passing(Exception):
    """The same request may be answered later."""


async def download(
    address: str,
    *,
    origins: Collection[str],
    headers: Mapping[str, str] | None = None,
    seconds: float = FETCH_SECONDS,
    time_scale: float = 1.0,
) -> Fetched:
    """What stands at an address of one of these origins, such as `https://a.example`. `time_scale`
    is that of the pauses between tries. Raises `Unreadable`."""
    url = _checked(address, origins)
    tries = stamina.retry_context(
        on=_Passing,
        attempts=_TRIES,
        timeout=None,
        wait_initial=time_scale,
        wait_max=5 * time_scale,
        wait_jitter=time_scale,
    )
    try:
        async with asyncio.timeout(seconds):
            async for attempt in tries:
                with attempt:
                    return await _fetched(url, headers or {})
    except (_Passing, TimeoutError):
        raise Unreadable(_(_UNFETCHED)) from None
    raise AssertionError("stamina re-raises the last error")


def _checked(address: str, origins: Collection[str]) -> URL:
    try:
        url = URL(address)
        origin = str(url.origin())
    except ValueError:
        raise Unreadable(_(_ELSEWHERE)) from None
    if origin not in origins or url.user or url.password:
        raise Unreadable(_(_ELSEWHERE))
    return url


async def _fetched(url: URL, headers: Mapping[str, str]) -> Fetched:
    """In one request. Raises `_Passing`, `Unreadable`."""
    try:
        async with (
            # Operators' proxies are in the environment. Nothing is unpacked: it could be a bomb.
            aiohttp.ClientSession(trust_env=True, auto_decompress=False) as session,
            session.get(
                url,
                headers={**headers, "Accept-Encoding": "identity"},
                allow_redirects=False,
            ) as answer,
        ):
            if answer.status in _PASSING or answer.status >= 500:
                raise _Passing
            if answer.status != 200:
                why = _("Its server answered with the status {status}.", status=answer.status)
                raise Redirected(why) if 300 <= answer.status < 400 else Unreadable(why)
            return Fetched(await _body(answer), answer.content_type)
    except (aiohttp.ClientError, OSError) as error:
        raise _Passing from error


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    if (answer.content_length or 0) > FILE_LIMIT_BYTES:
        raise too_large()
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > FILE_LIMIT_BYTES:
            raise too_large()
    return bytes(body)
