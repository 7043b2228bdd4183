"""Every error has PyTorch's type and text: learners look them up, and find PyTorch's answers."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

_spec = importlib.util.spec_from_file_location("rows", Path(__file__).with_name("rows.py"))
assert _spec is not None and _spec.loader is not None
_rows = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_rows)

CALLS = [row for block in _rows.ROWS.values() for row in block.strip().splitlines()]


def compiled(row: str) -> tuple[CodeType, CodeType | None]:
    """The statements of a row, and the expression it ends with."""
    tree = ast.parse(row.replace("\\n", "\n"))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    value = compile(ast.Expression(last.value), row, "eval") if isinstance(last, ast.Expr) else None
    return compile(tree, row, "exec"), value


@pytest.mark.parametrize("row", CALLS)
def test_fails_alike(same: Callable[..., None], row: str) -> None:
    statements, value = compiled(row)

    def run(t: Any) -> Any:
        names = {"t": t, "nn": t.nn, "F": t.nn.functional, "optim": t.optim}
        exec(statements, names)
        return None if value is None else eval(value, names)

    same(run, fails=True)


def test_the_table_is_of_some_size() -> None:
    assert len(CALLS) == len(set(CALLS)) >= 600
