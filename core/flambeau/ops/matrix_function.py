"""Norms, powers, exponentials and products of matrices, by the ops of other files.

Source: https://docs.pytorch.org/docs/stable/linalg.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import dtype, float32
from ..shape import wrap_dim, wrap_dims
from . import pointwise, reduction
from .creation import tril
from .decomposition import svdvals
from .joining import cat, stack
from .matrix import as_shape, check_floating, check_matrix, check_square, check_tensor, identity, mH
from .node_names import recorded_as
from .on_host import run
from .op import op
from .solving import inv, inverse_info, solve
from .views import diagonal as _diagonal
from .views import movedim, reshape, unsqueeze

Dims = int | Sequence[int] | None

# --- norms ------------------------------------------------------------------------------------------------------------


def _check_norm(name: str, x: Tensor, kind: dtype | None) -> None:
    check_tensor(name, x)
    if x.dtype.priority < 2:
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {x.dtype.legacy_name}")
    if kind is not None and kind.priority < 2:
        raise RuntimeError(f"{name}: dtype should be floating point or complex. Got {kind!r}")


@recorded_as("LinalgVectorNormBackward0")
def vector_norm(
    x: Tensor, ord: Any = 2, dim: Dims = None, keepdim: bool = False, *, dtype: dtype | None = None
) -> Tensor:
    """(sum |x|**ord)**(1/ord) over all elements or some dimensions; inf and -inf are the extremes, 0 counts non-zeros."""
    _check_norm("linalg.vector_norm", x, dtype)
    if not isinstance(ord, (int, float)):
        raise TypeError(f"linalg_vector_norm(): argument 'ord' (position 2) must be Number, not {type(ord).__name__}")
    if ord < 0 or ord == math.inf:
        axes = wrap_dims(dim, len(x._shape))
        if any(not x._shape[a] for a in axes):
            shown = f"{ord:g}"
            if not axes or dim is None or dim == ():
                raise RuntimeError(
                    f"linalg.vector_norm cannot compute the {shown} norm on an empty tensor because the operation does "
                    "not have an identity"
                )
            empty = next(a for a in axes if not x._shape[a])
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {shown} norm on the dimension {empty}because this dimension is "
                "empty and the operation does not have an identity"
            )
    if dim == ():
        dim = None
    return reduction.norm(x.abs() if x.dtype.is_complex else x, float(ord), dim, keepdim, dtype=dtype)


def matrix_norm(
    A: Tensor,
    ord: Any = "fro",
    dim: Sequence[int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
) -> Tensor:
    """The norm of each matrix: "fro", "nuc" (sum of singular values), 2 and -2 (extreme ones), 1 and -1 (sums of
    columns), inf and -inf (sums of rows).
    """
    name = "linalg.matrix_norm"
    check_matrix(name, A)
    _check_norm(name, A, dtype)
    if len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    first, second = (wrap_dim(d, len(A._shape)) for d in dim)
    if first == second:
        raise RuntimeError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    if isinstance(ord, str) and ord not in ("fro", "nuc"):
        raise RuntimeError(f"{name}: Order {ord} not supported.")
    if not isinstance(ord, str) and abs(ord) not in (1, 2, math.inf):
        raise RuntimeError(f"{name}: Order {ord:g} not supported.")
    if ord == "fro":
        return vector_norm(A, 2, (first, second), keepdim, dtype=dtype)
    x = A if dtype is None else A.to(dtype)
    if ord == "nuc" or abs(ord) == 2:
        values = svdvals(movedim(x, (first, second), (-2, -1)))
        if ord == "nuc" or (not values._shape[-1] and ord == 2):
            found = values.sum(-1)
        else:
            found = values.amax(-1) if ord > 0 else values.amin(-1)
        return _kept(found, first, second) if keepdim else found
    summed, kept = (first, second) if abs(ord) == 1 else (second, first)
    sums = vector_norm(x, 1, summed, True)
    if not sums._shape[kept] and ord > 0:
        found = sums.sum((summed, kept), True)
    else:
        found = sums.amax(kept, True) if ord > 0 else sums.amin(kept, True)
    return found if keepdim else found.squeeze((first, second))


def _kept(x: Tensor, first: int, second: int) -> Tensor:
    low, high = sorted((first, second))
    return unsqueeze(unsqueeze(x, low), high)


def norm(A: Tensor, ord: Any = None, dim: Dims = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """A vector norm (one dimension, or `ord` None) or a matrix norm (two dimensions)."""
    _check_norm("linalg.norm", A, dtype)
    if dim is not None:
        dims = (dim,) if isinstance(dim, int) else tuple(dim)
        if len(dims) not in (1, 2):
            raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {as_shape(dims)}")
    elif ord is not None:
        rank = len(A._shape)
        if rank not in (1, 2):
            raise RuntimeError(
                f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {rank}D."
            )
        dims = tuple(range(rank))
    else:
        return vector_norm(A, 2, None, keepdim, dtype=dtype)
    if ord is None:
        return vector_norm(A, 2, dims, keepdim, dtype=dtype)
    if len(dims) == 2:
        return matrix_norm(A, ord, dims, keepdim, dtype=dtype)
    if isinstance(ord, str):
        return matrix_norm(A, ord, dims, keepdim, dtype=dtype)
    return vector_norm(A, ord, dims, keepdim, dtype=dtype)


def cond(A: Tensor, p: Any = None) -> Tensor:
    """The condition number |A| |A⁻¹| in the matrix norm `p` (default 2); inf where A is singular."""
    if len(A._shape) < 2:
        raise RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    if isinstance(p, str) and p not in ("fro", "nuc"):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    if not min(A._shape[-2:]):
        return A.abs().sum((-2, -1))
    if p is None or p in (2, -2):
        values = svdvals(A)
        first, last = values[..., 0], values[..., -1]
        return last / first if p == -2 else first / last
    check_square(f"linalg.cond({'frobenius' if p == 'fro' else p})", A)
    inverse, info = inverse_info(A)
    found = matrix_norm(A, p) * matrix_norm(inverse, p)
    return pointwise.where(info != 0, math.inf, found) if bool((info != 0).any()) else found


# --- powers and exponentials ------------------------------------------------------------------------------------------


def matrix_power(A: Tensor, n: int) -> Tensor:
    """A multiplied with itself n times; n < 0 is a power of the inverse, 0 the identity."""
    check_square("linalg.matrix_power", A)
    if not isinstance(n, int):
        raise TypeError(f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    if n == 0:
        return A.clone().copy_(identity(A._shape[-1], A.detach()).expand(A._shape))
    if n < 0:
        return matrix_power(inv(A), -n)
    found = None
    square = A
    while True:
        if n & 1:
            found = square if found is None else found @ square
        n >>= 1
        if not n:
            assert found is not None, "n has a highest bit"
            return found.clone() if found is A else found
        square = square @ square


def _exponential_backward(g: Tensor, input: Tensor) -> Tensor:
    # exp of [[A, G], [0, A]] holds the derivative at A in direction G. Source: Al-Mohy and Higham, 2009.
    a = mH(input)
    n = a._shape[-1]
    whole = cat([cat([a, g], -1), cat([a * 0, a], -1)], -2)
    return matrix_exponential(whole)[..., :n, n:]


@op(name="LinalgMatrixExpBackward0", input=lambda g, input: _exponential_backward(g, input))
def matrix_exponential(be: Any, input: Array) -> Any:
    """exp of each square matrix."""
    return run("linalg", "matrix_exponential", be, input)


def matrix_exp(A: Tensor) -> Tensor:
    """The sum of Aᵏ / k! of each square matrix."""
    check_square("linalg.matrix_exp", A)
    if A.dtype.priority < 2:
        check_floating("linalg.matrix_exp", A)
    if A.dtype.itemsize < 4:
        return matrix_exponential(A.to(float32)).to(A.dtype)
    found: Tensor = matrix_exponential(A)
    return found


# --- products ---------------------------------------------------------------------------------------------------------


@recorded_as("LinalgCrossBackward0")
def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector product along a dimension of length 3; other dimensions broadcast."""
    if len(input._shape) != len(other._shape):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    axis = wrap_dim(dim, len(input._shape))
    if input._shape[axis] != 3 or other._shape[axis] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input._shape[axis]} and "
            f"{other._shape[axis]}"
        )
    x = [input.select(axis, i) for i in range(3)]
    y = [other.select(axis, i) for i in range(3)]
    return stack([x[i] * y[j] - x[j] * y[i] for i, j in ((1, 2), (2, 0), (0, 1))], axis)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The sum of conj(x) * y along a dimension."""
    check_tensor("linalg.vecdot", x, 1, "x")
    if x._shape != y._shape and len(x._shape) == len(y._shape) == 1:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{x._shape[0]}] and src [{y._shape[0]}] to have the same number "
            f"of elements, but got {x._shape[0]} and {y._shape[0]} elements respectively"
        )
    return ((x.conj() if x.dtype.is_complex else x) * y).sum(dim)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of each matrix, a view."""
    return _diagonal(A, offset, dim1, dim2)


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of two and more matrices, bracketed so that it is cheapest; the first and last may be vectors."""
    n = len(tensors)
    if n < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {n}")
    parts = list(tensors)
    squeezed: list[int] = []
    for end, label in ((0, "first"), (n - 1, "last")):
        rank = len(parts[end]._shape)
        if rank not in (1, 2):
            raise RuntimeError(f"multi_dot(): the {label} tensor must be 1D or 2D but got {rank}D")
        if rank == 1:
            parts[end] = unsqueeze(parts[end], 0 if end == 0 else 1)
            squeezed.append(0 if end == 0 else -1)
    for i, x in enumerate(parts):
        if len(x._shape) != 2:
            raise RuntimeError(f"multi_dot(): tensor {i} must be 2D but got {len(x._shape)}D")
    for i in range(n - 1):
        if parts[i]._shape[1] != parts[i + 1]._shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {as_shape(parts[i]._shape)} and "
                f"{as_shape(parts[i + 1]._shape)} cannot be multiplied"
            )
    sizes = [parts[0]._shape[0], *[x._shape[1] for x in parts]]
    cost = [[0] * n for _ in range(n)]
    cut = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            options = [(cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)]
            cost[i][j], cut[i][j] = min(options)

    def product(i: int, j: int) -> Tensor:
        return parts[i] if i == j else product(i, cut[i][j]) @ product(cut[i][j] + 1, j)

    found = product(0, n - 1)
    for axis in squeezed[::-1]:
        found = found.squeeze(axis)
    return found


def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Powers 0 .. N - 1 of each element along a new last dimension; N is by default the length of the last one.

    Raises:
        RuntimeError: `N` is not greater than 1.
    """
    if N is not None and N <= 1:
        raise RuntimeError("N must be greater than 1.")
    if not x._shape:
        x = unsqueeze(x, 0)
    count = x._shape[-1] if N is None else N
    power = x.new_ones((*x._shape, 1))
    repeated = unsqueeze(x, -1).expand((*x._shape, count - 1))
    return cat([power, repeated.cumprod(-1)], -1)


def householder_product(A: Tensor, tau: Tensor) -> Tensor:
    """The first n columns of the product of reflectors I - tau_i v_i v_iᴴ, v_i below the diagonal of column i of A."""
    name = "torch.linalg.householder_product"
    if len(A._shape) < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    m, n = A._shape[-2:]
    if m < n:
        raise RuntimeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if tau._shape[-1] > n:
        raise RuntimeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if tau.dtype is not A.dtype:
        raise RuntimeError(
            f"{name}: tau dtype {tau.dtype.legacy_name} does not match input dtype {A.dtype.legacy_name}"
        )
    if len(A._shape) - len(tau._shape) != 1:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to "
            f"{len(tau._shape)} and input.ndim is equal to {len(A._shape)}"
        )
    start = identity(m, A.detach())[:, :n].expand((*A._shape[:-2], m, n))
    return _reflected(A, tau, start, range(tau._shape[-1] - 1, -1, -1))


def _reflected(A: Tensor, tau: Tensor, x: Tensor, order: Any, adjoint: bool = False) -> Tensor:
    """`x` multiplied from the left by reflectors, one after another."""
    m = A._shape[-2]
    below = tril(A, -1)
    one = identity(m, A.detach())
    for i in order:
        v = below[..., i : i + 1] + one[:, i : i + 1]
        scale = tau[..., i : i + 1].unsqueeze(-1)
        if adjoint and scale.dtype.is_complex:
            scale = scale.conj()
        x = x - scale * (v @ (mH(v) @ x))
    return x if len(order) else x - below[..., :0] @ (tau.unsqueeze(-1) * (mH(below[..., :0]) @ x))


def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
    """Q @ other, Qᴴ @ other (`transpose`), or with Q on the right, where Q is the square product of reflectors."""
    name = "torch.ormqr"
    if len(input._shape) < 2 or len(other._shape) < 2:
        which = "input" if len(input._shape) < 2 else "other"
        raise RuntimeError(f"{name}: {which} must have at least 2 dimensions.")
    size = -2 if left else -1
    if other._shape[size] < tau._shape[-1]:
        raise RuntimeError(f"{name}: other.shape[{size}] must be greater than or equal to tau.shape[-1]")
    if other._shape[size] != input._shape[-2]:
        raise RuntimeError(f"{name}: other.shape[{size}] must be equal to input.shape[-2]")
    if tau._shape[-1] != min(other._shape[size], input._shape[-1]):
        raise RuntimeError(f"{name}: tau.shape[-1] must be equal to min(other.shape[{size}], input.shape[-1])")
    if not left:
        return mH(ormqr(input, tau, mH(other), True, not transpose))
    if not other.numel():  # no gradient, rather than one of zeros, for what is not looked at
        input, tau = input.detach(), tau.detach()
    steps = range(tau._shape[-1]) if transpose else range(tau._shape[-1] - 1, -1, -1)
    return _reflected(input, tau, other, steps, transpose)


# --- equations of tensors ---------------------------------------------------------------------------------------------


def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """X with tensordot(A, X, X.ndim) = B; `dims` of A are moved to its end first."""
    rank = len(A._shape)
    if dims is not None:
        moved = [wrap_dim(d, rank) for d in dims]
        A = movedim(A, moved, list(range(rank - len(moved), rank)))
    shape = A._shape[len(B._shape) :]
    unknowns, equations = math.prod(shape), math.prod(A._shape[: len(B._shape)])
    if unknowns != equations:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {unknowns} != {equations}"
        )
    return reshape(solve(reshape(A, (unknowns, unknowns)), reshape(B, (-1,))), shape)


def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of A as a map of its last dimensions to its first `ind`."""
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    first, last = A._shape[:ind], A._shape[ind:]
    n, m = math.prod(last), math.prod(first)
    if n != m:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{n} != {m}"
        )
    return reshape(inv(reshape(A, (m, n))), (*last, *first))


for _f in (matrix_exponential,):
    _f.op.conjugated = True  # type: ignore[attr-defined]
