"""What Slack's SDK logs with a traceback though connections are lost daily: a line each."""

import logging

import aiohttp
from slack_sdk.errors import SlackApiError

from adapters.slack.refusals import sentence


def shorten(logger: logging.Logger) -> None:
    """Have it so in what the SDK logs here of its sockets; what listeners raise, Bolt logs."""
    logger.addFilter(_in_one_line)


def _in_one_line(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if error and "socket_mode" in record.pathname:
        # Where no JSON is refused with, the SDK stumbles over that in turn.
        cause = error.__context__ or error
        record.msg, record.args = "the connection to Slack broke: %s", (_words(cause),)
        record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
    return True


def _words(error: BaseException) -> str:
    match error:
        case SlackApiError():
            return sentence(error)
        case aiohttp.ClientResponseError():  # its own words hold the address, which is a key
            return f"it answered with the status {error.status}"
        case _:
            return str(error) or type(error).__name__
