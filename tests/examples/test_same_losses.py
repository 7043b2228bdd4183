"""Same seed, same loss: an example's training does not depend on what computes it."""

import types
from collections.abc import Callable

import pytest

from .conftest import LISTED

Load = Callable[[str, str], types.ModuleType]
STEPS = {"cpu": 20, "wgpu": 6}
LIVELY = {"dcgan.py": 5, "reinforce.py": 5}
"""Examples whose training enlarges what rounding does, with the steps for which it can be compared."""
DRAWN_ON_THE_DEVICE = ("vae.py", "reinforce.py")
"""Examples whose networks draw random numbers, which a GPU does itself."""
RUNS = [(name, device) for name in LISTED for device in STEPS if device == "cpu" or name not in DRAWN_ON_THE_DEVICE]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "device"), RUNS)
def test_first_losses_agree_with_torch(example: Load, name: str, device: str) -> None:
    steps = min(STEPS[device], LIVELY.get(name, 20))
    expected = example(name, "torch").main(device="cpu", steps=steps, seed=0)
    losses = example(name, "flambeau").main(device=device, steps=steps, seed=0)
    assert losses == pytest.approx(expected, rel=1e-3)


@pytest.mark.slow
def test_another_seed_gives_other_losses(example: Load) -> None:
    """So the agreement above is not one of constants."""
    module = example("char_rnn.py", "flambeau")
    assert module.main(steps=2, seed=0) != pytest.approx(module.main(steps=2, seed=1), rel=1e-3)
