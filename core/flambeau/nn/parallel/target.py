"""Devices as the functions here take them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...backends import registry
from ...device import device as Device


def target(device: Any) -> Device:
    """A device other than the CPU, by itself, its name or its number.

    Raises:
        ValueError: it is the CPU.
    """
    found = Device(device)
    if found.type in registry.HOST:
        raise ValueError(f"Expected a non cpu device, but got: {found}")
    return found


def targets(devices: Iterable[Any]) -> list[Device]:
    """Several such devices."""
    return [target(device) for device in devices]


def is_on_host(tensor: Any) -> bool:
    """Whether a tensor is in the process's memory."""
    return tensor.device.type in registry.HOST
