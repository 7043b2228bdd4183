"""`utils._pytree` and `utils.hooks`: containers taken apart and put together, handles of hooks, as torch."""

from __future__ import annotations

import importlib
import pickle
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from typing import Any

import pytest

Point = namedtuple("Point", "x y")

TREES: list[Any] = [
    3,
    None,
    (),
    [1, (2, [3]), {}],
    {"b": 1, "a": [2, None]},
    OrderedDict(z=1, y=(2,)),
    defaultdict(list, {"k": [1, 2]}),
    deque([1, [2]], maxlen=4),
    Point(1, [2, 3]),
]


def pytree(t: Any) -> Any:
    return importlib.import_module(f"{t.__name__}.utils._pytree")


@pytest.mark.parametrize("tree", TREES, ids=str)
def test_trees(tree: Any, same: Callable[..., None]) -> None:
    def walk(t: Any) -> Any:
        p = pytree(t)
        leaves, spec = p.tree_flatten(tree)
        doubled = p.tree_map(lambda x: None if x is None else x * 2, tree)
        back = p.tree_unflatten(leaves, spec)
        assert back == tree and type(back) is type(tree)
        return (
            leaves,
            p.tree_leaves(tree),
            repr(doubled),
            spec.num_leaves,
            spec.is_leaf(),
            spec == p.tree_structure(tree),
        )

    same(walk)


def test_more_of_trees(same: Callable[..., None]) -> None:
    def use(t: Any) -> Any:
        p = pytree(t)
        tree = {"a": t.ones(2), "b": [1, t.zeros(1)]}
        ways = {"a": [1, Point(2, 3)]}
        seen: list[Any] = []
        p.tree_map_(lambda x: seen.append(x), tree)
        only = p.tree_map_only(t.Tensor, lambda x: x + 1, tree)
        return (
            seen,
            only,
            p.tree_all(lambda x: x is not None, tree),
            p.tree_any(lambda x: x == 1, [0, 1]),
            p.tree_map(lambda x, y: x + y, [1, (2,)], [3, (4,)]),
            p.tree_leaves([1, (2, 3)], is_leaf=lambda x: isinstance(x, tuple)),
            [(p.keystr(path), p.key_get(ways, path)) for path, _ in p.tree_flatten_with_path(ways)[0]],
            p.tree_map_with_path(lambda path, x, y: (p.keystr(path), x + y), [1, (2,)], [3, (4,)]),
            p.tree_is_leaf([1]),
        )

    same(use)


def test_a_container_of_ones_own(same: Callable[..., None]) -> None:
    def use(t: Any) -> Any:
        p = pytree(t)

        class Pair:
            def __init__(self, a: Any, b: Any) -> None:
                self.a, self.b = a, b

        p.register_pytree_node(Pair, lambda x: ([x.a, x.b], None), lambda children, _: Pair(*children))
        made = p.tree_map(lambda x: x + 1, Pair(1, [2]))
        return type(made) is Pair, made.a, made.b, p.tree_leaves(Pair(1, Pair(2, 3)))

    same(use)


def test_handles_of_hooks(same: Callable[..., None]) -> None:
    def use(t: Any) -> Any:
        hooks = importlib.import_module(f"{t.__name__}.utils.hooks")
        table: OrderedDict[int, Any] = OrderedDict()
        handle = hooks.RemovableHandle(table)
        table[handle.id] = 1
        with hooks.RemovableHandle(table) as other:
            table[other.id] = 2
            inside = len(table)
        copy = pickle.loads(pickle.dumps(handle))
        handle.remove()
        handle.remove()
        return inside, len(table), copy.id == handle.id

    same(use)


def test_hooks_that_are_not_saved(same: Callable[..., None]) -> None:
    def use(t: Any) -> Any:
        hooks = importlib.import_module(f"{t.__name__}.utils.hooks")
        x = t.ones(1, requires_grad=True)
        x.register_hook(hooks.unserializable_hook(lambda g: g))
        hooks.warn_if_has_hooks(x)
        return True

    same(use)
