"""Backends: what computes. `protocol` says what one is, `registry` finds them, `reference` and `numpy` are built in.

By PyTorch's names there are also its libraries' switches, which programs set (`torch.backends.cudnn.benchmark = True`) and which
change nothing here: `cpu`, `cuda`, `cudnn`, `mha`, `mkl`, `mkldnn`, `mps`, `nnpack`, `openmp`, `opt_einsum`.
"""

from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from typing import Any as _Any


def __getattr__(name: str) -> _Any:
    if not name.startswith("_") and _find_spec(f"{__name__}.{name}") is not None:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
