"""What was read of the files that came with a question, by their place among them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from bot.council import Exhibit
from bot.store.encoding import decode, encode
from bot.store.transactions import Do, Many, Statement, Tables, Transaction, lists

# How a question that nothing came along with is written, or one from before there were files.
_WITH_FILES = '%"files":[{%'


class Exhibits(Tables):
    async def exhibits(self, id: str) -> dict[int, Exhibit]:
        rows = await self._database.read(
            "SELECT place, exhibit, image FROM exhibits WHERE deliberation = ? ORDER BY place",
            (id,),
        )
        return {place: _exhibit(text, image) for place, text, image in rows}


def columns(exhibit: Exhibit) -> tuple[str, bytes | None]:
    """What is kept of it: an image's bytes beside what is said of it."""
    if exhibit.image is None:
        return encode(Exhibit, exhibit), None
    bare = replace(exhibit, image=replace(exhibit.image, data=b""))
    return encode(Exhibit, bare), exhibit.image.data


def forget_forwarded(ids: Sequence[str]) -> Transaction[None]:
    """Take files that came with these questions out of others' that they came along with, too, when a
    message was forwarded: platforms keep such a file once. Their places stay."""
    known: set[str] = set()
    for marks, part in lists(ids):
        rows = yield Statement(
            "SELECT question FROM deliberations WHERE platform IN ('discord', 'slack') "
            f"AND question LIKE ? AND id IN ({marks})",
            (_WITH_FILES, *part),
        )
        known |= {_kept_at(file) for (text,) in rows for file in json.loads(text)["files"]}
    known.discard("")
    if not known:
        return
    yield Many("DELETE FROM held WHERE id = ?", (yield from _waiting_with(known)))
    asked = yield Statement(
        "SELECT id, question, result FROM deliberations WHERE question LIKE ?", (_WITH_FILES,)
    )
    for id, text, result in asked:
        question = json.loads(text)
        places = [n for n, file in enumerate(question["files"]) if _kept_at(file) in known]
        if places and id not in ids:
            yield from _forget_files(id, question, result and json.loads(result), places)


def _waiting_with(known: set[str]) -> Transaction[list[tuple[str]]]:
    waiting = yield Statement("SELECT id, asked FROM held")
    files = ((id, json.loads(asked).get("files", ())) for id, asked in waiting)
    return [(id,) for id, each in files if known.intersection(map(_kept_at, each))]


def _forget_files(
    id: str, question: dict[str, Any], result: dict[str, Any] | None, places: Iterable[int]
) -> Transaction[None]:
    """Of one question, at these places."""
    names = {question["files"][n]["name"] for n in places}
    for n in places:
        question["files"][n] = {"name": "", "source": "", "size": None, "why": None}
    for each in (result or {}).get("evidence", ()):
        if each["kind"] in ("file", "image") and each["name"] in names:
            each |= {"name": "", "why": None}
    bare = encode(Exhibit, Exhibit(""))
    yield Many(
        "UPDATE exhibits SET exhibit = ?, image = NULL WHERE deliberation = ? AND place = ?",
        [(bare, id, n) for n in places],
    )
    yield Do("UPDATE attempts SET body = NULL WHERE deliberation = ?", (id,))
    yield Do(
        "UPDATE deliberations SET question = ?, result = ? WHERE id = ?",
        (_json(question), result and _json(result), id),
    )


def _kept_at(file: dict[str, Any]) -> str:
    """Where its platform has it, without what a signed address has behind it."""
    return str(file["source"]).partition("?")[0]


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _exhibit(text: str, image: bytes | None) -> Exhibit:
    exhibit = decode(Exhibit, text)
    if exhibit.image is None or image is None:
        return exhibit
    return replace(exhibit, image=replace(exhibit.image, data=image))
