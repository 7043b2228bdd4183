"""What pooling functions are called with, and what is wrong with it, in PyTorch's words."""

from __future__ import annotations

from typing import Any, NamedTuple

from .._tensor import Tensor
from .node_names import name_node
from .views import squeeze, unsqueeze
from .windows import Ints

COUNTS = {2: "two", 3: "three"}


class Pooling(NamedTuple):
    """Where the windows of a pooling are."""

    kernel: Ints
    stride: Ints
    padding: Ints
    dilation: Ints
    ceil: bool


def _is_left_out(stride: Any) -> bool:
    return stride is None or (isinstance(stride, (tuple, list)) and not stride)


def _each(text: str, value: Any, rank: int) -> Ints:
    given = (value,) if isinstance(value, int) else tuple(value)
    if len(given) not in (1, rank):
        raise RuntimeError(text)
    return given * rank if len(given) == 1 else given


def numbers(
    name: str, rank: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Pooling:
    """The settings, one of each for every dimension.

    Raises:
        RuntimeError: too few or too many.
    """
    n = COUNTS[rank]
    either = "" if rank == 3 and name.startswith("avg") else "either "
    kernel = _each(f"{name}: kernel_size must {either}be a single int, or a tuple of {n} ints", kernel_size, rank)
    step = stride
    if _is_left_out(stride):
        step = kernel
    step = _each(f"{name}: stride must {either}be omitted, a single int, or a tuple of {n} ints", step, rank)
    pad = _each(f"{name}: padding must {either}be a single int, or a tuple of {n} ints", padding, rank)
    apart = _each(f"{name}: dilation must be either a single int, or a tuple of {n} ints", dilation, rank)
    return Pooling(kernel, step, pad, apart, bool(ceil_mode))


def one_number(name: str, argument: str, value: Any) -> Ints:
    """The only element of a 1-D pooling's argument.

    Raises:
        RuntimeError: there are several.
    """
    given = (value,) if isinstance(value, int) else tuple(value)
    if len(given) != 1:
        raise RuntimeError(f"{name}() argument '{argument}' should contain one int (got {len(given)})")
    return given


def check_rank(name: str, rank: int, input: Tensor) -> None:
    """Raise unless the input has `rank + 1` or `rank + 2` dimensions."""
    if input.dim() not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"Expected {rank + 1} to {rank + 2} dimensions, but got {input.dim()}-dimensional tensor for argument #1 "
            f"'self' (while checking arguments for {name})"
        )


def batched(name: str, input: Tensor, rank: int) -> tuple[Tensor, bool]:
    """The input with a batch dimension, and whether it had one.

    Raises:
        RuntimeError, IndexError: it has neither `rank + 1` nor `rank + 2` dimensions.
    """
    dims = input.dim()
    if dims == rank + 2:
        return input, True
    if dims == rank + 1:
        return unsqueeze(input, 0), False
    if name == "avg_pool2d" and dims < 3:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-(dims or 1)}, {(dims or 1) - 1}], but got -3)"
        )
    raise RuntimeError(f"non-empty {rank + 1}D or {rank + 2}D (batch mode) tensor expected for input")


def output_counts(size: Ints, window: Pooling) -> Ints:
    """How many windows there are along each dimension; with `ceil`, also one that begins inside and ends beyond.

    Raises:
        RuntimeError: a stride of 0.
    """
    counts = []
    for n, k, s, p, d in zip(size, window.kernel, window.stride, window.padding, window.dilation, strict=True):
        if s == 0:
            raise RuntimeError("stride should not be zero")
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > ((k - 1) * d + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and dilation={d}"
            )
        room = n + 2 * p - d * (k - 1) - 1
        count = (room + (s - 1 if window.ceil else 0)) // s + 1
        if window.ceil and (count - 1) * s >= n + p:
            count -= 1
        counts.append(count)
    return tuple(counts)


def check_window(name: str, rank: int, x: Tensor, had_batch: bool, window: Pooling, out: Ints) -> None:
    """Raise where no window fits, or an input has nothing in it."""
    shape = x._shape
    letters = "THW"[3 - rank :] if rank > 1 else "HW"
    for label, values in (("kernel size", window.kernel), ("stride", window.stride), ("dilation", window.dilation)):
        if any(v <= 0 for v in values):
            if label == "dilation":
                values_ = values if rank > 1 else (1, *values)
                shown = " ".join([f"{label}{c}: {v}" for c, v in zip(letters, values_, strict=True)])
            else:
                stem = "k" if label == "kernel size" else "d"
                values_ = values if rank > 1 else (1, *values)
                shown = " ".join([f"{stem}{c}: {v}" for c, v in zip(letters, values_, strict=True)])
            raise RuntimeError(f"{label} should be greater than zero, but got {shown}")
    if 0 in shape[1:]:
        given = list(shape if had_batch else shape[1:])
        if name == "max_pool3d":
            raise RuntimeError(
                "max_pool3d_with_indices_out_cpu_template(): Expected input's non-batch dimensions to have positive length, "
                f"but input has a shape of {given} and non-batch dimension 0 has length zero!"
            )
        raise RuntimeError(
            f"Expected {rank + 1}D or {rank + 2}D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{given}"
        )
    if any(n < 1 for n in out):
        if rank == 3 and name.startswith("avg"):
            of = " ".join([f"{c}: {n}" for c, n in zip("THW", shape[2:], strict=True)])
            kernels = " ".join([f"k{c}: {k}" for c, k in zip("THW", window.kernel, strict=True)])
            raise RuntimeError(f"input image ({of}) smaller than kernel size ({kernels})")
        one = ["1"] if rank == 1 else []
        given_, made = ["x".join([str(shape[1]), *one, *map(str, sizes)]) for sizes in (shape[2:], out)]
        raise RuntimeError(f"Given input size: ({given_}). Calculated output size: ({made}). Output size is too small")


def unbatched(result: Tensor) -> Tensor:
    """A result for one sample, without the batch it was made in. Its node is called as the pooling's."""
    node = result._node
    sample: Tensor = squeeze(result, 0)
    return sample if node is None else name_node(sample, node.name())
