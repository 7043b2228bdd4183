"""The meta device: shapes and dtypes as torch's, no elements, and models that get theirs later."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau

BOTH = pytest.mark.parametrize("lib", [flambeau, torch], ids=["flambeau", "torch"])


def outcome(call: Callable[[], Any]) -> str:
    try:
        return repr(call())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


PROGRAMS: list[Callable[[Any, Any], Any]] = [
    lambda lib, x: x,
    lambda lib, x: x + 1,
    lambda lib, x: x.requires_grad_().exp() * 2,
    lambda lib, x: (x.half(), x.long(), x > 0, x.bool() | (x < 0), ~x.bool()),
    lambda lib, x: (x.t() @ x, x @ lib.ones(5, 3, 4, device="meta"), x[0], x[:, None].expand(2, 7, 3)),
    lambda lib, x: (x.sum(), x.sum(0, keepdim=True), x.max(1), x.argmax(), x.std(0), x.softmax(1), x.cumsum(1)),
    lambda lib, x: (x.sort(), x.topk(2), x.flip(0), x.roll(1), x.repeat(2, 2)),
    lambda lib, x: (lib.cat([x, x]), lib.stack([x, x]), lib.where(x > 0, x, 0.0), x.gather(1, x.long()), x.reshape(-1)),
    lambda lib, x: (lib.arange(4, device="meta"), lib.full((2,), 3, device="meta"), lib.randn_like(x), x.new_zeros(3)),
    lambda lib, x: (lib.nn.Conv2d(3, 8, 3, device="meta")(lib.empty(1, 3, 9, 9, device="meta")), x.clone().zero_()),
    lambda lib, x: (lib.nn.LSTM(3, 4, device="meta")(x)[0], lib.nn.functional.cross_entropy(x, x[:, 0].long())),
    lambda lib, x: (x.device, x.is_meta, x.stride(), x.numel(), x.untyped_storage().nbytes(), x.type()),
    lambda lib, x: x.cpu(),
    lambda lib, x: x.tolist(),
    lambda lib, x: x.numpy(),
    lambda lib, x: x.sum().item(),
    lambda lib, x: bool(x.sum() > 0),
    lambda lib, x: lib.nn.Linear(3, 2, device="meta").to("cpu"),
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_as_torch(program: Callable[[Any, Any], Any]) -> None:
    found, expected = (outcome(lambda: program(lib, lib.empty(2, 3, device="meta"))) for lib in (flambeau, torch))  # noqa: B023
    assert found == expected


def test_elements_that_are_not_there_are_not_counted() -> None:
    with pytest.raises(NotImplementedError, match="nonzero"):
        flambeau.empty(3, device="meta").nonzero()


@BOTH
def test_initial_values_cost_no_random_numbers(lib: Any) -> None:
    lib.manual_seed(0)
    expected = lib.rand(2)
    lib.manual_seed(0)
    lib.nn.Linear(300, 400, device="meta")
    assert lib.equal(lib.rand(2), expected)


@BOTH
def test_a_model_gets_its_parameters_later(lib: Any) -> None:
    model = lib.nn.Linear(2, 2, device="meta")
    state = {"weight": lib.eye(2), "bias": lib.ones(2)}
    with pytest.warns(UserWarning, match="which is a no-op"):
        model.load_state_dict(state)
    assert model.weight.is_meta
    model.load_state_dict(state, assign=True)
    assert model(lib.ones(2)).tolist() == [2, 2]
    assert lib.nn.Linear(2, 2, device="meta").to_empty(device="cpu").weight.device.type == "cpu"


@BOTH
def test_a_model_without_elements_is_called_with_those_of_many(lib: Any) -> None:
    lib.manual_seed(0)
    models = [lib.nn.Linear(3, 2) for _ in range(4)]
    x = lib.randn(5, 3)
    parameters, buffers = lib.func.stack_module_state(models)
    shell = copy.deepcopy(models[0]).to("meta")

    def call(p: Any, b: Any) -> Any:
        return lib.func.functional_call(shell, (p, b), (x,))

    assert lib.allclose(lib.vmap(call)(parameters, buffers), lib.stack([m(x) for m in models]))


@BOTH
def test_a_training_step(lib: Any) -> None:
    with lib.device("meta"):
        model = lib.nn.TransformerEncoderLayer(8, 2, dim_feedforward=4)
        model(lib.rand(3, 1, 8)).sum().backward()
    optimizer = lib.optim.Adam(model.parameters())
    optimizer.step()
    assert model.linear1.weight.grad.shape == (4, 8)
