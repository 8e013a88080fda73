"""`/council` as people type it: what is shown, what is changed, what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.bills import Bill
from bot.chat import Channel, Person
from bot.conversation import desk
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.commands import COMMANDS
from bot.conversation.presses import Press, Told
from bot.conversation.settings_commands import fill_in
from bot.criteria import PRESETS
from bot.document import (
    Block,
    Button,
    Document,
    Entry,
    Heading,
    Image,
    Note,
    Select,
    Table,
    Text,
)
from bot.errors import InvalidForm, InvalidInput, SettingsChanged
from bot.llm import ModelInfo
from bot.modes import MODES
from bot.records import Case
from bot.settings import SETTINGS
from tests.fakes.channel import finished_case, rate, reaction
from tests.fakes.council import running_app
from tests.fakes.provider import FakeProvider

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HERE = Channel("discord", "server", "channel")
ELSEWHERE = Channel("discord", "server", "elsewhere")
ANN, ADMIN = Person("ann"), Person("eve", admin=True)
MEMBERS = ("openai/gpt-5.1", "anthropic/claude-sonnet-4.5", "mistralai/mistral-large")
CHAIRMAN = "google/gemini-3-pro"


class Listed(FakeProvider):
    """A catalogue of models with prices."""

    async def models(self) -> tuple[ModelInfo, ...]:
        ids = (*MEMBERS, CHAIRMAN, "openai/gpt-5.1-mini")
        return tuple(
            ModelInfo(
                id=id,
                prompt_usd_per_million=1.25,
                completion_usd_per_million=10,
                created=n,
            )
            for n, id in enumerate(ids)
        )


@pytest.fixture
async def app() -> AsyncIterator[App]:
    rules = Rules(admins=frozenset({"root"}))
    async with running_app(Listed(), members=MEMBERS, chairman=CHAIRMAN, rules=rules) as app:
        app.clock = lambda: NOW
        yield app


@pytest.fixture
async def unlisted() -> AsyncIterator[App]:
    """Without any list of models."""
    async with running_app(FakeProvider(), members=MEMBERS, chairman=CHAIRMAN) as app:
        yield app


async def text(app: App, typed: str, person: Person = ADMIN, channel: Channel = HERE) -> str:
    """The answer's first block, which is a text."""
    first = (await app.command(channel, person, typed)).blocks[0]
    assert isinstance(first, Text)
    return first.text


async def members(app: App, channel: Channel = HERE) -> tuple[str, ...]:
    return (await app.settings(channel)).members


# --- what was typed


@pytest.mark.parametrize(
    ("typed", "name", "rest"),
    [
        ("", "show", ""),
        ("   ", "show", ""),
        ("MEMBERS  add  a/b ", "members", "add  a/b"),
        ("criteria\nbrevity\nabove all", "criteria", "brevity\nabove all"),
        ("ask Is it right?", "ask", "Is it right?"),
    ],
)
def test_the_first_word_is_the_command(typed: str, name: str, rest: str) -> None:
    assert desk.parse(typed) == desk.Typed(name, rest)


# --- show


async def test_show_says_who_is_seated_what_a_question_costs_and_what_was_changed(app: App) -> None:
    await app.command(HERE, ADMIN, "set language German")

    page = await app.command(HERE, ANN, "")

    assert page.blocks == (
        Heading("This channel's council"),
        Text(
            "3 models answer and review, **gemini-3-pro** writes the verdict. "
            "**About $0.06 a question.**"
        ),
        Entry("**gpt-5.1**", "openai · about $0.008 an answer"),
        Entry("**claude-sonnet-4.5**", "anthropic · about $0.008 an answer"),
        Entry("**mistral-large**", "mistralai · about $0.008 an answer"),
        Text("- **Language**: German"),
        Note(
            "Model names: after one has voted · no budget of its own · only administrators change this"
        ),
    )
    assert [button.name for button in page.buttons] == ["settings:all"]


async def test_who_may_change_the_council_is_offered_to(app: App) -> None:
    page = await app.command(HERE, ADMIN, "show")

    seated = [block.button for block in page.blocks if isinstance(block, Entry)]
    assert seated[0] == Button("members:remove:openai/gpt-5.1", "Remove")
    add, chairman, mode = (block for block in page.blocks if isinstance(block, Select))
    assert (add.name, add.placeholder) == ("members:add", "Add a model")
    assert not {value for _, value in add.options} & {"openai/gpt-5.1", "mistralai/mistral-large"}
    assert chairman.placeholder == "Chairman: gemini-3-pro"
    assert "google/gemini-3-pro" not in {value for _, value in chairman.options}
    assert mode.placeholder == "Mode: council"
    assert [value for _, value in mode.options] == [each for each in MODES if each != "council"]
    assert [button.name for button in page.buttons] == [
        "form:criteria",
        "form:budget",
        "settings:all",
    ]


async def test_another_mode_says_what_it_does(app: App) -> None:
    page = await app.pressed(HERE, ADMIN, "mode", "compare")

    assert isinstance(page.blocks[1], Text)
    assert page.blocks[1].text.startswith(
        f"3 models are seated. Mode **compare**: {MODES['compare']}."
    )
    assert page.blocks[-1] == Note("**mode** is now: compare")


async def test_what_a_question_costs_is_what_its_mode_takes(app: App) -> None:
    """Three answers, in the place of seven calls."""
    whole = await app.command(HERE, ADMIN, "show")
    compared = await app.pressed(HERE, ADMIN, "mode", "compare")

    assert "**About $0.06 a question.**" in str(whole.blocks[1])
    assert "**About $0.024 a question.**" in str(compared.blocks[1])


async def test_several_seats_of_a_model_have_one_button(app: App) -> None:
    await app.command(HERE, ADMIN, "members set openai/gpt-5.1" + " openai/gpt-5.1-mini" * 3)
    page = await app.command(HERE, ADMIN, "show")
    buttons = [block.button for block in page.blocks if isinstance(block, Entry)]
    assert [button.name for button in buttons if button] == [
        "members:remove:openai/gpt-5.1",
        "members:remove:openai/gpt-5.1-mini",
    ]
    assert len(buttons) == 4


async def test_the_last_member_cannot_be_removed_by_a_button(app: App) -> None:
    await app.command(HERE, ADMIN, "members set openai/gpt-5.1")
    page = await app.command(HERE, ADMIN, "show")
    assert [block.button for block in page.blocks if isinstance(block, Entry)] == [None]


async def test_a_press_changes_the_council_and_shows_it_as_it_is_then(app: App) -> None:
    removed = await app.pressed(HERE, ADMIN, "members:remove:openai/gpt-5.1")
    assert removed.blocks[1] == Text(
        "2 models answer and review, **gemini-3-pro** writes the verdict. "
        "**About $0.039 a question.**"
    )
    assert removed.blocks[-1] == Note(
        "**members** is now: anthropic/claude-sonnet-4.5, mistralai/mistral-large"
    )
    added = await app.pressed(HERE, ADMIN, "members:add", "openai/gpt-5.1")
    assert [block.text for block in added.blocks if isinstance(block, Entry)] == [
        "**claude-sonnet-4.5**",
        "**mistral-large**",
        "**gpt-5.1**",
    ]
    chaired = await app.pressed(HERE, ADMIN, "chairman", "openai/gpt-5.1-mini")
    assert "**gpt-5.1-mini** writes the verdict" in str(chaired)


@pytest.mark.parametrize("name", ["members:remove:openai/gpt-5.1", "members:add", "chairman"])
async def test_a_press_by_somebody_who_may_not_changes_nothing(app: App, name: str) -> None:
    before = await app.command(HERE, ANN, "show")
    refused = await app.pressed(HERE, ANN, name, "openai/gpt-5.1-mini")
    assert "Only administrators can change" in str(refused)
    assert await app.command(HERE, ANN, "show") == before


async def test_a_press_of_an_unknown_button_says_so(app: App) -> None:
    assert "another version of the bot" in str(await app.pressed(HERE, ADMIN, "levitate"))


async def test_show_all_lists_every_setting_as_it_is_typed(app: App) -> None:
    await app.command(HERE, ADMIN, "set language German")

    for page in (
        await app.command(HERE, ANN, "show all"),
        await app.pressed(HERE, ANN, "settings:all"),
    ):
        table = page.blocks[1]
        assert isinstance(table, Table)
        assert table.rows == (
            (
                "members",
                "openai/gpt-5.1, anthropic/claude-sonnet-4.5, mistralai/mistral-large",
                "default",
            ),
            ("chairman", "google/gemini-3-pro", "default"),
            ("mode", "council", "default"),
            ("criteria", "none", "default"),
            ("instructions", "none", "default"),
            ("effort", "auto", "default"),
            ("language", "German", ""),
            ("interface", "auto", "default"),
            ("reveal", "after_vote", "default"),
            ("chairman_sees_names", "off", "default"),
            ("budget", "unlimited", "default"),
            ("ask_first", "on", "default"),
            ("changers", "admins", "default"),
            ("redact", "off", "default"),
            ("context", "run", "default"),
            ("links", "off", "default"),
            ("web", "off", "default"),
            ("audit", "auto", "default"),
            ("verify", "off", "default"),
            ("weights", "shadow", "default"),
            ("wait", "off", "default"),
            ("paused", "off", "default"),
            ("audition", "none", "default"),
            ("trial", "off", "default"),
        )


async def test_members_alone_lists_them_with_prices(app: App) -> None:
    [heading, listed] = (await app.command(HERE, ANN, "members")).blocks

    assert heading == Heading("Members")
    assert listed == Text(
        "1. `openai/gpt-5.1` · $1.25 / $10 per million tokens\n"
        "2. `anthropic/claude-sonnet-4.5` · $1.25 / $10 per million tokens\n"
        "3. `mistralai/mistral-large` · $1.25 / $10 per million tokens"
    )


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("chairman", "**chairman**: google/gemini-3-pro"),
        ("criteria", "**criteria**: none"),
        ("mode", "**mode**: council"),
    ],
)
async def test_a_setting_alone_is_shown_to_anybody(app: App, typed: str, shown: str) -> None:
    assert await text(app, typed, ANN) == shown


async def test_the_criteria_are_shown_with_every_preset(app: App) -> None:
    await app.command(HERE, ADMIN, "criteria accuracy")

    page = await app.command(HERE, ANN, "criteria")
    shown = [block.text for block in page.blocks if isinstance(block, Text)]

    assert shown[0] == f"**criteria**: accuracy: {PRESETS['accuracy']}"
    for name, preset in PRESETS.items():
        assert f"- `{name}`: {preset}" in shown
    council = await app.command(HERE, ANN, "show")
    assert Text("- **What makes an answer good here**: accuracy") in council.blocks


async def test_the_budget_is_shown_with_what_each_one_has_left() -> None:
    rules = Rules(daily_budget_micros=5_000_000, person_budget_micros=500_000)
    async with running_app(FakeProvider(), rules=rules) as app:
        today = app.now().date()
        await app.store.spend(today, "lab/a", Bill(cost_micros=2_000_000, counted_micros=2_500_000))
        await app.command(HERE, ADMIN, "budget 0.80")

        document = await app.command(HERE, ANN, "budget")

    assert document.blocks[-2:] == (
        Table(
            ("Budget", "Limit", "Spent", "Reserved", "Free"),
            (
                ("this channel's, today", "$0.80", "$0", "$0", "$0.80"),
                # What others spent elsewhere is not told, only what it leaves.
                ("the bot's, today", "$5.00", "–", "–", "$2.50"),
                ("yours, today", "$0.50", "$0", "$0", "$0.50"),
            ),
        ),
        Note("The first to end: yours, today."),
    )


@pytest.mark.parametrize("typed", ["set reveal", "SET Reveal"])
async def test_a_setting_without_a_value_says_what_it_can_be(app: App, typed: str) -> None:
    await app.command(HERE, ADMIN, "set reveal never")

    document = await app.command(HERE, ANN, typed)

    assert document.blocks == (
        Text("**reveal**: never"),
        Text("- It can be: `after_vote`, `always`, `never`\n- Default: after_vote"),
        Note("When readers learn which model wrote which answer."),
        Note("Change it: `/council set reveal VALUE`; `default` takes a change back."),
    )


@pytest.mark.parametrize("name", SETTINGS)
async def test_every_setting_says_what_it_takes(app: App, name: str) -> None:
    values = (await app.command(HERE, ANN, f"set {name}")).blocks[1]

    assert isinstance(values, Text)
    assert len(values.text.splitlines()[0]) > len("- It can be: ``")


# --- members and chairman


async def test_members_can_be_added_removed_and_set(app: App) -> None:
    said = await text(app, "members add openai/gpt-5.1-mini")
    assert said == (
        "**members** is now: openai/gpt-5.1, anthropic/claude-sonnet-4.5, "
        "mistralai/mistral-large, openai/gpt-5.1-mini"
    )
    await app.command(HERE, ADMIN, "members remove openai/gpt-5.1, mistralai/mistral-large")
    assert await members(app) == ("anthropic/claude-sonnet-4.5", "openai/gpt-5.1-mini")
    await app.command(HERE, ADMIN, "members set mistralai/mistral-large openai/gpt-5.1")
    assert await members(app) == ("mistralai/mistral-large", "openai/gpt-5.1")
    assert await members(app, ELSEWHERE) == MEMBERS


async def test_one_model_may_hold_two_seats(app: App) -> None:
    await app.command(HERE, ADMIN, "members set openai/gpt-5.1 openai/gpt-5.1")
    assert await members(app) == ("openai/gpt-5.1", "openai/gpt-5.1")

    await app.command(HERE, ADMIN, "members remove openai/gpt-5.1")
    assert await members(app) == ("openai/gpt-5.1",)


async def test_one_member_is_allowed_and_noted(app: App) -> None:
    document = await app.command(HERE, ADMIN, "members set openai/gpt-5.1")

    assert document.blocks == (
        Text("**members** is now: openai/gpt-5.1"),
        Note("With one member there is nothing to rank: its answer will be the verdict."),
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "members set" + " openai/gpt-5.1" * 21,
            "A council has 1 to 20 members; this would leave it with 21.",
        ),
        (
            "members remove " + " ".join(MEMBERS),
            "A council has 1 to 20 members; this would leave it with 0.",
        ),
        (
            "members remove openai/gpt-4",
            "`openai/gpt-4` holds no seat. Seated are: openai/gpt-5.1, "
            "anthropic/claude-sonnet-4.5, mistralai/mistral-large.",
        ),
        ("members add", "Name at least one model by its id, for example `openai/gpt-5.1`."),
        (
            "members gpt",
            "Write `/council members add MODEL`, `remove MODEL` or `set MODEL ...`.",
        ),
        (
            "members ad openai/gpt-5.1",
            "Write `/council members add MODEL`, `remove MODEL` or `set MODEL ...`. "
            "Did you mean `add`?",
        ),
        (
            "members add openai/gpt-5.1",
            "`openai/gpt-5.1` has a seat already, number 1. To give it another: `/council members "
            "set openai/gpt-5.1, anthropic/claude-sonnet-4.5, mistralai/mistral-large, "
            "openai/gpt-5.1`.",
        ),
        (
            "models gpt5.1",
            "No model matches `gpt5.1`. Did you mean `openai/gpt-5.1` or `openai/gpt-5.1-mini`? "
            "Try a vendor or a part of a name.",
        ),
        (
            "members add openai/gpt5.1",
            "There is no model `openai/gpt5.1`. Did you mean `openai/gpt-5.1` or "
            "`openai/gpt-5.1-mini`? `/council models SEARCH` finds one.",
        ),
        (
            "chairman gemini-3-pro",
            "There is no model `gemini-3-pro`. Did you mean `google/gemini-3-pro`? "
            "`/council models SEARCH` finds one.",
        ),
        (
            "set chairman nobody/knows",
            "There is no model `nobody/knows`. `/council models SEARCH` finds one.",
        ),
        ("chairman a b", "Name one model by its id, for example `openai/gpt-5.1`."),
    ],
)
async def test_what_cannot_be_seated_is_refused_and_nothing_changes(
    app: App, typed: str, said: str
) -> None:
    assert await text(app, typed) == said
    settings = await app.settings(HERE)
    assert (settings.members, settings.chairman) == (MEMBERS, CHAIRMAN)


async def test_twenty_members_are_allowed(app: App) -> None:
    await app.command(HERE, ADMIN, "members set" + " openai/gpt-5.1" * 20)

    assert len(await members(app)) == 20


async def test_a_seated_model_that_left_the_catalogue_does_not_block_others(app: App) -> None:
    await app.store.save_settings(
        *("discord", "server", "channel"),
        seen_version=0,
        values={"members": "gone/model"},
        person="eve",
        at=NOW,
        what="",
    )

    await app.command(HERE, ADMIN, "members add openai/gpt-5.1")

    assert await members(app) == ("gone/model", "openai/gpt-5.1")
    seats = [each for each in (await app.command(HERE, ANN, "show")).blocks if type(each) is Entry]
    assert seats[0] == Entry("**model**", "gone · price unknown, counted as free")


# --- models


async def test_models_are_searched_with_prices_newest_first(app: App) -> None:
    document = await app.command(HERE, ANN, "models GPT")

    assert document.blocks == (
        Heading("Models"),
        Table(
            ("Model", "Price"),
            (
                ("openai/gpt-5.1-mini", "$1.25 / $10 per million tokens"),
                ("openai/gpt-5.1", "$1.25 / $10 per million tokens"),
            ),
        ),
    )


async def test_a_search_without_a_match_says_so(app: App) -> None:
    assert await text(app, "models zeppelin") == (
        "No model matches `zeppelin`. Try a vendor or a part of a name."
    )


async def test_without_a_catalogue_any_model_can_be_set_and_none_listed(unlisted: App) -> None:
    assert await text(unlisted, "models gpt") == (
        "The list of models could not be loaded. Any id can be set, unchecked."
    )

    await unlisted.command(HERE, ADMIN, "members set local/one local/two")

    assert await members(unlisted) == ("local/one", "local/two")


# --- settings


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("mode council", "**mode** is now: council"),
        ("criteria brevity, above all", "**criteria** is now: brevity, above all"),
        ("criteria clear", "**criteria** is now: none"),
        ("criteria Code-Review", f"**criteria** is now: code review: {PRESETS['code review']}"),
        (f"criteria {PRESETS['writing']}", f"**criteria** is now: writing: {PRESETS['writing']}"),
        ("budget 2.50", "**budget** is now: 2.5"),
        ("budget default", "**budget** is now: unlimited"),
        ("set reveal never", "**reveal** is now: never"),
        ("set REVEAL always", "**reveal** is now: always"),
        ("set reveal=never", "**reveal** is now: never"),
        ("set reveal = never", "**reveal** is now: never"),
        ("set criteria a=b, c = d", "**criteria** is now: a=b, c = d"),
        (
            "set instructions Be formal.\nBe brief.",
            "**instructions** is now: Be formal.\nBe brief.",
        ),
        ("set instructions\nBe formal.", "**instructions** is now: Be formal."),
        ("set chairman openai/gpt-5.1", "**chairman** is now: openai/gpt-5.1"),
        (
            "set members openai/gpt-5.1, openai/gpt-5.1-mini",
            "**members** is now: openai/gpt-5.1, openai/gpt-5.1-mini",
        ),
        ("set language Swiss German", "**language** is now: Swiss German"),
        ("pause", "**paused** is now: on"),
        ("resume", "**paused** is now: off"),
    ],
)
async def test_a_change_says_what_holds_now(app: App, typed: str, said: str) -> None:
    assert await text(app, typed) == said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "set",
            f"Write `/council set NAME VALUE`. Settings: {', '.join(SETTINGS)}.",
        ),
        ("set reveal sometimes", "This can be `after_vote`, `always` or `never`."),
        (
            "set colour blue",
            f"There is no setting `colour`. Settings are: {', '.join(SETTINGS)}.",
        ),
        ("budget lots", "Give US dollars a day, for example `2.50`, or write `unlimited`."),
        ("mode zzz", "This can be `council`, `quick`, `compare`, `vote`, `debate` or `deep`."),
        (
            "set critera brevity",
            "There is no setting `critera`. Did you mean `criteria` or `interface`? "
            f"Settings are: {', '.join(SETTINGS)}.",
        ),
        (
            "set langage",
            "There is no setting `langage`. Did you mean `language`? "
            f"Settings are: {', '.join(SETTINGS)}.",
        ),
    ],
)
async def test_what_cannot_be_set_is_refused_with_what_can(app: App, typed: str, said: str) -> None:
    assert await text(app, typed) == said


async def test_reset_takes_one_change_back_or_all(app: App) -> None:
    await app.command(HERE, ADMIN, "set reveal never")
    await app.command(HERE, ADMIN, "set language German")
    await app.command(HERE, ADMIN, "members set openai/gpt-5.1")

    assert await text(app, "reset Reveal") == "Back at the default: reveal."
    assert (await app.settings(HERE)).reveal == "after_vote"
    assert (await app.settings(HERE)).language == "German"

    assert await text(app, "reset") == "Back at the default: everything."
    assert await app.settings(HERE) == app.defaults


async def test_an_unknown_setting_is_not_reset(app: App) -> None:
    await app.command(HERE, ADMIN, "set language German")

    assert "There is no setting `colour`." in await text(app, "reset language colour")
    assert (await app.settings(HERE)).language == "German"


# --- who may change


@pytest.mark.parametrize(
    "typed",
    [
        "members add openai/gpt-5.1-mini",
        "chairman openai/gpt-5.1",
        "criteria brevity",
        "budget 100",
        "set changers anyone",
        "reset",
        "pause",
        "resume",
    ],
)
async def test_who_is_no_administrator_changes_nothing(app: App, typed: str) -> None:
    assert await text(app, typed, ANN) == (
        "Only administrators can change this channel's council. They can let everybody do it: "
        "`/council set changers anyone`."
    )
    assert await app.settings(HERE) == app.defaults


async def test_the_operators_administrators_may_change_anything(app: App) -> None:
    assert await text(app, "chairman openai/gpt-5.1", Person("root")) == (
        "**chairman** is now: openai/gpt-5.1"
    )


async def test_administrators_can_let_everybody_change(app: App) -> None:
    await app.command(HERE, ADMIN, "set changers anyone")

    assert await text(app, "chairman openai/gpt-5.1", ANN) == "**chairman** is now: openai/gpt-5.1"
    assert "Only administrators" in await text(app, "pause", ANN, ELSEWHERE)


async def test_guests_change_nothing_where_everybody_may(app: App) -> None:
    await app.command(HERE, ADMIN, "set changers anyone")
    app.admission.allowed = frozenset({"channel"})

    said = await text(app, "chairman openai/gpt-5.1", Person("gus", guest=True))

    assert "Only administrators" in said


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("budget unlimited", "budget"),
        ("set budget default", "budget"),
        ("set reveal always", "reveal"),
        ("set changers anyone", "changers"),
        ("set paused on", "paused"),
        ("pause", "paused"),
        ("resume", "paused"),
        ("reset budget", "budget"),
        ("reset language reveal", "reveal"),
        ("reset", "changers"),
    ],
)
async def test_money_rights_and_names_stay_with_administrators(
    app: App, typed: str, names: str
) -> None:
    await app.command(HERE, ADMIN, "set changers anyone")
    before = await app.settings(HERE)

    assert await text(app, typed, ANN) == f"Only administrators can change {names} here."
    assert await app.settings(HERE) == before


async def test_a_form_changes_nothing_that_is_reserved(app: App) -> None:
    await app.command(HERE, ADMIN, "set changers anyone")
    form = {"language": "German", "budget": "unlimited", "reveal": "always"}
    with pytest.raises(InvalidInput, match="Only administrators can change reveal here"):
        await fill_in(app.desk(HERE, ANN), form, seen_version=1)

    left = {"language": "German", "reveal": "after_vote"}
    await fill_in(app.desk(HERE, ANN), left, seen_version=1)
    assert (await app.settings(HERE)).language == "German"


# --- where it may be used

EVERY_COMMAND = (
    *("", "help", "show", "members", "members add openai/gpt-5.1-mini", "models", "health"),
    *("budget 5", "set language German", "reset", "pause", "stats", "ceiling", "suggest", "export"),
    *("forget channel", "frobnicate"),
    *(name for name, command in COMMANDS.items() if command.right("") != "operator"),
)
NOT_ENABLED = (
    "The council is not enabled here. An operator can list this server, channel or person in "
    "COUNCIL_ALLOWED, or let everybody here ask: `/council allow`."
)


@pytest.mark.parametrize("typed", EVERY_COMMAND)
@pytest.mark.parametrize("person", [ADMIN, ANN], ids=["administrator", "member"])
async def test_a_command_is_refused_wherever_a_question_would_be(
    app: App, typed: str, person: Person
) -> None:
    app.admission.allowed = frozenset({"another server"})

    assert await text(app, typed, person) == NOT_ENABLED
    with pytest.raises(InvalidInput, match="not enabled here"):
        await app.export(HERE, person)
    with pytest.raises(InvalidInput, match="not enabled here"):
        await fill_in(app.desk(HERE, person), {"language": "German"}, seen_version=0)
    assert await app.settings(HERE) == app.defaults


async def test_a_guest_is_refused_commands_unless_listed(app: App) -> None:
    guest = Person("gus", guest=True)
    assert (await text(app, "health", guest)).startswith(
        "The council is not enabled here for guests"
    )

    app.admission.allowed = frozenset({"gus"})
    assert "chairman" in await text(app, "chairman", guest)


async def test_everybody_may_be_forgotten_everywhere(app: App) -> None:
    app.admission.allowed = frozenset({"another server"})

    assert (await text(app, "forget me", ANN)).startswith("Forgotten")


async def test_an_operator_allows_a_server_and_takes_it_back(app: App) -> None:
    app.admission.allowed = frozenset({"another server"})
    assert "in this server from now on" in await text(app, "allow", Person("root"))
    assert "chairman" in await text(app, "chairman", ANN)
    assert "chairman" in await text(app, "chairman", ANN, ELSEWHERE)
    assert await text(app, "chairman", ANN, Channel("discord", "third", "c")) == NOT_ENABLED
    assert await text(app, "chairman", ANN, Channel("slack", "server", "c")) == NOT_ENABLED

    assert await text(app, "allow of", Person("root")) == (
        "Write `/council allow` or `/council allow off`."
    )
    assert "chairman" in await text(app, "chairman", ANN)
    await app.command(HERE, Person("root"), "allow off")
    assert await text(app, "chairman", ANN) == NOT_ENABLED


async def test_the_word_of_before_still_keeps_a_server_out(app: App) -> None:
    assert "may not be used in this server" in await text(app, "Disallow", Person("root"))
    assert await text(app, "chairman", ANN) == NOT_ENABLED


@pytest.mark.parametrize("word", ["allow", "allow off", "disallow"])
async def test_only_operators_say_where_the_council_may_be_used(app: App, word: str) -> None:
    assert await text(app, word, ADMIN) == (
        "Only those listed in COUNCIL_ADMINS can say where the council may be used."
    )
    assert "in one" in await text(app, word, Person("root"), Channel("discord", "", "dm"))


async def test_a_bot_that_anybody_can_invite_answers_only_where_that_was_allowed(app: App) -> None:
    app.admission.public.add("discord")
    assert await text(app, "members", ADMIN) == NOT_ENABLED

    await app.command(HERE, Person("root"), "allow")
    assert "chairman" in await text(app, "chairman", ANN)


# --- forms


async def test_a_form_stores_what_it_changed_and_that_alone(app: App) -> None:
    form = {"members": ", ".join(MEMBERS), "criteria": "brevity", "budget": "default"}

    receipt = await fill_in(app.desk(HERE, ADMIN), form, seen_version=0)

    assert receipt == Document((Text("- **criteria** is now: brevity"),))
    stored = await app.store.settings("discord", "server", "channel")
    assert (stored.version, stored.values) == (1, {"criteria": "brevity"})


async def test_a_form_with_mistakes_names_each_field_and_changes_nothing(app: App) -> None:
    form = {"members": "openai/gpt-5.2", "criteria": "brevity", "budget": "much"}

    with pytest.raises(InvalidForm) as wrong:
        await fill_in(app.desk(HERE, ADMIN), form, seen_version=0)

    assert set(wrong.value.problems) == {"members", "budget"}
    assert "Did you mean" in wrong.value.problems["members"]
    assert await app.settings(HERE) == app.defaults


async def test_a_form_is_for_those_who_may_change(app: App) -> None:
    with pytest.raises(InvalidInput, match="Only administrators"):
        await fill_in(app.desk(HERE, ANN), {"criteria": "brevity"}, seen_version=0)


async def test_a_form_opened_before_another_change_is_refused(app: App) -> None:
    await app.command(HERE, ADMIN, "criteria brevity")

    with pytest.raises(SettingsChanged):
        await fill_in(app.desk(HERE, ADMIN), {"criteria": "wit"}, seen_version=0)

    assert (await app.settings(HERE)).criteria == "brevity"


# --- changes that meet


async def test_every_change_is_audited(app: App) -> None:
    await app.command(HERE, ADMIN, "chairman openai/gpt-5.1")
    await app.command(HERE, Person("root"), "members remove mistralai/mistral-large")
    await app.command(HERE, ADMIN, "reset chairman")
    await app.command(HERE, ANN, "pause")

    audit = await app.store.audit("discord", "server", "channel")

    assert [(each.version, each.person, each.at, each.what) for each in audit] == [
        (3, "eve", NOW, "reset chairman"),
        (2, "root", NOW, "members = openai/gpt-5.1, anthropic/claude-sonnet-4.5"),
        (1, "eve", NOW, "chairman = openai/gpt-5.1"),
    ]


@pytest.mark.sqlite_only("both have read before either writes, which a server does not promise")
async def test_of_two_changes_at_once_one_is_refused_and_none_is_lost(app: App) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(text(app, f"members add {model}"))
            for model in ("openai/gpt-5.1-mini", "google/gemini-3-pro")
        ]

    said = sorted(task.result() for task in tasks)
    assert said[0].startswith("**members** is now: ")
    assert said[1] == (
        "Somebody else changed this channel's settings in the meantime. "
        "Look at them again and repeat your change."
    )
    assert len(await members(app)) == 4


async def test_a_change_between_reading_and_writing_is_never_overwritten(app: App) -> None:
    """Whatever moment another change comes at: the member it added stays."""
    for n in range(6):
        channel = Channel("discord", "server", f"channel {n}")
        adding = asyncio.create_task(text(app, "members add openai/gpt-5.1-mini", channel=channel))
        for _ in range(n):
            await app.store.settings("discord", "server", f"channel {n}")
        other = await text(app, "members add google/gemini-3-pro", channel=channel)

        changed = sum("is now" in said for said in (await adding, other))
        assert len(await members(app, channel)) == 3 + changed


# --- help


@pytest.mark.parametrize("name", COMMANDS)
async def test_help_names_every_command(app: App, name: str) -> None:
    heading, listed, *__ = (await app.command(HERE, ANN, "help")).blocks

    assert heading == Heading("Council")
    assert isinstance(listed, Text)
    assert f"{name} " in listed.text.replace("`", " ")


async def test_modes_are_explained_wherever_they_are_listed(app: App) -> None:
    line = f"`council`: {MODES['council']}"

    for typed in ("help", "mode", "set mode"):
        blocks = (await app.command(HERE, ANN, typed)).blocks
        assert any(isinstance(block, Text) and line in block.text for block in blocks)


# `ask` needs a place to answer in, so the adapters take it before it comes here.
@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "ask"])
async def test_every_command_is_known(app: App, name: str) -> None:
    first = (await app.command(HERE, ADMIN, name)).blocks[0]

    assert first != Note(f"There is no `/council {name}`.")


def test_no_command_is_lost() -> None:
    assert set(COMMANDS) >= {
        *("show", "members", "chairman", "models", "criteria", "mode", "budget", "set", "reset"),
        "audit",
        *("ask", "stats", "ceiling", "suggest", "export", "forget"),
        *("health", "allow", "pause", "resume", "help"),
    }


@pytest.mark.parametrize(
    ("name", "given", "written"),
    [
        ("members", {"action": "set", "model": "a/b, c/d"}, "set a/b, c/d"),
        ("suggest", {"seats": 3}, "3"),
        ("stats", {"more": "details"}, "details"),
        ("stats", {"more": "reviewers"}, "reviewers"),
        ("stats", {}, ""),
        ("allow", {"off": True}, "off"),
        ("set", {"value": "high", "name": "effort"}, "effort high"),
        ("chairman", {}, ""),
        ("ask", {"question": "Why?"}, "Why?"),
        ("ask", {"question": "Why?", "mode": "council"}, "/council Why?"),
    ],
)
def test_options_are_what_somebody_would_have_written(
    name: str, given: dict[str, object], written: str
) -> None:
    assert COMMANDS[name].written(given) == written


async def test_unknown_words_get_help_never_silence(app: App) -> None:
    blocks = (await app.command(HERE, ANN, "frobnicate now")).blocks

    assert blocks[0] == Note("There is no `/council frobnicate`.")


async def test_a_command_that_is_almost_one_is_guessed(app: App) -> None:
    said = await app.command(HERE, ANN, "membres")

    assert said == Document((Note("There is no `/council membres`. Did you mean `members`?"),))


# --- what was asked and voted here

GENERAL = Channel("discord", "server", "general")


async def rated_channel(app: App, count: int) -> None:
    for number in range(count):
        case = finished_case(number)
        await app.store.create(case)
        await rate(app.store, case, best="lab/b")


LIKE_THIS = Note(
    "When it looked like this here, people accepted the verdict in 40 of 40 (the next: "
    "plausible 89 to 100 %)."
)


async def names_for(app: App, person: Person, *, run: str = "run-3") -> tuple[Block, ...]:
    told = await app.actions.press(Press(person, run, ("names",), sees=lambda case: True))
    assert isinstance(told, Told)
    return told.document.blocks


async def test_whoever_has_voted_reads_beside_the_names_how_verdicts_like_it_fared(
    app: App,
) -> None:
    await rated_channel(app, 40)
    assert LIKE_THIS in await names_for(app, ANN)


async def test_nobody_else_reads_it_even_where_others_have_voted(app: App) -> None:
    await rated_channel(app, 40)
    *_, last = await names_for(app, Person("bob"))
    assert last == Note("The verdict was written by chair.")
    # A vote now counts no more, but is one.
    await app.store.react(replace(reaction(finished_case(3), "A", "accept", "bob"), blind=False))
    assert LIKE_THIS in await names_for(app, Person("bob"))


async def test_below_thirty_verdicts_like_it_the_names_stand_alone(app: App) -> None:
    await rated_channel(app, 29)
    *_, last = await names_for(app, ANN)
    assert last == Note("The verdict was written by chair.")


async def test_stats_of_an_unrated_channel_are_a_sentence(app: App) -> None:
    assert await text(app, "stats") == "The council has answered no question here yet."
    assert await text(app, "stats details") == "The council has answered no question here yet."


async def test_stats_are_a_text_and_then_a_picture_with_words_for_it(app: App) -> None:
    await rated_channel(app, 20)

    heading, said, picture, lines, note = (await app.command(GENERAL, ANN, "stats")).blocks

    assert heading == Heading("b serves people best here")
    assert isinstance(said, Text)
    assert said.text.startswith("People prefer it to a typical model **")
    assert isinstance(picture, Image)
    assert picture.png.startswith(b"\x89PNG")
    assert "People: 1. lab/b" in picture.alt
    assert picture.bars
    assert isinstance(lines, Text)
    assert note == Note("Rated 20 of 20 questions, by one person.")


async def test_the_buttons_below_the_statistics_tell_more(app: App) -> None:
    await rated_channel(app, 20)
    page = await app.command(GENERAL, ANN, "stats")
    shown = [await app.pressed(GENERAL, ANN, button.name) for button in page.buttons]
    assert shown == [
        await app.command(GENERAL, ANN, "stats details"),
        await app.command(GENERAL, ANN, "stats reviewers"),
        await app.command(GENERAL, ANN, "suggest"),
    ]


async def test_stats_say_where_votes_do_not_count(app: App) -> None:
    await rated_channel(app, 1)
    await app.command(GENERAL, ADMIN, "set reveal always")
    assert (await app.command(GENERAL, ANN, "stats")).blocks[-1] == Note(
        "New votes do not count here, because everybody sees the names: `reveal` is `always`."
    )


async def test_stats_tell_of_this_channel_alone(app: App) -> None:
    await rated_channel(app, 2)
    elsewhere = await app.command(ELSEWHERE, ANN, "stats")
    assert elsewhere == Document((Text("The council has answered no question here yet."),))


async def test_stats_in_detail_are_tables(app: App) -> None:
    await rated_channel(app, 20)
    blocks = (await app.command(GENERAL, ANN, "stats details")).blocks
    tables = [block.columns[0] for block in blocks if isinstance(block, Table)]
    assert tables[:3] == ["#", "#", "Model"]


async def test_the_ceiling_is_told_or_what_is_missing(app: App) -> None:
    assert await text(app, "ceiling") == (
        "A ceiling needs 20 questions in which an answer was accepted, or every one rejected; so "
        "far 0 were rated at all."
    )
    await rated_channel(app, 20)
    heading, worded, *_ = (await app.command(GENERAL, ANN, "ceiling")).blocks
    assert heading == Heading("What picking the best answer could gain")
    assert isinstance(worded, Text)
    assert worded.text.startswith("In 20 rated questions (20\u2009–\u200921 Nov 2026) you rejected")


@pytest.mark.parametrize("reveal", ["after_vote", "always", "never"])
async def test_no_page_tells_who_wrote_what_before_and_after_one_question(
    app: App, reveal: str
) -> None:
    async def pages() -> list[str]:
        words = ("stats", "stats details", "stats reviewers", "ceiling", "suggest 1")
        return [
            str([b for b in (await app.command(GENERAL, ANN, each)).blocks if not waits(b)])
            for each in words
        ]

    def waits(block: Block) -> bool:
        return isinstance(block, Note) and "so that no single one tells" in block.text

    await app.command(GENERAL, ADMIN, f"set reveal {reveal}")
    await rated_channel(app, 30)
    before = await pages()
    asked = finished_case(30)
    await app.store.create(asked)
    after_a_question = await pages()
    await rate(app.store, asked, best="lab/c")
    after_votes = await pages()
    await app.store.react(reaction(finished_case(0), "verdict", "reject"))
    assert before == after_a_question == after_votes == await pages()
    note = (await app.command(GENERAL, ANN, "stats details")).blocks[-1]
    assert isinstance(note, Note)
    assert note.text.endswith("2 questions were asked or voted on since.")


async def test_few_questions_are_counted_and_say_when_there_will_be_numbers(app: App) -> None:
    await rated_channel(app, 9)
    for each in ("stats", "stats details", "stats reviewers", "ceiling", "suggest 1"):
        said = await text(app, each, ANN, GENERAL)
        assert "from 10 questions on" in said
        assert "So far 9 questions were answered here." in said
        assert "lab/" not in said


async def test_the_reviewers_are_told_of_to_whoever_reads_the_statistics(app: App) -> None:
    await rated_channel(app, 30)
    page = await app.command(GENERAL, ANN, "stats reviewers")
    heading, _counting, told, table, *notes = page.blocks
    assert heading == Heading("What people's votes say of the reviewers")
    assert isinstance(told, Text)
    assert "from 30 questions" in told.text
    assert isinstance(table, Table)
    assert {row[0] for row in table.rows} == {"a", "b", "c", "d"}
    assert notes


async def test_only_administrators_export_even_where_anyone_may_change(app: App) -> None:
    await rated_channel(app, 2)
    await app.command(GENERAL, ADMIN, "set changers anyone")

    assert await text(app, "export", ANN, GENERAL) == (
        "Only administrators can export what was asked in this channel."
    )
    with pytest.raises(InvalidInput, match="Only administrators"):
        await app.export(GENERAL, ANN)
    assert await text(app, "export", ADMIN, GENERAL) == "Finished deliberations of this channel: 2."
    lines = (await app.export(GENERAL, ADMIN)).splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["run-0", "run-1"]


async def test_an_export_has_how_often_verdicts_like_each_were_accepted(app: App) -> None:
    await rated_channel(app, 29)
    before = (await app.export(GENERAL, ADMIN)).splitlines()
    await rate(app.store, await created(app, 29), best="lab/b", verdict=False)
    await created(app, 30)
    lines = (await app.export(GENERAL, ADMIN)).splitlines()

    told = [json.loads(line)["agreement"]["accepted_when_like_this"] for line in (*before, *lines)]
    assert told[:29] == [None] * 29
    assert [(each["accepted"], each["of"]) for each in told[29:]] == [(29, 30)] * 31


async def created(app: App, number: int) -> Case:
    case = finished_case(number)
    await app.store.create(case)
    return case


async def test_an_export_that_no_message_takes_says_where_it_is(app: App) -> None:
    await app.store.create(finished_case(0, text="x" * 2_000_000))
    with pytest.raises(InvalidInput, match="`council export --channel general` writes them"):
        await app.export(GENERAL, ADMIN)


async def test_forget_me_takes_my_questions_and_votes_and_the_numbers_follow(app: App) -> None:
    await rated_channel(app, 2)
    await app.store.create(finished_case(2, asker="bob"))
    await app.store.react(reaction(finished_case(2, asker="bob"), "A", "accept", "ann"))
    assert len(await app.statistics().rows("discord", "general")) == 3

    said = await text(app, "forget me", ANN, GENERAL)

    assert (
        said
        == "Forgotten: your votes, the answers that you added, and 2 deliberations that you asked for "
        "or that follow up on yours."
    )
    (row,) = await app.statistics().rows("discord", "general")
    assert (row.id, row.rated) == ("run-2", False)


async def test_forget_channel_is_for_administrators_and_takes_everything(app: App) -> None:
    await rated_channel(app, 2)
    await app.store.create(finished_case(2, channel="elsewhere"))

    assert "Only administrators can forget" in await text(app, "forget channel", ANN, GENERAL)
    assert len(await app.statistics().rows()) == 3
    assert await text(app, "forget channel", ADMIN, GENERAL) == (
        "Forgotten: 2 deliberations of this channel, the votes, the settings."
    )
    assert [row.id for row in await app.statistics().rows()] == ["run-2"]


@pytest.mark.parametrize(
    ("typed", "person"),
    [("forget me", ANN), ("forget channel", ADMIN), ("forget thread run-0", ANN)],
)
async def test_who_has_it_forgotten_is_told_of_posts_that_may_stand_there_unheard_of(
    app: App, typed: str, person: Person
) -> None:
    await app.store.create(replace(finished_case(0, asker="ann"), thread="one"))
    for key in ("headline", "answer:A"):
        await app.store.claim_post("run-0", "discord", key, 0)
    await app.store.confirm_post("run-0", "headline", 0, "general/1", None)

    forgotten = await app.command(GENERAL, person, typed)

    notes = [block.text for block in forgotten.blocks if isinstance(block, Note)]
    assert notes[0] == "1 post of the bot's is being removed."
    assert notes[1].startswith("Whether 1 more post arrived was never heard, so it is not removed.")


@pytest.mark.parametrize("typed", ["forget", "forget everything", "stats tomorrow"])
async def test_what_is_not_understood_deletes_nothing_and_is_explained(
    app: App, typed: str
) -> None:
    await rated_channel(app, 1)
    assert (await text(app, typed, ADMIN, GENERAL)).startswith("Write `/council ")
    assert len(await app.statistics().rows()) == 1
