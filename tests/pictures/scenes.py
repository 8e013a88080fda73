"""What somebody sees of a platform at one moment, as JSON that is the same at every run.

Only what a client draws is kept. Ids become small numbers in the order of their appearance, local
addresses those of invented servers; times are left out.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Json = dict[str, Any]
Opened = int | Literal["menu"]
Platform = Literal["discord", "slack"]


@dataclass(frozen=True, slots=True)
class Scene:
    """`where` stands above the messages, which are the platform's own, oldest first; `modal` is a
    form in front of them, `opened` the number of the one fold that is open, or the menu of buttons. `files` are the pictures that they show, by name; they are no part of the
    JSON, since another version of a library draws other pixels."""

    name: str
    platform: Platform
    where: str
    messages: tuple[Json, ...] = ()
    modal: Json | None = None
    opened: Opened | None = None
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def id(self) -> str:
        return f"{self.platform}-{self.name}"

    def to_json(self) -> str:
        told: Json = {"where": self.where, "messages": list(self.messages)}
        if self.modal is not None:
            told["modal"] = self.modal
        if self.opened is not None:
            told["opened"] = self.opened
        return normalised(json.dumps(_bare(told), ensure_ascii=False, indent=1)) + "\n"

    def settled(self) -> "Scene":
        """With what stands in the JSON, and no more: two pictures of it are equal, too."""
        told = json.loads(self.to_json())
        return replace(
            self, where=told["where"], messages=tuple(told["messages"]), modal=told.get("modal")
        )


# What is numbered anew for each message and shows nothing.
_UNSEEN = {"block_id", "external_id", "private_metadata", "attachment_id", "id"}


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if key not in _UNSEEN}
    return [_bare(each) for each in value] if isinstance(value, list) else value


_PLACES = re.compile(r"https?://127\.0\.0\.1:\d+")
# Discord's ids, Slack's moments as they are and as they stand in links, and the ids of runs.
_ID = re.compile(
    r"(?<!\d)(?:\d{17,20}|\d{10}\.\d{6}|p\d{16})(?!\d)|\b(?=[0-9a-f]*\d)[0-9a-f]{12}\b"
)


def normalised(text: str) -> str:
    """The same text for the same things, whatever their ids are."""
    known: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        id = found[0].removeprefix("p").replace(".", "")
        return known.setdefault(id, f"id{len(known) + 1}")

    return _ID.sub(number, _PLACES.sub("https://chat.example", text))


def as_image(png: bytes) -> str:
    """For the `src` of an `img`."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
