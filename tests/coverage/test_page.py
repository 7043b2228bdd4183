"""docs/coverage.md says what is: it is written by docs/coverage.py, and lists no other absences than there are."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coverage_page", DOCS / "coverage.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(coverage: ModuleType) -> None:
    assert coverage.PAGE.read_text() == coverage.page(), "run: python docs/coverage.py"


def test_every_absence_has_a_reason(coverage: ModuleType) -> None:
    assert "Not here" not in coverage.page()


@pytest.mark.parametrize("space", ["torch", "Tensor", "nn", "optim", "linalg", "nn.functional", "utils.data"])
def test_the_names_are_those_of_the_installed_torch(coverage: ModuleType, space: str) -> None:
    assert coverage.read_names()[space] == coverage.public_names(space), "run: python docs/coverage.py --names"
