"""Spellings of PyTorch's first years, and the names that code imports from inside of torch.nn."""

from collections.abc import Callable
from typing import Any

import pytest

Library = Any
OLD_INIT = (
    "xavier_normal",
    "xavier_uniform",
    "kaiming_normal",
    "kaiming_uniform",
    "uniform",
    "normal",
    "orthogonal",
    "eye",
)

CASES: dict[str, Callable[[Library], Any]] = {
    **{f"init.{name}": lambda t, name=name: getattr(t.nn.init, name)(t.ones(3, 2)) for name in OLD_INIT},
    "init.constant": lambda t: t.nn.init.constant(t.ones(3, 2), 4),
    "init inside": lambda t: (t.nn.init._no_grad_uniform_(t.ones(3), 0.0, 1.0), t.nn.init._no_grad_zero_(t.ones(2))),
    "sigmoid": lambda t: (t.nn.functional.sigmoid(t.ones(2)), t.nn.functional.tanh(t.ones(2))),
    "softmax without dim": lambda t: t.nn.functional.softmax(t.ones(2, 3)),
    "size_average": lambda t: t.nn.functional.mse_loss(t.ones(2), t.zeros(2), size_average=False),
    "NLLLoss2d": lambda t: type(t.nn.NLLLoss2d()).__name__,
    "clip_grad_norm": lambda t: t.nn.utils.clip_grad_norm([t.ones(1)], 1.0),
    "modules": lambda t: (t.nn.modules.Linear is t.nn.Linear, t.nn.modules.module._addindent("a\nb", 2)),
    "tuples": lambda t: (
        t.nn.modules.utils._pair(3),
        t.nn.modules.utils._ntuple(2)([1, 2]),
        t.nn.modules.utils._reverse_repeat_tuple((1, 2), 2),
    ),
    "factory": lambda t: t.nn.factory_kwargs({"device": "cpu", "factory_kwargs": {"dtype": t.float32}}),
    "types": lambda t: hasattr(t.nn.common_types, "_size_2_t"),
    "reductions": lambda t: (t.nn._reduction.get_enum("sum"), t.nn._reduction.legacy_get_string(None, False)),
    "classes inside": lambda t: [
        t.nn.modules.batchnorm._BatchNorm.__name__,
        t.nn.modules.conv._ConvNd.__name__,
        t.nn.modules.loss._Loss.__name__,
        t.nn.modules.module._IncompatibleKeys.__name__,
    ],
}


@pytest.mark.parametrize("name", CASES)
def test_alike(name: str, same: Callable[..., None]) -> None:
    same(CASES[name])


def test_refused_alike(same: Callable[..., None]) -> None:
    same(lambda t: t.nn.factory_kwargs({"x": 1}), fails=True)
    same(lambda t: t.nn.factory_kwargs({"dtype": 1, "factory_kwargs": {"dtype": 2}}), fails=True)
    same(lambda t: t.nn._reduction.get_enum("most"), fails=True)
    same(lambda t: t.nn.utils.rnn.pad_sequence([t.ones(2, 2), t.ones(3, 3)]), fails=True)
