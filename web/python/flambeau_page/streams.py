"""Standard output and error of the user's program, sent to the page in pieces of a sensible size."""

import io
from collections.abc import Callable
from time import perf_counter

_BURST = 40
_PER_SECOND = 60.0


class PageStream(io.TextIOBase):
    """A text stream whose writes reach the page at once while they are rare, and in batches while they are not.

    Args:
        send: what takes the text.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._pending: list[str] = []
        self._allowance = float(_BURST)
        self._refilled = perf_counter()

    def write(self, text: str) -> int:
        """Returns the number of characters, all of which are taken."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._pending.append(text)
        now = perf_counter()
        self._allowance = min(self._allowance + (now - self._refilled) * _PER_SECOND, _BURST)
        self._refilled = now
        if self._allowance >= 1 and ("\n" in text or "\r" in text):
            self._allowance -= 1
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Send what is waiting."""
        if self._pending:
            text = "".join(self._pending)
            self._pending.clear()
            self._send(text)

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def isatty(self) -> bool:
        """False, though `\\r` moves to the start of the line: nothing else of a terminal is there."""
        return False
