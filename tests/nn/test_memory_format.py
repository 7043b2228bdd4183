"""Channels last: where it is asked for, strides and values are torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Library = Any


def geometry(t: Library, *tensors: Any) -> list[Any]:
    formats = (None, t.contiguous_format, t.channels_last, t.channels_last_3d)
    return [
        (
            x.stride(),
            [x.is_contiguous() if f is None else x.is_contiguous(memory_format=f) for f in formats],
            x.tolist(),
        )
        for x in tensors
    ]


def test_copies(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        x, last = t.randn(2, 3, 4, 5), t.channels_last
        y = x.contiguous(memory_format=last)
        made = [x, y, x.clone(memory_format=last), x.to(memory_format=last), x.to(t.float64, memory_format=last),
                x.double(memory_format=last), y.contiguous(), y.clone(memory_format=t.contiguous_format), y[1],
                t.randn(2, 3, 2, 2, 2).to(memory_format=t.channels_last_3d)]  # fmt: skip
        # with one channel or one place both orders are alike
        made += [t.randn(2, 1, 2, 3).contiguous(memory_format=last), t.randn(2, 3, 1, 1).to(memory_format=last)]
        made += [t.empty(2, 3, 4, 5, memory_format=last).fill_(1), t.zeros_like(x, memory_format=last)]
        return geometry(t, *made), y.contiguous(memory_format=last) is y, y.to(memory_format=last) is y

    same(code)


def test_writes(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        x = t.zeros(2, 3, 2, 2).to(memory_format=t.channels_last)
        x[:, 1] = 5
        x.add_(1).mul_(t.arange(3.0).reshape(3, 1, 1))
        x.view(2, 3, 4) if x.is_contiguous() else None
        return geometry(t, x, x.permute(0, 2, 3, 1), x.reshape(-1))

    same(code)


def test_convolutions(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        results = []
        for input_too in (False, True):
            net = t.nn.Sequential(t.nn.Conv2d(3, 4, 3, padding=1), t.nn.ReLU(), t.nn.ConvTranspose2d(4, 2, 2, 2))
            net = net.to(memory_format=t.channels_last)
            optimizer = t.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
            x = t.randn(2, 3, 4, 5)
            x = (x.to(memory_format=t.channels_last) if input_too else x).requires_grad_()
            for _ in range(2):
                optimizer.zero_grad()
                y = net(x)
                (y * y).sum().backward()
                optimizer.step()
            results += [geometry(t, y), [p.stride() for p in net.parameters()], dict(net.state_dict()), x.grad]
        return results

    same(code, rtol=1e-4, atol=1e-4)


def test_layers(same: Callable[..., None]) -> None:
    """What layers of images give lies as their input does."""

    def code(t: Library) -> Any:
        f = t.nn.functional
        x = t.randn(2, 4, 4, 6).to(memory_format=t.channels_last)
        y = x.clone().requires_grad_()
        made = [
            f.batch_norm(x, None, None, training=True), f.group_norm(x, 2), f.instance_norm(x), f.max_pool2d(x, 2),
            *f.max_pool2d(x, 2, return_indices=True), f.avg_pool2d(x, 2), f.adaptive_avg_pool2d(x, 2), f.adaptive_max_pool2d(x, 2),
            f.interpolate(x, scale_factor=2), f.interpolate(x, scale_factor=2, mode="bilinear"), f.pad(x, (1, 1, 1, 1)),
            t.cat([x, x], 1), t.cat([x, x.contiguous()], 1), f.dropout(f.silu(f.group_norm(y, 2)), 0.5), x * t.randn(2, 4, 1, 1),
            f.dropout2d(x), f.softmax(x, 1), f.layer_norm(x, (6,)),
            f.max_pool3d(t.randn(2, 3, 4, 4, 4).to(memory_format=t.channels_last_3d), 2),
        ]  # fmt: skip
        f.max_pool2d(f.group_norm(f.batch_norm(y.relu(), None, None, training=True), 2), 2).exp().sum().backward()
        return geometry(t, *made, y.grad)

    same(code, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda t: t.randn(3, 4, 5).contiguous(memory_format=t.channels_last),
        lambda t: t.randn(3, 4, 5).to(memory_format=t.channels_last),
        lambda t: t.randn(2, 3, 4, 5).clone(memory_format=t.channels_last_3d),
        lambda t: t.empty(2, 3, memory_format=t.channels_last),
        lambda t: t.randn(2).is_contiguous(memory_format=3),
    ],
)
def test_refused(same: Callable[..., None], wrong: Callable[[Library], Any]) -> None:
    same(wrong, fails=True)
