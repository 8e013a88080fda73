"""Images in a request: in its body they stand as marks, which are short, so that what is kept of a
body for a repeat holds none; whoever sends it puts them in. And how servers say that a model sees none.
"""

import re
from base64 import b64encode
from collections.abc import Iterable

from bot.llm import Image, Message
from bot.models.reports import Report

# Key, money, rights, haste: without its images such a request would fare no better.
_OTHER_REASONS = (401, 402, 403, 408, 429)
_ABOUT_IMAGES = re.compile(
    r"\bimages?\b|image[_ ]?url|\bvision\b|\bvisual\b|\bVLM\b|\bmmproj\b|multi-?modal"
    # Those that take words alone know no parts of a message.
    r"|content\b.{0,40}must be a string|TextContentPart|single `text` element",
    re.IGNORECASE | re.DOTALL,
)


def content_of(message: Message) -> object:
    """A message's content as OpenAI's protocol has it: the text first. Source: openrouter.ai/docs,
    "Image Inputs"."""
    if not message.images:
        return message.content
    images = [{"type": "image_url", "image_url": {"url": _mark(i)}} for i in message.images]
    return [{"type": "text", "text": message.content}, *images]


def with_images(body: bytes, images: Iterable[Image]) -> bytes:
    """The body as it is sent. No text can stand for an image: its quotes are escaped there."""
    for image in set(images):
        data = f"data:{image.kind};base64,{b64encode(image.data).decode('ascii')}"
        body = body.replace(_place(_mark(image)), _place(data))
    return body


def is_about_images(report: Report) -> bool:
    """Whether a request with images was refused for them: in so many words, or for its size, of which
    they are nearly all; what stands before a server often takes no more than 1 MB."""
    if report.status == 413:
        return True
    return report.status not in _OTHER_REASONS and bool(_ABOUT_IMAGES.search(report.text))


def _mark(image: Image) -> str:
    return f"sha256:{image.digest}"


def _place(address: str) -> bytes:
    return f'{{"url":"{address}"}}'.encode("ascii")
