"""The contract's JSON: a deliberation alone, and with what the store knows beside it."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.council import (
    Agreement,
    Answer,
    Council,
    Deliberation,
    Failure,
    MemberResult,
    Plurality,
    Question,
    Review,
    Side,
    Standing,
    Timings,
    Verdict,
)
from bot.pages.exports import as_json, export
from bot.records import Case, Reaction, ReactionValue
from bot.store.store import Store

ASKED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

DELIBERATION = Deliberation(
    id="q1",
    question="Is a monolith right?",
    mode="council",
    seed=5,
    degraded=True,
    members=(
        MemberResult("A", "lab/a", "answered", None, 0),
        MemberResult("B", "lab/b", "failed", "refused: it will not do that.", 1),
    ),
    answers=(Answer("A", "lab/a", "Yes.", 1.5, 100, 20, 0.000007, 1, 0, "stop"),),
    reviews=(
        Review("lab/a", "A", ("C", "A", "B"), (("A",), ("B", "C")), True, "Fine.", 0.5, None, 0),
        Review("lab/c", "C", ("A", "B", "C"), (), False, "", 0.0, None, 2),
    ),
    standings=(Standing("A", "lab/a", 1.0, 1, 1),),
    agreement=Agreement(None, 1.0, False),
    verdict=Verdict(
        "**Yes.**", "lab/a", "next_member", Failure("empty", "the model wrote nothing."), "no", 0
    ),
    timings=Timings(1.5, 2.0, 3.0, 3.5, 4.0),
    calls=6,
    prompt_tokens=300,
    completion_tokens=60,
    cost_usd=0.000021,
    cost_known=True,
    chairman="lab/chair",
)


def only(given: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """What `given` has under the keys of `expected`: keys may be added, none renamed or removed."""
    return {key: given[key] for key in expected}


def test_the_keys_of_the_contract_are_there() -> None:
    expected = {
        "id": "q1",
        "question": "Is a monolith right?",
        "mode": "council",
        "seed": 5,
        "degraded": True,
        "agreement": {
            "kendall_w": None,
            "top_share": 1.0,
            "stopped_early": False,
            "heard": None,
            "same_answer": None,
            "accepted_when_like_this": None,
        },
        "timings": {
            "first_answer": 1.5,
            "answers": 2.0,
            "reviews": 3.0,
            "verdict_first_text": 3.5,
            "verdict": 4.0,
        },
        "calls": 6,
        "prompt_tokens": 300,
        "completion_tokens": 60,
        "cost_usd": 0.000021,
    }

    assert only(as_json(DELIBERATION), expected) == expected


def test_what_belongs_to_other_modes_is_empty() -> None:
    empty = {
        "escalated": False,
        "not_asked": [],
        "vote": None,
        "rounds": [],
        "changes": [],
        "claims": [],
        "left_out": [],
        "unsupported": [],
        "evidence": [],
        "redo": None,
    }
    dumped = as_json(DELIBERATION)

    assert only(dumped, empty) == empty
    assert dumped["verdict"]["label"] is None
    assert dumped["standings"][0]["weighted_score"] is None
    assert [review["weight"] for review in dumped["reviews"]] == [1.0, 1.0]


def test_a_vote_lists_the_values_with_their_labels() -> None:
    options = (Side("18", ("A", "C")), Side("20", ("B",)))
    counted = replace(DELIBERATION, vote=Plurality("number", options, "18", tie=False))

    assert as_json(counted)["vote"] == {
        "kind": "number",
        "options": [{"value": "18", "labels": ["A", "C"]}, {"value": "20", "labels": ["B"]}],
        "winner": "18",
        "tie": False,
    }


def test_members_answers_and_standings_are_objects_of_the_contract() -> None:
    dumped = as_json(DELIBERATION)

    member = {
        "label": "B",
        "model": "lab/b",
        "status": "failed",
        "error": "refused: it will not do that.",
    }
    answer = {
        "label": "A",
        "model": "lab/a",
        "text": "Yes.",
        "seconds": 1.5,
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "cost_usd": 0.000007,
        "leaks": 1,
    }
    standing = {"label": "A", "model": "lab/a", "score": 1.0, "first_places": 1, "ballots": 1}
    assert only(dumped["members"][1], member) == member
    assert only(dumped["answers"][0], answer) == answer
    assert only(dumped["standings"][0], standing) == standing


def test_in_a_ranking_a_tie_is_an_inner_list() -> None:
    reviews = as_json(DELIBERATION)["reviews"]

    ranked = {
        "model": "lab/a",
        "label": "A",
        "order": ["C", "A", "B"],
        "ranking": ["A", ["B", "C"]],
        "counted": True,
        "text": "Fine.",
        "seconds": 0.5,
    }
    unread = {"order": ["A", "B", "C"], "ranking": [], "counted": False, "text": ""}
    assert only(reviews[0], ranked) == ranked
    assert only(reviews[1], unread) == unread


def test_the_verdict_tells_who_wrote_it_and_why() -> None:
    verdict = {
        "text": "**Yes.**",
        "written_by": "lab/a",
        "fallback": "next_member",
        "chairman_error": {"kind": "empty", "message": "the model wrote nothing."},
        "dissent": "no",
    }

    assert only(as_json(DELIBERATION)["verdict"], verdict) == verdict


def test_it_is_json() -> None:
    dumped = as_json(DELIBERATION)

    assert json.loads(json.dumps(dumped)) == dumped


# --- with what the store knows


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = await Store.open(":memory:", holder="tests")
    yield store
    await store.close()


def case() -> Case:
    return Case(
        question=Question("q1", "Is a monolith right?", 5, ASKED_AT),
        council=Council(("lab/a", "lab/b"), "lab/chair"),
        platform="discord",
        workspace="server",
        channel="channel",
        thread="thread",
        asker="ann",
        status="finished",
        result=DELIBERATION,
    )


async def post(store: Store, key: str, post_id: str | None, part: int = 0) -> None:
    await store.claim_post("q1", "discord", key, part)
    if post_id:
        await store.confirm_post("q1", key, part, post_id, "digest")


async def react(
    store: Store, target: str, value: ReactionValue, second: int, place: int | None = None
) -> None:
    """What has a place was voted for when the ranking was there."""
    at, shown = ASKED_AT + timedelta(seconds=second), place is not None
    await store.react(Reaction("q1", target, "bob", value, at, True, shown, place))


async def test_an_export_adds_place_posts_and_standing_votes(store: Store) -> None:
    await store.create(case())
    await post(store, "headline", "1")
    await post(store, "answer:A", "2")
    await post(store, "answer:A", "3", part=1)
    await post(store, "answer:B", None)
    await react(store, "A", "accept", 1)
    await react(store, "A", "best", 2, place=2)
    await react(store, "verdict", "reject", 3)

    exported = await export(store, case())

    expected = {
        "id": "q1",
        "platform": "discord",
        "channel": "channel",
        "thread": "thread",
        "asker": "ann",
        "asked_at": "2026-11-24T12:00:00+00:00",
        "posts": {"headline": "1", "answers": {"A": "2"}, "ranking": None},
        "votes": [
            {
                "target": "A",
                "person": "bob",
                "value": "best",
                "blind": True,
                "at": "2026-11-24T12:00:02+00:00",
                "ranking_shown": True,
                "place": 2,
            },
            {
                "target": "verdict",
                "person": "bob",
                "value": "reject",
                "blind": True,
                "at": "2026-11-24T12:00:03+00:00",
                "ranking_shown": False,
                "place": None,
            },
        ],
    }
    assert only(exported, expected) == expected
    assert json.loads(json.dumps(exported)) == exported


async def test_a_question_of_the_command_line_has_no_place_posts_or_votes(store: Store) -> None:
    asked = replace(case(), platform="cli", workspace=None, channel=None, thread=None, asker=None)
    await store.create(asked)

    exported = await export(store, asked)

    expected: dict[str, Any] = {
        "platform": "cli",
        "channel": None,
        "thread": None,
        "asker": None,
        "posts": {},
        "votes": [],
    }
    assert only(exported, expected) == expected
