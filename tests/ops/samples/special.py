"""Samples of gamma, error and Bessel functions, and of `torch.special`."""

from __future__ import annotations

from typing import Any

from ..sample import F, I, Op, S, Sample, T

EDGES = T([float("nan"), float("inf"), 0.0, 1.0, 2.0], grad=False)


def one(name: str, low: float, high: float, *extra: Sample, edges: bool = True, **more: Any) -> Op:
    """A function of one tensor."""
    first = [S(F(2, 3, low=low, high=high)), S(F(0)), S(I(3, low=1, high=3))]
    more.setdefault("tolerance", 30)
    return Op(name, [*first, *([S(EDGES)] if edges else []), *extra], [S(1.5)] if "." not in name else [], **more)


def special(name: str, low: float, high: float, *extra: Sample, **more: Any) -> Op:
    """A function of `torch.special`."""
    return one(
        f"special.{name}",
        low,
        high,
        *extra,
        call=lambda library, *a, **k: getattr(library.special, name)(*a, **k),
        **more,
    )


OPS = [
    one("lgamma", 0.2, 6.0, S(F(4, low=-3.9, high=-0.1))), one("digamma", 0.2, 6.0, S(F(4, low=-3.9, high=-0.1), ), S(T([-1.0, 40.0], grad=False))),
    Op("polygamma", [S(0, F(3, low=0.2)), S(1, F(2, 3, low=0.2, high=5)), S(1, F(3, low=-1.9, high=-0.2)), S(2, F(3, low=0.2)), S(3, I(2, low=1))],
       [S(-1, F(2))], tolerance=300, composed=True),
    Op(".polygamma", [S(F(3, low=0.2), 1)], composed=True, tolerance=1000),
    Op("mvlgamma", [S(F(2, 3, low=2.2, high=6), 2), S(F(2, low=2.2), 1)], [S(F(2), 0)], tolerance=30, composed=True),
    Op("igamma", [S(F(2, 3, low=0.5, high=4, grad=False), F(3, low=0.1, high=9)), S(F(2, low=1, grad=False), T([0.0, 30.0]))], tolerance=100, twice=False),
    Op("igammac", [S(F(2, 3, low=0.5, high=4, grad=False), F(3, low=0.1, high=9)), S(F(2, low=1, grad=False), T([0.0, 30.0]))], tolerance=100, twice=False),
    one("erfc", -3.0, 4.0), one("erfinv", -0.95, 0.95, S(T([-1.0, 1.0, 2.0, 0.0, 0.999], grad=False)), tolerance=100),
    one("i0", -6.0, 25.0, tolerance=60),
    Op("xlogy", [S(F(2, 3), F(3, low=0.2)), S(F(3), 2.5), S(1.5, F(3, low=0.2)), S(T([0.0, 0.0, 1.0], grad=False), T([0.0, float("nan"), 0.0], grad=False)),
                 S(I(2), I(2, low=1))]),
    special("erfcx", -1.0, 6.0), special("i0e", -6.0, 25.0), special("i1", -6.0, 20.0, tolerance=60), special("i1e", -6.0, 25.0),
    special("ndtr", -4.0, 4.0, composed=True), special("log_ndtr", -9.0, 4.0), special("ndtri", 0.05, 0.95, S(T([0.0, 1.0, 2.0], grad=False)), edges=False, tolerance=100),
    special("entr", 0.1, 3.0, S(T([0.0, -1.0], grad=False))), special("expit", -3.0, 3.0, composed=True), special("psi", 0.2, 6.0),
    special("exp2", -3.0, 3.0), special("expm1", -1.0, 1.0), special("gammaln", 0.2, 6.0), special("sinc", -2.0, 2.0), special("logit", 0.1, 0.9, edges=False),
    Op("special.zeta", [S(F(2, 3, low=1.2, high=4, grad=False), F(3, low=0.3, high=5)), S(2.0, F(2, low=0.3)), S(F(2, low=1.2, grad=False), 1.0)],
       call=lambda library, *a: library.special.zeta(*a), tolerance=300, twice=False),
    Op("special.xlog1py", [S(F(2, 3), F(3, low=0.2)), S(F(3), 2.5), S(1.5, F(2, low=-0.5))], call=lambda library, *a: library.special.xlog1py(*a)),
    Op("special.multigammaln", [S(F(2, low=2.2), 2)], call=lambda library, *a: library.special.multigammaln(*a), tolerance=30),
    Op("special.softmax", [S(F(2, 3), 1)], call=lambda library, *a: library.special.softmax(*a)),
    Op("special.logsumexp", [S(F(2, 3), 1)], call=lambda library, *a: library.special.logsumexp(*a)),
    Op("special.polynomials", [S(F(3, grad=False), 0), S(F(3, grad=False), 1), S(F(3, grad=False), 4), S(F(2, low=-0.9, high=0.9, grad=False), 7)],
       call=lambda library, x, n: [getattr(library.special, f"{name}")(x, n) for name in (
           "chebyshev_polynomial_t", "chebyshev_polynomial_u", "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l",
           "legendre_polynomial_p", "chebyshev_polynomial_v", "chebyshev_polynomial_w",
           "shifted_chebyshev_polynomial_t")], differentiable=False, tolerance=100),
    Op("special.bessel", [S(F(5, low=0.1, high=30, grad=False)), S(T([0.0, 2.0, 5.0, 8.0], grad=False))], differentiable=False, tolerance=3e5,
       call=lambda library, x: [getattr(library.special, name)(x) for name in (
           "bessel_j0", "bessel_j1", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "spherical_bessel_j0", "bessel_y0", "bessel_y1", "modified_bessel_k0",
           "modified_bessel_k1", "airy_ai")]),
]  # fmt: skip
