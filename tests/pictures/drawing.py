"""Scenes as pictures: HTML, a browser, and a PNG that says which payload it shows."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.pictures import discord_page, slack_page
from tests.pictures.browser import Browser
from tests.pictures.scenes import Scene

# CSS pixels: a phone, and a window beside others.
WIDTHS = {"390": 390, "desktop": 760}

# As many as text on plain colours needs; with all of them a picture is four times as large.
COLOURS = 128

_PAYLOAD = "payload"
_PAGES = {"discord": discord_page.page, "slack": slack_page.page}
_STYLE = "* { box-sizing: border-box } body { margin: 0 }"


def digest(payload: str) -> str:
    return sha256(payload.encode()).hexdigest()


def digest_in(picture: bytes) -> str | None:
    """Of the payload that the picture shows."""
    with Image.open(BytesIO(picture)) as image:
        found: str | None = image.info.get(_PAYLOAD)
        return found


def page(scene: Scene) -> str:
    css = (Path(__file__).parent / f"{scene.platform}.css").read_text(encoding="utf-8")
    return f"<!doctype html><meta charset=utf-8><style>{_STYLE}{css}</style>" + _PAGES[
        scene.platform
    ](scene)


async def draw(browser: Browser, scene: Scene, width: str) -> bytes:
    """The whole scene as a PNG."""
    photo = await browser.picture(page(scene), WIDTHS[width])
    info = PngInfo()
    info.add_text(_PAYLOAD, digest(scene.to_json()))
    small = BytesIO()
    with Image.open(BytesIO(photo)) as image:
        plain = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        plain.save(small, "PNG", pnginfo=info, optimize=True)
    return small.getvalue()
