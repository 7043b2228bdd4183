"""What becomes one kernel, while it is decided."""

from __future__ import annotations

from .graph import Graph, Ref
from .space import Space


class Group:
    """Arrays that one kernel computes."""

    __slots__ = (
        "ancestors", "anchor", "bits", "depended_on", "leaves", "nodes", "numel", "open", "reductions", "space", "wide",
    )  # fmt: skip

    def __init__(self, number: int, numel: int, anchor: Ref | None) -> None:
        self.bits = 1 << number
        self.ancestors = 0
        self.numel = numel
        self.anchor = anchor  # the reduction, assignment or hand-written kernel that it starts with
        self.nodes: list[Ref] = []
        self.leaves: set[Ref] = set()  # buffers of others that it reads
        self.open: set[Ref] = (
            set()
        )  # of a kernel with an anchor: what nobody in it has read yet, so that it may be stored yet
        self.depended_on = False
        self.space: Space | None = None  # of a row kernel; `numel` is then the number of rows
        self.reductions: list[Ref] = []
        self.wide: set[Ref] = set()  # of a row kernel: what has a value for each element, not for each row

    def depths(self, graph: Graph, reductions: list[Ref]) -> dict[Ref, int]:
        """After how many of these of its reductions, one after the other, each of its arrays is known."""
        depths: dict[Ref, int] = {}
        for ref in sorted(self.nodes):
            operands = [depths.get(graph.root[arg], 0) for arg in graph.args[ref]]
            depths[ref] = max(operands, default=0) + (ref in reductions)
        return depths
