"""Pictures made here, as people's cameras and screens make them, and as somebody would who means harm."""

import io
import struct
import zlib
from random import Random

import PIL.Image

# Of tags: which way up, and where it was taken.
_ORIENTATION, _GPS, _GPS_LATITUDE = 0x0112, 0x8825, 2


def picture(
    format: str = "PNG", size: tuple[int, int] = (64, 48), *, mode: str = "RGB", noise: bool = False
) -> bytes:
    """Red above, blue beneath; or nothing but `noise`."""
    image = PIL.Image.new("RGB", size, (255, 0, 0))
    image.paste((0, 0, 255), (0, size[1] // 2, size[0], size[1]))
    if noise:
        image = PIL.Image.frombytes("RGB", size, Random(1).randbytes(3 * size[0] * size[1]))
    return saved(image.convert(mode), format)


def saved(image: PIL.Image.Image, format: str, **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, format, **options)
    return written.getvalue()


def photo() -> bytes:
    """A JPEG that was taken on its side, and says where, with words of its maker's."""
    image = PIL.Image.open(io.BytesIO(picture("PNG"))).rotate(90, expand=True)
    exif = PIL.Image.Exif()
    exif[_ORIENTATION] = 6  # a quarter to the right brings it up
    exif[_GPS] = {_GPS_LATITUDE: (52.0, 31.0, 12.0)}
    return saved(image, "JPEG", exif=exif, comment=b"by Ann")


def film(format: str = "GIF") -> bytes:
    """Two frames, the first one green."""
    frames = [PIL.Image.new("RGB", (40, 30), color) for color in ("green", "yellow")]
    return saved(frames[0], format, save_all=True, append_images=frames[1:])


def png_bomb(side: int = 30_000) -> bytes:
    """A picture of so many pixels a side in a few kilobytes: two gigabytes where it is unpacked."""
    packer = zlib.compressobj(9)
    row = b"\0" + b"\0" * (side * 3)
    packed = packer.compress(row * 10) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    )


def png_that_lies() -> bytes:
    """The same, which says that it has eight pixels."""
    bomb = bytearray(png_bomb())
    bomb[16:24] = struct.pack(">II", 8, 1)
    bomb[29:33] = struct.pack(">I", zlib.crc32(bytes(bomb[12:29])))
    return bytes(bomb)
