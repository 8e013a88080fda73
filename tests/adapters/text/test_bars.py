from adapters.text.bars import bar_lines
from bot.document import Bar, Bars


def test_bars_stand_in_columns() -> None:
    bars = Bars((Bar("A", 0.75, "75 %", "2 of 4"), Bar("2B", 0.08, "8 %")))
    assert bar_lines(bars) == ["A  ████████░░ 75 %  2 of 4", "2B █░░░░░░░░░  8 %"]


def test_a_note_carries_the_name_of_its_column() -> None:
    bars = Bars((Bar("A", 1, "100 %", "2 of 2"), Bar("B", 0, "0 %")), ("Answer", "Points", "First"))
    assert bar_lines(bars, cells=2) == ["A ██ 100 %  First: 2 of 2", "B ░░   0 %"]


def test_a_share_beyond_the_bar_fills_it() -> None:
    assert bar_lines(Bars((Bar("A", 1.2, "120 %"), Bar("B", -1.0, "none"))), cells=2) == [
        "A ██ 120 %",
        "B ░░  none",
    ]
