"""Every test starts and ends unwatched."""

from collections.abc import Iterator
from typing import Any

import pytest

import flambeau as torch
from flambeau import watch


@pytest.fixture
def events() -> Iterator[list[dict[str, Any]]]:
    """All events while the test runs, in order."""
    torch.manual_seed(0)
    seen: list[dict[str, Any]] = []
    watch.on(seen.append)
    yield seen
    watch.off()
