"""The examples run as a person runs them: `python examples/NAME.py`."""

import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import LISTED

ROOT = Path(__file__).parents[2]
REACHED = {
    "char_rnn.py": 1.9, "dynamic_net.py": 0.05, "tree_rnn.py": 0.15, "mlp_digits.py": 0.1, "tensors.py": 0.036, "autograd.py": 0.036,
    "custom_function.py": 0.3, "nn_layers.py": 0.08, "optimizers.py": 1.1, "custom_module.py": 0.002, "rnn_classification.py": 0.15,
    "seq2seq_attention.py": 0.02, "tree_lstm.py": 0.6, "neural_modules.py": 0.4, "vae.py": 25.2, "dcgan.py": 1.4, "reinforce.py": 0.35,
    "gpt.py": 2.0,
}  # fmt: skip
"""The loss that each example says it ends near, with some room for what rounding does to a training."""


def run(name: str, *arguments: str) -> str:
    """What the example prints."""
    finished = subprocess.run(
        [sys.executable, ROOT / "examples" / name, *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def losses(output: str) -> list[float]:
    return [float(loss) for loss in re.findall(r"^step .*\bloss (\S+)$", output, re.MULTILINE)]


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTED)
def test_reaches_its_loss_on_the_cpu(name: str) -> None:
    printed = losses(run(name))
    assert statistics.mean(printed[-3:]) < REACHED[name], printed


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["char_rnn.py", "dynamic_net.py", "tree_rnn.py", "mlp_digits.py", "vae.py", "reinforce.py"]
)
def test_loss_falls_on_the_gpu(name: str) -> None:
    printed = losses(run(name, "--steps", "61", "--device", "wgpu"))
    assert statistics.mean(printed[-2:]) < 0.8 * printed[0], printed


@pytest.mark.slow
def test_char_rnn_shows_progress_and_writes() -> None:
    """A bar on the error stream, and at the end the prompt continued by 300 characters of the book's alphabet."""
    finished = subprocess.run(
        [sys.executable, ROOT / "examples" / "char_rnn.py", "--steps", "20"], capture_output=True, text=True, check=True
    )
    assert re.search(r"100%.*20/20", finished.stderr)
    written = finished.stdout.partition("Alice ")[2].rstrip("\n")
    book = (ROOT / "examples" / "data" / "alice.txt").read_text(encoding="ascii")
    assert len(written) >= 290 and set(written) <= set(book)


@pytest.mark.slow
def test_char_rnn_without_tqdm_prints_its_losses() -> None:
    program = (
        "import runpy, sys; sys.modules['tqdm'] = None; sys.argv = ['char_rnn.py', '--steps', '2'];"
        "runpy.run_path(sys.path.pop(0) + '/examples/char_rnn.py', run_name='__main__')"
    )
    program = program.replace("sys.path.pop(0)", repr(str(ROOT)))
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert len(losses(finished.stdout)) == 2
    assert finished.stderr == ""


@pytest.mark.parametrize("name", LISTED)
def test_docstring_is_what_the_examples_menu_shows(name: str) -> None:
    """A title, the goal in three lines, things to try, and the loss to expect."""
    source = (ROOT / "examples" / name).read_text(encoding="utf-8")
    docstring = source.split('"""')[1]
    title, goal, attempts, expectation = docstring.strip().split("\n\n")
    assert "\n" not in title and title.endswith(".")
    assert len(goal.splitlines()) == 3
    assert attempts.startswith("Try:\n- ")
    assert expectation.startswith("Expect: the loss starts ")


def test_every_example_is_listed() -> None:
    assert sorted(LISTED) == sorted(path.name for path in (ROOT / "examples").glob("*.py"))


def test_treebank_is_what_its_grammar_draws(tmp_path: Path) -> None:
    script = tmp_path / "make_treebank.py"
    script.write_bytes((ROOT / "examples" / "data" / "make_treebank.py").read_bytes())
    subprocess.run([sys.executable, script], check=True)
    assert (tmp_path / "treebank.txt").read_bytes() == (ROOT / "examples" / "data" / "treebank.txt").read_bytes()


def test_digits_are_whole() -> None:
    header, *lines = (ROOT / "examples" / "data" / "digits.csv").read_text(encoding="ascii").splitlines()
    assert header == "digit,pixels"
    assert len(lines) == 1797
    assert all(re.fullmatch(r"[0-9],[0-9A-G]{64}", line) for line in lines)
