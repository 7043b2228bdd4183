"""What convolutions and the gradients of their inputs have in common: each element of the result gathers, over channels
and the places of the kernel ("taps"), elements of a source times weights.

Along a dimension, output `q * step + phase` and tap `k` meet the source element

    (output * pace + k * reach + shift) / step        where that is whole and inside

A convolution paces by its stride, and `step` is 1. The gradient of its input steps by the stride: outputs of one phase
lie next to each other in the work, and meet every step-th tap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod

from ..regions import Shape, Strides

Settings = tuple[Shape, Shape, Shape, int]  # stride, padding, dilation, groups
Operand = tuple[Shape, Strides, int]  # shape, strides, where it begins


@dataclass(frozen=True)
class Dim:
    """One dimension of the windows, see above; `shift` may be negative, and so may `reach`."""

    size: int
    source: int
    taps: int
    pace: int
    reach: int
    shift: int
    step: int
    x_step: int
    w_step: int

    @property
    def turns(self) -> int:
        """How many outputs have the same phase."""
        return -(-self.size // self.step)

    @property
    def back(self) -> int:
        """How many steps to add, so that no position before division is negative."""
        least = min(0, (self.taps - 1) * self.reach) + self.shift
        return -(-max(0, -least) // self.step) if self.step > 1 else 0


@dataclass(frozen=True)
class Problem:
    """What is gathered from where: channels of the result and of the source are those of one group."""

    batch: int
    groups: int
    outputs: int
    inner: int
    x_start: int
    x_batch: int
    x_channel: int
    w_start: int
    w_group: int
    w_output: int
    w_inner: int
    dims: tuple[Dim, ...]

    @property
    def multiplications(self) -> int:
        taps = prod(dim.taps for dim in self.dims)
        return self.batch * self.groups * self.outputs * self.inner * taps * prod(dim.turns for dim in self.dims)


def forward_problem(
    shape: Shape,
    x: tuple[Shape, Strides, int],
    w: tuple[Shape, Strides, int],
    settings: tuple[Shape, Shape, Shape, int],
) -> Problem:
    """A convolution of `x` (N, C, *size) with `w` (O, C / groups, *kernel) to `shape`; operands with strides, offset."""
    stride, padding, dilation, groups = settings
    (x_shape, x_strides, x_start), (w_shape, w_strides, w_start) = x, w
    dims = [
        Dim(shape[d], x_shape[d], w_shape[d], s, apart, -pad, 1, x_strides[d], w_strides[d])
        for d, (s, pad, apart) in enumerate(zip(stride, padding, dilation, strict=True), 2)
    ]
    outputs = w_shape[0] // groups
    return Problem(
        shape[0], groups, outputs, w_shape[1], x_start, x_strides[0], x_strides[1],
        w_start, outputs * w_strides[0], w_strides[0], w_strides[1], tuple(dims),
    )  # fmt: skip


def backward_problem(
    shape: Shape,
    g: tuple[Shape, Strides, int],
    w: tuple[Shape, Strides, int],
    settings: tuple[Shape, Shape, Shape, int],
) -> Problem:
    """The gradient `shape` of a convolution's input, from that of its result `g` (N, O, *counts)."""
    stride, padding, dilation, groups = settings
    (g_shape, g_strides, g_start), (w_shape, w_strides, w_start) = g, w
    dims = []
    for d, (s, pad, apart) in enumerate(zip(stride, padding, dilation, strict=True), 2):
        taps, step = w_shape[d], w_strides[d]
        if s == 1:
            # The kernel turned round.
            w_start += (taps - 1) * step
            dims.append(Dim(shape[d], g_shape[d], taps, 1, apart, pad - (taps - 1) * apart, 1, g_strides[d], -step))
        else:
            dims.append(Dim(shape[d], g_shape[d], taps, 1, -apart, pad, s, g_strides[d], step))
    inner = w_shape[0] // groups
    return Problem(
        shape[0], groups, w_shape[1], inner, g_start, g_strides[0], g_strides[1],
        w_start, inner * w_strides[0], w_strides[1], w_strides[0], tuple(dims),
    )  # fmt: skip


def merged(problem: Problem) -> Problem:
    """The same with one dimension, where every output meets the one source element at its own place, in the same order."""
    dims = problem.dims
    plain = all(d.taps == d.pace == d.step == 1 and d.shift == 0 and d.size == d.source for d in dims)
    if not plain or any(a.x_step != b.x_step * b.size for a, b in pairwise(dims)):
        return problem
    count = prod(d.size for d in dims)
    return replace(problem, dims=(replace(dims[-1], size=count, source=count, reach=1),))
