"""The table of what is left out says nothing in vain."""

from __future__ import annotations

import re

import pytest
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.common_modules import module_db
from torch.testing._internal.common_optimizers import optim_db

from .outside import LEFT_OUT


@pytest.mark.parametrize("names", [row[0] for row in LEFT_OUT])
def test_rows_are_about_something(names: str) -> None:
    there = [op.full_name for op in op_db] + [info.name for info in (*module_db, *optim_db)]
    assert any(re.fullmatch(names, name) for name in there)
