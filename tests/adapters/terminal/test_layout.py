"""A finished thread on one page, at the sizes of real terminals."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from adapters.terminal import palette, render
from adapters.terminal.layout import thread_page
from adapters.terminal.threads import Run
from bot.document import Bar, Bars, Detail, Document, Heading, Note, State, Text

LONG = " ".join(f"Sentence {n} of the verdict says something." for n in range(1, 60))
LEGEND = "React 👍 or 👎 here."


def run(
    body: str = "One deploy, one log.", *, answers: int = 4, state: State = "done", number: int = 1
) -> Run:
    found = Run("id", "thread", number, "Is a monolith right?")
    before = str(number) if number > 1 else ""
    labels = [f"{before}{'ABCDEFGHIJKLMNOPQRST'[n]}" for n in range(answers)]
    found.posts = {
        "headline": Document(
            (
                Heading("Yes: start with a monolith."),
                Text(body),
                Text("> **But:** two of the four work on ingest only (C)."),
                Note("3 of 4 put **B** first."),
                Note("4 answers · 9 s · $0.02"),
                Note(LEGEND),
            ),
            state=state,
            votable=True,
        ),
        **{
            f"answer:{label[-1]}": Document(
                (Detail(f"{label} · It depends on the case.", (), hint="1 min to read"),)
            )
            for label in labels
        },
        "ranking": Document(
            (
                Text("Yes."),
                Detail(
                    "Ranking: B, A",
                    (Bars(tuple(Bar(label, 0.5, "50 %", "2 of 4") for label in labels)),),
                ),
            )
        ),
    }
    return found


def shown(run: Run, *, rows: int = 22, columns: int = 80) -> list[str]:
    file = io.StringIO()
    console = render.console(file)
    console.width = columns
    console.print(thread_page(run, rows=rows))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_a_thread_is_verdict_answers_bars_and_what_comes_next() -> None:
    assert shown(run()) == [
        "",
        "▌ Yes: start with a monolith.",
        "▌",
        "▌ One deploy, one log.",
        "▌",
        "▌ But: two of the four work on ingest only (C).",
        "▌",
        "▌ 3 of 4 put B first.",
        "▌ 4 answers · 9 s · $0.02",
        "",
        "  A  It depends on the case.                                       1 min to read",
        "  B  It depends on the case.                                       1 min to read",
        "  C  It depends on the case.                                       1 min to read",
        "  D  It depends on the case.                                       1 min to read",
        "",
        "  A █████░░░░░ 50 %   B █████░░░░░ 50 %   C █████░░░░░ 50 %   D █████░░░░░ 50 %",
        "",
        "  open A · open ranking · react A 👍 (👎 🏆) · reveal · any other line asks on",
    ]


def test_what_comes_next_is_what_there_is() -> None:
    anew, compared = run(number=2), run()
    anew.posts = {"headline": anew.posts["headline"], "question": Document((Text("Ann wants."),))}
    compared.posts["headline"] = replace(compared.posts["headline"], votable=False)

    assert shown(anew)[-1] == "  open 2 verdict · react 2 verdict 👍 (👎) · any other line asks on"
    assert shown(compared)[-1].startswith("  open A · open ranking · react A 👍")
    assert not shown(run(state="live"))[-1].startswith("  open")


@pytest.mark.parametrize(
    ("rows", "columns", "answers"),
    [(22, 80, 4), (22, 80, 8), (38, 120, 4), (22, 60, 4), (38, 120, 20), (48, 80, 20)],
)
def test_a_long_verdict_is_cut_to_the_screen_and_its_dissent_is_not(
    rows: int, columns: int, answers: int
) -> None:
    page = shown(run(LONG, answers=answers), rows=rows, columns=columns)

    assert len(page) <= rows
    assert page[1] == "▌ Yes: start with a monolith."
    assert [line for line in page if line.endswith("more lines: open verdict")]
    assert [line for line in page if line.startswith("▌ But: two of the four")]
    assert page[-1].startswith("  open A · open ranking")


def test_where_room_is_short_text_has_the_rows_that_would_be_empty() -> None:
    found = run(f"First.\n\n{LONG}")
    [heading, body, _, *numbers] = found.posts["headline"].blocks
    dissent = Text("> **But:** " + "two of the four would split ingest at once. " * 5)
    found.posts["headline"] = replace(
        found.posts["headline"], blocks=(heading, body, dissent, *numbers)
    )

    page = shown(found, rows=20)

    assert len(page) <= 20
    assert page[1:6] == [
        "▌ Yes: start with a monolith.",
        "▌ First.",
        "▌ Sentence 1 of the verdict says something. Sentence 2 of the verdict says",
        "▌ … 33 more lines: open verdict",
        "▌",
    ]


@pytest.mark.parametrize("rows", [10, 22])
def test_answers_that_there_is_no_room_for_are_counted(rows: int) -> None:
    page = shown(run(answers=20), rows=rows)

    assert "▌ Yes: start with a monolith." in page
    assert [line for line in page if line.endswith("more answers")]


def test_the_parts_of_a_follow_up_carry_its_number() -> None:
    page = shown(run(number=2))

    assert page[10].startswith("  2A  It depends")
    assert page[-1].startswith("  open 2A · open ranking")


def test_names_stand_beside_answers_once_they_are_known() -> None:
    found = run()
    found.names = {"A": "lab/a"}

    assert shown(found)[10].endswith("1 min to read · lab/a")


def test_answers_that_are_short_or_missing_have_their_line() -> None:
    found = run()
    found.posts["answer:A"] = Document((Text("**A** · Yes, always."),))
    found.posts["answer:B"] = Document((Note("✕ **B** gave no answer: no credit"),))

    assert shown(found)[10:12] == ["  A  Yes, always.", "  B  ✕ gave no answer: no credit"]


@pytest.mark.parametrize(
    ("state", "code"), [("done", "36"), ("degraded", "33"), ("failed", "31"), ("stopped", "2")]
)
def test_the_bar_tells_how_it_ended_in_the_terminals_own_colours(state: State, code: str) -> None:
    file = io.StringIO()
    console = Console(file=file, width=80, force_terminal=True, color_system="standard")
    console.print(thread_page(run(state=state), rows=22))

    assert f"\x1b[{code}m▌ \x1b[0m" in file.getvalue()


def test_nothing_has_a_background() -> None:
    file = io.StringIO()
    render.console(file)  # made as for a person
    console = Console(file=file, width=80, force_terminal=True, color_system="standard")
    console.push_theme(palette.MARKDOWN)
    text = (
        "Use `a monolith`:\n\n```python\ndef f(x: int) -> str:\n    return 'x'  # so\n```\n\n> So."
    )
    console.print(render.render(Document((Text(text),))))

    codes = {
        int(number)
        for code in file.getvalue().split("\x1b[")[1:]
        for number in code.partition("m")[0].split(";")
        if number.isdecimal()
    }
    assert not codes & {*range(40, 49), *range(100, 108)}
