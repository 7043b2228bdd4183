"""Convolution in any number of dimensions: windows times weights, one product for all of them.

Three ops are closed under differentiation: the convolution, the gradient of its input (which is the transposed
convolution), and that of its weight. Each one's derivatives are the other two.
Source: https://docs.pytorch.org/docs/stable/nn.functional.html#convolution-functions
"""

from __future__ import annotations

from math import prod
from typing import Any

from .. import once
from .._tensor import Tensor
from ..autograd.modes import GradMode
from ..backends.protocol import Array
from ..dtype import C_NAMES, bool_
from .memory_formats import as_operands
from .op import op
from .padding import constant_pad_nd
from .views import narrow, squeeze, unsqueeze
from .windows import Ints, cropped, flat_windows, overlap_add, padded, window_counts

# --- the three ops ----------------------------------------------------------------------------------------------------


def _bias_grad(g: Tensor) -> Tensor:
    return g.sum((0, *range(2, g.dim())))


def _counted(y: Tensor, shape: Ints) -> Tensor:
    """The first windows of a convolution: an output padding as large as the stride makes room for more of them."""
    for axis, n in enumerate(shape[2:], 2):
        if y._shape[axis] != n:
            y = narrow(y, axis, 0, n)
    return y


def _with_bias(be: Any, y: Any, bias: Any) -> Any:
    return y if bias is None else be.add(y, be.reshape(bias, (bias.shape[0], *(1,) * (len(y.shape) - 2))))


def _gradients(
    g: Tensor,
    needs: list[bool],
    input: Tensor,
    weight: Tensor,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    groups: int,
) -> list[Tensor | None]:
    """The gradients of input, weight and bias; those of weight and bias in one, where nobody differentiates them."""
    settings = (stride, padding, dilation, groups)
    of_input, of_weight, of_bias = None, None, None
    if needs[0]:
        of_input = convolution_input_grad(g, weight, input._shape[2:], *settings)
    if needs[1] and needs[2] and not GradMode.enabled:
        of_weight, of_bias = convolution_parameter_grads(g, input, weight._shape[2:], *settings)
        return [of_input, of_weight, of_bias]
    if needs[1]:
        of_weight = convolution_weight_grad(g, input, weight._shape[2:], *settings)
    if needs[2]:
        of_bias = _bias_grad(g)
    return [of_input, of_weight, of_bias]


@op(name="ConvolutionBackward0", jointly=_gradients)
def convolve(
    be: Any,
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    groups: int,
) -> Any:
    """Each window of the input (N, C, *size) times the weights (out, C / groups, *kernel): (N, out, *counts)."""
    kernel = weight.shape[2:]
    x = padded(be, input, padding)
    out = window_counts(x.shape[2:], kernel, stride, dilation)
    columns = flat_windows(be, x, kernel, out, stride, dilation, groups)
    rows = be.reshape(weight, (groups, weight.shape[0] // groups, prod(weight.shape[1:])))
    return _with_bias(be, be.reshape(be.matmul(rows, columns), (input.shape[0], weight.shape[0], *out)), bias)


def _input_grad(
    be: Any, grad: Any, weight: Any, size: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    n, out, *counts = grad.shape
    kernel = weight.shape[2:]
    rows = be.reshape(weight, (groups, out // groups, prod(weight.shape[1:])))
    columns = be.matmul(be.permute(rows, (0, 2, 1)), be.reshape(grad, (n, groups, out // groups, prod(counts))))
    columns = be.reshape(columns, (n, weight.shape[1] * groups, *kernel, *counts))
    whole = tuple([s + 2 * p for s, p in zip(size, padding, strict=True)])
    return cropped(be, overlap_add(be, columns, whole, stride, dilation), padding, size)


@op(
    name="ConvolutionBackward0",
    grad=lambda g, grad_shape, weight, stride, padding, dilation, groups: _counted(
        convolve(g, weight, None, stride, padding, dilation, groups), grad_shape
    ),
    weight=lambda g, grad, weight_shape, stride, padding, dilation, groups: convolution_weight_grad(
        grad, g, weight_shape[2:], stride, padding, dilation, groups
    ),
)
def convolution_input_grad(
    be: Any, grad: Array, weight: Array, size: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """The adjoint of `convolve` in its input, of the sizes `size`: (N, out, *counts) → (N, C, *size)."""
    return _input_grad(be, grad, weight, size, stride, padding, dilation, groups)


@op(
    name="ConvolutionBackward0",
    grad=lambda g, grad_shape, input, stride, padding, dilation, groups: _counted(
        convolve(input, g, None, stride, padding, dilation, groups), grad_shape
    ),
    input=lambda g, input_shape, grad, stride, padding, dilation, groups: convolution_input_grad(
        grad, g, input_shape[2:], stride, padding, dilation, groups
    ),
)
def convolution_weight_grad(
    be: Any, grad: Array, input: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """The adjoint of `convolve` in its weight, with kernels of the sizes `kernel`: (out, C / groups, *kernel)."""
    return _weight_grad(be, grad, input, kernel, stride, padding, dilation, groups)


@op()
def convolution_parameter_grads(
    be: Any, grad: Array, input: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """`convolution_weight_grad`, and the gradient of the bias (out,). Without a derivative."""
    fused = be.kernels.get("convolution_weight_grad")
    arguments = (grad, input, kernel, stride, padding, dilation, groups)
    of_weight = fused(*arguments) if fused else _weight_grad(be, *arguments)
    return of_weight, be.sum(grad, (0, *range(2, len(grad.shape))), False)


def _weight_grad(
    be: Any, grad: Any, input: Any, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    n, out, *counts = grad.shape
    c = input.shape[1]
    columns = flat_windows(be, padded(be, input, padding), kernel, tuple(counts), stride, dilation, groups)
    inside, steps = c // groups * prod(kernel), n * prod(counts)
    columns = be.reshape(be.permute(columns, (1, 0, 3, 2)), (groups, steps, inside))
    rows = be.reshape(grad, (n, groups, out // groups, prod(counts)))
    rows = be.reshape(be.permute(rows, (1, 2, 0, 3)), (groups, out // groups, steps))
    return be.reshape(be.matmul(rows, columns), (out, c // groups, *kernel))


@op(
    name="ConvolutionBackward0",
    input=lambda g, input_shape, weight, stride, padding, dilation, groups: _counted(
        convolve(g, weight, None, stride, padding, dilation, groups), input_shape
    ),
    weight=lambda g, input, weight_shape, stride, padding, dilation, groups: convolution_weight_grad(
        input, g, weight_shape[2:], stride, padding, dilation, groups
    ),
    bias=lambda g: _bias_grad(g),
)
def convolve_transposed(
    be: Any,
    input: Array,
    weight: Array,
    bias: Array | None,
    size: Ints,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    groups: int,
) -> Any:
    """`convolution_input_grad` as a layer's forward: (N, C, *counts), (C, out / groups, *kernel) → (N, out, *size)."""
    kernel = be.kernels.get("convolution_input_grad")
    arguments = (input, weight, size, stride, padding, dilation, groups)
    return _with_bias(be, kernel(*arguments) if kernel else _input_grad(be, *arguments), bias)


# --- the public functions ---------------------------------------------------------------------------------------------


def _tuple(name: str, value: Any, rank: int) -> Ints:
    """One integer for each dimension.

    Raises:
        RuntimeError: another number of them is given.
    """
    if isinstance(value, int):
        return (value,) * rank
    given = tuple(value)
    if len(given) == 1:
        return given * rank
    if len(given) != rank:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {rank} values to match the convolution "
            f"dimensions, but got {name}={list(given)}"
        )
    return given


def _check_arguments(name: str, rank: int, **arguments: Any) -> None:
    for argument, value in arguments.items():
        if isinstance(value, int) or (argument == "padding" and isinstance(value, str)):
            continue
        if not isinstance(value, (tuple, list)) or not all(isinstance(v, int) for v in value):
            raise TypeError(
                f"{name}() received an invalid combination of arguments - got ({argument}={type(value).__name__}), but "
                "expected one of: integers or tuples of them"
            )


def _batched(name: str, input: Tensor, rank: int) -> tuple[Tensor, bool]:
    """The input with a batch dimension, and whether it had one.

    Raises:
        RuntimeError: it has neither `rank + 1` nor `rank + 2` dimensions.
    """
    if input.dim() == rank + 2:
        return input, True
    if input.dim() == rank + 1:
        return unsqueeze(input, 0), False
    raise RuntimeError(
        f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to {name}, but got input of size: "
        f"{list(input._shape)}"
    )


def _check_tensors(name: str, input: Any, weight: Any, bias: Any) -> None:
    for x in (input, weight):
        if not isinstance(x, Tensor):
            kinds = ", ".join([type(a).__name__ for a in (input, weight, bias) if a is not None])
            raise TypeError(
                f"{name}() received an invalid combination of arguments - got ({kinds}), but expected one of: tensors"
            )


def _check(input: Tensor, weight: Tensor, bias: Tensor | None, stride: Ints, padding: Ints, dilation: Ints,
           groups: int, transposed: bool) -> None:  # fmt: skip
    if bias is not None and bias.dtype is not input.dtype:
        kinds = [C_NAMES[x.dtype.name] if x.dtype is not bool_ else "bool" for x in (input, bias)]
        raise RuntimeError(f"Input type ({kinds[0]}) and bias type ({kinds[1]}) should be the same")
    shape = list(weight._shape)
    if any(d < 0 for d in dilation):
        raise RuntimeError("dilation should be greater than zero")
    for name, values, least in (("padding", padding, 0), ("stride", stride, 1), ("dilation", dilation, 1)):
        if any(v < least for v in values):
            raise RuntimeError(f"{'non-positive' if least else 'negative'} {name} is not supported")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    if shape[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{shape} instead"
        )
    if shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size "
            f"[{shape}] instead"
        )
    channels = shape[0] if transposed else shape[1] * groups
    label = f"Given {'transposed=1' if transposed else f'groups={groups}'}, weight of size {shape}"
    if input._shape[1] != channels:
        raise RuntimeError(
            f"{label}, expected input{list(input._shape)} to have {channels} channels, but got {input._shape[1]} "
            "channels instead"
        )
    made = shape[1] * groups if transposed else shape[0]
    if bias is not None and bias._shape != (made,):
        raise RuntimeError(
            f"Given {'transposed=1, ' if transposed else ''}weight of size {shape}, expected bias to be "
            f"1-dimensional with {made} elements, but got bias of size {list(bias._shape)} instead"
        )
    if not transposed:
        whole = [n + 2 * p for n, p in zip(input._shape[2:], padding, strict=True)]
        reach = [d * (k - 1) + 1 for d, k in zip(dilation, shape[2:], strict=True)]
        if any(n < r for n, r in zip(whole, reach, strict=True)):
            raise RuntimeError(
                f"Calculated padded input size per channel: ({' x '.join(map(str, whole))}). Kernel size: "
                f"({' x '.join(map(str, reach))}). Kernel size can't be greater than actual input size"
            )
    if weight.dtype is not input.dtype:
        names = [x.dtype.legacy_name for x in (input, weight)]
        raise RuntimeError(f"expected scalar type {names[0]} but found {names[1]}")


def _convolution(
    name: str,
    rank: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Tensor:
    _check_tensors(name, input, weight, bias)
    _check_arguments(name, rank, stride=stride, padding=padding, dilation=dilation)
    x, batched = _batched(name, input, rank)
    if weight.dim() < 3:
        raise RuntimeError("weight should have at least three dimensions")
    given = weight.dim() - 2
    if isinstance(padding, str) and given != rank:
        raise RuntimeError(
            f"Expected {given + 2}-dimensional input for {given + 2}-dimensional weight{list(weight._shape)}, but got "
            f"{x.dim()}-dimensional input of size {list(x._shape)} instead"
        )
    # An integer is one for each dimension that the function's name has; they must be as many as the weight's.
    strides = _tuple("stride", stride if not isinstance(stride, int) else (stride,) * rank, given)
    dilations = _tuple("dilation", dilation if not isinstance(dilation, int) else (dilation,) * rank, given)
    if isinstance(padding, str):
        x, paddings = _named_padding(padding, x, weight._shape[2:], strides, dilations)
    else:
        paddings = _tuple("padding", padding if not isinstance(padding, int) else (padding,) * rank, given)
    _check(x, weight, bias, strides, paddings, dilations, groups, False)
    result = as_operands(convolve(x, weight, bias, strides, paddings, dilations, groups), x, weight)
    return result if batched else squeeze(result, 0)


def _named_padding(padding: str, x: Tensor, kernel: Ints, stride: Ints, dilation: Ints) -> tuple[Tensor, Ints]:
    """What "same" or "valid" stands for: the input, padded where one side needs more than the other, and the rest."""
    if padding == "valid":
        return x, (0,) * len(kernel)
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    if any(t % 2 for t in total):
        once.warn(
            "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the input be "
            "created",
            stacklevel=3,
        )
        x = constant_pad_nd(x, [side for t in reversed(total) for side in (0, t % 2)])
    return x, tuple([t // 2 for t in total])


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Windows of (N, C, L) or (C, L) times weights (out, C / groups, k), plus a bias (out): (N, out, L').

    Args:
        padding: how many zeros at both ends; or "valid" (none), or "same", with which the length stays (stride 1 only).

    Raises:
        RuntimeError: sizes, dtypes or settings that do not fit, in PyTorch's words.
    """
    return _convolution("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Windows of (N, C, H, W) or (C, H, W) times weights (out, C / groups, kh, kw), plus a bias (out).

    Arguments and errors as for `conv1d`; an integer stands for one in each dimension.
    """
    return _convolution("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Windows of (N, C, D, H, W) or (C, D, H, W) times weights (out, C / groups, kd, kh, kw), plus a bias (out).

    Arguments and errors as for `conv1d`; an integer stands for one in each dimension.
    """
    return _convolution("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _transposed(
    name: str,
    rank: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Tensor:
    _check_tensors(name, input, weight, bias)
    _check_arguments(name, rank, stride=stride, padding=padding, output_padding=output_padding, dilation=dilation)
    x, batched = _batched(name, input, rank)
    if weight.dim() < 3:
        raise RuntimeError("weight should have at least three dimensions")
    kernel = weight._shape[2:]
    strides, paddings, extra, dilations = [
        _tuple(label, value if not isinstance(value, int) else (value,) * rank, len(kernel))
        for label, value in (
            ("stride", stride), ("padding", padding), ("output_padding", output_padding), ("dilation", dilation),
        )
    ]  # fmt: skip
    if any(e < 0 for e in extra):
        raise RuntimeError("negative output_padding is not supported")
    _check(x, weight, bias, strides, paddings, dilations, groups, True)
    if any(e >= s and e >= d for e, s, d in zip(extra, strides, dilations, strict=True)):
        _raise_output_padding(extra, strides, dilations)
    if 0 in x._shape[2:]:
        raise RuntimeError(
            f"Only zero batch or zero channel inputs are supported, but got input shape: {list(x._shape)}"
        )
    size = tuple(
        [
            (n - 1) * s - 2 * p + d * (k - 1) + e + 1
            for n, s, p, d, k, e in zip(x._shape[2:], strides, paddings, dilations, kernel, extra, strict=True)
        ]
    )
    if any(n <= 0 for n in size):
        raise RuntimeError("could not construct a memory descriptor using a format tag")
    result = convolve_transposed(x, weight, bias, size, strides, paddings, dilations, groups)
    result = as_operands(result, x, weight)
    return result if batched else squeeze(result, 0)


def _raise_output_padding(extra: Ints, stride: Ints, dilation: Ints) -> None:
    names = ("depth", "height", "width")[-len(extra) :] if len(extra) > 1 else ("height", "width")
    groups = (("output_padding", extra, 0), ("stride", stride, 1), ("dilation", dilation, 1))
    shown = [
        f"{label}_{name}: {value}"
        for label, values, one in groups
        for name, value in zip(names, (one, *values)[-len(names) :], strict=True)
    ]
    raise RuntimeError("output padding must be smaller than either stride or dilation, but got " + " ".join(shown))


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Each element of (N, C, L) spread over a window with weights (C, out / groups, k): what a convolution's gradient does.

    The result is (N, out, (L - 1) * stride - 2 * padding + dilation * (k - 1) + output_padding + 1).

    Raises:
        RuntimeError: sizes, dtypes or settings that do not fit, in PyTorch's words.
    """
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """`conv_transpose1d` of (N, C, H, W) with weights (C, out / groups, kh, kw)."""
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """`conv_transpose1d` of (N, C, D, H, W) with weights (C, out / groups, kd, kh, kw)."""
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """`conv1d` with time first: (T, N, C), weights (k, C, out) and a bias (out) → (T', N, out)."""
    y = conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad)
    return y.permute(2, 0, 1).contiguous()


def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Tensor:
    """The convolution that the weight's rank tells, plain or transposed."""
    rank = weight.dim() - 2
    if transposed:
        return _transposed("convolution", rank, input, weight, bias, stride, padding, output_padding, groups, dilation)
    return _convolution("convolution", rank, input, weight, bias, stride, padding, dilation, groups)


FUNCTIONS = (
    conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d, conv_tbc, convolution,
)  # fmt: skip
