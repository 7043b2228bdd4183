"""What is missing is said, with what to do."""

import builtins
import subprocess
import sys
from typing import Any

import pytest

import flambeau_wgpu
from flambeau_wgpu.device import native


def test_importing_opens_nothing() -> None:
    code = "import sys, flambeau_wgpu; print('wgpu' in sys.modules, 'flambeau_wgpu.backend' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False", "False"]


def test_without_the_wgpu_package(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without_wgpu(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "wgpu":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_wgpu)
    assert native.count() == 0
    with pytest.raises(RuntimeError, match=r"pip install flambeau\[wgpu\]"):
        native.open_device()


def test_without_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "adapters", list)
    assert native.count() == 0
    with pytest.raises(RuntimeError, match="mesa-vulkan-drivers"):
        native.open_device()


def test_no_such_device() -> None:
    with pytest.raises(RuntimeError, match="wgpu:99 does not exist"):
        flambeau_wgpu.load(99)


def test_available() -> None:
    assert flambeau_wgpu.available() and flambeau_wgpu.count() >= 1
    assert flambeau_wgpu.load.available()  # type: ignore[attr-defined]
    assert flambeau_wgpu.load() is flambeau_wgpu.load(0)


def test_the_debug_view(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    from flambeau.dtype import float32
    from flambeau_wgpu.backend import WgpuBackend

    monkeypatch.setenv("FLAMBEAU_DEBUG", "wgsl")
    b = WgpuBackend(flambeau_wgpu.load().engine.device)
    x = b.from_bytes(np.ones(5, "f4").tobytes(), (5,), float32)
    b.to_bytes(b.tanh(b.mul(x, 3.0)))
    shown = capfd.readouterr().err
    assert "2 ops, 1 held -> 1 kernels" in shown
    assert "tanh mul" in shown
    assert "fn tanh_f(x: f32) -> f32" in shown
