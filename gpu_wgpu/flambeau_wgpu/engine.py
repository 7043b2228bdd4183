"""The queue and its flush: lazy arrays in, one submit out.

    queue → Graph (who needs what) → a plan known by its key, or Fusion → kernels → WGSL → a new plan → run

`FLAMBEAU_DEBUG=schedule` prints the kernels of every flush with their ops; `FLAMBEAU_DEBUG=wgsl` their code as well,
when new.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from math import prod

from flambeau.dtype import dtype

from . import plan as plans
from .codegen.ir import KernelIR
from .device.interface import LOST, Commands, Device, DeviceLost
from .formats import storage_bytes
from .kernels import RENDER
from .large import cut, has_large
from .lazy import HOST, PARTS, VIEW, LazyArray, Op
from .memory import Buffer, Pool
from .plan import Plan
from .regions import is_identity
from .schedule.fuse import Fusion
from .schedule.graph import Graph
from .tune import Tuner

QUEUE_CHECK = 256  # nodes after which the queue is looked at
QUEUE_NODES = 4096  # more than most training steps take, so that they are planned as one
QUEUE_NODES_AFTER = 1024  # in what follows a flush for that reason: the device works on while Python goes on
QUEUE_BYTES = 1 << 30
PLANNED_NODES = 1 << 18  # in all plans that are kept, which says what they and their keys take
PARTS_KEPT = 64


class Engine:
    """One device with its memory, its kernels and the work that waits for it."""

    def __init__(self, device: Device, tuner: Tuner | None = None, reopen: Callable[[], Device] | None = None) -> None:
        self._reopen = reopen  # where a device that was lost is opened again
        self.queue: list[LazyArray] = []
        self.observer: Callable[[str, int, int], None] | None = None  # told of every kernel while a profile is taken
        self._start(device, tuner)
        self.flushes = 0
        self.planned = 0  # flushes that found no plan
        debug = os.environ.get("FLAMBEAU_DEBUG", "").split(",")
        self.show_schedule = "schedule" in debug or "wgsl" in debug
        self.show_wgsl = "wgsl" in debug

    def _start(self, device: Device, tuner: Tuner | None) -> None:
        """Begin on a device that holds nothing yet."""
        self.device = device
        self.tuner = tuner or Tuner(device)
        self.pool = Pool(device)
        self.check_at = QUEUE_CHECK
        self.most_nodes = QUEUE_NODES
        self.pipelines: dict[KernelIR, int] = {}
        self.plans: dict[tuple[object, ...], Plan] = {}
        self.in_parts: set[tuple[object, ...]] = set()  # keys of flushes with arrays too large for one buffer
        self.part = 1 << (self.pool.largest // 4).bit_length() - 1  # the most elements in one

    def append(
        self, op: Op, inputs: tuple[LazyArray, ...], attr: object, shape: tuple[int, ...], dtype: dtype
    ) -> LazyArray:
        """A pending array."""
        self.queue.append(LazyArray(op, inputs, attr, (), shape, dtype, len(self.queue)))
        return self.queue[-1]

    def check_queue(self) -> None:
        """Flush when the queue has become long or describes much memory."""
        queue = self.queue
        if (
            len(queue) >= self.most_nodes
            or sum(4 * prod(x.shape) for x in queue[-QUEUE_CHECK:] if x.op is not VIEW) > QUEUE_BYTES
        ):
            self.flush()
            self.most_nodes = QUEUE_NODES_AFTER
        else:
            self.check_at = len(queue) + QUEUE_CHECK

    def keep_together(self, nodes: int) -> None:
        """Flush or not before the next nodes, but not between them."""
        if len(self.queue) + nodes >= self.check_at:
            self.check_queue()

    def flush(self, read: tuple[LazyArray, int] | None = None) -> memoryview | bytes | None:
        """Run what waits, see `_flush`.

        Raises:
            DeviceLost: the device went away, or an array was on one that did. Only such arrays are lost, and those that
                were to be computed from them.
            OutOfMemory: the device has no room. The work waits on, as long as somebody holds its results.
        """
        self.most_nodes = QUEUE_NODES
        try:
            return self._flush(read)
        except Exception as error:
            if self.device.is_lost(error):
                self._replace_device()
                raise DeviceLost(LOST) from error
            if isinstance(error, DeviceLost):
                self._bury()
            raise

    def _replace_device(self) -> None:
        if self._reopen is not None:
            self._start(self._reopen(), None)
        self._bury()

    def _bury(self) -> None:
        """Give up what waits for arrays of a device that was lost; the rest stays in the queue."""
        waiting, self.queue, gone = self.queue, [], Pool(self.device)
        for x in waiting:
            if not any(map(self._is_gone, x.inputs)):
                x.index = len(self.queue)
                self.queue.append(x)
            elif x.op is VIEW:
                x.index = -1
            else:
                x.realize(Buffer(gone, 0, 0))

    def _is_gone(self, x: LazyArray) -> bool:
        if x.op is VIEW or x.op is PARTS:
            return any(map(self._is_gone, x.inputs))
        return x.buffer is not None and x.buffer.pool is not self.pool

    def synchronize(self) -> None:
        """Return when everything is done."""
        self.flush()
        try:
            self.device.synchronize()
        except Exception as error:
            if self.device.is_lost(error):
                self._replace_device()
                raise DeviceLost(LOST) from error
            raise

    def _flush(self, read: tuple[LazyArray, int] | None = None) -> memoryview | bytes | None:
        """Run what waits. `read` is a held array that has (or gets) a buffer, and how many of its bytes to wait for and
        return. None where it came to lie inside another array: it is a view then.
        """
        pool, device = self.pool, self.device
        pool.collect()
        if not self.queue:
            self.check_at = QUEUE_CHECK
            if read is None:
                return None
            return device.submit(Commands(), bytearray(), (self._buffer(read[0]), read[1]))
        begun = time.perf_counter()
        if self.tuner.update():
            self.plans.clear()
        graph = Graph(self.queue)
        plan = self.plans.pop(graph.key, None)
        known = plan is not None
        if plan is None and (graph.key in self.in_parts or has_large(graph, self.part)):
            if len(self.in_parts) >= PARTS_KEPT:
                self.in_parts.clear()
            self.in_parts.add(graph.key)
            self.queue = cut(graph, self.part)
            del graph  # it holds what the new queue may not need
            return self._flush(read)
        if plan is None:
            self.planned += 1
            plan = plans.build(Fusion(graph, device.info.kind, self.tuner), self._pipeline)
            planned = plan.nodes + sum(kept.nodes for kept in self.plans.values())
            while self.plans and planned > PLANNED_NODES:
                planned -= self.plans.pop(next(iter(self.plans))).nodes
        self.plans[graph.key] = plan  # last: the least recently used is the first
        self.flushes += 1
        if self.show_schedule:
            self._print(graph, plan, known, time.perf_counter() - begun)
        if read is not None and read[0].index in plan.views and read[0].op is not VIEW:
            read = None
        if self.observer is None:
            result = plan.run(graph, pool, device, read)
        else:
            result = self._observed(plan, graph, read, self.observer)
        self.queue = []
        self.check_at = QUEUE_CHECK
        return result

    def _observed(
        self, plan: Plan, graph: Graph, read: tuple[LazyArray, int] | None, observer: Callable[[str, int, int], None]
    ) -> memoryview | bytes | None:
        """Run a plan and wait; tell when each kernel began and ended, or all of them together where the device cannot say."""
        begun = time.perf_counter_ns()
        self.device.timed = True
        try:
            result = plan.run(graph, self.pool, self.device, read)
            self.device.synchronize()
            ended = time.perf_counter_ns()
            times = self.device.kernel_times()
        finally:
            self.device.timed = False
        names = [f"{ir.template}({' '.join(ops)})" for ops, ir, _ in plan.kernels]
        if times and len(times) == len(names):
            shift = ended - times[-1][1]  # from the device's clock to ours
            for name, (begin, end) in zip(names, times, strict=True):
                observer(name, begin + shift, end + shift)
        elif names:
            observer(f"flush({len(names)} kernels)", begun, ended)
            for name in names:  # without a time of their own
                observer(name, ended, ended)
        return result

    def _buffer(self, array: LazyArray) -> int:
        while array.op is VIEW:
            array = array.inputs[0]
        if array.op is HOST:
            plans.upload(array, self.pool, self.device)
        assert array.buffer is not None
        if array.buffer.pool is not self.pool:
            raise DeviceLost(LOST)
        return array.buffer.handle

    def _pipeline(self, ir: KernelIR) -> int:
        handle = self.pipelines.get(ir)
        if handle is None:
            code = RENDER[ir.template](ir)
            if self.show_wgsl:
                print(f"--- kernel {len(self.pipelines)}\n{code}", file=sys.stderr)
            bound = [b for b in range(len(ir.bindings)) if ir.bindings[b].alias < 0]
            on_top = {b.alias for b in ir.bindings}
            writable = sum(1 << n for n, b in enumerate(bound) if ir.bindings[b].writable or b in on_top)
            handle = self.device.pipeline(code, 4 * ir.words, len(bound), writable)
            self.pipelines[ir] = handle
        return handle

    def is_readable(self, array: LazyArray) -> bool:
        """Whether an array's bytes lie together at the start of a buffer after a flush."""
        while array.op is VIEW:
            base = array.inputs[0]
            strides, offset = array.attr
            if not is_identity(array.shape, strides, offset, prod(base.shape)):
                return False
            array = base
        return True

    def _print(self, graph: Graph, plan: Plan, known: bool, seconds: float) -> None:
        memory = sum(plan.sizes) / 1024
        print(
            f"flush {self.flushes}: {graph.count} ops, {sum(graph.live)} held -> {len(plan.dispatches)} kernels, "
            f"{memory:.0f} KiB, {'plan found' if known else 'planned'} in {1e3 * seconds:.2f} ms",
            file=sys.stderr,
        )
        for number, (ops, ir, groups) in enumerate(plan.kernels):
            layout = " ".join(part for part in ir.static if isinstance(part, str) and part in LAYOUTS)
            print(
                f"  {number:4} #{self.pipelines[ir]:<4} {ir.template:<11} {layout:<18} {groups[0]:>6}x{groups[1]}  "
                f"{len(ir.bindings)} buffers  {' '.join(ops)}",
                file=sys.stderr,
            )

    def array_bytes(self, array: LazyArray) -> int:
        return storage_bytes(prod(array.shape), array.dtype)


LAYOUTS = frozenset("serial workgroup slices partials register along across scalar rank start exchange result".split())
