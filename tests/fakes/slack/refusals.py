"""How Slack says no: an error's name, and for malformed blocks what is wrong at which pointer.

Source of the names: the error lists of Slack's method reference.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

Json = dict[str, Any]
Path = tuple[str | int, ...]


class Refusal(Exception):
    """A call Slack would not carry out; becomes `{"ok": false, "error": ...}`."""

    def __init__(self, error: str, messages: Collection[str] = (), **more: Any) -> None:
        super().__init__(f"{error} {' '.join(messages)}".rstrip())
        self.error = error
        self.messages = tuple(messages)
        self.body: Json = {"ok": False, "error": error, **more}
        if messages:
            self.body["errors"] = list(messages)
            self.body["response_metadata"] = {"messages": [f"[ERROR] {m}" for m in messages]}


class Form:
    """Collects everything wrong with a value by pointer, so that one answer names it all."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def add(self, path: Path, sentence: str) -> None:
        pointer = "".join(f"/{step}" for step in path)
        self.errors.append(f"{sentence} [json-pointer:{pointer}]")

    def refuse(self, error: str) -> None:
        """Raise `error` if anything was added."""
        if self.errors:
            raise Refusal(error, self.errors)

    def fields(
        self,
        path: Path,
        value: Json,
        required: Mapping[str, "Check"],
        optional: Mapping[str, "Check"],
    ) -> None:
        """Check an object's fields one by one; a field nobody named is refused, and so is null."""
        for name in required:
            if name not in value:
                self.add(path, f"missing required field: {name}")
        for name, found in value.items():
            check = required.get(name) or optional.get(name)
            if check is None:
                self.add(path, f"invalid additional property: {name}")
            elif found is None:
                self.add((*path, name), "must not be null")
            else:
                check(self, (*path, name), found)


Check = Callable[[Form, Path, Any], None]


def string(low: int, high: int) -> Check:
    """A string of `low` to `high` characters."""

    def check(form: Form, path: Path, value: Any) -> None:
        if not isinstance(value, str):
            form.add(path, "must be a string")
        elif len(value) > high:
            form.add(path, f"must be less than {high + 1} characters")
        elif len(value) < low:
            form.add(path, f"must be more than {low - 1} characters")

    return check


def web_address(form: Form, path: Path, value: Any) -> None:
    string(1, 3000)(form, path, value)
    if isinstance(value, str) and not re.match(r"https?://[^/\s]", value):
        form.add(path, "must be a valid URL")


def integer(low: int, high: int) -> Check:
    def check(form: Form, path: Path, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            form.add(path, "must be an integer")
        elif not low <= value <= high:
            form.add(path, f"must be between {low} and {high}")

    return check


def one_of(*choices: Any) -> Check:
    def check(form: Form, path: Path, value: Any) -> None:
        if value not in choices:
            form.add(path, f"must be one of: {', '.join(map(str, choices))}")

    return check


def items(low: int, high: int, each: Check) -> Check:
    """A list of `low` to `high` items, each of which passes `each`."""

    def check(form: Form, path: Path, value: Any) -> None:
        if not isinstance(value, list):
            form.add(path, "must be an array")
            return
        if len(value) > high:
            form.add(path, f"no more than {high} items allowed")
        if len(value) < low:
            form.add(path, f"no fewer than {low} items allowed")
        for index, item in enumerate(value):
            each(form, (*path, index), item)

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these fields and no others."""

    def check(form: Form, path: Path, value: Any) -> None:
        if isinstance(value, dict):
            form.fields(path, value, required, optional or {})
        else:
            form.add(path, "must be an object")

    return check


def boolean(form: Form, path: Path, value: Any) -> None:
    if not isinstance(value, bool):
        form.add(path, "must be a boolean")


def anything(form: Form, path: Path, value: Any) -> None:
    """For a field that is judged elsewhere."""
