"""A pass over a `DataLoader` by worker processes that fetch ahead.

The main process numbers the batches, hands each to the next worker in turn, and gives them out in order. A worker's
exception is raised here, with its traceback; a worker that dies is noticed at once.
"""

from __future__ import annotations

import itertools
import multiprocessing
import multiprocessing.connection
import os
import pickle
import queue
import signal
import time
import warnings
import weakref
from typing import TYPE_CHECKING, Any

from .failure import ExceptionWrapper
from .iterators import _BaseDataLoaderIter
from .worker import (
    MP_STATUS_CHECK_INTERVAL,
    _IterableDatasetStopIteration,
    _ResumeIteration,
    _worker_loop,
    numpys_random,
)

if TYPE_CHECKING:
    from .loader import DataLoader


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """A pass in which worker processes load."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        if not loader.prefetch_factor:
            raise AssertionError("prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter")
        self._most_tasks = loader.prefetch_factor * self._num_workers
        self._in_order = loader.in_order
        context: Any = loader.multiprocessing_context or multiprocessing
        numpys_random()
        self._worker_result_queue = context.Queue()
        self._workers_done_event = context.Event()
        self._index_queues: list[Any] = []
        self._workers: list[Any] = []
        self._workers_status = [True] * self._num_workers
        # Not `__del__`: the collector would close the queues first. While Python shuts down it ends the workers itself.
        self._finalizer = weakref.finalize(
            self,
            _end,
            self._workers,
            self._index_queues,
            self._worker_result_queue,
            self._workers_done_event,
            os.getpid(),
        )
        self._finalizer.atexit = False
        for i in range(self._num_workers):
            self._start_worker(context, loader.worker_init_fn, i)
        self._reset(loader, first_iter=True)

    def _start_worker(self, context: Any, init_fn: Any, i: int) -> None:
        index_queue = context.Queue()
        index_queue.cancel_join_thread()
        worker = context.Process(
            target=_worker_loop,
            args=(
                self._dataset_kind,
                self._dataset,
                index_queue,
                self._worker_result_queue,
                self._workers_done_event,
                self._auto_collation,
                self._collate_fn,
                self._drop_last,
                self._base_seed,
                init_fn,
                i,
                self._num_workers,
            ),
            daemon=True,  # ended with this process, however that ends in Python
        )
        try:
            worker.start()
        except (TypeError, AttributeError, pickle.PicklingError):
            warnings.warn(
                "Got pickle error when attempting to start a worker Process. "
                "This might be because the worker Process arguments are not picklable. "
                "Python 3.14+ changed the multiprocessing start method in non-Mac POSIX platforms "
                "to 'forkserver', which requires the worker Process arguments to be picklable. "
                "You can also try multiprocessing.set_start_method('fork').",
                stacklevel=6,
            )
            raise
        self._index_queues.append(index_queue)
        self._workers.append(worker)

    def _reset(self, loader: DataLoader[Any], first_iter: bool = False) -> None:
        super()._reset(loader, first_iter)
        self._send_idx = 0  # the number of the next task
        self._rcvd_idx = 0  # that of the next batch to give out
        self._task_info: dict[int, tuple[Any, ...]] = {}  # (worker,), or (worker, batch) once it is there
        self._tasks_outstanding = 0
        self._workers_status = [True] * self._num_workers  # whether it may be given tasks
        self._workers_num_tasks = [0] * self._num_workers
        self._worker_queue_idx_cycle = itertools.cycle(range(self._num_workers))
        if not first_iter:
            for index_queue in self._index_queues:
                index_queue.put(_ResumeIteration())
            waiting = self._num_workers
            while waiting > 0:  # what is left of the last pass comes before the answers
                number, _ = self._get_data()
                waiting -= isinstance(number, _ResumeIteration)
        for _ in range(self._most_tasks):
            self._try_put_index()

    # --- tasks out, batches in ----------------------------------------------------------------------------------------

    def _try_put_index(self) -> None:
        """Give the next task, if there is one, to the next worker that takes tasks."""
        try:
            index = next(self._sampler_iter)
        except StopIteration:
            return
        for _ in range(self._num_workers):
            i = next(self._worker_queue_idx_cycle)
            if self._workers_status[i] and (
                self._in_order or self._workers_num_tasks[i] < self._most_tasks // sum(self._workers_status)
            ):
                break
        else:
            return
        self._index_queues[i].put((self._send_idx, index))
        self._task_info[self._send_idx] = (i,)
        self._workers_num_tasks[i] += 1
        self._tasks_outstanding += 1
        self._send_idx += 1

    def _get_data(self) -> Any:
        """What the next worker sends.

        Raises:
            RuntimeError: a worker has died, or nothing comes within the timeout.
        """
        results = self._worker_result_queue
        deadline = time.monotonic() + self._timeout if self._timeout > 0 else None
        while True:
            left = MP_STATUS_CHECK_INTERVAL if deadline is None else deadline - time.monotonic()
            living = {w.sentinel: i for i, w in enumerate(self._workers) if self._workers_status[i]}
            ready = multiprocessing.connection.wait([results._reader, *living], max(left, 0))
            if results._reader in ready or not results.empty():
                try:
                    return results.get(timeout=MP_STATUS_CHECK_INTERVAL)
                except queue.Empty:
                    continue
            if ready:
                self._raise_dead([living[s] for s in ready])
            if deadline is not None and time.monotonic() >= deadline:
                raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")

    def _raise_dead(self, dead: list[int]) -> None:
        for i in dead:
            self._mark_worker_as_unavailable(i)
        pids = ", ".join(str(self._workers[i].pid) for i in dead)
        raise RuntimeError(f"DataLoader worker (pid(s) {pids}) exited unexpectedly") from _cause(self._workers[dead[0]])

    def _next_data(self) -> Any:
        while True:
            while self._rcvd_idx < self._send_idx:
                info = self._task_info.get(self._rcvd_idx)
                if info is not None:
                    if len(info) == 2 or self._workers_status[info[0]]:
                        break
                    del self._task_info[self._rcvd_idx]  # of a worker whose share has ended
                self._rcvd_idx += 1
            else:
                if not self._persistent_workers:
                    self._shutdown_workers()
                raise StopIteration
            if len(self._task_info[self._rcvd_idx]) == 2:
                worker, data = self._task_info.pop(self._rcvd_idx)
                self._rcvd_idx += 1
                return self._process_data(data, worker)
            number, data = self._get_data()
            self._tasks_outstanding -= 1
            if isinstance(data, _IterableDatasetStopIteration):
                if self._persistent_workers:
                    self._workers_status[data.worker_id] = False
                else:
                    self._mark_worker_as_unavailable(data.worker_id)
                self._try_put_index()
                continue
            if number != self._rcvd_idx and self._in_order:
                self._task_info[number] += (data,)
                continue
            (worker,) = self._task_info.pop(number)
            if number == self._rcvd_idx:
                self._rcvd_idx += 1
            return self._process_data(data, worker)

    def _process_data(self, data: Any, worker: int) -> Any:
        self._workers_num_tasks[worker] -= 1
        self._try_put_index()
        if isinstance(data, ExceptionWrapper):
            data.reraise()
        return data

    # --- the end ------------------------------------------------------------------------------------------------------

    def _mark_worker_as_unavailable(self, worker: int) -> None:
        self._index_queues[worker].put(None)
        self._workers_status[worker] = False

    def _shutdown_workers(self) -> None:
        """End all workers, and wait until they have."""
        self._finalizer()


def _end(workers: list[Any], index_queues: list[Any], results: Any, done: Any, owner: int) -> None:
    """End workers and close their queues. A process that was forked from their owner has copies, and leaves them alone."""
    if os.getpid() != owner:
        return
    try:
        done.set()
        for index_queue in index_queues:
            index_queue.put(None)
        for worker in workers:
            worker.join(timeout=MP_STATUS_CHECK_INTERVAL)
        for each in (*index_queues, results):
            each.cancel_join_thread()
            each.close()
    finally:
        for worker in workers:
            if worker.is_alive():
                worker.terminate()
                worker.join(timeout=MP_STATUS_CHECK_INTERVAL)


def _cause(worker: Any) -> RuntimeError:
    """How a worker ended."""
    worker.join(timeout=1)  # its end is there to be read a moment after its sentinel
    code = worker.exitcode
    if code is not None and code < 0:
        name = signal.strsignal(-code)
        return RuntimeError(f"DataLoader worker (pid {worker.pid}) is killed by signal: {name}. ")
    return RuntimeError(
        f"DataLoader worker (pid {worker.pid}) exited unexpectedly with exit code {code}. Details are lost due to "
        "multiprocessing. Rerunning with num_workers=0 may give better error trace."
    )
