"""Linear maps and table look-ups as functions."""

from __future__ import annotations

from typing import Any

from ... import ops
from ..._tensor import Tensor
from ...autograd.function import Function
from ...autograd.modes import no_grad
from ...dtype import int64
from ...ops.arguments import explained
from ...ops.vmap_levels import every


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x Wᵀ + b: (*, in), (out, in), (out) → (*, out)."""
    return ops.linear(input, weight, bias)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x₁ᵀ A x₂ + b: (*, in1), (*, in2), (out, in1, in2), (out) → (*, out).

    Raises:
        RuntimeError: the shapes do not fit.
    """
    if input1.dim() != input2.dim():
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {input1.dim()} and {input2.dim()}")
    for i in range(input1.dim() - 1):
        if input1.size(i) != input2.size(i):
            raise RuntimeError(
                f"bilinear(): input batch dimensions do not match at dim {i}: got {input1.size(i)} and {input2.size(i)}"
            )
    for which, input, size in (("input1", input1, weight.size(1)), ("input2", input2, weight.size(2))):
        if input.size(input.dim() - 1) != size:
            raise RuntimeError(
                f"bilinear(): {which} size does not match weight size: "
                f"got {input.size(input.dim() - 1)} but expected {size}"
            )
    if bias is not None and bias.size(0) != weight.size(0):
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {bias.size(0)} but expected {weight.size(0)}"
        )
    out, in1, in2 = weight.shape
    x1 = input1.reshape(-1, in1)
    x2 = input2.reshape(-1, in2)
    # (n, in1) @ (in1, out·in2) → (n, out, in2), then the dot product with x2
    mixed = x1.matmul(weight.permute(1, 0, 2).reshape(in1, out * in2)).reshape(-1, out, in2)
    result = mixed.matmul(x2.unsqueeze(-1)).squeeze(-1)
    if bias is not None:
        result = result + bias
    return result.reshape(*input1.shape[:-1], out)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of `weight` at the integers `input`: (*) and (n, d) → (*, d).

    Args:
        padding_idx: the row that gets no gradient; negative counts from the end.
        max_norm: rows looked up whose norm is larger are first scaled down to it, in place.
        scale_grad_by_freq: divide gradients by how often a row occurs in the input.
        sparse: accepted; gradients are dense.
    """
    if padding_idx is not None:
        if not -weight.size(0) <= padding_idx < weight.size(0):
            raise AssertionError("Padding_idx must be within num_embeddings")
        if padding_idx < 0:
            padding_idx += weight.size(0)
    if max_norm is not None:
        _renormalize(weight, input, max_norm, norm_type)
    rows = ops.embedding(weight, input, padding_idx)
    if not scale_grad_by_freq:
        return rows
    ones = ops.ones_like(input, dtype=rows.dtype).reshape(-1)
    counts = ops.zeros(weight.size(0), dtype=rows.dtype, device=rows.device).scatter_add(0, input.reshape(-1), ones)
    scaled: Tensor = _ScaleGradient.apply(rows, counts[input].reciprocal().unsqueeze(-1))
    return scaled


class _ScaleGradient(Function):
    """Identity whose gradient is multiplied by a factor."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, factor: Tensor) -> Tensor:
        ctx.save_for_backward(factor)
        return input.view_as(input)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (factor,) = ctx.saved_tensors
        return grad * factor, None


def _renormalize(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    with no_grad():
        rows = input.reshape(-1).unique()
        values = weight[rows]
        norms = values.norm(norm_type, 1, keepdim=True)
        scale = (max_norm / (norms + 1e-7)).where(norms > max_norm, ops.ones_like(norms))
        weight[rows] = values * scale


@explained
def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """int64 (*, num_classes): 1 at the class, else 0; -1 takes the largest class + 1.

    Raises:
        RuntimeError: not int64, negative classes, or classes beyond num_classes.
    """
    if input.dtype is not int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if input.numel() == 0:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return ops.zeros((*input.shape, num_classes), dtype=int64, device=input.device)
    elements = every(input)
    if elements.min().item() < 0:
        raise RuntimeError("Class values must be non-negative.")
    largest = int(elements.max().item())
    if num_classes == -1:
        num_classes = largest + 1
    elif largest >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    if elements is not input:  # within vmap: written to, the zeros become of each sample
        return ops.scatter(ops.zeros((*input.shape, num_classes), dtype=int64), -1, input.unsqueeze(-1), 1)
    result: Any = ops.zeros((*input.shape, num_classes), dtype=int64, device=input.device)
    return result.scatter_(-1, input.unsqueeze(-1), 1)
