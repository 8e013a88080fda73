"""A headless Chromium that measures and photographs pages. Needed only by whoever draws."""

import asyncio
import base64
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
SCALE = 1.5


def found() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page, told what to show over the DevTools protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    async def height(self, html: str, width: int) -> int:
        """In CSS pixels, of the whole page at this width."""
        await self._send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=100,
            deviceScaleFactor=SCALE,
            mobile=False,
        )
        tree = await self._send("Page.getFrameTree")
        await self._send(
            "Page.setDocumentContent", frameId=tree["frameTree"]["frame"]["id"], html=html
        )
        ready = "Promise.all([document.fonts.ready, ...[...document.images].map(i => i.decode())])"
        await self._send("Runtime.evaluate", expression=ready, awaitPromise=True)
        asked = "document.querySelector('main').scrollHeight"
        told = await self._send("Runtime.evaluate", expression=asked)
        return int(told["result"]["value"])

    async def picture(self, html: str, width: int) -> bytes:
        """A PNG of the whole page."""
        height = await self.height(html, width)
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        told = await self._send(
            "Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True
        )
        return base64.b64decode(told["data"])

    async def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            told = await self._socket.receive_json()
            if told.get("id") == number:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']}")
                result: dict[str, Any] = told["result"]
                return result


@asynccontextmanager
async def opened(program: str) -> AsyncIterator[Browser]:
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            program,
            *_FLAGS,
            f"--user-data-dir={folder}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            port = await _port(Path(folder))
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    pages = [each for each in await answer.json() if each["type"] == "page"]
                url = pages[0]["webSocketDebuggerUrl"]
                async with session.ws_connect(url, max_msg_size=0) as socket:
                    yield Browser(socket)
        finally:
            process.terminate()
            await process.wait()


async def _port(folder: Path) -> int:
    file = folder / "DevToolsActivePort"
    async with asyncio.timeout(60):
        while not (file.exists() and file.read_text().count("\n")):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.05)
    return int(file.read_text().split("\n")[0])
