"""Orthogonal polynomials, by their three-term recurrences.

Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", table 22.7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._tensor import Tensor
from ..dtype import get_default_dtype

Step = Callable[[Tensor, Tensor, Tensor, int], Tensor]


def _recurrence(name: str, first: Callable[[Tensor], Tensor], step: Step, doc: str) -> Callable[..., Tensor]:
    """The polynomial of degree n: 1, `first(x)`, then `step(x, last, one before, k)` for degree k."""

    def polynomial(input: Any, n: Any) -> Tensor:
        x = input if input.dtype.is_floating_point else input.to(get_default_dtype())
        if isinstance(n, Tensor):
            degrees = n.to(x.dtype)
            top = int(n.max().item()) if n.numel() else 0
        else:
            degrees, top = x.new_full((), float(n)), int(n)
        x = x + degrees * 0
        before, last = x * 0 + 1, first(x)
        result = before.where(degrees == 0, (x * 0).where(degrees < 0, last))
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
