"""Channels and places exchanged: elements in another order, no arithmetic.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html
"""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from .op import Array as Array
from .op import op
from .windows import Ints


@op(
    name="PixelShuffleBackward0",
    input=lambda g, upscale_factor: pixels_apart(g, upscale_factor),
)
def pixels_together(be: Any, input: Array, upscale_factor: int) -> Any:
    """(*, C r², H, W) → (*, C, H r, W r)."""
    *lead, channels, height, width = input.shape
    r, n = upscale_factor, len(lead)
    split = be.reshape(input, (*lead, channels // (r * r), r, r, height, width))
    mixed = be.permute(split, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return be.copy(be.reshape(mixed, (*lead, channels // (r * r), height * r, width * r)))


@op(
    name="PixelUnshuffleBackward0",
    input=lambda g, downscale_factor: pixels_together(g, downscale_factor),
)
def pixels_apart(be: Any, input: Array, downscale_factor: int) -> Any:
    """(*, C, H r, W r) → (*, C r², H, W)."""
    *lead, channels, height, width = input.shape
    r, n = downscale_factor, len(lead)
    split = be.reshape(input, (*lead, channels, height // r, r, width // r, r))
    mixed = be.permute(split, (*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return be.copy(be.reshape(mixed, (*lead, channels * r * r, height // r, width // r)))


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Groups of r² channels laid out as r x r places: (*, C r², H, W) → (*, C, H r, W r). Source: arXiv 1609.05158.

    Raises:
        RuntimeError: fewer than 3 dimensions, a factor that is not positive, channels that do not divide.
    """
    shape = input._shape
    if len(shape) < 3:
        raise RuntimeError(
            f"pixel_shuffle expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)"
        )
    if upscale_factor <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {upscale_factor}")
    if shape[-3] % upscale_factor**2:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
            f"input.size(-3)={shape[-3]} is not divisible by {upscale_factor**2}"
        )
    result: Tensor = pixels_together(input, upscale_factor)
    return result


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Squares of r x r places laid out as channels: (*, C, H r, W r) → (*, C r², H, W).

    Raises:
        RuntimeError: fewer than 3 dimensions, a factor that is not positive, sizes that do not divide.
    """
    shape = input._shape
    if len(shape) < 3:
        raise RuntimeError(
            f"pixel_unshuffle expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)"
        )
    if downscale_factor <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {downscale_factor}")
    for label, axis in (("height", -2), ("width", -1)):
        if shape[axis] % downscale_factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {label} to be divisible by downscale_factor, but input.size({axis})="
                f"{shape[axis]} is not divisible by {downscale_factor}"
            )
    result: Tensor = pixels_apart(input, downscale_factor)
    return result


@op(name="ChannelShuffleBackward0", input=lambda g, input_shape, groups: exchanged(g, input_shape[1] // groups))
def exchanged(be: Any, input: Array, groups: int) -> Any:
    """Channels read across groups instead of group by group."""
    shape: Ints = input.shape
    split = be.reshape(input, (shape[0], groups, shape[1] // groups, *shape[2:]))
    order = (0, 2, 1, *range(3, len(shape) + 1))
    return be.copy(be.reshape(be.permute(split, order), shape))


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels (dimension 1) of `groups` groups interleaved. Source: arXiv 1707.01083.

    Raises:
        RuntimeError: fewer than 3 dimensions, groups that are not positive or do not divide.
    """
    if input.dim() <= 2:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input._shape)}"
        )
    channels = input._shape[1]
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if channels % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        )
    result: Tensor = exchanged(input, groups)
    return result


def native_channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """`channel_shuffle`."""
    return channel_shuffle(input, groups)


FUNCTIONS = (pixel_shuffle, pixel_unshuffle, channel_shuffle, native_channel_shuffle)
