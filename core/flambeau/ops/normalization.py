"""Normalisation: each element less a mean, divided by a standard deviation, then scaled and shifted.

The ops differ in what is averaged: `layer_norm` the last dimensions, `batch_norm` all but the channels, `group_norm`
groups of channels of one sample. Source: https://docs.pytorch.org/docs/stable/nn.html#normalization-layers
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..autograd.modes import GradMode, no_grad
from ..backends.protocol import Array
from ..dtype import float32
from ..numeric_limits import finfo
from .joining import cat
from .memory_formats import as_operands
from .op import composite, op

# --- what they share --------------------------------------------------------------------------------------------------


def _mean(be: Any, x: Array, axes: tuple[int, ...]) -> Any:
    return be.div(be.sum(x, axes, True), float(max(1, math.prod([x.shape[a] for a in axes]))))


def _moments(be: Any, x: Array, axes: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """Mean, and 1 / sqrt(variance + eps), with the reduced dimensions kept."""
    mean = _mean(be, x, axes)
    centered = be.sub(x, mean)
    return mean, _inverse_root(be, _mean(be, be.mul(centered, centered), axes), eps)


def _inverse_root(be: Any, x: Array, eps: float) -> Any:
    return be.div(1.0, be.sqrt(be.add(x, float(eps))))


def _affine(be: Any, x: Array, weight: Array | None, bias: Array | None, shape: tuple[int, ...]) -> Any:
    """`x * weight + bias`, both seen in `shape`."""
    if weight is not None:
        x = be.mul(x, be.reshape(weight, shape))
    return x if bias is None else be.add(x, be.reshape(bias, shape))


def _input_gradient(be: Any, g: Array, normalized: Array, rstd: Array, axes: tuple[int, ...]) -> Any:
    """The gradient through mean and deviation, for the gradient `g` of what was normalised."""
    along = be.mul(normalized, _mean(be, be.mul(g, normalized), axes))
    return be.mul(be.sub(be.sub(g, _mean(be, g, axes)), along), rstd)


def _padded(found: Any, weight: Tensor | None, bias: Tensor | None) -> list[Tensor | None]:
    """The gradients of input, weight and bias, None for those there are not."""
    found = list(found) if isinstance(found, tuple) else [found]
    return [
        found.pop(0),
        None if weight is None else found.pop(0),
        None if bias is None else found.pop(0),
    ]


def _constant(*stats: Tensor) -> tuple[Tensor | None, ...]:
    """Saved statistics for backward; None, to be computed anew, where that is to be differentiated itself."""
    return tuple([None] * len(stats)) if GradMode.enabled else stats


def _refuse_integers(name: str, input: Tensor) -> None:
    if not input.dtype.is_floating_point:
        raise NotImplementedError(f"\"{name}\" not implemented for '{input.dtype.legacy_name}'")


def _check_parameters(input: Tensor, *parameters: Tensor | None) -> bool:
    """Whether to compute in float32 since the input is of half precision.

    Raises:
        RuntimeError: a parameter has another dtype than the input, and is not float32 beside an input of half precision.
    """
    half = input.dtype.itemsize == 2
    for x in parameters:
        if x is not None and x.dtype is not input.dtype:
            if x.dtype is not float32:
                raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
            if not half:
                raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")
    return half


def _widened(*tensors: Tensor | None) -> list[Tensor | None]:
    return [None if x is None else x.to(float32) for x in tensors]


# --- layer norm -------------------------------------------------------------------------------------------------------


def _last(x: Array, count: int) -> tuple[int, ...]:
    return tuple(range(len(x.shape) - count, len(x.shape)))


def _layer_norm_gradients(
    g: Tensor,
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    count: int,
    eps: float,
    out_1: Tensor,
    out_2: Tensor,
) -> list[Tensor | None]:
    mean, rstd = _constant(out_1, out_2)
    return _padded(layer_norm_backward(g, input, weight, mean, rstd, count, eps, bias is not None), weight, bias)


@op(name="NativeLayerNormBackward0", graded=1, jointly=_layer_norm_gradients)
def _layer_norm(be: Any, input: Array, weight: Array | None, bias: Array | None, count: int, eps: float) -> Any:
    axes = _last(input, count)
    mean, rstd = _moments(be, input, axes, eps)
    normalized = be.mul(be.sub(input, mean), rstd)
    return _affine(be, normalized, weight, bias, input.shape[axes[0] :]), mean, rstd


@composite
def layer_norm_backward(
    be: Any,
    g: Array,
    input: Array,
    weight: Array | None,
    mean: Array | None,
    rstd: Array | None,
    count: int,
    eps: float,
    has_bias: bool,
) -> Any:
    """The gradients of the input, and of weight and bias where there are any."""
    axes = _last(input, count)
    batch = tuple(range(axes[0]))
    if mean is None:
        mean, rstd = _moments(be, input, axes, eps)
    normalized = be.mul(be.sub(input, mean), rstd)
    inner = g if weight is None else be.mul(g, weight)
    grads = [_input_gradient(be, inner, normalized, rstd, axes)]
    if weight is not None:
        product = be.mul(g, normalized)
        grads.append(be.sum(product, batch, False) if batch else product)
    if has_bias:
        grads.append(be.sum(g, batch, False) if batch else g)
    return tuple(grads) if len(grads) > 1 else grads[0]


def _sizes(name: str, normalized_shape: Any) -> tuple[int, ...]:
    if isinstance(normalized_shape, int):
        raise TypeError(f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not int")
    return tuple(normalized_shape)


def _check_normalized(input: Tensor, sizes: tuple[int, ...], comma: str, **parameters: Tensor | None) -> None:
    if not sizes:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    label = "layer_norm" if comma == ", " else "rms_norm"
    for position, (name, x) in enumerate(parameters.items(), 3):
        if x is not None and not isinstance(x, Tensor):
            raise TypeError(
                f"{label}(): argument '{name}' (position {position}) must be Tensor, not {type(x).__name__}"
            )
        if x is not None and x._shape != sizes:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape {list(x._shape)} and "
                f"normalized_shape = {list(sizes)}"
            )
    if input._shape[-len(sizes) :] != sizes:
        raise RuntimeError(
            f"Given normalized_shape={list(sizes)}, expected input with shape [*{comma}{', '.join(map(str, sizes))}], but "
            f"got input of size{list(input._shape)}"
        )


def native_layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`layer_norm`, the means, and the reciprocals of the standard deviations, both (..., 1, ...).

    Raises:
        RuntimeError: `normalized_shape` is empty, not the end of the input's shape, or not that of the parameters.
    """
    sizes = _sizes("native_layer_norm", normalized_shape)
    _check_normalized(input, sizes, ", ", weight=weight, bias=bias)
    _refuse_integers("LayerNormKernelImpl", input)
    if _check_parameters(input, weight, bias):
        wide = _widened(input, weight, bias)
        y, mean, rstd = _layer_norm(*wide, len(sizes), eps)
        return y.to(input.dtype), mean.to(input.dtype), rstd.to(input.dtype)
    result: tuple[Tensor, Tensor, Tensor] = _layer_norm(input, weight, bias, len(sizes), eps)
    return result


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
    cudnn_enable: bool = True,
) -> Tensor:
    """(x - E[x]) / sqrt(Var[x] + eps) * weight + bias over the last dimensions, `normalized_shape`.

    Raises:
        RuntimeError: `normalized_shape` is empty, not the end of the input's shape, or not that of the parameters.

    Source: arXiv 1607.06450.
    """
    return native_layer_norm(input, _sizes("layer_norm", normalized_shape), weight, bias, eps)[0]


# --- root mean square norm --------------------------------------------------------------------------------------------


def _rms_norm_gradients(
    g: Tensor, input: Tensor, weight: Tensor | None, count: int, eps: float, out_1: Tensor
) -> list[Tensor | None]:
    (rstd,) = _constant(out_1)
    return _padded(rms_norm_backward(g, input, weight, rstd, count, eps), weight, None)[:2]


@op(name="MulBackward0", graded=1, jointly=_rms_norm_gradients)
def _rms_norm(be: Any, input: Array, weight: Array | None, count: int, eps: float) -> Any:
    axes = _last(input, count)
    rstd = _inverse_root(be, _mean(be, be.mul(input, input), axes), eps)
    return _affine(be, be.mul(input, rstd), weight, None, input.shape[axes[0] :]), rstd


@composite
def rms_norm_backward(
    be: Any, g: Array, input: Array, weight: Array | None, rstd: Array | None, count: int, eps: float
) -> Any:
    """The gradients of the input, and of the weight where there is one."""
    axes = _last(input, count)
    if rstd is None:
        rstd = _inverse_root(be, _mean(be, be.mul(input, input), axes), eps)
    normalized = be.mul(input, rstd)
    inner = g if weight is None else be.mul(g, weight)
    along = be.mul(normalized, _mean(be, be.mul(inner, normalized), axes))
    grad = be.mul(be.sub(inner, along), rstd)
    if weight is None:
        return grad
    product = be.mul(g, normalized)
    return grad, be.sum(product, tuple(range(axes[0])), False) if axes[0] else product


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """x / sqrt(E[x²] + eps) * weight over the last dimensions; `eps` defaults to the dtype's.

    Raises:
        RuntimeError: `normalized_shape` is empty, not the end of the input's shape, or not that of the weight.

    Source: arXiv 1910.07467.
    """
    sizes = _sizes("rms_norm", normalized_shape)
    _check_normalized(input, sizes, "", weight=weight)
    if input.dtype.is_complex:  # of squares, not of sizes, as PyTorch
        square = (input * input).mean(tuple(range(-len(sizes), 0)), keepdim=True)
        scaled = input * (square + (finfo(input.dtype).eps if eps is None else eps)).rsqrt()
        return scaled if weight is None else scaled * weight
    _refuse_integers("rms_norm", input)
    narrow = input.dtype
    x = input.to(float32) if narrow.itemsize == 2 else input
    if eps is None:
        eps = finfo(x.dtype).eps
    if weight is None or weight.dtype is x.dtype:
        y: Tensor = _rms_norm(x, weight, len(sizes), eps)[0]
        return y if x is input else y.to(narrow)
    return (_rms_norm(x, None, len(sizes), eps)[0] * weight).to(narrow)


# --- batch norm -------------------------------------------------------------------------------------------------------


def _but_channels(x: Array) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The dimensions other than 1, and the shape of a vector of channels that broadcasts against `x`."""
    n = len(x.shape)
    return tuple(i for i in range(n) if i != 1), (1, x.shape[1], *([1] * (n - 2)))


def _batch_norm_gradients(
    g: Tensor, input: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float, out_1: Tensor, out_2: Tensor
) -> list[Tensor | None]:
    mean, rstd = _constant(out_1, out_2)
    return _padded(batch_norm_backward(g, input, weight, mean, rstd, eps, bias is not None), weight, bias)


@op(name="NativeBatchNormBackward0", graded=1, jointly=_batch_norm_gradients)
def _batch_norm(be: Any, input: Array, weight: Array | None, bias: Array | None, eps: float) -> Any:
    axes, shape = _but_channels(input)
    mean, rstd = _moments(be, input, axes, eps)
    normalized = be.mul(be.sub(input, mean), rstd)
    channels = (input.shape[1],)
    return _affine(be, normalized, weight, bias, shape), be.reshape(mean, channels), be.reshape(rstd, channels)


@composite
def batch_norm_backward(
    be: Any,
    g: Array,
    input: Array,
    weight: Array | None,
    mean: Array | None,
    rstd: Array | None,
    eps: float,
    has_bias: bool,
) -> Any:
    """The gradients of the input, and of weight and bias where there are any."""
    axes, shape = _but_channels(input)
    if mean is None:
        mean, rstd = _moments(be, input, axes, eps)
    mean, rstd = be.reshape(mean, shape), be.reshape(rstd, shape)
    normalized = be.mul(be.sub(input, mean), rstd)
    scale = rstd if weight is None else be.mul(rstd, be.reshape(weight, shape))
    of_bias = be.sum(g, axes, True)
    of_weight = be.sum(be.mul(g, normalized), axes, True)
    count = float(max(1, math.prod([input.shape[a] for a in axes])))
    along = be.mul(normalized, be.div(of_weight, count))
    grads = [be.mul(be.sub(be.sub(g, be.div(of_bias, count)), along), scale)]
    if weight is not None:
        grads.append(be.reshape(of_weight, weight.shape))
    if has_bias:
        grads.append(be.reshape(of_bias, (input.shape[1],)))
    return tuple(grads) if len(grads) > 1 else grads[0]


@op(
    name="NativeBatchNormBackward0",
    jointly=lambda g, input, weight, bias, mean, var, eps: [
        *_padded(
            batch_norm_fixed_backward(g, input, weight, mean, var, eps, bias is not None),
            weight,
            bias,
        ),
        None,
        None,
    ],
)
def _batch_norm_fixed(
    be: Any, input: Array, weight: Array | None, bias: Array | None, mean: Array, var: Array, eps: float
) -> Any:
    """Normalised by given statistics: two products with what is known of each channel."""
    _, shape = _but_channels(input)
    scale = _inverse_root(be, var, eps)
    if weight is not None:
        scale = be.mul(scale, weight)
    shift = be.neg(be.mul(mean, scale))
    if bias is not None:
        shift = be.add(shift, bias)
    return be.add(be.mul(input, be.reshape(scale, shape)), be.reshape(shift, shape))


@composite
def batch_norm_fixed_backward(
    be: Any, g: Array, input: Array, weight: Array | None, mean: Array, var: Array, eps: float, has_bias: bool
) -> Any:
    """The gradients of the input, and of weight and bias where there are any."""
    axes, shape = _but_channels(input)
    rstd = be.reshape(_inverse_root(be, var, eps), shape)
    grads = [be.mul(g, rstd if weight is None else be.mul(rstd, be.reshape(weight, shape)))]
    if weight is not None:
        normalized = be.mul(be.sub(input, be.reshape(mean, shape)), rstd)
        grads.append(be.sum(be.mul(g, normalized), axes, False))
    if has_bias:
        grads.append(be.sum(g, axes, False))
    return tuple(grads) if len(grads) > 1 else grads[0]


def _check_batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
) -> None:
    if running_mean is None and not training:
        raise RuntimeError("running_mean must be defined in evaluation mode")
    if running_var is None and not training:
        raise RuntimeError("running_var must be defined in evaluation mode")
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    channels = input._shape[1] if len(input._shape) > 1 else 0
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, x in given.items():
        if x is None:
            continue
        if x.numel() != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {x.numel()}")
        if name.startswith("running") and x._requires_grad and GradMode.enabled:
            raise RuntimeError(
                f"The function 'native_batch_norm' is not differentiable with respect to argument '{name}'. "
                "This input cannot have requires_grad True."
            )
    _refuse_integers("batch_norm", input)
    _check_parameters(input, *given.values())


def native_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """`batch_norm`, and of each channel the mean and the reciprocal of the deviation (both empty if not `training`).

    Raises:
        RuntimeError: sizes or dtypes that do not agree, or statistics that are missing where they are used.
    """
    _check_batch_norm(input, running_mean, running_var, weight, bias, training)
    if input._shape == (0,):  # no channels, of nothing
        return input.clone(), input.new_empty(0), input.new_empty(0)
    narrow = input.dtype
    if narrow.itemsize == 2:
        input, weight, bias = _widened(input, weight, bias)  # type: ignore[assignment]
    if not training:
        assert running_mean is not None and running_var is not None, "just checked"
        y: Tensor = _batch_norm_fixed(
            input, weight, bias, running_mean.detach().to(input.dtype), running_var.detach().to(input.dtype), eps
        )
        return y.to(narrow), input.new_empty(0), input.new_empty(0)
    y, mean, rstd = _batch_norm(input, weight, bias, eps)
    if running_mean is not None and running_var is not None and input.numel():
        count = input.numel() // input._shape[1]
        with no_grad():
            variance = rstd.pow(-2) - eps
            unbiased = variance * (count / (count - 1)) if count > 1 else variance / 0.0
            _move(running_mean, mean, momentum)
            _move(running_var, unbiased, momentum)
    return y.to(narrow), mean, rstd


def _move(average: Tensor, value: Tensor, momentum: float) -> None:
    average.copy_(average * (1 - momentum) + value.to(average.dtype).reshape(average._shape) * momentum)


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Tensor:
    """(x - E[x]) / sqrt(Var[x] + eps) * weight + bias for each channel (dimension 1), over all the other dimensions.

    In `training` by the statistics of the batch, which move the running ones by `momentum`; else by the running ones.

    Raises:
        RuntimeError: sizes or dtypes that do not agree, or statistics that are missing where they are used.

    Source: arXiv 1502.03167.
    """
    result = native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)[0]
    return as_operands(result, input)


# --- group norm -------------------------------------------------------------------------------------------------------


def _group_norm_gradients(
    g: Tensor,
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    groups: int,
    eps: float,
    out_1: Tensor,
    out_2: Tensor,
) -> list[Tensor | None]:
    mean, rstd = _constant(out_1, out_2)
    return _padded(group_norm_backward(g, input, weight, mean, rstd, groups, eps, bias is not None), weight, bias)


def _grouped(be: Any, x: Array, groups: int) -> Any:
    """(N, C, ...) as (N, groups, C / groups, rest)."""
    n, channels = x.shape[:2]
    return be.reshape(x, (n, groups, channels // groups, math.prod(x.shape[2:])))


@op(name="NativeGroupNormBackward0", graded=1, jointly=_group_norm_gradients)
def _group_norm(be: Any, input: Array, weight: Array | None, bias: Array | None, groups: int, eps: float) -> Any:
    x = _grouped(be, input, groups)
    mean, rstd = _moments(be, x, (2, 3), eps)
    y = _affine(be, be.mul(be.sub(x, mean), rstd), weight, bias, (1, groups, x.shape[2], 1))
    stats = (x.shape[0], groups)
    return be.reshape(y, input.shape), be.reshape(mean, stats), be.reshape(rstd, stats)


@composite
def group_norm_backward(
    be: Any,
    g: Array,
    input: Array,
    weight: Array | None,
    mean: Array | None,
    rstd: Array | None,
    groups: int,
    eps: float,
    has_bias: bool,
) -> Any:
    """The gradients of the input, and of weight and bias where there are any."""
    x = _grouped(be, input, groups)
    grad = _grouped(be, g, groups)
    if mean is None:
        mean, rstd = _moments(be, x, (2, 3), eps)
    stats = (x.shape[0], groups, 1, 1)
    rstd = be.reshape(rstd, stats)
    normalized = be.mul(be.sub(x, be.reshape(mean, stats)), rstd)
    inner = grad if weight is None else be.mul(grad, be.reshape(weight, (1, groups, x.shape[2], 1)))
    grads = [be.reshape(_input_gradient(be, inner, normalized, rstd, (2, 3)), input.shape)]
    channels = (input.shape[1],)
    if weight is not None:
        grads.append(be.reshape(be.sum(be.mul(grad, normalized), (0, 3), False), channels))
    if has_bias:
        grads.append(be.reshape(be.sum(grad, (0, 3), False), channels))
    return tuple(grads) if len(grads) > 1 else grads[0]


def _check_group_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, groups: int) -> None:
    if groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {groups}")
    shape = list(input._shape)
    if input._shape[1] % groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{shape} and num_groups={groups}"
        )
    for name, x in (("weight", weight), ("bias", bias)):
        if x is not None and x._shape != input._shape[1:2]:
            shown = list(x._shape) if name == "weight" else [0] if weight is None else list(weight._shape)
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of "
                f"shape {shown} and input of shape {shape}"
            )
    _refuse_integers("GroupNormKernelImpl", input)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
    cudnn_enabled: bool = True,
) -> Tensor:
    """(x - E[x]) / sqrt(Var[x] + eps) over each group of channels of each sample, then scaled and shifted by channel.

    Raises:
        RuntimeError: `num_groups` does not divide the channels, or parameters do not fit.

    Source: arXiv 1803.08494.
    """
    if len(input._shape) < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {len(input._shape)}")
    _check_group_norm(input, weight, bias, num_groups)
    if _check_parameters(input, weight, bias):
        wide: Tensor = _group_norm(*_widened(input, weight, bias), num_groups, eps)[0]
        return as_operands(wide, input).to(input.dtype)
    return as_operands(_group_norm(input, weight, bias, num_groups, eps)[0], input)


def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`group_norm` of an input of N · C · HxW elements, the means, and the reciprocal deviations, both (N, group)."""
    x = input.reshape(N, C, HxW)
    y = _group_norm(x, weight, bias, group, eps)[0]
    groups = x.reshape(N, group, C // group * HxW)
    mean = groups.mean(-1)
    return y.reshape(input._shape), mean, ((groups - mean.unsqueeze(-1)).square().mean(-1) + eps).rsqrt()


# --- instance norm ----------------------------------------------------------------------------------------------------


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Tensor:
    """`batch_norm` of each sample by itself: every (sample, channel) is a channel.

    Raises:
        RuntimeError: sizes that do not agree, or statistics that are missing where they are used.

    Source: arXiv 1607.08022.
    """
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    shape = input._shape
    n, channels = shape[0], shape[1]

    def repeated(x: Tensor | None) -> Tensor | None:
        return None if x is None else cat([x] * n) if n > 1 else x

    mean, var = [None if x is None else repeated(x.detach()) for x in (running_mean, running_var)]
    if n == 1:
        mean, var = [None if x is None else x.clone() for x in (mean, var)]
    rows = input.contiguous().view((1, n * channels, *shape[2:]))
    y = batch_norm(rows, repeated(weight), repeated(bias), mean, var, use_input_stats, momentum, eps)
    for running, of_each in ((running_mean, mean), (running_var, var)):
        if running is not None and of_each is not None and use_input_stats:
            with no_grad():
                running.copy_(of_each.reshape((n, channels)).mean(0))
    return y.view(shape)


FUNCTIONS = (
    layer_norm, native_layer_norm, rms_norm, batch_norm, native_batch_norm, group_norm, native_group_norm, instance_norm,
)  # fmt: skip
METHODS = ()
