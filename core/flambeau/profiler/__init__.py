"""Where the time goes: ops, backward nodes and GPU kernels, by PyTorch's names.

    with torch.profiler.profile(record_shapes=True) as prof:
        with torch.profiler.record_function("training step"):
            train()
    print(prof.key_averages().table(sort_by="cpu_time_total", row_limit=10))

Off, it costs nothing: a profile exchanges the kernels of all ops for ones that tell when they run (`recording.py`).
Source: https://docs.pytorch.org/docs/stable/profiler.html
"""

from __future__ import annotations

from .events import DeviceType, EventList, FunctionEvent, FunctionEventAvg
from .recording import record_function
from .sessions import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    schedule,
    supported_activities,
    tensorboard_trace_handler,
)

__all__ = [
    "DeviceType", "EventList", "FunctionEvent", "FunctionEventAvg", "ProfilerAction", "ProfilerActivity", "kineto_available",
    "profile", "record_function", "schedule", "supported_activities", "tensorboard_trace_handler",
]  # fmt: skip


def kineto_available() -> bool:
    """Whether profiles can be taken: True. (PyTorch's library for it is not needed.)"""
    return True
