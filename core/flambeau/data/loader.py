"""`DataLoader`: batches of a dataset, in the order and with the random draws of PyTorch.

Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

T_co = TypeVar("T_co", covariant=True)

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


def get_worker_info() -> None:
    """What a worker process knows of itself; None in the main process."""
    return


class _Endless(Sampler[None]):
    """The sampler of an iterable dataset, which needs no indices."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader(Generic[T_co]):
    """Iterates over a dataset in batches.

    Args:
        batch_size: samples in a batch; default 1; None gives single samples, not collated.
        shuffle: a new random order at each pass; default False.
        sampler, batch_sampler: which indices, or lists of indices, in place of `shuffle` and `batch_size`.
        num_workers: processes that load; more than 0 is not there yet: this process loads, and says so once.
        collate_fn: makes a batch of a list of samples; default `default_collate`.
        drop_last: leave out the last batch if it is not full; default False.
        generator: of the order and the base seed; default the default generator.
        pin_memory, timeout, worker_init_fn, multiprocessing_context, prefetch_factor, persistent_workers,
            pin_memory_device, in_order: of workers and CUDA; checked as PyTorch does and otherwise without effect.

    Raises:
        ValueError: arguments that exclude each other, or a changed attribute that is fixed.
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
        if multiprocessing_context is not None and num_workers == 0:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
                f"num_workers={num_workers}"
            )
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable:
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
            if self._iterable:
                order = _Endless()
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
        self._stated_length: int | None = None  # of an iterable dataset, once somebody asked
        self._initialized = True
        if num_workers > 0:
            _say_workers_are_missing(num_workers)

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

    def __iter__(self) -> Iterator[Any]:
        return _Pass(self)

    def __len__(self) -> int:
        if not self._iterable:
            sampler: Any = self.sampler if self.batch_sampler is None else self.batch_sampler
            return len(sampler)
        length = self._stated_length = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)


class _Pass(Iterator[Any]):
    """One pass over a loader."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self._loader = loader
        self._batched = loader.batch_sampler is not None
        self._indices = iter(loader.sampler if loader.batch_sampler is None else loader.batch_sampler)
        # Workers would be seeded from it; drawn without them too, as PyTorch does: what follows then draws the same.
        self._base_seed = draw_seed(loader.generator)
        self._samples = iter(loader.dataset) if loader._iterable else None
        self._ended = False
        self._count = 0

    def __len__(self) -> int:
        loader = self._loader
        sampler: Any = loader.sampler if loader.batch_sampler is None else loader.batch_sampler
        return len(sampler)

    def __next__(self) -> Any:
        loader = self._loader
        index = next(self._indices)
        data = self._next_samples(len(index) if self._batched else 0) if loader._iterable else self._fetch(index)
        batch = loader.collate_fn(data)
        self._count += 1
        if loader._iterable and loader._stated_length is not None and self._count > loader._stated_length:
            warnings.warn(
                f"Length of IterableDataset {loader.dataset} was reported to be {loader._stated_length}"
                f"(when accessing len(dataloader)), but {self._count} samples have been fetched. ",
                stacklevel=2,
            )
        return batch

    def _fetch(self, index: Any) -> Any:
        dataset: Any = self._loader.dataset
        if not self._batched:
            return dataset[index]
        if getattr(dataset, "__getitems__", None):
            return dataset.__getitems__(index)
        return [dataset[i] for i in index]

    def _next_samples(self, count: int) -> Any:
        assert self._samples is not None
        if self._ended:
            raise StopIteration
        if not count:
            return next(self._samples)
        samples = list(itertools.islice(self._samples, count))
        self._ended = len(samples) < count
        if not samples or (self._loader.drop_last and self._ended):
            raise StopIteration
        return samples


_said = False


def _say_workers_are_missing(count: int) -> None:
    global _said
    if not _said:
        _said = True
        warnings.warn(
            f"DataLoader(num_workers={count}): worker processes are not there yet, so this process loads the data "
            "(worker_init_fn is not called). Use num_workers=0 to load here without this warning.",
            stacklevel=3,
        )
