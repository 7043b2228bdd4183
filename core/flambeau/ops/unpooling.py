"""Largest elements put back where they were, and windows drawn at random.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html
"""

from __future__ import annotations

from math import prod
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import int64
from .creation import arange
from .max_pooling import from_places
from .op import op
from .views import unsqueeze
from .windows import Ints


@op(name="MaxUnpool2DBackward0", input=lambda g, indices, size: from_places(g, indices, len(size)))
def placed(be: Any, input: Array, indices: Array, size: Ints) -> Any:
    """Zeros (..., *size) with each element of `input` (..., *out) at its position among those of *size."""
    lead = input.shape[: len(input.shape) - len(size)]
    rows, count = prod(lead), prod(input.shape[len(lead) :])
    zeros = be.full((rows, prod(size)), 0, be.dtype_of(input))
    index = be.reshape(indices, (rows, count))
    return be.reshape(be.scatter(zeros, 1, index, be.reshape(input, (rows, count)), "replace"), (*lead, *size))


def max_unpool(input: Tensor, indices: Tensor, size: Ints) -> Tensor:
    """Zeros with the elements of `input` at `indices`, as a max pooling gave them: (N, C, *out) → (N, C, *size).

    Raises:
        RuntimeError: shapes or dtypes that do not fit, or (on the CPU) a position out of range.
    """
    rank = len(size)
    if indices.dtype is not int64:
        found = f" but got: {indices.dtype.legacy_name}" if rank == 2 else ""
        raise RuntimeError(f"elements in indices should be type int64{found}")
    if input.dim() not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"Input to max_unpooling{rank}d should be a {rank + 1}d or {rank + 2}d Tensor, but got a tensor with "
            f"{input.dim()} dimensions."
        )
    if indices._shape != input._shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(input._shape)}) but got indices "
            f"tensor with shape: {list(indices._shape)}"
        )
    if input._storage.backend.name == "cpu" and indices.numel():
        wrong = indices[(indices < 0) | (indices >= prod(size))]
        if wrong.numel():
            shown = "x".join(map(str, size))
            raise RuntimeError(
                f"Found an invalid max index: {int(wrong[0].item())} (output volumes are of size {shown})"
            )
    result: Tensor = placed(input, indices, size)
    return result


def _starts(samples: Tensor, size: int, out: int, kernel: int) -> Tensor:
    """Where the windows of each plane begin: (N, C, out). Source: arXiv 1412.6071, pseudorandom sequences."""
    if out == 1:
        return unsqueeze((samples * 0).to(int64) + (size - kernel), -1)
    alpha = (size - kernel) / (out - 1)
    steps = arange(out, device=samples.device).to(samples.dtype)
    u = unsqueeze(samples, -1)
    starts = ((steps + u) * alpha).to(int64) - (u * alpha).to(int64)
    last = (steps == out - 1).expand(starts._shape)
    return starts.masked_fill(last, size - kernel)


def fractional_max_pool(name: str, input: Tensor, kernel: Ints, out: Ints, samples: Tensor) -> tuple[Tensor, Tensor]:
    """The largest elements of windows whose distances vary at random, and their positions.

    Args:
        samples: numbers in [0, 1), (N, C, rank): for each plane where its sequences begin, the last dimension's first.

    Raises:
        RuntimeError: windows that do not fit.
    """
    rank = len(kernel)
    if input.dim() < rank + 1:
        dims = input.dim()
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-dims}, {dims - 1}], but got {-rank - 1})"
        )
    x = input if input.dim() == rank + 2 else unsqueeze(input, 0)
    samples = samples[: x._shape[0]]
    size = x._shape[2:]
    for label, n, k, o in zip(("time", "height", "width")[3 - rank :], size, kernel, out, strict=True):
        if o + k - 1 > n:
            raise RuntimeError(f"{name}: pool {label} {k} too large relative to input {label} {n}")
    places: Any = None
    for axis in range(rank):
        # PyTorch gives the first sample of a plane to its first dimension of three, to its last of two.
        which = axis if rank == 3 else rank - 1 - axis
        starts = _starts(samples.select(2, which), size[axis], out[axis], kernel[axis])
        taken = unsqueeze(starts, -1) + arange(kernel[axis], device=x.device)
        step = prod(size[axis + 1 :])
        ones = [1] * axis, [1] * (rank - 1 - axis)
        shape = (*starts._shape[:2], *ones[0], out[axis], *ones[1], *ones[0], kernel[axis], *ones[1])
        taken = (taken * step).reshape(shape)
        places = taken if places is None else places + taken
    planes, taps = x._shape[:2], prod(kernel)
    flat = places.reshape(*places._shape[:2], prod(out) * taps).expand(*planes, -1)
    elements = x.reshape(*planes, prod(size)).gather(2, flat).reshape(*planes, *out, taps)
    best = elements.detach().argmax(-1, keepdim=True)
    values = elements.gather(-1, best).squeeze(-1)
    indices = flat.reshape(*planes, *out, taps).gather(-1, best).squeeze(-1)
    if x is not input:
        return values.squeeze(0), indices.squeeze(0)
    return values, indices
