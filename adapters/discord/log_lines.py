"""What the library logs with a traceback though it is daily business: a line each."""

import logging

from adapters.discord.delivery import is_late, is_passing, words

# Those of its loggers that tell of an outage, of autocompletion and of buttons.
_LOGGERS = ("discord.client", "discord.app_commands.tree", "discord.ui.view")


def shorten() -> None:
    """Have it so in this process."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_in_one_line)


def _in_one_line(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    is_outage = str(record.msg).startswith("Attempting a reconnect")
    if error and (is_outage or is_late(error) or is_passing(error)):
        record.msg, record.args = "%s: %s", (record.getMessage(), words(error))
        record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
    return True
