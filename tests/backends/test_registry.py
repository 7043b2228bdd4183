"""Finding backends, and what is said where there is none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import flambeau as torch
from flambeau.backends import registry
from flambeau.backends.reference import ReferenceBackend


class EntryPoint:
    """What `importlib.metadata` finds of an installed plugin."""

    def __init__(self, load: Any) -> None:
        self._load = load

    def load(self) -> Any:
        if isinstance(self._load, Exception):
            raise self._load
        return self._load


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The installed plugins, for this test only."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(registry, "_entry_points", found)
    monkeypatch.setattr(registry, "_loaders", {})
    monkeypatch.setattr(registry, "_instances", {})
    yield found


def test_names(plugins: dict[str, Any]) -> None:
    assert registry.names() == ("cpu", "numpy", "reference")
    plugins["zeta"] = plugins["alpha"] = EntryPoint(lambda index: ReferenceBackend())
    assert registry.names() == ("cpu", "numpy", "reference", "alpha", "zeta")
    assert registry.is_known("alpha")
    assert not registry.is_known("beta")


def test_one_instance_per_device(plugins: dict[str, Any]) -> None:
    plugins["mine"] = EntryPoint(lambda index: ReferenceBackend(f"mine{index}"))
    assert registry.get("mine") is registry.get("mine", 0)
    assert registry.get("mine", 1) is not registry.get("mine", 0)
    assert registry.get("mine", 1).name == "mine1"
    assert registry.get("reference") is registry.get("reference")


def test_unknown_backend(plugins: dict[str, Any]) -> None:
    plugins["mine"] = EntryPoint(lambda index: ReferenceBackend())
    with pytest.raises(RuntimeError, match="there is no backend named 'cude'; there are: cpu, numpy, reference, mine"):
        registry.get("cude")
    with pytest.raises(
        RuntimeError, match=r"Expected one of cpu, .*mine.* device type at start of device string: cude"
    ):
        torch.device("cude")


def test_a_plugin_that_cannot_run_here_says_why(plugins: dict[str, Any]) -> None:
    def load(index: int) -> Any:
        raise RuntimeError("mine needs a graphics card; put one in")

    plugins["mine"] = EntryPoint(load)
    assert not registry.is_available("mine")
    with pytest.raises(RuntimeError, match="mine needs a graphics card; put one in"):
        registry.get("mine")


def test_a_plugin_whose_package_is_missing(plugins: dict[str, Any]) -> None:
    plugins["mine"] = EntryPoint(ImportError("No module named 'driver'"))
    assert not registry.is_available("mine")
    assert registry.accelerator() is None


def test_the_cheap_probe_is_asked_first(plugins: dict[str, Any]) -> None:
    started = []

    def load(index: int) -> Any:
        started.append(index)
        return ReferenceBackend()

    load.available = lambda: True  # type: ignore[attr-defined]
    plugins["mine"] = EntryPoint(load)
    assert registry.is_available("mine")
    assert registry.accelerator() == "mine"
    assert started == []


@pytest.mark.parametrize(
    ("choice", "expected"),
    [("reference", "pure Python"), ("numpy", "NumPy")],
)
def test_the_cpu_can_be_chosen(
    plugins: dict[str, Any], monkeypatch: pytest.MonkeyPatch, choice: str, expected: str
) -> None:
    monkeypatch.setenv("FLAMBEAU_CPU", choice)
    assert expected in registry.get("cpu").device_name()


def test_a_bad_choice_of_cpu(plugins: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAMBEAU_CPU", "fortran")
    with pytest.raises(RuntimeError, match="FLAMBEAU_CPU must be 'numpy' or 'reference', but is 'fortran'"):
        registry.get("cpu")


@pytest.mark.slow
def test_without_numpy() -> None:
    """The CPU is the reference backend, nothing else changes, and the numpy device says what to install."""
    program = """
import sys
from importlib.abc import MetaPathFinder

class NoNumpy(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "numpy":
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)

import importlib.util
find = importlib.util.find_spec
sys.meta_path.insert(0, NoNumpy())
importlib.util.find_spec = lambda name, package=None: None if name == "numpy" else find(name, package)

import flambeau as torch
torch.manual_seed(0)
print(torch.rand(3))
x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
(x @ x).tanh().sum().backward()
print("pure Python" in torch.device_name("cpu"), x.grad.shape)
try:
    torch.zeros(1, device="numpy")
except RuntimeError as error:
    print(error)
assert "numpy" not in sys.modules
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert result.stdout.splitlines() == [
        "tensor([0.4963, 0.7682, 0.0885])",
        "True torch.Size([2, 2])",
        "the numpy device needs NumPy; install it with: pip install numpy",
    ], result.stderr
