"""Training steps: flambeau on numpy against torch eager.

Each library runs the same steps (training_steps.py) in a process of its own. The processes take turns, so that both see
the same machine; the answer for each step is the median of the turns' ratios.

    python benchmarks/eager_vs_torch.py [--threads 2] [step ...]
"""

import argparse
import importlib
import os
import statistics
import sys

from contest import ProcessContestant, Step, contest, serve
from training_steps import STEPS

LIBRARIES = ("flambeau", "torch")
TARGET_MEAN, TARGET_EACH = 1.5, 2.5
TURN_SECONDS = 0.4


def work(library: str, threads: int) -> None:
    """Serve as one contestant."""
    torch = importlib.import_module(library)
    if library == "torch":
        torch.set_num_threads(threads)

    def make(name: str) -> Step:
        torch.manual_seed(0)
        return STEPS[name](torch)

    serve(make)


def start(library: str, threads: int) -> ProcessContestant:
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    # Workarounds for old OpenBLAS builds on some processors; they slow a current numpy down.
    environment.pop("OPENBLAS_CORETYPE", None)
    environment.pop("OPENBLAS_L2_SIZE", None)
    return ProcessContestant([sys.executable, __file__, "--work", library, "--threads", str(threads)], environment)


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
        result = contest(contestants, name, arguments.turns, TURN_SECONDS)
        ours, theirs = result.milliseconds
        (ratio,), ((lowest, highest),) = result.ratios, result.spreads
        print(f"{name:12} {ours:11.3f} {theirs:10.3f} {ratio:7.2f} ({lowest:.2f} to {highest:.2f})", end="")
        print("{:26.4f} {:.4f}".format(*result.losses), flush=True)
        ratios.append(ratio)
    for contestant in contestants:
        contestant.end()
    mean = statistics.geometric_mean(ratios)
    print(f"\n{arguments.threads} threads each. Geometric mean {mean:.2f} (target: at most {TARGET_MEAN:g}), ", end="")
    print(f"largest {max(ratios):.2f} (target: at most {TARGET_EACH:g})")
    return int(mean > TARGET_MEAN or max(ratios) > TARGET_EACH)


if __name__ == "__main__":
    sys.exit(main())
