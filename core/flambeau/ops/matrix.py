"""What functions of matrices have in common: their checks, with PyTorch's texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..dtype import BY_NAME, dtype
from ..linalg_error import _LinAlgError
from ..shape import broadcast_shapes
from .views import transpose
from .vmap_levels import every

_REAL = {"complex64": "float32", "complex128": "float64"}


def real_of(kind: dtype) -> dtype:
    """The dtype of absolute values: that of a complex number's parts, or `kind` itself."""
    return BY_NAME[_REAL[kind.name]] if kind.name in _REAL else kind


def mH(x: Tensor) -> Tensor:
    """The conjugate of each matrix, transposed."""
    flipped = transpose(x, -2, -1)
    return flipped.conj() if x.dtype.is_complex else flipped


# --- checks -----------------------------------------------------------------------------------------------------------


def check_tensor(name: str, x: Any, position: int = 1, argument: str = "A") -> None:
    """Raise TypeError unless `x` is a tensor."""
    if not isinstance(x, Tensor):
        label = name.replace(".", "_")
        raise TypeError(
            f"{label}(): argument '{argument}' (position {position}) must be Tensor, not {type(x).__name__}"
        )


def check_matrix(name: str, x: Tensor, letter: str = "A") -> None:
    """Raise unless `x` is a matrix or a stack of them.

    Raises:
        TypeError: it is no tensor.
        RuntimeError: it has fewer than 2 dimensions.
    """
    check_tensor(name, x)
    if len(x._shape) < 2:
        raise RuntimeError(f"{name}: The input tensor {letter} must have at least 2 dimensions.")


def check_square(name: str, x: Tensor, letter: str = "A") -> None:
    """Raise unless `x` is a square matrix or a stack of them.

    Raises:
        RuntimeError: it is not.
    """
    check_matrix(name, x, letter)
    m, n = x._shape[-2:]
    if m != n:
        raise RuntimeError(f"{name}: {letter} must be batches of square matrices, but they are {m} by {n} matrices")


def check_floating(name: str, x: Tensor, kernel: str | None = None) -> None:
    """Raise unless the elements are float32, float64 or complex; `kernel` is what PyTorch says halves lack.

    Raises:
        RuntimeError: they are of another dtype.
        NotImplementedError: they are halves, and `kernel` is given.
    """
    check_tensor(name, x)
    if x.dtype.priority < 2:
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {x.dtype.legacy_name}")
    if x.dtype.itemsize < 4:
        if kernel:
            raise_unsupported(kernel, x)
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {x.dtype.legacy_name}")


def raise_unsupported(kernel: str, x: Tensor) -> None:
    """Raise what PyTorch does where a kernel has no form for a dtype."""
    raise NotImplementedError(f"\"{kernel}\" not implemented for '{x.dtype.legacy_name}'")


def check_supported(kernel: str, x: Tensor) -> None:
    """As `check_floating`, where PyTorch leaves it to the kernel to refuse."""
    if x.dtype.priority < 2 or x.dtype.itemsize < 4:
        raise_unsupported(kernel, x)


def failed(info: Tensor) -> tuple[str, int] | None:
    """Where the first failure among `info` is, in PyTorch's words, and its number; None if all is well."""
    for place, number in enumerate(every(info)._flat()):
        if number:
            return (f"(Batch element {place}): " if info._shape else "", int(number))
    return None


def raise_singular(name: str, info: Tensor, text: str) -> None:
    """Raise LinAlgError if a matrix failed; `{}` in the text is its number."""
    problem = failed(info)
    if problem is not None:
        raise _LinAlgError(f"{name}: {problem[0]}{text.format(problem[1])}")


def share_batch(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both with the batch dimensions that theirs broadcast to."""
    first, second = a._shape[:-2], b._shape[:-2]
    if first == second:
        return a, b
    batch = broadcast_shapes(first, second)
    return a.expand((*batch, *a._shape[-2:])), b.expand((*batch, *b._shape[-2:]))


def identity(n: int, like: Tensor) -> Tensor:
    """The identity matrix of size `n`, of the dtype and on the device of a tensor."""
    from .creation import eye

    return eye(n, dtype=like.dtype, device=like.device)


def masked(x: Tensor, *, upper: bool, unit: bool = False) -> Tensor:
    """One triangle, without its diagonal where that is known to be one."""
    from .creation import tril, triu

    return triu(x, int(unit)) if upper else tril(x, -int(unit))


def eps(x: Tensor) -> float:
    """The distance from 1 to the next number."""
    return math.ldexp(1.0, -52 if real_of(x.dtype).itemsize == 8 else -23)


def as_shape(sizes: Sequence[int]) -> str:
    """Sizes as they stand in error texts."""
    return str(list(sizes))
