"""What a step costs on the GPU beside the arithmetic: Python's time, kernels, and bytes against the fewest possible.

For each step (gpu_steps.py), once it is planned: the time until it is handed to the device (steps that wait for their result say
nothing of that and are left out), also per primitive op, of which it queues so many; kernels and submits; and the
bytes of all buffers that its kernels bind, against those of what it must read and write (each array that comes from before
or stays afterwards, once). First of all the time of one operation, forward only, until it is in the queue.

    python benchmarks/gpu_costs.py [step ...] [--browser]

With `--browser` all of it is measured under Pyodide, in headless Chromium.
"""

import argparse
import contextlib
import io
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

import flambeau as torch
import flambeau_wgpu
from flambeau_wgpu.plan import Plan
from gpu_steps import STEPS

OPERATIONS = 100
TURNS = 9


def microseconds_per_operation() -> float:
    """The median over turns of a short chain of operations, which stays in the queue while it is timed."""
    x, y = torch.rand(8, 8), torch.rand(8, 8)
    times = []
    with torch.no_grad():
        for _ in range(3 * TURNS):
            torch.accelerator.synchronize()
            z = x
            begin = time.perf_counter()
            for _ in range(OPERATIONS // 2):
                z = torch.tanh(z * y)
            times.append((time.perf_counter() - begin) / OPERATIONS)
    return 1e6 * statistics.median(times)


class Bytes:
    """Counts what plans move while it is on."""

    def __init__(self) -> None:
        self.moved = self.fewest = self.ops = 0
        self._run = Plan.run

    def __enter__(self) -> "Bytes":
        run, counts = self._run, self

        def counting(plan: Plan, graph: Any, *rest: Any) -> Any:
            leaves = len(graph.leaves)
            result = run(plan, graph, *rest)
            sizes = {number: _size(graph.leaves[number]) for number in plan.leaves}
            sizes.update({leaves + number: size for number, size in enumerate(plan.sizes)})
            counts.ops += graph.count
            counts.moved += sum(sizes.get(slot, 0) for *_, slots in plan.dispatches for slot in slots)
            stays = {slot for _, slot in plan.outputs}
            counts.fewest += sum(sizes[number] for number in plan.leaves) + sum(sizes.get(slot, 0) for slot in stays)
            return result

        Plan.run = counting  # type: ignore[method-assign, assignment]
        return self

    def __exit__(self, *exc: object) -> None:
        Plan.run = self._run  # type: ignore[method-assign]


def _size(leaf: Any) -> int:
    size = 4
    for length in leaf.shape:
        size *= length
    return size


def in_browser(steps: Sequence[str]) -> str:
    """What `main` prints, of Python in a page."""
    from playwright.sync_api import sync_playwright

    import browser_vs_peers

    browser_vs_peers.install()
    with sync_playwright() as playwright:
        browser = browser_vs_peers.launch(playwright)
        page = browser_vs_peers.PageContestant(browser, browser_vs_peers.serve(), "flambeau", "webgpu", 60)
        printed = page.python(f"import gpu_costs; gpu_costs.printed({list(steps)!r})")
        browser.close()
    return printed


def printed(steps: Sequence[str]) -> str:
    """What `main` prints."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        main(steps)
    return text.getvalue()


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", metavar="step", help=f"of {', '.join(STEPS)} (default: all)")
    parser.add_argument("--browser", action="store_true", help="in a page, under Pyodide")
    arguments = parser.parse_args(words)
    if arguments.browser:
        print(in_browser(arguments.steps), end="")
        return 0
    torch.set_default_device("wgpu")
    print(
        f"{microseconds_per_operation():.1f} µs of Python for an operation, on {flambeau_wgpu.load().device_name()}\n"
    )
    print(f"{'':12} Python, ms     ops   µs each   kernels   submits   MB bound   fewest MB   ratio")
    counters = flambeau_wgpu.load().engine.device.counters
    for name in arguments.steps or [name for name in STEPS if name not in ("matmul", "softmax", "chain")]:
        torch.manual_seed(0)
        step = STEPS[name](torch)
        for _ in range(4):
            step()
        times = []
        for _ in range(TURNS):
            torch.accelerator.synchronize()
            begin = time.perf_counter()
            step()
            times.append(time.perf_counter() - begin)
        before = counters.dispatches, counters.submits
        with Bytes() as count:
            step()
            torch.accelerator.synchronize()
        kernels, submits = counters.dispatches - before[0], counters.submits - before[1]
        python = statistics.median(times)
        print(
            f"{name:12} {1e3 * python:10.2f} {count.ops:7} {1e6 * python / count.ops:9.1f} "
            f"{kernels:9} {submits:9} {count.moved / 1e6:10.2f} "
            f"{count.fewest / 1e6:11.2f} {count.moved / max(1, count.fewest):7.2f}",
            flush=True,
        )
        del step
    return 0


if __name__ == "__main__":
    sys.exit(main())
