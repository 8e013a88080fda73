"""What is said of a question that will cost far more than usual, before anything is asked. Pure.

Its price alone, never that of a seat: that would say who sits there.
"""

from datetime import UTC, datetime

from bot.council import Cost
from bot.document import Button, Document, Note, Text
from bot.language import _
from bot.pages.prices import dollars, price_words


def price_line(estimate: Cost, usual: Cost) -> str:
    """Beside the usual one."""
    if not usual.usd:
        return _(
            "**This question will cost {price}.** Here they are usually free.", price=_sum(estimate)
        )
    return _(
        "**This question will cost {price}.** Here one usually costs {usual}.",
        price=_sum(estimate),
        usual=_sum(usual),
    )


def estimate_page(line: str, id: str, until: datetime) -> Document:
    """With the choice to have it asked, for whoever asked."""
    waits = _(
        "Nothing is asked or paid before you press *Go*. It waits until {time:%H:%M} UTC.",
        time=until.astimezone(UTC),
    )
    return Document(
        (Text(line), Note(waits)),
        buttons=(Button(f"go:{id}", _("Go"), primary=True), Button(f"cancel:{id}", _("Cancel"))),
    )


def _sum(cost: Cost) -> str:
    """All of it, and how much of that rests on an assumed price."""
    price = price_words(cost.usd)
    if not cost.assumed_usd:
        return price
    return _("{price} (${usd} of it assumed)", price=price, usd=dollars(cost.assumed_usd))
