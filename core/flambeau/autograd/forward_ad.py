"""Forward-mode differentiation: within a dual level, tensors carry tangents through the ops.

How, and at what cost, is said in `forward_mode`. Source: https://docs.pytorch.org/docs/stable/autograd.html#forward-ad
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .._tensor import Tensor
from . import forward_mode

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]

_current_level = -1


def enter_dual_level() -> int:
    """Begin a level; its number.

    Raises:
        RuntimeError: one is open.
    """
    global _current_level
    if _current_level >= 0:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    forward_mode.levels.append(forward_mode.Level())
    _current_level += 1
    return _current_level


def exit_dual_level(*, level: int | None = None) -> None:
    """End the level: its tangents are gone.

    Raises:
        RuntimeError: `level` is not the open one.
    """
    global _current_level
    if level is None:
        level = _current_level
    if level != _current_level:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    if level < 0:
        raise RuntimeError("Dual level must be a positive number.")
    forward_mode.levels.pop().end()
    _current_level -= 1


def _level(level: int | None, name: str) -> int:
    level = _current_level if level is None else level
    if level > _current_level:
        raise RuntimeError(f"Invalid level given to {name}")
    return level


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A tensor with the elements of `tensor` and a tangent.

    Raises:
        RuntimeError: no level is open, the shapes differ, or the tensor has a tangent already.
        ValueError: one is not floating point.
    """
    number = _level(level, "_make_dual")
    if number < 0:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for name, x in (("primal", tensor), ("tangent", tangent)):
        if not x.is_floating_point():
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {x.dtype}")
    open_level = forward_mode.levels[-1]
    if forward_mode.tracked(tensor):
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level "
            f"{number} is not supported."
        )
    if tensor._shape != tangent._shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(tensor._shape)} while the given forward gradient is of size "
            f"{list(tangent._shape)}."
        )
    return open_level.make(tensor, tangent)


class UnpackedDualTensor(NamedTuple):
    """A dual tensor's two parts; `tangent` is None where it has none."""

    primal: Tensor
    tangent: Tensor | None


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The primal of a tensor, and its tangent: of a dual, or of what was computed from duals."""
    if _level(level, "_fw_primal") < 0:
        return UnpackedDualTensor(tensor, None)
    open_level = forward_mode.levels[-1]
    (tangent,) = open_level.tangents([tensor])
    return UnpackedDualTensor(open_level.primal(tensor), tangent)


class dual_level:
    """A context with a dual level, in which `make_dual` and `unpack_dual` work."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: Any) -> None:
        exit_dual_level()


class _set_fwd_grad_enabled:
    """Accepted where programs choose; tangents follow what is recorded."""

    def __init__(self, mode: bool) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        pass
