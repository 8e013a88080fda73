"""The program's own words to people: kinds of failure, apologies, legends. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, cast

from bot.council import Failure, Fallback, Finish, Plurality, Side, Standing
from bot.document import Document, Heading, Text
from bot.errors import Kind
from bot.language import N_, Message, _, either, n_
from bot.records import StopCause

# What happened to a member, and what a person can do about it.
KINDS: dict[Kind, tuple[Message, Message]] = {
    "rate_limited": (N_("rate limited"), N_("Wait a minute and ask again.")),
    "no_credit": (
        N_("no credit"),
        N_("Add credit with the provider or raise the budget, then ask again."),
    ),
    "unauthorised": (N_("key refused"), N_("Ask the operator to check the API key.")),
    "unknown_model": (
        N_("unknown model"),
        N_("Change the members: `/council members`, `/council models SEARCH`."),
    ),
    "timed_out": (N_("timed out"), N_("Ask again; shorter questions are answered sooner.")),
    "not_waited_for": (N_("not waited for"), N_("Ask again.")),
    "refused": (N_("refused to answer"), N_("Put the question another way.")),
    "empty": (N_("empty answer"), N_("Ask again.")),
    "cut_off": (N_("answer cut off"), N_("Ask again.")),
    "server_error": (
        N_("server error"),
        N_("The provider has trouble; ask again in a few minutes."),
    ),
    "unreachable": (
        N_("unreachable"),
        N_("Ask the operator to check the network and the model's address."),
    ),
}

ADVICE: Mapping[Kind, Message] = {kind: advice for kind, (_words, advice) in KINDS.items()}
# Where there are no commands and no operator but oneself.
SHELL_ADVICE: Mapping[Kind, Message] = {
    **ADVICE,
    "no_credit": N_(
        "Add credit with the provider or raise COUNCIL_DAILY_BUDGET_USD, then ask again."
    ),
    "unauthorised": N_("Check the API key; `council doctor` tries it."),
    "unknown_model": N_(
        "Put models that there are into COUNCIL_MEMBERS; `council doctor` tries each of them."
    ),
    "unreachable": N_("Check the network and the model's address; `council doctor` tries it."),
}

# Why the chairman wrote no verdict.
CHAIRMAN: Mapping[Kind, Message] = {
    "rate_limited": N_("the chairman's model was rate limited"),
    "no_credit": N_("the chairman's account has no credit"),
    "unauthorised": N_("the chairman's key was refused"),
    "unknown_model": N_("the chairman's model is unknown"),
    "timed_out": N_("the chairman took too long"),
    "not_waited_for": N_("the chairman was not waited for"),
    "refused": N_("the chairman refused to"),
    "empty": N_("the chairman wrote nothing"),
    "cut_off": N_("the chairman was cut off"),
    "server_error": N_("the chairman's server had an error"),
    "unreachable": N_("the chairman could not be reached"),
}

VOTE = N_(
    "React 👍 or 👎 here and on each answer, 🏆 on the best one: votes show which models serve "
    "this channel."
)
VOTE_ON_ANSWERS = N_(
    "React 👍 or 👎 on each answer, 🏆 on the best one: votes show which models serve this channel."
)
NONE_LEGEND = N_("🚫 none of the answers is good enough")

# What stands for the chairman's verdict, and why.
INSTEAD: Mapping[Fallback, Message] = {
    "next_member": N_("The author of Answer {label} wrote the verdict: {why}."),
    "top_answer": N_(
        "In the place of a verdict stands the answer that is ranked first, Answer {label}: {why}."
    ),
}
FALLBACKS: dict[Fallback, Message] = {
    "next_member": N_("The chairman could not write ({kind}); the author of Answer {label} did."),
    "top_answer": N_(
        "No chairman could write ({kind}): this is the top-ranked answer, Answer {label}."
    ),
    "only_answer": N_(
        "Only one member answered, so there was nothing to rank: this is Answer {label}."
    ),
}

SIDE_BY_SIDE = N_(
    "There is no verdict: the answers stand side by side, and people say which is best."
)

FAULT = N_(
    "Something unexpected happened; the log says what. What is finished is kept, and the "
    "bot goes on with this question in a minute."
)

# Not yet to be called forgotten.
TRACES = N_(
    "Traces are left in the database's files, because another program is reading them or "
    "the disk is full. They are removed as soon as that ends."
)

# The headline of a run that ended early, where nobody stopped it.
STOPPED: Mapping[StopCause, Message] = {
    "question": N_("Its question was deleted."),
    "place": N_("The place that it was asked in was deleted."),
    "forgotten": N_("Somebody who may had this question forgotten."),
    # Should it appear after all.
    "unseen": N_(
        "The reply could not be posted, so nothing more was asked of the models: {refusal}"
    ),
    "unread": N_(
        "Nothing that came along could be read, and no question was written, so no model was asked."
    ),
    "given_up": N_(
        "This question failed several times at a fault of the bot's own and is given up; the "
        "log says what happened. Put it in other words, or tell whoever runs the bot."
    ),
}

FORGOTTEN = N_("This deliberation is no longer stored. Its thread shows all that is left of it.")
EXPIRED = N_(
    "What was written here was erased for its age; numbers and votes are kept. Its thread shows "
    "all that is left of it."
)
EXPIRED_ID = N_(
    "The texts of the deliberation {id} were erased for their age (COUNCIL_RETENTION_DAYS); numbers "
    "and votes are kept."
)
ADD_ANSWER = N_("Add my answer")
TAKEN_BACK = N_("Whoever wrote this answer has taken it back.")
OUT_OF_DATE = N_("This button is from another version of the bot and does nothing any more.")
ELSEWHERE = N_("You cannot see the channel that this belongs to.")
VOTE_HERE = N_("Vote on the answers, then press *Names* again.")
ASKED = N_("The question was put to the council.")
ASKED_ALREADY = N_("This was asked already.")

REHEARSAL = N_("Rehearsal: simulated models. Set a key to ask real ones.")

UNREAD_MESSAGE = N_(
    "The message replied to could not be read, so the council does not know it. What "
    "matters of it has to be in the question itself."
)
SHORTENED_EXHIBIT = N_("It was shortened to {n:,} of its {of:,} characters for the council.")
SHORTENED_BEGINNING = N_(
    "Only its first {of:,} characters were read, and shortened to {n:,} for the council."
)


def never_heard(posts: int) -> str:
    """Of posts of forgotten questions beside those that are being removed."""
    return n_(
        "Whether {n} more post arrived was never heard, so it is not removed. If it stands in the "
        "channel, an administrator can delete it by hand.",
        "Whether {n} more posts arrived was never heard, so they are not removed. If they stand in "
        "the channel, an administrator can delete them by hand.",
        posts,
    )


def unseen(refusal: str) -> Document:
    """To an asker whose question has no reply that anybody can see."""
    heading = Heading(_("The council could not post its reply"))
    then = _("{refusal} Nothing more was asked of the models; ask again then.", refusal=refusal)
    return Document((heading, Text(then)))


def kind_words(kind: Kind) -> str:
    return _(KINDS[kind][0])


def kind_of(error: str | None) -> Kind:
    """Of an error as the contract writes it, `KIND: sentence`."""
    return cast(Kind, (error or "").partition(":")[0])


def error_words(error: str | None) -> str:
    return kind_words(kind_of(error))


def election(vote: Plurality, labels: Sequence[str]) -> str:
    """What most answers say, who says what else, and which of them say nothing that counts."""
    first, *others = vote.options
    counted = {label for option in vote.options for label in option.labels}
    most = n_(
        "{n} of {of} says so: {answers}.",
        "{n} of {of} say so: {answers}.",
        len(first.labels),
        of=len(labels),
        answers=_answers(first.labels),
    )
    silent = [label for label in labels if label not in counted]
    sentences = [_("**The answer is {value}.** {most}", value=first.value, most=most)]
    sentences += map(says, others)
    if silent:
        sentences.append(
            n_(
                "{answers} gives none that can be counted.",
                "{answers} give none that can be counted.",
                len(silent),
                answers=_answers(silent),
            )
        )
    return " ".join(sentences)


def unbroken(tie: Sequence[Side]) -> str:
    """What stands against each other where nobody decided."""
    between = either([held.value for held in tie])
    return " ".join((_("**It is a tie: {values}.**", values=between), *map(says, tie)))


def says(held: Side) -> str:
    return n_(
        "{answers} says {value}.",
        "{answers} say {value}.",
        len(held.labels),
        answers=_answers(held.labels),
        value=held.value,
    )


def _answers(labels: Sequence[str]) -> str:
    return n_("Answer {labels}", "Answers {labels}", len(labels), labels=", ".join(labels))


def apology(failures: Sequence[Failure], advice: Mapping[Kind, Message] = ADVICE) -> str:
    """No verdict at all: every cause once, how many members it hit, and what to do next.

    `advice` is what to do, by kind, where the apology is read.
    """
    sorry = _("**Sorry, no member of the council could answer.**")
    return f"{sorry} {causes([failure.kind for failure in failures], advice)}"


def causes(kinds: Sequence[Kind], advice: Mapping[Kind, Message] = ADVICE) -> str:
    """Why nobody answered and what to do next, of the kind of each failure."""
    counts = Counter(kinds).most_common()
    if not counts:
        return _("Ask again.")
    why = ", ".join(f"{kind_words(kind)} ({_members(n)})" for kind, n in counts)
    return _("Cause: {causes}. {advice}", causes=why, advice=_(advice[counts[0][0]]))


SHORTENED_FOR_VERDICT = N_(
    "The verdict's author read at most {chars:,} characters of each answer: more did not "
    "fit its model's context."
)

BROKEN_OFF: dict[Finish, Message] = {
    "length": N_("it reached the length limit"),
    "filtered": N_("a content filter cut it off"),
    "broken": N_("the model's server broke it off"),
}


def broken_off(what: str, finish: Finish) -> list[str]:
    """A line behind a text that was broken off."""
    if finish not in BROKEN_OFF:
        return []
    return [_("{what} ends here: {why}.", what=what, why=BROKEN_OFF[finish])]


Agreement = Literal["agreed", "leaned", "split"]


def agreement_words(top: Standing) -> Agreement:
    """How the reviewers stand behind the winner.

    Agreed: it is the sole first of all ballots, two at least; leaned: of more than half; else
    split. Words only: models agree when they are wrong, too.
    """
    if top.first_places == top.ballots >= 2:
        return "agreed"
    return "leaned" if 2 * top.first_places > top.ballots else "split"


def _members(n: int) -> str:
    return n_("{n} member", "{n} members", n)


# Whoever compares the best member's answer learns whose it is.
TRIAL_NEEDS_VOTES = N_(
    "A trial is for those who have voted, and then may see names: here `reveal` is `{reveal}`. "
    "An administrator can change that: `/council set reveal after_vote`."
)
