"""How long `import flambeau` takes, and what it brings along.

Wall time of a fresh interpreter that imports flambeau, less that of one that imports nothing; the median of interleaved
runs. Fails where numpy comes along or the time is over the target.

    python benchmarks/import_time.py
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

TARGET_MS = 100


def wall_ms(code: str, environment: dict[str, str]) -> float:
    """Milliseconds from starting an interpreter on the code to its end."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    return 1e3 * (time.perf_counter() - begin)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="interpreters started of each kind (default: %(default)s)")
    runs = parser.parse_args().runs

    code = "import flambeau, sys; sys.exit('numpy was imported' if 'numpy' in sys.modules else 0)"
    with tempfile.TemporaryDirectory() as compiled:
        # Modules are compiled once, as in an installed package, whatever this environment says about writing bytecode.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        wall_ms(code, environment)
        pairs = [(wall_ms("pass", environment), wall_ms(code, environment)) for _ in range(runs)]
    bare, importing = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"bare interpreter {bare:.0f} ms, with flambeau {importing:.0f} ms, numpy not loaded")
    print(f"import flambeau: {importing - bare:.0f} ms (target: under {TARGET_MS} ms)")
    return int(importing - bare >= TARGET_MS)


if __name__ == "__main__":
    sys.exit(main())
