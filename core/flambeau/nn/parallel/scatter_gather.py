"""Inputs divided over devices, and outputs put together on one.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.DataParallel.html
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from ... import ops
from ..._tensor import Tensor
from ...device import device as Device
from .target import is_on_host, target, targets

__all__ = ["gather", "scatter", "scatter_kwargs"]


def _is_namedtuple(obj: Any) -> bool:
    return isinstance(obj, tuple) and hasattr(obj, "_asdict") and hasattr(obj, "_fields")


def scatter(inputs: Any, target_gpus: Sequence[Any], dim: int = 0) -> Any:
    """For every device, `inputs` with their tensors' parts along `dim`; what is no tensor goes to all of them.

    Args:
        inputs: a tensor, or tensors in tuples, lists and dictionaries.
        target_gpus: devices, their names or numbers.

    Raises:
        ValueError: a device is the CPU.
    """
    if isinstance(inputs, Tensor):
        devices = targets(target_gpus)
        return tuple(part.to(device) for part, device in zip(inputs.chunk(len(devices), dim), devices, strict=False))
    if _is_namedtuple(inputs):
        return [type(inputs)(*parts) for parts in _together(inputs, target_gpus, dim)]
    if isinstance(inputs, tuple) and inputs:
        return _together(inputs, target_gpus, dim)
    if isinstance(inputs, list) and inputs:
        return [list(parts) for parts in _together(inputs, target_gpus, dim)]
    if isinstance(inputs, dict) and inputs:
        return [type(inputs)(parts) for parts in _together(inputs.items(), target_gpus, dim)]
    return [inputs for _ in target_gpus]


def _together(inputs: Any, target_gpus: Sequence[Any], dim: int) -> list[Any]:
    return list(zip(*[scatter(item, target_gpus, dim) for item in inputs], strict=False))


def scatter_kwargs(
    inputs: tuple[Any, ...], kwargs: dict[str, Any] | None, target_gpus: Sequence[Any], dim: int = 0
) -> tuple[tuple[Any, ...], tuple[dict[str, Any], ...]]:
    """Arguments and keyword arguments for every device."""
    positional = list(scatter(inputs, target_gpus, dim)) if inputs else []
    named = list(scatter(kwargs, target_gpus, dim)) if kwargs else []
    count = max(len(positional), len(named))
    positional += [()] * (count - len(positional))
    named += [{}] * (count - len(named))
    return tuple(positional), tuple(named)


def gather(outputs: Sequence[Any], target_device: Any, dim: int = 0) -> Any:
    """Outputs of several devices joined along `dim` on one; "cpu" is the CPU.

    Raises:
        AssertionError: they are on the CPU already.
        ValueError: dictionaries of different sizes.
    """
    first = outputs[0]
    if isinstance(first, Tensor):
        return _join(outputs, target_device, dim)
    if first is None:
        return None
    if isinstance(first, dict):
        if not all(len(first) == len(output) for output in outputs):
            raise ValueError("All dicts must have the same number of keys")
        return type(first)((key, gather([output[key] for output in outputs], target_device, dim)) for key in first)
    joined = [gather(parts, target_device, dim) for parts in zip(*outputs, strict=False)]
    return type(first)(*joined) if _is_namedtuple(first) else type(first)(joined)


def _join(tensors: Sequence[Tensor], target_device: Any, dim: int) -> Tensor:
    if any(is_on_host(tensor) for tensor in tensors):
        raise AssertionError("Gather function not implemented for CPU tensors")
    device = Device("cpu") if str(target_device) == "cpu" else target(target_device)
    if dim == 0 and all(tensor.dim() == 0 for tensor in tensors):
        warnings.warn(
            "Was asked to gather along dimension 0, but all input tensors were scalars; will instead unsqueeze and return a "
            "vector.",
            stacklevel=2,
        )
        tensors = [tensor.view(1) for tensor in tensors]
    return ops.cat([tensor.to(device) for tensor in tensors], dim)
