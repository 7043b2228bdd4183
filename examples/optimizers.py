"""Six optimizers race down the same valley.

The valley is Rosenbrock's: steep walls, and a floor that falls gently along a bend.
All start at one point on the wall and take as many steps; the lowest point is (1, 1).
Plain descent bounces between the walls or crawls along the floor. And the others?

Try:
- Double the rate of plain SGD. How much is too much?
- Momentum 0.9 to 0.99: is faster better?
- Start elsewhere: `START = (0.0, 3.0)`.
- Enter another one: `torch.optim.RMSprop`, `torch.optim.NAdam`, `torch.optim.Rprop`.

Expect: the loss starts at 24.2, the height of the start, and is about 1 after 300 steps:
the mean height of all six.
"""

import flambeau as torch
import argparse

START = (-1.2, 1.0)


def valley(place: torch.Tensor) -> torch.Tensor:
    """The height at a place (x, y), 0-d: Rosenbrock's function."""
    x, y = place
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def contestants(device: str) -> dict[str, tuple[torch.Tensor, torch.optim.Optimizer]]:
    """Each optimizer with the place that it moves."""
    choices = {
        "SGD": lambda p: torch.optim.SGD(p, lr=1e-3),
        "momentum": lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9),
        "Nesterov": lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9, nesterov=True),
        "Adagrad": lambda p: torch.optim.Adagrad(p, lr=0.5),
        "Adam": lambda p: torch.optim.Adam(p, lr=0.1),
        "AdamW": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=1e-3),
    }
    found = {}
    for name, make in choices.items():
        place = torch.tensor(START).to(device).requires_grad_()
        found[name] = (place, make([place]))
    return found


def main(device: str = "cpu", steps: int = 300, seed: int = 0) -> list[float]:
    """Descends, prints, and returns the mean height at every step."""
    torch.manual_seed(seed)
    racers = contestants(device)

    losses = []
    for step in range(steps):
        heights = torch.stack([valley(place) for place, _ in racers.values()])
        loss = heights.mean()
        loss.backward()
        for place, optimizer in racers.values():
            place.grad *= len(racers)  # each descends its own height, not the mean
            optimizer.step()
            optimizer.zero_grad()
        losses.append(loss.item())
        if step % 20 == 0 or step == steps - 1:
            print(f"step {step:4d}  loss {losses[-1]:.4f}")

    print()
    for name, (place, _) in sorted(
        racers.items(), key=lambda r: valley(r[1][0]).item()
    ):
        x, y = place.tolist()
        print(f"{name:10} at ({x:6.3f}, {y:6.3f})  height {valley(place).item():.6f}")
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help='"cpu" or "wgpu"')
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
