"""Every warning has PyTorch's category and text."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch

import flambeau

CALLS = """
F.conv1d(t.ones(1, 1, 8), t.ones(1, 1, 4), padding="same")
F.conv1d(t.ones(1, 1, 8), t.ones(1, 1, 4), padding="same", dilation=2)
F.conv2d(t.ones(1, 1, 8, 8), t.ones(1, 1, 3, 4), padding="same")
F.conv2d(t.ones(1, 1, 8, 8), t.ones(1, 1, 3, 3), padding="same")
float(leaf)
int(leaf)
complex(leaf)
leaf.item()
f"{leaf:.2f}"
math.sqrt(leaf * 2)
"%f" % leaf
float(leaf.detach())
t.tensor([leaf, 1.0])
t.ones(2, 3, 4).T
t.ones(2).T
t.ones(()).T
t.ones(2, 3).T
t.ones(()).mT
t.ones(()).H
t.meshgrid(t.ones(2), t.ones(2))
t.meshgrid(t.ones(2), t.ones(2), indexing="xy")
t.ones(1).std()
t.ones(1).std(unbiased=False)
t.ones(2, 1).var(1)
t.ones(2).var(correction=3)
t.var_mean(t.ones(1))
t.std_mean(t.ones(3, 1), 1)
t.complex(t.ones(2), t.ones(2)).float()
t.complex(t.ones(2), t.ones(2)).int()
t.complex(t.ones(2), t.ones(2)).bool()
t.zeros(2).copy_(t.ones(2, dtype=t.complex64))
t.eye(2).lu()
t.qr(t.eye(2))
t.cholesky(t.eye(2))
t.chain_matmul(t.eye(2), t.eye(2))
t.triangular_solve(t.ones(2, 1), t.eye(2))
t.cross(t.ones(3), t.ones(3))
t.cross(t.ones(3), t.ones(3), dim=0)
t.stft(t.ones(10), 4, return_complex=False)
t.stft(t.ones(10), 4, window=t.ones(4), return_complex=True)
t.istft(t.ones(3, 10, dtype=t.complex64), 4)
t.ones(3).new_tensor(t.ones(3))
t.tensor(t.ones(3))
nn.Hardtanh(min_value=0.0)
nn.Hardtanh(max_value=0.5)
nn.Linear(2, 2).to(t.complex64)
t.set_default_tensor_type("torch.FloatTensor")
F.softmax(t.ones(2))
nn.Softmin()(t.ones(2))
F.gumbel_softmax(t.ones(3), eps=1e-3)
F.dropout2d(t.ones(2, 3, 4))
F.mse_loss(t.ones(2, 1), t.ones(2))
F.kl_div(t.ones(2), t.ones(2))
F.upsample(t.ones(1, 1, 2, 2), scale_factor=2)
F.grid_sample(t.ones(1, 1, 2, 2), t.ones(1, 2, 2, 2))
nn.LSTM(2, 3, dropout=0.5)
nn.InstanceNorm1d(3)(t.ones(2, 2, 4))
nn.Linear(0, 2)
(leaf * 2).grad
t.range(0, 3)
"""


@pytest.fixture(autouse=True)
def _every_time() -> Iterator[None]:
    for library in (torch, flambeau):
        library.set_warn_always(True)
    yield
    for library in (torch, flambeau):
        library.set_warn_always(False)


def warned(t: Any, call: str) -> list[tuple[str, str]]:
    import math

    names = {"t": t, "nn": t.nn, "F": t.nn.functional, "math": math}
    names["leaf"] = t.tensor(4.0, requires_grad=True)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        # What NumPy has to say of 1 / 0 is none of the caller's business.
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="flambeau")
        eval(call, names)
    return [(w.category.__name__, str(w.message).split(" (Triggered internally")[0]) for w in given]


@pytest.mark.parametrize("call", CALLS.strip().splitlines())
def test_warns_alike(call: str) -> None:
    assert warned(flambeau, call) == warned(torch, call)


def test_some_are_given_once() -> None:
    flambeau.set_warn_always(False)
    warned(flambeau, "t.ones(2).T")
    assert warned(flambeau, "t.ones(2).T") == []


def test_without_gradients_nothing_is_lost() -> None:
    with flambeau.no_grad():
        assert warned(flambeau, "float(leaf)") == []


def test_a_fill_value_cannot_require_grad() -> None:
    with pytest.raises(TypeError, match=r"full\(\): argument 'fill_value' \(position 2\) must be Number, not Tensor"):
        flambeau.full((2,), flambeau.ones((), requires_grad=True))
    assert flambeau.full((2,), flambeau.tensor(3.0)).tolist() == [3.0, 3.0]
