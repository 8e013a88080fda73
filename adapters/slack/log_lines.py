"""What Slack's SDK logs with a traceback though connections are lost daily: a line each."""

import logging

import aiohttp
from slack_sdk.errors import SlackApiError

from adapters.slack.refusals import sentence

logger = logging.getLogger(__name__)


def shorten(sdk: logging.Logger) -> None:
    """Have it so in what the SDK logs here of its sockets; what listeners raise, Bolt logs."""
    sdk.addFilter(_in_one_line)


def _in_one_line(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if error and "socket_mode" in record.pathname:
        # Where no JSON is refused with, the SDK stumbles over that in turn.
        cause = error.__context__ or error
        logger.warning("the connection to Slack broke: %s", _words(cause))
        return False
    return True


def _words(error: BaseException) -> str:
    match error:
        case SlackApiError():
            return sentence(error)
        case aiohttp.ClientResponseError():  # its own words hold the address, which is a key
            return f"HTTP {error.status}"
        case _:
            return str(error) or type(error).__name__
