"""Forward mode: a dual tensor is an alias of a tensor with a tangent, and the tangent of a result is computed from its graph.

The vector-Jacobian product g = v J of a recorded graph is linear in v, so differentiating g with respect to v, weighted with
a tangent t, gives J t. That is the whole of it. It costs the recorded pass forward, one backward with `create_graph`, and one
through that: about four times the function, and the memory of both graphs, where a forward mode of its own would take about
two times and keep nothing. What is not recorded (`no_grad`, integers) has no tangent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import engine
from . import levels as _levels
from .modes import GradMode

if TYPE_CHECKING:
    from .._tensor import Tensor


class Level:
    """One dual level: the duals made in it."""

    def __init__(self) -> None:
        self.duals: list[tuple[Any, Tensor, Tensor]] = []  # alias, what it is an alias of, tangent

    def make(self, primal: Tensor, tangent: Tensor) -> Tensor:
        """A dual tensor."""
        dual = _levels.alias(primal)
        self.duals.append((dual, primal, tangent))
        return dual

    def find(self, x: Tensor) -> tuple[Tensor, Tensor] | None:
        """The primal and tangent that a dual was made of."""
        node = x._node
        for dual, primal, tangent in self.duals:
            if dual._node is node and node is not None:
                return primal, tangent
        return None

    def tangents(self, outputs: list[Tensor]) -> list[Tensor | None]:
        """The tangent of each tensor, None where it does not depend on a dual."""
        from .._tensor import gradient_edge
        from ..ops.creation import zeros_like
        from .gradients import grad

        known = [self.find(y) for y in outputs]
        found: list[Tensor | None] = [None if pair is None else pair[1] for pair in known]
        todo = [i for i, y in enumerate(outputs) if known[i] is None and y.requires_grad]
        if not todo or not self.duals:
            return found
        before = GradMode.enabled
        GradMode.enabled = True
        nodes = [dual._node for dual, _, _ in self.duals]
        for node in nodes:
            node.closed = True
        try:
            create = before and (
                _levels.escapes([outputs[i] for i in todo], [d for d, _, _ in self.duals])
                or any(t.requires_grad for _, _, t in self.duals)
            )
            for i in todo:
                v = zeros_like(outputs[i], requires_grad=True)
                slopes = engine.run_backward(
                    [(gradient_edge(outputs[i]), v)],
                    retain_graph=True,
                    create_graph=True,
                    capture=[((node, 0), k) for k, node in enumerate(nodes)],
                    accumulate=False,
                )
                numbers = [k for k, g in slopes.items() if g.requires_grad]
                if not slopes:
                    continue
                if not numbers:
                    found[i] = zeros_like(outputs[i])
                    continue
                (t,) = grad(
                    [slopes[k] for k in numbers],
                    [v],
                    [self.duals[k][2].to(slopes[k].dtype) for k in numbers],
                    create_graph=create,
                    retain_graph=True,
                    allow_unused=True,
                )
                found[i] = zeros_like(outputs[i]) if t is None else t
        finally:
            GradMode.enabled = before
            for node in nodes:
                node.closed = False
        return found

    def primal(self, x: Tensor) -> Tensor:
        """`x` as it is without this level."""
        pair = self.find(x)
        return _levels.leave(x, [d for d, _, _ in self.duals]) if pair is None else pair[0]

    def end(self) -> None:
        """Forget the duals."""
        _levels.end(d for d, _, _ in self.duals)
        self.duals = []


levels: list[Level] = []
"""The levels that are open, the innermost last."""


def tracked(x: Tensor) -> bool:
    """Whether `x` depends on a dual of the innermost level."""
    if not x.requires_grad:
        return False
    duals = {d._node for d, _, _ in levels[-1].duals}
    from .._tensor import gradient_edge

    edge = gradient_edge(x)
    return any(node in duals for node in engine._reachable([edge]))


def seen(x: Any) -> tuple[Tensor | None, bool]:
    """What is printed of `x`: its tangent, if its graph is there for nothing else; and whether that graph is shown."""
    if not levels or not tracked(x) or _levels.escapes([x], [dual for dual, _, _ in levels[-1].duals]):
        return None, True
    return levels[-1].tangents([x])[0], False


def custom_jvp(function: Any, args: tuple[Any, ...]) -> Any:
    """A custom function in forward mode: its own `jvp` gives the tangents of what it returns."""
    from .._tensor import Tensor
    from ..ops.creation import zeros_like
    from .function import Function

    level = levels[-1]
    if function.jvp is Function.jvp:
        function.jvp(None)
    raw, ctx = function._record(args)
    of_tensors = level.tangents([a for a in args if isinstance(a, Tensor)])
    given = iter(of_tensors)
    tangents = []
    for a in args:
        t = next(given) if isinstance(a, Tensor) else None
        if t is None and isinstance(a, Tensor) and ctx.materialize_grads and a.dtype.is_floating_point:
            t = zeros_like(a)
        tangents.append(t)
    ctx.in_forward_mode = True
    results = function.jvp(ctx, *tangents)
    ctx.in_forward_mode = False
    single = not isinstance(raw, tuple)
    outputs = (raw,) if single else raw
    results = results if isinstance(results, tuple) else (results,)
    made = tuple(
        level.make(y, t) if isinstance(y, Tensor) and isinstance(t, Tensor) else y
        for y, t in zip(outputs, results, strict=True)
    )
    return made[0] if single else made
