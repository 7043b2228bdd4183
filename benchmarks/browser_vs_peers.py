"""Steps in headless Chromium: flambeau under Pyodide against TensorFlow.js, jax-js and pyborch, on the same WebGPU adapter.

The peers are installed from npm and PyPI into build/peers/browser when this runs for the first time; flambeau is the wheel that
the page ships, built anew where sources changed. Each contestant has a page of its own; they take turns, and the answer for each
step is the median of the turns' ratios. The first step of all, for which everything is compiled, is timed apart.
flambeau's steps are ordinary eager code; jax-js compiles its whole step, pyborch records
and replays it. Who does not end a turn within the time that it is given (--minutes), the first turn with all compilation included,
is said to have not, and the next one begins.

    python benchmarks/browser_vs_peers.py [step ...] [--peers tensorflow-webgpu tensorflow-wasm jax borch]
"""

import argparse
import functools
import http.server
import json
import statistics
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

from playwright.sync_api import Browser, Error, Playwright, TimeoutError, sync_playwright

from contest import Result, TooSlow, contest
from gpu_steps import STEPS

HERE = Path(__file__).parent
ROOT = HERE.parent
PEERS = ROOT / "build/peers/browser"
NPM = (
    "@tensorflow/tfjs@4.22.0",
    "@tensorflow/tfjs-backend-webgpu@4.22.0",
    "@tensorflow/tfjs-backend-wasm@4.22.0",
    "@jax-js/jax@0.1.25",
)
PYPI = "pyborch==1.14.1"
CONTESTANTS = {
    "tensorflow-webgpu": ("tensorflow", "webgpu"),
    "tensorflow-wasm": ("tensorflow", "wasm"),
    "jax": ("jax", "webgpu"),
    "borch": ("borch", "webgpu"),
}
TURN_SECONDS = 1.0
LOOK_MILLISECONDS = 20  # between two looks at whether a page is done


def install() -> None:
    """Bring the peers where they are not yet, and build flambeau's wheel."""
    if not (PEERS / "node_modules").exists():
        PEERS.mkdir(parents=True, exist_ok=True)
        (PEERS / "package.json").write_text('{"private": true}')
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *NPM], cwd=PEERS, check=True)
    if not (PEERS / "borch").exists():
        wheels = PEERS / "wheels"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(wheels), PYPI]
        subprocess.run(command, check=True)
        (wheel,) = wheels.glob("pyborch-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            (PEERS / "borch").mkdir()
            (PEERS / "borch/_borch.js").write_bytes(archive.read("borch_webgpu/_borch.js"))
    subprocess.run(["node", "web/build/wheels.mjs"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


class Handler(http.server.SimpleHTTPRequestHandler):
    """The contestants' pages, and what they are made of, each from where it lies."""

    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def translate_path(self, path: str) -> str:
        name = path.split("?")[0].lstrip("/")
        if name == "flambeau.whl":
            (wheel,) = (ROOT / "build/site/wheels").glob("flambeau-*.whl")
            return str(wheel)
        if name == "flambeau_wgpu.js":
            return str(ROOT / "gpu_wgpu/flambeau_wgpu/device/browser.js")
        if name.startswith("pyodide/"):
            return str(ROOT / "node_modules" / name)
        if name.startswith(("node_modules/", "borch/")):
            return str(PEERS / name)
        return str(HERE / name if name.endswith(".py") else HERE / "browser" / name)

    def end_headers(self) -> None:
        # Isolated, so that WebAssembly may use threads.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""


class PageContestant:
    """A page that takes steps."""

    def __init__(self, browser: Browser, address: str, name: str, backend: str, seconds: float) -> None:
        self._page = browser.new_page()
        self._seconds = seconds
        self._page.goto(f"{address}/page.html?contestant={name}&backend={backend}")
        self._page.wait_for_function("globalThis.loaded")
        self.steps = frozenset(self._page.evaluate("begin()"))

    def turn(self, name: str, count: int) -> tuple[float, float]:
        """Milliseconds per step, of so many, and the last loss.

        Raises:
            TooSlow: that took longer than this contestant may.
        """
        # (`evaluate` knows no time-out, and a page that is busy compiling sees no clock of its own.)
        self._page.evaluate("([name, count]) => start(name, count)", [name, count])
        try:
            self._page.wait_for_function("ended", timeout=1e3 * self._seconds, polling=LOOK_MILLISECONDS)
        except TimeoutError:
            raise TooSlow(self, self._seconds) from None
        milliseconds, loss = self._page.evaluate("outcome")
        return milliseconds / count, loss

    def python(self, code: str) -> str:
        """The text that flambeau's page evaluates some Python code to."""
        text: str = self._page.evaluate("code => python(code)", code)
        return text

    def end(self) -> None:
        self._page.close()


def launch(playwright: Playwright) -> Browser:
    """Chromium with WebGPU on its software adapter."""
    return playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
    )


def serve() -> str:
    """The address of a server that ends with this process."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(HERE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", metavar="step", help=f"of {', '.join(STEPS)} (default: all)")
    parser.add_argument("--peers", nargs="*", choices=[*CONTESTANTS], default=[*CONTESTANTS], help="(default: all)")
    parser.add_argument("--turns", type=int, default=3, help="turns of each contestant (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=4, help="that one may take for a turn (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="file to write the results to as well")
    arguments = parser.parse_args()
    install()
    address = serve()
    results: dict[str, dict[str, Result | str]] = {}
    best: list[float] = []
    with sync_playwright() as playwright:
        print(f"{'':14}{'flambeau':>12}" + "".join(f"{peer:>28}" for peer in arguments.peers))
        for name in arguments.steps or STEPS:
            results[name] = {}
            for peer in arguments.peers:
                results[name][peer] = compare(playwright, address, name, *CONTESTANTS[peer], arguments)
            measured = [r for r in results[name].values() if isinstance(r, Result)]
            ratios = [r.ratios[0] for r in measured if r.ratios]
            ours = statistics.median([r.milliseconds[0] for r in measured]) if measured else float("nan")
            print(
                f"{name:14}{ours:9.1f} ms"
                + "".join(f"{shown(r, arguments.minutes):>28}" for r in results[name].values()),
                flush=True,
            )
            if measured:
                first = statistics.median([r.firsts[0] for r in measured])
                print(
                    f"{'  first step':14}{first:9.0f} ms"
                    + "".join(f"{first_of(r):>28}" for r in results[name].values())
                )
            if ratios:
                best.append(max(ratios))
    if best:
        print(
            f"\nflambeau's time over that of the fastest peer: geometric mean {statistics.geometric_mean(best):.2f}, "
            f"largest {max(best):.2f}; below 1, flambeau is faster"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(results, default=list, indent=1))
    return 0


def compare(
    playwright: Playwright, address: str, step: str, peer: str, backend: str, arguments: argparse.Namespace
) -> Result | str:
    """flambeau and a peer by turns; flambeau alone, if the peer is too slow; or, in words, why there is no result.

    In a browser of their own: nobody pays for what others left in memory or to do, or finds kernels compiled.
    """
    seconds = 60 * arguments.minutes
    try:
        with launch(playwright) as browser:
            ours = PageContestant(browser, address, "flambeau", "webgpu", seconds)
            theirs = PageContestant(browser, address, peer, backend, seconds)
            if step not in theirs.steps:
                return "absent"
            try:
                return contest([ours, theirs], step, arguments.turns, TURN_SECONDS)
            except TooSlow as late:
                if late.contestant is ours:
                    return "flambeau was late"
        with launch(playwright) as browser:
            ours = PageContestant(browser, address, "flambeau", "webgpu", seconds)
            return contest([ours], step, arguments.turns, TURN_SECONDS)
    except (Error, TooSlow) as error:
        print(f"{step} with {peer}: {str(error).splitlines()[0]}", file=sys.stderr)
        return "failed"


def first_of(result: Result | str) -> str:
    """A peer's first step, and the ratio of flambeau's to it."""
    if isinstance(result, str) or len(result.firsts) < 2:
        return ""
    ours, theirs = result.firsts
    return f"{theirs:.0f} ms {ours / theirs:.2f}"


def shown(result: Result | str, minutes: float) -> str:
    if isinstance(result, str):
        return result
    if not result.ratios:
        return f"not within {minutes:g} min"
    (lowest, highest), *_ = result.spreads
    return f"{result.milliseconds[1]:.1f} ms {result.ratios[0]:.2f} ({lowest:.2f}-{highest:.2f})"


if __name__ == "__main__":
    sys.exit(main())
