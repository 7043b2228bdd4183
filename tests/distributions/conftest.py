"""What holds for the tests of this folder."""

import pytest
import torch


@pytest.fixture(autouse=True)
def torch_validates(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does by default: compiling anything, which other tests do, turns it off for the whole process."""
    monkeypatch.setattr(torch.distributions.Distribution, "_validate_args", True)
