"""Prices for tests that do not look at money."""

from bot.bills import Price


class FreeOfCharge:
    def price(self, model: str) -> Price:
        return Price(0, 0, known=False)

    def max_price(self, model: str) -> tuple[float, float] | None:
        return None
