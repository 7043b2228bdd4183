"""Random programs: what the scheduler makes of them equals what numpy computes one op at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

import flambeau_wgpu
from flambeau.dtype import float32, int64

Pair = tuple[Any, Any]  # on the device, in numpy
SHAPES = [(4, 6), (6,), (4, 1), (1, 6), (24,), (2, 3, 4), (6, 4), ()]


class Program:
    """A growing set of arrays that are held, each on the device and in numpy."""

    def __init__(self, data: DataObject) -> None:
        self.draw = data.draw
        self.b = flambeau_wgpu.load()
        self.held: list[Pair] = []
        self.seed = np.random.default_rng(data.draw(st.integers(0, 1 << 16)))
        for _ in range(3):
            self.hold(self.fresh())

    def hold(self, pair: Pair) -> None:
        assert pair[0].shape == pair[1].shape
        self.held.append((pair[0], np.array(pair[1], dtype="f4", order="C")))

    def fresh(self) -> Pair:
        shape = self.draw(st.sampled_from(SHAPES))
        a = self.seed.uniform(-2, 2, shape).astype("f4")
        if self.draw(st.integers(0, 4)) == 0:
            return self.b.full(shape, 1.5, float32), np.full(shape, 1.5, "f4")
        return self.b.from_bytes(a.tobytes(), shape, float32), a

    def pick(self) -> Pair:
        return self.held[self.draw(st.integers(0, len(self.held) - 1))]

    # --- steps
    # ----------------------------------------------------------------------------------------------------------

    def unary(self) -> None:
        x, a = self.pick()
        name, function = self.draw(st.sampled_from([("tanh", np.tanh), ("neg", np.negative), ("abs", np.abs)]))
        self.hold((getattr(self.b, name)(x), function(a)))

    def binary(self) -> None:
        (x, a), (y, c) = self.pick(), self.pick()
        try:
            np.broadcast_shapes(a.shape, c.shape)
        except ValueError:
            y, c = 0.5, np.float32(0.5)
        name, function = self.draw(st.sampled_from([("add", np.add), ("maximum", np.maximum), ("sub", np.subtract)]))
        self.hold((getattr(self.b, name)(x, y), function(a, c)))

    def view(self) -> None:
        x, a = self.pick()
        if a.size == 0:
            return
        kind = self.draw(st.sampled_from(["reshape", "transpose", "slice", "expand", "diagonal"]))
        element = a.itemsize
        if kind == "reshape":
            shapes = [s for s in [*SHAPES, (a.size,), (1, a.size)] if np.prod(s, dtype=int) == a.size]
            seen = a.reshape(self.draw(st.sampled_from(shapes)))
        elif kind == "transpose":
            seen = a.T
        elif kind == "slice" and a.ndim:
            start = self.draw(st.integers(0, a.shape[-1] - 1))
            seen = a[..., start :: self.draw(st.integers(1, 2))]
        elif kind == "expand":
            seen = np.broadcast_to(a, (2, *a.shape))
        elif kind == "diagonal" and a.ndim >= 2:
            seen = np.lib.stride_tricks.as_strided(a, (min(a.shape[-2:]),), (a.strides[-1] + a.strides[-2],))
        else:
            return
        strides = tuple(s // element for s in seen.strides)
        offset = (seen.__array_interface__["data"][0] - a.__array_interface__["data"][0]) // element
        if seen.size <= 200:
            self.hold((self.b.view(x, seen.shape, strides, offset), seen))

    def reduce(self) -> None:
        x, a = self.pick()
        if a.ndim:
            axes = tuple(sorted(self.draw(st.sets(st.integers(0, a.ndim - 1), min_size=1))))
            name, function = self.draw(st.sampled_from([("max", np.max), ("min", np.min), ("sum", np.sum)]))
            keepdim = self.draw(st.booleans())
            self.hold(
                (getattr(self.b, name)(x, axes, keepdim), np.tanh(1) * 0 + function(a, axis=axes, keepdims=keepdim))
            )

    def matmul(self) -> None:
        (x, a), (y, c) = self.pick(), self.pick()
        if a.ndim == 2:
            # Scaled, so that values stay small.
            y, c = self.b.view(x, (a.shape[1], a.shape[0]), (1, a.shape[1]), 0), a.T
            self.hold((self.b.tanh(self.b.matmul(x, y)), np.tanh(a @ c)))

    def scan(self) -> None:
        x, a = self.pick()
        if a.ndim:
            axis = self.draw(st.integers(0, a.ndim - 1))
            self.hold((self.b.tanh(self.b.cumsum(x, axis)), np.tanh(np.cumsum(a, axis))))

    def concat(self) -> None:
        _, a = self.pick()
        same = [pair for pair in self.held if pair[1].shape == a.shape][:3]
        twice = self.draw(st.sampled_from(same))
        if a.ndim and self.draw(st.booleans()):  # two views of an array that nobody holds
            y, c = self.b.neg(twice[0]), -twice[1]
            same += [(y, c), (self.b.view(y, c.shape, tuple(s // 4 for s in c.strides), 0), c)]
        if a.ndim and a.size * len(same) <= 300:
            axis = self.draw(st.integers(0, a.ndim - 1))
            self.hold((self.b.concat([p[0] for p in same], axis), np.concatenate([p[1] for p in same], axis)))

    def take(self) -> None:
        x, a = self.pick()
        if a.ndim and a.shape[0] and a.size <= 60:
            index = self.seed.integers(0, a.shape[0], 5)
            i = self.b.from_bytes(index.astype("i8").tobytes(), (5,), int64)
            self.hold((self.b.take(x, i, 0), a[index]))

    def put(self) -> None:
        (x, a), (value, c) = self.pick(), self.pick()
        if a.ndim and a.shape[0] and c.shape == a.shape:
            index = self.seed.integers(0, a.shape[0], a.shape[0])
            i = self.b.from_bytes(index.astype("i8").tobytes(), index.shape, int64)
            expected = a.copy()
            np.maximum.at(expected, index, c)
            self.hold((self.b.put(x, i, 0, value, "max"), expected))

    def assign(self) -> None:
        """Replaces a held array, or not: other holders of the old one must go on seeing its old values."""
        at = self.draw(st.integers(0, len(self.held) - 1))
        x, a = self.held[at]
        if not a.size:
            return
        new = a.copy()
        count = self.draw(st.integers(1, a.size))
        start = self.draw(st.integers(0, a.size - count))
        step = self.draw(st.integers(1, 2))
        region = ((len(range(start, start + count, step)),), (step,), start)
        source = self.draw(st.sampled_from(["scalar", "self", "other"]))
        if source == "scalar":
            value: Any = -0.25
            new.reshape(-1)[start : start + count : step] = value
        else:
            y, c = (x, a) if source == "self" else self.pick()
            if not c.size or region[0][0] > c.size:
                return
            reversed_start = c.size - region[0][0]
            value = self.b.mul(self.b.view(y, region[0], (1,), reversed_start), 0.5)
            new.reshape(-1)[start : start + count : step] = c.reshape(-1)[reversed_start:] * np.float32(0.5)
        result = self.b.assign(x, region, value)
        del value
        if self.draw(st.booleans()):
            del x
            self.held[at] = (result, new)
        else:
            self.hold((result, new))

    def assign_all(self) -> None:
        (x, _), (y, c) = self.pick(), self.pick()
        if x.shape != c.shape or not c.size:
            return
        if self.draw(st.booleans()):
            self.hold((self.b.assign(x, None, y), c))
        else:  # all of it by another shape
            self.hold((self.b.assign(x, ((c.size,), (1,), 0), self.b.view(y, (c.size,), (1,), 0)), c))

    def drop(self) -> None:
        if len(self.held) > 1:
            del self.held[self.draw(st.integers(0, len(self.held) - 1))]

    def flush(self) -> None:
        self.b.step_boundary()

    def check(self) -> None:
        for x, a in self.held:
            got = np.frombuffer(self.b.to_bytes(x), "f4").reshape(a.shape)
            np.testing.assert_allclose(got, a, rtol=2e-4, atol=2e-4)


STEPS: list[Callable[[Program], None]] = [
    Program.unary,
    Program.binary,
    Program.binary,
    Program.view,
    Program.view,
    Program.reduce,
    Program.matmul,
    Program.scan,
    Program.concat,
    Program.take,
    Program.put,
    Program.assign,
    Program.assign,
    Program.assign_all,
    Program.drop,
    Program.drop,
    Program.flush,
]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_programs(data: DataObject) -> None:
    program = Program(data)
    for _ in range(data.draw(st.integers(1, 30))):
        data.draw(st.sampled_from(STEPS), label="step")(program)
        if sum(a.size for _, a in program.held) > 3000:
            del program.held[::2]
    program.check()
