"""`backward` and `grad`: from tensors to the engine.

Source: https://docs.pytorch.org/docs/stable/autograd.html
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import engine
from .graph import GradientEdge
from .node import LEAF, AccumulateGrad

if TYPE_CHECKING:
    from .._tensor import Tensor

EMPTY = "`inputs` argument to `{}()` cannot be empty."


def backward(
    tensors: Tensor | GradientEdge | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | GradientEdge | Sequence[Tensor] | None = None,
) -> None:
    """Accumulate the gradients of `tensors` into the leaves. See `Tensor.backward`."""
    roots = _as_sequence(tensors)
    targets: list[Any] | None = None
    if inputs is not None:
        targets = _as_sequence(inputs)
        if not targets:
            raise RuntimeError(EMPTY.format("backward"))
    if create_graph:
        warnings.warn(
            "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient "
            "which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you "
            "have to use this function, make sure to reset the .grad fields of your parameters to None after use to break "
            "the cycle and avoid the leak.",
            stacklevel=3,
        )
    if engine.on_backward is not None:
        engine.on_backward(roots[0])
    leaves = None
    capture: list[tuple[Any, int]] = []
    if targets is not None:
        edges = [_edge(t) for t in targets]
        leaves = [e[0] for e in edges if e[1] == LEAF]
        capture = [(e, i) for i, e in enumerate(edges) if e[1] != LEAF]
    found = engine.run_backward(
        _roots(roots, grad_tensors, False),
        retain_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        capture=capture,
        only=leaves,
    )
    for number, g in found.items():
        if targets is not None and not isinstance(targets[number], GradientEdge):
            targets[number]._accumulate(g, create_graph, shared=True)


def grad(
    outputs: Tensor | GradientEdge | Sequence[Tensor],
    inputs: Tensor | GradientEdge | Sequence[Tensor] | dict[str, Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of `outputs`, summed and weighted by `grad_outputs`, with respect to `inputs`. Accumulates nothing.

    Args:
        outputs: tensors, or edges of `graph.get_gradient_edge`.
        inputs: likewise, or a dictionary of tensors; the gradients then come as one too.
        grad_outputs: weights of the shapes of the outputs; None, for outputs of one element, is 1.
        retain_graph: keep what was saved, so that the graph can be used again. Default: as `create_graph`.
        create_graph: record the pass, so that gradients can be differentiated.
        allow_unused: give None for inputs that were not used, instead of an error.
        is_grads_batched: the first dimension of each of `grad_outputs` counts several; so does that of the results.
        materialize_grads: give zeros for inputs that were not used.

    Raises:
        RuntimeError: an input does not require grad, or was not used and `allow_unused` is not set.
    """
    if allow_unused is None:
        allow_unused = materialize_grads
    elif not allow_unused and materialize_grads:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    names = None
    if type(inputs) is dict:
        names = list(inputs)
        inputs = list(inputs.values())
    elif isinstance(inputs, Mapping):
        raise TypeError(
            f"`inputs` argument to `grad()` must be a dict, not {type(inputs).__name__}. Other Mapping types are not supported."
        )
    wanted = _as_sequence(inputs)
    if not wanted:
        raise RuntimeError(EMPTY.format("grad"))
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other parts "
            "of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    retain = create_graph if retain_graph is None else retain_graph
    ends = _as_sequence(outputs)
    if is_grads_batched:
        found = _batched(ends, wanted, grad_outputs, retain, create_graph)
    else:
        found = engine.run_backward(
            _roots(ends, grad_outputs, False),
            retain_graph=retain,
            create_graph=create_graph,
            capture=[(_edge(t), i) for i, t in enumerate(wanted)],
            accumulate=False,
        )
    results: list[Tensor | None] = [found.get(i) for i in range(len(wanted))]
    for i, (t, g) in enumerate(zip(wanted, results, strict=True)):
        if g is None:
            if not allow_unused:
                raise RuntimeError(
                    f"The differentiated Tensor at index {i} appears to not have been used in the graph. Set "
                    "allow_unused=True if this is the desired behavior."
                )
            if materialize_grads:
                if isinstance(t, GradientEdge):
                    raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
                from ..ops.creation import zeros_like

                results[i] = zeros_like(t, requires_grad=create_graph)
        elif not create_graph and g._requires_grad:
            results[i] = g.detach()
    return tuple(results) if names is None else dict(zip(names, results, strict=True))


def _batched(
    outputs: list[Any], inputs: list[Any], grads: Any, retain_graph: bool, create_graph: bool
) -> dict[int, Tensor]:
    """As one pass for each slice of the gradients, all at once."""
    from ..ops.batching import batch, unbatch

    given = _grads(grads, len(outputs))
    _check_grads(outputs, given, True)
    batched, level = batch(given, [0 if g is not None else None for g in given])
    with level:
        found = engine.run_backward(
            _roots(outputs, batched, False, checked=True),
            retain_graph=retain_graph,
            create_graph=create_graph,
            capture=[(_edge(t), i) for i, t in enumerate(inputs)],
            accumulate=False,
        )
        return {i: unbatch(g, level, 0) for i, g in found.items()}


def _as_sequence(x: Any) -> list[Any]:
    from .._tensor import Tensor

    return [x] if isinstance(x, (Tensor, GradientEdge)) else list(x)


def _edge(target: Any) -> Any:
    """The edge of a tensor, or of what `get_gradient_edge` gave.

    Raises:
        RuntimeError: the tensor does not require grad.
    """
    from .._tensor import gradient_edge

    if isinstance(target, GradientEdge):
        node = target.node
        return (node.variable, LEAF) if isinstance(node, AccumulateGrad) else (node, target.output_nr)
    edge = gradient_edge(target)
    if edge is None:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return edge


def _grads(grads: Any, count: int) -> list[Any]:
    from .._tensor import Tensor

    if grads is None:
        return [None] * count
    return [grads] if isinstance(grads, Tensor) else list(grads)


def _check_grads(outputs: list[Any], grads: list[Any], batched: bool) -> None:
    from .._tensor import Tensor

    for i, (t, g) in enumerate(zip(outputs, grads, strict=False)):
        if g is None:
            continue
        if not isinstance(g, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
        if isinstance(t, GradientEdge):
            continue
        if t.dtype.is_complex != g.dtype.is_complex:
            raise RuntimeError(
                "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in "
                f"dtype: grad_output[{i}] has a dtype of {g.dtype!r} and output[{i}] has a dtype of {t.dtype!r}."
            )
        shown = g[0] if batched else g
        if shown._shape == t._shape:
            continue
        if batched:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. The "
                "sizes of the remaining dimensions are expected to match the shape of corresponding output, but a mismatch was "
                f"detected: grad_output[{i}] has a shape of {shown.shape} and output[{i}] has a shape of {t.shape}. If you "
                "only want some tensors in `grad_output` to be considered batched, consider using vmap."
            )
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {g.shape} and output[{i}] has a shape of {t.shape}."
        )


def _roots(outputs: list[Any], grads: Any, batched: bool, checked: bool = False) -> list[tuple[Any, Tensor]]:
    """Where the pass begins, and with what."""
    from .._tensor import gradient_edge
    from ..ops.creation import ones_like

    given = _grads(grads, len(outputs))
    if not checked:
        _check_grads(outputs, given, batched)
    for t, g in zip(outputs, given, strict=False):
        if g is None and not isinstance(t, GradientEdge) and t.requires_grad and t.numel() != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if g is None and not isinstance(t, GradientEdge) and t.requires_grad and t.dtype.is_complex:
            raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {t.dtype!r}")
    if len(outputs) != len(given):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(given)} gradients")
    roots: list[tuple[Any, Tensor]] = []
    for i, (t, g) in enumerate(zip(outputs, given, strict=True)):
        edge = _edge(t) if isinstance(t, GradientEdge) else gradient_edge(t)
        if edge is None:
            raise RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn")
        if g is None and isinstance(t, GradientEdge):
            from ..ops.creation import ones

            g = ones(())
        roots.append((edge, ones_like(t).detach() if g is None else g))
    return roots
