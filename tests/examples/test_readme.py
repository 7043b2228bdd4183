"""The README's code runs, and prints what it would print under torch."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def printed_losses(framework: str, capsys: pytest.CaptureFixture[str]) -> list[float]:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(code.replace("import flambeau as torch", f"import {framework} as torch"), {"__name__": "taste"})
    return [float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()]


def test_taste_is_the_same_under_torch(capsys: pytest.CaptureFixture[str]) -> None:
    losses = printed_losses("flambeau", capsys)
    assert len(losses) == 5 and losses[-1] < 0.5 * losses[0]
    # Printed with four decimals; small differences of rounding grow over the steps.
    assert losses == pytest.approx(printed_losses("torch", capsys), rel=0.02, abs=2e-3)


def test_links_lead_somewhere() -> None:
    root = Path(__file__).parents[2]
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in target]
    assert len(targets) > 5
    assert [target for target in targets if not (root / target).exists()] == []
