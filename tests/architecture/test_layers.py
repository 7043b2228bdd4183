"""Imports point down the layers: a package knows those below it, and nothing beside or above."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core"
PLUGIN = ROOT / "gpu_wgpu"

BASE = ("flambeau.dtype", "flambeau.shape", "flambeau.layout", "flambeau.once")
BACKENDS = ("flambeau.backends", *BASE)
TENSORS = (
    "flambeau._tensor", "flambeau.storage", "flambeau.device", "flambeau.promotion", "flambeau.random", "flambeau.numeric_limits",
    "flambeau.printing", "flambeau.ops", "flambeau.autograd", "flambeau.overrides", "flambeau.storage_casts", "flambeau.untyped_storage",
    "flambeau.typed_storage", "flambeau.pickling", "flambeau.__future__", "flambeau.linalg_error", *BACKENDS,
)  # fmt: skip
PUBLIC = ("flambeau", *TENSORS)
ALLOWED: dict[str, tuple[str, ...]] = {
    "flambeau.dtype": (),
    "flambeau.shape": (),
    "flambeau.layout": (),
    "flambeau.once": (),
    "flambeau.backends": BACKENDS,
    "flambeau.storage": ("flambeau.device", "flambeau.untyped_storage", "flambeau.typed_storage", *BACKENDS),
    "flambeau.storage_casts": TENSORS,
    "flambeau.untyped_storage": TENSORS,
    "flambeau.typed_storage": TENSORS,
    "flambeau.pickling": TENSORS,
    "flambeau.checkpoint": (*PUBLIC, "flambeau.checkpoint", "flambeau.layout", "flambeau.nn"),
    "flambeau.serialization": (*PUBLIC, "flambeau.checkpoint"),
    "flambeau.device": BACKENDS,
    "flambeau.promotion": BASE,
    "flambeau.numeric_limits": BASE,
    "flambeau.random": (
        "flambeau._box_muller",
        "flambeau.device",
        "flambeau._tensor",
        "flambeau.storage",
        "flambeau.ops",
        *BACKENDS,
    ),
    "flambeau.printing": TENSORS,
    "flambeau._tensor": TENSORS,
    "flambeau.autograd": TENSORS,
    "flambeau.autograd.profiler": (*TENSORS, "flambeau.profiler"),
    "flambeau.profiler": (*TENSORS, "flambeau.profiler", "flambeau.utils.flop_counter"),
    "flambeau.ops": TENSORS,
    "flambeau.func": (*TENSORS, "flambeau.func", "flambeau.utils._pytree"),
    "flambeau.nn": (*PUBLIC, "flambeau.nn", "flambeau.utils"),
    "flambeau.nn.parallel.distributed": (*PUBLIC, "flambeau.nn", "flambeau.distributed"),
    "flambeau.optim": (*PUBLIC, "flambeau.optim", "flambeau.utils"),
    "flambeau.optim.swa_utils": (*PUBLIC, "flambeau.optim", "flambeau.nn", "flambeau._foreach"),
    "flambeau.amp": (*PUBLIC, "flambeau.amp", "flambeau.cuda", "flambeau.optim", "flambeau._foreach"),
    "flambeau.data": (*PUBLIC, "flambeau.data", "flambeau.accelerator"),
    "flambeau.utils": (
        *PUBLIC,
        "flambeau.utils",
        "flambeau.data",
        "flambeau.accelerator",
        "flambeau.settings",
        "flambeau.hub",
    ),
    "flambeau.utils.flop_counter": (*PUBLIC, "flambeau.nn", "flambeau.library"),
    "flambeau.distributions": (*PUBLIC, "flambeau.distributions", "flambeau.linalg", "flambeau.nn"),
    "flambeau.linalg": (*PUBLIC,),
    "flambeau.fft": (*PUBLIC,),
    "flambeau.signal": (*PUBLIC, "flambeau.signal"),
    "flambeau.watch": (*PUBLIC, "flambeau.watch", "flambeau.nn", "flambeau.optim"),
    "flambeau.testing": (*PUBLIC, "flambeau.testing"),
    "flambeau_wgpu": ("flambeau_wgpu", "flambeau.backends.protocol", "flambeau.dtype"),
}
"""What each package may import. Names that are not here are the public namespace's own, which may import all."""


def module_name(file: Path, root: Path) -> str:
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_within(name: str, packages: tuple[str, ...]) -> bool:
    """`flambeau` itself stands for its public names, not for every module below it."""
    return any(name == p or (p != "flambeau" and name.startswith(p + ".")) for p in packages)


def imports(file: Path, root: Path) -> Iterator[tuple[str, int]]:
    """The modules a file imports, also within functions and for type checking only, with their lines."""
    name = module_name(file, root)
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - (node.level - 1)]
                base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                path = root / inner.replace(".", "/")
                yield inner if path.is_dir() or path.with_suffix(".py").exists() else base, node.lineno


FILES = [(f, CORE) for f in sorted((CORE / "flambeau").rglob("*.py"))] + [
    (f, PLUGIN) for f in sorted((PLUGIN / "flambeau_wgpu").rglob("*.py"))
]


@pytest.mark.parametrize(("file", "root"), FILES, ids=[module_name(f, r) for f, r in FILES])
def test_imports_point_down(file: Path, root: Path) -> None:
    name = module_name(file, root)
    package = max((p for p in ALLOWED if is_within(name, (p,))), key=len, default=None)
    if package is None:
        return  # flambeau/__init__.py, and modules of public names beside it
    wrong = [
        f"line {line}: {target}"
        for target, line in imports(file, root)
        if target.split(".")[0] in ("flambeau", "flambeau_wgpu") and not is_within(target, ALLOWED[package])
    ]
    assert wrong == []


@pytest.mark.parametrize(("file", "root"), FILES, ids=[module_name(f, r) for f, r in FILES])
def test_third_parties_are_where_they_belong(file: Path, root: Path) -> None:
    """NumPy in its backend and where its arrays come in; wgpu and the page's modules in the plugin's devices; pytest in `testing`."""
    name = module_name(file, root)
    found = (
        {target.split(".")[0] for target, _ in imports(file, root)}
        - set(sys.stdlib_module_names)
        - {"flambeau", "flambeau_wgpu"}
    )
    welcome = {
        "flambeau.backends.numpy": {"numpy"}, "flambeau.backends.numpy_bfloat16": {"numpy"},
        "flambeau.ops.on_host": {"numpy"}, "flambeau._tensor": {"numpy"},
        "flambeau.ops.creation": {"numpy"}, "flambeau.data.collate": {"numpy"}, "flambeau.data.worker": {"numpy"},
        "flambeau_wgpu.device.native": {"wgpu"},
        "flambeau_wgpu.device.browser": {"js", "pyodide", "flambeau_wgpu_js"},
    }.get(name, set())  # fmt: skip
    if is_within(name, ("flambeau.backends.numpy_kernels",)) or name == "flambeau.ops.interop":
        welcome = welcome | {"numpy"}
    if is_within(name, ("flambeau.testing",)):
        welcome = welcome | {"pytest"}
    assert found <= welcome


def fresh(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_loads_no_third_party() -> None:
    """Not even NumPy: the page has none, and starting is quick. Packages of the standard library and of ours are all there is."""
    before = "import sys; before = set(sys.modules); import flambeau; new = {m.split('.')[0] for m in set(sys.modules) - before}"
    own = "print(sorted(m for m in new if m not in sys.stdlib_module_names and m not in ('flambeau', '_virtualenv')))"
    assert fresh(f"{before}; {own}").strip() == "[]"


def test_reference_backend_needs_no_third_party() -> None:
    """A training step where NumPy cannot be imported, as in the page."""
    code = (
        "import sys; sys.modules['numpy'] = None; import flambeau as t; "
        "m = t.nn.Linear(3, 2); o = t.optim.SGD(m.parameters(), lr=0.1); "
        "loss = (m(t.ones(4, 3)) ** 2).mean(); loss.backward(); o.step(); print(loss.item() > 0)"
    )
    env = "import os; os.environ['FLAMBEAU_CPU'] = 'reference'; "
    assert fresh(env + code).strip() == "True"
