"""Modules that learn their sizes from the first input, as torch's."""

from collections.abc import Callable
from typing import Any

import pytest

Library = Any


def net(t: Library) -> Any:
    return t.nn.Sequential(t.nn.LazyLinear(4), t.nn.LazyBatchNorm1d(), t.nn.LazyLinear(2, bias=False))


def initialized(t: Library) -> Any:
    module = net(t)
    module(t.ones(2, 3))
    return module


def state(module: Any) -> Any:
    return {name: str(value) for name, value in module.state_dict().items()}


CASES: dict[str, Callable[[Library], Any]] = {
    "before": lambda t: (repr(net(t)), [str(p) for p in net(t).parameters()]),
    "after": lambda t: (repr(initialized(t)), state(initialized(t))),
    "output": lambda t: net(t)(t.arange(6.0).view(2, 3)),
    "class": lambda t: [type(m).__name__ for m in initialized(t)],
    "state before": lambda t: {k: str(v) for k, v in net(t).state_dict().items()},
    "load into uninitialized": lambda t: (m := net(t), m.load_state_dict(initialized(t).state_dict()), state(m))[1:],
    "load uninitialized into uninitialized": lambda t: net(t).load_state_dict(net(t).state_dict()),
    "loaded, then called": lambda t: (
        m := t.nn.LazyLinear(2),
        m.load_state_dict(t.nn.Linear(3, 2).state_dict()),
        m(t.ones(3)),
        m,
    )[1:],
    "moved before": lambda t: (m := net(t).double(), m(t.ones(2, 3, dtype=t.float64)).dtype, m[0].weight.dtype)[1:],
    "applied before": lambda t: (m := net(t).eval(), m.training, m.zero_grad())[1:],
    "batch norm": lambda t: (m := t.nn.LazyBatchNorm2d(affine=False), m(t.arange(8.0).view(2, 1, 2, 2)), m)[1:],
    "instance norm": lambda t: (m := t.nn.LazyInstanceNorm1d(), m(t.arange(8.0).view(2, 2, 2)), m, state(m))[1:],
    "convolution": lambda t: (
        m := t.nn.LazyConv2d(4, 3, padding=1, groups=2),
        repr(m),
        m(t.ones(1, 2, 4, 4)),
        m,
    )[1:],
    "convolution of one": lambda t: t.nn.LazyConv1d(2, 3, padding="same", bias=False)(t.ones(3, 5)),
    "transposed": lambda t: (
        m := t.nn.LazyConvTranspose1d(4, 3, stride=2, output_padding=1, groups=2),
        m(t.ones(1, 2, 4)),
        m,
    )[1:],
    "volumes": lambda t: (
        t.nn.LazyConv3d(1, 2)(t.ones(1, 2, 2, 2)),
        t.nn.LazyConvTranspose3d(1, 2)(t.ones(1, 2, 2, 2)).shape,
    ),
    "moved to": lambda t: (m := t.nn.LazyLinear(2).to("cpu", t.float64), m(t.ones(3, dtype=t.float64)).dtype)[1],
    "names": lambda t: (t.nn.parameter.is_lazy(t.nn.LazyLinear(1).weight), t.nn.modules.lazy.LazyModuleMixin.__name__),
    "materialized": lambda t: (p := t.nn.UninitializedParameter(), p.materialize((2,)), type(p).__name__, p.shape)[1:],
    "a buffer": lambda t: (b := t.nn.UninitializedBuffer(dtype=t.int32), b.materialize((2,)), b.dtype, b.shape)[1:],
    "size": lambda t: t.nn.LazyLinear(1).weight.size(),
}


@pytest.mark.parametrize("name", CASES)
def test_alike(name: str, same: Callable[..., None]) -> None:
    same(CASES[name])


def own(t: Library, initialize: bool) -> Any:
    class Own(t.nn.modules.lazy.LazyModuleMixin, t.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.scale = t.nn.UninitializedParameter()

        if initialize:

            def initialize_parameters(self, input: Any, *, size: int) -> None:
                if size:
                    self.scale.materialize((size,))
                    t.nn.init.ones_(self.scale)

        def forward(self, input: Any, *, size: int) -> Any:
            return input * self.scale

    return Own()


def test_a_module_of_ones_own(same: Callable[..., None]) -> None:
    same(lambda t: own(t, True)(t.ones(3), size=3))
    same(lambda t: own(t, True)(t.ones(3), size=0), fails=True)
    same(lambda t: own(t, False)(t.ones(3), size=3), fails=True)


FAIL: dict[str, Callable[[Library], Any]] = {
    "convolution of a vector": lambda t: t.nn.LazyConv2d(4, 3)(t.ones(2)),
    "groups": lambda t: t.nn.LazyConv1d(4, 3, groups=2)(t.ones(3, 5)),
    "shape": lambda t: t.nn.LazyLinear(1).weight.shape,
    "shared": lambda t: t.nn.LazyLinear(1).share_memory(),
    "load uninitialized into initialized": lambda t: t.nn.Linear(1, 1).load_state_dict(t.nn.LazyLinear(1).state_dict()),
    "weight norm": lambda t: t.nn.utils.weight_norm(t.nn.LazyLinear(1)),
    "spectral norm": lambda t: t.nn.utils.spectral_norm(t.nn.LazyLinear(1)),
}


@pytest.mark.parametrize("name", FAIL)
def test_refused_alike(name: str, same: Callable[..., None]) -> None:
    same(FAIL[name], fails=True)


def test_uninitialized_parameters_are_not_computed_with() -> None:
    import flambeau as t

    with pytest.raises(ValueError, match="Attempted to use an uninitialized parameter in"):
        _ = t.nn.LazyLinear(1).weight + 1
    with pytest.raises(ValueError, match="Attempted to use an uninitialized parameter in"):
        t.nn.LazyLinear(1).weight.numel()
