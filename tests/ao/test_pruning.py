"""Sparsifiers make the masks that torch's make, and print and save them alike."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.ao.pruning  # for torch's side

import flambeau
import flambeau.ao.pruning

BOTH = pytest.mark.parametrize("lib", [flambeau, torch], ids=["flambeau", "torch"])


def model_of(lib: Any) -> Any:
    lib.manual_seed(0)
    return lib.nn.Sequential(lib.nn.Linear(8, 6), lib.nn.ReLU(), lib.nn.Linear(6, 4))


SETTINGS: list[dict[str, Any]] = [
    {}, {"sparsity_level": 0.3}, {"sparse_block_shape": (4, 1)}, {"sparse_block_shape": (5, 3)}, {"norm": 1},
    {"zeros_per_block": 2, "sparse_block_shape": (2, 2)}, {"sparsity_level": 0.0}, {"sparsity_level": 1.0},
    {"sparsity_level": 1.0, "zeros_per_block": 1, "sparse_block_shape": (1, 2)}, {"norm": lambda x: -x},
]  # fmt: skip


@pytest.mark.parametrize("settings", SETTINGS)
def test_as_torch(settings: dict[str, Any]) -> None:
    def run(lib: Any) -> list[str]:
        model = model_of(lib)
        sparsifier = lib.ao.pruning.WeightNormSparsifier(**settings)
        shown: list[Any] = [sparsifier]
        sparsifier.prepare(model, [{"tensor_fqn": "0.weight"}, {"tensor_fqn": "2.weight", "sparsity_level": 0.7}])
        for _ in range(2):
            sparsifier.step()
            shown += [model[0].parametrizations.weight[0].mask, model[2].weight, model(lib.ones(2, 8))]
        shown += [sparsifier, sparsifier.state_dict(), list(model.state_dict())]
        sparsifier.squash_mask(params_to_keep=("sparsity_level",))
        return [repr(x) for x in (*shown, model, model[0].weight, model[0].sparse_params)]

    assert run(flambeau) == run(torch)


@BOTH
def test_masks_are_saved_and_loaded(lib: Any) -> None:
    model = model_of(lib)
    first = lib.ao.pruning.WeightNormSparsifier(0.25)
    first.prepare(model, None)
    first.step()
    other = lib.ao.pruning.WeightNormSparsifier()
    again = model_of(lib)
    other.prepare(again, None)
    other.load_state_dict(first.state_dict())
    assert lib.equal(again[2].weight, model[2].weight)
    assert other.groups[0]["sparsity_level"] == 0.25
    first.enable_mask_update = False
    model[0].parametrizations.weight.original.data.zero_()
    before = model[2].parametrizations.weight[0].mask.clone()
    first.step()
    assert lib.equal(model[2].parametrizations.weight[0].mask, before)


@BOTH
def test_what_it_refuses(lib: Any) -> None:
    sparsifier = lib.ao.pruning.WeightNormSparsifier
    with pytest.raises(NotImplementedError, match="L-3 is not yet implemented"):
        sparsifier(norm=3)
    for config, text in (([3], "config elements should be dicts"), ([{"a": 1}], "tensor_fqn is a required argument")):
        with pytest.raises(AssertionError, match=text):
            sparsifier().prepare(model_of(lib), config)
    for zeros in (5, -1):
        refusing = sparsifier(zeros_per_block=zeros)
        refusing.prepare(model_of(lib), None)
        with pytest.raises(ValueError, match="Number of zeros per block"):
            refusing.step()


@BOTH
def test_names_in_a_model(lib: Any) -> None:
    model = model_of(lib)
    pruning = lib.ao.pruning
    assert pruning.module_to_fqn(model, model[2]) == "2" and pruning.module_to_fqn(model, model) == ""
    assert pruning.fqn_to_module(model, "2") is model[2]
    found = pruning.get_arg_info_from_tensor_fqn(model, "2.weight")
    assert found == {"module_fqn": "2", "module": model[2], "tensor_name": "weight", "tensor_fqn": "2.weight"}
