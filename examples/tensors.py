"""A two-layer network by hand, with nothing but tensors.

It learns the shape of an egg box, sin(3x) cos(3y), from 256 points of it.
Forward pass, gradients and the step downhill are all written out, so this is what a
framework does for you. `autograd.py` is the same network without the calculus.

Try:
- Leave out the factor `(1 - hidden**2)`, the slope of tanh. Does it still learn?
- Make `rate` ten times smaller. And ten times larger?
- Use another activation. Which line of the backward pass changes with it?
- Print `w1.shape` and `w1_slope.shape`: why must they be the same?

Expect: the loss starts near 1.7, falls quickly at first, then ever more slowly, and is
about 0.034 after 500 steps.
"""

import flambeau as torch
import argparse


def egg_box(points: torch.Tensor) -> torch.Tensor:
    """The height at each point (x, y): (points, 2) to (points, 1)."""
    x, y = points[:, :1], points[:, 1:]
    return torch.sin(3 * x) * torch.cos(3 * y)


def main(device: str = "cpu", steps: int = 500, seed: int = 0) -> list[float]:
    """Trains, prints, and returns the loss of every step."""
    torch.manual_seed(seed)
    points = (2 * torch.rand(256, 2) - 1).to(device)
    target = egg_box(points)

    w1 = (2 * torch.randn(2, 64)).to(device)
    b1 = torch.randn(64).to(device)
    w2 = (torch.randn(64, 1) / 8).to(device)
    rate = 0.03

    losses = []
    for step in range(steps):
        hidden = torch.tanh(points @ w1 + b1)  # (256, 64)
        guess = hidden @ w2  # (256, 1)
        loss = ((guess - target) ** 2).mean()

        # The chain rule, from the loss back to each weight.
        guess_slope = 2 * (guess - target) / len(points)
        w2_slope = hidden.T @ guess_slope
        hidden_slope = guess_slope @ w2.T
        sum_slope = hidden_slope * (1 - hidden**2)
        w1_slope = points.T @ sum_slope
        b1_slope = sum_slope.sum(dim=0)

        w1 -= rate * w1_slope
        b1 -= rate * b1_slope
        w2 -= rate * w2_slope

        losses.append(loss.item())
        if step % 50 == 0 or step == steps - 1:
            print(f"step {step:4d}  loss {losses[-1]:.4f}")
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help='"cpu" or "wgpu"')
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
