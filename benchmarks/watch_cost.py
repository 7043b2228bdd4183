"""What watching a training step adds to it.

A step of 500 nodes, alone and under `flambeau.watch`, in turns; the median of the ratios. A third of the nodes are of module calls,
each of which is followed. Fails where a watched step takes longer than the target.

    python benchmarks/watch_cost.py
"""

import argparse
import statistics
import sys
from time import perf_counter

import flambeau as torch
from flambeau import watch

NODES = 500
TARGET = 1.5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=60, help="steps of each kind (default: %(default)s)")
    runs = parser.parse_args().runs

    layers = torch.nn.ModuleList([torch.nn.Linear(4, 4) for _ in range(4)])
    optimizer = torch.optim.SGD(layers.parameters(), lr=0.0)
    x = torch.ones(2, 4)

    def step_ms() -> float:
        began = perf_counter()
        y = x
        for i in range(NODES // 3):
            y = torch.tanh(layers[i % 4](y) + y)
        y.sum().backward()
        optimizer.step()
        return 1e3 * (perf_counter() - began)

    step_ms()
    pairs = []
    for _ in range(runs):
        alone = step_ms()
        with watch.on(lambda event: None):
            step_ms()  # the first step of a session draws its graph
            pairs.append((alone, step_ms()))
    alone, watched = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(watched / alone for alone, watched in pairs)
    print(f"step of {NODES} nodes: {alone:.2f} ms alone, {watched:.2f} ms watched")
    print(f"watched / alone: {ratio:.2f} (target: at most {TARGET})")
    return int(ratio > TARGET)


if __name__ == "__main__":
    sys.exit(main())
