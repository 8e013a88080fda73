"""What is asked about a verdict once it stands, all of it at once. Nobody waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.council import Answer, Standing, Verdict
from bot.protocol.audit import Audit, audit, chosen_auditor
from bot.protocol.sitting import Sitting, task_group
from bot.protocol.verification import can_be_verified, verify


@dataclass(frozen=True, slots=True)
class Checks:
    """What is due: an audit by this seat, if any, and a second review."""

    auditor: int | None
    is_verified: bool

    def __bool__(self) -> bool:
        return self.auditor is not None or self.is_verified


async def checks_due(
    sitting: Sitting, answers: Sequence[Answer], standings: Sequence[Standing], verdict: Verdict
) -> Checks:
    """The same in a resumed run. A verdict that is written anew has nothing asked but itself."""
    if sitting.question.redo:
        return Checks(None, False)
    auditor = await chosen_auditor(sitting, answers, verdict)
    return Checks(auditor, sitting.council.verify and can_be_verified(standings, verdict))


async def check(
    checks: Checks,
    sitting: Sitting,
    answers: Sequence[Answer],
    standings: Sequence[Standing],
    verdict: Verdict,
) -> tuple[Verdict, Audit]:
    """The verdict with how it was placed, and what was found about it."""
    found, checked = Audit(), verdict

    async def look_for_gaps(auditor: int) -> None:
        nonlocal found
        found = await audit(sitting, auditor, answers, standings, verdict)

    async def place() -> None:
        nonlocal checked
        verification = await verify(sitting, answers, standings, verdict)
        checked = replace(verdict, verification=verification)

    async with task_group() as group:
        if checks.auditor is not None:
            group.create_task(look_for_gaps(checks.auditor))
        if checks.is_verified:
            group.create_task(place())
    return checked, found
