"""Normalisation as functions, with PyTorch's signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ..._tensor import Tensor
from ...ops.arguments import explained


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - E[x]) / sqrt(Var[x] + eps) · weight + bias for each channel: (N, C, *) → the same.

    In `training` by the statistics of the batch, which move the running ones by `momentum`; else by the running ones.

    Raises:
        ValueError: there is one value per channel in training, or `eps` is not positive.
        RuntimeError: sizes or dtypes do not agree.
    """
    if training:
        _check_values_per_channel(input.size())
    if training and eps <= 0.0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    if eps < 0.0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    return ops.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)


def _check_values_per_channel(size: Any) -> None:
    count = size[0]
    for n in size[2:]:
        count *= n
    if count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {size}")


@explained
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - E[x]) / sqrt(Var[x] + eps) · weight + bias over the last dimensions, `normalized_shape`.

    Raises:
        RuntimeError: that is not the end of the input's shape, or not the parameters'.
    """
    return ops.layer_norm(input, normalized_shape, weight, bias, eps)


@explained
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """x / sqrt(E[x²] + eps) · weight over the last dimensions; `eps` defaults to the dtype's."""
    return ops.rms_norm(input, normalized_shape, weight, eps)


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """`layer_norm` over each group of channels of each sample: (N, C, *) → the same.

    Raises:
        ValueError: there is one value per group.
        RuntimeError: the groups do not divide the channels, or the parameters do not fit.
    """
    if input.dim() < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.dim()}")
    _check_values_per_channel([input.size(0) * input.size(1) // num_groups, num_groups, *input.size()[2:]])
    return ops.group_norm(input, num_groups, weight, bias, eps)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """`batch_norm` of each sample by itself: (N, C, *) → the same.

    Raises:
        ValueError: there is one spatial element.
    """
    if use_input_stats:
        count = 1
        for n in input.size()[2:]:
            count *= n
        if count == 1:
            raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.size()}")
    return ops.instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x / (k + alpha · mean of x² over `size` neighbouring channels)^beta: (N, C, *) → the same.

    Raises:
        ValueError: fewer than three dimensions.
    """
    dim = input.dim()
    if dim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality                          input (got {dim} dimensions)")
    if input.numel() == 0:
        return input
    squares = input * input
    edge = [squares.new_zeros((input.size(0), width, *input.size()[2:])) for width in (size // 2, (size - 1) // 2)]
    sums = ops.cat([edge[0], squares, edge[1]], 1).unfold(1, size, 1).sum(-1)
    means = sums.div(size, rounding_mode=None if input.dtype.is_floating_point else "trunc")
    return input / (means * alpha + k).pow(beta)
