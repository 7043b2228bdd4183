"""Contestants in processes (or pages) of their own that take turns, so that all of them see the same machine.

A contestant serves `make`, which gives for a step's name the function that takes one step and returns its loss: it reads
lines of a name and a number, takes so many steps, and prints the seconds and the last loss.
"""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

Step = Callable[[], Any]

WARM_UP = 5
FEWEST = 3  # steps in a turn


def serve(make: Callable[[str], Step]) -> None:
    """Be a contestant until nothing more is asked. A step's loss has `item()`, which waits for all the work before it."""
    made: dict[str, Step] = {}
    for line in sys.stdin:
        name, count = line.split()
        if name not in made:
            made.clear()  # what one step holds in memory must not burden the next
            made[name] = make(name)
        step = made[name]
        begin = time.perf_counter()
        for _ in range(int(count)):
            loss = step()
        value = loss.item()
        print(time.perf_counter() - begin, value, flush=True)


class TooSlow(Exception):
    """A contestant did not end its turn within the time it was given."""

    def __init__(self, contestant: "Contestant", seconds: float) -> None:
        super().__init__(f"not within {seconds / 60:g} min")
        self.contestant = contestant


class Contestant(Protocol):
    """Who takes steps when it is its turn."""

    def turn(self, name: str, count: int) -> tuple[float, float]:
        """Milliseconds per step, of so many, and the last loss.

        Raises:
            TooSlow: that took longer than this contestant may.
        """

    def end(self) -> None: ...


class ProcessContestant:
    """A process that serves. One that is too slow is ended, and another one begun for the next turn."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], seconds: float = float("inf")) -> None:
        self._command = command
        self._environment = environment
        self._seconds = seconds
        self._process = self._begun()

    def _begun(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def turn(self, name: str, count: int) -> tuple[float, float]:
        """Milliseconds per step, of so many, and the last loss.

        Raises:
            TooSlow: that took longer than this contestant may.
        """
        if self._process.poll() is not None:
            self._process = self._begun()
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        alarm = threading.Timer(min(self._seconds, threading.TIMEOUT_MAX), process.kill)
        begun = time.monotonic()
        alarm.start()
        print(name, count, file=process.stdin, flush=True)
        answer = process.stdout.readline().split()
        alarm.cancel()
        if len(answer) != 2:
            process.wait()
            if time.monotonic() - begun >= self._seconds:
                raise TooSlow(self, self._seconds)
            raise RuntimeError(f"{process.args!r} ended in {name}")
        return 1e3 * float(answer[0]) / count, float(answer[1])

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.communicate()


class Result(NamedTuple):
    """Medians over the turns; a ratio is the first contestant's time over another's."""

    milliseconds: list[float]
    ratios: list[float]  # of the first to each of the others
    spreads: list[tuple[float, float]]  # lowest and highest ratio
    losses: list[float]
    firsts: list[float]  # milliseconds of each contestant's first step of all, with all that is compiled for it


def contest(contestants: Sequence[Contestant], name: str, turns: int, seconds: float) -> Result:
    """All contestants take the same steps by turns, the slowest for about `seconds` a turn.

    Raises:
        TooSlow: one of them is, the first that was.
    """
    firsts = [contestant.turn(name, 1)[0] for contestant in contestants]
    for contestant in contestants:
        contestant.turn(name, WARM_UP - 1)
    count = max(FEWEST, int(1e3 * seconds / max(contestant.turn(name, FEWEST)[0] for contestant in contestants)))
    times: list[list[float]] = []
    losses: list[float] = []
    for _ in range(turns):
        answers = [contestant.turn(name, count) for contestant in contestants]
        times.append([milliseconds for milliseconds, _ in answers])
        losses = [loss for _, loss in answers]
    ratios = [[row[0] / other for other in row[1:]] for row in times]
    return Result(
        [statistics.median(column) for column in zip(*times, strict=True)],
        [statistics.median(column) for column in zip(*ratios, strict=True)],
        [(min(column), max(column)) for column in zip(*ratios, strict=True)],
        losses,
        firsts,
    )
