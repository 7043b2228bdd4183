"""`torch.utils.benchmark.Compare`: measurements as tables, a row per sub-label and a column per description."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable

from .measurement import Measurement, ordered_unique, select_unit, trim_sigfig, unit_to_english

_BEST, _GOOD, _BAD, _WORST, _BOLD, _END = "\033[92m", "\033[34m", "\033[2m\033[91m", "\033[31m", "\033[1m", "\033[0m"


class Colorize(enum.Enum):
    """Which measurements are compared to choose a cell's colour."""

    NONE = "none"
    COLUMNWISE = "columnwise"
    ROWWISE = "rowwise"


def _coloured(text: str, value: float, best: float) -> str:
    if value <= max(best * 1.01, best + 100e-9):
        return _BEST + _BOLD + text + _END * 2
    if value <= best * 1.1:
        return _GOOD + _BOLD + text + _END * 2
    if value >= best * 5:
        return _WORST + _BOLD + text + _END * 2
    if value >= best * 2:
        return _BAD + text + _END * 2
    return text


class Compare:
    """A table for every label among the measurements; those of the same task are merged.

    Raises:
        ValueError: something else than a Measurement.
    """

    def __init__(self, results: Iterable[Measurement]) -> None:
        self._results: list[Measurement] = []
        self._trim = False
        self._colorize = Colorize.NONE
        self._warn = False
        self.extend_results(results)

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Add measurements."""
        for result in results:
            if not isinstance(result, Measurement):
                raise ValueError(f"Expected an instance of `Measurement`, got {type(result)} instead.")
            self._results.append(result)

    def trim_significant_figures(self) -> None:
        """Show only the digits that can be believed."""
        self._trim = True

    def colorize(self, rowwise: bool = False) -> None:
        """Colour the cells by how they compare to the best of their column, or row."""
        self._colorize = Colorize.ROWWISE if rowwise else Colorize.COLUMNWISE

    def highlight_warnings(self) -> None:
        """Mark measurements of large spread."""
        self._warn = True

    def print(self) -> None:
        """Print the tables."""
        print(str(self))

    def __str__(self) -> str:
        labels: dict[str | None, list[Measurement]] = {}
        for result in Measurement.merge(self._results):
            labels.setdefault(result.task_spec.label, []).append(result)
        return "\n".join(self._table(label, results) for label, results in labels.items())

    def _table(self, label: str | None, results: list[Measurement]) -> str:
        unit, scale = select_unit(min(r.median for r in results))
        rows = sorted(
            ordered_unique((r.task_spec.num_threads, r.env, r.as_row_name) for r in results), key=lambda row: row[:2]
        )
        columns = ordered_unique(r.task_spec.description for r in results)
        cells = {((r.task_spec.num_threads, r.env, r.as_row_name), r.task_spec.description): r for r in results}
        grid = [[cells.get((row, column)) for column in columns] for row in rows]
        formats = [self._format([line[i] for line in grid], scale) for i in range(len(columns))]

        environments = {r.env for r in results}
        margin = max(len(e) for e in environments) + 4 if len(environments) > 1 else 4
        texts: list[list[str]] = [["", *(column or "" for column in columns)]]
        before: tuple[int, str] | None = None
        for (threads, env, name), line in zip(rows, grid, strict=True):
            shown = f"({env})" if len(environments) > 1 and before != (threads, env) else ""
            before = (threads, env)
            texts.append(
                ["  " + shown.ljust(margin) + name]
                + [self._cell(m, *form, scale) for m, form in zip(line, formats, strict=True)]
            )
        widths = [max(len(text[i]) for text in texts) for i in range(len(columns) + 1)]
        lines = ["  |  ".join(text.center(width) for text, width in zip(texts[0], widths, strict=True))]
        overall = len(lines[0])
        for i, ((threads, _, _), line, text) in enumerate(zip(rows, grid, texts[1:], strict=True)):
            if not i or rows[i - 1][0] != threads:
                lines.append(f"{threads} threads: ".ljust(overall, "-"))
            shown_cells = [text[0].ljust(widths[0])]
            for j, m in enumerate(line):
                shown_cell = text[j + 1].center(widths[j + 1])
                if m is not None and self._colorize is not Colorize.NONE:
                    rivals = (
                        line
                        if self._colorize is Colorize.ROWWISE
                        else [other[j] for row, other in zip(rows, grid, strict=True) if row[0] == threads]
                    )
                    shown_cell = _coloured(shown_cell, m.median, min(r.median for r in rivals if r is not None))
                shown_cells.append(shown_cell)
            lines.append("  |  ".join(shown_cells))
        warned = self._warn and any(r.has_warnings for r in results)
        note = "(! XX%) Measurement has high variance, where XX is the IQR / median * 100.\n" if warned else ""
        title = f" {label or ''} ".center(overall - 2, "-")
        return "\n".join([f"[{title}]", *lines, "", f"Times are in {unit_to_english(unit)}s ({unit}).", note])

    def _format(self, column: list[Measurement | None], scale: float) -> tuple[int, int, int]:
        """Of a column: the width of its numbers, their decimals, and the room for marks of spread."""
        there = [m for m in column if m is not None]
        leading = [math.ceil(math.log10(m.median / scale)) for m in there]
        decimals = 1
        if self._trim:
            decimals = min(max(m.significant_figures - digits, 0) for digits, m in zip(leading, there, strict=True))
        marked = self._warn and any(m.has_warnings for m in there)
        return max(leading) + decimals + (1 if decimals else 0), decimals, 7 if marked else 0

    def _cell(self, m: Measurement | None, width: int, decimals: int, room: int, scale: float) -> str:
        if m is None:
            return " " * (max(width, 1) + room)
        value = m.median / scale
        if self._trim:
            value = trim_sigfig(value, m.significant_figures)
        mark = f" (! {m.iqr / m.median * 100:.0f}%)" if room and m.has_warnings else ""
        return f"{value:>{width}.{decimals}f}{mark:>{room}}"
