"""Two convolutional networks compete: one forges digits, the other finds the forgeries.

The forger grows an image from sixteen random numbers, by transposed convolutions. The
judge looks at images through convolutions. Each learns from the other's mistakes; the
forger never sees a real digit, only what the judge makes of its own.

Try:
- Let the judge take three steps for each of the forger's. Who wins, and who learns?
- Leave out batch normalisation in the forger.
- Watch for collapse: does it draw all ten digits, or a few again and again?
- Walk between two digits: decode points on the line between two random inputs.

Expect: the loss starts near 1.4, twice the ln 2 of a judge who guesses, and is about 1.25
after 300 steps: the judge stays a little ahead of a forger who keeps learning.
"""

import flambeau as torch
import argparse
from pathlib import Path

DIGITS = (Path(__file__).parent / "data" / "digits.csv").read_text(encoding="ascii")
NOISE = 16


def forger() -> torch.nn.Module:
    """Random numbers (batch, 16, 1, 1) to images (batch, 1, 8, 8) of -1 to 1."""
    return torch.nn.Sequential(
        torch.nn.ConvTranspose2d(NOISE, 64, kernel_size=2, bias=False),  # 2 × 2
        torch.nn.BatchNorm2d(64),
        torch.nn.ReLU(),
        torch.nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1, bias=False),  # 4 × 4
        torch.nn.BatchNorm2d(32),
        torch.nn.ReLU(),
        torch.nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1),  # 8 × 8
        torch.nn.Tanh(),
    )


def judge() -> torch.nn.Module:
    """Images (batch, 1, 8, 8) to a score (batch, 1): above 0 is real."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 32, 4, stride=2, padding=1),
        torch.nn.LeakyReLU(0.2),
        torch.nn.Conv2d(32, 64, 4, stride=2, padding=1, bias=False),
        torch.nn.BatchNorm2d(64),
        torch.nn.LeakyReLU(0.2),
        torch.nn.Conv2d(64, 1, kernel_size=2),
        torch.nn.Flatten(),
    )


def first_weights(module: torch.nn.Module) -> None:
    """As Radford et al. (2015), arXiv:1511.06434: normal, with a spread of 0.02."""
    if isinstance(module, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)):
        torch.nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, torch.nn.BatchNorm2d):
        torch.nn.init.normal_(module.weight, 1.0, 0.02)
        torch.nn.init.zeros_(module.bias)


def picture(images: torch.Tensor) -> str:
    """Images (count, 1, 8, 8) side by side, eight lines of characters."""
    lines = []
    for row in range(8):
        pixels = ((images[:, 0, row] + 1) / 2).tolist()
        lines.append(
            "   ".join("".join(" .:oO@"[round(5 * p)] for p in ps) for ps in pixels)
        )
    return "\n".join(lines)


def main(device: str = "cpu", steps: int = 300, seed: int = 0) -> list[float]:
    """Trains both, prints, and returns the judge's loss at every step."""
    torch.manual_seed(seed)
    rows = [line.split(",") for line in DIGITS.splitlines()[1:]]
    # A pixel is one character, 0 to 9 and A to G for 16: how much ink is there.
    pixels = [[int(ink, 17) / 8 - 1 for ink in image] for _, image in rows]
    digits = torch.tensor(pixels).reshape(-1, 1, 8, 8).to(device)

    forge = forger().apply(first_weights).to(device)
    tell = judge().apply(first_weights).to(device)
    forging = torch.optim.Adam(forge.parameters(), lr=1e-3, betas=(0.5, 0.999))
    telling = torch.optim.Adam(tell.parameters(), lr=1e-3, betas=(0.5, 0.999))
    criterion = torch.nn.BCEWithLogitsLoss()
    yes, no = torch.ones(64, 1, device=device), torch.zeros(64, 1, device=device)
    same_noise = torch.randn(8, NOISE, 1, 1).to(device)

    losses = []
    for step in range(steps):
        real = digits[torch.randint(0, len(digits), (64,)).to(device)]
        forged = forge(torch.randn(64, NOISE, 1, 1).to(device))

        loss = criterion(tell(real), yes) + criterion(tell(forged.detach()), no)
        telling.zero_grad()
        loss.backward()
        telling.step()

        caught = criterion(tell(forged), yes)
        forging.zero_grad()
        caught.backward()
        forging.step()

        losses.append(loss.item())
        if step % 20 == 0 or step == steps - 1:
            print(f"step {step:4d}  forger {caught.item():.4f}  loss {losses[-1]:.4f}")

    forge.eval()
    with torch.no_grad():
        print(f"\nforged:\n{picture(forge(same_noise))}")
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help='"cpu" or "wgpu"')
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
