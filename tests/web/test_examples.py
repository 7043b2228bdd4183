"""Examples run on WebGPU, and learn."""

import importlib.util
import math
import re
from types import ModuleType

import pytest
from playwright.sync_api import expect

from .conftest import ROOT, SITE, Playground

pytestmark = pytest.mark.slow

CONTENTS = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
LISTED: list[str] = re.findall(r"^\| \[`(\w+\.py)`\]", CONTENTS, re.MULTILINE)
LEARNING = {"char_rnn": 20, "dynamic_net": 60, "tree_rnn": 16, "mlp_digits": 30}
"""Examples that are watched until their loss has fallen, and the steps it takes."""


def native(example: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{example}", ROOT / "examples" / f"{example}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("example", "steps"), LEARNING.items())
def test_loss_falls_on_webgpu(playground: Playground, example: str, steps: int) -> None:
    playground.open(f"#{example}")
    expect(playground.page.get_by_label("Device")).to_have_value("wgpu")
    playground.run()
    playground.wait_for_step(steps, timeout=120_000)
    playground.stop()
    playground.wait_for("stopped")
    losses = playground.losses()
    early, late = losses[: len(losses) // 5], losses[-len(losses) // 5 :]
    assert sum(late) / len(late) < 0.8 * sum(early) / len(early), losses
    if example == "char_rnn":  # same seed, same losses as on numpy
        assert losses[:20] == pytest.approx(native(example).main(device="cpu", steps=20), rel=1e-3)


@pytest.mark.parametrize(
    "example", [name.removesuffix(".py") for name in LISTED if name.removesuffix(".py") not in LEARNING]
)
def test_trains_on_webgpu(playground: Playground, example: str) -> None:
    playground.open(f"#{example}")
    playground.run()
    if (
        example == "tensors"
    ):  # works out its gradients itself: there is no graph, and no step that could be seen from outside
        playground.wait_for("done", timeout=120_000)
        return
    playground.wait_for_step(2, timeout=120_000)
    playground.page.keyboard.press("Control+.")  # (the button is out of reach where the program is done already)
    playground.wait_for("stopped", "done")
    losses = playground.losses()
    assert losses and all(math.isfinite(loss) for loss in losses)


def test_the_site_carries_the_same_files() -> None:
    names = sorted(path.name for path in (ROOT / "examples").glob("*.py"))
    assert names == sorted(path.name for path in (SITE / "examples").glob("*.py"))
    for name in names:
        assert (SITE / "examples" / name).read_bytes() == (ROOT / "examples" / name).read_bytes()


def test_each_example_says_what_it_is(playground: Playground) -> None:
    playground.open()
    picker = playground.page.get_by_role("combobox", name="Example")
    assert len(LISTED) >= 18
    expect(picker.get_by_role("option")).to_have_text(LISTED)
    notes = playground.page.get_by_role("group", name="Notes")
    for name in LISTED:
        picker.select_option(name)
        expect(notes.get_by_role("heading", name="Try")).to_be_visible()
        expect(notes.get_by_role("heading", name="Expect")).to_be_visible()
        assert notes.get_by_role("listitem").count() >= 2
