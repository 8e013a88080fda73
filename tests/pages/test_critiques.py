"""The reviews as a page: whole, and still anonymous."""

from dataclasses import replace

from bot.document import Document, Heading, Note, Text
from bot.pages.critiques import critiques
from tests.fakes.channel import finished_case

DELIBERATION = finished_case(1, models=("lab/a", "lab/b")).result


def test_each_review_stands_under_its_reviewers_label_with_its_ranking() -> None:
    assert DELIBERATION is not None
    one, other = DELIBERATION.reviews
    said = (
        replace(one, label="A", order=("B", "A"), ranking=(("A",), ("B",)), text="B is thin."),
        replace(other, label="B", order=("A", "B"), ranking=(), counted=False, text="Both."),
    )

    page = critiques(replace(DELIBERATION, reviews=said))

    assert page.blocks[0] == Heading("Review by the author of Answer A")
    assert page.blocks[1] == Note("**Author of A** read B, A and ranked A > B")
    assert page.blocks[2] == Text("B is thin.")
    assert page.blocks[3] == Heading("Review by the author of Answer B")
    assert page.blocks[5] == Text("Both.")


def test_a_reviewer_that_names_itself_is_masked() -> None:
    assert DELIBERATION is not None
    review = replace(DELIBERATION.reviews[0], text="As Claude, I prefer the first.")

    page = critiques(replace(DELIBERATION, reviews=(review,)))

    assert page.blocks[2] == Text("As [a member], I prefer the first.")


def test_where_nobody_reviewed_it_says_so() -> None:
    assert DELIBERATION is not None
    unheard = tuple(replace(review, text="") for review in DELIBERATION.reviews)

    assert critiques(replace(DELIBERATION, reviews=unheard)) == Document(
        (Text("Nobody reviewed the answers."),)
    )
