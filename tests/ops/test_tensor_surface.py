"""What a tensor answers, its in-place views, `out=`, and the functions that only rename: as in torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau
from flambeau import ops

Library = Any
Same = Callable[..., None]


def x(t: Library) -> Any:
    return t.tensor([[1.0, -2.5, 0.25], [4.0, 0.5, -1.0]])


QUESTIONS: dict[str, Callable[[Library], Any]] = {
    "yes or no": lambda t: [
        t.is_nonzero(t.tensor([2])),
        t.is_same_size(x(t), x(t)),
        x(t).is_set_to(x(t)),
        t.is_signed(t.tensor(1, dtype=t.uint8)),
        x(t).is_pinned(),
        x(t).is_inference(),
        t.is_neg(x(t)),
        t.is_distributed(x(t)),
        x(t).is_xla,
        x(t).is_nested,
        x(t).name,
        t.is_inference(x(t)),
        x(t).is_mkldnn,
        x(t).is_sparse_csr,
        t.get_device(x(t)),
    ],
    "nonzero of several": lambda t: t.is_nonzero(x(t)),
    "pinning": lambda t: x(t).pin_memory(),
    "coalesced": lambda t: x(t).is_coalesced(),
    "coalesce": lambda t: x(t).coalesce(),
    "indices": lambda t: x(t).indices(),
    "values": lambda t: x(t).values(),
    "crow_indices": lambda t: x(t).crow_indices(),
    "col_indices": lambda t: x(t).col_indices(),
    "ccol_indices": lambda t: x(t).ccol_indices(),
    "row_indices": lambda t: x(t).row_indices(),
    "sparse_dim": lambda t: (x(t).sparse_dim(), x(t).dense_dim()),
    "layouts": lambda t: [
        x(t).dim_order(),
        x(t).T.dim_order(),
        x(t).itemsize,
        x(t).nbytes,
        x(t).mT.shape,
        x(t).mH.shape,
        x(t).H.shape,
    ],
    "mH of a vector": lambda t: x(t)[0].mH,
    "strided": lambda t: [
        t.empty_strided((2, 3), (1, 2)).stride(),
        x(t).new_empty_strided((2,), (3,)).stride(),
        t.empty_permuted((2, 3, 4), (1, 0, 2)).stride(),
        t.scalar_tensor(3),
        t.scalar_tensor(1, dtype=t.int64),
    ],
    "strides missing": lambda t: t.empty_strided((2, 3), (1,)),
    "python functions": lambda t: [
        x(t).apply_(lambda v: v * 2),
        x(t).map_(x(t), lambda a, b: a + b),
        x(t).map2_(x(t), x(t), lambda a, b, c: a + b * c),
    ],
    "python functions under grad": lambda t: x(t).requires_grad_().apply_(abs),
    "same again": lambda t: [
        x(t).to_dense(),
        list(reversed(t.tensor([1, 2, 3]))),
        t.nonzero_static(t.tensor([0, 3, 0, 4]), size=3),
    ],
    "deleting": lambda t: x(t).__delitem__(0),
    "resizing": lambda t: [
        x(t).resize_(2),
        x(t).resize_(3, 2),
        x(t).resize_as_(t.ones(2, 2)),
        t.arange(6)[2:].resize_(2, 1),
        x(t).resize(3, 2),
    ],
    "resizing to more": lambda t: x(t).resize_(3, 3)[0],
    "resizing a leaf": lambda t: x(t).requires_grad_().resize_(2),
    "resizing wrongly": lambda t: x(t).resize(7),
    "copies": lambda t: [
        t.view_copy(x(t), (3, 2)),
        t.t_copy(x(t)),
        t.select_copy(x(t), 0, 1),
        t.slice_copy(x(t), 1, 0, 2),
        t.unbind_copy(x(t)),
        t.split_copy(x(t), 1),
        t.split_with_sizes_copy(x(t), [1, 1]),
        t.squeeze_copy(x(t)[:1]),
        t.unsqueeze_copy(x(t), 0),
        t.permute_copy(x(t), (1, 0)),
        t.transpose_copy(x(t), 0, 1),
        t.expand_copy(x(t)[:1], (2, 3)),
        t.diagonal_copy(x(t)),
        t.unfold_copy(x(t), 1, 2, 1),
        t.alias_copy(x(t)),
        t.detach_copy(x(t)),
        t.as_strided_copy(x(t), (2,), (1,)),
    ],
    "squeezing in place": lambda t: (
        lambda a: [
            a.unsqueeze_(0),
            a.shape,
            a.stride(),
            a._version,
            a.squeeze_(),
            a.t_(),
            a.transpose_(0, 1),
            a.swapaxes_(0, 1),
            a.swapdims_(0, 1),
            a.as_strided_((2,), (3,)),
            a._version,
        ]
    )(x(t)),
    "a view of a base": lambda t: (lambda a: (lambda v: [v.unsqueeze_(0), v.mul_(2), a])(a[0]))(x(t)),
    "in-place view of a leaf": lambda t: x(t).requires_grad_().t_(),
    "its gradient": lambda t: (lambda a: [(a * 2).t_().unsqueeze_(0)[0, 1].sum().backward(), a.grad])(
        x(t).requires_grad_()
    ),
    "named aliases in place": lambda t: [
        x(t).subtract_(1),
        x(t).multiply_(2),
        x(t).divide_(2),
        x(t).negative_(),
        x(t).clip_(0, 1),
        x(t).fix_(),
        x(t).greater_(0),
        x(t).absolute_(),
        x(t).atan2_(x(t)),
        x(t).arctan2_(x(t)),
        t.tensor([5]).bitwise_left_shift_(1),
        x(t).not_equal_(1),
    ],
}


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.filterwarnings("ignore")
def test_answers(name: str, same: Same) -> None:
    failing = (
        "nonzero of several",
        "pinning",
        "coalesced",
        "coalesce",
        "indices",
        "values",
        "crow_indices",
        "col_indices",
        "ccol_indices",
        "row_indices",
        "mH of a vector",
        "strides missing",
        "python functions under grad",
        "deleting",
        "resizing a leaf",
        "resizing wrongly",
        "in-place view of a leaf",
    )
    same(QUESTIONS[name], fails=name in failing)


IN_PLACE = sorted(
    set(ops.inplace.FUNCTIONS_TOO) - {"addmv_", "as_strided_", "index_put_", "resize_as_", "gcd_", "lcm_", "ldexp_"}
)
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "clamp_": (0.2, 0.8),
    "clip_": (0.2, 0.8),
    "clamp_max_": (0.5,),
    "clamp_min_": (0.5,),
    "fill_": (3,),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_form_is_a_function(name: str, same: Same) -> None:
    def program(t: Library) -> Any:
        values = t.tensor([0.3, 0.6, 1.0])
        more = (values.clone(),) if name == "xlogy_" else ARGUMENTS.get(name, ())
        result = getattr(t, name)(values, *more)
        return [result is values, values]

    same(program)


def test_in_place_functions_of_several_operands(same: Same) -> None:
    same(
        lambda t: [
            t.gcd_(t.tensor([4, 6]), t.tensor([6, 4])),
            t.lcm_(t.tensor([4, 6]), t.tensor([6, 4])),
            t.ldexp_(t.tensor([1.0]), t.tensor([2])),
            t.addmv_(t.ones(2), x(t), t.ones(3)),
            t.as_strided_(x(t), (2,), (1,)),
            t.resize_as_(x(t), t.ones(2)),
            t.index_put_(x(t), (t.tensor([0]), t.tensor([1])), t.tensor([9.0])),
        ]
    )


CALLS: dict[str, Callable[[Library, Any], Any]] = {
    "sort": lambda t, out: t.sort(x(t), 1, out=out),
    "max": lambda t, out: t.max(x(t), 1, out=out),
    "topk": lambda t, out: t.topk(x(t), 2, out=out),
    "median": lambda t, out: t.median(x(t), 1, out=out),
    "cummax": lambda t, out: t.cummax(x(t), 1, out=out),
    "mode": lambda t, out: t.mode(x(t), out=out),
    "kthvalue": lambda t, out: t.kthvalue(x(t), 1, out=out),
    "var": lambda t, out: t.var(x(t), out=out),
    "amax": lambda t, out: t.amax(x(t), 0, out=out),
    "gather": lambda t, out: t.gather(x(t), 1, t.tensor([[0], [2]]), out=out),
    "bmm": lambda t, out: t.bmm(x(t)[None], x(t).T[None], out=out),
    "cumsum": lambda t, out: t.cumsum(x(t), 0, out=out),
    "where": lambda t, out: t.where(x(t) > 0, x(t), -x(t), out=out),
    "eye": lambda t, out: t.eye(3, out=out),
    "linspace": lambda t, out: t.linspace(0, 1, 4, out=out),
    "arange": lambda t, out: t.arange(4, out=out),
    "randn": lambda t, out: t.randn(3, out=out),
    "index_select": lambda t, out: t.index_select(x(t), 1, t.tensor([2, 0]), out=out),
    "nonzero": lambda t, out: t.nonzero(x(t) > 0, out=out),
    "tril": lambda t, out: t.tril(x(t), out=out),
    "logsumexp": lambda t, out: t.logsumexp(x(t), 1, out=out),
    "any": lambda t, out: t.any(x(t) > 0, 1, out=out),
}
SEVERAL = ("sort", "max", "topk", "median", "cummax", "mode", "kthvalue")


@pytest.mark.parametrize("name", CALLS)
def test_out(name: str, same: Same) -> None:
    def program(t: Library) -> Any:
        kind = {"any": t.bool, "nonzero": t.int64}.get(name, t.float32)
        out = (t.empty(0), t.empty(0, dtype=t.int64)) if name in SEVERAL else t.empty(0, dtype=kind)
        result = CALLS[name](t, out)
        return [result, out, result[0] is out[0] if name in SEVERAL else result is out]

    same(program)


@pytest.mark.parametrize("library", [torch, flambeau], ids=["torch", "flambeau"])
def test_out_of_another_shape_is_resized_with_a_warning(library: Library) -> None:
    out = library.zeros(7)
    with pytest.warns(
        UserWarning, match=r"was resized since it had shape \[7\], .* the required output shape \[2, 3\]\. "
    ):
        library.add(x(library), 1, out=out)
    assert out.tolist() == [[2.0, -1.5, 1.25], [5.0, 1.5, 0.0]]


def test_out_that_shares_memory(same: Same) -> None:
    same(lambda t: (lambda y: t.add(y[:3], 1, out=y[1:4]))(t.arange(6.0)), fails=True)
    same(lambda t: (lambda y: t.gather(y, 0, t.tensor([0, 1]), out=y))(t.arange(2.0)), fails=True)
    same(lambda t: t.add(t.ones(3), 1, out=t.zeros(1).expand(3)), fails=True)
    same(lambda t: (lambda y: [t.add(y[:3], 1, out=y[3:]), t.sin(y, out=y)])(t.arange(6.0)))


def test_out_keeps_its_strides(same: Same) -> None:
    same(lambda t: (lambda out: [t.add(x(t), 1, out=out), out.stride()])(t.zeros(3, 2).T))
    same(lambda t: t.add(x(t), 1, out=t.zeros(2, 3, dtype=t.int64)), fails=True)


def test_numbers_of_counts(same: Same) -> None:
    same(lambda t: [t.poisson(t.tensor([0.5, 3.0, 20.0])), t.binomial(t.tensor([5.0, 50.0]), t.tensor([0.3, 0.9]))])


def test_drawn_in_place(same: Same) -> None:
    same(
        lambda t: [
            t.empty(5).log_normal_(0.5, 1.5),
            t.empty(5).cauchy_(1.0, 2.0),
            t.empty(5).geometric_(0.3),
            t.empty(4).polygamma_(1)[:0],
        ]
    )


def test_older_names(same: Same) -> None:
    same(lambda t: [t.norm_except_dim(x(t), 2, 0), t.orgqr(*t.geqrf(x(t).T))])


def test_names_of_results(same: Same) -> None:
    same(
        lambda t: [
            str(t.aminmax(x(t))),
            str(t.max(x(t), 1)),
            str(t.frexp(x(t)[0])),
            str(t.mode(x(t))),
            str(t.cummax(x(t), 0)),
            str(t.histogram(x(t), 2)),
            isinstance(t.sort(x(t)), t.return_types.sort),
            t.aminmax(x(t)).max,
        ]
    )


def test_control_flow(same: Same) -> None:
    same(
        lambda t: [
            t.cond(x(t).sum() > 0, lambda a: a + 1, lambda a: a - 1, (x(t),)),
            t.is_complex(x(t)),
            t.detach(x(t)),
            x(t).grad_dtype == t.float32,
            t.selu(x(t)),
            t.celu(x(t)),
            t.cosine_similarity(x(t), x(t)),
            t.threshold_(x(t), 0.3, 9.0),
        ]
    )


@pytest.mark.filterwarnings("ignore")
def test_resizing_out_of_place(same: Same) -> None:
    same(lambda t: [x(t).resize_as(t.ones(3, 2)), x(t).resize(6)])


def test_what_modules_and_streams_ask(same: Same) -> None:
    same(lambda t: [x(t).module_load(t.ones(2, 3)), x(t).record_stream(None) if t is not torch else None])


def test_writing_at_a_list_of_rows(same: Same) -> None:
    def program(t: Library) -> Any:
        square, row = t.zeros(3, 3), t.zeros(4)
        square[[0, -1]] = 7.0
        square[[1]] = t.arange(3.0)
        row[[1, 2]] += 1
        row[[3]] = 5
        return [square, row]

    same(program)
