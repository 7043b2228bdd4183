"""The module of functions for a kind of device: `torch.cpu`, `torch.cuda`, `torch.accelerator`, ..."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .backends import registry
from .device import device as Device
from .device import get_default_device


def get_device_module(device: Device | str | None = None) -> ModuleType:
    """The module for a device type; by default for the accelerator, or else the CPU.

    Raises:
        RuntimeError: there is no such module.
    """
    if device is None:
        name = registry.accelerator() or get_default_device().type
    else:
        name = Device(device).type
    if name in registry.HOST:
        name = "cpu"
    elif name == registry.accelerator():
        name = "accelerator"
    if name not in ("cpu", "cuda", "mps", "xpu", "accelerator"):
        raise RuntimeError(f"Device '{name}' does not have a corresponding module registered as 'torch.{name}'.")
    return import_module(f"{__package__}.{name}")
