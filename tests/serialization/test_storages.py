"""Storages as torch shows them, and tensors that are pickled and copied with theirs."""

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import flambeau

Library = Any


def arange(t: Library) -> Any:
    return t.arange(4.0)


def changed(change: Callable[[Library, Any, Any], Any]) -> Callable[[Library], Any]:
    """A tensor after something was done with it (the second argument) or its bytes (the third)."""

    def code(t: Library) -> Any:
        a = arange(t)
        result = change(t, a, a.untyped_storage())
        return a, result

    return code


CASES: dict[str, Callable[[Library], Any]] = {
    "one of its own": changed(lambda t, a, u: (u is a.view(2, 2).untyped_storage(), u == t.ones(4).untyped_storage())),
    "numbers of it": changed(lambda t, a, u: (len(u), u.size(), u.nbytes(), u.element_size(), u.device, u.is_cuda)),
    "where it is": changed(lambda t, a, u: (u.data_ptr() == a.data_ptr(), a[1:].data_ptr() - u.data_ptr())),
    "a byte": changed(lambda t, a, u: (u[7], u[-1])),
    "bytes": changed(lambda t, a, u: u.tolist()),
    "bytes printed": changed(lambda t, a, u: u[6:8]),
    "a slice shares": changed(lambda t, a, u: u[0:4].fill_(1).tolist()),
    "set a byte": changed(lambda t, a, u: u.__setitem__(0, 7)),
    "set too large a byte": changed(lambda t, a, u: u.__setitem__(0, 300)),
    "set bytes": changed(lambda t, a, u: u.__setitem__(slice(0, 2), 7)),
    "fill": changed(lambda t, a, u: u.fill_(0).tolist()),
    "copy": changed(lambda t, a, u: u.copy_(t.ones(4).untyped_storage()).tolist()),
    "clone": changed(lambda t, a, u: u.clone().fill_(0).tolist()),
    "as another dtype": changed(lambda t, a, u: u[0:8].float()),
    "of nothing": lambda t: t.UntypedStorage(),
    "of a size": lambda t: t.UntypedStorage(2).fill_(3),
    "of a list": lambda t: t.UntypedStorage([1, 2, 3]),
    "typed: printed": changed(lambda t, a, u: a.storage()),
    "typed: numbers of it": changed(lambda t, a, u: (len(a.storage()), a.storage().nbytes(), a.storage().dtype)),
    "typed: elements": changed(lambda t, a, u: (a.storage()[1], a.storage().tolist(), list(a.storage()))),
    "typed: set": changed(lambda t, a, u: a.storage().__setitem__(0, 5)),
    "typed: fill": changed(lambda t, a, u: a.view(2, 2)[1].storage().fill_(3)),
    "typed: names": changed(lambda t, a, u: (a.storage().type(), a.storage().pickle_storage_type(), a.storage_type())),
    "typed: casts": changed(lambda t, a, u: (a.storage().long(), a.storage().double().dtype)),
    "typed: instance": changed(
        lambda t, a, u: (
            isinstance(a.storage(), t.FloatStorage),
            isinstance(a.storage(), t.LongStorage),
            t.FloatStorage,
        )
    ),
    "typed: of a list": lambda t: (
        t.FloatStorage([1, 2]),
        t.TypedStorage([1, 2], dtype=t.int32),
        t.BoolStorage([0, 1]),
    ),
    "typed: to a tensor": lambda t: (t.FloatTensor(t.FloatStorage([1, 2])),),
    "is_storage": changed(lambda t, a, u: (t.is_storage(u), t.is_storage(a.storage()), t.is_storage(a))),
    "set_: a tensor": changed(lambda t, a, u: a.set_(t.ones(2, 2))),
    "set_: a storage": changed(lambda t, a, u: t.zeros(1).set_(u, 1, (2, 2), (1, 1))),
    "set_: a typed storage": changed(lambda t, a, u: t.zeros(1).set_(a.storage(), 1, (3,))),
    "set_: all of it": changed(lambda t, a, u: t.zeros(1).set_(u)),
    "set_: a tensor's storage": changed(lambda t, a, u: t.zeros(1).set_(a, 2, (2,), (1,))),
    "set_: nothing": changed(lambda t, a, u: a.set_()),
    "set_: shares": changed(lambda t, a, u: t.zeros(1).set_(u).fill_(8)),
    "is_set_to": changed(lambda t, a, u: (a.is_set_to(a.view(4)), a.is_set_to(a.view(2, 2)), a.is_set_to(a.clone()))),
    "shared": changed(lambda t, a, u: (a.is_shared(), a.share_memory_().is_shared(), u.is_shared(), u.resizable())),
    "a module shared": lambda t: [p.is_shared() for p in t.nn.Linear(1, 1).share_memory().parameters()],
    "made smaller and larger": changed(lambda t, a, u: (u.resize_(0).size(), u.resize_(16).size(), a.fill_(2))),
}


@pytest.mark.parametrize("name", CASES)
def test_alike(name: str, same: Callable[..., None]) -> None:
    same(CASES[name])


FAIL: dict[str, Callable[[Library], Any]] = {
    "out of range": changed(lambda t, a, u: u[16]),
    "a word": changed(lambda t, a, u: u["a"]),
    "a step": changed(lambda t, a, u: u[0:4:2]),
    "set out of range": changed(lambda t, a, u: u.__setitem__(16, 1)),
    "set a float": changed(lambda t, a, u: u.__setitem__(0, 1.5)),
    "another size": changed(lambda t, a, u: u.copy_(t.UntypedStorage(3))),
    "of a float": lambda t: t.UntypedStorage(3.5),
    "of words": lambda t: t.UntypedStorage("a"),
    "pinned": changed(lambda t, a, u: u.pin_memory()),
    "typed: out of range": changed(lambda t, a, u: a.storage()[4]),
    "typed: a slice": changed(lambda t, a, u: a.storage()[0:2]),
    "typed: of a float": lambda t: t.FloatStorage(2.5),
    "typed: of two": lambda t: t.FloatStorage(1, 2),
    "typed: without dtype": lambda t: t.TypedStorage(wrap_storage=t.UntypedStorage(4)),
    "typed: of no storage": lambda t: t.TypedStorage(wrap_storage=3, dtype=t.float32),
    "set_: another dtype": changed(lambda t, a, u: a.set_(t.arange(3))),
    "set_: a storage of another dtype": changed(lambda t, a, u: a.set_(t.arange(3).storage())),
    "set_: negative strides": changed(lambda t, a, u: a.set_(u, 0, (2,), (-1,))),
}


@pytest.mark.parametrize("name", FAIL)
def test_refused_alike(name: str, same: Callable[..., None]) -> None:
    same(FAIL[name], fails=True)


class Tagged(flambeau.Tensor):
    """A tensor of a class of its own."""


def copies(x: Any) -> list[Any]:
    return [pickle.loads(pickle.dumps(x)), copy.deepcopy(x), copy.copy(x)]


def test_pickled_and_copied() -> None:
    x = flambeau.arange(6.0).view(2, 3).t()[1:]
    x.requires_grad_().grad = flambeau.ones(2, 2)
    x.tag = ["mine"]
    for y in copies(x):
        assert y.tolist() == x.tolist() and y.stride() == x.stride() and y.storage_offset() == 1
        assert y.requires_grad and y.tag == ["mine"]
    assert copy.deepcopy(x).grad.tolist() == [[1, 1], [1, 1]] and copy.deepcopy(x).tag is not x.tag
    tagged = flambeau.ones(2).as_subclass(Tagged) if hasattr(x, "as_subclass") else Tagged([1.0, 1.0])
    tagged.tag = 1
    for y in copies(tagged):
        assert type(y) is Tagged and y.tag == 1


def test_views_stay_views_of_one_storage(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        a = t.arange(4.0)
        b, c = copy.deepcopy([a, a[1:]])
        b.fill_(7)
        return a, b, c

    same(code)


def test_a_computed_tensor_is_not_copied(same: Callable[..., None]) -> None:
    same(lambda t: copy.deepcopy(t.ones(1, requires_grad=True) * 2), fails=True)


def test_small_things_are_pickled() -> None:
    for thing in (
        flambeau.float32,
        flambeau.bool,
        flambeau.device("cpu"),
        flambeau.Size([1, 2]),
        flambeau.ones(2).storage(),
    ):
        again = pickle.loads(pickle.dumps(thing))
        assert type(again) is type(thing) and str(again) == str(thing)
    generator = flambeau.Generator().manual_seed(5)
    assert (
        flambeau.rand(3, generator=copy.deepcopy(generator)).tolist() == flambeau.rand(3, generator=generator).tolist()
    )


def test_functions_that_ask_first_are_pickled() -> None:
    """What functions are once somebody has subclassed Tensor."""
    from flambeau.overrides import Overridable

    asks = Overridable(copy.copy)
    assert pickle.loads(pickle.dumps(asks)) == asks and copy.deepcopy(asks) is asks


def test_hooks_are_not_pickled(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        x = t.ones(1, requires_grad=True)
        x.register_hook(print)
        return pickle.loads(pickle.dumps(x))

    same(code)


def test_forked_processes_share() -> None:
    """In a process of its own: this one has threads, which do not fork well."""
    code = (
        "import os, flambeau as t; x = t.zeros(3).share_memory_(); view = x[1:]; child = os.fork()\n"
        "if child == 0:\n    view.fill_(5)\n    os._exit(0)\n"
        "os.waitpid(child, 0); print(x.tolist())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[0.0, 5.0, 5.0]"


def test_a_file_as_storage(tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    path.write_bytes(b"\1\2\3\4")
    private = flambeau.UntypedStorage.from_file(str(path), False, 4)
    private[0] = 9
    shared = flambeau.UntypedStorage.from_file(str(path), True, 4)
    assert shared.tolist() == [1, 2, 3, 4] and shared.filename == str(path)
    shared[1] = 8
    del shared
    assert path.read_bytes() == b"\1\x08\3\4"
    assert flambeau.FloatStorage.from_buffer(b"\0\0\x80\x3f", "little").tolist() == [1.0]
