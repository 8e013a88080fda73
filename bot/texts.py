"""The program's own words to people: kinds of failure, apologies, legends. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal, cast

from bot.council import Failure, Fallback, Finish, Standing
from bot.document import Document, Heading, Text
from bot.errors import Kind

# What happened to a member, and what a person can do about it.
KINDS: dict[Kind, tuple[str, str]] = {
    "rate_limited": ("rate limited", "Wait a minute and ask again."),
    "no_credit": ("no credit", "Add credit with the provider or raise the budget, then ask again."),
    "unauthorised": ("key refused", "Ask the operator to check the API key."),
    "unknown_model": (
        "unknown model",
        "Change the members: `/council members`, `/council models SEARCH`.",
    ),
    "timed_out": ("timed out", "Ask again; shorter questions are answered sooner."),
    "refused": ("refused to answer", "Put the question another way."),
    "empty": ("empty answer", "Ask again."),
    "cut_off": ("answer cut off", "Ask again."),
    "server_error": ("server error", "The provider has trouble; ask again in a few minutes."),
    "unreachable": (
        "unreachable",
        "Ask the operator to check the network and the model's address.",
    ),
}

LEGEND = "👍 good enough · 👎 not · 🏆 best"
VERDICT_LEGEND = "👍 good verdict · 👎 not"
NONE_LEGEND = "🚫 none of these answers"

FALLBACKS: dict[Fallback, str] = {
    "next_member": "The chairman could not write ({kind}); the author of Answer {label} did.",
    "top_answer": "No chairman could write ({kind}): this is the top-ranked answer, Answer {label}.",
    "only_answer": "Only one member answered, so there was nothing to rank: this is Answer {label}.",
}

FAULT = (
    "Something unexpected happened; the log says what. "
    "What is finished is kept, and the bot goes on with this question in a minute."
)

# Not yet to be called forgotten.
TRACES = (
    "Traces are left in the database's files, because another program is reading them or the disk "
    "is full. They are removed as soon as that ends."
)
FORGETTING = "Somebody who may had this question forgotten."

# The headline of a run that no further start takes up.
GIVEN_UP = (
    "This question failed several times at a fault of the bot's own and is given up; the log says "
    "what happened. Put it in other words, or tell whoever runs the bot."
)

# The headline of a run that nobody could see, should it appear after all.
UNSEEN = "The reply could not be posted, so nothing more was asked of the models: {refusal}"

FORGOTTEN = (
    "This deliberation is no longer stored. The transcript in its thread is the copy to keep."
)
ELSEWHERE = "You cannot see the channel of this deliberation."
VOTE_HERE = "Vote on the answers above, then press *Reveal names* again."
ASKED = "The question was put to the council."
ASKED_ALREADY = "This was asked already."

REHEARSAL = "Rehearsal: simulated models. Set a key to ask real ones."

UNREAD_MESSAGE = (
    "The message replied to could not be read, so the council does not know it. "
    "What matters of it has to be in the question itself."
)
_NAMES_SHOWN, _NAME_LIMIT_CHARS = 3, 60


def unread_files(names: Sequence[str]) -> str:
    """That these files came along unread; what people call their files is shown as code."""
    named = [f"`{_file_name(name)}`" for name in names[:_NAMES_SHOWN]]
    if more := len(names) - len(named):
        named.append(f"{more} more")
    files = "file was" if len(names) == 1 else "files were"
    return f"The attached {files} not read, only the text of the message: {', '.join(named)}."


def _file_name(name: str) -> str:
    line = " ".join(name.replace("`", "'").split()) or "unnamed"
    return line if len(line) <= _NAME_LIMIT_CHARS else line[: _NAME_LIMIT_CHARS - 1] + "…"


def unseen(refusal: str) -> Document:
    """To an asker whose question has no reply that anybody can see."""
    heading = Heading("The council could not post its reply")
    return Document(
        (heading, Text(f"{refusal} Nothing more was asked of the models; ask again then."))
    )


def kind_words(kind: Kind) -> str:
    return KINDS[kind][0]


def error_words(error: str | None) -> str:
    """The same for an error as the contract writes it, `KIND: sentence`."""
    return kind_words(cast(Kind, (error or "").partition(":")[0]))


def apology(failures: Sequence[Failure]) -> str:
    """No verdict at all: every cause once, how many members it hit, and what to do next."""
    counts = Counter(failure.kind for failure in failures)
    causes = ", ".join(f"{kind_words(kind)} ({_members(n)})" for kind, n in counts.most_common())
    advice = KINDS[counts.most_common(1)[0][0]][1] if counts else "Ask again."
    return f"**Sorry, no member of the council could answer.** Cause: {causes}. {advice}"


SHORTENED_FOR_VERDICT = (
    "The verdict's author read at most {chars:,} characters of each answer: "
    "more did not fit its model's context."
)

BROKEN_OFF: dict[Finish, str] = {
    "length": "it reached the length limit",
    "filtered": "a content filter cut it off",
    "broken": "the model's server broke it off",
}


def broken_off(what: str, finish: Finish) -> list[str]:
    """A line behind a text that was broken off."""
    return [f"{what} ends here: {BROKEN_OFF[finish]}."] if finish in BROKEN_OFF else []


def agreement(top: Standing, not_heard: Sequence[str]) -> str:
    """How the reviewers stand behind the winner, and whose word is missing, by label.

    `Reviewers agreed`, `3 of 3 heard agreed, 1 not heard (D)`: those not heard might well differ.
    """
    words = agreement_words(top)
    if not not_heard:
        return f"Reviewers {words}"
    missing = f"{len(not_heard)} not heard ({', '.join(not_heard)})"
    if words == "split":
        return f"Reviewers split: {top.ballots} heard, {missing}"
    stand = "agreed" if words == "agreed" else f"put {top.label} first"
    return f"{top.first_places} of {top.ballots} heard {stand}, {missing}"


def agreement_words(top: Standing) -> Literal["agreed", "leaned", "split"]:
    """How the reviewers stand behind the winner.

    Agreed: it is the sole first of all ballots, two at least; leaned: of more than half; else
    split. Words only: models agree when they are wrong, too.
    """
    if top.first_places == top.ballots >= 2:
        return "agreed"
    return "leaned" if 2 * top.first_places > top.ballots else "split"


def _members(n: int) -> str:
    return "1 member" if n == 1 else f"{n} members"
