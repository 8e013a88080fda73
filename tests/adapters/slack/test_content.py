"""What a message says is read wherever Slack put it, whatever an app sends."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.content import attached_words, file_name, files, shown_words, typed_words
from tests.fakes.slack.building import container, plain, rich_text, section, table, text

BLOCKS: dict[str, tuple[dict[str, Any], str]] = {
    "section": (section("*Disk* &lt;90%&gt; full"), "*Disk* &lt;90%&gt; full"),
    "fields": (
        {"type": "section", "fields": [text("*Host*"), plain("a<b")]},
        "*Host*\na&lt;b",
    ),
    "header": ({"type": "header", "text": plain("Alert")}, "Alert"),
    "context": (
        {"type": "context", "elements": [text("since 9:00"), plain("UTC")]},
        "since 9:00\nUTC",
    ),
    "markdown": ({"type": "markdown", "text": "# A & <b>"}, "# A &amp; &lt;b&gt;"),
    "table": (table(2, 2), "x | x\nx | x"),
    "container": (container(section("inside")), "Answer A\ninside"),
    "carousel": (
        {
            "type": "carousel",
            "elements": [{"type": "card", "title": plain("A"), "body": text("b")}],
        },
        "A\nb",
    ),
    "plan": (
        {
            "type": "plan",
            "title": "Release",
            "tasks": [
                {
                    "type": "task_card",
                    "title": "Build",
                    "details": rich_text({"type": "text", "text": "on main"}),
                    "output": rich_text({"type": "text", "text": "failed"}),
                }
            ],
        },
        "Release\nBuild\non main\nfailed",
    ),
    "image": ({"type": "image", "image_url": "x", "alt_text": "A cat"}, "A cat"),
    "buttons": ({"type": "actions", "elements": [{"type": "button", "text": plain("Press")}]}, ""),
    "rich text": (
        rich_text(
            {"type": "text", "text": "a & <b> "},
            {"type": "user", "user_id": "U1"},
            {"type": "link", "url": "https://a.example", "text": "A"},
            {"type": "emoji", "name": "tada"},
            {"type": "text", "text": "x = 1", "style": {"code": True}},
        ),
        "a &amp; &lt;b&gt; <@U1><https://a.example|A>:tada:`x = 1`",
    ),
}


@pytest.mark.parametrize("kind", BLOCKS)
def test_each_kind_of_block_is_read(kind: str) -> None:
    block, words = BLOCKS[kind]
    assert shown_words({"text": "", "blocks": [block]}) == words
    assert attached_words({"attachments": [{"blocks": [block]}]}) == words


def test_lists_quotes_and_code_keep_their_shape() -> None:
    def said(words: str) -> dict[str, Any]:
        return {"type": "rich_text_section", "elements": [{"type": "text", "text": words}]}

    parts = [
        said("First:"),
        {"type": "rich_text_list", "style": "ordered", "elements": [said("a"), said("b")]},
        {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [said("c")]},
        said("said") | {"type": "rich_text_quote"},
        said("x = 1") | {"type": "rich_text_preformatted"},
    ]
    message = {"text": "", "blocks": [{"type": "rich_text", "elements": parts}]}
    assert shown_words(message) == "First:\n1. a\n2. b\n  - c\n&gt; said\n```\nx = 1\n```"


def test_a_persons_text_is_what_was_typed_and_an_app_types_nothing() -> None:
    typed = {"text": "<https://a.example|a>", "blocks": [rich_text({"type": "text", "text": "a"})]}
    assert typed_words(typed) == "<https://a.example|a>"
    app = {"text": "New alert", "blocks": [section("Disk full")]}
    assert (typed_words(app), shown_words(app)) == ("", "Disk full")
    plain = {"text": "New alert", "bot_id": "B1"}
    assert (typed_words(plain), shown_words(plain)) == ("", "New alert")


def test_what_hangs_on_a_message_is_read_in_order() -> None:
    card = {
        "pretext": "Build 7",
        "title": "failed",
        "text": "on main",
        "fields": [{"title": "Step", "value": "lint"}],
        "fallback": "not this",
        "author_name": "nobody",
    }
    forward = {"message_blocks": [{"message": {"blocks": [section("inner")]}}], "text": ""}
    words = attached_words({"attachments": [card, {"fallback": "only this"}, forward]})
    assert words == "Build 7\n\nfailed\n\non main\n\nStep: lint\n\nonly this\n\ninner"
    assert attached_words({"attachments": [{"fallback": "[no preview available]"}]}) == ""


def test_a_forward_is_read_wherever_slack_put_its_words() -> None:
    card = {"text": "Disk full", "fallback": "Disk full"}
    shapes = [
        {"message_blocks": [{"message": {"text": "Look"}}], "attachments": [card]},
        {"text": "Look", "attachments": [card]},
        {"text": "Look", "message_blocks": [{"message": {"attachments": [card]}}]},
    ]
    for shape in shapes:
        assert attached_words({"attachments": [shape]}) == "Look\n\nDisk full"


def file_names(message: dict[str, Any]) -> tuple[str, ...]:
    return tuple(map(file_name, files(message)))


def test_files_are_named_also_where_they_were_forwarded() -> None:
    these = [{"name": "a.pdf"}, {"title": "B"}, {"mode": "tombstone", "name": "gone"}]
    assert file_names({"files": these, "attachments": [{"files": [{}]}]}) == ("a.pdf", "B", "")
    inner = {"message_blocks": [{"message": {"files": [{"name": "c.pdf"}]}}]}
    assert file_names({"attachments": [inner]}) == ("c.pdf",)
    assert file_names({"attachments": [inner | {"files": [{"name": "c.pdf"}]}]}) == ("c.pdf",)


def test_forwards_of_forwards_end() -> None:
    message: dict[str, Any] = {"attachments": [{"text": "deep"}]}
    for _ in range(500):
        message = {"attachments": [{"message_blocks": [{"message": message}]}]}
    assert attached_words(message) == ""


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "blocks", "elements", "rows", "fields", "message_blocks"]
            )
            | st.sampled_from(["message", "attachments", "files", "child_blocks", "style"]),
            inner | st.sampled_from(["rich_text", "rich_text_list", "section", "table", "text"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(blocks=_JSON, attachments=_JSON)
def test_any_message_is_read(blocks: Any, attachments: Any) -> None:
    message = {"text": "", "blocks": blocks, "attachments": attachments, "files": attachments}
    assert isinstance(typed_words(message), str)
    assert isinstance(shown_words(message), str)
    assert isinstance(attached_words(message), str)
    assert all(isinstance(name, str) for name in file_names(message))
