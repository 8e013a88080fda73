"""A reaction under an answer that is still discussed: it counts once the last text stands there."""

from functools import partial
from pathlib import Path

from bot.chat import answer_key
from tests.adapters.test_parity import OnDiscord, OnSlack, Stage, answered, cases, stages
from tests.conversation.test_early_votes import Gated
from tests.fakes.watched import eventually


async def is_posted(stage: Stage) -> bool:
    """Whether each member answered, and the first answer is there to react to."""
    for case in await cases(stage):
        posts = [each.key for each in await stage.app.store.posts(case.id) if each.post_id]
        calls = await stage.app.store.calls(case.id)
        return answer_key("A") in posts and len(calls) == len(case.council.members)
    return False


async def another(stage: Stage) -> None:
    """Have another question answered: what came before it was heard by then."""
    if isinstance(stage, OnDiscord):
        server, place = stage.place.server, stage.place
        await place.answered(server.mention(place.channel, place.ada, "And this?"))
    else:
        assert isinstance(stage, OnSlack)
        slack, there = stage.place.server, stage.place
        await there.answered(slack.mention(there.channel, there.ada, "And this?"))


async def test_what_still_stands_once_the_discussion_is_over_counts(tmp_path: Path) -> None:
    async with stages(tmp_path) as (_, *others):
        for stage in others:
            provider = Gated()
            async with stage.open(provider):
                await stage.ask("/debate Is it right?")
                await eventually(partial(is_posted, stage))
                id = (await cases(stage))[0].id
                await stage.vote("A", "👍")
                provider.gates["review"].set()
                await another(stage)
                assert await stage.app.store.reactions(id) == ()
                provider.gates["revision"].set()
                await answered(stage, 2)

                [vote] = await eventually(partial(stage.app.store.reactions, id))
                assert (vote.target, vote.value) == ("A", "accept")
