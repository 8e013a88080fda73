"""Documents as Slack's blocks: within the limits, with all their text, and harmless."""

import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.slack.packing import FALLBACK_LIMIT, Message
from adapters.slack.render import (
    File,
    Part,
    document_messages,
    offer_message,
    pictures,
    post,
    read_through,
)
from bot.chat import HEADLINE, RANKING, answer_key
from bot.cleaning import harmless, one_line
from bot.conversation.offers import Offer
from bot.council import Council
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
    Table,
    Text,
)
from tests.adapters.slack.test_mrkdwn import HOSTILE, visible
from tests.adapters.slack.test_mrkdwn import texts as markdown
from tests.fakes.slack.blocks import check_message, walk
from tests.fakes.slack.mentions import is_disguised, scan

RUN, ASKER = "1a2b3c", "U0ASKER01"

lines = markdown.map(lambda text: text[:300])
tables = st.integers(1, 4).flatmap(
    lambda width: st.builds(
        Table,
        st.tuples(*[lines] * width),
        st.lists(st.tuples(*[lines] * width), max_size=6).map(tuple),
    )
)
labels = lines.filter(one_line)
buttons = st.builds(Button, st.sampled_from(["follow", "drop:lab/a:free"]), labels, st.booleans())
options = st.tuples(labels, st.text(max_size=200))
leaves: st.SearchStrategy[Leaf] = st.one_of(
    st.builds(Heading, lines),
    st.builds(Text, st.one_of(markdown, markdown.map(lambda text: text * 4))),
    st.builds(Note, markdown),
    st.builds(Image, st.just("plot"), st.just(b"png"), lines),
    st.builds(
        Bars,
        st.lists(st.builds(Bar, lines, st.floats(-1, 2), lines, lines), max_size=4).map(tuple),
        st.none() | st.tuples(lines, lines, lines),
    ),
    st.builds(Entry, lines, lines, st.none() | buttons),
    st.builds(Select, st.just("add"), labels, st.lists(options, max_size=3).map(tuple)),
    tables,
)
details = st.builds(Detail, lines, st.lists(leaves, max_size=4).map(tuple), lines)
documents = st.builds(Document, st.lists(st.one_of(leaves, details), max_size=4).map(tuple))
keys = st.sampled_from([HEADLINE, answer_key("A"), RANKING])

EVERY_ATTACK = Document(
    (
        Heading(" ".join(HOSTILE)[:140]),
        Text("\n\n".join(HOSTILE)),
        Detail(
            " ".join(HOSTILE), (Text(" ".join(HOSTILE)), Note("".join(HOSTILE))), HOSTILE[0][:140]
        ),
        Entry(" ".join(HOSTILE), " ".join(HOSTILE), Button("drop", HOSTILE[0])),
        Bars(tuple(Bar(each, 0.5, each, each) for each in HOSTILE[:4])),
        Table(tuple(HOSTILE[:3]), (tuple(HOSTILE[3:6]),)),
        Note("\n".join(HOSTILE)),
    )
)
LONG_ANSWER = "\n\n".join(
    [
        "# 긴 답변",
        *(f"{n}. 한국어 문장과 emoji 👨‍👩‍👧‍👦 & <tag> " * 6 for n in range(40)),
        "```python\n" + "\n".join(f"print({n} < {n + 1})  # 설명" for n in range(200)) + "\n```",
        "| 이름 | 값 |\n|---|---|\n" + "\n".join(f"| 셀 {n} | {n} |" for n in range(80)),
    ]
)


def messages(parts: tuple[Part, ...]) -> list[Message]:
    return [part for part in parts if isinstance(part, Message)]


def shown(value: Any) -> str:
    """Everything in blocks that a reader sees."""
    match value:
        case {"type": "markdown", "text": str(text)}:
            return text + visible(text)
        case {"type": "mrkdwn", "text": str(text)}:
            return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        case {"text": str(text)}:
            return text
        case dict():
            return shown(list(value.values()))
        case list() | tuple():
            return " ".join(map(shown, value))
        case _:
            return ""


def words_of(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Heading(text):
                yield visible(" ".join(text.split()))
            case Text(text):
                yield visible(text)
            case Note(text):
                yield visible(" ".join(text.split()))
            case Table(columns, rows):
                yield from (*columns, *(cell for row in rows for cell in row))
            case Image(_, _, alt):
                yield alt
            case Bars(bars, columns):
                yield from columns or ()
                yield from (f"{bar.label} {bar.value} {bar.note}" for bar in bars)
            case Entry(text, note):
                yield from (visible(" ".join(each.split())) for each in (text, note))
            case Detail(title, inner, hint):
                yield from (title, hint)
                yield from words_of(inner)


def letters(text: str) -> Counter[str]:
    return Counter(filter(str.isalnum, text))


# --- For any document


@given(documents, keys)
@example(EVERY_ATTACK, HEADLINE)
@example(EVERY_ATTACK, RANKING)
@example(
    Document((Detail("Answer A", (Text(LONG_ANSWER),)), Note("👍 good enough · 👎 not · 🏆 best"))),
    answer_key("A"),
)
@example(Document((Text("x & y < z " * 2_000), Table(("a",), (("word " * 99,),) * 99))), HEADLINE)
@example(Document((Detail("", (Heading("h"), Note("n")) * 20),)), RANKING)
def test_slack_accepts_every_message_in_every_rendering(document: Document, key: str) -> None:
    for message in messages(post(document, run=RUN, key=key, asker=ASKER)):
        for rendering in message.renderings():
            check_message(list(rendering.blocks))
            assert 0 < len(rendering.text) <= 4_000
        json.dumps(message.blocks).encode()


@given(documents, keys)
@example(EVERY_ATTACK, HEADLINE)
@example(EVERY_ATTACK, RANKING)
def test_nobody_but_the_asker_is_mentioned(document: Document, key: str) -> None:
    first, *rest = messages(post(document, run=RUN, key=key, asker=ASKER))
    for rendering in first.renderings():
        assert scan(rendering.text, list(rendering.blocks)).targets.keys() == {("user", ASKER)}
    for message in (*rest, *document_messages(document)):
        for rendering in message.renderings():
            assert scan(rendering.text, list(rendering.blocks)).targets == {}


@given(documents, keys)
@example(EVERY_ATTACK, HEADLINE)
@example(EVERY_ATTACK, RANKING)
def test_every_link_shows_where_it_leads(document: Document, key: str) -> None:
    for message in messages(post(document, run=RUN, key=key)):
        for rendering in message.renderings():
            for url, label in scan(rendering.text, list(rendering.blocks)).links:
                assert re.match(r"https?://|mailto:", url, re.IGNORECASE)
                assert not is_disguised(html.unescape(url), html.unescape(label))


@given(documents, keys)
@example(EVERY_ATTACK, HEADLINE)
@example(Document((Text(LONG_ANSWER * 2),)), HEADLINE)
@example(Document((Text("x & y < z " * 4_000),)), HEADLINE)
@example(Document((Detail("Answer A", (Text(LONG_ANSWER * 3),)),)), answer_key("A"))
def test_the_whole_text_can_be_reached(document: Document, key: str) -> None:
    parts = post(document, run=RUN, key=key)
    everything = shown([message.blocks for message in messages(parts)])
    files = [part.content.decode() for part in parts if isinstance(part, File) and not part.alt]
    for words in words_of(document.blocks):
        assert letters(harmless(words)) <= letters(everything + "".join(files))


@given(documents, keys)
def test_without_files_the_whole_text_is_in_messages(document: Document, key: str) -> None:
    parts = post(document, run=RUN, key=key, files=False)
    assert messages(parts) == list(parts)
    everything = letters(shown([message.blocks for message in messages(parts)]))
    assert letters(harmless("".join(words_of(document.blocks)))) <= everything


@given(documents)
def test_a_document_for_one_person_has_no_folds_and_all_its_text(document: Document) -> None:
    found = document_messages(document)
    everything = letters(shown([message.blocks for message in found]))
    assert letters(harmless("".join(words_of(document.blocks)))) <= everything
    for message in found:
        check_message(list(message.blocks))
        assert "container" not in {block["type"] for block in walk(list(message.blocks))}


@given(documents)
def test_what_can_be_done_stands_below_all_that_one_person_reads(document: Document) -> None:
    buttons = (Button("one", "One"), Button("two", "Two"))
    note = Note("Choose.")
    found = read_through(
        replace(document, blocks=(*document.blocks, note), buttons=buttons), run=RUN
    )
    everything = letters(shown([message.blocks for message in found]))
    assert letters(harmless("".join(words_of(document.blocks)))) <= everything
    for message in found:
        check_message(list(message.blocks))
    *before, last = found
    assert last.blocks[-1]["type"] == "actions"
    assert "Choose." in str(last.blocks[-2])
    assert not any('"action_id": "one"' in json.dumps(message.blocks) for message in before)


# --- What posts look like


def test_an_answer_is_one_message_with_a_fold_that_is_closed() -> None:
    fold = Detail("A · Yes.", (Text("**Yes.**"),), hint="½ min <now>")
    (message,) = post(Document((fold, Note("Vote"))), run=RUN, key=answer_key("A"))
    assert isinstance(message, Message)
    assert list(message.blocks) == [
        {
            "type": "container",
            "title": {"type": "plain_text", "text": "A · Yes."},
            "subtitle": {"type": "mrkdwn", "text": "½ min &lt;now&gt;", "verbatim": True},
            "child_blocks": [
                {
                    "type": "section",
                    "text": {"type": "mrkdwn", "text": "*Yes.*", "verbatim": True},
                    "expand": True,
                }
            ],
            "is_collapsible": True,
            "default_collapsed": True,
        },
        {
            "type": "context",
            "elements": [{"type": "mrkdwn", "text": "Vote", "verbatim": True}],
        },
    ]
    assert message.text == "*A · Yes.*\n½ min &lt;now&gt;\n*Yes.*\nVote"


def test_what_tells_of_an_answer_to_come_is_one_small_line() -> None:
    (message,) = messages(post(Document((Note("**B** writes"),)), run=RUN, key=answer_key("B")))
    assert [block["type"] for block in message.blocks] == ["context"]
    assert message.text == "*B* writes"


def test_a_verdict_is_markdown_with_its_notes_below() -> None:
    document = Document(
        (
            Heading("Use `X`. <!channel>"),
            Text("Because."),
            Text("> **But:** maybe."),
            Note("a"),
            Note("b"),
        )
    )
    (message,) = messages(post(document, run=RUN, key=HEADLINE))
    assert [block["type"] for block in message.blocks] == ["markdown", "context"]
    assert message.blocks[0]["text"] == (
        "### Use `X`. &lt;!channel>\n\nBecause.\n\n> **But:** maybe."
    )
    assert message.blocks[1]["elements"][0]["text"] == "a\nb"
    assert message.text == ("*Use `X`. &lt;!channel&gt;*\n\nBecause.\n\n> *But:* maybe.\na\nb")


def test_letters_of_a_verdict_lead_to_the_posts() -> None:
    letters = (Letter("A", "answer:A", "2A"), Letter("B", "answer:B", "2B"))
    document = Document(
        (
            Heading("Yes (A)."),
            Text("Answer B agrees, [A](https://evil.example)."),
            Note("(B) first"),
        ),
        letters=letters,
    )
    url = "https://team.example/archives/C1/p1?thread_ts=1.2&cid=C1"
    (message,) = messages(post(document, run=RUN, key=HEADLINE, urls={"answer:A": url}))
    assert message.blocks[0]["text"] == (
        f"### Yes ([2A]({url})).\n\nAnswer 2B agrees, A (https://evil.example)."
    )
    assert message.blocks[1]["elements"][0]["text"] == "(2B) first"
    assert message.text.startswith("*Yes (2A).*\n\nAnswer 2B")
    __, plain, __ = message.renderings()
    assert "team.example" not in json.dumps(plain.blocks)
    (private,) = document_messages(document)
    assert private.blocks[0]["text"]["text"] == "Yes (2A)."


def test_a_heading_outside_of_the_headline_shows_no_signs() -> None:
    (message,) = document_messages(Document((Heading("**gpt** serves `us` best"), Text("x"))))
    assert message.blocks[0] == {
        "type": "header",
        "text": {"type": "plain_text", "text": "gpt serves us best"},
    }


def test_three_buttons_stand_in_a_row_and_of_more_the_others_in_a_menu() -> None:
    three = tuple(Button(name, name.upper(), name == "a") for name in "abc")
    (message,) = messages(post(Document((Text("x"),), buttons=three), run=RUN, key=HEADLINE))
    elements = message.blocks[-1]["elements"]
    assert [(each["action_id"], each["value"], each.get("style")) for each in elements] == [
        ("a", RUN, "primary"),
        ("b", RUN, None),
        ("c", RUN, None),
    ]
    four = (*three, Button("d:1:2", "D"))
    (message,) = messages(post(Document((Text("x"),), buttons=four), run=RUN, key=HEADLINE))
    *shown, menu = message.blocks[-1]["elements"]
    assert [each["action_id"] for each in shown] == ["a", "b"]
    assert [each["value"] for each in menu["options"]] == [f"{RUN}:c", f"{RUN}:d:1:2"]


def test_many_buttons_are_all_there() -> None:
    many = tuple(Button(f"name{n}", str(n)) for n in range(9))
    (message,) = messages(post(Document((Text("x"),), buttons=many), run=RUN, key=HEADLINE))
    check_message(list(message.blocks))
    *shown, menu = message.blocks[-1]["elements"]
    assert (len(shown), len(menu["options"])) == (4, 5)


def test_shares_are_lines_of_a_name_and_a_bar() -> None:
    bars = Bars((Bar("gpt", 0.75, "75 %", "models: 2 %"), Bar("<b>", 0.08, "8 %")))
    (message,) = document_messages(Document((bars,)))
    (lines,) = message.blocks
    assert lines["text"]["text"] == (
        "gpt ▰▰▰▰▰▰▱▱\u00a075\u00a0% · models:\u00a02\u00a0%\n&lt;b&gt; ▰▱▱▱▱▱▱▱\u00a0\u20078\u00a0%"
    )


def test_shares_whose_columns_have_names_are_a_table() -> None:
    rows = (Bar("A", 0.75, "75 %", "2 of 4"), Bar("B", 0.08, "8 %"))
    (message,) = document_messages(Document((Bars(rows, ("Answer", "Points", "First")),)))
    (table,) = message.blocks
    assert [[cell["text"].replace("\u00a0", " ") for cell in row] for row in table["rows"]] == [
        ["Answer", "Points", "First"],
        ["A", "▰▰▰▰▰▰▱▱ 75 %", "2 of 4"],
        ["B", "▰▱▱▱▱▱▱▱ \u20078 %", "–"],
    ]
    assert message.text.startswith("```\nAnswer")


def test_a_line_of_a_list_has_its_button_beside_it() -> None:
    entry = Entry("**gpt**", "OpenAI", Button("drop:lab/a:free", "Remove"))
    (message,) = document_messages(Document((entry,)))
    (line,) = message.blocks
    assert line["text"]["text"] == "*gpt*\nOpenAI"
    button = line["accessory"]
    assert (button["action_id"], button["value"]) == ("drop:lab/a:free", "-:lab/a:free")


def test_one_of_several_is_chosen_from_a_menu_and_of_one_there_is_none() -> None:
    several = Select("add", "Add a model", (("a · free", "lab/a"), ("b", "lab/b")))
    (message,) = document_messages(Document((several,)))
    (element,) = message.blocks[0]["elements"]
    assert (element["type"], element["action_id"]) == ("static_select", "add")
    assert [each["value"] for each in element["options"]] == ["-:lab/a", "-:lab/b"]
    (message,) = document_messages(Document((replace(several, options=(("a", "a"),)),)))
    assert [block["type"] for block in message.blocks] == ["section"]


def test_what_is_under_way_can_be_stopped_and_is_one_message() -> None:
    document = Document(
        (Text("draft " * 3_000), Note("Stage 3")), state="live", buttons=(Button("stop", "Stop"),)
    )
    (message,) = messages(post(document, run=RUN, key=HEADLINE))
    button = message.blocks[-1]["elements"][0]
    assert (button["action_id"], button["value"]) == ("stop", RUN)
    assert [block["type"] for block in message.blocks] == [
        "markdown",
        "markdown",
        "context",
        "actions",
    ]
    assert message.blocks[1]["text"].endswith("draft …")


def test_the_ranking_pings_the_asker_and_leads_to_the_verdict() -> None:
    rows = (Bar("A", 1.0, "100 %", "2 of 2"), Bar("B", 0.0, "0 %"))
    bars = Bars(rows, ("Answer", "Points", "First"))
    fold = Detail("A, then B", (bars, Text("A: A › B"), Note("cost")), hint="2 reviewers")
    document = Document((Text("**Yes.**"), fold, Note("🚫 none")))
    url = "https://team.example/archives/C1/p1?thread_ts=1.2&cid=C1"
    (message,) = messages(post(document, run=RUN, key=RANKING, asker=ASKER, verdict_url=url))
    first, shown, note = message.blocks
    link = "<https://team.example/archives/C1/p1?thread_ts=1.2&amp;cid=C1|Read the verdict>"
    assert first["text"]["text"] == f"<@{ASKER}> *Yes.* {link}"
    assert [block["type"] for block in shown["child_blocks"]] == ["table", "section", "context"]
    assert shown["subtitle"]["text"] == "2 reviewers"
    assert note["elements"][0]["text"] == "🚫 none"
    assert message.text.splitlines()[:2] == [f"*Yes.* {link} <@{ASKER}>", "*A, then B*"]


def test_a_ranking_that_begins_with_a_fold_calls_the_asker_above_it() -> None:
    document = Document((Detail("Ranking", (Text("x"),)),))
    (message,) = messages(post(document, run=RUN, key=RANKING, asker=ASKER))
    assert message.blocks[0]["text"]["text"] == f"<@{ASKER}>"


def test_a_long_answer_goes_on_in_numbered_folds() -> None:
    fold = Detail("A · Words.", (Text("word " * 4_000),), hint="16 min to read")
    found = messages(post(Document((fold, Note("n"))), run=RUN, key=answer_key("A")))
    assert {message.blocks[0]["title"]["text"] for message in found} == {"A · Words."}
    assert [message.blocks[0]["subtitle"]["text"] for message in found] == [
        "16 min to read · part 1 of 3",
        "part 2 of 3",
        "part 3 of 3",
    ]
    assert [len(message.blocks) for message in found] == [2, 1, 1]


def test_a_long_verdict_goes_on_in_a_fold_below_all_else() -> None:
    letters = (Letter("B", "answer:B", "2B"),)
    body = Text("word (B) " * 700)
    blocks = (Heading("Yes."), body, Text("> **But:** no."), Note("n"))
    document = Document(blocks, letters=letters)
    (message,) = messages(post(document, run=RUN, key=HEADLINE))
    assert [block["type"] for block in message.blocks] == [
        "markdown",
        "markdown",
        "container",
        "context",
    ]
    assert message.blocks[1]["text"].endswith("> **But:** no.")
    fold = message.blocks[2]
    assert fold["title"]["text"] == "The verdict goes on"
    assert "word (2B)" in fold["child_blocks"][0]["text"]["text"]
    assert json.dumps(message.blocks).count("word (2B)") == 700


def test_a_long_text_says_that_it_goes_on() -> None:
    found = messages(post(Document((Text("word " * 4_000), Note("n"))), run=RUN, key="question"))
    assert len(found) == 3
    assert found[0].blocks[-2]["elements"][0]["text"] == (
        "The text goes on in a message further down."
    )


def test_a_giant_answer_is_a_file_with_its_beginning_above() -> None:
    text = "[bank](https://evil.example) " + "word " * 6_000
    document = Document(
        (Detail("Answer A", (Text(text),)), Note("👍 good enough · 👎 not · 🏆 best"))
    )
    message, file = post(document, run=RUN, key=answer_key("A"))
    assert isinstance(message, Message)
    assert isinstance(file, File)
    assert file.name == f"{RUN}-answer-A.md"
    assert file.content.decode().startswith("bank (https://evil.example) word")
    assert file.content.decode().count("word") == 6_000
    shown_texts = message.blocks[0]["child_blocks"]
    assert shown_texts[0]["text"]["text"].endswith("_The whole text is in the file below._")


def test_the_next_rendering_does_without_new_blocks_and_the_last_without_any() -> None:
    table = Table(("a", "b"), (("1", "2"),))
    document = Document((Text("**Yes**"), Detail("More", (Text("text"), table)), Note("n")))
    (message,) = messages(post(document, run=RUN, key=HEADLINE))
    modern, plain, bare = message.renderings()
    assert modern == message
    assert [block["type"] for block in plain.blocks] == ["section"] * 4 + ["context"]
    assert not any("expand" in block for block in plain.blocks)
    assert plain.blocks[3]["text"]["text"] == "```\na  b\n─  ─\n1  2\n```"
    assert bare == replace(message, blocks=())


def test_only_one_table_is_a_table() -> None:
    table = Table(("a", "b"), (("1", ""),))
    found = document_messages(Document((table, Heading("and"), table)))
    types = [block["type"] for block in found[0].blocks]
    assert types == ["table", "header", "section"]
    assert found[0].blocks[0]["rows"][1][1]["text"] == "–"


def test_the_first_table_of_an_answer_is_one() -> None:
    text = "Before.\n\n| a | b |\n|---|--:|\n| `x` | **1** |\n\nAfter.\n\n| c |\n|---|\n| d |"
    (message,) = messages(post(Document((Detail("A", (Text(text),)),)), run=RUN, key="answer:A"))
    before, table, after = message.blocks[0]["child_blocks"]
    assert before["text"]["text"] == "Before."
    assert [[cell["text"] for cell in row] for row in table["rows"]] == [["a", "b"], ["x", "1"]]
    assert after["text"]["text"] == "After.\n\n```\nc\n─\nd\n```"


def test_an_empty_document_is_a_message_all_the_same() -> None:
    (message,) = post(Document(), run=RUN, key=HEADLINE)
    assert isinstance(message, Message)
    check_message(list(message.blocks))
    assert message.text == "…"


def test_the_fallback_is_short_enough_for_an_update() -> None:
    (first, *_) = messages(post(Document((Text("word " * 2_000),)), run=RUN, key="question"))
    assert len(first.text) <= FALLBACK_LIMIT + 2
    assert first.text.endswith("word …")


@pytest.mark.parametrize("asker", ["<!channel>", "U1> <!here", "here", ""])
def test_what_is_no_persons_id_is_not_mentioned(asker: str) -> None:
    (message,) = messages(post(Document((Text("x"),)), run=RUN, key=RANKING, asker=asker))
    assert scan(message.text, list(message.blocks)).targets == {}


def test_an_offer_names_its_prices() -> None:
    council = Council(("m/a", "m/b"), "m/c")
    offer = Offer(council, "about $0.02", "about $0.001", RUN, "B", "2B")
    message = offer_message(offer, "1.2")
    check_message(list(message.blocks))
    whole, alone = message.blocks[1]["elements"]
    assert whole["text"]["text"] == "Ask the council (about $0.02)"
    assert (whole["action_id"], whole["value"]) == ("ask:1.2", "1a2b3c:1.2")
    assert alone["text"]["text"] == "Ask only 2B (about $0.001)"
    assert (alone["action_id"], alone["value"]) == ("alone:B:1.2", f"{RUN}:B:1.2")


def test_pictures_are_files_with_a_description() -> None:
    document = Document((Detail("Plots", (Image("x", b"png", "A curve"),)),))
    (picture,) = pictures(document, "stats")
    assert picture == File("stats-1.png", "A curve", b"png", "A curve")


def test_bars_stand_for_a_picture_that_has_them() -> None:
    picture = Image("x", b"png", "A curve", Bars((Bar("gpt", 0.5, "50 %"),)))
    document = Document((picture,))
    (message,) = document_messages(document)
    assert [block["type"] for block in message.blocks] == ["section"]
    assert pictures(document, "stats") == ()


def test_two_messages_that_show_the_same_have_the_same_digest() -> None:
    document = Document((Text("x"),))
    (one,) = post(document, run=RUN, key=HEADLINE)
    (same,) = post(document, run=RUN, key=HEADLINE)
    (other,) = post(Document((Text("y"),)), run=RUN, key=HEADLINE)
    assert one.digest() == same.digest() != other.digest()
