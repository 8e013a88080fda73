"""🔍 under a quick verdict, as each platform tells of it: who gives it, and when it was missed."""

from pathlib import Path

from bot.records import Case
from tests.adapters.test_going_on import alike
from tests.adapters.test_parity import OnDiscord, OnSlack, Stage, answered, cases, post_of, stages
from tests.conversation.test_going_on import Priced
from tests.fakes.discord_server import Message as DiscordMessage
from tests.fakes.discord_server import User as DiscordUser
from tests.fakes.discord_thread import buttons
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_server import User as SlackUser
from tests.fakes.watched import eventually


async def quick(stage: Stage) -> Case:
    await stage.ask("/quick What is 6 + 12?")
    await answered(stage, 1)
    return (await cases(stage))[0]


async def discord_verdict(stage: OnDiscord) -> DiscordMessage:
    return await stage._post("verdict")


async def sign_on_discord(stage: OnDiscord, who: DiscordUser, emoji: str = "🔍") -> None:
    stage.place.server.react(who, await discord_verdict(stage), emoji)


async def sign_on_slack(stage: OnSlack, who: SlackUser, name: str = "mag") -> None:
    ts = await post_of(stage, "verdict")
    stage.place.server.react(who, stage.place.channel, ts, name)


async def test_on_discord_neither_bots_nor_a_second_person_start_anything(tmp_path: Path) -> None:
    async with stages(tmp_path) as (_, stage, __):
        assert isinstance(stage, OnDiscord)
        server, guild = stage.place.server, stage.place.guild
        robo = server.create_user("Robo", guild, bot=True)
        bob = server.create_user("Bob", guild)
        async with stage.open(FakeProvider(otherwise=alike)):
            case = await quick(stage)
            await sign_on_discord(stage, robo)
            await sign_on_discord(stage, bob, "🔎")
            await answered(stage, 2)
            verdict = await discord_verdict(stage)
            before = len(server.said(verdict.channel))
            await sign_on_discord(stage, stage.place.ada)
            server.react(bob, verdict, "👍")

            async def voted() -> bool:
                return bool(await stage.app.store.reactions(case.id))

            await eventually(voted)
            grown = await stage.app.store.grown_from(case.id)
            assert grown
            assert grown.asker == str(bob.id)
            assert len(await cases(stage)) == 2
            assert len(server.said(verdict.channel)) == before


async def test_on_slack_whoever_starts_nothing_is_told_so_alone(tmp_path: Path) -> None:
    async with stages(tmp_path) as (_, __, stage):
        assert isinstance(stage, OnSlack)
        server, channel = stage.place.server, stage.place.channel
        guest = server.create_user("gus", channel, guest=True)
        robo = server.create_user("robo", channel, bot=True)
        bob = server.create_user("bob", channel)
        async with stage.open(FakeProvider(otherwise=alike)):
            case = await quick(stage)
            await sign_on_slack(stage, robo)
            await sign_on_slack(stage, guest)
            await stage.place.whispered("not enabled here for guests")
            await sign_on_slack(stage, bob, "mag_right")
            await answered(stage, 2)
            await sign_on_slack(stage, stage.place.ada)
            await stage.place.whispered("The whole council was asked about this already")

            grown = await stage.app.store.grown_from(case.id)
            assert grown
            assert grown.asker == bob.id
            assert len(await cases(stage)) == 2
            assert {each.user.name for each in server.ephemerals} == {"gus", "ada"}


async def test_a_sign_given_while_nobody_listened_is_found(tmp_path: Path) -> None:
    async with stages(tmp_path) as (_, *others):
        for stage in others:
            async with stage.open(FakeProvider(otherwise=alike)):
                await quick(stage)
                verdict = await post_of(stage, "verdict")
            if isinstance(stage, OnSlack):
                server = stage.place.server
                server.courier.paused = True
                server.react(stage.place.ada, stage.place.channel, verdict, "mag")
            else:
                assert isinstance(stage, OnDiscord)
                thread = stage._first and stage._first.thread
                assert thread
                said = stage.place.server.said(thread)
                message = next(m for m in said if str(m.id) == verdict)
                stage.place.server.react(stage.place.ada, message, "🔍")
            async with stage.open(FakeProvider(otherwise=alike)):
                await answered(stage, 2)


async def test_on_discord_a_price_far_above_the_usual_is_agreed_to_in_the_thread(
    tmp_path: Path,
) -> None:
    async with stages(tmp_path) as (_, stage, __):
        assert isinstance(stage, OnDiscord)
        async with stage.open(Priced(otherwise=alike)):
            for count in range(1, 6):
                await stage.ask("/quick What is 6 + 12?")
                await answered(stage, count)
            verdict = await discord_verdict(stage)
            await sign_on_discord(stage, stage.place.ada)
            asked = await stage.place.said(verdict.channel, "This question will cost about")
            go = next(id for id, label in buttons(asked).items() if label == "Go")
            await stage.place.server.click(stage.place.ada, asked, go)
            await answered(stage, 6)

            first = (await cases(stage))[0]
            assert await stage.app.store.grown_from(first.id)
