"""The local Slack takes and refuses blocks and views, sees whom they notify and where they lead."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError

from tests.fakes.slack.blocks import BLOCKS, Fields, check_message
from tests.fakes.slack.building import (
    a_button,
    container,
    in_actions,
    modal,
    option,
    plain,
    rich_text,
    section,
    select,
    table,
    text,
)
from tests.fakes.slack.elements import ELEMENTS
from tests.fakes.slack.listener import Place
from tests.fakes.slack.refusals import Refusal

REFUSED_BLOCKS = {
    "an unknown type": ([{"type": "accordion"}], "unsupported type: accordion"),
    "an unknown field": ([section(blocks=[])], "invalid additional property: blocks"),
    "an unknown field far inside": (
        [container(section(), in_actions(a_button(colour="red")))],
        "invalid additional property: colour [json-pointer:/blocks/0/child_blocks/1/elements/0]",
    ),
    "a null": ([section(expand=None)], "must not be null"),
    "a section of 3001": (
        [section("x" * 3001)],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    "an empty section": ([{"type": "section"}], "text or fields"),
    "an empty text": ([section("")], "must be more than 0 characters"),
    "eleven fields": ([section(fields=[text("x")] * 11)], "no more than 10 items"),
    "a header in mrkdwn": ([{"type": "header", "text": text("x")}], "valid text object"),
    "a header of 151": ([{"type": "header", "text": plain("x" * 151)}], "less than 151"),
    "emoji on mrkdwn": ([section(text=text("x") | {"emoji": True})], "property: emoji"),
    "51 blocks": ([section()] * 51, "no more than 50 items"),
    "eleven context elements": (
        [{"type": "context", "elements": [text("x")] * 11}],
        "no more than 10 items",
    ),
    "26 actions": (
        [in_actions(*(a_button(action_id=str(n)) for n in range(26)))],
        "no more than 25 items",
    ),
    "an action_id twice": ([in_actions(a_button(), a_button())], "press already exists"),
    "an action_id of 256": ([in_actions(a_button(action_id="x" * 256))], "less than 256"),
    "a block_id twice": ([section(block_id="a"), section(block_id="a")], "a already exists"),
    "a block_id twice, once folded": (
        [section(block_id="a"), container(section(block_id="a"))],
        "a already exists",
    ),
    "a block_id of 256": ([section(block_id="x" * 256)], "less than 256"),
    "a button of 76": ([in_actions(a_button(text=plain("x" * 76)))], "less than 76"),
    "a value of 2001": ([in_actions(a_button(value="x" * 2001))], "less than 2001"),
    "a button in a context": (
        [{"type": "context", "elements": [a_button()]}],
        "valid text object",
    ),
    "101 options": ([in_actions(select(101))], "no more than 100 items"),
    "an option of 151": (
        [in_actions(select(0, options=[{"text": plain("x"), "value": "x" * 151}]))],
        "less than 151",
    ),
    "an initial option nobody offers": (
        [in_actions(select(1, initial_option=option("other")))],
        "must match options exactly",
    ),
    "six overflow options": (
        [in_actions({"type": "overflow", "options": [option(str(n)) for n in range(6)]})],
        "no more than 5 items",
    ),
    "one overflow option": (
        [in_actions({"type": "overflow", "options": [option("1")]})],
        "no fewer than 2 items",
    ),
    "a subtitle of 151": (
        [container(section(), subtitle=text("x" * 151))],
        "less than 151",
    ),
    "a markdown block in a container": (
        [container({"type": "markdown", "text": "x"})],
        "unsupported type: markdown",
    ),
    "a container in a container": (
        [container(container(section()))],
        "unsupported type: container",
    ),
    "rich text in a container": (
        [container({"type": "rich_text", "elements": []})],
        "unsupported type: rich_text",
    ),
    "children under another name": (
        [{"type": "container", "title": plain("x"), "blocks": [section()]}],
        "missing required field: child_blocks",
    ),
    "eleven children": ([container(*[section()] * 11)], "no more than 10 items"),
    "no children": ([container()], "no fewer than 1 items"),
    "a container without title": (
        [{"type": "container", "child_blocks": [section()]}],
        "title or rich_text_title",
    ),
    "a container's title of 151": (
        [container(section(), title=plain("x" * 151))],
        "less than 151",
    ),
    "a divided header that folds": (
        [container(section(), has_header_divider=True)],
        "has_header_divider is not supported",
    ),
    "folded but not foldable": (
        [container(section(), is_collapsible=False)],
        "default_collapsed requires",
    ),
    "a bare string for a text": ([section(text="x")], "must be an object"),
    "an unknown element": ([in_actions({"type": "slider"})], "unsupported type: slider"),
    "options and groups": (
        [in_actions(select(1, option_groups=[{"label": plain("x"), "options": [option("x")]}]))],
        "either options or option_groups",
    ),
    "a picture beside a text without address": (
        [section(accessory={"type": "image", "alt_text": "x"})],
        "image_url or slack_file",
    ),
    "more chosen than can be": (
        [
            in_actions(
                select(
                    2,
                    type="multi_static_select",
                    initial_options=[option("0"), option("1")],
                    max_selected_items=1,
                )
            )
        ],
        "more initial options than max_selected_items",
    ),
    "an unknown part of rich text": (
        [{"type": "rich_text", "elements": [{"type": "rich_text_table"}]}],
        "unsupported type: rich_text_table",
    ),
    "an unknown piece of rich text": (
        [rich_text({"type": "marquee"})],
        "unsupported type: marquee",
    ),
    "a cell in mrkdwn": (
        [{"type": "table", "rows": [[text("x")]]}],
        "unsupported type: mrkdwn",
    ),
    "rows of different lengths": (
        [{"type": "table", "rows": [*table(1, 1)["rows"], *table(1, 2)["rows"]]}],
        "same number of cells",
    ),
    "settings for a column that is not there": (
        [table(1, 1) | {"column_settings": [{"align": "right"}] * 2}],
        "more settings than columns",
    ),
    "a table of 10,002 in two cells": ([table(1, 2, "x" * 5001)], "less than 10001"),
    "a number that is a text": (
        [
            {
                "type": "data_table",
                "caption": "x",
                "rows": [[{"type": "raw_number", "value": "1", "text": "1"}]] * 2,
            }
        ],
        "must be a number",
    ),
    "an empty card": ([{"type": "card", "subtitle": text("x")}], "hero_image, title, actions"),
    "101 rows": ([table(rows=101)], "no more than 100 items"),
    "21 columns": ([table(columns=21)], "no more than 20 items"),
    "an empty cell": ([table(words="")], "must be more than 0 characters"),
    "a table of 10,001": ([table(1, 1, "x" * 10_001)], "less than 10001"),
    "six context actions": (
        [{"type": "context_actions", "elements": [a_button()] * 6}],
        "no more than 5 items",
    ),
    "a markdown block of 12,001": (
        [{"type": "markdown", "text": "x" * 12_001}],
        "less than 12001",
    ),
    "an image without address": ([{"type": "image", "alt_text": "x"}], "image_url or slack_file"),
    "a picture never uploaded": (
        [{"type": "image", "alt_text": "x", "slack_file": {"id": "F0"}}],
        "invalid slack file",
    ),
    "a card of 201": ([{"type": "card", "body": text("x" * 201)}], "less than 201"),
    "a video": (
        [
            {
                "type": "video",
                "alt_text": "x",
                "title": plain("x"),
                "video_url": "https://x.test",
                "thumbnail_url": "https://x.test",
            }
        ],
        "links.embed:write",
    ),
}


@pytest.mark.parametrize("case", REFUSED_BLOCKS)
async def test_blocks_are_refused(place: Place, case: str) -> None:
    blocks, sentence = REFUSED_BLOCKS[case]
    error, said = await place.refused(*blocks)
    assert error == "invalid_blocks"
    assert sentence in said
    assert place.server.messages(place.channel) == []


ACCEPTED_BLOCKS: dict[str, list[dict[str, Any]]] = {
    "everything a container holds": [
        container(
            section("x" * 3000, expand=True),
            {"type": "header", "text": plain("x")},
            {"type": "divider"},
            {"type": "context", "elements": [text("x"), plain("y")]},
            in_actions(a_button(style="primary", value="A"), select(100)),
            {"type": "image", "alt_text": "x", "image_url": "https://x.test/a.png"},
            table(10, 5),
            subtitle=text("x"),
            width="wide",
        )
    ],
    "everything at its limit": [
        {"type": "header", "text": plain("x" * 150), "block_id": "x" * 255},
        {"type": "context", "elements": [text("x")] * 10},
        in_actions(
            *(a_button(action_id=f"{n:0>255}") for n in range(24)),
            a_button(text=plain("x" * 75), value="x" * 2000),
        ),
        container(*[section()] * 10, title=plain("x" * 150), subtitle=plain("x" * 150)),
        *[{"type": "divider"}] * 30,
        {"type": "section", "fields": [text("x")] * 10},
    ],
    "a table of 100 by 20": [table(100, 20, "x" * 5)],
    "50 blocks": [section()] * 50,
    "a markdown block of 12,000": [{"type": "markdown", "text": "x" * 12_000}],
    "thumbs": [
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "f",
                    "positive_button": {"text": plain("yes"), "value": "1"},
                    "negative_button": {"text": plain("no"), "value": "0"},
                }
            ],
        }
    ],
    "rich text": [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [{"type": "text", "text": "x", "style": {"bold": True}}],
                        }
                    ],
                }
            ],
        }
    ],
    "two data tables and an alert": [
        *[
            {
                "type": "data_table",
                "caption": "Standings",
                "rows": [[{"type": "raw_text", "text": "x"}]] * 2,
            }
        ]
        * 2,
        {"type": "alert", "text": text("x"), "level": "warning"},
    ],
}


@pytest.mark.parametrize("case", ACCEPTED_BLOCKS)
async def test_blocks_are_accepted(place: Place, case: str) -> None:
    ts = await place.say(blocks=ACCEPTED_BLOCKS[case])
    kept = place.channel.messages[ts].blocks
    assert [block["type"] for block in kept] == [b["type"] for b in ACCEPTED_BLOCKS[case]]
    assert all(block["block_id"] for block in kept)


def shaped(kinds: dict[str, Fields], inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects with the right fields for their type and anything in them."""
    return st.one_of(
        [
            st.fixed_dictionaries(
                {"type": st.just(kind), **dict.fromkeys(required, inner)},
                optional=dict.fromkeys(optional, inner),
            )
            for kind, (required, optional) in kinds.items()
        ]
    )


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    texts = st.builds(text, st.text(max_size=3), st.sampled_from(["plain_text", "mrkdwn"]))
    options = st.fixed_dictionaries({"text": texts, "value": st.text(max_size=3)})
    lists = st.lists(inner, max_size=3)
    return lists | texts | options | shaped(ELEMENTS, inner) | shaped(BLOCKS, inner)


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=3)


@given(st.lists(st.recursive(LEAVES, grown, max_leaves=10), max_size=3))
def test_any_blocks_are_taken_or_refused_by_name(blocks: list[Any]) -> None:
    with suppress(Refusal):
        check_message(blocks)


async def test_two_tables_in_a_message_are_refused(place: Place) -> None:
    assert await place.refused(table(), container(table())) == (
        "invalid_attachments",
        "only_one_table_allowed",
    )


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param([{"type": "markdown", "text": "x" * 6001}] * 2, id="markdown of 12,002"),
        pytest.param([section("x" * 2600)] * 5, id="13,000 and five blocks"),
        pytest.param(
            [
                rich_text({"type": "text", "text": "x" * 11_341}),
            ],
            id="rich text of 11,341",
        ),
    ],
)
async def test_blocks_beyond_the_budget_are_refused(
    place: Place, blocks: list[dict[str, Any]]
) -> None:
    assert (await place.refused(*blocks))[0] == "msg_blocks_too_long"


@pytest.mark.parametrize("blocks", ["[1]", "[", {"type": "divider"}])
async def test_blocks_must_be_a_list_of_objects(place: Place, blocks: Any) -> None:
    body = {"channel": place.channel.id, "text": "x", "blocks": blocks}
    error = await place.bot.error("chat.postMessage", **body)
    assert error == "invalid_blocks_format"


async def test_containers_can_be_unknown(place: Place) -> None:
    place.server.forget_blocks("container")
    assert "unsupported type: container" in (await place.refused(container(section())))[1]
    await place.say(blocks=[section()])


async def test_validation_posts_nothing_and_asks_for_no_token(place: Place) -> None:
    place.client.token = None
    await place.client.blocks_validate(blocks=[section()])
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        await place.client.blocks_validate(blocks=[section(colour="red")])
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await place.client.blocks_validate(view=modal(title=plain("x" * 25)))
    assert place.server.messages(place.channel) == []


# Views


REFUSED_VIEWS = {
    "a title of 25": (modal(title=plain("x" * 25)), "/view/title/text"),
    "inputs without submit": (
        {key: value for key, value in modal().items() if key != "submit"},
        "/view/submit",
    ),
    "101 blocks": (modal(blocks=[section()] * 101), "/view/blocks"),
    "no blocks": (modal(blocks=[]), "/view/blocks"),
    "metadata of 3001": (modal(private_metadata="x" * 3001), "/view/private_metadata"),
    "a markdown block": (modal(blocks=[{"type": "markdown", "text": "x"}]), "unsupported type"),
    "an unknown field": (modal(colour="red"), "additional property: colour"),
    "a fraction where none is taken": (
        modal(
            blocks=[
                {
                    "type": "input",
                    "label": plain("x"),
                    "element": {
                        "type": "number_input",
                        "is_decimal_allowed": False,
                        "min_value": "1.5",
                    },
                }
            ]
        ),
        "must be an integer",
    ),
    "a number as a number": (
        modal(
            blocks=[
                {
                    "type": "input",
                    "label": plain("x"),
                    "element": {
                        "type": "number_input",
                        "is_decimal_allowed": False,
                        "min_value": 1,
                    },
                }
            ]
        ),
        "must be a string holding a number",
    ),
}


@pytest.mark.parametrize("case", REFUSED_VIEWS)
async def test_a_view_is_refused(place: Place, case: str) -> None:
    view, sentence = REFUSED_VIEWS[case]
    trigger_id = place.server.triggers.new(place.ada)
    assert await place.bot.error("views.open", trigger_id=trigger_id, view=view) == (
        "invalid_arguments"
    )
    assert sentence in " ".join(place.server.rejections[-1].answer["errors"])


# Who is notified, and where links lead


async def pinged(place: Place, **message: Any) -> set[str]:
    before, channel = len(place.server.pings), place.server.create_channel()
    await place.client.api_call(
        "chat.postMessage", json={"channel": channel.id, "text": "x"} | message
    )
    return {ping.target for ping in place.server.pings[before:]}


async def test_a_post_notifies_whom_it_names(place: Place) -> None:
    ada = place.ada.id
    assert await pinged(place, text=f"<@{ada}> <!here> &lt;!channel&gt;") == {ada, "here"}
    assert await pinged(place, blocks=[section("<!subteam^S012|all>")]) == {"S012"}
    assert await pinged(place, blocks=[{"type": "markdown", "text": "<!channel>"}]) == {"channel"}
    assert await pinged(place, blocks=[container(section(f"`<@{ada}>`"))]) == {ada}
    assert await pinged(place, blocks=[{"type": "header", "text": plain("<!here>")}]) == set()
    assert await pinged(place, text="@ada @here") == set()
    assert await pinged(place, text="@ada @here", link_names=True) == {ada, "here"}
    assert await pinged(place, text="<\u2060!here> &lt;@U1>") == set()


async def test_an_update_notifies_nobody(place: Place) -> None:
    ts = await place.say()
    await place.client.chat_update(channel=place.channel.id, ts=ts, text="<!here>")
    assert place.server.pings == []


@pytest.mark.parametrize(
    ("block", "disguised"),
    [
        pytest.param(section("<https://evil.test|good.test>"), True, id="mrkdwn"),
        pytest.param(section("<https://good.test/a|good.test/a>"), False, id="mrkdwn, honest"),
        pytest.param(section("<https://evil.test>"), False, id="bare"),
        pytest.param(
            {"type": "markdown", "text": "[good](https://evil.test)"}, True, id="markdown"
        ),
        pytest.param(
            {"type": "markdown", "text": "[good][1]\n\n[1]: https://evil.test"},
            True,
            id="markdown, by reference",
        ),
        pytest.param(
            {"type": "markdown", "text": "good (https://evil.test)"}, None, id="plain text"
        ),
        pytest.param(in_actions(a_button(url="https://evil.test")), True, id="button"),
    ],
)
async def test_links_are_recorded_with_their_labels(
    place: Place, block: dict[str, Any], disguised: bool | None
) -> None:
    await place.say(blocks=[block])
    expected = [] if disguised is None else [disguised]
    assert [link.disguised for link in place.server.links] == expected


async def test_a_link_is_previewed_unless_told_otherwise(place: Place) -> None:
    linked = "see <https://x.test>"
    shown = await place.say(linked)
    await place.say(linked, unfurl_links=False, unfurl_media=False)
    await place.say("no link")
    assert [message.ts for message in place.server.unfurled] == [shown]
