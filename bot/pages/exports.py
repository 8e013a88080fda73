"""Deliberations as the contract's JSON, with what the store knows beside them."""

from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter

from bot.chat import HEADLINE, RANKING, VERDICT
from bot.council import Acceptance, Cost, Deliberation
from bot.emoji import target
from bot.protocol.outcome import finish
from bot.protocol.ranking import labels_of
from bot.records import Case, Comparison, Post
from bot.store.store import Store
from bot.votes import Vote, standing_votes

_DELIBERATION = TypeAdapter(Deliberation)


def as_json(deliberation: Deliberation) -> dict[str, Any]:
    """The object of the contract, its keys the fields of `Deliberation`."""
    dumped: dict[str, Any] = _DELIBERATION.dump_python(deliberation, mode="json")
    if deliberation.cost is None:  # nobody knows any more how much of it was told
        dumped["cost"] = asdict(Cost(0.0, deliberation.cost_usd, 0.0))
    for review in dumped["reviews"]:
        review["ranking"] = [tied if len(tied) > 1 else tied[0] for tied in review["ranking"]]
    for ended in (*dumped["answers"], dumped["verdict"]):
        ended["finish"] = finish(ended["finish_reason"])
    return dumped


async def export(
    store: Store, case: Case, accepted_like: Acceptance | None = None
) -> dict[str, Any]:
    """A finished case with its place, posts and standing votes, and how often verdicts like its own
    were accepted."""
    assert case.result is not None
    agreement = replace(case.result.agreement, accepted_when_like_this=accepted_like)
    posts = await store.posts(case.id)
    labels, people = labels_of(case.question, case.council), await store.people(case.id)
    votes = standing_votes(await store.reactions(case.id))
    return as_json(replace(case.result, agreement=agreement)) | {
        "platform": case.platform,
        "channel": case.channel,
        "thread": case.thread,
        "asker": case.asker,
        "asked_at": case.question.asked_at.isoformat(),
        "expired_at": case.expired_at.isoformat() if case.expired_at else None,
        "posts": {} if case.platform == "cli" else _posts(posts),
        "votes": [_vote(vote) for vote in votes],
        "comparisons": [_compared(each) for each in await store.comparisons(case.id)],
        "people": [
            {"label": labels[seat], "person": person}
            for person, seat in people.items()
            if seat is not None and seat in labels
        ],
    }


def _posts(posts: tuple[Post, ...]) -> dict[str, Any]:
    """The platform's ids of each post's first part, `None` where there is no such post."""
    ids = {post.key: post.post_id for post in posts if post.part == 0 and post.post_id}
    answers = {
        label: id
        for key, id in ids.items()
        if (label := target(key)) and key not in {HEADLINE, VERDICT, RANKING}
    }
    headline = ids.get(VERDICT) or ids.get(HEADLINE)
    return {"headline": headline, "answers": answers, "ranking": ids.get(RANKING)}


def _compared(said: Comparison) -> dict[str, Any]:
    return {
        "person": said.person,
        "first": said.first,
        "chose": said.chose,
        "blind": said.blind,
        "trial": said.trial,
        "at": said.at.isoformat() if said.at else None,
    }


def _vote(vote: Vote) -> dict[str, Any]:
    return {
        "target": vote.target,
        "person": vote.person,
        "value": vote.value,
        "blind": vote.blind,
        "at": vote.at.isoformat(),
        "ranking_shown": vote.ranking_shown,
        "place": vote.place,
    }
