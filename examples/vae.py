"""A variational autoencoder reads digits into four numbers and draws new ones.

The encoder turns an image into a distribution over four numbers, the decoder turns
numbers drawn from it back into an image. The price of information keeps all of those
distributions near one bell curve, so numbers drawn from it give digits nobody wrote.

Try:
- `rsample` to `sample`: no gradient gets through the dice. What does it still learn?
- Weigh the price: `0.1 * price`, `5 * price`. Sharp or smooth, and what of new digits?
- Two numbers instead of four: print a map of digits over the plane.
- Walk from one digit to another: decode points on the line between their means.

Expect: the loss starts near 45, 64 pixels of ln 2 each, and is about 24.5 after 500 steps,
of which 3 are the price of information.
"""

import flambeau as torch
import argparse
from pathlib import Path

DIGITS = (Path(__file__).parent / "data" / "digits.csv").read_text(encoding="ascii")


class VAE(torch.nn.Module):
    """Kingma and Welling, "Auto-encoding variational Bayes" (2014), arXiv:1312.6114."""

    def __init__(self, numbers: int = 4, hidden: int = 128):
        super().__init__()
        self.numbers = numbers
        self.encoder = torch.nn.Sequential(
            torch.nn.Linear(64, hidden),
            torch.nn.ReLU(),
            torch.nn.Linear(hidden, 2 * numbers),
        )
        self.decoder = torch.nn.Sequential(
            torch.nn.Linear(numbers, hidden),
            torch.nn.ReLU(),
            torch.nn.Linear(hidden, 64),
        )

    def encode(self, images: torch.Tensor) -> torch.distributions.Normal:
        """Images (batch, 64) to a bell curve for each number (batch, numbers)."""
        mean, log_spread = self.encoder(images).chunk(2, dim=1)
        return torch.distributions.Normal(mean, log_spread.exp())


def picture(images: torch.Tensor) -> str:
    """Images (count, 64) side by side, eight lines of characters."""
    lines = []
    for row in range(8):
        pixels = images.reshape(-1, 8, 8)[:, row].tolist()
        lines.append(
            "   ".join("".join(" .:oO@"[round(5 * p)] for p in ps) for ps in pixels)
        )
    return "\n".join(lines)


def main(device: str = "cpu", steps: int = 500, seed: int = 0) -> list[float]:
    """Trains, prints, and returns the loss of every step."""
    torch.manual_seed(seed)
    rows = [line.split(",") for line in DIGITS.splitlines()[1:]]
    # A pixel is one character, 0 to 9 and A to G for 16: how much ink is there.
    images = torch.tensor([[int(ink, 17) / 16 for ink in image] for _, image in rows])
    images = images.to(device)
    model = VAE().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    bell = torch.distributions.Normal(
        torch.zeros(model.numbers, device=device),
        torch.ones(model.numbers, device=device),
    )

    losses = []
    for step in range(steps):
        few = images[torch.randint(0, len(images), (64,)).to(device)]
        spread = model.encode(few)
        drawn = model.decoder(spread.rsample())
        mistakes = torch.nn.functional.binary_cross_entropy_with_logits(
            drawn, few, reduction="sum"
        )
        price = torch.distributions.kl_divergence(spread, bell).sum()
        loss = (mistakes + price) / len(few)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 20 == 0 or step == steps - 1:
            paid = price.item() / len(few)
            print(f"step {step:4d}  information {paid:.2f}  loss {losses[-1]:.4f}")

    with torch.no_grad():
        again = torch.sigmoid(model.decoder(model.encode(images[:6]).mean))
        new = torch.sigmoid(model.decoder(bell.sample((6,))))
    print(f"\nread:\n{picture(images[:6])}\ndrawn again:\n{picture(again)}")
    print(f"new ones:\n{picture(new)}")
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help='"cpu" or "wgpu"')
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
