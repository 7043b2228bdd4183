"""Writes treebank.txt: sentences about films as trees with a sentiment at every node.

A small grammar of our own makes the sentences, and each rule says what its phrase
means: "very" strengthens, "not" turns round and weakens, after "but" only the second
half counts. So every label is right by construction, and a model that learns the labels
has learned the rules.

    python examples/data/make_treebank.py
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SENTENCES = 600

NOUNS = "film plot cast music ending dialogue hero villain".split()
NOUNS += "story script scenery camera".split()
ADJECTIVES = {
    2: "brilliant wonderful superb".split(),
    1: "good charming clever fresh warm".split(),
    0: "long short new quiet".split(),
    -1: "dull weak slow clumsy noisy".split(),
    -2: "awful dreadful terrible".split(),
}
FEELINGS = {
    2: ["loved", "adored"],
    1: ["liked", "enjoyed"],
    0: ["saw"],
    -1: ["disliked"],
    -2: ["hated", "loathed"],
}


@dataclass(frozen=True)
class Phrase:
    """A phrase, its sentiment from -2 to 2, and its tree in brackets."""

    sentiment: int
    tree: str


def word(text: str, sentiment: int = 0) -> Phrase:
    return Phrase(sentiment, f"({sentiment + 2} {text})")


def join(left: Phrase, right: Phrase, sentiment: int) -> Phrase:
    """The two phrases as one; the sentiment that a rule found is cut to -2 to 2."""
    sentiment = max(-2, min(2, sentiment))
    return Phrase(sentiment, f"({sentiment + 2} {left.tree} {right.tree})")


def sign(sentiment: int) -> int:
    return (sentiment > 0) - (sentiment < 0)


class Grammar:
    """Draws phrases; the name of a method is the kind of phrase."""

    def __init__(self, seed: int):
        self.dice = random.Random(seed)

    def one_of(self, *rules: Callable[[], Phrase]) -> Phrase:
        return self.dice.choice(rules)()

    def graded(self, words: dict[int, list[str]]) -> Phrase:
        sentiment = self.dice.choice(list(words))
        return word(self.dice.choice(words[sentiment]), sentiment)

    def adjective(self) -> Phrase:
        return self.graded(ADJECTIVES)

    def strengthened(self) -> Phrase:
        adjective = self.adjective()
        adverb = word(self.dice.choice(["very", "truly"]))
        return join(adverb, adjective, 2 * adjective.sentiment)

    def weakened(self) -> Phrase:
        adjective = self.adjective()
        adverb = word(self.dice.choice(["slightly", "somewhat"]))
        return join(adverb, adjective, sign(adjective.sentiment))

    def negated(self) -> Phrase:
        quality = self.one_of(self.adjective, self.strengthened)
        return join(word("not"), quality, -sign(quality.sentiment))

    def quality(self) -> Phrase:
        return self.one_of(
            self.adjective, self.strengthened, self.weakened, self.negated, self.negated
        )

    def thing(self) -> Phrase:
        determiner = word(self.dice.choice(["the", "this", "its"]))
        noun = word(self.dice.choice(NOUNS))
        if self.dice.random() < 0.75:
            return join(determiner, noun, 0)
        adjective = self.adjective()
        described = join(adjective, noun, adjective.sentiment)
        return join(determiner, described, described.sentiment)

    def judgement(self) -> Phrase:
        """How a thing is: the predicate decides, or else the subject."""
        subject, quality = self.thing(), self.quality()
        verb = word(self.dice.choice(["is", "was", "feels"]))
        predicate = join(verb, quality, quality.sentiment)
        return join(subject, predicate, predicate.sentiment or subject.sentiment)

    def reaction(self) -> Phrase:
        """How the speaker took it: the verb decides, or else the thing."""
        subject = word(self.dice.choice(["I", "we", "critics"]))
        feeling, thing = self.graded(FEELINGS), self.thing()
        predicate = join(feeling, thing, feeling.sentiment or thing.sentiment)
        if self.dice.random() < 0.3:
            predicate = join(word("never"), predicate, -sign(predicate.sentiment))
        return join(subject, predicate, predicate.sentiment)

    def clause(self) -> Phrase:
        return self.one_of(self.judgement, self.judgement, self.reaction)

    def contrast(self) -> Phrase:
        first, second = self.clause(), self.clause()
        rest = join(word("but"), second, second.sentiment)
        return join(first, rest, rest.sentiment)

    def addition(self) -> Phrase:
        first, second = self.clause(), self.clause()
        rest = join(word("and"), second, second.sentiment)
        return join(first, rest, first.sentiment + rest.sentiment)

    def sentence(self) -> Phrase:
        return self.one_of(self.clause, self.clause, self.contrast, self.addition)


def main() -> None:
    grammar = Grammar(seed=0)
    trees: dict[str, None] = {}  # in the order drawn, each once
    while len(trees) < SENTENCES:
        trees[grammar.sentence().tree] = None
    (Path(__file__).parent / "treebank.txt").write_text(
        "\n".join(trees) + "\n", encoding="ascii"
    )


if __name__ == "__main__":
    main()
