"""The browser's transport, in headless Chromium with Pyodide."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent

pytestmark = pytest.mark.slow


def in_browser(program: str, *arguments: object, flags: tuple[str, ...] = ()) -> Any:
    command = [sys.executable, str(HERE / "in_browser.py"), *flags, str(HERE / program), *map(json.dumps, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    if "Target crashed" in done.stderr:  # Chromium's own process, once in some hundred runs on a busy machine
        done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-4000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert not [line for line in result["console"] if "favicon" not in line and "404" not in line]
    return result["answer"]


@pytest.mark.parametrize("flags", [(), ("--own-js",)], ids=["registered", "own copy"])
def test_primitives(flags: tuple[str, ...]) -> None:
    answer = in_browser("browser_primitives.py", flags=flags)
    assert answer["wrong"] == []
    assert answer["checked"] > 150


def test_faults() -> None:
    answer = in_browser("browser_faults.py")
    assert answer["before"] == answer["after"] == [2, 3]
    for fault in ("lost", "old"):
        assert answer[fault][0] == "DeviceLost" and "the device was lost" in answer[fault][1]
    assert answer["full"][0] == "OutOfMemory" and answer["full"][1].startswith("wgpu out of memory.")
    assert answer["again"] == 5000


def test_layouts_are_measured_and_remembered() -> None:
    answer = in_browser("browser_tuning.py")
    assert answer["untuned"] == 0 and answer["measured"] == answer["again"] > 0
    assert len(answer["chosen"]) == answer["measured"] and answer["difference"] < 1e-5
    assert answer["remembered"] == answer["chosen"]
    assert answer["denied"] == answer["failing"] == answer["silent"] == ""


def test_profiles_show_kernels() -> None:
    answer = in_browser("browser_profile.py")
    assert answer["feature"] and not answer["still on"]
    names = [name for name, _ in answer["timed"]]
    assert names and [name for name, _ in answer["untimed"]] == [f"flush({len(names)} kernels)", *names]
    (product,) = (time for name, time in answer["timed"] if name.startswith("matmul("))
    assert product >= 100  # (a tick of Chromium's clock, where it is not told to be exact)
    (_, flush), *kernels = answer["untimed"]
    assert flush > 1000 and all(time == 0 for _, time in kernels)


def test_training_follows_numpy() -> None:
    """The same losses as on the CPU; once settled, one crossing into JavaScript per flush and nothing new."""
    paths = [str(HERE), str(HERE.parents[1] / "examples")]
    code = f"import sys, json; sys.path[:0] = {paths}; import browser_char_rnn; "
    code += "print(json.dumps(browser_char_rnn.main(20, 'cpu')))"
    numpy = subprocess.check_output([sys.executable, "-c", code], text=True)
    answer = in_browser("browser_char_rnn.py", 20)
    assert answer["losses"] == pytest.approx(json.loads(numpy)["losses"], rel=1e-3)
    counters = answer["counters"]
    assert counters["submits"] == 2 * 20  # a step and a read of its loss
    assert counters["pipelines"] <= 45


def test_images_train_as_on_numpy() -> None:
    code = f"import sys, json; sys.path.insert(0, {str(HERE)!r}); import browser_images; "
    numpy = subprocess.check_output(
        [sys.executable, "-c", code + "print(json.dumps(browser_images.main('cpu')))"], text=True
    )
    expected = json.loads(numpy)["losses"]
    answer = in_browser("browser_images.py")
    assert answer["losses"] == pytest.approx(expected, rel=1e-3)
    assert answer["on a real GPU"] == pytest.approx(expected, rel=1e-3)
