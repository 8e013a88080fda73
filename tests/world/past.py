"""What a channel's people voted before a world begins, by which some reviewers count for more."""

from datetime import datetime
from random import Random

from bot.chat import Channel
from bot.conversation.statistics import Statistics
from bot.store.store import Store
from tests.fakes.teaching import IS_TAUGHT, teach
from tests.world.databases import Database

# More than are needed of two members, which a question has one pair of.
QUESTIONS = 26
# Of questions that people rated, one reviewer alone is right in so many.
FAVOURED = 0.7

# In SQL: whatever somebody asked in this world.
ASKED_HERE = f"id NOT LIKE '{IS_TAUGHT}%'"


# So many people who chose the verdict, and one more, are enough for an end.
CHOICES = 11


async def plant(
    disk: Database, random: Random, channels: list[Channel], members: list[str]
) -> None:
    """Finished questions with votes, and what the channels were told of them, before any process."""
    store = await Store.open(disk.place, holder="the past")
    try:
        for n, channel in enumerate(channels):
            favourite = random.choice(members)
            for number in range(n * QUESTIONS, (n + 1) * QUESTIONS):
                agree = favourite if random.random() < FAVOURED else random.choice(members)
                await teach(
                    store,
                    [number],
                    agree=agree,
                    also=[each for each in members if random.random() < 0.4],
                    people=5,
                    models=members,
                    platform=channel.platform,
                    channel=channel.id,
                )
            await Statistics(store).published(channel.platform, channel.id)
    finally:
        await store.close()


async def plant_choices(disk: Database, channels: list[Channel], at: datetime) -> None:
    """What people chose in each channel's trial so far, before any process."""
    store = await Store.open(disk.place, holder="the past")
    try:
        for n, channel in enumerate(channels):
            run = f"{IS_TAUGHT}{n * QUESTIONS}"
            for number in range(CHOICES):
                person = f"{channel.platform} {number}"
                await store.shown_comparison(run, person, "verdict")
                assert await store.choose(run, person, "first", at, trial=1)
    finally:
        await store.close()
