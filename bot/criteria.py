"""What reviewers may judge by, ready to be chosen, by the names that people type.

Words of prompts, as `bot.protocol.prompts` puts them behind "Judge by:"; whoever chooses one may go
on from its text. A channel keeps the text, so that a later version changes nothing for it.
"""

from collections.abc import Mapping

PRESETS: Mapping[str, str] = {
    "accuracy": (
        "accuracy before all else. Every statement is true, or said to be uncertain; numbers, names "
        "and dates can be checked; what speaks against the conclusion is named. One wrong claim "
        'weighs more than several that are missing, and a plain "that is not known" more than a '
        "confident guess."
    ),
    "concision": (
        "the right answer in the fewest words. It comes first, and each sentence after it adds what "
        "the reader needs. Preambles, repetition, hedging and advice that nobody asked for count "
        "against an answer; so does leaving out what would change it."
    ),
    "code review": (
        "what a careful reviewer of the code would say. Real defects come first: wrong results, cases "
        "that are not handled, races, leaks, unsafe input; each with its place, what happens there "
        "and a fix that works. Invented problems and matters of taste count against an answer."
    ),
    "writing": (
        "the text as its readers will take it. It suits its purpose and audience, its thoughts are in "
        "order, its words plain and exact. Clichés, padding and a false tone count against it; so "
        "does changing what its author meant."
    ),
    "decision": (
        "how well one can decide by it. It names the real options and what each would cost, weighs "
        "them by what matters to the person asking, says what is uncertain and what would change the "
        "choice, and ends with one clear recommendation. A list without a choice is not enough."
    ),
}


def preset(name: str) -> str | None:
    """The text of this name, however it is spelled; `None` where there is none."""
    return PRESETS.get(name.strip().lower().replace("-", " ").replace("_", " "))


def name_of(text: str) -> str | None:
    """The name of the preset that this text is; `None` where it is somebody's own."""
    return next((name for name, known in PRESETS.items() if known == text), None)
