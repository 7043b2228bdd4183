"""Settings of the process, and small namespaces, as PyTorch answers; most change nothing but can be asked for again."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Same = Callable[..., None]


def threads(t: Any) -> Any:
    before = t.get_num_threads()
    t.set_num_threads(3)
    seen = t.get_num_threads()
    t.set_num_threads(before)
    return [before, seen, isinstance(t.get_num_interop_threads(), int)]


def deterministic(t: Any) -> Any:
    seen = [t.are_deterministic_algorithms_enabled(), t.get_deterministic_debug_mode()]
    for call in (
        lambda: t.use_deterministic_algorithms(True, warn_only=True),
        lambda: t.set_deterministic_debug_mode("error"),
    ):
        call()
        seen += [
            t.are_deterministic_algorithms_enabled(),
            t.is_deterministic_algorithms_warn_only_enabled(),
            t.get_deterministic_debug_mode(),
        ]
    t.use_deterministic_algorithms(False)
    return seen


def default_tensor_type(t: Any) -> Any:
    seen = []
    for kind in (t.DoubleTensor, "torch.FloatTensor", t.float64, "torch.FloatTensor"):
        try:
            t.set_default_tensor_type(kind)
        except TypeError as error:
            seen.append(str(error))
        seen.append(t.ones(1).dtype)
    return seen


def compiled(t: Any) -> Any:
    @t.compile
    def double(x: Any) -> Any:
        return x * 2

    @t.compile(mode="reduce-overhead", fullgraph=True)
    def triple(x: Any) -> Any:
        return x * 3

    t.compiler.reset()
    t.compiler.set_stance("force_eager")
    seen = [double(t.ones(2)), triple(t.ones(2)), t.compiler.is_compiling(), t.compiler.disable(len)([1])]
    t.compiler.set_stance("default")
    return seen


CASES: dict[str, Callable[[Any], Any]] = {
    "threads": threads,
    "deterministic": deterministic,
    "default tensor type": default_tensor_type,
    "layouts": lambda t: [t.strided, t.ones(1).layout, t.jagged, t.channels_last, t.contiguous_format,
                          type(t.strided).__name__, type(t.preserve_format).__name__, t.ones(1).layout == t.strided,
                          pickle.loads(pickle.dumps(t.strided)) is t.strided],
    "typename": lambda t: [t.typename(t.ones(1)), t.typename(3), t.typename("x"), t.typename(None), t.typename([]),
                           t.typename(t.ones(1).long())],
    "check": lambda t: [t._check(True), t._check_index(True), t._check_tensor_all(t.ones(2) > 0)],
    "logging": lambda t: t._logging.set_logs(graph_breaks=True),
    "types": lambda t: [isinstance(3, t.types.Number), t.types.Tensor is t.Tensor],
    "warn always": lambda t: [t.is_warn_always_enabled(), t.set_warn_always(False)],
}  # fmt: skip

ERRORS: dict[str, Callable[[Any], Any]] = {
    "no threads": lambda t: t.set_num_threads(0),
    "threads of a text": lambda t: t.set_num_threads("a"),
    "mode is no bool": lambda t: t.use_deterministic_algorithms(1),
    "unknown mode": lambda t: t.set_deterministic_debug_mode("foo"),
    "unknown number": lambda t: t.set_deterministic_debug_mode(7),
    "check fails": lambda t: t._check(False, lambda: f"no: {1 + 1}"),
    "check fails without text": lambda t: t._check(False),
    "index check fails": lambda t: t._check_index(False, lambda: "out"),
    "value check fails": lambda t: t._check_value(False, lambda: "bad"),
    "type check fails": lambda t: t._check_type(False, lambda: "bad"),
    "check of a tensor": lambda t: t._check(t.ones(1)),
    "not all elements": lambda t: t._check_tensor_all(t.zeros(2) > 0, lambda: "some are not"),
    "assert": lambda t: t._assert(False, "no"),
    "custom class": lambda t: t.classes.mine.Thing(),
}


@pytest.mark.parametrize("name", CASES)
def test_settings(same: Same, name: str) -> None:
    same(CASES[name])


@pytest.mark.parametrize("name", ERRORS)
def test_errors(same: Same, name: str) -> None:
    same(ERRORS[name], fails=True)


def test_compiled_functions_run(same: Same) -> None:
    import flambeau

    assert [x.tolist() if hasattr(x, "tolist") else x for x in compiled(flambeau)] == [[2.0, 2.0], [3.0, 3.0], False, 1]
    with pytest.raises(RuntimeError, match="Either mode or options"):
        flambeau.compile(len, mode="default", options={})
    with pytest.raises(RuntimeError, match=r"invalid torch.compile stance 'fast'"):
        flambeau.compiler.set_stance("fast")
    model = flambeau.nn.Linear(1, 1)
    assert flambeau.compile(model) is model and flambeau._dynamo.reset() is None


def test_words_about_the_build() -> None:
    import flambeau

    assert "CPU arithmetic: Numpy" in flambeau.__config__.show()
    assert "threads" in flambeau.__config__.parallel_info()


def test_the_accelerator_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    import flambeau as t
    from flambeau.backends import registry

    monkeypatch.setattr(registry, "accelerator", lambda: None)
    assert (t.accelerator.is_available(), t.accelerator.device_count(), t.accelerator.current_accelerator()) == (
        False,
        0,
        None,
    )
    for call in (
        t.accelerator.synchronize,
        t.accelerator.memory_allocated,
        t.accelerator.current_device_index,
        t.accelerator.empty_cache,
    ):
        with pytest.raises(RuntimeError, match=r"Cannot access accelerator device when none is available."):
            call()
    assert t.get_device_module() is t.cpu and t.get_device_module("cuda") is t.cuda
    # A stand-in with one device whose memory is not known.
    monkeypatch.setattr(registry, "accelerator", lambda: "reference")
    assert t.accelerator.current_accelerator() == t.device("reference") and t.accelerator.device_count() == 1
    t.accelerator.set_device_index(0)
    t.accelerator.synchronize()
    assert t.accelerator.memory_allocated() == 0 and t.accelerator.memory_stats() == {}
    with pytest.raises(RuntimeError, match="there is no accelerator device 3; there are 1"):
        t.accelerator.set_device_index(3)


HUBCONF = '''
dependencies = ["torch"]
from beside import size
def model(scale=1, **kwargs):
    """A model."""
    import torch
    return [size * scale, kwargs]
'''


def test_hub_loads_from_a_folder(tmp_path: Path, same: Same) -> None:
    (tmp_path / "hubconf.py").write_text(HUBCONF)
    (tmp_path / "beside.py").write_text("size = 4\n")
    folder = str(tmp_path)
    same(lambda t: t.hub.load(folder, "model", 2, source="local", name="x"))
    same(lambda t: t.hub.load(folder, "nothing", source="local"), fails=True)
    same(lambda t: t.hub.load(folder, "model", source="elsewhere"), fails=True)
    import flambeau

    assert flambeau.hub.help(folder, "model", source="local") == "A model."
    assert flambeau.hub.list(folder, source="local") == ["model"]
    with pytest.raises(RuntimeError, match="flambeau does not fetch repositories"):
        flambeau.hub.load("pytorch/vision", "resnet18")


def test_hub_fetches_a_file_once(tmp_path: Path, same: Same, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "weights.bin"
    source.write_bytes(b"some bytes")

    def fetch(t: Any) -> Any:
        t.hub.set_dir(str(tmp_path / t.__name__))
        kept = tmp_path / f"{t.__name__}.bin"
        t.hub.download_url_to_file(source.as_uri(), str(kept), hash_prefix="5d09", progress=False)
        return [t.hub.get_dir() == str(tmp_path / t.__name__), kept.read_bytes().decode()]

    same(fetch, fails=True)  # the hash is another
    assert not (tmp_path / "flambeau.bin").exists()
    same(
        lambda t: [
            t.hub.download_url_to_file(source.as_uri(), str(tmp_path / "copy"), progress=False),
            (tmp_path / "copy").read_text(),
        ]
    )
