"""`torch.utils.benchmark.Timer`: Python's timeit with warm-up, enough runs, and a Measurement as the result."""

from __future__ import annotations

import enum
import textwrap
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ... import accelerator, settings
from .measurement import Measurement, TaskSpec


class Language(enum.Enum):
    """The language of a statement. Only Python can be timed."""

    PYTHON = 0
    CPP = 1


def timer() -> float:
    """Seconds, when all work handed to the accelerator is done."""
    if accelerator.is_available():
        accelerator.synchronize()
    return timeit.default_timer()


@contextmanager
def set_torch_threads(n: int) -> Iterator[None]:
    """The number of threads is `n` within a `with`."""
    before = settings.get_num_threads()
    settings.set_num_threads(n)
    try:
        yield
    finally:
        settings.set_num_threads(before)


def _block(code: str) -> str:
    code = textwrap.dedent(code)
    return code.removeprefix("\n").rstrip()


class Timer:
    """Times `stmt`, run with the names of `globals` after `setup`.

    Args:
        label, sub_label, description, env: words for tables: of the table, the row, the column and the environment.
        num_threads: what `torch.get_num_threads()` says meanwhile.

    Raises:
        ValueError: the language is not Python.
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Language | str = Language.PYTHON,
    ) -> None:
        if not isinstance(stmt, str):
            raise ValueError("Currently only a `str` stmt is supported.")
        if language not in (Language.PYTHON, "py", "python"):
            raise ValueError(f"Invalid language `{language}`: flambeau times Python only.")
        if global_setup:
            raise ValueError(
                f"global_setup is C++ only, got `{global_setup}`. Most likely this code can simply be moved to `setup`."
            )
        import flambeau

        names = dict(globals or {})
        names.setdefault("torch", flambeau)
        stmt, setup = _block(stmt), _block(setup)
        self._timer = timeit.Timer(stmt, setup, timer, names)
        self._task_spec = TaskSpec(stmt, setup, "", label, sub_label, description, env, num_threads)

    def _time(self, number: int) -> float:
        return max(self._timer.timeit(number), 1e-9)

    def _measurement(self, number: int, times: list[float]) -> Measurement:
        return Measurement(number, times, self._task_spec)

    def timeit(self, number: int = 1000000) -> Measurement:
        """One time of `number` runs, after a hundredth as many to warm up."""
        with set_torch_threads(self._task_spec.num_threads):
            self._time(max(number // 100, 2))
            return self._measurement(number, [self._time(number)])

    def _runs_for(self, min_run_time: float) -> int:
        """A power of ten of runs so that the clock's own time does not count."""
        overhead = sorted(self._timer_overhead() for _ in range(5))[2]
        number = 1
        while True:
            taken = self._time(number)
            if (overhead / taken <= 1e-4 and taken >= min_run_time / 1000) or taken > min_run_time:
                return number
            number *= 10

    def _timer_overhead(self) -> float:
        return timeit.Timer("pass", "pass").timeit(0)

    def blocked_autorange(
        self, callback: Callable[[int, float], None] | None = None, min_run_time: float = 0.2
    ) -> Measurement:
        """Times of equal blocks of runs, until `min_run_time` seconds have passed."""
        with set_torch_threads(self._task_spec.num_threads):
            number, times, total = self._runs_for(min_run_time), list[float](), 0.0
            while total < min_run_time:
                taken = self._time(number)
                times.append(taken)
                total += taken
                if callback is not None:
                    callback(number, taken)
            return self._measurement(number, times)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callable[[int, float], None] | None = None,
    ) -> Measurement:
        """Times of equal blocks of runs, until their spread is below `threshold` of the median, or `max_run_time` is over."""
        with set_torch_threads(self._task_spec.num_threads):
            number, times, total = self._runs_for(min_run_time), list[float](), 0.0
            while True:
                taken = self._time(number)
                times.append(taken)
                total += taken
                if callback is not None:
                    callback(number, taken)
                enough = total >= min_run_time and len(times) >= 4
                if (enough and self._measurement(number, times).meets_confidence(threshold)) or total >= max_run_time:
                    return self._measurement(number, times)
