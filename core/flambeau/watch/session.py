"""Turning watching on and off, and the rules of what a step is.

`optimizer.step()` ends a step. In a program that never calls one (gradient descent by hand) each `backward()` does.
"""

from __future__ import annotations

from time import perf_counter
from types import FrameType, TracebackType
from typing import Any, Self

from .._tensor import Tensor
from ..autograd import engine
from ..autograd import node as graph
from ..nn.hooks import register_module_forward_hook, register_module_forward_pre_hook
from ..optim.optimizer import register_optimizer_step_post_hook
from .errors import error_event
from .events import Sink, number
from .graph import graph_event
from .names import variable
from .recorder import Recorder
from .source import user_frame

_FORGET_AFTER = 200_000  # nodes without a step: somebody builds graphs and never trains
_STRUCTURES_KEPT = 1024

_active: Watching | None = None


class Watching:
    """One stretch of watching; as a context manager it ends with the block.

    Args:
        sink: called with every event, in order, from the thread that trains. What it raises ends the training.
        graph_interval: seconds between two `graph` events at least, for a reader that cannot draw a new graph every
        step.
    """

    def __init__(self, sink: Sink, graph_interval: float = 0.0) -> None:
        self.sink = sink
        self.graph_interval = graph_interval
        self.step = 0
        self._recorder = Recorder()
        self._hashes: dict[tuple[tuple[int, ...], int], str] = {}
        self._losses: list[tuple[str, Tensor]] = []
        self._loss_names: dict[tuple[Any, int], str] = {}
        self._key: tuple[tuple[int, ...], int] | None = None
        self._unsent: tuple[tuple[int, ...], int, int, str] | None = None
        self._sent = ""
        self._sent_at = float("-inf")
        self._optimizer_seen = False
        self._step_began = perf_counter()
        self._handles: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if _active is self:
            off()

    def install(self) -> None:
        """Begin to observe."""
        recorder = self._recorder
        self._handles = [
            register_module_forward_pre_hook(recorder.enter),
            register_module_forward_hook(recorder.exit, always_call=True),
            register_optimizer_step_post_hook(self._optimizer_stepped),
        ]
        graph.on_create = recorder.node
        engine.on_backward = self._backward

    def remove(self) -> None:
        """Stop observing. A step without `optimizer.step()` at its end is still reported."""
        graph.on_create = None
        engine.on_backward = None
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def scalar(self, name: str, value: float) -> None:
        """A point of the curve `name` at the current step."""
        self.sink({"type": "scalar", "step": self.step, "name": name, "value": number(value)})

    def send_graph(self) -> None:
        """Send the graph of the last step now, if `graph_interval` held it back."""
        if self._unsent is not None:
            tokens, root, step, digest = self._unsent
            self._unsent, self._sent, self._sent_at = None, digest, perf_counter()
            self.sink(graph_event(self._recorder.symbols, tokens, root, step, digest))

    def fail(self, error: BaseException) -> None:
        """The `error` event, after the graph of the iteration as far as it got."""
        tokens = tuple(self._recorder.tokens)
        if self._recorder.made:
            digest = self._recorder.structural_hash(tokens, -1)
            self.sink(graph_event(self._recorder.symbols, tokens, -1, self.step, digest))
        self.sink(error_event(error, self.step))

    def _backward(self, root: Tensor) -> None:
        if root.numel() != 1:
            return
        if self._key is not None and not self._optimizer_seen:
            # The last backward() was the last of its step: nodes made since belong to the one that begins.
            self._end_step()
        recorder = self._recorder
        self._key = (tuple(recorder.tokens), recorder.number_of(root.grad_fn))
        self._losses.append((self._loss_name(root, user_frame()), root.detach()))
        if not self._optimizer_seen or recorder.made > _FORGET_AFTER:
            recorder.clear()

    def _loss_name(self, root: Tensor, frame: FrameType | None) -> str:
        """What the line with `backward()` calls the loss."""
        if frame is None:
            return "loss"
        place = (frame.f_code, frame.f_lasti)
        known = self._loss_names.get(place)
        if known is None:
            known = self._loss_names[place] = variable(root, frame).removeprefix("self.") or "loss"
        return known

    def _optimizer_stepped(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self._optimizer_seen = True
        if self._key is not None:
            self._end_step()
            self._recorder.clear()

    def _end_step(self) -> None:
        losses, self._losses = self._losses, []
        key, self._key = self._key, None
        # After optimizer.step(), so that a backend with a queue has got the whole step before it has to answer.
        for name, loss in losses:
            self.scalar(name, float(loss.item()))
        digest = None
        if key is not None and key[1] >= 0:
            digest = self._hash(key)
            self._unsent = (*key, self.step, digest) if digest != self._sent else None
            if perf_counter() - self._sent_at >= self.graph_interval:
                self.send_graph()
        now = perf_counter()
        elapsed, self._step_began = now - self._step_began, now
        step, self.step = self.step, self.step + 1
        self.sink({"type": "step", "step": step, "ms": round(elapsed * 1000, 3), "graph": digest})

    def _hash(self, key: tuple[tuple[int, ...], int]) -> str:
        known = self._hashes.get(key)
        if known is None:
            if len(self._hashes) >= _STRUCTURES_KEPT:
                self._hashes.clear()
            known = self._hashes[key] = self._recorder.structural_hash(*key)
        return known

    def finish(self) -> None:
        """Report a step that nothing has ended yet, and the last graph."""
        if self._key is not None:
            self._end_step()
        self.send_graph()


def on(sink: Sink, *, graph_interval: float = 0.0) -> Watching:
    """Begin to send events to `sink`; ends with `off()`, or with the block if used in a `with` statement.

    Watching that was on before ends first.
    """
    global _active
    off()
    _active = Watching(sink, graph_interval)
    _active.install()
    return _active


def off() -> None:
    """Stop watching; again is harmless."""
    global _active
    watching, _active = _active, None
    if watching is not None:
        watching.remove()
        watching.finish()


def scalar(name: str, value: float | Tensor) -> None:
    """Add a point to the curve `name`, if anybody watches. `value` may be a tensor with one element."""
    if _active is not None:
        _active.scalar(name, float(value))


def sample(text: str, name: str = "sample") -> None:
    """Show something that the model made, if anybody watches."""
    if _active is not None:
        _active.sink({"type": "sample", "step": _active.step, "name": name, "text": text})


def error(exception: BaseException) -> None:
    """Report the exception that ended the training, with the graph as far as it got, if anybody watches."""
    if _active is not None:
        _active.fail(exception)
