"""After `flambeau.install_as_torch()` a program that imports torch gets flambeau, whatever way it imports it."""

from __future__ import annotations

import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from packaging.version import parse

from flambeau.torch_version import TorchVersion

ROOT = Path(__file__).parents[2]


def run(*arguments: str, cwd: Path | None = None, fails: bool = False) -> str:
    """What a fresh Python process prints; its error text if it should fail."""
    path = os.pathsep.join([str(ROOT / "core"), str(ROOT / "gpu_wgpu")])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, env=environment)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout


INSTALLED = "import flambeau; flambeau.install_as_torch(); "


def test_every_way_to_import_gives_the_same_modules() -> None:
    printed = run(
        "-c",
        f"""{INSTALLED}
import importlib, importlib.metadata, importlib.util, pickle, sys
assert importlib.util.find_spec("torch") is not None and importlib.util.find_spec("torch.nothing") is None
import torch, torch.nn as nn, torch.nn.functional as F, torch.utils.data.dataloader
import torch.optim as optim
from torch import Tensor
from torch.autograd import Function, Variable
from torch.nn.modules.linear import Linear
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader
assert torch is flambeau and nn is flambeau.nn and F is flambeau.nn.functional and Tensor is flambeau.Tensor
assert Linear is flambeau.nn.Linear and torch.optim.lr_scheduler.StepLR is StepLR
assert torch.utils.data.dataloader.DataLoader is DataLoader is flambeau.utils.data.DataLoader
assert sys.modules["torch.nn"] is sys.modules["flambeau.nn"] and flambeau.__spec__.name == "flambeau"
copies = [m for name, m in sys.modules.items() if name.startswith("torch") and not m.__name__.startswith("flambeau")]
assert copies == [], copies
for name in ("torch.dtype", "torch.device", "torch.fx", "torch.nn.nothing"):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        print(error)
assert isinstance(torch.dtype, type) and isinstance(torch.device, type)
assert pickle.loads(b"ctorch.nn.modules.linear\\nLinear\\n.") is Linear
assert type(pickle.loads(pickle.dumps(nn.Linear(2, 2)))) is Linear
assert importlib.metadata.version("torch") == "2.13.0"
print(torch.__version__ >= (2, 0), torch.__version__ > "2.4", torch.__version__.split("+")[0])
flambeau.install_as_torch()
""",
    )
    assert printed.splitlines() == [
        *(f"No module named '{name}'" for name in ("torch.dtype", "torch.device", "torch.fx", "torch.nn.nothing")),
        "True True 2.13.0",
    ]


def test_a_script_runs_unmodified(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("from torch.nn import Linear\n")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, torch, beside\n"
        "if __name__ == '__main__':\n"
        "    print(sys.argv[1:], torch.__name__, beside.Linear(1, 2))\n"
    )
    expected = "['--lr', '1'] flambeau Linear(in_features=1, out_features=2, bias=True)\n"
    assert run("-m", "flambeau", str(script), "--lr", "1") == expected
    assert run("-m", "flambeau", "-m", "script", "--lr", "1", cwd=tmp_path) == expected
    assert "usage: python -m flambeau" in run("-m", "flambeau", "--help")
    assert "can't open file 'none.py'" in run("-m", "flambeau", "none.py", fails=True)


def test_an_exit_code_is_the_scripts(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import torch\nraise SystemExit('no data')\n")
    assert run("-m", "flambeau", str(script), fails=True) == "no data\n"


def test_pytorch_already_imported(tmp_path: Path) -> None:
    """A stand-in for PyTorch: importing the real one takes seconds."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("from . import nn\n")
    (tmp_path / "torch" / "nn.py").write_text("")
    before = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import torch, flambeau; "
    assert "PyTorch is already imported in this process" in run("-c", before + INSTALLED, fails=True)
    taken = "flambeau.install_as_torch(force=True); import torch.nn; assert torch is flambeau; print(torch.nn is flambeau.nn)"
    assert run("-c", before + taken) == "True\n"


VERSIONS = ["2.13.0", "2.13", "2.13.0+cpu", "2.4.1", "1.9", "1.13.1+cu117", "2.13.0a0+git1234", "2.13.0rc1", "2.13.0.dev20250101",
            "2.13.0.post1", "2.9.0", "0.4.1"]  # fmt: skip


@pytest.mark.parametrize("a", VERSIONS)
def test_versions_compare_as_versions(a: str) -> None:
    for b in VERSIONS:
        assert (TorchVersion(a) < b, TorchVersion(a) == b, TorchVersion(a) >= b) == (
            parse(a) < parse(b), parse(a) == parse(b), parse(a) >= parse(b)
        ), b  # fmt: skip
    assert TorchVersion(a) > (0, 4) and TorchVersion(a) != "nonsense" and hash(TorchVersion(a)) == hash(a)


def classes_by_module() -> dict[str, list[str]]:
    """Where PyTorch's public classes and functions live, as a pickle or a `from torch.x.y import` would name them."""
    found: dict[str, list[str]] = {}
    for space in ("nn", "optim", "optim.lr_scheduler", "utils.data", "autograd", "nn.utils.rnn", "nn.init"):
        for name, value in vars(importlib.import_module(f"torch.{space}")).items():
            home = getattr(value, "__module__", None) or ""
            if not name.startswith("_") and inspect.isclass(value) and home.startswith("torch."):
                found.setdefault(home, []).append(f"{space}.{name}")
    return found


@pytest.mark.parametrize("home", sorted(classes_by_module()))
def test_classes_are_found_in_pytorchs_files(home: str) -> None:
    for path in classes_by_module()[home]:
        space, _, name = path.rpartition(".")
        ours = getattr(importlib.import_module(f"flambeau.{space}"), name, None)
        if ours is None:
            continue  # the page of coverage lists what is not there
        module = importlib.import_module("flambeau" + home[len("torch") :])
        assert isinstance(module, ModuleType) and getattr(module, name) is ours
        assert getattr(sys.modules[home], name) is getattr(importlib.import_module(f"torch.{space}"), name)
        assert torch is sys.modules["torch"]


@pytest.mark.slow
def test_processes_that_are_spawned_have_it_too(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("""
import torch
import torch.multiprocessing as mp
from torch.utils.data import DataLoader, Dataset


class Squares(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        import torch.nn.functional as F

        assert torch.__name__ == "flambeau" and F.__name__.startswith("flambeau.")
        return torch.tensor(float(i * i))


def work(rank, queue):
    queue.put((rank, torch.__name__, torch.ones(2).sum().item()))


if __name__ == "__main__":
    loader = DataLoader(Squares(), batch_size=2, num_workers=1, multiprocessing_context="spawn")
    print([batch.tolist() for batch in loader])
    queue = mp.get_context("spawn").SimpleQueue()
    mp.spawn(work, args=(queue,), nprocs=1)
    print(queue.get())
""")
    printed = run("-m", "flambeau", str(script), cwd=tmp_path)
    assert printed.splitlines() == ["[[0.0, 1.0], [4.0, 9.0]]", "(0, 'flambeau', 2.0)"]
