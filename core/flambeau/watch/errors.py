"""Exceptions as the user should see them: with the frames of their own code, and the exact stretch of each line."""

import traceback
from types import TracebackType
from typing import TypedDict

from .events import Event
from .source import internal


class Frame(TypedDict):
    """One frame: lines count from 1, columns from 0 in characters of UTF-16, as editors count; -1: unknown."""

    file: str
    function: str
    line: int
    endLine: int
    column: int
    endColumn: int


def frames_of(tb: TracebackType | None) -> list[Frame]:
    """The frames outside flambeau, outermost first."""
    return [_frame(entry) for entry in traceback.extract_tb(tb) if not internal(entry.filename)]


def error_event(error: BaseException, step: int) -> Event:
    """The `error` event; a syntax error has one frame, the place that it complains about."""
    frames = frames_of(error.__traceback__)
    message = str(error)
    if isinstance(error, SyntaxError) and error.filename is not None and error.lineno:
        message = error.msg
        line = error.text or ""
        start = max((error.offset or 1) - 1, 0)
        last = error.end_lineno if error.end_lineno and error.end_lineno > 0 else error.lineno
        end = (error.end_offset or 0) - 1
        if last == error.lineno and end <= start:
            end = start + 1
        frames.append(
            Frame(
                file=error.filename,
                function="",
                line=error.lineno,
                endLine=last,
                column=_utf16(line[:start]),
                endColumn=_utf16(line[:end]) if last == error.lineno and end <= len(line) else end,
            )
        )
    return {"type": "error", "step": step, "kind": type(error).__name__, "message": message, "frames": frames}


def _frame(entry: traceback.FrameSummary) -> Frame:
    line = entry.lineno or -1
    end_line = entry.end_lineno or line
    # A FrameSummary's line is stripped; its whole text is needed to turn byte offsets into characters.
    import linecache

    return Frame(
        file=entry.filename,
        function=entry.name,
        line=line,
        endLine=end_line,
        column=_column(linecache.getline(entry.filename, line), entry.colno),
        endColumn=_column(linecache.getline(entry.filename, end_line), entry.end_colno),
    )


def _column(text: str, offset: int | None) -> int:
    """A column in UTF-16 units from one in UTF-8 bytes."""
    return -1 if offset is None else _utf16(text.encode()[:offset].decode(errors="ignore"))


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
