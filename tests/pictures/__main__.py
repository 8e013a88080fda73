"""Pictures of what people see, drawn from the payloads that local servers took from the bot.

    python -m tests.pictures                       those of the documentation, into docs/pictures
    python -m tests.pictures --all-states --out D  every state, on both platforms, at both widths
    python -m tests.pictures done live --out D     some of them
    python -m tests.pictures --language ko --out D the same for people who read Korean
    python -m tests.pictures --height              how high a finished thread is on a phone

Chromium draws them; without it payloads, and the terminal as SVG, are written all the same.
"""

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from bot.language import ENGLISH, LANGUAGES, speak
from tests.pictures import browser, on_terminal
from tests.pictures.drawing import WIDTHS, draw, page
from tests.pictures.scenes import Scene
from tests.pictures.stories import STORIES, scenes

DOCS = Path(__file__).resolve().parents[2] / "docs" / "pictures"
# What the documentation shows: on a phone, and of the terminal.
SHOWN = ("done", "answer", "statistics")
TERMINAL = "terminal"


async def show(shown: Sequence[Scene], widths: Sequence[str], out: Path) -> None:
    """Payloads and pictures into a folder."""
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


async def show_terminal(sizes: Sequence[on_terminal.Size], out: Path) -> None:
    for (columns, rows), svg in (await on_terminal.finished(sizes)).items():
        suffix = "" if (columns, rows) == on_terminal.SHOWN else f"-{columns}x{rows}"
        (out / f"{TERMINAL}{suffix}.svg").write_text(svg, encoding="utf-8")


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


async def draw_all(names: Sequence[str], widths: Sequence[str], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    if TERMINAL in names:
        sizes = [on_terminal.SHOWN] if out == DOCS else [on_terminal.SHOWN, *on_terminal.SIZES]
        await show_terminal(sizes, out)
    if wanted := [name for name in names if name != TERMINAL]:
        await show(await scenes(wanted), widths, out)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.pictures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    known = [*STORIES, TERMINAL]
    parser.add_argument("name", nargs="*", help=f"of {', '.join(known)}")
    parser.add_argument("--width", choices=list(WIDTHS), action="append")
    parser.add_argument("--out", type=Path, default=DOCS, metavar="DIR")
    parser.add_argument("--all-states", action="store_true")
    parser.add_argument("--language", choices=list(LANGUAGES), default=ENGLISH)
    parser.add_argument("--height", action="store_true")
    given = parser.parse_args()
    if unknown := [name for name in given.name if name not in known]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(known)}")
    speak(given.language)
    if given.height:
        print(json.dumps(asyncio.run(heights((given.width or ["390"])[0]))))
        return
    if given.out == DOCS and (given.all_states or given.name or given.width):
        parser.error("docs/pictures holds what the documentation shows; say --out DIR")
    names = known if given.all_states else given.name or [*SHOWN, TERMINAL]
    widths = given.width or (list(WIDTHS) if given.all_states else ["390"])
    asyncio.run(draw_all(names, widths, given.out))


if __name__ == "__main__":
    main()
