"""A channel's council on its page: members removed and added, a chairman chosen, forms sent off."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.discord.test_commands import Listing, make_admin, members
from tests.fakes.channel import finished_case, rate
from tests.fakes.council_on_discord import Place
from tests.fakes.discord.components import walk
from tests.fakes.discord.interactions import Interaction
from tests.fakes.discord_server import Impossible, Message, running_discord


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with running_discord(time_scale=0.01) as server, Place(server).online(Listing()) as place:
        make_admin(place)
        yield place


async def page(place: Place) -> Message:
    shown = await place.server.slash(place.ada, place.channel, "council", "show")
    assert shown.original
    return shown.original


async def press(place: Place, shown: Message, name: str, *values: str) -> Interaction:
    return await place.server.click(place.ada, shown, f"c1:-:{name}", values)


def named(shown: Message) -> list[str]:
    return [
        c["custom_id"].removeprefix("c1:-:") for c in walk(shown.components) if "custom_id" in c
    ]


async def test_a_member_is_removed_where_it_stands(place: Place) -> None:
    shown = await page(place)
    clicked = await press(place, shown, "members:remove:lab/b")
    assert clicked.original is shown
    assert await members(place) == ("lab/a", "lab/c")
    assert "members:remove:lab/b" not in named(shown)
    assert "is now: lab/a, lab/c" in shown.text


async def test_the_last_member_stays(place: Place) -> None:
    shown = await page(place)
    for model in ("lab/a", "lab/b"):
        await press(place, shown, f"members:remove:{model}")
    assert await members(place) == ("lab/c",)
    assert [name for name in named(shown) if "remove" in name] == []


async def test_a_member_is_added_from_a_list(place: Place) -> None:
    shown = await page(place)
    await press(place, shown, "members:add", "lab/new")
    assert (await members(place))[-1] == "lab/new"


async def test_what_alone_is_left_to_add_is_a_button(place: Place) -> None:
    shown = await page(place)
    await press(place, shown, "members:add", "lab/new")
    await press(place, shown, "members:add:lab/chair")
    assert await members(place) == ("lab/a", "lab/b", "lab/c", "lab/new", "lab/chair")


async def test_the_chairman_is_chosen_from_a_list(place: Place) -> None:
    shown = await page(place)
    await press(place, shown, "chairman", "lab/new")
    assert "**new** writes the verdict" in shown.text


async def test_who_lost_the_right_changes_nothing_and_keeps_the_page(place: Place) -> None:
    shown = await page(place)
    place.guild.member_roles[place.ada.id].clear()
    clicked = await press(place, shown, "members:remove:lab/b")
    assert clicked.original is not shown
    assert "Only administrators" in clicked.text
    assert clicked.ephemeral
    assert await members(place) == ("lab/a", "lab/b", "lab/c")


async def test_a_button_pressed_twice_says_that_it_is_done(place: Place) -> None:
    shown, stale = await page(place), await page(place)
    await press(place, shown, "members:remove:lab/b")
    clicked = await press(place, stale, "members:remove:lab/b")
    assert clicked.original is not stale
    assert "lab/b" in clicked.text


async def test_a_model_with_a_name_longer_than_an_id_can_be_removed(place: Place) -> None:
    long = "lab/" + "m" * 110
    where = ("discord", str(place.guild.id), str(place.channel.id))
    await place.app.store.save_settings(
        *where,
        seen_version=0,
        values={"members": f"lab/a, lab/b, {long}"},
        person="1",
        at=place.app.now(),
        what="seated",
    )
    shown = await page(place)
    [id] = [name for name in named(shown) if name.startswith("#")]
    await press(place, shown, id)
    assert await members(place) == ("lab/a", "lab/b")


@pytest.mark.parametrize(
    ("button", "typed", "told"),
    [
        ("form:budget", "2.50", "at most $2.50 a day"),
        ("form:criteria", "Be brief.", "Be brief."),
    ],
)
async def test_a_form_changes_the_page_that_it_was_opened_from(
    place: Place, button: str, typed: str, told: str
) -> None:
    shown = await page(place)
    opened = await press(place, shown, button)
    sent = await place.server.submit_modal(opened, {"text": typed})
    assert sent.original is shown
    assert told in shown.text
    again = await press(place, shown, button)
    assert again.modal
    assert again.modal["components"][0]["component"]["value"].startswith(typed[:3])


async def test_a_form_left_empty_goes_back_to_the_usual(place: Place) -> None:
    shown = await page(place)
    for typed in ("3", ""):
        opened = await press(place, shown, "form:budget")
        await place.server.submit_modal(opened, {"text": typed})
    assert "at most" not in shown.text


async def test_a_form_filled_in_wrongly_says_so_and_keeps_the_page(place: Place) -> None:
    shown = await page(place)
    opened = await press(place, shown, "form:budget")
    before = shown.text
    sent = await place.server.submit_modal(opened, {"text": "a lot"})
    assert sent.original is not shown
    assert sent.ephemeral
    assert sent.text.startswith("Give US dollars a day")
    assert shown.text == before


async def test_all_settings_are_a_page_of_their_own(place: Place) -> None:
    clicked = await press(place, await page(place), "settings:all")
    assert clicked.ephemeral
    assert "reveal" in clicked.text


async def test_who_may_not_change_it_sees_no_way_to(place: Place) -> None:
    place.guild.member_roles[place.ada.id].clear()
    assert named(await page(place)) == ["settings:all"]


async def test_statistics_lead_to_their_details(place: Place) -> None:
    for number in range(20):
        case = finished_case(number, channel=str(place.channel.id))
        await place.app.store.create(case)
        await place.app.store.delivered(case.id)
        await rate(place.app.store, case, best="lab/b")
    done = await place.server.slash(place.ada, place.channel, "council", "stats")
    shown = done.original
    assert shown
    await place.server.wait_for(lambda: shown.attachments)
    assert named(shown) == ["stats:details", "stats:reviewers", "suggest"]
    clicked = await press(place, shown, "stats:details")
    await place.server.wait_for(lambda: "standings" in clicked.text)
    assert clicked.ephemeral
    told = await press(place, shown, "stats:reviewers")
    await place.server.wait_for(lambda: "People prefer one answer in" in told.text)
    assert told.ephemeral


async def test_a_page_of_somebody_else_is_out_of_reach(place: Place) -> None:
    bob = place.server.create_user("Bob", place.guild)
    with pytest.raises(Impossible):
        await place.server.click(bob, await page(place), "c1:-:settings:all")
