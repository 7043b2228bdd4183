"""Mixed precision: what autocast casts, its state, and functions of one's own, as torch's."""

from collections.abc import Callable
from typing import Any

import pytest

import flambeau

Library = Any


def tensors(t: Library) -> tuple[Any, Any]:
    a = t.linspace(0.1, 0.9, 9).reshape(3, 3)
    return a, a.to(t.bfloat16)


def labels(t: Library) -> Any:
    return t.tensor([0, 1, 2])


RESULTS: dict[str, Callable[[Library, Any, Any], Any]] = {
    "mm": lambda t, a, b: t.mm(a, a),
    "operator": lambda t, a, b: a @ a[0],
    "method": lambda t, a, b: a.matmul(b),
    "bmm": lambda t, a, b: t.bmm(a[None], a[None]),
    "addmm": lambda t, a, b: t.addmm(a, a, a),
    "baddbmm": lambda t, a, b: t.baddbmm(a[None], a[None], a[None]),
    "linear": lambda t, a, b: t.nn.functional.linear(a, a, a[0]),
    "einsum": lambda t, a, b: t.einsum("ij,jk", a, a),
    "conv1d": lambda t, a, b: t.nn.functional.conv1d(a[None], a[None]),
    "conv_transpose1d": lambda t, a, b: t.nn.functional.conv_transpose1d(a[None], a[None].transpose(0, 1)),
    "attention": lambda t, a, b: t.nn.functional.scaled_dot_product_attention(a[None], a[None], a[None]),
    "mv": lambda t, a, b: t.mv(a, a[0]),
    "dot": lambda t, a, b: t.dot(a[0], a[1]),
    "bilinear": lambda t, a, b: t.nn.functional.bilinear(a, a, a[None]),
    "out=": lambda t, a, b: t.mm(a, a, out=t.empty(3, 3)),
    "float64": lambda t, a, b: a.double() @ a.double(),
    "float16": lambda t, a, b: a.half() @ a.half(),
    "integers": lambda t, a, b: labels(t)[None] @ labels(t)[:, None],
    "pointwise": lambda t, a, b: [a + b, b.exp(), a * a, t.softmax(b, 0), b.sum()],
    "cat": lambda t, a, b: [t.cat([a, b]), t.stack([b, a]), t.cat([b, b])],
    "addcmul": lambda t, a, b: t.addcmul(a, b, a),
    "prod": lambda t, a, b: [b.prod(), b.trace()],
    "losses": lambda t, a, b: [
        t.nn.functional.mse_loss(b, b * 2), t.nn.functional.cross_entropy(b, labels(t)),
        t.nn.functional.nll_loss(b, labels(t)), t.nn.functional.l1_loss(b, a), t.nn.functional.smooth_l1_loss(b, a * 2),
        t.nn.functional.binary_cross_entropy_with_logits(b, b), t.nn.CrossEntropyLoss()(b, labels(t)),
        t.nn.functional.binary_cross_entropy(a, a), t.nn.HuberLoss()(b, 2 * b),
    ],
    "normalization": lambda t, a, b: t.nn.functional.layer_norm(b, (3,)),
}  # fmt: skip


@pytest.mark.parametrize("name", list(RESULTS))
@pytest.mark.parametrize("kind", [None, "float16"])
def test_results(same: Callable[..., None], name: str, kind: str | None) -> None:
    """Values to the precision of the dtype, and the dtypes themselves."""

    def code(t: Library) -> Any:
        with t.autocast("cpu", dtype=kind and getattr(t, kind)):
            return RESULTS[name](t, *tensors(t))

    if name == "cat" and kind == "float16":
        pytest.skip("torch joins bfloat16 and float32 only where it casts to bfloat16")
    same(code, rtol=0.02, atol=0.02)


def test_training(same: Callable[..., None]) -> None:
    """A step as in tutorials: parameters and their gradients stay float32."""

    def code(t: Library) -> Any:
        net = t.nn.Sequential(t.nn.Linear(4, 8), t.nn.ReLU(), t.nn.Linear(8, 3))
        optimizer = t.optim.SGD(net.parameters(), lr=0.1)
        x = t.randn(6, 4)
        losses = []
        for _ in range(3):
            optimizer.zero_grad()
            with t.autocast(device_type="cpu", dtype=t.bfloat16):
                output = net(x)
                loss = t.nn.functional.cross_entropy(output, t.tensor([0, 1, 2, 0, 1, 2]))
            loss.backward()
            optimizer.step()
            losses.append([loss.detach(), output.dtype])
        return losses, [[p.dtype, p.grad.dtype] for p in net.parameters()]

    same(code, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN", "LSTMCell", "RNNCell"])
def test_recurrent_layers(same: Callable[..., None], name: str) -> None:
    def code(t: Library) -> Any:
        layer = getattr(t.nn, name)(3, 2)
        x = t.randn(4, 5, 3) if not name.endswith("Cell") else t.randn(5, 3)
        with t.autocast("cpu"):
            out = layer(x)
        return out

    same(code, rtol=0.03, atol=0.03)


def test_layers_of_transformers(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        layer = t.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        with t.autocast("cpu"):
            out = layer(t.randn(2, 3, 8))
        out.float().sum().backward()
        return out, [p.grad.dtype for p in layer.parameters()]

    same(code, rtol=0.05, atol=0.05)


def test_a_parameter_is_cast_once() -> None:
    w = flambeau.rand(3, 3, requires_grad=True)
    with flambeau.autocast("cpu"):
        first, second = w @ w, w @ w
        with flambeau.no_grad():
            assert not (w @ w).requires_grad
    assert first.grad_fn.next_functions[0][0] is second.grad_fn.next_functions[1][0]
    with flambeau.autocast("cpu", cache_enabled=False):
        first, second = w @ w, w @ w
    assert first.grad_fn.next_functions[0][0] is not second.grad_fn.next_functions[0][0]


def test_state(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        seen: list[Any] = []

        def look() -> None:
            seen.append([
                t.is_autocast_enabled("cpu"), t.is_autocast_enabled(), str(t.get_autocast_dtype("cpu")),
                str(t.get_autocast_dtype("cuda")), t.is_autocast_cache_enabled(),
            ])  # fmt: skip

        look()
        with t.autocast("cpu"):
            look()
            with t.autocast("cpu", enabled=False):
                look()
                seen.append((t.ones(2, 2) @ t.ones(2, 2)).dtype)
            with t.autocast("cpu", dtype=t.float16, cache_enabled=False):
                look()
            look()
        with t.autocast("cuda"):
            look()
        with t.cpu.amp.autocast(), t.cuda.amp.autocast():
            look()
        t.set_autocast_enabled("cpu", True)
        look()
        t.set_autocast_enabled("cpu", False)
        try:
            with t.autocast("cpu"):
                raise ValueError
        except ValueError:
            look()
        return seen, [t.amp.is_autocast_available(d) for d in ("cpu", "cuda", "meta")]

    same(code)


def test_decorator(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        @t.autocast("cpu")
        def product(a: Any) -> Any:
            """Doc."""
            return a @ a

        return product(t.ones(2, 2)), product.__name__, product.__doc__, t.ones(2, 2) @ t.ones(2, 2)

    same(code)


def test_functions_of_ones_own(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        seen: list[Any] = []

        def define(**settings: Any) -> Any:
            class Product(t.autograd.Function):  # type: ignore[misc]
                @staticmethod
                @t.amp.custom_fwd(device_type="cpu", **settings)
                def forward(ctx: Any, a: Any, b: Any) -> Any:
                    ctx.save_for_backward(a, b)
                    seen.append([t.is_autocast_enabled("cpu"), a.dtype, (a @ b).dtype])
                    return a @ b

                @staticmethod
                @t.amp.custom_bwd(device_type="cpu")
                def backward(ctx: Any, g: Any) -> Any:
                    a, b = ctx.saved_tensors
                    seen.append([t.is_autocast_enabled("cpu"), g.dtype])
                    return (g.float() @ b.float().t()).to(a.dtype), (a.float().t() @ g.float()).to(b.dtype)

            return Product

        for settings in ({}, {"cast_inputs": t.float32}):
            a = t.ones(2, 2, requires_grad=True)
            with t.autocast("cpu"):
                out = define(**settings).apply(a, t.ones(2, 2).bfloat16() if settings else a)
            out.float().sum().backward()
            seen.append([out.dtype, a.grad])
        return seen

    same(code)


ERRORS: dict[str, Callable[[Library], Any]] = {
    "device": lambda t: t.autocast(3),
    "no callable": lambda t: t.autocast("cpu")(3),
    "unknown device": lambda t: t.autocast("gpu"),
    "custom_fwd": lambda t: t.amp.custom_fwd(device_type=3),
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Callable[[Library], Any]) -> None:
    same(code, fails=True)


def test_dtypes_it_cannot_have(same: Callable[..., None]) -> None:
    same(lambda t: t.autocast("cpu", dtype=t.float32)._enabled)
