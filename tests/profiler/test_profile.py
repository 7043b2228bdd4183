"""Profiles against torch's: which events there are, how often, of which shapes; the table's columns; schedules."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import flambeau
from flambeau.ops import definition


def taken(library: Any, **settings: Any) -> Any:
    x = library.ones(3, 4, requires_grad=True)
    with library.profiler.profile(activities=[library.profiler.ProfilerActivity.CPU], **settings) as prof:
        with library.profiler.record_function("mine"):
            library.tanh(x).sum().backward()
        library.exp(x)
    return prof


def test_events_are_torchs() -> None:
    ours, theirs = (taken(library, record_shapes=True) for library in (flambeau, torch))
    counts = {event.key: event.count for event in theirs.key_averages()}
    for name in ("mine", "aten::tanh", "aten::exp", "aten::sum", "aten::tanh_backward", "TanhBackward0"):
        (event,) = (event for event in ours.key_averages() if event.key == name)
        assert event.count == counts[name] == 1
    by_shape = {event.key: event.input_shapes for event in ours.key_averages(group_by_input_shape=True)}
    assert by_shape["aten::tanh"] == [[3, 4]]
    events = {event.name: event for event in ours.events()}
    assert events["aten::tanh"].cpu_parent is events["mine"] and events["aten::exp"].cpu_parent is None
    assert 0 < events["aten::tanh"].cpu_time_total < events["mine"].cpu_time_total
    assert events["mine"].self_cpu_time_total < events["mine"].cpu_time_total


def test_the_table_is_torchs() -> None:
    def columns(text: str) -> list[str]:
        return [column.strip() for column in text.splitlines()[1].split("  ") if column.strip()]

    for settings in ({}, {"record_shapes": True}, {"profile_memory": True}):
        grouped = {"group_by_input_shape": "record_shapes" in settings}
        tables = [
            taken(library, **settings).key_averages(**grouped).table(sort_by="cpu_time_total", row_limit=2)
            for library in (flambeau, torch)
        ]
        assert columns(tables[0]) == columns(tables[1])
        assert len(tables[0].splitlines()) == len(tables[1].splitlines())
        assert tables[0].splitlines()[3].split()[0] == tables[1].splitlines()[3].split()[0] == "mine"
        assert "Self CPU time total: " in tables[0]


@pytest.mark.parametrize("numbers", [(1, 1, 2, 0, 0), (0, 0, 1, 2, 0), (2, 1, 3, 1, 4)])
@pytest.mark.filterwarnings("ignore:Profiler won't be using warmup")
def test_schedules_are_torchs(numbers: tuple[int, ...]) -> None:
    names = ("wait", "warmup", "active", "repeat", "skip_first")
    ours, theirs = (lib.profiler.schedule(**dict(zip(names, numbers, strict=True))) for lib in (flambeau, torch))
    assert [ours(k).name for k in range(30)] == [theirs(k).name for k in range(30)]


def test_cycles(tmp_path: Path) -> None:
    seen = []
    with flambeau.profiler.profile(
        schedule=flambeau.profiler.schedule(wait=1, warmup=1, active=2, repeat=2),
        on_trace_ready=lambda prof: seen.append([event.name for event in prof.events()]),
    ) as prof:
        for _ in range(10):
            flambeau.ones(2).exp()
            prof.step()
    assert [names.count("aten::exp") for names in seen] == [2, 2]
    assert [name for name in seen[0] if "Step" in name] == ["ProfilerStep#2", "ProfilerStep#3"]
    handler = flambeau.profiler.tensorboard_trace_handler(str(tmp_path), "worker")
    with flambeau.profiler.profile(on_trace_ready=handler, with_stack=True, record_shapes=True):
        flambeau.ones(2).exp()
    (path,) = tmp_path.glob("worker.*.pt.trace.json")
    (event,) = [e for e in json.loads(path.read_text())["traceEvents"] if e["name"] == "aten::exp"]
    assert event["ph"] == "X" and event["dur"] > 0 and event["args"]["Input Dims"] == [[2]]
    assert "test_cycles" in event["args"]["Call stack"]


def test_off_it_leaves_nothing_behind() -> None:
    kernel = definition.Op.kernel
    with flambeau.autograd.profiler.profile() as prof:
        flambeau.ones(2).exp()
    assert prof.key_averages()[0].count == 1 and "aten::exp" in str(prof)
    flambeau.ones(2).exp()
    assert definition.Op.kernel is kernel and [e.name for e in prof.function_events].count("aten::exp") == 1
    with flambeau.autograd.profiler.profile(enabled=False) as off, flambeau.autograd.profiler.emit_nvtx():
        flambeau.ones(2).exp()
    assert not off.function_events


def test_one_at_a_time() -> None:
    with flambeau.profiler.profile(), pytest.raises(RuntimeError, match="already enabled"):
        flambeau.profiler.profile().start()
    flambeau.ones(2).exp()


def test_operations_are_counted() -> None:
    with flambeau.profiler.profile(with_flops=True) as prof:
        flambeau.ones(3, 4) @ flambeau.ones(4, 5)
    assert sum(event.flops for event in prof.events()) == 2 * 3 * 4 * 5
    assert "Total FLOPs" in prof.key_averages().table()
