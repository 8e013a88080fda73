"""Statements are yielded as what they are: nobody looks at rows that a driver does not wait for."""

import ast
from pathlib import Path

STORE = Path(__file__).parents[2] / "bot" / "store"


def test_of_what_is_only_done_nobody_takes_the_rows_and_of_what_is_asked_somebody_does() -> None:
    wrong = []
    for file in sorted(STORE.glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            match node:
                case ast.Yield(
                    value=ast.Call(
                        func=ast.Name(id=("Check" | "Do" | "Many" | "Ring" | "Statement") as kind)
                    )
                ):
                    if (id(node) in alone) != (kind != "Statement"):
                        wrong.append(f"{file.name}:{node.lineno}")
    assert wrong == []


def test_nobody_throws_rows_away_that_a_function_asks_for() -> None:
    """Such a statement is a `Do`."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sorted(STORE.glob("*.py"))]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    asking = {
        node.name
        for node in nodes
        if isinstance(node, ast.FunctionDef)
        and isinstance(node.returns, ast.Name)
        and node.returns.id == "Statement"
    }
    thrown_away = [
        name
        for node in nodes
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Yield)
        and isinstance(node.value.value, ast.Call)
        and isinstance(node.value.value.func, ast.Name)
        and (name := node.value.value.func.id) in asking
    ]
    assert asking
    assert thrown_away == []
