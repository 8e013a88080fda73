"""Who leads where a channel's members changed: `python -m tests.bench.changed_roster [--quick]`.

Channels in which an old roster answered first and a new one of better models after it, wholly or
partly other ones. A leader has to have stood beside all of today's models, and each place has to
be one more than the number of intervals wholly above.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.analysis.leaderboard import Board, people_board
from bot.analysis.rows import Row
from tests.fakes.rows import make_row

OLD = "abcd"
ROSTERS = {"all changed": "efgh", "three changed": "defg", "two changed": "cdef", "none": OLD}
STRENGTH = dict(zip("abcdefgh", (0.9, 0.3, 0.0, -0.3, 1.6, 1.2, 1.0, 1.4), strict=True))


@dataclass(frozen=True, slots=True)
class Counted:
    """Channels: with a leader; one that is not of today, or never stood beside one of today's; one
    that is not the best of its board; with a place that is not as defined."""

    led: int = 0
    never_met: int = 0
    wrong: int = 0
    misplaced: int = 0


def channel(new: str, rng: np.random.Generator, questions: int) -> list[Row]:
    rows = []
    for number in range(2 * questions):
        roster = OLD if number < questions else new
        noise = rng.gumbel(size=len(roster))
        best = max(zip(roster, noise, strict=True), key=lambda each: STRENGTH[each[0]] + each[1])[0]
        rows.append(make_row(str(number), roster, best=best, asker=f"person-{number % 7}"))
    return rows


def misplaced(board: Board) -> bool:
    ranked = [place for place in board.places if place.wins is not None]
    return any(
        place.place != 1 + sum(other.wins.low > place.wins.high for other in ranked if other.wins)
        for place in ranked
        if place.wins
    )


def counted(new: str, *, channels: int, questions: Sequence[int] = (12, 30, 80)) -> Counted:
    rng = np.random.default_rng(1)
    led = never_met = wrong = wrongly_placed = 0
    for number in range(channels):
        rows = channel(new, rng, questions[number % len(questions)])
        board = people_board(rows)
        wrongly_placed += misplaced(board)
        if board.leader is None:
            continue
        met = {model for row in rows if board.leader in row.models for model in row.models}
        led += 1
        never_met += not met >= set(new)
        wrong += STRENGTH[board.leader] < max(STRENGTH[p.model] for p in board.places if p.wins)
    return Counted(led, never_met, wrong, wrongly_placed)


def main() -> None:
    number = 100 if "--quick" in sys.argv else 1_000
    for name, roster in ROSTERS.items():
        found = counted(roster, channels=number)
        print(
            f"{name}: of {number} channels {found.led} with a leader, {found.never_met} that never "
            f"met one of today's, {found.wrong} not the best; misplaced {found.misplaced}"
        )


if __name__ == "__main__":
    main()
