"""What people read of a debate: who changed its mind, and towards which answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from bot.council import Council
from bot.document import Detail
from bot.llm import Request
from bot.pages import presenter
from bot.pages.live import live_lines
from bot.pages.transcript import transcript
from bot.program.ask import notes as cli_notes
from bot.protocol import ranking
from bot.protocol.events import ReviewsAsked, RevisionGiven, RevisionsAsked, advance
from tests.fakes.provider import Scripted, sensible, stage_and_seat
from tests.pages.telling import COUNCIL, Told, failing, notes, question, tell, words, words_of

DEBATE = Council((*COUNCIL.members, "umbrella/stoat"), "hooli/ibex-9", "debate")
# Labels in the order of the seats.
SEED = next(
    seed
    for seed in range(10_000)
    if ranking.labels(seed, 4) == ("A", "B", "C", "D") and ranking.never_stops_early(seed)
)


def debated(revisions: Mapping[int, Sequence[Scripted]], *answers: str) -> Told:
    def reply(request: Request) -> Scripted:
        stage, seat = stage_and_seat(request)
        return answers[seat] if stage == "answer" and answers else sensible(request)

    script = {("revision", seat): texts for seat, texts in revisions.items()}
    return tell(script, otherwise=reply, council=DEBATE, asked=question(SEED))


def line(told: Told) -> str:
    [said] = [n for n in notes(presenter.verdict(told.result, told.question)) if n[0] == "💬"]
    return said


@pytest.mark.parametrize(
    ("revisions", "said"),
    [
        ({}, "Nobody changed their mind after reading the other answers."),
        ({0: ["So.\nCHANGED: B"]}, "1 of 4 changed its mind, towards **B**."),
        (
            {0: ["So.\nCHANGED: B"], 2: ["So.\nCHANGED: B"]},
            "2 of 4 changed their mind, towards **B**.",
        ),
        (
            {0: ["So.\nCHANGED: B"], 2: ["So.\nCHANGED: none"]},
            "2 of 4 changed their mind: 1 towards **B**.",
        ),
        (
            {0: ["So.\nCHANGED: B"], 2: ["So.\nCHANGED: D"]},
            "2 of 4 changed their mind: 1 towards **B**, 1 towards **D**.",
        ),
        (
            {0: ["So.\nCHANGED: none"]},
            "1 of 4 changed its mind after reading the other answers.",
        ),
    ],
)
def test_the_verdict_says_who_changed_towards_which(
    revisions: Mapping[int, Sequence[Scripted]], said: str
) -> None:
    told = debated(revisions)

    assert line(told) == f"💬 {said}"
    assert f"💬 {said}" in cli_notes(told.question, told.result)


def test_the_ranking_tells_each_round_and_who_was_not_heard() -> None:
    moving: Mapping[int, Sequence[Scripted]] = {
        0: ["20\nCHANGED: B", "18\nCHANGED: none"],
        3: [failing(), "KEPT"],
    }
    told = debated(moving, "18", "20", "20", "21")

    post = presenter.ranking(told.result, told.question)
    inner = next(block for block in post.blocks if isinstance(block, Detail)).blocks

    assert (
        "- Round 1: A changed its mind, towards B; D was not heard and kept its answer.\n"
        "- Round 2: A changed its mind." in "\n".join(words_of(inner))
    )


def test_where_nobody_was_heard_in_a_round_nobody_is_said_to_have_kept_its_mind() -> None:
    told = debated({seat: [failing()] for seat in range(4)})

    assert len(told.result.rounds) == 2
    assert "mind" not in words(presenter.verdict(told.result, told.question))


def test_a_later_question_of_its_thread_tells_its_own_letters() -> None:
    told = debated({0: ["So.\nCHANGED: B"]})

    later = presenter.verdict(told.result, replace(told.question, number=2))

    assert "💬 1 of 4 changed its mind, towards **2B**." in notes(later)


def test_a_council_without_rounds_says_nothing_of_them() -> None:
    told = tell()

    assert "mind" not in words(presenter.verdict(told.result, told.question))
    assert "Round" not in words(presenter.ranking(told.result, told.question))


def test_an_answer_is_shown_as_its_member_left_it() -> None:
    told = debated({0: ["This is new.\n\nCHANGED: B"], 1: ["KEPT"]})
    progress = told.before(ReviewsAsked)

    assert "This is new." in words(presenter.seat(progress, "A"))
    assert "CHANGED" not in words(presenter.seat(progress, "A"))
    assert "The answer from seat 1." in words(presenter.seat(progress, "B"))


def test_a_resumed_run_never_shows_an_answer_as_it_was_before() -> None:
    told = debated({0: ["This is new.\n\nCHANGED: B"]})
    resumed = replace(
        told.progress(()), answers={answer.label: answer for answer in told.result.answers}
    )

    for event in told.events:
        resumed = advance(resumed, event)
        assert "This is new." in words(presenter.seat(resumed, "A"))


def test_the_live_line_counts_the_discussion_between_answers_and_reviews() -> None:
    told = debated({})
    asked, over = told.before(RevisionGiven), told.before(ReviewsAsked)

    before, _ = live_lines(told.before(RevisionsAsked), None).split("  \n")
    during, _ = live_lines(asked, None).split("  \n")
    after, _ = live_lines(over, None).split("  \n")

    assert before == "**Answers 4 of 4** · reviews · verdict"
    assert during == "Answers 4 of 4 · **discussion 0 of 4** · reviews · verdict"
    assert after == "Answers 4 of 4 · **discussion 4 of 4** · reviews · verdict"


def test_the_transcript_keeps_what_an_answer_was_before() -> None:
    told = debated({0: ["This is new.\n\nCHANGED: B"], 2: [failing()]})

    text = transcript(told.result, told.question, told.council)

    first, second = text.index("> This is new."), text.index("> The answer from seat 0.")
    assert text.index("## Answer A") < first < text.index("### As it was first") < second
    assert text.count("### As it was first") == 1
    assert "C was not heard and kept its answer" in text


def test_what_a_member_says_of_itself_is_masked_in_every_round() -> None:
    told = debated({0: ["As Claude, I now say no.\n\nCHANGED: B"]}, *["As Claude, I say yes."] * 4)

    shown = [
        words(presenter.verdict(told.result, told.question)),
        words(presenter.ranking(told.result, told.question)),
        transcript(told.result, told.question, told.council),
        *(words(presenter.answer(a, told.question, told.council)) for a in told.result.answers),
    ]

    assert not [text for text in shown if "Claude" in text]
    assert told.result.rounds[1][0].text == "As Claude, I now say no."
