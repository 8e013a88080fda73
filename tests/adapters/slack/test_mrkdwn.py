"""Markdown as Slack's mrkdwn: what a model may write, and what a reader gets to see."""

import html
import re
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters.slack.mrkdwn import SECTION_LIMIT, TABLE_COLUMNS, mrkdwn, sections
from adapters.text.markdown import MINIMUM_LIMIT, WORD_JOINER, display_width
from bot.cleaning import harmless
from tests.fakes.slack.mentions import is_disguised, scan

NO_SPACE = "\u200b"

HOSTILE = [
    "<!channel>",
    "<!here|here>",
    "<@U1>",
    "<!subteam^S1>",
    "<!subteam^S1|@team>",
    "<#C1>",
    "<!date^1^{date}|x>",
    "@everyone",
    "@channel",
    "&lt;!channel&gt;",
    "&#60;!here&#62;",
    "<https://evil.example|bank.example>",
    "[bank.example](https://evil.example)",
    "[https://bank.example](https://evil.example/bank.example)",
    "[bank.example/login](https://bank.example.evil.example)",
    "[click](javascript:alert(1))",
    "[a](data:text/html,x)",
    "[a](slack://open)",
    "[a](/relative)",
    "[mail](mailto:a@evil.example)",
    "[b@bank.example](mailto:a@evil.example)",
    "[bank.example][ref]",
    "[ref]: https://evil.example",
    "![bank.example](https://evil.example/p.png)",
    "[![pic](https://img.example/p.png)](https://evil.example)",
    "<https://a.example/<@U1>>",
    "https://a.example/x|bank.example",
    "https://a.example/<!channel>",
    "<javascript:alert(1)>",
    "[x\u202e](https://evil.example)",
    "[<!channel>](https://a.example)",
    "[x](https://a.example/<!channel>)",
    '[x](https://a.example "<!channel>")',
]
MARKUP = [
    "**",
    "*",
    "_",
    "~~",
    "`",
    "```",
    "~~~",
    "\n",
    "\n\n",
    "- ",
    "  - ",
    "1. ",
    "> ",
    "# ",
    "|",
    "\n|---|---|\n",
    "\\",
    "<b>",
    "&amp;",
    "    ",
]
WORDS = ["word", "한국어", "漢字", "👍🏽", "a1", "ß", "x" * 90]
hostile = st.lists(st.sampled_from([*HOSTILE, *MARKUP, *WORDS, " "]), max_size=40).map("".join)
texts = st.one_of(
    hostile,
    st.text(alphabet="[]()<>`~!\\\n\r\t :/#@&|->*_1aé한\u200d\u0301\ud800", max_size=200),
    st.text(max_size=200),
    hostile.map(lambda text: text * 6),
)
limits = st.integers(MINIMUM_LIMIT, 400)

TOKEN = re.compile(r"<((?:https?://|mailto:)[^<>|\s]+)(?:\|([^<>|]*))?>", re.IGNORECASE)


@given(texts, limits)
@example("".join(HOSTILE), 64)
@example("\n\n".join(HOSTILE), 400)
def test_no_text_mentions_anybody(text: str, limit: int) -> None:
    for shown in (mrkdwn(text), *sections(text, limit)):
        assert scan(shown, []).targets == {}


@given(texts, limits)
@example("".join(HOSTILE), 64)
@example("\n\n".join(HOSTILE), 400)
def test_a_link_leads_to_the_web_or_to_mail_and_shows_where(text: str, limit: int) -> None:
    for shown in (mrkdwn(text), *sections(text, limit)):
        for url, label in scan(shown, []).links:
            assert re.match(r"https?://|mailto:", url, re.IGNORECASE)
            assert not is_disguised(html.unescape(url), html.unescape(label))


@given(texts)
@example("".join(HOSTILE))
def test_nothing_opens_a_token_but_links(text: str) -> None:
    assert not re.search(r"<|&(?!amp;|lt;|gt;)", TOKEN.sub("", mrkdwn(text)))


@given(texts, limits)
def test_every_piece_fits_and_says_something(text: str, limit: int) -> None:
    for piece in sections(text, limit):
        assert len(piece) <= limit
        assert piece.strip()


@given(texts)
@example(">" * 30 + " deep")
@example("- " * 30 + "deep")
@example("[a]: https://b.example 'c'")
@example("| a | b |\n|---|---|\n| " + "long " * 30 + "| c |")
def test_all_text_is_there(text: str) -> None:
    shown = Counter(filter(str.isalnum, html.unescape(mrkdwn(text))))
    assert Counter(filter(str.isalnum, visible(harmless(text)))) <= shown


def visible(markdown: str) -> str:
    """What a reader of the Markdown sees."""
    markdown = markdown.replace("\r", "\n")
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 200})
    reader.enable(["table", "strikethrough"]).disable(["reference", "code"])
    tokens = reader.parse(markdown)
    return "".join(child.content for token in tokens for child in token.children or [token])


@given(texts, limits)
def test_cutting_loses_nothing(text: str, limit: int) -> None:
    whole = Counter(filter(str.isalnum, mrkdwn(text)))
    cut = Counter(filter(str.isalnum, "".join(sections(text, limit))))
    assert whole <= cut


@given(st.lists(st.sampled_from(["x = 1", "", "  한글", "`", "```", "<@U1>"]), max_size=60), limits)
def test_a_fence_that_is_cut_is_closed_and_opened_again(lines: list[str], limit: int) -> None:
    for piece in sections("\n".join(["~~~~py", *lines, "~~~~"]), limit):
        marks = [line for line in piece.split("\n") if line.startswith("```")]
        assert len(marks) == 2
        assert piece.startswith("```\n")
        assert piece.endswith("\n```")


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("# Title", "*Title*"),
        ("## A **bold** title", "*A bold title*"),
        ("**bold** *slanted* ~~gone~~ `code`", "*bold* _slanted_ ~gone~ `code`"),
        ("***both***", "_*both*_"),
        ("**two\nlines**", "*two*\n*lines*"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("``a`b``", "a`b"),
        ("- a\n  - b\n    - c\n- d", "• a\n    ◦ b\n        ▪ c\n• d"),
        ("3. a\n4. b\n   c", "3. a\n4. b\n    c"),
        ("- a\n\n- b", "• a\n• b"),
        ("> a\n> b", "> a\n> b"),
        ("a\n\n---\n\nb", "a\n\n───\n\nb"),
        ("```python\nif a < b:\n    pass\n```", "```\nif a &lt; b:\n    pass\n```"),
        ("- see\n\n  ```\n  x\n  ```", "• see\n```\nx\n```"),
        ("<https://a.example/b>", "<https://a.example/b>"),
        ("https://a.example/b_(c).", "<https://a.example/b_(c)>."),
        ("(https://a.example)", "(<https://a.example>)"),
        ("https://a.example/?b=1&c=2", "<https://a.example/?b=1&amp;c=2>"),
        ("[a.example](https://a.example/b)", "<https://a.example/b>"),
        ("[docs](https://a.example/b)", "docs (<https://a.example/b>)"),
        ("[**docs**](https://a.example)", "*docs* (<https://a.example>)"),
        ("![alt](https://a.example/p.png)", "alt (<https://a.example/p.png>)"),
        ("<me@a.example>", "<mailto:me@a.example|me@a.example>"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("[x](slack://open)", "x (slack://open)"),
        ("<!channel> <@U1>", "&lt;!channel&gt; &lt;@U1&gt;"),
        ("&lt;!channel&gt;", "&lt;!channel&gt;"),
        ("https://ko.example/하늘", "https://ko.example/하늘"),
    ],
)
def test_markdown_becomes_mrkdwn(markdown: str, shown: str) -> None:
    assert mrkdwn(markdown) == shown


def test_formatting_next_to_letters_is_set_apart_unseen() -> None:
    assert mrkdwn("**굵은**글자") == f"*굵은*{NO_SPACE}글자"
    assert mrkdwn("un*frigging*real") == f"un{NO_SPACE}_frigging_{NO_SPACE}real"
    assert mrkdwn("**bold**: yes") == "*bold*: yes"


def test_an_escaped_quote_sign_quotes_nothing() -> None:
    assert mrkdwn("\\> no quote") == f"{WORD_JOINER}&gt; no quote"


def test_columns_of_a_table_stand_under_each_other_in_any_script() -> None:
    table = "| 이름 | n |\n|---|---|\n| 서울 | 10 |\n| Rome | 9 |"
    assert mrkdwn(table) == "```\n이름   n\n────  ──\n서울  10\nRome   9\n```"


def test_a_wide_table_becomes_a_list_without_losing_a_word() -> None:
    cell = "word " * 20
    table = f"| Name | Why |\n|---|---|\n| **A** | {cell}|\n| B | short |"
    assert mrkdwn(table).split("\n") == [
        "• Name: *A*",
        f"    ◦ Why: {cell.strip()}",
        "• Name: B",
        "    ◦ Why: short",
    ]
    assert display_width(cell) > TABLE_COLUMNS


def test_a_section_is_within_slacks_limit() -> None:
    pieces = sections("word & " * 3_000)
    assert max(map(len, pieces)) <= SECTION_LIMIT
    assert "".join(pieces).count("&amp;") == 3_000


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**모놀리스(monolith)**가", "*모놀리스(monolith)*가"),
        ("**「A」**です", "*「A」*です"),
        ("これは**「A」**です", "これは*「A」*です"),
        ("~~취소(cancel)~~는", "~취소(cancel)~는"),
        ("*「A」*です", "_「A」_です"),
        ("***「A」***です", "_*「A」*_です"),
        ("**「*A*」**です", "*「_A_」*です"),
        ("**“重要”**的", "*“重要”*的"),
        ("**ตัวหนา (bold)**และ", "*ตัวหนา (bold)*และ"),
        ("**100%**를 가**(나)**다", "*100%*를 가*(나)*다"),
        ("__모놀리스(monolith)__가", "*모놀리스(monolith)*가"),
        ("LG**(주)**는 **「A」**x", "LG*(주)*는 *「A」*x"),
        ("> **모놀리스(monolith)**가", "> *모놀리스(monolith)*가"),
        ("- **모놀리스(monolith)**는 ~~취소(x)~~된다", "• *모놀리스(monolith)*는 ~취소(x)~된다"),
    ],
)
def test_emphasis_ends_before_a_letter_of_any_script(markdown: str, shown: str) -> None:
    assert mrkdwn(markdown).replace("\u200b", "") == shown


@pytest.mark.parametrize("text", ["**a(b)**c", "snake_(case)_name", "변수_이름_은", "a_(값)_b"])
def test_signs_within_a_word_stay(text: str) -> None:
    assert mrkdwn(text) == text


def test_an_entity_brings_nothing_back_that_is_taken_out() -> None:
    assert mrkdwn("a&#x202e;b &#xad;c &#xe0041;d") == "ab c d"
