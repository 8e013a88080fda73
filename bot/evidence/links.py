"""Pages that a question links to: fetched once, as anybody could, and read as text.

Public addresses alone, at every step; no cookie, no proxy, no other port than the web's. Whoever says in
robots.txt that programs are not to read a page is heard (RFC 9309).
"""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from protego import Protego
from yarl import URL

from bot.errors import Unreadable
from bot.evidence.addresses import Checked
from bot.evidence.files import Read, read_file
from bot.language import N_, _

# For everything that one link leads to, and of a page as it arrives and as it is unpacked.
LINK_SECONDS = 20.0
PAGE_LIMIT_BYTES, ROBOTS_LIMIT_BYTES = 5_000_000, 500_000
_REDIRECTS = 5
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

# What robots.txt knows the bot as.
AGENT = "CouncilBot"
_HEADERS = {
    "User-Agent": f"{AGENT}/1.0",
    "Accept": "text/html,application/pdf;q=0.9,text/*;q=0.8",
    "Accept-Encoding": "gzip,deflate",
}

# How a page is read, by what its server calls it.
_ENDINGS: Mapping[str, str] = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/json": ".txt",
}

_UNFETCHED = N_("It could not be fetched.")
_ODD = N_("It is no address of the web that the bot goes to.")
_KIND = N_("It is neither a page nor text.")
_LARGE = N_("It is larger than {megabytes} MB.")
_CIRCLE = N_("It leads on and on.")
_UNWANTED = N_("Its site does not want programs to read it.")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    kind: str
    location: str
    body: bytes

    @property
    def leads_on(self) -> bool:
        return self.status in _REDIRECT_STATUSES and bool(self.location)


@dataclass(frozen=True, slots=True)
class Web:
    """The way to pages. `ports` are those that may be asked."""

    checked: Checked = field(default_factory=Checked)
    ports: frozenset[int] = frozenset({80, 443})
    seconds: float = LINK_SECONDS

    async def read(self, link: str) -> Read:
        """What a page says. Raises `Unreadable`."""
        try:
            async with asyncio.timeout(self.seconds):
                answer = await self._page(link)
        except TimeoutError:
            raise Unreadable(_(_UNFETCHED)) from None
        ending = _ENDINGS.get(answer.kind, ".txt" if answer.kind.startswith("text/") else "")
        if not ending:
            raise Unreadable(_(_KIND))
        return await read_file(answer.body, f"page{ending}")

    async def _page(self, link: str) -> _Answer:
        async with self._session() as session:
            answer = await self._followed_where_welcome(session, self._url(link))
        if answer.status != 200:
            why = _("Its server answered with the status {status}.", status=answer.status)
            raise Unreadable(why)
        return answer

    def _session(self) -> aiohttp.ClientSession:
        # Without the environment's proxies: they would look names up, and go, for us.
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=self.checked,
                socket_factory=self.checked.socket,
                use_dns_cache=False,
                force_close=True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
            trust_env=False,
        )

    async def _followed_where_welcome(self, session: aiohttp.ClientSession, url: URL) -> _Answer:
        """What stands where a page leads in the end, the robots.txt of each step's site heard before.
        Raises `Unreadable`."""
        known: dict[str, Protego] = {}
        for _step in range(_REDIRECTS + 1):
            await self._require_welcome(session, url, known)
            answer = await self._asked(session, url, PAGE_LIMIT_BYTES)
            if not answer.leads_on:
                return answer
            url = self._url(answer.location, url)
        raise Unreadable(_(_CIRCLE))

    async def _followed(self, session: aiohttp.ClientSession, url: URL) -> _Answer:
        """What stands where a robots.txt leads in the end: for that nobody has to be asked. Raises
        `Unreadable`."""
        for _step in range(_REDIRECTS + 1):
            answer = await self._asked(session, url, ROBOTS_LIMIT_BYTES)
            if not answer.leads_on:
                return answer
            url = self._url(answer.location, url)
        raise Unreadable(_(_CIRCLE))

    async def _require_welcome(
        self, session: aiohttp.ClientSession, url: URL, known: dict[str, Protego]
    ) -> None:
        """Raises `Unreadable` where the site's robots.txt keeps the bot out."""
        origin = str(url.origin())
        if origin not in known:
            known[origin] = await self._robots(session, url.origin() / "robots.txt")
        if not known[origin].can_fetch(str(url), AGENT):
            raise Unreadable(_(_UNWANTED))

    async def _robots(self, session: aiohttp.ClientSession, url: URL) -> Protego:
        """Where there is none, everything is allowed; where that cannot be told, nothing is."""
        answer = await self._followed(session, url)
        if 400 <= answer.status < 500:
            return Protego.parse("")
        if answer.status != 200:
            return Protego.parse("User-agent: *\nDisallow: /")
        return Protego.parse(answer.body.decode("utf-8", "replace"))

    def _url(self, address: str, base: URL | None = None) -> URL:
        """Raises `Unreadable` for whatever is not the web's."""
        try:
            url = base.join(URL(address)) if base else URL(address)
            is_web = url.scheme in ("http", "https") and url.port in self.ports
        except ValueError:
            raise Unreadable(_(_ODD)) from None
        if not is_web or not url.host or url.user or url.password:
            raise Unreadable(_(_ODD))
        self.checked.check(url.host)
        return url.with_fragment(None)

    async def _asked(self, session: aiohttp.ClientSession, url: URL, limit_bytes: int) -> _Answer:
        try:
            async with session.get(url, allow_redirects=False) as answer:
                body = b""
                if answer.status == 200:
                    packed = await _body(answer, limit_bytes)
                    body = _unpacked(
                        packed, answer.headers.get("Content-Encoding", ""), limit_bytes
                    )
                location = answer.headers.get("Location", "")
                return _Answer(answer.status, answer.content_type, location, body)
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            raise Unreadable(_(_UNFETCHED)) from error


async def _body(answer: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    if (answer.content_length or 0) > limit_bytes:
        raise _too_large(limit_bytes)
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
    return bytes(body)


def _unpacked(body: bytes, coding: str, limit_bytes: int) -> bytes:
    """No more of it than may be: a bomb is never unpacked."""
    if coding.lower() in ("", "identity"):
        return body
    if coding.lower() not in ("gzip", "x-gzip", "deflate"):
        raise Unreadable(_(_KIND))
    # Whatever frame it is in.
    unpacking = zlib.decompressobj(wbits=47)
    try:
        whole = unpacking.decompress(body, limit_bytes + 1)
    except zlib.error:
        raise Unreadable(_(_UNFETCHED)) from None
    if len(whole) > limit_bytes:
        raise _too_large(limit_bytes)
    return whole


def _too_large(limit_bytes: int) -> Unreadable:
    return Unreadable(_(_LARGE, megabytes=limit_bytes / 1_000_000))
