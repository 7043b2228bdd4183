"""`torch.autograd.profiler`: the profiler's older form, on the same recordings."""

from __future__ import annotations

from typing import Any

from ..profiler.events import EventList, FunctionEvent
from ..profiler.recording import Recorder, record_function

__all__ = ["EventList", "FunctionEvent", "emit_itt", "emit_nvtx", "profile", "record_function"]


class profile:  # PyTorch's name
    """A profile of a block; `key_averages()`, `table()` and `export_chrome_trace()` are its own.

    Args:
        enabled: whether to record at all.
        use_device: a GPU's type, to time its kernels as well.
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        use_cuda: bool = False,
        use_device: str | None = None,
        record_shapes: bool = False,
        with_flops: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_modules: bool = False,
        use_kineto: bool = True,
        use_cpu: bool = True,
        **ignored: Any,
    ) -> None:
        self.enabled = enabled
        self._flags = profile_memory, with_flops
        self._recorder = Recorder(
            use_cpu, bool(use_device) or use_cuda, record_shapes, profile_memory, with_stack, with_flops
        )

    def __enter__(self) -> profile:
        if self.enabled:
            self._recorder.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self.enabled:
            self._recorder.stop()

    @property
    def function_events(self) -> EventList:
        return EventList(self._recorder.events, *self._flags)

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        return self.function_events.key_averages(group_by_input_shape, group_by_stack_n)

    def total_average(self) -> Any:
        return self.function_events.total_average()

    def table(self, *args: Any, **kwargs: Any) -> str:
        return self.function_events.table(*args, **kwargs)

    def export_chrome_trace(self, path: str) -> None:
        self.function_events.export_chrome_trace(path)

    @property
    def self_cpu_time_total(self) -> float:
        return self.function_events.self_cpu_time_total

    def __str__(self) -> str:
        return self.table()


class emit_nvtx:  # PyTorch's name
    """Does nothing: the ranges are for NVIDIA's profiler, and there is no CUDA."""

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        pass

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


class emit_itt(emit_nvtx):  # PyTorch's name
    """Does nothing: the ranges are for Intel's profiler."""
