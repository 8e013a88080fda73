"""Redraws a prompt in place, also where the terminal has folded its lines meanwhile.

A terminal that is made narrower folds every line that does not fit any more, so that the prompt
takes more rows than it was drawn in, and the library, which counts those, would leave the first of
them standing.
"""

from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Point
from prompt_toolkit.layout import Layout
from prompt_toolkit.layout.screen import Screen
from prompt_toolkit.renderer import Renderer


class Redrawing(Renderer):
    def render(self, app: Application[Any], layout: Layout, is_done: bool = False) -> None:
        self._follow_the_terminal()
        super().render(app, layout, is_done)

    def erase(self, leave_alternate_screen: bool = True) -> None:
        self._follow_the_terminal()
        super().erase(leave_alternate_screen)

    def _follow_the_terminal(self) -> None:
        """Put the cursor where it is since the terminal folded what was drawn last."""
        screen, drawn, columns = self._last_screen, self._last_size, self.output.get_size().columns
        if screen is None or drawn is None or columns >= drawn.columns:
            return
        x, y = self._cursor_pos
        above = sum(-(-_width(screen, row) // columns) or 1 for row in range(y))
        self._cursor_pos = Point(x=x % columns, y=above + x // columns)
        self._last_size = None


def _width(screen: Screen, row: int) -> int:
    """How many columns of it are drawn; spaces at the end are not."""
    cells = screen.data_buffer[row].items()
    return max((x + cell.width for x, cell in cells if cell.char != " "), default=0)
