"""Recording: kernels of ops exchanged for ones that tell when they run, backward nodes, the user's own spans."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import ContextDecorator
from functools import partial
from math import prod
from time import perf_counter_ns
from typing import Any

from ..autograd import engine
from ..backends import registry
from ..ops import definition
from .events import DeviceType, FunctionEvent

_thread: Callable[[], int] = getattr(
    threading, "get_native_id", threading.get_ident
)  # a page has no threads of a system


class Recorder:
    """Takes down what runs between `start` and `stop`, on every thread."""

    def __init__(
        self, cpu: bool, gpu: bool, shapes: bool = False, memory: bool = False, stack: bool = False, flops: bool = False
    ) -> None:
        self.cpu, self.gpu = cpu, gpu
        self.shapes, self.memory, self.stack = shapes, memory, stack
        self.formulas: dict[Any, Any] = {}
        if flops:
            from ..utils.flop_counter import flop_registry

            self.formulas = dict(flop_registry)
        self.events: list[FunctionEvent] = []
        self._open = threading.local()

    def start(self) -> None:
        """Begin.

        Raises:
            RuntimeError: another profile is running.
        """
        global current
        if current is not None:
            raise RuntimeError("Profiler is already enabled on this thread")
        current = self
        self.began = perf_counter_ns()
        name = registry.accelerator() if self.gpu else None
        self._devices: list[Any] = [registry.get(name)] if name is not None else []
        for backend in self._devices:
            backend.synchronize()
            if hasattr(backend, "observe"):
                backend.observe(self._kernel)
        if self.cpu:
            self._outside = definition.Op.kernel, engine.guard
            definition.Op.kernel = _observed(self, definition.Op.kernel)  # type: ignore[method-assign]
            engine.guard = partial(self._node, engine.guard)
            _forget_kernels()

    def stop(self) -> None:
        global current
        for backend in self._devices:
            backend.synchronize()
            if hasattr(backend, "observe"):
                backend.observe(None)
        if self.cpu:
            definition.Op.kernel, engine.guard = self._outside  # type: ignore[method-assign]
            _forget_kernels()
        self.ended = perf_counter_ns()
        current = None

    # --- spans

    def enter(self, name: str, shapes: Any = (), annotation: bool = False) -> FunctionEvent:
        parents = self._parents()
        event = FunctionEvent(name, perf_counter_ns() - self.began, _thread())
        event.is_user_annotation = annotation
        event.cpu_parent = parents[-1] if parents else None
        if self.shapes:
            event.input_shapes = list(shapes)
        if self.stack:
            event.stack = _frames()
        parents.append(event)
        self.events.append(event)
        return event

    def leave(self, event: FunctionEvent) -> None:
        event.end_ns = perf_counter_ns() - self.began
        parents = self._parents()
        while parents and parents.pop() is not event:
            pass
        if event.cpu_parent is not None:
            event.cpu_parent.cpu_children.append(event)
            event.cpu_parent.cpu_memory_usage += event.cpu_memory_usage
            event.cpu_parent.device_memory_usage += event.device_memory_usage

    def _parents(self) -> list[FunctionEvent]:
        found: list[FunctionEvent] | None = getattr(self._open, "events", None)
        if found is None:
            found = self._open.events = []
        return found

    # --- what is recorded

    def call(self, op: definition.Op, backend: Any, own: Callable[..., Any], *args: Any) -> Any:
        """Run an op's kernel."""
        event = self.enter("aten::" + op.label, map(_shape, args) if self.shapes else ())
        try:
            result = own(*args)
            if self.memory:
                size = sum(_bytes(backend, y) for y in (result if isinstance(result, (tuple, list)) else (result,)))
                if backend.name in registry.HOST:
                    event.cpu_memory_usage = event.own_cpu_memory = size
                else:
                    event.device_memory_usage = event.own_device_memory = size
            if op in self.formulas:
                event.flops = self.formulas[op][1](*args, out_val=result)
            return result
        finally:
            self.leave(event)

    def _node(self, outside: Any, node: Any, *rest: Any) -> Any:
        """Run a node's backward."""
        name = node.name()
        around = self.enter("autograd::engine::evaluate_function: " + name)
        inside = self.enter(name)
        try:
            return node.backward(*rest) if outside is None else outside(node, *rest)
        finally:
            self.leave(inside)
            self.leave(around)

    def _kernel(self, name: str, begin: int, end: int) -> None:
        """A kernel of the GPU, from one nanosecond of `perf_counter_ns` to another."""
        event = FunctionEvent(name, begin - self.began, 0, DeviceType.PrivateUse1)
        event.end_ns = end - self.began
        self.events.append(event)


current: Recorder | None = None
"""The recorder that is on, if one is."""


def _observed(recorder: Recorder, make: Callable[..., Any]) -> Callable[..., Any]:
    def kernel(op: definition.Op, backend: Any) -> Any:
        own = make(op, backend)
        observed = op.kernels[backend] = partial(recorder.call, op, backend, own)
        return observed

    return kernel


def _forget_kernels() -> None:
    """Let every op ask for its kernels again."""
    for op in definition.Op.all:
        op.kernels.clear()


def _shape(x: Any) -> list[int]:
    return list(getattr(x, "shape", ()))


def _bytes(backend: Any, x: Any) -> int:
    return prod(x.shape) * backend.dtype_of(x).itemsize if hasattr(x, "shape") else 0


def _frames() -> list[str]:
    """The program's own lines that led here, innermost first."""
    frame: Any = sys._getframe(2)
    lines = []
    package = __name__.partition(".")[0]
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in (package, "torch"):
            lines.append(f"{frame.f_code.co_filename}({frame.f_lineno}): {frame.f_code.co_name}")
        frame = frame.f_back
    return lines


class record_function(ContextDecorator):  # PyTorch's name
    """A span of the program by a name of its own: a context manager, or a decorator."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name
        self.args = args
        self._event: tuple[Recorder, FunctionEvent] | None = None

    def _recreate_cm(self) -> record_function:
        return record_function(self.name, self.args)

    def __enter__(self) -> record_function:
        if current is not None:
            self._event = current, current.enter(self.name, annotation=True)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._event is not None:
            recorder, event = self._event
            recorder.leave(event)
            self._event = None
