"""How far a deliberation is, on two lines: what is in, and for how long still.

Pure, and blind: nothing here tells one seat's pace from another's.
"""

from dataclasses import dataclass

from bot import texts
from bot.language import _, n_, number
from bot.modes import ANSWERS_ALONE
from bot.protocol.events import Progress

CELLS, FULL, EMPTY = 14, "▰", "▱"
# Nobody can tell better than to so many seconds.
_STEP = 5


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds since the question, and how many a question takes here; `None` is not known."""

    seconds: float
    usual: float | None = None


def live_lines(progress: Progress, pace: Pace | None) -> str:
    """Two lines of CommonMark."""
    share = pace.seconds / pace.usual if pace and pace.usual else _share_done(progress)
    full = min(int(max(share, 0) * CELLS), CELLS - 1)
    bar = FULL * full + EMPTY * (CELLS - full)
    so_far = " · ".join(filter(None, (_time(pace), _spent(progress.spent_usd))))
    return "  \n".join((_stages(progress), " ".join(filter(None, (bar, so_far)))))


def asked(progress: Progress) -> int:
    """How many members are asked, as far as it is known."""
    return len(progress.labels) or len(progress.council.members)


def stand_in(progress: Progress) -> str:
    """Who writes in the chairman's place and why, never by name; "" where nobody does."""
    if progress.author in (None, progress.council.chairman_seat):
        return ""
    label = next((label for label, seat in progress.labels if seat == progress.author), "?")
    why = [_(texts.CHAIRMAN[failure.kind]) for failure in progress.chairman_failures[:1]]
    if not why:
        return _("The author of Answer {label} writes the verdict.", label=label)
    return _("The author of Answer {label} writes the verdict: {why}.", label=label, why=why[0])


def grown(progress: Progress) -> str:
    """That more are asked than at first; "" where that is not so."""
    if not progress.grown:
        return ""
    return _("The first two do not plainly agree: everybody is asked.")


def people_in(count: int) -> str:
    """How many answers of people there are; "" where there is none."""
    if not count:
        return ""
    return n_("{n} answer of a person is in.", "{n} answers of people are in.", count)


def duration(seconds: float) -> str:
    if seconds < 120:
        return _("{n} s", n=round(seconds))
    return _("{n} min", n=round(seconds / 60))


def _stages(progress: Progress) -> str:
    """What is in so far, the stage under way in bold."""
    if progress.question.redo:
        return f"**{_('verdict')}**"
    members, reviewers = asked(progress), len(progress.reviewers)
    answers = _("Answers {n} of {of}", n=len(progress.answers), of=members)
    if progress.revising:
        n, of = len(progress.revised), len(progress.revising)
        discussion = _("discussion {n} of {of}", n=n, of=of)
        if not reviewers and progress.author is None:
            return " · ".join((answers, f"**{discussion}**", _("reviews"), _("verdict")))
        answers = f"{answers} · {discussion}"
    reviews = _("reviews {n} of {of}", n=len(progress.reviewed), of=reviewers)
    verdict = _("verdict")
    if members == 1 or _by_answers_alone(progress):
        return f"**{answers}**"
    if progress.author is not None:
        return " · ".join((answers, *([reviews] if reviewers else []), f"**{verdict}**"))
    if reviewers:
        return " · ".join((answers, f"**{reviews}**", verdict))
    return " · ".join((f"**{answers}**", _("reviews"), verdict))


def _share_done(progress: Progress) -> float:
    """Of all calls to come, as far as they are known."""
    members = asked(progress)
    done = len(progress.answers) + len(progress.failures) + len(progress.reviewed)
    if _by_answers_alone(progress):
        return done / members
    return (done + len(progress.revised)) / (2 * members + len(progress.revising) + 1)


def _by_answers_alone(progress: Progress) -> bool:
    """Whether nothing but answers is needed for all that is known."""
    begun = progress.grown or progress.reviewers or progress.author is not None
    return progress.council.mode in ANSWERS_ALONE and not begun


def _spent(usd: float | None) -> str:
    return "" if usd is None or usd < 0.005 else f"${number(usd, '.2f')}"


def _time(pace: Pace | None) -> str:
    if pace is None:
        return ""
    so_far = duration(max(pace.seconds, 0))
    if pace.usual is None:
        return so_far
    if pace.seconds > pace.usual:
        return _("{so_far}, longer than usual", so_far=so_far)
    left = max(_STEP, round((pace.usual - pace.seconds) / _STEP) * _STEP)
    return _("{so_far}, about {left} to go", so_far=so_far, left=duration(left))
