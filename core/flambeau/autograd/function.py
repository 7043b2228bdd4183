"""Custom differentiable functions: a `forward` and a `backward` of the user's own.

Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.Function
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from .._tensor import Tensor, gradient_edge, needs_grad
from . import node as graph
from .modes import GradMode
from .node import Edge, Node


class FunctionCtx:
    """What `forward` leaves for `backward`: `ctx.save_for_backward(x, y)`, or any attribute."""

    def __init__(self) -> None:
        self.needs_input_grad: tuple[bool, ...] = ()
        self._to_save: tuple[Tensor | None, ...] = ()
        self._versions: tuple[int, ...] = ()
        self._released = False
        self._non_differentiable: set[int] = set()
        self._dirty: tuple[Tensor, ...] = ()
        self._materialize = True
        self._outputs: dict[int, int] = {}
        self._node: Any = None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `backward`, as `ctx.saved_tensors`. A later in-place change to one is an error."""
        for i, t in enumerate(tensors):
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {i} is of type {type(t).__name__}"
                )
        self._to_save = tensors

    save_for_forward = save_for_backward

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs `forward` modified in place."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._non_differentiable = {id(t) for t in tensors}

    def set_materialize_grads(self, value: bool) -> None:
        """Whether the gradient of an unused output reaches `backward` as zeros (the default) or None."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What `save_for_backward` kept.

        Raises:
            RuntimeError: it was freed by an earlier backward, or a tensor was modified in place since.
        """
        if self._released:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have "
                "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
                "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or "
                "if you need to access saved tensors after calling backward."
            )
        unpacked: list[Tensor | None] = []
        for t, version in zip(self._to_save, self._versions, strict=True):
            if t is not None and t._storage.version != version:
                node = t.grad_fn
                origin = "" if node is None else f", which is output {t._output_nr} of {node.bare_name()},"
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"[torch.{t.dtype.legacy_name}Tensor {list(t._shape)}]{origin} is at version {t._storage.version}; "
                    f"expected version {version} instead. Hint: enable anomaly detection to find the operation that "
                    "failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False)."
                )
            output = self._outputs.get(id(t))
            if output is not None and t is not None:
                # A saved result, kept without its edge so that result and node do not keep each other alive.
                t = t.detach()
                t._requires_grad, t._node, t._output_nr = True, self._node(), output
            unpacked.append(t)
        return tuple(unpacked)

    saved_variables = saved_tensors


class FunctionNode(Node):
    """The backward node of a custom function."""

    __slots__ = ("ctx", "function", "input_shapes", "shapes")

    function: type[Function]
    ctx: FunctionCtx
    input_shapes: tuple[Any, ...]
    shapes: list[tuple[tuple[int, ...], Any, Any]]

    def name(self) -> str:
        return f"{self.function.__name__}Backward"

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> tuple[Tensor | None, ...]:
        grads = [grad] if self.outputs == 1 else list(grad)
        ctx = self.ctx
        if ctx._materialize:
            from ..ops.creation import zeros

            grads = [
                zeros(shape, dtype=kind, device=place) if g is None else g
                for g, (shape, kind, place) in zip(grads, self.shapes, strict=True)
            ]
        results = self.function.backward(ctx, *grads)
        if not isinstance(results, tuple):
            results = (results,)
        expected = len(self.edges)
        if len(results) > expected and all(r is None for r in results[expected:]):
            results = results[:expected]
        if len(results) != expected:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {expected}, got "
                f"{len(results)})"
            )
        for i, (result, edge) in enumerate(zip(results, self.edges, strict=True)):
            if result is not None and not isinstance(result, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(result).__name__})")
            if (
                edge is None
                and result is not None
                and not ctx.needs_input_grad[i]
                and i not in self._tensor_positions()
            ):
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different than None at position {i + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
        return tuple([self._fitted(i, result) for i, result in enumerate(results)])

    def _fitted(self, i: int, grad: Tensor | None) -> Tensor | None:
        """A gradient in the shape of the input it is of.

        Raises:
            RuntimeError: it cannot have it.
        """
        shape = self.input_shapes[i]
        if grad is None or shape is None or self.edges[i] is None or grad._shape == shape:
            return grad
        from ..ops.reduction import sum_to_size

        try:
            return sum_to_size(grad, shape)
        except RuntimeError:
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {i} - got {list(grad._shape)} but expected "
                f"shape compatible with {list(shape)}"
            ) from None

    def _tensor_positions(self) -> set[int]:
        positions: set[int] = self.ctx.__dict__["_tensor_inputs"]
        return positions

    def release(self) -> None:
        if self.ctx._to_save:
            self.ctx._released = True
            self.ctx._to_save = ()
            self.ctx._versions = ()


class Function:
    """Base of custom functions: define static `forward(ctx, ...)` and `backward(ctx, *grads)`, call `apply(...)`.

    `forward` may instead leave `ctx` out and be followed by `setup_context(ctx, inputs, output)`.
    """

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

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run `forward` and record it."""
        ctx = FunctionCtx()
        tensors = [isinstance(a, Tensor) for a in args]
        ctx.needs_input_grad = tuple(is_tensor and needs_grad(a) for is_tensor, a in zip(tensors, args, strict=True))
        ctx.__dict__["_tensor_inputs"] = {i for i, is_tensor in enumerate(tensors) if is_tensor}
        recording = GradMode.enabled and any(ctx.needs_input_grad)
        edges: tuple[Edge, ...] = tuple(
            gradient_edge(a) if needed else None for a, needed in zip(args, ctx.needs_input_grad, strict=True)
        )
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
        results = raw if isinstance(raw, tuple) else (raw,)
        if not recording:
            return raw
        node = FunctionNode(edges, len(results))
        node.function = cls
        node.ctx = ctx
        node.input_shapes = tuple([a._shape if is_tensor else None for a, is_tensor in zip(args, tensors, strict=True)])
        dirty = {id(t) for t in ctx._dirty}
        inputs = {id(a) for a, is_tensor in zip(args, tensors, strict=True) if is_tensor}
        wrapped = []
        for i, r in enumerate(results):
            if isinstance(r, Tensor) and id(r) in inputs and id(r) not in dirty:
                r = r.detach()  # an input returned as it is: its own tensor in the graph
            if isinstance(r, Tensor) and id(r) not in ctx._non_differentiable and r.dtype.is_floating_point:
                if id(r) in dirty:
                    if r._node is None and r._requires_grad:
                        raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
                    r._storage.version += 1
                r._requires_grad, r._node, r._output_nr = True, node, i
                r._base = None
            wrapped.append(r)
        node.shapes = [(r._shape, r.dtype, r.device) if isinstance(r, Tensor) else ((), None, None) for r in wrapped]
        _detach_saved_outputs(ctx, wrapped, node)
        if graph.on_create is not None:
            graph.on_create(node, next(r for r in wrapped if isinstance(r, Tensor)))
        return tuple(wrapped) if isinstance(raw, tuple) else wrapped[0]


def _detach_saved_outputs(ctx: FunctionCtx, outputs: list[Any], node: FunctionNode) -> None:
    import weakref

    saved = list(ctx._to_save)
    for i, t in enumerate(saved):
        for number, out in enumerate(outputs):
            if t is not None and t is out:
                saved[i] = kept = out.detach()
                ctx._outputs[id(kept)] = number
                ctx._node = weakref.ref(node)
    ctx._to_save = tuple(saved)
    ctx._versions = tuple(0 if t is None else t._storage.version for t in saved)


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
