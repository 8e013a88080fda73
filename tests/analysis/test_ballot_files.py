"""Ballots and outcomes as files: read tolerantly, refused in a sentence."""

import pytest

from bot.analysis.ballot_files import matched, parse_ballots
from bot.analysis.judged import Judged
from bot.analysis.outcomes import parse_outcomes
from bot.errors import InvalidInput

HEADER = "id,reviewer,reviewer_label,model,label,place,position"


def read(*ballots: str, outcomes: str = "id,one,two\nq1,1,0", header: str = HEADER) -> Judged:
    lines = parse_ballots("\n".join((header, *ballots)))
    (only,) = matched(lines, parse_outcomes(outcomes))
    return only


def shares(each: Judged) -> dict[str, dict[str, float]]:
    return {sheet.reviewer: dict(sheet.shares) for sheet in each.sheets}


def test_an_accepted_answer_stands_against_one_that_is_not() -> None:
    each = read("q1,judge,,one,,1,1", "q1,judge,,two,,2,2")
    assert each == Judged("q1", "q1", (), (("one", "two"),), each.sheets)
    assert shares(each) == {"judge": {"one": 1.0, "two": 0.0}}


def test_columns_may_be_few_and_in_any_order_and_separated_as_spreadsheets_do() -> None:
    each = read("two;2;judge;q1", "one;1.0;judge;q1", header="model;place;reviewer;id")
    assert shares(each) == {"judge": {"one": 1.0, "two": 0.0}}


def test_ties_share_a_place_and_what_was_left_out_comes_last() -> None:
    outcomes = "id,one,two,three\nq1,1,0,"
    each = read("q1,j,,one,,1,", "q1,j,,two,,1,", "q1,j,,three,,,", outcomes=outcomes)
    assert shares(each) == {"j": {"one": 0.75, "two": 0.75, "three": 0.0}}
    assert each.pairs == (("one", "two"),)


def test_a_ballot_that_places_nothing_is_none() -> None:
    each = read("q1,j,,one,,1,", "q1,j,,two,,2,", "q1,k,,one,,,", "q1,k,,two,,,")
    assert [*shares(each)] == ["j"]


def test_reviewers_of_one_name_are_told_apart_by_their_labels() -> None:
    lines = "q1,j,X,one,A,1,", "q1,j,X,two,B,2,"
    each = read(*lines, "q1,j,Y,one,A,2,", "q1,j,Y,two,B,1,")
    assert shares(each) == {"j": {"one": 1.0, "two": 0.0}, "j#2": {"one": 0.0, "two": 1.0}}


def test_a_label_that_an_answer_has_too_makes_no_author() -> None:
    each = read("q1,judge,A,one,A,1,", "q1,judge,A,two,B,2,")
    assert [*shares(each)] == ["judge"]


def test_seats_of_one_model_are_columns_of_their_own() -> None:
    """As exported: the second seat has a number in both files."""
    lines = [
        "q1,one,B,one,B,2,1",
        "q1,one,B,one #2,A,1,2",
        "q1,one #2,A,one,B,2,1",
        "q1,one #2,A,one #2,A,1,2",
    ]
    each = read(*lines, outcomes="id,one,one #2\nq1,0,1")
    assert each.pairs == (("one#2", "one"),)
    assert shares(each) == {
        "one": {"one": 0.0, "one#2": 1.0},
        "one#2": {"one": 0.0, "one#2": 1.0},
    }


def test_questions_of_one_file_alone_are_left_out() -> None:
    lines = parse_ballots(f"{HEADER}\nq1,j,,one,,1,\nq1,j,,two,,2,\nq9,j,,one,,1,\nq9,j,,two,,2,")
    outcomes = parse_outcomes("id,one,two\nq1,0,1\nq2,1,0\nq9,1,1")
    assert [each.id for each in matched(lines, outcomes)] == ["q1"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The file of ballots is empty."),
        ("id,one,two\nq1,1,0", "has no column reviewer, model, place. It is the first of the two"),
        (f"{HEADER}\nq1,j,,one", "Line 2 of the ballots has 4 cells under 7 names."),
        (f"{HEADER}\nq1,j,,one,,first,1", "In line 2 of the ballots, `first` is no place"),
        (f"{HEADER}\nq1,j,,one,,0,1", "In line 2 of the ballots, `0` is no place"),
        (f"{HEADER}\nq1,,,one,,1,1", "Line 2 of the ballots has nothing under reviewer."),
        (
            f"{HEADER}\nq1,j,,one,,1,1\nq1,j,,one,,2,1",
            "Line 3 of the ballots repeats another: j placed one in q1 already.",
        ),
    ],
)
def test_what_is_no_ballots_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_ballots(text)
    assert sentence in str(refused.value)


def test_a_place_of_thousands_of_digits_is_refused_in_a_sentence() -> None:
    with pytest.raises(InvalidInput, match="is no place"):
        parse_ballots(f"{HEADER}\nq1,j,,one,,{'9' * 5_000},")


def test_a_column_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"More than one column is called place\."):
        parse_ballots("id,reviewer,model,place,Place\nq1,j,one,1,2")


def test_ballots_that_place_nothing_are_no_names_of_no_models() -> None:
    lines = parse_ballots(f"{HEADER}\nq1,j,,one,,,")
    with pytest.raises(InvalidInput, match="No ballot of these questions places an answer"):
        matched(lines, parse_outcomes("id,one,two\nq1,1,0"))


def test_files_that_do_not_belong_together_are_refused() -> None:
    lines = parse_ballots(f"{HEADER}\nq1,j,,one,,1,\nq1,j,,two,,2,")
    with pytest.raises(InvalidInput, match="No id is in both files"):
        matched(lines, parse_outcomes("id,one,two\nq2,1,0"))
    with pytest.raises(InvalidInput, match=r"No model of the ballots .*: one, two\."):
        matched(lines, parse_outcomes("id,x,y\nq1,1,0"))
