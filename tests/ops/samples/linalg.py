"""Samples of decompositions, solvers, norms and products of matrices. Matrices are made well-conditioned on the way in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..sample import F, I, Op, S, T


def _spread(library: Any, a: Any) -> Any:
    """Square matrices with a dominant diagonal, whose singular values and eigenvalues are far apart."""
    if a.ndim < 2 or a.shape[-1] != a.shape[-2] or not a.dtype.is_floating_point:
        return a
    n = a.shape[-1]
    steps = library.arange(3, 3 + n, dtype=a.dtype, device=a.device)
    return a * 0.5 + (steps * library.eye(n, dtype=a.dtype, device=a.device))


def _definite(library: Any, a: Any) -> Any:
    return _spread(library, (a + a.mT) * 0.5 if a.ndim > 1 and a.shape[-1] == a.shape[-2] else a)


def _of(name: str, prepare: Callable[..., Any] | None = None, older: bool = False) -> Callable[..., Any]:
    """A call of `linalg.<name>`, or of the older function, whose first argument is prepared."""

    def call(library: Any, a: Any, *rest: Any, **kwargs: Any) -> Any:
        function = getattr(library if older else library.linalg, name)
        return function(a if prepare is None else prepare(library, a), *rest, **kwargs)

    return call


def L(
    name: str,
    samples: list[Any],
    errors: list[Any] | None = None,
    prepare: Callable[..., Any] | None = _spread,
    **options: Any,
) -> Op:
    options.setdefault("tolerance", 20)
    options.setdefault("on_gpu", False)
    return Op(name, samples, errors or [], call=_of(name, prepare), **options)


def Older(
    name: str, samples: list[Any], errors: list[Any] | None = None, prepare: Callable[..., Any] | None = _spread
) -> Op:
    return Op(name, samples, errors or [], call=_of(name, prepare, older=True), tolerance=20, on_gpu=False)


def _signless_svd(library: Any, a: Any, full: bool) -> Any:
    u, s, vh = library.linalg.svd(a, full_matrices=full)
    k = s.shape[-1]
    return (u[..., :k] * s.unsqueeze(-2)) @ vh[..., :k, :], s, u[..., :k] ** 2, vh[..., :k, :] ** 2


def _signless_eigh(library: Any, a: Any, **kwargs: Any) -> Any:
    values, vectors = library.linalg.eigh(_definite(library, a), **kwargs)
    return values, vectors**2, (vectors * values.unsqueeze(-2)) @ vectors.mT


def _lu_round_trip(library: Any, a: Any, b: Any, **kwargs: Any) -> Any:
    packed, pivots = library.linalg.lu_factor(_spread(library, a))
    return packed, pivots, library.linalg.lu_solve(packed, pivots, b, **kwargs), library.lu_unpack(packed, pivots)[1]


def _cholesky_round_trip(library: Any, a: Any, b: Any, upper: bool = False) -> Any:
    factor = library.linalg.cholesky(_definite(library, a), upper=upper)
    return library.cholesky_solve(b, factor, upper), library.cholesky_inverse(factor, upper)


def _ldl_round_trip(library: Any, a: Any, b: Any) -> Any:
    symmetric = a + a.mT
    packed, pivots = library.linalg.ldl_factor(symmetric)
    return packed, pivots, library.linalg.ldl_solve(packed, pivots, b), library.linalg.ldl_factor_ex(symmetric)[2]


def _low_rank(library: Any, a: Any, b: Any) -> Any:
    library.manual_seed(0)
    u, s, v = library.svd_lowrank(a @ b, 2)
    return s, (u * s) @ v.mT, library.pca_lowrank(a @ b, 2)[1]


def _multi_dot(library: Any, *matrices: Any) -> Any:
    return library.linalg.multi_dot(list(matrices)), library.chain_matmul(*matrices)


def _orthogonal_again(library: Any, a: Any, b: Any) -> Any:
    packed, tau = library.geqrf(a.detach())
    return library.linalg.householder_product(packed * 1, tau), library.ormqr(packed, tau, b, True, True)


SQUARE = [S(F(3, 3)), S(F(2, 2, 2)), S(F(0, 2, 2)), S(F(0, 0))]
BAD = [S(F(2, 3)), S(F(3)), S(I(2, 2))]

OPS = [
    L("inv", SQUARE, BAD),
    L("inv", [], [S(F(2, 2, low=1, high=1)), S(T([[[1.0, 0], [0, 1]], [[1, 2], [2, 4]]]))], prepare=None),
    L("inv_ex", SQUARE, BAD),
    L("det", SQUARE, BAD),
    L("det", [S(T([[1.0, 2.0], [2.0, 4.0]], grad=False))], prepare=None),
    L("slogdet", SQUARE, BAD),
    L("cholesky", [*SQUARE, S(F(2, 2), upper=True)], BAD[:2], prepare=_definite),
    L("cholesky", [], [S(T([[1.0, 0.0], [0.0, -1.0]])), S(T([[[1.0, 0], [0, 1]], [[-1, 0], [0, 1]]]))], prepare=None),
    L("cholesky_ex", [S(F(2, 2))], prepare=_definite, twice=False),
    Op("cholesky_solve", [S(F(2, 2), F(2, 3)), S(F(2, 2, 2), F(2, 1), upper=True)], call=_cholesky_round_trip, tolerance=20, on_gpu=False),
    L("qr", [S(F(3, 2)), S(F(2, 3)), S(F(2, 2), "complete"), S(F(2, 3, 2)), S(F(0, 2)), S(F(0, 2, 2))],
      [S(F(2, 2), "other"), S(F(2)), S(I(2, 2))], prepare=None),
    L("qr", [S(F(3, 2), "complete"), S(F(3, 2), "r")], prepare=None, differentiable=False),
    Op("svd", [S(F(3, 2), False), S(F(2, 3), True), S(F(2, 2, 2), True), S(F(0, 2), False)], call=_signless_svd, tolerance=50, on_gpu=False),
    L("svd", [], [S(F(2)), S(I(2, 2)), S(T([[1.0, float("nan")], [0, 1]]))], prepare=None),
    L("svdvals", [S(F(3, 2)), S(F(2, 2, 2))], [S(F(2))], prepare=None),
    Op("eigh", [S(F(3, 3)), S(F(2, 2, 2), UPLO="U"), S(F(0, 0))], call=_signless_eigh, tolerance=50, on_gpu=False),
    L("eigh", [], [S(F(2, 3)), S(F(2, 2), UPLO="x"), S(I(2, 2))], prepare=None),
    L("eigvalsh", [S(F(3, 3)), S(F(0, 2, 2))], prepare=_definite),
    L("lu", [S(F(3, 3)), S(F(3, 2)), S(F(2, 3)), S(F(2, 2, 2)), S(F(0, 2, 2))], [S(F(2)), S(I(2, 2))], prepare=None),
    Op("lu_solve", [S(F(2, 2), F(2, 3)), S(F(2, 2, 2), F(2, 1), adjoint=True), S(F(2, 2), F(3, 2), left=False)],
       [S(F(2, 2), F(3, 1)), S(F(2, 2), F(2))], call=_lu_round_trip, tolerance=20, on_gpu=False),
    L("lu_factor", [], [S(F(2, 2, low=1, high=1)), S(F(2))], prepare=None),
    L("solve", [S(F(2, 2), F(2)), S(F(2, 2), F(2, 3)), S(F(2, 2, 2), F(2, 2)), S(F(2, 3, 3), F(3, 1)), S(F(2, 2), F(3, 2), left=False),
                S(F(0, 2, 2), F(0, 2, 1))],
      [S(F(2, 3), F(2)), S(F(2, 2), F(3)), S(F(2, 2), I(2, 2)), S(F(2, 2), 1.0), S(F(2), F(2, 2)), S(I(2, 2), I(2, 2))]),
    L("solve", [], [S(F(2, 2, low=1, high=1), F(2))], prepare=None),
    L("solve_ex", [S(F(2, 2), F(2))], twice=False),
    L("solve_triangular", [S(F(2, 2), F(2, 3), upper=True), S(F(2, 2, 2), F(2, 1), upper=False), S(F(2, 2), F(3, 2), upper=True, left=False),
                           S(F(2, 2), F(2, 2), upper=False, unitriangular=True)],
      [S(F(2, 3), F(2, 2), upper=True), S(F(2, 2), F(3, 2), upper=True), S(F(2, 2), F(2), upper=True)]),
    L("pinv", [S(F(3, 2)), S(F(2, 3)), S(F(2, 2, 2)), S(F(0, 2))], [S(F(2)), S(I(2, 2))], prepare=None),
    L("pinv", [S(F(2, 2), hermitian=True)], prepare=_definite, differentiable=False),
    L("lstsq", [S(F(3, 2), F(3, 2)), S(F(2, 3), F(2)), S(F(2, 3, 2), F(2, 3, 1), driver="gelsd"), S(F(3, 2), F(3, 1), driver="gels")],
      [S(F(3, 2), F(2, 2)), S(F(2), F(2)), S(F(2, 2), F(2, 2), driver="x")], prepare=None, twice=False),
    L("matrix_rank", [S(F(3, 2)), S(F(2, 2, 2)), S(T([[1.0, 2.0], [2.0, 4.0]])), S(F(2, 2), atol=1.0), S(F(2, 2), 100.0), S(F(0, 2))],
      [S(F(2)), S(I(2, 2))], prepare=None),
    L("matrix_norm", [S(F(2, 3)), S(F(2, 3), "nuc"), S(F(2, 2, 3), 2), S(F(2, 3), -2), S(F(2, 3), 1, keepdim=True), S(F(2, 3), float("inf")),
                      S(F(3, 2, 2), 2, dim=(0, 2), keepdim=True)],
      [S(F(2)), S(I(2, 2)), S(F(2, 2), "x"), S(F(2, 2), 3), S(F(2, 2), dim=(0, 0))], prepare=None),
    L("vector_norm", [S(F(2, 3)), S(F(2, 3), 3), S(F(2, 3), 0), S(T([[0.0, 0.0], [1.0, 0.0]]), 3, dim=1),
                      S(F(2, 3), 1, dim=0), S(F(2, 3), float("inf"), dim=1, keepdim=True), S(F(0))],
      [S(I(2)), S(F(2), "x"), S(F(0), float("inf"))], prepare=None),
    L("norm", [S(F(2, 3)), S(F(2, 3), "nuc"), S(F(3), 3), S(F(2, 3), dim=1), S(F(2, 2, 3), 1, dim=(0, 2)), S(F(2, 2, 2))],
      [S(F(2, 2), "x"), S(F(2, 2, 2), "fro"), S(F(2, 2, 2), dim=(0, 1, 2))], prepare=None),
    L("cond", [S(F(2, 2), "fro"), S(F(2, 2), 1)], prepare=None, differentiable=False),
    L("cond", [S(F(2, 2)), S(F(3, 2)), S(F(2, 2, 2), -2)], [S(F(2)), S(F(2, 2), "x")], prepare=None),
    L("matrix_power", [S(F(2, 2), 0), S(F(2, 2), 1), S(F(2, 2), 3), S(F(2, 2, 2), -2)], [S(F(2, 3), 2), S(F(2, 2), 1.5)]),
    L("matrix_exp", [S(F(2, 2)), S(F(2, 3, 3)), S(F(0, 0))], BAD, prepare=None),
    L("cross", [S(F(2, 3), F(2, 3)), S(F(2, 3), F(1, 3)), S(F(3, 2), F(3, 2), dim=0)], [S(F(2), F(2)), S(F(3), F(2, 3))], prepare=None),
    L("vecdot", [S(F(2, 3), F(2, 3)), S(F(2, 3), F(3)), S(F(2, 3), F(2, 3), dim=0)], [S(F(2), F(3))], prepare=None),
    L("diagonal", [S(F(2, 3)), S(F(2, 2, 3), offset=1)], prepare=None, view=True),
    L("vander", [S(F(3)), S(F(2, 3), N=4), S(I(3))], [S(F(3), N=1)], prepare=None),
    Op("multi_dot", [S(F(2, 3), F(3, 4), F(4, 2), F(2, 1)), S(F(2, 3), F(3, 2))], [S(F(2, 3), F(2, 3))], call=_multi_dot, on_gpu=False),
    Op("householder_product", [S(F(3, 2), F(3, 2)), S(F(2, 3, 2), F(2, 3, 1))], call=_orthogonal_again, differentiable=False, tolerance=20,
       on_gpu=False),
    L("householder_product", [S(F(3, 2), F(2)), S(F(2, 3, 2), F(2, 1))], [S(F(2, 3), F(2)), S(F(2, 2), F(3))], prepare=None),
    L("tensorsolve", [S(T([[[[2.0, 1], [0, 1]], [[1, 3], [1, 0]]], [[[0, 1], [4, 1]], [[1, 1], [0, 5]]]]), F(2, 2))], [S(F(2, 2, 2), F(2))], prepare=None),
    L("tensorinv", [S(F(2, 2), ind=1)], [S(F(2, 2), ind=0), S(F(2, 3), ind=1)], prepare=None),
    Older("det", [S(F(2, 2))], [S(F(2, 3))]),
    Older("inverse", [S(F(2, 2))], [S(F(2, 3))]),
    Older("logdet", [S(F(2, 2)), S(F(2, 2, 2))], [S(F(2, 3))]),
    Older("logdet", [S(T([[1.0, 0.0], [0.0, -1.0]], grad=False)), S(T([[1.0, 2.0], [2.0, 4.0]], grad=False))], prepare=None),
    Older("slogdet", [S(F(2, 2))], [S(F(2, 3))]),
    Older("pinverse", [S(F(3, 2))], [S(F(2))], prepare=None),
    Older("qr", [S(F(3, 2)), S(F(2, 2), False)], prepare=None),
    Older("cholesky", [S(F(2, 2)), S(F(2, 2), True)], [S(F(2, 3)), S(F(2))], prepare=_definite),
    Older("triangular_solve", [S(F(2, 2), T([[2.0, 1.0], [0.5, 3.0]])), S(F(2, 1), T([[2.0, 1.0], [0.5, 3.0]]), False, True)], [S(F(2, 2), F(3, 2))], prepare=None),
    Older("cross", [S(F(2, 3), F(2, 3)), S(F(3, 2), F(3, 2))], [S(F(2, 2), F(2, 2))], prepare=None),
    Older("symeig", [], [S(F(2, 2))]), Older("eig", [], [S(F(2, 2))]), Older("solve", [], [S(F(2, 2), F(2, 2))]), Older("matrix_rank", [], [S(F(2, 2))]),
    Op(
        "ldl_factor",
        [S(F(4, 4), F(4, 2)), S(F(2, 3, 3), F(2, 3, 1))],
        [S(F(2, 3), F(2, 1))],
        call=_ldl_round_trip,
        differentiable=False,
        tolerance=50,
        on_gpu=False,
    ),
    Op("svd_lowrank", [S(F(6, 2), F(2, 5))], call=_low_rank, differentiable=False, tolerance=100, on_gpu=False),
    Older("lstsq", [], [S(F(2, 2), F(2, 2))]),
]  # fmt: skip
