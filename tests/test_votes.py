"""From standing reactions to standing votes."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.records import Reaction, ReactionValue
from bot.votes import Vote, standing_votes

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


def given_at(
    minute: int, value: ReactionValue, target: str = "A", person: str = "ann", *, blind: bool = True
) -> Reaction:
    return Reaction("one", target, person, value, at(minute), blind)


def none_at(minute: int, person: str = "ann", *, blind: bool = True) -> Reaction:
    return given_at(minute, "none", "none", person, blind=blind)


def meant(*reactions: Reaction) -> set[tuple[str, str]]:
    """What one person's reactions mean: (target, value)."""
    return {(vote.target, vote.value) for vote in standing_votes(reactions)}


def test_the_latest_reaction_to_an_answer_is_the_vote() -> None:
    assert standing_votes([given_at(2, "reject"), given_at(1, "accept")]) == (
        Vote("A", "ann", "reject", True, at(2)),
    )


def test_taking_the_newest_away_revives_the_one_before() -> None:
    first, second = given_at(1, "accept"), given_at(2, "reject")
    assert meant(first, second) == {("A", "reject")}
    assert meant(first) == {("A", "accept")}


def test_in_unknown_order_a_trophy_counts_before_a_thumbs_down() -> None:
    assert meant(given_at(1, "reject"), given_at(1, "best")) == {("A", "best")}


def test_in_unknown_order_a_thumbs_down_counts_before_a_thumbs_up() -> None:
    assert meant(given_at(1, "reject"), given_at(1, "accept")) == {("A", "reject")}


def test_a_newer_trophy_leaves_the_older_an_acceptance() -> None:
    assert standing_votes([given_at(1, "best", "B"), given_at(2, "best", "A")]) == (
        Vote("B", "ann", "accept", True, at(1)),
        Vote("A", "ann", "best", True, at(2)),
    )


def test_of_two_trophies_in_unknown_order_one_stands() -> None:
    assert meant(given_at(1, "best", "A"), given_at(1, "best", "B")) == {
        ("A", "accept"),
        ("B", "best"),
    }


def test_each_person_has_a_trophy() -> None:
    votes = standing_votes([given_at(1, "best", "A"), given_at(2, "best", "B", "bob")])
    assert [(vote.person, vote.value) for vote in votes] == [("ann", "best"), ("bob", "best")]


def test_a_later_acceptance_cancels_none_of_these() -> None:
    assert meant(none_at(1), given_at(2, "accept")) == {("A", "accept")}


def test_a_later_trophy_cancels_none_of_these() -> None:
    assert meant(none_at(1), given_at(2, "best")) == {("A", "best")}


def test_a_later_none_of_these_cancels_acceptances_and_trophies_alone() -> None:
    reactions = [given_at(1, "accept", "A"), given_at(1, "best", "B"), given_at(1, "reject", "C")]
    assert meant(*reactions, none_at(2)) == {("C", "reject"), ("none", "none")}


def test_in_unknown_order_none_of_these_loses_against_an_acceptance() -> None:
    assert meant(none_at(1), given_at(1, "accept")) == {("A", "accept")}


def test_a_thumbs_down_leaves_none_of_these_standing() -> None:
    assert meant(none_at(1), given_at(2, "reject")) == {("none", "none"), ("A", "reject")}


def test_votes_on_the_verdict_have_nothing_to_do_with_none_of_these() -> None:
    both = {("verdict", "accept"), ("none", "none")}
    assert meant(given_at(1, "accept", "verdict"), none_at(2)) == both
    assert meant(none_at(1), given_at(2, "accept", "verdict")) == both


def test_a_vote_that_says_what_the_blind_one_said_is_not_repeated() -> None:
    votes = standing_votes([given_at(1, "accept"), given_at(1, "accept", blind=False)])
    assert votes == (Vote("A", "ann", "accept", True, at(1)),)


def test_a_vote_changed_after_the_reveal_stands_beside_the_blind_one() -> None:
    votes = standing_votes(
        [
            given_at(1, "accept"),
            given_at(1, "accept", blind=False),
            given_at(2, "reject", blind=False),
        ]
    )
    assert votes == (
        Vote("A", "ann", "accept", True, at(1)),
        Vote("A", "ann", "reject", False, at(2)),
    )


def test_a_trophy_after_the_reveal_takes_nothing_from_the_blind_one() -> None:
    blind, seen = given_at(1, "best", "A"), given_at(1, "best", "A", blind=False)
    votes = standing_votes([blind, seen, given_at(2, "best", "B", blind=False)])
    assert [(vote.target, vote.value, vote.blind) for vote in votes] == [
        ("A", "accept", False),
        ("A", "best", True),
        ("B", "best", False),
    ]


def _reactions() -> st.SearchStrategy[list[Reaction]]:
    minute, person, blind = st.integers(0, 4), st.sampled_from(["ann", "bob"]), st.booleans()
    values: st.SearchStrategy[ReactionValue] = st.sampled_from(["accept", "reject", "best"])
    on_answers = st.builds(given_at, minute, values, st.sampled_from("ABC"), person, blind=blind)
    nones = st.builds(none_at, minute, person, blind=blind)
    return st.lists(
        on_answers | nones, max_size=12, unique_by=lambda r: (r.target, r.person, r.value, r.blind)
    )


@given(_reactions(), st.randoms())
def test_the_order_in_which_reactions_are_listed_never_matters(
    reactions: list[Reaction], random: Random
) -> None:
    shuffled = random.sample(reactions, len(reactions))
    assert standing_votes(shuffled) == standing_votes(reactions)


@given(_reactions())
def test_a_person_has_one_vote_per_target_and_one_trophy(reactions: list[Reaction]) -> None:
    votes = standing_votes(reactions)
    voters = [(vote.target, vote.person, vote.blind) for vote in votes]
    trophies = [(vote.person, vote.blind) for vote in votes if vote.value == "best"]
    assert len(set(voters)) == len(voters)
    assert len(set(trophies)) == len(trophies)


@given(_reactions())
def test_nobody_accepts_an_answer_and_none_of_these(reactions: list[Reaction]) -> None:
    votes = standing_votes(reactions)
    accepting = {(v.person, v.blind) for v in votes if v.value in ("accept", "best")}
    refusing = {(v.person, v.blind) for v in votes if v.value == "none"}
    assert not accepting & refusing


@given(_reactions())
def test_every_vote_comes_from_a_reaction(reactions: list[Reaction]) -> None:
    reacted = {(r.target, r.person, r.value, r.blind, r.at) for r in reactions}
    for vote in standing_votes(reactions):
        told = (vote.target, vote.person, vote.value, vote.blind, vote.at)
        trophy = (vote.target, vote.person, "best", vote.blind, vote.at)
        assert told in reacted or (vote.value == "accept" and trophy in reacted)


@given(_reactions())
def test_others_never_change_what_one_person_holds(reactions: list[Reaction]) -> None:
    alone = standing_votes([r for r in reactions if r.person == "ann"])
    together = tuple(v for v in standing_votes(reactions) if v.person == "ann")
    assert together == alone
