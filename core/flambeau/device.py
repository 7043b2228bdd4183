"""Devices: where a tensor lives, by PyTorch's names.

`cpu` is NumPy where it is installed, else the pure-Python reference backend; every other type is a backend's name.
Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.device
"""

from __future__ import annotations

from typing import Any

from .backends import registry
from .backends.protocol import Backend

# PyTorch's own device types: one may name them, and is told on use that flambeau has no such device.
_FOREIGN = ("cuda", "mps", "xpu")


class device:
    """A device type and an index, `device("wgpu:0")` or `device("wgpu", 0)`.

    Raises:
        RuntimeError: no backend has that name, or the index is not a number.
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: str | device | int, index: int | None = None) -> None:
        if isinstance(type, device):
            self.type, self.index = type.type, type.index
            return
        if isinstance(type, int):
            index = type
            type = registry.accelerator() or "cpu"
        if not isinstance(type, str):
            raise TypeError(f"device(): argument 'type' (position 1) must be str, not {type.__class__.__name__}")
        name, colon, number = type.partition(":")
        if colon:
            if index is not None:
                raise RuntimeError(
                    f"type (string) must not include an index because index was passed explicitly: {type}"
                )
            if not number.isdigit():
                raise RuntimeError(f"Invalid device string: '{type}'")
            index = int(number)
        if name not in _FOREIGN and not registry.is_known(name):
            known = ", ".join((*registry.names(), *_FOREIGN))
            raise RuntimeError(f"Expected one of {known} device type at start of device string: {name}")
        self.type = name
        self.index = index

    def __repr__(self) -> str:
        return (
            f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"
        )

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and self.type == other.type and self.index == other.index

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return (device, (self.type,) if self.index is None else (self.type, self.index))

    def __enter__(self) -> device:
        _stack.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        _stack.pop()


_stack: list[device] = []
_places: dict[device, tuple[Backend, device]] = {}


def current() -> device:
    """The device that creation functions use when none is given: `with torch.device(...)`, else the CPU."""
    return _stack[-1] if _stack else CPU


def set_default_device(d: device | str | None) -> None:
    """Set the device on which tensors are created when none is given."""
    _stack[:] = [] if d is None else [device(d)]


def get_default_device() -> device:
    """The device on which tensors are created when none is given."""
    return current()


def resolve(d: device | str | int | None) -> tuple[Backend, device]:
    """The backend of a device, started if need be, and the device with its index filled in.

    Raises:
        AssertionError: CUDA, in PyTorch's words.
        RuntimeError: no such device here; the text says what is missing and what to do.
    """
    if d is None:
        d = current()
    elif not isinstance(d, device):
        d = device(d)
    elif d.__class__ is not device:
        return d.batch, d  # type: ignore[attr-defined]  # of a tensor within vmap
    place = _places.get(d)
    if place is None:
        if d.type == "cuda":
            raise AssertionError("Torch not compiled with CUDA enabled")
        if d.type in _FOREIGN:
            raise RuntimeError(f"flambeau has no {d.type} device; there are: {', '.join(registry.names())}")
        if d.type in registry.BUILT_IN:
            if d.index not in (None, 0):
                raise RuntimeError(f"{d.type} has one device, {d.type}:0; got {d}")
            place = (registry.get(d.type), d)
        else:
            full = device(d.type, d.index or 0)
            place = (registry.get(full.type, full.index or 0), full)
        _places[d] = place
    return place


def device_name(d: device | str | None = None) -> str:
    """A name for people, such as the GPU adapter's."""
    return resolve(d)[0].device_name()


def synchronize(d: device | str | None = None) -> None:
    """Wait until all work handed to the device is done."""
    resolve(d)[0].synchronize()


def step_boundary(d: device) -> None:
    """Tell a device's backend that a training step has ended."""
    resolve(d)[0].step_boundary()


CPU = device("cpu")
