"""Which of several ways to lay out a kernel is the fastest here: measured once, remembered.

`FLAMBEAU_TUNE=1` measures what has not been measured on this adapter, and remembers it on disk, in the user's cache
directory. Without the variable what is remembered is used, and a default for the adapter's type elsewhere; with
`FLAMBEAU_TUNE=0` the defaults alone are.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .device.interface import Device
    from .engine import Engine
    from .lazy import LazyArray

Choice = TypeVar("Choice")
Work = Callable[["Engine"], Callable[[], "LazyArray"]]

ROUNDS = 3  # of which the fastest counts
FORMAT = 1  # of the file; another number starts anew


def cache_directory() -> Path:
    """Where what was measured is remembered."""
    base = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else None)
    return Path(base or Path.home() / ".cache") / "flambeau"


class Tuner:
    """The choices made on one device."""

    def __init__(self, device: Device, mode: str | None = None) -> None:
        self.device = device
        self.mode = os.environ.get("FLAMBEAU_TUNE", "") if mode is None else mode
        self.chosen: dict[str, str] = {}
        self._path: Path | None = None
        if self.mode != "0":
            self._path = cache_directory() / f"tune-{re.sub('[^a-z0-9]+', '-', device.info.name.lower())}.json"
            self._recall(self._path)

    def choose(self, key: str, candidates: Sequence[Choice], default: Choice, work: Work) -> Choice:
        """The fastest candidate for the class of kernels `key`, of which `work` does one on an engine."""
        if self.mode == "0":
            return default
        known = self.chosen.get(key)
        for candidate in candidates:
            if str(candidate) == known:
                return candidate
        if self.mode != "1":
            return default
        best = min(candidates, key=lambda candidate: self._seconds(candidate, work))
        self.chosen[key] = str(best)
        self._remember()
        return best

    def _seconds(self, candidate: Any, work: Work) -> float:
        from .engine import Engine

        engine = Engine(self.device, _Fixed(self.device, candidate))
        run = work(engine)
        fastest = float("inf")
        for _ in range(1 + ROUNDS):  # the first compiles, and uploads
            begun = time.perf_counter()
            result = run()
            engine.flush()
            self.device.synchronize()
            seconds = time.perf_counter() - begun
            if engine.flushes > 1:
                fastest = min(fastest, seconds)
            del result
        del run
        engine.pool.collect()
        engine.pool.trim(0)
        return fastest

    def _recall(self, path: Path) -> None:
        with suppress(OSError, ValueError):
            saved = json.loads(path.read_text(encoding="utf-8"))
            if saved.get("format") == FORMAT:
                self.chosen.update(saved["chosen"])

    def _remember(self) -> None:
        """Write all choices, in one step: another process may read or write at the same time."""
        if self._path is None:
            return
        with suppress(OSError):  # a directory that cannot be written to: measured again next time
            self._path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"format": FORMAT, "adapter": self.device.info.name, "chosen": self.chosen}, indent=1)
            handle, name = tempfile.mkstemp(dir=self._path.parent, suffix=".json")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, self._path)


class _Fixed(Tuner):
    """Always the same choice, while it is measured."""

    def __init__(self, device: Device, choice: Any) -> None:
        super().__init__(device, "0")
        self.choice = choice

    def choose(self, key: str, candidates: Sequence[Choice], default: Choice, work: Work) -> Choice:
        fixed: Choice = self.choice if self.choice in candidates else default
        return fixed
