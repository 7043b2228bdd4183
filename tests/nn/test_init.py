"""`nn.init` and `nn.utils`: values from the same seed, warnings and errors, as torch's."""

from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Make = Callable[[Library], Any]

INITS: dict[str, Make] = {
    "uniform_": lambda t: t.nn.init.uniform_(t.empty(3, 5), -2, 3),
    "normal_": lambda t: t.nn.init.normal_(t.empty(5, 5), 1.0, 0.2),
    "normal_, few": lambda t: t.nn.init.normal_(t.empty(3)),
    "trunc_normal_": lambda t: t.nn.init.trunc_normal_(t.empty(40)),
    "trunc_normal_, narrow": lambda t: t.nn.init.trunc_normal_(t.empty(40), 0, 1, -0.1, 0.2),
    "trunc_normal_, tail": lambda t: t.nn.init.trunc_normal_(t.empty(40), 0, 1, 1.5, 4),
    "trunc_normal_, far": lambda t: t.nn.init.trunc_normal_(t.empty(4), 0, 0.1, 1, 2).shape,
    "constant_": lambda t: t.nn.init.constant_(t.empty(2, 2), 0.3),
    "ones_": lambda t: t.nn.init.ones_(t.empty(2)),
    "zeros_": lambda t: t.nn.init.zeros_(t.empty(2)),
    "eye_": lambda t: t.nn.init.eye_(t.empty(2, 3)),
    "dirac_": lambda t: t.nn.init.dirac_(t.empty(4, 2, 3)),
    "dirac_, groups": lambda t: t.nn.init.dirac_(t.empty(4, 2, 3, 3), 2),
    "dirac_, 5-D": lambda t: t.nn.init.dirac_(t.empty(2, 2, 3, 3, 1)),
    "xavier_uniform_": lambda t: t.nn.init.xavier_uniform_(t.empty(3, 5), gain=1.4),
    "xavier_normal_": lambda t: t.nn.init.xavier_normal_(t.empty(3, 5, 2)),
    "kaiming_uniform_": lambda t: t.nn.init.kaiming_uniform_(t.empty(3, 5), nonlinearity="relu"),
    "kaiming_normal_": lambda t: t.nn.init.kaiming_normal_(t.empty(3, 5, 2), 0.2, mode="fan_out"),
    "kaiming_uniform_, empty": lambda t: t.nn.init.kaiming_uniform_(t.empty(0, 5)),
    "sparse_": lambda t: t.nn.init.sparse_(t.empty(5, 3), 0.4),
    "orthogonal_": lambda t: t.nn.init.orthogonal_(t.empty(4, 4)),
    "orthogonal_, tall": lambda t: t.nn.init.orthogonal_(t.empty(6, 3), gain=1.5),
    "orthogonal_, wide": lambda t: t.nn.init.orthogonal_(t.empty(3, 2, 4)),
    "orthogonal_, parameter": lambda t: t.nn.init.orthogonal_(t.nn.Linear(5, 7).weight),
    "parameter": lambda t: t.nn.init.uniform_(t.nn.Parameter(t.empty(2))),
    "generator": lambda t: t.nn.init.uniform_(t.empty(2), generator=t.Generator().manual_seed(3)),
    "older name": lambda t: t.nn.init.xavier_uniform(t.empty(2, 2)),
    "gains": lambda t: [
        t.nn.init.calculate_gain(*a)
        for a in [
            ("linear",),
            ("conv2d",),
            ("sigmoid",),
            ("tanh",),
            ("relu",),
            ("leaky_relu",),
            ("leaky_relu", 0.3),
            ("selu",),
        ]
    ],
    "fans": lambda t: t.nn.init._calculate_fan_in_and_fan_out(t.empty(2, 3, 4, 5)),
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in INITS.items()])
def test_init(same: Callable[..., None], code: Make) -> None:
    same(lambda t: (code(t), t.rand(2)))  # and just as much was drawn


ERRORS: dict[str, Make] = {
    "eye_": lambda t: t.nn.init.eye_(t.empty(2)),
    "dirac_": lambda t: t.nn.init.dirac_(t.empty(2, 2)),
    "dirac_, groups": lambda t: t.nn.init.dirac_(t.empty(3, 2, 2), 2),
    "fan of a vector": lambda t: t.nn.init.xavier_uniform_(t.empty(3)),
    "mode": lambda t: t.nn.init.kaiming_uniform_(t.empty(3, 3), mode="fan"),
    "gain": lambda t: t.nn.init.calculate_gain("gelu"),
    "slope": lambda t: t.nn.init.calculate_gain("leaky_relu", "steep"),
    "slope, bool": lambda t: t.nn.init.calculate_gain("leaky_relu", True),
    "orthogonal_": lambda t: t.nn.init.orthogonal_(t.empty(3)),
    "sparse_": lambda t: t.nn.init.sparse_(t.empty(3), 0.1),
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Make) -> None:
    same(code, fails=True)


def with_gradients(t: Library) -> Any:
    m = t.nn.Sequential(t.nn.Linear(3, 4), t.nn.Tanh(), t.nn.Linear(4, 2))
    m.unused = t.nn.Parameter(t.ones(1))
    (m(t.randn(5, 3)).square().sum() * 3).backward()
    return m


UTILS: dict[str, Make] = {
    "norm": lambda t: clip(t, lambda u, m: u.clip_grad_norm_(m.parameters(), 1.0)),
    "norm, large": lambda t: clip(t, lambda u, m: u.clip_grad_norm_(m.parameters(), 1e6)),
    "norm 1": lambda t: clip(t, lambda u, m: u.clip_grad_norm_(m.parameters(), 1.0, norm_type=1)),
    "norm inf": lambda t: clip(t, lambda u, m: u.clip_grad_norm_(m.parameters(), 1.0, norm_type=float("inf"))),
    "norm of one": lambda t: clip(t, lambda u, m: u.clip_grad_norm_(m[0].weight, 0.5)),
    "norm of nothing": lambda t: clip(t, lambda u, m: u.clip_grad_norm_([m.unused], 0.5)),
    "norm of an empty generator": lambda t: clip(t, lambda u, m: u.clip_grad_norm_((p for p in []), 0.5)),
    "older name": lambda t: clip(t, lambda u, m: u.clip_grad_norm(m.parameters(), 1.0)),
    "value": lambda t: clip(t, lambda u, m: u.clip_grad_value_(m.parameters(), 0.7)),
    "total": lambda t: clip(t, lambda u, m: u.get_total_norm([p.grad for p in m[0].parameters()])),
    "vector": lambda t: t.nn.utils.parameters_to_vector(with_gradients(t).parameters()),
    "and back": lambda t: back(t),
}


def clip(t: Library, change: Callable[[Any, Any], Any]) -> Any:
    m = with_gradients(t)
    return change(t.nn.utils, m), [p.grad for p in m.parameters()]


def back(t: Library) -> Any:
    m = t.nn.Linear(2, 2)
    t.nn.utils.vector_to_parameters(t.arange(6.0), m.parameters())
    return list(m.parameters()), m(t.ones(2)).requires_grad


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in UTILS.items()])
def test_utils(same: Callable[..., None], code: Make) -> None:
    same(code)


UTIL_ERRORS: dict[str, Make] = {
    "nonfinite": lambda t: nonfinite(t),
    "vector_to_parameters": lambda t: t.nn.utils.vector_to_parameters([1.0], t.nn.Linear(1, 1).parameters()),
}


def nonfinite(t: Library) -> Any:
    p = t.nn.Parameter(t.ones(2))
    p.grad = t.tensor([1.0, float("inf")])
    t.nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in UTIL_ERRORS.items()])
def test_util_errors(same: Callable[..., None], code: Make) -> None:
    same(code, fails=True)
