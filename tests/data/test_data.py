"""Datasets, samplers, collation and the loader: samples, order, random draws, warnings and errors, as torch's."""

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import flambeau

Library = Any
Make = Callable[[Library], Any]

Point = namedtuple("Point", ["x", "y"])


def data(t: Library) -> Any:
    return import_module(f"{t.__name__}.utils.data")


def pairs(t: Library, n: int = 10) -> Any:
    return data(t).TensorDataset(t.arange(n), t.arange(2.0 * n).reshape(n, 2))


def squares(t: Library, n: int = 10) -> Any:
    class Squares(data(t).Dataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return n

        def __getitem__(self, i: int) -> Any:
            return {"i": i, "square": float(i * i), "name": f"n{i}"}

    return Squares()


def stream(t: Library, n: int = 10, stated: int | None = None) -> Any:
    class Stream(data(t).IterableDataset):  # type: ignore[misc]
        def __iter__(self) -> Iterator[int]:
            return iter(range(n))

        def __repr__(self) -> str:
            return "Stream"

    if stated is not None:
        Stream.__len__ = lambda self: stated  # type: ignore[attr-defined]
    return Stream()


def passes(t: Library, loader: Any, count: int = 2) -> Any:
    """What some passes over a loader give, and the next random number, which shows how much was drawn."""
    return [list(loader) for _ in range(count)], t.rand(1)


LOADERS: dict[str, Make] = {
    "plain": lambda t: data(t).DataLoader(pairs(t)),
    "batches": lambda t: data(t).DataLoader(pairs(t), batch_size=4),
    "drop_last": lambda t: data(t).DataLoader(pairs(t), batch_size=4, drop_last=True),
    "shuffle": lambda t: data(t).DataLoader(pairs(t), batch_size=3, shuffle=True),
    "shuffle, positional": lambda t: data(t).DataLoader(squares(t), 3, True),
    "generator": lambda t: data(t).DataLoader(pairs(t), 3, True, generator=t.Generator().manual_seed(4)),
    "single samples": lambda t: data(t).DataLoader(squares(t), batch_size=None),
    "single samples, shuffled": lambda t: data(t).DataLoader(squares(t), batch_size=None, shuffle=True),
    "sampler": lambda t: data(t).DataLoader(pairs(t), sampler=[3, 1, 4, 1, 5], batch_size=2),
    "random sampler": lambda t: data(t).DataLoader(
        pairs(t), sampler=data(t).RandomSampler(range(10), replacement=True, num_samples=70), batch_size=16
    ),
    "subset sampler": lambda t: data(t).DataLoader(pairs(t), sampler=data(t).SubsetRandomSampler([2, 4, 6, 8])),
    "weighted sampler": lambda t: data(t).DataLoader(
        pairs(t), sampler=data(t).WeightedRandomSampler([0.1, 0.9, 0.4, 3.0], 12), batch_size=5
    ),
    "batch sampler": lambda t: data(t).DataLoader(pairs(t), batch_sampler=[[1, 2], [0], [7, 8, 9]]),
    "collate": lambda t: data(t).DataLoader(squares(t), 4, collate_fn=lambda batch: [s["i"] for s in batch]),
    "stream": lambda t: data(t).DataLoader(stream(t), batch_size=4),
    "stream, drop_last": lambda t: data(t).DataLoader(stream(t), batch_size=4, drop_last=True),
    "stream, single": lambda t: data(t).DataLoader(stream(t), batch_size=None),
    "a list": lambda t: data(t).DataLoader([(1, "a"), (2, "b"), (3, "c")], batch_size=2),
    "an array": lambda t: data(t).DataLoader(np.arange(6, dtype=np.float32).reshape(3, 2), batch_size=2),
    "subset": lambda t: data(t).DataLoader(data(t).Subset(pairs(t), [5, 2, 7]), batch_size=2),
    "all at once": lambda t: data(t).DataLoader(batched(t), batch_size=4),
}


def batched(t: Library) -> Any:
    class Batched(data(t).Dataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 6

        def __getitems__(self, indices: list[int]) -> Any:
            return [10 * i for i in indices]

    return Batched()


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in LOADERS.items()])
def test_passes(same: Callable[..., None], make: Make) -> None:
    same(lambda t: passes(t, make(t)))


@pytest.mark.parametrize("name", [n for n in LOADERS if not n.startswith("stream")])
def test_lengths(same: Callable[..., None], name: str) -> None:
    def code(t: Library) -> Any:
        loader = LOADERS[name](t)
        return len(loader), loader.batch_size, loader.drop_last, type(loader.sampler).__name__, loader.num_workers

    same(code)


def test_passes_interleave(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        loader = data(t).DataLoader(pairs(t, 4), shuffle=True)
        return [(a[0].item(), b[0].item()) for a in loader for b in loader], len(iter(loader))

    same(code)


def test_streams_of_a_stated_length(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        loader = data(t).DataLoader(stream(t, 5, stated=3), batch_size=None)
        other = data(t).DataLoader(stream(t, 5, stated=5), batch_size=2)
        return len(loader), list(loader), len(other), list(other)

    same(code)


def test_datasets(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        d = data(t)
        p, s = pairs(t, 4), squares(t, 3)
        joined = p + s
        stack, named = d.StackDataset(p, squares(t, 4)), d.StackDataset(a=p, b=squares(t, 4))
        subset = d.Subset(p, [3, 1])
        return (
            len(joined),
            [joined[i] for i in (0, 3, 4, 6, -1, -7)],
            joined.cumulative_sizes,
            joined.cummulative_sizes,
            stack[2],
            named[1],
            len(named),
            stack.__getitems__([0, 3]),
            named.__getitems__([1, 2]),
            list(d.ChainDataset([stream(t, 2), stream(t, 3)])),
            len(d.ChainDataset([stream(t, 2, 2), stream(t, 3, 3)])),
            list(stream(t, 2) + stream(t, 1)),
            subset[0],
            subset[[0, 1]],
            subset.__getitems__([1, 0]),
            p[1:3],
        )

    same(code)


def test_random_split(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        d = data(t)
        splits = [
            d.random_split(range(10), [3, 7]),
            d.random_split(range(10), [0.3, 0.3, 0.4]),
            d.random_split(range(11), [0.5, 0.25, 0.25], generator=t.Generator().manual_seed(42)),
            d.random_split(range(2), [0.1, 0.1, 0.8]),
        ]
        return [[list(part) for part in split] for split in splits], t.rand(1)

    same(code)


SAMPLERS: dict[str, Make] = {
    "sequential": lambda t: data(t).SequentialSampler(range(5)),
    "random": lambda t: data(t).RandomSampler(range(9)),
    "random, more": lambda t: data(t).RandomSampler(range(4), num_samples=10),
    "random, fewer": lambda t: data(t).RandomSampler(range(9), num_samples=4),
    "random, replaced": lambda t: data(t).RandomSampler(range(9), True, 40),
    "random, generator": lambda t: data(t).RandomSampler(range(9), generator=t.Generator().manual_seed(1)),
    "subset": lambda t: data(t).SubsetRandomSampler([9, 8, 7]),
    "weighted": lambda t: data(t).WeightedRandomSampler([0.5, 0.2, 0.3], 20),
    "weighted, not replaced": lambda t: data(t).WeightedRandomSampler([0.5, 0.2, 0.3, 0.9], 3, replacement=False),
    "batch": lambda t: data(t).BatchSampler(range(7), 3, False),
    "batch, drop": lambda t: data(t).BatchSampler(data(t).SequentialSampler(range(7)), 3, True),
    "batch, even": lambda t: data(t).BatchSampler(range(6), 3, True),
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in SAMPLERS.items()])
def test_samplers(same: Callable[..., None], make: Make) -> None:
    def code(t: Library) -> Any:
        sampler = make(t)
        return [list(sampler), list(sampler)], len(sampler), t.rand(1)

    same(code)


class Frozen(dict):  # type: ignore[type-arg]
    """A mapping that cannot be made from a mapping."""

    def __init__(self) -> None:
        super().__init__(a=1)


BATCHES: dict[str, Make] = {
    "tensors": lambda t: [t.ones(2), t.zeros(2)],
    "floats": lambda t: [1.5, 2.5],
    "ints": lambda t: [1, 2],
    "bools": lambda t: [True, False],
    "strings": lambda t: ["a", "b"],
    "bytes": lambda t: [b"a", b"b"],
    "tuples": lambda t: [(1, 2.0, "x"), (3, 4.0, "y")],
    "lists": lambda t: [[1, 2], [3, 4]],
    "dicts": lambda t: [{"a": 1, "b": [1, 2]}, {"a": 3, "b": [4, 5]}],
    "ordered": lambda t: [OrderedDict(b=1, a=2), OrderedDict(b=3, a=4)],
    "frozen": lambda t: [Frozen(), Frozen()],
    "named": lambda t: [Point(1, t.ones(1)), Point(2, t.zeros(1))],
    "arrays": lambda t: [np.ones((2, 2)), np.zeros((2, 2))],
    "float32 arrays": lambda t: [np.ones(2, dtype=np.float32)] * 2,
    "numpy numbers": lambda t: [np.float32(1.5), np.float32(2.5)],
    "numpy ints": lambda t: [np.int64(1), np.int64(2)],
    "numpy bools": lambda t: [np.bool_(True), np.bool_(False)],
    "numpy strings": lambda t: [np.str_("a"), np.str_("b")],
    "nested": lambda t: [([1], {"x": (1.0,)})] * 2,
    "ranges": lambda t: [range(2), range(2)],
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in BATCHES.items()])
def test_collate(same: Callable[..., None], make: Make) -> None:
    def code(t: Library) -> Any:
        joined, converted = data(t).default_collate(make(t)), data(t).default_convert(make(t))
        return joined, type(joined).__name__, converted, type(converted).__name__

    same(code)


def test_a_type_that_collate_is_taught() -> None:
    collate = import_module("flambeau.utils.data._utils.collate")

    class Interval:
        def __init__(self, low: int, high: int) -> None:
            self.bounds = low, high

    def joined(batch: list[Any], *, collate_fn_map: Any = None) -> Any:
        return flambeau.tensor([x.bounds for x in batch])

    table = {**collate.default_collate_fn_map, Interval: joined}
    result = collate.collate([(Interval(0, 1), 5), (Interval(2, 3), 6)], collate_fn_map=table)
    assert [r.tolist() for r in result] == [[[0, 1], [2, 3]], [5, 6]]


ERRORS: dict[str, Make] = {
    "workers": lambda t: data(t).DataLoader(pairs(t), num_workers=-1),
    "timeout": lambda t: data(t).DataLoader(pairs(t), timeout=-1),
    "prefetch": lambda t: data(t).DataLoader(pairs(t), prefetch_factor=2),
    "prefetch, negative": lambda t: data(t).DataLoader(pairs(t), num_workers=1, prefetch_factor=-2),
    "persistent": lambda t: data(t).DataLoader(pairs(t), persistent_workers=True),
    "context": lambda t: data(t).DataLoader(pairs(t), multiprocessing_context="fork"),
    "stream, shuffle": lambda t: data(t).DataLoader(stream(t), shuffle=True),
    "stream, sampler": lambda t: data(t).DataLoader(stream(t), sampler=[1]),
    "stream, batch sampler": lambda t: data(t).DataLoader(stream(t), batch_sampler=[[1]]),
    "sampler and shuffle": lambda t: data(t).DataLoader(pairs(t), shuffle=True, sampler=[1]),
    "batch sampler and size": lambda t: data(t).DataLoader(pairs(t), batch_size=2, batch_sampler=[[1]]),
    "no batch, drop_last": lambda t: data(t).DataLoader(pairs(t), batch_size=None, drop_last=True),
    "batch size 0": lambda t: data(t).DataLoader(pairs(t), batch_size=0),
    "batch size 1.5": lambda t: data(t).DataLoader(pairs(t), batch_size=1.5),
    "drop_last": lambda t: data(t).DataLoader(pairs(t), drop_last="yes"),
    "set": lambda t: setattr(data(t).DataLoader(pairs(t)), "batch_size", 3),
    "shuffle nothing": lambda t: data(t).DataLoader([], shuffle=True),
    "no getitem": lambda t: data(t).Dataset()[0],
    "no iter": lambda t: iter(data(t).IterableDataset()),
    "no length": lambda t: len(data(t).DataLoader(stream(t))),
    "tensor sizes": lambda t: data(t).TensorDataset(t.zeros(2), t.zeros(3)),
    "concat nothing": lambda t: data(t).ConcatDataset([]),
    "concat stream": lambda t: data(t).ConcatDataset([stream(t)]),
    "concat index": lambda t: data(t).ConcatDataset([range(3)])[-4],
    "chain": lambda t: list(data(t).ChainDataset([range(3)])),
    "stack nothing": lambda t: data(t).StackDataset(),
    "stack both": lambda t: data(t).StackDataset(range(2), a=range(2)),
    "stack sizes": lambda t: data(t).StackDataset(range(2), range(3)),
    "split": lambda t: data(t).random_split(range(3), [1, 1]),
    "split, fraction": lambda t: data(t).random_split(range(3), [1.5, -0.5]),
    "random sampler, replacement": lambda t: data(t).RandomSampler(range(3), replacement=1),
    "random sampler, number": lambda t: data(t).RandomSampler(range(3), num_samples=0),
    "weighted, number": lambda t: data(t).WeightedRandomSampler([1.0], True),
    "weighted, replacement": lambda t: data(t).WeightedRandomSampler([1.0], 1, 1),
    "weighted, matrix": lambda t: data(t).WeightedRandomSampler(t.zeros(2, 2), 1),
    "collate, object": lambda t: data(t).default_collate([object()]),
    "collate, None": lambda t: data(t).default_collate([None]),
    "collate, lengths": lambda t: data(t).default_collate([[1], [1, 2]]),
    "collate, shapes": lambda t: data(t).default_collate([t.zeros(2), t.zeros(3)]),
    "collate, text array": lambda t: data(t).default_collate([np.array(["a"])]),
    "subset subclass": lambda t: half_subset(t),
}


def half_subset(t: Library) -> Any:
    class Half(data(t).Subset):  # type: ignore[misc]
        def __getitem__(self, i: int) -> Any:
            return 0

    return Half([1, 2], [0])


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Make) -> None:
    same(code, fails=True)


def test_without_processes_this_one_loads_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loader = import_module("flambeau.data.loader")
    monkeypatch.setattr(loader, "_said", False)
    monkeypatch.setattr(loader, "_HAS_PROCESSES", False)
    first, second = (loader.DataLoader(range(4), 2, num_workers=2, persistent_workers=True) for _ in range(2))
    with pytest.warns(UserWarning, match="there are no processes"):
        batches = list(first)
    assert (
        [b.tolist() for b in batches] == [b.tolist() for b in second] == [[0, 1], [2, 3]]
    )  # a second warning would be an error


def test_names_of_torch() -> None:
    from flambeau.utils.data._utils.collate import default_collate as same_collate
    from flambeau.utils.data._utils.worker import get_worker_info
    from flambeau.utils.data.dataloader import DataLoader, default_collate
    from flambeau.utils.data.dataset import Dataset
    from flambeau.utils.data.distributed import DistributedSampler
    from flambeau.utils.data.sampler import Sampler, SubsetRandomSampler

    assert DataLoader is flambeau.utils.data.DataLoader
    assert same_collate is default_collate
    assert get_worker_info is flambeau.utils.data.get_worker_info
    assert DistributedSampler is flambeau.utils.data.DistributedSampler
    assert default_collate is flambeau.utils.data.default_collate
    assert issubclass(SubsetRandomSampler, Sampler)
    assert Dataset[int] is not None
    assert flambeau.utils.data.get_worker_info() is None
