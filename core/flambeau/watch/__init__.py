"""Training as a stream of events: what the playground draws and a JSONL log replays.

    from flambeau import watch

    with watch.on(watch.JSONL("run.jsonl")):
        train()

Unmodified training code is enough: `loss.backward()` on a scalar gives a point of the loss curve and the graph of the
iteration, `optimizer.step()` ends the step. Off, nothing of this costs anything. The events are described in
`events.py`.
"""

from .errors import Frame, frames_of
from .events import Event, Sink
from .jsonl import JSONL
from .session import Watching, error, off, on, sample, scalar

__all__ = ["on", "off", "scalar", "sample", "error", "JSONL", "Event", "Sink", "Watching", "Frame", "frames_of"]
