"""The backend under test."""

from __future__ import annotations

import pytest

from flambeau.backends import registry
from flambeau.testing.conformance.laboratory import Laboratory


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Laboratory:
    """The backend that `--backend` names, with the means to hand it values and to check its answers."""
    name, _, index = str(request.config.getoption("backend", "cpu")).partition(":")
    return Laboratory(registry.get(name, int(index or 0)))
