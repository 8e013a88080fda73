"""What tests of several commands begin with: the program, and a database of its own for each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import pytest_generate_tests, told_on
from tests.fakes.forks import Program, program

__all__ = ["council", "database", "environment", "pytest_generate_tests", "told_on"]


@pytest.fixture(scope="module")
def council() -> Iterator[Program]:
    with program() as running:
        yield running


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "council.db"


@pytest.fixture
def environment(database: Path) -> dict[str, str]:
    return {**os.environ, "COUNCIL_DATABASE": str(database)}
