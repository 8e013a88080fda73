"""Documents as Discord shows them, judged by what the local Discord accepts."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import render
from adapters.discord.address import Address
from adapters.discord.render import Page
from bot.conversation.offers import Offer
from bot.council import Council
from bot.document import Block, Button, Detail, Document, Heading, Image, Leaf, Note, Table, Text
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
LEAVES: st.SearchStrategy[Leaf] = st.one_of(
    st.builds(Heading, PROSE), st.builds(Text, PROSE), st.builds(Note, PROSE), TABLES, PICTURES
)
DETAILS = st.builds(Detail, PROSE, st.lists(LEAVES, max_size=4).map(tuple))
BLOCKS: st.SearchStrategy[Block] = st.one_of(LEAVES, DETAILS)
DOCUMENTS = st.builds(Document, st.lists(BLOCKS, max_size=8).map(tuple), st.booleans())
# Rendering takes as long as the text is long.

KEYS = st.sampled_from(["headline", "answer:B", "ranking"])


def components(page: Page) -> list[Json]:
    found: list[Json] = page.to_components()  # type: ignore[no-untyped-call]  # discord.py leaves it bare
    return found


def text_of(*pages: Page) -> str:
    return "\n".join(displayed_text(components(page)) for page in pages)


def buttons(page: Page) -> dict[str, str]:
    """Their labels by what they do; of a link its address."""
    found = [c for c in walk(components(page)) if c["type"] == 2]
    return {c.get("custom_id") or c["url"]: c["label"] for c in found}


def is_accepted(page: Page) -> bool:
    form = Form()
    names = frozenset(upload.name for upload in page.uploads)
    check_message(form, (), components(page), v2=True, files=names)
    form.refuse()
    return len(page.uploads) <= 11


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
            case Detail(title, inner):
                yield title
                yield from written(inner)


def is_within(text: str, shown: str) -> bool:
    """Whether the letters of `text` are all shown, in their order; more may stand in between."""
    rest = iter(letters(shown))
    return all(letter in rest for letter in letters(text))


def answer(text: str) -> Document:
    title = f"Answer B · {len(text):,} characters"
    return Document((Detail(title, (Text(text),)), Note("👍 good enough")))


def post(document: Document, key: str = "answer:B", **more: Any) -> Page:
    return render.post(document, run="abc123", key=key, **more)


# For any document


@given(DOCUMENTS, KEYS, st.booleans())
def test_any_post_is_within_discords_limits(
    document: Document, key: str, vote_buttons: bool
) -> None:
    page = post(
        document,
        key,
        asker="123456789012345678",
        verdict_url="https://discord.com/channels/1/2/3",
        transcript="all",
        vote_buttons=vote_buttons,
    )
    assert is_accepted(page)


@given(DOCUMENTS)
def test_any_page_is_within_discords_limits(document: Document) -> None:
    opened = render.opened(document, run="abc123", key="answer:B", part=render.WHOLE)
    assert all(is_accepted(page) for page in (*opened, *render.document_pages(document)))


@given(DOCUMENTS)
def test_all_text_is_on_the_pages_of_the_whole(document: Document) -> None:
    pages = render.opened(document, run="abc123", key="answer:B", part=render.WHOLE)
    assert is_within("".join(written(document.blocks)), text_of(*pages))


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
    pages = render.opened(document, run="abc123", key="answer:B", part=str(len(details) - 1))
    assert is_within("".join(written((details[-1],))), text_of(*pages))


@given(PROSE)
def test_a_threads_name_is_never_refused(question: str) -> None:
    assert 1 <= len(render.thread_name(question)) <= 100


@given(PROSE)
def test_code_is_closed_on_each_page(text: str) -> None:
    pages = render.document_pages(Document((Text(text * 20),)))
    assert all(text_of(page).count("```") % 2 == 0 for page in pages)


# Posts


def test_an_answer_is_its_label_its_length_and_two_lines() -> None:
    text = (
        "# Short\n\n**Yes**, because [this](https://example.com/a) says `so`. "
        + "More words. " * 40
    )
    page = post(answer(text))
    assert text_of(page).splitlines()[:2] == [
        f"**Answer B · {len(text):,} characters**",
        "Short Yes, because this (https://example.com/a) says so. More words. More words. More words."
        " More words. More words. More words. More…",
    ]


def test_an_answer_has_a_button_that_reads_it() -> None:
    assert buttons(post(answer("Yes."))) == {"c1:abc123:read:answer:B:0": "Read"}


def test_a_teaser_shows_markup_as_it_was_written() -> None:
    page = post(answer("<@123> \\*not bold\\* ||spoiler|| @everyone"))
    assert text_of(page).splitlines()[1] == (
        "<\u2060@123> \\*not bold\\* \\|\\|spoiler\\|\\| @\u2060everyone"
    )


def test_a_teaser_of_a_text_without_spaces_is_cut_between_characters() -> None:
    teaser = text_of(post(answer("가" * 500))).splitlines()[1]
    assert teaser == "가" * 139 + "…"


def test_what_a_reader_may_do_next_stands_below() -> None:
    document = Document((Text("**Yes.**"),), buttons=(Button("stop", "Stop"),))
    assert buttons(post(document, "headline")) == {"c1:abc123:stop": "Stop"}


def test_the_headline_is_a_container() -> None:
    page = post(Document((Text("**Yes.**"), Note("Reviewers agreed"))), "headline")
    [container] = components(page)
    assert container["type"] == 17
    assert text_of(page) == "**Yes.**\n-# Reviewers agreed"


def test_4000_characters_are_shown_and_one_more_is_behind_read_more() -> None:
    assert buttons(post(Document((Text("x" * 4000),)), "headline")) == {}
    longer = post(Document((Text("x " * 2000 + "x"),)), "headline")
    assert buttons(longer) == {"c1:abc123:read:headline:all": "Read more"}


def test_notes_stand_below_a_verdict_that_is_cut() -> None:
    dissent = Note("**Strongest dissent:** none of it is sure")
    page = post(Document((Text("A sentence. " * 1000), dissent)), "headline")
    assert text_of(page).endswith("\n-# **Strongest dissent:** none of it is sure")


def test_a_cut_verdict_can_be_paged_through() -> None:
    document = Document((Text("A sentence of the verdict. " * 400),))
    pages = render.opened(document, run="abc123", key="headline", part=render.WHOLE)
    assert [list(buttons(page).items()) for page in pages] == [
        [("c1:abc123:page:headline:all:1", "Next")],
        [("c1:abc123:page:headline:all:0", "Prev"), ("c1:abc123:page:headline:all:2", "Next")],
        [("c1:abc123:page:headline:all:1", "Prev")],
    ]
    assert text_of(pages[1]).endswith("\n-# Page 2 of 3")


def test_the_ranking_greets_the_asker_links_the_verdict_and_carries_the_transcript() -> None:
    document = Document(
        (Text("**Yes.**"), Detail("Ranking", (Note("9 calls"),)), Note("Vote")),
        buttons=(Button("reveal", "Reveal names"),),
    )
    url = "https://discord.com/channels/1/2/3"
    page = post(document, "ranking", asker="42", verdict_url=url, transcript="# All")
    assert text_of(page).splitlines() == ["<@42>", "**Yes.**", "**Ranking**", "-# Vote"]
    assert buttons(page) == {
        "c1:abc123:read:ranking:0": "Details",
        url: "Verdict",
        "c1:abc123:reveal": "Reveal names",
    }
    assert [(upload.name, upload.data) for upload in page.uploads] == [("transcript.md", b"# All")]
    assert components(page)[-1]["file"] == {"url": "attachment://transcript.md"}


def test_the_transcript_is_as_it_was_written_but_for_links() -> None:
    text = "# All\r\n\n<@1> `a|b`\t[your bank](https://evil.example/x) \ud800 끝"
    page = post(Document((Text("Yes."),)), "ranking", transcript=text)
    assert page.uploads[0].data.decode() == (
        "# All\n\n<@1> `a|b`\tyour bank (https://evil.example/x) \ufffd 끝"
    )


def test_vote_buttons_stand_in_for_reactions() -> None:
    page = post(answer("Yes."), vote_buttons=True)
    assert list(buttons(page).items())[1:] == [
        ("c1:abc123:vote:answer:B:accept", "Good enough"),
        ("c1:abc123:vote:answer:B:reject", "Not"),
        ("c1:abc123:vote:answer:B:best", "Best"),
    ]


def test_a_post_is_marked_with_its_run_and_key() -> None:
    marks = {post(answer("Yes."), key).children[0].id for key in ("answer:A", "answer:B")}
    assert marks == {render.mark("abc123", "answer:A"), render.mark("abc123", "answer:B")}


def test_an_offer_names_both_prices() -> None:
    offer = Offer(
        Council(("lab/a",), "lab/c"),
        "about $0.02",
        Council(("lab/b",), "lab/b"),
        "free",
        "abc123",
        "B",
    )
    page = render.offer_view(offer, 77)
    assert buttons(page) == {
        "c1:abc123:ask:77": "Ask the council (about $0.02)",
        "c1:abc123:alone:B:77": "Ask only B (free)",
    }


def test_an_offer_without_an_answer_is_the_council_alone() -> None:
    offer = Offer(Council(("lab/a",), "lab/c"), "free", None, "")
    page = render.offer_view(offer, 77)
    assert buttons(page) == {"c1:-:ask:77": "Ask the council (free)"}


def test_20000_characters_of_everything_can_all_be_read() -> None:
    part = (
        "## 제목 {n}\n\n한국어로 된 문장입니다. 👩‍👩‍👧 Some *English*, too.\n\n```python\nprint({n}, '한글')\n"
        + "\n".join(f"line_{n} = '🎉'" for n in range(40))
        + "\n```\n\n| 열 | n |\n|---|---|\n| 가나 | {n} |\n\n"
    )
    text = "".join(part.replace("{n}", str(n)) for n in range(31))
    assert len(text) > 20_000
    pages = render.opened(answer(text), run="abc123", key="answer:B", part="0")
    assert all(is_accepted(page) for page in pages)
    assert is_within(text, text_of(*pages))
    opening = [len(re.findall("^```python$", text_of(page), re.MULTILINE)) for page in pages]
    assert min(opening) > 0


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
