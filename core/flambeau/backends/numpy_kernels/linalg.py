"""Matrix decompositions and solvers on NumPy: LAPACK's where `numpy.linalg` has them, written out where it has not.

Every function takes stacks of matrices, empty ones too, and returns arrays in C order. Failures are told as LAPACK does,
by an `info` of each matrix (int32, 0 where all went well), so that the core can raise PyTorch's errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..protocol import Array

_LEAF = 32
"""Triangular systems of at most this size are solved row by row, larger ones by halves."""


def _dense(x: Any) -> Array:
    return np.ascontiguousarray(x)


def stacked(a: Array, rank: int = 2) -> Array:
    """All but the last `rank` dimensions as one, also where there are no elements."""
    lead = a.ndim - rank
    return a.reshape(math.prod(a.shape[:lead]), *a.shape[lead:])


def lu_factor(a: Array, pivot: bool = True) -> tuple[Array, Array, Array]:
    """L and U in one matrix, the rows swapped at each step (int32, from 1), and the first zero on U's diagonal."""
    *batch, m, n = a.shape
    k = min(m, n)
    work = stacked(a).copy()
    count = len(work)
    each = np.arange(count)
    pivots = np.tile(np.arange(1, k + 1, dtype=np.int32), (count, 1))
    info = np.zeros(count, np.int32)
    for j in range(k):
        if pivot:
            column = work[:, j:, j]
            size = np.abs(column.real) + np.abs(column.imag) if work.dtype.kind == "c" else np.abs(column)
            row = j + np.argmax(size, axis=1)
            pivots[:, j] = row + 1
            work[each, j], work[each, row] = work[each, row], work[each, j].copy()
        head = work[:, j, j]
        info[(head == 0) & (info == 0)] = j + 1
        factor = work[:, j + 1 :, j] / np.where(head == 0, 1, head)[:, None]
        work[:, j + 1 :, j] = factor
        work[:, j + 1 :, j + 1 :] -= factor[:, :, None] * work[:, j, None, j + 1 :]
    return work.reshape(a.shape), pivots.reshape(*batch, k), info.reshape(tuple(batch))


def row_order(pivots: Array, rows: int) -> Array:
    """The order of rows that successive swaps lead to, int64: row i of the result is row `order[i]` before."""
    *batch, k = pivots.shape
    swaps = stacked(pivots, 1).astype(np.int64) - 1
    order = np.tile(np.arange(rows), (len(swaps), 1))
    each = np.arange(len(swaps))
    for j in range(k):
        other = swaps[:, j]
        order[each, j], order[each, other] = order[each, other], order[each, j].copy()
    return order.reshape(*batch, rows)


def solve_triangular(a: Array, b: Array, upper: bool, unit: bool) -> Array:
    """X of A X = B, A triangular (the other triangle is not read); zeros on its diagonal give infinities."""
    shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    x = np.broadcast_to(b, (*shape, *b.shape[-2:])).copy()
    _substitute(np.broadcast_to(a, (*shape, *a.shape[-2:])), x, upper, unit)
    return x


def _substitute(a: Array, x: Array, upper: bool, unit: bool) -> None:
    n = a.shape[-1]
    if n > _LEAF:
        half = n // 2
        first, second = (slice(half, n), slice(0, half)) if upper else (slice(0, half), slice(half, n))
        _substitute(a[..., first, first], x[..., first, :], upper, unit)
        x[..., second, :] -= a[..., second, first] @ x[..., first, :]
        _substitute(a[..., second, second], x[..., second, :], upper, unit)
        return
    for i in range(n - 1, -1, -1) if upper else range(n):
        known = slice(i + 1, n) if upper else slice(0, i)
        if known.start < known.stop:
            x[..., i : i + 1, :] -= a[..., i : i + 1, known] @ x[..., known, :]
        if not unit:
            x[..., i, :] /= a[..., i, i, None]


def lu_solve(lu: Array, pivots: Array, b: Array) -> Array:
    """X of A X = B, A as `lu_factor` left it."""
    shape = np.broadcast_shapes(lu.shape[:-2], b.shape[:-2])
    order = np.broadcast_to(row_order(pivots, lu.shape[-1]), (*shape, lu.shape[-1]))
    b = np.take_along_axis(np.broadcast_to(b, (*shape, *b.shape[-2:])), order[..., None], -2)
    return solve_triangular(lu, solve_triangular(lu, b, False, True), True, False)


def cholesky_solve(b: Array, factor: Array, upper: bool) -> Array:
    """X of A X = B, where A has the Cholesky factor `factor`: lower, or `upper`."""
    lower = factor.conj().swapaxes(-1, -2) if upper else factor
    return solve_triangular(lower.conj().swapaxes(-1, -2), solve_triangular(lower, b, False, False), True, False)


def solve(a: Array, b: Array) -> tuple[Array, Array]:
    """X of A X = B and, for each matrix, the place of the first zero pivot."""
    try:
        return _dense(np.linalg.solve(a, b)), np.zeros(a.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        lu, pivots, info = lu_factor(a)
        return lu_solve(lu, pivots, b), info


def inverse(a: Array) -> tuple[Array, Array]:
    """The inverse and, for each matrix, the place of the first zero pivot."""
    try:
        return _dense(np.linalg.inv(a)), np.zeros(a.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        lu, pivots, info = lu_factor(a)
        return lu_solve(lu, pivots, np.eye(a.shape[-1], dtype=a.dtype)), info


def determinant(a: Array) -> Array:
    return np.asarray(np.linalg.det(a))


def sign_log_determinant(a: Array) -> tuple[Array, Array]:
    sign, logarithm = np.linalg.slogdet(a)
    return np.asarray(sign), np.asarray(logarithm)


def cholesky_factor(a: Array, upper: bool) -> tuple[Array, Array]:
    """L of A = L Lᴴ, of the lower triangle of A or the upper, and the order of the first minor that is not positive."""
    if upper:
        a = a.conj().swapaxes(-1, -2)
    info = np.zeros(a.shape[:-2], np.int32)
    try:
        return _dense(np.linalg.cholesky(a)), info
    except np.linalg.LinAlgError:
        factor = np.tril(a)
        for matrix, index in zip(stacked(factor), np.ndindex(*a.shape[:-2]), strict=True):
            info[index] = _cholesky_of_one(matrix)
        return factor, info


def _cholesky_of_one(matrix: Array) -> int:
    """Overwrites one lower triangle by its factor, up to where that fails."""
    for j in range(len(matrix)):
        row = matrix[j, :j]
        head = (matrix[j, j] - np.dot(row.conj(), row)).real
        if not head > 0:
            matrix[j, j] = head
            return j + 1
        matrix[j, j] = head = np.sqrt(head)
        matrix[j + 1 :, j] = (matrix[j + 1 :, j] - matrix[j + 1 :, :j] @ row.conj()) / head
    return 0


def orthogonal(a: Array, mode: str) -> tuple[Array, Array]:
    """Q and R of A = Q R; of mode "r", Q is empty."""
    if mode == "r":
        return np.empty(0, a.dtype), _dense(np.linalg.qr(a, "r"))
    q, r = np.linalg.qr(a, mode)  # type: ignore[call-overload]
    return _dense(q), _dense(r)


def reflectors(a: Array) -> tuple[Array, Array]:
    """QR as LAPACK leaves it: R above the reflectors' vectors, and their factors."""
    h, tau = np.linalg.qr(a, "raw")
    return _dense(h.swapaxes(-1, -2)), _dense(tau)


def singular(a: Array, full: bool) -> tuple[Array, Array, Array]:
    """U, S and Vᴴ; of a matrix that has no finite ones, nan."""
    m, n = a.shape[-2:]
    try:
        if n and m >= 1.3 * n:  # where Intel's LAPACK, which PyTorch uses, begins with QR: it decides on signs
            q, r = np.linalg.qr(a, "complete" if full else "reduced")
            u, s, vh = np.linalg.svd(r[..., :n, :])
            u = np.concatenate((q[..., :n] @ u, q[..., n:]), -1)
        else:
            u, s, vh = np.linalg.svd(a, full)
    except np.linalg.LinAlgError:
        k = min(m, n)
        rows, columns = (m, n) if full else (k, k)
        batch = a.shape[:-2]
        nan = np.asarray(math.nan, a.dtype)
        real = a.real.dtype
        return np.full((*batch, m, rows), nan), np.full((*batch, k), math.nan, real), np.full((*batch, columns, n), nan)
    return _dense(u), _dense(s), _dense(vh)


def singular_values(a: Array) -> Array:
    try:
        return _dense(np.linalg.svd(a, compute_uv=False))
    except np.linalg.LinAlgError:
        return np.full((*a.shape[:-2], min(a.shape[-2:])), math.nan, a.real.dtype)


def symmetric(a: Array, triangle: str) -> tuple[Array, Array]:
    """Eigenvalues, smallest first, and eigenvectors of a symmetric or Hermitian matrix, given by one triangle."""
    try:
        values, vectors = np.linalg.eigh(a, triangle)  # type: ignore[call-overload]
    except np.linalg.LinAlgError:
        return np.full(a.shape[:-1], math.nan, a.real.dtype), np.full(a.shape, math.nan, a.dtype)
    return _dense(values), _dense(vectors)


def symmetric_values(a: Array, triangle: str) -> Array:
    return _dense(np.linalg.eigvalsh(a, triangle))  # type: ignore[call-overload]


def _complex(a: Array) -> Any:
    return np.result_type(a.dtype, np.complex64)


def general(a: Array) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors, complex, of any square matrix."""
    values, vectors = np.linalg.eig(a)
    return values.astype(_complex(a), "C"), vectors.astype(_complex(a), "C")


def general_values(a: Array) -> Array:
    return np.linalg.eigvals(a).astype(_complex(a), "C")


_PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
    670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip


def matrix_exponential(a: Array) -> Array:
    """exp(A), by a Padé approximant of A / 2**s, squared s times. Source: Higham, SIAM J. Matrix Anal. 26, 2005."""
    if not a.size:
        return a.copy()
    norm = np.abs(a).sum(-2).max(-1)
    finite = np.where(np.isfinite(norm), norm, 0.0)
    squarings = np.maximum(np.ceil(np.log2(np.maximum(finite, 1e-30) / 5.37)), 0).astype(int)
    wide = np.result_type(a.dtype, np.float64)
    x = a.astype(wide) / (2.0**squarings)[..., None, None]
    one = np.eye(a.shape[-1], dtype=wide)
    b = _PADE
    x2 = x @ x
    x4 = x2 @ x2
    x6 = x4 @ x2
    odd = x @ (x6 @ (b[13] * x6 + b[11] * x4 + b[9] * x2) + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * one)
    even = x6 @ (b[12] * x6 + b[10] * x4 + b[8] * x2) + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * one
    result = np.linalg.solve(even - odd, even + odd)
    for step in range(int(squarings.max())):
        result = np.where((squarings > step)[..., None, None], result @ result, result)
    return np.asarray(result.astype(a.dtype), order="C")


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "lu_factors": lu_factor,
    "row_order": row_order,
    "triangular": solve_triangular,
    "solve_factored": lu_solve,
    "solution": solve,
    "inverse_info": inverse,
    "determinant": determinant,
    "sign_log_determinant": sign_log_determinant,
    "cholesky_factor": cholesky_factor,
    "cholesky_solution": cholesky_solve,
    "cholesky_inverted": lambda a, upper: cholesky_solve(np.eye(a.shape[-1], dtype=a.dtype), a, upper),
    "orthogonal": orthogonal,
    "reflectors": reflectors,
    "singular": singular,
    "singular_values": singular_values,
    "symmetric": symmetric,
    "symmetric_values": symmetric_values,
    "general": general,
    "general_values": general_values,
    "matrix_exponential": matrix_exponential,
}

KERNELS: dict[str, Callable[..., Any]] = {n: np.errstate(all="ignore")(f) for n, f in _FUNCTIONS.items()}
