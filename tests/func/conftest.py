"""What the tests of this folder share."""

from __future__ import annotations

import warnings

import pytest
import torch


@pytest.fixture(scope="package", autouse=True)
def warmed_up() -> None:
    """What torch's forward mode loads the first time warns, about itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.func.jvp(torch.sin, (torch.ones(1),), (torch.ones(1),))
        torch.func.jacfwd(torch.sin)(torch.ones(1))
