"""Texts in Discord's Markdown: harmless, readable, and none of their words lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.text import escaped, known_blocks, markdown, safe
from bot.document import Heading, Table, Text
from tests.adapters.discord.test_render import is_within

MARKDOWN = (
    "#### ",
    "# ",
    "---",
    "===",
    "> ",
    "- ",
    "1. ",
    "  ",
    "\n\n",
    "| a | b |\n|---|---|\n| c |\n",
    "```\n",
)


def test_a_narrow_table_is_monospace() -> None:
    table = Table(("Answer", "Score"), (("A", "0.67"), ("가", "1.00")))
    assert markdown((table,)) == (
        "```\nAnswer  Score\n──────  ─────\nA        0.67\n가       1.00\n```"
    )


def test_standings_take_at_most_32_columns() -> None:
    from bot.council import Standing
    from bot.pages.presenter import standings_table
    from tests.pages.telling import question

    rows = [Standing(label, "lab/x", 0.123, 20, 20) for label in "ABCDEFGHIJKLMNOPQRST"]
    lines = markdown((standings_table(rows, question()),)).splitlines()
    assert len(lines) == 24
    assert max(map(len, lines)) <= 32


def test_a_wide_table_is_a_list_that_cuts_nothing() -> None:
    table = Table(
        ("Seat", "Model", "Price"), (("1", "vendor/a_model-with-a-name", "$1.00 / $2.00"),)
    )
    assert markdown((table,)) == (
        "-# Seat · Model · Price\n- 1 · vendor/a\\_model-with-a-name · $1.00 / $2.00"
    )


def test_a_models_table_is_aligned_in_monospace() -> None:
    text = "Before\n\n| Name | n |\n|:--|--:|\n| `a` | 1 |\n| b \\| c | 22 |\n\nAfter"
    assert safe(text) == ("Before\n\n```\nName    n\n─────  ──\n`a`     1\nb | c  22\n```\n\nAfter")


TABLE = ("| a | b |", "|---|---|", "| 1 | 22 |")
CODE = ("```", "a   b", "─  ──", "1  22", "```")


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        ("> ", "> "),
        ("> > ", "> > "),
        ("- ", "  "),
        ("1. ", "   "),
        ("> - ", ">   "),
        ("  > ", "  > "),
    ],
)
def test_a_table_in_a_quote_or_a_list_is_code_within_it(first: str, rest: str) -> None:
    def within(lines: tuple[str, ...]) -> str:
        return "\n".join([first + lines[0], *(rest + line for line in lines[1:])])

    assert safe(within(TABLE) + "\n\nAfter") == within(CODE) + "\n\nAfter"


def test_a_table_below_an_items_text_is_code_within_the_item() -> None:
    table, code = ("\n".join(f"  {line}" for line in lines) for lines in (TABLE, CODE))
    assert safe(f"- item\n\n{table}\n\n- next") == f"- item\n\n{code}\n\n- next"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("#### Deep\ntext", "**Deep**\ntext"),
        ("##### Very **deep** ##\n", "**Very deep**\n"),
        ("###### `a**b` **c**", "`a**b` **c**"),
        ("#### Count 2**10 bytes", "Count 2**10 bytes"),
        ("# a\n## b\n### c", "# a\n## b\n### c"),
        ("Title\n=====\ntext", "# Title\ntext"),
        ("Sub\n---\ntext", "## Sub\ntext"),
        ("two lines\nof text\n---\nmore", "two lines\nof text\n───\nmore"),
        ("a\n\n-----\n\nb", "a\n\n───\n\nb"),
        ("***\n\n___\n\n- - -", "───\n\n───\n\n───"),
        ("> #### Q\n> text\n>\n> ---\n> after", "> **Q**\n> text\n>\n> ───\n> after"),
        ("- #### In a list\n\n  ---", "- **In a list**\n\n  ───"),
        ("```\n#### x\n---\n| a |\n|---|\n```", "```\n#### x\n---\n| a |\n|---|\n```"),
        ("#### <@1> [a](https://b.example)", "**<\u2060@1> a (https://b.example)**"),
    ],
)
def test_headings_and_rules_that_discord_does_not_know_are_readable(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(st.lists(st.sampled_from([*MARKDOWN, "word", "\n"]), max_size=30).map("".join))
def test_showing_what_discord_does_not_know_loses_no_word(text: str) -> None:
    assert is_within(text, known_blocks(text))


def test_a_heading_is_one_line_with_what_stands_out_in_it() -> None:
    shown = markdown((Heading("a *b* `c` <@1>\n# d"), Heading("Later")))
    assert shown == "## a *b* `c` <\u2060@1> # d\n### Later"


def test_a_models_headings_stand_below_ours() -> None:
    text = Text("# One\n\n## Two\n\n### Three\n\nFour\n===")
    assert markdown((Heading("Ours"), text)).splitlines()[1::2] == [
        "### One",
        "### Two",
        "### Three",
        "### Four",
    ]
    assert markdown((Heading("Ours"), text), level=3).splitlines()[1::2] == [
        "**One**",
        "**Two**",
        "**Three**",
        "**Four**",
    ]


def test_in_a_list_of_many_columns_each_cell_has_its_name() -> None:
    text = "| Where | Time to switch | Who |\n|---|---|---|\n| Table | 10 s | anybody at all |\n| `git` | | us |"
    assert safe(text) == (
        "- **Table** · Time to switch: 10 s · Who: anybody at all\n- `git` · Who: us"
    )


def test_a_models_wide_table_is_a_list() -> None:
    text = "> | Queue | What it costs |\n> |---|---|\n> | **Postgres** | nothing new to run or to learn |\n> | Redis | |"
    assert safe(text) == (
        "> - Queue: **Postgres** · What it costs: nothing new to run or to learn\n> - Queue: Redis"
    )


def test_links_show_where_they_lead() -> None:
    text = "[your bank](https://evil.example/x)"
    assert safe(text) == "your bank (https://evil.example/x)"


def test_what_cannot_be_sent_is_taken_out_or_replaced() -> None:
    assert safe("a\x00b\ud800c\r\nd") == "ab\ufffdc\nd"


def test_no_link_of_several_in_a_cell_hides_where_it_leads() -> None:
    cell = "[a](https://one.example) \\\\[b](https://two.example) [c](https://three.example)"

    assert escaped(cell) == (
        r"\[a](https://one.example) \\\\\[b](https://two.example) \[c](https://three.example)"
    )
