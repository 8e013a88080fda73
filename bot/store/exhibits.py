"""What was read of the files that came with a question, by their place among them."""

from dataclasses import replace

from bot.council import Exhibit
from bot.store.encoding import decode, encode
from bot.store.transactions import Tables


class Exhibits(Tables):
    async def exhibits(self, id: str) -> dict[int, Exhibit]:
        rows = await self._database.read(
            "SELECT place, exhibit, image FROM exhibits WHERE deliberation = ? ORDER BY place",
            (id,),
        )
        return {place: _exhibit(text, image) for place, text, image in rows}


def columns(exhibit: Exhibit) -> tuple[str, bytes | None]:
    """What is kept of it: an image's bytes beside what is said of it."""
    if exhibit.image is None:
        return encode(Exhibit, exhibit), None
    bare = replace(exhibit, image=replace(exhibit.image, data=b""))
    return encode(Exhibit, bare), exhibit.image.data


def _exhibit(text: str, image: bytes | None) -> Exhibit:
    exhibit = decode(Exhibit, text)
    if exhibit.image is None or image is None:
        return exhibit
    return replace(exhibit, image=replace(exhibit.image, data=image))
