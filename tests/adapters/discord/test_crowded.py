"""Discord where very many ask at once."""

from dataclasses import replace

from bot.chat import Accepted, Person
from tests.fakes.discord_thread import stage


async def test_many_questions_in_as_many_channels_stay_within_the_limits(full: bool) -> None:
    count = 50 if full else 20
    async with stage(time_scale=0.05) as scene:
        server = scene.server
        channels = [server.create_channel(scene.guild, f"c{n}") for n in range(count)]
        # By as many people: one may not have so many under way.
        people = [server.create_user(f"p{n}", scene.guild) for n in range(count)]
        accepted = [
            await scene.app.questions.accept(
                replace(scene.question(channel)[1], person=Person(str(asker.id)))
            )
            for channel, asker in zip(channels, people, strict=True)
        ]
        for each in accepted:
            assert isinstance(each, Accepted)
            await scene.app.running.finished(each.id)
        await scene.through()
        for channel in channels:
            [thread] = server.threads(channel)
            headline, *answers, ranking = server.said(thread)
            assert [len(post.reactions) for post in (headline, *answers, ranking)] == [
                2,
                3,
                3,
                3,
                1,
            ]
        assert server.rate_limited == []
        assert len(server.pings) == count
