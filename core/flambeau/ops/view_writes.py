"""What autograd does about a write to a view: the base gets a node, and every view of it another edge.

Source: https://docs.pytorch.org/docs/stable/notes/autograd.html#in-place-operations-with-autograd
"""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor, gradient_edge
from ..autograd import node as graph
from ..autograd.node import Node
from ..backends.protocol import Array
from ..shape import contiguous_strides
from .op import op
from .views import ViewNode, as_strided_backward, embed, geometry_of, read_region


class CopySlices(Node):
    """The node of a base after one of its views was written to: the region's gradient goes to what was written."""

    __slots__ = ("geometry", "region")

    region: Any  # on the elements of the base; on its storage, where those are not in C order
    geometry: Any  # of the base then, else None

    def backward(self, grad: Any, wanted: tuple[bool, ...] | None) -> tuple[Tensor | None, ...]:
        if self.geometry is None:
            return erase(grad, self.region), read_region(grad, self.region).clone()
        *base, elements = self.geometry
        whole = embed(grad, (elements,), tuple(base))
        rest = read_region(erase(whole, self.region), base)
        return rest.clone(), read_region(whole, self.region).clone()


@op(input=lambda g, region: erase(g, region))
def erase(be: Any, input: Array, region: Any) -> Any:
    """A copy of `input` with zeros in a region."""
    return be.assign(be.copy(input), region, 0)


def rebase(written: Tensor, result: Tensor) -> None:
    """Give a tensor that was overwritten with `result` the history of `result`; through its base, if it is a view."""
    edge = gradient_edge(result)
    base = written._base
    if base is None:
        written._node = None if edge is None else result._node
        written._output_nr = result._output_nr
        written._requires_grad = True
        return
    node = CopySlices((gradient_edge(base), edge))
    strides, offset = written._view or (contiguous_strides(written._shape), 0)
    node.geometry = None if base.is_contiguous() else geometry_of(base)
    node.region = (written._shape, strides, offset - (base.storage_offset() if node.geometry is None else 0))
    base._node = node
    base._output_nr = 0
    base._requires_grad = True
    if graph.on_create is not None:
        graph.on_create(node, base)
    reattach(written, base)


def reattach(view: Tensor, base: Tensor) -> None:
    """Make the edge of a view anew, as a view of what its base has become.

    Raises:
        RuntimeError: the view came with others out of one op, as those of `split` do.
    """
    if view._node is not None and view._one_of_several:
        raise RuntimeError(
            f"Output {view._output_nr} of {view._node.bare_name()} is a view and its base or another view of its base has "
            "been modified inplace. This view is the output of a function that returns multiple views. Such functions do "
            "not allow the output views to be modified inplace. You should replace the inplace operation by an "
            "out-of-place one."
        )
    region = (view._shape, *(view._view or (contiguous_strides(view._shape), 0)))
    node = ViewNode((gradient_edge(base),))
    node.label = "AsStridedBackward0"
    node.derivative = as_strided_backward
    node.arguments = (base._shape, geometry_of(base), region)
    view._node = node
    view._output_nr = 0
    view._requires_grad = True
    view._seen_version = view._storage.version
