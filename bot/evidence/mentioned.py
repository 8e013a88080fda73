"""Which pages a text names. Asks for none."""

import re

_ADDRESS_LIMIT_CHARS = 2_000
_LINK = re.compile(r"https?://[^\s<>\"'`\]|]+", re.IGNORECASE)
# What ends a sentence rather than an address.
_BEHIND = ".,;:!?*_~"


def links_in(text: str) -> list[str]:
    """The addresses of pages in a text, each once, in their order."""
    found = (match[0] for match in _LINK.finditer(text))
    short = (_trimmed(each) for each in found if len(each) <= _ADDRESS_LIMIT_CHARS)
    return list(dict.fromkeys(short))


def _trimmed(link: str) -> str:
    """Without what belongs to the sentence around it."""
    while link and (link[-1] in _BEHIND or (link[-1] == ")" and link.count(")") > link.count("("))):
        link = link[:-1]
    return link
