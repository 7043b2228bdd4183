"""`torch.utils`: data (whose code is in `flambeau.data`), benchmark, and what programs find there."""

import sys
from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from typing import Any as _Any

from .. import data
from ..ops.storages import swap_tensors

# So that `import flambeau.utils.data` and `from flambeau.utils.data.dataset import Dataset` find it.
sys.modules[f"{__name__}.data"] = data
for _name in ("_utils", "dataloader", "dataset", "distributed", "sampler"):
    sys.modules[f"{__name__}.data.{_name}"] = getattr(data, _name)
for _name in ("collate", "fetch", "worker"):
    sys.modules[f"{__name__}.data._utils.{_name}"] = getattr(data._utils, _name)

__all__ = ["data", "swap_tensors"]


def __getattr__(name: str) -> _Any:
    if not name.startswith("__") and _find_spec(f"{__name__}.{name}") is not None:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
