"""From opening the page to the first loss point of the character RNN, against a bare `loadPyodide()` in the same run.

    python benchmarks/page_first_loss.py [--runs 5] [--device wgpu|cpu]

Both are measured from the start of navigation, in a fresh context each time, one after the other, so that what else the
machine does falls on both. The page starts the run by itself (`#char_rnn&run`), as soon as it can. Needs the built page
(`npm run build`). Exits with 1 if the ratio of the medians is over 1.5.
"""

import argparse
import functools
import http.server
import statistics
import sys
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
LIMIT = 1.5

BARE = """<!doctype html><title>bare</title><script type="module">
import { loadPyodide } from '/bare/pyodide.mjs';
const python = await loadPyodide({ indexURL: '/bare/' });
python.runPython('1 + 1');
document.documentElement.dataset.milliseconds = performance.now();
</script>"""

# Runs in the page before anything else: notes when the first step has ended and its loss is known.
OBSERVE = """new MutationObserver(() => {
  const status = document.querySelector('[role=status]');
  if (status && Number(status.dataset.step) > 0 && !document.documentElement.dataset.milliseconds) {
    document.documentElement.dataset.milliseconds = performance.now();
  }
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-step'] });"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """The built site, and Pyodide as it comes from its package below /bare/."""

    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def translate_path(self, path: str) -> str:
        if path.startswith("/bare/"):
            return str(ROOT / "node_modules" / "pyodide" / path.removeprefix("/bare/").split("?")[0])
        return super().translate_path(path)

    def do_GET(self) -> None:
        if self.path == "/bare.html":
            body = BARE.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        else:
            super().do_GET()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def milliseconds(browser: Browser, address: str, script: str | None, device: str) -> float:
    """The time that a fresh page notes on its root element."""
    context = browser.new_context()
    page = context.new_page()
    if script is not None:
        page.add_init_script(script)
        if device == "cpu":
            page.add_init_script("localStorage.setItem('flambeau:device', 'cpu')")
    page.goto(address)
    page.wait_for_selector("html[data-milliseconds]", timeout=180_000, state="attached")
    taken = page.locator("html").get_attribute("data-milliseconds")
    context.close()
    assert taken is not None
    return float(taken)


def main(runs: int, device: str) -> float:
    """The ratio of the medians."""
    site = ROOT / "web" / "dist"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    bare, page = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--enable-unsafe-webgpu"]
        )
        for i in range(runs):
            bare.append(milliseconds(browser, f"{base}/bare.html", None, device))
            page.append(milliseconds(browser, f"{base}/#char_rnn&run", OBSERVE, device))
            print(f"run {i + 1}: bare loadPyodide() {bare[-1]:6.0f} ms   first loss {page[-1]:6.0f} ms", flush=True)
        browser.close()
    server.shutdown()
    ratio = statistics.median(page) / statistics.median(bare)
    print(f"medians: {statistics.median(bare):.0f} ms and {statistics.median(page):.0f} ms, ratio {ratio:.2f}")
    return ratio


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--device", choices=["wgpu", "cpu"], default="wgpu")
    arguments = parser.parse_args()
    sys.exit(main(arguments.runs, arguments.device) > LIMIT)
