"""In the browser: every primitive of the wgpu backend against the reference backend. `main` returns the differences."""

import math
import time
from array import array
from dataclasses import replace
from typing import Any

import flambeau_wgpu
from flambeau.backends.reference import ReferenceBackend
from flambeau.dtype import bool_, dtype, float32, int32, int64, uint8
from flambeau_wgpu.device.interface import SUBGROUPS

NAMES = {float32: "f", int64: "q", int32: "i", uint8: "B", bool_: "B"}
UNARY = (
    "neg abs sign floor ceil trunc round exp expm1 log log1p sqrt sin cos tan asin acos atan sinh cosh tanh erf".split()
)
FLOATS = "add sub mul div floordiv remainder pow atan2 maximum minimum eq ne lt le".split()
INTS = "add sub mul floordiv remainder maximum minimum eq ne lt le bitwise_and bitwise_or bitwise_xor".split()
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 1e-3, 7.25, -7.25, 80.0, 1e5, math.inf, -math.inf, math.nan]


class Comparison:
    """Two backends given the same, and what came out different."""

    def __init__(self) -> None:
        self.gpu = flambeau_wgpu.load()
        self.reference = ReferenceBackend()
        self.checked = 0
        self.wrong: list[str] = []

    def arrays(self, values: list[Any], shape: tuple[int, ...], d: dtype) -> tuple[Any, Any]:
        data = array(NAMES[d], values).tobytes()
        return self.gpu.from_bytes(data, shape, d), self.reference.from_bytes(data, shape, d)

    def check(self, name: str, call: Any, *operands: Any, tolerance: float = 2e-6) -> None:
        """Operands that are pairs go to their backends."""
        got, wanted = (
            call(
                backend,
                *(x[side] if isinstance(x, tuple) and len(x) == 2 and hasattr(x[0], "shape") else x for x in operands),
            )
            for side, backend in ((0, self.gpu), (1, self.reference))
        )
        for g, w in zip(got, wanted, strict=True) if isinstance(got, tuple) else [(got, wanted)]:
            d = self.gpu.dtype_of(g)
            a = array(NAMES[d], bytes(self.gpu.to_bytes(g)))
            e = array(NAMES[d], bytes(self.reference.to_bytes(w)))
            self.checked += 1
            bad = [(x, y) for x, y in zip(a, e, strict=True) if not _close(x, y, tolerance)]
            if bad or g.shape != w.shape or d is not self.reference.dtype_of(w):
                self.wrong.append(f"{name}: {bad[:3]} {g.shape} {w.shape}")


def _close(x: float, y: float, tolerance: float) -> bool:
    if x == y or (x != x and y != y):
        return True
    return abs(x - y) <= tolerance * max(1.0, abs(y)) if math.isfinite(x) and math.isfinite(y) else False


def main() -> dict[str, Any]:
    c = Comparison()
    begun = time.perf_counter()
    some = c.arrays([math.sin(k * 1.7) * 3 for k in range(60)], (3, 4, 5), float32)
    special = c.arrays(SPECIAL, (len(SPECIAL),), float32)
    for name in UNARY:
        c.check(name, lambda b, x, name=name: getattr(b, name)(x), special, tolerance=3e-6)
        c.check(name, lambda b, x, name=name: getattr(b, name)(x), some)
    column = c.arrays(SPECIAL, (len(SPECIAL), 1), float32)
    for name in FLOATS:
        c.check(name, lambda b, x, y, name=name: getattr(b, name)(x, y), special, column, tolerance=1e-5)
        c.check(name, lambda b, x, name=name: getattr(b, name)(x, 0.75), some)
        c.check(name, lambda b, x, name=name: getattr(b, name)(-1.5, x), some)
    whole = [0, 1, -1, 7, -7, 2**31 - 1, -(2**31), 12345]
    for name in INTS:
        # Division by zero may give anything.
        divisor = [v or 3 for v in whole] if name in ("floordiv", "remainder") else whole
        x, y = c.arrays(whole, (8, 1), int32), c.arrays(divisor, (8,), int32)
        c.check(f"{name} int32", lambda b, x, y, name=name: getattr(b, name)(x, y), x, y)
        small, other = (
            c.arrays([0, 1, 7, 200, 255], (5, 1), uint8),
            c.arrays([v or 1 for v in [1, 3, 16, 255]], (4,), uint8),
        )
        c.check(f"{name} uint8", lambda b, x, y, name=name: getattr(b, name)(x, y), small, other)
    for function in ("sum", "prod", "max", "min"):
        for axes in ((0,), (1,), (2,), (0, 2), (0, 1, 2)):
            c.check(
                f"{function} {axes}", lambda b, x, f=function, a=axes: getattr(b, f)(x, a, False), some, tolerance=1e-5
            )
    long = c.arrays([math.sin(k * 0.37) for k in range(100_000)], (2, 50_000), float32)
    for function in ("sum", "max", "min"):
        c.check(f"long {function}", lambda b, x, f=function: getattr(b, f)(x, (1,), False), long, tolerance=1e-4)
    c.check("argmax", lambda b, x: b.argmax(x, 1, False), long)
    c.check("argmin nan", lambda b, x: b.argmin(x, 0, True), special)
    # Several elements at once, in a loop over more: what is many branches there, compiles for minutes.
    many = c.arrays([0.1 + k / 3e4 for k in range(1 << 16)], (1 << 16,), float32)
    c.check("many powers", lambda b, x: b.pow(b.tanh(x), b.sin(b.pow(x, b.mul(x, 1.1)))), many, tolerance=1e-4)
    c.check(
        "many remainders", lambda b, x: b.add(b.floordiv(x, 0.7), b.atan2(b.log(x), b.cos(x))), many, tolerance=1e-4
    )
    info = c.gpu.engine.device.info
    assert SUBGROUPS in info.features
    c.gpu.engine.device.info = replace(info, kind="gpu")  # with the layouts for GPUs
    rows = c.arrays([*SPECIAL, *(math.cos(k * 0.61) for k in range(584))], (2, 300), float32)
    for function in ("sum", "max", "min"):
        c.check(f"subgroup {function}", lambda b, x, f=function: getattr(b, f)(x, (1,), False), rows, tolerance=1e-5)
    c.check("subgroup argmax", lambda b, x: b.argmax(x, 1, False), rows)
    c.gpu.engine.device.info = info
    for axis in range(3):
        c.check("cumsum", lambda b, x, a=axis: b.cumsum(x, a), some, tolerance=1e-5)
        c.check("sort", lambda b, x, a=axis: b.sort(x, a, a == 1), some)
    c.check("sort nan", lambda b, x: b.sort(x, 0, True), special)
    c.check(
        "sort long", lambda b, x: b.sort(x, 0, False), c.arrays([k * 7919 % 1013 for k in range(3000)], (3000,), int32)
    )
    a, m = (
        c.arrays([math.cos(k) for k in range(2 * 17 * 9)], (2, 17, 9), float32),
        c.arrays([math.sin(k) for k in range(99)], (9, 11), float32),
    )
    c.check("matmul", lambda b, x, y: b.matmul(x, y), a, m, tolerance=1e-5)
    c.check(
        "matmul transposed",
        lambda b, x, y: b.matmul(b.view(y, (11, 9), (1, 11), 0), b.view(x, (2, 9, 17), (153, 1, 9), 0)),
        a,
        m,
        tolerance=1e-5,
    )
    wide = c.arrays([math.sin(k * k) for k in range(128 * 64)], (128, 64), float32)
    c.check("matmul vectors", lambda b, x: b.matmul(x, b.view(x, (64, 128), (1, 64), 0)), wide, tolerance=1e-4)
    index = c.arrays([2, 0, 2, 1], (4,), int64)
    c.check("take", lambda b, x, i: b.take(x, i, 0), some, index)
    c.check("put", lambda b, x, i: b.put(x, i, 0, 1.5, "add"), some, index)
    many = c.arrays([k * k % 4 for k in range(200)], (200,), int64)
    c.check("put many", lambda b, x, i: b.put(x, i, 1, 0.5, "add"), some, many)
    c.check("random", lambda b: b.random((7, 5), 123456789012, 2**33 + 5), tolerance=0)
    c.check("arange", lambda b: b.arange(0.1, 0.3, 20, float32))
    c.check("nonzero", lambda b, x: b.nonzero(b.lt(x, 0.0)), some)
    c.check("assign", lambda b, x: b.assign(b.add(x, 1.0), ((3, 2), (20, 5), 3), 9.0), some)
    c.check("concat", lambda b, x: b.concat([x] * 9 + [b.tanh(x)], 2), some)
    c.check("cast", lambda b, x: b.cast(b.cast(x, int32), uint8), some)
    c.check("large", lambda b: b.sum(b.full((300, 17_000), 1.0, float32), (0, 1), False), tolerance=0)
    counters = c.gpu.engine.device.counters
    return {
        "checked": c.checked,
        "wrong": c.wrong,
        "device": c.gpu.device_name(),
        "seconds": time.perf_counter() - begun,
        "kernels": counters.pipelines,
        "submits": counters.submits,
        "crossings": counters.submits,
    }
