"""Labels in a verdict become links to posts, and nothing else changes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.text.letters import linked_letters
from adapters.text.markdown import honest_links, split_markdown
from adapters.text.reading import read
from bot.document import Letter

LETTERS = tuple(Letter(label, f"answer:{label}", f"2{label}") for label in "ABCD")
FIRST = tuple(Letter(label, f"answer:{label}", label) for label in "ABCD")
LINK = re.compile(r"\[(2[A-D])\]\(https://c\.example/answer:[A-D]\?x=1&y=2\)")

labels = st.sampled_from("ABCD")
mentions = st.one_of(
    labels.map("({})".format),
    st.tuples(labels, labels).map(lambda two: f"({two[0]}, {two[1]})"),
    labels.map("Answer {}".format),
    st.tuples(labels, labels).map(lambda two: f"answers {two[0]} and {two[1]}"),
    labels.map("**Answer {}**".format),
)
OTHERS = (
    ("A queue", "P(A)", "B-tree", "Answer C++", "word", "한국어"),
    (
        "`(A)`",
        "[see (B)](https://e.example)",
        "<https://e.example/(C)>",
        "https://e.example/Set_(A)",
    ),
    ("*", "**", "`", "[", "]", "](", "(", "![", "~~~", "| (A) |"),
    ("\n", "\n\n", "\n- ", "\n> ", "\n```\n(D)\n```\n", "\n\n    (A)\n\n"),
)
others = st.sampled_from(OTHERS).flatmap(st.sampled_from)
texts = st.lists(st.one_of(mentions, others, st.text(max_size=5)), max_size=25).map(" ".join)


def url(key: str) -> str:
    return f"https://c.example/{key}?x=1&y=2"


def nowhere(key: str) -> None:
    return None


def shown(text: str) -> str:
    return linked_letters(text, LETTERS, nowhere)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("so it is (B).", "so it is (2B)."),
        ("(A, C) (A and C) (A/C) (A; B, and D)", "(2A, 2C) (2A and 2C) (2A/2C) (2A; 2B, and 2D)"),
        ("(**B**) **(B)** (A)(B)", "(**2B**) **(2B)** (2A)(2B)"),
        ("Answer B says; answer C, too", "Answer 2B says; answer 2C, too"),
        ("answers A and C; Answers A, B, and D", "answers 2A and 2C; Answers 2A, 2B, and 2D"),
        ("**Answer B**, Answer **B**'s", "**Answer 2B**, Answer **2B**'s"),
        ("쉽습니다(B). Answer B는", "쉽습니다(2B). Answer 2B는"),
        ("> and (A)\n\n- or (B)\n", "> and (2A)\n\n- or (2B)\n"),
        ("| a |\n|---|\n| (C) |", "| a |\n|---|\n| (2C) |"),
    ],
)
def test_labels_carry_the_number_of_their_question(text: str, then: str) -> None:
    assert shown(text) == then


@pytest.mark.parametrize(
    "text",
    [
        "A queue is enough. Plan B, or C.",
        "(A queue) (A, for one) (E) answer E",
        "`(A)` and ``Answer `B` ``",
        "```\n(A)\n```",
        "~~~\nAnswer A",
        "text\n\n    (A)",
        "[the book (A)](https://e.example) ![(B)](https://e.example/b.png)",
        "<https://e.example/(A)> https://e.example/Set_(A) www.e.example/(B)",
        "P(A) f_(B) Answer C++ Answer A/B Answer B-tree Answer Ab Answer A1 Answer À",
        "reanswer A, answer a, an answer: A, \\(A\\)",
        "## The answer\nA queue",
    ],
)
def test_all_else_is_no_label(text: str) -> None:
    assert shown(text) == text


def test_a_label_links_to_its_post() -> None:
    assert linked_letters("as (B) says", FIRST, url) == (
        "as ([B](https://c.example/answer:B?x=1&y=2)) says"
    )


def test_only_posts_whose_address_is_known_are_linked() -> None:
    known = {"answer:A": "https://c.example/1"}
    assert linked_letters("(A, B)", LETTERS, known.get) == "([2A](https://c.example/1), 2B)"


def test_in_a_first_question_without_addresses_nothing_changes() -> None:
    assert linked_letters("(A) and Answer B", FIRST, nowhere) == "(A) and Answer B"


@given(texts)
def test_nothing_but_labels_changes(text: str) -> None:
    assert LINK.sub(lambda link: link[1][1], linked_letters(text, LETTERS, url)) == text


@given(texts)
def test_code_links_and_addresses_stay(text: str) -> None:
    text = honest_links(text)
    linked = linked_letters(text, LETTERS, url)
    for span in read(text).spans():
        assert text[span.start : span.end] in linked
    for address in re.findall(r"https://e\.example\S*", text):
        assert address in linked


@given(texts)
def test_each_link_is_read_as_one(text: str) -> None:
    linked = linked_letters(honest_links(text), LETTERS, url)
    targets = [span.target for span in read(linked).spans() if "c.example" in span.target]
    assert len(targets) == len(LINK.findall(linked))


@given(texts, st.integers(80, 300))
def test_no_cut_falls_inside_a_link(text: str, limit: int) -> None:
    linked = linked_letters(honest_links(text), LETTERS, url)
    pieces = split_markdown(linked, limit)
    assert sum(len(LINK.findall(piece)) for piece in pieces) >= len(LINK.findall(linked))
