"""Training steps: flambeau on numpy against torch eager.

Each library runs the same steps (training_steps.py) in a process of its own. The processes take turns, so that both see
the same machine; the answer for each step is the median of the turns' ratios.

    python benchmarks/eager_vs_torch.py [--threads 2] [step ...]
"""

import argparse
import importlib
import os
import statistics
import subprocess
import sys
import time

from training_steps import STEPS

LIBRARIES = ("flambeau", "torch")
TARGET_MEAN, TARGET_EACH = 1.5, 2.5
TURN_SECONDS = 0.4


def work(library: str, threads: int) -> None:
    """Serves as one contestant: reads a step's name and a number, takes so many, prints the seconds and the last loss."""
    torch = importlib.import_module(library)
    if library == "torch":
        torch.set_num_threads(threads)
    made = {}
    for line in sys.stdin:
        name, count = line.split()
        if name not in made:
            torch.manual_seed(0)
            made[name] = STEPS[name](torch)
        step = made[name]
        begin = time.perf_counter()
        for _ in range(int(count)):
            loss = step()
        value = loss.item()
        print(time.perf_counter() - begin, value, flush=True)


def start(library: str, threads: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    # Workarounds for old OpenBLAS builds on some processors; they slow a current numpy down.
    environment.pop("OPENBLAS_CORETYPE", None)
    environment.pop("OPENBLAS_L2_SIZE", None)
    return subprocess.Popen(
        [sys.executable, __file__, "--work", library, "--threads", str(threads)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def turn(contestant: subprocess.Popen[str], name: str, count: int) -> tuple[float, float]:
    """One contestant works while the other waits: its milliseconds per step and its last loss."""
    assert contestant.stdin is not None and contestant.stdout is not None
    print(name, count, file=contestant.stdin, flush=True)
    seconds, loss = map(float, contestant.stdout.readline().split())
    return 1e3 * seconds / count, loss


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", metavar="step", help=f"of {', '.join(STEPS)} (default: all)")
    parser.add_argument("--turns", type=int, default=9, help="turns of each contestant (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="threads of each contestant (default: %(default)s)")
    parser.add_argument("--work", choices=LIBRARIES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work, arguments.threads)
        return 0

    contestants = [start(library, arguments.threads) for library in LIBRARIES]
    print(f"{'':12} flambeau ms   torch ms   ratio (lowest to highest of {arguments.turns} turns)   last losses")
    ratios = []
    for name in arguments.steps or STEPS:
        milliseconds = [turn(contestant, name, 5)[0] for contestant in contestants]  # to warm up
        count = max(3, int(1e3 * TURN_SECONDS / max(milliseconds)))
        turns = []
        for _ in range(arguments.turns):
            (ours, our_loss), (theirs, their_loss) = (turn(contestant, name, count) for contestant in contestants)
            turns.append((ours, theirs, ours / theirs))
        ours, theirs, ratio = (statistics.median(column) for column in zip(*turns, strict=True))
        spread = [ratio for *_, ratio in turns]
        print(f"{name:12} {ours:11.3f} {theirs:10.3f} {ratio:7.2f} ({min(spread):.2f} to {max(spread):.2f})", end="")
        print(f"{our_loss:26.4f} {their_loss:.4f}", flush=True)
        ratios.append(ratio)
    for contestant in contestants:
        contestant.communicate()
    mean = statistics.geometric_mean(ratios)
    print(f"\n{arguments.threads} threads each. Geometric mean {mean:.2f} (target: at most {TARGET_MEAN:g}), ", end="")
    print(f"largest {max(ratios):.2f} (target: at most {TARGET_EACH:g})")
    return int(mean > TARGET_MEAN or max(ratios) > TARGET_EACH)


if __name__ == "__main__":
    sys.exit(main())
