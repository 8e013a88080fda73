"""Names beside labels, for a person to whom they were revealed."""

from collections.abc import Mapping
from dataclasses import replace

from bot import emoji as reactions
from bot.document import Detail, Document, Note


def named(document: Document, key: str, names: Mapping[str, str]) -> Document:
    """An answer's post with its model's name, behind the title where it is folded; others stay as they are."""
    name = names.get(reactions.target(key) or "")
    if not name:
        return document
    if not any(isinstance(block, Detail) for block in document.blocks):
        return replace(document, blocks=(*document.blocks, Note(name)))
    blocks = (
        replace(block, title=f"{block.title} · {name}") if isinstance(block, Detail) else block
        for block in document.blocks
    )
    return replace(document, blocks=tuple(blocks))
