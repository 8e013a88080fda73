import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from adapters.terminal.render import plain, render
from bot.cleaning import harmless
from bot.document import (
    Block,
    Detail,
    Document,
    Entry,
    Heading,
    Image,
    Letter,
    Note,
    Table,
    Text,
)


def shown(document: Document, *, opened: bool = False, name: str = "", colour: bool = False) -> str:
    file = io.StringIO()
    console = Console(
        file=file,
        width=60,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        legacy_windows=False,
    )
    console.print(render(document, opened=opened, name=name))
    return "\n".join(line.rstrip() for line in file.getvalue().split("\n")).strip("\n")


SAMPLE = Document(
    (
        Heading("The verdict"),
        Text("**Use SQLite.** See [the docs](https://sqlite.org/wal.html)."),
        Table(("Answer", "모델", "Score"), (("A", "한국어", "0.83"), ("B", "x", "0.5"))),
        Note("Reviewers *leaned* to A."),
        Note("👍 good enough"),
        Image("plot.png", b"", "Shares by answer"),
        Detail("Answer A", (Text("The *whole* answer."), Note("cut off"))),
    )
)


def test_a_terminal_gets_markdown_rendered_and_details_folded() -> None:
    assert shown(SAMPLE, name="A") == (
        "The verdict\n\n"
        "Use SQLite. See the docs (https://sqlite.org/wal.html).\n\n"
        "Answer  모델    Score\n"
        "─────────────────────\n"
        "A       한국어   0.83\n"
        "B       x         0.5\n\n"
        "Reviewers leaned to A.\n"
        "👍 good enough\n\n"
        "[Shares by answer]\n\n"
        "▸ Answer A  (open A)"
    )


def test_a_list_has_no_empty_lines_in_it() -> None:
    listed = Document(
        (Text("Seated:"), Entry("**brisk**", "free"), Entry("**calm**"), Text("End."))
    )

    assert shown(listed) == "Seated:\n\nbrisk\nfree\ncalm\n\nEnd."
    assert plain(listed) == "Seated:\n\n**brisk**\nfree\n**calm**\n\nEnd."


def test_a_pipe_gets_the_markdown_source() -> None:
    assert plain(SAMPLE, name="A") == (
        "The verdict\n\n"
        "**Use SQLite.** See the docs (https://sqlite.org/wal.html).\n\n"
        "Answer  모델    Score\n"
        "──────  ──────  ─────\n"
        "A       한국어   0.83\n"
        "B       x         0.5\n\n"
        "Reviewers *leaned* to A.\n"
        "👍 good enough\n\n"
        "[Shares by answer]\n\n"
        "▸ Answer A  (open A)"
    )


def test_opened_details_show_their_blocks() -> None:
    document = Document((SAMPLE.blocks[-1],))
    assert shown(document, opened=True) == "▾ Answer A\n\n  The whole answer.\n\n  cut off"
    assert plain(document, opened=True) == "▾ Answer A\n\nThe *whole* answer.\n\ncut off"


def test_a_detail_without_a_name_gives_no_hint() -> None:
    assert plain(Document((Detail("More", ()),))) == "▸ More"


def test_angle_brackets_in_text_are_not_lost() -> None:
    assert (
        shown(Document((Text("a vector<int> of <b>them</b>"),))) == "a vector<int> of <b>them</b>"
    )


def test_square_brackets_are_no_console_markup() -> None:
    blocks = (Heading("[bold]x[/bold]"), Table(("[red]a",), (("[/red]",),)), Note("[dim]n"))
    assert shown(Document(blocks)).split() == [
        "[bold]x[/bold]",
        "[red]a",
        "──────",
        "[/red]",
        "[dim]n",
    ]


def test_bold_is_shown_bold() -> None:
    assert "\x1b[1mUse SQLite.\x1b[0m" in shown(SAMPLE, colour=True)


@pytest.mark.parametrize(
    "text", ["**모놀리스(monolith)**가", "**「A」**です", "~~취소(cancel)~~는"]
)
def test_emphasis_before_a_letter_of_any_script_leaves_no_signs(text: str) -> None:
    printed = shown(Document((Text(text),)), colour=True)

    assert not re.search(r"[*~]", printed)
    assert re.search(r"\x1b\[[19]m", printed)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x1b[2Jcleared", "cleared"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://evil.example\x1b\\good\x1b]8;;\x1b\\", "good"),
        ("\x9b31mred", "red"),
        ("a\rb\x08c\x7f", "a\nbc"),
        ("line\r\nline\tend\n", "line\nline\tend\n"),
        ("user\u202etxt.exe", "usertxt.exe"),
        ("half \ud83d", "half \ufffd"),
    ],
)
def test_what_steers_a_terminal_is_taken_out(text: str, left: str) -> None:
    assert harmless(text) == left


steering = st.sampled_from(
    ["\x1b", "\x1b[31m", "\x1b]8;;x", "\x07", "\x9b", "\r", "\x00", "\u202e", "\u2066", "&#27;[2J",
     "&#x9b;", "&#8238;", "[x](https://a.example/&#27;)", "[a.example](https://a.example/\x1b)",
     "`", "```\n", "\n", "| ", "text", "\ud83d"]
)  # fmt: skip
written = st.one_of(st.lists(steering, max_size=20).map("".join), st.text(max_size=60))


def everything(text: str) -> Document:
    inner: tuple[Heading | Text | Table | Note | Image, ...] = (
        Heading(text),
        Text(text),
        Table((text,), ((text,),)),
        Note(text),
        Image("name", b"", text),
    )
    blocks: tuple[Block, ...] = (*inner, Detail(text, inner))
    return Document(blocks)


STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# What rich itself writes: colours, and links by OSC 8.
RICH = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x00-\x1f]*\x1b\\")


@given(written)
def test_nothing_written_reaches_a_pipe_as_control(text: str) -> None:
    assert STEERING.findall(plain(everything(text), opened=True, name=text)) == []


@given(written)
def test_nothing_written_reaches_a_terminal_as_control(text: str) -> None:
    document = everything(text)
    assert STEERING.findall(shown(document, opened=True)) == []
    assert STEERING.findall(RICH.sub("", shown(document, colour=True, name=text))) == []


def test_letters_of_a_later_question_carry_its_number() -> None:
    letters = (Letter("A", "answer:A", "2A"), Letter("B", "answer:B", "2B"))
    document = Document((Heading("Yes (A)."), Text("As Answer B says.")), letters=letters)
    assert plain(document) == "Yes (2A).\n\nAs Answer 2B says."
