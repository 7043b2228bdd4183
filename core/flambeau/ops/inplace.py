"""In-place ops: `x.add_(y)` writes `x.add(y)` where `x` is. Every view sees it, and autograd is told.

Source: https://docs.pytorch.org/docs/stable/notes/autograd.html#in-place-operations-with-autograd
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._tensor import Tensor, needs_grad
from ..autograd import saved as packing
from ..autograd.modes import GradMode
from ..backends.protocol import Array
from ..dtype import C_NAMES
from ..promotion import can_cast
from ..shape import broadcast_shapes
from .creation import zeros_like
from .op import op
from .overlap import check_overlap
from .recording import OpNode
from .view_writes import reattach, rebase
from .vmap_levels import written


def check_writable(target: Tensor) -> None:
    """Raise PyTorch's errors for a tensor that must not be written to while recording."""
    if not GradMode.enabled:
        return
    base = target._base
    if target._one_of_several and target._node is not None:
        if target._one_of_several == "custom":
            raise RuntimeError(
                f"Output {target._output_nr} of {target._node.bare_name()} is a view and is being modified inplace. This view "
                "was created inside a custom Function (or because an input was returned as-is) and the autograd logic to "
                "handle view+inplace would override the custom backward associated with the custom Function, leading to "
                "incorrect gradients. This behavior is forbidden. You can fix this by cloning the output of the custom "
                "Function."
            )
        raise RuntimeError(
            f"Output {target._output_nr} of {target._node.bare_name()} is a view and is being modified inplace. This view "
            "is the output of a function that returns multiple views. Such functions do not allow the output views to be "
            "modified inplace. You should replace the inplace operation by an out-of-place one."
        )
    if target._requires_grad and target._node is None:
        view = "" if base is None else "a view of "
        raise RuntimeError(f"{view}a leaf Variable that requires grad is being used in an in-place operation.")
    if base is not None and base._requires_grad and base._node is None:
        raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")


def overwrite(target: Tensor, result: Tensor) -> Tensor:
    """Write `result` into `target`, with its history, and return `target`.

    Raises:
        RuntimeError: `result` has another shape, or a dtype of a higher category.
    """
    if result._shape != target._shape:
        raise RuntimeError(
            f"output with shape {list(target._shape)} doesn't match the broadcast shape {list(result._shape)}"
        )
    if result.dtype is not target.dtype:
        if not can_cast(result.dtype, target.dtype):
            raise RuntimeError(
                f"result type {result.dtype.legacy_name} can't be cast to the desired output type "
                f"{target.dtype.legacy_name}"
            )
        result = result.to(target.dtype)
    result = written(target, result)
    if not (GradMode.enabled and needs_grad(result)):
        target._write(result._array())
        return target
    node = result._node
    if isinstance(node, OpNode) and node.saved:
        _keep_old_values(node, target)
    target._write(result._array())
    if isinstance(node, OpNode) and node.plan.out >= 0 and node.saved is not None and node.outputs == 1:
        _follow_written(node, target)
    rebase(target, result)
    return target


def _keep_old_values(node: OpNode, target: Tensor) -> None:
    """The derivative needs what `target` was before the write: save a copy, as PyTorch does."""
    assert node.saved is not None
    if any(value is target for value in node.saved):
        copy = target.detach().clone()
        copy._requires_grad, copy._node, copy._output_nr = target._requires_grad, target._node, target._output_nr
        _replace_saved(node, target, copy)


def _follow_written(node: OpNode, target: Tensor) -> None:
    """The derivative uses the result, which now lives in `target`: a later write to it must be noticed."""
    assert node.saved is not None
    old = node.saved[node.plan.out]
    if not isinstance(old, Tensor):
        return  # a hook has it: nobody knows what it keeps
    alias = target.detach()
    alias._saved_output_of = old._saved_output_of
    _replace_saved(node, old, alias)


def _replace_saved(node: OpNode, old: Tensor, new: Tensor) -> None:
    assert node.saved is not None
    node.saved = tuple(new if value is old else value for value in node.saved)
    node.versions = [(new, new._storage.version) if t is old else (t, v) for t, v in node.versions]


_EXACT = ("cumsum", "cumprod", "addmm", "addmv", "baddbmm")
"""Functions whose in-place form PyTorch refuses, in words of its own, where the result is not just like the input."""


_LENIENT = ("masked_fill", "index_fill", "tril", "triu")
"""Functions whose in-place form PyTorch lets write to an expanded tensor."""


def _as_it_was(target: Tensor) -> Tensor:
    """The elements before a write, with their history, for several ops to save."""
    copy = target.detach().clone()
    copy._node, copy._output_nr, copy._requires_grad = target.grad_fn, target._output_nr, needs_grad(target)
    return copy


def in_place(function: Callable[..., Tensor], *, composed: bool = False) -> Callable[..., Tensor]:
    """The in-place form of a function whose first argument is the tensor to write to.

    `composed` says that the function is made of several ops, of which others than the last may save that argument.
    """
    exact = function.__name__ in _EXACT
    lenient = function.__name__ in _LENIENT

    def call(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_writable(input)
        if not lenient:
            check_overlap(input)
        if input._base is not None and input._node is not None and GradMode.enabled and needs_grad(input._base):
            # The old values are the base's, whatever views lie between: `as_strided` may show what those do not.
            reattach(input, input._base)
        # Hooks on saved tensors get the values of before too.
        copied = GradMode.enabled and ((composed and needs_grad(input)) or packing.contexts)
        source = _as_it_was(input) if copied else input
        result = function(source, *args, **kwargs)
        if exact:
            _check_alike(input, result)
        return overwrite(input, result)

    call.__name__ = call.__qualname__ = function.__name__ + "_"
    call.__doc__ = f"The in-place form of `{function.__name__}`."
    return call


def _check_alike(input: Tensor, result: Tensor) -> None:
    if input._shape != result._shape:
        raise RuntimeError(
            f"Bad in-place call: input tensor size {list(input._shape)} and output tensor size {list(result._shape)} should "
            "match"
        )
    if input.dtype.priority != result.dtype.priority:
        raise RuntimeError(
            f"Bad in-place call: input tensor dtype {C_NAMES[input.dtype.name]} and output tensor dtype "
            f"{C_NAMES[result.dtype.name]} should match"
        )


@op(name="FillBackward2", input=zeros_like)
def _filled(be: Any, input: Array, value: Any) -> Any:
    return be.full(input.shape, value, be.dtype_of(input))


@op(name="ZeroBackward0", input=zeros_like)
def _zeroed(be: Any, input: Array) -> Any:
    return be.full(input.shape, 0, be.dtype_of(input))


@op(name="CopyBackwards", input=zeros_like, source=lambda g: g)
def _copied(be: Any, input: Array, source: Array) -> Any:
    return be.copy(source)


def fill_(input: Tensor, value: Any) -> Tensor:
    """Set every element to `value`."""
    check_writable(input)
    if isinstance(value, Tensor):
        if value._shape:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value.dim()} dimensions."
            )
        return copy_(input, value)
    if GradMode.enabled and needs_grad(input):
        return overwrite(input, _filled(input, value))
    input._write(_plain(value, input))
    return input


def fill(input: Tensor, value: Any) -> Tensor:
    """A copy of `input` with every element `value`."""
    return fill_(input.clone(), value)


def _plain(value: Any, like: Tensor) -> Any:
    kind = like.dtype
    if kind.priority == 3:
        return complex(value)
    if kind.priority == 2:
        return float(value)
    if kind.priority == 0:
        return bool(value)
    from .operands import whole_number

    return whole_number(value, kind)


def zero_(input: Tensor) -> Tensor:
    """Set every element to 0."""
    if GradMode.enabled and needs_grad(input):
        check_writable(input)
        return overwrite(input, _zeroed(input))
    return fill_(input, 0)


def copy_(input: Tensor, other: Any, non_blocking: bool = False) -> Tensor:
    """Copy the elements of `other`, broadcast, from any device and dtype.

    Raises:
        RuntimeError: `other` does not broadcast to the shape.
    """
    check_writable(input)
    if not isinstance(other, Tensor):
        from .creation import as_tensor

        other = as_tensor(other)
    check_overlap(input)
    source = written(input, other.to(device=input.device, dtype=input.dtype))
    if source._shape != input._shape:
        shape = broadcast_shapes(input._shape, source._shape)
        if shape != input._shape:
            raise RuntimeError(
                f"output with shape {list(input._shape)} doesn't match the broadcast shape {list(shape)}"
            )
    if GradMode.enabled and (needs_grad(input) or needs_grad(source)) and input.dtype.priority >= 2:
        return overwrite(
            input, _copied(input, source.expand(input._shape) if source._shape != input._shape else source)
        )
    if source._shape != input._shape:
        source = source.expand(input._shape)
    input._write(source._array())
    return input


FUNCTIONS_TOO = tuple(
    name + "_"
    for name in (
        "abs acos acosh addmv arccos arccosh arcsin arcsinh arctan arctanh as_strided asin asinh atan atanh ceil clamp "
        "clamp_max clamp_min clip cos cosh deg2rad detach erf erfc exp exp2 expm1 fill fix floor frac gcd i0 index_put lcm "
        "ldexp log log10 log1p log2 logit nan_to_num neg negative rad2deg reciprocal relu resize_as round rsqrt sigmoid sin "
        "sinc sinh sqrt square tan tanh trunc xlogy zero"
    ).split()
)
"""In-place forms that are functions too: `torch.sin_(x)`."""

FUNCTIONS = (fill,)
METHODS = (fill_, zero_, copy_)
