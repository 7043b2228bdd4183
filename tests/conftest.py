"""What holds for every test."""

import os
import re
import warnings
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

# Before torch or numpy is imported, here or in a process that a test starts: tests run side by side, and threads that
# wait for a core by spinning make small operations a hundred times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

MISSING = ("could not import", "not installed", "no such executable", "not available")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns a skip for want of something into a failure: `make test` installs what the tests need."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and any(words in str(report.longrepr) for words in MISSING):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but nothing may be missing: {report.longrepr}"
    return report


# --- the same code with torch and with flambeau -----------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """A result without the library it comes from: tensors as (dtype, shape, elements), modules as their text."""
    if hasattr(value, "tolist") and hasattr(value, "shape") and hasattr(value, "dtype"):
        detached = value.detach() if hasattr(value, "detach") else value
        return ("tensor", str(value.dtype), tuple(value.shape), detached.tolist())
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    # Where a class lives is the library's affair: flambeau.nn.layers.linear.Linear is torch.nn.modules.linear.Linear.
    return re.sub(r"\b(?:torch|flambeau)(?:\.\w+)*\.(?=\w)", "", str(value))


def _differences(a: Any, b: Any, rtol: float, atol: float, path: str = "") -> Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        if list(a) != list(b):
            yield f"{path}: keys {list(a)} in torch, {list(b)} here"
            return
        for key in a:
            yield from _differences(a[key], b[key], rtol, atol, f"{path}[{key!r}]")
    elif isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        if len(a) != len(b):
            yield f"{path}: {len(a)} items in torch, {len(b)} here:\n{a}\n{b}"
            return
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from _differences(x, y, rtol, atol, f"{path}[{i}]")
    elif isinstance(a, float) and isinstance(b, float):
        if not (a == b or abs(a - b) <= atol + rtol * abs(a) or (a != a and b != b)):
            yield f"{path}: {a!r} in torch, {b!r} here"
    elif a != b or type(a) is not type(b):
        yield f"{path}: in torch\n{a!r}\nhere\n{b!r}"


def _outcome(code: Callable[[Any], Any], library: Any) -> dict[str, Any]:
    from flambeau import once

    library.manual_seed(0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            outcome = {"result": _plain(code(library))}
        except Exception as error:
            outcome = {"error": [type(error).__name__, _plain(str(error))]}
    # NumPy's about 1/0 are silenced where nobody resets the filters, as is done here; all others must be torch's.
    # Those of torch's C++ code ("Triggered internally") are given once, so that the order of tests decides who sees them:
    # tests/errors/test_same_warnings.py compares them.
    said = [str(w.message) for w in caught if w.category is not RuntimeWarning and "internally" not in str(w.message)]
    return {**outcome, "warnings": [_plain(text) for text in said if text not in once.given]}


@pytest.fixture
def same() -> Callable[..., None]:
    """`same(code)` runs `code(library)` with torch and with flambeau from one seed; the outcomes must agree."""
    import torch

    import flambeau

    def check(code: Callable[[Any], Any], rtol: float = 1e-5, atol: float = 1e-6, fails: bool = False) -> None:
        theirs, ours = _outcome(code, torch), _outcome(code, flambeau)
        found = list(_differences(theirs, ours, rtol, atol))
        assert not found, "\n".join(found[:5])
        assert fails == ("error" in theirs), f"expected {'an error' if fails else 'a result'}, but torch gives {theirs}"

    return check
