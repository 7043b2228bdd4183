"""`torch.__future__`: how modules are converted (`module.to(...)`) and loaded.

Source: https://docs.pytorch.org/docs/stable/future_mod.html
"""

from __future__ import annotations

_overwrite = False
_swap = False


def set_overwrite_module_params_on_conversion(value: bool) -> None:
    """With True, `module.to(...)` assigns new parameters instead of changing the data of the old ones."""
    global _overwrite
    _overwrite = value


def get_overwrite_module_params_on_conversion() -> bool:
    """Whether `module.to(...)` assigns new parameters."""
    return _overwrite


def set_swap_module_params_on_conversion(value: bool) -> None:
    """With True, `module.to(...)` and `load_state_dict` make new tensors and swap all that the old and new ones are."""
    global _swap
    _swap = value


def get_swap_module_params_on_conversion() -> bool:
    """Whether converted and loaded parameters are swapped with new ones."""
    return _swap
