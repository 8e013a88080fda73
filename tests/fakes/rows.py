"""Rows of the statistics, without the deliberations behind them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.analysis.rows import PeerBallot, Pick, Row
from bot.recognition import signs

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def make_row(
    id: str = "one",
    models: Sequence[str] = ("a", "b", "c"),
    *,
    asker: str = "ann",
    accepted: Sequence[bool | None] | None = None,
    verdict: bool | None = None,
    best: str | None = None,
    picks: Sequence[Pick] = (),
    scores: Sequence[float | None] | None = None,
    ballots: Sequence[PeerBallot] = (),
    places: Sequence[int | None] | None = None,
    lengths: Sequence[int] | None = None,
    written: bool = True,
    heard: bool = True,
    cost_usd: float = 0.02,
    seconds: float | None = 30.0,
    not_blind: int = 0,
    audition: str = "",
    audition_usd: float = 0.0,
) -> Row:
    unknown = (None,) * len(models)
    voted = verdict is not None or best or (accepted and set(accepted) != {None})
    return Row(
        id=id,
        asked_at=NOW,
        asker=asker,
        models=tuple(models),
        failed=(),
        accepted=tuple(accepted or unknown),
        places=tuple(places or unknown),
        scores=tuple(scores or unknown),
        lengths=tuple(lengths or (100,) * len(models)),
        verdict=verdict,
        verdict_written=written,
        best=best,
        picks=tuple(picks) or ((Pick(asker, best, False),) if best else ()),
        voters=(asker,) if voted else (),
        ballots=tuple(ballots),
        all_heard=heard,
        cost_usd=cost_usd,
        seconds=seconds,
        not_blind=not_blind,
        signs=signs(f"What about {id}?", ""),
        audition=audition,
        audition_usd=audition_usd,
    )


def ballot(reviewer: str, ranking: str, order: str | None = None) -> PeerBallot:
    """`ballot("a", "b>ac")`: models of one letter, tied where nothing stands between them."""
    groups = tuple(tuple(group) for group in ranking.split(">"))
    return PeerBallot(reviewer, groups, tuple(order or ranking.replace(">", "")))
