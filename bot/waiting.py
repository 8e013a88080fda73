"""How long a question waits for answers of people, as people write it. Pure."""

import re

from bot.errors import InvalidInput
from bot.language import _

LEAST_SECONDS, MOST_SECONDS = 60, 24 * 3_600
_UNITS = {"s": 1, "m": 60, "h": 3_600}
_WRITTEN = re.compile(r"(\d{1,6})\s?(s|m|h)(?:ec|in|r)?s?")
_NAMED = re.compile(r"/wait(?:\s+(\S+))?(?=\s|$)", re.IGNORECASE)


def parse_wait(text: str) -> int:
    """Seconds, 0 for `off`. Raises `InvalidInput`."""
    word = text.strip().lower()
    if word == "off":
        return 0
    written = _WRITTEN.fullmatch(word)
    seconds = int(written[1]) * _UNITS[written[2]] if written else 0
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise InvalidInput(
            _("Write for how long, from `1m` to `24h`, for example `10m`; or `off`, not to wait.")
        )
    return seconds


def show_wait(seconds: int) -> str:
    """As it is parsed."""
    if not seconds:
        return "off"
    unit = next(unit for unit in ("h", "m", "s") if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def wait_and_question(text: str) -> tuple[int | None, str]:
    """The seconds that `/wait 10m QUESTION` names, `None` for those of the channel, and the question.
    Raises `InvalidInput`."""
    text = text.strip()
    named = _NAMED.match(text)
    if named is None:
        return None, text
    return parse_wait(named[1] or ""), text[named.end() :].strip()
