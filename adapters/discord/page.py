"""Messages to be, and what they are made of: components, and the files that they show.

Knows the limits of a single component; how a Document becomes some of them, others know.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

import discord
from discord import ui

from adapters.discord.text import shortened
from bot.cleaning import one_line
from bot.document import Button as NextStep
from bot.document import Image, Select

# Source: Discord's API documentation, "Component Reference" and "Create Message".
PICTURES_LIMIT = 10
ALT_LIMIT = 1_024
BUTTON_LIMIT = 80
ROW_LIMIT = 5
CUSTOM_ID_LIMIT = 100
OPTIONS_LIMIT, OPTION_LIMIT, PLACEHOLDER_LIMIT = 25, 100, 150

# Stands before the digest of a name that does not fit.
DIGEST = "#"

View = ui.LayoutView
Row = ui.ActionRow[View]
Button = ui.Button[View]


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    data: bytes
    alt: str | None = None


class Page(ui.LayoutView):
    """A message of components (V2), which hold all of its text."""

    def __init__(self, *items: ui.Item[Any], uploads: Sequence[Upload] = ()) -> None:
        super().__init__(timeout=None)
        self.uploads = tuple(uploads)
        for item in items:
            self.add_item(item)

    def is_finished(self) -> bool:
        """Nobody waits on a page, since its buttons are heard as DynamicItems: discord.py would
        else keep every one that is ever sent."""
        return True

    def shown(self) -> dict[str, Any]:
        """What a request shows, the files aside."""
        return {"view": self}

    def files(self) -> list[discord.File]:
        """New ones for each request: discord.py closes what it has sent."""
        return [
            discord.File(BytesIO(upload.data), upload.name, description=upload.alt)
            for upload in self.uploads
        ]

    def without_files(self) -> "Page":
        """The same where files may not be attached."""
        shows_files = (ui.File, ui.MediaGallery)
        return Page(*(item for item in self.children if not isinstance(item, shows_files)))

    def digest(self) -> str:
        """Equal where the same is shown."""
        told = sha256(_json(self))
        for upload in self.uploads:
            told.update(upload.data)
        return told.hexdigest()


class Notice(ui.View):
    """A message of plain text with rows of buttons, the first of which has the id `mark`."""

    uploads: tuple[Upload, ...] = ()

    def __init__(self, content: str, *buttons: ui.Button[Any], mark: int) -> None:
        super().__init__(timeout=None)
        self.content = content
        self.mark = mark
        for button in buttons:
            self.add_item(button)

    def is_finished(self) -> bool:
        """As of a `Page`."""
        return True

    def to_components(self) -> list[dict[str, Any]]:
        rows = super().to_components()
        if rows:
            rows[0]["id"] = self.mark
        return rows

    def shown(self) -> dict[str, Any]:
        return {"view": self, "content": self.content}

    def files(self) -> list[discord.File]:
        return []

    def without_files(self) -> "Notice":
        return self

    def digest(self) -> str:
        return sha256(_json(self) + self.content.encode()).hexdigest()


Showable = Page | Notice


def _json(page: Showable) -> bytes:
    components = page.to_components()
    return json.dumps(components, sort_keys=True).encode()


def custom_id(run: str, *what: object) -> str:
    """`c1:<run>:<what>`, which says all that is known of a button when it is pressed. What is too
    long for that is told by its digest, to be looked up where it stood."""
    name = ":".join(map(str, what))
    id = f"c1:{run}:{name}"
    return id if len(id) <= CUSTOM_ID_LIMIT else f"c1:{run}:{DIGEST}{digest_of(name)}"


def digest_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def button(label: str, id: str, *, primary: bool = False) -> Button:
    style = discord.ButtonStyle.primary if primary else discord.ButtonStyle.secondary
    return Button(label=shortened(one_line(label), BUTTON_LIMIT) or "…", custom_id=id, style=style)


def next_steps(steps: Sequence[NextStep], run: str) -> list[Button]:
    return [button(each.label, custom_id(run, each.name), primary=each.primary) for each in steps]


def rows(buttons: Sequence[Button]) -> list[ui.Item[Any]]:
    return [Row(*buttons[start : start + ROW_LIMIT]) for start in range(0, len(buttons), ROW_LIMIT)]


def select_row(select: Select, run: str) -> Row | None:
    """`None` where there is nothing to choose; what alone can be chosen is a button."""
    options = [each for each in select.options if 0 < len(each[1]) <= OPTION_LIMIT]
    if len(options) <= 1:
        return Row(*(_only(select, *each, run) for each in options)) if options else None
    chooser: ui.Select[View] = ui.Select(
        custom_id=custom_id(run, select.name),
        placeholder=shortened(one_line(select.placeholder), PLACEHOLDER_LIMIT) or "…",
        options=[
            discord.SelectOption(label=shortened(one_line(label), OPTION_LIMIT) or "…", value=value)
            for label, value in options[:OPTIONS_LIMIT]
        ],
    )
    return Row(chooser)


def _only(select: Select, label: str, value: str, run: str) -> Button:
    return button(
        select.alone or f"{select.placeholder} → {label}", custom_id(run, select.name, value)
    )


def text_displays(*texts: str) -> list[ui.Item[Any]]:
    return [ui.TextDisplay(text) for text in texts if text]


def divider() -> ui.Separator[View]:
    return ui.Separator(visible=True, spacing=discord.SeparatorSpacing.small)


def gallery(uploads: Sequence[Upload]) -> list[ui.Item[Any]]:
    if not uploads:
        return []
    items = [
        discord.MediaGalleryItem(f"attachment://{upload.name}", description=upload.alt)
        for upload in uploads
    ]
    return [ui.MediaGallery(*items)]


def uploads_of(pictures: Sequence[Image], first: int = 1) -> list[Upload]:
    """Under names of our own: whatever the picture is called, the gallery has to find it."""
    return [
        Upload(f"picture{n}.png", picture.png, shortened(one_line(picture.alt), ALT_LIMIT) or None)
        for n, picture in enumerate(pictures, first)
    ]
