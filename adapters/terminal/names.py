"""Names beside labels, for a person to whom they were revealed."""

from collections.abc import Mapping
from dataclasses import replace

from bot import emoji as reactions
from bot.document import Detail, Document


def named(document: Document, key: str, names: Mapping[str, str]) -> Document:
    """An answer's post with its model's name behind the title; others stay as they are."""
    name = names.get(reactions.target(key) or "")
    if not name:
        return document
    blocks = (
        replace(block, title=f"{block.title} · {name}") if isinstance(block, Detail) else block
        for block in document.blocks
    )
    return replace(document, blocks=tuple(blocks))
