"""Pictures in a terminal: written to files, of which a document then names the paths."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from bot.document import Block, Detail, Document, Image, Leaf, Note


def with_paths(document: Document) -> Document:
    """The same with a line for each picture that says where it was written."""
    return replace(document, blocks=tuple(map(_block, document.blocks)))


def _block(block: Block) -> Block:
    match block:
        case Detail(_, blocks):
            return replace(block, blocks=tuple(_leaves(blocks)))
        case Image():
            return _written(block)
        case _:
            return block


def _leaves(blocks: tuple[Leaf, ...]) -> Iterator[Leaf]:
    return (_written(block) if isinstance(block, Image) else block for block in blocks)


def _written(image: Image) -> Note:
    file = _folder() / Path(image.name).name
    file.write_bytes(image.png)
    return Note(f"{image.alt}: `{file}`")


@cache
def _folder() -> Path:
    """One for the chat. It stays behind for as long as people want to look: the system clears it."""
    return Path(tempfile.mkdtemp(prefix="council-"))
