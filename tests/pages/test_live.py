"""How far a deliberation is, on two lines."""

import pytest

from bot.pages import presenter
from bot.pages.live import Pace, live_lines
from bot.protocol.events import Event, Progress, ReviewGiven, ReviewsAsked, VerdictAsked
from tests.fakes.provider import Scripted
from tests.pages.telling import COUNCIL, THREE, failing, notes, question, tell


def stages(progress: Progress) -> str:
    return live_lines(progress, None).splitlines()[0].strip()


@pytest.mark.parametrize(
    ("before", "line"),
    [
        (None, "**Answers 0 of 3** · reviews · verdict"),
        (ReviewsAsked, "**Answers 2 of 3** · reviews · verdict"),
        (ReviewGiven, "Answers 2 of 3 · **reviews 0 of 2** · verdict"),
        (VerdictAsked, "Answers 2 of 3 · **reviews 2 of 2** · verdict"),
    ],
)
def test_the_line_says_what_is_in(before: type[Event] | None, line: str) -> None:
    told = tell({("answer", 1): [failing()]})
    progress = told.before(before) if before else Progress(question(), COUNCIL)

    assert stages(progress) == line


def test_the_last_stage_is_the_verdict() -> None:
    told = tell()
    at = next(n for n, event in enumerate(told.events) if isinstance(event, VerdictAsked))

    line = stages(told.progress(told.events[: at + 1]))

    assert line == "Answers 3 of 3 · reviews 3 of 3 · **verdict**"


@pytest.mark.parametrize(
    ("pace", "line"),
    [
        (Pace(8, 23), "▰▰▰▰▱▱▱▱▱▱▱▱▱▱ 8 s, about 15 s to go"),
        (Pace(21.4, 23), "▰▰▰▰▰▰▰▰▰▰▰▰▰▱ 21 s, about 5 s to go"),
        (Pace(24, 23), "▰▰▰▰▰▰▰▰▰▰▰▰▰▱ 24 s, longer than usual"),
        (Pace(10, 400), "▱▱▱▱▱▱▱▱▱▱▱▱▱▱ 10 s, about 6 min to go"),
        (Pace(8), "▱▱▱▱▱▱▱▱▱▱▱▱▱▱ 8 s"),
        (Pace(-3), "▱▱▱▱▱▱▱▱▱▱▱▱▱▱ 0 s"),
        (None, "▱▱▱▱▱▱▱▱▱▱▱▱▱▱"),
    ],
)
def test_the_bar_is_the_time_where_it_is_known(pace: Pace | None, line: str) -> None:
    assert live_lines(Progress(question(), COUNCIL), pace).splitlines()[1] == line


def test_without_an_estimate_the_bar_counts_what_is_in() -> None:
    progress = tell().before(ReviewsAsked)  # three of seven calls

    assert live_lines(progress, Pace(8)).splitlines()[1] == "▰▰▰▰▰▰▱▱▱▱▱▱▱▱ 8 s"


@pytest.mark.parametrize(
    ("failure", "why"),
    [("refused", "the chairman refused to"), ("no_credit", "the chairman's account has no credit")],
)
def test_a_stand_in_is_announced_without_its_name(failure: str, why: str) -> None:
    script: dict[tuple[str, int], list[Scripted]] = {("verdict", THREE): [failing(failure)]}  # type: ignore[arg-type]  # a literal
    told = tell(script)
    asked = [n for n, event in enumerate(told.events) if isinstance(event, VerdictAsked)]

    headline = presenter.headline(told.progress(told.events[: asked[1] + 1]))

    assert f"The author of Answer A writes the verdict: {why}." in notes(headline)


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (1, "Another question of this thread is being deliberated. This one begins after it."),
        (3, "3 questions of this thread come first. This one begins after them."),
    ],
)
def test_a_question_that_waits_says_its_place(ahead: int, text: str) -> None:
    assert text in str(presenter.waiting(question(), ahead).blocks)
