"""A network put together from layers that hold their own weights.

It learns the egg box of `tensors.py`, sin(3x) cos(3y), once more.
`torch.nn` has the layers and the losses; a layer draws its own first weights and knows
them: `model.parameters()` lists all. Only the step downhill is still written out.

Try:
- `print(model)`, and `for name, p in model.named_parameters(): print(name, p.shape)`.
- Put more layers into the list: nothing else has to change.
- Another activation: `torch.nn.ReLU()`, `torch.nn.GELU()`, `torch.nn.SiLU()`.
- Another loss: `torch.nn.L1Loss()`, `torch.nn.HuberLoss()`.

Expect: the loss starts near 0.3 and is about 0.055 after 500 steps.
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

    model = torch.nn.Sequential(
        torch.nn.Linear(2, 64),
        torch.nn.Tanh(),
        torch.nn.Linear(64, 64),
        torch.nn.Tanh(),
        torch.nn.Linear(64, 1),
    ).to(device)
    criterion = torch.nn.MSELoss()
    rate = 0.05

    losses = []
    for step in range(steps):
        loss = criterion(model(points), target)
        model.zero_grad()
        loss.backward()

        with torch.no_grad():
            for weight in model.parameters():
                weight -= rate * weight.grad

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
