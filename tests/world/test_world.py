"""Some worlds of many; `python -m tests.world` makes as many as one likes."""

import ast
import os
import subprocess
import sys
from pathlib import Path

from tests.world.invariants import WHERE


def _world(*words: str) -> str:
    """In a process of its own: it has another clock, other threads and another network."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.world", *words],
        cwd=os.path.dirname(os.path.dirname(os.path.dirname(__file__))),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    return done.stdout


def test_what_has_to_hold_is_said_beside_the_code_that_keeps_it() -> None:
    root = Path(__file__).resolve().parents[2]
    for name, file in WHERE.items():
        said = ast.get_docstring(ast.parse((root / file).read_text(encoding="utf-8"))) or ""
        assert f'Whatever goes wrong, "{name}": ' in " ".join(said.split()), file


def test_a_seed_repeats_itself_exactly() -> None:
    first, second = _world("--seed", "4", "--minutes", "1"), _world("--seed", "4", "--minutes", "1")
    assert "the same again" in first
    assert first == second


def test_what_has_to_hold_holds_in_every_world() -> None:
    assert "0 broken" in _world("--seeds", "0-5", "--minutes", "1", "--processes", "1")


def test_a_seed_repeats_itself_exactly_on_a_server() -> None:
    words = ("--seed", "6", "--minutes", "1", "--database", "postgresql")
    assert _world(*words) == _world(*words)


def test_what_has_to_hold_holds_on_a_server() -> None:
    words = ("--seeds", "0-3", "--minutes", "1", "--processes", "1")
    assert "0 broken" in _world(*words, "--database", "postgresql")
