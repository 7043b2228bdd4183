"""`torch.nn.grad`: the gradients of convolutions as functions.

Source: https://github.com/pytorch/pytorch/blob/main/torch/nn/grad.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..ops.convolution import convolution_input_grad, convolution_weight_grad


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _settings(rank: int, *values: Any) -> list[tuple[int, ...]]:
    return [_each(value, rank) for value in values]


def _input(
    rank: int, size: Sequence[int], weight: Tensor, grad: Tensor, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    result: Tensor = convolution_input_grad(
        grad, weight, tuple(size)[2:], *_settings(rank, stride, padding, dilation), groups
    )
    return result


def _weight(
    rank: int, input: Tensor, size: Sequence[int], grad: Tensor, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    result: Tensor = convolution_weight_grad(
        grad, input, tuple(size)[2:], *_settings(rank, stride, padding, dilation), groups
    )
    return result


def conv1d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of the input (of size `input_size`) of `conv1d`."""
    return _input(1, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv1d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of the weight (of size `weight_size`) of `conv1d`."""
    return _weight(1, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv2d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of the input (of size `input_size`) of `conv2d`."""
    return _input(2, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv2d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of the weight (of size `weight_size`) of `conv2d`."""
    return _weight(2, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv3d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of the input (of size `input_size`) of `conv3d`."""
    return _input(3, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv3d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of the weight (of size `weight_size`) of `conv3d`."""
    return _weight(3, input, weight_size, grad_output, stride, padding, dilation, groups)
