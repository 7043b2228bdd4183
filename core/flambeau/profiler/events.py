"""What a profile holds: events, their averages by name, the table and the trace of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from enum import Enum
from typing import Any


class DeviceType(Enum):
    CPU = 0
    CUDA = 1
    PrivateUse1 = 20
    """A backend plugin's device."""


def _time(microseconds: float) -> str:
    if microseconds >= 1e6:
        return f"{microseconds / 1e6:.3f}s"
    return f"{microseconds / 1e3:.3f}ms" if microseconds >= 1e3 else f"{microseconds:.3f}us"


def _share(part: float, total: float) -> str:
    return f"{100 * part / total:.2f}%" if total else ("0.00%" if part == 0 else "NaN")


def _memory(size: float) -> str:
    for unit, name in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if abs(size) >= unit:
            return f"{size / unit:.2f} {name}"
    return f"{size} B"


class FunctionEvent:
    """One call of an op, span of the program or kernel of the GPU. Times are in microseconds."""

    def __init__(self, name: str, start_ns: int, thread: int, device_type: DeviceType = DeviceType.CPU) -> None:
        self.name = name
        self.start_ns = start_ns
        self.end_ns = start_ns
        self.thread = thread
        self.device_type = device_type
        self.cpu_parent: FunctionEvent | None = None
        self.cpu_children: list[FunctionEvent] = []
        self.input_shapes: list[Any] = []
        self.stack: list[str] = []
        self.flops = 0
        self.cpu_memory_usage = self.own_cpu_memory = 0
        self.device_memory_usage = self.own_device_memory = 0
        self.is_user_annotation = False

    @property
    def key(self) -> str:
        return self.name

    @property
    def _microseconds(self) -> float:
        return (self.end_ns - self.start_ns) / 1e3

    @property
    def cpu_time_total(self) -> float:
        return self._microseconds if self.device_type is DeviceType.CPU else 0.0

    @property
    def self_cpu_time_total(self) -> float:
        return self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children)

    @property
    def device_time_total(self) -> float:
        return 0.0 if self.device_type is DeviceType.CPU else self._microseconds

    self_device_time_total = device_time_total

    def __repr__(self) -> str:
        return (
            f"<FunctionEvent name={self.name} device_type={self.device_type} cpu_time={_time(self.cpu_time_total)} "
            f"start_us={self.start_ns / 1e3} end_us={self.end_ns / 1e3} input_shapes={self.input_shapes}>"
        )


_SUMS = (
    "cpu_time_total", "self_cpu_time_total", "device_time_total", "self_device_time_total", "flops", "cpu_memory_usage",
    "device_memory_usage",
)  # fmt: skip


class FunctionEventAvg:
    """Calls of the same name, taken together."""

    def __init__(self, event: FunctionEvent) -> None:
        self.key = event.name
        self.count = 0
        self.device_type = event.device_type
        self.input_shapes: Any = event.input_shapes
        self.stack = event.stack
        self.is_user_annotation = event.is_user_annotation
        self.cpu_time_total = self.self_cpu_time_total = 0.0
        self.device_time_total = self.self_device_time_total = 0.0
        self.flops = 0
        self.cpu_memory_usage = self.self_cpu_memory_usage = 0
        self.device_memory_usage = self.self_device_memory_usage = 0

    def add(self, event: FunctionEvent) -> None:
        self.count += 1
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(event, name))
        self.self_cpu_memory_usage += event.own_cpu_memory
        self.self_device_memory_usage += event.own_device_memory

    @property
    def cpu_time(self) -> float:
        return self.cpu_time_total / self.count if self.count else 0.0

    @property
    def device_time(self) -> float:
        return self.device_time_total / self.count if self.count else 0.0

    def __repr__(self) -> str:
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={_time(self.self_cpu_time_total)} "
            f"cpu_time={_time(self.cpu_time)}  self_device_time={_time(self.self_device_time_total)} "
            f"device_time={_time(self.device_time)} input_shapes={self.input_shapes or ''} "
            f"cpu_memory_usage={self.cpu_memory_usage} device_memory_usage={self.device_memory_usage}>"
        )


class EventList(list[Any]):
    """Events, or their averages."""

    def __init__(self, events: Iterable[Any] = (), profile_memory: bool = False, with_flops: bool = False) -> None:
        super().__init__(events)
        self._memory = profile_memory
        self._flops = with_flops

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> EventList:
        """One entry for each name (and for each shape of the inputs, or place in the program)."""
        found: dict[Any, FunctionEventAvg] = {}
        for event in self:
            key = (
                event.name, event.device_type, event.is_user_annotation,
                str(event.input_shapes) if group_by_input_shape else "", tuple(event.stack[:group_by_stack_n]),
            )  # fmt: skip
            if key not in found:
                average = found[key] = FunctionEventAvg(event)
                average.input_shapes = event.input_shapes if group_by_input_shape else ""
                average.stack = event.stack[:group_by_stack_n]
            found[key].add(event)
        return EventList(found.values(), self._memory, self._flops)

    def total_average(self) -> FunctionEventAvg:
        """All of them in one."""
        total = FunctionEventAvg(FunctionEvent("Total", 0, 0))
        for event in self:
            total.add(event)
        return total

    @property
    def self_cpu_time_total(self) -> float:
        return float(sum(event.self_cpu_time_total for event in self))

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
    ) -> str:
        """The table that PyTorch prints, of PyTorch's columns.

        Raises:
            AttributeError: `sort_by` names no column.
        """
        if not self:
            return ""
        rows = list(self)
        if sort_by is not None:
            attribute = sort_by.replace("cuda", "device").replace("xpu", "device").replace("privateuse1", "device")
            rows.sort(key=lambda event: getattr(event, attribute), reverse=True)
        if top_level_events_only:
            rows = [event for event in rows if getattr(event, "cpu_parent", None) is None]
        columns = self._columns(max_name_column_width, max_shapes_column_width, max_src_column_width)
        cells = [[form(event) for _, _, form in columns] for event in rows[: row_limit if row_limit >= 0 else None]]
        widths = [width for _, width, _ in columns]
        line = "  ".join("-" * width for width in widths) + "  "
        parts = []
        if header is not None:
            parts += ["=" * (len(line)), header]
        parts += [line, "  ".join(f"{name:>{width}}" for name, width, _ in columns) + "  ", line]
        parts += [
            "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) + "  " for row in cells
        ]
        parts.append(line)
        parts.append(f"Self CPU time total: {_time(self.self_cpu_time_total)}")
        if self._on_device():
            parts.append(f"Self WGPU time total: {_time(sum(event.self_device_time_total for event in self))}")
        return "\n".join(parts) + "\n"

    def _on_device(self) -> bool:
        return any(event.self_device_time_total for event in self)

    def _columns(self, names: int, shapes: int, sources: int) -> list[tuple[str, int, Any]]:
        """Heading, width and contents of each column."""
        cpu = self.self_cpu_time_total
        device = sum(event.self_device_time_total for event in self)

        def fitting(values: list[str], most: int, least: int = 0) -> int:
            return min(most, max(least, *(len(value) + 4 for value in values)))

        def cut(text: str, width: int) -> str:
            return text if len(text) <= width else text[: width - 3] + "..."

        width = fitting([event.key for event in self], names)
        columns: list[tuple[str, int, Any]] = [
            ("Name", width, lambda e: cut(e.key, width)),
            ("Self CPU %", 12, lambda e: _share(e.self_cpu_time_total, cpu)),
            ("Self CPU", 12, lambda e: _time(e.self_cpu_time_total)),
            ("CPU total %", 12, lambda e: _share(e.cpu_time_total, cpu)),
            ("CPU total", 12, lambda e: _time(e.cpu_time_total)),
            ("CPU time avg", 12, lambda e: _time(getattr(e, "cpu_time", e.cpu_time_total))),
        ]
        if device:
            columns += [
                ("Self WGPU", 12, lambda e: _time(e.self_device_time_total)),
                ("Self WGPU %", 12, lambda e: _share(e.self_device_time_total, device)),
                ("WGPU total", 12, lambda e: _time(e.device_time_total)),
                ("WGPU time avg", 13, lambda e: _time(getattr(e, "device_time", e.device_time_total))),
            ]
        if self._memory:
            columns += [
                ("CPU Mem", 12, lambda e: _memory(e.cpu_memory_usage)),
                ("Self CPU Mem", 12, lambda e: _memory(getattr(e, "self_cpu_memory_usage", e.cpu_memory_usage))),
            ]
            if any(event.device_memory_usage for event in self):
                columns.append(("WGPU Mem", 12, lambda e: _memory(e.device_memory_usage)))
        columns.append(("# of Calls", 12, lambda e: str(getattr(e, "count", 1))))
        if any(event.input_shapes for event in self):
            wide = fitting([str(event.input_shapes) for event in self], shapes, 12)
            columns.append(("Input Shapes", wide, lambda e: cut(str(e.input_shapes or []), wide)))
        if any(event.stack for event in self):
            long = fitting([event.stack[0] for event in self if event.stack], sources, 12)
            columns.append(("Source Location", long, lambda e: cut(e.stack[0] if e.stack else "", long)))
        if self._flops:
            columns.append(("Total FLOPs", 12, lambda e: str(e.flops) if e.flops else "--"))
        return columns

    def export_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write the events for chrome://tracing or Perfetto."""
        process = os.getpid()
        traced = [
            {
                "ph": "X",
                "cat": _category(event),
                "name": event.name,
                "pid": process,
                "tid": event.thread,
                "ts": event.start_ns / 1e3,
                "dur": (event.end_ns - event.start_ns) / 1e3,
                "args": {
                    **({"Input Dims": event.input_shapes} if event.input_shapes else {}),
                    **({"Call stack": ";".join(event.stack)} if event.stack else {}),
                },
            }
            for event in self
        ]
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"schemaVersion": 1, "displayTimeUnit": "ms", "traceEvents": traced}, file)


def _category(event: FunctionEvent) -> str:
    if event.device_type is not DeviceType.CPU:
        return "kernel"
    return "user_annotation" if event.is_user_annotation else "cpu_op"
