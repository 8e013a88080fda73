import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters.text.markdown import (
    MINIMUM_LIMIT,
    defuse_discord,
    defuse_slack,
    display_width,
    honest_links,
    split_markdown,
    standard_emphasis,
    table_lines,
)
from adapters.text.reading import Parser

FAMILY = "👨‍👩‍👧‍👦"
CLUSTERS = [
    FAMILY,
    "👍🏽",
    "🇰🇷",
    "e\u0301",
    "\u1100\u1161\u11a8",
    "한",
    "क्षि",
    "กำ",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "1️⃣",
    "漢",
    "x",
]
TOKENS = ["<@123456789>", "<#42>", "[label](https://a.example/b)", "&lt;", "`some code`"]

words = st.sampled_from(
    [*CLUSTERS, *TOKENS, "word", "Longer.", "말했다。", "**bold**", "- ", "```", "~~~"]
)
prose = st.lists(words, min_size=1, max_size=40).map(" ".join)
glued = st.lists(words, min_size=1, max_size=40).map("".join)
codes = st.lists(
    st.sampled_from(
        ["x = 1", "  indented", "", "# comment", FAMILY * 9, "long " * 30, "x" * 50 + "<@1234567>"]
    ),
    max_size=12,
)


@st.composite
def fences(draw: st.DrawFn) -> str:
    """Closed, of any length, perhaps with a shorter fence inside."""
    markup = draw(st.sampled_from(["`", "~"])) * draw(st.integers(3, 6))
    lines = draw(codes)
    if len(markup) > 3:
        lines = [*lines, markup[:3] + "md", *lines, markup[:3]]
    info = draw(st.sampled_from(["", "py", "c++"]))
    return "\n".join([markup + info, *lines, markup])


def quoted(block: str) -> str:
    return "\n".join(f"> {line}" for line in block.split("\n"))


def item(block: str) -> str:
    return "- " + block.replace("\n", "\n  ")


def table(rows: list[str]) -> str:
    return "\n".join(["| a | b |", "|---|---|", *(f"| {row} | 1 |" for row in rows)])


tables = st.lists(st.sampled_from(["cell", "셀", "wide " * 20]), max_size=12).map(table)
headings = st.sampled_from(["# Title", "## 제목"])
code_blocks = st.one_of(fences(), fences().map(quoted), fences().map(item))
blocks = st.one_of(prose, code_blocks, tables, headings, prose.map(quoted), prose.map(item))
documents = st.lists(blocks, max_size=8).map("\n\n".join)
hostile = st.text(alphabet="[]()<>`~!\\\n\r\t :/#@&|->*_1aé한\u200d\u0301", max_size=300)
texts = st.one_of(documents, glued, hostile, st.text(max_size=300), glued.map(lambda s: s * 5))
limits = st.integers(MINIMUM_LIMIT, 200)


def utf8(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(texts, limits, st.sampled_from([len, utf8, utf16]))
def test_every_piece_is_within_the_limit_and_not_blank(text, limit, measure):  # type: ignore[no-untyped-def]
    pieces = split_markdown(text, limit, measure=measure)
    assert [piece for piece in pieces if measure(piece) > limit or not piece.strip()] == []


def squeezed(text: str) -> str:
    return "".join(text.split())


FENCE_LINE = r"[> ]*(?:`{3,}|~{3,})[^\n]*"


def forms(piece: str) -> Iterator[str]:
    """The piece, and the piece without what a cut may have added to it."""
    without_closer = re.sub(rf"\n{FENCE_LINE}\Z", "", piece)
    for form in (piece, without_closer):
        yield form
        yield re.sub(rf"\A{FENCE_LINE}\n", "", form)
        yield re.sub(rf"\A{FENCE_LINE}\n[> ]*", "", form)
        yield re.sub(r"\A[^\n]*\n[^\n]*\n", "", form)


def survives(text: str, pieces: tuple[str, ...]) -> bool:
    """Whether the pieces, each in one of its forms, are the text, white space aside."""
    whole = squeezed(text)
    offsets = {0}
    for piece in pieces:
        candidates = {squeezed(form) for form in forms(piece)}
        offsets = {
            offset + len(candidate)
            for offset in offsets
            for candidate in candidates
            if whole.startswith(candidate, offset)
        }
    return len(whole) in offsets


@given(texts, limits)
def test_the_text_survives_a_split(text: str, limit: int) -> None:
    assert survives(text, split_markdown(text, limit))


def code_in(text: str) -> list[tuple[str, str]]:
    """Each character of fenced code with its fence's info string, white space aside."""
    tokens = MarkdownIt().parse(text)
    fences = [token for token in tokens if token.type == "fence"]
    return [(fence.info, char) for fence in fences for char in squeezed(fence.content)]


@given(st.lists(st.one_of(code_blocks, headings), max_size=6).map("\n\n".join), limits)
def test_code_stays_code_with_its_language(text: str, limit: int) -> None:
    pieces = split_markdown(text, limit)
    assert [mark for piece in pieces for mark in code_in(piece)] == code_in(text)


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("limit", [65, 66])
def test_no_cut_falls_inside_a_character(cluster: str, limit: int) -> None:
    pieces = split_markdown(cluster * 200, limit)
    assert [piece.replace(cluster, "") for piece in pieces] == [""] * len(pieces)


def test_a_character_longer_than_a_piece_is_cut() -> None:
    zalgo = "e" + "\u0301" * 99
    assert split_markdown(zalgo, 64) == ("e" + "\u0301" * 63, "\u0301" * 36)


@given(st.lists(st.sampled_from([*TOKENS, "word", "한국어"]), max_size=60), st.sampled_from(" \n."))
def test_no_cut_falls_inside_a_link_or_token(tokens: list[str], between: str) -> None:
    pieces = split_markdown(between.join(tokens), MINIMUM_LIMIT)
    kept = sum(len(re.findall("|".join(map(re.escape, TOKENS)), piece)) for piece in pieces)
    assert kept == sum(token in TOKENS for token in tokens)


def test_a_short_text_is_one_piece() -> None:
    assert split_markdown("\n\n  - indented  \n", 100) == ("  - indented",)


def test_a_blank_text_has_no_pieces() -> None:
    assert split_markdown(" \n\t\n", 100) == ()


def test_cuts_fall_between_blocks_first() -> None:
    first, second = "one " * 10, "two\nthree " * 5
    assert split_markdown(f"{first}\n\n{second}", 64) == (first.strip(), second.strip())


def test_cuts_fall_between_sentences_before_words() -> None:
    text = "The first sentence has some words. The second sentence has some words too."
    assert split_markdown(text, 64) == (
        "The first sentence has some words.",
        "The second sentence has some words too.",
    )


def test_a_heading_stays_with_what_it_heads() -> None:
    text = f"{'word ' * 8}\n\n## Why\n\n{'reason ' * 5}"
    assert split_markdown(text, 64) == (
        ("word " * 8).strip(),
        "## Why\n\n" + ("reason " * 5).strip(),
    )


def test_a_cut_fence_is_closed_and_reopened() -> None:
    text = "````py title\n" + "\n".join(f"line = {number}" for number in range(8)) + "\n````"
    assert split_markdown(text, 64) == (
        "````py title\nline = 0\nline = 1\nline = 2\nline = 3\nline = 4\n````",
        "````py title\nline = 5\nline = 6\nline = 7\n````",
    )


def test_no_fence_is_left_empty_at_a_cut() -> None:
    text = "x" * 50 + "\n```py\n" + "word " * 12 + "\n```"
    assert split_markdown(text, 64)[0] == "x" * 50


def test_a_cut_at_the_end_of_a_quoted_line_does_not_quote_the_next_one_twice() -> None:
    text = "> ```\n> " + "x" * 40 + "<@1234567>\n> y\n> ```"
    assert split_markdown(text, 64) == (
        "> ```\n> " + "x" * 40 + "\n> ```",
        "> ```\n> <@1234567>\n> y\n> ```",
    )


def test_a_cut_table_repeats_its_header() -> None:
    assert split_markdown(table(["first " * 8, "second " * 8]), 100) == (
        f"| a | b |\n|---|---|\n| {'first ' * 8} | 1 |",
        f"| a | b |\n|---|---|\n| {'second ' * 8} | 1 |",
    )


def test_no_piece_begins_with_what_only_then_is_a_fence() -> None:
    text = "word " * 12 + "abc ```x not a fence"
    assert [piece for piece in split_markdown(text, 64) if piece.startswith("```")] == []


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 64, not 63"):
        split_markdown("text", 63)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[docs](https://a.example/x)", "docs (https://a.example/x)"),
        (
            "[https://good.example](https://evil.example)",
            "https://good.example (https://evil.example)",
        ),
        (
            "[good.example](https://good.example.evil.example)",
            "good.example (https://good.example.evil.example)",
        ),
        (
            "[https://evil.example@good.example](https://evil.example)",
            "https://evil.example@good.example (https://evil.example)",
        ),
        (
            "[good.example](https://good.example@evil.example)",
            "good.example (https://good.example@evil.example)",
        ),
        ("[goоd.example](https://good.example)", "goоd.example (https://good.example)"),
        ("[](https://evil.example)", "(https://evil.example)"),
        ("![chart](https://e.example/p.png)", "chart (https://e.example/p.png)"),
        (
            "[![good.example](https://i.example)](https://t.example)",
            "good.example (https://i.example) (https://t.example)",
        ),
        (
            "[a [b](https://b.example)](https://a.example)",
            "[a b (https://b.example)]\u2060(https://a.example)",
        ),
        ("> [two\n> lines](https://a.example)", "> two\n> lines (https://a.example)"),
        ("| [x](https://a.example) |\n|---|", "| x (https://a.example) |\n|---|"),
        ("[x](javascript:alert(1))", r"\[x](javascript:alert(1))"),
        ("items[i](n)", r"items\[i](n)"),
        ("<javascript:alert(1)>", "javascript:alert(1)"),
        (
            "[good.example][1]\n\n[1]: https://evil.example",
            "good.example (https://evil.example)\n\n\\[1]: https://evil.example",
        ),
        (
            "![`b`](https://i.example) [y](https://e.example)",
            "`b` (https://i.example) y (https://e.example)",
        ),
        (
            "[good.example\n\n](https://evil.example)",
            "[good.example\n\n]\u2060(https://evil.example)",
        ),
    ],
)
def test_a_link_shows_where_it_leads(text: str, shown: str) -> None:
    assert honest_links(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # indented code, or a fence
        (
            "    ```\n[x](https://e.example)\n    ```",
            "    ```\n[x]\u2060(https://e.example)\n    ```",
        ),
        (
            "    ```\n[a.example]: https://a.example",
            "    ```\n[a.example]\u2060: https://a.example",
        ),
        # a code span, or two cells of a table
        (
            "|a|b|\n|-|-|\n|`|[x](https://e.example)`|",
            "|a|b|\n|-|-|\n|`|[x]\u2060(https://e.example)`|",
        ),
        # a table, or indented code
        (
            "    |a|b|\n    |-|-|\n    |`|[x](https://e.example)`|",
            "    |a|b|\n    |-|-|\n    |`|[x]\u2060(https://e.example)`|",
        ),
        # a code span, or HTML
        ("<a b='`'>[x](https://e.example)`", "<\u2060a b='`'>[x]\u2060(https://e.example)`"),
        # an image with a link in its description
        (
            "![a [b](https://b.example)](https://a.example)",
            "a [b]\u2060(https://b.example) (https://a.example)",
        ),
    ],
)
def test_what_only_some_readers_see_as_a_link_is_interrupted(text: str, shown: str) -> None:
    assert honest_links(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "[a.example](https://a.example/deep?q=1)",
        "[https://a.example/x](https://A.example/y)",
        "[me@a.example](mailto:me@a.example)",
        "<https://a.example> and <me@a.example>",
        "`[x](https://a.example)` and ``` `[x](https://a.example)` ```",
        "~~~md\n[x](https://a.example)\n~~~",
        "- ```\n  [x](https://a.example)\n  ```",
        r"\[x](y) a[0] [ ] [x] (see below) 1 < 2 vector<int>",
    ],
)
def test_all_else_stays_as_it_is(text: str) -> None:
    assert honest_links(text) == text


hostile_pieces = st.sampled_from(
    ["[", "]", "(", ")", "](", "![", "]:", "<", ">", "`", "``", "```", "~~~", "\n", "\n\n", "> ", "- ",
     "    ", "|", "|-|\n", "\\", "&#91;", "good.example", "https://evil.example", "<a href='", "'>",
     "a", " ", "[1]", "[1]: https://evil.example\n", "(https://evil.example)", "\r", "\t", "1. ", "#"]
)  # fmt: skip
hostile_links = st.lists(hostile_pieces, max_size=40).map("".join)


def links(text: str) -> list[tuple[str, str]]:
    """(label, target) of each link and image, as each of several readers has it."""
    standard = MarkdownIt("commonmark").enable("table")
    found = []
    for reader in (standard, MarkdownIt(), MarkdownIt().disable(["code", "html_block"])):
        for block in reader.parse(text):
            tokens = block.children or []
            for index, token in enumerate(tokens):
                if token.type == "image":
                    found.append(("", "image"))
                if token.type == "link_open":
                    found.append((tokens[index + 1].content, str(token.attrs["href"])))
    return found


def host(url: str) -> str:
    return re.split(r"[/?#]", re.sub(r"^https?://", "", url))[0].lower()


@given(hostile_links)
def test_no_link_is_disguised_for_any_reader(text: str) -> None:
    shown = [link for link in links(honest_links(text)) if link[1].startswith(("http", "image"))]
    assert [(label, target) for label, target in shown if host(label) != host(target)] == []


@given(st.one_of(hostile_links, texts))
def test_shown_links_stay_as_they_are(text: str) -> None:
    shown = honest_links(text)
    assert honest_links(shown) == shown


@given(st.one_of(hostile_links, texts, st.from_regex(r"(<[!@#a-z:|>`\n]{1,9}){1,5}")))
def test_no_slack_token_stays_live(text: str) -> None:
    assert re.findall(r"<[!@#]|<[A-Za-z][A-Za-z0-9+.-]*:", defuse_slack(text)) == []


def test_slack_tokens_are_escaped_in_text_and_interrupted_in_code() -> None:
    text = "<!here> 1 < 2 > 0 <https://a.example|b>\n`<@U1>`\n```\n<#C1> <b>\n```"
    assert defuse_slack(text) == (
        "&lt;!here> 1 < 2 > 0 &lt;https://a.example|b>\n`<\u2060@U1>`\n```\n<\u2060#C1> <b>\n```"
    )


DISCORD_CODE = re.compile(
    r"\\[^0-9A-Za-z\s]|```(?:.*?[^\n].*?)```|(`+)(?:.*?[^`])\1(?!`)", re.DOTALL
)
DISCORD_TOKEN = re.compile(r"<@[!&]?\d+>|<#\d+>|</[^<>\n]*:\d+>|<id:\w+>|@everyone|@here")
discord_pieces = st.sampled_from(
    ["<@1>", "<@&1>", "<#1>", "</a b:1>", "<id:guide>", "@here", "@everyone", "`", "``", "```", "````",
     "~~~", "\n", "\n\n", "> ", "- ", "    ", "\\", "x", " ", "|"]
)  # fmt: skip


@given(st.lists(discord_pieces, max_size=30).map("".join))
def test_no_discord_token_stays_live(text: str) -> None:
    outside_code = DISCORD_CODE.sub(" ", defuse_discord(text))
    assert DISCORD_TOKEN.findall(outside_code) == []


def test_discord_tokens_are_interrupted_in_text_but_not_in_code() -> None:
    text = "<@1> @here me@hereford `@here`\n```\n<@1>\n```"
    assert defuse_discord(text) == (
        "<\u2060@1> @\u2060here me@\u2060hereford `@here`\n```\n<@1>\n```"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("~~~py\nx\n~~~\n", "```py\nx\n```\n"),
        ("````md\n```\nx\n```\n````", "```md\n``\u2060`\nx\n``\u2060`\n```"),
        ("> ```\n> x\n\ny", "> ```\n> x\n> ```\n\ny"),
        ("```\n```", "```\n\u2060\n```"),
        ("```\nx\ny", "```\nx\ny\n```"),
        ("``` `` ``` `` `x` `` `y`", "`` `\u2060`\u2060 `` `` `\u2060x`\u2060 `` `y`"),
        ("a ` b\n\n`c`", "a \\` b\n\n`c`"),
    ],
)
def test_code_is_the_same_on_discord(text: str, shown: str) -> None:
    assert defuse_discord(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**모놀리스(monolith)**가", "**모놀리스(monolith)**\u200a가"),
        ("이것은**「A」**です", "이것은\u200a**「A」**\u200aです"),
        ("> ~~취소(x)~~는\n> **b**", "> ~~취소(x)~~\u200a는\n> **b**"),
        ("`**「A」**です` **bold** text", "`**「A」**です` **bold** text"),
        ("```\n**「A」**です\n```", "```\n**「A」**です\n```"),
        ("**결론**: **「A」**です", "**결론**: **「A」**\u200aです"),
        ("「**가**」は（~~나~~）だ", "「**가**」は（~~나~~）だ"),
        ("LG**(주)**는 **「A」**と", "LG\u200a**(주)**\u200a는 **「A」**\u200aと"),
        ("**a(b)**c", "**a(b)**c"),
    ],
)
def test_emphasis_that_the_standard_does_not_see_gets_a_thin_space(text: str, shown: str) -> None:
    assert standard_emphasis(text) == shown


def test_an_entity_for_an_override_shows_as_written_on_slack() -> None:
    assert defuse_slack("a&#x202e;b `&#x202e;` &#44032;") == "a&amp;#x202e;b `&#x202e;` &#44032;"


def test_a_table_aligns_wide_characters_and_numbers() -> None:
    assert table_lines(["Answer", "모델"], [["한국어", "0.5"], ["B", "12"]], 80) == [
        "Answer  모델",
        "──────  ────",
        "한국어   0.5",
        "B         12",
    ]


def test_the_widest_column_gives_way() -> None:
    assert table_lines(["A", "Reason"], [["x", "한국어로 된 긴 설명"]], 13) == [
        "A  Reason",
        "─  ──────────",
        "x  한국어로…",
    ]


cells = st.text(max_size=20)
grids = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=5)
)


@given(grids, st.integers(1, 60))
def test_no_table_line_is_too_wide(grid: list[list[str]], width: int) -> None:
    lines = table_lines(grid[0], grid[1:], width)
    assert [line for line in lines if display_width(line) > width] == []
    assert len(lines) == len(grid) + 1


_PLAIN = st.sampled_from(["가", "나다", "A", "「", "」", "。", ":", " ", "(x)"])
_EMPHASISED = st.tuples(st.sampled_from(["**", "*", "~~"]), _PLAIN, _PLAIN).map(
    lambda parts: f"{parts[0]}{parts[1]}{parts[2]}{parts[0]}"
)


# Of several whose signs could pair with each other's, one in some two hundred differs.
@given(st.tuples(_PLAIN, _EMPHASISED, _PLAIN).map("".join))
def test_whoever_reads_by_the_standard_sees_the_same_emphasis(text: str) -> None:
    standard = MarkdownIt("commonmark").enable("strikethrough")
    shown = standard.renderInline(standard_emphasis(text))
    assert shown.replace("\u200a", "") == Parser().renderInline(text)
