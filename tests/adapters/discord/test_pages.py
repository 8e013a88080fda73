"""What one person sees of a Document: pages, judged by what the local Discord accepts."""

import re

import pytest

from adapters.discord import pages, render
from adapters.discord.page import Page
from bot.conversation.beside import Beside, Neighbour
from bot.conversation.offers import Offer
from bot.council import Council
from bot.document import (
    Bar,
    Bars,
    Button,
    Detail,
    Document,
    Entry,
    Heading,
    Image,
    Note,
    Select,
    Table,
    Text,
)
from tests.adapters.discord.test_render import (
    answer,
    buttons,
    components,
    is_accepted,
    is_within,
    text_of,
)
from tests.fakes.discord.components import walk
from tests.fakes.discord.refusals import Json


def opened(document: Document, beside: Beside = pages.NOTHING) -> tuple[Page, ...]:
    return pages.opened(document, run="abc123", key="answer:B", part="0", beside=beside)


def framed(*documents: Document) -> list[Json]:
    """What stands in the frame of the only page."""
    [page] = pages.document_pages(*documents)
    assert is_accepted(page)
    [frame] = components(page)
    assert frame["type"] == 17
    found: list[Json] = frame["components"]
    return found


# An answer


def test_headings_of_an_answer_stand_below_its_own() -> None:
    [page] = opened(answer("# Why\n\nBecause.\n\nHow\n---\n\n### So"))
    assert text_of(page).splitlines() == [
        "### B · Yes.",
        "**Why**",
        "",
        "Because.",
        "",
        "**How**",
        "",
        "**So**",
    ]


def test_an_answer_that_begins_with_its_gist_says_it_once() -> None:
    detail = Detail("B · Use a `table`, read …", (Text("**Use a `table`, read** often."),))
    assert text_of(*opened(Document((detail,)))) == "### Answer B\n**Use a `table`, read** often."


def test_under_an_answer_one_votes_and_goes_on_in_one_row() -> None:
    beside = Beside(frozenset({"accept"}), Neighbour("answer:A", "A"), Neighbour("answer:C", "C"))
    [page] = opened(answer("Because."), beside)
    assert text_of(page).endswith("\n-# Your vote: 👍")
    assert list(buttons(page).items()) == [
        ("c1:abc123:rate:answer:B:0:0:accept", "👍"),
        ("c1:abc123:rate:answer:B:0:0:reject", "👎"),
        ("c1:abc123:rate:answer:B:0:0:best", "🏆"),
        ("c1:abc123:page:answer:A:0:0", "◀ A"),
        ("c1:abc123:page:answer:C:0:0", "C ▶"),
    ]
    [row] = [c for c in components(page) if c["type"] == 1]
    assert [c["style"] for c in row["components"]] == [3, 2, 2, 2, 2]


def test_a_vote_on_a_later_page_comes_back_to_that_page() -> None:
    shown = opened(answer("A sentence of the answer. " * 300))
    assert all("c1:abc123:rate:answer:B:0:1:best" in buttons(page) for page in shown[1:2])
    assert [page for page in shown if not is_accepted(page)] == []


def test_a_cut_verdict_can_be_paged_through() -> None:
    document = Document((Text("A sentence of the verdict. " * 400),))
    shown = pages.opened(document, run="abc123", key="headline", part=render.WHOLE)
    assert [list(buttons(page).items()) for page in shown] == [
        [("c1:abc123:page:headline:all:1", "Next")],
        [("c1:abc123:page:headline:all:0", "Prev"), ("c1:abc123:page:headline:all:2", "Next")],
        [("c1:abc123:page:headline:all:1", "Prev")],
    ]
    assert text_of(shown[1]).endswith("\n-# Page 2 of 3")


def test_20000_characters_of_everything_can_all_be_read() -> None:
    part = (
        "## 제목 {n}\n\n한국어로 된 문장입니다. 👩‍👩‍👧 Some *English*, too.\n\n```python\nprint({n}, '한글')\n"
        + "\n".join(f"line_{n} = '🎉'" for n in range(40))
        + "\n```\n\n| 열 | n |\n|---|---|\n| 가나 | {n} |\n\n"
    )
    text = "".join(part.replace("{n}", str(n)) for n in range(31))
    assert len(text) > 20_000
    shown = opened(answer(text))
    assert all(is_accepted(page) for page in shown)
    assert is_within(text, text_of(*shown))
    opening = [len(re.findall("^```python$", text_of(page), re.MULTILINE)) for page in shown]
    assert min(opening) > 0


def test_the_ranking_opened_is_bars_and_small_text() -> None:
    bars = Bars((Bar("A", 0.75, "75 %"), Bar("C", 0.08, "8 %")))
    blocks = (bars, Note("Points: the mean."), Text("- Reviewer A: A › C"), Note("9 calls"))
    detail = Detail("Ranking: A, then C", blocks)
    [page] = pages.opened(Document((detail,)), run="abc123", key="ranking", part="0")
    assert text_of(page).splitlines() == [
        "### Ranking: A, then C",
        "```",
        "A ████████░░ 75 %",
        "C █░░░░░░░░░  8 %",
        "```",
        "-# Points: the mean.",
        "- Reviewer A: A › C",
        "-# 9 calls",
    ]


# A council's page


def seat(model: str) -> Entry:
    return Entry(
        f"**{model}**", "about $0.01 an answer", Button(f"members:remove:{model}", "Remove")
    )


def council(*models: str) -> Document:
    options = (("lab/x · free", "lab/x"), ("lab/y · free", "lab/y"))
    return Document(
        (
            Heading("This channel's council"),
            Text("4 models answer."),
            *map(seat, models),
            Select("members:add", "Add a model", options),
            Select("chairman", "Chairman: x", options[:1]),
            Note("Model names: after a vote"),
        ),
        buttons=(Button("form:budget", "Budget"), Button("settings:all", "All settings")),
    )


def test_a_council_is_lines_with_buttons_and_selects_in_a_frame() -> None:
    shown = framed(council("lab/a", "lab/b"))
    assert [c["type"] for c in shown] == [10, 14, 9, 9, 1, 1, 14, 10, 1]
    assert shown[2]["components"][0]["content"] == "**lab/a**\n-# about $0.01 an answer"
    assert shown[2]["accessory"]["custom_id"] == "c1:-:members:remove:lab/a"
    [select] = shown[4]["components"]
    assert (select["custom_id"], select["placeholder"]) == ("c1:-:members:add", "Add a model")
    assert [option["value"] for option in select["options"]] == ["lab/x", "lab/y"]


def test_what_alone_can_be_chosen_is_a_button() -> None:
    shown = framed(council("lab/a"))
    [only] = [c for c in walk(shown) if c.get("custom_id") == "c1:-:chairman:lab/x"]
    assert (only["type"], only["label"]) == (2, "Chairman: x → lab/x · free")


def test_of_twenty_members_all_can_be_removed() -> None:
    shown = framed(council(*(f"lab/m{n}" for n in range(20))))
    names = {c["custom_id"].removeprefix("c1:-:") for c in walk(shown) if "custom_id" in c}
    [choice] = [c for c in walk(shown) if c.get("custom_id") == "c1:-:choose"]
    names |= {option["value"] for option in choice["options"]}
    assert {f"members:remove:lab/m{n}" for n in range(20)} <= names
    assert choice["options"][0]["label"].startswith("Remove: lab/m")


def test_a_name_that_is_too_long_for_an_id_is_told_by_its_digest() -> None:
    shown = framed(council("lab/" + "m" * 120))
    [id] = [c["custom_id"] for c in walk(shown) if c.get("label") == "Remove"]
    assert re.fullmatch("c1:-:#[0-9a-f]{16}", id)


def test_statistics_are_a_picture_between_what_it_says_and_what_it_does_not() -> None:
    picture = Image("plot.png", b"png", "a plot")
    document = Document(
        (Heading("x serves best"), Text("78 %."), picture, Text("- More"), Note("3 people")),
        buttons=(Button("stats:details", "How sure is this?"),),
    )
    assert [c["type"] for c in framed(document)] == [10, 12, 10, 14, 10, 1]


def test_a_sentence_needs_no_frame() -> None:
    [page] = pages.document_pages(Document((Text("Nothing was changed."),)))
    assert [c["type"] for c in components(page)] == [10]


def test_buttons_stand_on_the_last_page() -> None:
    table = Table(("a", "b"), tuple(("x" * 30, "y" * 30) for _ in range(100)))
    document = Document((Heading("All"), table), buttons=(Button("show", "Back"),))
    shown = pages.document_pages(document)
    assert [bool(buttons(page)) for page in shown] == [False] * (len(shown) - 1) + [True]
    assert len(shown) > 1


# Offers


@pytest.mark.parametrize("alone", [True, False])
def test_an_offer_names_each_price(alone: bool) -> None:
    council = Council(("lab/a",), "lab/c")
    price = "free" if alone else ""
    offer = Offer(council, "about $0.02", price, "abc123" if alone else "-", "B", "2B")
    expected = {"c1:abc123:alone:B:77": "Ask only 2B (free)"} if alone else {}
    run = "abc123" if alone else "-"
    assert buttons(pages.offer_view(offer, 77)) == {
        f"c1:{run}:ask:77": "Ask the council (about $0.02)",
        **expected,
    }
