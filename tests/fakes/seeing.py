"""Images in a request as strict servers look at them: real ones of the kind that they say, of a size
that is taken, behind the text. Knows no server.
"""

import base64
import binascii
import io
import re
from collections.abc import Collection, Sequence
from typing import Any

import PIL.Image

# Of one image, as base64 and in pixels a side. Source: docs.claude.com, "Vision"; its errors say the same.
_LIMIT_BYTES, _LIMIT_PIXELS = 5_242_880, 8_000
_PIXELS_PER_TOKEN = 750
_DATA = re.compile(r"data:image/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/]+=*)")


def words_in(message: dict[str, Any]) -> str:
    """The text of a message: its content, or its part of that."""
    content = message["content"]
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def text_of(messages: list[dict[str, Any]], roles: Collection[str]) -> str:
    return "\n".join(words_in(message) for message in messages if message["role"] in roles)


def images_of(messages: list[dict[str, Any]]) -> list[str]:
    """The addresses of all images."""
    parts = [part for m in messages if isinstance(m["content"], list) for part in m["content"]]
    return [part["image_url"]["url"] for part in parts if part.get("type") == "image_url"]


def tokens_of_images(addresses: Sequence[str]) -> int:
    return sum(_tokens(image_in(address)) for address in addresses)


def image_in(address: str) -> PIL.Image.Image:
    """Raises `ValueError` for whatever is no whole image of the kind that it says."""
    found = _DATA.fullmatch(address)
    if found is None:
        raise ValueError("It is no data URL of an image.")
    try:
        image = PIL.Image.open(io.BytesIO(base64.b64decode(found[2], validate=True)))
        image.load()
    except (binascii.Error, OSError) as error:
        raise ValueError("Could not process image.") from error
    if (image.format or "").lower() != found[1]:
        raise ValueError("The image is not of the media type that it says.")
    return image


def _tokens(image: PIL.Image.Image) -> int:
    return min(image.width * image.height // _PIXELS_PER_TOKEN, 1_600)


def problem_of_parts(message: dict[str, Any]) -> str:
    """What is wrong with the parts of a message, "" for nothing."""
    content = message["content"]
    if not isinstance(content, list):
        return ""
    if message["role"] != "user":
        return "Only a user sends images."
    if [part.get("type") for part in content] != ["text"] + ["image_url"] * (len(content) - 1):
        return "The text comes first, and behind it nothing but images."
    for part in content[1:]:
        if part.keys() != {"type", "image_url"} or part["image_url"].keys() != {"url"}:
            return "An image has its address and nothing else."
        if problem := _problem_of(part["image_url"]["url"]):
            return problem
    return ""


def _problem_of(address: str) -> str:
    if len(address) > _LIMIT_BYTES:
        return f"image exceeds 5 MB maximum: {len(address)} bytes > {_LIMIT_BYTES} bytes"
    try:
        image = image_in(address)
    except ValueError as error:
        return str(error)
    if max(image.size) > _LIMIT_PIXELS:
        return "At least one of the image dimensions exceed max allowed size: 8000 pixels"
    return "An image still says where it was taken." if image.getexif() else ""
