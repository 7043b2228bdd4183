"""An operation of your own, with a gradient of your own: weights of one bit.

Each weight of this network is +1 or -1: it is the sign of a number that is trained.
The slope of a sign is 0 almost everywhere, so nothing could be learned from it.
`Sign` therefore passes the gradient straight through, as if it had done nothing.

Try:
- Return `torch.zeros_like(gradient)`, the true slope. What happens?
- Pass it through everywhere, also where `number` is beyond 1. Does it learn as well?
- Replace `Sign.apply` by the identity: what do 32 bits buy over one?
- Let the gradient be wrong by a factor: `3 * gradient`. Why does Adam not mind?

Expect: the loss starts near 2.5, a little above blind guessing, and is about 0.2 after
300 steps; about 9 of 10 unseen digits are read right.
"""

import flambeau as torch
import argparse
from pathlib import Path

DIGITS = (Path(__file__).parent / "data" / "digits.csv").read_text(encoding="ascii")
TRAINING = 1500  # digits to learn from; the rest are for the examination


class Sign(torch.autograd.Function):
    """+1 or -1; backward, the gradient as it comes where the number is within 1."""

    @staticmethod
    def forward(context, number: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(number)
        return torch.where(number < 0, -1.0, 1.0)

    @staticmethod
    def backward(context, gradient: torch.Tensor) -> torch.Tensor:
        (number,) = context.saved_tensors
        return gradient * (number.abs() <= 1)


class OneBitLinear(torch.nn.Linear):
    """A linear layer whose weights are signs, scaled to keep its outputs small."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        signs = Sign.apply(self.weight)
        return torch.nn.functional.linear(x, signs, self.bias) / self.in_features**0.5


def main(device: str = "cpu", steps: int = 300, seed: int = 0) -> list[float]:
    """Trains, prints, and returns the loss of every step."""
    torch.manual_seed(seed)
    rows = [line.split(",") for line in DIGITS.splitlines()[1:]]
    labels = torch.tensor([int(digit) for digit, _ in rows]).to(device)
    # A pixel is one character, 0 to 9 and A to G for 16: how much ink is there.
    pixels = [[int(ink, 17) / 8 - 1 for ink in image] for _, image in rows]
    images = torch.tensor(pixels).to(device)

    model = torch.nn.Sequential(OneBitLinear(64, 128), torch.nn.Tanh())
    model.append(OneBitLinear(128, 10)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    losses = []
    for step in range(steps):
        few = torch.randint(0, TRAINING, (64,)).to(device)
        loss = torch.nn.functional.cross_entropy(model(images[few]), labels[few])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 20 == 0 or step == steps - 1:
            print(f"step {step:4d}  loss {losses[-1]:.4f}")

    with torch.no_grad():
        right = model(images[TRAINING:]).argmax(dim=1) == labels[TRAINING:]
    print(
        f"\n{right.float().mean().item():.1%} of {len(right)} unseen digits read right"
    )
    print(f"the first weights: {Sign.apply(model[0].weight)[0, :16].int().tolist()}")
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help='"cpu" or "wgpu"')
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
