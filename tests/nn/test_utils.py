"""torch.nn.utils: parameters computed from others, masked, replaced; as torch's."""

import copy
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

Library = Any

import_module("torch.nn.utils.prune")  # which `import torch` leaves out


def linear(t: Library) -> Any:
    return t.nn.Linear(3, 2)


def trained(module: Any, t: Library, shape: tuple[int, ...] = (2, 3)) -> Any:
    """A step, and what has become of the parameters."""
    optimizer = t.optim.SGD(module.parameters(), lr=0.1)
    module(t.ones(shape)).pow(2).sum().backward()
    optimizer.step()
    return module, dict(module.state_dict()), module(t.ones(shape))


def symmetric(t: Library, inverse: bool = True) -> Any:
    class Symmetric(t.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x.triu() + x.triu(1).mT

        if inverse:

            def right_inverse(self, x: Any) -> Any:
                return x.triu()

    return Symmetric()


def two(t: Library) -> Any:
    class Two(t.nn.Module):  # type: ignore[misc]
        def forward(self, a: Any, b: Any) -> Any:
            return a * b

        def right_inverse(self, x: Any) -> Any:
            return x * 2, t.full_like(x, 0.5)

    return Two()


def square(t: Library) -> Any:
    return t.nn.Linear(3, 3)


def parametrized(t: Library, make: Callable[[Library], Any] = symmetric) -> Any:
    layer = square(t)
    t.nn.utils.parametrize.register_parametrization(layer, "weight", make(t))
    return layer


def assigned(t: Library, make: Callable[[Library], Any]) -> Any:
    layer = parametrized(t, make)
    layer.weight = t.ones(3, 3)
    return layer.weight, list(layer.parametrizations.weight.parameters())


def removed(t: Library, make: Callable[[Library], Any], leave: bool) -> Any:
    layer = parametrized(t, make)
    before = layer.parametrizations.weight[0], [id(p) for p in layer.parameters()]
    t.nn.utils.parametrize.remove_parametrizations(layer, "weight", leave_parametrized=leave)
    return layer, type(layer).__name__, layer.weight, id(layer.weight) in before[1], hasattr(layer, "parametrizations")


def cached(t: Library) -> Any:
    layer = parametrized(t)
    with t.nn.utils.parametrize.cached():
        inside = layer.weight is layer.weight
    return inside, layer.weight is layer.weight


def transferred(t: Library) -> Any:
    other = square(t)
    P = t.nn.utils.parametrize
    P.transfer_parametrizations_and_params(parametrized(t), other)
    return other, other.weight, P.type_before_parametrizations(other).__name__, P.is_parametrized(other, "bias")


def chain(t: Library) -> Any:
    layer = parametrized(t)
    t.nn.utils.parametrize.register_parametrization(layer, "weight", t.nn.Tanh(), unsafe=True)
    t.nn.utils.parametrize.register_parametrization(layer, "bias", t.nn.Softplus(), unsafe=True)
    return layer, layer.weight, layer.bias, list(layer.state_dict())


PARAMETRIZE: dict[str, Callable[[Library], Any]] = {
    "trained": lambda t: trained(parametrized(t), t),
    "printed": lambda t: repr(parametrized(t)),
    "no inverse": lambda t: trained(parametrized(t, lambda t: symmetric(t, False)), t),
    "of two": lambda t: trained(parametrized(t, two), t),
    "assigned": lambda t: assigned(t, symmetric),
    "assigned, of two": lambda t: assigned(t, two),
    "removed": lambda t: removed(t, symmetric, True),
    "removed, original": lambda t: removed(t, symmetric, False),
    "removed, of two": lambda t: removed(t, two, True),
    "cached": cached,
    "transferred": transferred,
    "chain": chain,
    "copied": lambda t: (m := copy.deepcopy(parametrized(t)), m.weight, type(m).__name__)[1:],
    "loaded": lambda t: parametrized(t).load_state_dict(parametrized(t).state_dict()),
    "a buffer": lambda t: (
        m := t.nn.BatchNorm1d(2),
        t.nn.utils.parametrize.register_parametrization(m, "running_mean", t.nn.Tanh()),
        list(m.state_dict()),
    )[1:],
    "orthogonal": lambda t: trained(t.nn.utils.parametrizations.orthogonal(square(t)), t),
    "orthogonal, wide": lambda t: trained(t.nn.utils.parametrizations.orthogonal(linear(t)), t),
    "orthogonal, tall": lambda t: trained(t.nn.utils.parametrizations.orthogonal(t.nn.Linear(3, 4)), t),
    "cayley": lambda t: trained(t.nn.utils.parametrizations.orthogonal(t.nn.Linear(3, 4), orthogonal_map="cayley"), t),
    "householder, not trivialized": lambda t: trained(
        t.nn.utils.parametrizations.orthogonal(t.nn.Linear(3, 4), use_trivialization=False), t
    ),
    "weight norm": lambda t: trained(t.nn.utils.parametrizations.weight_norm(linear(t)), t),
    "weight norm, of all": lambda t: trained(t.nn.utils.parametrizations.weight_norm(linear(t), dim=None), t),
    "weight norm, old state": lambda t: loaded_from_old_names(t),
    "spectral norm": lambda t: trained(t.nn.utils.parametrizations.spectral_norm(linear(t)), t),
    "spectral norm, eval": lambda t: t.nn.utils.parametrizations.spectral_norm(linear(t)).eval()(t.ones(3)),
    "spectral norm, vector": lambda t: t.nn.utils.parametrizations.spectral_norm(linear(t), "bias").bias,
}


def loaded_from_old_names(t: Library) -> Any:
    layer = t.nn.utils.parametrizations.weight_norm(linear(t))
    old = {"weight_g": t.ones(2, 1), "weight_v": t.ones(2, 3), "bias": t.zeros(2)}
    return layer.load_state_dict(old), layer.weight


@pytest.mark.parametrize("name", PARAMETRIZE)
def test_parametrize(name: str, same: Callable[..., None]) -> None:
    same(PARAMETRIZE[name], rtol=1e-4, atol=1e-5)


def bad(t: Library, result: Callable[[Any], Any]) -> Any:
    class Bad(t.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return result(x)

    return Bad()


def register(t: Library, make: Any, name: str = "weight", layer: Any = None) -> Any:
    layer = square(t) if layer is None else layer
    return t.nn.utils.parametrize.register_parametrization(layer, name, make)


PARAMETRIZE_FAILS: dict[str, Callable[[Library], Any]] = {
    "no such tensor": lambda t: register(t, symmetric(t), "nothing"),
    "another dtype": lambda t: register(t, bad(t, lambda x: x.double())),
    "another shape": lambda t: register(t, bad(t, lambda x: x[:1])),
    "no tensor": lambda t: register(t, bad(t, lambda x: 3)),
    "another shape, second": lambda t: register(t, bad(t, lambda x: x[:1]), layer=parametrized(t)),
    "no inverse": lambda t: assigned(t, lambda t: symmetric(t, False)),
    "not parametrized": lambda t: t.nn.utils.parametrize.remove_parametrizations(square(t), "weight"),
    "the original of two": lambda t: removed(t, two, False),
    "pickled": lambda t: copy.copy(parametrized(t)),
    "orthogonal of a vector": lambda t: t.nn.utils.parametrizations.orthogonal(square(t), "bias"),
    "orthogonal by what": lambda t: t.nn.utils.parametrizations.orthogonal(square(t), orthogonal_map="qr"),
    "orthogonal of nothing": lambda t: t.nn.utils.parametrizations.orthogonal(square(t), "nothing"),
    "assign to cayley": lambda t: setattr(
        t.nn.utils.parametrizations.orthogonal(square(t), orthogonal_map="cayley", use_trivialization=False),
        "weight",
        t.eye(3),
    ),
    "no iterations": lambda t: t.nn.utils.parametrizations.spectral_norm(square(t), n_power_iterations=0),
    "no such dim": lambda t: t.nn.utils.parametrizations.spectral_norm(square(t), dim=3),
}


@pytest.mark.parametrize("name", PARAMETRIZE_FAILS)
def test_parametrize_refuses(name: str, same: Callable[..., None]) -> None:
    same(PARAMETRIZE_FAILS[name], fails=True)


def weight_norm(t: Library, **options: Any) -> Any:
    return t.nn.utils.weight_norm(linear(t), **options)


HOOKS: dict[str, Callable[[Library], Any]] = {
    "weight norm": lambda t: trained(weight_norm(t), t),
    "weight norm, dim 1": lambda t: trained(weight_norm(t, dim=1), t),
    "weight norm, of all": lambda t: trained(weight_norm(t, dim=None), t),
    "weight norm removed": lambda t: trained(t.nn.utils.remove_weight_norm(weight_norm(t)), t),
    "spectral norm": lambda t: trained(t.nn.utils.spectral_norm(linear(t), n_power_iterations=3), t),
    "spectral norm, twice": lambda t: (
        m := t.nn.utils.spectral_norm(linear(t)),
        (m(t.ones(3)) - m(-t.ones(3))).sum().backward(),
        m.weight_orig.grad,
    )[1:],
    "spectral norm, eval": lambda t: t.nn.utils.spectral_norm(linear(t)).eval()(t.ones(3)),
    "spectral norm removed": lambda t: trained(t.nn.utils.remove_spectral_norm(t.nn.utils.spectral_norm(linear(t))), t),
    "spectral norm, metadata": lambda t: t.nn.utils.spectral_norm(linear(t)).state_dict()._metadata,
    "spectral norm, loaded": lambda t: t.nn.utils.spectral_norm(linear(t)).load_state_dict(
        t.nn.utils.spectral_norm(linear(t)).state_dict()
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOOKS)
def test_norms_by_hooks(name: str, same: Callable[..., None]) -> None:
    same(HOOKS[name], rtol=1e-4)


HOOKS_FAIL: dict[str, Callable[[Library], Any]] = {
    "twice": lambda t: t.nn.utils.weight_norm(weight_norm(t)),
    "none": lambda t: t.nn.utils.remove_weight_norm(linear(t)),
    "spectral, twice": lambda t: t.nn.utils.spectral_norm(t.nn.utils.spectral_norm(linear(t))),
    "spectral, none": lambda t: t.nn.utils.remove_spectral_norm(linear(t)),
    "spectral, no iterations": lambda t: t.nn.utils.spectral_norm(linear(t), n_power_iterations=0),
    "spectral, no bias": lambda t: t.nn.utils.spectral_norm(t.nn.Linear(1, 1, bias=False), "bias"),
}


@pytest.mark.parametrize("name", HOOKS_FAIL)
def test_norms_by_hooks_refuse(name: str, same: Callable[..., None]) -> None:
    same(HOOKS_FAIL[name], fails=True)


# --- pruning ----------------------------------------------------------------------------------------------------------


def pruned(prune: Callable[[Any, Any], Any]) -> Callable[[Library], Any]:
    def code(t: Library) -> Any:
        layer = t.nn.Linear(4, 3)
        with t.no_grad():
            layer.weight.copy_((t.arange(12.0).view(3, 4) * 7).remainder(12) - 5.3)
        prune(t.nn.utils.prune, layer)
        return (
            dict(layer.state_dict()),
            layer.weight,
            [type(h).__name__ for h in layer._forward_pre_hooks.values()],
            layer(t.ones(4)),
            t.nn.utils.prune.is_pruned(layer),
        )

    return code


def everywhere(p: Any, layer: Any) -> None:
    p.global_unstructured([(layer, "weight"), (layer, "bias")], pruning_method=p.L1Unstructured, amount=5)
    p.remove(layer, "bias")


PRUNE: dict[str, Callable[[Library], Any]] = {
    "identity": pruned(lambda p, m: p.identity(m, "weight")),
    "random": pruned(lambda p, m: p.random_unstructured(m, "weight", 0.3)),
    "l1": pruned(lambda p, m: p.l1_unstructured(m, name="weight", amount=5)),
    "l1, by scores": pruned(
        lambda p, m: p.l1_unstructured(m, "weight", 0.5, importance_scores=m.weight.detach() ** 2 + 1)
    ),
    "random slices": pruned(lambda p, m: p.random_structured(m, "weight", amount=1, dim=1)),
    "slices by norm": pruned(lambda p, m: p.ln_structured(m, "weight", amount=0.5, n=2, dim=0)),
    "slices by the largest": pruned(lambda p, m: p.ln_structured(m, "weight", 1, n=float("inf"), dim=-1)),
    "a mask": pruned(lambda p, m: p.custom_from_mask(m, "bias", m.bias.detach() > 0)),
    "none": pruned(lambda p, m: p.l1_unstructured(m, "weight", 0)),
    "one on the other": pruned(
        lambda p, m: (
            p.l1_unstructured(m, "weight", 3),
            p.ln_structured(m, "weight", 1, 2, 0),
            p.l1_unstructured(m, "weight", 0.5),
        )
    ),
    "removed": pruned(lambda p, m: (p.l1_unstructured(m, "weight", 3), p.remove(m, "weight"))),
    "several as one": pruned(everywhere),
    "without a module": lambda t: t.nn.utils.prune.L1Unstructured(2).prune(t.tensor([1.0, -3.0, 2.0])),
}


@pytest.mark.parametrize("name", PRUNE)
def test_prune(name: str, same: Callable[..., None]) -> None:
    same(PRUNE[name])


PRUNE_FAILS: dict[str, Callable[[Library], Any]] = {
    "amount": pruned(lambda p, m: p.l1_unstructured(m, "weight", 1.5)),
    "an amount of words": pruned(lambda p, m: p.l1_unstructured(m, "weight", "all")),
    "too many": pruned(lambda p, m: p.l1_unstructured(m, "weight", 13)),
    "slices of a vector": pruned(lambda p, m: p.ln_structured(m, "bias", 1, 2, 0)),
    "no such dim": pruned(lambda p, m: p.random_structured(m, "weight", 1, 2)),
    "not pruned": pruned(lambda p, m: p.remove(m, "weight")),
    "scores of another shape": pruned(lambda p, m: p.l1_unstructured(m, "weight", 1, importance_scores=m.bias)),
    "slices of all": pruned(lambda p, m: p.global_unstructured([(m, "weight")], p.LnStructured, amount=1, n=2)),
    "a mask of another shape": pruned(lambda p, m: p.custom_from_mask(m, "weight", m.bias)),
}


@pytest.mark.parametrize("name", PRUNE_FAILS)
def test_prune_refuses(name: str, same: Callable[..., None]) -> None:
    same(PRUNE_FAILS[name], fails=True)


# --- other tensors, layers in one, nothing initialized ----------------------------------------------------------------


def tied(t: Library) -> Any:
    module = t.nn.Sequential(square(t), square(t))
    module[1].weight = module[0].weight
    return module


def call(module: Any, t: Library, tensors: dict[str, Any], **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        result = t.nn.utils.stateless.functional_call(module, tensors, t.ones(2, 3), **options)
    return result, dict(module.state_dict()), sorted(tensors)


def running(t: Library) -> Any:
    tensors = {"running_mean": t.zeros(3), "num_batches_tracked": t.tensor(5)}
    call(module := t.nn.BatchNorm1d(3), t, tensors)
    return tensors["running_mean"], tensors["num_batches_tracked"], module.running_mean


STATELESS: dict[str, Callable[[Library], Any]] = {
    "one": lambda t: call(square(t), t, {"weight": t.zeros(3, 3)}),
    "tied": lambda t: call(tied(t), t, {"0.weight": t.zeros(3, 3)}),
    "not tied": lambda t: call(tied(t), t, {"0.weight": t.zeros(3, 3)}, tie_weights=False),
    "gradients": lambda t: (
        w := t.ones(3, 3, requires_grad=True), call(square(t), t, {"weight": w})[0].sum().backward(), w.grad,
    )[1:],
    "written to": running,
    "warns": lambda t: t.nn.utils.stateless.functional_call(square(t), {}, (t.ones(3),)),
    "the original": lambda t: call(parametrized(t), t, {"parametrizations.weight.original": t.ones(3, 3)}),
}  # fmt: skip


@pytest.mark.parametrize("name", STATELESS)
def test_stateless(name: str, same: Callable[..., None]) -> None:
    same(STATELESS[name])


STATELESS_FAILS: dict[str, Callable[[Library], Any]] = {
    "two for one": lambda t: call(tied(t), t, {"0.weight": t.zeros(3, 3), "1.weight": t.ones(3, 3)}),
    "strict": lambda t: call(square(t), t, {"weight": t.zeros(3, 3), "other": t.ones(1)}, strict=True),
    "no such module": lambda t: call(square(t), t, {"a.b": t.zeros(3, 3)}),
    "no tensor": lambda t: call(square(t), t, {"weight": 3}),
}


@pytest.mark.parametrize("name", STATELESS_FAILS)
def test_stateless_refuses(name: str, same: Callable[..., None]) -> None:
    same(STATELESS_FAILS[name], fails=True)


def normalized(t: Library) -> Any:
    norm = t.nn.BatchNorm1d(2)
    norm(t.arange(8.0).view(4, 2))
    return norm.eval()


def test_layers_in_one(same: Callable[..., None]) -> None:
    same(lambda t: t.nn.utils.fuse_conv_bn_eval(t.nn.Conv1d(3, 2, 2).eval(), normalized(t))(t.ones(1, 3, 3)))
    same(
        lambda t: t.nn.utils.fuse_conv_bn_eval(t.nn.ConvTranspose1d(3, 2, 2).eval(), normalized(t), transpose=True)(
            t.ones(1, 3, 3)
        )
    )
    same(lambda t: t.nn.utils.fuse_linear_bn_eval(linear(t).eval(), normalized(t))(t.ones(2, 3)))
    same(lambda t: t.nn.utils.fuse_linear_bn_eval(linear(t), normalized(t)), fails=True)
    same(
        lambda t: t.nn.utils.fuse_conv_bn_weights(
            t.ones(2, 1, 3), None, t.zeros(2), t.ones(2) * 4, 0.0, None, t.ones(2), transpose=False
        )
    )


def test_skip_init(same: Callable[..., None]) -> None:
    same(lambda t: t.nn.utils.skip_init(t.nn.Linear, 3, 2).weight.shape)
    same(lambda t: t.nn.utils.skip_init(t.nn.ReLU), fails=True)
    same(lambda t: t.nn.utils.skip_init(dict), fails=True)


def test_memory_formats(same: Callable[..., None]) -> None:
    """What they are in memory aside, the weights stay what they were."""
    same(lambda t: t.nn.utils.convert_conv2d_weight_memory_format(t.nn.Conv2d(2, 2, 2), t.channels_last).weight)
    same(lambda t: t.nn.utils.convert_conv3d_weight_memory_format(t.nn.Conv3d(1, 2, 1), t.channels_last_3d).weight)
