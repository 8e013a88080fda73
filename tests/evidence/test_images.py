"""Images of every kind, and hostile ones: each is made anew for models, or refused with a sentence."""

import asyncio
import io

import PIL.Image
import pytest

from bot.errors import Unreadable
from bot.evidence.files import FILE_LIMIT_BYTES, is_image, read_file, read_image
from bot.evidence.worker import Limits, Unread
from bot.evidence.worker import picture as made_anew
from bot.llm import Image
from tests.evidence import made
from tests.fakes import pictures
from tests.fakes.pictures import picture

RED, BLUE, GREEN, WHITE = (255, 0, 0), (0, 0, 255), (0, 128, 0), (255, 255, 255)


def opened(image: Image) -> PIL.Image.Image:
    found = PIL.Image.open(io.BytesIO(image.data))
    assert f"image/{(found.format or '').lower()}" == image.kind
    return found


def color_at(image: PIL.Image.Image, x: int, y: int) -> tuple[int, ...]:
    """Roughly: a JPEG keeps no color to the point."""
    found = image.convert("RGB").getpixel((x, y))
    assert isinstance(found, tuple)
    return tuple(0 if level < 40 else 255 if level > 215 else int(level) for level in found)


async def refusal(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(Unreadable) as caught:
        await read_image(data, limits=limits)
    return str(caught.value)


@pytest.mark.parametrize(
    ("format", "mode", "kind"),
    [
        ("PNG", "RGB", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("GIF", "P", "image/png"),
        ("WEBP", "RGB", "image/png"),
        ("WEBP", "RGBA", "image/png"),
    ],
)
async def test_every_kind_is_made_anew_as_it_looks(format: str, mode: str, kind: str) -> None:
    data = picture(format, mode=mode)
    assert is_image(data)
    image = await read_image(data)
    assert image.kind == kind
    found = opened(image)
    assert found.size == (64, 48)
    assert (color_at(found, 32, 5), color_at(found, 32, 43)) == (RED, BLUE)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16"])
async def test_greys_stay_greys(mode: str) -> None:
    grey = PIL.Image.new("L", (32, 32), 255)
    grey.paste(0, (0, 16, 32, 32))
    if mode == "I;16":
        deep = grey.convert("I").point(lambda level: level * 257)
        data = pictures.saved(deep.convert("I;16"), "PNG")
    else:
        data = pictures.saved(grey.convert(mode), "PNG")
    found = opened(await read_image(data))
    assert (color_at(found, 16, 4), color_at(found, 16, 28)) == (WHITE, (0, 0, 0))


async def test_what_shines_through_stands_on_white() -> None:
    glass = PIL.Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    glass.paste((255, 0, 0, 255), (0, 0, 32, 16))
    found = opened(await read_image(pictures.saved(glass, "PNG")))
    assert (color_at(found, 16, 4), color_at(found, 16, 28)) == (RED, WHITE)


async def test_a_picture_that_shines_through_may_be_as_large_as_any_other() -> None:
    written = io.BytesIO()
    PIL.Image.new("RGBA", (7_700, 7_700)).save(written, "PNG")
    drawn = opened(await read_image(written.getvalue()))
    assert drawn.size == (1_568, 1_568)
    assert color_at(drawn, 700, 700) == (255, 255, 255)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
async def test_of_a_film_the_first_frame_is_shown(format: str) -> None:
    found = opened(await read_image(pictures.film(format)))
    assert getattr(found, "n_frames", 1) == 1
    assert color_at(found, 20, 15) == GREEN


async def test_a_photo_stands_upright_and_does_not_say_where_it_was_taken() -> None:
    photo = pictures.photo()
    assert PIL.Image.open(io.BytesIO(photo)).getexif().get_ifd(0x8825)
    image = await read_image(photo)
    found = opened(image)
    assert found.size == (64, 48)
    assert (color_at(found, 32, 5), color_at(found, 32, 43)) == (RED, BLUE)
    assert not found.getexif()
    assert b"Ann" not in image.data
    assert b"Exif" not in image.data


async def test_words_and_colors_that_a_picture_brings_along_stay_behind() -> None:
    from PIL import ImageCms
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_text("Author", "Ann Smith")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    drawn = PIL.Image.new("RGB", (32, 32), "red")
    data = pictures.saved(drawn, "PNG", pnginfo=words, icc_profile=profile, dpi=(72, 72))
    image = await read_image(data)
    found = opened(image)
    assert b"Ann Smith" not in image.data
    assert found.info == {}


async def test_broken_words_about_a_picture_break_no_picture() -> None:
    exif = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40
    drawn = PIL.Image.new("RGB", (32, 32), "red")
    found = opened(await read_image(pictures.saved(drawn, "JPEG", exif=exif)))
    assert color_at(found, 16, 16) == RED


@pytest.mark.parametrize(
    ("size", "scaled"),
    [
        ((3_136, 1_000), (1_568, 500)),
        ((1_000, 3_136), (500, 1_568)),
        ((1_568, 1_568), (1_568, 1_568)),
        ((5_000, 1), (1_568, 1)),
    ],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
async def test_what_is_larger_than_models_look_at_is_scaled_down(
    format: str, size: tuple[int, int], scaled: tuple[int, int]
) -> None:
    assert opened(await read_image(picture(format, size))).size == scaled


async def test_what_stays_too_many_bytes_is_packed_with_loss() -> None:
    noise = picture("PNG", (1_000, 800), noise=True)
    assert len(noise) > 2_000_000
    image = await read_image(noise)
    assert image.kind == "image/jpeg"
    assert len(image.data) <= Limits().image_bytes


async def test_no_picture_takes_more_bytes_than_it_may() -> None:
    noise = picture("JPEG", (1_568, 1_568), noise=True)
    assert len((await read_image(noise)).data) <= Limits().image_bytes


async def test_the_same_image_gives_the_same_bytes() -> None:
    assert await read_image(pictures.photo()) == await read_image(pictures.photo())


# What means harm


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x89PNG\r\n\x1a\n", "It is damaged."),
        (b"\xff\xd8\xff", "It is damaged."),
        (b"GIF89a%PDF-1.4 ...", "It is damaged."),
        (b"RIFF\x04\0\0\0WEBP", "It is damaged."),
        (picture()[:-40], "It is damaged."),
        (picture("JPEG")[:300], "It is damaged."),
        (picture("WEBP")[:40], "It is damaged."),
        (
            pictures.png_bomb(),
            "It has 900 million pixels, and the limit is 60 million. Send a smaller one, or the part "
            "of it that matters.",
        ),
    ],
)
async def test_what_is_no_whole_picture_is_refused_with_a_sentence(data: bytes, why: str) -> None:
    assert is_image(data)
    assert await refusal(data) == why


async def test_a_picture_one_pixel_too_large_says_more_than_the_limit() -> None:
    why = await refusal(picture("PNG", (1_001, 1_000)), Limits(pixels=1_000_000))
    assert why.startswith("It has 2 million pixels, and the limit is 1 million.")


async def test_a_bomb_that_lies_about_its_size_bursts_nowhere() -> None:
    """What it says is what is unpacked."""
    found = opened(await read_image(pictures.png_that_lies()))
    assert found.size == (8, 1)


async def test_a_picture_that_takes_too_much_memory_ends_its_process_alone() -> None:
    why = await refusal(
        picture("PNG", (7_000, 7_000)), Limits(memory_bytes=150_000_000, cpu_seconds=10)
    )
    assert why in ("It is damaged.", "Reading it took too much time or memory.")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Grass is green.",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"BM\x46\0\0\0",
        b"II*\0\x08\0\0\0",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"\0\0\0\x1cftypheic",
        b"%PDF-1.4\x89PNG\r\n\x1a\n",
        made.pdf("x"),
        made.docx("x"),
    ],
)
async def test_what_does_not_begin_as_an_image_is_none(data: bytes) -> None:
    assert not is_image(data)
    with pytest.raises(Unreadable):
        await read_image(data)


async def test_what_else_is_in_an_image_stays_behind() -> None:
    """Both a picture and a document, a program or a page: of the picture its pixels go along."""
    for behind in (made.pdf("Obey."), made.docx("Obey."), b"<script>obey()</script>"):
        image = await read_image(picture() + behind)
        assert behind[:20] not in image.data
        assert opened(image).size == (64, 48)


@pytest.mark.parametrize("format", ["BMP", "TIFF", "ICO"])
def test_no_reader_of_other_kinds_looks_at_it(format: str) -> None:
    with pytest.raises(Unread, match="broken"):
        made_anew(picture(format), Limits())


async def test_what_is_larger_than_may_be_is_not_looked_at() -> None:
    assert await refusal(picture() + b"x" * FILE_LIMIT_BYTES) == "It is larger than 10 MB."


async def test_a_text_is_read_as_one_whatever_its_name_says() -> None:
    assert (await read_file(b"Grass is green.", "photo.png")).text == "Grass is green."


async def test_nothing_in_the_program_itself_unpacks_a_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(PIL.Image, "open", never)
    assert (await read_image(picture())).kind == "image/png"


async def test_many_at_once_are_read_each_by_its_own_process() -> None:
    async with asyncio.TaskGroup() as group:
        good = [group.create_task(read_image(picture())) for _ in range(3)]
        bad = group.create_task(refusal(picture()[:-40]))
    assert len({task.result().digest for task in good}) == 1
    assert bad.result() == "It is damaged."
