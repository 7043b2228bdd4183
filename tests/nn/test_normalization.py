"""Normalising layers as torch's: printed form, state, output, gradients, running statistics, old checkpoints, errors."""

from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Make = Callable[[Library], Any]

LAYERS: dict[str, tuple[Make, tuple[tuple[int, ...], ...]]] = {
    "BatchNorm1d": (lambda t: t.nn.BatchNorm1d(3), ((4, 3), (4, 3, 5))),
    "BatchNorm1d, averages": (lambda t: t.nn.BatchNorm1d(3, momentum=None), ((4, 3),)),
    "BatchNorm1d, no bias": (lambda t: t.nn.BatchNorm1d(3, 1e-3, 0.3, bias=False), ((4, 3),)),
    "BatchNorm2d": (lambda t: t.nn.BatchNorm2d(3), ((4, 3, 5, 2),)),
    "BatchNorm2d, plain": (lambda t: t.nn.BatchNorm2d(3, affine=False), ((4, 3, 5, 2),)),
    "BatchNorm2d, untracked": (lambda t: t.nn.BatchNorm2d(3, track_running_stats=False), ((4, 3, 5, 2),)),
    "BatchNorm3d": (lambda t: t.nn.BatchNorm3d(3), ((2, 3, 2, 5, 2),)),
    "SyncBatchNorm": (lambda t: t.nn.SyncBatchNorm(3), ((4, 3), (4, 3, 5, 2))),
    "LayerNorm": (lambda t: t.nn.LayerNorm(5), ((5,), (3, 5), (2, 3, 5))),
    "LayerNorm, two dimensions": (lambda t: t.nn.LayerNorm([3, 5], 0.1), ((2, 3, 5),)),
    "LayerNorm, no bias": (lambda t: t.nn.LayerNorm((5,), bias=False), ((3, 5),)),
    "LayerNorm, plain": (lambda t: t.nn.LayerNorm(5, elementwise_affine=False), ((3, 5),)),
    "RMSNorm": (lambda t: t.nn.RMSNorm(5), ((3, 5), (2, 3, 5))),
    "RMSNorm, plain": (lambda t: t.nn.RMSNorm([3, 5], 0.1, False), ((2, 3, 5),)),
    "GroupNorm": (lambda t: t.nn.GroupNorm(2, 6), ((4, 6), (2, 6, 5), (2, 6, 4, 3))),
    "GroupNorm, no bias": (lambda t: t.nn.GroupNorm(3, 6, bias=False), ((2, 6, 4, 3),)),
    "GroupNorm, plain": (lambda t: t.nn.GroupNorm(6, 6, affine=False), ((2, 6, 4, 3),)),
    "InstanceNorm1d": (lambda t: t.nn.InstanceNorm1d(3), ((3, 5), (2, 3, 5))),
    "InstanceNorm1d, another size": (lambda t: t.nn.InstanceNorm1d(7), ((2, 3, 5),)),
    "InstanceNorm2d": (
        lambda t: t.nn.InstanceNorm2d(3, affine=True, track_running_stats=True),
        ((3, 5, 2), (2, 3, 5, 2)),
    ),
    "InstanceNorm3d": (lambda t: t.nn.InstanceNorm3d(3, affine=True), ((2, 3, 5, 2, 2),)),
    "LocalResponseNorm": (lambda t: t.nn.LocalResponseNorm(3, 0.5, 0.6, 2.0), ((2, 6, 5), (2, 6, 4, 3))),
    "CrossMapLRN2d": (lambda t: t.nn.CrossMapLRN2d(3, 0.5, 0.6, 2), ((2, 7, 4, 3),)),
    "CrossMapLRN2d, even": (lambda t: t.nn.CrossMapLRN2d(4, 0.5), ((2, 7, 4, 3),)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name: str, same: Callable[..., None]) -> None:
    """Two batches in training, then one in evaluation."""
    make, shapes = LAYERS[name]

    def code(t: Library) -> Any:
        found = []
        for shape in shapes:
            layer = make(t)
            for p in layer.parameters():
                t.nn.init.normal_(p)
            steps = []
            for training in (True, True, False):
                x = t.randn(shape, requires_grad=True)
                y = layer.train(training)(x)
                grads = t.autograd.grad(y.sin().sum(), [x, *layer.parameters()])
                steps.append((y, grads, type(y.grad_fn).__name__ if t.__name__ == "torch" else y.grad_fn.name()))
            found.append([str(layer), steps, layer.state_dict(), list(layer.state_dict()._metadata.items())])
        return found

    same(code, rtol=1e-4, atol=1e-5)


def test_sync_batch_norm_takes_over_every_batch_norm(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        model = t.nn.Sequential(t.nn.BatchNorm1d(3), t.nn.Sequential(t.nn.BatchNorm1d(3, bias=False).eval()))
        converted = t.nn.SyncBatchNorm.convert_sync_batchnorm(model)
        y = converted(t.randn(4, 3))
        return str(converted), y, converted.state_dict(), converted[0].training, converted[1][0].training

    same(code)


def test_a_checkpoint_of_version_1_counts_no_batches(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        layer = t.nn.BatchNorm1d(2)
        layer(t.randn(3, 2))
        old = {k: v for k, v in layer.state_dict().items() if k != "num_batches_tracked"}
        return str(t.nn.BatchNorm1d(2).load_state_dict(old)), layer.num_batches_tracked

    same(code)


def test_running_statistics_before_version_1_are_refused(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        layer = t.nn.InstanceNorm1d(2)
        layer.load_state_dict({"running_mean": t.zeros(2), "running_var": t.ones(2)})

    same(code, fails=True)


ERRORS: dict[str, Make] = {
    "1d of 4": lambda t: t.nn.BatchNorm1d(3)(t.ones(2, 3, 4, 5)),
    "2d of 3": lambda t: t.nn.BatchNorm2d(3)(t.ones(2, 3, 4)),
    "3d of 4": lambda t: t.nn.BatchNorm3d(3)(t.ones(2, 3, 4, 5)),
    "sync of 1": lambda t: t.nn.SyncBatchNorm(3)(t.ones(3)),
    "no channels": lambda t: t.nn.SyncBatchNorm(3)(t.ones(2, 0)),
    "other channels": lambda t: t.nn.BatchNorm1d(3)(t.ones(2, 4)),
    "one value": lambda t: t.nn.BatchNorm1d(3)(t.ones(1, 3)),
    "groups": lambda t: t.nn.GroupNorm(3, 4),
    "instance of 2": lambda t: t.nn.InstanceNorm2d(3)(t.ones(2, 3)),
    "instance, other channels": lambda t: t.nn.InstanceNorm1d(3, affine=True)(t.ones(2, 4, 5)),
    "layer": lambda t: t.nn.LayerNorm(3)(t.ones(2, 4)),
    "response": lambda t: t.nn.LocalResponseNorm(3)(t.ones(2, 4)),
    "cross map": lambda t: t.nn.CrossMapLRN2d(3)(t.ones(2, 4)),
    "no tensor": lambda t: t.nn.functional.layer_norm([1.0], (1,)),
    "no tensor as weight": lambda t: t.nn.functional.layer_norm(t.ones(2, 3), (3,), 1),
    "no tensor as rms weight": lambda t: t.nn.functional.rms_norm(t.ones(2, 3), (3,), weight=1),
    "mixed": lambda t: t.nn.LayerNorm(3)(t.ones(2, 3, dtype=t.float64)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error(name: str, same: Callable[..., None]) -> None:
    same(ERRORS[name], fails=True)


def test_half_precision_is_computed_in_float32(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        x = t.randn(2, 4, 3).half()
        f = t.nn.functional
        return [
            f.layer_norm(x, (3,)),
            f.layer_norm(x, (3,), t.ones(3), t.ones(3)),
            f.group_norm(x, 2),
            f.rms_norm(x, (3,)),
            f.batch_norm(x, None, None, t.ones(4), t.ones(4), True),
        ]

    same(code, rtol=2e-3, atol=2e-3)


def test_native_forms_return_the_statistics_too(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        x = t.randn(2, 4, 3)
        return (
            t.native_layer_norm(x, [3], None, None, 1e-5),
            t.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5),
            t.native_batch_norm(x, None, None, t.zeros(4), t.ones(4), False, 0.1, 1e-5),
            t.native_group_norm(x, None, None, 2, 4, 3, 2, 1e-5),
            t.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, False),
            t.layer_norm(x, [3]),
            t.rms_norm(x, [3]),
            t.group_norm(x, 2),
            t.instance_norm(x, None, None, None, None, True, 0.1, 1e-5, False),
        )

    same(code)
