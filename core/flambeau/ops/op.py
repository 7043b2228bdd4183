"""How an op is defined: forward in primitives, derivative in ops, dtype rule and docstring, in one place.

    @binary(input=lambda g, other: g * other, other=lambda g, input: g * input)
    def mul(be, input: Operand, other: Operand):
        '''Returns the product of `input` and `other`, element by element.'''
        return be.mul(input, other)

The function body is the forward. It gets the backend and backend arrays, and calls primitives
(`backends/protocol.py`). Annotations tell what the public function accepts: `Array` is a tensor, `Operand` a tensor or
a number, `Array | None` an optional tensor, `Sequence[Array]` a sequence of tensors; anything else is passed on as it is.

A keyword of the decorator is the derivative with respect to the parameter of that name: a function of the incoming
gradient and of whatever it names after it: parameters of the forward, `out` (the result), `out_1` (a later result),
`<parameter>_shape`, `<parameter>_dtype`. What a derivative names is what is saved, and only if that derivative is
needed. It is written with tensors and ops, and so can be differentiated again. Where the derivatives share their work,
the keyword `jointly` gives them all at once: a function that returns a tuple, one for each tensor parameter. If its
second parameter is `needs`, it is told which parameters of the forward want one, True or False for each. With
`graded=n` the results after the n-th are for backward, and have no gradient.

A `composite` op has no derivative of its own. Where nobody differentiates it, it runs as one op, which a backend may
have a kernel for; where somebody does, its forward runs on tensors instead of arrays, primitive by primitive, and each
of those is recorded.

What `mul(...)` then returns is an ordinary Python function of tensors.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any, Literal

from .._tensor import Tensor, needs_grad
from ..autograd.modes import GradMode
from ..backends.protocol import Array as Array
from ..backends.protocol import Operand as Operand
from ..dtype import dtype, get_default_dtype
from ..shape import broadcast_shapes
from ..storage import Storage
from . import vmap_levels
from .definition import Op
from .memory_order import compute, placed
from .operands import align, moved, raise_devices
from .overlap import check_apart, check_overlap
from .recording import record, record_if_needed

_new = object.__new__

Mask = Any
"""Annotates an elementwise tensor operand that takes no part in promotion, such as the condition of `where`."""


def wrap(array: Any, kind: dtype, storage: Storage) -> Tensor:
    """A tensor that owns a new array, on the device of `storage`."""
    out = _new(Tensor)
    out._storage = Storage(array, storage.backend, storage.device)
    out._shape = array.shape
    out.dtype = kind
    return out


def _in_order(kernel: Any, values: Sequence[Any], kind: dtype, storage: Storage) -> Tensor:
    """What an elementwise kernel makes of operands some of which are views: it lies in memory as they do."""
    array, shape, strides = compute(kernel, values)
    y = wrap(array, kind, storage)
    return y if strides is None else placed(y, shape, strides)


def _finish(call: Any, op: Op) -> Any:
    update_wrapper(call, op.forward, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())
    del call.__wrapped__
    call.op = op
    return call


Promote = Literal["keep", "float"]


def unary(
    promote: Promote = "keep", result: dtype | None = None, name: str | None = None, **derivatives: Callable[..., Any]
) -> Callable[[Callable[..., Any]], Callable[..., Tensor]]:
    """An elementwise op of one tensor; parameters after it are passed on as they are.

    Args:
        promote: "float" turns integers into the default floating-point dtype first.
        result: the dtype of the result, where it is not that of the operand.
    """

    def define(forward: Callable[..., Any]) -> Callable[..., Tensor]:
        op = Op(forward, name, derivatives)
        kernels = op.kernels
        differentiable = bool(op.differentiable)
        extras = len(op.parameters) - 1
        to_float = promote == "float"

        def call(input: Any, *args: Any, out: Tensor | None = None, **kwargs: Any) -> Tensor:
            if not isinstance(input, Tensor):
                if hasattr(type(input), "__torch_function__"):
                    from ..overrides import hand_over

                    return hand_over(call, input, *args, **kwargs)
                raise TypeError(
                    f"{op.label}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
                )
            if to_float and input.dtype.priority < 2:
                input = input.to(get_default_dtype())
            elif input.dtype.priority == 3 and op.complex_form is not None:
                return in_complex(op, (input, *args), kwargs, out)
            storage = input._storage
            kernel = kernels.get(storage.backend) or op.kernel(storage.backend)
            if extras and (kwargs or len(args) != extras):
                args = tuple(bind(op, (input, *args), kwargs)[1:])
            elif kwargs:
                bind(op, (input, *args), kwargs)
            kind = result or input.dtype
            if input._view is None:
                y = wrap(kernel(storage.array, *args), kind, storage)
            else:
                y = _in_order(kernel, (input, *args), kind, storage)
            if differentiable and GradMode.enabled and needs_grad(input):
                record(op, (input, *args), y, 1, False)
            return y if out is None else store(out, y, op.label, input)

        return _finish(call, op)

    return define


def binary(
    promote: Promote = "keep", result: dtype | None = None, name: str | None = None, **derivatives: Callable[..., Any]
) -> Callable[[Callable[..., Any]], Callable[..., Tensor]]:
    """An elementwise op of two operands that broadcast: a tensor, and whatever is no `Array` may be a number."""

    def define(forward: Callable[..., Any]) -> Callable[..., Tensor]:
        op = Op(forward, name, derivatives)
        kernels = op.kernels
        differentiable = bool(op.differentiable)
        to_float = promote == "float"
        number_first, number_second = [forward.__annotations__[p] == "Operand" for p in op.parameters]

        def call(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
            broadcasts = False
            operands: list[Any]
            views: tuple[Any, Any] | None = None  # the operands, where one of them is a view
            # The common cases, each without a detour: two tensors alike, or a float tensor and a number.
            if isinstance(input, Tensor):
                kind = input.dtype
                storage = input._storage
                if isinstance(other, Tensor):
                    if (
                        kind is not other.dtype
                        or storage.backend is not other._storage.backend
                        or (to_float and kind.priority < 2)
                    ):
                        operands = [input, other]
                        align(operands, promote, op.label)
                        input, other = operands
                        kind = input.dtype
                        storage = input._storage
                    if input._shape != other._shape:
                        broadcast_shapes(input._shape, other._shape)
                        broadcasts = True
                    if input._view is None and other._view is None:
                        x = storage.array
                        y = other._storage.array
                    else:
                        views = input, other
                elif other.__class__ is float and kind.priority == 2:
                    if input._view is None:
                        x = storage.array
                        y = other
                    else:
                        views = input, other
                else:
                    operands = [input, other]
                    if not number_second:
                        raise TypeError(
                            f"{op.label}(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}"
                        )
                    align(operands, promote, op.label)
                    input, y = operands
                    if isinstance(y, Tensor):
                        return call(input, y, out=out)
                    storage = input._storage
                    kind = input.dtype
                    if input._view is None:
                        x = storage.array
                    else:
                        views = input, y
            else:
                operands = [input, other]
                if not number_first and number_second and isinstance(input, (bool, int, float)):
                    names = f"{type(input).__name__}, {type(other).__name__}"
                    forms = [
                        f" * (Tensor input, {kind} other, *, Tensor out = None)\n" for kind in ("Tensor", "Number")
                    ]
                    raise TypeError(
                        f"{op.label}() received an invalid combination of arguments - got ({names}), but expected one of:\n"
                        + "".join(forms)
                    )
                if not isinstance(other, Tensor) or not number_first:
                    raise TypeError(
                        f"{op.label}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
                    )
                align(operands, promote, op.label)
                x, other = operands
                if isinstance(x, Tensor):
                    return call(x, other, out=out)
                input = x
                storage = other._storage
                kind = other.dtype
                if other._view is None:
                    y = storage.array
                else:
                    views = x, other
            if kind.priority == 3 and op.complex_form is not None:
                return in_complex(op, (input, other), {}, out)
            kernel = kernels.get(storage.backend) or op.kernel(storage.backend)
            if views is None:
                z = wrap(kernel(x, y), result or kind, storage)
            else:
                z = _in_order(kernel, views, result or kind, storage)
            if differentiable and GradMode.enabled:
                mask = (1 if isinstance(input, Tensor) and needs_grad(input) else 0) | (
                    2 if isinstance(other, Tensor) and needs_grad(other) else 0
                )
                if mask:
                    record(op, (input, other), z, mask, broadcasts)
            return z if out is None else store(out, z, op.label, input, other)

        return _finish(call, op)

    return define


def pointwise(
    promote: Promote = "keep", result: dtype | None = None, name: str | None = None, **derivatives: Callable[..., Any]
) -> Callable[[Callable[..., Any]], Callable[..., Tensor]]:
    """An elementwise op of any number of operands that broadcast. Only `Array` and `Operand` parameters are promoted."""

    def define(forward: Callable[..., Any]) -> Callable[..., Tensor]:
        op = Op(forward, name, derivatives)
        masks = tuple(i for i in op.tensor_positions if forward.__annotations__[op.parameters[i]] == "Mask")
        promoted = tuple(i for i in op.tensor_positions if i not in masks)
        numberless = tuple(i for i in promoted if forward.__annotations__[op.parameters[i]] == "Array")

        def call(*args: Any, out: Tensor | None = None, **kwargs: Any) -> Tensor:
            values = bind(op, args, kwargs)
            for i in numberless:
                if not isinstance(values[i], Tensor):
                    raise TypeError(
                        f"{op.label}(): argument '{op.parameters[i]}' (position {i + 1}) must be Tensor, not "
                        f"{type(values[i]).__name__}"
                    )
            operands = [values[i] for i in promoted]
            align(operands, promote, op.label)
            for i, x in zip(promoted, operands, strict=True):
                values[i] = x
            tensors = [x for x in operands if isinstance(x, Tensor)]
            for i in masks:
                if values[i]._storage.backend is not tensors[0]._storage.backend:
                    if vmap_levels.levels and (lifted := vmap_levels.together(values)) is not None:
                        return call(*lifted, out=out)
                    values[i] = moved(values[i], tensors)
            if op.complex_form is not None and tensors[0].dtype.priority == 3:
                return in_complex(op, tuple(values), {}, out)
            shapes = [values[i]._shape for i in masks] + [t._shape for t in tensors]
            shape = shapes[0]
            for other in shapes[1:]:
                shape = broadcast_shapes(shape, other)
            storage = tensors[0]._storage
            kernel = op.kernels.get(storage.backend) or op.kernel(storage.backend)
            y = _in_order(kernel, values, result or tensors[0].dtype, storage)
            record_if_needed(op, values, y, any(s != shape for s in shapes))
            return y if out is None else store(out, y, op.label, *operands)

        return _finish(call, op)

    return define


DtypeRule = Callable[..., Any]


def op(
    result: dtype | DtypeRule | None = None, name: str | None = None, **derivatives: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Any other op. Its tensors are on one device; their dtypes are the op's own affair.

    Args:
        result: the dtype of the result (a tuple for several results); a function of the arguments may compute it. None
            is the dtype of the first tensor, for every result.
    """

    def define(forward: Callable[..., Any]) -> Callable[..., Any]:
        definition = Op(forward, name, derivatives)
        first = definition.tensor_positions[0]
        variadic = definition.variadic

        n = len(definition.parameters)
        positions = definition.tensor_positions
        kernels = definition.kernels
        differentiable = sum(1 << i for i in definition.differentiable)

        def call_variadic(*args: Any, **kwargs: Any) -> Any:
            values: Any = bind(definition, args, kwargs) if kwargs or len(args) != n else args
            tensors = values[0]
            storage = tensors[0]._storage
            backend = storage.backend
            arrays = []
            for x in tensors:
                held = x._storage
                if held.backend is not backend:
                    if vmap_levels.levels and (lifted := vmap_levels.together(tensors)) is not None:
                        return call_variadic(lifted, *values[1:])
                    raise_devices(*tensors)
                arrays.append(held.array if x._view is None else x._read())
            kernel = kernels.get(backend) or definition.kernel(backend)
            y = wrap(kernel(arrays, *values[1:]), tensors[0].dtype, storage)
            record_if_needed(definition, values, y, False)
            return y

        def call(*args: Any, **kwargs: Any) -> Any:
            values: Any = bind(definition, args, kwargs) if kwargs or len(args) != n else args
            lead = values[first]
            if not isinstance(lead, Tensor):
                raise TypeError(
                    f"{definition.name}(): argument '{definition.parameters[first]}' (position {first + 1}) must be "
                    f"Tensor, not {type(lead).__name__}"
                )
            if lead.dtype.priority == 3 and definition.complex_form is not None:
                return definition.complex_form(*values)
            storage = lead._storage
            backend = storage.backend
            arrays = list(values)
            mask = 0
            for i in positions:
                x = values[i]
                if isinstance(x, Tensor):
                    held = x._storage
                    if held.backend is not backend:
                        if vmap_levels.levels and (lifted := vmap_levels.together(values)) is not None:
                            return call(*lifted)
                        raise_devices(*[t for t in values if isinstance(t, Tensor)])
                    if x._view is None:
                        arrays[i] = held.array
                    else:
                        arrays[i] = x._read()
                    if x._requires_grad or (x._base is not None and needs_grad(x)):
                        mask |= 1 << i
            y = (kernels.get(backend) or definition.kernel(backend))(*arrays)
            kind = lead.dtype if result is None else result if isinstance(result, dtype) else result(*values)
            if y.__class__ is tuple:
                of_each = kind if isinstance(kind, tuple) else (kind,) * len(y)
                y = tuple([wrap(a, k, storage) for a, k in zip(y, of_each, strict=True)])
            else:
                y = wrap(y, kind, storage)
            mask &= differentiable
            if mask and GradMode.enabled:
                record(definition, values, y, mask, False)
            return y

        if variadic:
            return _finish(call_variadic, definition)
        return _finish(call, definition)

    return define


def composite(forward: Callable[..., Any]) -> Callable[..., Any]:
    """An op without a derivative: fused where nobody differentiates it, recorded by primitives where somebody does.

    The dtype of every result is that of its first tensor.
    """
    fused = op()(forward)
    definition: Op = fused.op  # type: ignore[attr-defined]

    def call(*args: Any, **kwargs: Any) -> Any:
        if GradMode.enabled:
            values = bind(definition, args, kwargs)
            if any(isinstance(x, Tensor) and needs_grad(x) for x in values):
                from .primitives import TENSORS

                return forward(TENSORS, *values)
        return fused(*args, **kwargs)

    return _finish(call, definition)


def bind(op: Op, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
    """The arguments of a call in the order of the op's parameters, defaults filled in.

    Raises:
        TypeError: too few, too many, or an unknown keyword.
    """
    values = list(args)
    n = len(op.parameters)
    if len(values) > n:
        raise TypeError(f"{op.name}() takes {n} positional arguments but {len(values)} were given")
    used = 0
    for i in range(len(values), n):
        parameter = op.parameters[i]
        if parameter in kwargs:
            values.append(kwargs[parameter])
            used += 1
        elif i >= op.required:
            values.append(op.defaults[i - op.required])
        else:
            raise TypeError(f'{op.name}() missing 1 required positional arguments: "{parameter}"')
    if used != len(kwargs):
        unknown = next(k for k in kwargs if k not in op.parameters[len(args) :])
        raise TypeError(f"{op.name}() got an unexpected keyword argument '{unknown}'")
    return values


def in_complex(op: Op, args: tuple[Any, ...], kwargs: dict[str, Any], out: Tensor | None) -> Tensor:
    """A call whose operand is complex, by the op that computes it there."""
    assert op.complex_form is not None
    result: Tensor = op.complex_form(*args, **kwargs)
    return result if out is None else store(out, result, op.label)


def store(out: Tensor, result: Tensor, name: str, *inputs: Any) -> Tensor:
    """What `out=` does: write `result` into `out`, resized where its shape differs, and return `out`."""
    if (out._requires_grad and GradMode.enabled) or result._requires_grad:
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    if result.dtype.priority > out.dtype.priority:
        raise RuntimeError(
            f"result type {result.dtype.legacy_name} can't be cast to the desired output type {out.dtype.legacy_name}"
        )
    check_overlap(out)
    for x in inputs:
        check_apart(out, x)
    if out._shape != result._shape:
        if out.numel():
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(out._shape)}, which does not "
                f"match the required output shape {list(result._shape)}. This behavior is deprecated, and in a future "
                "PyTorch release outputs will not be resized unless they have zero elements. You can explicitly reuse an "
                "out tensor t by resizing it, inplace, to zero elements with t.resize_(0).",
                stacklevel=3,
            )
        out._storage = Storage(
            out._storage.backend.full(result._shape, 0, out.dtype), out._storage.backend, out._storage.device
        )
        out._shape = result._shape
        out._view = None
    out._write(result._array() if result.dtype is out.dtype else result.to(out.dtype)._array())
    return out


def store_all(out: Any, result: Any, name: str) -> Any:
    """`store` of one result, or of each of several."""
    if isinstance(result, tuple):
        return type(result)(*[store(o, r, name) for o, r in zip(out, result, strict=True)])
    return store(out, result, name)
