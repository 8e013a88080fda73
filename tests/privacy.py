"""Writes `docs/privacy.md`, the page that `council doctor --privacy` prints, as it is of any council:

python -m tests.privacy
"""

from pathlib import Path

from bot.pages.privacy import of_any_council, page

PAGE = Path(__file__).resolve().parent.parent / "docs" / "privacy.md"


def written() -> str:
    return page(of_any_council()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
