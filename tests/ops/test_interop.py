"""Memory shared with NumPy, with buffers and through DLPack, and what is made of nested data: as in torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import flambeau

Library = Any
Same = Callable[..., None]


def x(t: Library) -> Any:
    return t.tensor([[1.0, 2.0], [3.0, 4.0]])


def test_dlpack_shares_memory_both_ways() -> None:
    ours = flambeau.arange(6.0).reshape(2, 3)
    theirs = torch.from_dlpack(ours)
    theirs[0, 1] = 9
    assert ours[0, 1].item() == 9
    back = flambeau.from_dlpack(theirs)
    back.mul_(2)
    assert ours.tolist() == theirs.tolist() == [[0.0, 18.0, 4.0], [6.0, 8.0, 10.0]]
    array = np.arange(4)
    shared = flambeau.from_dlpack(array)
    shared[0] = 7
    assert array[0] == 7
    assert np.from_dlpack(ours.T).tolist() == ours.T.tolist()
    assert flambeau.from_dlpack(torch.ones(3, 2).T).stride() == (1, 2)


def test_dlpack_capsules() -> None:
    capsule = flambeau.utils.dlpack.to_dlpack(flambeau.ones(3))
    made = flambeau.utils.dlpack.from_dlpack(capsule)
    assert made.tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(RuntimeError, match="consumed only once"):
        flambeau.from_dlpack(capsule)
    assert flambeau.from_dlpack(torch.ones(2).__dlpack__()).tolist() == [1.0, 1.0]
    assert tuple(flambeau.ones(1).__dlpack_device__()) == (1, 0)
    with pytest.raises(BufferError, match="Can't export tensors that require gradient"):
        flambeau.ones(1, requires_grad=True).__dlpack__()


def test_numpy_shares_memory() -> None:
    array = np.zeros((2, 3), np.float32)
    shared = flambeau.from_numpy(array.T)
    shared[1, 0] = 5
    assert array[0, 1] == 5
    assert np.shares_memory(shared.numpy(), array)
    constant = np.ones(3)
    constant.flags.writeable = False
    flambeau.asarray(constant).add_(1)
    assert constant.tolist() == [2.0, 2.0, 2.0]


def test_buffers_share_memory() -> None:
    data = bytearray(16)
    numbers = flambeau.frombuffer(data, dtype=flambeau.int32, offset=4, count=2)
    numbers[1] = 7
    assert data[8] == 7


PROGRAMS: dict[str, Callable[[Library], Any]] = {
    "ufuncs": lambda t: [np.sin(x(t)), np.add(x(t), np.ones(2)), np.multiply(x(t), x(t)), np.greater(x(t), 2)],
    "mixed operators": lambda t: [x(t) + np.ones(2), x(t) * np.float64(2), np.float64(2) * x(t)],
    "arrays of tensors": lambda t: [
        np.asarray(x(t)).tolist(),
        np.concatenate([x(t), x(t)]).tolist(),
        x(t).__array__("int32").tolist(),
    ],
    "numbers and tensors": lambda t: [
        t.tensor([x(t)[0, 0], 2]),
        t.tensor([[t.tensor(1), 2], [3, 4.0]]),
        t.tensor([np.int16(1), 2.5]),
        t.tensor(np.float32(1)),
    ],
    "unsigned arrays": lambda t: t.tensor(np.array([1, 2], dtype="uint16")),
    "asarray": lambda t: [
        t.asarray(3),
        t.asarray([1, 2]),
        t.asarray(np.ones(2), dtype=t.float32),
        t.asarray(bytearray(8)),
        t.asarray(x(t), requires_grad=True),
        t.asarray(x(t), copy=True),
        t.asarray(np.float32(1)),
        t.asarray(x(t) > 1, dtype=t.float64),
    ],
    "frombuffer": lambda t: [
        t.frombuffer(bytearray(range(16)), dtype=t.int32),
        t.frombuffer(bytearray(range(16)), dtype=t.uint8, count=3, offset=2),
    ],
    "force": lambda t: t.ones(2, requires_grad=True).numpy(force=True).tolist(),
}

ERRORS: dict[str, Callable[[Library], Any]] = {
    "tensors of several": lambda t: t.tensor([x(t), x(t)]),
    "an array of text": lambda t: t.tensor(np.array(["a"])),
    "no number": lambda t: t.tensor([1, None]),
    "a dictionary": lambda t: t.tensor({1: 2}),
    "aliasing another dtype": lambda t: t.asarray(x(t), dtype=t.float64, copy=False),
    "aliasing a list": lambda t: t.asarray([1, 2], copy=False),
    "a reversed array": lambda t: t.asarray(np.ones(2)[::-1]),
    "too long a buffer": lambda t: t.frombuffer(bytearray(16), dtype=t.float32, count=9),
    "half an element": lambda t: t.frombuffer(bytearray(16), dtype=t.float32, offset=3),
    "past the end": lambda t: t.frombuffer(bytearray(16), dtype=t.float32, offset=16),
    "none of a buffer": lambda t: t.frombuffer(bytearray(16), dtype=t.float32, count=0),
    "no buffer": lambda t: t.frombuffer(1, dtype=t.float32),
    "integers that require grad": lambda t: t.frombuffer(bytearray(16), dtype=t.int64, requires_grad=True),
    "no array": lambda t: t.from_numpy([1]),
    "numpy of a leaf": lambda t: np.sin(x(t).requires_grad_()),
}


@pytest.mark.filterwarnings("ignore:__array_wrap__ must accept")
@pytest.mark.parametrize("name", PROGRAMS)
def test_as_in_torch(name: str) -> None:
    theirs, ours = PROGRAMS[name](torch), PROGRAMS[name](flambeau)
    assert str(ours) == str(theirs)


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str, same: Same) -> None:
    same(ERRORS[name], fails=True)


def test_copying_a_tensor_warns(same: Same) -> None:
    same(lambda t: t.tensor(x(t)))


@pytest.mark.parametrize("library", [torch, flambeau], ids=["torch", "flambeau"])
def test_slow_and_doubtful_ways_warn(library: Library, request: pytest.FixtureRequest) -> None:
    before = library.is_warn_always_enabled()
    request.addfinalizer(lambda: library.set_warn_always(before))
    library.set_warn_always(True)  # else it is said once, perhaps in an earlier test
    with pytest.warns(UserWarning, match=r"list of numpy\.ndarrays is extremely slow"):
        library.tensor([np.ones(2), np.zeros(2)])
    with pytest.warns(UserWarning, match="Converting a tensor with requires_grad=True to a scalar"):
        library.tensor([library.tensor(1.0, requires_grad=True)])
