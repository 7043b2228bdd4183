"""The backward node of a built-in op, and how a call is recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .._tensor import Tensor, gradient_edge, needs_grad
from ..autograd import node as graph
from ..autograd import saved as packing
from ..autograd.modes import GradMode
from ..autograd.node import Edge, Labelled, Node, next_number
from .definition import Op, Plan

_new = object.__new__


FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after "
    "calling backward."
)

_TORCH_NAMES = {"input": "self", "out": "result"}
_NAMES_OF = {
    "PowBackward1": {"other": "exponent"},
    "MmBackward0": {"other": "mat2"},
    "DotBackward0": {"other": "tensor"},
}
"""Parameters that PyTorch calls otherwise, for all nodes and for some."""


def _torch_name(op: Op, parameter: str) -> str:
    return _NAMES_OF.get(op.node_name, _TORCH_NAMES).get(parameter) or _TORCH_NAMES.get(parameter, parameter)


class SavedTensor:
    """One saved tensor of a node, on which hooks can be set: `node._raw_saved_self.register_hooks(pack, unpack)`."""

    def __init__(self, node: OpNode, position: int) -> None:
        self._node = node
        self._position = position

    def register_hooks(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        """Pack the tensor now; unpack it when backward needs it.

        Raises:
            RuntimeError: it has hooks already, or the graph was freed.
        """
        saved = self._node.saved
        if saved is None:
            raise RuntimeError(FREED)
        value = saved[self._position]
        if isinstance(value, packing.Packed):
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one pair of hooks "
                "is allowed at a time."
            )
        packing.used = True
        edge = None if value._saved_output_of is not None else gradient_edge(value)
        packed = packing.Packed(value, (pack_hook, unpack_hook), edge)
        self._node.saved = (*saved[: self._position], packed, *saved[self._position + 1 :])
        self._node.versions = [_PACKED, *[(t, v) for t, v in self._node.versions if t is not value]]


class OpNode(Labelled):
    """The backward node of a built-in op."""

    __slots__ = ("plan", "saved", "shapes", "versions")

    op: Op  # of the class that `_node_class` makes for it
    plan: Plan
    saved: tuple[Any, ...] | None
    versions: Sequence[tuple[Tensor, int]]  # the saved tensors, and the version each had
    shapes: tuple[Any, ...] | None  # of the inputs, where broadcasting must be undone

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        shown = super().next_functions
        if self.op.variadic:
            return shown
        numbers = self.op.number_names
        hidden = [i for i, name in numbers.items() if name == self.name()] if numbers is not None else ()
        return tuple([shown[i] for i in self.op.shown if i not in hidden])

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> Sequence[Tensor | None]:
        saved = self.saved
        if saved is None:
            raise RuntimeError(FREED)
        for tensor, version in self.versions:
            if tensor._storage.version != version:
                self._raise_modified(tensor, version)
        if packing.used:
            saved = tuple([_unpacked(value) for value in saved])
        plan = self.plan
        if plan.out >= 0 and GradMode.enabled:
            saved = self._with_differentiable_out(saved, plan.out)
        op = self.op
        if not op.conjugated and _is_complex(grad, saved):
            return self._conjugate_backward(grad, saved, wanted)
        if op.together:
            found = self._joint_derivative(grad, saved, wanted)
            if op.variadic:
                return tuple(found)
            by_input = dict(zip(op.tensor_positions, found, strict=True))
            return [by_input.get(i) for i in range(len(self.edges))]
        results: list[Any] = [None] * len(self.edges)
        shapes = self.shapes
        for i, derivative, positions in plan.steps:
            if wanted is not None and not wanted[i]:
                continue
            result = derivative(grad, *[saved[p] for p in positions])
            if shapes is not None and result is not None and result._shape != shapes[i]:
                from .reduction import sum_to

                result = sum_to(result, shapes[i])
            results[i] = result
        return results

    def __getattr__(self, name: str) -> Any:
        """What was saved, by PyTorch's names: `_saved_self`, `_saved_result`, `_raw_saved_other`."""
        raw = name.startswith("_raw_saved_")
        if not raw and not name.startswith("_saved_"):
            raise AttributeError(f"'{self.__class__.__name__}' object has no attribute '{name}'")
        position = self._position(name.removeprefix("_raw").removeprefix("_saved_"), self.plan)
        if position is None:
            # What only the derivatives for other inputs need is known, but was not kept.
            if not raw and self._position(name.removeprefix("_saved_"), self.op.plan(-1)) is not None:
                return None
            raise AttributeError(f"'{self.__class__.__name__}' object has no attribute '{name}'")
        if self.saved is None:
            raise RuntimeError(FREED)
        value = self.saved[position]
        if raw:
            return SavedTensor(self, position)
        value = _unpacked(value)
        if position == self.plan.out:
            return self._with_differentiable_out(self.saved, position)[position]
        return value

    def __dir__(self) -> list[str]:
        parameters = [_torch_name(self.op, p) for p in (*self.op.parameters, "out")]
        found = [p for p in parameters if self._position(p, self.plan) is not None]
        tensors = [
            p for p in found if self.saved is None or isinstance(self.saved[self._position(p, self.plan) or 0], Tensor)
        ]
        return [*super().__dir__(), *[f"_saved_{p}" for p in found], *[f"_raw_saved_{p}" for p in tensors]]

    def _position(self, name: str, plan: Plan) -> int | None:
        """Where among the values that a plan saves that is which PyTorch calls so."""
        op = self.op
        n = len(op.parameters)
        for i, parameter in enumerate((*op.parameters, "out")):
            if _torch_name(op, parameter) == name and i in plan.sources:
                return plan.sources.index(i)
            if name == "self_sym_sizes" and i == 0 and n + 1 in plan.sources:
                return plan.sources.index(n + 1)
        return None

    def _joint_derivative(self, grad: Any, saved: tuple[Any, ...], wanted: tuple[bool, ...] | None) -> Any:
        _, derivative, positions = self.plan.steps[0]
        values = [saved[p] for p in positions]
        if not self.op.choosy:
            return derivative(grad, *values)
        needs = [edge is not None and (wanted is None or wanted[i]) for i, edge in enumerate(self.edges)]
        return derivative(grad, needs, *values)

    def _conjugate_backward(
        self, grad: Any, saved: tuple[Any, ...], wanted: tuple[bool, ...] | None
    ) -> Sequence[Tensor | None]:
        """The gradient of a holomorphic function, `grad * conj(f')`, from derivatives written for real numbers.

        A result for a real input keeps its real part.
        """
        op = self.op
        turned = _conjugate(grad)
        if op.together:
            found = self._joint_derivative(turned, saved, wanted)
            if op.variadic:
                return tuple([_conjugate(g) for g in found])
            by_input = dict(zip(op.tensor_positions, found, strict=True))
            return [_conjugate(by_input.get(i)) for i in range(len(self.edges))]
        results: list[Any] = [None] * len(self.edges)
        for i, derivative, positions in self.plan.steps:
            result = _conjugate(derivative(turned, *[saved[p] for p in positions]))
            if self.shapes is not None and result is not None and result._shape != self.shapes[i]:
                from .reduction import sum_to

                result = sum_to(result, self.shapes[i])
            results[i] = result
        return results

    def release(self) -> None:
        if self.versions:  # PyTorch too lets a node that saved no tensor run again
            self.saved = None
            self.versions = ()

    def _raise_modified(self, tensor: Tensor, version: int) -> None:
        kind = f"torch.{tensor.dtype.legacy_name}Tensor {list(tensor._shape)}"
        source: Any = tensor.__dict__.get("_saved_output_of")
        if source is None and tensor._node is not None:
            source = (tensor._node.bare_name(), tensor._output_nr)
        origin = f", which is output {source[1]} of {source[0]}," if source is not None else ""
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[{kind}]{origin} is at version {tensor._storage.version}; expected version {version} instead. Hint: "
            "enable anomaly detection to find the operation that failed to compute its gradient, with "
            "torch.autograd.set_detect_anomaly(True, check_nan=False)."
        )

    def _with_differentiable_out(self, saved: tuple[Any, ...], position: int) -> tuple[Any, ...]:
        # The result was saved without its edge, which leads back here: with it, graph and result would keep each other
        # alive.
        out = saved[position]
        if self.outputs == 1:
            attached: Any = _attached(out, self, 0)
        else:
            attached = tuple(_attached(o, self, i) for i, o in enumerate(out))
        return (*saved[:position], attached, *saved[position + 1 :])


def _is_complex(grad: Any, saved: tuple[Any, ...]) -> bool:
    for x in (grad, *saved) if isinstance(grad, Tensor) else (*grad, *saved):  # noqa: SIM110 - any() is slower
        if isinstance(x, Tensor) and x.dtype.priority == 3:
            return True
    return False


def _conjugate(x: Any) -> Any:
    if isinstance(x, Tensor):
        return x.conj() if x.dtype.priority == 3 else x
    return x if x is None else [_conjugate(g) for g in x]


def _attached(out: Tensor, node: Node, output: int) -> Tensor:
    tensor = out.detach()
    if tensor.dtype.priority >= 2:
        tensor._requires_grad = True
        tensor._node = node
        tensor._output_nr = output
    return tensor


def _saved_alias(out: Tensor, name: str, output: int) -> Tensor:
    alias = out.detach()
    alias._saved_output_of = (graph.bare(name), output)  # for the error text, without keeping the node alive
    return alias


def record(op: Op, arguments: Sequence[Any], out: Any, mask: int, broadcasts: bool) -> None:
    """Attach the backward node of one call to its result(s)."""
    plan = op.plans.get(mask) or op.plan(mask)
    node = _new(op.node_class or _node_class(op))
    node._pre_hooks = node._post_hooks = node._metadata = None
    node.plan = plan
    single = out.__class__ is Tensor
    heads = (out,) if single else out[: op.graded] if op.graded else out
    node.outputs = len(heads)
    inputs = arguments[0] if op.variadic else arguments
    # A parameter that is not a tensor has an edge too, None: the positions of edges are those of the parameters.
    edges: list[Edge] = []
    for x in inputs:
        if not isinstance(x, Tensor):
            edges.append(None)
        elif x._base is not None:
            edges.append(gradient_edge(x))
        elif x._node is not None:
            edges.append((x._node, x._output_nr))
        else:
            edges.append((x, -1) if x._requires_grad else None)
    node.edges = tuple(edges)
    # After the edges: that of a view whose base was written to since is made only now, and must lead to an older node.
    node.sequence_nr = next_number()
    saved: list[Any] = []
    versions: list[tuple[Tensor, int]] = []
    if plan.sources:
        n = len(op.parameters)
        for source in plan.sources:
            if source < n:
                value = arguments[source]
                if isinstance(value, Tensor):
                    versions.append((value, value._storage.version))
                    if value._storage.version < 0:
                        _refuse_inference()
                elif op.variadic and source == 0:
                    versions.extend([(t, t._storage.version) for t in value])
            elif source == n:
                if single:
                    value = _saved_alias(out, op.node_name, 0)
                    versions.append((value, value._storage.version))
                else:
                    value = tuple([_saved_alias(o, op.node_name, i) for i, o in enumerate(out)])
                    versions.extend([(o, o._storage.version) for o in value])
            elif source <= 2 * n:
                value = arguments[source - n - 1]
                value = [x._shape for x in value] if op.variadic else value._shape if isinstance(value, Tensor) else ()
            elif source <= 3 * n:
                value = arguments[source - 2 * n - 1].dtype
            else:
                place = source - 3 * n - 1
                value = _saved_alias(out[place], op.node_name, place) if place < len(heads) else out[place]
                versions.append((value, value._storage.version))
            saved.append(value)
    node.saved = tuple(saved)
    node.versions = versions
    if packing.contexts and versions:
        _pack(node, op)
    node.shapes = tuple([x._shape if isinstance(x, Tensor) else None for x in inputs]) if broadcasts else None
    if len(heads) == 1:
        heads[0]._requires_grad = True
        heads[0]._node = node
    else:
        for i, o in enumerate(heads):
            if o.dtype.priority >= 2:
                o._requires_grad = True
                o._node = node
                o._output_nr = i
    if op.number_names is not None:
        for i, name in op.number_names.items():
            if not isinstance(arguments[i], Tensor):
                node.label = name
    if graph.on_create is not None:
        graph.on_create(node, heads[0])


def _node_class(op: Op) -> Any:
    """The class of the nodes of an op, with PyTorch's name: `type(y.grad_fn).__name__` is read by who draws graphs."""
    members = {"__slots__": (), "__module__": "builtins", "op": op}
    op.node_class = type(op.node_name, (OpNode,), members)
    return op.node_class


def _refuse_inference() -> None:
    raise RuntimeError(
        "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in computation "
        "tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in autograd, or "
        "use `torch.no_grad()` instead of `torch.inference_mode()`."
    )


def _pack(node: OpNode, op: Op) -> None:
    """Let the hooks of this thread have what was saved. What they keep has no version that could be looked at."""
    hooks = packing.current()
    if hooks is None:
        return
    assert node.saved is not None
    node.saved = tuple([_packed(value, hooks) for value in node.saved])
    node.versions = (_PACKED,)


def _packed(value: Any, hooks: packing.Hooks) -> Any:
    if isinstance(value, Tensor):
        is_result = value._saved_output_of is not None
        return packing.Packed(value, hooks, None if is_result else gradient_edge(value))
    if isinstance(value, (tuple, list)):
        return tuple([_packed(x, hooks) for x in value])
    return value


class _NoVersion:
    """Stands for packed tensors among the versions: it is always as it was."""

    _storage = None
    version = 0


_NoVersion._storage = _NoVersion  # type: ignore[assignment]
_PACKED: Any = (_NoVersion, 0)


def _unpacked(value: Any) -> Any:
    if isinstance(value, packing.Packed):
        return value.unpack()
    if isinstance(value, tuple) and any(isinstance(x, packing.Packed) for x in value):
        return tuple([_unpacked(x) for x in value])
    return value


def record_if_needed(op: Op, values: Sequence[Any], out: Any, broadcasts: bool) -> None:
    """`record`, where recording is on and an input requires grad."""
    if not GradMode.enabled or not op.differentiable:
        return
    mask = 0
    if op.variadic:
        if any([needs_grad(t) for t in values[0]]):  # noqa: C419 - a list is quicker for the few there are
            mask = 1
    else:
        for i in op.differentiable:
            x = values[i]
            if isinstance(x, Tensor) and needs_grad(x):
                mask |= 1 << i
    if mask:
        record(op, values, out, mask, broadcasts)
