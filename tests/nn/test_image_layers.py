"""Layers for images: printed form, names and first values of parameters, output and gradients, as torch's from one seed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Make = Callable[[Library], Any]

# constructor, then the shapes of inputs
LAYERS: dict[str, tuple[Make, tuple[tuple[int, ...], ...]]] = {
    "Conv1d": (lambda n: n.Conv1d(4, 6, 3, 2, 1, groups=2), ((2, 4, 7), (4, 7))),
    "Conv1d, same": (lambda n: n.Conv1d(2, 3, 4, padding="same", bias=False), ((2, 2, 6),)),
    "Conv2d": (lambda n: n.Conv2d(3, 4, (3, 2), (1, 2), dilation=(1, 2)), ((2, 3, 5, 6), (3, 5, 6))),
    "Conv2d, reflect": (lambda n: n.Conv2d(2, 2, 3, padding=(1, 2), padding_mode="reflect"), ((1, 2, 4, 5),)),
    "Conv2d, replicate": (lambda n: n.Conv2d(2, 2, 4, padding="same", padding_mode="replicate"), ((1, 2, 4, 5),)),
    "Conv2d, circular": (lambda n: n.Conv2d(2, 2, 3, padding=1, padding_mode="circular"), ((1, 2, 4, 5),)),
    "Conv2d, by channel": (lambda n: n.Conv2d(3, 3, 3, padding="valid", groups=3), ((2, 3, 5, 5),)),
    "Conv2d, by channel, twice": (lambda n: n.Conv2d(3, 6, 3, padding=1, groups=3), ((2, 3, 5, 5),)),
    "Conv2d, points": (lambda n: n.Conv2d(3, 5, 1), ((2, 3, 4, 4),)),
    "Conv3d": (lambda n: n.Conv3d(2, 3, 2, padding=(0, 1, 0)), ((1, 2, 3, 3, 4), (2, 3, 3, 4))),
    "ConvTranspose1d": (lambda n: n.ConvTranspose1d(4, 2, 3, 2, 1, 1, 2), ((2, 4, 5), (4, 5))),
    "ConvTranspose2d": (lambda n: n.ConvTranspose2d(3, 2, (2, 3), (2, 1), bias=False), ((2, 3, 3, 4),)),
    "ConvTranspose2d, dilated": (lambda n: n.ConvTranspose2d(3, 2, 3, 1, 1, 1, dilation=2), ((3, 3, 4),)),
    "ConvTranspose3d": (lambda n: n.ConvTranspose3d(2, 2, 2, 2), ((1, 2, 2, 2, 2),)),
    "MaxPool1d": (lambda n: n.MaxPool1d(3, 2, 1), ((2, 3, 7), (3, 7))),
    "MaxPool2d": (lambda n: n.MaxPool2d(2), ((2, 3, 5, 6), (3, 4, 4))),
    "MaxPool2d, all settings": (lambda n: n.MaxPool2d((3, 2), (2, 1), (1, 0), 1, True, True), ((2, 3, 6, 5),)),
    "MaxPool3d": (lambda n: n.MaxPool3d(2, 1, ceil_mode=True), ((1, 2, 3, 3, 4),)),
    "AvgPool1d": (lambda n: n.AvgPool1d(3, 2, 1, True, False), ((2, 3, 7),)),
    "AvgPool2d": (lambda n: n.AvgPool2d(2), ((2, 3, 4, 6), (3, 5, 4))),
    "AvgPool2d, all settings": (lambda n: n.AvgPool2d((3, 2), 2, (1, 0), True, False, 5), ((2, 3, 6, 5),)),
    "AvgPool3d": (lambda n: n.AvgPool3d(2, 1), ((1, 2, 3, 3, 4),)),
    "LPPool1d": (lambda n: n.LPPool1d(2, 3), ((2, 3, 7),)),
    "LPPool2d": (lambda n: n.LPPool2d(2, (2, 3), 1, True), ((2, 3, 5, 6),)),
    "LPPool3d": (lambda n: n.LPPool3d(2, 2), ((1, 2, 2, 3, 4),)),
    "AdaptiveAvgPool1d": (lambda n: n.AdaptiveAvgPool1d(3), ((2, 3, 7),)),
    "AdaptiveAvgPool2d": (lambda n: n.AdaptiveAvgPool2d((None, 3)), ((2, 3, 4, 5),)),
    "AdaptiveAvgPool2d, to one": (lambda n: n.AdaptiveAvgPool2d(1), ((2, 3, 4, 5), (3, 4, 5))),
    "AdaptiveAvgPool2d, larger": (lambda n: n.AdaptiveAvgPool2d((7, 6)), ((1, 2, 2, 3),)),
    "AdaptiveAvgPool3d": (lambda n: n.AdaptiveAvgPool3d((1, 2, 3)), ((1, 2, 3, 3, 4),)),
    "AdaptiveMaxPool1d": (lambda n: n.AdaptiveMaxPool1d(3, True), ((2, 3, 7),)),
    "AdaptiveMaxPool2d": (lambda n: n.AdaptiveMaxPool2d((2, None)), ((2, 3, 5, 3),)),
    "AdaptiveMaxPool3d": (lambda n: n.AdaptiveMaxPool3d(2), ((1, 2, 3, 3, 4),)),
    "FractionalMaxPool2d": (lambda n: n.FractionalMaxPool2d(2, (3, 4)), ((2, 3, 7, 8), (3, 7, 8))),
    "FractionalMaxPool2d, ratio": (
        lambda n: n.FractionalMaxPool2d(3, output_ratio=0.5, return_indices=True),
        ((1, 2, 9, 9),),
    ),
    "FractionalMaxPool3d": (lambda n: n.FractionalMaxPool3d(2, 3), ((1, 2, 6, 5, 6),)),
    "ZeroPad1d": (lambda n: n.ZeroPad1d(2), ((2, 3, 4),)),
    "ZeroPad2d": (lambda n: n.ZeroPad2d((1, -1, 2, 0)), ((2, 3, 4, 5),)),
    "ZeroPad3d": (lambda n: n.ZeroPad3d(1), ((1, 2, 2, 2, 2),)),
    "ConstantPad1d": (lambda n: n.ConstantPad1d((1, 2), 3.5), ((2, 3, 4),)),
    "ConstantPad2d": (lambda n: n.ConstantPad2d(1, -1), ((2, 3, 4, 5),)),
    "ConstantPad3d": (lambda n: n.ConstantPad3d(1, 2.0), ((1, 2, 2, 2, 2),)),
    "ReflectionPad1d": (lambda n: n.ReflectionPad1d(2), ((2, 3, 4), (3, 4))),
    "ReflectionPad2d": (lambda n: n.ReflectionPad2d((1, 2, 3, 0)), ((2, 3, 4, 5),)),
    "ReflectionPad3d": (lambda n: n.ReflectionPad3d(1), ((1, 2, 2, 2, 3),)),
    "ReplicationPad1d": (lambda n: n.ReplicationPad1d(2), ((2, 3, 4),)),
    "ReplicationPad2d": (lambda n: n.ReplicationPad2d((1, 2, 3, 0)), ((2, 3, 2, 2),)),
    "ReplicationPad3d": (lambda n: n.ReplicationPad3d(1), ((1, 2, 2, 2, 3),)),
    "CircularPad1d": (lambda n: n.CircularPad1d(2), ((2, 3, 4),)),
    "CircularPad2d": (lambda n: n.CircularPad2d((1, 2, 3, 0)), ((2, 3, 3, 2),)),
    "CircularPad3d": (lambda n: n.CircularPad3d(1), ((1, 2, 2, 2, 3),)),
    "Upsample": (lambda n: n.Upsample(scale_factor=2), ((2, 3, 4), (2, 3, 4, 5), (1, 2, 2, 2, 2))),
    "Upsample, bicubic": (lambda n: n.Upsample((5, 7), mode="bicubic", align_corners=True), ((2, 3, 4, 5),)),
    "Upsample, trilinear": (lambda n: n.Upsample(scale_factor=(2, 1, 1.5), mode="trilinear"), ((1, 2, 2, 2, 4),)),
    "UpsamplingNearest2d": (lambda n: n.UpsamplingNearest2d((5, 3)), ((2, 3, 2, 2),)),
    "UpsamplingBilinear2d": (lambda n: n.UpsamplingBilinear2d(scale_factor=3), ((2, 3, 2, 2),)),
    "PixelShuffle": (lambda n: n.PixelShuffle(2), ((2, 8, 3, 2),)),
    "PixelUnshuffle": (lambda n: n.PixelUnshuffle(2), ((2, 3, 4, 2),)),
    "ChannelShuffle": (lambda n: n.ChannelShuffle(2), ((2, 4, 3, 2),)),
    "Unfold": (lambda n: n.Unfold((2, 3), padding=1), ((2, 3, 4, 4),)),
    "Fold": (lambda n: n.Fold((4, 5), 2, stride=(2, 1)), ((2, 8, 8),)),
}

CASES = [pytest.param(make, shape, id=f"{name} {shape}") for name, (make, shapes) in LAYERS.items() for shape in shapes]


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_layer(same: Callable[..., None], make: Make, shape: tuple[int, ...]) -> None:
    def code(t: Library) -> Any:
        layer = make(t.nn)
        before = {name: p.detach().clone() for name, p in layer.named_parameters()}
        x = t.randn(*shape).requires_grad_()
        out = layer(x)
        y = out[0] if isinstance(out, tuple) else out
        (y * t.linspace(0.5, 1.5, y.numel()).reshape(y.shape)).sum().backward()
        grads = [x.grad] + [p.grad for p in layer.parameters()]
        return repr(layer), before, list(layer.state_dict()), out, grads

    same(code, atol=5e-6)


REFUSED: dict[str, Make] = {
    "groups": lambda n: n.Conv2d(4, 4, 3, groups=0),
    "channels in": lambda n: n.Conv2d(3, 4, 3, groups=2),
    "channels out": lambda n: n.Conv2d(4, 3, 3, groups=2),
    "same, strided": lambda n: n.Conv1d(4, 4, 3, 2, padding="same"),
    "transposed, reflect": lambda n: n.ConvTranspose2d(4, 4, 3, padding_mode="reflect"),
    "no windows": lambda n: n.FractionalMaxPool2d(2),
    "windows twice": lambda n: n.FractionalMaxPool2d(2, 3, 0.5),
    "ratio": lambda n: n.FractionalMaxPool3d(2, output_ratio=(0.5, 1.5, 0.5)),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_refused(same: Callable[..., None], make: Make) -> None:
    same(lambda t: make(t.nn), fails=True)


@pytest.mark.parametrize("size", [(9, 10), (2, 3, 9, 10), [10, 10]], ids=["spatial", "all", "list"])
def test_size_of_a_transposed_convolution(same: Callable[..., None], size: Any) -> None:
    same(lambda t: t.nn.ConvTranspose2d(3, 2, 3, 2, 1)(t.randn(2, 3, 5, 5), output_size=size))


@pytest.mark.parametrize("size", [(11, 10), (9,), (2, 9, 9)])
def test_size_a_transposed_convolution_cannot_have(same: Callable[..., None], size: Any) -> None:
    same(lambda t: t.nn.ConvTranspose2d(3, 2, 3, 2, 1)(t.randn(2, 3, 5, 5), output_size=size), fails=True)


def test_pooling_and_back(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        x = t.randn(2, 3, 7, 6, requires_grad=True)
        pool, back = t.nn.MaxPool2d(2, return_indices=True), t.nn.MaxUnpool2d(2)
        y, indices = pool(x)
        z = back(y, indices, output_size=x.size())
        (z * z).sum().backward()
        return repr(back), indices, z, x.grad

    same(code)


def test_wrong_circle(same: Callable[..., None]) -> None:
    same(lambda t: t.nn.CircularPad2d(1)(t.randn(2, 3)), fails=True)


def test_old_names_warn(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        f, x = t.nn.functional, t.randn(1, 1, 3, 3)
        grid = f.affine_grid(t.randn(1, 2, 3), (1, 1, 2, 2))
        return (
            f.upsample(x, 5),
            f.upsample_nearest(x, 5),
            f.upsample_bilinear(x, scale_factor=2),
            f.grid_sample(x, grid),
        )

    same(code, atol=1e-5)


def test_of_equal_elements_the_first_is_the_largest(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        results = []
        for settings in ({}, {"stride": 1}, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}):
            x = t.zeros(1, 1, 4, 4, requires_grad=True)
            y, indices = t.nn.functional.max_pool2d(x, **{"kernel_size": 2, **settings}, return_indices=True)
            z = t.nn.functional.max_pool2d(x, **{"kernel_size": 2, **settings})
            results += [indices, t.autograd.grad(y.sum(), x)[0], t.autograd.grad(z.sum(), x)[0]]
        return results

    same(code)


def test_a_network_learns_as_in_torch(same: Callable[..., None]) -> None:
    """The losses of five steps, and the parameters after them."""

    def code(t: Library) -> Any:
        nn = t.nn
        net = nn.Sequential(
            nn.Conv2d(1, 4, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU(), nn.AvgPool2d(2),
            nn.Flatten(), nn.Linear(24, 10),
        )  # fmt: skip
        optimizer = t.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        x, target = t.randn(8, 1, 12, 12), t.arange(8)
        losses = []
        for _ in range(5):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses, dict(net.state_dict())

    same(code, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_gradients_as_functions(same: Callable[..., None], rank: int) -> None:
    def code(t: Library) -> Any:
        grad = importlib.import_module(f"{t.__name__}.nn.grad")
        x, w = t.randn(2, 4, *(5,) * rank), t.randn(6, 2, *(3,) * rank)
        y = getattr(t, f"conv{rank}d")(x, w, stride=2, padding=1, groups=2)
        settings = {"stride": 2, "padding": (1,) * rank, "groups": 2}
        return (
            getattr(grad, f"conv{rank}d_input")(x.shape, w, y, **settings),
            getattr(grad, f"conv{rank}d_weight")(x, w.shape, y, **settings),
        )

    same(code, rtol=1e-4, atol=1e-4)


def test_each_sample_its_own_gradient(same: Callable[..., None]) -> None:
    """A convolutional network in `vmap`."""

    def code(t: Library) -> Any:
        f = t.nn.functional
        w, b = t.randn(3, 1, 3, 3), t.randn(3)

        def loss(w: Any, b: Any, x: Any) -> Any:
            y = f.max_pool2d(f.conv2d(x.unsqueeze(0), w, b, padding=1).relu(), 2)
            return f.avg_pool2d(f.interpolate(y, scale_factor=2, mode="bilinear"), 3, 1, 1).pow(2).sum()

        return t.func.vmap(t.func.grad(loss, argnums=(0, 1)), in_dims=(None, None, 0))(w, b, t.randn(4, 1, 4, 4))

    same(code, rtol=1e-4, atol=1e-4)


def test_numbers_for_each_dimension(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        tuples = importlib.import_module(f"{t.__name__}.nn.modules.utils")
        made = [
            f(x) for f in (tuples._single, tuples._pair, tuples._triple, tuples._quadruple) for x in (3, [1, 2], "ab")
        ]
        return (
            made,
            tuples._pair.__name__,
            tuples._reverse_repeat_tuple((1, 2), 2),
            tuples._ntuple(6)(0),
            [tuples._list_with_default(size, [4, 5, 6]) for size in (3, [None, 2], (7, None))],
        )

    same(code)
    same(
        lambda t: importlib.import_module(f"{t.__name__}.nn.modules.utils")._list_with_default([1, 2], [3]), fails=True
    )
