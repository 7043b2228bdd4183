"""Custom differentiable functions: a `forward` and a `backward` of the user's own.

Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.Function
"""

from __future__ import annotations

import functools
import warnings
import weakref
from collections.abc import Callable
from typing import Any

from .._tensor import Tensor, gradient_edge, needs_grad
from ..ops import vmap_levels
from . import forward_mode, saved
from . import node as graph
from .modes import GradMode
from .node import Node

FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after "
    "calling backward."
)

_EXTENDING = "For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"


class FunctionCtx:
    """What `forward` leaves for `backward`: `ctx.save_for_backward(x, y)`, or any attribute."""

    needs_input_grad: tuple[bool, ...]
    to_save: tuple[Any, ...] | None = None
    saved_for_forward: tuple[Any, ...] | None = None
    non_differentiable: tuple[Any, ...] | None = None
    dirty_tensors: tuple[Any, ...] | None = None
    materialize_grads: bool = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `backward`, as `ctx.saved_tensors`. A later in-place change to one is an error."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `jvp`, as `ctx.saved_tensors`.

        Raises:
            TypeError: one is not a tensor.
        """
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    "save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes on ctx."
                )
        self.saved_for_forward = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs `forward` modified in place."""
        self.dirty_tensors = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether the gradient of an unused output reaches `backward` as zeros (the default) or None."""
        self.materialize_grads = value


class BackwardCFunction(FunctionCtx):
    """What `forward` and `backward` get as `ctx`, and what a node of the function has.

    For each function a class `<function>Backward` is derived from it. It is apart from the node, so that no attribute of a
    program's can be in the way of the node's own.
    """

    _node: Any  # a weak reference
    _forward_cls: type[Function]
    _positions: tuple[int, ...]  # of the tensors among the arguments: the edges are theirs
    _inputs: tuple[tuple[tuple[int, ...], Any], ...]  # their shapes and dtypes
    _outputs: list[tuple[tuple[int, ...], Any, Any]]
    _saved: tuple[Any, ...] = ()
    _versions: tuple[int, ...] = ()
    _results: dict[int, int]  # which of the saved are results: they are kept without their edge
    in_forward_mode = False
    _released = False
    _finished = False

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` kept.

        Raises:
            RuntimeError: it was freed by an earlier backward, or a tensor was modified in place since.
        """
        if self._released:
            raise RuntimeError(FREED)
        if self.in_forward_mode and self.saved_for_forward is not None:
            return self.saved_for_forward
        if not self._finished:
            kept = self.to_save if self.to_save is not None else self.saved_for_forward
            return tuple(kept or ())
        unpacked: list[Any] = []
        for i, (t, version) in enumerate(zip(self._saved, self._versions, strict=True)):
            if isinstance(t, saved.Packed):
                t = t.unpack()
            elif t is not None and t._storage.version != version:
                _raise_modified(t, version)
            if t is not None and i in self._results:
                # A saved result, kept without its edge so that result and node do not keep each other alive.
                t = t.detach()
                t._requires_grad, t._node, t._output_nr = True, self._node(), self._results[i]
            unpacked.append(t)
        return tuple(unpacked)

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """The old name of `saved_tensors`."""
        warnings.warn("'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning, stacklevel=2)
        return self.saved_tensors

    def name(self) -> str:
        """The name of the node."""
        return f"{self._forward_cls.__name__}Backward"

    @property
    def next_functions(self) -> Any:
        """As the node's."""
        return self._node().next_functions

    @property
    def metadata(self) -> dict[Any, Any]:
        """As the node's."""
        found: dict[Any, Any] = self._node().metadata
        return found

    def _gradients(self, node: Node, grad: Any) -> tuple[Tensor | None, ...]:
        """The gradients of the tensors among the arguments, given those of the results."""
        grads = [grad] if node.outputs == 1 else list(grad)
        if self.materialize_grads:
            from ..ops.creation import zeros

            grads = [
                zeros(shape, dtype=kind, device=place) if g is None and kind is not None else g
                for g, (shape, kind, place) in zip(grads, self._outputs, strict=True)
            ]
        results = self.apply(*grads)
        if not isinstance(results, tuple):
            results = (results,)
        expected = len(self.needs_input_grad)
        if len(results) > expected and all(r is None for r in results[expected:]):
            results = results[:expected]
        if len(results) != expected:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {expected}, got {len(results)})"
            )
        for i, result in enumerate(results):
            if result is not None and not isinstance(result, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(result).__name__})")
            if result is not None and i not in self._positions:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different than None at position {i + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
        return tuple(
            [
                None if edge is None else self._fitted(i, results[position])
                for i, (position, edge) in enumerate(zip(self._positions, node.edges, strict=True))
            ]
        )

    def apply(self, *grads: Any) -> Any:
        """Run the function's `backward`, or its `vjp`."""
        function = self._forward_cls
        if function.backward is not Function.backward and function.vjp is not Function.vjp:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one "
                "of them."
            )
        run = function.vjp if function.vjp is not Function.vjp else function.backward
        return run(self, *grads)

    def _fitted(self, i: int, grad: Tensor | None) -> Tensor | None:
        """A gradient in the shape and dtype of the input it is of.

        Raises:
            RuntimeError: it cannot have it.
        """
        if grad is None:
            return None
        shape, kind = self._inputs[i]
        if grad._shape != shape:
            from ..ops.reduction import sum_to_size

            try:
                grad = sum_to_size(grad, shape)
            except RuntimeError:
                raise RuntimeError(
                    f"Function {self.name()} returned an invalid gradient at index {i} - got {list(grad._shape)} but expected "
                    f"shape compatible with {list(shape)}"
                ) from None
        return grad if grad.dtype is kind else grad.to(kind)

    def maybe_clear_saved_tensors(self) -> None:
        """Let go of what was saved."""
        if self._saved:
            self._released = True
            self._saved = self._versions = ()

    def _keep(self, outputs: list[Any]) -> None:
        """Take what `save_for_backward` was given.

        Raises:
            TypeError: something else than a tensor or None.
        """
        hooks = saved.current() if saved.contexts else None
        kept: list[Any] = []
        versions: list[int] = []
        self._results = {}
        for i, t in enumerate(self.to_save or ()):
            if t is None:
                kept.append(None)
                versions.append(0)
                continue
            for number, out in enumerate(outputs):
                if t is out:
                    t = out.detach()
                    self._results[i] = number
            versions.append(t._storage.version)
            if hooks is not None:
                kept.append(saved.Packed(t, hooks, None if i in self._results else gradient_edge(t)))
            else:
                kept.append(t)
        self._saved, self._versions = tuple(kept), tuple(versions)
        self.to_save = None
        self._finished = True


class FunctionNode(Node):
    """The backward node of a custom function; what its context has can be read here too."""

    __slots__ = ("ctx",)
    gives_away = False

    ctx: BackwardCFunction

    def __getattr__(self, name: str) -> Any:
        if name == "ctx":
            raise AttributeError(name)
        return getattr(self.ctx, name)

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> tuple[Tensor | None, ...]:
        return self.ctx._gradients(self, grad)

    def release(self) -> None:
        self.ctx.maybe_clear_saved_tensors()


def _raise_modified(t: Tensor, version: int) -> None:
    node = t.grad_fn
    origin = "" if node is None else f", which is output {t._output_nr} of {node.bare_name()},"
    raise RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[torch.{t.dtype.legacy_name}Tensor {list(t._shape)}]{origin} is at version {t._storage.version}; "
        f"expected version {version} instead. Hint: enable anomaly detection to find the operation that "
        "failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )


class Function:
    """Base of custom functions: define static `forward(ctx, ...)` and `backward(ctx, *grads)`, call `apply(...)`.

    `forward` may instead leave `ctx` out and be followed by `setup_context(ctx, inputs, output)`. `jvp(ctx, *tangents)` is
    for forward mode, `vmap(info, in_dims, *args)` for `torch.vmap`; with `generate_vmap_rule = True` the latter is not needed.
    """

    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{self.__class__} should not be instantiated. Methods on autograd functions are all static, so you should "
            "invoke them on the class itself. Instantiating an autograd function will raise an error in a future version "
            "of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs. Runs without recording."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Fill `ctx`, where `forward` does not take it."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Return one gradient (or None) per argument of `forward`."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward  # another name to define it by

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Return the tangents of the outputs, given those of the inputs."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *args: Any) -> Any:
        """Return the outputs for a batch, and where in each the batch dimension is."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
            "generate_vmap_rule=True."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @classmethod
    def _classes(cls) -> tuple[type[BackwardCFunction], type[FunctionNode]]:
        """The classes of this function's contexts and nodes."""
        found: Any = cls.__dict__.get("_backward_cls")
        if found is None:
            name = f"{cls.__name__}Backward"
            place = {"__module__": "torch.autograd.function"}
            context = type(name, (BackwardCFunction,), {"_forward_cls": cls, **place})
            found = context, type(name, (FunctionNode,), {"__slots__": (), **place})
            cls._backward_cls = found  # type: ignore[attr-defined]
        return found

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run `forward` and record it."""
        if kwargs:
            args = _bound(cls, args, kwargs)
        if vmap_levels.levels and any(isinstance(a, Tensor) and vmap_levels.inside(a) for a in args):
            if cls.generate_vmap_rule:
                if cls.vmap is not Function.vmap:
                    raise RuntimeError(
                        f"You tried to vmap over {cls.__name__}, but it has both generate_vmap_rule=True and an overridden "
                        "vmap staticmethod. Please set generate_vmap_rule=False or delete the overridden vmap staticmethod to "
                        f"avoid ambiguity. {_EXTENDING}"
                    )
            elif cls.vmap is not Function.vmap:
                from ..ops.batching import custom_vmap

                return custom_vmap(cls.vmap, args)
            else:
                raise RuntimeError(
                    f"You tried to vmap over {cls.__name__}, but it does not have vmap support. Please override and implement "
                    f"the vmap staticmethod or set generate_vmap_rule=True. {_EXTENDING}"
                )
        if forward_mode.levels and any(isinstance(a, Tensor) and forward_mode.tracked(a) for a in args):
            return forward_mode.custom_jvp(cls, args)
        return cls._record(args)[0]

    @classmethod
    def _record(cls, args: tuple[Any, ...]) -> tuple[Any, BackwardCFunction]:
        """What `forward` returns, with its history, and the context."""
        positions = tuple([i for i, a in enumerate(args) if isinstance(a, Tensor)])
        new_context, new_node = cls._classes()
        ctx = new_context()
        node = new_node(tuple([gradient_edge(args[i]) for i in positions]))
        node.ctx = ctx
        ctx._node = weakref.ref(node)
        ctx.needs_input_grad = tuple([isinstance(a, Tensor) and needs_grad(a) for a in args])
        ctx._positions = positions
        recording = GradMode.enabled and True in ctx.needs_input_grad
        before = GradMode.enabled
        GradMode.enabled = False
        try:
            if cls.setup_context is not Function.setup_context:
                raw = cls.forward(*args)
                cls.setup_context(ctx, args, raw)
            else:
                raw = cls.forward(ctx, *args)
        finally:
            GradMode.enabled = before
        _check_marks(ctx, raw)
        if not recording or not (isinstance(raw, (Tensor, tuple))):
            return raw, ctx
        results = raw if isinstance(raw, tuple) else (raw,)
        node.outputs = len(results)
        ctx._inputs = tuple([(args[i]._shape, args[i].dtype) for i in positions])
        wrapped = [_attach(node, i, r, args, len(results)) for i, r in enumerate(results)]
        ctx._outputs = [(r._shape, r.dtype, r.device) if isinstance(r, Tensor) else ((), None, None) for r in wrapped]
        ctx._keep(wrapped)
        if graph.on_create is not None:
            graph.on_create(node, next((r for r in wrapped if isinstance(r, Tensor)), None))
        return tuple(wrapped) if isinstance(raw, tuple) else wrapped[0], ctx


def _bound(cls: type[Function], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Arguments given by name, in the order of `forward`."""
    import inspect

    signature = inspect.signature(cls.forward)
    if cls.setup_context is not Function.setup_context:
        return signature.bind(*args, **kwargs).args
    return signature.bind(None, *args, **kwargs).args[1:]


def _check_marks(ctx: BackwardCFunction, raw: Any) -> None:
    """Raise PyTorch's errors for what was marked or saved and is no tensor, or was written to and is not returned."""
    for i, t in enumerate(ctx.to_save or ()):
        if t is not None and not isinstance(t, Tensor):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {i} is of type {type(t).__name__}"
            )
    results = raw if isinstance(raw, tuple) else (raw,)
    for t in ctx.dirty_tensors or ():
        if not isinstance(t, Tensor):
            raise RuntimeError("mark_dirty can only accept variables, but argument ")
        if not any(t is r for r in results):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that are "
                "modified inplace must all be outputs of the Function."
            )
    for t in ctx.non_differentiable or ():
        if not isinstance(t, Tensor):
            raise RuntimeError("mark_non_differentiable only accepts variable arguments, but got ")


def _attach(node: FunctionNode, i: int, r: Any, args: tuple[Any, ...], count: int) -> Any:
    """A result with its edge to the node."""
    if not isinstance(r, Tensor):
        return r
    ctx = node.ctx
    dirty = any(r is t for t in ctx.dirty_tensors or ())
    is_input = any(r is a for a in args)
    unmarked = not any(r is t for t in ctx.non_differentiable or ())
    if is_input and not dirty:
        r = r.detach()  # an input returned as it is: its own tensor in the graph
    if not unmarked or not r.dtype.is_floating_point:
        return r
    if dirty:
        if r._node is None and r._requires_grad:
            raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
        r._storage.version += 1
        if r._base is not None:
            from ..ops.view_writes import rebase

            written = r.detach()
            written._requires_grad, written._node, written._output_nr = True, node, i
            rebase(r, written)
            return r
    elif any(isinstance(a, Tensor) and a._storage is r._storage for a in args):
        r._one_of_several = True if count > 1 else "custom"
    r._requires_grad, r._node, r._output_nr = True, node, i
    r._base = None
    return r


class InplaceFunction(Function):
    """A function with a switch of its own for working in place; kept for programs that derive from it."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class NestedIOFunction(Function):
    """Kept for programs that derive from it."""


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """A `backward` that is not recorded; differentiating its result is an error."""

    @functools.wraps(backward)
    def wrapper(ctx: Any, *grads: Any) -> Any:
        before = GradMode.enabled
        GradMode.enabled = False
        try:
            results = backward(ctx, *grads)
        finally:
            GradMode.enabled = before
        if not before or not any(isinstance(g, Tensor) and needs_grad(g) for g in grads):
            return results
        single = not isinstance(results, tuple)
        refused = []
        for r in (results,) if single else results:
            if isinstance(r, Tensor):
                r = r.detach()
                r._requires_grad, r._node = (
                    True,
                    _Refusal(tuple(gradient_edge(g) for g in grads if isinstance(g, Tensor))),
                )
            refused.append(r)
        return refused[0] if single else tuple(refused)

    return wrapper


class _Refusal(Node):
    __slots__ = ()

    def name(self) -> str:
        return "torch::autograd::Error"

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> tuple[Tensor | None, ...]:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")
