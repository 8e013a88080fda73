"""Where a reply goes on Discord, as it is kept with the deliberation."""

import json
from dataclasses import asdict, dataclass
from typing import Literal, get_args

# open: a thread is to be opened from the mention. here: the channel is a thread or forum post
# already, or one where no thread can be. direct: a direct message.
Kind = Literal["open", "here", "direct"]


@dataclass(frozen=True, slots=True)
class Address:
    """`channel` is where the mention stands; `message` the mention, None where none is visible.

    `private` says that it is a private thread, None where an earlier version did not ask.
    """

    guild: int | None
    channel: int
    message: int | None
    kind: Kind
    private: bool | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | None) -> "Address":
        """Raises `ValueError` for whatever is no address."""
        try:
            address = cls(**json.loads(text or ""))
        except TypeError as error:
            raise ValueError(f"no address: {error}") from error
        if address.kind not in get_args(Kind):
            raise ValueError(f"no such kind of place: {address.kind}")
        return address


def is_private(text: str) -> bool | None:
    """Whether the place of this address is a private thread; `None` where an earlier version did not ask
    of a thread. What is no address counts as private."""
    if not text:
        return False
    try:
        address = Address.from_json(text)
    except ValueError:
        return True
    if address.private is None and address.kind == "here":
        return None
    return bool(address.private)
