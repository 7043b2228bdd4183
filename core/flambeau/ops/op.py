"""How an op is defined: forward in primitives, derivative in ops, dtype rule and docstring, in one place.

    @binary(input=lambda g, other: g * other, other=lambda g, input: g * input)
    def mul(be, input: Operand, other: Operand):
        '''Returns the product of `input` and `other`, element by element.'''
        return be.mul(input, other)

The function body is the forward. It gets the backend and backend arrays, and calls primitives (`backends/protocol.py`). Annotations tell what
the public function accepts: `Array` is a tensor, `Operand` a tensor or a number, `Array | None` an optional tensor,
`Sequence[Array]` a sequence of tensors; anything else is passed on as it is.

A keyword of the decorator is the derivative with respect to the parameter of that name: a function of the incoming gradient and
of whatever it names after it: parameters of the forward, `out` (the result), `<parameter>_shape`, `<parameter>_dtype`. What a derivative names is
what is saved, and only if that derivative is needed. It is written with tensors and ops, and so can be differentiated again. Where the
derivatives share their work, the keyword `jointly` gives them all at once: a function that returns a tuple, one for each tensor parameter.

A `composite` op has no derivative of its own. Where nobody differentiates it, it runs as one op, which a backend may have a kernel for;
where somebody does, its forward runs on tensors instead of arrays, primitive by primitive, and each of those is recorded.

What `mul(...)` then returns is an ordinary Python function of tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from typing import Any, Literal, NamedTuple

from .. import dtype as dtypes
from ..autograd import node as graph
from ..autograd.modes import GradMode
from ..autograd.node import Edge, Node, next_number
from ..backends.protocol import Backend
from ..dtype import bool_, dtype
from ..promotion import result_type
from ..shape import broadcast_shapes
from ..storage import Storage
from ..tensor import Tensor, gradient_edge, needs_grad

_TENSOR_KINDS = ("Array", "Operand", "Array | None", "Sequence[Array]", "Mask")
Mask = Any
"""Annotates an elementwise tensor operand that takes no part in promotion, such as the condition of `where`."""
_new = object.__new__


class _Plan(NamedTuple):
    """What to save and compute for one choice of inputs that need a gradient."""

    sources: tuple[int, ...]  # positions among [*arguments, out, *shapes, *dtypes] of what is saved
    steps: tuple[tuple[int, Callable[..., Any], tuple[int, ...]], ...]  # input, derivative, positions among the saved
    out: int  # position of the result among the saved, or -1


class Op:
    """An op's definition, as the decorators below collect it."""

    def __init__(self, forward: Callable[..., Any], node_name: str | None, derivatives: dict[str, Any]) -> None:
        code = forward.__code__
        self.forward = forward
        self.name = forward.__name__
        # PyTorch's name for the node: add -> AddBackward0, log_softmax -> LogSoftmaxBackward0.
        self.node_name = node_name or "".join(p.capitalize() for p in self.name.split("_")) + "Backward0"
        self.parameters = code.co_varnames[1 : code.co_argcount]
        self.defaults = forward.__defaults__ or ()
        self.required = len(self.parameters) - len(self.defaults)
        kinds = [forward.__annotations__.get(p) for p in self.parameters]
        self.tensor_positions = tuple(i for i, kind in enumerate(kinds) if kind in _TENSOR_KINDS)
        self.variadic = kinds[0] == "Sequence[Array]"
        self.jointly = derivatives.pop("jointly", None)
        self.derivatives = [
            self.jointly if kind in _TENSOR_KINDS and self.jointly else derivatives.get(p)
            for p, kind in zip(self.parameters, kinds, strict=True)
        ]
        unknown = set(derivatives) - set(self.parameters)
        if unknown:
            raise TypeError(f"{self.name}: derivative of unknown parameter {', '.join(sorted(unknown))}")
        self.differentiable = tuple(i for i in self.tensor_positions if self.derivatives[i] is not None)
        self.kernels: dict[Backend, Callable[..., Any]] = {}
        self.plans: dict[int, _Plan] = {}

    def kernel(self, backend: Backend) -> Callable[..., Any]:
        """This op's forward on a backend: the backend's own fused form, or the primitives."""
        kernel = self.kernels[backend] = backend.kernels.get(self.name) or partial(self.forward, backend)
        return kernel

    def plan(self, mask: int) -> _Plan:
        """The plan for the inputs whose bit (by position among the parameters) is set."""
        n = len(self.parameters)
        sources: list[int] = []
        steps = []
        for i in self.differentiable[:1] if self.jointly else self.differentiable:
            if not mask >> i & 1 and not self.jointly:
                continue
            derivative = self.derivatives[i]
            code = derivative.__code__
            positions = []
            for name in code.co_varnames[1 : code.co_argcount]:
                source = self._source(name, n)
                if source not in sources:
                    sources.append(source)
                positions.append(sources.index(source))
            steps.append((i, derivative, tuple(positions)))
        plan = _Plan(tuple(sources), tuple(steps), sources.index(n) if n in sources else -1)
        self.plans[mask] = plan
        return plan

    def _source(self, name: str, n: int) -> int:
        if name == "out":
            return n
        if name in self.parameters:
            return self.parameters.index(name)
        stem, _, suffix = name.rpartition("_")
        if stem in self.parameters and suffix in ("shape", "dtype"):
            return self.parameters.index(stem) + (n + 1 if suffix == "shape" else 2 * n + 1)
        raise TypeError(f"{self.name}: a derivative names '{name}', which is no parameter")


class OpNode(Node):
    """The backward node of a built-in op."""

    __slots__ = ("op", "out_info", "plan", "saved", "shapes", "versions")

    op: Op
    plan: _Plan
    saved: tuple[Any, ...] | None
    versions: tuple[int, ...]
    shapes: tuple[Any, ...] | None  # of the inputs, where broadcasting must be undone

    def name(self) -> str:
        return self.op.node_name

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> tuple[Tensor | None, ...]:
        saved = self.saved
        plan = self.plan
        if saved is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
                "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
                "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors "
                "after calling backward."
            )
        if self.versions:
            self._check_versions(saved)
        if plan.out >= 0 and GradMode.enabled:
            saved = self._with_differentiable_out(saved, plan.out)
        results: list[Any] = [None] * len(self.edges)
        shapes = self.shapes
        for i, derivative, positions in plan.steps:
            if wanted is not None and not wanted[i] and not (self.op.variadic or self.op.jointly):
                continue
            result = derivative(grad, *[saved[p] for p in positions])
            if self.op.variadic:
                return tuple(result)
            if self.op.jointly:
                for position, value in zip(self.op.tensor_positions, result, strict=True):
                    results[position] = value
                return tuple(results)
            if shapes is not None and result is not None and result._shape != shapes[i]:
                result = sum_to_size(result, shapes[i])
            results[i] = result
        return tuple(results)

    def release(self) -> None:
        if self.saved:  # PyTorch too lets a node that saved nothing run again
            self.saved = None

    def _check_versions(self, saved: tuple[Any, ...]) -> None:
        tensors = [t for value in saved for t in _tensors_in(value)]
        for tensor, version in zip(tensors, self.versions, strict=True):
            if tensor._storage.version != version:
                self._raise_modified(tensor, version)

    def _raise_modified(self, tensor: Tensor, version: int) -> None:
        kind = f"torch.{tensor.dtype.legacy_name}Tensor {list(tensor._shape)}"
        edge = tensor.__dict__.get("_saved_output_of")
        source = edge if edge is not None else (tensor._node, tensor._output_nr)
        origin = f", which is output {source[1]} of {source[0].name()}," if source[0] is not None else ""
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[{kind}]{origin} is at version {tensor._storage.version}; expected version {version} instead. Hint: enable anomaly "
            "detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True)."
        )

    def _with_differentiable_out(self, saved: tuple[Any, ...], position: int) -> tuple[Any, ...]:
        # The result was saved without its edge, which leads back here: with it, graph and result would keep each other alive.
        out = saved[position]
        if self.outputs == 1:
            attached: Any = _attached(out, self, 0)
        else:
            attached = tuple(_attached(o, self, i) for i, o in enumerate(out))
        return (*saved[:position], attached, *saved[position + 1 :])


def _attached(out: Tensor, node: Node, output: int) -> Tensor:
    tensor = out.detach()
    if tensor.dtype.is_floating_point:
        tensor._requires_grad = True
        tensor._node = node
        tensor._output_nr = output
    return tensor


def _tensors_in(value: Any) -> Sequence[Tensor]:
    if isinstance(value, Tensor):
        return (value,)
    if value.__class__ in (tuple, list) and value and isinstance(value[0], Tensor):
        return [t for t in value if isinstance(t, Tensor)]
    return ()


def _saved_alias(out: Tensor, node: Node, output: int) -> Tensor:
    alias = out.detach()
    alias.__dict__["_saved_output_of"] = (_NodeName(node), output)
    return alias


class _NodeName:
    """Stands for a node in an error text without keeping it alive."""

    __slots__ = ("_name",)

    def __init__(self, node: Node) -> None:
        self._name = node.name()

    def name(self) -> str:
        return self._name


def record(op: Op, arguments: Sequence[Any], out: Any, mask: int, broadcasts: bool) -> None:
    """Attach the backward node of one call to its result(s)."""
    plan = op.plans.get(mask) or op.plan(mask)
    node = _new(OpNode)
    node.sequence_nr = next_number()
    node._pre_hooks = node._post_hooks = node._metadata = None
    node.op = op
    node.plan = plan
    single = out.__class__ is Tensor
    node.outputs = 1 if single else len(out)
    inputs = arguments[0] if op.variadic else arguments
    # A parameter that is not a tensor has an edge too, None: the positions of edges are those of the parameters.
    edges: list[Edge] = []
    for x in inputs:
        if isinstance(x, Tensor) and needs_grad(x):
            if x._base is not None:
                edges.append(gradient_edge(x))
            elif x._node is None:
                edges.append((x, -1))
            else:
                edges.append((x._node, x._output_nr))
        else:
            edges.append(None)
    node.edges = tuple(edges)
    if plan.sources:
        n = len(op.parameters)
        saved: list[Any] = []
        versions: list[int] = []
        for source in plan.sources:
            if source < n:
                value = arguments[source]
                if isinstance(value, Tensor):
                    versions.append(value._storage.version)
                else:
                    versions.extend([t._storage.version for t in _tensors_in(value)])
            elif source == n:
                if single:
                    value = _saved_alias(out, node, 0)
                    versions.append(value._storage.version)
                else:
                    value = tuple([_saved_alias(o, node, i) for i, o in enumerate(out)])
                    versions.extend([o._storage.version for o in value])
            elif source <= 2 * n:
                value = arguments[source - n - 1]
                value = [x._shape for x in value] if op.variadic else value._shape if isinstance(value, Tensor) else ()
            else:
                value = arguments[source - 2 * n - 1].dtype
            saved.append(value)
        node.saved = tuple(saved)
        node.versions = tuple(versions)
    else:
        node.saved = ()
        node.versions = ()
    node.shapes = tuple([x._shape if isinstance(x, Tensor) else None for x in inputs]) if broadcasts else None
    if single:
        out._requires_grad = True
        out._node = node
    else:
        for i, o in enumerate(out):
            if o.dtype.priority == 2:
                o._requires_grad = True
                o._node = node
                o._output_nr = i
    if graph.on_create is not None:
        graph.on_create(node, out if single else out[0])


# --- dtype and device of several operands -----------------------------------------------------------------------------------


def to_dtype(x: Tensor, kind: dtype) -> Tensor:
    """`x` in another dtype, differentiably; `x` itself where it has that dtype."""
    return x if x.dtype is kind else x.to(kind)


def raise_devices(*operands: Any) -> None:
    """Raise PyTorch's error for tensors on different devices."""
    found = []
    for x in operands:
        name = str(x.device)
        if name not in found:
            found.append(name)
    raise RuntimeError(
        f"Expected all tensors to be on the same device, but found at least two devices, {found[0]} and {found[1]}!"
    )


def _same_device(operands: list[Any]) -> None:
    """Move 0-d CPU tensors to the device of the others, as PyTorch does; refuse anything else that differs."""
    tensors = [x for x in operands if isinstance(x, Tensor)]
    home = next((t for t in tensors if t._shape), tensors[0])
    if home.device.type == "cpu":
        home = next((t for t in tensors if t.device.type != "cpu" and not home._shape), home)
    for i, x in enumerate(operands):
        if isinstance(x, Tensor) and x._storage.backend is not home._storage.backend:
            if x._shape or x.device.type != "cpu":
                raise_devices(*tensors)
            operands[i] = x.to(home.device)


def _moved(x: Tensor, tensors: list[Tensor]) -> Tensor:
    if x._shape or x.device.type != "cpu":
        raise_devices(x, *tensors)
    return x.to(tensors[0].device)


def _align(operands: list[Any], promote: str, name: str) -> None:
    """Give the tensors among the operands one device and one dtype, in place; numbers take that dtype when they are used."""
    for i, x in enumerate(operands):
        if not isinstance(x, (Tensor, int, float)):
            operands[i] = _number(x, name, i)
    _same_device(operands)
    kind = result_type(*operands)
    if promote == "float" and kind.priority != 2:
        kind = dtypes.get_default_dtype()
    for i, x in enumerate(operands):
        if isinstance(x, Tensor):
            operands[i] = to_dtype(x, kind)
        elif kind.priority == 1:
            operands[i] = wrap_integer(int(x), kind)
        elif kind.priority == 2 and x.__class__ is not float:
            operands[i] = float(x)


def wrap_integer(value: int, kind: dtype) -> int:
    """A Python int reduced to the range of an integer dtype, as a C cast does."""
    bits = 8 * kind.itemsize
    value &= (1 << bits) - 1
    return value - (1 << bits) if kind.is_signed and value >> (bits - 1) else value


def _number(x: Any, name: str, position: int) -> Any:
    # NumPy's numbers and the like.
    if hasattr(x, "item") and getattr(x, "shape", None) == ():
        return x.item()
    if hasattr(x, "__array__"):
        from .creation import as_tensor

        return as_tensor(x)
    label = "input" if position == 0 else "other"
    raise TypeError(f"{name}(): argument '{label}' (position {position + 1}) must be Tensor, not {type(x).__name__}")


# --- the kinds of op ----------------------------------------------------------------------------------------------------


def wrap(array: Any, kind: dtype, storage: Storage) -> Tensor:
    """A tensor that owns a new array, on the device of `storage`."""
    out = _new(Tensor)
    out._storage = Storage(array, storage.backend, storage.device)
    out._shape = array.shape
    out.dtype = kind
    return out


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

        def call(input: Tensor, *args: Any, out: Tensor | None = None, **kwargs: Any) -> Tensor:
            if not isinstance(input, Tensor):
                raise TypeError(
                    f"{op.name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
                )
            if to_float and input.dtype.priority != 2:
                input = input.to(dtypes.get_default_dtype())
            storage = input._storage
            kernel = kernels.get(storage.backend) or op.kernel(storage.backend)
            if extras and (kwargs or len(args) != extras):
                args = bind(op, (input, *args), kwargs)[1:]
            elif kwargs:
                bind(op, (input, *args), kwargs)
            array = kernel(storage.array if input._view is None else input._read(), *args)
            y = wrap(array, result or input.dtype, storage)
            if differentiable and GradMode.enabled and needs_grad(input):
                record(op, (input, *args), y, 1, False)
            return y if out is None else store(out, y)

        return _finish(call, op)

    return define


def binary(
    promote: Promote = "keep", result: dtype | None = None, name: str | None = None, **derivatives: Callable[..., Any]
) -> Callable[[Callable[..., Any]], Callable[..., Tensor]]:
    """An elementwise op of two operands that broadcast, at least one of them a tensor."""

    def define(forward: Callable[..., Any]) -> Callable[..., Tensor]:
        op = Op(forward, name, derivatives)
        kernels = op.kernels
        differentiable = bool(op.differentiable)
        to_float = promote == "float"

        def call(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
            broadcasts = False
            # The common cases, each without a detour: two tensors alike, or a float tensor and a number.
            if isinstance(input, Tensor):
                kind = input.dtype
                storage = input._storage
                if isinstance(other, Tensor):
                    if (
                        kind is not other.dtype
                        or storage.backend is not other._storage.backend
                        or (to_float and kind.priority != 2)
                    ):
                        operands = [input, other]
                        _align(operands, promote, op.name)
                        input, other = operands
                        kind = input.dtype
                        storage = input._storage
                    if input._shape != other._shape:
                        broadcast_shapes(input._shape, other._shape)
                        broadcasts = True
                    x = storage.array if input._view is None else input._read()
                    y = other._storage.array if other._view is None else other._read()
                elif other.__class__ is float and kind.priority == 2:
                    x = storage.array if input._view is None else input._read()
                    y = other
                else:
                    operands = [input, other]
                    _align(operands, promote, op.name)
                    input, y = operands
                    if isinstance(y, Tensor):
                        return call(input, y, out=out)
                    kind = input.dtype
                    x = input._array()
            else:
                operands = [input, other]
                if not isinstance(other, Tensor):
                    raise TypeError(f"{op.name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
                _align(operands, promote, op.name)
                x, other = operands
                if isinstance(x, Tensor):
                    return call(x, other, out=out)
                input = x
                storage = other._storage
                kind = other.dtype
                y = other._array()
            kernel = kernels.get(storage.backend) or op.kernel(storage.backend)
            z = wrap(kernel(x, y), result or kind, storage)
            if differentiable and GradMode.enabled:
                mask = (1 if isinstance(input, Tensor) and needs_grad(input) else 0) | (
                    2 if isinstance(other, Tensor) and needs_grad(other) else 0
                )
                if mask:
                    record(op, (input, other), z, mask, broadcasts)
            return z if out is None else store(out, z)

        return _finish(call, op)

    return define


def pointwise(
    promote: Promote = "keep", result: dtype | None = None, name: str | None = None, **derivatives: Callable[..., Any]
) -> Callable[[Callable[..., Any]], Callable[..., Tensor]]:
    """An elementwise op of any number of operands that broadcast. Only `Array` and `Operand` parameters take part in promotion."""

    def define(forward: Callable[..., Any]) -> Callable[..., Tensor]:
        op = Op(forward, name, derivatives)
        masks = tuple(i for i in op.tensor_positions if forward.__annotations__[op.parameters[i]] == "Mask")
        promoted = tuple(i for i in op.tensor_positions if i not in masks)

        def call(*args: Any, out: Tensor | None = None, **kwargs: Any) -> Tensor:
            values = bind(op, args, kwargs)
            operands = [values[i] for i in promoted]
            _align(operands, promote, op.name)
            for i, x in zip(promoted, operands, strict=True):
                values[i] = x
            tensors = [x for x in operands if isinstance(x, Tensor)]
            for i in masks:
                if values[i]._storage.backend is not tensors[0]._storage.backend:
                    values[i] = _moved(values[i], tensors)
            tensors += [values[i] for i in masks]
            shape = tensors[0]._shape
            for t in tensors[1:]:
                shape = broadcast_shapes(shape, t._shape)
            y = _run(op, values, tensors[0]._storage, result or tensors[0].dtype)
            _record_if_needed(op, values, y, any(t._shape != shape for t in tensors))
            return y if out is None else store(out, y)

        return _finish(call, op)

    return define


DtypeRule = Callable[..., Any]


def op(
    result: dtype | DtypeRule | None = None, name: str | None = None, **derivatives: Callable[..., Any]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Any other op. Its tensors are on one device; their dtypes are the op's own affair.

    Args:
        result: the dtype of the result (a tuple for several results); a function of the arguments may compute it. None is the dtype of
            the first tensor, for every result.
    """

    def define(forward: Callable[..., Any]) -> Callable[..., Any]:
        definition = Op(forward, name, derivatives)
        first = definition.tensor_positions[0]
        variadic = definition.variadic

        def call(*args: Any, **kwargs: Any) -> Any:
            values = bind(definition, args, kwargs) if kwargs or len(args) != len(definition.parameters) else args
            tensors = values[0] if variadic else values
            lead = tensors[0] if variadic else values[first]
            if not isinstance(lead, Tensor):
                raise TypeError(
                    f"{definition.name}(): argument '{definition.parameters[first]}' (position {first + 1}) must be Tensor, "
                    f"not {type(lead).__name__}"
                )
            backend = lead._storage.backend
            for x in tensors:
                if isinstance(x, Tensor) and x._storage.backend is not backend:
                    raise_devices(*[t for t in tensors if isinstance(t, Tensor)])
            kind = lead.dtype if result is None else result if isinstance(result, dtype) else result(*values)
            y = _run(definition, values, lead._storage, kind)
            _record_if_needed(definition, values, y, False)
            return y

        return _finish(call, definition)

    return define


def composite(forward: Callable[..., Any]) -> Callable[..., Any]:
    """An op without a derivative: fused where nobody differentiates it, recorded primitive by primitive where somebody does.

    The dtype of every result is that of its first tensor.
    """
    fused = op()(forward)
    definition: Op = fused.op  # type: ignore[attr-defined]

    def call(*args: Any, **kwargs: Any) -> Any:
        values = bind(definition, args, kwargs)
        if GradMode.enabled and any(isinstance(x, Tensor) and needs_grad(x) for x in values):
            from .primitives import TENSORS

            return forward(TENSORS, *values)
        return fused(*values)

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


def _run(op: Op, values: Sequence[Any], storage: Storage, kind: Any) -> Any:
    kernel = op.kernels.get(storage.backend) or op.kernel(storage.backend)
    if op.variadic:
        array = kernel([t._array() for t in values[0]], *values[1:])
    else:
        array = kernel(
            *[
                (x._storage.array if x._view is None else x._read()) if isinstance(x, Tensor) else x
                for x in values
            ]
        )
    if array.__class__ is tuple:
        kinds = kind if isinstance(kind, tuple) else (kind,) * len(array)
        return tuple([wrap(a, k, storage) for a, k in zip(array, kinds, strict=True)])
    return wrap(array, kind, storage)


def _record_if_needed(op: Op, values: Sequence[Any], out: Any, broadcasts: bool) -> None:
    if not GradMode.enabled or not op.differentiable:
        return
    mask = 0
    if op.variadic:
        if any([needs_grad(t) for t in values[0]]):
            mask = 1
    else:
        for i in op.differentiable:
            x = values[i]
            if isinstance(x, Tensor) and needs_grad(x):
                mask |= 1 << i
    if mask:
        record(op, values, out, mask, broadcasts)


def store(out: Tensor, result: Tensor) -> Tensor:
    """What `out=` does: write `result` into `out`, resized where its shape differs, and return `out`."""
    if out._requires_grad and GradMode.enabled or result._requires_grad:
        raise RuntimeError(
            "functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad."
        )
    if result.dtype.priority > out.dtype.priority:
        raise RuntimeError(
            f"result type {result.dtype.legacy_name} can't be cast to the desired output type {out.dtype.legacy_name}"
        )
    if out._shape != result._shape:
        out._storage = Storage(
            out._storage.backend.full(result._shape, 0, out.dtype), out._storage.backend, out._storage.device
        )
        out._shape = result._shape
        out._view = None
    out._write(result._array() if result.dtype is out.dtype else result.to(out.dtype)._array())
    return out


def sum_to_size(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """`x` summed over the dimensions along which `shape` was broadcast to it."""
    lead = len(x._shape) - len(shape)
    axes = tuple(range(lead)) + tuple(
        i + lead for i, size in enumerate(shape) if size == 1 and x._shape[i + lead] != 1
    )
    if not axes:
        return x
    kept = x.sum(axes, True)
    return kept.reshape(shape) if lead else kept


__all__ = ["binary", "bool_", "op", "pointwise", "record", "store", "sum_to_size", "unary", "wrap"]
