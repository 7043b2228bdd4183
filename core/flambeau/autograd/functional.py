"""Jacobians, Hessians and their products with vectors, of functions of tensors.

Products with a vector from the right (`jvp`, `hvp`) differentiate the backward pass: it is linear in the gradient it begins
with. Source: https://docs.pytorch.org/docs/stable/autograd.html#functional-higher-level-api
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._tensor import Tensor
from ..ops.creation import zeros_like
from . import forward_ad
from .gradients import grad
from .modes import enable_grad, is_grad_enabled, set_grad_enabled

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensors = tuple[Tensor, ...]
OUTPUTS = "outputs of the user-provided function"


def _as_tuple(x: Any, name: str, function: str) -> tuple[bool, Tensors]:
    """Whether `x` is a tuple, and it as one.

    Raises:
        TypeError: something in it is not a tensor.
    """
    given = isinstance(x, tuple)
    values = x if given else (x,)
    for i, el in enumerate(values):
        if not isinstance(el, Tensor):
            where = f"value at index {i}" if given else f"given {name}"
            raise TypeError(
                f"The {name} given to {function} must be either a Tensor or a tuple of Tensors but the {where} has type "
                f"{type(el)}."
            )
    return given, values


def _fresh(inputs: Tensors, create_graph: bool, need_graph: bool) -> Tensors:
    """New tensors with the elements of the inputs, so that those are told from what the function closes over."""
    return tuple(
        x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_(need_graph) for x in inputs
    )


def _done(x: Any, create_graph: bool) -> Any:
    if isinstance(x, Tensor):
        return x if create_graph else x.detach()
    return tuple(_done(y, create_graph) for y in x)


def _unpack(x: Any, as_tuple: bool) -> Any:
    return x if as_tuple else x[0]


def _check_v(v: Tensors, other: Tensors, is_tuple: bool) -> None:
    if len(v) != len(other):
        if is_tuple:
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(other)} but got {len(v)}.")
        raise RuntimeError("The given v should contain a single Tensor.")
    for i, (a, b) in enumerate(zip(v, other, strict=True)):
        if a._shape != b._shape:
            entry = f"Entry {i} in " if is_tuple else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {b.size()} but got {a.size()}.")


_INDEPENDENT = {
    "outputs": "Output {} of the user-provided function does not require gradients. The outputs must be computed in a "
    "differentiable manner from the input when running in strict mode.",
    "grad_inputs": "The gradient with respect to input {} is independent of the inputs of the user-provided function. This is "
    "not allowed in strict mode.",
    "jacobian": "While computing the hessian, found that the jacobian of the user-provided function with respect to input {} is "
    "independent of the input. This is not allowed in strict mode. You should ensure that your function is twice differentiable "
    "and that the jacobian depends on the inputs (this would be violated by a linear function for example).",
    "hessian": "The hessian of the user-provided function with respect to input {} is independent of the input. This is not "
    "allowed in strict mode. You should ensure that your function is thrice differentiable and that the hessian depends on the "
    "inputs.",
}


def _check_depends(values: Any, kind: str, strict: bool) -> None:
    """In strict mode, raise where something is not a function of the inputs."""
    if not strict:
        return
    for i, x in enumerate(values):
        if x is None:
            raise RuntimeError(
                f"The output of the user-provided function is independent of input {i}. This is not allowed in strict mode."
            )
        if not x.requires_grad:
            raise RuntimeError(_INDEPENDENT[kind].format(i))


def _grad(
    outputs: Any,
    inputs: Tensors,
    weights: Any = None,
    create_graph: bool = False,
    retain_graph: bool | None = None,
    batched: bool = False,
) -> tuple[Tensor | None, ...]:
    """As `grad`, of the outputs that have one."""
    weights = (None,) * len(outputs) if weights is None else weights
    pairs = [(y, w) for y, w in zip(outputs, weights, strict=True) if y is not None and y.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    found: tuple[Tensor | None, ...] = grad(
        [y for y, _ in pairs],
        inputs,
        [w for _, w in pairs],
        allow_unused=True,
        create_graph=create_graph,
        retain_graph=retain_graph,
        is_grads_batched=batched,
    )
    return found


_MISSING = {
    "back": "The output of the user-provided function is independent of input {}. This is not allowed in strict mode.",
    "back_trick": "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the double "
    "backward trick to compute forward mode gradients. This is not allowed in strict mode.",
    "double_back": "The jacobian of the user-provided function is independent of input {}. This is not allowed in strict mode.",
    "double_back_trick": "The hessian of the user-provided function is independent of entry {} in the grad_jacobian. This is "
    "not allowed in strict mode as it prevents from using the double backward trick to replace forward mode AD.",
}


def _filled(grads: Any, like: Any, strict: bool, create_graph: bool, stage: str) -> Tensors:
    """The gradients with zeros for None; in strict mode errors instead."""
    filled = []
    for i, g in enumerate(grads):
        if g is None:
            if strict:
                raise RuntimeError(_MISSING[stage].format(i))
            filled.append(zeros_like(like[i]))
            continue
        if strict and create_graph and not g.requires_grad:
            what = "hessian" if "double" in stage else "jacobian"
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input {i}. This is not allowed in strict mode "
                "when create_graph=True."
            )
        filled.append(g)
    return tuple(filled)


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The results of `func`, and the vector `v` times its Jacobian.

    Args:
        inputs: a tensor or a tuple of them.
        v: of the shapes of the results; may be left out for one number.
        create_graph: whether both can be differentiated further.
        strict: whether an input or result that has nothing to do with the others is an error.
    """
    with enable_grad():
        is_tuple, given = _as_tuple(inputs, "inputs", "vjp")
        given = _fresh(given, create_graph, True)
        outputs_are_tuple, outputs = _as_tuple(func(*given), OUTPUTS, "vjp")
        _check_depends(outputs, "outputs", strict)
        if v is not None:
            v = _fresh(_as_tuple(v, "v", "vjp")[1], create_graph, False)
            _check_v(v, outputs, outputs_are_tuple)
        elif len(outputs) != 1 or outputs[0].numel() != 1:
            raise RuntimeError(
                "The vector v can only be None if the user-provided function returns a single Tensor with a single element."
            )
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(_grad(outputs, given, v, create_graph), given, strict, create_graph, "back")
    return _unpack(_done(outputs, create_graph), outputs_are_tuple), _unpack(_done(found, create_graph), is_tuple)


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The results of `func`, and its Jacobian times the vector `v`. See `vjp`; `v` is of the shapes of the inputs."""
    with enable_grad():
        is_tuple, given = _as_tuple(inputs, "inputs", "jvp")
        given = _fresh(given, create_graph, True)
        v = _vector(v, given, is_tuple, create_graph, "jvp")
        outputs_are_tuple, outputs = _as_tuple(func(*given), OUTPUTS, "jvp")
        _check_depends(outputs, "outputs", strict)
        weights = tuple(zeros_like(y, requires_grad=True) for y in outputs)
        slopes = _grad(outputs, given, weights, create_graph=True)
        _check_depends(slopes, "grad_inputs", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(_grad(slopes, weights, v, create_graph), outputs, strict, create_graph, "back_trick")
    return (
        _unpack(_done(outputs, create_graph), outputs_are_tuple),
        _unpack(_done(found, create_graph), outputs_are_tuple),
    )


def _vector(v: Any, inputs: Tensors, is_tuple: bool, create_graph: bool, function: str) -> Any:
    if v is not None:
        v = _fresh(_as_tuple(v, "v", function)[1], create_graph, False)
        _check_v(v, inputs, is_tuple)
    elif len(inputs) != 1 or inputs[0].numel() != 1:
        raise RuntimeError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor with a single element."
        )
    return v


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of `func`: a tensor (*result shape, *input shape), in tuples as results and inputs are.

    Args:
        create_graph: whether it can be differentiated.
        strict: whether an input or result that has nothing to do with the others is an error.
        vectorize: compute all rows in one pass.
        strategy: "reverse-mode" or "forward-mode"; the latter with `vectorize` only.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs than '
            'inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError(
                'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not supported '
                'together (yet). Please either set `create_graph=False` or `strategy="reverse-mode"`.'
            )
        return _forward_jacobian(func, inputs, strict, vectorize)
    with enable_grad():
        is_tuple, given = _as_tuple(inputs, "inputs", "jacobian")
        given = _fresh(given, create_graph, True)
        outputs_are_tuple, outputs = _as_tuple(func(*given), OUTPUTS, "jacobian")
        _check_depends(outputs, "outputs", strict)
        if vectorize:
            if strict:
                raise RuntimeError(
                    "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. "
                    "Please either set `strict=False` or `vectorize=False`."
                )
            rows = _all_rows(outputs, given, create_graph)
        else:
            rows = _row_by_row(outputs, given, create_graph, strict)
        found = _done(rows, create_graph)
    return _unpack(tuple(_unpack(row, is_tuple) for row in found), outputs_are_tuple)


def _basis(tensors: Tensors) -> Tensors:
    """Unit vectors for all elements of all the tensors, divided among them: (n, numel) each."""
    total = sum(t.numel() for t in tensors)
    made = []
    start = 0
    for t in tensors:
        part = t.detach().new_zeros(total, t.numel())
        part.diagonal(-start).fill_(1)
        start += t.numel()
        made.append(part)
    return tuple(made)


def _all_rows(outputs: Tensors, inputs: Tensors, create_graph: bool) -> Any:
    sizes = [y.numel() for y in outputs]
    flat = tuple(y.reshape(-1) for y in outputs)
    found = _grad(flat, inputs, _basis(outputs), create_graph, batched=True)
    by_input = []
    for g, x in zip(found, inputs, strict=True):
        whole = zeros_like(x).expand(sum(sizes), *x._shape) if g is None else g
        parts = whole.split(sizes, 0)
        by_input.append([p.reshape(*y._shape, *x._shape) for p, y in zip(parts, outputs, strict=True)])
    return tuple(zip(*by_input, strict=True))


def _row_by_row(outputs: Tensors, inputs: Tensors, create_graph: bool, strict: bool) -> Any:
    from ..ops.joining import stack

    made = []
    for i, y in enumerate(outputs):
        rows: list[list[Tensor]] = [[] for _ in inputs]
        for j in range(y.numel()):
            found = _grad((y.reshape(-1)[j],), inputs, retain_graph=True, create_graph=create_graph)
            for k, (row, g, x) in enumerate(zip(rows, found, inputs, strict=True)):
                if g is not None and strict and create_graph and not g.requires_grad:
                    raise RuntimeError(
                        f"The jacobian of the user-provided function is independent of input {i}. This is not allowed in "
                        "strict mode when create_graph=True."
                    )
                if g is None and strict:
                    raise RuntimeError(
                        f"Output {i} of the user-provided function is independent of input {k}. This is not allowed in strict "
                        "mode."
                    )
                row.append(zeros_like(x) if g is None else g)
        made.append(tuple(stack(row).view(*y._shape, *x._shape) for row, x in zip(rows, inputs, strict=True)))
    return tuple(made)


def _forward_jacobian(func: Callable[..., Any], inputs: Any, strict: bool, vectorize: bool) -> Any:
    if strict:
        raise RuntimeError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not supported together (yet). '
            'Please either set `strict=False` or `strategy="reverse-mode"`.'
        )
    is_tuple, given = _as_tuple(inputs, "inputs", "jacobian")
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for `vectorize=True`."
        )
    from ..ops.batching import batch, unbatch

    tangents, level = batch(list(_basis(given)), [0] * len(given))
    with level, enable_grad(), forward_ad.dual_level():
        duals = [forward_ad.make_dual(x, t.view_as(x)) for x, t in zip(given, tangents, strict=True)]
        outputs_are_tuple, outputs = _as_tuple(func(*duals), "outputs", "jacobian")
        unpacked = [forward_ad.unpack_dual(y).tangent for y in outputs]
        columns = [unbatch(zeros_like(y) if t is None else t, level, 0) for y, t in zip(outputs, unpacked, strict=True)]
    sizes = [x.numel() for x in given]
    made = []
    for column, y in zip(columns, outputs, strict=True):
        parts = column.detach().movedim(0, -1).split(sizes, -1)
        made.append(tuple(p.reshape(*y._shape, *x._shape) for p, x in zip(parts, given, strict=True)))
    return _unpack(tuple(_unpack(row, is_tuple) for row in made), outputs_are_tuple)


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of `func`, which gives one number: a tensor (*input shape, *input shape), or tuples of them.

    See `jacobian` for the options.
    """
    is_tuple, given = _as_tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def one_number(*xs: Tensor) -> Tensor:
        output = func(*xs)
        outputs_are_tuple, values = _as_tuple(output, OUTPUTS, "hessian")
        _check_depends(values, "outputs", strict)
        _check_one_number(outputs_are_tuple, values, "hessian")
        return values[0].squeeze()

    def slopes(*xs: Tensor) -> Any:
        if outer_jacobian_strategy == "forward-mode":
            xs = tuple(x.requires_grad_(True) for x in xs)
        found = jacobian(one_number, xs, create_graph=True)
        _check_depends(found, "jacobian", strict)
        return found

    found = jacobian(
        slopes, given, create_graph=create_graph, strict=strict, vectorize=vectorize, strategy=outer_jacobian_strategy
    )
    return _unpack(tuple(_unpack(row, is_tuple) for row in found), is_tuple)


def _check_one_number(outputs_are_tuple: bool, outputs: Tensors, function: str) -> None:
    if outputs_are_tuple:
        raise RuntimeError(f"The function given to {function} should return a single Tensor")
    if outputs[0].numel() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {function} should contain a single element")


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func`, which gives one number, and the vector `v` times its Hessian. See `vjp`."""
    with enable_grad():
        is_tuple, given = _as_tuple(inputs, "inputs", "vhp")
        given = _fresh(given, create_graph, True)
        v = _vector(v, given, is_tuple, create_graph, "vhp")
        outputs_are_tuple, outputs = _as_tuple(func(*given), OUTPUTS, "vhp")
        _check_depends(outputs, "outputs", strict)
        _check_one_number(outputs_are_tuple, outputs, "vhp")
        slopes = _grad(outputs, given, create_graph=True)
        _check_depends(slopes, "jacobian", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(_grad(slopes, given, v, create_graph), given, strict, create_graph, "double_back")
    return _unpack(_done(outputs, create_graph), outputs_are_tuple), _unpack(_done(found, create_graph), is_tuple)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func`, which gives one number, and its Hessian times the vector `v`; `vhp` is the cheaper one."""
    with enable_grad():
        is_tuple, given = _as_tuple(inputs, "inputs", "hvp")
        given = _fresh(given, create_graph, True)
        v = _vector(v, given, is_tuple, create_graph, "hvp")
        outputs_are_tuple, outputs = _as_tuple(func(*given), OUTPUTS, "hvp")
        _check_depends(outputs, "outputs", strict)
        _check_one_number(outputs_are_tuple, outputs, "hvp")
        slopes = _grad(outputs, given, create_graph=True)
        _check_depends(slopes, "jacobian", strict)
        weights = tuple(zeros_like(x, requires_grad=True) for x in given)
        second = _grad(slopes, given, weights, create_graph=True)
        _check_depends(slopes, "hessian", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(_grad(second, weights, v, create_graph), given, strict, create_graph, "double_back_trick")
    return _unpack(_done(outputs, create_graph), outputs_are_tuple), _unpack(_done(found, create_graph), is_tuple)
