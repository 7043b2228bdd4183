"""Counts of instructions, as Valgrind's Callgrind gives them: by function, compared and printed.

They are made from counts that one has: Callgrind itself follows PyTorch's machine code, of which there is none here.

Source: https://docs.pytorch.org/docs/stable/benchmark_utils.html#torch.utils.benchmark.CallgrindStats
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from .measurement import TaskSpec

SHOWN, HALF = 18, 9
"""Rows that are printed of a long table, the first and the last of them."""


class FunctionCount(NamedTuple):
    """How many instructions a function took."""

    count: int  # type: ignore[assignment]  # a tuple's own `count` is not missed
    function: str


@dataclass(repr=False, eq=False, frozen=True)
class FunctionCounts:
    """Counts of many functions, the largest first. `a - b` tells what differs; slices are counts again."""

    _data: tuple[FunctionCount, ...]
    inclusive: bool
    truncate_rows: bool = True
    _linewidth: int | None = None

    def __iter__(self) -> Iterator[FunctionCount]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, item: Any) -> Any:
        found = self._data[item]
        return FunctionCounts(found, self.inclusive, truncate_rows=False) if isinstance(item, slice) else found

    def __repr__(self) -> str:
        width = max((len(str(c)) + (c < 0) for c, _ in self), default=0)
        room = max((self._linewidth or 80) - width - 4, 40)
        rows = [f"  {c:>{width}}  {_shortened(name, room)}" for c, name in self]
        if self.truncate_rows and len(rows) > SHOWN:
            rows = [*rows[:HALF], "...".rjust(width + 2), *rows[-HALF:]]
        if not self.inclusive:
            rows += ["", f"Total: {self.sum()}"]
        return "\n".join([super().__repr__(), *rows])

    def __add__(self, other: FunctionCounts) -> FunctionCounts:
        return self._with(other, 1)

    def __sub__(self, other: FunctionCounts) -> FunctionCounts:
        return self._with(other, -1)

    def __mul__(self, other: float) -> FunctionCounts:
        return _collected(((int(c * other), name) for c, name in self), self.inclusive)

    def transform(self, map_fn: Callable[[str], str]) -> FunctionCounts:
        """The counts under other names; those of functions that come to have one name are added."""
        return _collected(((c, map_fn(name)) for c, name in self), self.inclusive)

    def filter(self, filter_fn: Callable[[str], bool]) -> FunctionCounts:
        """The counts of the functions for whose name `filter_fn` is true."""
        return FunctionCounts(tuple(row for row in self if filter_fn(row.function)), self.inclusive)

    def sum(self) -> int:
        """All counts together."""
        return sum(c for c, _ in self)

    def denoise(self) -> FunctionCounts:
        """Without CPython's look-up of names in dictionaries, which takes now more and now less."""
        return self.filter(lambda name: "dictobject.c:lookdict_unicode" not in name)

    def _with(self, other: FunctionCounts, sign: int) -> FunctionCounts:
        if self.inclusive != other.inclusive:
            raise AssertionError("Cannot merge inclusive and exclusive counts.")
        return _collected((*self, *((sign * c, name) for c, name in other)), self.inclusive)


def _collected(rows: Iterable[tuple[int, str]], inclusive: bool) -> FunctionCounts:
    totals: Counter[str] = Counter()
    for count, name in rows:
        totals[name] += count
    found = sorted((FunctionCount(c, name) for name, c in totals.items() if c), reverse=True)
    return FunctionCounts(tuple(found), inclusive)


def _shortened(name: str, room: int) -> str:
    if len(name) <= room:
        return name
    left = (room - 5) // 2
    return f"{name[:left]} ... {name[left - room + 5 :]}"


@dataclass(repr=False, eq=False, frozen=True)
class CallgrindStats:
    """What a statement took, and what measuring takes by itself (the baseline)."""

    task_spec: TaskSpec
    number_per_run: int
    built_with_debug_symbols: bool
    baseline_inclusive_stats: FunctionCounts
    baseline_exclusive_stats: FunctionCounts
    stmt_inclusive_stats: FunctionCounts
    stmt_exclusive_stats: FunctionCounts
    stmt_callgrind_out: str | None

    def __repr__(self) -> str:
        baseline, threads = self.baseline_exclusive_stats, self.task_spec.num_threads
        text = (
            f"{super().__repr__()}\n{self.task_spec.summarize()}\n  {'':>25}All{'':>10}Noisy symbols removed\n"
            f"    Instructions: {self.counts():>12}{'':>15}{self.counts(denoise=True):>12}\n"
            f"    Baseline:     {baseline.sum():>12}{'':>15}{baseline.denoise().sum():>12}\n"
            f"{self.number_per_run} runs per measurement, {threads} thread{'s' if threads > 1 else ''}"
        )
        if not self.built_with_debug_symbols:
            text += (
                "\nWarning: PyTorch was not built with debug symbols.\n         Source information may be limited. Rebuild "
                "with\n         REL_WITH_DEB_INFO=1 for more detailed results."
            )
        return text

    def stats(self, inclusive: bool = False) -> FunctionCounts:
        """The counts by function; `inclusive` are those with what the function called."""
        return self.stmt_inclusive_stats if inclusive else self.stmt_exclusive_stats

    def counts(self, *, denoise: bool = False) -> int:
        """All instructions of the statement."""
        counted = self.stmt_exclusive_stats
        return (counted.denoise() if denoise else counted).sum()

    def delta(self, other: CallgrindStats, inclusive: bool = False) -> FunctionCounts:
        """What this took more than another, by function."""
        return self.stats(inclusive) - other.stats(inclusive)

    def as_standardized(self) -> CallgrindStats:
        """The same with names that do not tell in which folder something was built."""
        names = ("baseline_inclusive_stats", "baseline_exclusive_stats", "stmt_inclusive_stats", "stmt_exclusive_stats")
        return replace(self, stmt_callgrind_out=None, **{n: getattr(self, n).transform(_standard) for n in names})


_FOLDERS = [
    (re.compile(pattern), kept)
    for pattern, kept in (
        (r"^.+build/\.\./", "build/../"),
        (r"^.+/build/aten/", "build/aten/"),
        (r"^.+/Python/", "Python/"),
        (r"^.+/Objects/", "Objects/"),
        (r"\s\[.+\]$", ""),
    )
]


def _standard(name: str) -> str:
    for pattern, kept in _FOLDERS:
        name = pattern.sub(kept, name)
    return name
