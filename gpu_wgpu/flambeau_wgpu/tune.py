"""Which of several ways to lay out a kernel is the fastest here: measured once, remembered.

`FLAMBEAU_TUNE=1` measures what has not been measured on this adapter, and remembers it: natively in the user's cache
directory, in a page in IndexedDB (`device/store.py`). Without the variable what is remembered is used, and a default for the
adapter's type elsewhere; with `FLAMBEAU_TUNE=0` the defaults alone are. A program may also set it while it runs, in
`os.environ`: it is read at every flush.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .device.interface import Device
    from .engine import Engine
    from .lazy import LazyArray

Choice = TypeVar("Choice")
Work = Callable[["Engine"], Callable[[], "LazyArray"]]

ROUNDS = 3  # of which the fastest counts
ROUND_SECONDS = 2e-3  # that a round takes at least, if MOST_RUNS are enough for that: a page's clock ticks in 0.1 ms
MOST_RUNS = 8
FORMAT = 1  # of what is remembered; another number starts anew


class Tuner:
    """The choices made on one device. `mode` stands for the environment variable, if given."""

    def __init__(self, device: Device, mode: str | None = None) -> None:
        self.device = device
        self._given = mode
        self.mode: str | None = None
        self.measured = 0  # classes of kernels
        self.chosen: dict[str, str] = {}
        self._recalled = False
        self.update()

    def update(self) -> bool:
        """Look at the variable. True if choices may be others from now on."""
        mode = os.environ.get("FLAMBEAU_TUNE", "") if self._given is None else self._given
        if mode == self.mode:
            return False
        self.mode = mode
        if mode != "0" and not self._recalled:
            self._recalled = True
            self._recall()
        return True

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
        self.measured += 1
        self.chosen[key] = str(best)
        text = json.dumps({"format": FORMAT, "adapter": self.device.info.name, "chosen": self.chosen}, indent=1)
        self.device.store.remember(text)
        return best

    def _seconds(self, candidate: Any, work: Work) -> float:
        from .engine import Engine

        engine = Engine(self.device, _Fixed(self.device, candidate))
        try:
            return self._fastest(engine, work(engine))
        finally:
            engine.pool.collect()
            engine.pool.trim(0)

    def _fastest(self, engine: Engine, run: Callable[[], LazyArray]) -> float:
        def seconds(runs: int) -> float:
            """Of one run, of several in a row."""
            begun = time.perf_counter()
            for _ in range(runs):
                result = run()
                engine.flush()
                del result
            self.device.synchronize()
            return (time.perf_counter() - begun) / runs

        seconds(1)  # compiles, and uploads
        runs = min(MOST_RUNS, ceil(ROUND_SECONDS / max(seconds(1), 1e-9)))
        return min(seconds(runs) for _ in range(ROUNDS))

    def _recall(self) -> None:
        try:
            saved = json.loads(self.device.store.recall() or "{}")
        except ValueError:
            return
        if isinstance(saved, dict) and saved.get("format") == FORMAT:
            self.chosen.update(saved["chosen"])


class _Fixed(Tuner):
    """Always the same choice, while it is measured."""

    def __init__(self, device: Device, choice: Any) -> None:
        super().__init__(device, "0")
        self.choice = choice

    def choose(self, key: str, candidates: Sequence[Choice], default: Choice, work: Work) -> Choice:
        fixed: Choice = self.choice if self.choice in candidates else default
        return fixed
