"""What is told on the way to an answer in a shell."""

import pytest

from bot.council import Standing
from bot.program.progress import Narrator
from bot.protocol.events import Ranked
from tests.fakes.channel import finished_case


def test_an_early_end_is_told_without_marks_of_emphasis(
    capsys: pytest.CaptureFixture[str],
) -> None:
    standings = (Standing("A", "lab/a", 1.0, 3, 3), Standing("B", "lab/b", 0.0, 0, 3))

    Narrator(finished_case(1)).tell(Ranked(standings, True, ("C",)))

    assert capsys.readouterr().err == (
        "Stopped early: All 3 heard put A first. 1 was not heard (C).\n"
    )
