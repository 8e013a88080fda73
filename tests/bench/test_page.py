"""What `council bench` reports: accuracy with intervals, time, cost, the ceiling and the audit."""

import csv
import io
import json
import os
import pty
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from adapters.terminal.render import plain
from bot.analysis.realised import realised
from bot.bench.audit_file import Entry, offer, read_labels
from bot.bench.graded import (
    Contender,
    Line,
    compared,
    contenders,
    majority,
    outcomes,
    ways,
)
from bot.bench.page import bench_page
from bot.bench.progress import progress
from bot.bench.run import Step
from bot.errors import InvalidInput
from tests.fakes.forks import CHAIRMAN, Program, environment, program
from tests.fakes.model_server import ModelServer, Script
from tests.reference_data import reference_file

Given = Sequence[tuple[str, bool]]


@pytest.fixture(scope="module")
def council() -> Iterator[Program]:
    with program() as running:
        yield running


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    return tmp_path / "out.audit.csv"


def graded_line(
    id: str | int,
    given: Given,
    *,
    models: Sequence[str] = ("a", "b", "c", "d"),
    grader: str = "number",
    reference: str = "4",
    verdict: bool | None = True,
    top: str = "A",
    seconds: float = 2.0,
) -> Line:
    """A line of OUT: each member's answer, and whether it is right."""
    labels = [
        f"{chr(65 + n // 26)}{chr(65 + n % 26)}" if n > 25 else chr(65 + n) for n in range(99)
    ]
    members = {
        label: {"model": model, "correct": right, "extracted": text or None}
        for label, model, (text, right) in zip(labels, models, given, strict=False)
    }
    return {
        "id": id,
        "question": f"What about {id}?",
        "seed": 7,
        "degraded": False,
        "cost_usd": 0.1,
        "stage_usd": {"answer": 0.04, "review": 0.03, "verdict": 0.03},
        "answers": [
            {"label": label, "model": m["model"], "text": f"It is {m['extracted']}.",
             "seconds": seconds, "cost_usd": 0.01}
            for label, m in members.items()
        ],
        "timings": {"answers": 3.0, "reviews": 5.0, "verdict": 8.0},
        "reference": reference,
        "grader": grader,
        "grader_version": 1,
        "grades": {
            "verdict": None if verdict is None else {"correct": verdict, "extracted": None},
            "top_answer": members.get(top),
            "members": members,
        },
    }  # fmt: skip


def shown(lines: Sequence[Line], audit: Path) -> str:
    return plain(bench_page(lines, audit), width=100)


def contender(lines: Sequence[Line], name: str) -> Contender:
    return next(each for each in contenders(lines) if each.name == name)


RIGHT, WRONG = ("4", True), ("5", False)


# Who was right


def test_accuracy_has_the_exact_interval_of_its_questions() -> None:
    lines = [graded_line(n, [RIGHT if n < 9 else WRONG, WRONG]) for n in range(12)]

    found = contender(lines, "a")

    interval = stats.binomtest(9, 12).proportion_ci(0.95, method="exact")
    assert (found.right, found.accuracy.n, found.accuracy.value) == (9, 12, 0.75)
    assert (found.accuracy.low, found.accuracy.high) == pytest.approx(tuple(interval), abs=1e-9)


def test_members_come_best_first_and_the_councils_ways_below() -> None:
    lines = [graded_line(n, [WRONG, RIGHT], verdict=n > 0) for n in range(3)]
    found = [(each.name, each.right) for each in contenders(lines)]
    assert [name for name, _ in found] == ["b", "a", "majority vote", "top answer", "verdict"]
    assert [found[0], found[1], *found[3:]] == [
        ("b", 3),
        ("a", 0),
        ("top answer", 0),
        ("verdict", 2),
    ]


def test_a_member_that_failed_is_not_wrong() -> None:
    lines = [graded_line(n, [RIGHT, RIGHT] if n else [RIGHT]) for n in range(3)]
    assert contender(lines, "b").accuracy.n == 2
    assert outcomes(lines).cells.tolist() == [[1, -1], [1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("grader", "given", "right"),
    [
        ("number", [("4", True), ("4.0", True), ("5", False), ("6", False)], True),
        ("number", [("4", True), ("5", False), ("5", False)], False),
        ("number", [("", False), ("", False), ("4", True)], True),
        ("number", [("", False), ("", False)], False),
        ("choice", [("B", True), ("B", True), ("C", False)], True),
        ("exact", [("paris", False), ("lyon", True), ("lyon", True)], True),
        ("regex", [("yes", True), ("yes", True)], None),
        ("judge", [("YES", True), ("YES", True)], None),
        ("number", [], None),
    ],
)
def test_the_majority_is_of_answers_that_can_be_compared(
    grader: str, given: Given, right: bool | None
) -> None:
    assert majority(graded_line(1, given, grader=grader)) is right


def test_a_tied_vote_is_drawn_from_the_seed() -> None:
    drawn = [majority(graded_line(1, [RIGHT, WRONG]) | {"seed": seed}) for seed in range(40)]
    again = [majority(graded_line(2, [RIGHT, WRONG]) | {"seed": seed}) for seed in range(40)]
    assert drawn == again
    assert 8 <= sum(bool(right) for right in drawn) <= 32


def test_each_way_has_the_time_and_the_cost_until_it_was_there(audit: Path) -> None:
    lines = [graded_line(n, [RIGHT, WRONG], seconds=1.0 + n) for n in range(3)]
    told = shown(lines, audit).splitlines()
    rows = {
        name: line.split(")", 1)[1].split()
        for line in told
        for name in WHO
        if name == line[: len(name)]
    }

    assert rows == {
        "a ": ["2.0", "(0.8-3.2)", "$0.0100", "(0.0100-0.0100)"],
        "majority vote": ["3.0", "(3.0-3.0)", "$0.0400", "(0.0400-0.0400)"],
        "top answer": ["5.0", "(5.0-5.0)", "$0.0700", "(0.0700-0.0700)"],
        "verdict": ["8.0", "(8.0-8.0)", "$0.1000", "(0.1000-0.1000)"],
    }


WHO = ("a ", "majority vote", "top answer", "verdict")


def test_one_question_alone_tells_no_time(audit: Path) -> None:
    told = shown([graded_line(1, [RIGHT, WRONG])], audit)
    assert "1 question, 0 degraded, $0.1000." in told
    [row] = [line for line in told.splitlines() if line.startswith("verdict")]
    assert row.split() == ["verdict", "1", "of", "1", "100.0", "%", "(2.5-100.0)", "-", "-"]


def test_lines_of_an_earlier_version_have_no_cost_by_stage(audit: Path) -> None:
    lines = [graded_line(n, [RIGHT, WRONG]) for n in range(3)]
    for line in lines:
        del line["stage_usd"]
    assert contender(lines, "top answer").cost_usd is None
    assert contender(lines, "verdict").cost_usd is not None


def test_grades_by_different_versions_are_told(audit: Path) -> None:
    lines = [graded_line(n, [RIGHT, WRONG]) | {"grader_version": n} for n in (1, 2)]
    assert "Graded by different versions of the graders: 1, 2." in shown(lines, audit)


# The ceiling and the audit


def mixed(count: int = 30, all_wrong: int = 2, alone: int = 3) -> list[Line]:
    patterns = [[WRONG] * 3] * all_wrong + [[WRONG, RIGHT, WRONG]] * alone
    patterns += [[RIGHT, WRONG, RIGHT]] * (count - len(patterns))
    return [graded_line(f"q{n}", pattern) for n, pattern in enumerate(patterns)]


def label(path: Path, labels: Mapping[str, str]) -> None:
    """As a person does in a spreadsheet."""
    rows = table(path)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(row | {"label": labels.get(row["id"], row["label"])} for row in rows)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_few_rows_get_a_sentence_instead_of_a_ceiling(audit: Path) -> None:
    told = shown(mixed(5), audit)
    assert "A ceiling needs 20 complete rows; of the 5 here 5 are complete." in told
    assert "All members wrong: 2 as graded, 2 after the audit" in told


def test_lines_without_a_reference_are_only_counted(audit: Path) -> None:
    line = {"id": 1, "degraded": True, "cost_usd": 0.25, "answers": []}
    told = shown([line], audit)
    assert "1 question, 1 degraded, 1 without any answer, $0.2500." in told
    assert "No question with a reference was answered, so nothing was graded." in told
    assert not audit.exists()


def test_a_question_that_nobody_answered_is_neither_right_nor_wrong(audit: Path) -> None:
    nobody = graded_line("n", [], verdict=None, top="")
    told = shown([nobody, graded_line("q", [RIGHT, WRONG])], audit)
    assert "2 questions, 0 degraded, 1 without any answer, $0.2000." in told
    assert "Correct, of 1 graded question\n" in told
    assert "No question with a reference" in shown([nobody], audit)


def test_an_audit_that_leaves_no_row_says_so(audit: Path) -> None:
    audit.write_text("id,label\nq0,ambiguous\nq1,truncated\n", encoding="utf-8")
    told = shown(mixed(2, all_wrong=2, alone=0), audit)
    assert "All 2 graded questions were set aside by the audit." in told
    assert "All members wrong: 2 as graded, 0 after the audit" in told
    assert audit.read_text(encoding="utf-8") == "id,label\nq0,ambiguous\nq1,truncated\n"


def test_suspicious_rows_are_offered_with_what_each_member_said(audit: Path) -> None:
    shown(mixed(), audit)

    rows = table(audit)
    assert [row["id"] for row in rows] == ["q0", "q1", "q2", "q3", "q4"]
    assert list(rows[0]) == ["id", "question", "reference", "answers", "label"]
    assert rows[2]["question"] == "What about q2?"
    assert rows[2]["reference"] == "4"
    assert rows[2]["answers"].splitlines() == [
        "a, wrong, read as `5`: It is 5.",
        "b, right, read as `4`: It is 4.",
        "c, wrong, read as `5`: It is 5.",
    ]
    assert {row["label"] for row in rows} == {""}


def test_of_a_long_answer_the_end_is_offered_where_a_cut_would_show(audit: Path) -> None:
    line = graded_line("q", [WRONG])
    line["answers"][0]["text"] = "Begun, " + "x" * 600 + " and cut"
    shown([line], audit)
    [row] = table(audit)
    assert row["answers"].startswith("a, wrong, read as `5`: … xxx")
    assert row["answers"].endswith("xxx and cut")
    assert len(row["answers"]) < 540


def test_labels_are_read_back_and_both_counts_are_shown(audit: Path) -> None:
    before = shown(mixed(), audit)
    label(audit, {"q0": "Bad reference ", "q1": "genuine", "q2": "grader bug"})

    after = shown(mixed(), audit)

    assert "All members wrong: 2 as graded, 2 after the audit" in before
    assert "Rows labelled: 0; waiting for a label: 5" in before
    assert "All members wrong: 2 as graded, 1 after the audit" in after
    assert "Rows labelled: 3; waiting for a label: 2" in after
    assert "Correct, of 28 graded questions (2 more were set aside by the audit)" in after
    assert "An audit set 2 rows aside; as graded, 2 were all wrong." in after


def test_what_a_person_wrote_stays_when_rows_are_added(audit: Path) -> None:
    shown(mixed(all_wrong=1, alone=1), audit)
    rows = [row | {"label": "ambiguous", "my notes": "see, the page"} for row in table(audit)]
    with audit.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["label", "my notes", "id"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)

    shown(mixed(all_wrong=3, alone=1), audit)

    assert table(audit) == [
        {"label": "ambiguous", "my notes": "see, the page", "id": "q0"},
        {"label": "ambiguous", "my notes": "see, the page", "id": "q1"},
        {"label": "", "my notes": "", "id": "q2"},
        {"label": "", "my notes": "", "id": "q3"},
    ]


def test_labels_of_rows_that_are_gone_are_told_and_stay(audit: Path) -> None:
    shown(mixed(), audit)
    label(audit, {"q0": "ambiguous"})
    told = shown(mixed()[1:], audit)
    assert "1 labels are of rows that are not in OUT." in told
    assert read_labels(audit) == {"q0": "ambiguous"}


def test_long_and_awkward_texts_survive_the_file(audit: Path) -> None:
    offer(audit, [Entry("q,1", 'Say "hi",\nplease; 한국어 \ud800', "=1", "x" * 200_000)])
    [row] = table(audit)
    assert (row["id"], row["question"]) == ("q,1", 'Say "hi",\nplease; 한국어 \ufffd')
    assert len(row["answers"]) == 30_000
    assert offer(audit, []) == 1


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ('=HYPERLINK("https://a.example")', '\'=HYPERLINK("https://a.example")'),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\n+1+cmd", "'\n+1+cmd"),
        ("-2+3", "'-2+3"),
        ("-2.5", "-2.5"),
        ("a = b", "a = b"),
        ("\x1b]0;x\x07\u202ea", "a"),
    ],
)
def test_no_text_in_the_file_is_a_formula_or_steers(audit: Path, text: str, cell: str) -> None:
    offer(audit, [Entry("q", text, text, text)])
    [row] = table(audit)
    assert [row[name] for name in ("question", "reference", "answers")] == [cell] * 3


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"id,label\nq0,dunno\n", "labels q0 as `dunno`; the labels are genuine, bad reference,"),
        (b"id;label\nq0;genuine\n", "needs the columns id and label, separated by commas."),
        (b"", "needs the columns id and label"),
        (b"id,label\nq0,genuine\nq0,truncated\n", "holds a row more than once: q0."),
        (b"id,label\nq\xff,genuine\n", "is no UTF-8 text"),
        (b"id,label\n" + b"x" * 200_000 + b",\n", "is no CSV file"),
    ],
)
def test_an_audit_file_that_cannot_be_used_is_refused_and_left_alone(
    audit: Path, content: bytes, sentence: str
) -> None:
    audit.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"out\.audit\.csv") as refused:
        bench_page(mixed(), audit)
    assert sentence in str(refused.value)
    assert audit.read_bytes() == content


def test_an_audit_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be written: No such file or directory"):
        bench_page(mixed(), tmp_path / "gone" / "out.audit.csv")


# Public answers: 43 models, 1,319 questions, five of them with a wrong reference


@cache
def gsm8k() -> tuple[Line, ...]:
    def cells(name: str) -> list[list[str]]:
        with reference_file(name).open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))

    header, *answers = cells("gsm8k_answers.csv")
    _, *grades = cells("gsm8k_outcomes.csv")
    return tuple(
        graded_line(
            id,
            [(text, right == "1") for text, right in zip(texts, rights, strict=True)],
            models=header[2:],
            reference=reference,
        )
        for (id, reference, *texts), (_, *rights) in zip(answers, grades, strict=True)
    )


def test_wrong_references_raise_the_alarm_until_an_audit_labels_them(audit: Path) -> None:
    questions = reference_file("gsm8k_all_wrong_questions.jsonl").read_text(encoding="utf-8")
    broken = [json.loads(line)["id"] for line in questions.splitlines()]

    before = shown(gsm8k(), audit)
    offered = [row["id"] for row in table(audit)]
    label(audit, dict.fromkeys(broken, "bad reference"))
    after = shown(gsm8k(), audit)

    assert offered[:5] == broken
    assert "every model was wrong 5 times" in before
    assert "That is 7.6 times what pairs of models predict" in before
    assert "yes: audit them" in before
    assert "All members wrong: 5 as graded, 5 after the audit" in before
    assert "every model was wrong 0 times" in after
    assert "An audit set 5 rows aside; as graded, 5 were all wrong." in after
    assert "All members wrong: 5 as graded, 0 after the audit" in after
    assert "yes: audit them" not in after


# Seats, and what was made of the possible gain


def two_seats(line: Line, order: str) -> Line:
    """The council is x, x, y; labels were dealt in this order of its seats."""
    models = "xxy"
    seats = {chr(65 + place): int(seat) for place, seat in enumerate(order)}
    members = [{"label": label, "model": models[n], "seat": n} for label, n in seats.items()]
    for label, grade in line["grades"]["members"].items():
        grade["model"] = models[seats[label]]
    for answer in line["answers"]:
        answer["model"] = models[seats[answer["label"]]]
    return line | {"members": members}


def test_two_seats_of_one_model_are_two_columns() -> None:
    first = two_seats(graded_line(1, [RIGHT, WRONG, WRONG]), "012")
    again = two_seats(graded_line(2, [WRONG, RIGHT, WRONG]), "201")
    failed = two_seats(graded_line(3, [RIGHT, WRONG]), "120")
    matrix = outcomes([first, again, failed])
    assert matrix.models == ("x", "x #2", "y")
    assert matrix.cells.tolist() == [[1, 0, 0], [1, 0, 0], [-1, 1, 0]]
    assert [each.name for each in contenders([first])][:3] == ["x", "x #2", "y"]


def fourths(number: int = 40) -> list[Line]:
    """a is right in 3 of 4, b in the fourth, c never; the verdict always, the top is a."""
    return [
        graded_line(
            n,
            [WRONG, RIGHT, ("6", False)] if n % 4 == 0 else [RIGHT, ("7", False), ("6", False)],
            models=("a", "b", "c"),
        )
        for n in range(number)
    ]


def test_who_realised_how_much_of_the_possible_gain() -> None:
    lines = fourths()
    found = realised(outcomes(lines), ways(lines))
    shares = {each.way: each.of_gain for each in found.shares}
    # Somebody is always right, a member drawn at random in a third.
    assert found.possible.value == pytest.approx(2 / 3)
    assert shares["verdict"].value == pytest.approx(1)
    # Always so in 40 rows is not certain: one more row might be lost or won.
    assert shares["verdict"].low == pytest.approx(1 - 1.96 / 40 * 3 / 2, abs=1e-4)
    assert shares["verdict"].high == pytest.approx(1 + 1.96 / 40 * 3 / 2, abs=1e-4)
    best = shares["best_member"]
    assert best.value == pytest.approx((3 / 4 - 1 / 3) / (2 / 3))
    assert best.low < best.value < best.high
    over = {each.way: each.over_best for each in found.shares if each.over_best}
    assert "best_member" not in over
    assert over["verdict"].value == pytest.approx(1 / 4)
    assert over["verdict"].low > 0
    assert over["top_answer"].value == 0


def review(label: str, ranking: list[str | list[str]]) -> dict[str, object]:
    return {"label": label, "ranking": ranking, "order": ["A", "B", "C"], "counted": True}


def test_weighted_reviews_have_their_share_where_there_are_reviews() -> None:
    """The first reviewer is right, both others always put the last answer first."""
    lines = [
        line
        | {
            "reviews": [
                review("A", ["B", ["A", "C"]] if number % 4 == 0 else ["A", ["B", "C"]]),
                review("B", ["C", "B", "A"]),
                review("C", ["C", "B", "A"]),
                review("A", ["C"]) | {"counted": False},
            ]
        }
        for number, line in enumerate(fourths())
    ]

    found = realised(outcomes(lines), ways(lines)).of("weighted_verdict")

    assert found
    assert found.of_gain.value == pytest.approx(1)
    assert found.over_best
    assert found.over_best.low > 0
    assert realised(outcomes(fourths()), ways(fourths())).of("weighted_verdict") is None


def test_the_best_member_is_not_praised_for_the_answers_it_was_picked_by() -> None:
    """Two members that guess: whoever happens to be ahead is right half of the time elsewhere."""
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(60):
        cells = rng.random((30, 2)) < 0.5
        lines = [
            graded_line(n, [("4", bool(x)), ("5", bool(y))], models=("a", "b"))
            for n, (x, y) in enumerate(cells)
        ]
        shares.append(realised(outcomes(lines), ways(lines)).shares[0].of_gain.value)
    assert abs(float(np.mean(shares))) < 0.15


def test_the_report_tells_of_the_possible_gain_or_why_not(audit: Path) -> None:
    said = shown(fourths(), audit)
    assert "What was made of the possible gain" in said
    assert "best member" in said
    assert re.search(r"verdict +100 % \(92 to 108 %\) +\+25 points \(\+\d+ to \+\d+\)", said)
    few = [
        *fourths(8),
        *[line | {"grades": line["grades"] | {"verdict": None}} for line in fourths()[8:15]],
    ]
    assert "A ceiling needs 20 complete rows; of the 15 here 15" in shown(few, audit)
    ungraded = [line | {"grades": line["grades"] | {"verdict": None}} for line in fourths()[15:]]
    said = shown([*fourths(15), *ungraded[:10]], audit)
    assert "told from 20 questions on of which every outcome is known; there are 15" in said
    alike = [graded_line(n, [RIGHT] * 3, models=("a", "b", "c")) for n in range(30)]
    assert "there is nothing to gain" in shown(alike, audit)


def test_the_first_line_says_what_to_do(audit: Path) -> None:
    """c alone is right in a tenth of the questions and a in all others, so both are needed."""
    lines = [
        graded_line(
            n,
            [WRONG, WRONG, RIGHT] if n % 10 == 0 else [RIGHT, RIGHT, WRONG],
            models=("a", "b", "c"),
            verdict=n % 10 > 0,
        )
        for n in range(300)
    ]
    assert shown(lines, audit).startswith(
        "Picking the best answer of these 3 models would gain at least 5 points over always using "
        "a, for they"
    )
    lines = [line | {"grades": line["grades"] | {"verdict": {"correct": True}}} for line in lines]
    assert "always using a, and the written verdict does better than any member: keep this" in (
        " ".join(shown(lines, audit).splitlines()[:3])
    )


def test_what_questions_do_not_carry_is_no_advice(audit: Path) -> None:
    kinds = [(28, True, True, True), (1, True, True, False), (1, True, False, True)]
    assert shown(compared_lines(kinds), audit).startswith("30 questions, ")


# From outside


def write(*lines: Mapping[str, Any]) -> None:
    Path("file.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


async def test_a_run_reports_offers_and_counts_again_without_asking(council: Program) -> None:
    write(
        {"id": 1, "question": "2+2?", "reference": "4", "grader": "number"},
        {"id": 2, "question": "2+3?", "reference": "6", "grader": "number"},
    )
    behaviours: dict[str, Script] = {
        "lab/a": [{"text": "4"}, "ok", {"text": "5"}, "ok"],
        "lab/b": [{"text": "4"}, "ok", {"text": "5"}, "ok"],
        CHAIRMAN: [{"text": "It is 4."}, {"text": "It is 5."}],
    }
    words = "bench", "file.jsonl", "--out", "out.jsonl", "--concurrency", "1"
    async with ModelServer(behaviours=behaviours) as server:
        two = environment(server, COUNCIL_MEMBERS="lab/a,lab/b")
        first = await council.run(*words, environment=two)
        label(Path("out.audit.csv"), {"2": "bad reference"})
        asked = len(server.requests)
        second = await council.run(*words, environment=two)
        label(Path("out.audit.csv"), {"2": "bad"})
        third = await council.run(*words, environment=two)
        assert len(server.requests) == asked

    assert first.code == second.code == 0, first.err
    assert "All members wrong: 1 as graded, 1 after the audit" in first.out
    assert "majority vote" in first.out
    assert "All members wrong: 1 as graded, 0 after the audit" in second.out
    assert (third.code, third.out) == (2, "")
    assert "out.audit.csv labels 2 as `bad`" in third.err
    line = json.loads(Path("out.jsonl").read_text().splitlines()[0])
    assert sum(line["stage_usd"].values()) == pytest.approx(line["cost_usd"])
    assert line["grader_version"] >= 1


# What the numbers carry


def compared_lines(rows: Sequence[tuple[int, bool, bool, bool]]) -> list[Line]:
    """So many lines of each kind: whether verdict, a and b are right."""
    kinds = [kind for count, *kind in rows for __ in range(count)]
    return [
        graded_line(n, [RIGHT if a else WRONG, RIGHT if b else WRONG], verdict=verdict)
        for n, (verdict, a, b) in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        # Ahead of the best member by 6 questions to 0, which chance does in 1.6 % of all cases.
        (
            [(10, True, True, True), (6, True, False, False)],
            "Verdict 16 of 16, best member (a and 1 other) 10 of 16: the verdict is right more often than any "
            "member.",
        ),
        # By 5 to 0, in 3.1 %.
        (
            [(10, True, True, True), (5, True, False, False)],
            "Verdict 15 of 15, best member (a and 1 other) 10 of 15: no difference can be told.",
        ),
        # Ahead of one member for sure, and of the better one only perhaps.
        (
            [(10, True, True, False), (3, True, False, False)],
            "Verdict 13 of 13, best member (a) 10 of 13: no difference can be told.",
        ),
        # Behind by 7 to 0; the better of two was picked on these questions, so 6 are not enough.
        (
            [(10, True, True, True), (7, False, True, False)],
            "Verdict 10 of 17, best member (a) 17 of 17: a alone is right more often than the "
            "verdict.",
        ),
        (
            [(10, True, True, True), (6, False, True, False)],
            "Verdict 10 of 16, best member (a) 16 of 16: no difference can be told.",
        ),
        # As many right as the best member, if not the same ones.
        (
            [(9, True, False, False), (9, False, True, False)],
            "Verdict 9 of 18, best member (a) 9 of 18: no difference can be told.",
        ),
    ],
)
def test_the_last_sentence_claims_what_paired_questions_carry(
    rows: Sequence[tuple[int, bool, bool, bool]], told: str, audit: Path
) -> None:
    assert shown(compared_lines(rows), audit).endswith(told)


def test_only_questions_that_every_member_answered_are_compared(audit: Path) -> None:
    lines = [
        *compared_lines([(3, True, True, False)]),
        graded_line("one", [RIGHT], models=("a",)),
        graded_line("none", [RIGHT, WRONG], verdict=None),
    ]
    assert shown(lines, audit).endswith(
        "Verdict 3 of 3, best member (a) 3 of 3: no difference can be told."
    )


def test_a_council_of_one_is_compared_with_nobody() -> None:
    assert compared([graded_line(n, [RIGHT], models=("a",)) for n in range(20)]) is None


def test_equal_members_and_verdicts_are_seldom_told_apart() -> None:
    rng, claims = np.random.default_rng(1), 0
    for __ in range(200):
        right = rng.random((30, 4)) < 0.8
        lines = [
            graded_line(n, [RIGHT if each else WRONG for each in row[:3]], verdict=bool(row[3]))
            for n, row in enumerate(right)
        ]
        found = compared(lines)
        assert found is not None
        claims += found.better or found.worse_than is not None
    assert claims <= 200 * 0.05


def everything(controller: int) -> str:
    """What was written to a terminal that is closed by now."""
    parts = []
    with suppress(OSError):  # the end, on Linux
        while part := os.read(controller, 4096):
            parts.append(part)
    os.close(controller)
    return b"".join(parts).decode()


def test_a_terminal_gets_a_bar_and_a_pipe_gets_lines() -> None:
    start, step = Step(0, 12, 0.0, ""), Step(3, 12, 0.5, "q3, correct\x1b[2J", 540.0)

    controller, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as stream, progress(stream) as move:
        move(start)
        move(step)
    bar = everything(controller)
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream, progress(stream) as move:
        move(start)
        move(step)
    with os.fdopen(reader) as lines:
        told = lines.read()

    assert "3/12" in bar
    assert "$0.5000" in bar
    assert "\x1b[2J" not in bar
    assert "about 9 min left" in bar
    assert told == "3 of 12: q3, correct (about 9 min left)\n"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, "1 of 9: q1\n"),
        (0.0, "1 of 9: q1\n"),
        (4.0, "1 of 9: q1 (less than a minute left)\n"),
        (100.0, "1 of 9: q1 (about 2 min left)\n"),
        (13 * 60.0, "1 of 9: q1 (about 15 min left)\n"),
        (58 * 60.0, "1 of 9: q1 (about 1 h 0 min left)\n"),
        (132 * 60.0, "1 of 9: q1 (about 2 h 10 min left)\n"),
    ],
)
def test_the_time_left_is_told_no_closer_than_it_is_known(seconds: float | None, told: str) -> None:
    stream = io.StringIO()
    with progress(stream) as move:
        move(Step(1, 9, 0.0, "q1", seconds))
    assert stream.getvalue() == told
