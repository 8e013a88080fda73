"""Pictures of what people see, drawn from the payloads that local servers took from the bot.

    python -m tests.pictures                       those of the documentation, into docs/pictures
    python -m tests.pictures --all-states --out D  every state, on both platforms, at both widths
    python -m tests.pictures done live --out D     some of them
    python -m tests.pictures --height              how high a finished thread is on a phone

Chromium draws them; without it the payloads are written all the same.
"""

import argparse
import asyncio
import json
from pathlib import Path

from tests.pictures import browser
from tests.pictures.drawing import WIDTHS, draw, page
from tests.pictures.scenes import Scene
from tests.pictures.stories import STORIES, scenes

DOCS = Path(__file__).resolve().parents[2] / "docs" / "pictures"
# What the documentation shows, on a phone.
SHOWN = ("done", "answer")


async def show(shown: list[Scene], widths: list[str], out: Path) -> None:
    """Payloads and pictures into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    for scene in shown:
        (out / f"{scene.id}.json").write_text(scene.to_json(), encoding="utf-8")
    program = browser.found()
    if program is None:
        print(f"No Chromium on the path: the payloads are in {out}, the pictures are not drawn.")
        return
    async with browser.opened(program) as chromium:
        for scene in shown:
            for width in widths:
                suffix = "" if width == "390" else f"-{width}"
                file = out / f"{scene.id}{suffix}.png"
                file.write_bytes(await draw(chromium, scene, width))
                print(f"{file} {file.stat().st_size // 1000} kB")


async def heights(width: str) -> dict[str, int]:
    """Of the finished thread, in CSS pixels, by platform."""
    program = browser.found()
    if program is None:
        raise SystemExit("Heights are measured with Chromium, and there is none on the path.")
    async with browser.opened(program) as chromium:
        return {
            scene.platform: await chromium.height(page(scene), WIDTHS[width])
            for scene in await scenes(["done"])
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.pictures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", help=f"one of: {', '.join(STORIES)}")
    parser.add_argument("--width", choices=list(WIDTHS), action="append")
    parser.add_argument("--out", type=Path, default=DOCS, metavar="DIR")
    parser.add_argument("--all-states", action="store_true")
    parser.add_argument("--height", action="store_true")
    given = parser.parse_args()
    if unknown := [name for name in given.name if name not in STORIES]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(STORIES)}")
    if given.height:
        print(json.dumps(asyncio.run(heights((given.width or ["390"])[0]))))
        return
    elsewhere = given.out != DOCS
    if (given.all_states or given.name) and not elsewhere:
        parser.error("only the documentation's own pictures go into docs/pictures; say --out DIR")
    names = list(STORIES) if given.all_states else given.name or list(SHOWN)
    widths = given.width or (list(WIDTHS) if given.all_states else ["390"])
    asyncio.run(_draw_all(names, widths, given.out))


async def _draw_all(names: list[str], widths: list[str], out: Path) -> None:
    await show(await scenes(names), widths, out)


if __name__ == "__main__":
    main()
