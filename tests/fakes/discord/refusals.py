"""How Discord says no: status, JSON error code, and for a malformed body a tree of what is wrong.

Source of codes and statuses: Discord's API documentation, "Opcodes and Status Codes".
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

Json = dict[str, Any]
Path = tuple[str | int, ...]

_KNOWN = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30010: (400, "Maximum number of reactions reached (20)"),
    30032: (400, "Maximum number of application commands reached (100)."),
    30034: (429, "Max number of daily application command creates has been reached (200)"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later."),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50003: (403, "Cannot execute action on a DM channel"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50033: (400, "Invalid Recipient(s)"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    200000: (400, "Message was blocked by automatic moderation"),
    200001: (400, "Title was blocked by automatic moderation"),
    240000: (400, "Message blocked by harmful links filter"),
    90001: (403, "Reaction was blocked"),
    160002: (400, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (400, "This thread is locked"),
    160006: (400, "Maximum number of active threads reached"),
}


class Refusal(Exception):
    """A request Discord would not carry out; becomes the answer's status and body."""

    def __init__(self, code: int, errors: Json | None = None) -> None:
        status, message = (400, "Invalid Form Body") if code == 50035 else _KNOWN[code]
        super().__init__(f"{code}: {message}")
        self.status = status
        self.body: Json = {"message": message, "code": code}
        if errors:
            self.body["errors"] = errors


Check = Callable[["Form", Path, Any], None]


class Form:
    """Collects everything wrong with a body by path, so that one answer names it all."""

    def __init__(self) -> None:
        self._errors: Json = {}

    def add(self, path: Path, code: str, message: str) -> None:
        node = self._errors
        for key in path:
            node = node.setdefault(str(key), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def merge(self, path: Path, errors: Json) -> None:
        """Hang another form's errors under `path`."""
        for key, value in errors.items():
            if key == "_errors":
                for error in value:
                    self.add(path, error["code"], error["message"])
            else:
                self.merge((*path, key), value)

    def errors(self) -> Json:
        return self._errors

    def refuse(self) -> None:
        """Raise code 50035 if anything was added."""
        if self._errors:
            raise Refusal(50035, self._errors)

    def fields(
        self,
        path: Path,
        value: Json,
        required: Mapping[str, Check],
        optional: Mapping[str, Check],
        nullable: Collection[str] = (),
    ) -> None:
        """Check an object's fields one by one; a field nobody named is refused."""
        for name in required:
            if value.get(name) is None:
                self.add((*path, name), "BASE_TYPE_REQUIRED", "This field is required")
        for name, found in value.items():
            check = required.get(name) or optional.get(name)
            if check is None:
                self.add((*path, name), "UNKNOWN_FIELD", f"Nothing here is called {name!r}")
            elif found is not None:
                check(self, (*path, name), found)
            elif name not in nullable and name not in required:
                self.add((*path, name), "BASE_TYPE_REQUIRED", "This field cannot be null")


def text(low: int, high: int) -> Check:
    """A string of `low` to `high` characters."""

    def check(form: Form, path: Path, value: Any) -> None:
        if not isinstance(value, str):
            form.add(path, "BASE_TYPE_CONVERT", "Must be a string")
        elif len(value) > high:
            form.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        elif len(value) < low:
            sentence = f"Must be between {low} and {high} in length."
            form.add(path, "BASE_TYPE_BAD_LENGTH", sentence)

    return check


def number(low: int, high: int) -> Check:
    def check(form: Form, path: Path, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            form.add(path, "NUMBER_TYPE_COERCE", f"Value {value!r} is not int.")
        elif not low <= value <= high:
            form.add(path, "NUMBER_TYPE_MAX", f"int value should be between {low} and {high}.")

    return check


def one_of(*choices: Any) -> Check:
    def check(form: Form, path: Path, value: Any) -> None:
        if value not in choices:
            form.add(path, "BASE_TYPE_CHOICES", f"Value must be one of {choices}.")

    return check


def items(low: int, high: int, each: Check | None = None) -> Check:
    """A list of `low` to `high` items, each of which passes `each`."""

    def check(form: Form, path: Path, value: Any) -> None:
        if not isinstance(value, list):
            form.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return
        if not low <= len(value) <= high:
            sentence = f"Must be between {low} and {high} in length."
            form.add(path, "BASE_TYPE_BAD_LENGTH", sentence)
        for index, item in enumerate(value if each else ()):
            assert each is not None
            each(form, (*path, index), item)

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check]) -> Check:
    """An object with these fields and no others."""

    def check(form: Form, path: Path, value: Any) -> None:
        if isinstance(value, dict):
            form.fields(path, value, required, optional, nullable=frozenset(optional))
        else:
            form.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")

    return check


def boolean(form: Form, path: Path, value: Any) -> None:
    if not isinstance(value, bool):
        form.add(path, "BASE_TYPE_CONVERT", "Must be either true or false.")


def snowflake(form: Form, path: Path, value: Any) -> None:
    if not str(value).isdecimal():
        form.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')


def anything(form: Form, path: Path, value: Any) -> None:
    """For a field whose content is judged elsewhere."""
