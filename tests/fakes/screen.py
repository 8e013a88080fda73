"""A terminal's screen in memory: what a person sees after everything a program wrote.

It folds its lines when it gets narrower and unfolds them again, as today's terminals do, and fails on any escape code that
it does not know.
"""

import re

from rich.cells import cell_len

_CODE = re.compile(
    r"\x1b\[(?P<numbers>[?0-9;]*)(?: ?)(?P<letter>[A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
)
_TORN = re.compile(r"\x1b(?:\[[?0-9; ]*|\][^\x07\x1b]*\x1b?)?")
# What changes only how things look, or what keys send.
_LOOKS = set("mhlqnt")


class Row(list[str]):
    """Its characters, "" behind those of two columns; whether its line goes on in the next row."""

    goes_on = False


class Screen:
    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.above: list[str] = []  # what has scrolled away
        self._cells = [Row()]
        self._x = self._y = 0
        self._wraps = True
        self._torn = ""  # the beginning of a code whose rest has yet to come

    @property
    def lines(self) -> list[str]:
        """What is on the screen, without space at the ends, down to the last line with anything."""
        lines = ["".join(row).rstrip() for row in self._cells]
        while lines and not lines[-1]:
            del lines[-1]
        return lines

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def all(self) -> str:
        return "\n".join([*self.above, *self.lines])

    def write(self, text: str) -> None:
        text, self._torn = self._torn + text, ""
        while text:
            if text[0] == "\x1b":
                found = _CODE.match(text)
                if not found and _TORN.fullmatch(text):
                    self._torn = text
                    return
                if not found:
                    raise AssertionError(f"an unknown code: {text[:20]!r}")
                self._obey(found["numbers"] or "", found["letter"] or "")
                text = text[found.end() :]
            else:
                self._put(text[0])
                text = text[1:]

    def resize(self, rows: int, columns: int) -> None:
        """Fold what does not fit any more, and unfold what does; the cursor stays on its character."""
        cells: list[Row] = []
        x, y = self._x, 0
        for line, offset in self._whole_lines():
            if offset is not None:
                x, y = offset % columns, len(cells) + offset // columns
            parts = [Row(line[n : n + columns]) for n in range(0, len(line), columns)] or [Row()]
            for part in parts[:-1]:
                part.goes_on = True
            cells += parts
            while len(cells) <= y:
                cells.append(Row())
        self._cells, self._x, self._y = cells, x, y
        self.rows, self.columns = rows, columns
        while len(self._cells) > self.rows:
            if self._y < len(self._cells) - 1 and not any(self._cells[-1]):
                self._cells.pop()
            else:
                self._scroll()
                self._y -= 1

    def _whole_lines(self) -> list[tuple[list[str], int | None]]:
        """Each line, unfolded, and how far into it the cursor is."""
        lines: list[tuple[list[str], int | None]] = []
        line, offset = list[str](), None
        for number, row in enumerate(self._cells):
            if number == self._y:
                offset = len(line) + self._x
            line += row
            if not row.goes_on:
                while line and line[-1] == " ":
                    line.pop()
                lines.append((line, offset))
                line, offset = [], None
        return lines

    def _put(self, character: str) -> None:
        match character:
            case "\r":
                self._x = 0
            case "\n":
                self._down()
            case "\b":
                self._x = max(self._x - 1, 0)
            case "\x07":
                pass
            case _ if cell_len(character) == 0:
                row = self._cells[self._y]
                if 0 < self._x <= len(row):
                    row[self._x - 1] += character
            case _:
                self._draw(character)

    def _draw(self, character: str) -> None:
        width = cell_len(character)
        if self._x + width > self.columns:
            if not self._wraps:
                self._x = self.columns - width
            else:
                self._cells[self._y].goes_on = True
                self._x = 0
                self._down()
        row = self._cells[self._y]
        row += [" "] * (self._x + width - len(row))
        row[self._x : self._x + width] = [character] + [""] * (width - 1)
        self._x += width

    def _down(self) -> None:
        self._y += 1
        if self._y == len(self._cells):
            self._cells.append(Row())
        if self._y == self.rows:
            self._scroll()
            self._y -= 1

    def _scroll(self) -> None:
        self.above.append("".join(self._cells.pop(0)).rstrip())

    def _obey(self, numbers: str, letter: str) -> None:
        count = int(numbers) if numbers.isdecimal() and int(numbers) else 1
        match letter:
            case "A":
                self._y = max(self._y - count, 0)
            case "C":
                self._x = min(self._x + count, self.columns - 1)
            case "D":
                self._x = max(min(self._x, self.columns - 1) - count, 0)
            case "J" if numbers in {"", "0"}:
                self._erase_line()
                del self._cells[self._y + 1 :]
            case "K" if numbers in {"", "0"}:
                self._erase_line()
            case "h" | "l" if numbers == "?7":
                self._wraps = letter == "h"
            case _ if letter in _LOOKS or not letter:
                pass
            case _:
                raise AssertionError(f"an unknown code: {numbers}{letter}")

    def _erase_line(self) -> None:
        del self._cells[self._y][self._x :]
        self._cells[self._y].goes_on = False
