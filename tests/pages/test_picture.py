"""The picture of the standings: a PNG of a phone's width for whatever is ranked."""

import struct
from dataclasses import replace

import pytest

from bot.analysis.leaderboard import ROWS_MIN, peer_board, people_board
from bot.analysis.rows import Row
from bot.pages.picture import MODELS_MAX, standings_png
from tests.fakes.rows import ballot, make_row

PIXELS_WIDE = 612


def rows(count: int, *, models: tuple[str, ...] = ("a", "b", "c"), best: str = "") -> list[Row]:
    ballots = [ballot("a", "b>ac"), ballot("b", "c>ab")] if models == ("a", "b", "c") else []
    return [
        make_row(str(n), models, best=best or models[n % len(models)], ballots=ballots)
        for n in range(count)
    ]


def size(png: bytes | None) -> tuple[int, int]:
    assert png is not None
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_nothing_is_drawn_before_anything_is_ranked() -> None:
    few = rows(ROWS_MIN - 1)
    assert standings_png(people_board(few), peer_board(few)) is None
    assert standings_png(people_board([]), peer_board([])) is None


def test_both_standings_are_drawn_at_a_phones_width() -> None:
    many = rows(ROWS_MIN)
    width, height = size(standings_png(people_board(many), peer_board(many)))
    assert (width, height) == (PIXELS_WIDE, 448)


def test_one_side_is_drawn_while_the_other_waits() -> None:
    many = rows(ROWS_MIN)
    unranked = people_board([])
    assert size(standings_png(unranked, peer_board(many))) == (PIXELS_WIDE, 448)
    assert size(standings_png(people_board(many), unranked)) == (PIXELS_WIDE, 448)


def test_the_same_standings_are_the_same_picture() -> None:
    many = rows(ROWS_MIN)
    boards = people_board(many), peer_board(many)
    assert standings_png(*boards) == standings_png(*boards)


def test_a_leader_is_drawn_otherwise() -> None:
    board, nobody = people_board(rows(30, best="a")), peer_board([])
    assert board.leader == "a"
    assert standings_png(board, nobody) != standings_png(replace(board, leader=None), nobody)


def test_a_long_list_is_cut_to_what_a_phone_shows() -> None:
    models = tuple(f"lab/model-{n}" for n in range(MODELS_MAX + 5))
    board = people_board(rows(30, models=models))
    _, height = size(standings_png(board, peer_board([])))
    assert height == 1232  # ten lines


@pytest.mark.parametrize("name", ["lab/$x^2$", "lab/모델", "lab/" + "x" * 300, "lab/", "a\nb"])
def test_any_name_can_be_drawn(name: str) -> None:
    board = people_board(rows(ROWS_MIN, models=(name, "lab/b")))
    assert size(standings_png(board, peer_board([])))[0] == PIXELS_WIDE
