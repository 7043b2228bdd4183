"""Runs one program: as `__main__`, named `main.py` in tracebacks, watched, and stoppable after each step."""

import gc
import json
import linecache
import os
import random
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from types import ModuleType, TracebackType
from typing import Any

import tqdm

from flambeau import watch

from .streams import Output, PageStream

FILE = "main.py"
# How often the page can draw. Within it, events and output are gathered; a step that is waited for is always reported.
_INTERVAL = 0.012
_GRAPH_INTERVAL = 0.3

tqdm.tqdm.monitor_interval = 0  # it would start a thread, which a page has not


class Reporter:
    """Gathers events and, between steps, lets the page draw and its orders arrive."""

    def __init__(self, page: Any, wait: Callable[[Any], Any] | None, output: Output) -> None:
        self._page = page
        self._wait = wait
        self._output = output
        self._events: list[watch.Event] = []
        self._sent = float("-inf")
        self.watching: watch.Watching | None = None

    def __call__(self, event: watch.Event) -> None:
        """The sink of `flambeau.watch`."""
        self._events.append(event)
        if event["type"] == "step":
            attentive = self._page.attentive()
            if attentive or perf_counter() - self._sent >= _INTERVAL:
                if attentive and self.watching is not None:
                    self.watching.send_graph()
                self.flush()
                if self._wait is not None and self._wait(self._page.tick()):
                    raise KeyboardInterrupt
                self._sent = perf_counter()

    def flush(self) -> None:
        """Send everything that waits."""
        self._output.flush()
        if self._events:
            events, self._events = self._events, []
            self._page.events(json.dumps(events, ensure_ascii=False, allow_nan=False, separators=(",", ":")))


def run(code: str, file: str, device: str, folder: str) -> str:
    """Run `code` with `sys.argv` as if `file` had been started with `--device device` in `folder`.

    Returns "done", "stopped" or "error"; what happened on the way was sent to the page.
    """
    import flambeau_page_js as page
    from pyodide.ffi import can_run_sync, run_sync

    output = Output(page.output)
    out, err = PageStream(output, "out"), PageStream(output, "err")
    reporter = Reporter(page, run_sync if can_run_sync() else None, output)
    linecache.cache[FILE] = (len(code), None, code.splitlines(keepends=True), FILE)
    main = ModuleType("__main__")
    main.__dict__.update(__file__=f"{folder}/{FILE}", __builtins__=__builtins__)
    before = sys.modules["__main__"], sys.argv, sys.stdout, sys.stderr
    environment = dict(os.environ)
    sys.modules["__main__"], sys.argv, sys.stdout, sys.stderr = main, [file, "--device", device], out, err
    if folder not in sys.path:
        sys.path.insert(0, folder)
    os.chdir(folder)
    random.seed()
    reporter.watching = watch.on(reporter, graph_interval=_GRAPH_INTERVAL)
    try:
        return _execute(code, main, folder)
    finally:
        with suppress(KeyboardInterrupt):  # Stop, once more, at the step that ended with the program
            watch.off()
        reporter.flush()
        sys.modules["__main__"], sys.argv, sys.stdout, sys.stderr = before
        os.environ.clear()  # a program's own, as that of a process is
        os.environ.update(environment)
        main.__dict__.clear()
        gc.collect()


def _execute(code: str, main: ModuleType, folder: str) -> str:
    try:
        exec(compile(code, FILE, "exec", dont_inherit=True), main.__dict__)
    except SystemExit as leaving:
        if leaving.code not in (None, 0):
            print(leaving.code if isinstance(leaving.code, str) else f"Exit code {leaving.code}", file=sys.stderr)
            return "error"
    except KeyboardInterrupt:
        return "stopped"
    except BaseException as error:
        error.__traceback__ = _without_driver(error.__traceback__)
        sys.stderr.write(traceback_text(error, folder))
        watch.error(error)
        return "error"
    return "done"


def _without_driver(tb: TracebackType | None) -> TracebackType | None:
    return tb.tb_next if tb is not None else None


def traceback_text(error: BaseException, folder: str) -> str:
    """The traceback as Python prints it, with the frames of the user's own code only."""
    shown = traceback.TracebackException.from_exception(error)
    pending: list[traceback.TracebackException | None] = [shown]
    while pending:
        part = pending.pop()
        if part is not None:
            own = [entry for entry in part.stack if entry.filename == FILE or entry.filename.startswith(folder)]
            part.stack = traceback.StackSummary.from_list(own)
            pending += [part.__cause__, part.__context__]
    return "".join(shown.format())
