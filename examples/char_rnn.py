"""A recurrent network learns to write, one character at a time.

It reads *Alice's Adventures in Wonderland* and learns which character comes next.
The recurrence is a Python loop: the graph holds one cell per time step, and all of them
share the same weights. At the end the network writes a few lines of its own.

Try:
- Change `torch.tanh` to `torch.relu`: does it learn faster, or fall apart?
- Double the `hidden` units, or make `length` 8: how far back does it need to look?
- Sample with `temperature=0.3` (cautious) and `temperature=1.5` (wild).
- Make the cell a gated one, with one more `Linear`:
  `z = torch.sigmoid(self.gate(x)); h = z * h + (1 - z) * new`.

Expect: the loss starts near ln 66 = 4.2 and is about 1.8 after 300 steps: words that
look English, little sense.
"""

import flambeau as torch
import argparse
import math
from pathlib import Path

try:
    from tqdm import tqdm, trange

    say = tqdm.write  # prints above the progress bar
except ImportError:  # the bar is a nicety: without tqdm the printed losses tell as much
    trange, say = range, print

BOOK = (Path(__file__).parent / "data" / "alice.txt").read_text(encoding="ascii")
ALPHABET = sorted(set(BOOK))


def encode(text: str) -> torch.Tensor:
    """The place in the alphabet of each character: int64, shape (len(text),)."""
    place = {character: i for i, character in enumerate(ALPHABET)}
    return torch.tensor([place[character] for character in text])


class CharRNN(torch.nn.Module):
    """An Elman network: h' = tanh(W x + U h + b), then the logits from h'."""

    def __init__(self, characters: int, hidden: int = 128):
        super().__init__()
        self.hidden = hidden
        self.embed = torch.nn.Embedding(characters, hidden)
        self.i2h = torch.nn.Linear(hidden, hidden)
        self.h2h = torch.nn.Linear(hidden, hidden)
        self.h2o = torch.nn.Linear(hidden, characters)

    def empty_memory(self, batch: int) -> torch.Tensor:
        """What the network remembers before it has read anything: (batch, hidden)."""
        return torch.zeros(batch, self.hidden, device=self.h2h.weight.device)

    def forward(
        self, text: torch.Tensor, h: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits after each character, (time, batch, characters), and the memory."""
        memories = []
        for x in self.embed(text):  # one step of all texts at once: (batch, hidden)
            h = torch.tanh(self.i2h(x) + self.h2h(h))
            memories.append(h)
        return self.h2o(torch.stack(memories)), h


def draw_batch(
    book: torch.Tensor, length: int, batch: int, generator: torch.Generator
) -> torch.Tensor:
    """Random passages of the book, one per column: shape (length + 1, batch)."""
    starts = torch.randint(0, len(book) - length, (batch,), generator=generator)
    return book[starts + torch.arange(length + 1).unsqueeze(1)]


def training_step(
    model: CharRNN, optimizer: torch.optim.Optimizer, passages: torch.Tensor
) -> torch.Tensor:
    """Learns to say passages[t + 1] after passages[:t + 1]; returns the mean loss."""
    text, following = passages[:-1], passages[1:]
    logits, _ = model(text, model.empty_memory(batch=text.shape[1]))
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), following.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


def write(
    model: CharRNN, prompt: str, characters: int = 300, temperature: float = 0.7
) -> str:
    """The prompt, continued by the network, which reads what it has just written."""
    device = model.h2h.weight.device
    written = prompt
    with torch.no_grad():
        text = encode(prompt).unsqueeze(1).to(device)
        logits, h = model(text, model.empty_memory(batch=1))
        for _ in range(characters):
            probabilities = torch.softmax(logits[-1] / temperature, dim=-1).cpu()
            choice = torch.multinomial(probabilities, 1)
            written += ALPHABET[choice.item()]
            logits, h = model(choice.to(device), h)
    return written


def main(device: str = "cpu", steps: int = 300, seed: int = 0) -> list[float]:
    """Trains, prints, and returns the loss of every step."""
    # All randomness is drawn on the CPU: the same network and text on every device.
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = CharRNN(len(ALPHABET)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    book = encode(BOOK)
    say(f"{len(book)} characters of {len(ALPHABET)} kinds")
    say(f"blind guessing: loss {math.log(len(ALPHABET)):.4f}")

    losses = []
    for step in trange(steps):
        passages = draw_batch(book, length=32, batch=32, generator=generator)
        loss = training_step(model, optimizer, passages.to(device))
        losses.append(loss.item())
        if step % 20 == 0 or step == steps - 1:
            say(f"step {step:4d}  loss {losses[-1]:.4f}")

    say("\n" + write(model, prompt="Alice "))
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help='"cpu" or "wgpu"')
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
