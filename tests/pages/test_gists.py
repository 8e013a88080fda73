"""What a text says in short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pages.gists import GIST_COLUMNS, LEAD_LIMIT, demoted, expected, gist, lead

PROSE = st.lists(
    st.one_of(
        st.sampled_from(
            ["# A", "**B.**", "`c. D`", "- e", "> f", "```\n", "| g |", "\n\n", "H. I", "==="]
        ),
        st.text("abc XYZ.\n*#>-|é。한", max_size=12),
    ),
    max_size=12,
).map(" ".join)


@pytest.mark.parametrize(
    ("text", "sentence", "rest"),
    [
        (
            "**Use `x`; revisit.** Three\nof four.\n\n- a",
            "Use `x`; revisit.",
            "Three\nof four.\n\n- a",
        ),
        ("**Yes**\nBecause.", "Yes", "Because."),
        ("**Yes.**\n- a\n- b", "Yes.", "- a\n- b"),
        ("\n\n## Yes.\nBecause.", "Yes.", "Because."),
        ("Title\n===\nBody", "Title", "Body"),
        ("**Postgres** is the best. Really.", "**Postgres** is the best.", "Really."),
        ("Use it, e.g. with x. Then go.", "Use it, e.g. with x.", "Then go."),
        ("See `a. B` first. Then go.", "See `a. B` first.", "Then go."),
        ("See [a. B](http://x) now. Go.", "See [a. B](http://x) now.", "Go."),
        ("It is 3.5 times that. So?", "It is 3.5 times that.", "So?"),
        ("답은 예입니다. 왜냐하면 그렇습니다.", "답은 예입니다.", "왜냐하면 그렇습니다."),
        ("これは良い。しかし悪い。", "これは良い。", "しかし悪い。"),
        ("“Is it? Or not?” he said. No.", "“Is it? Or not?” he said.", "No."),
        ("Yes", "Yes", ""),
    ],
)
def test_a_text_leads_with_a_sentence(text: str, sentence: str, rest: str) -> None:
    assert lead(text) == (sentence, rest)


@pytest.mark.parametrize(
    "text",
    [
        *("- a\n- b", "```\ncode\n```", "| a |\n|---|", "> a quote. B", "1. one", "", "a" * 251),
        *("no end in\nthese lines", "Yes. 1. First", "**" + "a" * 251 + "** b"),
    ],
)
def test_another_beginning_leads_with_none(text: str) -> None:
    assert lead(text) == ("", text)


@given(PROSE)
def test_for_any_text_nothing_is_lost_between_its_sentence_and_the_rest(text: str) -> None:
    sentence, rest = lead(text)

    assert len(sentence) <= LEAD_LIMIT
    assert "\n" not in sentence
    signs = str.maketrans("", "", "*_#=- \t\n")
    assert (sentence + rest).translate(signs) == text.translate(signs)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("# Advice\n\nStart with `x`, **surely**. Then go on.", "Start with x, surely."),
        ("Yes. Start with x. Then go on.", "Yes. Start with x."),
        (
            "It hangs on “Which is it? Tabs or not?” alone. So.",
            "It hangs on “Which is it? Tabs or not?” alone.",
        ),
        ('He asked "Is it so? Or not?" in vain. So.', 'He asked "Is it so? Or not?" in vain.'),
        ("Take the “big. Then go on, always.", "Take the “big."),
        ("| a |\n|---|\n| b |\n\nAs [shown](http://x) there:", "As shown there"),
        ("# Advice only", "Advice only"),
        ("- first thing\n- second", "first thing"),
        ("```\ncode\n```", ""),
        ("word " * 30, "word " * 10 + "word…"),
        ("これは長い文" * 20, "これは長い文" * 4 + "これは長い…"),
        (
            "Decide by who switches, and how fast it must work, not by the tool.",
            "Decide by who switches, and how fast it must work …",
        ),
        (r"The slope of $x^2$ is \(2x\). More.", "The slope of x^2 is 2x."),
        (r"So \[\frac{a}{b} \cdot \sqrt{2} \le \pi\] holds.", "So a/b · √(2) ≤ π holds."),
        (r"It is $t_n = \min(t_{\text{max}},\, t)$ then.", "It is t_n = min(t_max, t) then."),
        ("$$x^2$$\n\nIt is two of them.", "It is two of them."),
        ("It costs $5 and then $6 a month.", "It costs $5 and then $6 a month."),
    ],
)
def test_a_gist_is_plain_and_short(text: str, short: str) -> None:
    assert gist(text) == short


@given(st.text())
def test_for_any_text_a_gist_is_one_short_line(text: str) -> None:
    short = gist(text)

    assert len(short) <= GIST_COLUMNS
    assert not set("\n\r\t") & set(short)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("word", "½ min to read"),
        ("word " * 170, "½ min to read"),
        ("word " * 240, "1 min to read"),
        ("word " * 720, "3 min to read"),
        ("字" * 600, "2 min to read"),
        ("안녕" * 300, "2 min to read"),
        ("a\n\n```\nb\n```", "½ min to read · code"),
        ("| a |\n|---|\n| b |\n\n~~~\nc\n~~~", "½ min to read · code, table"),
    ],
)
def test_a_reader_is_told_what_to_expect(text: str, what: str) -> None:
    assert expected(text) == what


@pytest.mark.parametrize(
    ("text", "below"),
    [
        ("# A\n\n### B\n###### C", "#### A\n\n###### B\n###### C"),
        ("A\n===\n\nB\nC\n---\nD", "#### A\n\n##### B C\nD"),
        ("> # A\n> b\n\n- ## C", "> #### A\n> b\n\n- ##### C"),
        ("```\n# A\n```\n#no", "```\n# A\n```\n#no"),
        ("a # b\n\n    # c", "a # b\n\n    # c"),
    ],
)
def test_headings_are_below_our_own(text: str, below: str) -> None:
    assert demoted(text) == below


@given(PROSE)
def test_for_any_text_demoting_keeps_its_words(text: str) -> None:
    signs = str.maketrans("", "", "#=-> \t\n")
    assert demoted(text).translate(signs) == text.translate(signs)
