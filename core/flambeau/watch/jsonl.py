"""A sink that writes one JSON object a line."""

import json
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from .events import Event


class JSONL:
    """Appends each event to a file; a line is complete on the disk as soon as it is written.

    Args:
        file: a path, which is overwritten, or an open text file, which stays the caller's to close.
    """

    def __init__(self, file: str | Path | IO[str]) -> None:
        self._owned = isinstance(file, (str, Path))
        self._file: IO[str] = open(file, "w", encoding="utf-8") if isinstance(file, (str, Path)) else file  # noqa: SIM115

    def __call__(self, event: Event) -> None:
        self._file.write(json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._owned:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
