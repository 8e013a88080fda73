"""Values as the text that columns hold, and back."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


def encode(kind: type[T], value: T) -> str:
    """As JSON. Raises where it holds text that is none, such as half of a surrogate pair."""
    adapter: TypeAdapter[T] = _adapter(kind)
    return adapter.dump_json(value).decode()


def decode(kind: type[T], text: str) -> T:
    """Raises `ValueError` for what another version wrote, in words that quote nothing of it."""
    from pydantic import ValidationError

    adapter: TypeAdapter[T] = _adapter(kind)
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
    places = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
    raise ValueError(f"a stored {getattr(kind, '__name__', kind)} cannot be read ({places})")


def encode_time(at: datetime) -> str:
    """UTC, always with microseconds: texts of one width sort as the times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def decode_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def decode_time_or_none(text: str | None) -> datetime | None:
    return None if text is None else decode_time(text)


_adapters: "dict[Any, TypeAdapter[Any]]" = {}


def _adapter(kind: Any) -> "TypeAdapter[Any]":
    # Imported late: commands that store nothing start without it.
    from pydantic import TypeAdapter

    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
