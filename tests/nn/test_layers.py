"""Every layer: printed form, names and first values of parameters, output and gradients, as torch's from one seed."""

from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Make = Callable[[Library], Any]

X = {
    "(5)": lambda t: (t.randn(5),),
    "(3, 5)": lambda t: (t.randn(3, 5),),
    "(2, 3, 5)": lambda t: (t.randn(2, 3, 5),),
    "(2, 6, 4, 3)": lambda t: (t.randn(2, 6, 4, 3),),
    "pair": lambda t: (t.randn(3, 5), t.randn(3, 4)),
    "vectors": lambda t: (t.randn(3, 5), t.randn(3, 5)),
    "ids": lambda t: (t.randint(0, 10, (3, 4)),),
    "wide": lambda t: (t.randn(3, 5) * 4,),
}

# name: (constructor, names of inputs from X)
LAYERS: dict[str, tuple[Make, tuple[str, ...]]] = {
    "Identity": (lambda t: t.nn.Identity(54, unused=1), ("(3, 5)",)),
    "Linear": (lambda t: t.nn.Linear(5, 4), ("(5)", "(3, 5)", "(2, 3, 5)")),
    "Linear, no bias": (lambda t: t.nn.Linear(5, 4, bias=False), ("(3, 5)",)),
    "Linear, float64": (lambda t: t.nn.Linear(5, 4, dtype=t.float64).float(), ("(3, 5)",)),
    "Bilinear": (lambda t: t.nn.Bilinear(5, 4, 6), ("pair",)),
    "Bilinear, no bias": (lambda t: t.nn.Bilinear(5, 4, 6, bias=False), ("pair",)),
    "Embedding": (lambda t: t.nn.Embedding(10, 3), ("ids",)),
    "Embedding, padding": (lambda t: t.nn.Embedding(10, 3, padding_idx=2), ("ids",)),
    "Embedding, padding from the end": (lambda t: t.nn.Embedding(10, 3, padding_idx=-1), ("ids",)),
    "Embedding, max_norm": (lambda t: t.nn.Embedding(10, 3, max_norm=1.0), ("ids",)),
    "Embedding, max_norm 1": (lambda t: t.nn.Embedding(10, 3, max_norm=0.5, norm_type=1), ("ids",)),
    "Embedding, by frequency": (lambda t: t.nn.Embedding(10, 3, scale_grad_by_freq=True), ("ids",)),
    "Embedding, pretrained": (lambda t: t.nn.Embedding.from_pretrained(t.randn(10, 2), freeze=False), ("ids",)),
    "Flatten": (lambda t: t.nn.Flatten(), ("(2, 3, 5)", "(2, 6, 4, 3)")),
    "Flatten, part": (lambda t: t.nn.Flatten(0, 2), ("(2, 6, 4, 3)",)),
    "Unflatten": (lambda t: t.nn.Unflatten(1, (2, 3)), ("(2, 6, 4, 3)",)),
    "PairwiseDistance": (lambda t: t.nn.PairwiseDistance(), ("vectors",)),
    "PairwiseDistance, p=1": (lambda t: t.nn.PairwiseDistance(1, keepdim=True), ("vectors",)),
    "CosineSimilarity": (lambda t: t.nn.CosineSimilarity(), ("vectors",)),
    "CosineSimilarity, dim 0": (lambda t: t.nn.CosineSimilarity(0), ("vectors",)),
    # activations
    "ReLU": (lambda t: t.nn.ReLU(), ("(3, 5)",)),
    "ReLU6": (lambda t: t.nn.ReLU6(), ("wide",)),
    "LeakyReLU": (lambda t: t.nn.LeakyReLU(), ("(3, 5)",)),
    "LeakyReLU, steep": (lambda t: t.nn.LeakyReLU(2.0), ("(3, 5)",)),
    "PReLU": (lambda t: t.nn.PReLU(), ("(5)", "(3, 5)", "(2, 6, 4, 3)")),
    "PReLU, per channel": (lambda t: t.nn.PReLU(6, init=0.1), ("(2, 6, 4, 3)",)),
    "RReLU": (lambda t: t.nn.RReLU(), ("(3, 5)",)),
    "RReLU, eval": (lambda t: t.nn.RReLU(0.1, 0.2).eval(), ("(3, 5)",)),
    "ELU": (lambda t: t.nn.ELU(0.7), ("wide",)),
    "SELU": (lambda t: t.nn.SELU(), ("wide",)),
    "CELU": (lambda t: t.nn.CELU(0.7), ("wide",)),
    "GELU": (lambda t: t.nn.GELU(), ("wide",)),
    "GELU, tanh": (lambda t: t.nn.GELU("tanh"), ("wide",)),
    "SiLU": (lambda t: t.nn.SiLU(), ("wide",)),
    "Mish": (lambda t: t.nn.Mish(), ("wide",)),
    "GLU": (lambda t: t.nn.GLU(1), ("(2, 6, 4, 3)",)),
    "Sigmoid": (lambda t: t.nn.Sigmoid(), ("wide",)),
    "LogSigmoid": (lambda t: t.nn.LogSigmoid(), ("wide",)),
    "Tanh": (lambda t: t.nn.Tanh(), ("wide",)),
    "Hardtanh": (lambda t: t.nn.Hardtanh(), ("wide",)),
    "Hardtanh, range": (lambda t: t.nn.Hardtanh(-2, 3.5), ("wide",)),
    "Hardsigmoid": (lambda t: t.nn.Hardsigmoid(), ("wide",)),
    "Hardswish": (lambda t: t.nn.Hardswish(), ("wide",)),
    "Hardshrink": (lambda t: t.nn.Hardshrink(), ("wide",)),
    "Softshrink": (lambda t: t.nn.Softshrink(0.3), ("wide",)),
    "Tanhshrink": (lambda t: t.nn.Tanhshrink(), ("wide",)),
    "Softplus": (lambda t: t.nn.Softplus(), ("wide",)),
    "Softplus, settings": (lambda t: t.nn.Softplus(beta=2, threshold=3), ("wide",)),
    "Softsign": (lambda t: t.nn.Softsign(), ("wide",)),
    "Threshold": (lambda t: t.nn.Threshold(0.2, -1), ("wide",)),
    "Softmax": (lambda t: t.nn.Softmax(1), ("(2, 3, 5)",)),
    "Softmax, dim guessed": (lambda t: t.nn.Softmax(), ("(5)", "(3, 5)", "(2, 3, 5)")),
    "Softmax2d": (lambda t: t.nn.Softmax2d(), ("(2, 3, 5)", "(2, 6, 4, 3)")),
    "Softmin": (lambda t: t.nn.Softmin(0), ("(3, 5)",)),
    "LogSoftmax": (lambda t: t.nn.LogSoftmax(-1), ("(3, 5)",)),
    # dropout: the same elements fall out
    "Dropout": (lambda t: t.nn.Dropout(0.3), ("(3, 5)", "(2, 6, 4, 3)")),
    "Dropout, all": (lambda t: t.nn.Dropout(1.0), ("(3, 5)",)),
    "Dropout, eval": (lambda t: t.nn.Dropout(0.3).eval(), ("(3, 5)",)),
    "Dropout1d": (lambda t: t.nn.Dropout1d(0.4), ("(3, 5)", "(2, 3, 5)")),
    "Dropout2d": (lambda t: t.nn.Dropout2d(0.4), ("(2, 6, 4, 3)", "(2, 3, 5)", "(3, 5)")),
    "Dropout3d": (lambda t: t.nn.Dropout3d(0.4), ("(2, 6, 4, 3)",)),
    "AlphaDropout": (lambda t: t.nn.AlphaDropout(0.3), ("(3, 5)",)),
    "FeatureAlphaDropout": (lambda t: t.nn.FeatureAlphaDropout(0.3), ("(2, 6, 4, 3)",)),
}

CASES = [pytest.param(make, x, id=f"{name} {x}") for name, (make, inputs) in LAYERS.items() for x in inputs]


def weighted(t: Library, outputs: Any) -> Any:
    """A scalar in which every element of the outputs has another weight, so that gradients differ everywhere."""
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    return sum((y * t.linspace(0.5, 1.5, y.numel()).reshape(y.shape)).sum() for y in outputs)


@pytest.mark.parametrize(("make", "x"), CASES)
def test_layer(same: Callable[..., None], make: Make, x: str) -> None:
    def code(t: Library) -> Any:
        layer = make(t)
        before = {name: p.detach().clone() for name, p in layer.named_parameters()}
        inputs = [v.requires_grad_() if v.is_floating_point() else v for v in X[x](t)]
        y = layer(*inputs)
        if y.requires_grad:
            weighted(t, y).backward()
        grads = [v.grad for v in inputs] + [p.grad for p in layer.parameters()]
        return repr(layer), before, list(layer.state_dict()), y, grads

    same(code, atol=2e-6)


INPLACE = [
    "ReLU",
    "ReLU6",
    "LeakyReLU",
    "ELU",
    "SELU",
    "CELU",
    "SiLU",
    "Mish",
    "Hardtanh",
    "Hardsigmoid",
    "Hardswish",
    "Dropout",
]


@pytest.mark.parametrize("name", INPLACE)
def test_inplace(same: Callable[..., None], name: str) -> None:
    def code(t: Library) -> Any:
        layer = getattr(t.nn, name)(inplace=True)
        leaf = t.randn(3, 5, requires_grad=True)
        x = leaf * 2
        y = layer(x)
        weighted(t, y).backward()
        return repr(layer), y is x, y, leaf.grad

    same(code)


@pytest.mark.parametrize(
    "name", ["GELU", "SiLU", "Mish", "ELU", "Softplus", "LogSigmoid", "Tanhshrink", "Softsign", "CELU"]
)
def test_double_backward(same: Callable[..., None], name: str) -> None:
    def code(t: Library) -> Any:
        x = (t.randn(4, 3) * 30).requires_grad_()  # far enough out for exp to overflow
        y = getattr(t.nn, name)()(x)
        (g,) = t.autograd.grad(weighted(t, y), x, create_graph=True)
        (h,) = t.autograd.grad(weighted(t, g), x)
        return g, h

    same(code, atol=5e-6)


ERRORS: dict[str, Make] = {
    "Embedding, padding beyond": lambda t: t.nn.Embedding(3, 2, padding_idx=3),
    "Embedding, padding below": lambda t: t.nn.Embedding(3, 2, padding_idx=-4),
    "Embedding, weight shape": lambda t: t.nn.Embedding(3, 2, _weight=t.zeros(2, 2)),
    "Embedding, pretrained 1-D": lambda t: t.nn.Embedding.from_pretrained(t.zeros(3)),
    "Embedding, index": lambda t: t.nn.Embedding(3, 2)(t.tensor([3])),
    "Linear, sizes": lambda t: t.nn.Linear(3, 2)(t.zeros(4, 5)),
    "Bilinear, empty": lambda t: t.nn.Bilinear(0, 2, 3),
    "Dropout, p": lambda t: t.nn.Dropout(1.5),
    "dropout, p": lambda t: t.nn.functional.dropout(t.zeros(2), -0.1),
    "Dropout1d, 4-D": lambda t: t.nn.Dropout1d()(t.zeros(1, 2, 3, 4)),
    "Hardtanh, order": lambda t: t.nn.Hardtanh(1, -1),
    "hardtanh, order": lambda t: t.nn.functional.hardtanh(t.zeros(2), 1, -1),
    "GLU, odd": lambda t: t.nn.GLU()(t.zeros(3)),
    "GLU, 0-d": lambda t: t.nn.GLU()(t.tensor(1.0)),
    "GELU, approximate": lambda t: t.nn.GELU("exact")(t.zeros(2)),
    "PReLU, channels": lambda t: t.nn.PReLU(3)(t.zeros(2, 4)),
    "Softshrink, negative": lambda t: t.nn.Softshrink(-1)(t.zeros(2)),
    "Softmax2d, 2-D": lambda t: t.nn.Softmax2d()(t.zeros(2, 3)),
    "CELU, alpha 0": lambda t: t.nn.CELU(0.0)(t.zeros(2)),
    "Unflatten, float": lambda t: t.nn.Unflatten(1, (2.0, 3)),
    "Unflatten, int": lambda t: t.nn.Unflatten(1, 6),
    "ReLU in place, leaf": lambda t: t.nn.ReLU(inplace=True)(t.zeros(2, requires_grad=True)),
    "one_hot, dtype": lambda t: t.nn.functional.one_hot(t.zeros(2)),
    "one_hot, negative": lambda t: t.nn.functional.one_hot(t.tensor([-1])),
    "one_hot, beyond": lambda t: t.nn.functional.one_hot(t.tensor([3]), 3),
    "bilinear, batch": lambda t: t.nn.Bilinear(2, 2, 1)(t.zeros(3, 2), t.zeros(4, 2)),
    "bilinear, size": lambda t: t.nn.Bilinear(2, 2, 1)(t.zeros(3, 4), t.zeros(3, 2)),
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Make) -> None:
    same(code, fails=True)


def test_one_hot(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        one_hot = t.nn.functional.one_hot
        x = t.tensor([[0, 2], [1, 0]])
        return one_hot(x), one_hot(x, 5), one_hot(t.zeros(0, dtype=t.int64), 3)

    same(code)


def test_functional_extras(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        F = t.nn.functional
        x = t.randn(4, 6)
        return (
            F.normalize(x),
            F.normalize(x, p=1, dim=0),
            F.gumbel_softmax(x, tau=0.7),
            F.gumbel_softmax(x, hard=True),
            F.softmax(x, 1, dtype=t.float64),
            F.log_softmax(x, 0, dtype=t.float64),
            F.softmin(x, 1),
            F.threshold(x, 0.1, 3.0),
            F.cosine_similarity(x, x.flip(0)),
            F.pairwise_distance(x, x.flip(1), p=3),
            F.relu_(x.clone()),
            F.leaky_relu_(x.clone(), 0.2),
            F.elu_(x.clone()),
            F.rrelu(x, training=True),
        )

    same(code)
