"""Images padded, resized, and read at any place."""

from __future__ import annotations

import warnings
from typing import Any

from ..._tensor import Tensor
from ...dtype import float16, float32, uint8
from ...ops import average_pooling
from ...ops.grid_sampling import affine_grid_generator, grid_sampler
from ...ops.memory_formats import as_operands
from ...ops.node_names import name_node, recorded_as
from ...ops.padding import pad
from ...ops.resampling import Table, cubic_table, linear_table, nearest_table, resampler, smooth_table

_WHICH = {1: "1D", 2: "2D", 3: "3D"}
_NAMES = {
    **{("nearest", r): f"UpsampleNearest{_WHICH[r]}" for r in _WHICH},
    **{("nearest-exact", r): f"UpsampleNearestExact{_WHICH[r]}" for r in _WHICH},
    ("linear", 1): "UpsampleLinear1D",
    ("bilinear", 2): "UpsampleBilinear2D",
    ("trilinear", 3): "UpsampleTrilinear3D",
    ("bicubic", 2): "UpsampleBicubic2D",
    ("bilinear, smooth", 2): "UpsampleBilinear2DAa",
    ("bicubic, smooth", 2): "UpsampleBicubic2DAa",
    ("lanczos, smooth", 2): "UpsampleLanczos2DAa",
}
_RESAMPLERS = {key: resampler(name) for key, name in _NAMES.items()}
_NEEDED = {"linear": 3, "bilinear": 4, "trilinear": 5}


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """(N, C, *sizes) at another size.

    Args:
        size: the sizes wanted, one number or one for each dimension; or
        scale_factor: how many times as large.
        mode: "nearest", "nearest-exact", "area" (averages), "linear" (3-D input), "bilinear", "bicubic", "lanczos" (4-D)
            or "trilinear" (5-D).
        align_corners: whether the first and last elements stay at the corners; else the corners of elements are aligned.
        recompute_scale_factor: whether distances follow the rounded size instead of `scale_factor`.
        antialias: whether shrinking takes all elements in ("bilinear", "bicubic" and "lanczos").

    Raises:
        ValueError, NotImplementedError, RuntimeError: what does not fit, in PyTorch's words.
    """
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | "
                "trilinear"
            )
    else:
        align_corners = bool(align_corners)
    dim = input.dim() - 2
    sizes, factors = _sizes_or_factors(input, size, scale_factor, dim)
    if recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if factors is not None and (recompute_scale_factor or mode == "area"):
        sizes, factors = [int(n * f) for n, f in zip(input.shape[2:], factors, strict=True)], None
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and input.dim() == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    if mode == "area" and dim in (1, 2, 3):
        pool = (
            average_pooling.adaptive_avg_pool1d,
            average_pooling.adaptive_avg_pool2d,
            average_pooling.adaptive_avg_pool3d,
        )[dim - 1]
        return pool(input, sizes)
    if mode == "lanczos" and dim == 2:
        if align_corners:
            raise ValueError("Lanczos mode does not support align_corners=True")
        if not antialias:
            raise ValueError("Lanczos mode requires antialias=True")
    if (f"{mode}, smooth" if antialias else mode, dim) not in _RESAMPLERS:
        _raise_mode(input, mode)
    if sizes is not None and any(isinstance(n, float) for n in sizes):
        raise TypeError(
            f"interpolate() received an invalid combination of arguments - sizes {list(sizes)} are no integers"
        )
    out = sizes if sizes is not None else [int(n * f) for n, f in zip(input.shape[2:], factors or (), strict=True)]
    return _resized(input, [int(n) for n in out], factors or [None] * dim, mode, bool(align_corners), antialias)


def _sizes_or_factors(input: Tensor, size: Any, scale_factor: Any, dim: int) -> tuple[Any, Any]:
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if not isinstance(size, (list, tuple)):
            return [size] * dim, None
        if len(size) != dim:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got "
                f"input with spatial dimensions of {list(input.shape[2:])} and output size of {size}. "
                "Please provide input tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
            )
        if not all(isinstance(n, int) or (isinstance(n, Tensor) and not n.is_floating_point()) for n in size):
            raise TypeError(
                "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size "
                f"with types {[type(n) for n in size]}"
            )
        return size, None
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if not isinstance(scale_factor, (list, tuple)):
        return None, [scale_factor] * dim
    if len(scale_factor) != dim:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but "
            f"got input with spatial dimensions of {list(input.shape[2:])} and scale_factor of shape {scale_factor}. "
            "Please provide input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    return None, list(scale_factor)


def _raise_mode(input: Tensor, mode: str) -> None:
    dims = input.dim()
    if mode in _NEEDED and dims in (3, 4, 5) and not (mode == "linear" and dims == 3):
        raise NotImplementedError(f"Got {dims}D input, but {mode} mode needs {_NEEDED[mode]}D input")
    raise NotImplementedError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {dims}D) for the modes: nearest | linear | bilinear "
        f"| bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
    )


def _resized(
    input: Tensor, out: list[int], factors: list[Any], mode: str, align_corners: bool, antialias: bool
) -> Tensor:
    size = input.shape[2:]
    dim = len(size)
    if min(*size, *out) <= 0:
        letters = "DHW"[3 - dim :]
        had = ", ".join([f"{c}: {n}" for c, n in zip(letters, size, strict=True)])
        made = ", ".join([f"{c}: {n}" for c, n in zip(letters, out, strict=True)])
        joint = "and output" if dim == 1 else "output"
        raise RuntimeError(f"Input and output sizes should be greater than 0, but got input ({had}) {joint} ({made})")
    if input.shape[1] == 0:
        raise RuntimeError(f"Non-empty {dim + 2}D data tensor expected but got a tensor with sizes {list(input.shape)}")
    kind = input.dtype
    if not kind.is_floating_point and kind is not uint8:
        _raise_dtype(input, mode)
    tables: list[Table] = []
    for n, o, factor in zip(size, out, factors, strict=True):
        if mode in ("nearest", "nearest-exact"):
            tables.append(nearest_table(n, o, factor, mode == "nearest-exact"))
        elif antialias:
            tables.append(smooth_table(n, o, factor, align_corners, mode))
        elif mode == "bicubic":
            tables.append(cubic_table(n, o, factor, align_corners))
        else:
            tables.append(linear_table(n, o, factor, align_corners))
    resample = _RESAMPLERS[f"{mode}, smooth" if antialias else mode, dim]
    if all(table.plain for table in tables) or kind not in (uint8, float16):
        return as_operands(resample(input, tuple(tables)), input)
    wide = resample(input.to(float32), tuple(tables))
    rounded: Tensor = wide.round().clamp(0, 255).to(uint8) if kind is uint8 else wide.to(kind)
    return rounded


def _raise_dtype(input: Tensor, mode: str) -> None:
    name = {
        "nearest": "compute_indices_weights_nearest",
        "nearest-exact": "compute_indices_weights_nearest",
        "bicubic": "compute_indices_weights_cubic",
        "bilinear": "upsample_bilinear2d_channels_last",
    }.get(mode, "compute_indices_weights_linear")
    raise NotImplementedError(f"\"{name}\" not implemented for '{input.dtype.legacy_name}'")


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """The old name of `interpolate`."""
    _warn_old("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """The old form of `interpolate` with mode "nearest"."""
    _warn_old("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """The old form of `interpolate` with mode "bilinear" and `align_corners=True`."""
    _warn_old("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _warn_old(name: str) -> None:
    warnings.warn(f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3)


# --- grids ------------------------------------------------------------------------------------------------------------

_CORNERS = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
    "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
)
_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """(N, C, *size) read at the places of a grid (N, *out, rank): (N, C, *out).

    Places are (x, y) or (x, y, z), from -1 at one edge to 1 at the other.

    Args:
        mode: "bilinear", "nearest" or (2-D) "bicubic".
        padding_mode: what is outside: "zeros", the "border", or the input's "reflection".
        align_corners: whether -1 and 1 are the centers of the outermost elements, instead of their edges.

    Raises:
        ValueError: an unknown mode.
        RuntimeError: shapes or dtypes that do not fit.
    """
    if mode not in _MODES:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in _PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    if align_corners is None:
        warnings.warn(_CORNERS, stacklevel=2)
        align_corners = False
    sampled = grid_sampler(input, grid, _MODES.index(mode), _PADDINGS.index(padding_mode), align_corners)
    return name_node(sampled, f"GridSampler{input.dim() - 2}DBackward0")


@recorded_as("AffineGridGeneratorBackward0")
def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The places that affine maps give the elements of an image of a size, for `grid_sample`.

    Shapes: `theta` (N, 2, 3) and a size (N, C, H, W) → (N, H, W, 2); (N, 3, 4) and (N, C, D, H, W) → (N, D, H, W, 3).

    Raises:
        ValueError, NotImplementedError: shapes or a dtype that do not fit.
    """
    if align_corners is None:
        warnings.warn(_CORNERS, stacklevel=2)
        align_corners = False
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
            f"{size}."
        )
    rank = len(size) - 2
    if theta.dim() != 3 or theta.shape[1:] != (rank, rank + 1):
        raise ValueError(
            f"Expected a batch of {rank}D affine matrices of shape Nx{rank}x{rank + 1} for size {size}. Got "
            f"{theta.shape}."
        )
    if align_corners and min(size[-rank:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is "
            "not an intended use case of affine_grid. See the documentation of affine_grid for details.",
            stacklevel=2,
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return affine_grid_generator(theta, size, align_corners)


__all__ = [
    "affine_grid", "grid_sample", "interpolate", "pad", "upsample", "upsample_bilinear", "upsample_nearest",
]  # fmt: skip
