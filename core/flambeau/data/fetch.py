"""Samples of a dataset, collated: by key, or as they come."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from .._tensor import Tensor
from .collate import collate_tensor_fn, default_collate, default_collate_fn_map
from .dataset import Subset, TensorDataset


class _DatasetKind:
    """The two kinds of datasets, and what fetches from each."""

    Map = 0
    Iterable = 1

    @staticmethod
    def create_fetcher(
        kind: int, dataset: Any, auto_collation: bool, collate_fn: Callable[[Any], Any], drop_last: bool
    ) -> _Fetcher:
        made = _MapDatasetFetcher if kind == _DatasetKind.Map else _IterableDatasetFetcher
        return made(dataset, auto_collation, collate_fn, drop_last)


class _Fetcher:
    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Callable[[Any], Any], drop_last: bool) -> None:
        self.dataset = dataset
        self.auto_collation = auto_collation
        self.collate_fn = collate_fn
        self.drop_last = drop_last

    def fetch(self, possibly_batched_index: Any) -> Any:
        """The samples at an index, or at a list of indices, collated."""
        raise NotImplementedError


class _MapDatasetFetcher(_Fetcher):
    """Asks for each index, or for all of a batch at once where the dataset has `__getitems__`."""

    def fetch(self, possibly_batched_index: Any) -> Any:
        dataset = self.dataset
        if not self.auto_collation:
            return self.collate_fn(dataset[possibly_batched_index])
        if self.collate_fn is default_collate and default_collate_fn_map.get(Tensor) is collate_tensor_fn:
            batch = _rows(dataset, possibly_batched_index)
            if batch is not None:
                return batch
        if getattr(dataset, "__getitems__", None):
            return self.collate_fn(dataset.__getitems__(possibly_batched_index))
        return self.collate_fn([dataset[i] for i in possibly_batched_index])


def _rows(dataset: Any, indices: Any) -> list[Tensor] | None:
    """The batch of a `TensorDataset`, or of a `Subset` of one, without a tensor for each sample; None for all others."""
    while type(dataset) is Subset:
        try:
            indices = [dataset.indices[i] for i in indices]
        except (TypeError, IndexError):
            return None
        dataset = dataset.dataset
    if type(dataset) is not TensorDataset or not indices or any([type(i) is not int for i in indices]):  # noqa: C419
        return None
    tensors = dataset.tensors
    if any([type(t) is not Tensor or t.requires_grad for t in tensors]):  # noqa: C419
        return None
    return [t[indices] for t in tensors]


class _IterableDatasetFetcher(_Fetcher):
    """Takes the next sample, or as many as the batch has indices."""

    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Callable[[Any], Any], drop_last: bool) -> None:
        super().__init__(dataset, auto_collation, collate_fn, drop_last)
        self.dataset_iter = iter(dataset)
        self.ended = False

    def fetch(self, possibly_batched_index: Any) -> Any:
        if self.ended:
            raise StopIteration
        if not self.auto_collation:
            return self.collate_fn(next(self.dataset_iter))
        count = len(possibly_batched_index)
        samples = list(itertools.islice(self.dataset_iter, count))
        self.ended = len(samples) < count
        if not samples or (self.drop_last and self.ended):
            raise StopIteration
        return self.collate_fn(samples)
