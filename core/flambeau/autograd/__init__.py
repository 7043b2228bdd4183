"""Automatic differentiation: `backward`, `grad`, `no_grad`, custom `Function`s, `gradcheck`.

Names are loaded when they are first used, since Tensor itself needs parts of this package.
Source: https://docs.pytorch.org/docs/stable/autograd.html
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "backward": "functional", "grad": "functional",
    "no_grad": "modes", "enable_grad": "modes", "set_grad_enabled": "modes",
    "inference_mode": "modes", "is_grad_enabled": "modes",
    "Function": "function", "once_differentiable": "function",
    "gradcheck": "gradcheck", "gradgradcheck": "gradcheck",
    "detect_anomaly": "anomaly", "set_detect_anomaly": "anomaly",
    "Node": "node", "Variable": "variable",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'flambeau.autograd' has no attribute '{name}'")
    module = import_module(f"{__name__}.{home}")
    value = globals()[name] = getattr(module, name)
    return value
