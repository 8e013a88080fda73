"""The page of faults names tests, and each of them exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?!fault |---)(?P<fault>[^|]+)\|.*\|(?P<proof>[^|]*)\|$", re.MULTILINE)


def defined() -> set[str]:
    return {
        node.name
        for file in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 50
    assert named - defined() == set()


def test_every_fault_is_shown_by_a_test() -> None:
    rows = [(row["fault"].strip(), row["proof"]) for row in ROW.finditer(PAGE)]
    assert len(rows) > 30
    assert [fault for fault, proof in rows if "`test_" not in proof] == []
