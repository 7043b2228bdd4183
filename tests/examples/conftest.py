"""Loads an example as a module, computing with flambeau or, after a change of one line, with torch."""

import types
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
IMPORT_LINE = "import flambeau as torch\n"


def load_example(name: str, framework: str) -> types.ModuleType:
    """The example's module, not yet run as a program. `framework` is "flambeau" or "torch"."""
    path = EXAMPLES / name
    source = path.read_text(encoding="utf-8")
    assert source.count(IMPORT_LINE) == 1, f"{name} must import flambeau in one line of its own"
    module = types.ModuleType(path.stem)
    module.__file__ = str(path)
    # Types in annotations resolve through sys.modules for data classes only, and ours need none.
    code = compile(source.replace(IMPORT_LINE, f"import {framework} as torch\n"), path, "exec", dont_inherit=True)
    exec(code, module.__dict__)
    return module


@pytest.fixture
def example() -> Callable[[str, str], types.ModuleType]:
    return load_example
