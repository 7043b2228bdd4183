"""Standard output and error of the user's program, sent to the page in order and in pieces of a sensible size."""

import io
from collections.abc import Callable
from time import perf_counter

_BURST = 40
_PER_SECOND = 60.0


class Output:
    """What was printed and not yet sent. Writes reach the page at once while they are rare, else in batches.

    Args:
        send: called with a text and the name of the stream, "out" or "err".
    """

    def __init__(self, send: Callable[[str, str], None]) -> None:
        self._send = send
        self._pending: list[tuple[str, list[str]]] = []  # stretches of one stream, so that the two keep their order
        self._allowance = float(_BURST)
        self._refilled = perf_counter()

    def write(self, text: str, stream: str) -> None:
        """Take a text, and send all that waits if a line is complete and not too many were."""
        if self._pending and self._pending[-1][0] == stream:
            self._pending[-1][1].append(text)
        else:
            self._pending.append((stream, [text]))
        now = perf_counter()
        self._allowance = min(self._allowance + (now - self._refilled) * _PER_SECOND, _BURST)
        self._refilled = now
        if self._allowance >= 1 and ("\n" in text or "\r" in text):
            self._allowance -= 1
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        pending, self._pending = self._pending, []
        for stream, texts in pending:
            self._send("".join(texts), stream)


class PageStream(io.TextIOBase):
    """One of the two streams, as `sys.stdout` and `sys.stderr`.

    A terminal it is not, though `\\r` moves to the start of the line as in one.
    """

    def __init__(self, output: Output, name: str) -> None:
        self._output = output
        self._name = name

    def write(self, text: str) -> int:
        """Returns the number of characters, all of which are taken."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._output.write(text, self._name)
        return len(text)

    def flush(self) -> None:
        """Nothing: the page is sent what there is between steps and at the end, and otherwise as fast as it draws."""

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"
