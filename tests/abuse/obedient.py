"""Models that do whatever they are told outside of a fence, and nothing that stands inside of one.

What a prompt's system message calls material is taken out of its text; whatever orders are left
are followed, whoever gave them.
"""

import re

from bot.llm import Request
from tests.fakes.provider import stage_and_seat

_MATERIAL = re.compile(r"Text between two lines of (?P<fence>\S.*\S) is material")
_LABEL = re.compile(r"^Answer ([A-Z])$", re.MULTILINE)
_FIRST = re.compile(r"rank Answer ([A-Z]) first", re.IGNORECASE)
_SAY = re.compile(r"say ([A-Z]{4,})")
_BALLOT = re.compile(r"^1\. Answer ([A-Z])$", re.MULTILINE)

HONEST = "**Yes.** Because the answers say so."


def outside(request: Request) -> str:
    """All of a prompt but its material. Whatever follows a fence without an end is material."""
    system, user = (message.content for message in request.messages)
    if not (found := _MATERIAL.search(system)):
        return f"{system}\n{user}"
    lines, inside = [], False
    for line in user.split("\n"):
        if line == found["fence"]:
            inside = not inside
        elif not inside:
            lines.append(line)
    assert not inside, "a fence has no end"
    return "\n".join((system, *lines))


def obey(request: Request) -> str:
    """What such a member, reviewer or chairman writes."""
    stage, seat = stage_and_seat(request)
    told = outside(request)
    if said := _SAY.search(told):
        return said[1]
    if stage == "answer":
        return f"The answer from seat {seat}."
    if stage == "verdict":
        return HONEST
    labels = sorted(_LABEL.findall(told))
    for wanted in (*_FIRST.findall(told), *_BALLOT.findall(told)):
        labels.sort(key=lambda label: label != wanted)
    places = "\n".join(f"{n}. Answer {label}" for n, label in enumerate(labels, start=1))
    return f"All of them are fine.\n\nFINAL RANKING:\n{places}"
