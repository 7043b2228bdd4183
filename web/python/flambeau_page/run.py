"""Runs one program: as `__main__`, from text that is `main.py` to tracebacks, watched, and stoppable after each step."""

import gc
import json
import linecache
import os
import random
import sys
import traceback
from collections.abc import Callable
from time import perf_counter
from types import ModuleType, TracebackType
from typing import Any

import tqdm

from flambeau import watch
from flambeau.watch.source import internal

from .streams import PageStream

FILE = "main.py"
# How often the page can draw. Within it, events and output are gathered; a step that is waited for is always reported.
_INTERVAL = 0.012
_GRAPH_INTERVAL = 0.12

tqdm.tqdm.monitor_interval = 0  # it would start a thread, which a page has not


class Reporter:
    """Gathers events and, between steps, lets the page draw and its orders arrive."""

    def __init__(self, page: Any, wait: Callable[[Any], Any] | None, streams: tuple[PageStream, ...]) -> None:
        self._page = page
        self._wait = wait
        self._streams = streams
        self._events: list[watch.Event] = []
        self._sent = float("-inf")

    def __call__(self, event: watch.Event) -> None:
        """The sink of `flambeau.watch`."""
        self._events.append(event)
        if event["type"] == "step":
            now = perf_counter()
            if now - self._sent >= _INTERVAL or self._page.attentive():
                self.flush()
                if self._wait is not None and self._wait(self._page.tick()):
                    raise KeyboardInterrupt
                self._sent = perf_counter()

    def flush(self) -> None:
        """Send everything that waits."""
        for stream in self._streams:
            stream.flush()
        if self._events:
            events, self._events = self._events, []
            self._page.events(json.dumps(events, ensure_ascii=False, allow_nan=False, separators=(",", ":")))


def run(code: str, file: str, device: str, folder: str) -> str:
    """Run `code` with `sys.argv` as if `file` had been started with `--device device` in `folder`.

    Returns "done", "stopped" or "error"; what happened on the way was sent to the page.
    """
    import flambeau_page_js as page
    from pyodide.ffi import can_run_sync, run_sync

    out = PageStream(lambda text: page.output(text, "out"))
    err = PageStream(lambda text: page.output(text, "err"))
    reporter = Reporter(page, run_sync if can_run_sync() else None, (out, err))
    linecache.cache[FILE] = (len(code), None, code.splitlines(keepends=True), FILE)
    main = ModuleType("__main__")
    main.__dict__.update(__file__=f"{folder}/{FILE}", __builtins__=__builtins__)
    before = sys.modules["__main__"], sys.argv, sys.stdout, sys.stderr
    sys.modules["__main__"], sys.argv, sys.stdout, sys.stderr = main, [file, "--device", device], out, err
    if folder not in sys.path:
        sys.path.insert(0, folder)
    os.chdir(folder)
    random.seed()
    watch.on(reporter, graph_interval=_GRAPH_INTERVAL)
    try:
        return _execute(code, main)
    finally:
        try:
            watch.off()
        except KeyboardInterrupt:
            pass  # Stop, once more, at the step that ended with the program
        reporter.flush()
        sys.modules["__main__"], sys.argv, sys.stdout, sys.stderr = before
        main.__dict__.clear()
        gc.collect()


def _execute(code: str, main: ModuleType) -> str:
    try:
        exec(compile(code, FILE, "exec", dont_inherit=True), main.__dict__)
    except SystemExit as leaving:
        if leaving.code not in (None, 0):
            print(leaving.code if isinstance(leaving.code, str) else f"Exit code {leaving.code}", file=sys.stderr)
            return "error"
    except KeyboardInterrupt:
        return "stopped"
    except BaseException as error:
        error.__traceback__ = _below(error.__traceback__)
        sys.stderr.write(traceback_text(error))
        watch.error(error)
        return "error"
    return "done"


def _below(tb: TracebackType | None) -> TracebackType | None:
    """The traceback without the driver's own frame."""
    return tb.tb_next if tb is not None else None


def traceback_text(error: BaseException) -> str:
    """The traceback as Python prints it, with the frames of the user's own code only."""
    shown = traceback.TracebackException.from_exception(error)
    pending: list[traceback.TracebackException | None] = [shown]
    while pending:
        part = pending.pop()
        if part is not None:
            part.stack = traceback.StackSummary.from_list([entry for entry in part.stack if not internal(entry.filename)])
            pending += [part.__cause__, part.__context__]
    return "".join(shown.format())
