"""The files of a bench: questions to ask, and deliberations that an earlier run has written."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bot.bench.grading import Grader, check_reference
from bot.conversation.cases import checked, checked_id
from bot.errors import InvalidInput
from bot.language import _
from bot.privacy import make_private


@dataclass(frozen=True, slots=True)
class Item:
    """A line of FILE. `reference` is "" where there is nothing to grade by."""

    id: str | int
    question: str
    reference: str = ""
    grader: Grader = "exact"


def read_items(path: Path) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """The questions of a file, and a sentence for each line that cannot be used.

    Raises `InvalidInput` where the file cannot be read, holds no line at all, or names an id twice.
    """
    try:
        # Not `splitlines`: JSON may hold other line separators than LF as they are.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise InvalidInput(
            _("{path} cannot be read: {strerror}.", path=path, strerror=error.strerror)
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(
            _("{path} is no UTF-8 text ({reason}).", path=path, reason=error.reason)
        ) from error
    items: list[Item] = []
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            items.append(_item(line))
        except InvalidInput as error:
            problems.append(
                _("{file}, line {number}: {problem}", file=path.name, number=number, problem=error)
            )
    if not items and not problems:
        raise InvalidInput(
            _(
                "{path} holds no question. Each line of it is one, such as {line}",
                path=path,
                line='{"id": "q1", "question": "2+2?", "reference": "4", "grader": "number"}',
            )
        )
    repeated = [id for id, count in Counter(str(item.id) for item in items).items() if count > 1]
    if repeated:
        raise InvalidInput(
            _(
                "{file} names an id more than once: {ids}.",
                file=path.name,
                ids=", ".join(repeated),
            )
        )
    return tuple(items), tuple(problems)


def finished_lines(out: Path) -> list[dict[str, Any]]:
    """The complete lines of an earlier run, none where there is no file.

    A torn last line of one is cut off the file. Raises `InvalidInput` where the file is something
    else, and leaves it as it is.
    """
    whole = out.read_bytes() if out.exists() else b""
    kept = whole[: whole.rfind(b"\n") + 1]
    lines = [_finished(out, number, text) for number, text in enumerate(kept.splitlines(), start=1)]
    if torn := whole[len(kept) :]:
        if not _is_torn(torn):
            _finished(out, len(lines) + 1, torn)
        with out.open("r+b") as file:
            file.truncate(len(kept))
    return lines


def replace_lines(out: Path, lines: Sequence[dict[str, Any]]) -> None:
    """Put these lines in the place of the file's, all of them or none. Raises `OSError`."""
    new = out.with_name(f"{out.name}.new")
    make_private(new)
    with new.open("w", encoding="utf-8") as file:
        file.writelines(map(written, lines))
        file.flush()
        os.fsync(file.fileno())
    new.replace(out)


def written(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False) + "\n"


def _finished(out: Path, number: int, text: bytes) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    if not isinstance(line, dict) or not {"id", "answers", "cost_usd"} <= line.keys():
        raise InvalidInput(
            _(
                "{path}, line {number}, is no deliberation. Name another file with --out.",
                path=out,
                number=number,
            )
        )
    return line


def _is_torn(text: bytes) -> bool:
    """Whether it is the beginning of a line as a run writes it, and no more than that."""
    beginning = b'{"id": '
    if text[: len(beginning)] != beginning[: len(text)]:
        return False
    try:
        json.loads(text)
    except ValueError:
        return True
    return False


def _item(line: str) -> Item:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise InvalidInput(_("no JSON ({error})", error=error)) from error
    if not isinstance(found, dict) or not isinstance(found.get("id"), str | int):
        raise InvalidInput(_('an object with "id" and "question" is needed'))
    checked_id(str(found["id"]))
    question = found.get("question")
    if not isinstance(question, str):
        raise InvalidInput(_('"question" has to be a text'))
    reference, grader = found.get("reference"), str(found.get("grader", "exact"))
    if reference is not None:
        check_reference(grader, str(reference))
    wanted = "" if reference is None else str(reference)
    return Item(found["id"], checked(question), wanted, cast(Grader, grader))
