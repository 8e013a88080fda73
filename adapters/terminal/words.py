"""What can be said in a chat besides questions, and what a line means: pure.

A line that begins like a command and is too long to be one is a question ("open source or not?"),
and so is everything else, unless it looks like a command with a slip of the finger in it, or is one
short word.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.conversation.commands import COMMANDS
from bot.conversation.desk import first_word
from bot.language import N_, Message, _
from bot.modes import MODES
from bot.typos import closest

ASK, COMMAND, ONLY, ANSWER = "@council", "/council", "ask", "answer"
# Whatever else begins with that word is a question.
_ONLY = re.compile(r"only\s+(?P<part>\d*[A-Za-z])[\s,:]+(?P<question>\S.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Word:
    """`most` words may follow; with more of them the line is a question."""

    usage: str
    description: Message
    most: float = 0


_ANY = float("inf")

# What shells, editors and games take; too little to be worth a council.
_LONE_WORD = re.compile(r"[A-Za-z:/!.-]{1,12}")

# With the colon alone: "answer me this" is a question.
_ANSWER = re.compile(r"answer:\s*(?P<text>\S.*)", re.DOTALL | re.IGNORECASE)

WORDS: Mapping[str, Word] = {
    ASK: Word("@council QUESTION", N_("asks, whatever the question looks like"), _ANY),
    ONLY: Word("ask only B QUESTION", N_("asks the author of an answer alone"), _ANY),
    "attach": Word(
        "attach PATH",
        N_(
            "has a file read along with the next question; `attach` alone lists, `attach none` drops"
        ),
        4,
    ),
    "open": Word(
        "open A",
        N_("unfolds a part: `A`, `verdict`, `ranking`, `critiques`"),
        2,
    ),
    "react": Word("react A 👍", N_("votes: 👍 `+1`, 👎 `-1`, 🏆 `trophy`; `react ranking 🚫`"), 3),
    "unreact": Word("unreact A 👍", N_("takes a vote back"), 3),
    "reveal": Word("reveal", N_("shows who wrote what"), 1),
    "compare": Word(
        "compare",
        N_("shows the verdict and a member's answer, unnamed; `compare first` (`second`, `same`)"),
        1,
    ),
    "continue": Word("continue", N_("goes on with a question that was stopped")),
    "enough": Word(
        "enough",
        N_(
            "ends a wait for answers, or a `deep` question: its verdict is written of what there is "
            "by now"
        ),
    ),
    ANSWER: Word("answer: TEXT", N_("adds an answer of your own to the question under way")),
    "threads": Word("threads", N_("lists the threads of this and earlier chats")),
    "thread": Word("thread 1", N_("goes into a thread; `thread` leaves it"), 1),
    COMMAND: Word("/council help", N_("is about this channel's council"), _ANY),
    "help": Word("help", N_("this list")),
    "quit": Word("quit", N_("ends the chat")),
    "exit": Word("exit", N_("does, too")),
}


@dataclass(frozen=True, slots=True)
class Command:
    """`word` is one of `WORDS`, `rest` what was written behind it."""

    word: str
    rest: str


@dataclass(frozen=True, slots=True)
class Asked:
    question: str


@dataclass(frozen=True, slots=True)
class AskedOnly:
    """Put to the author of the answer `part` alone."""

    part: str
    question: str


@dataclass(frozen=True, slots=True)
class Mistaken:
    """No command, but close to `meant`, or to none ("")."""

    meant: str


def read(line: str) -> Command | Asked | AskedOnly | Mistaken:
    first, rest = first_word(line)
    word = first.lower().rstrip(",:")
    if answer := _ANSWER.fullmatch(line):
        return Command(ANSWER, answer["text"])
    if word == ONLY and (only := _ONLY.fullmatch(rest)):
        return AskedOnly(only["part"], only["question"])
    if word == ONLY and re.fullmatch(r"only(\s+\S+)?", rest):
        return Mistaken(WORDS[ONLY].usage)
    if word in WORDS and word != ONLY and len(rest.split()) <= WORDS[word].most:
        return Command(word, rest)
    meant = _meant(word, rest)
    return Mistaken(meant) if meant or _LONE_WORD.fullmatch(line) else Asked(line)


def is_meanwhile(line: str) -> bool:
    """Whether the line is about a question that is under way."""
    match read(line):
        case Command("answer" | "enough"):
            return True
        case _:
            return False


def help_text() -> str:
    """Every word in a line of Markdown, after the plain question."""
    question = _("- any other line is a question; in a thread it follows up")
    anew = _("- `redo: GUIDANCE` in a thread has its verdict written anew")
    again = _("- `@council again, all of you` there puts its question to the whole council")
    lines = (f"- `{word.usage}` {_(word.description)}" for word in WORDS.values())
    return "\n".join([question, anew, again, *lines])


def _meant(word: str, rest: str) -> str:
    """The command that somebody meant who wrote this; "" where it reads like a question."""
    count = len(rest.split())
    if rest.endswith("?") or count > 3:
        return ""
    if word[1:] in MODES and not rest:
        return f"{word} QUESTION"
    if re.fullmatch(r"/[a-z]+", word):
        name = closest(word[1:], [*COMMANDS, "council"]) or "help"
        return f"{COMMAND} {rest if name == 'council' else f'{name} {rest}'}".strip()
    meant = closest(word, [known for known in WORDS if known != ONLY], likeness=0.75)
    if meant == ASK and first_word(rest)[0].lower() in COMMANDS:
        meant = COMMAND
    return f"{meant} {rest}".strip() if meant and count <= WORDS[meant].most else ""
