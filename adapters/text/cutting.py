"""Where a long Markdown text is cut: the work behind `markdown.split_markdown`."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from adapters.text.reading import read

_BLANK_LINES = re.compile(r"(?:[^\S\n]*\n)+")
_BLANK = re.compile(r"^[> \t]*\n", re.MULTILINE)
_SENTENCE = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’)\]*_]*+\s++|(?<![。！？])[。！？]++[\"'」』”’）]*+\s*+"
)
_SPACE = re.compile(r"\s++")
_ATOM = re.compile(
    r"(?<!`)(`+)[^`\n]+\1(?!`)"  # code
    r"|!?\[[^\[\]\n]*\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)"  # a link
    r"|<[^<>\s][^<>\n]*>"  # a mention or an autolink
    r"|&#?\w{1,32};"  # an entity
)
# Two letters of a flag are paired here, because `\X` counts all before them for each anew. White
# space that carries a mark stays whole.
_MARKS = r"[\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}]*+"
_CHARACTER = regex.compile(rf"(?:\p{{GCB=Regional_Indicator}}{{2}}|\X){_MARKS}(?:\s{_MARKS})*+")
# What would be read as a block at the start of a piece, though it was none within its line.
_BLOCK = re.compile(r"`{3}|~{3}|#{1,6}\s|[-+*]\s|>|\d{1,9}[.)]\s|\|")


@dataclass(frozen=True, slots=True)
class _Frame:
    """A fence or table. A cut strictly between `body` and `tail` leaves it in two: the first half
    then needs `closer` and the second `opener`, or `line_opener` where it begins with a line."""

    start: int
    body: int
    tail: int
    end: int
    line_opener: str
    opener: str
    closer: str


class Cutter:
    """Cuts a text into units, each as coarse as fits a piece, and packs neighbours together."""

    def __init__(self, text: str, limit: int, measure: Callable[[str], int]) -> None:
        self._text = text
        self._limit = limit
        self._measure = measure
        self._source = read(text)
        self._frames = sorted(self._affordable_frames(), key=lambda frame: frame.start)
        self._frame_starts = [frame.start for frame in self._frames]
        outer, inner = self._source.block_starts(), self._source.inner_starts()
        self._ranks: tuple[Callable[[int, int], Iterable[int]], ...] = (
            lambda low, high: _between(outer, low, high),
            lambda low, high: self._paragraphs(inner, low, high),
            lambda low, high: _between(self._source.starts, low, high),
            lambda low, high: self._ends(_SENTENCE, low, high),
            lambda low, high: self._ends(_SPACE, low, high),
            self._atom_edges,
            lambda low, high: clusters(text, low, high),
            range,
        )

    def pieces(self) -> Iterator[str]:
        start = end = size = 0
        for low, high in self._units(0, len(self._text), 0):
            unit = self._measure(self._text[low:high])
            if start < end and size + unit + self._overhead(start, high) > self._limit:
                yield from self._piece(start, end)
                start, size = low, 0
            end, size = high, size + unit
        yield from self._piece(start, end)

    def _piece(self, start: int, end: int) -> Iterator[str]:
        body = self._text[start:end].rstrip()
        # Indentation at the start of a line means something, empty lines do not.
        leading = _BLANK_LINES if self._starts_line(start) else _SPACE
        body = leading.sub("", body, count=1) if leading.match(body) else body
        if body:
            yield self._opener(start) + body + self._closer(end)

    def _units(self, low: int, high: int, rank: int) -> Iterator[tuple[int, int]]:
        size = self._measure(self._text[low:high])
        if size + self._overhead(low, high) <= self._limit or rank == len(self._ranks):
            yield low, high
            return
        cuts = [
            cut
            for cut in self._ranks[rank](low, high)
            if low < cut < high and self._is_allowed(cut, rank)
        ]
        for start, end in pairwise([low, *cuts, high]):
            yield from self._units(start, end, rank + 1)

    # Where cuts may fall

    def _paragraphs(self, starts: Sequence[int], low: int, high: int) -> list[int]:
        blank = (match.end() for match in _BLANK.finditer(self._source.text, low, high))
        return sorted({*_between(starts, low, high), *blank})

    def _ends(self, pattern: re.Pattern[str], low: int, high: int) -> Iterator[int]:
        atoms = self._atoms(low, high)
        atom = next(atoms, None)
        for match in pattern.finditer(self._text, low, high):
            while atom and atom[1] <= match.end():
                atom = next(atoms, None)
            if not atom or match.end() <= atom[0]:
                yield match.end()

    def _atom_edges(self, low: int, high: int) -> Iterator[int]:
        for start, end in self._atoms(low, high):
            yield start
            yield end

    def _atoms(self, low: int, high: int) -> Iterator[tuple[int, int]]:
        for match in _ATOM.finditer(self._text, low, high):
            if self._measure(match[0]) + self._overhead(*match.span()) <= self._limit:
                yield match.span()

    def _is_allowed(self, cut: int, rank: int) -> bool:
        frame = self._frame_around(cut)
        if frame and not frame.body < cut < frame.tail:
            return False
        if self._starts_line(cut):
            return True
        if self._source.text[cut] == "\n":
            return False
        return rank == len(self._ranks) - 1 or not _BLOCK.match(self._text, cut)

    # What cuts cost

    def _affordable_frames(self) -> Iterator[_Frame]:
        text, share = self._text, self._limit // 4
        for frame in (*self._fences(), *self._tables()):
            parts = (text[frame.start : frame.body], text[frame.tail : frame.end])
            if all(self._measure(part) <= share for part in (*parts, frame.opener, frame.closer)):
                yield frame

    def _fences(self) -> Iterator[_Frame]:
        for fence in self._source.fences():
            opener = f"{fence.prefix}{fence.markup}{fence.info}\n"
            closer = f"\n{fence.prefix}{fence.markup}"
            offsets = (fence.start, fence.body, fence.tail, fence.end)
            yield _Frame(*offsets, opener, opener + fence.prefix, closer)

    def _tables(self) -> Iterator[_Frame]:
        for start, body, end in self._source.tables():
            yield _Frame(start, body, end, end, self._text[start:body], "", "")

    def _overhead(self, start: int, end: int) -> int:
        return self._measure(self._opener(start)) + self._measure(self._closer(end))

    def _opener(self, start: int) -> str:
        frame = self._frame_around(start)
        if not frame:
            return ""
        return frame.line_opener if self._starts_line(start) else frame.opener

    def _closer(self, end: int) -> str:
        frame = self._frame_around(end)
        return frame.closer if frame else ""

    def _frame_around(self, cut: int) -> _Frame | None:
        """The frame that a cut at this offset falls into."""
        index = bisect_left(self._frame_starts, cut) - 1
        if index >= 0 and cut < self._frames[index].end:
            return self._frames[index]
        return None

    def _starts_line(self, offset: int) -> bool:
        return offset == 0 or self._source.text[offset - 1] == "\n"


def _between(offsets: Sequence[int], low: int, high: int) -> Sequence[int]:
    return offsets[bisect_left(offsets, low) : bisect_left(offsets, high)]


def clusters(text: str, low: int, high: int) -> Iterator[int]:
    """Where a character as people see it begins, together with any white space behind it.

    These are Unicode's extended grapheme clusters (UAX 29).
    """
    return (found.start() for found in _CHARACTER.finditer(text, low, high))
