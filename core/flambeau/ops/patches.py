"""Patches of images as columns, and columns added up to images.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
"""

from __future__ import annotations

from math import prod
from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from .op import op
from .views import squeeze, unsqueeze
from .windows import Ints, cropped, flat_windows, overlap_add, padded, window_counts


@op(
    name="Im2ColBackward0",
    input=lambda g, input_shape, kernel, dilation, padding, stride: columns_to_image(
        g, input_shape[2:], kernel, dilation, padding, stride
    ),
)
def image_to_columns(be: Any, input: Array, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Any:
    """The windows of (N, C, H, W) as columns (N, C * kh * kw, windows)."""
    x = padded(be, input, padding)
    out = window_counts(x.shape[2:], kernel, stride, dilation)
    columns = flat_windows(be, x, kernel, out, stride, dilation)
    return be.copy(be.reshape(columns, (columns.shape[0], *columns.shape[2:])))


@op(
    name="Col2ImBackward0",
    input=lambda g, kernel, dilation, padding, stride: image_to_columns(g, kernel, dilation, padding, stride),
)
def columns_to_image(
    be: Any, input: Array, size: Ints, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints
) -> Any:
    """The image (N, C, *size) in which columns (N, C * kh * kw, windows) are added where they would come from."""
    whole = tuple([n + 2 * p for n, p in zip(size, padding, strict=True)])
    out = window_counts(whole, kernel, stride, dilation)
    w = be.reshape(input, (input.shape[0], input.shape[1] // prod(kernel), *kernel, *out))
    return cropped(be, overlap_add(be, w, whole, stride, dilation), padding, size)


def _pair(name: str, value: Any) -> Ints:
    given = (value, value) if isinstance(value, int) else tuple(value)
    if len(given) != 2:
        raise RuntimeError(f"It is expected {name} equals to 2, but got size {len(given)}")
    return given


def _check_settings(kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> None:
    for label, short, values in (
        ("kernel size", "kernel", kernel), ("stride", "stride", stride), ("dilation", "dilation", dilation),
    ):  # fmt: skip
        if min(values) <= 0:
            raise RuntimeError(
                f"{label} should be greater than zero, but got {short}_height: {values[0]} {short}_width: {values[1]}"
            )
    if min(padding) < 0:
        raise RuntimeError(f"padding should be non-negative, but got pad_height: {padding[0]} pad_width: {padding[1]}")


def im2col(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The windows of (N, C, H, W) or (C, H, W) as columns: (N, C * kh * kw, windows).

    Raises:
        RuntimeError: sizes or settings that do not fit, in PyTorch's words.
    """
    kernel, apart = _pair("kernel_size", kernel_size), _pair("dilation", dilation)
    border, step = _pair("padding", padding), _pair("stride", stride)
    _check_settings(kernel, apart, border, step)
    dims = input.dim()
    if dims < 3:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-dims}, {dims - 1}], but got 2)")
    if dims > 4 or 0 in input._shape[dims - 3 :]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {list(input._shape)}"
        )
    x = input if dims == 4 else unsqueeze(input, 0)
    size = x._shape[2:]
    whole = tuple([n + 2 * p for n, p in zip(size, border, strict=True)])
    out = window_counts(whole, kernel, step, apart)
    if min(out) < 1:
        shown = f"({out[0]}, {out[1]})"
        raise RuntimeError(
            f"Given input with spatial size {size}, kernel_size={kernel}, dilation={apart}, padding={border}, calculated "
            f"shape of the array of sliding blocks as {shown}, but its components must be at least one."
        )
    if input.dtype.priority == 1:
        raise NotImplementedError(f"\"im2col_out_cpu\" not implemented for '{input.dtype.legacy_name}'")
    columns: Tensor = image_to_columns(x, kernel, apart, border, step)
    return columns if dims == 4 else squeeze(columns, 0)


def col2im(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Columns (N, C * kh * kw, windows) added up to (N, C, *output_size) where windows overlap.

    Raises:
        RuntimeError: sizes or settings that do not fit, in PyTorch's words.
    """
    size, kernel, apart = (
        _pair("output_size", output_size),
        _pair("kernel_size", kernel_size),
        _pair("dilation", dilation),
    )
    border, step = _pair("padding", padding), _pair("stride", stride)
    _check_settings(kernel, apart, border, step)
    shape = input._shape
    if len(shape) not in (2, 3) or 0 in shape[len(shape) - 2 :]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(shape)}"
        )
    x = input if len(shape) == 3 else unsqueeze(input, 0)
    inside, count = x._shape[1:]
    first = len(shape) - 2
    if inside % prod(kernel):
        raise RuntimeError(
            f"Expected size of input's dimension {first} to be divisible by the product of kernel_size, but got "
            f"input.size({first})={inside} and kernel_size={kernel}."
        )
    whole = tuple([n + 2 * p for n, p in zip(size, border, strict=True)])
    out = window_counts(whole, kernel, step, apart)
    if count != prod(out):
        raise RuntimeError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={apart}, padding={border}, stride={step}, expected "
            f"size of input's dimension {first + 1} to match the calculated number of sliding blocks {out[0]} * {out[1]} "
            f"= {prod(out)}, but got input.size({first + 1})={count}."
        )
    if min(out) < 1:
        raise RuntimeError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={apart}, padding={border}, stride={step}, "
            f"calculated shape of the array of sliding blocks as ({out[0]}, {out[1]}), which is too small (non-positive)"
        )
    image: Tensor = columns_to_image(x, size, kernel, apart, border, step)
    return image if len(shape) == 3 else squeeze(image, 0)
