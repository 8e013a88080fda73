"""What came of a reflection is told as far as the questions carry it, and never adopted by itself."""

from dataclasses import replace
from typing import get_args

import pytest

from bot.analysis.reflection import Compared, HeldOut, compared
from bot.council import Cost
from bot.document import Document, literal
from bot.language import speaking
from bot.pages.reflection import Reflected, no_proposal_page, reflected_page
from bot.protocol.prompts import CRITERIA
from bot.protocol.reflecting import Why
from tests.pages.telling import words
from tests.pages.test_korean import english_in

# Of `shown`, by models.
WRITTEN = (
    "> short answers",
    "> with reasons",
    "> People took what was short",
    "> Reviewers did not",
)


def rows(count: int, new: float, *, askers: int = 20) -> list[HeldOut]:
    """Of three pairs each, of which two were ordered as people do before, and now as many as `new`."""
    return [
        HeldOut(str(n), f"asker {n % askers}", (1.0, 1.0, 0.0), (new, 1.0, 0.0))
        for n in range(count)
    ]


def shown(found: Compared, *, before: str = "plain words") -> Document:
    reasons = "People took what was short\nReviewers did not"
    cost = Cost(provider_usd=0.5, estimated_usd=0.25, assumed_usd=0.125)
    reflected = Reflected(before, "short answers\nwith reasons", reasons, 50, found, cost)
    return reflected_page(reflected)


BETTER = [HeldOut(str(n), f"asker {n % 20}", (0.0, 0.0), (1.0, 1.0)) for n in range(100)]


def test_better_criteria_are_recommended_and_wait_for_an_administrator() -> None:
    page = shown(compared(BETTER, 1))

    text = words(page)
    assert text.startswith("The proposed criteria are better: adopt them\n")
    assert (
        "Where people decided between two answers, reviewers do as they did in 0\u00a0% of cases by the "
        "criteria of now, in 100\u00a0% by the proposed ones: +100 points (+99 to +100), over 100 "
        "questions by 20 people."
    ) in text
    assert "The difference has a 93.9\u00a0% interval." in text
    assert "Criteria never change by themselves" in text
    assert [(each.name, each.primary) for each in page.buttons] == [
        ("reflect:adopt:1", True),
        ("reflect:discard:1", False),
    ]


def test_criteria_that_change_nothing_are_to_be_discarded_and_may_yet_be_adopted() -> None:
    page = shown(compared(rows(300, 1.0), 1))

    assert words(page).startswith("The proposed criteria are hardly better: discard them\n")
    assert [(each.name, each.primary) for each in page.buttons] == [
        ("reflect:adopt:1", False),
        ("reflect:discard:1", True),
    ]


def test_too_few_questions_say_how_many_more() -> None:
    page = shown(compared(rows(12, 1.0), 1))

    text = words(page)
    assert text.startswith("Too few questions to say whether the proposed criteria are better\n")
    assert "Nothing is recommended below 30 questions: 18 more are needed." in text
    assert not any(each.primary for each in page.buttons)


def test_a_difference_that_may_be_chance_says_how_long_it_takes() -> None:
    found = compared(
        [HeldOut(str(n), str(n), (0.5,), (float(n % 10 < 6),)) for n in range(60)],
        1,
    )

    assert found.rows_needed is not None
    text = words(shown(found))
    assert text.startswith("Too few questions")
    assert f"At this rate it takes about {found.rows_needed:,} questions in all." in text


def test_too_few_askers_are_told() -> None:
    text = words(shown(compared(rows(100, 1.0, askers=3), 1)))

    assert "over 100 questions by 3 people." in text
    assert "Nothing is recommended on questions of fewer than 4 people." in text


@pytest.mark.parametrize("count", [0, 1])
def test_without_a_difference_none_is_told(count: int) -> None:
    text = words(shown(compared(rows(count, 1.0), 1)))

    assert "could be reviewed again: nothing can be told." in text
    assert "interval" not in text
    assert "Agree with people" not in text


def test_criteria_stand_beside_those_of_before_with_reasons_and_costs() -> None:
    text = words(shown(compared(BETTER, 1)))

    assert "**Now**\n> plain words\n\n**Proposed**\n> short answers\n> with reasons" in text
    assert "**Why**\n> People took what was short\n> Reviewers did not" in text
    assert "The chairman wrote them from 50 rated questions." in text
    assert "It cost $0.75 ($0.25 of it estimated, $0.12 more assumed)." in text


def test_nothing_hides_in_what_would_be_adopted() -> None:
    text = words(shown(compared(BETTER, 1), before="short <!-- and by A -->\n\n# loud"))

    assert "> short \\<\\!\\-\\- and by A \\-\\-\\>\n>\n> \\# loud\n" in text


def test_a_channel_without_criteria_of_its_own_says_so() -> None:
    text = words(shown(compared(BETTER, 1), before=""))

    assert (
        "**Now**\nNone of this channel's own, so that reviewers are asked to judge by:\n> "
    ) in text


def test_later_tries_are_called_that() -> None:
    assert "try" not in words(shown(compared(BETTER, 1)))

    text = words(shown(compared(BETTER, 3)))
    assert "The difference has a 99.3\u00a0% interval. This is try 3 here" in text


@pytest.mark.parametrize("found", [BETTER, rows(300, 1.0), rows(12, 1.0), []])
def test_all_of_it_is_korean(found: list[HeldOut]) -> None:
    with speaking("ko"):
        text = words(shown(compared(found, 2), before=""))

    ours = [line for line in text.splitlines() if line not in {*WRITTEN, f"> {literal(CRITERIA)}"}]
    assert list(english_in("\n".join(ours))) == []


@pytest.mark.parametrize("why", get_args(Why))
def test_no_proposal_says_why_and_what_that_cost(why: Why) -> None:
    page = no_proposal_page(why, Cost(0.02, 0, 0))

    text = words(page)
    assert text.startswith("No criteria are proposed\n")
    assert text.endswith("he criteria stay as they are.\nIt cost $0.020.")
    assert page.buttons == ()
    with speaking("ko"):
        assert list(english_in(words(no_proposal_page(why, Cost(0.02, 0, 0))))) == []


def test_votes_of_mostly_one_person_recommend_nothing() -> None:
    own = [HeldOut(*(row.id, row.asker, row.old, row.new), people=("ann",)) for row in BETTER]

    text = words(shown(compared(own, 1)))

    assert text.startswith("Too few questions to say whether")
    assert "Nothing is recommended where more than half of the votes are one person's." in text


@pytest.mark.parametrize(
    ("planned", "sentence"),
    [
        (
            101,
            "1 question more was to be reviewed again and is left out: models failed, its text went",
        ),
        (160, "60 questions more were to be reviewed again and are left out"),
    ],
)
def test_what_was_paid_for_and_is_left_out_is_said(planned: int, sentence: str) -> None:
    found = Reflected("", "short", "so", 9, compared(BETTER, 1), Cost(1, 0, 0), planned)

    assert sentence in words(reflected_page(found))
    whole = words(reflected_page(replace(found, planned=100)))
    assert "left out" not in whole
