"""What a thread says in the modes that do without reviews or a chairman."""

from dataclasses import replace

from bot.conversation.posts import posts
from bot.document import Button, Detail, Heading, Note, Text
from bot.pages import presenter
from bot.protocol.events import Finished, Progress, Started
from tests.pages.telling import COUNCIL, Told, failing, tell, words

COMPARED = replace(COUNCIL, mode="compare")
VOTE = Note(
    "React 👍 or 👎 on each answer, 🏆 on the best one: votes show which models serve this channel."
)


def live(told: Told, so_far: Progress) -> str:
    return words(presenter.headline(so_far)).split("  \n")[0]


# --- compare


def test_answers_to_compare_have_a_headline_that_nobody_votes_on() -> None:
    told = tell(council=COMPARED)

    document = presenter.verdict(told.result, told.question)

    assert document.blocks == (
        Heading("3 answers, side by side"),
        Text("Nobody ranked them and no verdict was written: which is best is for people to say."),
        Note("3 answers · 3 min · less than $0.01"),
        VOTE,
    )
    assert (document.state, document.votable) == ("done", False)
    assert document.buttons[0] == Button("follow", "Follow up", primary=True)


def test_what_is_missing_among_answers_to_compare_is_told() -> None:
    told = tell({("answer", 1): [failing("no_credit")]}, council=COMPARED)

    document = presenter.verdict(told.result, told.question)

    missing = next(m.label for m in told.result.members if m.error)
    assert document.state == "degraded"
    assert Text(f"⚠️ **2 of 3 answered.** {missing}: no credit.") in document.blocks


def test_the_last_post_of_answers_to_compare_takes_the_votes() -> None:
    told = tell(council=COMPARED)

    document = posts(told.progress())["ranking"]

    assert document.votable
    assert document.blocks == (
        Text("**3 answers, side by side**"),
        Detail("No ranking: people compare the answers", (Note("3 calls."),)),
        Note("🚫 none of the answers is good enough"),
    )
    assert presenter.unvoted(presenter.verdict(told.result, told.question)).blocks[-1] == Note(
        "3 answers · 3 min · less than $0.01"
    )


def test_while_answers_to_compare_come_nothing_else_is_promised() -> None:
    told = tell(council=COMPARED)

    assert live(told, told.progress(told.events[:1])) == "**Answers 0 of 3**"
    assert live(told, told.before(Finished)) == "**Answers 3 of 3**"
    assert isinstance(told.events[0], Started)
