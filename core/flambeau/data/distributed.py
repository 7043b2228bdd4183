"""`DistributedSampler`: each of several processes its own part of the indices."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from .. import ops
from ..random import Generator
from .sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """Every `num_replicas`-th index from the `rank`-th on, of all indices in an order that all processes share.

    Args:
        num_replicas, rank: how many processes there are, and which this is; default those of the process group.
        shuffle: a random order, another for each `set_epoch`; default True.
        seed: of the order, the same in all processes; default 0.
        drop_last: leave out indices so that all have as many, instead of repeating some; default False.

    Raises:
        ValueError: a rank that is not among 0 ... num_replicas - 1.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            group = _process_group()
            num_replicas = int(group.get_world_size()) if num_replicas is None else num_replicas
            rank = int(group.get_rank()) if rank is None else rank
        if rank >= num_replicas or rank < 0:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        size = len(dataset)
        if drop_last and size % num_replicas != 0:
            size -= num_replicas
        self.num_samples = math.ceil(size / num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[int]:
        size = len(self.dataset)
        if self.shuffle:
            generator = Generator()
            generator.manual_seed(self.seed + self.epoch)
            indices = ops.randperm(size, generator=generator).tolist()
        else:
            indices = list(range(size))
        if not self.drop_last and indices:
            indices *= math.ceil(self.total_size / size)
        indices = indices[: self.total_size]
        if len(indices) != self.total_size:
            raise AssertionError(f"Number of indices ({len(indices)}) does not match total_size ({self.total_size})")
        return iter(indices[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose another order for the next pass, the same in all processes."""
        self.epoch = epoch


def _process_group() -> Any:
    """`torch.distributed`, which knows how many processes there are.

    Raises:
        RuntimeError: there is no such package here.
    """
    import importlib

    try:
        group: Any = importlib.import_module(f"{__package__.partition('.')[0]}.distributed")
    except ModuleNotFoundError:
        group = None
    if group is None or not group.is_available():
        raise RuntimeError("Requires distributed package to be available")
    return group
