"""Borders of constants, of mirrored or repeated elements.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import int64
from ..shape import contiguous_strides
from .memory_formats import as_operands
from .op import op
from .windows import Ints

# --- constants --------------------------------------------------------------------------------------------------------


@op(name="ConstantPadNdBackward0", input=lambda g, pad: constant_border(g, tuple([-p for p in pad]), 0))
def constant_border(be: Any, input: Array, pad: Ints, value: Any) -> Any:
    """`input` with `value` around it: pairs (before, after), the last dimension's first; negative ones cut off."""
    first = len(input.shape) - len(pad) // 2
    sides = [(0, 0)] * first + [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    for axis, (before, after) in enumerate(sides):
        if before < 0 or after < 0:
            start, stop = max(0, -before), input.shape[axis] + min(0, after)
            input = be.narrow(input, axis, start, stop - start)
    if all(before <= 0 and after <= 0 for before, after in sides):
        return be.copy(input)
    shape = tuple([n + max(0, b) + max(0, a) for n, (b, a) in zip(input.shape, sides, strict=True)])
    strides = contiguous_strides(shape)
    offset = sum([max(0, b) * s for (b, _), s in zip(sides, strides, strict=True)])
    return be.assign(be.full(shape, value, be.dtype_of(input)), (input.shape, strides, offset), input)


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: Any = 0) -> Tensor:
    """`input` with `value` around it: `pad` has pairs (before, after), the last dimension's first; negative cuts off.

    Raises:
        RuntimeError: an odd number of paddings, more than the input has sides, or a side that would be cut to less than
            nothing.
    """
    given = tuple(pad)
    if len(given) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(given)}")
    if len(given) > 2 * input.dim():
        raise RuntimeError(
            "Length of pad should be no more than twice the number of dimensions of the input. Pad length is "
            f"{len(given)}while the input has {input.dim()}dimensions."
        )
    for i in range(0, len(given), 2):
        size = input._shape[-1 - i // 2]
        if size + min(0, given[i]) + min(0, given[i + 1]) < 0 or size + given[i] + given[i + 1] < 0:
            raise RuntimeError("narrow(): length must be non-negative.")
    if isinstance(value, Tensor):
        value = value.item()
    value = value or 0
    kind = input.dtype
    number = (bool, int, float, complex)[kind.priority](value)
    return as_operands(constant_border(input, given, number), input)


# --- elements of the input --------------------------------------------------------------------------------------------


def _mirrored(size: int, before: int, after: int) -> list[int]:
    """Positions counted on beyond both ends, turning back at each."""
    return [size - 1 - abs(size - 1 - abs(i)) for i in range(-before, size + after)]


def _nearest(size: int, before: int, after: int) -> list[int]:
    """Positions that stay at the ends."""
    return [min(max(i, 0), size - 1) for i in range(-before, size + after)]


def _around(size: int, before: int, after: int) -> list[int]:
    """Positions that go on at the other end, of what negative borders leave."""
    first, left = max(0, -before), size + min(0, before) + min(0, after)
    return [first + i % left for i in range(-max(0, before), left + max(0, after))]


_POSITIONS = {"reflect": _mirrored, "replicate": _nearest, "circular": _around}


def positions(be: Any, numbers: Sequence[int]) -> Any:
    """An int64 array of these numbers on a backend."""
    from array import array

    return be.from_bytes(array("q", numbers).tobytes(), (len(numbers),), int64)


def _bordered(label: str) -> Any:
    @op(name=f"{label}Backward0", input=lambda g, input_shape, sides, mode: border_grad(g, input_shape, sides, mode))
    def border(be: Any, input: Array, sides: Any, mode: str) -> Any:
        """`input` with its own elements around it; `sides` has a pair (before, after) for each dimension."""
        if not any(map(any, sides)):
            return be.copy(input)
        for axis, (before, after) in enumerate(sides):
            if before or after:
                input = be.take(input, positions(be, _POSITIONS[mode](input.shape[axis], before, after)), axis)
        return input

    return border


@op(name="PadBackward0", g=lambda gg, sides, mode: _BORDERS["circular", 1](gg, sides, mode))
def border_grad(be: Any, g: Array, shape: Ints, sides: Any, mode: str) -> Any:
    """Each element of a border added to the one it came from."""
    if not any(map(any, sides)):
        return be.copy(g)
    for axis in range(len(shape) - 1, -1, -1):
        before, after = sides[axis]
        if before or after:
            whole = (*g.shape[:axis], shape[axis], *g.shape[axis + 1 :])
            index = positions(be, _POSITIONS[mode](shape[axis], before, after))
            g = be.put(be.full(whole, 0, be.dtype_of(g)), index, axis, g, "add")
    return g


_BORDERS: dict[tuple[str, int], Any] = {
    (mode, rank): _bordered(f"{name}Pad{rank}D")
    for mode, name in (("reflect", "Reflection"), ("replicate", "Replication"), ("circular", "Circular"))
    for rank in (1, 2, 3)
}


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """`input` with a border: pairs (before, after) in `pad`, the last dimension's first; negative ones cut off.

    Args:
        mode: "constant" puts `value` (default 0); "reflect" mirrors the input without repeating its edge, "replicate"
            repeats the edge, "circular" goes on at the other side: these take the last 1, 2 or 3 dimensions of inputs
            that have one or two more.

    Raises:
        RuntimeError, NotImplementedError: paddings or a mode that do not fit, in PyTorch's words.
    """
    if not isinstance(pad, (tuple, list)):
        raise TypeError(f"pad(): argument 'pad' (position 2) must be tuple of ints, not {type(pad).__name__}")
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * input.dim():
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {input.dim()}"
        )
    if mode == "constant":
        return constant_pad_nd(input, pad, 0 if value is None else value)
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    rank, dims = len(pad) // 2, input.dim()
    if rank not in (1, 2, 3) or dims not in (rank + 1, rank + 2):
        if mode not in _POSITIONS:
            raise NotImplementedError(f"Unrecognised padding mode {mode}")
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {dims}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    if mode not in _POSITIONS:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    sides = ((0, 0),) * (dims - rank) + tuple([(pad[i], pad[i + 1]) for i in range(2 * rank - 2, -1, -2)])
    {"reflect": _check_mirror, "replicate": _check_filled, "circular": _check_circle}[mode](input, sides, rank)
    result: Tensor = _BORDERS[mode, rank](input, sides, mode)
    return result


def _check_filled(input: Tensor, sides: Any, rank: int) -> None:
    shape = input._shape
    batched = len(shape) == rank + 2
    if 0 in shape[batched:]:
        raise RuntimeError(
            f"Expected {rank + 1}D or {rank + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(shape)}"
        )
    made = [n + b + a for n, (b, a) in zip(shape, sides, strict=True)]
    if made[-1] < 1 and rank == 1:
        raise RuntimeError(f"input (W: {shape[-1]}) is too small. Calculated output W: {made[-1]}")
    if any(n < 0 for n in made):
        raise RuntimeError(f"Trying to create tensor with negative dimension {next(n for n in made if n < 0)}: {made}")


def _check_mirror(input: Tensor, sides: Any, rank: int) -> None:
    shape = input._shape
    _check_filled(input, sides, rank)
    for place in range(1, rank + 1):
        axis = len(shape) - place
        before, after = sides[axis]
        if before >= shape[axis] or after >= shape[axis]:
            raise RuntimeError(
                f"Argument #{2 + 2 * place}: Padding size should be less than the corresponding input dimension, but got: "
                f"padding ({before}, {after}) at dimension {axis} of input {list(shape)}"
            )


def _check_circle(input: Tensor, sides: Any, rank: int) -> None:
    for axis in range(input.dim() - 1, input.dim() - 1 - rank, -1):
        before, after = sides[axis]
        size = input._shape[axis]
        if before > size or after > size:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if size + before + after < 0:
            raise RuntimeError("Negative padding value is resulting in an empty dimension")


FUNCTIONS = (constant_pad_nd,)
