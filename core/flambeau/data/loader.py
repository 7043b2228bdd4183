"""`DataLoader`: batches of a dataset, in the order and with the random draws of PyTorch.

Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
"""

from __future__ import annotations

import itertools
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset
from .failure import ExceptionWrapper as ExceptionWrapper
from .fetch import _DatasetKind
from .iterators import _BaseDataLoaderIter, _SingleProcessDataLoaderIter
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler
from .worker import get_worker_info

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

T_co = TypeVar("T_co", covariant=True)

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _InfiniteConstantSampler(Sampler[None]):
    """The sampler of an iterable dataset, which needs no indices."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader(Generic[T_co]):
    """Iterates over a dataset in batches.

    Args:
        batch_size: samples in a batch; default 1; None gives single samples, not collated.
        shuffle: a new random order at each pass; default False.
        sampler, batch_sampler: which indices, or lists of indices, in place of `shuffle` and `batch_size`.
        num_workers: processes that load; default 0, this one. Where there are no processes, this one too, with a warning.
        collate_fn: makes a batch of a list of samples; default `default_collate`.
        drop_last: leave out the last batch if it is not full; default False.
        generator: of the order and the base seed; default the default generator.
        timeout: seconds to wait for a batch of the workers; default 0, forever.
        worker_init_fn: called in each worker with its number, after its seeds are set to the base seed plus that.
        multiprocessing_context: how workers are started; "fork", "spawn", "forkserver" or a context.
        prefetch_factor: batches that each worker is ahead; default 2.
        persistent_workers: keep the workers for the next pass; default False.
        in_order: batches in the order of the indices, not as they are ready; default True.
        pin_memory, pin_memory_device: accepted; there is no memory to pin.

    Raises:
        ValueError: arguments that exclude each other, or a changed attribute that is fixed.
        RuntimeError: in a pass: a worker has died, or nothing came within `timeout`.
    """

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        if num_workers == 0 and prefetch_factor is not None:
            raise ValueError(
                "prefetch_factor option could only be specified in multiprocessing."
                "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
            )
        if prefetch_factor is not None and prefetch_factor < 0:
            raise ValueError("prefetch_factor option should be non-negative")
        if persistent_workers and num_workers == 0:
            raise ValueError("persistent_workers option needs num_workers > 0")
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self._dataset_kind = _DatasetKind.Iterable if isinstance(dataset, IterableDataset) else _DatasetKind.Map
        if self._dataset_kind == _DatasetKind.Iterable:
            self._refuse_order(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
            drop_last = False
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        order: Any = sampler
        if order is None:
            if self._dataset_kind == _DatasetKind.Iterable:
                order = _InfiniteConstantSampler()
            elif shuffle:
                order = RandomSampler(dataset, generator=generator)  # type: ignore[arg-type]
            else:
                order = SequentialSampler(dataset)  # type: ignore[arg-type]
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(order, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = order
        self.batch_sampler = batch_sampler
        self.generator = generator
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self.persistent_workers = persistent_workers
        self._IterableDataset_len_called: int | None = None  # what `len` gave, for a warning where more comes
        self._iterator: Any = None  # of persistent workers
        self._initialized = True
        self.check_worker_number_rationality()

    @staticmethod
    def _refuse_order(shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
        if shuffle not in (False, None):
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle={shuffle}"
            )
        if sampler is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified sampler option, but got sampler={sampler}"
            )
        if batch_sampler is not None:
            raise ValueError(
                "DataLoader with IterableDataset: expected unspecified "
                f"batch_sampler option, but got batch_sampler={batch_sampler}"
            )

    def __setattr__(self, attr: str, value: Any) -> None:
        if attr in _FIXED and self.__dict__.get("_initialized"):
            raise ValueError(f"{attr} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(attr, value)

    @property
    def multiprocessing_context(self) -> Any:
        """How workers are started; None is Python's default."""
        return self._multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, value: Any) -> None:
        if value is not None:
            value = _checked_context(value, self.num_workers)
        self._multiprocessing_context = value

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def _get_iterator(self) -> _BaseDataLoaderIter:
        if self.num_workers == 0:
            return _SingleProcessDataLoaderIter(self)
        if not _HAS_PROCESSES:
            _say_there_are_no_processes(self.num_workers)
            return _SingleProcessDataLoaderIter(self)
        self.check_worker_number_rationality()
        from .processes import _MultiProcessingDataLoaderIter

        return _MultiProcessingDataLoaderIter(self)

    def __iter__(self) -> Iterator[Any]:
        if not (self.persistent_workers and self.num_workers > 0 and _HAS_PROCESSES):
            return self._get_iterator()
        if self._iterator is None:
            self._iterator = self._get_iterator()
        else:
            self._iterator._reset(self)
        iterator: Iterator[Any] = self._iterator
        return iterator

    def check_worker_number_rationality(self) -> None:
        """Warn of more workers than there are processors."""
        if not self.num_workers or not _HAS_PROCESSES:
            return
        counted = hasattr(os, "sched_getaffinity")
        most = len(os.sched_getaffinity(0)) if counted else os.cpu_count()
        if most is not None and self.num_workers <= most:
            return
        suggestion = "DataLoader is not able to compute a suggested max number of worker in current system."
        if most is not None:
            suggestion = (
                f"Our suggested max number of worker in current system is {most}"
                f"{'' if counted else ' (`cpuset` is not taken into account)'}, which is smaller "
                "than what this DataLoader is going to create."
            )
        warnings.warn(
            f"This DataLoader will create {self.num_workers} worker processes in total. {suggestion} "
            "Please be aware that excessive worker creation might get DataLoader running slow or even freeze, "
            "lower the worker number to avoid potential slowness/freeze if necessary.",
            stacklevel=2,
        )

    def __len__(self) -> int:
        if self._dataset_kind == _DatasetKind.Map:
            return len(self._index_sampler)
        length = self._IterableDataset_len_called = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)


def __getattr__(name: str) -> Any:
    if name == "_MultiProcessingDataLoaderIter":
        from .processes import _MultiProcessingDataLoaderIter

        return _MultiProcessingDataLoaderIter
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


_HAS_PROCESSES = sys.platform not in ("emscripten", "wasi")
_said = False


def _say_there_are_no_processes(count: int) -> None:
    global _said
    if not _said:
        _said = True
        warnings.warn(
            f"DataLoader(num_workers={count}): there are no processes on {sys.platform}, so this one loads the data "
            "(worker_init_fn is not called).",
            stacklevel=4,
        )


def _checked_context(value: Any, num_workers: int) -> Any:
    if num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            f"num_workers={num_workers}"
        )
    import multiprocessing
    from multiprocessing.context import BaseContext

    if isinstance(value, str):
        known = multiprocessing.get_all_start_methods()
        if value not in known:
            raise ValueError(
                f"multiprocessing_context option should specify a valid start method in {known!r}, but got "
                f"multiprocessing_context={value!r}"
            )
        value = multiprocessing.get_context(value)
    if not isinstance(value, BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the start method, "
            f"but got multiprocessing_context={value}"
        )
    return value
