"""What people read while a model is on audition: nothing tells which letter is its own."""

from dataclasses import replace

import pytest

from bot.council import Council
from bot.llm import Request
from bot.pages.critiques import critiques
from bot.pages.presenter import headline, names, ranking
from bot.pages.sentences import reviews
from bot.pages.transcript import transcript
from tests.fakes.provider import sensible, stage_and_seat
from tests.pages.telling import ALL_HEARD, Told, failing, question, tell, words

COUNCIL = Council(
    ("acme/zeppelin-7", "globex/quokka-2", "initech/narwhal", "umbrella/okapi"),
    "hooli/ibex-9",
    audition="umbrella/okapi",
)


def read(told: Told) -> str:
    """All that the thread says of the reviews, and what can be opened from it."""
    result, asked = told.result, told.question
    pages = (headline(told.progress()), ranking(result, asked), critiques(result, asked))
    return "\n".join((*map(words, pages), transcript(result, asked, told.council)))


def unsure(request: Request) -> str:
    """The first seat gives no ranking."""
    if stage_and_seat(request) == ("review", 0):
        return "I cannot say."
    return sensible(request)


@pytest.mark.parametrize("otherwise", [sensible, unsure])
def test_reviewers_have_numbers_instead_of_the_letters_of_their_answers(otherwise: object) -> None:
    told = tell(council=COUNCIL, otherwise=otherwise)  # type: ignore[arg-type]  # one of the two

    text = read(told)

    assert "Reviewer 1" in text
    assert "Review 3" in text
    for label in "ABCD":
        assert f"Reviewer {label}" not in text
        assert f"uthor of {label}" not in text
        assert f"author of Answer {label}" not in text
        assert f"not heard ({label}" not in text
    assert "of its letter" not in text


def test_who_was_not_heard_has_a_number_too() -> None:
    told = tell(council=COUNCIL, otherwise=unsure)

    shown = reviews(told.result, told.question)
    n = next(n for n, each in enumerate(shown, 1) if not each.counted)
    assert f"1 was not heard (reviewer {n})." in words(headline(told.progress()))


def test_without_an_audition_they_keep_their_letters() -> None:
    told = tell(council=replace(COUNCIL, audition=""))

    assert "Reviewer A" in words(ranking(told.result, told.question))


def test_its_failure_is_told_in_its_post_and_not_missed_in_the_verdict() -> None:
    told = tell({("answer", 3): [failing("no_credit")]}, council=COUNCIL)

    page = headline(told.progress())

    assert page.state == "done"
    assert "answered" not in words(page)
    assert "3 answers" in words(page)


def test_beside_it_a_member_that_fails_is_missed() -> None:
    script = {("answer", 3): [failing("no_credit")], ("answer", 0): [failing()]}

    page = headline(tell(script, council=COUNCIL).progress())

    assert page.state == "degraded"
    assert "**2 of 3 answered.**" in words(page)


def test_the_names_say_who_was_on_audition() -> None:
    told = tell(council=COUNCIL, asked=question(ALL_HEARD))

    page = words(names(told.result, told.question))

    assert "okapi (on audition)" in page
    assert page.count("on audition") == 1
