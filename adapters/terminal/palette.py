"""How things look in a terminal: in colours of its own palette, which can be read on a light
background and on a dark one, and on no background of ours."""

from pygments.token import Comment, Generic, Keyword, Name, Number, String, Token
from rich.style import Style
from rich.syntax import ANSISyntaxTheme
from rich.theme import Theme

MARKDOWN = Theme(
    {
        "markdown.code": "cyan",
        "markdown.code_block": "none",
        "markdown.block_quote": "none",
        "markdown.list": "none",
        "markdown.item.number": "bold",
        "markdown.h2": "bold",
        "markdown.h3": "bold",
        "markdown.h4": "italic",
        "markdown.link": "underline",
        "markdown.link_url": "underline",
        "markdown.table.border": "dim",
        "markdown.table.header": "bold",
    }
)

CODE = ANSISyntaxTheme(
    {
        Token: Style(),
        Comment: Style(italic=True, dim=True),
        Keyword: Style(bold=True),
        Name.Function: Style(color="blue"),
        Name.Class: Style(color="blue"),
        String: Style(color="green"),
        Number: Style(color="magenta"),
        Generic.Deleted: Style(color="red"),
        Generic.Inserted: Style(color="green"),
    }
)
