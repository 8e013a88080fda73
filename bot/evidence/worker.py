"""One file read, by a process of its own that may die of it: a script, given the end of the file's
name, or `IMAGE`, and its limits; the file on standard input, JSON on standard output.

Imports nothing of the program, and what it needs only when it is confined: to so much memory and
time, and to no file that it could write.
"""

import base64
import io
import json
import logging
import re
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

# Why nothing was read.
Problem = Literal[
    "empty", "kind", "disguised", "password", "pages", "unpacked", "pixels", "wordless", "broken"
]

# In the place of a name's end, for what begins as an image does: it has to be one.
IMAGE = "image"
# The first that is small enough is taken.
_QUALITIES = (85, 70, 50, 30)

# What files begin with that are no text, whatever they are called.
_BEGINNINGS = (
    b"%PDF-",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"{\\rtf",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"II*\0",
    b"MM\0*",
    b"\x7fELF",
    b"MZ",
    b"\xd0\xcf\x11\xe0",
)
_BYTE_ORDERS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# What files that are no UTF-8 are met in. Of few words a guess among more would be no better than one.
_OLD_ENCODINGS = ("cp1252", "cp949", "cp932", "gb18030", "big5", "euc_jp", "cp1251", "cp1250")
# Readers of PDF look for its sign so far into a file, whatever stands before it.
_SIGN_WITHIN_BYTES = 1_024
_IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
# What steers a terminal, or nothing: texts hold hardly any of it.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_CONTROL_SHARE = 0.002
_PLAIN = re.compile(r"[\t\n\r -~]")


@dataclass(frozen=True, slots=True)
class Limits:
    """`unpacked_bytes` and `parts` are of what is packed in one file, `pixels` of an image as it is
    sent; as it is handed on, it has at most `side_pixels` a side and `image_bytes`.

    Models look at no more: what has a longer side, providers scale down themselves. Source:
    docs.claude.com, "Vision"; OpenAI's limit is 2,048, platform.openai.com/docs, "Images and vision".
    """

    pages: int = 300
    chars: int = 100_000
    unpacked_bytes: int = 50_000_000
    parts: int = 2_000
    pixels: int = 60_000_000
    side_pixels: int = 1_568
    image_bytes: int = 1_000_000
    memory_bytes: int = 1_000_000_000
    cpu_seconds: int = 15


class Unread(Exception):
    """`n` says how many there are of what there is too much of."""

    def __init__(self, problem: Problem, n: int = 0) -> None:
        super().__init__(problem)
        self.problem: Problem = problem
        self.n = n


def read(data: bytes, ending: str, limits: Limits) -> tuple[str, bool]:
    """The text, at most so many characters of it, and whether there is more. Raises `Unread`."""
    if not data:
        raise Unread("empty")
    packed = {".pdf": (b"%PDF-", _pdf), ".docx": (b"PK\x03\x04", _docx)}
    pieces: Iterable[str]
    if ending in packed:
        sign, take = packed[ending]
        if not data.startswith(sign):
            raise Unread("disguised")
        pieces = _surely(take, data, limits)
    elif ending == ".html":
        pieces = _surely(_page, data, limits)
    else:
        pieces = [_text_called(data, ending)]
    text, is_whole = _joined(pieces, limits.chars)
    if not text.strip():
        raise Unread("wordless" if ending in (*packed, ".html") else "empty")
    return text[: limits.chars], not is_whole or len(text) > limits.chars


def picture(data: bytes, limits: Limits) -> tuple[str, bytes]:
    """The first frame of an image, upright, on white, and no larger than models look at, without what
    else it says of itself, such as where it was taken: its media type and the bytes. Raises `Unread`."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # counted here, before any is unpacked
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as opened:
            millions = -(-opened.width * opened.height // 1_000_000)
            if opened.width * opened.height > limits.pixels:
                raise Unread("pixels", millions)
            side = limits.side_pixels, limits.side_pixels
            opened.draft(None, side)  # of a JPEG no more than that is unpacked
            drawn = _plain(_upright(opened))
            drawn.thumbnail(side)  # the whole is in memory no more often than needs be
            return _packed(_on_white(drawn), limits.image_bytes, lossless=opened.format != "JPEG")
    except Unread:
        raise
    except Exception as error:
        raise Unread("broken") from error


def _upright(image: Any) -> Any:
    """As its camera was held."""
    from PIL import ImageOps

    image.load()
    with suppress(Exception):  # what it says of itself may be broken while it is whole
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _plain(image: Any) -> Any:
    """In colours or greys that can be scaled; see-through as far as it is."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):  # 16 bits a pixel
        return image.convert("I").point(lambda level: level / 257).convert("L")
    return image if image.mode in ("RGB", "L") else image.convert("RGB")


def _on_white(image: Any) -> Any:
    """As every reader shows it alike, and without what else it says of itself."""
    from PIL import Image

    shown = image
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        shown = ground.convert("RGB")
    shown.info.clear()
    return shown


def _packed(image: Any, limit_bytes: int, *, lossless: bool) -> tuple[str, bytes]:
    if lossless and len(data := _saved(image, "PNG")) <= limit_bytes:
        return "image/png", data
    data = b""
    for quality in _QUALITIES:
        data = _saved(image, "JPEG", quality=quality)
        if len(data) <= limit_bytes:
            break
    return "image/jpeg", data


def _saved(image: Any, format: str, **options: int) -> bytes:
    written = io.BytesIO()
    image.save(written, format, **options)
    return written.getvalue()


def _joined(pieces: Iterable[str], chars: int) -> tuple[str, bool]:
    """No more of them than are needed, and whether those were all."""
    taken: list[str] = []
    size = 0
    for piece in pieces:
        if size > chars:
            return "\n\n".join(taken), False
        taken.append(piece)
        size += len(piece)
    return "\n\n".join(taken), True


def _surely(
    take: Callable[[bytes, Limits], Iterator[str]], data: bytes, limits: Limits
) -> Iterator[str]:
    """Whatever a library stumbles over is a file that is broken."""
    try:
        yield from take(data, limits)
    except Unread:
        raise
    except Exception as error:
        raise Unread("broken") from error


def _pdf(data: bytes, limits: Limits) -> Iterator[str]:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    reader = PdfReader(io.BytesIO(data))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unread("password")
    except DependencyError as error:  # a cipher of newer versions
        raise Unread("password") from error
    if (count := len(reader.pages)) > limits.pages:
        raise Unread("pages", count)
    for page in reader.pages:
        yield page.extract_text().strip()


def _docx(data: bytes, limits: Limits) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        parts = packed.infolist()
        # More than it says of itself is not unpacked of any.
        if len(parts) > limits.parts or sum(p.file_size for p in parts) > limits.unpacked_bytes:
            raise Unread("unpacked")
        if "word/document.xml" not in packed.namelist():
            raise Unread("disguised")
    from docx import Document
    from docx.table import Table

    for block in Document(io.BytesIO(data)).iter_inner_content():
        yield "\n".join(_rows(block)) if isinstance(block, Table) else block.text


def _rows(table: Any) -> Iterator[str]:
    for row in table.rows:
        yield " | ".join(" ".join(cell.text.split()) for cell in row.cells)


def _page(data: bytes, limits: Limits) -> Iterator[str]:
    from trafilatura import extract

    yield extract(data, include_comments=False) or ""


def _text_called(data: bytes, ending: str) -> str:
    """Images are no news to whoever sends what is called one."""
    try:
        return _text(data)
    except Unread as unread:
        is_no_image = unread.problem == "kind" and ending in _IMAGE_ENDINGS
        raise Unread("disguised" if is_no_image else unread.problem) from None


def _text(data: bytes) -> str:
    if data.startswith(_BEGINNINGS):
        is_document = data.startswith((b"%PDF-", b"PK\x03\x04"))
        raise Unread("disguised" if is_document else "kind")
    if b"%PDF-" in data[:_SIGN_WITHIN_BYTES]:
        raise Unread("disguised")
    text = _decoded(data)
    if len(_CONTROL.findall(text)) > _CONTROL_SHARE * len(text):
        raise Unread("kind")
    return text


def _decoded(data: bytes) -> str:
    encoding = next((name for mark, name in _BYTE_ORDERS if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in data:
        return _unmarked(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise Unread("kind") from error
    from charset_normalizer import from_bytes

    guessed = from_bytes(data, cp_isolation=list(_OLD_ENCODINGS)).best()
    if guessed is None:
        raise Unread("kind")
    return str(guessed)


def _unmarked(data: bytes) -> str:
    """UTF-16 that does not say in which order its bytes are: in that with more spaces, digits and signs.
    Raises `Unread` for what is no text in it."""
    texts = []
    for encoding in ("utf-16-le", "utf-16-be"):
        with suppress(UnicodeDecodeError):
            texts.append(data.decode(encoding))
    text = max(texts, key=lambda text: len(_PLAIN.findall(text)), default="\0")
    unknown = sum(unicodedata.category(character) in ("Cn", "Co") for character in text)
    plain, pairs = len(_PLAIN.findall(text)), sum(map(_is_pair, text))
    if not plain or 2 * pairs > len(text) - plain or unknown > _CONTROL_SHARE * len(text):
        raise Unread("kind")
    return text


def _is_pair(character: str) -> bool:
    """Whether it may as well be two characters of a byte each, as half of Chinese may."""
    return all(32 <= half < 127 for half in divmod(ord(character), 256))


def _confine(limits: Limits) -> None:
    """Where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, most in {
        "RLIMIT_AS": limits.memory_bytes,
        "RLIMIT_CPU": limits.cpu_seconds,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": 0,
    }.items():
        try:
            resource.setrlimit(getattr(resource, name), (most, most))
        except (AttributeError, OSError, ValueError):
            pass  # less is allowed already, or this system knows no such limit


def main() -> None:
    ending, limits = sys.argv[1], Limits(**json.loads(sys.argv[2]))
    _confine(limits)
    logging.disable()  # libraries complain of files
    data, found = sys.stdin.buffer.read(), dict[str, object]()
    try:
        if ending == IMAGE:
            kind, drawn = picture(data, limits)
            found = {"kind": kind, "data": base64.b64encode(drawn).decode("ascii")}
        else:
            text, more = read(data, ending, limits)
            found = {"text": text, "more": more}
    except Unread as unread:
        found = {"problem": unread.problem, "n": unread.n}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
