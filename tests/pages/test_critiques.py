"""The reviews as a page: whole, and still anonymous."""

from dataclasses import replace

from adapters.terminal.render import plain
from bot.document import Heading, Note, Text
from bot.pages.critiques import critiques
from tests.fakes.channel import finished_case

CASE = finished_case(1, models=("lab/a", "lab/b"))
DELIBERATION, QUESTION = CASE.result, CASE.question


def test_each_review_stands_under_its_reviewers_label_with_its_ranking() -> None:
    assert DELIBERATION is not None
    one, other = DELIBERATION.reviews
    said = (
        replace(one, label="A", order=("B", "A"), ranking=(("A",), ("B",)), text="B is thin."),
        replace(other, label="B", order=("A", "B"), ranking=(), counted=False, text="Both."),
    )

    page = critiques(replace(DELIBERATION, reviews=said), QUESTION)

    assert page.blocks[0] == Heading("Review by the author of Answer A")
    assert page.blocks[1] == Note("**Author of A** read B, A and ranked A > B")
    assert page.blocks[2] == Text("B is thin.")
    assert page.blocks[3] == Heading("Review by the author of Answer B")
    assert page.blocks[5] == Text("Both.")


def test_a_reviewer_that_names_itself_is_masked() -> None:
    assert DELIBERATION is not None
    review = replace(DELIBERATION.reviews[0], text="As Claude, I prefer the first.")

    page = critiques(replace(DELIBERATION, reviews=(review,)), QUESTION)

    assert page.blocks[2] == Text("As [a member], I prefer the first.")


def test_where_nobody_reviewed_it_says_so() -> None:
    assert DELIBERATION is not None
    unheard = tuple(replace(review, text="") for review in DELIBERATION.reviews)

    page = critiques(replace(DELIBERATION, reviews=unheard), QUESTION)

    assert page.blocks == (Text("Nobody reviewed the answers."),)


def test_in_a_later_question_every_label_carries_its_number() -> None:
    assert DELIBERATION is not None
    review = replace(
        DELIBERATION.reviews[0],
        label="A",
        order=("B", "A"),
        ranking=(("A",), ("B",)),
        text="Answer B is thin.",
    )

    page = critiques(replace(DELIBERATION, reviews=(review,)), replace(QUESTION, number=2))

    assert page.blocks[:2] == (
        Heading("Review by the author of Answer 2A"),
        Note("**Author of 2A** read 2B, 2A and ranked 2A > 2B"),
    )
    assert "Answer 2B is thin." in plain(page)
