"""Profiles: when they record, and what is done with what they recorded."""

from __future__ import annotations

import os
import socket
import time
import warnings
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from ..backends import registry
from .events import EventList
from .recording import Recorder, record_function


class ProfilerActivity(Enum):
    CPU = 0
    XPU = 1
    MTIA = 2
    CUDA = 3
    """A GPU's kernels, whichever device it is."""
    HPU = 4
    PrivateUse1 = 5
    """The same."""


class ProfilerAction(Enum):
    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def supported_activities() -> set[ProfilerActivity]:
    """What can be recorded here."""
    return {ProfilerActivity.CPU} | ({ProfilerActivity.PrivateUse1} if registry.accelerator() is not None else set())


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """What to do in each step: after `skip_first`, cycles of `wait`, `warmup` and `active` steps, `repeat` of them.

    With `skip_first_wait` the first cycle has no `wait`.

    Raises:
        AssertionError: a number is negative, or `active` 0.
    """
    assert wait >= 0 and warmup >= 0 and active > 0 and repeat >= 0 and skip_first >= 0, (
        f"Invalid profiler schedule arguments. Got wait={wait} (need >= 0), warmup={warmup} (need >= 0), "
        f"active={active} (need > 0), repeat={repeat} (need >= 0), skip_first={skip_first} (need >= 0)."
    )
    if warmup == 0:
        warnings.warn("Profiler won't be using warmup, this can skew profiler results", stacklevel=2)
    cycle = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        assert step >= 0, f"Step must be non-negative. Got {step}."
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait:
            step += wait
        if repeat and step / cycle >= repeat:
            return ProfilerAction.NONE
        at = step % cycle
        if at < wait:
            return ProfilerAction.NONE
        if at < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if at < cycle - 1 else ProfilerAction.RECORD_AND_SAVE

    return action


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[profile], None]:
    """A handler that writes each trace into a folder, in TensorBoard's form of names."""

    def handle(prof: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        path = os.path.join(dir_name, f"{worker}.{time.time_ns()}.pt.trace.json")
        prof.export_chrome_trace(path + (".gz" if use_gzip else ""))

    return handle


class profile:  # PyTorch's name
    """A profile of a block: ops on every backend, GPU kernels where a backend can time them.

    Args:
        activities: what to record; by default all there is.
        schedule: from the number of a step (see `step`) what to do in it.
        on_trace_ready: called with the profile when a cycle of the schedule, or the block, ends.
        record_shapes: shapes of the ops' inputs.
        profile_memory: bytes of the ops' results.
        with_stack: the lines of the program that called.
        with_flops: operations of products and convolutions.
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[profile], Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: Any = None,
        execution_trace_observer: Any = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
        custom_trace_id_callback: Any = None,
    ) -> None:
        self.activities = set(activities) if activities is not None else supported_activities()
        assert self.activities, "No valid profiler activities found"
        self.schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self.record_steps = schedule is not None
        self.on_trace_ready = on_trace_ready
        self.record_shapes, self.profile_memory = record_shapes, profile_memory
        self.with_stack, self.with_flops = with_stack, with_flops
        self.step_num = 0
        self.current_action = self.schedule(0)
        self._recorder: Recorder | None = None
        self._done: Recorder | None = None
        self._step: Any = None

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin with step 0."""
        if self.current_action in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE):
            self._record()
        self._mark()

    def stop(self) -> None:
        """End; what was recorded is handed to `on_trace_ready`."""
        self._unmark()
        if self._recorder is not None:
            self._finish()
            self._hand_over()

    def step(self) -> None:
        """The next step of the program begins."""
        self._unmark()
        before = self.current_action
        self.step_num += 1
        self.current_action = self.schedule(self.step_num)
        recording = self.current_action in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        if self._recorder is not None and (before is ProfilerAction.RECORD_AND_SAVE or not recording):
            self._finish()
            if before is ProfilerAction.RECORD_AND_SAVE:
                self._hand_over()
        if recording and self._recorder is None:
            self._record()
        self._mark()

    def _record(self) -> None:
        self._recorder = Recorder(
            ProfilerActivity.CPU in self.activities,
            bool(self.activities - {ProfilerActivity.CPU}),
            self.record_shapes, self.profile_memory, self.with_stack, self.with_flops,
        )  # fmt: skip
        self._recorder.start()

    def _finish(self) -> None:
        assert self._recorder is not None
        self._recorder.stop()
        self._done, self._recorder = self._recorder, None

    def _hand_over(self) -> None:
        if self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def _mark(self) -> None:
        if self.record_steps and self._recorder is not None:
            self._step = record_function(f"ProfilerStep#{self.step_num}")
            self._step.__enter__()

    def _unmark(self) -> None:
        if self._step is not None:
            self._step.__exit__(None, None, None)
            self._step = None

    # --- what was recorded

    def events(self) -> EventList:
        """Every event of the last recording.

        Raises:
            AssertionError: nothing has been recorded yet.
        """
        assert self._done is not None, "Profiler must be initialized before getting key averages"
        return EventList(self._done.events, self.profile_memory, self.with_flops)

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> EventList:
        """Events of the same name taken together, see `EventList.key_averages`."""
        return self.events().key_averages(group_by_input_shape, group_by_stack_n)

    def export_chrome_trace(self, path: str) -> None:
        """Write the events for chrome://tracing or Perfetto, compressed where the name ends in .gz."""
        if not path.endswith(".gz"):
            self.events().export_chrome_trace(path)
            return
        import gzip

        self.events().export_chrome_trace(path[:-3])
        with open(path[:-3], "rb") as plain, gzip.open(path, "wb") as packed:
            packed.write(plain.read())
        os.remove(path[:-3])

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Write a line for each place of the program with its total of a metric, for flame graphs."""
        sums: dict[str, int] = {}
        for event in self.events():
            if event.stack:
                key = ";".join(line.replace(" ", "_") for line in reversed(event.stack))
                sums[key] = sums.get(key, 0) + int(getattr(event, metric))
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{stack} {value}\n" for stack, value in sums.items() if value > 0)
