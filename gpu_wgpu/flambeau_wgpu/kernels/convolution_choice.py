"""Which layout a convolution or a gradient of one takes: what comes into question, and what is taken unmeasured.

All three have a *register* tile and a *workgroup* tile (`convolution.py`, `convolution_weight.py`), and detours over matrix
products (`winograd.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from flambeau.dtype import float32

from ..lazy import CONVOLVE, CONVOLVE_INPUT, CONVOLVE_WEIGHT, HOST, LazyArray, Op
from ..regions import Shape
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .matmul import GROUP_FROM

if TYPE_CHECKING:
    from ..engine import Engine

LARGE_FROM = 1 << 24  # multiplications from which larger tiles, and more kernels than one, are worth compiling
MEASURED = 1 << 28  # the most multiplications that are measured
SMALL, LARGE = 8, 16  # pixels of a register tile, or (of a weight's gradient) two thirds of taps times input channels
MOST_TAPS = 5  # side of windows that matrix products take: they are written out
WORTH = 16  # channels on either side from which those are worth the way there and back
ON_THE_WAY = 40  # multiplications that an element costs which is brought there or back
MOST_SCRATCH = 1 << 28  # bytes of an array on the way


class Layout(NamedTuple):
    """How a convolution is laid out over invocations: a register tile of so many pixels, a workgroup tile of so many
    rows and columns, or matrix products by tiles of size × size results.
    """

    kind: str
    size: int

    def __str__(self) -> str:
        return f"{self.kind} {self.size}"


class ConvolutionShape(NamedTuple):
    """What the best layout depends on: of a convolution (N, C, *size) → (N, O, ...), or of one whose gradients these are."""

    op: Op
    samples: int
    inner: int
    outer: int
    size: Shape
    taps: Shape
    stride: Shape
    padding: Shape
    dilation: Shape
    groups: int
    dtype: str
    bias: bool  # whether the gradient of a weight comes with that of a bias

    @property
    def counts(self) -> Shape:
        dims = zip(self.size, self.taps, self.stride, self.padding, self.dilation, strict=True)
        return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in dims)

    @property
    def multiplications(self) -> int:
        return self.samples * self.inner // self.groups * self.outer * prod(self.taps) * prod(self.counts)

    @property
    def key(self) -> str:
        """The class of convolutions that are measured as one."""
        channels = (self.samples, self.inner, self.outer)
        sizes = " ".join("x".join(str(_rounded(n)) for n in part) for part in (channels, self.size))
        settings = " ".join("x".join(map(str, part)) for part in (self.taps, self.stride, self.dilation))
        return f"{self.op.name} {sizes} by {settings} {self.groups} {self.dtype}{' bias' if self.bias else ''}"

    def work(self, engine: Engine) -> Callable[[], LazyArray]:
        """A convolution of this class, to be measured; of fewer samples, if it is large."""
        shape = self._replace(
            samples=_rounded(self.samples), inner=_rounded(self.inner, self.groups),
            outer=_rounded(self.outer, self.groups), size=tuple(map(_rounded, self.size)),
        )  # fmt: skip
        shape = shape._replace(samples=max(1, min(shape.samples, MEASURED * shape.samples // shape.multiplications)))
        x = _zeros(shape.samples, shape.inner, *shape.size)
        y = _zeros(shape.samples, shape.outer, *shape.counts)
        w = _zeros(shape.outer, shape.inner // shape.groups, *shape.taps)
        settings = (shape.stride, shape.padding, shape.dilation, shape.groups)
        inputs, result, attr = {
            CONVOLVE: ((x, w), y, settings),
            CONVOLVE_INPUT: ((y, w), x, settings),
            CONVOLVE_WEIGHT: ((y, x), w, (shape.taps, settings)),
        }[self.op]
        return lambda: engine.append(self.op, inputs, attr, result.shape, float32)


def _rounded(n: int, groups: int = 1) -> int:
    return groups * (1 << (n // groups - 1).bit_length())


def _zeros(*shape: int) -> LazyArray:
    return LazyArray(HOST, (), bytes(4 * prod(shape)), (), shape, float32)


def choose(fusion: Fusion, ref: Ref, bias: bool = False) -> Layout:
    """The layout for the convolution, or the gradient of one, that makes the array `ref`."""
    graph = fusion.graph
    x = graph.arrays[ref]
    first, second = (graph.shape(arg) for arg in graph.args[ref])
    if x.op is CONVOLVE_WEIGHT:
        taps, (stride, padding, dilation, groups) = x.attr
        image, outer = second, first[1]
    else:
        taps, (stride, padding, dilation, groups) = second[2:], x.attr
        image, outer = (first, x.shape[1]) if x.op is CONVOLVE else (x.shape, first[1])
    shape = ConvolutionShape(
        x.op, image[0], image[1], outer, image[2:], taps, stride, padding, dilation, groups, x.dtype.name, bias
    )
    found = candidates(shape, fusion.device_kind, fusion.tuner.device.info.largest)
    return fusion.tuner.choose(shape.key, found, default(shape, fusion.device_kind, found), shape.work)


def candidates(shape: ConvolutionShape, device_kind: str, largest: int) -> list[Layout]:
    """The layouts that come into question on a device whose largest buffers have so many bytes."""
    found = [Layout("register", SMALL), Layout("register", LARGE)]
    inner, outer = shape.inner // shape.groups, shape.outer // shape.groups
    if shape.op is CONVOLVE_INPUT:
        inner, outer = outer, inner
    if shape.op is CONVOLVE_WEIGHT:
        rows, columns = outer, inner * prod(shape.taps)
    else:
        rows, columns = outer, shape.samples * prod(shape.size if shape.op is CONVOLVE_INPUT else shape.counts)
    if device_kind == "gpu" and min(rows, columns) >= GROUP_FROM and not shape.bias:
        found.append(Layout("workgroup", 64))
    if shape.dtype != "float32" or shape.groups > 1 or {*shape.dilation} != {1} or len(shape.taps) != 2:
        return found
    taps, stride = {*shape.taps}, {*shape.stride}
    if len(taps) > 1 or len(stride) > 1 or max(taps) > MOST_TAPS:
        return found
    sizes = [1, 2, 4] if taps == {3} and stride == {1} else [1]
    most = min(largest, MOST_SCRATCH)
    return [*found, *(Layout("winograd", size) for size in sizes if 4 * max(_way(shape, size).elements) <= most)]


class _Way(NamedTuple):
    """Over matrix products of tiles of some size: how often they multiply, and elements of the arrays on the way."""

    multiplications: int
    elements: tuple[int, int, int]


def _way(shape: ConvolutionShape, size: int) -> _Way:
    places = (size + max(shape.taps) - 1) ** 2
    counts = shape.size if shape.op is CONVOLVE_INPUT and max(shape.stride) == 1 else shape.counts
    tiles = shape.samples * prod(-(-n // size) for n in counts)
    inner, outer = shape.inner, shape.outer
    elements = (places * inner * tiles, places * outer * tiles, places * inner * outer)
    return _Way(places * inner * outer * tiles, elements)


def default(shape: ConvolutionShape, device_kind: str, found: list[Layout]) -> Layout:
    """The layout where nothing was measured."""
    if Layout("workgroup", 64) in found:
        return Layout("workgroup", 64)
    large = shape.multiplications >= LARGE_FROM
    products = [layout for layout in found if layout.kind == "winograd"]

    def cost(layout: Layout) -> int:
        way = _way(shape, layout.size)
        return way.multiplications + ON_THE_WAY * sum(way.elements)

    if device_kind == "cpu" and large and min(shape.inner, shape.outer) >= WORTH and products:
        return min(products, key=cost)
    return Layout("register", LARGE if large else SMALL)
