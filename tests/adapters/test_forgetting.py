"""What is forgotten goes from the platform, too: the bot's posts, its files, a thread's name."""

from pathlib import Path

import pytest

from bot.chat import Channel, Person
from bot.document import Document
from tests.fakes import council_on_discord, council_on_slack
from tests.fakes.discord_server import running_discord
from tests.fakes.provider import FakeProvider
from tests.fakes.slack_server import running_slack
from tests.fakes.watched import eventually

# Longer than messages take.
GIANT = "word " * 6_000
BEING_REMOVED = "posts of the bot's are being removed."


def told(document: Document) -> str:
    return "\n".join(str(getattr(block, "text", "")) for block in document.blocks)


async def removed(place: council_on_discord.Place | council_on_slack.Place) -> None:
    """Until nothing is left to be removed."""

    async def done() -> bool:
        await place.app.removals.turn()
        return not await place.app.store.posts_to_remove()

    await eventually(done)


@pytest.mark.both_databases
async def test_on_discord_posts_and_the_threads_name_go_and_peoples_words_stay(
    tmp_path: Path,
) -> None:
    async with running_discord(time_scale=0.05) as server:
        place = council_on_discord.Place(server, database=str(tmp_path / "council.db"))
        async with place.online():
            question = server.mention(place.channel, place.ada, "pineapple on pizza?")
            assert len(await place.answered(question)) > 3
            await place.delivered()
            thread = question.thread
            assert thread
            assert "pineapple" in thread.name
            server.post(thread, place.ada, "Thank you")
            here = Channel("discord", str(place.guild.id), str(place.channel.id))
            link = f"https://discord.com/channels/{place.guild.id}/{thread.id}/{question.id}"
            nobody = Person("1")
            refused = await place.app.command(here, nobody, f"forget thread {link}")
            assert "Only the person who began this thread" in told(refused)
            said = await place.app.command(here, Person(str(place.ada.id)), f"forget thread {link}")
            assert "Forgotten: 1 deliberation of this thread." in told(said)
            assert BEING_REMOVED in told(said)

        async with place.online():  # what was to be removed is not forgotten by a restart
            server.fail("DELETE", r"/messages/\d+$", 503)
            await removed(place)

        assert thread.name == "Council"
        assert server.said(thread) == []
        assert server.messages(thread)[-1].content == "Thank you"
        assert question in server.messages(place.channel)


@pytest.mark.both_databases
async def test_on_slack_posts_and_files_go_and_peoples_words_stay(tmp_path: Path) -> None:
    async with running_slack(time_scale=0.01, deadline_scale=1) as server:
        place = council_on_slack.Place(server, database=str(tmp_path / "council.db"))
        async with place.online(FakeProvider({("answer", 0): [GIANT]})):
            question = server.mention(place.channel, place.ada, "pineapple on pizza?")
            await place.answered(question)
            await place.delivered()
            assert server.files.world.files
            here = Channel("slack", server.world.team.id, place.channel.id)
            link = f"<https://lab.slack.com/archives/{place.channel.id}/p{question.ts.replace('.', '')}>"
            said = await place.app.command(here, Person(place.ada.id), f"forget thread {link}")
            assert "Forgotten: 1 deliberation of this thread." in told(said)
            assert BEING_REMOVED in told(said)

        async with place.online():
            await removed(place)

        assert server.files.world.files == {}
        # Slack says there that a file was deleted.
        left = server.said(place.channel, question.ts)
        assert [(message.text, message.files) for message in left] == [("", [])]
        assert question in server.messages(place.channel)
