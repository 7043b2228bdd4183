"""Copies of a module on several devices, whose gradients go to the one they are copies of."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, TypeVar

from ..._tensor import Tensor
from ...device import device as Device
from ..module import Module
from .target import is_on_host, targets

__all__ = ["replicate"]

M = TypeVar("M", bound=Module)


def replicate(network: M, devices: Sequence[Any], detach: bool = False) -> list[M]:
    """A module for each device. Its tensors are plain attributes there, computed from the network's parameters.

    Args:
        detach: let no gradients through.

    Raises:
        ValueError: a device is the CPU.
        AssertionError: the network is on the CPU.
    """
    if not devices:
        return []
    places = targets(devices)
    if any(is_on_host(parameter) for parameter in network.parameters()):
        raise AssertionError("Broadcast function not implemented for CPU tensors")
    return [_copy(network, place, detach, {}, {}) for place in places]


def _copy(module: Any, place: Device, detach: bool, modules: dict[int, Any], tensors: dict[int, Tensor]) -> Any:
    """A module and those below it; what is in it twice is copied once."""
    if id(module) in modules:
        return modules[id(module)]
    replica = modules[id(module)] = module._replicate_for_data_parallel()
    replica._former_parameters = OrderedDict()
    for name, child in module._modules.items():
        replica._modules[name] = None if child is None else _copy(child, place, detach, modules, tensors)
    for name, parameter in module._parameters.items():
        if parameter is None:
            replica._parameters[name] = None
            continue
        copied = _moved(parameter, place, detach, tensors)
        setattr(replica, name, copied)
        replica._former_parameters[name] = copied
    for name, buffer in module._buffers.items():
        learned = buffer is not None and buffer.requires_grad and not detach
        replica._buffers[name] = None if buffer is None else _moved(buffer, place, not learned, tensors)
    return replica


def _moved(tensor: Tensor, place: Device, detach: bool, known: dict[int, Tensor]) -> Tensor:
    if id(tensor) not in known:
        source = tensor.detach() if detach else tensor
        moved = source.to(place)
        known[id(tensor)] = source.view_as(source) if moved is source and not detach else moved
    return known[id(tensor)]
