"""Systems of linear equations, inverses and determinants.

Source: https://docs.pytorch.org/docs/stable/linalg.html
"""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import int32, int64
from . import pointwise
from .creation import triu
from .decomposition import (
    _check_eigh,
    _check_svd,
    _unit_lower,
    row_order,
    singular,
    singular_values,
    symmetric,
    symmetric_values,
    triangular,
)
from .matrix import (
    check_floating,
    check_matrix,
    check_square,
    check_tensor,
    eps,
    identity,
    mH,
    raise_singular,
    raise_unsupported,
    real_of,
    share_batch,
)
from .no_derivative import underivable
from .on_host import run
from .op import op
from .returned import named
from .views import transpose
from .vmap_levels import every

_MODULE = "linalg"

# --- inverse ----------------------------------------------------------------------------------------------------------


def _inverse_backward(g: Any, out: Any) -> Tensor | None:
    if g[0] is None:
        return None
    adjoint = mH(out[0])
    return -(adjoint @ g[0] @ adjoint)


@op(
    result=lambda input: (input.dtype, int32),
    name="LinalgInvExBackward0",
    input=lambda g, out: _inverse_backward(g, out),
)
def inverse_info(be: Any, input: Array) -> Any:
    """The inverse, and the place of the first zero pivot."""
    return run(_MODULE, "inverse_info", be, input)


_INV_EX = named("linalg_inv_ex", "inverse", "info")
_NOT_INVERTIBLE = (
    "The diagonal element {} is zero, the inversion could not be completed because the input matrix is singular."
)


def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """The inverse, and an int32 `info`: 0, or the place of a zero pivot where A is singular."""
    check_square("linalg.inv", A)
    check_floating("linalg.inv", A)
    found, info = inverse_info(A)
    if check_errors:
        raise_singular("linalg.inv_ex", info, _NOT_INVERTIBLE)
    return _INV_EX(found, info)


def inv(A: Tensor) -> Tensor:
    """The inverse of each square matrix.

    Raises:
        LinAlgError: a matrix is singular.
    """
    found, info = inv_ex(A)
    raise_singular("linalg.inv", info, _NOT_INVERTIBLE)
    result: Tensor = found
    return result


# --- solve ------------------------------------------------------------------------------------------------------------


def _solution_backward(g: Any, input: Tensor, out: Any) -> tuple[Tensor | None, Tensor | None]:
    if g[0] is None:
        return None, None
    of_other = solution(mH(input), g[0])[0]
    return -(of_other @ mH(out[0])), of_other


@op(
    result=lambda input, other: (input.dtype, int32),
    name="LinalgSolveExBackward0",
    jointly=lambda g, input, out: _solution_backward(g, input, out),
)
def solution(be: Any, input: Array, other: Array) -> Any:
    """X of A X = B, and the place of the first zero pivot. Batches agree."""
    return run(_MODULE, "solution", be, input, other)


def _check_pair(name: str, a: Tensor, b: Tensor, left: bool) -> None:
    check_square(name, a)
    check_matrix(name, b, "B")
    (n, _), (rows, columns) = a._shape[-2:], b._shape[-2:]
    if n != (rows if left else columns):
        equation = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {equation} ({n}x{n} and {rows}x{columns})"
        )


def _check_alike(name: str, a: Tensor, b: Tensor) -> None:
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"{name}: Expected A and B to have the same dtype, but found A of type {a.dtype.legacy_name} and B of type "
            f"{b.dtype.legacy_name} instead"
        )


_SOLVE_EX = named("linalg_solve_ex", "result", "info")


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """`solve`, and an int32 `info`: 0, or the place of a zero pivot where A is singular."""
    check_tensor("linalg.solve", A)
    check_tensor("linalg.solve", B, 2, "B")
    if A.dtype.priority < 2:
        check_floating("linalg.solve", A)
    _check_alike("linalg.solve", A, B)
    if len(A._shape) < 2:
        check_matrix("linalg.solve", A)
    vector = len(B._shape) == 1 or (len(B._shape) == len(A._shape) - 1 and B._shape == A._shape[:-1])
    if vector and not left:
        raise RuntimeError("linalg.solve: Vector broadcasting of the left hand side is not supported for left=False.")
    b = B.unsqueeze(-1) if vector else B
    _check_pair("linalg.solve", A, b, left)
    check_floating("linalg.solve", A, "lu_cpu")
    a, b = share_batch(A, b)
    if left:
        x, info = solution(a, b)
    else:
        x, info = solution(transpose(a, -2, -1), transpose(b, -2, -1))
        x = transpose(x, -2, -1)
    if check_errors:
        _raise_unsolved("torch.linalg.solve_ex", info)
    return _SOLVE_EX(x.squeeze(-1) if vector else x, info)


def _raise_unsolved(name: str, info: Tensor) -> None:
    raise_singular(name, info, "The solver failed because the input matrix is singular.")


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X of A X = B, or of X A = B: A is (..., n, n); B is (..., n, k), (n,), or (..., n) with the batch of A.

    Raises:
        LinAlgError: a matrix is singular.
    """
    x, info = solve_ex(A, B, left=left)
    _raise_unsolved("torch.linalg.solve", info)
    result: Tensor = x
    return result


def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """X of A X = B, or of X A = B, where A is triangular; its other triangle is not read.

    Args:
        unitriangular: take A's diagonal to be ones, whatever is there.
    """
    check_tensor("linalg.solve_triangular", A)
    check_tensor("linalg.solve_triangular", B, 2, "B")
    _check_alike("linalg.solve_triangular", A, B)
    _check_pair("linalg.solve_triangular", A, B, left)
    if A.dtype.priority < 2 or A.dtype.itemsize < 4:
        raise_unsupported("triangular_solve_cpu", A)
    a, b = share_batch(A, B)
    if left:
        return triangular(a, b, bool(upper), bool(unitriangular))
    x = triangular(transpose(a, -2, -1), transpose(b, -2, -1), not upper, bool(unitriangular))
    return transpose(x, -2, -1)


def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """X of A X = B, X A = B (not `left`), or with Aᴴ for A (`adjoint`), where `lu_factor` has A decomposed."""
    name = "linalg.lu_solve"
    _check_alike(name, LU, B)
    if pivots.dtype is not int32:
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type torch.int32")
    _check_pair(name, LU, B, left)
    if LU._shape[:-1] != pivots._shape:
        raise RuntimeError(f"{name}: Number of pivots per batch should be same as the dimension of the matrix")
    if not left:
        return mH(lu_solve(LU, pivots, mH(B), adjoint=not adjoint))
    packed, b = share_batch(LU, B)
    order = row_order(pivots, LU._shape[-1]).expand(packed._shape[:-1])
    lower, upper = _unit_lower(packed), triu(packed)
    if adjoint:
        x = triangular(mH(lower), triangular(mH(upper), b, False, False), True, True)
        order = order.argsort(-1)
        return x.gather(-2, order.unsqueeze(-1).expand(x._shape))
    rows = b.gather(-2, order.unsqueeze(-1).expand(b._shape))
    return triangular(upper, triangular(lower, rows, False, True), True, False)


def _of_factor(factor: Tensor, inner: Tensor, upper: bool) -> Tensor:
    """The gradient of a Cholesky factor: of all of it, though only one triangle was read, as PyTorch gives it."""
    inner = inner + mH(inner)
    return -(factor @ inner) if upper else -(inner @ factor)


def _cholesky_solution_backward(g: Tensor, factor: Tensor, out: Tensor, upper: bool) -> tuple[Tensor, Tensor]:
    of_other = cholesky_solution(g, factor, upper)
    return of_other, _of_factor(factor, of_other @ mH(out), upper)


@op(
    name="CholeskySolveBackward0",
    jointly=lambda g, factor, out, upper: _cholesky_solution_backward(g, factor, out, upper),
)
def cholesky_solution(be: Any, other: Array, factor: Array, upper: bool) -> Any:
    """X of A X = B with A's Cholesky factor. Batches agree."""
    return run(_MODULE, "cholesky_solution", be, other, factor, upper)


@op(
    name="CholeskyInverseBackward0",
    factor=lambda g, factor, out, upper: _of_factor(factor, out @ g @ out, upper),
)
def cholesky_inverted(be: Any, factor: Array, upper: bool) -> Any:
    """The inverse of A, of its Cholesky factor."""
    return run(_MODULE, "cholesky_inverted", be, factor, upper)


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X of A X = B, where L is the Cholesky factor of A (lower, or `upper`)."""
    for x, letter in ((B, "b"), (L, "u")):
        if len(x._shape) < 2:
            raise RuntimeError(
                f"{letter} should have at least 2 dimensions, but has {len(x._shape)} dimensions instead"
            )
    n, m = L._shape[-2:]
    if n != m:
        raise RuntimeError(f"A must be batches of square matrices, but they are {n} by {m} matrices")
    if B._shape[-2] != n:
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {n} by {n} but each b matrix is "
            f"{B._shape[-2]} by {B._shape[-1]}"
        )
    factor, b = share_batch(L, B)
    found: Tensor = cholesky_solution(b, factor, bool(upper))
    return found


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of the matrix whose Cholesky factor is L (lower, or `upper`)."""
    check_square("cholesky_inverse", L)
    found: Tensor = cholesky_inverted(L, bool(upper))
    return found


# --- symmetric indefinite matrices ------------------------------------------------------------------------------------


@op(result=lambda input: (input.dtype, int32, int32))
def ldl_factors(be: Any, input: Array) -> Any:
    """L and D in one matrix, the swaps, and where D is first zero."""
    return run("ldl", "ldl_factors", be, input)


@op()
def ldl_solution(be: Any, input: Array, pivots: Array, other: Array) -> Any:
    """X of A X = B. Batches agree."""
    return run("ldl", "ldl_solution", be, input, pivots, other)


_LDL_FACTOR = named("linalg_ldl_factor", "LD", "pivots")
_LDL_FACTOR_EX = named("linalg_ldl_factor_ex", "LD", "pivots", "info")


def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False) -> Any:
    """`ldl_factor`, and an int32 `info`: 0, or the place of the first zero on D's diagonal."""
    name = "torch.linalg.ldl_factor_ex"
    check_square(name, A)
    check_floating(name, A, "ldl_factor_kernel_cpu")
    if hermitian and A.dtype.is_complex:
        raise RuntimeError(f"{name}: complex Hermitian matrices are not supported, only symmetric ones")
    found = ldl_factors(A.detach())
    if check_errors:
        raise_singular(name, found[2], "D has a zero at {} on its diagonal.")
    factors = underivable(found[0], "linalg_ldl_factor_ex", A)
    return _LDL_FACTOR_EX(factors, *found[1:])


def ldl_factor(A: Tensor, *, hermitian: bool = False) -> Any:
    """L and D of A = L D Lᵀ in one matrix, and the swaps of rows, as LAPACK's `sytrf` leaves them.

    `A` is symmetric and need not be positive-definite; its lower triangle is read.
    """
    packed, pivots, _ = ldl_factor_ex(A, hermitian=hermitian)
    return _LDL_FACTOR(packed, pivots)


def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Tensor:
    """X of A X = B, where `ldl_factor` has A decomposed."""
    name = "torch.linalg.ldl_solve"
    check_square(name, LD)
    if len(B._shape) < 2:
        raise RuntimeError(
            f"{name}: Expected B to have at least 2 dimensions, but it has {len(B._shape)} dimensions instead"
        )
    packed, b = share_batch(LD.detach(), B.detach())
    found: Tensor = ldl_solution(packed, pivots.expand(packed._shape[:-1]), b)
    return underivable(found, "linalg_ldl_solve", LD, B)


# --- determinants -----------------------------------------------------------------------------------------------------


def _cofactors(input: Tensor, out: Tensor) -> Tensor:
    """The conjugate of d det(A) / dA. Where A is singular, from its singular values: no inverse is needed."""
    if bool(every(out != 0).all()):
        scale = out.conj() if out.dtype.is_complex else out
        return mH(inverse_info(input)[0]) * scale.unsqueeze(-1).unsqueeze(-1)
    u, s, vh = singular(input, False)
    n = s._shape[-1]
    one = identity(n, s.detach())
    others = (s.unsqueeze(-2) * (1 - one) + one).prod(-1)
    turn = determinant(u) * determinant(vh)
    turn = turn.conj() if turn.dtype.is_complex else turn
    return (u * others.unsqueeze(-2)) @ vh * turn.unsqueeze(-1).unsqueeze(-1)


@op(
    name="LinalgDetBackward0",
    input=lambda g, input, out: g.unsqueeze(-1).unsqueeze(-1) * _cofactors(input, out),
)
def determinant(be: Any, input: Array) -> Any:
    """The determinant."""
    return run(_MODULE, "determinant", be, input)


def det(A: Tensor) -> Tensor:
    """The determinant of each square matrix."""
    check_square("linalg.det", A)
    check_floating("linalg.det", A, "lu_cpu")
    found: Tensor = determinant(A)
    return found


def _slogdet_backward(g: Any, input: Tensor, out: Any) -> Tensor | None:
    of_sign, of_log = g
    if input.dtype.is_complex and of_sign is not None:
        turn = (of_sign.conj() * out[0]).imag
        scale = (of_log if of_log is not None else turn * 0) - turn * 1j
    elif of_log is None:
        return None
    else:
        scale = of_log
    return scale.unsqueeze(-1).unsqueeze(-1) * mH(inverse_info(input)[0])


@op(
    result=lambda input: (input.dtype, real_of(input.dtype)),
    name="LinalgSlogdetBackward0",
    input=lambda g, input, out: _slogdet_backward(g, input, out),
)
def sign_log_determinant(be: Any, input: Array) -> Any:
    """Sign and logarithm of the determinant."""
    return run(_MODULE, "sign_log_determinant", be, input)


_SLOGDET = named("linalg_slogdet", "sign", "logabsdet")


def slogdet(A: Tensor) -> Any:
    """The sign (of modulus 1, or 0) and the logarithm of the absolute value of the determinant."""
    check_square("linalg.slogdet", A)
    check_floating("linalg.slogdet", A)
    return _SLOGDET(*sign_log_determinant(A))


def logdet(A: Tensor) -> Tensor:
    """The logarithm of the determinant; nan where that is negative."""
    check_square("logdet", A)
    check_floating("logdet", A)
    sign, logarithm = sign_log_determinant(A)
    if A.dtype.is_complex:
        found: Tensor = logarithm + pointwise.log(sign)
        return found
    return pointwise.where(sign == -1.0, math.nan, logarithm)


# --- rank and pseudo-inverse ------------------------------------------------------------------------------------------


def _tolerance(values: Tensor, like: Tensor, atol: Any, rtol: Any) -> Any:
    """The largest of two tolerances, one of them relative to the largest of some values: (..., 1), or a number."""
    from .pointwise import maximum

    if rtol is None:
        rtol = 0.0 if atol is not None and _positive(atol) else eps(like) * max(like._shape[-2:])
    if atol is None:
        atol = 0.0
    largest = values.amax(-1)
    parts = [x if isinstance(x, Tensor) else largest.new_tensor(x) for x in (atol, rtol)]
    return maximum(parts[0].to(largest.dtype), parts[1].to(largest.dtype) * largest)


def _positive(x: Any) -> bool:
    return bool((x > 0).all()) if isinstance(x, Tensor) else x > 0


def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """How many singular values exceed max(atol, rtol * the largest), int64. `rtol` is by default max(m, n) * eps.

    Args:
        tol: the tolerance itself.
        hermitian: A is symmetric or Hermitian, and eigenvalues serve.
    """
    check_tensor("linalg.matrix_rank", A, 1, "input")
    if len(A._shape) < 2:
        raise RuntimeError("torch.linalg.matrix_rank: The input tensor input must have at least 2 dimensions.")
    if A.dtype.priority < 2 or A.dtype.itemsize < 4:
        raise RuntimeError("This function doesn't handle types other than float and double")
    a = A.detach()
    if hermitian:
        _check_eigh(a, "L")
    if not min(a._shape[-2:]) or not a.numel():
        return a.new_zeros(a._shape[:-2], dtype=int64)
    values = symmetric_values(a, "L").abs() if hermitian else singular_values(a)
    bound = tol if tol is not None else _tolerance(values, a, atol, rtol)
    if isinstance(bound, Tensor):
        bound = bound.unsqueeze(-1)
    return (values > bound).sum(-1)


def _pseudo_backward(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    # Source: Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973.
    m, n = input._shape[-2:]
    adjoint, g_adjoint = mH(out), mH(g)
    if m <= n:
        k = g_adjoint @ out
        along = k @ adjoint
        rest = g_adjoint - k @ input
        return -mH(out @ k) + along - (input @ out) @ along + (adjoint @ out) @ rest
    k = out @ g_adjoint
    along = adjoint @ k
    return -mH(k @ out) + (g_adjoint - input @ k) @ out @ adjoint + along - (along @ out) @ input


@op(name="LinalgPinvBackward0", input=lambda g, input, out: _pseudo_backward(g, input, out))
def _pseudo_inverse(be: Any, input: Array, inverse: Array) -> Any:
    """`inverse`, which is the pseudo-inverse of `input`."""
    return be.copy(inverse)


def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The Moore-Penrose inverse: (..., m, n) gives (..., n, m).

    Singular values up to max(atol, rtol * the largest) count as 0; `rcond` is another name of `rtol`.
    """
    if A.dtype.priority < 2 or A.dtype.itemsize < 4 or len(A._shape) < 2:
        raise RuntimeError(
            f"linalg.pinv({A.dtype.legacy_name}{{{list(A._shape)}}}): expected a tensor with 2 or more dimensions of "
            "float, double, cfloat or cdouble types"
        )
    a = A.detach()
    rtol = rcond if rtol is None else rtol
    if not A.numel():
        return _pseudo_inverse(A, a.new_empty((*a._shape[:-2], a._shape[-1], a._shape[-2])))
    if hermitian:
        _check_eigh(a, "L")
        values, u = symmetric(a, "L")
        sizes, vh = values.abs(), mH(u)
    else:
        _check_svd(a)
        u, values, vh = singular(a, False)
        sizes = values
    bound = _tolerance(sizes, a, atol, rtol).unsqueeze(-1)
    factors = pointwise.where(sizes > bound, 1 / values, 0.0).to(a.dtype)
    found: Tensor = _pseudo_inverse(A, mH(vh) @ (factors.unsqueeze(-1) * mH(u)))
    return found


_LSTSQ = named("linalg_lstsq", "solution", "residuals", "rank", "singular_values")


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """X that minimises |A X - B|, and of those the smallest; B is (..., m, k), or (..., m).

    The other fields are empty where PyTorch's driver does not compute them: `residuals` (squared, of each column) for
    "gelsy", the default; `rank` for "gels"; `singular_values` for all but "gelsd" and "gelss".
    """
    name = "torch.linalg.lstsq"
    if len(A._shape) < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if not B._shape:
        raise RuntimeError(f"{name}: other must have at least 1 dimension.")
    if A.dtype is not B.dtype:
        raise RuntimeError(
            f"{name}: Expected input and other to have the same dtype, but got input's dtype {A.dtype.legacy_name} and "
            f"other's dtype {B.dtype.legacy_name}"
        )
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    vector = len(B._shape) == len(A._shape) - 1 and B._shape == A._shape[:-1]
    b = B.unsqueeze(-1) if vector else B
    if len(b._shape) < 2 or b._shape[-2] != A._shape[-2]:
        shown = "-1" if vector or len(b._shape) < 2 else "-2"
        raise RuntimeError(f"{name}: input.size(-2) should match other.size({shown})")
    driver = driver or "gelsy"
    a, b = share_batch(A, b)
    m, n = a._shape[-2:]
    rtol = rcond if rcond is not None else eps(a) * max(m, n)
    x = pinv(a, rtol=rtol) @ b
    ranks = matrix_rank(a, rtol=rtol)
    nothing = x.reshape(-1)[:0]
    values = singular_values(a.detach()) if driver in ("gelsd", "gelss") else nothing.detach().abs()
    residuals = nothing.abs()
    if m > n and driver != "gelsy" and bool((ranks == n).all()):
        residuals = (a @ x - b).abs().pow(2).sum(-2)
    rank = A.new_empty(0, dtype=int64) if driver == "gels" else ranks
    return _LSTSQ(x.squeeze(-1) if vector else x, residuals, rank, values)


for _f in (
    inverse_info,
    solution,
    determinant,
    sign_log_determinant,
    _pseudo_inverse,
    cholesky_solution,
    cholesky_inverted,
):
    _f.op.conjugated = True  # type: ignore[attr-defined]
