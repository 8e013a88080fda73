"""What something costs, in words. Pure."""

from bot.language import _


def price_words(usd: float | None) -> str:
    """`about $0.09`; `None` is a price that nobody knows."""
    if usd is None:
        return _("price unknown")
    if not usd:
        return _("free")
    return _("about ${usd}", usd=dollars(usd)) if usd >= 0.0001 else _("less than $0.0001")


def dollars(usd: float) -> str:
    """In cents, and where they are few in tenths of one, and so on: `12.00`, `0.09`, `0.014`, `0.0003`."""
    if usd >= 0.05:
        return f"{usd:,.2f}"
    return f"{usd:.3f}" if usd >= 0.001 else f"{usd:.4f}"
