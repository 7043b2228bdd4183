"""A LeNet's training step (64 images of 28 x 28, backward and SGD): flambeau on numpy against torch eager, one thread each.

Both train in one process and take turns, step by step, so that both see the same machine; the answer is the ratio of the
medians.

    python benchmarks/lenet_vs_torch.py
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # before either library is loaded

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch

import flambeau

TARGET_RATIO = 2.5


def trainer(t: Any) -> Callable[[], float]:
    """One training step of the network in one of the libraries, as a function that returns the loss."""
    nn = t.nn
    t.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    optimizer = t.optim.SGD(net.parameters(), lr=0.01)
    images, labels = t.randn(64, 1, 28, 28), t.randint(0, 10, (64,))

    def step() -> float:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return step


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100, help="steps of each (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    contestants = {"flambeau": trainer(flambeau), "torch": trainer(torch)}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    losses = {}
    for turn in range(-10, arguments.steps):  # the first ten to warm up
        for name, step in contestants.items():
            begin = time.perf_counter()
            losses[name] = step()
            if turn >= 0:
                times[name].append(1e3 * (time.perf_counter() - begin))
    ours, theirs = statistics.median(times["flambeau"]), statistics.median(times["torch"])
    print(f"losses {losses['flambeau']:.6f}, {losses['torch']:.6f}")
    print(
        f"flambeau {ours:.2f} ms per step, torch {theirs:.2f} ms, ratio {ours / theirs:.2f} "
        f"(target: at most {TARGET_RATIO:g})"
    )
    return int(ours / theirs > TARGET_RATIO)


if __name__ == "__main__":
    sys.exit(main())
