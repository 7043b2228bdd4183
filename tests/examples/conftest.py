"""Loads an example as a module, computing with flambeau or, after a change of one line, with torch."""

import re
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
LISTED: list[str] = re.findall(
    r"^\| \[`(\w+\.py)`\]", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE
)
"""The examples in the order of their table of contents."""
IMPORT_LINE = "import flambeau as torch\n"


def load_example(name: str, framework: str) -> types.ModuleType:
    """The example's module, not yet run as a program. `framework` is "flambeau" or "torch"."""
    path = EXAMPLES / name
    source = path.read_text(encoding="utf-8")
    assert source.count(IMPORT_LINE) == 1, f"{name} must import flambeau in one line of its own"
    module = types.ModuleType(f"example_{path.stem}_on_{framework}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # data classes look there for the types they name
    code = compile(source.replace(IMPORT_LINE, f"import {framework} as torch\n"), path, "exec", dont_inherit=True)
    exec(code, module.__dict__)
    return module


@pytest.fixture
def example() -> Callable[[str, str], types.ModuleType]:
    return load_example
