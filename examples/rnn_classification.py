"""A recurrent network reads sentences of any length and says how glad they are.

It reads the sentences of `tree_rnn.py` word by word, from left to right, without their
trees. A batch holds sentences of different lengths: they are padded to the longest and
packed, so that no step is spent on padding and each memory is the one at its own end.

Try:
- Give the linear layer `memories.mean(dim=1)` of the padded output. What does that mix?
- `bidirectional=True`: read from both ends (`self.judge` then sees twice the features).
- An LSTM, or a plain RNN, in the place of the GRU.
- Compare with `tree_rnn.py`: what does it help to know the tree?

Expect: the loss starts near ln 5 = 1.6 and is below 0.1 after 300 steps; about 7 of 10
unseen sentences come out right.
"""

import flambeau as torch
import argparse
import re
from pathlib import Path

TREEBANK = (Path(__file__).parent / "data" / "treebank.txt").read_text(encoding="ascii")
MARKS = ["--", "-", ".", "+", "++"]


class SentenceGRU(torch.nn.Module):
    """Words to embeddings, a GRU over them, and five scores from its last memory."""

    def __init__(self, words: int, hidden: int = 64):
        super().__init__()
        self.embed = torch.nn.Embedding(words, hidden)
        self.read = torch.nn.GRU(hidden, hidden, batch_first=True)
        self.judge = torch.nn.Linear(hidden, len(MARKS))

    def forward(self, sentences: list[torch.Tensor]) -> torch.Tensor:
        """Sentences, each the numbers of its words, to scores (sentences, 5)."""
        lengths = torch.tensor([len(sentence) for sentence in sentences])
        padded = torch.nn.utils.rnn.pad_sequence(sentences, batch_first=True)
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            self.embed(padded), lengths, batch_first=True, enforce_sorted=False
        )
        _, memory = self.read(packed)
        return self.judge(memory[-1])


def main(device: str = "cpu", steps: int = 300, seed: int = 0) -> list[float]:
    """Trains, prints, and returns the loss of every step."""
    torch.manual_seed(seed)
    lines = TREEBANK.splitlines()
    texts = [re.findall(r"\(\d ([^() ]+)\)", line) for line in lines]
    place = {word: i for i, word in enumerate(sorted({w for t in texts for w in t}))}
    sentences = [torch.tensor([place[w] for w in t]).to(device) for t in texts]
    labels = torch.tensor([int(line[1]) for line in lines]).to(device)

    model = SentenceGRU(len(place)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

    losses = []
    for step in range(steps):
        few = torch.randint(0, 500, (16,)).tolist()
        scores = model([sentences[i] for i in few])
        loss = torch.nn.functional.cross_entropy(scores, labels[few])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 20 == 0 or step == steps - 1:
            print(f"step {step:4d}  loss {losses[-1]:.4f}")

    with torch.no_grad():
        guesses = model(sentences[500:]).argmax(dim=1)
    right = (guesses == labels[500:]).sum().item()
    print(f"\n{right} of {len(guesses)} unseen sentences judged right, for example:")
    for text, guess in zip(texts[500:506], guesses.tolist(), strict=False):
        print(f"  {MARKS[guess]:2} {' '.join(text)}")
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help='"cpu" or "wgpu"')
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
