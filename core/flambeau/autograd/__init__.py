"""Automatic differentiation: `backward`, `grad`, `no_grad`, custom `Function`s, `gradcheck`.

Names are loaded when they are first used, since Tensor itself needs parts of this package.
Source: https://docs.pytorch.org/docs/stable/autograd.html
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "backward": "gradients", "grad": "gradients",
    "no_grad": "modes", "enable_grad": "modes", "set_grad_enabled": "modes",
    "inference_mode": "modes", "is_grad_enabled": "modes", "set_multithreading_enabled": "modes",
    "Function": "function", "NestedIOFunction": "function", "gradcheck": "gradcheck", "gradgradcheck": "gradcheck",
    "detect_anomaly": "anomaly", "set_detect_anomaly": "anomaly", "Variable": "variable",
}  # fmt: skip
_MODULES = {
    "function": "function", "functional": "functional", "forward_ad": "forward_ad", "graph": "graph", "grad_mode": "grad_mode",
    "profiler": "profiler", "anomaly_mode": "anomaly_mode", "variable": "variable",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None and name in _MODULES:
        return import_module(f"{__name__}.{_MODULES[name]}")
    if home is None:
        raise AttributeError(f"module 'flambeau.autograd' has no attribute '{name}'")
    module = import_module(f"{__name__}.{home}")
    value = globals()[name] = getattr(module, name)
    return value
