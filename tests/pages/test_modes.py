"""What a thread says in the modes that do without reviews or a chairman."""

import asyncio
import re
from dataclasses import replace

import pytest

from bot.conversation.posts import last_posts, posts
from bot.document import Button, Detail, Heading, Note, Table, Text
from bot.pages import presenter
from bot.pages.live import Pace
from bot.pages.settings import setting_page
from bot.protocol import ranking
from bot.protocol.events import Finished, Grown, Progress, Started
from bot.protocol.modes import MODES
from bot.records import Case
from bot.settings import Settings
from bot.store.store import Store
from tests.fakes.provider import Scripted
from tests.pages.telling import COUNCIL, Told, failing, question, tell, words

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
        Detail(
            "No ranking: people compare",
            (Note("Votes of people are counted here."), Note("3 calls.")),
            button="Votes",
        ),
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


# --- vote and quick

VOTED, QUICK = replace(COUNCIL, mode="vote"), replace(COUNCIL, mode="quick")
LABELS = ranking.labels(question().seed, 3)


def saying(**answers: str) -> dict[tuple[str, int], list[Scripted]]:
    return {("answer", LABELS.index(label)): [text] for label, text in answers.items()}


def test_a_vote_has_what_most_say_as_its_heading_and_the_counts_below() -> None:
    told = tell(saying(A="18", B="20", C="18"), council=VOTED)

    document = presenter.verdict(told.result, told.question)

    assert document.blocks[:2] == (
        Heading("The answer is 18."),
        Text("2 of 3 say so: Answers A, C. Answer B says 20."),
    )
    assert (document.state, document.votable) == ("done", True)
    last = posts(told.progress())["ranking"]
    assert last.blocks == (
        Text("**The answer is 18.**"),
        Detail(
            "No ranking: answers counted",
            (Table(("Says", "Answers"), (("18", "A, C"), ("20", "B"))), Note("3 calls.")),
            button="Counts",
        ),
        Note("🚫 none of the answers is good enough"),
    )


def test_a_tie_that_the_chairman_broke_says_so() -> None:
    script = saying(A="18", B="20", C="It is hard to say, as one may well think of it.")
    told = tell({**script, ("verdict", 3): ["**It is 18.** So be it."]}, council=VOTED)

    assert (
        Note("A tie, which the verdict decides: Answer A says 18. Answer B says 20.")
        in presenter.verdict(told.result, told.question).blocks
    )


def test_a_tie_that_nobody_breaks_offers_to_ask_again() -> None:
    failures = {("verdict", seat): [failing("no_credit")] for seat in range(4)}
    told = tell({**saying(A="18", B="20"), **failures}, council=VOTED)

    document = presenter.verdict(told.result, told.question)

    assert document.blocks[0] == Heading("It is a tie: 18 or 20.")
    assert (
        Text("⚠️ Nobody could break the tie: the chairman's account has no credit.")
        in document.blocks
    )
    assert (document.state, document.votable) == ("degraded", False)
    assert document.buttons[0].name == "again"


def test_two_that_agree_have_two_posts_and_say_who_was_not_asked_by_number() -> None:
    told = tell(saying(A="Final answer: 18", B="It is **18**."), council=QUICK)

    document = presenter.verdict(told.result, told.question)

    label, text = told.result.verdict.label, told.result.verdict.text
    assert document.blocks[:2] == (Heading("The answer is 18."), Text(text))
    said = f"Both members asked give the same answer; this is Answer {label}, drawn by lot."
    assert Note(f"{said} 1 more was not asked.") in document.blocks
    last = [block.text[:8] for block in document.blocks[-3:] if isinstance(block, Note)]
    assert last == ["2 answer", "React 🔍 ", "React 👍 "]
    assert (document.state, document.votable) == ("done", True)
    assert list(posts(told.progress())) == ["headline", "answer:A", "answer:B", "ranking"]
    fold = posts(told.progress())["ranking"].blocks[1]
    assert isinstance(fold, Detail)
    assert fold.title == "No ranking: both agree"
    assert posts(told.progress())["ranking"].blocks[0] == Text("**The answer is 18.**")
    assert [letter.shown for letter in document.letters] == ["A", "B"]


def test_two_that_do_not_agree_are_told_while_others_are_asked_and_in_the_end() -> None:
    told = tell(saying(A="18", B="20", C="20"), council=QUICK)

    assert live(told, told.before(Grown)) == "**Answers 2 of 2**"
    grown = told.progress(told.events[: told.events.index(Grown(told.progress().labels)) + 1])
    assert live(told, grown) == "**Answers 2 of 3** · reviews · verdict"
    assert "The first two do not plainly agree: everybody is asked." in words(
        presenter.headline(grown)
    )
    assert list(posts(grown)) == ["headline", "answer:A", "answer:B", "answer:C"]
    assert "They did not agree in an answer that can be compared, so everybody was asked." in words(
        presenter.verdict(told.result, told.question)
    )


def test_how_many_say_the_same_stands_beside_the_reviewers() -> None:
    told = tell(saying(A="18", B="18", C="20"))

    assert "⚖️ All 3 reviewers put **A** first. 2 of 3 answers say the same." in words(
        presenter.verdict(told.result, told.question)
    )


@pytest.mark.parametrize(
    ("verdict", "is_backed"),
    [
        ("The answer is 20.", False),
        ("The answer is 18.", True),
        ("**She sells them.** That is what most say of it.", True),
    ],
)
def test_a_verdict_that_says_something_else_is_backed_by_no_answers(
    verdict: str, is_backed: bool
) -> None:
    told = tell({**saying(A="18", B="18", C="20"), ("verdict", 3): [verdict]})

    said = words(presenter.verdict(told.result, told.question))

    assert ("2 of 3 answers say the same." in said) is is_backed


@pytest.mark.parametrize("mode", MODES)
def test_no_post_of_any_mode_tells_a_name_a_price_or_a_pace(mode: str) -> None:
    for script in ({}, saying(A="18", B="18", C="18"), saying(A="18", B="20", C="19")):
        told = tell(script, council=replace(COUNCIL, mode=mode))
        for n in range(1, len(told.events) + 1):
            shown = posts(told.progress(told.events[:n]), pace=Pace(12, 30))
            text = "\n".join(map(words, shown.values()))
            assert not re.search(r"zeppelin|quokka|narwhal|acme|globex|initech", text)
            seats = "\n".join(words(post) for key, post in shown.items() if key != "headline")
            assert not re.search(r"\$|\d s\b|\d min\b(?! read)", seats)


async def test_what_a_finished_quick_run_shows_again_has_no_seat_that_was_not_asked() -> None:
    store = await Store.open(":memory:", holder="tests")
    told = await asyncio.to_thread(tell, saying(A="18", B="18"), council=QUICK)
    case = Case(told.question, told.council, "discord", status="finished", result=told.result)
    try:
        assert list(await last_posts(case, store)) == [
            "headline",
            "answer:A",
            "answer:B",
            "ranking",
        ]
    finally:
        await store.close()


def test_a_link_to_the_first_post_promises_no_verdict_where_there_is_none() -> None:
    compared, ruled = tell(council=COMPARED), tell()

    assert posts(compared.progress())["ranking"].top == "Back to the top"
    assert posts(ruled.progress())["ranking"].top == ""


def test_a_setting_names_what_it_can_be_once() -> None:
    settings = Settings(("a", "b"), "c")

    said = words(setting_page(settings, settings, "mode"))

    assert said.count("`debate`") == 1
    assert "It can be: `on`, `off`" in words(setting_page(settings, settings, "verify"))
