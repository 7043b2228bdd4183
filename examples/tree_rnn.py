"""A network that runs recursively over parse trees.

It learns how glad each phrase of a sentence is, from "dreadful" (--) to "superb" (++).
`read` calls itself on the halves of a phrase and joins what comes back: each sentence
builds its own graph. What "not" and "but" do to a phrase it must find from examples.

Try:
- Watch the graph: it is another tree for every sentence.
- Ask about a phrase of your own; its labels do not matter:
  `show(model, parse("(2 (2 not) (2 (2 very) (2 dull)))"))`.
- Take `torch.tanh` away: a linear network cannot turn both "not dull" and "not good"
  round. What is lost?
- Join by `left + right` instead of by a layer: a bag of words. What goes wrong?

Expect: the loss starts near ln 5 = 1.6 and is below 0.1 after 600 steps; 8 or 9 of 10
unseen sentences come out right.
"""

import flambeau as torch
import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TREEBANK = (Path(__file__).parent / "data" / "treebank.txt").read_text(encoding="ascii")
MARKS = ["--", "- ", ". ", "+ ", "++"]


@dataclass
class Tree:
    """A phrase with its label 0..4: one word, or two halves."""

    label: int
    word: str = ""
    halves: list["Tree"] = field(default_factory=list)

    def phrases(self) -> Iterator["Tree"]:
        """All phrases inside, halves before the whole, as the network reads them."""
        for half in self.halves:
            yield from half.phrases()
        yield self

    def __str__(self) -> str:
        return self.word or " ".join(str(half) for half in self.halves)


def parse(brackets: str) -> Tree:
    """The tree of, for example, "(3 (2 not) (1 dull))"."""
    tokens = brackets.replace("(", " ( ").replace(")", " ) ").split()[::-1]

    def phrase() -> Tree:
        tokens.pop()  # (
        tree = Tree(label=int(tokens.pop()))
        while tokens[-1] == "(":
            tree.halves.append(phrase())
        if not tree.halves:
            tree.word = tokens.pop()
        tokens.pop()  # )
        return tree

    return phrase()


class TreeRNN(torch.nn.Module):
    """A word's memory is its embedding, a phrase's is tanh(W [left; right] + b)."""

    def __init__(self, words: list[str], hidden: int = 32):
        super().__init__()
        self.place = {word: i for i, word in enumerate(words)}
        self.embed = torch.nn.Embedding(len(words), hidden)
        self.join = torch.nn.Linear(2 * hidden, hidden)
        self.judge = torch.nn.Linear(hidden, len(MARKS))

    def forward(self, tree: Tree) -> torch.Tensor:
        """The logits of every phrase, as ordered by `tree.phrases()`: (phrases, 5)."""
        words = [self.place[phrase.word] for phrase in tree.phrases() if phrase.word]
        device = self.join.weight.device
        reading = iter(torch.tensor(words).to(device))
        memories = []

        def read(phrase: Tree) -> torch.Tensor:
            if phrase.word:
                memory = self.embed(next(reading))
            else:
                left, right = [read(half) for half in phrase.halves]
                memory = torch.tanh(self.join(torch.cat([left, right])))
            memories.append(memory)
            return memory

        read(tree)
        return self.judge(torch.stack(memories))


def judge(model: TreeRNN, tree: Tree) -> list[int]:
    """The label that the model gives to each phrase, ordered as `tree.phrases()`."""
    with torch.no_grad():
        return model(tree).argmax(dim=1).tolist()


def show(model: TreeRNN, tree: Tree) -> None:
    """Prints a sentence and the phrases inside it, each with the model's judgement."""
    phrases = [id(phrase) for phrase in tree.phrases()]
    labels = dict(zip(phrases, judge(model, tree), strict=True))

    def line(phrase: Tree, depth: int) -> None:
        print(f"  {MARKS[labels[id(phrase)]]} {'   ' * depth}{phrase}")
        for half in phrase.halves:
            line(half, depth + 1)

    line(tree, depth=0)


def main(device: str = "cpu", steps: int = 600, seed: int = 0) -> list[float]:
    """Trains, prints, and returns the loss of every step."""
    torch.manual_seed(seed)
    dice = random.Random(seed)
    trees = [parse(line) for line in TREEBANK.splitlines()]
    training, unseen = trees[:500], trees[500:]
    words = {phrase.word for tree in trees for phrase in tree.phrases() if phrase.word}
    model = TreeRNN(sorted(words)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=8e-3)

    losses = []
    for step in range(steps):
        few = dice.sample(training, 4)
        logits = torch.cat([model(tree) for tree in few])
        labels = [phrase.label for tree in few for phrase in tree.phrases()]
        targets = torch.tensor(labels).to(device)
        loss = torch.nn.functional.cross_entropy(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 20 == 0 or step == steps - 1:
            print(f"step {step:4d}  loss {losses[-1]:.4f}")

    right = sum(judge(model, tree)[-1] == tree.label for tree in unseen)
    print(f"\n{right} of {len(unseen)} unseen sentences judged right, for example:")
    show(model, next(tree for tree in unseen if "but" in str(tree) and tree.label > 2))
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help='"cpu" or "wgpu"')
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
