"""Functions of matrices under the names they had before `linalg`: `flambeau.svd`, `Tensor.inverse`, ...

Loaded when one of them is first called; `NAMES` of `ops/late.py` lists them.

Source: https://docs.pytorch.org/docs/stable/torch.html#blas-and-lapack-operations
"""

from __future__ import annotations

from typing import Any

from .. import once
from .._tensor import Tensor
from ..shape import broadcast_shapes
from .decomposition import _check_lu, _check_svd, factor, reflectors, singular, svdvals
from .decomposition import cholesky as _cholesky
from .decomposition import lu_unpack as lu_unpack
from .decomposition import qr as _qr
from .matrix import check_matrix, check_square, mH
from .matrix_function import cross as _cross
from .matrix_function import householder_product, multi_dot
from .matrix_function import matrix_exp as matrix_exp
from .matrix_function import matrix_power as matrix_power
from .matrix_function import ormqr as ormqr
from .no_derivative import underivable
from .returned import named
from .solving import cholesky_inverse as cholesky_inverse
from .solving import cholesky_solve as cholesky_solve
from .solving import det as det
from .solving import inv, pinv, solve_triangular
from .solving import logdet as logdet
from .solving import lu_solve as _lu_solve
from .solving import slogdet as _slogdet
from .views import transpose as _transposed

_SVD = named("svd", "U", "S", "V")
_QR = named("qr", "Q", "R")
_SLOGDET = named("slogdet", "sign", "logabsdet")
_GEQRF = named("geqrf", "a", "tau")
_TRIANGULAR_SOLVE = named("triangular_solve", "solution", "cloned_coefficient")
_LU_WITH_INFO = named("_lu_with_info", "LU", "pivots", "info")


def inverse(input: Tensor) -> Tensor:
    """The inverse of each square matrix."""
    return inv(input)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The Moore-Penrose inverse; singular values up to `rcond` times the largest count as 0."""
    return pinv(input, rcond)


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """U, S and V (not Vh) with A = U diag(S) Vᴴ; reduced if `some`; U and V are zeros without `compute_uv`."""
    if len(input._shape) < 2:
        raise RuntimeError(
            f"linalg.svd: input should have at least 2 dimensions, but has {len(input._shape)} dimensions instead"
        )
    _check_svd(input)
    m, n = input._shape[-2:]
    if not compute_uv:
        batch = input._shape[:-2]
        return _SVD(input.new_zeros((*batch, m, m)), svdvals(input), input.new_zeros((*batch, n, n)))
    u, s, vh = singular(input, not some)
    return _SVD(u, s, mH(vh))


def qr(input: Tensor, some: bool = True) -> Any:
    """Q and R, reduced if `some`, else complete."""
    once.warn(
        "torch.qr is deprecated in favor of torch.linalg.qr and will be removed in a future PyTorch release.\n"
        "The boolean parameter 'some' has been replaced with a string parameter 'mode'.\nQ, R = torch.qr(A, some)\n"
        "should be replaced with\nQ, R = torch.linalg.qr(A, 'reduced' if some else 'complete')",
        stacklevel=3,
    )
    return _QR(*_qr(input, "reduced" if some else "complete"))


def slogdet(input: Tensor) -> Any:
    """Sign and logarithm of the absolute value of the determinant."""
    return _SLOGDET(*_slogdet(input))


def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The Cholesky factor, lower or upper."""
    once.warn(
        "torch.cholesky is deprecated in favor of torch.linalg.cholesky and will be removed in a future PyTorch release.\n"
        "L = torch.cholesky(A)\nshould be replaced with\nL = torch.linalg.cholesky(A)\nand\n"
        "U = torch.cholesky(A, upper=True)\nshould be replaced with\nU = torch.linalg.cholesky(A).mH\n"
        "This transform will produce equivalent results for all valid (symmetric positive definite) inputs.",
        stacklevel=3,
    )
    check_square("cholesky", input)
    return _cholesky(input, upper=upper, name="cholesky")


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector product along `dim`, or along the first dimension of length 3."""
    if dim is None:
        once.warn(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly or simply "
            "use torch.linalg.cross.\nThe default value of dim will change to agree with that of linalg.cross in a future "
            "release.",
            stacklevel=3,
        )
        shape = broadcast_shapes(input._shape, other._shape)
        dim = next((i for i, n in enumerate(shape) if n == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return _cross(input, other, dim=dim)


def chain_matmul(*matrices: Tensor) -> Tensor:
    """`linalg.multi_dot` of its arguments; one matrix is returned as it is."""
    once.warn(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot "
        "instead, which accepts a list of two or more tensors rather than multiple parameters.",
        stacklevel=3,
    )
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)


def geqrf(input: Tensor) -> Any:
    """QR as LAPACK leaves it: R above reflectors' vectors, and the factors of those, `tau`."""
    check_matrix("geqrf", input, "input")
    found = reflectors(input.detach())
    return _GEQRF(*[underivable(x, "geqrf", input, label="GeqrfBackward0") for x in found])


def orgqr(input: Tensor, tau: Tensor) -> Tensor:
    """`linalg.householder_product`."""
    return householder_product(input, tau)


def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """L and U in one matrix, int32 `pivots`, and if asked for, the `info` of each matrix."""
    once.warn(
        "torch.lu is deprecated in favor of torch.linalg.lu_factor / torch.linalg.lu_factor_ex and will be removed in a "
        "future PyTorch release.\nLU, pivots = torch.lu(A, compute_pivots)\nshould be replaced with\n"
        "LU, pivots = torch.linalg.lu_factor(A, compute_pivots)\nand\n"
        "LU, pivots, info = torch.lu(A, compute_pivots, get_infos=True)\nshould be replaced with\n"
        "LU, pivots, info = torch.linalg.lu_factor_ex(A, compute_pivots)",
        stacklevel=3,
    )
    _check_lu("torch.lu_factor_ex", A)
    packed, pivots, info = factor(A, pivot)
    return _LU_WITH_INFO(packed, pivots, info) if get_infos else (packed, pivots)


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """X of A X = b, where `lu` has A decomposed."""
    return _lu_solve(LU_data, LU_pivots, b)


def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """X of A X = b, or of Aᵀ X = b, with a triangular A, and a copy of A. Newer code has `linalg.solve_triangular`."""
    once.warn(
        "torch.triangular_solve is deprecated in favor of torch.linalg.solve_triangularand will be removed in a future "
        "PyTorch release.\ntorch.linalg.solve_triangular has its arguments reversed and does not return a copy of one of "
        "the inputs.\nX = torch.triangular_solve(B, A).solution\nshould be replaced with\n"
        "X = torch.linalg.solve_triangular(A, B).",
        stacklevel=3,
    )
    for x, letter in ((b, "b"), (A, "A")):
        if len(x._shape) < 2:
            raise RuntimeError(
                f"torch.triangular_solve: Expected {letter} to have at least 2 dimensions, but it has "
                f"{len(x._shape)} dimensions instead"
            )
    n, m = A._shape[-2:]
    if n != m:
        raise RuntimeError(f"A must be batches of square matrices, but they are {n} by {m} matrices")
    if b._shape[-2] != n:
        raise RuntimeError(
            f"Incompatible matrix sizes for triangular_solve: each A matrix is {n} by {n} but each b matrix is "
            f"{b._shape[-2]} by {b._shape[-1]}"
        )
    a = _transposed(A, -2, -1) if transpose else A
    x = solve_triangular(a, b, upper=upper != transpose, unitriangular=unitriangular)
    return _TRIANGULAR_SOLVE(x, A.clone())


def _removed(text: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("This function was deprecated since version 1.9 and is now removed." + text)

    call.__doc__ = "Gone from PyTorch; raises an error that says what to use."
    return call


symeig = _removed(
    " The default behavior has changed from using the upper triangular portion of the matrix by default to using the "
    "lower triangular portion.\n\nL, _ = torch.symeig(A, upper=upper) should be replaced with:\n"
    "L = torch.linalg.eigvalsh(A, UPLO='U' if upper else 'L')\n\nand\n\n"
    "L, V = torch.symeig(A, eigenvectors=True) should be replaced with:\n"
    "L, V = torch.linalg.eigh(A, UPLO='U' if upper else 'L')"
)
eig = _removed(
    " `torch.linalg.eig` returns complex tensors of dtype `cfloat` or `cdouble` rather than real tensors mimicking "
    "complex tensors.\n\nL, _ = torch.eig(A) should be replaced with:\nL_complex = torch.linalg.eigvals(A)\n\nand\n\n"
    "L, V = torch.eig(A, eigenvectors=True) should be replaced with:\nL_complex, V_complex = torch.linalg.eig(A)"
)
solve = _removed(
    " `torch.solve` is deprecated in favor of `torch.linalg.solve`. `torch.linalg.solve` has its arguments reversed and "
    "does not return the LU factorization.\n\nTo get the LU factorization see `torch.lu`, which can be used with "
    "`torch.lu_solve` or `torch.lu_unpack`.\nX = torch.solve(B, A).solution should be replaced with:\n"
    "X = torch.linalg.solve(A, B)"
)
matrix_rank = _removed(
    "\nPlease use the `torch.linalg.matrix_rank` function instead. The parameter 'symmetric' was renamed in "
    "`torch.linalg.matrix_rank()` to 'hermitian'."
)
lstsq = _removed(
    " `torch.lstsq` is deprecated in favor of `torch.linalg.lstsq`.\n`torch.linalg.lstsq` has reversed arguments and does "
    "not return the QR decomposition in the returned tuple (although it returns other information about the problem).\n\n"
    "To get the QR decomposition consider using `torch.linalg.qr`.\n\nThe returned solution in `torch.lstsq` stored the "
    "residuals of the solution in the last m - n columns of the returned value whenever m > n. In torch.linalg.lstsq, the "
    "residuals are in the field 'residuals' of the returned named tuple.\n\nThe unpacking of the solution, as in\n"
    "X, _ = torch.lstsq(B, A).solution[:A.size(1)]\nshould be replaced with:\n"
    "X = torch.linalg.lstsq(A, B).solution"
)


# --- approximations of low rank ---------------------------------------------------------------------------------------


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> Any:
    """U, S and V with A - M close to U diag(S) Vᴴ of rank `q`, from random directions.

    Source: Halko et al., "Finding structure with randomness", SIAM Review 53, 2011.
    """
    from .random import randn

    a = A if M is None else A - M.expand(A._shape)
    wide = a._shape[-2] < a._shape[-1]
    if wide:
        a = mH(a)
    rank = 6 if q is None else q
    start = randn(a._shape[-1], rank, dtype=a.dtype, device=a.device)
    basis = _qr(a @ start)[0]
    for _ in range(2 if niter is None else niter):
        basis = _qr(mH(a) @ basis)[0]
        basis = _qr(a @ basis)[0]
    u, s, vh = singular(mH(basis) @ a, False)
    u, v = basis @ u, mH(vh)
    return (v, s, u) if wide else (u, s, v)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> Any:
    """U, S and V of the data A (rows are samples), its columns centred: principal directions are the columns of V."""
    m, n = A._shape[-2:]
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    centred = A - A.mean(-2, keepdim=True) if center else A
    return svd_lowrank(centred, q, niter=niter)
