"""The GPU, if there is one, by PyTorch's device-neutral names, so that the usual line picks it:

    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"

Source: https://docs.pytorch.org/docs/stable/accelerator.html
"""

from __future__ import annotations

from .backends import registry
from .device import device
from .device import synchronize as _synchronize


def is_available() -> bool:
    """Whether a backend plugin has a device here."""
    return registry.accelerator() is not None


def current_accelerator(check_available: bool = False) -> device | None:
    """The device type of the accelerator, or None."""
    name = registry.accelerator()
    return None if name is None else device(name)


def device_count() -> int:
    """How many devices the accelerator has that flambeau uses: 1 or 0."""
    return int(is_available())


def current_device_index() -> int:
    """The index of the device in use: 0."""
    return 0


def synchronize(d: device | str | None = None) -> None:
    """Wait until all work handed to the accelerator is done."""
    _synchronize(current_accelerator() if d is None else d)
