"""The shipped suite, run as a third party runs it: one pytest command, in a folder of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flambeau.backends import registry

pytestmark = pytest.mark.slow


def conformance(folder: Path, backend: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the suite in another process, away from this project's configuration."""
    command = [sys.executable, "-m", "pytest", "--pyargs", "flambeau.testing.conformance", "--backend", backend]
    return subprocess.run(
        [*command, "-q", "-p", "no:cacheprovider", "--tb=short", *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=280,
    )


def passed(result: subprocess.CompletedProcess[str]) -> int:
    """How many tests passed; fails if one did not."""
    summary = re.search(r"^(\d+) passed", result.stdout, re.MULTILINE)
    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr
    assert summary, result.stdout
    return int(summary[1])


def test_reference(tmp_path: Path) -> None:
    result = conformance(tmp_path, "reference")
    assert passed(result) > 1300
    assert "skipped" not in result.stdout, "the reference backend holds every dtype"


def test_numpy(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    assert passed(conformance(tmp_path, "numpy")) > 1200


def test_cpu_is_the_default(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--pyargs", "flambeau.testing.conformance", "-q", "-k", "test_random"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout


def test_wgpu(tmp_path: Path) -> None:
    pytest.importorskip("wgpu")
    registry.get("wgpu")  # where there is no adapter, its error says what to install
    assert passed(conformance(tmp_path, "wgpu")) > 800


def plugin(folder: Path, source: str) -> dict[str, str]:
    """Install a third-party package with a backend named `mine`; returns the environment in which it is found."""
    (folder / "mine_backend.py").write_text(source)
    metadata = folder / "mine_backend-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mine-backend\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[flambeau.backends]\nmine = mine_backend:load\n")
    return {"PYTHONPATH": os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])}


GOOD = """
from flambeau.backends.reference import ReferenceBackend

def load(index):
    assert index == 2
    return ReferenceBackend("mine")
"""

BAD = """
import math
from flambeau.backends.reference import ReferenceBackend, unary

class Mine(ReferenceBackend):
    round = unary(lambda x: math.floor(x + 0.5) if math.isfinite(x) else x)  # halves up, not to even

def load(index):
    return Mine("mine")
"""


def test_a_plugin_proves_itself(tmp_path: Path) -> None:
    environment = plugin(tmp_path, GOOD)
    assert passed(conformance(tmp_path, "mine:2", "-k", "test_elementwise", **environment)) > 300


def test_a_plugin_with_an_error_is_found_out(tmp_path: Path) -> None:
    result = conformance(tmp_path, "mine", "-k", "test_elementwise", **plugin(tmp_path, BAD))
    assert result.returncode == 1
    failures = set(re.findall(r"^FAILED \S+::(\w+)\[(\w+)", result.stdout, re.MULTILINE))
    assert failures == {("test_exact_functions", "round")}


def test_an_unknown_backend_is_named(tmp_path: Path) -> None:
    result = conformance(tmp_path, "nonsense", "-k", "test_describes_itself")
    assert result.returncode == 1
    assert "there is no backend named 'nonsense'; there are: cpu, numpy, reference" in result.stdout


def test_the_option_is_nobody_elses(tmp_path: Path) -> None:
    """Sessions without the suite know nothing of `--backend`, and may have their own."""
    (tmp_path / "conftest.py").write_text("def pytest_addoption(parser):\n    parser.addoption('--backend')\n")
    (tmp_path / "test_own.py").write_text(
        "def test(pytestconfig):\n    assert pytestconfig.getoption('backend') == 'x'\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "--backend", "x", str(tmp_path)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
