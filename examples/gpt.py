"""A small GPT learns to write, one character at a time.

It reads *Alice's Adventures in Wonderland* like `char_rnn.py`, but has no memory that
walks along: each place looks back at all places before it by attention, all at once.
Two blocks of attention and a perceptron, 110 thousand weights, and the book in its ears.

Try:
- `is_causal=False`: it may look ahead. Why does the loss fall to nothing, and for what?
- Leave out `self.places`. What does it no longer know about the characters it sees?
- One head instead of four, or four blocks instead of two.
- Write with `temperature=0.3` (cautious) and `temperature=1.5` (wild).

Expect: the loss starts near ln 66 = 4.2 and is about 1.8 after 300 steps: words that
look English, little sense.
"""

import flambeau as torch
import argparse
from pathlib import Path

BOOK = (Path(__file__).parent / "data" / "alice.txt").read_text(encoding="ascii")
ALPHABET = sorted(set(BOOK))


def encode(text: str) -> torch.Tensor:
    """The place in the alphabet of each character: int64, shape (len(text),)."""
    place = {character: i for i, character in enumerate(ALPHABET)}
    return torch.tensor([place[character] for character in text])


class Block(torch.nn.Module):
    """Attention, then a perceptron; each adds to what passes by."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm1 = torch.nn.LayerNorm(width)
        self.ask = torch.nn.Linear(width, 3 * width)  # queries, keys and values
        self.mix = torch.nn.Linear(width, width)
        self.norm2 = torch.nn.LayerNorm(width)
        self.think = torch.nn.Sequential(
            torch.nn.Linear(width, 4 * width),
            torch.nn.GELU(),
            torch.nn.Linear(4 * width, width),
        )

    def attend(self, x: torch.Tensor) -> torch.Tensor:
        """Each place mixes the values of the places up to it: (batch, length, width)."""
        batch, length, width = x.shape
        by_head = self.ask(x).view(batch, length, 3, self.heads, -1)
        query, key, value = by_head.permute(2, 0, 3, 1, 4)
        mixed = torch.nn.functional.scaled_dot_product_attention(
            query, key, value, is_causal=True
        )
        return self.mix(mixed.transpose(1, 2).reshape(batch, length, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attend(self.norm1(x))
        return x + self.think(self.norm2(x))


class GPT(torch.nn.Module):
    """Radford et al. (2018): what comes next, at every place of a text at once."""

    def __init__(self, characters: int, context: int = 64, width: int = 64):
        super().__init__()
        self.context = context
        self.letters = torch.nn.Embedding(characters, width)
        self.places = torch.nn.Embedding(context, width)
        self.blocks = torch.nn.Sequential(Block(width, heads=4), Block(width, heads=4))
        self.norm = torch.nn.LayerNorm(width)
        self.say = torch.nn.Linear(width, characters)

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        """Characters (batch, length) to scores of the next (batch, length, kinds)."""
        places = torch.arange(text.shape[1], device=text.device)
        x = self.letters(text) + self.places(places)
        return self.say(self.norm(self.blocks(x)))


def write(
    model: GPT, prompt: str, characters: int = 300, temperature: float = 0.7
) -> str:
    """The prompt, continued by the network, which reads what it has just written."""
    device = model.say.weight.device
    text = encode(prompt).unsqueeze(0)
    with torch.no_grad():
        for _ in range(characters):
            scores = model(text[:, -model.context :].to(device))[0, -1]
            probabilities = torch.softmax(scores / temperature, dim=0).cpu()
            choice = torch.multinomial(probabilities, 1)
            text = torch.cat([text, choice.unsqueeze(0)], dim=1)
    return "".join(ALPHABET[i] for i in text[0].tolist())


def main(device: str = "cpu", steps: int = 300, seed: int = 0) -> list[float]:
    """Trains, prints, and returns the loss of every step."""
    torch.manual_seed(seed)
    model = GPT(len(ALPHABET)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.2e-2, max(steps, 10))
    book = encode(BOOK)

    losses = []
    for step in range(steps):
        starts = torch.randint(0, len(book) - model.context, (32, 1))
        passages = book[starts + torch.arange(model.context + 1)].to(device)
        scores = model(passages[:, :-1])
        loss = torch.nn.functional.cross_entropy(
            scores.flatten(0, 1), passages[:, 1:].flatten()
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % 20 == 0 or step == steps - 1:
            print(f"step {step:4d}  loss {losses[-1]:.4f}")

    print("\n" + write(model, prompt="Alice "))
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help='"cpu" or "wgpu"')
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
