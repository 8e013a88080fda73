"""How the reviewers ranked the answers, as people read it."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.council import Council, SeatWeight
from bot.document import Bar, Bars, Detail, Document, Note, Table, Text
from bot.errors import ModelFailed
from bot.llm import Request
from bot.pages import presenter, ranked
from bot.pages.transcript import transcript
from tests.fakes.provider import Scripted, sensible, stage_and_seat
from tests.pages.telling import (
    ALL_HEARD,
    COUNCIL,
    MAY_STOP,
    THREE,
    Told,
    failing,
    notes,
    question,
    tell,
    words,
    words_of,
)

FOUR = Council((*COUNCIL.members, "umbrella/stoat"), "hooli/ibex-9")


def ranking(told: Told) -> Document:
    return presenter.ranking(told.result, told.question)


def fold(document: Document) -> Detail:
    [folded] = [block for block in document.blocks if isinstance(block, Detail)]
    return folded


def detail(told: Told) -> list[str]:
    return list(words_of(fold(ranking(told)).blocks))


def ballots(*given: str | None, council: Council = COUNCIL) -> Told:
    """The reviewers of these labels, A first, give these rankings; `None` fails. Seat and label
    are the same."""
    seats = dict(zip("ABCD", given, strict=False))
    script: dict[tuple[str, int], list[Scripted]] = {}
    first = tell(council=council)
    seat_of = {review.label: review.seat for review in first.result.reviews}
    for label, order in seats.items():
        said: Scripted = failing("empty") if order is None else f"FINAL RANKING: {order}"
        script["review", seat_of[label]] = [said]
    return tell(script, council=council)


# --- the post


def test_the_post_says_the_verdicts_first_sentence_and_the_order() -> None:
    document = ranking(tell())

    sentence, folded, none = document.blocks
    assert sentence == Text("**Yes.**")
    assert isinstance(folded, Detail)
    assert (folded.title, folded.hint) == (
        "Ranking: A, then B, C",
        "3 anonymous reviewers, all for A",
    )
    assert none == Note("🚫 none of the answers is good enough")
    assert document.votable
    assert document.buttons == ()


@pytest.mark.parametrize(
    ("orders", "title", "hint"),
    [
        (
            ("A > B > D > C", "B > A > C > D", "B > D > A > C", "A > D > B > C"),
            "Ranking: A and B level, then D, C",
            "4 anonymous reviewers, 2 against 2",
        ),
        (
            ("A > B > C > D",) * 3 + ("B > A > C > D",),
            "Ranking: A, then B, C, D",
            "4 anonymous reviewers, 3 against 1",
        ),
        (
            ("A > B > C > D", "A > B > C > D", "B > A > C > D", "C > A > B > D"),
            "Ranking: A, then B, C, D",
            "4 anonymous reviewers, 2 against 1 and 1",
        ),
        (("A = B = C = D",) * 4, "Ranking: A, B, C and D level", "4 anonymous reviewers"),
        (
            ("A > B > C > D", "A > C > B > D", None, None),
            "Ranking: A, then B and C level, D",
            "2 of 4 anonymous reviewers heard, all for A",
        ),
        (
            (None, "B > A > C > D", None, None),
            "Ranking: B, then A, C, D",
            "1 of 4 anonymous reviewers heard",
        ),
        ((None,) * 4, "No ranking: no reviewer was heard", "0 of 4 anonymous reviewers heard"),
    ],
)
def test_the_title_says_the_order_and_the_line_below_who_says_so(
    orders: tuple[str | None, ...], title: str, hint: str
) -> None:
    folded = fold(ranking(ballots(*orders, council=FOUR)))

    assert (folded.title, folded.hint) == (title, hint)


def test_in_a_later_question_every_label_carries_its_number() -> None:
    told = tell()

    document = presenter.ranking(told.result, replace(told.question, number=12))

    assert fold(document).title == "Ranking: 12A, then 12B, 12C"
    text = words(document)
    assert "- Reviewer 12B: 12A › 12B › 12C" in text
    assert [(letter.written, letter.key, letter.shown) for letter in document.letters] == [
        ("A", "answer:A", "12A"),
        ("B", "answer:B", "12B"),
        ("C", "answer:C", "12C"),
    ]


@pytest.mark.parametrize(
    ("asked", "is_choice"),
    [
        ("Which is prime? A) 4 B) 5 C) 6", True),
        ("Which is prime, (A) 4 or (B) 5?", True),
        ("Which is prime?\n\n- A. 4\n- B. 5", True),
        ("Which is prime?\nB: 5\nC: 6", True),
        ("Is a plan (A) enough?", False),
        ("Is vitamin A. or B. better?", False),
        ("Which is prime? X) 4 Y) 5", False),
    ],
)
def test_letters_that_a_question_offers_to_choose_from_stand_for_no_post(
    asked: str, is_choice: bool
) -> None:
    told = tell()

    document = presenter.ranking(told.result, replace(told.question, text=asked))

    assert (document.letters == ()) == is_choice


def test_the_bars_are_mean_shares_with_first_places_beside_them() -> None:
    told = ballots("A > B > D > C", "B > A > C > D", "B > D > A > C", "A > D > B > C", council=FOUR)

    bars, points, *_ = fold(ranking(told)).blocks

    assert isinstance(bars, Bars)
    # Level ones by label, whatever the lot says.
    assert bars.bars[:2] == (
        Bar("A", 0.75, "75\u00a0%", "2 of 4"),
        Bar("B", 0.75, "75\u00a0%", "2 of 4"),
    )
    assert [(bar.label, bar.value, bar.note) for bar in bars.bars[2:]] == [
        ("D", "42\u00a0%", ""),
        ("C", "8\u00a0%", ""),
    ]
    assert points == Note("Points: first of 4 counts 1, last 0; the mean of 4 reviewers.")


def test_each_reviewer_is_shown_with_its_order_or_why_there_is_none() -> None:
    script: Mapping[tuple[str, int], list[Scripted]] = {
        ("review", 0): ["FINAL RANKING: B > A = C"],
        ("review", 1): ["I like them all."],
        ("review", 2): [failing("timed_out")],
    }
    told = tell(script)
    label = {review.seat: review.label for review in told.result.reviews}

    [lines] = [line for line in detail(told) if line.startswith("- Reviewer")]

    assert sorted(lines.splitlines()) == sorted(
        [
            f"- Reviewer {label[0]}: B › A = C",
            f"- Reviewer {label[1]} gave no ranking, so the review did not count",
            f"- Reviewer {label[2]} gave no review: timed out",
        ]
    )


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        (("A > B > C",) * 3, "The reviewers agree on the first place (Kendall's W 1.00)"),
        (
            ("A > B > C", "A > C > B", "C > A > B"),
            "Most reviewers agree on the first place (Kendall's W 0.44)",
        ),
        (
            ("A > B > C", "B > C > A", "C > A > B"),
            "The reviewers are split on the first place (Kendall's W 0.00)",
        ),
        (("A = B > C",) * 3, "The reviewers are split on the first place (Kendall's W 1.00)"),
    ],
)
def test_agreement_on_the_first_place_is_in_words_and_the_number_in_brackets(
    orders: tuple[str, ...], words: str
) -> None:
    told = ballots(*orders)

    assert detail(told)[-1] == f"{words}. 7 calls."
    assert "Kendall" not in str(presenter.verdict(told.result, told.question))


@pytest.mark.parametrize(
    ("ballots_read", "written_by", "said"),
    [(2, "hooli/ibex-9", True), (3, "hooli/ibex-9", False), (2, None, False), (None, "x", False)],
)
def test_a_verdict_says_on_how_many_reviews_it_rests_where_more_were_heard(
    ballots_read: int | None, written_by: str | None, said: bool
) -> None:
    told = ballots(*("A > B > C > D",) * 3)
    verdict = replace(told.result.verdict, ballots=ballots_read, written_by=written_by)
    result = replace(told.result, verdict=verdict)

    stand = notes(presenter.verdict(result, told.question))[0]

    assert stand.endswith(" Based on 2 of 3 reviews.") == said
    assert ("Based on 2 of 3" in transcript(result, told.question, told.council)) == said


def test_after_an_early_stop_there_is_no_number_of_agreement() -> None:
    told = tell({("review", 3): [asyncio.Event()]}, council=FOUR, asked=question(seed=MAY_STOP))
    assert told.result.agreement.stopped_early
    [unheard] = [review.label for review in told.result.reviews if review.seat == 3]

    text = "\n".join(detail(told))

    assert "Kendall" not in text
    assert f"- Reviewer {unheard} was not waited for: the first place was decided" in text
    assert fold(ranking(told)).hint == "3 of 4 anonymous reviewers heard, all for A"
    stand = f"⚖️ All 3 heard put **A** first. 1 was not heard ({unheard})."
    assert any(
        note.startswith(stand) for note in notes(presenter.verdict(told.result, told.question))
    )
    assert (
        f"Stopped early: All 3 heard put **A** first. 1 was not heard ({unheard})."
        in transcript(told.result, told.question, told.council)
    )


@pytest.mark.parametrize(
    ("orders", "line"),
    [
        (("A > B > C > D",) * 4, "All 4 reviewers put **A** first."),
        (("A > B > C > D",) * 3 + ("B > A > C > D",), "3 of 4 put **A** first, 1 put **B**."),
        (
            ("A > B > C > D", "B > A > C > D") * 2,
            "2 of 4 put **A** first, 2 put **B**.",
        ),
        (
            ("A > B > C > D", "A > B > C > D", "A = B > C > D", "A = B > C > D"),
            "2 of 4 put **A** first, 2 put none alone first.",
        ),
        (("A = B > C > D",) * 4, "None of 4 put one answer alone first."),
        (
            ("B > A > C > D", "C > A > B > D", "D > A > B > C", None),
            "1 of 3 put **B** first, 1 put **C**, 1 put **D**. **A** leads by all places together. "
            "1 was not heard (D).",
        ),
        (
            ("A > B > C > D", "A > B > C > D", "B > C > D > A", "B > C > D > A"),
            "2 of 4 put **B** first, 2 put **A**. **B** leads by all places together.",
        ),
        (
            ("A > B > C > D", None, None, None),
            "The one reviewer heard put **A** first. 3 were not heard (B, C, D).",
        ),
        (
            ("A > B > C > D", "A > B > C > D", None, "C > A > B > D"),
            "2 of 3 put **A** first, 1 put **C**. 1 was not heard (C).",
        ),
    ],
)
def test_the_headline_says_in_numbers_how_the_reviewers_stand(
    orders: tuple[str | None, ...], line: str
) -> None:
    told = ballots(*orders, council=FOUR)

    said = [note for note in notes(presenter.verdict(told.result, told.question)) if "⚖️" in note]

    assert said == [f"⚖️ {line}"]


def test_without_any_ballot_nothing_is_said_of_reviewers() -> None:
    told = ballots(None, None, None)

    assert "⚖️" not in words(presenter.verdict(told.result, told.question))


def test_an_answer_that_reviewers_read_shortened_is_told() -> None:
    told = tell({("answer", 1): ["word " * 8_000]})
    [long] = [answer.label for answer in told.result.answers if answer.seat == 1]
    line = (
        f"Answer {long} was shortened for reviewers: 3,000 of its 40,000 characters, "
        "from both ends."
    )

    assert line in detail(told)
    assert line in transcript(told.result, told.question, told.council)
    assert "shortened" not in words(ranking(tell()))


def test_what_did_not_fit_a_models_context_is_told() -> None:
    words_of = {"answer": "word " * 800}

    def small(request: Request) -> Scripted:
        stage, seat = stage_and_seat(request)
        size = len(request.messages[-1].content)
        if (stage, seat) in {("review", 1), ("verdict", THREE)} and size > 10_000:
            return ModelFailed("refused", "too long.", context_tokens=3_000)
        return words_of.get(stage) or sensible(request)

    told = tell(otherwise=small, asked=question(seed=ALL_HEARD))
    told_of = [line for line in detail(told) if "shortened" in line]
    chars = told.result.verdict.shown_chars

    assert len(told_of) == 3
    assert all("was shortened for 1 of 3 reviewers: " in line for line in told_of)
    assert (
        f"⚠ The verdict's author read at most {chars:,} characters of each answer: "
        "more did not fit its model's context."
    ) in notes(presenter.verdict(told.result, told.question))


def test_the_ranking_of_an_only_answer_has_no_bars() -> None:
    told = tell({("answer", 0): [failing()], ("answer", 1): [failing()]})

    folded = fold(ranking(told))

    assert (folded.title, folded.hint) == ("No ranking: there is one answer alone", "")
    assert folded.blocks == (Note("3 calls."),)


def test_peoples_votes_so_far_are_shown_as_totals() -> None:
    told = tell()
    tally = {("A", "accept"): 2, ("A", "best"): 1, ("B", "reject"): 3, ("none", "none"): 1}

    blocks = fold(presenter.ranking(told.result, told.question, tally)).blocks  # type: ignore[arg-type]  # values are literals

    [table] = [block for block in blocks if isinstance(block, Table)]
    assert table.columns == ("People", "👍", "👎", "🏆")
    assert table.rows == (("A", "3", "0", "1"), ("B", "0", "3", "0"), ("C", "0", "0", "0"))
    assert Note("🚫 none is good enough: 1 person") in blocks


def test_before_anybody_voted_no_votes_are_shown() -> None:
    assert not [block for block in fold(ranking(tell())).blocks if isinstance(block, Table)]


def test_words_of_the_trade_are_not_in_the_open() -> None:
    document = ranking(tell())
    blocks = [block for block in document.blocks if not isinstance(block, Detail)]
    text = " ".join([*words_of(blocks), fold(document).title, fold(document).hint])

    assert not [word for word in ("Borda", "Kendall", "ballot", "share") if word in text]


# --- where some reviewers count more than others


def counting(first: float, second: float, third: float) -> Told:
    """Two put A first, the third C; what each counts for is by label."""
    given = dict(zip("ABC", (first, second, third), strict=True))
    told = ballots("A > B > C", "A > B > C", "C > B > A")
    seat_of = {review.label: review.seat for review in told.result.reviews}
    by_seat = sorted(given, key=lambda label: seat_of[label])
    weights = tuple(SeatWeight(given[label]) for label in by_seat)
    council = replace(COUNCIL, weights=weights)
    return ballots("A > B > C", "A > B > C", "C > B > A", council=council)


def test_it_says_what_equal_votes_would_put_first() -> None:
    told = counting(0.2, 0.3, 2.5)
    said = ranked.reviewers_line(told.result, told.question)
    assert "Reviews counted unequally; equal votes would put **A** first." in said
    assert ranked.title(told.result, told.question).startswith("Ranking: C")


def test_it_says_where_equal_votes_would_put_the_same_first() -> None:
    told = counting(1.2, 1.3, 0.5)
    said = ranked.reviewers_line(told.result, told.question)
    assert "Reviews counted unequally; equal votes would put the same one first." in said


def test_where_all_count_alike_nothing_is_said_of_it() -> None:
    told = ballots("A > B > C", "A > B > C", "C > B > A")
    assert "unequally" not in ranked.reviewers_line(told.result, told.question)


def test_readers_learn_of_weights_no_more_than_the_order() -> None:
    """Whoever counts for how much, with the same order every word is the same."""
    one, other = counting(0.2, 0.3, 2.5), counting(0.5, 0.1, 2.4)
    orders = [[each.label for each in told.result.standings] for told in (one, other)]
    assert orders[0] == orders[1] == ["C", "B", "A"]
    assert one.result.standings != other.result.standings
    assert ranking(one) == ranking(other)
    in_full = [transcript(told.result, told.question, told.council) for told in (one, other)]
    assert in_full[0] == in_full[1]
    assert "equal votes would put **A** first" in in_full[0]
