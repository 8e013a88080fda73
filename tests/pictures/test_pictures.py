"""The documentation's pictures show what people see today."""

import pytest

from tests.pictures import on_terminal
from tests.pictures.__main__ import DOCS, SHOWN, TERMINAL
from tests.pictures.drawing import digest, digest_in
from tests.pictures.scenes import Platform
from tests.pictures.stories import PLATFORMS, scenes

RENEW = "run `python -m tests.pictures`, look at docs/pictures, and commit it"
COMMITTED = sorted(f"{platform}-{name}" for platform in PLATFORMS for name in SHOWN)


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_the_documentation_shows_what_people_see_today(platform: Platform) -> None:
    for scene in await scenes(SHOWN, [platform]):
        committed = (DOCS / f"{scene.id}.json").read_text(encoding="utf-8")
        assert scene.to_json() == committed, f"{scene.id} looks otherwise now: {RENEW}"


async def test_the_documentation_shows_the_terminal_of_today() -> None:
    drawn = await on_terminal.finished([on_terminal.SHOWN])
    committed = (DOCS / f"{TERMINAL}.svg").read_text(encoding="utf-8")
    assert drawn[on_terminal.SHOWN] == committed, f"The terminal looks otherwise now: {RENEW}"


@pytest.mark.parametrize("id", COMMITTED)
def test_each_picture_shows_the_payload_beside_it(id: str) -> None:
    payload = (DOCS / f"{id}.json").read_text(encoding="utf-8")
    picture = (DOCS / f"{id}.png").read_bytes()
    assert digest_in(picture) == digest(payload), f"{id}.png shows another payload: {RENEW}"
    assert len(picture) < 200_000


def test_no_picture_is_left_over() -> None:
    files = {file.name for file in DOCS.iterdir()}
    pairs = {f"{id}.{kind}" for id in COMMITTED for kind in ("json", "png")}
    assert files == pairs | {f"{TERMINAL}.svg"}
