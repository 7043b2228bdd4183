"""The same two-layer network, its gradients found by `backward()`.

It learns the egg box of `tensors.py`, sin(3x) cos(3y), to the same losses.
Weights say `requires_grad`; every operation on them is recorded, and `loss.backward()`
walks the record back. The chain rule is nobody's homework any more.

Try:
- Take `torch.no_grad()` away: what does the error say, and what would be recorded?
- Leave out setting `.grad` to None: gradients add up. Why is that useful elsewhere?
- Add a third layer. Count the lines you change, here and in `tensors.py`.
- Print `loss.grad_fn` and `loss.grad_fn.next_functions`: that is the record.

Expect: the loss starts near 1.7 and is about 0.034 after 500 steps, as by hand.
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

    w1 = (2 * torch.randn(2, 64)).to(device).requires_grad_()
    b1 = torch.randn(64).to(device).requires_grad_()
    w2 = (torch.randn(64, 1) / 8).to(device).requires_grad_()
    rate = 0.03

    losses = []
    for step in range(steps):
        guess = torch.tanh(points @ w1 + b1) @ w2
        loss = ((guess - target) ** 2).mean()
        loss.backward()

        with torch.no_grad():  # the step downhill is not part of the model
            for weight in (w1, b1, w2):
                weight -= rate * weight.grad
                weight.grad = None

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
