"""Prices for tests that do not look at money."""


class FreeOfCharge:
    def reserve_micros(self, model: str, prompt: str, max_completion_tokens: int) -> int:
        return 0

    def cost_micros(self, model: str, prompt_tokens: int, completion_tokens: int) -> int | None:
        return None

    def assumed_micros(self, model: str, prompt_tokens: int, completion_tokens: int) -> int:
        return 0

    def max_price(self, model: str) -> tuple[float, float] | None:
        return None
