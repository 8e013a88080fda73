"""Documents as Discord shows them, judged by what the local Discord accepts."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import pages, render
from adapters.discord.address import Address
from adapters.discord.page import Notice, Page, Showable
from adapters.discord.render import Place
from bot.document import (
    Bar,
    Bars,
    Block,
    Button,
    Detail,
    Document,
    Entry,
    Heading,
    Image,
    Leaf,
    Letter,
    Note,
    Select,
    State,
    Table,
    Text,
)
from tests.fakes.discord.components import check_message, displayed_text, walk
from tests.fakes.discord.refusals import Form, Json

WORDS = (
    "word",
    "Ein Satz. ",
    "한국어 문장입니다. ",
    "👩‍👩‍👧",
    "🏆",
    "e\u0301",
    "x" * 700,
    "가" * 900,
)
MARKS = (" ", "\n", "\n\n", "\r\n", "**", "# ", "- ", "> ", "1. ", "`", "|", "||", "\x00", "\ud800")
FENCES = ("~~~\n", "```\n", "```python\n", "\n```\n", "| a | b |\n|---|---|\n| 1 | 2 |\n")
MENTIONS = ("@everyone", "<@123>", "<@&5>", "<#7>")
FRAGMENTS = (*WORDS, *MARKS, *FENCES, *MENTIONS)
PROSE = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)
CELL = st.sampled_from(["", "A", "0.50", "```", "가나", "lab/model", "y" * 60, "a\nb", "x" * 5000])
PICTURES = st.builds(
    Image, st.sampled_from(["plot.png", "a b"]), st.just(b"png"), st.text("abc", max_size=9)
)
TABLES = st.integers(1, 5).flatmap(
    lambda width: st.builds(
        Table,
        st.tuples(*[CELL] * width),
        st.lists(st.tuples(*[CELL] * width), max_size=6).map(tuple),
    )
)
NAMES = st.text("abc:/", min_size=1, max_size=130)
STEPS = st.builds(Button, NAMES, PROSE.map(lambda text: text or "x"), st.booleans())
ENTRIES = st.builds(Entry, PROSE, PROSE, st.none() | STEPS)
SELECTS = st.builds(
    Select,
    NAMES,
    PROSE,
    st.lists(st.tuples(PROSE, NAMES), max_size=30, unique_by=lambda o: o[1]).map(tuple),
)
BARS = st.builds(
    Bars, st.lists(st.builds(Bar, CELL, st.floats(0, 1), CELL, CELL), max_size=4).map(tuple)
)
LEAVES: st.SearchStrategy[Leaf] = st.one_of(
    st.builds(Heading, PROSE),
    st.builds(Text, PROSE),
    st.builds(Note, PROSE),
    TABLES,
    PICTURES,
    ENTRIES,
    SELECTS,
    BARS,
)
DETAILS = st.builds(Detail, PROSE, st.lists(LEAVES, max_size=4).map(tuple), PROSE)
BLOCKS: st.SearchStrategy[Block] = st.one_of(LEAVES, DETAILS)
STATES: st.SearchStrategy[State] = st.sampled_from(
    ["live", "done", "degraded", "failed", "stopped"]
)


def with_names_of_their_own(document: Document) -> Document:
    """Two that do the same never stand on one message."""
    steps = {each.name: each for each in document.buttons}
    seen = set(steps)

    def is_new(leaf: Leaf) -> bool:
        name = leaf.name if isinstance(leaf, Select) else None
        if isinstance(leaf, Entry) and leaf.button:
            name = leaf.button.name
        known = name in seen
        seen.add(name or "")
        return name is None or not known

    blocks = [
        replace(block, blocks=tuple(filter(is_new, block.blocks)))
        if isinstance(block, Detail)
        else block
        for block in document.blocks
        if isinstance(block, Detail) or is_new(block)
    ]
    return replace(document, blocks=tuple(blocks), buttons=tuple(steps.values()))


DOCUMENTS = st.builds(
    Document,
    st.lists(BLOCKS, max_size=8).map(tuple),
    STATES,
    st.booleans(),
    st.lists(STEPS, max_size=6).map(tuple),
).map(with_names_of_their_own)
KEYS = st.sampled_from(["headline", "answer:B", "ranking"])


def components(page: Showable) -> list[Json]:
    found: list[Json] = page.to_components()
    return found


def text_of(*shown: Showable) -> str:
    return "\n".join(
        page.content if isinstance(page, Notice) else displayed_text(components(page))
        for page in shown
    )


def buttons(page: Showable) -> dict[str, str]:
    """Their labels by what they do; of a link its address."""
    found = [c for c in walk(components(page)) if c["type"] == 2]
    return {c.get("custom_id") or c["url"]: c.get("label") or c["emoji"]["name"] for c in found}


def is_accepted(page: Showable) -> bool:
    form = Form()
    names = frozenset(upload.name for upload in page.uploads)
    check_message(form, (), components(page), v2=isinstance(page, Page), files=names)
    form.refuse()
    if isinstance(page, Notice):
        return 0 < len(page.content) <= 2000
    return len(page.uploads) <= 10


def letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def written(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Every text of the document, in its order."""
    for block in blocks:
        match block:
            case Heading(text) | Text(text) | Note(text):
                yield text
            case Table(columns, rows):
                yield from (cell for row in (columns, *rows) for cell in row)
            case Bars(bars):
                yield from (word for bar in bars for word in (bar.label, bar.value, bar.note))
            case Entry(text, note):
                yield from (text, note)
            case Detail(title, inner):
                yield title
                yield from written(inner)


def is_within(text: str, shown: str) -> bool:
    """Whether the letters of `text` are all shown, in their order, or that of the columns where a
    table is too wide; more may stand in between."""
    rest = iter(letters(shown))
    if all(letter in rest for letter in letters(text)):
        return True
    return "|---|" in text and Counter(letters(text)) <= Counter(letters(shown))


def answer(text: str) -> Document:
    return Document((Detail("B · Yes.", (Text(text),), "½ min"),), votable=True)


def post(document: Document, key: str = "answer:B", **place: Any) -> Showable:
    return render.post(document, run="abc123", key=key, place=Place(**place))


# For any document


@given(DOCUMENTS, KEYS, st.booleans())
def test_any_post_is_within_discords_limits(
    document: Document, key: str, vote_buttons: bool
) -> None:
    urls = {"headline": "https://discord.com/channels/1/2/3"}
    page = post(document, key, asker="1" * 18, urls=urls, vote_buttons=vote_buttons)
    assert is_accepted(page)


@given(DOCUMENTS)
def test_any_page_is_within_discords_limits(document: Document) -> None:
    opened = pages.opened(document, run="abc123", key="answer:B", part=render.WHOLE)
    assert all(is_accepted(page) for page in (*opened, *pages.document_pages(document)))


@given(DOCUMENTS)
def test_all_text_is_on_the_pages_of_the_whole(document: Document) -> None:
    opened = pages.opened(document, run="abc123", key="answer:B", part=render.WHOLE)
    assert is_within("".join(written(document.blocks)), text_of(*opened))


@given(DOCUMENTS, KEYS)
def test_a_post_without_read_more_shows_all_that_is_not_folded(
    document: Document, key: str
) -> None:
    page = post(document, key)
    unfolded = tuple(b for b in document.blocks if not isinstance(b, Detail | Image))
    cut = f"c1:abc123:read:{key}:all" in buttons(page)
    assert cut or all(is_within(text, text_of(page)) for text in written(unfolded))


@given(DOCUMENTS, KEYS)
def test_each_fold_has_a_button_or_is_behind_read_more(document: Document, key: str) -> None:
    page = post(document, key)
    details = [block for block in document.blocks if isinstance(block, Detail)]
    ids = {f"c1:abc123:read:{key}:{n}" for n in range(len(details))}
    assert ids <= buttons(page).keys() or f"c1:abc123:read:{key}:all" in buttons(page)


@given(st.lists(DETAILS, min_size=1, max_size=4))
def test_opening_a_fold_shows_all_of_it(details: list[Detail]) -> None:
    document = Document(tuple(details))
    part = str(len(details) - 1)
    opened = pages.opened(document, run="abc123", key="answer:B", part=part)
    assert is_within("".join(written((details[-1],))), text_of(*opened))


@given(PROSE)
def test_a_threads_name_is_never_refused(question: str) -> None:
    assert 1 <= len(render.thread_name(question)) <= 100


@given(PROSE)
def test_code_is_closed_on_each_page(text: str) -> None:
    shown = pages.document_pages(Document((Text(text * 20),)))
    assert all(text_of(page).count("```") % 2 == 0 for page in shown)


# Posts


HEADLINE = Document(
    (
        Heading("Use `SKIP LOCKED`."),
        Text("Three answers say so.\n\n# Why\n\n- It is simple (B)."),
        Text("> **But:** Redis is there already (C)."),
        Note("⚖️ 2 of 4 put **A** first"),
        Note("4 answers · 21 s"),
    ),
    votable=True,
    buttons=(Button("follow", "Follow up", primary=True), Button("reveal", "Names")),
)


def test_the_headline_is_a_frame_with_what_a_reader_may_do_next() -> None:
    [frame] = components(post(HEADLINE, "headline"))
    assert (frame["type"], frame["accent_color"]) == (17, 5793266)
    body, dissent, line, notes, row = frame["components"]
    assert body["content"] == (
        "## Use `SKIP LOCKED`.\nThree answers say so.\n\n### Why\n\n- It is simple (B)."
    )
    assert dissent["content"] == "> **But:** Redis is there already (C)."
    assert (line["type"], line["divider"]) == (14, True)
    assert notes["content"] == "-# ⚖️ 2 of 4 put **A** first\n-# 4 answers · 21 s"
    assert [(each["label"], each["style"], each["custom_id"]) for each in row["components"]] == [
        ("Follow up", 1, "c1:abc123:follow"),
        ("Names", 2, "c1:abc123:reveal"),
    ]


def test_all_that_is_said_against_it_stands_apart() -> None:
    more = Text("> **A review:** It needs a cache.")
    blocks = (*HEADLINE.blocks[:3], more, *HEADLINE.blocks[3:])
    [frame] = components(post(replace(HEADLINE, blocks=blocks), "headline"))
    assert frame["components"][1]["content"].count("\n> ") == 1
    assert [c["type"] for c in frame["components"]] == [10, 10, 14, 10, 1]


def test_what_is_missing_stands_below_the_line_in_normal_type() -> None:
    missing = Text("⚠️ **3 of 4 answered.**")
    blocks = (*HEADLINE.blocks[:3], missing, *HEADLINE.blocks[3:])
    [frame] = components(post(replace(HEADLINE, blocks=blocks, state="degraded"), "headline"))
    assert frame["accent_color"] == 15774258
    assert [c["type"] for c in frame["components"]] == [10, 10, 14, 10, 1]
    assert frame["components"][3]["content"].startswith("⚠️ **3 of 4 answered.**\n-# ⚖️ 2 of 4")


@pytest.mark.parametrize(
    ("state", "accent"),
    [("live", 10070709), ("failed", 14300988), ("stopped", 10070709)],
)
def test_the_frame_tells_the_state(state: State, accent: int) -> None:
    [frame] = components(post(Document((Text("Yes."),), state=state), "headline"))
    assert frame["accent_color"] == accent


def test_letters_link_to_the_posts_that_they_stand_for() -> None:
    letters = (Letter("B", "answer:B", "2B"), Letter("C", "answer:C", "2C"))
    urls = {"answer:B": "https://discord.com/channels/1/2/3"}
    page = post(replace(HEADLINE, letters=letters), "headline", urls=urls)
    assert "- It is simple ([2B](https://discord.com/channels/1/2/3))." in text_of(page)
    assert "Redis is there already (2C)." in text_of(page)


def test_what_a_phone_has_no_room_for_is_behind_a_button() -> None:
    three, four = (tuple(Button(f"step{n}", f"Step {n}") for n in range(of)) for of in (3, 4))
    shown = [post(replace(HEADLINE, buttons=steps), "headline") for steps in (three, four)]
    assert list(buttons(shown[0]).values()) == ["Step 0", "Step 1", "Step 2"]
    assert buttons(shown[1]) == {
        "c1:abc123:step0": "Step 0",
        "c1:abc123:step1": "Step 1",
        "c1:abc123:more:headline": "⋯",
    }


def test_an_answer_is_its_label_its_gist_and_what_to_expect() -> None:
    [section] = components(post(answer("Yes, because ...")))
    assert section["components"][0]["content"] == "**B · Yes.**\n-# ½ min"
    assert section["accessory"]["label"] == "Read"
    assert section["accessory"]["custom_id"] == "c1:abc123:read:answer:B:0"


def test_a_title_shows_as_it_was_written() -> None:
    page = post(Document((Detail("<@123> *not bold* ||spoiler|| @everyone", ()),)))
    assert text_of(page) == ("**<\u2060@123> \\*not bold\\* \\|\\|spoiler\\|\\| @\u2060everyone**")


def test_a_placeholder_and_its_answer_are_the_same_post() -> None:
    waiting = post(Document((Note("**B** is writing …"),), state="live"))
    assert isinstance(waiting, Page)
    assert (text_of(waiting), buttons(waiting)) == ("-# **B** is writing …", {})
    given = post(answer("Yes."))
    assert isinstance(given, Page)
    assert waiting.children[0].id == given.children[0].id == render.mark("abc123", "answer:B")


def test_4000_characters_are_shown_and_one_more_is_behind_read_more() -> None:
    assert buttons(post(Document((Text("x" * 4000),)), "headline")) == {}
    longer = post(Document((Text("x " * 2000 + "x"),)), "headline")
    assert buttons(longer) == {"c1:abc123:read:headline:all": "Read more"}
    assert text_of(longer).endswith("x\n…")


def test_a_text_is_not_cut_behind_a_heading() -> None:
    steps = "\n\n".join(f"**Step {n}**\n\n{'word ' * 95}" for n in range(20))
    for room in range(0, 600, 20):
        cut = text_of(post(Document((Text("x" * room + "\n\n" + steps),)), "headline"))
        assert cut.endswith("word\n…"), cut[-60:]


def test_dissent_and_notes_stand_below_a_verdict_that_is_cut() -> None:
    blocks = (Heading("Yes."), Text("A sentence. " * 1000), *HEADLINE.blocks[2:])
    page = post(replace(HEADLINE, blocks=blocks), "headline")
    assert "\n> **But:** Redis is there already (C).\n-# ⚖️" in text_of(page)
    assert next(iter(buttons(page))) == "c1:abc123:read:headline:all"


RANKING = Document(
    (
        Text("**Use `SKIP LOCKED`.**"),
        Detail("Ranking: A and B level, then D, C", (Note("9 calls"),)),
        Note("🚫 none of the answers is good enough"),
    ),
    votable=True,
)
VERDICT_URL = "https://discord.com/channels/1/2/3"


def test_the_post_that_pings_is_plain_text() -> None:
    page = post(RANKING, "ranking", asker="42", urls={"headline": VERDICT_URL})
    assert isinstance(page, Notice)
    assert page.content == (
        "<@42> **Use `SKIP LOCKED`.**\n-# 🚫 none of the answers is good enough"
    )
    assert buttons(page) == {
        "c1:abc123:read:ranking:0": "How they ranked",
        VERDICT_URL: "Go to verdict",
    }
    assert components(page)[0]["id"] == render.mark("abc123", "ranking")


def test_what_was_found_about_the_verdict_has_a_button_of_its_own() -> None:
    found = Detail("Details: the verdict checked", (Text("- It is free"),))
    page = post(replace(RANKING, blocks=(*RANKING.blocks, found)), "ranking")

    assert buttons(page) == {
        "c1:abc123:read:ranking:0": "How they ranked",
        "c1:abc123:read:ranking:1": "Details",
    }


@pytest.mark.parametrize("sign", ["# a", "> a", "- a", "1. a", "```\na\n```", "-# a"])
def test_what_begins_a_block_begins_a_line_behind_the_greeting(sign: str) -> None:
    page = post(Document((Text(sign),)), "ranking", asker="42")
    assert text_of(page).startswith("<@42>\n")


def test_a_long_sentence_of_the_ping_is_cut_and_behind_read_more() -> None:
    page = post(Document((Text("A sentence. " * 400), Note("🚫"))), "ranking", asker="42")
    assert 1800 < len(text_of(page)) <= 2000
    assert text_of(page).endswith("\n-# 🚫")
    assert list(buttons(page)) == ["c1:abc123:read:ranking:all"]


def test_vote_buttons_stand_in_for_reactions() -> None:
    page = post(answer("Yes."), vote_buttons=True)
    assert list(buttons(page).items())[1:] == [
        ("c1:abc123:vote:answer:B:accept", "Good enough"),
        ("c1:abc123:vote:answer:B:reject", "Not"),
        ("c1:abc123:vote:answer:B:best", "Best"),
    ]


def test_every_post_has_a_mark_of_its_own() -> None:
    keys = ("headline", "answer:A", "answer:B", "ranking")
    assert len({render.mark(run, key) for key in keys for run in ("abc123", "abc124")}) == 8


# Addresses


@given(
    st.builds(
        Address,
        st.none() | st.integers(1),
        st.integers(1),
        st.none() | st.integers(1),
        st.sampled_from(["open", "here", "direct"]),
    )
)
def test_an_address_survives_the_store(address: Address) -> None:
    assert Address.from_json(address.to_json()) == address


def test_an_unknown_kind_of_place_is_refused() -> None:
    with pytest.raises(ValueError, match="elsewhere"):
        Address.from_json('{"guild": 1, "channel": 2, "message": 3, "kind": "elsewhere"}')
