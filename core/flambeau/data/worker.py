"""What a worker process of a `DataLoader` does: it reads tasks, fetches, and sends what it got.

A task is (number, indices); None ends the worker; `_ResumeIteration` begins another pass. The answer to a task is
(number, batch), (number, `ExceptionWrapper`) or (number, `_IterableDatasetStopIteration`).
"""

from __future__ import annotations

import os
import queue
import random as python_random
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from .. import random
from .failure import ExceptionWrapper
from .fetch import _DatasetKind

MP_STATUS_CHECK_INTERVAL = 5.0
"""Seconds after which one who waits looks whether the other is still there."""


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What a worker knows of itself.

    Attributes:
        id: its number, from 0.
        num_workers: how many there are.
        seed: that of its random numbers.
        dataset: its own copy.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: Any = None
    worker_method: str | None = "multiprocessing"


_worker_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """What a worker knows of itself (id, num_workers, seed, dataset); None in the main process."""
    return _worker_info


@dataclass(frozen=True)
class _IterableDatasetStopIteration:
    """The worker's share of an iterable dataset has ended."""

    worker_id: int


@dataclass(frozen=True)
class _ResumeIteration:
    """Another pass begins."""

    seed: int | None = None


def numpys_random() -> Any:
    """NumPy's `random`, or None where there is no NumPy.

    The main process asks for it before it starts workers: those that are forked then need not import it.
    """
    if find_spec("numpy") is None:
        return None
    import numpy.random

    return numpy.random


def numpy_seed(base_seed: int, worker_id: int) -> Any:
    """PyTorch's seed for NumPy in a worker, four 32-bit words: other numbers than those of Python's `random`."""
    entropy = [worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    return numpys_random().SeedSequence(entropy).generate_state(4)


def _seed(base_seed: int, worker_id: int) -> int:
    seed = base_seed + worker_id
    python_random.seed(seed)
    random.manual_seed(seed)
    numpy_random = numpys_random()
    if numpy_random is not None:
        numpy_random.seed(numpy_seed(base_seed, worker_id))
    return seed


def _worker_loop(
    dataset_kind: int,
    dataset: Any,
    index_queue: Any,
    data_queue: Any,
    done_event: Any,
    auto_collation: bool,
    collate_fn: Any,
    drop_last: bool,
    base_seed: int,
    init_fn: Any,
    worker_id: int,
    num_workers: int,
) -> None:
    global _worker_info
    try:
        seed = _seed(base_seed, worker_id)
        _worker_info = WorkerInfo(worker_id, num_workers, seed, dataset)
        where = f"in DataLoader worker process {worker_id}"
        failure: ExceptionWrapper | None = None  # at the start: the answer to the first task

        def begin() -> Any:
            return _DatasetKind.create_fetcher(dataset_kind, dataset, auto_collation, collate_fn, drop_last)

        try:
            if init_fn is not None:
                init_fn(worker_id)
            fetcher = begin()
        except Exception:
            failure = ExceptionWrapper(where=where)
        ended = False
        parent = os.getppid()
        while os.getppid() == parent:
            try:
                task = index_queue.get(timeout=MP_STATUS_CHECK_INTERVAL)
            except queue.Empty:
                continue
            if isinstance(task, _ResumeIteration):
                data_queue.put((task, None))
                ended = False
                fetcher = begin()
                continue
            if task is None:
                break
            if done_event.is_set() or ended:
                continue
            number, index = task
            data: Any
            if failure is not None:
                data, failure = failure, None
            else:
                try:
                    data = fetcher.fetch(index)
                except Exception as error:
                    if isinstance(error, StopIteration) and dataset_kind == _DatasetKind.Iterable:
                        data = _IterableDatasetStopIteration(worker_id)
                        ended = True
                    else:
                        data = ExceptionWrapper(where=where)
            data_queue.put((number, data))
            del data, number, index, task
        alone = os.getppid() != parent
    except KeyboardInterrupt:
        alone = True  # the main process is interrupted too
    if alone or done_event.is_set():
        # Nobody waits for what has not been sent; not to wait for the queue's thread, which may be stuck in a full pipe.
        # Where other workers go on, on the other hand, it must be let finish: it may hold their lock.
        data_queue.cancel_join_thread()
        data_queue.close()
