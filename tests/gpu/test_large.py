"""Arrays larger than one binding: every op, on parts of a few elements, against the same on whole arrays."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from flambeau.dtype import bool_, float32, int32, int64
from flambeau_wgpu import lazy
from flambeau_wgpu.large.rules import RULES
from flambeau_wgpu.lazy import BUFFER, PARTS, Kind, Op

random = np.random.default_rng(5)
PART = 128
DECLINED = {lazy.ATTENTION, lazy.ATTENTION_QUERY, lazy.ATTENTION_KEY}  # what is large never comes to them


@pytest.fixture
def small_parts(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The backend, as on a device that binds 512 bytes at once."""
    engine = gpu.engine
    monkeypatch.setattr(engine, "part", PART)
    engine.plans.clear()  # made for whole arrays
    yield gpu
    engine.flush()
    engine.plans.clear()
    engine.in_parts.clear()


def normal(*shape: int) -> Any:
    return random.standard_normal(shape).astype("f4")


def same(gpu: Any, got: Any, expected: Any, rtol: float = 1e-5) -> None:
    np.testing.assert_allclose(gpu.get(got), expected, rtol=rtol, atol=1e-5)


def test_every_op_has_a_rule() -> None:
    ops = [x for x in vars(lazy).values() if isinstance(x, Op)] + [*lazy.UNARY.values(), *lazy.BINARY.values()]
    computed = {op for op in ops if op.kind not in (Kind.LEAF, Kind.VIEW, Kind.COMPANION)}
    assert computed - set(RULES) == DECLINED


SHAPES = [(300,), (7, 50), (16, 16), (3, 5, 23), (2, 1, 200), (130, 2)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_elementwise(small_parts: Any, shape: tuple[int, ...]) -> None:
    b, a, c = small_parts.backend, normal(*shape), normal(shape[-1])
    x = small_parts.put(a)
    y = b.add(b.tanh(x), b.mul(small_parts.put(c), 2.0))
    b.step_boundary()
    assert y.op is PARTS and all(part.op is BUFFER for part in y.inputs)
    same(small_parts, y, np.tanh(a) + 2 * c)
    same(
        small_parts,
        b.where(b.lt(x, y), b.cast(b.cast(x, int32), float32), 0.5),
        np.where(a < np.tanh(a) + 2 * c, np.trunc(a), 0.5),
    )
    column = normal(*shape[:-1], 1)
    same(small_parts, b.sub(y, small_parts.put(column)), np.tanh(a) + 2 * c - column)


def test_made_on_the_device(small_parts: Any) -> None:
    b = small_parts.backend
    same(small_parts, b.arange(3, 2, 500, int32), np.arange(3, 1003, 2))
    drawn = small_parts.get(b.random((13, 50), 77, 3))
    for start in range(0, 648, 36):  # few enough for one part, from the same place of the generator
        np.testing.assert_array_equal(
            drawn.reshape(-1)[start : start + 36], small_parts.get(b.random((36,), 77, 3 + start // 4))[:36]
        )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("function", ["sum", "prod", "max", "min"])
def test_reductions(small_parts: Any, shape: tuple[int, ...], function: str) -> None:
    b, a = small_parts.backend, normal(*shape)
    for axes in {(0,), (len(shape) - 1,), tuple(range(len(shape)))}:
        same(small_parts, getattr(b, function)(small_parts.put(a), axes, False), getattr(a, function)(axes), 1e-4)
        same(
            small_parts,
            getattr(b, function)(small_parts.put(a), axes, True),
            getattr(a, function)(axes, keepdims=True),
            1e-4,
        )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_positions_of_extremes(small_parts: Any, shape: tuple[int, ...]) -> None:
    b, a = small_parts.backend, random.integers(-9, 9, shape).astype("f4")
    for axis in range(len(shape)):
        same(small_parts, b.argmax(small_parts.put(a), axis, False), a.argmax(axis))
        same(small_parts, b.argmin(small_parts.put(a), axis, True), np.expand_dims(a.argmin(axis), axis))
    a.reshape(-1)[201] = np.nan
    flat = b.reshape(small_parts.put(a), (a.size,))
    assert small_parts.get(b.argmax(flat, 0, False)) == small_parts.get(b.argmin(flat, 0, False)) == 201


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_views(small_parts: Any, shape: tuple[int, ...]) -> None:
    b, a = small_parts.backend, normal(*shape)
    x = b.add(small_parts.put(a), 0.0)
    b.step_boundary()
    axes = tuple(reversed(range(len(shape))))
    turned = b.permute(x, axes)
    same(small_parts, turned, a.transpose(axes))
    same(small_parts, b.exp(turned), np.exp(a.transpose(axes)))
    same(small_parts, b.reshape(b.exp(turned), (a.size,)), np.exp(a.transpose(axes)).reshape(-1))
    same(small_parts, b.neg(b.reshape(turned, (a.size,))), -a.transpose(axes).reshape(-1))
    same(small_parts, b.narrow(x, 0, shape[0] // 2, 1), a[shape[0] // 2 : shape[0] // 2 + 1])
    same(small_parts, b.view(x, (50,), (3,), 11), a.reshape(-1)[11 : 11 + 150 : 3])
    b.step_boundary()
    del x
    same(small_parts, b.mul(turned, 2.0), 2 * a.transpose(axes))


def test_broadcast_views(small_parts: Any) -> None:
    b, a = small_parts.backend, normal(30)
    wide = b.view(small_parts.put(a), (40, 30), (0, 1), 0)
    same(small_parts, b.sum(wide, (0,), False), a * 40, 1e-4)
    same(small_parts, b.reshape(wide, (1200,)), np.tile(a, 40))
    held = b.reshape(wide, (24, 50))
    b.step_boundary()
    same(small_parts, held, np.tile(a, 40).reshape(24, 50))
    same(small_parts, b.add(b.full((500,), 2.0, float32), 1.0), np.full(500, 3.0))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_along_lanes(small_parts: Any, shape: tuple[int, ...]) -> None:
    b, a = small_parts.backend, normal(*shape)
    whole = random.integers(-3, 4, shape).astype("i4")
    for axis in range(len(shape)):
        x = small_parts.put(a)
        e = np.exp(a - a.max(axis, keepdims=True))
        s = e / e.sum(axis, keepdims=True)
        soft = b.exp(b.sub(x, b.max(x, (axis,), True)))
        same(small_parts, b.div(soft, b.sum(soft, (axis,), True)), s)
        same(small_parts, b.cumsum(small_parts.put(whole, int32), axis), whole.cumsum(axis))
        values, order = b.sort(small_parts.put(whole, int32), axis, False)
        same(small_parts, order, np.argsort(whole, axis, kind="stable"))
        same(small_parts, values, np.sort(whole, axis))


@pytest.mark.parametrize(
    ("left", "right"),
    [((20, 30), (30, 40)), ((3, 300), (300, 2)), ((300, 3), (3, 2)), ((5, 8, 9), (9, 30)), ((6, 7, 8), (6, 8, 9)),
     ((2, 1, 9, 5), (3, 5, 70)), ((1, 200), (200, 1)), ((2, 2), (2, 300))],
    ids=str,
)  # fmt: skip
def test_products(small_parts: Any, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    b, x, y = small_parts.backend, normal(*left), normal(*right)
    same(small_parts, b.matmul(small_parts.put(x), small_parts.put(y)), x @ y, 1e-4)
    turned = np.swapaxes(y, -1, -2)
    axes = (*range(y.ndim - 2), y.ndim - 1, y.ndim - 2)
    same(small_parts, b.matmul(small_parts.put(x), b.permute(small_parts.put(turned), axes)), x @ y, 1e-4)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_take_and_gather(small_parts: Any, shape: tuple[int, ...]) -> None:
    b, a = small_parts.backend, normal(*shape)
    for axis in range(len(shape)):
        for count in (3, 90):
            index = random.integers(0, shape[axis], count)
            got = b.take(small_parts.put(a), small_parts.put(index, int64), axis)
            same(small_parts, got, a.take(index, axis))
        narrower = (*(max(1, size - 1) for size in shape[:axis]), 5, *shape[axis + 1 :])
        index = random.integers(0, shape[axis], narrower)
        reached = tuple(slice(0, size) if k != axis else slice(None) for k, size in enumerate(narrower))
        got = b.gather(small_parts.put(a), axis, small_parts.put(index, int64))
        same(small_parts, got, np.take_along_axis(a[reached], index, axis))


@pytest.mark.parametrize("reduce", ["replace", "add"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_put_and_scatter(small_parts: Any, shape: tuple[int, ...], reduce: str) -> None:
    b, a = small_parts.backend, normal(*shape)
    combine = {"replace": lambda x, y: y, "add": lambda x, y: x + y, "max": max}[reduce]
    for axis in range(len(shape)):
        for count in (3, 40):
            index = random.integers(0, shape[axis], count)
            value = normal(*shape[:axis], count, *shape[axis + 1 :])
            expected = np.moveaxis(a.copy(), axis, 0)
            for place, row in zip(index, np.moveaxis(value, axis, 0), strict=True):
                expected[place] = np.vectorize(combine)(expected[place], row)
            put = b.put(small_parts.put(a), small_parts.put(index, int64), axis, small_parts.put(value), reduce)
            same(small_parts, put, np.moveaxis(expected, 0, axis), 1e-4)
        narrower = (*(max(1, size - 1) for size in shape[:axis]), 40, *shape[axis + 1 :])
        index, value = random.integers(0, shape[axis], narrower), normal(*narrower)
        expected = a.copy()
        for place in np.ndindex(narrower):
            target = (*place[:axis], index[place], *place[axis + 1 :])
            expected[target] = combine(expected[target], value[place])
        got = b.scatter(small_parts.put(a), axis, small_parts.put(index, int64), small_parts.put(value), reduce)
        same(small_parts, got, expected, 1e-4)


def test_concat(small_parts: Any) -> None:
    b = small_parts.backend
    for axis in range(3):
        arrays = [normal(*(size + 3 * k if j == axis else size for j, size in enumerate((4, 5, 6)))) for k in range(4)]
        same(small_parts, b.concat([small_parts.put(a) for a in arrays], axis), np.concatenate(arrays, axis))


def test_assign(small_parts: Any) -> None:
    b, a = small_parts.backend, normal(20, 30)
    x = b.add(small_parts.put(a), 0.0)
    b.step_boundary()
    handles = [part.buffer.handle for part in x.inputs]
    part = normal(20, 1)
    x = b.assign(x, ((20, 1), (30, 1), 7), small_parts.put(part))
    x = b.assign(x, ((10, 15), (60, 2), 1), -1.0)
    b.step_boundary()
    assert [part.buffer.handle for part in x.inputs] == handles
    expected = a.copy()
    expected[:, 7:8] = part
    expected[::2, 1::2] = -1
    same(small_parts, x, expected)
    y = b.assign(x, ((30, 20), (1, 30), 0), small_parts.put(a.reshape(30, 20)))
    same(small_parts, y, a.reshape(30, 20).T)
    same(small_parts, x, expected)


def test_a_step_finds_its_plan_again(small_parts: Any) -> None:
    b, engine = small_parts.backend, small_parts.engine
    weight, x = b.add(small_parts.put(normal(30, 20)), 0.0), small_parts.put(normal(8, 30))
    for number in range(5):
        loss = b.sum(b.tanh(b.matmul(x, weight)), (0, 1), False)
        weight = b.assign(weight, None, b.sub(weight, b.mul(weight, 0.1)))
        b.step_boundary()
        small_parts.get(loss)
        if number == 2:
            planned, buffers = engine.planned, engine.device.counters.buffers
    assert (planned, buffers) == (engine.planned, engine.device.counters.buffers)


def test_a_mask_and_its_positions(small_parts: Any) -> None:
    b, a = small_parts.backend, normal(20, 30)
    mask = b.lt(small_parts.put(a), 0.0)
    assert mask.dtype is bool_
    np.testing.assert_array_equal(small_parts.get(b.nonzero(mask)), np.argwhere(a < 0))


@pytest.mark.parametrize("channels", [4, 24])
@pytest.mark.parametrize("groups", [1, 2])
def test_images(gpu: Any, monkeypatch: pytest.MonkeyPatch, groups: int, channels: int) -> None:
    """Samples smaller than a part, and larger: as of whole arrays."""
    b = gpu.backend
    x, w, g = normal(5, channels, 5, 5), normal(channels, channels // groups, 3, 3), normal(5, channels, 5, 5)
    settings = ((1, 1), (1, 1), (1, 1), groups)
    window = ((2, 2), (1, 1), (0, 0), (1, 1))
    k = b.kernels

    def results() -> list[Any]:
        image, weight, grad = gpu.put(x), gpu.put(w), gpu.put(g)
        return [
            gpu.get(k["convolve"](image, weight, gpu.put(normal(channels) * 0), *settings)),
            gpu.get(k["convolution_input_grad"](grad, weight, (5, 5), *settings)),
            gpu.get(k["convolution_weight_grad"](grad, image, (3, 3), *settings)),
            *map(gpu.get, k["convolution_parameter_grads"](grad, image, (3, 3), *settings)),
            gpu.get(k["max_pool"](image, window, (4, 4))),
            gpu.get(k["max_pool_backward"](k["max_pool"](image, window, (4, 4)), image, window)),
            gpu.get(b.add(k["pack"]([image, weight, b.full((3,), 1.0, float32)]), 0.0))[: x.size],
        ]

    whole = results()
    monkeypatch.setattr(gpu.engine, "part", 256)
    gpu.engine.plans.clear()
    for got, expected in zip(results(), whole, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
    gpu.engine.plans.clear()
    gpu.engine.in_parts.clear()
