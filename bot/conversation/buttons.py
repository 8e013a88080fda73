"""The table of buttons under the bot's posts: their words, and where each stands.

What a button does is a case in `bot.conversation.actions`; how it looks is each platform's own.
Buttons that a platform needs for its way of showing, such as *Read*, are not here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.chat import RANKING
from bot.document import Document
from bot.language import N_, Message


@dataclass(frozen=True, slots=True)
class Button:
    """`stands` tells whether it is below the post of this key that shows this document."""

    label: Message
    stands: Callable[[str, Document], bool]


# By what is pressed. The names are in posts of years ago and stay.
BUTTONS: Mapping[str, Button] = {
    "stop": Button(N_("Stop"), lambda key, document: document.live),
    "reveal": Button(N_("Reveal names"), lambda key, document: key == RANKING),
}


def below(key: str, document: Document) -> tuple[tuple[str, str], ...]:
    """(label, what the button does), in order."""
    return tuple(
        (str(button.label), what)
        for what, button in BUTTONS.items()
        if button.stands(key, document)
    )
