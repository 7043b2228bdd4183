"""Results lie in memory as what they are computed from: strides, and with them the order of random numbers, are torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Library = Any

OPERANDS: dict[str, Callable[[Library, Any], Any]] = {
    "transposed": lambda t, x: x.transpose(1, 2),
    "turned": lambda t, x: x.permute(2, 0, 1),
    "a part of it": lambda t, x: x.transpose(1, 2)[:, 1:, ::2],
    "in order": lambda t, x: x,
    "a part in order": lambda t, x: x[:, :, 1:],
    "expanded": lambda t, x: x[:, :, :1].expand(2, 3, 4).transpose(0, 1),
    "with a size of 1": lambda t, x: x[:, :1].transpose(1, 2),
    "of one row": lambda t, x: x[:1].transpose(0, 2),
    "empty": lambda t, x: x[:, :0].transpose(1, 2),
}


def steps(x: Any) -> Any:
    """The strides that are ever taken: those of sizes beyond 1."""
    return [x.stride(d) for d in range(x.dim()) if x.shape[d] > 1 and x.numel()]


@pytest.mark.parametrize("operand", OPERANDS)
def test_of_one_operand(same: Callable[..., None], operand: str) -> None:
    def code(t: Library) -> Any:
        f = t.nn.functional
        x = OPERANDS[operand](t, t.randn(2, 3, 4))
        made = [
            x + 1, 2 - x, x.exp(), -x, x > 0, x**2, x.clamp(0, 1), x.relu(), x.sigmoid(), f.gelu(x), f.leaky_relu(x), x.round(),
            x.double(), x.long().float(), x.clone(), t.zeros_like(x), t.ones_like(x, dtype=t.int64), t.full_like(x, 2.0),
            t.empty_like(x), t.rand_like(x), f.dropout(x + 1), x.clone().add_(1), t.where(x > 0, x, 0.0), x.tanh() * x.cos(),
            f.mse_loss(x, x + 1, reduction="none"), t.isnan(x),
        ]  # fmt: skip
        made += [x.contiguous(), x.masked_fill(x > 0, 0.0), x.softmax(1), x.repeat(1, 1, 2), x.repeat_interleave(2, 0),
                 f.logsigmoid(x), x.clone(memory_format=t.contiguous_format), x.cumsum(0), x.reshape(-1), x.sum(0),
                 t.zeros_like(x, memory_format=t.contiguous_format)]  # fmt: skip
        return [(y.shape, steps(y), y.is_contiguous()) for y in made], f.dropout(x * 2), f.rrelu(x, training=True)

    same(code)


@pytest.mark.parametrize("first", OPERANDS)
def test_of_several_operands(same: Callable[..., None], first: str) -> None:
    def code(t: Library) -> Any:
        found = []
        for second in OPERANDS.values():
            x, y = OPERANDS[first](t, t.randn(2, 3, 4)), second(t, t.randn(2, 3, 4))
            try:
                made = [x + y, x * y[:1], x[..., :1] - y, x / y[0], t.where(x > 0, x, y), t.lerp(x, y, 0.5), x.atan2(y)]
            except RuntimeError:
                continue  # they do not broadcast
            found += [(z.shape, steps(z)) for z in made]
        return found

    same(code)


def test_gradients(same: Callable[..., None]) -> None:
    """Those of leaves lie as the leaves do."""

    def code(t: Library) -> Any:
        w = t.randn(3, 4, requires_grad=True)
        turned = t.randn(4, 3).t().detach().requires_grad_()
        ((w.t() + 1).exp().t() * turned.sigmoid()).sum().backward()
        return [(x.grad.stride(), x.grad) for x in (w, turned)]

    same(code)


def test_a_view_where_none_can_be_taken(same: Callable[..., None]) -> None:
    same(lambda t: (t.randn(2, 3, 4).transpose(1, 2) + 1).view(2, -1), fails=True)


def test_einsum(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        sizes = {"b": 2, "i": 3, "j": 4, "k": 5, "n": 2, "d": 3, "e": 4}
        found = []
        for spelled in ("bij,bkj->bki", "bij,bjk->bik", "ij,jk->ki", "i,j->ji", "bij->ji", "bij->ij", "bnd,de->ebn", "bi,bj->bji",
                        "bij,ij->bi", "bni,bnj->bnij", "bijd,de->beij", "bij,bkj,bkd->bdi"):  # fmt: skip
            names = spelled.split("->")[0].split(",")
            y = t.einsum(spelled, *[t.randn([sizes[c] for c in name]) for name in names])
            found.append((spelled, y.stride(), y))
        return found

    same(code, rtol=1e-5, atol=1e-6)


def test_dropout_of_words_with_places(same: Callable[..., None]) -> None:
    """A transposed embedding with positions added: the same elements are dropped, and so training is the same."""

    def code(t: Library) -> Any:
        words, places = t.nn.Embedding(10, 8), t.randn(5, 1, 8)
        x = words(t.randint(0, 10, (3, 5))).transpose(0, 1) * 8**0.5
        x = t.nn.functional.dropout(t.relu(x + places), 0.5)
        x.pow(2).sum().backward()
        return x, words.weight.grad

    same(code, rtol=1e-5, atol=1e-6)


def test_copies_where_nothing_moves(same: Callable[..., None]) -> None:
    """What is said to be a copy is one: writing to it leaves the other alone."""

    def code(t: Library) -> Any:
        made = [
            lambda x: t.roll(x, 1, 1), lambda x: x.roll(0, 0), lambda x: x.roll(3), lambda x: x.roll((0, 3), (1, 0)),
            lambda x: x.flip([]), lambda x: x.flip(1), lambda x: x.rot90(4), lambda x: x.repeat(1, 1), lambda x: t.einsum("ij->ij", x),
            lambda x: t.einsum("ij->ji", x), lambda x: t.cat([x]), lambda x: t.nn.functional.pad(x, (0, 0)), lambda x: x.tril(5),
            lambda x: x.sum(1), lambda x: x.clone(), lambda x: x.transpose(0, 1).clone(), lambda x: x.float(),
        ]  # fmt: skip
        found = []
        for f in made:
            x = t.ones(3, 1)
            f(x).mul_(5)
            found.append(x)
        return found

    same(code)
