"""What NumPy frees is used again, and not fetched from the system anew for every temporary."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource
import flambeau
x = flambeau.ones(1 << 20)
def step():
    return [((x + 1) * 2, x - 3, x * x).__len__() for _ in range(3)]
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(**environment: str) -> int:
    import os

    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))} | environment
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment)
    return int(ran.stdout)


@pytest.mark.slow
def test_temporaries_touch_no_fresh_pages() -> None:
    assert faults() < 100


@pytest.mark.slow
def test_what_the_environment_says_holds() -> None:
    assert faults(MALLOC_MMAP_THRESHOLD_="65536") > 1000
