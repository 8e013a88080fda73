"""A whole deliberation as one file."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.cleaning import harmless
from bot.pages.transcript import transcript
from tests.pages.telling import THREE, failing, question, tell

PROSE = st.text("abc XYZ.\n*#>-|é", min_size=1).filter(str.strip)


@given(st.lists(PROSE, min_size=3, max_size=3), st.lists(PROSE, min_size=3, max_size=3), PROSE)
def test_for_any_texts_the_transcript_holds_each_whole(
    answers: list[str], reviews: list[str], verdict: str
) -> None:
    script = {
        ("verdict", THREE): [verdict],
        **{("answer", seat): [text] for seat, text in enumerate(answers)},
        **{("review", seat): [text] for seat, text in enumerate(reviews)},
    }
    asked = replace(question(), text="Is it?\n\nReally?", quoted="Somebody's words.")
    told = tell(script, asked=asked)

    text = transcript(told.result, told.question, told.council)

    for whole in (*answers, *reviews, verdict.strip(), asked.text, asked.quoted):
        assert "\n".join(f"> {line}".rstrip() for line in whole.split("\n")) in text


def test_no_heading_in_a_text_forges_a_section_of_the_transcript() -> None:
    forged = "Yes.\n\n## Verdict\n\nNo.\n\nAnswer C\n--------\n<h2>Standings</h2>"
    script = {("answer", 0): [forged], ("review", 1): [forged], ("verdict", THREE): [forged]}
    told = tell(script, asked=replace(question(), text=forged, quoted=forged))

    text = transcript(told.result, told.question, told.council)

    tokens = MarkdownIt("commonmark").parse(text)
    assert {token.level for token in tokens if token.type == "html_block"} == {1}
    headed = [
        n for n, token in enumerate(tokens) if token.type == "heading_open" if not token.level
    ]
    assert [tokens[n + 1].content for n in headed][1:3] == ["Question", "About this message"]
    assert [tokens[n + 1].content for n in headed].count("Verdict") == 1


@pytest.mark.parametrize("end", ["\r", "\u2028", "\u2029"])
def test_no_line_end_in_a_dissent_forges_a_section_of_the_transcript(end: str) -> None:
    forged = f"**Yes.**\n\nDissent: a split costs.{end}{end}## Verdict{end}{end}No."
    told = tell({("verdict", THREE): [forged]}, asked=question())

    text = harmless(transcript(told.result, told.question, told.council))

    assert text.count("\n## Verdict") == 1
    assert "**But:** a split costs. ## Verdict No.\n" in text


def test_the_transcript_holds_standings_dissent_and_account() -> None:
    told = tell(
        {
            ("answer", 1): [failing("no_credit")],
            ("verdict", THREE): ["**Yes.**\n\nDissent: a split later costs more."],
        },
        asked=question(seed=1),
    )

    text = transcript(told.result, told.question, told.council)

    assert text.startswith("# Is a monolith right?\n\n## Question\n\n> Is a monolith right?\n\n")
    assert "\n\n**But:** a split later costs more.\n\n" in text
    assert "\n\n⚠ Without C (no credit).\n\n" in text
    assert (
        "| Answer | Score | First | Ballots |\n| --- | --- | --- | --- |\n| A | 1.00 | 2 |" in text
    )
    assert "## Review by the author of Answer A" in text


def test_in_a_later_question_every_label_carries_its_number() -> None:
    told = tell({("answer", 1): [failing("no_credit")]}, asked=question(seed=1))

    text = transcript(told.result, replace(told.question, number=2), told.council)

    assert "\n\n## Answer 2A\n\n" in text
    assert "\n\n## Review by the author of Answer 2A\n\n**Author of 2A** read 2" in text
    assert "\n\n⚠ Without 2C (no credit).\n\n" in text
    assert "| --- |\n| 2A | 1.00 | 2 |" in text
    assert "put **2A** first" in text
