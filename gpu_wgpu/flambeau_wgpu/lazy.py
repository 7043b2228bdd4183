"""The lazy array: a value that is known, being computed, or only described.

Every primitive of the backend makes one of these and appends it to the backend's queue; nothing else happens until a
flush. An array is in one of these states, told by its `op`:

- `BUFFER`: realized, its elements are in `buffer` in C order.
- `HOST`: uploaded by the first flush that uses it; `attr` holds the bytes, already in the device's layout.
- `FULL`: one value (`scalars[0]`) everywhere. Never takes memory unless it must.
- `VIEW`: elements of `inputs[0]` at `offset + sum(i * strides)`; `attr` is (strides, offset). Never takes memory of its
  own.
- `PARTS`: too large for one buffer; `inputs` are its parts (`large/`).
- any other op: pending, in the queue.

Arrays are values: nothing changes one after it was made, `assign` makes a new one. Who still holds an array is read
from CPython's own reference count at the flush (`schedule/graph.py`): an array that nobody holds and nobody needs is
never computed.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from flambeau.dtype import dtype

from .regions import Strides, compose, contiguous_strides

if TYPE_CHECKING:
    from .memory import Buffer


class Kind(Enum):
    """What the scheduler may do with an op."""

    LEAF = auto()  # has its value
    VIEW = auto()  # index arithmetic of whoever reads it
    ELEMENTWISE = auto()  # one output element from input elements: fuses with anything
    REDUCE = auto()  # takes its producer in, and elementwise consumers
    ASSIGN = auto()  # writes a region of its first operand
    JOIN = auto()  # operands side by side: whoever makes one writes it there
    COMPANION = auto()  # a second result of the kernel of its only operand, which was queued just before
    KERNEL = auto()  # written by hand in kernels/: reads operands through functions, takes elementwise consumers


class Op:
    """An operation of the engine.

    `cost` weighs computing an element a second time against storing it.
    """

    __slots__ = ("cost", "kind", "name")

    def __init__(self, name: str, kind: Kind, cost: int = 1) -> None:
        self.name: Final = name
        self.kind: Final = kind
        self.cost: Final = cost

    def __repr__(self) -> str:
        return self.name


class LazyArray:
    """An array of the wgpu backend.

    `attr` is what an op needs to know beside its operands and is part of a kernel's structure; `scalars` are numbers
    that may change from step to step without a new kernel.
    """

    __slots__ = ("attr", "buffer", "dtype", "index", "inputs", "op", "scalars", "shape")

    def __init__(
        self,
        op: Op,
        inputs: tuple[LazyArray, ...],
        attr: Any,
        scalars: tuple[Any, ...],
        shape: tuple[int, ...],
        dtype: dtype,
        index: int = -1,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.attr = attr
        self.scalars = scalars
        self.shape = shape
        self.dtype = dtype
        self.index = index  # position in the queue; negative outside of it
        self.buffer: Buffer | None = None

    def __repr__(self) -> str:
        return f"<{self.op.name} {self.dtype.name}{list(self.shape)}>"

    def realize(self, buffer: Buffer) -> None:
        """The array's elements are (or will be, in the device's order of work) in `buffer`. Lets go of how they were
        computed.
        """
        self.op = BUFFER
        self.inputs = ()
        self.attr = None
        self.scalars = ()
        self.index = -1
        self.buffer = buffer

    def become_view(self, base: LazyArray, strides: tuple[int, ...], offset: int) -> None:
        """The array's elements are those of a region of `base`."""
        self.op = VIEW
        self.inputs = (base,)
        self.attr = (strides, offset)
        self.scalars = ()
        self.index = -1


def origin(x: LazyArray) -> tuple[LazyArray, Strides, int]:
    """What a view shows, of the farthest array of which strides and an offset can say it; of any other array itself."""
    shape = x.shape
    strides, offset = contiguous_strides(shape), 0
    while x.op is VIEW:
        seen = compose(shape, strides, offset, x.shape, *x.attr)
        if seen is None:
            break
        (strides, offset), x = seen, x.inputs[0]
    return x, strides, offset


BUFFER: Final = Op("buffer", Kind.LEAF)
HOST: Final = Op("host", Kind.LEAF)
FULL: Final = Op("full", Kind.LEAF, 0)
PARTS: Final = Op("parts", Kind.LEAF)
VIEW: Final = Op("view", Kind.VIEW, 0)

COPY: Final = Op("copy", Kind.ELEMENTWISE)
KEEP: Final = Op("keep", Kind.ELEMENTWISE)  # a copy in a buffer, whoever reads it
CAST: Final = Op("cast", Kind.ELEMENTWISE)
ARANGE: Final = Op("arange", Kind.ELEMENTWISE)
RANDOM: Final = Op("random", Kind.ELEMENTWISE, 100)
TAKE: Final = Op("take", Kind.ELEMENTWISE, 6)  # attr: axis
GATHER: Final = Op("gather", Kind.ELEMENTWISE, 6)  # attr: axis
WHERE: Final = Op("where", Kind.ELEMENTWISE)  # attr: which of x, y is a scalar, as for binary ops

REDUCE: Final = Op("reduce", Kind.REDUCE)  # attr: (function, axes)
ASSIGN: Final = Op("assign", Kind.ASSIGN)  # attr: region

CONCAT: Final = Op("concat", Kind.JOIN)  # attr: axis
PACK: Final = Op("pack", Kind.JOIN)  # attr: where each operand starts in the row of all

MATMUL: Final = Op("matmul", Kind.KERNEL)
# attr of these: (stride, padding, dilation, groups)
CONVOLVE: Final = Op("convolution", Kind.KERNEL)
CONVOLVE_INPUT: Final = Op("convolution_input", Kind.KERNEL)  # the gradient of the input
CONVOLVE_WEIGHT: Final = Op("convolution_weight", Kind.KERNEL)  # attr: (kernel, those settings)
CONVOLVE_BIAS: Final = Op("convolution_bias", Kind.COMPANION)  # the gradient of the bias, beside that of the weight
# attr of these: (which dimension of the result each of the array's own is, is_causal, has a bias, has noise)
ATTENTION: Final = Op("attention", Kind.KERNEL)
ATTENTION_SUMS: Final = Op("attention_sums", Kind.COMPANION)  # the logarithms of the sums of exponentials
ATTENTION_QUERY: Final = Op("attention_query", Kind.KERNEL)  # the gradient of queries
ATTENTION_KEY: Final = Op("attention_key", Kind.KERNEL)  # the gradient of keys...
ATTENTION_VALUE: Final = Op("attention_value", Kind.COMPANION)  # ...and that of values; attr: the first of those
RESAMPLE: Final = Op("resample", Kind.KERNEL)  # attr: taps of each dimension but the first, 0 for one that stays
# attr of these: (kernel, stride, padding, dilation), all empty for adaptive windows
MAX_POOL: Final = Op("max_pool", Kind.KERNEL)
MAX_POOL_AT: Final = Op("max_pool_at", Kind.KERNEL)  # where the largest element is in its plane
MAX_POOL_INPUT: Final = Op("max_pool_input", Kind.KERNEL)  # the gradient of the input: of the result's, and the input
MAX_POOL_PLACES: Final = Op("max_pool_places", Kind.KERNEL)  # the same, of the result's gradient and the places
SCAN: Final = Op("scan", Kind.KERNEL)  # attr: (function, axis)
ARGSORT: Final = Op("argsort", Kind.KERNEL)  # attr: (axis, descending)
PUT: Final = Op("put", Kind.KERNEL)  # attr: (axis, reduce)
SCATTER: Final = Op("scatter", Kind.KERNEL)  # attr: (axis, reduce)

# Ops that take more than an instruction or two.
_COSTS = {
    **dict.fromkeys(("sqrt",), 2),
    **dict.fromkeys(("exp", "log", "floordiv"), 4),
    **dict.fromkeys(("expm1", "log1p", "sin", "cos", "tanh", "remainder"), 6),
    **dict.fromkeys(("tan", "asin", "acos", "atan", "sinh", "cosh"), 8),
    **dict.fromkeys(("erf", "pow", "atan2"), 10),
}
_UNARY = (
    "neg abs sign floor ceil trunc round exp expm1 log log1p sqrt sin cos tan asin acos atan sinh cosh tanh erf invert"
)
_BINARY = (
    "add sub mul div floordiv remainder pow atan2 maximum minimum eq ne lt le "
    "bitwise_and bitwise_or bitwise_xor left_shift right_shift"
)
UNARY: Final = {name: Op(name, Kind.ELEMENTWISE, _COSTS.get(name, 1)) for name in _UNARY.split()}
BINARY: Final = {name: Op(name, Kind.ELEMENTWISE, _COSTS.get(name, 1)) for name in _BINARY.split()}
COMPARISONS: Final = frozenset(("eq", "ne", "lt", "le"))

# `attr` of binary ops and WHERE: which operand is in `scalars` rather than in `inputs`.
ARRAYS, SCALAR_LEFT, SCALAR_RIGHT = 0, 1, 2
