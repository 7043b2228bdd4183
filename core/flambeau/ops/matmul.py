"""Products of vectors and matrices.

Source: https://docs.pytorch.org/docs/stable/torch.html#blas-and-lapack-operations
"""

from __future__ import annotations

import math
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from ..dtype import C_NAMES
from ..shape import broadcast_shapes
from .node_names import name_node, recorded_as
from .op import op, store
from .reduction import sum_to_size
from .views import expand, reshape, squeeze, transpose, unsqueeze


def _check(name: str, a: Tensor, b: Tensor) -> None:
    for position, (x, argument) in enumerate(((a, "input"), (b, _SECOND.get(name, "mat2"))), start=1):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"{name.partition(' ')[0]}(): argument '{argument}' (position {position}) must be Tensor, not {type(x).__name__}"
            )
    if a.dtype is not b.dtype:
        raise RuntimeError(_dtypes_differ(name, a, b))


_SECOND = {"matmul": "other", "linear": "weight", "linear with bias": "weight"}


def _dtypes_differ(name: str, a: Tensor, b: Tensor) -> str:
    """What PyTorch says depends on the product it chooses."""
    one, two = a.dtype.legacy_name, b.dtype.legacy_name
    dims = (len(a._shape), len(b._shape))
    if name == "matmul" and dims == (1, 1):
        return f"dot : expected both vectors to have same dtype, but found {one} and {two}"
    if (name == "matmul" and dims == (2, 1)) or name == "mv":
        return f"addmv input tensors must have the same dtype, but got {two}, {one}, and {two}"
    if name == "bmm" or (name == "matmul" and max(dims) > 2 and dims[1] > 2):
        return f"expected scalar type {one} but found {two}"
    if name == "linear with bias":
        return f"mat1 and mat2 must have the same dtype, but got {one} and {two}"
    return f"expected m1 and m2 to have the same dtype, but got: {_c_name(a)} != {_c_name(b)}"


def _c_name(x: Tensor) -> str:
    return C_NAMES[x.dtype.name]


@op(
    name="MmBackward0",
    input=lambda g, mat2: _mm(g, transpose(mat2, 0, 1)),
    mat2=lambda g, input: _mm(transpose(input, 0, 1), g),
)
def _mm(be: Any, input: Array, mat2: Array) -> Any:
    return be.matmul(input, mat2)


def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices: (n, k) and (k, m) give (n, m).

    Raises:
        RuntimeError: not matrices, or inner sizes that differ.
    """
    _check("mm", input, mat2)
    if len(input._shape) != 2:
        raise RuntimeError("self must be a matrix")
    if len(mat2._shape) != 2:
        raise RuntimeError("mat2 must be a matrix")
    (n, k), (k2, m) = input._shape, mat2._shape
    if k != k2:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({n}x{k} and {k2}x{m})")
    result: Tensor = _mm(input, mat2)
    return result if out is None else store(out, result, "mm")


@op(
    name="BmmBackward0",
    input=lambda g, mat2: _bmm(g, transpose(mat2, -2, -1)),
    mat2=lambda g, input: _bmm(transpose(input, -2, -1), g),
)
def _bmm(be: Any, input: Array, mat2: Array) -> Any:
    return be.matmul(input, mat2)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Products of matrices in batches: (b, n, k) and (b, k, m) give (b, n, m).

    Raises:
        RuntimeError: not 3-D, or sizes that differ.
    """
    _check("bmm", input, mat2)
    if len(input._shape) != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if len(mat2._shape) != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    b, _, k = input._shape
    if mat2._shape[:2] != (b, k):
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{b}, {k}] but got: [{mat2._shape[0]}, "
            f"{mat2._shape[1]}]."
        )
    result: Tensor = _bmm(input, mat2)
    return result


@op(
    name="UnsafeViewBackward0",
    input=lambda g, other, input_shape: sum_to_size(_matmul(g, transpose(other, -2, -1)), input_shape),
    other=lambda g, input, other_shape: sum_to_size(_matmul(transpose(input, -2, -1), g), other_shape),
)
def _matmul(be: Any, input: Array, other: Array) -> Any:
    return be.matmul(input, other)


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product `@`: vectors are rows on the left and columns on the right, more dimensions are batches.

    Raises:
        RuntimeError: a 0-d operand, or inner sizes that differ.
    """
    _check("matmul", input, other)
    a, b = len(input._shape), len(other._shape)
    if a == 2 and b == 2:
        return mm(input, other, out=out)
    if not a or not b:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {a}D and {b}D")
    if a == 1 and b == 1:
        result = dot(input, other)
    elif a == 2 and b == 1:
        result = mv(input, other)
    elif a == 1:
        result = squeeze(matmul(unsqueeze(input, 0), other), -2)
    elif b == 1:
        result = squeeze(matmul(input, unsqueeze(other, 1)), -1)
    elif b == 2:
        # One large product instead of many small ones.
        n, k = math.prod(input._shape[:-1]), input._shape[-1]
        if k != other._shape[0]:
            raise RuntimeError(
                f"mat1 and mat2 shapes cannot be multiplied ({n}x{k} and {other._shape[0]}x{other._shape[1]})"
            )
        product = mm(reshape(input, (n, k)), other)
        result = name_node(reshape(product, (*input._shape[:-1], other._shape[-1])), "UnsafeViewBackward0")
    else:
        if input._shape[-1] != other._shape[-2]:
            batch = broadcast_shapes(input._shape[:-2], other._shape[:-2])
            raise RuntimeError(
                f"Expected size for first two dimensions of batch2 tensor to be: [{math.prod(batch)}, "
                f"{input._shape[-1]}] but got: [{math.prod(batch)}, {other._shape[-2]}]."
            )
        broadcast_shapes(input._shape[:-2], other._shape[:-2])
        result = _matmul(input, other)
    return result if out is None else store(out, result, "matmul")


@recorded_as("MvBackward0")
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix times a vector: (n, m) and (m,) give (n,)."""
    if input.dtype is not vec.dtype:
        raise RuntimeError(_dtypes_differ("mv", input, vec))
    if len(input._shape) != 2 or len(vec._shape) != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {1}, {len(input._shape)}, {len(vec._shape)}")
    if input._shape[1] != vec._shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({input._shape[0]}), mat ({input._shape[0]}x{input._shape[1]}), vec "
            f"({vec._shape[0]})"
        )
    return squeeze(mm(input, unsqueeze(vec, 1)), 1)


@op(name="DotBackward0", input=lambda g, tensor: g * tensor, tensor=lambda g, input: g * input)
def _dot(be: Any, input: Array, tensor: Array) -> Any:
    return be.sum(be.mul(input, tensor), (0,), False)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of products of two vectors.

    Raises:
        RuntimeError: not 1-D, or lengths or dtypes that differ.
    """
    if len(input._shape) != 1 or len(tensor._shape) != 1:
        raise RuntimeError(f"1D tensors expected, but got {len(input._shape)}D and {len(tensor._shape)}D tensors")
    if input.dtype is not tensor.dtype:
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {input.dtype.legacy_name} and "
            f"{tensor.dtype.legacy_name}"
        )
    if input._shape != tensor._shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{input._shape[0]}] and src [{tensor._shape[0]}] to have the "
            f"same number of elements, but got {input._shape[0]} and {tensor._shape[0]} elements respectively"
        )
    result: Tensor = _dot(input, tensor)
    return result


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of the elements of two vectors: (n,) and (m,) give (n, m)."""
    if len(input._shape) != 1 or len(vec2._shape) != 1:
        bad = input if len(input._shape) != 1 else vec2
        raise RuntimeError(f"outer: Expected 1-D argument {'self' if bad is input else 'vec2'}, but got {bad.dim()}-D")
    return unsqueeze(input, 1) * vec2


@op(
    name="AddmmBackward0",
    input=lambda g, input_shape, beta: sum_to_size(g if beta == 1 else g * beta, input_shape),
    mat1=lambda g, mat2, alpha: _scaled(_mm(g, transpose(mat2, 0, 1)), alpha),
    mat2=lambda g, mat1, alpha: _scaled(_mm(transpose(mat1, 0, 1), g), alpha),
)
def _addmm(be: Any, input: Array, mat1: Array, mat2: Array, beta: float, alpha: float) -> Any:
    product = be.matmul(mat1, mat2)
    product = product if alpha == 1 else be.mul(product, alpha)
    return be.add(product, input if beta == 1 else be.mul(input, beta)) if beta else product


def _scaled(g: Tensor, factor: float) -> Tensor:
    return g if factor == 1 else g * factor


def addmm(input: Any, mat1: Any, mat2: Any, *older: Any, beta: float = 1, alpha: float = 1) -> Tensor:
    """`beta * input + alpha * mat1 @ mat2`; `addmm(beta, input, alpha, mat1, mat2)` as in PyTorch's first years."""
    if len(older) == 2:
        if isinstance(input, Tensor):  # as a method
            beta, alpha = mat1, mat2
        else:
            beta, input, alpha = input, mat1, mat2
        mat1, mat2 = older
    _check("addmm", mat1, mat2)
    if len(mat1._shape) != 2 or len(mat2._shape) != 2:
        raise RuntimeError(
            f"mat{1 if len(mat1._shape) != 2 else 2} must be a matrix, got "
            f"{mat1.dim() if len(mat1._shape) != 2 else mat2.dim()}-D tensor"
        )
    (n, k), (k2, m) = mat1._shape, mat2._shape
    if k != k2:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({n}x{k} and {k2}x{m})")
    expand(input.detach(), (n, m))  # checks the shape, in its words
    result: Tensor = _addmm(input, mat1, mat2, beta, alpha)
    return result


@recorded_as("AddmvBackward0")
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """`beta * input + alpha * mat @ vec`."""
    return _weighted(input, mv(mat, vec), beta, alpha)


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """`beta * input + alpha * (batch1 @ batch2).sum(0)`."""
    return _weighted(input, bmm(batch1, batch2).sum(0, dtype=input.dtype), beta, alpha)


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """`beta * input + alpha * batch1 @ batch2`, in batches."""
    return _weighted(input, bmm(batch1, batch2), beta, alpha)


def _weighted(input: Tensor, product: Tensor, beta: float, alpha: float) -> Tensor:
    if input.dtype.priority < 2:
        beta, alpha = int(beta), int(alpha)
    return _scaled(input, beta) + _scaled(product, alpha)


# --- linear -----------------------------------------------------------------------------------------------------------


def _rows(be: Any, x: Array) -> Any:
    """All but the last dimension as one."""
    return x if len(x.shape) == 2 else be.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


@op(
    name="AddmmBackward0",
    input=lambda g, weight: linear_input_grad(g, weight),
    weight=lambda g, input: linear_weight_grad(g, input),
    bias=lambda g, bias_shape: sum_to_size(g, bias_shape),
)
def affine(be: Any, input: Array, weight: Array, bias: Array) -> Any:
    """`input @ weight.T + bias`."""
    product = be.add(be.matmul(_rows(be, input), be.permute(weight, (1, 0))), bias)
    return product if len(input.shape) == 2 else be.reshape(product, (*input.shape[:-1], weight.shape[0]))


affine.op.shown = (2, 0, 1)  # type: ignore[attr-defined]  # PyTorch's op is addmm: the bias comes first


@op(
    name="MmBackward0",
    input=lambda g, weight: linear_input_grad(g, weight),
    weight=lambda g, input: linear_weight_grad(g, input),
)
def project(be: Any, input: Array, weight: Array) -> Any:
    """`input @ weight.T`."""
    product = be.matmul(_rows(be, input), be.permute(weight, (1, 0)))
    return product if len(input.shape) == 2 else be.reshape(product, (*input.shape[:-1], weight.shape[0]))


@op(
    name="MmBackward0",
    grad=lambda g, weight: project(g, weight),
    weight=lambda g, grad: linear_weight_grad(grad, g),
)
def linear_input_grad(be: Any, grad: Array, weight: Array) -> Any:
    """`grad @ weight`: the gradient of a linear layer's input."""
    product = be.matmul(_rows(be, grad), weight)
    return product if len(grad.shape) == 2 else be.reshape(product, (*grad.shape[:-1], weight.shape[1]))


@op(
    name="MmBackward0",
    grad=lambda g, input: project(input, g),
    input=lambda g, grad: linear_input_grad(grad, g),
)
def linear_weight_grad(be: Any, grad: Array, input: Array) -> Any:
    """`grad.T @ input`, summed over all rows: the gradient of a linear layer's weight."""
    return be.matmul(be.permute(_rows(be, grad), (1, 0)), _rows(be, input))


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`, over the last dimension: (..., in), (out, in) and (out,) give (..., out).

    Raises:
        RuntimeError: sizes or dtypes that do not agree, in PyTorch's words.
    """
    _check("linear" if bias is None else "linear with bias", input, weight)
    if bias is not None and not isinstance(bias, Tensor):
        raise TypeError(f"linear(): argument 'bias' (position 3) must be Tensor, not {type(bias).__name__}")
    shape = input._shape
    if len(weight._shape) != 2 or not shape or shape[-1] != weight._shape[1]:
        _raise_linear(input, weight)
    if len(shape) == 1:
        result = squeeze(linear(unsqueeze(input, 0), weight, bias), 0)
        return name_node(result, "SqueezeBackward4" if bias is None else "ViewBackward0")
    if bias is None:
        result = project(input, weight)
        return result if len(shape) == 2 else name_node(result, "UnsafeViewBackward0")
    if bias.dtype is not input.dtype:
        raise RuntimeError(
            "self and mat2 must have the same dtype, but got "
            + f"{bias.dtype.legacy_name} and {weight.dtype.legacy_name}"
        )
    if bias._shape != weight._shape[:1]:
        expand(bias.detach(), (math.prod(shape[:-1]), weight._shape[0]))
    result = affine(input, weight, bias)
    return result if len(shape) == 2 else name_node(result, "ViewBackward0")


def _raise_linear(input: Tensor, weight: Tensor) -> None:
    shape = input._shape
    if not shape:
        raise RuntimeError(f"both arguments to linear need to be at least 1D, but they are 0D and {weight.dim()}D")
    if len(weight._shape) == 1:
        mv(input, weight)
    rows = math.prod(shape[:-1])
    raise RuntimeError(
        f"mat1 and mat2 shapes cannot be multiplied ({rows}x{shape[-1]} and {weight._shape[1]}x{weight._shape[0]})"
    )


FUNCTIONS = (mm, bmm, matmul, mv, dot, outer, addmm, addmv, addbmm, baddbmm)
METHODS = FUNCTIONS
INPLACE = (addmm, addmv, addbmm, baddbmm)
ALIASES = {"ger": outer}
PUBLIC_ALIASES = {"spmm": mm}  # of dense matrices
