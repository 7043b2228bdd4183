"""What the page keeps of the GPU."""

import re

import pytest
from playwright.sync_api import expect

from .conftest import Playground

pytestmark = pytest.mark.slow

TUNED = """import os
print("set before:", os.environ.get("FLAMBEAU_TUNE"))
os.environ["FLAMBEAU_TUNE"] = "1"
import flambeau as torch, flambeau_wgpu
x = torch.rand(64, 64, device="wgpu")
(x @ x).sum().item()
tuner = flambeau_wgpu.load().engine.tuner
print(f"measured {tuner.measured} of {len(tuner.chosen)}")
"""


def test_tuned_layouts_survive_a_reload(playground: Playground) -> None:
    playground.program(TUNED)
    playground.open()
    playground.run()
    playground.wait_for("done", timeout=90_000)
    expect(playground.output).to_contain_text("set before: None")
    found = re.search(r"measured (\d+) of (\d+)", playground.output.inner_text())
    assert found is not None and found[1] == found[2] != "0"
    playground.page.reload()
    playground.wait_for("ready")
    for _ in range(2):  # what a program sets ends with it
        playground.run()
        playground.wait_for("done", timeout=60_000)
        expect(playground.output).to_contain_text(f"measured 0 of {found[2]}")
        expect(playground.output).to_contain_text("set before: None")
