"""Attention as nodes of the queue: one kernel forward, two and a sum back. What they are not good for stays with primitives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from flambeau.backends.protocol import may_decline
from flambeau.dtype import float16, float32

from .large.blocks import WALK
from .lazy import (
    ATTENTION,
    ATTENTION_KEY,
    ATTENTION_QUERY,
    ATTENTION_SUMS,
    ATTENTION_VALUE,
    LazyArray,
    Op,
    origin,
)

if TYPE_CHECKING:
    from .backend import WgpuBackend

Enqueue = Callable[..., LazyArray]
WIDEST = {"cpu": 64, "gpu": 128}
"""Elements of a head of which an invocation keeps enough rows. With wider ones a software adapter loads each row that it meets
for too few of its own, and products in tiles are faster; until their results become too large a part of the memory.
"""
MUCH = 1 << 26  # scores that are


class Attention:
    """The attention of flambeau, by name, for a backend."""

    def __init__(self, backend: WgpuBackend, enqueue: Enqueue) -> None:
        self._be = backend
        self._enqueue = enqueue
        self.kernels: dict[str, Callable[..., Any]] = {
            "_attention": self.attend,
            "attention_backward": self.attend_backward,
        }

    @may_decline
    def attend(
        self,
        query: LazyArray,
        key: LazyArray,
        value: LazyArray,
        bias: LazyArray | None,
        noise: LazyArray | None,
        scale: float,
        is_causal: bool,
    ) -> Any:
        """(..., L, E), (..., S, E), (..., S, V) → (..., L, V), and log Σ exp of each row's scores, (..., L, 1)."""
        inputs = [query, key, value, *_given(bias, noise)]
        if not self._takes(query, key, value, inputs):
            return NotImplemented
        self._be.engine.keep_together(2)
        settings = (is_causal, bias is not None, noise is not None)
        shape = (*query.shape[:-1], value.shape[-1])
        out, result = self._made(ATTENTION, inputs, settings, scale, shape, query)
        sums = self._enqueue(ATTENTION_SUMS, (out,), None, (), (*query.shape[:-1], 1), float32)
        return result, sums

    @may_decline
    def attend_backward(
        self,
        g: LazyArray,
        query: LazyArray,
        key: LazyArray,
        value: LazyArray,
        bias: LazyArray | None,
        noise: LazyArray | None,
        out: LazyArray | None,
        log_sums: LazyArray | None,
        scale: float,
        is_causal: bool,
        of_scores: bool,
    ) -> Any:
        """The gradients of query, key and value."""
        if out is None or log_sums is None or of_scores or not self._takes(query, key, value, _given(g, bias, noise)):
            return NotImplemented
        be = self._be
        last = len(g.shape) - 1
        along = be.sum(be.mul(be.cast(g, float32), be.cast(out, float32)), (last,), True)
        if bias is not None and noise is not None and len({id(origin(x)[0]) for x in (query, key, value)}) == 3:
            both = be.concat([log_sums, along], last)  # or there would be more buffers than a kernel binds
            log_sums, along = be.narrow(both, last, 0, 1), be.narrow(both, last, 1, 1)
        inputs = [g, query, key, value, log_sums, along, *_given(bias, noise)]
        settings = (is_causal, bias is not None, noise is not None)
        _, of_query = self._made(ATTENTION_QUERY, inputs, settings, scale, query.shape, query)
        be.engine.keep_together(2)
        node, of_key = self._made(ATTENTION_KEY, inputs, settings, scale, key.shape, key)
        order = _order(value)
        shape = tuple([value.shape[axis] for axis in order])
        of_value = self._enqueue(ATTENTION_VALUE, (node,), (order,), (), shape, value.dtype)
        return of_query, of_key, self._turned(of_value, order)

    def _takes(self, query: LazyArray, key: LazyArray, value: LazyArray, others: Sequence[LazyArray]) -> bool:
        """Whether the kernels are for such operands: none larger than a binding, no loop longer than a device bears."""
        engine = self._be.engine
        scores = prod(query.shape[:-1]) * key.shape[-2]
        widest = WIDEST["gpu" if scores >= MUCH else engine.device.info.kind]
        return (
            query.dtype in (float32, float16)
            and 0 not in (*query.shape, *key.shape, *value.shape)
            and max(query.shape[-1], value.shape[-1]) <= widest
            and max(query.shape[-2], key.shape[-2]) <= 4 * WALK
            and max(prod(x.shape) for x in (query, key, value, *others)) <= engine.part
        )

    def _made(
        self,
        op: Op,
        inputs: list[LazyArray],
        settings: tuple[bool, bool, bool],
        scale: float,
        shape: tuple[int, ...],
        like: LazyArray,
    ) -> tuple[LazyArray, LazyArray]:
        """The node of a kernel, and its result in the given shape; in memory it lies as `like` does. (Each node has a tuple
        of its own: who holds an array is counted.)

        Heads are cut from, and joined to, rows of all heads: where the result lies as the operand did, that moves nothing.
        """
        order = _order(like)
        node = self._enqueue(
            op, tuple(inputs), (order, *settings), (scale,), tuple([shape[axis] for axis in order]), like.dtype
        )
        return node, self._turned(node, order)

    def _turned(self, node: LazyArray, order: tuple[int, ...]) -> LazyArray:
        return self._be.permute(node, tuple([order.index(axis) for axis in range(len(order))]))


def _given(*arrays: LazyArray | None) -> tuple[LazyArray, ...]:
    return tuple([x for x in arrays if x is not None])


def _order(x: LazyArray) -> tuple[int, ...]:
    """The dimensions of an array but the last from the one with the largest steps in memory, then the last."""
    _, strides, _ = origin(x)
    outer = len(strides) - 1
    return (*sorted(range(outer), key=lambda axis: -strides[axis]), outer)
