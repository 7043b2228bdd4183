"""A network whose depth is decided by a roll of the dice, anew at every step.

It fits a sine wave. Between its first and its last layer it applies one middle layer,
the same one, none to three times: a `for` loop over a random number is the model.
The gradients of all the uses add up: the graph is whatever the Python that ran did.

Try:
- Watch the graph: it is another one whenever the dice say so.
- Roll higher: `self.dice.randint(0, 10)`. How deep can it go and still learn?
- Decide by the data instead of by dice:
  `while y.std() < 0.5: y = torch.tanh(self.middle(y))`.
- Fit another curve: `torch.sin(2 * x)`, `x.abs()`, a staircase `x.round()`.

Expect: the loss starts between 0.5 and 1, falls unsteadily, since each depth is another
function, and ends near 0.02 after 300 steps.
"""

import flambeau as torch
import argparse
import math
import random


class DynamicNet(torch.nn.Module):
    """A network that applies its middle layer a random number of times."""

    def __init__(self, dice: random.Random, hidden: int = 32):
        super().__init__()
        self.dice = dice
        self.first = torch.nn.Linear(1, hidden)
        self.middle = torch.nn.Linear(hidden, hidden)
        self.last = torch.nn.Linear(hidden, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps x (points, 1) to y (points, 1); `self.depth` says how deep it went."""
        self.depth = self.dice.randint(0, 3)
        y = torch.tanh(self.first(x))
        for _ in range(self.depth):
            y = torch.tanh(self.middle(y))
        return self.last(y)


def main(device: str = "cpu", steps: int = 300, seed: int = 0) -> list[float]:
    """Trains, prints, and returns the loss of every step."""
    torch.manual_seed(seed)
    model = DynamicNet(random.Random(seed)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    x = torch.linspace(-math.pi, math.pi, 200).unsqueeze(1).to(device)
    target = torch.sin(x)

    losses = []
    for step in range(steps):
        loss = torch.nn.functional.mse_loss(model(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 20 == 0 or step == steps - 1:
            print(
                f"step {step:4d}  middle layer × {model.depth}  loss {losses[-1]:.4f}"
            )
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help='"cpu" or "wgpu"')
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
