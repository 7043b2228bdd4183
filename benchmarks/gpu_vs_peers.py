"""Steps on the GPU: flambeau on wgpu against tinygrad on its WEBGPU device (Dawn), on the same adapter.

tinygrad is installed from PyPI into build/peers when this runs for the first time. Each library runs in a process of its
own; the processes take turns, so that both see the same machine; the answer for each step is the median of the turns'
ratios. tinygrad's steps are captured by its TinyJit, flambeau's are ordinary eager code. Where tinygrad does not end a turn
within the time that it is given (--minutes), the first turn with all compilation included, that is the result.

    python benchmarks/gpu_vs_peers.py [step ...]
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

from contest import ProcessContestant, Step, TooSlow, contest, serve
from gpu_steps import STEPS

HERE = Path(__file__).parent

PEERS = HERE.parent / "build/peers/python"
PACKAGES = ("tinygrad==0.14.0", "dawn-python==0.3.0")
TURN_SECONDS = 0.5


def work() -> None:
    """Serve as flambeau."""
    import flambeau as torch

    torch.set_default_device("wgpu")

    def make(name: str) -> Step:
        torch.manual_seed(0)
        return STEPS[name](torch)

    serve(make)


def tinygrad(seconds: float) -> ProcessContestant:
    """tinygrad, installed where it is not yet; it may take so long for a turn."""
    python = PEERS / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    (library,) = PEERS.glob("lib/python*/site-packages/pydawn/lib/libwebgpu_dawn_x86_64.so")
    environment = {**os.environ, "DEV": "WEBGPU", "WEBGPU_PATH": str(library)}
    # Vulkan drivers look for a Wayland display; its library complains on stderr where there is no session at all.
    environment.setdefault("XDG_RUNTIME_DIR", "/tmp")
    return ProcessContestant([str(python), str(HERE / "tinygrad_steps.py")], environment, seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", metavar="step", help=f"of {', '.join(STEPS)} (default: all)")
    parser.add_argument("--turns", type=int, default=5, help="turns of each contestant (default: %(default)s)")
    parser.add_argument(
        "--minutes", type=float, default=10, help="that tinygrad may take for a turn (default: %(default)s)"
    )
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work()
        return 0

    flambeau = ProcessContestant([sys.executable, __file__, "--work"], dict(os.environ))
    contestants = [flambeau, tinygrad(60 * arguments.minutes)]
    print(f"{'':12} flambeau ms   tinygrad ms   ratio (lowest to highest of {arguments.turns} turns)")
    ratios = []
    for name in arguments.steps or STEPS:
        try:
            result = contest(contestants, name, arguments.turns, TURN_SECONDS)
        except TooSlow as late:
            (ours,) = contest([flambeau], name, arguments.turns, TURN_SECONDS).milliseconds
            print(f"{name:12} {ours:11.2f} {late!s:>13}", flush=True)
            continue
        ours, theirs = result.milliseconds
        (ratio,), ((lowest, highest),) = result.ratios, result.spreads
        print(f"{name:12} {ours:11.2f} {theirs:13.2f} {ratio:7.2f} ({lowest:.2f} to {highest:.2f})", flush=True)
        ratios.append(ratio)
    for contestant in contestants:
        contestant.end()
    if ratios:
        mean = statistics.geometric_mean(ratios)
        print(f"\nGeometric mean {mean:.2f}, largest {max(ratios):.2f}; below 1, flambeau is faster")
    return 0


if __name__ == "__main__":
    sys.exit(main())
