"""Fourier transforms. Every one is made of three along an axis: complex to complex, real to complex, and complex to real.

Source: https://docs.pytorch.org/docs/stable/fft.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import dtype, get_default_dtype
from ..shape import wrap_dim
from .complex_numbers import conj
from .joining import cat
from .on_host import run
from .op import op

_OPPOSITE = {"c2c": "inverse c2c", "inverse c2c": "c2c"}


def _backward(g: Tensor, kind: str, n: int, axis: int, scale: float) -> Tensor:
    """The adjoint transform of the gradient."""
    if kind in _OPPOSITE:
        found: Tensor = fourier(g, _OPPOSITE[kind], n, axis, scale)
        return found
    if kind == "r2c":
        whole: Tensor = fourier(_resized(g, n, axis), "inverse c2c", n, axis, scale)
        return whole.real
    half = n // 2 + 1
    found = fourier(g, "r2c", n, axis, scale)
    shape = [1] * len(g._shape)
    shape[axis] = half
    # All but the first, and the last of an even number, stand for two of the whole spectrum.
    weights = [1.0] + [2.0] * (half - 1)
    if n % 2 == 0 and half > 1:
        weights[-1] = 1.0
    return found * g.new_tensor(weights).reshape(shape)


def _kind_of(input: Any, kind: str, *_: Any) -> dtype:
    own: dtype = input.dtype
    return own.to_complex() if kind == "r2c" else own.to_real() if kind == "c2r" else own


@op(
    result=_kind_of,
    name="FftBackward0",
    input=lambda g, kind, n, axis, scale: _backward(g, kind, n, axis, scale),
)
def fourier(be: Any, input: Array, kind: str, n: int, axis: int, scale: float) -> Any:
    """One transform along an axis of `n` elements (of a half spectrum, n // 2 + 1), times `scale`."""
    return run("complex", "fourier", be, input, kind, n, axis, scale)


fourier.op.conjugated = True  # type: ignore[attr-defined]


def _resized(x: Tensor, n: int, axis: int) -> Tensor:
    """Cut, or filled up with zeros, to `n` elements along an axis."""
    own = x._shape[axis]
    if own >= n:
        return x.narrow(axis, 0, n) if own > n else x
    return cat([x, x.new_zeros((*x._shape[:axis], n - own, *x._shape[axis + 1 :]))], axis)


def _scale(norm: str | None, sizes: Sequence[int], forward: bool) -> float:
    if norm not in (None, "backward", "ortho", "forward"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    count = math.prod(sizes)
    if norm == "ortho":
        return 1.0 / math.sqrt(count)
    return 1.0 / count if (norm == "forward") == forward else 1.0


def _prepared(name: str, input: Any, real: bool | None) -> Tensor:
    """The operand in a dtype that can be transformed: complex, or real where `real`."""
    if not isinstance(input, Tensor):
        raise TypeError(f"fft_{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    x = input if input.dtype.priority >= 2 else input.to(get_default_dtype())
    if x.dtype.to_real().itemsize < 4:
        raise RuntimeError(f"Unsupported dtype {x.dtype.legacy_name}")
    if real and x.dtype.is_complex and name == "ihfftn":
        raise RuntimeError(f"Only supports floating-point dtypes, but found: {x.dtype.legacy_name}")
    if real and x.dtype.is_complex:
        what = "a real-valued" if name.endswith("n") else "a real"
        raise RuntimeError(f"{name} expects {what} input tensor, but got {x.dtype.legacy_name}")
    return x if real or x.dtype.is_complex else x.to(x.dtype.to_complex())


def _checked_size(n: int) -> int:
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    return n


def _axis(x: Tensor, dim: int) -> int:
    if not x._shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return wrap_dim(dim, len(x._shape))


def _one(x: Tensor, kind: str, n: int | None, dim: int, norm: str | None, forward: bool) -> Tensor:
    axis = _axis(x, dim)
    if n is None:
        n = 2 * (x._shape[axis] - 1) if kind == "c2r" else x._shape[axis]
    _checked_size(n)
    resized = _resized(x, n // 2 + 1 if kind == "c2r" else n, axis)
    found: Tensor = fourier(resized, kind, n, axis, _scale(norm, (n,), forward))
    return found


def fft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The spectrum along a dimension, complex.

    Args:
        n: how many elements to use: the dimension is cut, or filled up with zeros.
        norm: "backward" (default) leaves this as it is and divides the inverse by n; "forward" is the other way round,
            and "ortho" divides both by sqrt(n).
    """
    return _one(_prepared("fft", input, None), "c2c", n, dim, norm, True)


def ifft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `fft`."""
    return _one(_prepared("ifft", input, None), "inverse c2c", n, dim, norm, False)


def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The first n // 2 + 1 elements of the spectrum of real numbers; the others are their conjugates."""
    return _one(_prepared("rfft", input, True), "r2c", n, dim, norm, True)


def irfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `rfft`: real, `n` elements, by default 2 (m - 1)."""
    return _one(_prepared("irfft", input, None), "c2r", n, dim, norm, False)


def hfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The spectrum, real, of a Hermitian signal of which one half is given."""
    return _one(conj(_prepared("hfft", input, None)), "c2r", n, dim, norm, True)


def ihfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `hfft`: one half of a Hermitian signal."""
    return conj(_one(_prepared("ihfft", input, True), "r2c", n, dim, norm, False))


# --- several dimensions -----------------------------------------------------------------------------------------------


def _axes_and_sizes(
    x: Tensor, s: Sequence[int] | None, dim: Sequence[int] | int | None, halved: bool = False
) -> tuple[list[int], list[int]]:
    """The axes to transform and how many elements of each; of the last one twice as many, less 2, if `halved`."""
    rank = len(x._shape)
    s = (s,) if isinstance(s, int) else s
    if dim is not None:
        dims = [dim] if isinstance(dim, int) else list(dim)
        axes = [_axis(x, d) for d in dims]
        if len(set(axes)) != len(axes):
            raise RuntimeError("FFT dims must be unique")
        if s is not None and len(s) != len(axes):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
    elif s is not None:
        if len(s) > rank:
            raise RuntimeError(f"Got shape with {len(s)} values but input tensor only has {rank} dimensions.")
        axes = list(range(rank - len(s), rank))
    else:
        axes = list(range(rank))
    given = [-1] * len(axes) if s is None else list(s)
    counts = [x._shape[a] if n == -1 else n for a, n in zip(axes, given, strict=True)]
    if halved and axes and given[-1] == -1:
        counts[-1] = 2 * (x._shape[axes[-1]] - 1)
    return axes, [_checked_size(n) for n in counts]


def _many(
    name: str, x: Tensor, s: Any, dim: Any, norm: str | None, forward: bool, first: str | None, last: str | None
) -> Tensor:
    """Complex transforms over all axes but the last, and before or after them another over the last."""
    halved = last == "c2r"
    axes, counts = _axes_and_sizes(x, s, dim, halved)
    if not axes:
        if first or last:
            raise RuntimeError(f"{name} must transform at least one axis")
        return x
    for i, (a, n) in enumerate(zip(axes, counts, strict=True)):
        x = _resized(x, n // 2 + 1 if halved and i == len(axes) - 1 else n, a)
    scale = _scale(norm, counts, forward)
    kind = "c2c" if forward else "inverse c2c"
    if first:
        x = fourier(x, first, counts[-1], axes[-1], scale)
        if first == "r2c" and name.startswith("ih"):
            x = conj(x)
        scale = 1.0
    whole = axes[:-1] if first or last else axes
    for i, a in enumerate(whole):
        x = fourier(x, kind, counts[i], a, scale if not last and i == 0 and not first else 1.0)
    if last:
        x = fourier(conj(x) if name.startswith("h") else x, last, counts[-1], axes[-1], scale)
    return x


def fftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """`fft` over several dimensions, by default all; `s` are how many elements of each to use."""
    return _many("fftn", _prepared("fftn", input, None), s, dim, norm, True, None, None)


def ifftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The inverse of `fftn`."""
    return _many("ifftn", _prepared("ifftn", input, None), s, dim, norm, False, None, None)


def rfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """`fftn` of real numbers, of the last dimension the first half."""
    return _many("rfftn", _prepared("rfftn", input, True), s, dim, norm, True, "r2c", None)


def irfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The inverse of `rfftn`, real."""
    return _many("irfftn", _prepared("irfftn", input, None), s, dim, norm, False, None, "c2r")


def hfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The spectrum, real, of a Hermitian signal of whose last dimension one half is given."""
    return _many("hfftn", _prepared("hfftn", input, None), s, dim, norm, True, None, "c2r")


def ihfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The inverse of `hfftn`: of the last dimension of a Hermitian signal one half."""
    return _many("ihfftn", _prepared("ihfftn", input, True), s, dim, norm, False, "r2c", None)


def fft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """`fft` over two dimensions."""
    return fftn(input, s, dim, norm)


def ifft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The inverse of `fft2`."""
    return ifftn(input, s, dim, norm)


def rfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """`rfftn` over two dimensions."""
    return rfftn(input, s, dim, norm)


def irfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The inverse of `rfft2`."""
    return irfftn(input, s, dim, norm)


def hfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """`hfftn` over two dimensions."""
    return hfftn(input, s, dim, norm)


def ihfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The inverse of `hfft2`."""
    return ihfftn(input, s, dim, norm)


# --- frequencies ------------------------------------------------------------------------------------------------------


def _frequencies(name: str, steps: Sequence[int], n: int, d: float, options: dict[str, Any]) -> Tensor:
    from .creation import tensor

    kind = options.pop("dtype", None)
    if kind is not None and kind.priority < 2:
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    for ignored in ("layout", "pin_memory"):
        options.pop(ignored, None)
    return tensor([k / (n * d) for k in steps], dtype=kind or get_default_dtype(), **options)


def fftfreq(n: int, d: float = 1.0, **options: Any) -> Tensor:
    """The frequencies of `fft` of `n` elements a time `d` apart: 0, 1, ..., -2, -1 over n d."""
    return _frequencies("fftfreq", [*range((n + 1) // 2), *range(-(n // 2), 0)], n, d, options)


def rfftfreq(n: int, d: float = 1.0, **options: Any) -> Tensor:
    """The frequencies of `rfft` of `n` elements a time `d` apart."""
    return _frequencies("rfftfreq", range(n // 2 + 1), n, d, options)


def _rolled(input: Tensor, dim: Any, by: Any) -> Tensor:
    rank = len(input._shape)
    axes = range(rank) if dim is None else [wrap_dim(d, rank) for d in ([dim] if isinstance(dim, int) else dim)]
    axes = list(axes)
    if not axes:
        return input.clone()
    found: Tensor = input.roll([by(input._shape[a]) for a in axes], axes)
    return found


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Elements rolled so that frequency 0 is in the middle."""
    return _rolled(input, dim, lambda n: n // 2)


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The inverse of `fftshift`."""
    return _rolled(input, dim, lambda n: (n + 1) // 2)
