"""Arrays that lie in others: the operands of a join are written into it by the kernels that make them.

A *place* is a region of another array: (which, strides, offset) for the coordinates of what lies there. What lies in a
join that itself lies in a join is at the sum of both. An array may be written to several places; the first is where it
is read, unless it has a buffer of its `own` as well.
"""

from __future__ import annotations

from ..lazy import PACK
from ..regions import Strides, compose, contiguous_strides
from .graph import Graph, Ref

Place = tuple[Ref, Strides, int]


class Places:
    """Where the arrays of a flush lie, as far as that is not in a buffer of their own."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.of: dict[Ref, list[Place]] = {}
        self.own: set[Ref] = set()
        self.parts: dict[Ref, list[Ref]] = {}  # of a join: what others write into it
        self.rest: dict[Ref, list[int]] = {}  # of a join: the positions of operands that it has to copy
        self.strided: dict[Ref, list[Ref]] = {}  # of an array: its views that must stay (strides, offset)

    def location(self, ref: Ref) -> Place:
        """The buffer in which a stored array lies, and how."""
        places = self.of.get(ref)
        if places is None or ref in self.own:
            return ref, contiguous_strides(self.graph.shape(ref)), 0
        return self._composed(ref, places[0])

    def targets(self, ref: Ref) -> list[Place]:
        """All places that a kernel that makes the array writes it to."""
        own = [self.location(ref)] if ref in self.own or ref not in self.of else []
        return [*own, *(self._composed(ref, place) for place in self.of.get(ref, ()))]

    def is_apart(self, ref: Ref) -> bool:
        """Whether an array is written to a buffer of its own, and nowhere else."""
        return [where for where, _, _ in self.targets(ref)] == [ref]

    def resolve(self, ref: Ref) -> Place | None:
        """A view as a region of the buffer in which its root lies; None where one triple cannot say it."""
        seen = self.graph.resolve(ref)
        if seen is None or seen[0] not in self.of:
            return seen
        root, strides, offset = seen
        where, outer, start = self.location(root)
        composed = compose(self.graph.shape(ref), strides, offset, self.graph.shape(root), outer, start)
        return None if composed is None else (where, *composed)

    def _composed(self, ref: Ref, place: Place) -> Place:
        join, strides, offset = place
        where, outer, start = self.location(join)
        if where == join:
            return place
        seen = compose(self.graph.shape(ref), strides, offset, self.graph.shape(join), outer, start)
        assert seen is not None, "`fits` has checked it"
        return where, *seen

    def fits(self, ref: Ref, strides: Strides, offset: int) -> bool:
        """Whether all that reads the array, or lies in it, could do so if it lay at such a region."""
        graph, shape = self.graph, self.graph.shape(ref)
        if self.rest.get(ref) and strides != contiguous_strides(shape):
            return False
        for view in self.strided.get(ref, ()):
            seen = (view, contiguous_strides(shape), 0) if view == ref else graph.resolve(view)
            assert seen is not None
            if compose(graph.shape(view), seen[1], seen[2], shape, strides, offset) is None:
                return False
        for part in self.parts.get(ref, ()):
            for number, (join, inner, start) in enumerate(self.of[part]):
                if join == ref:
                    place = compose(graph.shape(part), inner, start, shape, strides, offset)
                    read_there = number == 0 and part not in self.own
                    if place is None or (read_there and not self.fits(part, *place)):
                        return False
        return True


def join_regions(graph: Graph, ref: Ref) -> list[tuple[Strides, int]]:
    """For each operand of a join, (strides, offset) in the join for the operand's coordinates."""
    x = graph.arrays[ref]
    shapes = [graph.shape(arg) for arg in graph.args[ref]]
    if x.op is PACK:
        return [(contiguous_strides(shape), start) for shape, start in zip(shapes, x.attr, strict=True)]
    strides = contiguous_strides(x.shape)
    regions, start = [], 0
    for shape in shapes:
        regions.append((strides, start * strides[x.attr]))
        start += shape[x.attr]
    return regions
