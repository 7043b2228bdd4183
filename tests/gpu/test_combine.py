"""Loops over time steps: their many small products become few large ones, with the same values."""

from typing import Any

import numpy as np

import flambeau
from flambeau import nn

STEPS, BATCH = 7, 4


class Loop(nn.Module):
    """An Elman network, written as a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.read = nn.Embedding(9, 8), nn.Linear(8, 12)
        self.keep, self.say = nn.Linear(12, 12), nn.Linear(12, 5)

    def forward(self, text: Any) -> Any:
        h = flambeau.zeros(BATCH, 12, device=text.device)
        memories = []
        for x in self.embed(text):
            h = flambeau.tanh(self.read(x) + self.keep(h))
            memories.append(h)
        return self.say(flambeau.stack(memories))


def gradients(device: str) -> tuple[list[Any], Any]:
    flambeau.manual_seed(0)
    model = Loop().to(device)
    text = (flambeau.arange(STEPS * BATCH).reshape(STEPS, BATCH) % 9).to(device)
    model(text).square().mean().backward()
    return [p.grad for p in model.parameters()], model


def test_a_loop_is_two_kernels_a_step(gpu: Any) -> None:
    expected, _ = gradients("cpu")
    gpu.engine.flush()
    before = gpu.engine.device.counters.dispatches
    found, _ = gradients("wgpu")
    gpu.engine.flush()
    assert gpu.engine.device.counters.dispatches - before <= 2 * STEPS + 16
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x.cpu().numpy(), y.numpy(), rtol=1e-4, atol=1e-6)


def test_what_is_held_stays_what_it_is(gpu: Any) -> None:
    flambeau.manual_seed(0)
    weight, xs = flambeau.randn(6, 6), flambeau.randn(5, 3, 6)
    on_gpu, parts = weight.to("wgpu"), xs.to("wgpu")
    products = [x @ on_gpu for x in parts]
    kept = products[1]
    total = products[0]
    for y in products[1:]:
        total = total + y
    joined = flambeau.cat([y * 2 for y in products])
    del products, y
    gpu.engine.flush()
    plain = [x @ weight for x in xs]
    np.testing.assert_allclose(kept.cpu().numpy(), plain[1].numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(total.cpu().numpy(), sum(plain).numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(joined.cpu().numpy(), 2 * flambeau.cat(plain).numpy(), rtol=1e-4, atol=1e-5)


def test_products_that_wait_for_each_other(gpu: Any) -> None:
    flambeau.manual_seed(1)
    weight, x = flambeau.randn(6, 6) / 3, flambeau.randn(2, 6)
    results = []
    for device in ("cpu", "wgpu"):
        w, h, total = weight.to(device), x.to(device), None
        for _ in range(6):
            h = h @ w
            outer = h.t() @ h
            total = outer if total is None else total + outer
        results.append(total.cpu().numpy())
    np.testing.assert_allclose(results[1], results[0], rtol=1e-4, atol=1e-5)


def test_sums_of_other_terms_are_left_alone(gpu: Any) -> None:
    a = [flambeau.full((3, 4), float(k)).to("wgpu") for k in range(5)]
    b = flambeau.ones(4, 3).to("wgpu")
    total = a[0] @ b + (a[1] @ b) * 2 + a[2] @ b + a[3] @ b + a[4] @ b
    assert total.cpu().numpy().tolist() == [[4 * (0 + 2 + 2 + 3 + 4.0)] * 3] * 3


def test_groups_that_wait_for_each_other(gpu: Any) -> None:
    """As in trees of two kinds of nodes, either of which may hold the other: one of the groups stays apart."""
    flambeau.manual_seed(2)
    weight, xs = flambeau.randn(6, 6) / 3, flambeau.randn(8, 6)
    results = []
    for device in ("cpu", "wgpu"):
        w, tops = weight.to(device), []
        for k, x in enumerate(xs.to(device)):
            below, above = (2, 3) if k % 2 else (3, 2)
            inner = flambeau.tanh(x.expand(below, 6) * 2 @ w).sum(0)
            tops.append((inner.expand(above, 6) * 2 @ w).sum(0))
        results.append(flambeau.stack(tops).cpu().numpy())
    np.testing.assert_allclose(results[1], results[0], rtol=1e-4, atol=1e-5)
