"""Reading an outcome matrix, and a sentence for every file that holds none."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.analysis.outcomes import RIGHT, UNKNOWN, WRONG, parse_outcomes, read_outcomes
from bot.errors import InvalidInput
from tests.reference_data import outcomes


def test_ids_models_and_cells_are_read() -> None:
    read = parse_outcomes("id,lab/a,lab/b\nq1,1,0\nq2,,1\n")
    assert read.rows == ("q1", "q2")
    assert read.models == ("lab/a", "lab/b")
    assert read.cells.tolist() == [[RIGHT, WRONG], [UNKNOWN, RIGHT]]


def test_a_matrix_without_ids_counts_its_rows() -> None:
    read = parse_outcomes("lab/a,lab/b\n1,0\n0,0\n")
    assert read.rows == ("1", "2")
    assert read.models == ("lab/a", "lab/b")


def test_a_nameless_first_column_is_an_index() -> None:
    assert parse_outcomes(",a,b\n0,1,0\n").models == ("a", "b")


@pytest.mark.parametrize("gap", ["", " ", "NaN", "nan", "NA"])
def test_a_gap_is_an_unknown_outcome(gap: str) -> None:
    assert parse_outcomes(f"id,a,b\nq,{gap},1\n").cells.tolist() == [[UNKNOWN, RIGHT]]


def test_numbers_may_be_written_with_a_point() -> None:
    assert parse_outcomes("id,a,b\nq,1.0, 0.0\n").cells.tolist() == [[RIGHT, WRONG]]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    file = tmp_path / "outcomes.csv"
    file.write_text("id,a,b\nq,1,0\n", encoding="utf-8-sig")
    assert read_outcomes(file).rows == ("q",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The file is empty; it needs a header of model names."),
        ("id\nq1\n", "The header names no model."),
        ("id,a,b\n", "The file has no rows under its header."),
        ("id,a,b\nq1,1,maybe\n", "In row 1 (q1), column b, `maybe` is neither 1, 0 nor empty."),
        ("a,b\n1,1\n1,0.5\n", "In row 2, column b, `0.5` is neither 1, 0 nor empty."),
        ("id,a,a\nq1,1,0\n", "More than one column is called a."),
        ("id,a,\nq1,1,0\n", "Column 3 has no model name in the header."),
        ("id,a,b\nq1,1,0\nq1,1,1\n", "More than one row is called q1."),
        (
            "id,a,b\nq1,1\n",
            "In row 1 (q1) there are 1 cells for 2 models; leave a cell empty where the outcome "
            "is unknown.",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_outcomes(text)
    assert str(caught.value) == sentence


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"none\.csv cannot be read: No such file"):
        read_outcomes(tmp_path / "none.csv")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "picture.csv"
    file.write_bytes(b"\x89PNG\xff")
    with pytest.raises(InvalidInput, match=r"picture\.csv is no UTF-8 text"):
        read_outcomes(file)


def sentence_or_shape(text: str) -> str | tuple[int, ...]:
    try:
        return parse_outcomes(text).cells.shape
    except InvalidInput as error:
        return str(error)


@given(st.text() | st.text(alphabet='01,\n\r"ab'))
def test_any_text_is_a_matrix_or_a_sentence(text: str) -> None:
    match sentence_or_shape(text):
        case str(sentence):
            assert sentence.endswith(".")
        case rows, models:
            assert rows > 0 < models


def test_a_row_is_decided_by_one_right_answer_or_by_all_wrong_ones() -> None:
    read = parse_outcomes("a,b\n1,\n0,\n,\n0,0\n1,0\n")
    assert read.decided.tolist() == [True, False, False, True, True]
    assert read.all_wrong.tolist() == [False, False, False, True, False]
    assert read.complete.tolist() == [False, False, False, True, True]


def test_parts_keep_their_names() -> None:
    read = parse_outcomes("id,a,b,c\nq1,1,0,0\nq2,0,1,1\n")
    part = read.of_rows(np.array([False, True])).of_models([2, 0])
    assert (part.rows, part.models, part.cells.tolist()) == (("q2",), ("c", "a"), [[1, 0]])


@pytest.mark.parametrize(
    ("name", "rows", "models"), [("gsm8k_outcomes", 1319, 43), ("crux_outcomes_a", 400, 51)]
)
def test_public_matrices_are_complete(name: str, rows: int, models: int) -> None:
    assert outcomes(name).cells.shape == (rows, models)
    assert outcomes(name).complete.all()


@pytest.mark.parametrize("name", ["question", "Text", "prompt"])
def test_a_column_of_texts_is_no_model(name: str) -> None:
    read = parse_outcomes(f'id,a,{name},b\nq1,1,"One, or\n\u2028two?",0\nq2,0,,1\n')
    assert (read.rows, read.models) == (("q1", "q2"), ("a", "b"))
    assert read.cells.tolist() == [[1, 0], [0, 1]]
    assert read.questions == {"q1": "One, or\n\u2028two?", "q2": ""}
    assert read.of_rows(read.complete).questions == read.questions


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_matrix_is_read_as_spreadsheets_write_it(
    tmp_path: Path, separator: str, encoding: str
) -> None:
    file = tmp_path / "outcomes.csv"
    lines = ("id", "a", "b"), ("q1", "1", ""), ("q2", "0", "1")
    file.write_text("".join(f"{separator.join(line)}\r\n" for line in lines), encoding, newline="")

    found = read_outcomes(file)

    assert (found.rows, found.models) == (("q1", "q2"), ("a", "b"))
    assert found.cells.tolist() == [[RIGHT, UNKNOWN], [WRONG, RIGHT]]


def test_numbers_with_a_comma_are_read_between_semicolons() -> None:
    assert parse_outcomes("a;b\n1,0;0,0\n").cells.tolist() == [[RIGHT, WRONG]]
