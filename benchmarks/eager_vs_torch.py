"""The character RNN's training step: flambeau on numpy against torch eager.

Both run the one file, `examples/char_rnn.py`, torch with the import line changed, each in a process of its own with two
threads. The processes take turns, so that both see the same machine; the answer is the median of the turns' ratios.

    python benchmarks/eager_vs_torch.py
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
import types
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "char_rnn.py"
FRAMEWORKS = ("flambeau", "torch")
THREADS = 2
TARGET_RATIO = 2.0


def load_example(framework: str) -> types.ModuleType:
    """The example as a module that computes with `framework`."""
    import_line = "import flambeau as torch\n"
    source = EXAMPLE.read_text(encoding="utf-8")
    assert import_line in source
    module = types.ModuleType("char_rnn")
    module.__file__ = str(EXAMPLE)
    exec(compile(source.replace(import_line, f"import {framework} as torch\n"), EXAMPLE, "exec"), module.__dict__)
    return module


def work(framework: str) -> None:
    """Serves as one contestant: reads a number of steps, trains so long, prints the seconds and the last loss."""
    example = load_example(framework)
    torch = example.torch
    if framework == "torch":
        torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    model = example.CharRNN(len(example.ALPHABET))
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    book = example.encode(example.BOOK)
    for line in sys.stdin:
        batches = [example.draw_batch(book, 32, 32, generator) for _ in range(int(line))]
        begin = time.perf_counter()
        for passages in batches:
            loss = example.training_step(model, optimizer, passages).item()
        print(time.perf_counter() - begin, loss, flush=True)


def start(framework: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": str(THREADS), "OPENBLAS_NUM_THREADS": str(THREADS)}
    # Workarounds for old OpenBLAS builds on some processors; they slow a current numpy down.
    environment.pop("OPENBLAS_CORETYPE", None)
    environment.pop("OPENBLAS_L2_SIZE", None)
    return subprocess.Popen(
        [sys.executable, __file__, "--work", framework],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def turn(contestant: subprocess.Popen[str], steps: int) -> tuple[float, float]:
    """One contestant trains while the other waits: its milliseconds per step and its last loss."""
    assert contestant.stdin is not None and contestant.stdout is not None
    print(steps, file=contestant.stdin, flush=True)
    seconds, loss = map(float, contestant.stdout.readline().split())
    return 1e3 * seconds / steps, loss


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=9, help="turns of each contestant (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=20, help="training steps per turn (default: %(default)s)")
    parser.add_argument("--work", choices=FRAMEWORKS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work)
        return 0

    contestants = {framework: start(framework) for framework in FRAMEWORKS}
    for contestant in contestants.values():
        turn(contestant, arguments.steps)  # to warm up
    rows = []
    for number in range(arguments.turns):
        (ours, our_loss), (theirs, their_loss) = (turn(contestants[name], arguments.steps) for name in FRAMEWORKS)
        rows.append((ours, theirs, ours / theirs))
        print(f"turn {number}: flambeau {ours:6.2f} ms, torch {theirs:6.2f} ms, ratio {ours / theirs:.2f}", end="  ")
        print(f"(losses {our_loss:.4f}, {their_loss:.4f})")
    for contestant in contestants.values():
        contestant.communicate()
    ours, theirs, ratio = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"\nmedian of {len(rows)} turns of {arguments.steps} steps, {THREADS} threads each:")
    print(
        f"flambeau {ours:.2f} ms per step, torch {theirs:.2f} ms, ratio {ratio:.2f} (target: at most {TARGET_RATIO:g})"
    )
    return int(ratio > TARGET_RATIO)


if __name__ == "__main__":
    sys.exit(main())
