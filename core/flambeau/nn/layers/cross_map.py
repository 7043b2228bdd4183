"""Torch 7's normalisation across channels, as a function with a gradient of its own.

Source: https://docs.pytorch.org/docs/stable/nn.html#normalization-layers
"""

from __future__ import annotations

from typing import Any

from ... import ops
from ..._tensor import Tensor
from ...autograd.function import Function


class CrossMapLRN2d(Function):
    """x · (k + alpha / size · sum of x² over neighbouring channels)^-beta, once differentiable."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
        if input.dim() != 4:
            raise ValueError(f"CrossMapLRN2d: Expected input to be 4D, got {input.dim()}D instead.")
        ctx.size, ctx.alpha, ctx.beta = size, alpha, beta
        reach = int((size - 1) / 2 + 1)
        channels = range(input.size(1))
        # Channel 0 enters with the first window and is never taken out again.
        window = [[float(j < c + reach and (j == 0 or j > c - reach)) for j in channels] for c in channels]
        scale = _over_channels(window, input * input) * (alpha / size) + k
        output = scale.pow(-beta) * input
        ctx.save_for_backward(input, output, scale)
        return output

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        input, output, scale = ctx.saved_tensors
        size = ctx.size
        before = int(size - (size - 1) / 2)
        channels = range(input.size(1))
        window = [[float(c - before <= j < c - before + size) for j in channels] for c in channels]
        ratios = _over_channels(window, grad_output * output / scale)
        grad = scale.pow(-ctx.beta) * grad_output - input * ratios * (2 * ctx.alpha * ctx.beta / size)
        return grad, None, None, None, None


def _over_channels(window: list[list[float]], x: Tensor) -> Tensor:
    """The sums over channels that the rows of `window` pick."""
    rows = x.reshape(x.size(0), x.size(1), -1)
    return (ops.tensor(window, dtype=x.dtype, device=x.device) @ rows).reshape(x.shape)
