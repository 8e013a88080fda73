"""Which state of a channel's rows its people are told of: one that moves in steps of `STEP` questions.

Numbers by model that moved with one question, or one vote, would tell who wrote its answers to
whoever looks before and after it, whatever the channel reveals. Pure.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.analysis.calibration import Rated, acceptance, look_of
from bot.analysis.report import Report, peers_of, report
from bot.analysis.reviewers import Reviewers
from bot.analysis.rows import Row, brief
from bot.council import Acceptance, Deliberation

STEP = 10


@dataclass(frozen=True, slots=True)
class Published:
    """`rows` without texts and people, and what they amount to. `reviewers` is `None` until they are
    counted with the next step."""

    rows: tuple[Row, ...]
    report: Report
    reviewers: Reviewers | None = None

    @staticmethod
    def of(rows: tuple[Row, ...], reviewers: Reviewers | None = None) -> "Published":
        return Published(rows, report(rows, peers_of(rows)), reviewers)

    def accepted_like(self, result: Deliberation) -> Acceptance | None:
        """How often people accepted verdicts that looked like this one; `None` where too few did.

        This one is among them, once it is published: without it two such numbers would differ by one vote.
        """
        look = look_of(result) if result.has_verdict else None
        return acceptance(verdicts(self.rows), look) if look else None


def verdicts(rows: Iterable[Row]) -> list[Rated]:
    """Those that people accepted or not, each with one person: the asker who decided that, else the
    first of the people who voted, so that those who often vote are counted as one."""
    return [
        Rated(row.look, row.verdict, row.asker if row.asker in row.voters else row.voters[0])
        for row in rows
        if row.look and row.verdict is not None
    ]


def changes(published: Sequence[Row], rows: Sequence[Row]) -> int:
    """In how many questions the rows differ from what was published of them."""
    before = {row.id: _said(row) for row in published}
    now = {_hidden(row.id): _said(row) for row in rows}
    return sum(before.get(id) != now.get(id) for id in before.keys() | now.keys())


def anonymous(rows: Sequence[Row]) -> tuple[Row, ...]:
    """As they may be kept when their question is forgotten: nothing leads to it or to a person.

    People become numbers, because votes of one person belong together in every interval.
    """
    people: defaultdict[str, str] = defaultdict(lambda: str(len(people) + 1))
    people[""] = ""  # nobody in particular asked
    return tuple(
        replace(
            row,
            id=_hidden(row.id),
            signs=(),
            asker=people[row.asker],
            picks=tuple(replace(pick, person=people[pick.person]) for pick in row.picks),
            voters=tuple(people[person] for person in row.voters),
        )
        for row in rows
    )


def _hidden(id: str) -> str:
    return hashlib.sha256(id.encode()).hexdigest()[:16]


def _said(row: Row) -> Row:
    """What people said, whoever said it. Rows grow brief with age, and those published by earlier
    versions have no look: neither changes what was said."""
    return replace(
        brief(row),
        id="",
        signs=(),
        asker="",
        picks=tuple(replace(pick, person="") for pick in row.picks),
        voters=("",) * len(row.voters),
        look=None,
    )
