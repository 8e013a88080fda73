"""Who may do what, as tables: each cell is tried, by what comes of it and not by what is said.

What makes somebody a guest or an administrator is known to the platforms, and tested there.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import pytest

from bot.chat import Accepted, Channel, Mention, Person, answer_key
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.presses import Form, Press, Told
from bot.document import Heading, Text
from bot.errors import InvalidInput
from tests.conversation.room import ANN, NOW, Held, accepted, mention, running, served
from tests.fakes.channel import finished_case

DISCORD = Channel("discord", "server", "channel")
SLACK = Channel("slack", "workspace", "channel")
DISCORD_DIRECT = Channel("discord", "", "direct")
SLACK_DIRECT = Channel("slack", "workspace", "D1")

MEMBER, ADMINISTRATOR = Person("mia"), Person("adam", admin=True)
OPERATOR, GUEST = Person("root"), Person("gus", guest=True)


@dataclass(frozen=True)
class Someone:
    """A person in a channel, and what is set there."""

    person: Person
    channels: tuple[Channel, ...] = (DISCORD, SLACK)
    allowed: frozenset[str] = frozenset()
    public: bool = False
    anyone_changes: bool = False


PEOPLE: Mapping[str, Someone] = {
    # nothing is listed: every channel that the bot was invited to
    "a member": Someone(MEMBER),
    "an administrator": Someone(ADMINISTRATOR),
    "an operator": Someone(OPERATOR),
    "a guest": Someone(GUEST),
    "a guest in a listed workspace": Someone(GUEST, allowed=frozenset({"server", "workspace"})),
    "a guest who is listed": Someone(GUEST, allowed=frozenset({"gus"})),
    "a guest in a listed channel": Someone(GUEST, allowed=frozenset({"channel"})),
    "a member where anyone changes": Someone(MEMBER, anyone_changes=True),
    "a listed guest where anyone changes": Someone(
        GUEST, allowed=frozenset({"gus"}), anyone_changes=True
    ),
    # another place is listed
    "a member, not listed": Someone(MEMBER, allowed=frozenset({"other"})),
    "an administrator, not listed": Someone(ADMINISTRATOR, allowed=frozenset({"other"})),
    "an operator, not listed": Someone(OPERATOR, allowed=frozenset({"other"})),
    "a member who is listed": Someone(MEMBER, allowed=frozenset({"mia"})),
    "a member of a listed workspace": Someone(MEMBER, allowed=frozenset({"server", "workspace"})),
    # anybody may have invited the bot
    "a stranger": Someone(MEMBER, public=True),
    "an administrator of strangers": Someone(ADMINISTRATOR, public=True),
    # alone with the bot
    "directly, on Discord": Someone(MEMBER, (DISCORD_DIRECT,)),
    "directly, on Discord, listed": Someone(MEMBER, (DISCORD_DIRECT,), frozenset({"mia"})),
    "directly, on Slack": Someone(Person("mia", admin=True), (SLACK_DIRECT,)),
    "directly, on Slack, a guest": Someone(GUEST, (SLACK_DIRECT,)),
}


async def _asks(app: App, here: Channel, who: Person) -> bool:
    direct = here in {DISCORD_DIRECT, SLACK_DIRECT}
    taken = await app.questions.accept(mention(channel=here, person=who, direct=direct))
    return isinstance(taken, Accepted)


async def _sees_the_council(app: App, here: Channel, who: Person) -> bool:
    page = await app.command(here, who, "show")
    return Heading("This channel's council") in page.blocks


async def _changes(app: App, here: Channel, who: Person) -> bool:
    await app.command(here, who, "set language German")
    return (await app.settings(here)).language == "German"


async def _changes_by_button(app: App, here: Channel, who: Person) -> bool:
    """Of a page, or a form, that was opened before."""
    await app.pressed(here, who, "form:criteria", "Brevity")
    return (await app.settings(here)).criteria == "Brevity"


async def _changes_money(app: App, here: Channel, who: Person) -> bool:
    await app.command(here, who, "budget 7")
    return (await app.settings(here)).budget_usd == 7


async def _sees_the_history(app: App, here: Channel, who: Person) -> bool:
    page = await app.command(here, who, "audit")
    return Heading("Who changed this channel's council") in page.blocks


async def _restores(app: App, here: Channel, who: Person) -> bool:
    before = await app.store.settings(here.platform, here.workspace, here.id)
    await app.command(here, who, "audit restore 1")
    after = await app.store.settings(here.platform, here.workspace, here.id)
    return after.version > before.version


async def _exports(app: App, here: Channel, who: Person) -> bool:
    try:
        return bool(await app.export(here, who))
    except InvalidInput:
        return False


async def _forgets_the_channel(app: App, here: Channel, who: Person) -> bool:
    await app.command(here, who, "forget channel")
    return not await app.store.asked_in(here.platform, here.id)


async def _allows_a_server(app: App, here: Channel, who: Person) -> bool:
    page = await app.command(here, who, "allow")
    return page.blocks == (Text("The council may be used in this server from now on."),)


COMMANDS: Mapping[str, Callable[[App, Channel, Person], Awaitable[bool]]] = {
    "ask": _asks,
    "show": _sees_the_council,
    "change": _changes,
    "form": _changes_by_button,
    "money": _changes_money,
    "audit": _sees_the_history,
    "restore": _restores,
    "export": _exports,
    "forget": _forgets_the_channel,
    "allow": _allows_a_server,
}

# Y: may. Empty: changes nothing, and is told why.
MAY = """
                                    | ask show change form money audit restore export forget allow
a member                            | Y   Y    .      .    .     .     .       .      .      .
an administrator                    | Y   Y    Y      Y    Y     Y     Y       Y      Y      .
an operator                         | Y   Y    Y      Y    Y     Y     Y       Y      Y      Y
a guest                             | .   .    .      .    .     .     .       .      .      .
a guest in a listed workspace       | .   .    .      .    .     .     .       .      .      .
a guest who is listed               | Y   Y    .      .    .     .     .       .      .      .
a guest in a listed channel         | Y   Y    .      .    .     .     .       .      .      .
a member where anyone changes       | Y   Y    Y      Y    .     Y     .       .      .      .
a listed guest where anyone changes | Y   Y    .      .    .     .     .       .      .      .
a member, not listed                | .   .    .      .    .     .     .       .      .      .
an administrator, not listed        | .   .    .      .    .     .     .       .      .      .
an operator, not listed             | Y   Y    Y      Y    Y     Y     Y       Y      Y      Y
a member who is listed              | Y   Y    .      .    .     .     .       .      .      .
a member of a listed workspace      | Y   Y    .      .    .     .     .       .      .      .
a stranger                          | .   .    .      .    .     .     .       .      .      .
an administrator of strangers       | .   .    .      .    .     .     .       .      .      .
directly, on Discord                | .   .    .      .    .     .     .       .      .      .
directly, on Discord, listed        | Y   Y    .      .    .     .     .       .      .      .
directly, on Slack                  | Y   Y    Y      Y    Y     Y     Y       Y      Y      .
directly, on Slack, a guest         | .   .    .      .    .     .     .       .      .      .
"""


async def _reads(app: App, press: Press) -> bool:
    try:
        await app.actions.part(press, answer_key("A"))
    except InvalidInput:
        return False
    return True


async def _votes(app: App, press: Press) -> bool:
    try:
        return await app.actions.rate(press, answer_key("A"), "accept")
    except InvalidInput:
        return False


async def _sees_names(app: App, press: Press) -> bool:
    await app.actions.press(_again(press, "names"))
    return await app.store.revealed(press.run, press.person.id)


async def _follows(app: App, press: Press) -> bool:
    return isinstance(await app.actions.press(_again(press, "follow")), Form)


async def _sends_off(app: App, press: Press) -> bool:
    """A form that was opened while everything was allowed."""
    told = await app.actions.submit(_again(press, "follow", "opened"), "And now?", "council")
    return isinstance(told, Told) and len(await _runs(app)) == 2


async def _asks_again(app: App, press: Press) -> bool:
    await app.actions.press(_again(press, "again"))
    return len(await _runs(app)) == 2


async def _goes_on(app: App, press: Press) -> bool:
    """With what was stopped before it was answered."""
    stopped = "UPDATE deliberations SET status = 'stopped', result = NULL"
    await app.store._change(stopped, ())
    await app.actions.press(_again(press, "go_on"))
    case = await app.store.case(press.run)
    assert case is not None
    return (case.status, case.asker) != ("stopped", "ann")


async def _asks_about(app: App, press: Press) -> bool:
    """By the button of an offer."""

    async def question(message: str) -> Mention:
        assert press.channel
        return mention(channel=press.channel, person=press.person)

    offered = Press(
        press.person, press.run, ("ask", "1"), press.sees, question=question, channel=press.channel
    )
    await app.actions.press(offered)
    return len(await _runs(app)) == 2


async def _runs(app: App) -> set[str]:
    people = (ANN, MEMBER, ADMINISTRATOR, OPERATOR, GUEST)
    return {place.id for who in people for place in await app.store.asked_by(who.id)}


def _again(press: Press, *what: str) -> Press:
    return Press(press.person, press.run, what, press.sees, channel=press.channel)


BUTTONS: Mapping[str, Callable[[App, Press], Awaitable[bool]]] = {
    "read": _reads,
    "vote": _votes,
    "names": _sees_names,
    "follow": _follows,
    "send": _sends_off,
    "again": _asks_again,
    "go_on": _goes_on,
    "offer": _asks_about,
}

# Under what Ann asked, who is listed herself: her thread may be read and voted on by all who see it.
MAY_PRESS = """
                                    | read vote names follow send again go_on offer
a member                            | Y    Y    Y     Y      Y    Y     Y     Y
an operator                         | Y    Y    Y     Y      Y    Y     Y     Y
a guest                             | Y    Y    .     .      .    .     .     .
a guest who is listed               | Y    Y    Y     Y      Y    Y     Y     Y
a member, not listed                | Y    Y    .     .      .    .     .     .
a stranger                          | Y    Y    .     .      .    .     .     .
"""


def cells(table: str) -> list[tuple[str, str, bool]]:
    head, *rows = table.strip("\n").splitlines()
    columns = head.partition("|")[2].split()
    return [
        (row.partition("|")[0].strip(), column, mark == "Y")
        for row in rows
        for column, mark in zip(columns, row.partition("|")[2].split(), strict=True)
    ]


def test_the_tables_leave_nobody_and_nothing_out() -> None:
    assert {who for who, _what, _may in cells(MAY)} == set(PEOPLE)
    assert {what for _who, what, _may in cells(MAY)} == set(COMMANDS)
    assert {what for _who, what, _may in cells(MAY_PRESS)} == set(BUTTONS)


async def furnish(app: App, someone: Someone, here: Channel) -> None:
    """A change of before, and what is set there now."""
    await app.store.save_settings(
        here.platform, here.workspace, here.id,
        seen_version=0, values={"effort": "low"}, person="ann", at=NOW, what="effort = low",
    )  # fmt: skip
    changers = {"changers": "anyone"} if someone.anyone_changes else {}
    await app.store.save_settings(
        here.platform, here.workspace, here.id,
        seen_version=1, values=changers, person="ann", at=NOW, what="reset effort",
    )  # fmt: skip
    app.admission.allowed = someone.allowed
    app.admission.public |= {here.platform} if someone.public else set()


async def asked_before(app: App, someone: Someone, here: Channel) -> str:
    """A question of Ann's, who is still listed where there is a list."""
    app.admission.allowed = frozenset({here.id})
    id = await served(app, mention(channel=here))
    await furnish(app, someone, here)
    if someone.allowed or someone.public:
        app.admission.allowed |= {"ann"}
    return id


@pytest.mark.parametrize(("who", "what", "may"), cells(MAY))
async def test_a_command_is_for_those_who_may(who: str, what: str, may: bool) -> None:
    someone = PEOPLE[who]
    for here in someone.channels:
        async with running(rules=Rules(admins=frozenset({"root"}))) as app:
            await app.store.create(finished_case(1, platform=here.platform, channel=here.id))
            await furnish(app, someone, here)

            assert await COMMANDS[what](app, here, someone.person) == may


@pytest.mark.parametrize(("who", "what", "may"), cells(MAY_PRESS))
async def test_a_button_is_for_those_who_may(who: str, what: str, may: bool) -> None:
    someone = PEOPLE[who]
    for here in someone.channels:
        async with running(rules=Rules(admins=frozenset({"root"}))) as app:
            id = await asked_before(app, someone, here)
            press = Press(someone.person, id, (), lambda case: True, channel=here)

            assert await BUTTONS[what](app, press) == may


@pytest.mark.parametrize("what", BUTTONS)
async def test_who_does_not_see_the_place_presses_nothing_there(what: str) -> None:
    async with running(rules=Rules(admins=frozenset({"root"}))) as app:
        id = await asked_before(app, PEOPLE["an operator"], DISCORD)
        press = Press(OPERATOR, id, (), lambda case: False, channel=DISCORD)

        # What an offer is about stands where it is pressed, and belongs to no run.
        assert await BUTTONS[what](app, press) == (what == "offer")


@pytest.mark.parametrize(
    ("person", "may"),
    [(ANN, True), (ADMINISTRATOR, True), (OPERATOR, True), (MEMBER, False), (GUEST, False)],
)
async def test_a_run_is_stopped_by_its_asker_and_those_who_moderate(
    person: Person, may: bool
) -> None:
    held = Held("right")
    async with running(held, rules=Rules(admins=frozenset({"root"}))) as app:
        id = await accepted(app, mention())
        await held.until_asked("right")

        told = await app.actions.press(Press(person, id, ("stop",), lambda case: True))

        assert isinstance(told, Told)
        [said] = told.document.blocks
        assert isinstance(said, Text)
        assert said.text.startswith("Stopping." if may else "Only the person who asked")
        held.release()
        await app.running.finished(id)
