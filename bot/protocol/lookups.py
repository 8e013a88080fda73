"""Looking up what requests cost that were cancelled before their usage was told, where the provider
can be asked afterwards. It may know only a little later: whoever calls this does so now and then.
"""

from datetime import datetime, timedelta

from bot import bills
from bot.bills import Prices
from bot.errors import ModelFailed
from bot.llm import Provider, TellsBills
from bot.store.store import Store

# How long a provider may take to know; it is not asked for ever.
LOOKED_UP_FOR = timedelta(minutes=30)


async def look_up(store: Store, provider: Provider, prices: Prices, now: datetime) -> int:
    """Book what is known by now; how many requests that was."""
    found = 0
    if not isinstance(provider, TellsBills):
        return found
    for request in await store.untold(now - LOOKED_UP_FOR):
        try:
            spent = await provider.billed(request.model, request.generation_id)
        except ModelFailed:
            continue  # not known yet, or for ever
        if spent:
            await store.book_again(request, bills.told(prices.price(request.model), spent))
            found += 1
    return found
