"""Many small products as one large one: what a loop over time steps leaves behind.

Three patterns, found once per plan:

- A sum of products, `a₁ᵀ b₁ + a₂ᵀ b₂ + ...` (the gradient of a weight that was used in every step), is one product of the
  stacked operands; a sum of sums over rows (of a bias) is one sum.
- Products with the same right operand, none of which needs another's result (the input of every step times its weight),
  are one product of the stacked left operands.
- A concatenation of what already lies side by side is a view.

Operands are stacked by a join, into which the kernels that make them write (`places.py`), or where they lie one after the
other already by a view. The graph is changed in place: arrays that do not exist for anybody else are added behind those of
the queue, and some of the queue's are replaced for as long as the plan is made.
"""

from __future__ import annotations

from collections import defaultdict
from math import prod
from typing import TYPE_CHECKING, Any

from ..lazy import ARRAYS, BINARY, CONCAT, MATMUL, REDUCE, VIEW, LazyArray, Op
from ..regions import Shape, Strides, contiguous_strides

if TYPE_CHECKING:
    from .graph import Graph, Ref

FEWEST = 3  # operands from which stacking pays

MOST = 1 << 24  # elements of a stack: no one buffer should have to hold more

Part = tuple[int, int, int]  # rows that lie one after the other: in which array, from where, how many


def combine(graph: Graph) -> None:
    """Find the patterns in a graph that is about to be analysed, and change it."""
    _Combination(graph).run()


class _Combination:
    """One pass over a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.added: list[LazyArray] = []
        self.added_args: list[tuple[Ref, ...]] = []
        self.replaced: dict[Ref, tuple[LazyArray, tuple[Ref, ...]]] = {}
        self.stacks: dict[tuple[Part, ...], Ref] = {}
        self.readers: defaultdict[Ref, list[Ref]] = defaultdict(list)
        for ref in range(graph.count):
            for arg in graph.args[ref]:
                self.readers[arg].append(ref)

    def run(self) -> None:
        graph = self.graph
        adds = [ref for ref in range(graph.count) if self._op(ref) is BINARY["add"]]
        inner = {arg for ref in adds for arg in graph.args[ref] if self._continues(arg, ref)}
        for ref in adds:
            if ref not in inner:
                self._sum(ref)
        by_right: defaultdict[Any, list[Ref]] = defaultdict(list)
        for ref in range(graph.count):
            if self._op(ref) is MATMUL and ref not in self.replaced and len(graph.shape(ref)) == 2:
                right = graph.resolve(graph.args[ref][1])
                if right is not None:
                    by_right[right, graph.shape(ref)].append(ref)
        for products in by_right.values():
            self._side_by_side(products)
        if self.replaced:
            graph.extend(self.added, self.added_args, self.replaced)
            self._views_of_neighbours()

    def _op(self, ref: Ref) -> Op:
        return self.graph.arrays[ref].op

    # --- sums of products

    def _continues(self, ref: Ref, reader: Ref) -> bool:
        """Whether an addend is a sum that goes on in its only reader."""
        graph = self.graph
        return (
            ref >= 0
            and self._op(ref) is BINARY["add"]
            and not graph.live[ref]
            and graph.arrays[ref].attr == graph.arrays[reader].attr == ARRAYS
            and graph.shape(ref) == graph.shape(reader)
            and self.readers[ref] == [reader]
        )

    def _sum(self, total: Ref) -> None:
        graph = self.graph
        if graph.arrays[total].attr != ARRAYS or len(graph.shape(total)) not in (1, 2):
            return
        terms: list[Ref] = []
        pending = [(total, arg) for arg in graph.args[total]]
        while pending:
            reader, ref = pending.pop()
            if self._continues(ref, reader):
                pending += [(ref, arg) for arg in graph.args[ref]]
            else:
                terms.append(ref)
        if len(terms) < FEWEST or any(
            ref < 0 or graph.live[ref] or len(self.readers[ref]) != 1 or graph.shape(ref) != graph.shape(total)
            for ref in terms
        ):
            return
        x = graph.arrays[total]
        if all(self._op(ref) is MATMUL for ref in terms):
            pairs = [
                (left, right)
                for ref in terms
                if (left := self._rows(graph.args[ref][0], True)) and (right := self._rows(graph.args[ref][1], False))
            ]
            if len(pairs) < len(terms) or sum(left[2] for left, _ in pairs) * max(x.shape) > MOST:
                return
            lefts, rights = self._in_order(pairs)
            stacked = self._stack(lefts, x.shape[0], x)
            turned = self._add(VIEW, (stacked,), ((1, x.shape[0]), 0), self._shape(stacked)[::-1], x)
            self._replace(total, MATMUL, (turned, self._stack(rights, x.shape[1], x)), None)
        elif all(self._op(ref) is REDUCE and graph.arrays[ref].attr == ("sum", (0,)) for ref in terms):
            sources = [source for ref in terms if (source := self._rows(graph.args[ref][0], False))]
            if len(sources) < len(terms) or sum(source[2] for source in sources) * x.shape[0] > MOST:
                return
            lefts, _ = self._in_order([(source, source) for source in sources])
            self._replace(total, REDUCE, (self._stack(lefts, x.shape[0], x),), ("sum", (0,)))

    def _rows(self, ref: Ref, turned: bool) -> Part | None:
        """A matrix whose rows (columns, if `turned`) lie one after the other: in which array, from where, how many."""
        graph = self.graph
        shape = graph.shape(ref)
        seen = graph.resolve(ref)
        if len(shape) != 2 or seen is None or (graph.is_full(seen[0]) and graph.shape(seen[0]) != shape):
            return None
        root, strides, offset = seen
        count, width = shape[::-1] if turned else shape
        step, one = strides[::-1] if turned else strides
        if (
            (count > 1 and step != width)
            or (width > 1 and one != 1)
            or graph.arrays[root].dtype is not graph.arrays[ref].dtype
        ):
            return None
        return root, offset, count

    def _in_order(self, pairs: list[tuple[Part, Part]]) -> tuple[list[Part], list[Part]]:
        """The pairs in the order in which their second operands lie, else in that of time (a backward pass runs back)."""
        orders = [sorted(pairs, key=lambda pair: (pair[0][0], pair[0][1]), reverse=back) for back in (True, False)]
        for order in orders:
            if _neighbours([right for _, right in order]):
                break
        else:
            known = [order for order in orders if tuple(left for left, _ in order) in self.stacks]
            order = (known or orders)[0]
        return [left for left, _ in order], [right for _, right in order]

    def _stack(self, parts: list[Part], width: int, like: LazyArray) -> Ref:
        """Rows of several arrays as one matrix."""
        known = self.stacks.get(tuple(parts))
        if known is None:
            count = sum(rows for _, _, rows in parts)
            if _neighbours(parts, width):
                root, offset, _ = parts[0]
                known = self._add(VIEW, (root,), ((width, 1), offset), (count, width), like)
            else:
                views = []
                for root, offset, rows in parts:
                    if offset == 0 and self.graph.shape(root) == (rows, width):
                        views.append(root)
                    else:
                        views.append(self._add(VIEW, (root,), ((width, 1), offset), (rows, width), like))
                known = self._add(CONCAT, tuple(views), 0, (count, width), like)
            self.stacks[tuple(parts)] = known
        return known

    # --- products side by side

    def _side_by_side(self, products: list[Ref]) -> None:
        graph = self.graph
        products = [ref for ref in products if not self._is_held(ref)]
        pairs = [(part, ref) for ref in products if (part := self._rows(graph.args[ref][0], False))]
        if len(products) < FEWEST or len(pairs) < len(products) or self._depend(products):
            return
        orders = [sorted(pairs, reverse=back) for back in (False, True)]
        order = next((o for o in orders if tuple(part for part, _ in o) in self.stacks), None)
        width = graph.shape(graph.args[products[0]][0])[1]
        if order is None:
            order = next((o for o in orders if _neighbours([part for part, _ in o], width)), None)
        if order is None:  # (stacking them would be worth it only if their kernels wrote them there)
            if any(part[0] < 0 for part, _ in pairs):
                return
            order = orders[0]
        like = graph.arrays[products[0]]
        columns = like.shape[1]
        if sum(part[2] for part, _ in order) * max(width, columns) > MOST:
            return
        left = self._stack([part for part, _ in order], width, like)
        rows = self._shape(left)[0]
        whole = self._add(MATMUL, (left, graph.args[products[0]][1]), None, (rows, columns), like)
        start = 0
        for _, ref in order:
            self._replace(ref, VIEW, (whole,), ((columns, 1), start * columns))
            start += graph.shape(ref)[0]

    def _is_held(self, ref: Ref) -> bool:
        """Whether anybody holds an array or a view of it."""
        graph = self.graph
        return graph.live[ref] or any(
            self._op(reader) is VIEW and self._is_held(reader) for reader in self.readers[ref]
        )

    def _depend(self, products: list[Ref]) -> bool:
        """Whether one of the products needs another's result, be it through products that already lie side by side."""
        members = set(products)
        pending = [arg for ref in products for arg in self.graph.args[ref]]
        seen: set[Ref] = set()
        while pending:
            ref = pending.pop()
            if ref in members:
                return True
            if ref >= 0 and ref not in seen:
                seen.add(ref)
                pending += self._args(ref)
        return False

    # --- concatenations of neighbours

    def _views_of_neighbours(self) -> None:
        graph = self.graph
        for ref in range(graph.count):
            x = graph.arrays[ref]
            if x.op is not CONCAT or x.attr != 0 or graph.live[ref]:
                continue
            regions = []
            for arg in graph.args[ref]:
                seen = graph.resolve(arg)
                if seen is None or not _is_contiguous(graph.shape(arg), seen[1]):
                    break
                regions.append((seen[0], seen[2], prod(graph.shape(arg))))
            else:
                if _neighbours(regions, 1) and graph.arrays[regions[0][0]].dtype is x.dtype and not self._is_held(ref):
                    root, offset, _ = regions[0]
                    view = LazyArray(VIEW, (), (contiguous_strides(x.shape), offset), (), x.shape, x.dtype)
                    graph.replace({ref: (view, (root,))})

    # --- changing the graph

    def _add(self, op: Op, args: tuple[Ref, ...], attr: Any, shape: Shape, like: LazyArray) -> Ref:
        self.added.append(LazyArray(op, (), attr, (), shape, like.dtype))
        self.added_args.append(args)
        return self.graph.count + len(self.added) - 1

    def _replace(self, ref: Ref, op: Op, args: tuple[Ref, ...], attr: Any) -> None:
        x = self.graph.arrays[ref]
        self.replaced[ref] = (LazyArray(op, (), attr, (), x.shape, x.dtype), args)

    def _args(self, ref: Ref) -> tuple[Ref, ...]:
        if ref >= self.graph.count:
            return self.added_args[ref - self.graph.count]
        return self.replaced[ref][1] if ref in self.replaced else self.graph.args[ref]

    def _shape(self, ref: Ref) -> Shape:
        return self.added[ref - self.graph.count].shape if ref >= self.graph.count else self.graph.shape(ref)


def _neighbours(parts: list[Part], width: int | None = None) -> bool:
    """Whether regions (which, from where, how many rows) lie one after the other in one array."""
    first = parts[0]
    at = first[1]
    if width is None:
        if len(parts) < 2 or parts[0][2] == 0:
            return False
        width = (parts[1][1] - first[1]) // first[2]
        if width <= 0:
            return False
    for root, offset, rows in parts:
        if root != first[0] or offset != at:
            return False
        at += rows * width
    return True


def _is_contiguous(shape: Shape, strides: Strides) -> bool:
    return all(
        size == 1 or stride == own for size, stride, own in zip(shape, strides, contiguous_strides(shape), strict=True)
    )
