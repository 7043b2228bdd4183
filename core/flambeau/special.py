"""`torch.special`: special functions by the names of SciPy.

Source: https://docs.pytorch.org/docs/stable/special.html
"""

from __future__ import annotations

from typing import Any

from ._tensor import Tensor
from .ops import PUBLIC
from .ops.bessel import (
    airy_ai,
    bessel_j0,
    bessel_j1,
    bessel_y0,
    bessel_y1,
    modified_bessel_k0,
    modified_bessel_k1,
    scaled_modified_bessel_k0,
    scaled_modified_bessel_k1,
    spherical_bessel_j0,
)
from .ops.polynomials import (
    chebyshev_polynomial_t,
    chebyshev_polynomial_u,
    chebyshev_polynomial_v,
    chebyshev_polynomial_w,
    hermite_polynomial_h,
    hermite_polynomial_he,
    laguerre_polynomial_l,
    legendre_polynomial_p,
    shifted_chebyshev_polynomial_t,
    shifted_chebyshev_polynomial_u,
    shifted_chebyshev_polynomial_v,
    shifted_chebyshev_polynomial_w,
)
from .ops.special import entr, erfcx, i0e, i1, i1e, log_ndtr, ndtr, ndtri, xlog1py, zeta

digamma = psi = PUBLIC["digamma"]
erf = PUBLIC["erf"]
erfc = PUBLIC["erfc"]
erfinv = PUBLIC["erfinv"]
exp2 = PUBLIC["exp2"]
expit = PUBLIC["sigmoid"]
expm1 = PUBLIC["expm1"]
gammainc = PUBLIC["igamma"]
gammaincc = PUBLIC["igammac"]
gammaln = PUBLIC["lgamma"]
i0 = PUBLIC["i0"]
log1p = PUBLIC["log1p"]
logit = PUBLIC["logit"]
logsumexp = PUBLIC["logsumexp"]
multigammaln = PUBLIC["mvlgamma"]
polygamma = PUBLIC["polygamma"]
round = PUBLIC["round"]
sinc = PUBLIC["sinc"]
xlogy = PUBLIC["xlogy"]


def modified_bessel_i0(input: Tensor) -> Tensor:
    """`i0`, without a derivative."""
    return i0(input.detach())


def modified_bessel_i1(input: Tensor) -> Tensor:
    """`i1`, without a derivative."""
    return i1(input.detach())


__all__ = [
    "airy_ai",
    "bessel_j0",
    "bessel_j1",
    "bessel_y0",
    "bessel_y1",
    "chebyshev_polynomial_t",
    "chebyshev_polynomial_u",
    "chebyshev_polynomial_v",
    "chebyshev_polynomial_w",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammainc",
    "gammaincc",
    "gammaln",
    "hermite_polynomial_h",
    "hermite_polynomial_he",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "laguerre_polynomial_l",
    "legendre_polynomial_p",
    "log1p",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "modified_bessel_i0",
    "modified_bessel_i1",
    "modified_bessel_k0",
    "modified_bessel_k1",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1",
    "shifted_chebyshev_polynomial_t",
    "shifted_chebyshev_polynomial_u",
    "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
    "sinc",
    "softmax",
    "spherical_bessel_j0",
    "xlog1py",
    "xlogy",
    "zeta",
]  # fmt: skip


def softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The exponentials along a dimension, divided by their sum."""
    result: Tensor = PUBLIC["softmax"](input, dim, dtype=dtype)
    return result


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`."""
    result: Tensor = PUBLIC["log_softmax"](input, dim, dtype=dtype)
    return result
