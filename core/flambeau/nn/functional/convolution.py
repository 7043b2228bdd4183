"""Convolutions, and what they are made of, as functions."""

from __future__ import annotations

from typing import Any

from ..._tensor import Tensor
from ...ops.convolution import (
    conv1d,
    conv2d,
    conv3d,
    conv_tbc,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)
from ...ops.node_names import recorded_as
from ...ops.patches import col2im, im2col
from ...ops.shuffling import channel_shuffle, native_channel_shuffle, pixel_shuffle, pixel_unshuffle


@recorded_as("Im2ColBackward0")
def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The windows of (N, C, H, W) or (C, H, W) as columns: (N, C * kh * kw, windows)."""
    return im2col(input, kernel_size, dilation, padding, stride)


@recorded_as("Col2ImBackward0")
def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Columns (N, C * kh * kw, windows) added up to (N, C, *output_size) where windows overlap."""
    return col2im(input, output_size, kernel_size, dilation, padding, stride)


__all__ = [
    "channel_shuffle", "conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "fold", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle", "unfold",
]  # fmt: skip
