"""Orthogonal polynomials, by their three-term recurrences.

Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", table 22.7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._tensor import Tensor
from ..dtype import get_default_dtype
from .creation import ones_like, zeros_like
from .joining import broadcast_tensors

Step = Callable[[Tensor, Tensor, Tensor, int], Tensor]


def _recurrence(name: str, first: Callable[[Tensor], Tensor], step: Step, doc: str) -> Callable[..., Tensor]:
    """The polynomial of degree n: 1, `first(x)`, then `step(x, last, one before, k)` for degree k."""

    def polynomial(input: Any, n: Any) -> Tensor:
        if not isinstance(input, Tensor) and not isinstance(n, Tensor):
            raise TypeError(f"special_{name}() received an invalid combination of arguments")
        if not isinstance(input, Tensor):
            input = n.new_full((), float(input), dtype=get_default_dtype())
        input = input.detach()  # PyTorch gives them no derivative
        x = input if input.dtype.is_floating_point else input.to(get_default_dtype())
        if isinstance(n, Tensor):
            degrees = n.to(x.dtype).trunc()
            top = int(degrees.max().item()) if n.numel() else 0
        else:
            degrees, top = x.new_full((), float(n)), int(n)
        x, degrees = broadcast_tensors(x, degrees)
        before, last = ones_like(x), first(x)
        result = before.where(degrees == 0, zeros_like(x).where(degrees < 0, last))
        for k in range(2, top + 1):
            before, last = last, step(x, last, before, k)
            result = last.where(degrees >= k, result)
        return result

    polynomial.__name__ = polynomial.__qualname__ = name
    polynomial.__doc__ = doc
    return polynomial


chebyshev_polynomial_t = _recurrence(
    "chebyshev_polynomial_t",
    lambda x: x,
    lambda x, p, q, k: 2 * x * p - q,
    "The Chebyshev polynomial of the first kind.",
)
chebyshev_polynomial_u = _recurrence(
    "chebyshev_polynomial_u",
    lambda x: 2 * x,
    lambda x, p, q, k: 2 * x * p - q,
    "The Chebyshev polynomial of the second kind.",
)
hermite_polynomial_h = _recurrence(
    "hermite_polynomial_h",
    lambda x: 2 * x,
    lambda x, p, q, k: 2 * (x * p - (k - 1) * q),
    "The physicists' Hermite polynomial.",
)
hermite_polynomial_he = _recurrence(
    "hermite_polynomial_he",
    lambda x: x,
    lambda x, p, q, k: x * p - (k - 1) * q,
    "The probabilists' Hermite polynomial.",
)
laguerre_polynomial_l = _recurrence(
    "laguerre_polynomial_l",
    lambda x: 1 - x,
    lambda x, p, q, k: ((2 * k - 1 - x) * p - (k - 1) * q) / k,
    "The Laguerre polynomial.",
)
legendre_polynomial_p = _recurrence(
    "legendre_polynomial_p",
    lambda x: x,
    lambda x, p, q, k: ((2 * k - 1) * x * p - (k - 1) * q) / k,
    "The Legendre polynomial.",
)


def _shifted(polynomial: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def call(input: Any, n: Any) -> Tensor:
        x = input.to(get_default_dtype()) if isinstance(input, Tensor) and not input.dtype.is_floating_point else input
        return polynomial(2 * x - 1, n)

    call.__name__ = call.__qualname__ = f"shifted_{polynomial.__name__}"
    call.__doc__ = f"`{polynomial.__name__}` of 2x - 1."
    return call


chebyshev_polynomial_v = _recurrence(
    "chebyshev_polynomial_v",
    lambda x: 2 * x - 1,
    lambda x, p, q, k: 2 * x * p - q,
    "The Chebyshev polynomial of the third kind.",
)
chebyshev_polynomial_w = _recurrence(
    "chebyshev_polynomial_w",
    lambda x: 2 * x + 1,
    lambda x, p, q, k: 2 * x * p - q,
    "The Chebyshev polynomial of the fourth kind.",
)
shifted_chebyshev_polynomial_t = _shifted(chebyshev_polynomial_t)
shifted_chebyshev_polynomial_u = _shifted(chebyshev_polynomial_u)
shifted_chebyshev_polynomial_v = _shifted(chebyshev_polynomial_v)
shifted_chebyshev_polynomial_w = _shifted(chebyshev_polynomial_w)
