"""The built site on a loopback port, opened in Debian's Chromium.

Every page is watched: an error on its console, an exception, or a request to another origin fails the test.
State is read from the DOM (`role=status` with `data-state` and `data-step`), so nothing sleeps.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, Locator, Page, expect

ROOT = Path(__file__).parents[2]
SITE = ROOT / "web" / "dist"
CHROMIUM = "/usr/bin/chromium"
WEBGPU = "--enable-unsafe-webgpu"
POLICY = re.search(  # the page's own, so that header and <meta> cannot drift apart
    r'http-equiv="Content-Security-Policy" content="([^"]+)"',
    (SITE / "index.html").read_text(encoding="utf-8") if SITE.exists() else "",
)

expect.set_options(timeout=20_000)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the site with its policy, and with the isolating headers if asked."""

    isolated = False
    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        if POLICY:
            self.send_header("Content-Security-Policy", POLICY[1].replace("&#39;", "'"))
        if self.isolated:
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        with contextlib.suppress(ConnectionError):  # a page that was closed does not want the rest
            super().copyfile(source, outputfile)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class IsolatedHandler(Handler):
    isolated = True


def serve(handler: type[Handler]) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(SITE)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the site as most hosts serve it."""
    if not (SITE / "index.html").exists():
        pytest.fail("The page is not built. Run `npm run build`.")
    yield from serve(Handler)


@pytest.fixture(scope="session")
def isolated_site() -> Iterator[str]:
    """The address of the site with the headers that allow shared memory."""
    yield from serve(IsolatedHandler)


@pytest.fixture(scope="session")
def base_url() -> str | None:
    """None: each test says which server it means. (The plugin's own fixture warns under current pytest.)"""
    return None


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ["--no-sandbox", WEBGPU]}


@pytest.fixture(scope="session")
def browser_without_gpu(browser_type: BrowserType) -> Iterator[Browser]:
    """Chromium as it comes on Linux, where WebGPU needs a flag."""
    browser = browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
    yield browser
    browser.close()


class Playground:
    """The page, as a person uses it."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site
        self.status = page.get_by_role("status")
        self.output = page.get_by_role("region", name="Output of the program")
        self.facts = page.get_by_test_id("graph-facts")
        self.complaints: list[str] = []
        page.on("console", lambda message: self._complain(message.type == "error", message.text))
        page.on("pageerror", lambda error: self._complain(True, f"{error}"))
        page.on("request", lambda request: self._complain(not self._own(request.url), f"request to {request.url}"))

    def _complain(self, guilty: bool, text: str) -> None:
        if guilty:
            self.complaints.append(text)

    def _own(self, url: str) -> bool:
        return url.startswith((self.site, f"blob:{self.site}", "data:"))

    def program(self, code: str, example: str = "char_rnn") -> None:
        """Make `code` the user's own version of an example, for the next opening."""
        item = f"flambeau:program:{example}.py"
        self.page.add_init_script(f"localStorage.setItem({item!r}, {json.dumps(code)})")

    def never_ending(self, example: str) -> None:
        """Have an example take so many steps that it ends when it is stopped."""
        code = (ROOT / "examples" / f"{example}.py").read_text(encoding="utf-8")
        longer, count = re.subn(r"(steps: int = |\"--steps\", type=int, default=)\d+", r"\g<1>1_000_000", code)
        assert count == 2
        self.program(longer, example)

    def open(self, path: str = "", ready: bool = True) -> Playground:
        self.page.goto(self.site + path)
        if ready:
            self.wait_for("ready")
        return self

    def wait_for(self, *states: str, timeout: float = 30_000) -> None:
        """Wait until the state is one of `states`."""
        expect(self.status).to_have_attribute("data-state", re.compile("|".join(states)), timeout=timeout)

    def wait_for_step(self, step: int, timeout: float = 60_000) -> None:
        """Wait until at least `step` steps have ended."""
        expect(self.status).to_have_attribute("data-step", re.compile(at_least(step)), timeout=timeout)

    def device(self, name: str) -> None:
        self.page.get_by_label("Device").select_option(name)

    def run(self) -> None:
        self.page.get_by_role("button", name="Run", exact=True).click()

    def stop(self) -> None:
        self.page.get_by_role("button", name="Stop").click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def box(self, title: str) -> Locator:
        """Boxes of the drawing by title."""
        return self.page.locator("g.box").filter(has=self.page.locator("text", has_text=re.compile(rf"^\s*{title}")))

    def losses(self) -> list[float]:
        """All points of the loss curve that the table shows, oldest first."""
        table = self.button("Table")
        if table.get_attribute("aria-pressed") != "true":
            table.click()
        rows = self.page.locator("table tbody tr td:nth-child(2)").all_inner_texts()
        return [float(text) for text in reversed(rows)]


def at_least(number: int) -> str:
    """A regular expression for decimal numbers that are not below `number`."""
    digits = str(number)
    parts = [rf"\d{{{len(digits) + 1},}}"]
    for i, digit in enumerate(digits):
        if digit != "9":
            parts.append(f"{digits[:i]}[{int(digit) + 1}-9]" + rf"\d{{{len(digits) - i - 1}}}")
    return f"^({'|'.join([*parts, digits])})$"


@pytest.fixture
def playground(page: Page, site: str) -> Iterator[Playground]:
    """The page, not opened yet."""
    made = Playground(page, site)
    yield made
    assert made.complaints == []


@pytest.fixture
def isolated_playground(page: Page, isolated_site: str) -> Iterator[Playground]:
    """As `playground`, where memory can be shared."""
    made = Playground(page, isolated_site)
    yield made
    assert made.complaints == []


@pytest.fixture
def playground_without_gpu(browser_without_gpu: Browser, site: str) -> Iterator[Playground]:
    """As `playground`, in a browser without WebGPU."""
    context = browser_without_gpu.new_context()
    made = Playground(context.new_page(), site)
    yield made
    context.close()
    assert made.complaints == []
