"""What was found about a verdict, in the thread and where nothing folds."""

from dataclasses import replace

from bot.council import Claim
from bot.document import Document, Note
from bot.pages.checked import checked, checked_lines
from bot.pages.transcript import transcript
from tests.pages.telling import tell, words

TOLD = tell()
FOUND = replace(
    TOLD.result,
    left_out=(Claim("Backups take longer", ("A", "B")), Claim("As Claude, I would wait", ("B",))),
    unsupported=("It is free",),
)


def test_it_is_folded_and_says_how_much_there_is() -> None:
    [detail] = checked(FOUND, TOLD.question)

    assert detail.title == "Details: the verdict checked"
    assert detail.hint == "2 points left out, 1 claim that no answer makes"
    shown = words(Document((detail,)))
    assert "- Backups take longer (A, B)\n- As [a member], I would wait (B)" in shown
    assert "- It is free" in shown
    assert isinstance(detail.blocks[-1], Note)
    assert "may be mistaken" in detail.blocks[-1].text


def test_where_nothing_was_found_there_is_nothing() -> None:
    assert list(checked(TOLD.result, TOLD.question)) == []
    assert checked_lines(TOLD.result, TOLD.question) == []


def test_letters_of_a_later_question_carry_its_number_where_they_lead_nowhere() -> None:
    later = replace(TOLD.question, number=2)

    assert checked_lines(FOUND, later)[0] == "Not in the verdict: Backups take longer (2A, 2B)"
    [detail] = checked(FOUND, later)  # put in their place by the platforms, with links
    assert "(A, B)" in words(Document((detail,)))
    choosing = replace(later, text="Which? (A) one (B) two")
    [detail] = checked(FOUND, choosing)
    assert "(2A, 2B)" in words(Document((detail,)))


def test_the_transcript_has_it() -> None:
    file = transcript(FOUND, TOLD.question, TOLD.council)

    assert "\n\nIn no answer: It is free\n\n" in file
