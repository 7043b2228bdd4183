"""`backward` and `grad`: from tensors to the engine.

Source: https://docs.pytorch.org/docs/stable/autograd.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import engine

if TYPE_CHECKING:
    from .._tensor import Tensor


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Accumulate the gradients of `tensors` into the leaves. See `Tensor.backward`."""
    roots = _as_sequence(tensors)
    if inputs is not None:
        inputs = _as_sequence(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    grads = _as_sequence(grad_tensors) if grad_tensors is not None else [None] * len(roots)
    if engine.on_backward is not None:
        engine.on_backward(roots[0])
    engine.run_backward(
        [_root(t, g) for t, g in zip(roots, grads, strict=True)],
        retain_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        only=inputs,
    )


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of `outputs`, summed and weighted by `grad_outputs`, with respect to `inputs`. Accumulates nothing.

    Raises:
        RuntimeError: an input does not require grad, or was not used and `allow_unused` is not set.
    """
    from .._tensor import gradient_edge

    roots = _as_sequence(outputs)
    wanted = _as_sequence(inputs)
    if allow_unused is None:
        allow_unused = materialize_grads
    elif not allow_unused and materialize_grads:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    if is_grads_batched:
        raise RuntimeError("is_grads_batched needs vmap, which flambeau does not have; call grad once per row instead")
    grads = _as_sequence(grad_outputs) if grad_outputs is not None else [None] * len(roots)
    edges = []
    for i, t in enumerate(wanted):
        edge = gradient_edge(t)
        if edge is None:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        edges.append((edge, i))
    found = engine.run_backward(
        [_root(t, g) for t, g in zip(roots, grads, strict=True)],
        retain_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        capture=edges,
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
                from ..ops.creation import zeros_like

                results[i] = zeros_like(t)
        elif not create_graph and g._requires_grad:
            results[i] = g.detach()
    return tuple(results)


def _as_sequence(x: Any) -> list[Any]:
    from .._tensor import Tensor

    return [x] if isinstance(x, Tensor) else list(x)


def _root(tensor: Tensor, grad: Tensor | None) -> tuple[Any, Tensor]:
    from .._tensor import gradient_edge

    edge = gradient_edge(tensor)
    if edge is None:
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
    if grad is None:
        if tensor.numel() != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        from ..ops.creation import ones_like

        grad = ones_like(tensor).detach()
    elif grad._shape != tensor._shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[0] has a shape of {grad.shape} and output[0] has a shape of "
            f"{tensor.shape}."
        )
    return edge, grad
