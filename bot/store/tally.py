"""Rows on their way from one database to another: how many at once, and what they add up to. Pure."""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from bot.store.transactions import Row

# Rows that are read or sent at once, and about how much text and bytes.
BATCH_ROWS, BATCH_BYTES = 5_000, 8 * 1024 * 1024

_MODULUS = 2**256


class Tally(NamedTuple):
    """How many rows, and the sum of their digests: the same in whichever order they come."""

    rows: int = 0
    digest: int = 0

    def plus(self, rows: Sequence[Row]) -> "Tally":
        added = sum(map(_digest, rows), self.digest)
        return Tally(self.rows + len(rows), added % _MODULUS)


class RowRefused(Exception):
    """A database takes no such row; `why` quotes nothing of it."""

    def __init__(self, row: Row, why: str) -> None:
        super().__init__(why)
        self.row, self.why = row, why


def size_bytes(row: Row) -> int:
    """About so much of memory."""
    return sum(len(value) for value in row if isinstance(value, str | bytes))


def _digest(row: Row) -> int:
    """Of a row's values as Python writes them: text, bytes, whole and other numbers, and nothing at all
    are never written alike, and a number to its last bit."""
    return int.from_bytes(sha256(ascii(row).encode("ascii")).digest())
