"""Faults of the bot's own, by which what was begun ends: they come again at the next start, unless
somebody mends them."""

import logging

from bot.errors import BotError
from bot.store.journal import Journal

logger = logging.getLogger(__name__)

# What failed at this many starts, at no model's fault, fails at the next one, too.
FAILED_STARTS = 3


async def is_given_up(what: str, journal: Journal, fault: BaseException) -> bool:
    """Whether the fault has come so often that another start would only repeat it; this one counts.
    `what` says to the log what of this journal is given up."""
    if isinstance(fault, BotError) or await journal.failed() < FAILED_STARTS:
        return False
    logger.error(
        "%s %s is given up after %d starts",
        what,
        journal.deliberation,
        FAILED_STARTS,
        exc_info=fault,
    )
    return True
