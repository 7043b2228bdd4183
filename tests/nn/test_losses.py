"""Every loss: value, gradients, reductions, weights, warnings and errors, as torch's from the same seed."""

from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Make = Callable[[Library], Any]

INPUTS: dict[str, Make] = {
    "numbers": lambda t: (t.randn(4, 3), t.randn(4, 3)),
    "broadcast": lambda t: (t.randn(4, 3), t.randn(3)),
    "classes": lambda t: (t.randn(4, 3), t.tensor([0, 2, 1, 2])),
    "one": lambda t: (t.randn(3), t.tensor(2)),
    "ignored": lambda t: (t.randn(4, 3), t.tensor([0, -100, 1, 2])),
    "ignored 1": lambda t: (t.randn(4, 3), t.tensor([0, 1, 1, 2])),
    "images": lambda t: (t.randn(2, 3, 4, 5), t.randint(0, 3, (2, 4, 5))),
    "soft": lambda t: (t.randn(4, 3), t.rand(4, 3)),
    "probabilities": lambda t: (t.rand(4, 3), t.rand(4, 3)),
    "ends": lambda t: (t.tensor([0.0, 1.0, 0.0, 1.0]), t.tensor([0.0, 0.0, 1.0, 1.0])),
    "far": lambda t: (t.randn(4, 3) * 50, t.rand(4, 3)),
    "logs": lambda t: (t.randn(4, 3).log_softmax(1), t.randn(4, 3).softmax(1)),
    "zeros": lambda t: (t.randn(2, 3).log_softmax(1), t.tensor([[0.0, 1.0, 0.0], [0.5, 0.5, 0.0]])),
    "log logs": lambda t: (t.randn(4, 3).log_softmax(1), t.randn(4, 3).log_softmax(1)),
    "counts": lambda t: (t.randn(4, 3), t.randint(0, 5, (4, 3)).float()),
    "signs": lambda t: (t.randn(4, 3), t.randint(0, 2, (4, 3)).float() * 2 - 1),
    "pair": lambda t: (t.randn(4, 3), t.randn(4, 3), t.tensor([1.0, -1.0, -1.0, 1.0])),
    "ranks": lambda t: (t.randn(4), t.randn(4), t.tensor([1.0, -1.0, -1.0, 1.0])),
    "triplet": lambda t: (t.randn(4, 3), t.randn(4, 3), t.randn(4, 3)),
    "normal": lambda t: (t.randn(4, 3), t.randn(4, 3), t.rand(4, 3)),
    "normal, one variance": lambda t: (t.randn(4, 3), t.randn(4, 3), t.rand(4)),
}

LOSSES: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "MSELoss": (lambda t, **r: t.nn.MSELoss(**r), ("numbers", "broadcast")),
    "L1Loss": (lambda t, **r: t.nn.L1Loss(**r), ("numbers", "broadcast")),
    "SmoothL1Loss": (lambda t, **r: t.nn.SmoothL1Loss(**r), ("numbers", "broadcast")),
    "SmoothL1Loss, beta": (lambda t, **r: t.nn.SmoothL1Loss(beta=0.4, **r), ("numbers",)),
    "SmoothL1Loss, beta 0": (lambda t, **r: t.nn.SmoothL1Loss(beta=0.0, **r), ("numbers",)),
    "HuberLoss": (lambda t, **r: t.nn.HuberLoss(delta=0.6, **r), ("numbers", "broadcast")),
    "CrossEntropyLoss": (lambda t, **r: t.nn.CrossEntropyLoss(**r), ("classes", "one", "ignored", "images", "soft")),
    "CrossEntropyLoss, weight": (
        lambda t, **r: t.nn.CrossEntropyLoss(t.tensor([0.5, 2.0, 1.0]), **r),
        ("classes", "ignored", "images", "soft"),
    ),
    "CrossEntropyLoss, smoothing": (
        lambda t, **r: t.nn.CrossEntropyLoss(label_smoothing=0.2, **r),
        ("classes", "one", "ignored", "images", "soft"),
    ),
    "CrossEntropyLoss, all": (
        lambda t, **r: t.nn.CrossEntropyLoss(t.tensor([0.5, 2.0, 1.0]), label_smoothing=0.2, ignore_index=1, **r),
        ("classes", "ignored 1", "images"),
    ),
    "NLLLoss": (lambda t, **r: t.nn.NLLLoss(**r), ("classes", "one", "ignored", "images")),
    "NLLLoss, weight": (
        lambda t, **r: t.nn.NLLLoss(t.tensor([0.5, 2.0, 1.0]), ignore_index=1, **r),
        ("classes", "ignored 1", "images"),
    ),
    "BCELoss": (lambda t, **r: t.nn.BCELoss(**r), ("probabilities", "ends")),
    "BCELoss, weight": (lambda t, **r: t.nn.BCELoss(t.tensor([0.5, 2.0, 1.0]), **r), ("probabilities",)),
    "BCEWithLogitsLoss": (lambda t, **r: t.nn.BCEWithLogitsLoss(**r), ("soft", "far")),
    "BCEWithLogitsLoss, weights": (
        lambda t, **r: t.nn.BCEWithLogitsLoss(t.tensor([0.5, 2.0, 1.0]), pos_weight=t.tensor([3.0, 1.0, 2.0]), **r),
        ("soft", "far"),
    ),
    "KLDivLoss": (lambda t, **r: t.nn.KLDivLoss(**r), ("logs", "zeros")),
    "KLDivLoss, log": (lambda t, **r: t.nn.KLDivLoss(log_target=True, **r), ("log logs",)),
    "PoissonNLLLoss": (lambda t, **r: t.nn.PoissonNLLLoss(**r), ("counts",)),
    "PoissonNLLLoss, full": (lambda t, **r: t.nn.PoissonNLLLoss(full=True, **r), ("counts",)),
    "GaussianNLLLoss": (lambda t, **r: t.nn.GaussianNLLLoss(full=True, **r), ("normal", "normal, one variance")),
    "HingeEmbeddingLoss": (lambda t, **r: t.nn.HingeEmbeddingLoss(margin=0.5, **r), ("signs",)),
    "SoftMarginLoss": (lambda t, **r: t.nn.SoftMarginLoss(**r), ("signs",)),
    "MultiLabelSoftMarginLoss": (lambda t, **r: t.nn.MultiLabelSoftMarginLoss(**r), ("soft",)),
    "MarginRankingLoss": (lambda t, **r: t.nn.MarginRankingLoss(margin=0.2, **r), ("ranks",)),
    "CosineEmbeddingLoss": (lambda t, **r: t.nn.CosineEmbeddingLoss(margin=0.1, **r), ("pair",)),
    "MultiMarginLoss": (lambda t, **r: t.nn.MultiMarginLoss(**r), ("classes", "one")),
    "MultiMarginLoss, p=2": (
        lambda t, **r: t.nn.MultiMarginLoss(p=2, margin=0.7, weight=t.tensor([0.5, 2.0, 1.0]), **r),
        ("classes",),
    ),
    "TripletMarginLoss": (lambda t, **r: t.nn.TripletMarginLoss(**r), ("triplet",)),
    "TripletMarginLoss, swap": (lambda t, **r: t.nn.TripletMarginLoss(swap=True, p=1, margin=2.0, **r), ("triplet",)),
    "TripletMarginWithDistanceLoss": (lambda t, **r: t.nn.TripletMarginWithDistanceLoss(swap=True, **r), ("triplet",)),
}

CASES = [
    pytest.param(make, x, reduction, id=f"{name} {x} {reduction}")
    for name, (make, inputs) in LOSSES.items()
    for x in inputs
    for reduction in ("mean", "sum", "none")
]


@pytest.mark.parametrize(("make", "x", "reduction"), CASES)
def test_loss(same: Callable[..., None], make: Callable[..., Any], x: str, reduction: str) -> None:
    def code(t: Library) -> Any:
        loss = make(t, reduction=reduction)
        prediction, *rest = INPUTS[x](t)
        prediction = prediction.detach().requires_grad_()
        value = loss(prediction, *rest)
        (value * t.linspace(0.5, 1.5, value.numel()).reshape(value.shape)).sum().backward()
        return repr(loss), list(loss.state_dict()), value, prediction.grad

    same(code)


@pytest.mark.parametrize(
    "name", ["MSELoss", "SmoothL1Loss", "HuberLoss", "BCEWithLogitsLoss", "BCELoss", "L1Loss", "KLDivLoss"]
)
def test_gradient_of_the_target(same: Callable[..., None], name: str) -> None:
    def code(t: Library) -> Any:
        x, y = t.rand(4, 3), t.rand(4, 3).requires_grad_()
        getattr(t.nn, name)(reduction="sum")(x, y).backward()
        return y.grad

    same(code)


@pytest.mark.parametrize(
    "name", ["MSELoss", "SmoothL1Loss", "HuberLoss", "BCEWithLogitsLoss", "BCELoss", "CrossEntropyLoss"]
)
def test_double_backward(same: Callable[..., None], name: str) -> None:
    def code(t: Library) -> Any:
        x, y = t.rand(4, 3).requires_grad_(), t.rand(4, 3)
        (g,) = t.autograd.grad(getattr(t.nn, name)()(x, y), x, create_graph=True)
        (h,) = t.autograd.grad((g * g).sum(), x)
        return g, h

    same(code)


OLD: list[dict[str, bool]] = [
    {"size_average": False},
    {"reduce": False},
    {"size_average": True},
    {"reduce": True, "size_average": False},
]


@pytest.mark.parametrize("arguments", OLD, ids=str)
@pytest.mark.parametrize("name", ["MSELoss", "CrossEntropyLoss", "BCELoss", "NLLLoss"])
def test_older_arguments(same: Callable[..., None], name: str, arguments: dict[str, bool]) -> None:
    def code(t: Library) -> Any:
        x = t.rand(4, 3)
        y = t.tensor([0, 2, 1, 2]) if name in ("CrossEntropyLoss", "NLLLoss") else t.rand(4, 3)
        return getattr(t.nn, name)(**arguments)(x, y)

    same(code)


def test_functions(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        F = t.nn.functional
        x, y, w = t.rand(4, 3), t.rand(4, 3), t.rand(4, 3)
        return (
            F.mse_loss(x, y, weight=w),
            F.mse_loss(x, y, weight=w, reduction="none"),
            F.l1_loss(x, y, weight=w, reduction="sum"),
            F.huber_loss(x, y, weight=w),
            F.mse_loss(x, y, size_average=False),
            F.cross_entropy(x, t.tensor([0, 1, 2, 0]), reduce=False),
            F.kl_div(x, y, reduction="batchmean"),
            F.mse_loss(x, y, reduction="elementwise_mean"),
            F.binary_cross_entropy_with_logits(x, y, pos_weight=t.tensor(2.0)),
            F.gaussian_nll_loss(x, y, 0.3),
        )

    same(code)


ERRORS: dict[str, Make] = {
    "reduction": lambda t: t.nn.MSELoss(reduction="max")(t.zeros(2), t.zeros(2)),
    "reduction, cross entropy": lambda t: t.nn.CrossEntropyLoss(reduction="max")(t.zeros(2, 3), t.tensor([0, 1])),
    "bce, sizes": lambda t: t.nn.BCELoss()(t.zeros(2, 1), t.zeros(2)),
    "bce with logits, sizes": lambda t: t.nn.BCEWithLogitsLoss()(t.zeros(2, 1), t.zeros(2)),
    "bce, above 1": lambda t: t.nn.BCELoss()(t.tensor([1.5]), t.tensor([1.0])),
    "bce, nan": lambda t: t.nn.BCELoss()(t.tensor([float("nan")]), t.tensor([1.0])),
    "huber, delta": lambda t: t.nn.HuberLoss(delta=0)(t.zeros(2), t.zeros(2)),
    "huber, delta type": lambda t: t.nn.HuberLoss(delta="1"),
    "smooth l1, beta": lambda t: t.nn.SmoothL1Loss(beta=-1)(t.zeros(2), t.zeros(2)),
    "cross entropy, batch": lambda t: t.nn.CrossEntropyLoss()(t.zeros(2, 3), t.tensor([0])),
    "cross entropy, class": lambda t: t.nn.CrossEntropyLoss()(t.zeros(2, 3), t.tensor([0, 3])),
    "cross entropy, smoothing": lambda t: t.nn.CrossEntropyLoss(label_smoothing=2)(t.zeros(2, 3), t.tensor([0, 1])),
    "weights, size": lambda t: t.nn.functional.mse_loss(t.zeros(2), t.zeros(2), weight=t.zeros(3)),
    "margin ranking, dims": lambda t: t.nn.MarginRankingLoss()(t.zeros(2), t.zeros(2, 1), t.zeros(2)),
    "multi margin, p": lambda t: t.nn.MultiMarginLoss(p=3),
    "multi margin, weight": lambda t: t.nn.MultiMarginLoss(weight=t.zeros(2, 2)),
    "triplet, margin": lambda t: t.nn.TripletMarginLoss(margin=0),
    "triplet function, margin": lambda t: t.nn.functional.triplet_margin_loss(
        t.zeros(1), t.zeros(1), t.zeros(1), margin=0
    ),
    "triplet, dims": lambda t: t.nn.TripletMarginLoss()(t.zeros(2), t.zeros(2, 1), t.zeros(2)),
    "gaussian, negative": lambda t: t.nn.GaussianNLLLoss()(t.zeros(2), t.zeros(2), t.tensor([1.0, -1.0])),
    "gaussian, size": lambda t: t.nn.GaussianNLLLoss()(t.zeros(2, 3), t.zeros(2, 3), t.zeros(3, 3, 2)),
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Make) -> None:
    same(code, fails=True)


def test_gradients_that_are_infinite_stop_at_relu(same: Callable[..., None]) -> None:
    """The slope of a root at 0 is infinite; where relu gave that 0 from below, nothing of it gets through."""

    def code(t: Library) -> Any:
        x = t.tensor([-1.0, 0.0, 4.0], requires_grad=True)
        t.relu(x).sqrt().sum().backward()
        zero = t.tensor(0.0, requires_grad=True)
        t.relu(zero).sqrt().backward()
        return x.grad, zero.grad

    same(code)


def test_divergence_from_what_is_no_probability(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        return t.nn.functional.kl_div(t.tensor([0.5, -1.0, 0.3]), t.tensor([0.0, 0.2, -0.5]), reduction="none")

    same(code)
