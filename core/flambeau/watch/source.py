"""Which line of the user's code is running.

Frames of flambeau itself are skipped, so an op inside `nn.Linear` is credited to the line that called the layer. A
frame is remembered as (code object, instruction), two cheap attribute reads; line and columns are worked out once
for each such place, when somebody asks.
"""

import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import NamedTuple

_PACKAGES = tuple(str(Path(__file__).parents[2] / name) for name in ("flambeau", "flambeau_wgpu"))
_is_internal: dict[str, bool] = {}


class Position(NamedTuple):
    """A stretch of source text: lines count from 1, columns from 0 in UTF-8 bytes, as Python has them; -1: unknown."""

    file: str
    line: int
    end_line: int
    column: int
    end_column: int


def internal(file: str) -> bool:
    """True for flambeau's own files, whose frames are not shown to the user."""
    known = _is_internal.get(file)
    if known is None:
        known = _is_internal[file] = file.startswith(_PACKAGES) or file.startswith("<frozen")
    return known


def user_frame(depth: int = 1) -> FrameType | None:
    """The innermost frame outside flambeau, starting `depth` frames above the caller."""
    frame: FrameType | None = sys._getframe(depth + 1)
    while frame is not None:
        file = frame.f_code.co_filename
        known = _is_internal.get(file)
        if known is None:
            known = internal(file)
        if not known:
            return frame
        frame = frame.f_back
    return None


def position(code: CodeType, instruction: int) -> Position:
    """Where in its file an instruction (a byte offset, `frame.f_lasti`) comes from."""
    for index, found in enumerate(code.co_positions()):
        if index * 2 == instruction:
            line, end_line, column, end_column = (-1 if value is None else value for value in found)
            return Position(code.co_filename, line, end_line, column, end_column)
    return Position(code.co_filename, code.co_firstlineno, code.co_firstlineno, -1, -1)
