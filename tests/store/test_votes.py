"""Reactions in the store: what stands, what froze at a person's reveal, what a re-reading changes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.council import Council, Question
from bot.errors import StoreFailed
from bot.records import Case, Reaction, ReactionValue
from bot.store.server import Server
from bot.store.store import Store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
LATEST = NOW + timedelta(minutes=2)


@pytest.fixture
async def store(anywhere: str | Path | Server) -> AsyncIterator[Store]:
    store = await Store.open(anywhere, holder="a test")
    for id in ("one", "two"):
        question = Question(id, "Which is the best?", 7, NOW)
        await store.create(Case(question, Council(("lab/a",), "lab/b"), "discord"))
    yield store
    await store.close()


def reaction(
    value: ReactionValue = "accept",
    target: str = "A",
    person: str = "ann",
    *,
    at: datetime = NOW,
    blind: bool = True,
    ranking_shown: bool = True,
    place: int | None = 2,
) -> Reaction:
    return Reaction("one", target, person, value, at, blind, ranking_shown, place)


async def test_a_reaction_stands_until_it_is_taken_away(store: Store) -> None:
    await store.react(reaction("accept"))
    await store.react(reaction("best", at=LATER))
    assert await store.reactions("one") == (reaction("accept"), reaction("best", at=LATER))
    await store.unreact("one", "A", "ann", "best")
    assert await store.reactions("one") == (reaction("accept"),)


async def test_a_reaction_given_twice_keeps_its_first_time_and_flags(store: Store) -> None:
    await store.react(reaction(ranking_shown=False, place=None))
    await store.react(reaction(at=LATER))
    assert await store.reactions("one") == (reaction(ranking_shown=False, place=None),)


async def test_taking_away_what_was_never_given_does_nothing(store: Store) -> None:
    await store.react(reaction("accept"))
    await store.unreact("one", "A", "ann", "reject")
    await store.unreact("one", "B", "ann", "accept")
    await store.unreact("two", "A", "ann", "accept")
    assert await store.reactions("one") == (reaction("accept"),)


async def test_reactions_belong_to_a_deliberation(store: Store) -> None:
    with pytest.raises(StoreFailed):
        await store.react(Reaction("nobody's", "A", "ann", "accept", NOW, blind=True))


async def test_a_reveal_is_remembered_for_that_person_and_question(store: Store) -> None:
    await store.reveal("one", "ann", NOW)
    assert await store.revealed("one", "ann") is True
    assert await store.revealed("one", "bob") is False
    assert await store.revealed("two", "ann") is False


async def test_after_a_reveal_only_the_copies_change(store: Store) -> None:
    await store.react(reaction("accept"))
    await store.react(reaction("best", "B"))
    await store.reveal("one", "ann", LATER)
    await store.unreact("one", "A", "ann", "accept")
    await store.react(reaction("reject", "A", at=LATEST))
    assert await store.reactions("one") == (
        reaction("accept"),
        reaction("best", "B"),
        reaction("best", "B", blind=False),
        reaction("reject", "A", at=LATEST, blind=False),
    )


async def test_a_second_reveal_brings_nothing_back(store: Store) -> None:
    await store.react(reaction("accept"))
    await store.reveal("one", "ann", LATER)
    await store.unreact("one", "A", "ann", "accept")
    await store.reveal("one", "ann", LATEST)
    assert await store.reactions("one") == (reaction("accept"),)


async def test_the_reveal_of_one_person_freezes_nobody_else(store: Store) -> None:
    await store.react(reaction("accept", person="bob"))
    await store.reveal("one", "ann", LATER)
    await store.unreact("one", "A", "bob", "accept")
    await store.react(reaction("reject", person="bob", at=LATEST))
    assert await store.reactions("one") == (reaction("reject", person="bob", at=LATEST),)


async def test_where_names_are_always_shown_reactions_change_freely(store: Store) -> None:
    await store.react(reaction("accept", blind=False))
    await store.react(reaction("reject", at=LATER, blind=False))
    await store.unreact("one", "A", "ann", "accept")
    assert await store.reactions("one") == (reaction("reject", at=LATER, blind=False),)


async def test_re_reading_keeps_what_stands_and_replaces_the_rest(store: Store) -> None:
    await store.react(reaction("accept", place=1, ranking_shown=False))
    await store.react(reaction("reject", person="bob"))
    await store.react(reaction("best", "B"))
    await store.reconcile(
        "one", "A", {("ann", "accept"), ("cid", "best")}, LATER, ranking_shown=True, place=4
    )
    assert await store.reactions("one") == (
        reaction("accept", place=1, ranking_shown=False),
        reaction("best", "B"),
        reaction("best", person="cid", at=LATER, place=4),
    )


async def test_re_reading_twice_changes_nothing(store: Store) -> None:
    standing: list[tuple[str, ReactionValue]] = [("ann", "accept"), ("bob", "reject")]
    await store.reconcile("one", "A", standing, NOW)
    first = await store.reactions("one")
    await store.reconcile("one", "A", standing, LATER)
    assert await store.reactions("one") == first


async def test_re_reading_an_empty_message_takes_every_vote_back(store: Store) -> None:
    await store.react(reaction("accept"))
    await store.react(reaction("reject", person="bob", blind=False))
    await store.reconcile("one", "A", (), LATER)
    assert await store.reactions("one") == ()


async def test_re_reading_leaves_what_froze_and_changes_the_copies(store: Store) -> None:
    await store.react(reaction("accept"))
    await store.react(reaction("best", at=LATER))
    await store.reveal("one", "ann", LATER)
    for _ in range(2):
        await store.reconcile("one", "A", {("ann", "best"), ("ann", "reject")}, LATEST, place=2)
    assert await store.reactions("one") == (
        reaction("accept"),
        reaction("best", at=LATER),
        reaction("best", at=LATER, blind=False),
        reaction("reject", at=LATEST, blind=False),
    )


async def test_a_frozen_reaction_given_again_is_one_of_the_open_ones(store: Store) -> None:
    await store.react(reaction("accept"))
    await store.reveal("one", "ann", LATER)
    await store.unreact("one", "A", "ann", "accept")
    await store.reconcile("one", "A", {("ann", "accept")}, LATEST, place=2)
    assert await store.reactions("one") == (
        reaction("accept"),
        reaction("accept", at=LATEST, blind=False),
    )


async def test_re_reading_finds_open_votes_where_names_are_always_shown(store: Store) -> None:
    await store.reconcile("one", "A", {("ann", "accept")}, NOW, blind=False, place=2)
    assert await store.reactions("one") == (reaction("accept", blind=False),)
