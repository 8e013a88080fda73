"""Work done again and again beside everything else: an error of one turn ends that turn only.

Knows no subject. Every loop of a served council goes through here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from bot.errors import BotError

logger = logging.getLogger(__name__)


@contextmanager
def surviving(what: str) -> Iterator[None]:
    """Log whatever goes wrong inside, and go on behind it. `what` says what is then not done."""
    try:
        yield
    except BotError as error:
        logger.warning("%s: %s", what, error)
    except Exception:
        logger.exception("%s", what)


async def forever(
    what: str, turn: Callable[[], Awaitable[object]], *, pause_seconds: float
) -> NoReturn:
    """Take turns, with a pause after each, until cancelled."""
    while True:
        with surviving(what):
            await turn()
        await asyncio.sleep(pause_seconds)
