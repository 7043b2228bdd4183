"""The GPU engine's kernels against WGSL written by hand for the case, and what an op costs the host.

A product of 1024 × 1024 matrices against the best of several tiles without bounds, strides or epilogues; kernels bound by
memory against a plain copy of 16 million elements; softmax, layer norm and the sums of columns against the same walks by
hand. Each pair takes turns; times are the fastest of all rounds, which is what a shared machine disturbs least. A software
adapter's kernels run in this process: of those it is the CPU's time that counts, of all threads, which other processes disturb
less yet. Fails where a target is missed.

    python benchmarks/gpu_kernels.py
    FLAMBEAU_TUNE=1 python benchmarks/gpu_kernels.py     # lets the engine measure its own layouts first
"""

import argparse
import sys
from array import array
from collections.abc import Callable
from time import perf_counter, process_time, thread_time
from typing import Any

import flambeau_wgpu
from flambeau.dtype import float32
from flambeau_wgpu.device.interface import Commands

SIDE = 1024
ROWS = 4096  # of as many elements
MATMUL_TARGET, MEMORY_TARGET, ROW_TARGET, HOST_TARGET = 0.9, 0.8, 0.8, 4.0

HEAD = """struct Parameters { w: array<vec4<u32>, 16> }
@group(0) @binding(0) var<uniform> P: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> z: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
let id = vec2<u32>(at.x + at.y * groups.x * 64u, 0u);
"""
FOLD = 4  # a dispatch's x may not be longer than 65535

Run = Callable[[], Any]


class ByHand:
    """Kernels over the same buffers, in WGSL."""

    def __init__(self, engine: Any) -> None:
        self.device = engine.device
        size = 4 * ROWS * ROWS
        self.buffers = [self.device.alloc(size) for _ in range(3)]

    def kernel(self, body: str, invocations: int) -> Run:
        commands = Commands()
        pipeline = self.device.pipeline(f"{HEAD}{body}\n}}", 256, 3, 4)
        commands.dispatch(pipeline, 0, (invocations // 64 // FOLD, FOLD, 1), self.buffers)

        def run() -> None:
            self.device.submit(commands, bytearray(256))

        return run

    def product(self, rows: int, columns: int) -> Run:
        """A tile of rows × columns in registers; both matrices are read four elements at a time."""
        quads = columns // 4
        across, row = SIDE // columns, SIDE // 4
        lines = [f"let c = (id.x % {across}u) * {quads}u; let r = (id.x / {across}u) * {rows}u;"]
        lines += [f"var acc{i}_{q} = vec4<f32>();" for i in range(rows) for q in range(quads)]
        lines.append(f"for (var k = 0u; k < {row}u; k = k + 1u) {{")
        lines += [f"let a{i} = x[(r + {i}u) * {row}u + k];" for i in range(rows)]
        for j in range(4):
            lines += [f"let b{j}_{q} = z[(k * 4u + {j}u) * {row}u + c + {q}u];" for q in range(quads)]
            lines += [
                f"acc{i}_{q} = fma(vec4<f32>(a{i}[{j}]), b{j}_{q}, acc{i}_{q});"
                for i in range(rows)
                for q in range(quads)
            ]
        lines.append("}")
        lines += [f"y[(r + {i}u) * {row}u + c + {q}u] = acc{i}_{q};" for i in range(rows) for q in range(quads)]
        return self.kernel("\n".join(lines), SIDE * SIDE // rows // columns)

    def copy(self, vectors: int) -> Run:
        moves = " ".join(f"y[i + {k}u] = x[i + {k}u];" for k in range(vectors))
        return self.kernel(f"let i = id.x * {vectors}u; {moves}", ROWS * ROWS // 4 // vectors)

    def over_rows(self, steps: str) -> Run:
        """One invocation per row; `EACH { ... }` in the text walks it, element `k`."""
        loop = f"for (var k = id.x * {ROWS // 4}u; k < (id.x + 1u) * {ROWS // 4}u; k = k + 1u)"
        return self.kernel(steps.replace("EACH", loop), ROWS)


SOFTMAX = """var m = vec4<f32>(-3.0e38); EACH { m = max(m, x[k]); }
let largest = max(max(m.x, m.y), max(m.z, m.w));
var s = vec4<f32>(); EACH { s = s + exp(x[k] - largest); }
let total = s.x + s.y + s.z + s.w;
EACH { y[k] = exp(x[k] - largest) / total; }"""
LAYER_NORM = f"""var s = vec4<f32>(); EACH {{ s = s + x[k]; }}
let mean = (s.x + s.y + s.z + s.w) / {ROWS}.0;
var v = vec4<f32>(); EACH {{ let c = x[k] - mean; v = v + c * c; }}
let rstd = 1.0 / sqrt((v.x + v.y + v.z + v.w) / {ROWS}.0 + 1e-5);
EACH {{ y[k] = (x[k] - mean) * rstd; }}"""


COLUMNS = 16  # of an invocation, by hand
COLUMN_SUMS = f"""var s = array<vec4<f32>, 4>();
for (var k = 0u; k < {ROWS}u; k = k + 1u) {{
  let at = k * {ROWS // 4}u + id.x * 4u;
  s[0] += x[at]; s[1] += x[at + 1u]; s[2] += x[at + 2u]; s[3] += x[at + 3u];
}}
for (var j = 0u; j < 4u; j = j + 1u) {{ y[id.x * 4u + j] = s[j]; }}"""


class Engine:
    """The same through the backend."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.matrix, self.other = self._array(SIDE), self._array(SIDE)
        self.large = self._array(ROWS)

    def _array(self, side: int) -> Any:
        values = array("f", [((k * 2654435761) & 1023) / 512 - 1 for k in range(side)]) * side
        x = self.backend.add(self.backend.from_bytes(values.tobytes(), (side, side), float32), 0.0)
        self.backend.synchronize()
        return x

    def product(self) -> Any:
        return self.backend.matmul(self.matrix, self.other)

    def chain(self) -> Any:
        b = self.backend
        return b.add(b.mul(b.maximum(b.add(b.mul(self.large, 2.0), 1.0), 0.0), 0.5), 3.0)

    def row_sums(self) -> Any:
        return self.backend.sum(self.large, (1,), False)

    def column_sums(self) -> Any:
        return self.backend.sum(self.large, (0,), False)

    def total(self) -> Any:
        return self.backend.sum(self.large, (0, 1), False)

    def softmax(self) -> Any:
        b, x = self.backend, self.large
        weights = b.exp(b.sub(x, b.max(x, (1,), True)))
        return b.div(weights, b.sum(weights, (1,), True))

    def layer_norm(self) -> Any:
        b, x = self.backend, self.large
        centered = b.sub(x, b.div(b.sum(x, (1,), True), float(ROWS)))
        variance = b.div(b.sum(b.mul(centered, centered), (1,), True), float(ROWS))
        return b.mul(centered, b.div(1.0, b.sqrt(b.add(variance, 1e-5))))


def milliseconds(backend: Any, runs: dict[str, Run], rounds: int) -> dict[str, float]:
    """The fastest of each, in turns."""
    device = backend.engine.device
    clock = process_time if device.info.kind == "cpu" else perf_counter
    fastest = dict.fromkeys(runs, float("inf"))
    for number in range(rounds + 1):
        for name, run in runs.items():
            begin = clock()
            result = run()
            backend.engine.flush()
            device.synchronize()
            if number:  # the first compiles
                fastest[name] = min(fastest[name], 1e3 * (clock() - begin))
            del result
    return fastest


def host_microseconds(backend: Any, rounds: int) -> float:
    """What an op of a step seen before costs Python: queued, looked up, sent off. A gated recurrence of 8 units."""
    b = backend
    weight = b.view(b.full((8, 8), 0.1, float32), (8, 8), (1, 8), 0)
    start = b.add(b.from_bytes(bytes(128), (4, 8), float32), 0.0)
    fastest, ops = float("inf"), 0
    for _ in range(rounds + 2):
        b.synchronize()
        begin = thread_time()  # kernels of a software adapter run in threads of their own
        h = start
        for _ in range(100):
            g = b.add(b.matmul(h, weight), 0.5)
            z = b.div(1.0, b.add(b.exp(b.neg(g)), 1.0))
            h = b.add(b.mul(b.tanh(g), z), b.mul(h, b.sub(1.0, z)))
        ops = len(b.engine.queue)
        b.engine.flush()
        fastest = min(fastest, 1e6 * (thread_time() - begin) / ops)
    return fastest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="of which the fastest counts (default: %(default)s)")
    rounds = parser.parse_args().rounds
    backend = flambeau_wgpu.load()
    engine, by_hand = Engine(backend), ByHand(backend.engine)
    print(backend.device_name())
    missed = False

    def report(name: str, ours: float, theirs: float, ratio: float, target: float) -> None:
        nonlocal missed
        missed |= ratio < target
        print(f"{name:18} {ours:8.2f} ms, by hand {theirs:8.2f} ms: {ratio:.2f} (target: at least {target})")

    tiles = [(4, 4), (8, 4), (8, 8), (8, 16), (16, 16)]
    times = milliseconds(
        backend, {"engine": engine.product, **{f"{r}x{c}": by_hand.product(r, c) for r, c in tiles}}, rounds
    )
    engine_time = times.pop("engine")
    best = min(times, key=lambda name: times[name])
    report(f"matmul ({best})", engine_time, times[best], times[best] / engine_time, MATMUL_TARGET)
    copies = {f"copy {n}": by_hand.copy(n) for n in (1, 4)}
    ours = {"chain": engine.chain, "row sums": engine.row_sums, "total": engine.total}
    times = milliseconds(backend, {**copies, **ours}, rounds)
    copy = min(times[name] for name in copies)
    for name in ours:
        moved = 2 if name == "chain" else 1  # a copy reads and writes
        report(name, times[name], copy, copy / 2 * moved / times[name], MEMORY_TARGET)
    for name, run, theirs, moved in (
        ("softmax", engine.softmax, by_hand.over_rows(SOFTMAX), 2),
        ("layer norm", engine.layer_norm, by_hand.over_rows(LAYER_NORM), 2),
        ("column sums", engine.column_sums, by_hand.kernel(COLUMN_SUMS, ROWS // COLUMNS), 1),
    ):
        times = milliseconds(backend, {"ours": run, "theirs": theirs}, rounds)
        report(name, times["ours"], times["theirs"], times["theirs"] / times["ours"], ROW_TARGET)
        of_copy = copy / 2 * moved / times["ours"]
        print(f"{'':18} {of_copy:.2f} of a copy's bandwidth, counting what has to be read and written")
    host = host_microseconds(backend, rounds)
    missed |= host > HOST_TARGET
    print(f"{'host':18} {host:.2f} µs per op (target: at most {HOST_TARGET})")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
