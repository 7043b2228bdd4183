"""Decompositions of matrices: ops with LAPACK's results, and their derivatives.

The derivatives follow Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008), Townsend, "Differentiating the singular value decomposition" (2016), and Boeddeker et al., "On
the computation of complex-valued gradients" (2017).

Source: https://docs.pytorch.org/docs/stable/linalg.html
"""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor, needs_grad
from ..autograd.modes import GradMode
from ..backends.protocol import Array
from ..dtype import int32, int64
from ..linalg_error import _LinAlgError
from .creation import diag_embed, tril, triu
from .joining import cat
from .matrix import (
    check_floating,
    check_matrix,
    check_square,
    check_supported,
    check_tensor,
    failed,
    identity,
    masked,
    mH,
    raise_singular,
    real_of,
)
from .on_host import run
from .op import op
from .returned import named
from .views import diagonal, transpose
from .vmap_levels import every

_MODULE = "linalg"


def _wanted(*inputs: Tensor) -> bool:
    return GradMode.enabled and any(needs_grad(x) for x in inputs)


# --- triangular systems, on which many derivatives rest ---------------------------------------------------------------


def _triangular_backward(g: Tensor, input: Tensor, out: Tensor, upper: bool, unit: bool) -> tuple[Tensor, Tensor]:
    of_other = triangular(mH(input), g, not upper, unit)
    return masked(-(of_other @ mH(out)), upper=upper, unit=unit), of_other


@op(
    name="LinalgSolveTriangularBackward0",
    jointly=lambda g, input, out, upper, unit: _triangular_backward(g, input, out, upper, unit),
)
def triangular(be: Any, input: Array, other: Array, upper: bool, unit: bool) -> Any:
    """X of A X = B with a triangular A, of which the other triangle is not read. Batches agree."""
    return run(_MODULE, "triangular", be, input, other, upper, unit)


# --- Cholesky ---------------------------------------------------------------------------------------------------------


def _cholesky_backward(g: Any, out: Any) -> Tensor | None:
    if g[0] is None:
        return None
    factor = out[0]
    phi = mH(factor) @ g[0]
    phi = (tril(phi) + mH(tril(phi, -1))) * 0.5
    left = triangular(mH(factor), phi, True, False)
    return mH(triangular(mH(factor), mH(left), True, False))


@op(
    result=lambda input, upper: (input.dtype, int32),
    name="LinalgCholeskyExBackward0",
    input=lambda g, out: _cholesky_backward(g, out),
)
def cholesky_factor(be: Any, input: Array, upper: bool) -> Any:
    """The lower triangular factor of one triangle, and the order of the first minor that is not positive."""
    return run(_MODULE, "cholesky_factor", be, input, upper)


_CHOLESKY_EX = named("linalg_cholesky_ex", "L", "info")
_NOT_POSITIVE = (
    "The factorization could not be completed because the input is not positive-definite (the leading minor of order "
    "{} is not positive-definite)."
)


def cholesky_ex(input: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """The Cholesky factor, and an int32 `info`: 0, or the order of the first minor that is not positive."""
    check_square("linalg.cholesky", input)
    check_floating("linalg.cholesky", input, "cholesky_cpu")
    factor, info = cholesky_factor(input, bool(upper))
    if check_errors:
        raise_singular("linalg.cholesky_ex", info, _NOT_POSITIVE)
    return _CHOLESKY_EX(mH(factor) if upper else factor, info)


def cholesky(input: Tensor, *, upper: bool = False, name: str = "linalg.cholesky") -> Tensor:
    """L with A = L Lᴴ, or, `upper`, U with A = Uᴴ U: (..., n, n).

    Raises:
        LinAlgError: a matrix is not positive-definite.
    """
    factor, info = cholesky_ex(input, upper=upper)
    raise_singular(name, info, _NOT_POSITIVE)
    result: Tensor = factor
    return result


# --- QR ---------------------------------------------------------------------------------------------------------------


def _orthogonal_backward(g: Any, out: Any, mode: str) -> Tensor | None:
    of_q, of_r = g
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
            "linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr"
        )
    q, r = out
    if q._shape[-2] > r._shape[-1] and mode == "complete":
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols")
    if of_q is None and of_r is None:
        return None
    inner: Any = 0
    if of_r is not None:
        inner = of_r @ mH(r)
    if of_q is not None:
        inner = inner - mH(q) @ of_q
    upper = triu(inner)
    level = diagonal(upper, 0, -2, -1)
    total = q @ (upper + mH(upper) - diag_embed(level.real if level.dtype.is_complex else level).to(upper.dtype))
    if of_q is not None:
        total = total + of_q
    return mH(triangular(r, mH(total), True, False))


@op(
    name="LinalgQrBackward0",
    input=lambda g, out, mode: _orthogonal_backward(g, out, mode),
)
def orthogonal(be: Any, input: Array, mode: str) -> Any:
    """Q and R."""
    return run(_MODULE, "orthogonal", be, input, mode)


_QR = named("linalg_qr", "Q", "R")


def qr(A: Tensor, mode: str = "reduced") -> Any:
    """Q and R with A = Q R, Q orthogonal (unitary) and R upper triangular.

    Args:
        mode: "reduced" for Q of (..., m, k) and R of (..., k, n) with k = min(m, n); "complete" for (m, m) and (m, n);
            "r" for an empty Q and the reduced R.
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    check_matrix("linalg.qr", A)
    check_floating("linalg.qr", A, "geqrf_cpu")
    m, n = A._shape[-2:]
    if m >= n or mode == "r" or not _wanted(A):
        return _QR(*orthogonal(A, mode))
    # Q is that of the first m columns, and R's other columns follow from it: so are their derivatives.
    q, r = orthogonal(A[..., :m], mode)
    return _QR(q, cat([r, mH(q) @ A[..., m:]], -1))


@op(name="GeqrfBackward0")
def reflectors(be: Any, input: Array) -> Any:
    """QR as LAPACK leaves it."""
    return run(_MODULE, "reflectors", be, input)


# --- singular values --------------------------------------------------------------------------------------------------


def _skew(x: Tensor) -> Tensor:
    return x - mH(x)


def _gaps(levels: Tensor) -> Tensor:
    """Differences level_j - level_i, with ones on the diagonal to divide by."""
    return levels.unsqueeze(-2) - levels.unsqueeze(-1) + identity(levels._shape[-1], levels)


def _check_gauge(name: str, what: str, phase: Tensor) -> None:
    if every(phase).imag.abs().max().item() > 1e-2:
        raise RuntimeError(
            f"{name}: The {what} in the complex case are specified up to multiplication by e^{{i phi}}. The specified "
            "loss function depends on this quantity, so it is ill-defined."
        )


def _singular_backward(g: Any, out: Any) -> Tensor | None:
    u, s, vh = out
    of_u, of_s, of_vh = g
    if of_u is None and of_s is None and of_vh is None:
        return None
    k = s._shape[-1]
    u, vh = u[..., :k], vh[..., :k, :]
    if of_u is None and of_vh is None:
        found: Tensor = (u * of_s.unsqueeze(-2)) @ vh
        return found
    gaps = _gaps(s * s)
    middle: Any = 0
    turn = None
    if of_u is not None:
        of_u = of_u[..., :k]
        turn = _skew(mH(u) @ of_u)
        middle = turn / gaps * s.unsqueeze(-2)
    if of_vh is not None:
        of_vh = of_vh[..., :k, :]
        middle = middle + s.unsqueeze(-1) * (_skew(vh @ mH(of_vh)) / gaps)
    if u.dtype.is_complex and u.numel():
        phase: Any = 0
        if of_u is not None:
            phase = diagonal(mH(u) @ of_u, 0, -2, -1)
        if of_vh is not None:
            phase = phase + diagonal(vh @ mH(of_vh), 0, -2, -1)
        _check_gauge("svd_backward", "singular vectors", phase)
        if turn is not None and of_vh is not None:
            middle = middle + diag_embed(diagonal(turn, 0, -2, -1) / (2.0 * s))
    if of_s is not None:
        middle = middle + diag_embed(of_s).to(u.dtype)
    total: Tensor = u @ middle @ vh
    if of_u is not None and u._shape[-2] > k:
        scaled = of_u / s.unsqueeze(-2)
        total = total + (scaled - u @ (mH(u) @ scaled)) @ vh
    if of_vh is not None and vh._shape[-1] > k:
        scaled = of_vh / s.unsqueeze(-1)
        total = total + u @ (scaled - (scaled @ mH(vh)) @ vh)
    return total


@op(
    result=lambda input, full: (input.dtype, real_of(input.dtype), input.dtype),
    name="LinalgSvdBackward0",
    input=lambda g, out: _singular_backward(g, out),
)
def singular(be: Any, input: Array, full: bool) -> Any:
    """U, S and Vᴴ."""
    return run(_MODULE, "singular", be, input, full)


@op(result=lambda input: real_of(input.dtype))
def singular_values(be: Any, input: Array) -> Any:
    """S alone."""
    return run(_MODULE, "singular_values", be, input)


_SVD = named("linalg_svd", "U", "S", "Vh")
_NOT_FINITE = "The algorithm failed to converge because the input matrix contained non-finite values."


def _check_svd(A: Tensor) -> None:
    check_matrix("linalg.svd", A)
    check_floating("linalg.svd", A, "linalg_svd_cpu")


def _check_converged(values: Tensor) -> None:
    if not values.numel():
        return
    values = every(values)
    lost = (values != values).reshape(-1, values._shape[-1]).any(-1).tolist()
    if True in lost:
        which = f"(Batch element {lost.index(True)}): " if len(values._shape) > 1 else ""
        raise _LinAlgError(f"linalg.svd: {which}{_NOT_FINITE}")


def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """U, S and Vh with A = U diag(S) Vh, singular values largest first.

    Args:
        full_matrices: square U and Vh; else U of (..., m, k) and Vh of (..., k, n) with k = min(m, n).

    Raises:
        LinAlgError: a matrix has elements that are not finite.
    """
    _check_svd(A)
    _check_driver(driver)
    found = singular(A, bool(full_matrices))
    _check_converged(found[1].detach())
    return _SVD(*found)


def _check_driver(driver: str | None) -> None:
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )


def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values, largest first: (..., min(m, n))."""
    _check_svd(A)
    _check_driver(driver)
    values: Tensor = singular(A, False)[1] if _wanted(A) else singular_values(A)
    _check_converged(values.detach())
    return values


# --- eigenvalues ------------------------------------------------------------------------------------------------------


def _symmetric_backward(g: Any, out: Any) -> Tensor | None:
    of_values, of_vectors = g
    values, v = out
    if of_values is None and of_vectors is None:
        return None
    if of_vectors is None:
        found: Tensor = (v * of_values.unsqueeze(-2)) @ mH(v)
        return found
    turn = mH(v) @ of_vectors
    if v.dtype.is_complex and v.numel():
        _check_gauge("linalg_eigh_backward", "eigenvectors", diagonal(turn, 0, -2, -1))
    # Eigenvectors stay orthonormal: only what is skew turns them.
    turn = (turn - mH(turn)) * 0.5
    one = identity(values._shape[-1], turn)
    middle = turn * (1 - one) / _gaps(values)
    if of_values is not None:
        middle = middle + diag_embed(of_values).to(turn.dtype)
    return v @ middle @ mH(v)


@op(
    result=lambda input, triangle: (real_of(input.dtype), input.dtype),
    name="LinalgEighBackward0",
    input=lambda g, out: _symmetric_backward(g, out),
)
def symmetric(be: Any, input: Array, triangle: str) -> Any:
    """Eigenvalues and eigenvectors of symmetric or Hermitian matrices."""
    return run(_MODULE, "symmetric", be, input, triangle)


@op(result=lambda input, triangle: real_of(input.dtype))
def symmetric_values(be: Any, input: Array, triangle: str) -> Any:
    """Eigenvalues alone."""
    return run(_MODULE, "symmetric_values", be, input, triangle)


_EIGH = named("linalg_eigh", "eigenvalues", "eigenvectors")


def _check_eigh(A: Tensor, UPLO: str) -> None:
    check_square("linalg.eigh", A)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    check_supported("linalg_eigh_cpu", A)


def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """Eigenvalues, smallest first, and eigenvectors (columns) of a symmetric or Hermitian matrix.

    Args:
        UPLO: which triangle of A is read, "L" or "U".
    """
    _check_eigh(A, UPLO)
    return _EIGH(*symmetric(A, UPLO.upper()))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of a symmetric or Hermitian matrix, smallest first."""
    _check_eigh(A, UPLO)
    found: Tensor = symmetric(A, UPLO.upper())[0] if _wanted(A) else symmetric_values(A, UPLO.upper())
    return found


def _general_backward(g: Any, input: Tensor, out: Any) -> Tensor | None:
    of_values, of_vectors = g
    values, v = out
    if of_values is None and of_vectors is None:
        return None
    adjoint = mH(v)
    if of_vectors is None:
        middle = of_values.unsqueeze(-1) * adjoint
    else:
        turn = adjoint @ of_vectors
        level = diagonal(turn, 0, -2, -1)
        if v.numel():
            _check_gauge("linalg_eig_backward", "eigenvectors", level)
        one = identity(values._shape[-1], turn.detach())
        inner = (turn - (adjoint @ v) * level.real.unsqueeze(-2)) / _gaps(values).conj() * (1 - one)
        if of_values is not None:
            inner = inner + diag_embed(of_values)
        middle = inner @ adjoint
    from .solving import solution

    found: Tensor = solution(adjoint, middle)[0]
    return found if input.dtype.is_complex else found.real


@op(
    result=lambda input: (input.dtype.to_complex(),) * 2,
    name="LinalgEigBackward0",
    input=lambda g, input, out: _general_backward(g, input, out),
)
def general(be: Any, input: Array) -> Any:
    """Eigenvalues and eigenvectors of any square matrices."""
    return run(_MODULE, "general", be, input)


@op(result=lambda input: input.dtype.to_complex())
def general_values(be: Any, input: Array) -> Any:
    """Eigenvalues alone."""
    return run(_MODULE, "general_values", be, input)


_EIG = named("linalg_eig", "eigenvalues", "eigenvectors")


def _check_eig(name: str, A: Tensor) -> None:
    check_square(name, A)
    A.dtype.to_complex()
    check_supported("linalg_eig_out_cpu", A)
    if not bool(A.detach().isfinite().all()):
        raise RuntimeError(f"torch.{name}: input tensor should not contain infs or NaNs.")


def eig(A: Tensor) -> Any:
    """Eigenvalues and eigenvectors (columns, of length 1) of a square matrix, complex, in no particular order."""
    _check_eig("linalg.eig", A)
    return _EIG(*general(A))


def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of a square matrix, complex, in no particular order."""
    _check_eig("linalg.eigvals", A)
    found: Tensor = general(A)[0] if _wanted(A) else general_values(A)
    return found


# --- LU ---------------------------------------------------------------------------------------------------------------


@op(result=lambda input, pivot: (input.dtype, int32, int32))
def lu_factors(be: Any, input: Array, pivot: bool) -> Any:
    """L and U in one matrix, the swaps of rows, and where U's diagonal is first zero."""
    return run(_MODULE, "lu_factors", be, input, pivot)


@op(result=int64)
def row_order(be: Any, pivots: Array, rows: int) -> Any:
    """The order of rows that the swaps lead to."""
    return run(_MODULE, "row_order", be, pivots, rows)


def _packed_backward(g: Tensor, out: Tensor) -> Tensor:
    upper = triu(out)
    inner = tril(mH(_unit_lower(out)) @ tril(g, -1), -1) + triu(triu(g) @ mH(upper))
    left = triangular(mH(_unit_lower(out)), inner, True, True)
    return mH(triangular(upper, mH(left), True, False))


def _unit_lower(packed: Tensor) -> Tensor:
    return tril(packed, -1) + identity(packed._shape[-1], packed)


@op(name="LuFactorBackward0", input=lambda g, out: _packed_backward(g, out))
def _packed(be: Any, input: Array, factors: Array) -> Any:
    """`factors`, which are L and U of the square matrices `input`, no rows swapped."""
    return be.copy(factors)


def factor(A: Tensor, pivot: bool) -> tuple[Tensor, Tensor, Tensor]:
    """L and U in one matrix, differentiable; the swaps of rows; where U's diagonal is first zero."""
    packed, pivots, info = lu_factors(A.detach(), pivot)
    if not _wanted(A):
        return packed, pivots, info
    *_, m, n = A._shape
    k = min(m, n)
    order = row_order(pivots, m)
    rows = A.gather(-2, order.unsqueeze(-1).expand(A._shape))
    square = _packed(rows[..., :k, :k], packed[..., :k, :k])
    if n > k:
        square = cat([square, triangular(_unit_lower(square), rows[..., k:], False, True)], -1)
    elif m > k:
        square = cat([square, mH(triangular(mH(triu(square)), mH(rows[..., k:, :]), False, False))], -2)
    return square, pivots, info


_LU = named("linalg_lu", "P", "L", "U")
_LU_FACTOR = named("linalg_lu_factor", "LU", "pivots")
_LU_FACTOR_EX = named("linalg_lu_factor_ex", "LU", "pivots", "info")
_LU_UNPACK = named("lu_unpack", "P", "L", "U")


def _check_lu(name: str, A: Tensor) -> None:
    check_tensor(name, A)
    if len(A._shape) < 2:
        raise RuntimeError(f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A._shape)} instead")
    check_supported("lu_cpu", A)


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """`lu_factor`, and an int32 `info`: 0, or the place of the first zero on U's diagonal."""
    _check_lu("torch.lu_factor_ex", A)
    packed, pivots, info = factor(A, pivot)
    if check_errors:
        _raise_zero("torch.linalg.lu_factor_ex", info)
    return _LU_FACTOR_EX(packed, pivots, info)


def _raise_zero(name: str, info: Tensor) -> None:
    problem = failed(info)
    if problem is not None:
        where, i = problem
        raise RuntimeError(
            f"{name}: {where}U[{i},{i}] is zero and using it on lu_solve would result in a division by zero. If you "
            "still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
            "linalg.lu_factor_ex(A, pivot)"
        )


def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """L and U of P L U = A in one matrix (L below the diagonal), and int32 `pivots`, counted from 1.

    Raises:
        RuntimeError: U has a zero on its diagonal.
    """
    _check_lu("torch.lu_factor", A)
    packed, pivots, info = factor(A, pivot)
    _raise_zero("torch.linalg.lu_factor", info)
    return _LU_FACTOR(packed, pivots)


def permutation(pivots: Tensor, rows: int, like: Tensor) -> Tensor:
    """The matrix P of P L U = A."""
    order = row_order(pivots, rows)
    return transpose(identity(rows, like.detach())[order], -2, -1)


def _lower_upper(packed: Tensor) -> tuple[Tensor, Tensor]:
    *_, m, n = packed._shape
    k = min(m, n)
    lower, upper = packed[..., :k], packed[..., :k, :]
    one = identity(m, packed.detach())[:, :k]
    return tril(lower, -1) + one, triu(upper)


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    """P, L and U from what `lu_factor` gives; what is not asked for is an empty tensor."""
    if LU_pivots.dtype is not int32:
        raise RuntimeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\nNote: this function "
            "is intended to be used with the output produced by torch.linalg.lu_factor"
        )
    lower, upper = _lower_upper(LU_data) if unpack_data else (LU_data.new_empty(0), LU_data.new_empty(0))
    swaps = permutation(LU_pivots, LU_data._shape[-2], LU_data) if unpack_pivots else LU_data.new_empty(0)
    return _LU_UNPACK(swaps, lower, upper)


def lu(A: Tensor, *, pivot: bool = True) -> Any:
    """P, L and U with A = P L U: a permutation, unit lower and upper triangular; P is empty without `pivot`."""
    _check_lu("linalg.lu", A)
    packed, pivots, _ = factor(A, pivot)
    swaps = permutation(pivots, A._shape[-2], A) if pivot else A.new_empty(0)
    return _LU(swaps, *_lower_upper(packed))


for _f in (triangular, cholesky_factor, orthogonal, singular, symmetric, general, _packed):
    _f.op.conjugated = True  # type: ignore[attr-defined]
