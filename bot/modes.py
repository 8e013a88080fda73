"""The modes in words: what each is called, what it does, and how a question names one. Pure.

What a mode is made of is in `bot.protocol.modes`.
"""

import re
from collections.abc import Mapping

from bot.errors import InvalidInput
from bot.language import N_, Message, _
from bot.typos import did_you_mean

# By the name that people type, a line each, which forms show 75 characters of.
MODES: Mapping[str, Message] = {
    "council": N_("everybody answers and reviews the answers blind, a chairman rules"),
    "quick": N_("two answer; where they do not agree, it grows into the whole council"),
    "compare": N_("everybody answers, nobody reviews them, and people vote blind"),
    "vote": N_("what most say, for closed questions; the chairman breaks a tie"),
    "debate": N_("all answer, read each other and may change their minds; then as council"),
    "deep": N_("a debate in two rounds by models that think for long; takes up to an hour"),
}

# Those that go by the value that each answer gives.
READS_VALUES = frozenset({"quick", "vote", "debate", "deep"})
# Those that end with the answers alone where these agree, and those that do where they can.
ENDS_EARLY = frozenset({"quick", "vote"})
ANSWERS_ALONE = ENDS_EARLY | {"compare"}
# Those whose members may change their answers before these are reviewed.
REVISES = frozenset({"debate", "deep"})
# Those that pay step by step, and end with what there is once somebody has enough.
STEPWISE = frozenset({"deep"})

# One word alone: what goes on behind it, such as the path of a file, is a question.
_NAMED = re.compile(r"/(\w[\w-]*)(?=\s|$)")


def mode_and_question(text: str) -> tuple[str | None, str]:
    """The mode that `/MODE QUESTION` names, `None` for that of the channel, and the question.

    Raises `InvalidInput` where there is no such mode.
    """
    text = text.strip()
    named = _NAMED.match(text)
    if named is None:
        return None, text
    word = named[1].lower()
    if word not in MODES:
        raise InvalidInput(
            _(
                "There is no mode `/{word}`, so nothing was asked.{hint} Modes: {modes}. To ask "
                "about the word itself, write another before it.",
                word=word,
                hint=did_you_mean(word, MODES),
                modes=", ".join(f"`/{name}`" for name in MODES),
            )
        )
    return word, text[named.end() :].strip()


def modes_in_lines() -> str:
    """Every mode in a line of Markdown."""
    return "\n".join(f"- `{name}`: {_(does)}" for name, does in MODES.items())
