"""Adds `--backend` to pytest, only where the conformance suite is asked for.

It is found through pytest's entry points, because a `conftest.py` is read too late to add options for `--pyargs`.
"""

from __future__ import annotations

import pytest

SUITE = "flambeau.testing.conformance"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> None:
    """Declare the option before pytest checks the command line."""
    if any(SUITE in arg or SUITE.replace(".", "/") in arg for arg in args):
        parser.addoption("--backend", default="cpu", metavar="NAME", help="the flambeau backend to test (default: cpu)")
