"""What autocast casts on a GPU: as torch says of CUDA tensors, of which it tells everything but the values without a GPU."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

import flambeau

Library = Any
Code = Callable[[Library, Any, Any], Any]


def labels(t: Library, x: Any) -> Any:
    return t.tensor([0, 1, 2], device=x.device)


def one(x: Any) -> Any:
    """A batch of one."""
    return x.unsqueeze(0)


def row(x: Any, number: int = 0) -> Any:
    """A row of a matrix. (Indexing a tensor of CUDA takes CUDA.)"""
    return x.select(0, number)


def functional(name: str, *rest: Any) -> Code:
    return lambda t, w, h: [getattr(t.nn.functional, name)(x, *rest) for x in (w, h)]


def method(name: str, *rest: Any) -> Code:
    return lambda t, w, h: [getattr(x, name)(*rest) for x in (w, h)]


def function(name: str, *rest: Any) -> Code:
    return lambda t, w, h: [getattr(t, name)(x, *rest) for x in (w, h)]


CAST: dict[str, Code] = {
    "products": lambda t, w, h: [w @ w, h @ w, t.mm(w, h), t.bmm(one(w), one(h)), t.einsum("ij,jk", w, h)],
    "of vectors": lambda t, w, h: [t.mv(w, row(w)), t.addmv(row(w), w, row(w)), t.addr(w, row(w), row(w)), t.dot(row(w), row(w, 1))],
    "chains": lambda t, w, h: [t.linalg.multi_dot([w, w]), t.linalg.vecdot(w, w)],
    "added": lambda t, w, h: [t.addmm(w, w, w), t.addbmm(w, one(w), one(w)), t.baddbmm(one(w), one(w), one(w))],
    "linear": lambda t, w, h: [t.nn.functional.linear(w, h, row(w)), t.nn.functional.prelu(w, h.reshape(9).narrow(0, 0, 1))],
    "conv1d": lambda t, w, h: t.nn.functional.conv1d(one(w), one(h)),
    "conv2d": lambda t, w, h: t.nn.functional.conv2d(one(one(w)), one(one(w))),
    "conv_transpose2d": lambda t, w, h: t.nn.functional.conv_transpose2d(one(one(w)), one(one(w))),
    "attention": lambda t, w, h: t.nn.functional.scaled_dot_product_attention(one(w), one(w), one(w)),
    "promoted": lambda t, w, h: [
        t.addcmul(h, w, h), t.addcdiv(h, h, h), t.atan2(h, w), t.atan2(h, h), t.dot(row(h), row(w)), t.vdot(row(h), row(h, 1)),
        t.tensordot(w, w, 1), t.tensordot(h, w, 1), t.cross(h, w, dim=0), t.cat([h, w]), t.stack([h, h]), h + w, h * h,
        t.scatter_add(h, 0, t.zeros(3, 3, dtype=t.int64, device=h.device), w),
        t.index_put(h, (labels(t, h),), w), t.nn.functional.bilinear(h, h, one(w)),
    ],
    "operators": lambda t, w, h: [h**2, h**h, 2**h, 1 / h, h / 2, h / h, h // h, h - w, -h, abs(h)],
    "with a dtype": lambda t, w, h: [
        h.sum(dtype=t.float16), t.softmax(w, 0, dtype=t.float16), t.nn.functional.log_softmax(h, 0, dtype=t.float16),
        h.cumsum(0, dtype=t.float16), h.prod(0, dtype=t.float16),
    ],
    "norms": lambda t, w, h: [
        h.norm(), h.norm(dim=0), t.norm(h, 1), t.linalg.norm(h), t.linalg.vector_norm(h), t.linalg.matrix_norm(h),
        t.nn.functional.normalize(h), t.renorm(h, 2, 0, 1.0), t.dist(h, h), t.cdist(h, h), t.pdist(h),
        t.nn.functional.pairwise_distance(h, h), t.nn.functional.cosine_similarity(h, h),
    ],
    "normalization": lambda t, w, h: [
        t.nn.functional.layer_norm(h, (3,)), t.nn.functional.rms_norm(h, (3,)), t.nn.functional.group_norm(h, 1),
        t.nn.functional.batch_norm(h, row(w), row(w)),
    ],
    "losses": lambda t, w, h: [
        t.nn.functional.mse_loss(h, h), t.nn.functional.l1_loss(h, h), t.nn.functional.smooth_l1_loss(h, h),
        t.nn.functional.huber_loss(h, h), t.nn.functional.cross_entropy(h, labels(t, h)),
        t.nn.functional.nll_loss(h, labels(t, h)), t.nn.functional.kl_div(h, h, reduction="sum"),
        t.nn.functional.poisson_nll_loss(h, h), t.nn.functional.soft_margin_loss(h, h),
        t.nn.functional.hinge_embedding_loss(h, h), t.nn.functional.margin_ranking_loss(row(h), row(h, 1), row(h, 2)),
        t.nn.functional.cosine_embedding_loss(h, h, row(h)), t.nn.functional.triplet_margin_loss(h, h, h),
        t.nn.functional.multi_margin_loss(h, labels(t, h)),
        t.nn.functional.binary_cross_entropy_with_logits(h, h),
    ],
    "images": lambda t, w, h: [
        t.nn.functional.interpolate(one(one(h)), scale_factor=2, mode=mode)
        for mode in ("nearest", "bilinear", "bicubic")
    ] + [
        t.nn.functional.avg_pool2d(one(h), 2), t.nn.functional.max_pool2d(one(h), 2),
        t.nn.functional.adaptive_avg_pool2d(one(h), 1), t.nn.functional.pad(h, (1, 1)),
    ],
    "float64": lambda t, w, h: h.float() @ h.half(),
    "out=": lambda t, w, h: t.exp(h, out=t.empty(3, 3, dtype=t.float16, device=h.device)),
    "in place": lambda t, w, h: h.clone().exp_(),
    **{name: functional(name, *rest) for name, *rest in (
        ("relu",), ("gelu",), ("silu",), ("elu",), ("selu",), ("mish",), ("hardswish",), ("leaky_relu",), ("softplus",),
        ("logsigmoid",), ("softsign",), ("tanhshrink",), ("softmax", 0), ("log_softmax", 0), ("softmin", 0), ("dropout",),
    )},
    **{name: function(name, *rest) for name, *rest in (
        ("exp",), ("expm1",), ("log",), ("log2",), ("log10",), ("log1p",), ("acos",), ("asin",), ("cosh",), ("sinh",),
        ("tan",), ("erfinv",), ("rsqrt",), ("reciprocal",), ("pow", 3), ("square",), ("logsumexp", 0), ("cumsum", 0),
        ("cumprod", 0), ("sum",), ("prod",), ("tanh",), ("sigmoid",), ("sin",), ("cos",), ("atan",), ("sqrt",), ("erf",),
        ("abs",), ("floor",), ("sign",), ("clamp", 0), ("amax", 0), ("sort",), ("cummax", 0), ("tril",),
    )},
    **{f"Tensor.{name}": method(name, *rest) for name, *rest in (
        ("exp",), ("log",), ("pow", 2), ("sum", 0), ("prod",), ("softmax", 0), ("log_softmax", 0), ("cumsum", 0),
        ("logsumexp", 0), ("mean",), ("var",), ("std", 0), ("max",), ("argmax",), ("norm",), ("t",), ("clone",),
    )},
}  # fmt: skip


@contextmanager
def cuda_autocast() -> Iterator[None]:
    """torch's tensors are of CUDA devices without values, and autocast is on for them."""
    torch._C._ensureCUDADeviceGuardSet()  # a guard that guards nothing, where there is no CUDA
    with FakeTensorMode():
        torch.set_autocast_enabled("cuda", True)
        try:
            yield
        finally:
            torch.set_autocast_enabled("cuda", False)
            torch.clear_autocast_cache()


def kinds(value: Any) -> Any:
    """The dtypes in a result, by name."""
    if isinstance(value, (list, tuple)):
        return [kinds(x) for x in value]
    return str(value.dtype)


@pytest.mark.parametrize("name", list(CAST))
def test_dtypes_are_those_of_cuda(gpu: Any, name: str) -> None:
    with cuda_autocast():
        w = torch.full((3, 3), 0.5, device="cuda")
        expected = kinds(CAST[name](torch, w, w.half()))
    with flambeau.autocast("wgpu"):
        w = flambeau.full((3, 3), 0.5, device="wgpu")
        assert kinds(CAST[name](flambeau, w, w.half())) == expected


LAYERS: dict[str, tuple[Any, str]] = {
    "linear": (flambeau.nn.Linear(3, 3), "float16"),
    "softmax": (flambeau.nn.Softmax(0), "float32"),
    "log softmax": (flambeau.nn.LogSoftmax(0), "float32"),
    "softplus": (flambeau.nn.Softplus(), "float32"),
    "layer norm": (flambeau.nn.LayerNorm(3), "float32"),
    "group norm": (flambeau.nn.GroupNorm(1, 3), "float32"),
    "gelu": (flambeau.nn.GELU(), "float16"),
    "cell": (flambeau.nn.GRUCell(3, 3), "float16"),
}


@pytest.mark.parametrize("name", list(LAYERS))
def test_layers_are_cast_as_their_functions(gpu: Any, name: str) -> None:
    layer, expected = LAYERS[name]
    x = flambeau.full((3, 3), 0.5, device="wgpu")
    with flambeau.autocast("wgpu"):
        assert kinds(layer.to("wgpu")(x.half())) == f"torch.{expected}"


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_recurrent_layers_are_in_half_precision(gpu: Any, name: str) -> None:
    layer = getattr(flambeau.nn, name)(3, 2).to("wgpu")
    with flambeau.autocast("wgpu"):
        output, _ = layer(flambeau.rand(4, 5, 3, device="wgpu"))
    assert output.dtype is flambeau.float16


def test_binary_cross_entropy_is_refused(gpu: Any) -> None:
    with cuda_autocast(), pytest.raises(RuntimeError) as expected:
        torch.nn.functional.binary_cross_entropy(torch.ones(3, device="cuda"), torch.ones(3, device="cuda"))
    x = flambeau.full((3,), 0.5, device="wgpu")
    with flambeau.autocast("wgpu"):
        for refused in (flambeau.nn.functional.binary_cross_entropy, flambeau.nn.BCELoss()):
            with pytest.raises(RuntimeError) as error:
                refused(x, x)
            assert str(error.value) == str(expected.value)
        on_the_cpu = x.cpu()
        assert flambeau.nn.functional.binary_cross_entropy(on_the_cpu, on_the_cpu).dtype is flambeau.float32
    assert flambeau.nn.functional.binary_cross_entropy(x, x).item() == pytest.approx(0.6931, abs=1e-4)


def test_sums_of_halves_do_not_overflow(gpu: Any) -> None:
    """What the table is for: the numbers are those of float32."""
    x = flambeau.full((1000,), 100.0, device="wgpu", dtype=flambeau.float16)
    with flambeau.autocast("wgpu"):
        assert x.sum().item() == 1e5 and (x**2).mean().item() == 1e4
        assert x.softmax(0).sum().item() == pytest.approx(1, abs=1e-5)
        assert flambeau.nn.functional.mse_loss(x, -x).item() == 4e4
    assert x.sum().item() == float("inf")
