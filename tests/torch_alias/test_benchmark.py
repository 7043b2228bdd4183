"""`torch.utils.benchmark`: measurements and tables print as PyTorch's."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

import pytest

Same = Callable[..., None]


def benchmark(t: Any) -> Any:
    return importlib.import_module(f"{t.__name__}.utils.benchmark")


def measurement(t: Any, times: list[float], **words: Any) -> Any:
    """A measurement of times that were made up, so that both libraries print the same."""
    b = benchmark(t)
    task = b.TaskSpec(**{"stmt": "x + 1", "setup": "pass", **words})
    return b.Measurement(number_per_run=10, raw_times=times, task_spec=task)


STEADY = [1.0e-5, 1.02e-5, 1.01e-5, 1.03e-5, 1.0e-5]
WILD = [1.0e-5, 3.0e-5, 1.5e-5, 9.0e-5, 1.0e-5]


def shown(m: Any) -> str:
    return re.sub("<.*>", "<a measurement>", repr(m))


@pytest.mark.parametrize(
    "times", [STEADY, WILD, STEADY[:1], [1e-9], [25.0, 26.0]], ids=["steady", "wild", "one", "ns", "s"]
)
def test_a_measurement_prints(same: Same, times: list[float]) -> None:
    same(lambda t: shown(measurement(t, times, label="ops", sub_label="8", description="add", setup="import math")))
    same(lambda t: shown(measurement(t, times, stmt="a\nb", setup="c\nd", num_threads=2)))
    same(lambda t: [getattr(measurement(t, times), n) for n in ("median", "mean", "iqr", "times", "has_warnings")])
    same(lambda t: measurement(t, times).significant_figures)


@pytest.mark.parametrize("style", ["plain", "trim", "colours", "rows", "warn"])
def test_a_table_prints(same: Same, style: str) -> None:
    def table(t: Any) -> Any:
        results = [
            measurement(
                t, [x * n * (i + 1) for x in times], label="ops", sub_label=f"{n} x", description=d, num_threads=k
            )
            for k in (1, 2)
            for n in (1, 300)
            for i, (d, times) in enumerate((("add", STEADY), ("mul", WILD)))
            if (k, n, d) != (2, 300, "mul")
        ]
        compare = benchmark(t).Compare(results)
        for option in {"trim": ["trim_significant_figures"], "warn": ["highlight_warnings"]}.get(style, []):
            getattr(compare, option)()
        if style in ("colours", "rows"):
            compare.colorize(rowwise=style == "rows")
        return str(compare)

    same(table)


def test_a_timer_times() -> None:
    import flambeau

    timer = benchmark(flambeau).Timer("torch.ones(3) * x", "x = y + 1", globals={"y": 1}, label="l", num_threads=2)
    m = timer.timeit(20)
    assert m.number_per_run == 20 and len(m.raw_times) == 1 and m.median > 0 and m.title == "l" and m.num_threads == 2
    seen: list[int] = []
    m = timer.blocked_autorange(lambda number, taken: seen.append(number), min_run_time=0.005)
    assert sum(m.raw_times) >= 0.005 and len(seen) == len(m.raw_times)
    assert timer.adaptive_autorange(min_run_time=0.002, max_run_time=0.01).median > 0
    with pytest.raises(ValueError, match="flambeau times Python only"):
        benchmark(flambeau).Timer("x;", language="c++")


def test_a_fuzzer_keeps_its_bounds() -> None:
    import flambeau
    from flambeau.utils.benchmark.op_fuzzers.binary import BinaryOpFuzzer

    b = benchmark(flambeau)
    fuzzer = b.Fuzzer(
        [
            b.FuzzedParameter("n", 4, 64, "loguniform"),
            b.FuzzedParameter("m", distribution={1: 0.5, b.ParameterAlias("n"): 0.5}),
        ],
        [b.FuzzedTensor("x", ("n", "m"), steps=(1, 2), max_elements=500)],
        constraints=[lambda params: params["n"] != 5],
        seed=3,
    )
    for tensors, properties, params in fuzzer.take(20):
        assert tensors["x"].shape == (params["n"], params["m"]) and params["n"] != 5 and params["m"] in (1, params["n"])
        assert properties["x"]["numel"] == tensors["x"].numel() <= 500
    assert 0 <= fuzzer.rejection_rate < 1
    assert [p for _, _, p in fuzzer.take(5)] == [p for _, _, p in fuzzer.take(5)]
    for made, _, _ in BinaryOpFuzzer(seed=1).take(1):
        assert (made["x"] + made["y"]).shape == made["x"].shape
    with pytest.raises(ValueError, match="Duplicate names"):
        b.Fuzzer([b.FuzzedParameter("x", 1, 2, "uniform")], [b.FuzzedTensor("x", ("x",))])


def test_counts_of_instructions(same: Same) -> None:
    def program(t: Any) -> Any:
        b = benchmark(t)

        def counts(*rows: tuple[int, str]) -> Any:
            return b.FunctionCounts(tuple(b.FunctionCount(*row) for row in rows), False)

        noise = (500, "/a/build/../Objects/dictobject.c:lookdict_unicode")
        first = counts(
            noise, (300, "/u/Python/ceval.c:eval [/bin/python]"), (20, "/x/build/aten/n.cpp:foo"), (-3, "z" * 200)
        )
        second = counts((100, noise[1]), (20, "/x/build/aten/n.cpp:foo"))
        found = [
            first, second, first + second, first - second, first * 2.5, first[1:3], first.denoise(),
            first.transform(lambda name: "all"), first.filter(lambda name: "z" in name),
            counts(*((n, f"f{n}") for n in range(40, 0, -1))),
        ]  # fmt: skip
        task = b.TaskSpec("x + 1", "x = 1", num_threads=2)
        for symbols in (True, False):
            stats = b.CallgrindStats(task, 100, symbols, second, second, first, first, None)
            found += [stats, stats.as_standardized().stats(), stats.delta(stats), stats.counts(denoise=True)]
        try:
            first + b.FunctionCounts((), True)
        except AssertionError as error:
            found.append(str(error))
        return [re.sub(r"<.* object at 0x[0-9a-f]+>", "", repr(x)) for x in found], first.sum(), len(first)

    same(program)
