"""Runs a Python file in headless Chromium under Pyodide, with this tree's packages: `python in_browser.py FILE
[ARGUMENT...]`.

Prints one line of JSON: what the file's `main(*arguments)` returned, and what the page wrote to its console. A process
of its own, so that it meets no other Playwright. With `--own-js` the page does not register the transport's JavaScript.
"""

import functools
import http.server
import io
import json
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
PYODIDE = [ROOT / "node_modules/pyodide", ROOT / "web/dist/pyodide"]
TRANSPORT = ROOT / "gpu_wgpu/flambeau_wgpu/device/browser.js"
CHROMIUM = "/usr/bin/chromium"

PAGE = """<!doctype html><title>flambeau_wgpu</title><script type="module">
import { loadPyodide } from "./pyodide/pyodide.mjs";
import * as transport from "./browser.js";
globalThis.start = async (code, args, register) => {
  const begun = performance.now();
  const pyodide = await loadPyodide({ indexURL: new URL("./pyodide/", location.href).href });
  if (register) pyodide.registerJsModule("flambeau_wgpu_js", transport);
  const files = await (await fetch("./tree.zip")).arrayBuffer();
  pyodide.unpackArchive(files, "zip", { extractDir: "/tree" });
  pyodide.globals.set("arguments", pyodide.toPy(args));
  const booted = performance.now() - begun;
  const answer = await pyodide.runPythonAsync("import sys\\nsys.path[:0] = ['/tree', '/tree/examples']\\n" + code + `
import json
json.dumps(main(*arguments))
`);
  return { booted, answer: JSON.parse(answer) };
};
globalThis.loaded = true;
</script>"""


def tree() -> bytes:
    """The packages and examples, laid out as if installed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for base in (ROOT / "core", ROOT / "gpu_wgpu", ROOT):
            folders = ["examples"] if base == ROOT else [path.name for path in base.iterdir() if path.is_dir()]
            for path in (path for folder in folders for path in (base / folder).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    archive.write(path, path.relative_to(base))
        archive.writestr("flambeau-0.1.0.dist-info/METADATA", "Metadata-Version: 2.4\nName: flambeau\nVersion: 0.1.0\n")
        archive.writestr("flambeau-0.1.0.dist-info/RECORD", "")
        archive.writestr(
            "flambeau-0.1.0.dist-info/entry_points.txt", "[flambeau.backends]\nwgpu = flambeau_wgpu:load\n"
        )
    return packed.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    """The page, Pyodide, the transport and the tree."""

    def __init__(self, pyodide: Path, packed: bytes, *arguments: Any) -> None:
        self.pyodide = pyodide
        self.packed = packed
        super().__init__(*arguments)

    def do_GET(self) -> None:
        name = self.path.lstrip("/").split("?")[0]
        kinds = {
            ".mjs": "text/javascript",
            ".js": "text/javascript",
            ".wasm": "application/wasm",
            ".json": "application/json",
        }
        if name == "":
            kind, body = "text/html", PAGE.encode()
        elif name == "tree.zip":
            kind, body = "application/zip", self.packed
        elif name == "browser.js":
            kind, body = "text/javascript", TRANSPORT.read_bytes()
        elif name.startswith("pyodide/") and (self.pyodide / name[8:]).is_file():
            kind, body = (
                kinds.get(Path(name).suffix, "application/octet-stream"),
                (self.pyodide / name[8:]).read_bytes(),
            )
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


def run(code: str, arguments: list[Any], register: bool = True) -> dict[str, Any]:
    """`main(*arguments)` of some Python code, run in the browser."""
    pyodide = next((folder for folder in PYODIDE if (folder / "pyodide.mjs").is_file()), None)
    if pyodide is None:
        raise FileNotFoundError("Pyodide is not installed: npm ci")
    handler = functools.partial(Handler, pyodide, tree())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    console: list[str] = []
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
            )
            page = browser.new_page()
            page.set_default_timeout(600_000)
            page.on("console", lambda message: console.append(message.text))
            page.on("pageerror", lambda error: console.append(str(error)))
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.wait_for_function("globalThis.loaded")
            result = page.evaluate(
                "([code, args, register]) => start(code, args, register)", [code, arguments, register]
            )
            browser.close()
    finally:
        server.shutdown()
    return {**result, "console": console}


if __name__ == "__main__":
    rest = [argument for argument in sys.argv[1:] if argument != "--own-js"]
    print(json.dumps(run(Path(rest[0]).read_text(), [json.loads(a) for a in rest[1:]], "--own-js" not in sys.argv)))
