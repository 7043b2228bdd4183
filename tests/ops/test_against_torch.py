"""Every sample of the table gives in flambeau what it gives in torch: values, dtypes, shapes, gradients, errors."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import flambeau
from flambeau import ops

from .sample import Library, Made, Op, Sample, make, numbers, skeleton, tensors_in
from .samples import TABLE

TOLERANCE = {"float16": 1e-3, "float32": 2e-6, "float64": 1e-12}
"""Relative and absolute, times the op's own factor."""

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


def rows(which: str) -> list[Any]:
    return [pytest.param(op, sample, id=f"{op.name}({sample})") for op in TABLE for sample in getattr(op, which)]


def outcome(call: Callable[[], Any]) -> Any:
    """The result of a call, or the exception it raised."""
    try:
        return call()
    except Exception as error:
        return error


def assert_same(ours: Any, theirs: Any, op: Op, floating: str) -> None:
    """The results of the two libraries agree."""
    assert skeleton(ours) == skeleton(theirs) or (skeleton(ours), skeleton(theirs)) == (float("nan"), float("nan"))
    if not op.same_values:
        return
    for x, y in zip(tensors_in(ours), tensors_in(theirs), strict=True):
        kind = str(y.dtype).removeprefix("torch.")
        tolerance = op.tolerance * max(TOLERANCE.get(kind, 0.0), TOLERANCE[floating] if kind in TOLERANCE else 0.0)
        np.testing.assert_allclose(numbers(x), numbers(y), rtol=tolerance, atol=tolerance)
        assert x.requires_grad == y.requires_grad
        if op.view:
            assert (x.stride(), x.storage_offset()) == (y.stride(), y.storage_offset())


def backward(library: Library, result: Any) -> None:
    """Differentiate a weighted sum of the float tensors of a result."""
    total: Any = 0
    for place, y in enumerate(t for t in tensors_in(result) if t.requires_grad):
        steps = np.linspace(0.5 + 0.1 * place, 1.7, y.numel()).round(2).tolist()
        weights = library.tensor(steps, dtype=y.dtype, device=y.device).reshape(y.shape)
        total = total + (y * weights).sum()
    if isinstance(total, library.Tensor):
        total.backward()


def assert_same_gradients(ours: Made, theirs: Made, op: Op, floating: str) -> None:
    tolerance = 10 * op.tolerance * TOLERANCE[floating]
    for x, y in zip(ours.leaves, theirs.leaves, strict=True):
        assert (x.grad is None) == (y.grad is None), (x.grad, y.grad)
        if y.grad is not None:
            assert skeleton(x.grad) == skeleton(y.grad)
            np.testing.assert_allclose(numbers(x.grad), numbers(y.grad), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("op", "sample"), rows("samples"))
def test_value_and_gradient(op: Op, sample: Sample) -> None:
    for floating in ("float32", "float64"):
        ours = make(flambeau, sample, floating=floating, grad=op.differentiable)
        theirs = make(torch, sample, floating=floating, grad=op.differentiable)
        expected = op.function(torch)(*theirs.args, **theirs.kwargs)
        found = op.function(flambeau)(*ours.args, **ours.kwargs)
        assert_same(found, expected, op, floating)
        if op.differentiable:
            backward(torch, expected)
            backward(flambeau, found)
            assert_same_gradients(ours, theirs, op, floating)


def in_place_form(op: Op, library: Library) -> Callable[..., Any] | None:
    method = getattr(library.Tensor, op.name.removeprefix(".") + "_", None)
    return method if op.in_place and op.call is None else None


def in_place_rows() -> list[Any]:
    return [
        pytest.param(op, sample, id=f"{op.name}_({sample})")
        for op in TABLE
        for sample in op.samples
        if in_place_form(op, torch) and in_place_form(op, flambeau) and hasattr(sample.args[0], "kind")
    ]


@pytest.mark.parametrize(("op", "sample"), in_place_rows())
def test_in_place(op: Op, sample: Sample) -> None:
    """`x.op_(...)`: the value written, the gradient, and torch's error where the result does not fit."""

    def run(library: Library) -> tuple[Made, Any]:
        made = make(library, sample, grad=op.differentiable)
        target = made.args[0].clone()
        form = in_place_form(op, library)
        assert form is not None
        result = outcome(lambda: form(target, *made.args[1:], **made.kwargs))
        if not isinstance(result, Exception):
            assert result is target
            assert target._version >= 1 or not target.numel() or op.name == ".detach"
        return made, result

    theirs, expected = run(torch)
    ours, found = run(flambeau)
    if isinstance(expected, Exception):
        assert (type(found).__name__, str(found)) == (type(expected).__name__, str(expected))
        return
    if isinstance(found, Exception):
        raise found
    assert_same(found, expected, op, "float32")
    if op.differentiable:
        problem = outcome(lambda: backward(torch, expected))
        if problem is None:
            backward(flambeau, found)
            assert_same_gradients(ours, theirs, op, "float32")


@pytest.mark.parametrize(("op", "sample"), [p for p in rows("samples") if p.values[0].view])
def test_write_to_view_shows_in_input(op: Op, sample: Sample) -> None:
    made = make(flambeau, sample)
    shown = make(torch, sample)
    for library, arguments in ((flambeau, made), (torch, shown)):
        for y in tensors_in(op.function(library)(*arguments.args, **arguments.kwargs)):
            if 0 not in y.stride():
                y.fill_(9.0)
    for x, y in zip(tensors_in(made.args), tensors_in(shown.args), strict=True):
        np.testing.assert_array_equal(numbers(x), numbers(y))
        assert (x._version > 0) == (y._version > 0)


@pytest.mark.parametrize(("op", "sample"), rows("errors"))
def test_error(op: Op, sample: Sample) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = make(torch, sample)
        expected = outcome(lambda: op.function(torch)(*theirs.args, **theirs.kwargs))
        assert isinstance(expected, Exception), f"torch accepts it: {expected}"
        ours = make(flambeau, sample)
        found = outcome(lambda: op.function(flambeau)(*ours.args, **ours.kwargs))
    assert type(found).__name__ == type(expected).__name__, f"{found!r}, torch: {expected!r}"
    if "invalid combination of arguments" not in str(expected):  # the list of C++ overloads that follows is torch's own
        assert str(found) == str(expected)


@pytest.mark.parametrize(
    "name", [op.name for op in TABLE if op.samples and op.call is None and not op.name.startswith(".")]
)
def test_method_is_the_function(name: str) -> None:
    """Where torch has a method of a function's name, so has flambeau, and it does the same."""
    if not hasattr(torch.Tensor, name) or name == "where":  # whose method begins with another argument
        return
    op = next(op for op in TABLE if op.name == name)
    sample = next((s for s in op.samples if hasattr(s.args[0], "kind")), None)
    if sample is None:
        return
    made = make(flambeau, sample)
    method = getattr(made.args[0], name)
    assert_same(method(*made.args[1:], **made.kwargs), op.function(flambeau)(*made.args, **made.kwargs), op, "float32")


COMPARISONS = ("eq", "lt")
OWN_WORDS = ("neg", "abs", "clamp", "mm", "matmul", "sum", "cat", "stack")
"""Ops that torch gives a text of their own when `out` has the wrong dtype."""
OUT = ("add", "sub", "mul", "div", "pow", "exp", "sqrt", "neg", "abs", "eq", "lt", "matmul", "mm", "sum", "mean", "cat", "stack", "maximum",
       "clamp", "true_divide", "sin", "tanh", "sigmoid", "lerp", "remainder")  # fmt: skip


@pytest.mark.parametrize("name", OUT)
def test_out(name: str) -> None:
    op = next(op for op in TABLE if op.name == name)
    sample = op.samples[0]
    for library in (torch, flambeau):
        made = make(library, sample)
        expected = op.function(library)(*made.args, **made.kwargs)
        out = expected.new_full(expected.shape, 7)
        same_storage = out.data_ptr()
        assert op.function(library)(*made.args, **made.kwargs, out=out) is out
        assert out.tolist() == expected.tolist()
        assert out.data_ptr() == same_storage
        empty = expected.new_empty(0)
        assert op.function(library)(*made.args, **made.kwargs, out=empty) is empty
        assert empty.tolist() == expected.tolist()
    for wrong in ({"dtype": "bool"}, {"requires_grad": True}):
        if name in COMPARISONS or ("dtype" in wrong and name in OWN_WORDS):
            continue
        errors = []
        for library in (torch, flambeau):
            made = make(library, sample)
            expected = op.function(library)(*made.args, **made.kwargs)
            kind = getattr(library, wrong.get("dtype", "float32"))
            out = library.zeros(expected.shape, dtype=kind, requires_grad=wrong.get("requires_grad", False))
            error = outcome(lambda: op.function(library)(*made.args, **made.kwargs, out=out))  # noqa: B023
            errors.append((type(error).__name__, str(error)) if isinstance(error, Exception) else None)
        assert errors[0] == errors[1]


COMPOSED = {
    "addbmm", "affine_grid_generator", "aminmax", "baddbmm", "conv_tbc", "fmod", "grid_sampler", "grid_sampler_2d",
    "grid_sampler_3d", "pow", "remainder", "rsub", "sgn", "sum_to_size",
}  # fmt: skip
"""Ops made of others here, whose nodes are those of the others; and ops whose node torch numbers by overload."""


@pytest.mark.parametrize("op", [op for op in TABLE if op.differentiable and op.samples and op.call is None], ids=repr)
def test_nodes_are_named_as_in_torch(op: Op) -> None:
    if op.composed or op.name.removeprefix(".") in COMPOSED:
        return
    names = []
    for library in (torch, flambeau):
        made = make(library, op.samples[0], grad=True)
        results = tensors_in(op.function(library)(*made.args, **made.kwargs))
        names.append([y.grad_fn.name() for y in results if y.grad_fn is not None])
    assert names[0] == names[1]


ELSEWHERE = frozenset(
    """
    alias_copy angle apply_ as_strided_ as_strided_copy as_subclass bartlett_window batch_norm bfloat16 binomial blackman_window cauchy_
    ccol_indices coalesce col_indices crow_indices dense_dim indices row_indices sparse_dim to_padded_tensor values
    cdouble cfloat complex conj conj_physical detach_copy diagonal_copy dim_order embedding_bag empty_permuted empty_strided expand_copy
    from_dlpack geometric_ geqrf get_device group_norm hamming_window hann_window imag instance_norm is_coalesced is_complex is_conj
    is_distributed is_neg is_nonzero is_pinned is_same_size is_set_to is_shared is_signed is_storage istft kaiser_window layer_norm
    log_normal_ map2_ map_ module_load native_batch_norm native_group_norm native_layer_norm new_empty_strided nonzero_static
    norm_except_dim orgqr permute_copy pin_memory poisson polar polygamma_ real record_stream resize resize_as resize_as_ resolve_conj
    resolve_neg rms_norm scalar_tensor select_copy share_memory_ slice_copy split_copy split_with_sizes_copy squeeze_ squeeze_copy stft
    storage storage_type swapaxes_ swapdims_ t_ t_copy to_dense to_dlpack transpose_ transpose_copy unbind_copy unfold_copy unsqueeze_
    unsqueeze_copy untyped_storage view_as_complex view_as_real view_copy
    chain_matmul cholesky_inverse ctc_loss lu_unpack ormqr pca_lowrank
""".split()
)
"""Ops that a row cannot describe, or that are one with an op of `nn.functional`, with tests of their own."""


def test_every_op_has_a_sample() -> None:
    """A row of the table; the few that are tested elsewhere are named there."""
    covered = {op.name.removeprefix(".") for op in TABLE if op.samples or op.errors}
    in_place = {f.__name__ + "_" for family in ops.FAMILIES for f in getattr(family, "INPLACE", ())}
    in_place |= set(ops.inplace.FUNCTIONS_TOO)  # see test_tensor_surface.py
    methods = {f.__name__ for family in ops.FAMILIES for f in getattr(family, "METHODS", ())}
    methods |= {name for family in ops.FAMILIES for name in getattr(family, "METHOD_ALIASES", {})}
    public = {name for name in (*ops.PUBLIC, *methods) if not name.startswith("_")}
    assert sorted(public - covered - in_place - ELSEWHERE) == []
    assert sorted(ELSEWHERE & covered) == []
    tests = [file for file in Path(__file__).parents[1].rglob("*.py") if file != Path(__file__)]
    named = set(re.findall(r"\w+", " ".join(file.read_text(encoding="utf-8") for file in tests)))
    assert sorted(ELSEWHERE - named) == []
