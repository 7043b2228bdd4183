"""Derivatives of functions: `grad`, `vjp`, `jvp`. They nest, with each other and with `vmap`.

Each gives its function aliases of the arguments (`autograd.levels`) and differentiates by those.
Source: https://docs.pytorch.org/docs/stable/func.api.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .._tensor import Tensor
from ..autograd import forward_mode, gradients, levels
from ..autograd.graph import disable_saved_tensors_hooks
from ..autograd.modes import GradMode, enable_grad, inference_mode, is_inference_mode_enabled
from ..ops.batching import level_input, lift
from ..ops.creation import zeros_like
from ..ops.vmap_levels import levels as vmaps
from ..utils._pytree import tree_flatten, tree_leaves, tree_map

Argnums = int | tuple[int, ...]

_NO_HOOKS = "torch.func.{grad, vjp, jacrev, hessian} don't yet support saved tensor hooks. Please open an issue with your use case."


@contextmanager
def _recording() -> Iterator[None]:
    """Recording is on whatever is around: a transform's result does not depend on that."""
    if is_inference_mode_enabled():
        with inference_mode(False), enable_grad(), disable_saved_tensors_hooks(_NO_HOOKS):
            yield
    else:
        with enable_grad(), disable_saved_tensors_hooks(_NO_HOOKS):
            yield


def chosen(args: tuple[Any, ...], argnums: Argnums, as_tuple: bool = True) -> Any:
    """The arguments with these numbers.

    Raises:
        RuntimeError: a number is none, or not there, or there twice.
    """
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    numbers = [_checked(n, len(args)) for n in ((argnums,) if isinstance(argnums, int) else argnums)]
    if isinstance(argnums, tuple):
        if not argnums:
            raise RuntimeError("argnums must be non-empty")
        if len(set(numbers)) != len(numbers):
            raise RuntimeError(f"argnums elements must be unique, got {argnums}")
        return tuple(args[n] for n in numbers)
    return (args[numbers[0]],) if as_tuple else args[numbers[0]]


def _checked(n: Any, count: int) -> int:
    if not isinstance(n, int):
        raise RuntimeError(f"argnum must be int, got: {type(n)}")
    if -count <= n < count:
        return n % count
    raise RuntimeError(f"Got argnum={n}, but only {count} positional inputs")


def replaced(args: tuple[Any, ...], new: Any, argnums: Argnums) -> tuple[Any, ...]:
    """The arguments with those of these numbers replaced."""
    numbers = [argnums % len(args)] if isinstance(argnums, int) else [n % len(args) for n in argnums]
    values = (new,) if isinstance(argnums, int) else new
    return tuple(values[numbers.index(i)] if i in numbers else a for i, a in enumerate(args))


def _aliases(tree: Any) -> tuple[Any, list[Tensor]]:
    """The tree with aliases to differentiate by, and a list of them.

    Raises:
        ValueError: a leaf is not a tensor.
    """
    leaves, spec = tree_flatten(tree)
    for x in leaves:
        if not isinstance(x, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
        if not x.dtype.is_floating_point:
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
    made = [level_input(x) for x in leaves]
    return spec.unflatten(made), made


def _leave(tree: Any, own: list[Tensor]) -> Any:
    return tree_map(lambda x: levels.leave(x, own) if isinstance(x, Tensor) else x, tree)


def _two(output: Any, label: str) -> tuple[Any, Any]:
    if not (isinstance(output, tuple) and len(output) == 2):
        raise RuntimeError(f"{label}: output of function f should be a tuple: (output, aux) if has_aux is True")
    return output


def _gradients(
    outputs: list[Tensor], inputs: list[Tensor], weights: list[Tensor] | None, retain_graph: bool
) -> list[Tensor]:
    """The gradients by the aliases; recorded if the graph leads beyond them."""
    pairs = [(y, None if weights is None else weights[i]) for i, y in enumerate(outputs) if y.requires_grad]
    if not pairs:
        return [zeros_like(x) for x in inputs]
    ends, cotangents = [y for y, _ in pairs], [w for _, w in pairs]
    beyond = levels.escapes([*ends, *[w for w in cotangents if w is not None]], inputs)
    found = gradients.grad(
        ends,
        inputs,
        None if weights is None else cotangents,
        retain_graph=retain_graph or beyond,
        create_graph=beyond and GradMode.enabled,
        allow_unused=True,
    )
    return [zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of `func`, which gives one number, and its value.

    Args:
        argnums: by which arguments to differentiate.
        has_aux: whether `func` gives (value, something else), which is passed on.
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        label = "grad_and_value(f)(*args)"
        with _recording():
            inner, own = _aliases(chosen(args, argnums, as_tuple=False))
            aux = None
            try:
                output = func(*replaced(args, inner, argnums), **kwargs)
                if has_aux:
                    output, aux = _two(output, label)
                if not isinstance(output, Tensor):
                    raise RuntimeError(f"{label}: Expected f(*args) to return a Tensor, got {type(output)}")
                if output.dim():
                    raise RuntimeError(
                        f"{label}: Expected f(*args) to return a scalar Tensor, got tensor with {output.dim()} dims. Maybe you "
                        "wanted to use the vjp or jacrev APIs instead?"
                    )
                found = _gradients([output], own, None, False)
            finally:
                levels.end(own)
        slopes = tree_flatten(chosen(args, argnums, as_tuple=False))[1].unflatten(_leave(found, own))
        value = _leave(output, own)
        return (slopes, (value, _leave(aux, own))) if has_aux else (slopes, value)

    return wrapper


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of `func`, which gives one number. See `grad_and_value`."""
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        slopes, value = both(*args, **kwargs)
        return (slopes, value[1]) if has_aux else slopes

    return wrapper


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The results of `func`, and a function from weights of them to the weighted gradients by `primals`."""
    return vjp_of(func, primals, None, has_aux)


def vjp_of(func: Callable[..., Any], args: tuple[Any, ...], argnums: Argnums | None, has_aux: bool) -> Any:
    """`vjp` by some of the arguments, None for all."""
    label = "vjp(f, *primals)"
    with _recording():
        selected = args if argnums is None else chosen(args, argnums, as_tuple=False)
        inner, own = _aliases(selected)
        input_spec = tree_flatten(selected)[1]
        aux = None
        try:
            output = func(*(inner if argnums is None else replaced(args, inner, argnums)))
        finally:
            levels.end(own)
        if has_aux:
            output, aux = _two(output, label)
        flat, spec = tree_flatten(output)
        _check_tensors(flat, label)
        for y in flat:
            if not y.dtype.is_floating_point:
                raise RuntimeError(
                    "vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype "
                    f"{y.dtype}"
                )

    def pull(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        given, given_spec = tree_flatten(cotangents)
        if given_spec != spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. "
                f"cotangents: {given_spec}, primal output: {spec}"
            )
        before = GradMode.enabled if create_graph is None else create_graph
        with enable_grad():
            GradMode.enabled = before
            found = _gradients(flat, own, given, retain_graph)
        return input_spec.unflatten(_leave(found, own))

    results = _leave(output, own)
    return (results, pull, _leave(aux, own)) if has_aux else (results, pull)


def _check_tensors(flat: list[Any], label: str) -> None:
    if (len(flat) == 1 and flat[0] is None) or not flat:
        raise RuntimeError(f"{label}: Expected f to be a function that has non-empty output (got output = {flat})")
    for y in flat:
        if not isinstance(y, Tensor):
            raise RuntimeError(f"{label}: expected f(*primals) to return only tensors, got unsupported type {type(y)}")


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """The results of `func` and their derivatives in the direction of `tangents`.

    Computed by differentiating the backward pass (`autograd.forward_mode` says at what cost).
    """
    return jvp_of(func, primals, tangents, None, has_aux)


def jvp_of(func: Callable[..., Any], args: Any, tangents: Any, argnums: Argnums | None, has_aux: bool) -> Any:
    """`jvp` by some of the arguments, None for all."""
    label = "jvp(f, primals, tangents)"
    if not isinstance(args, tuple):
        raise RuntimeError(f"{label}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    selected = args if argnums is None else chosen(args, argnums)
    flat, spec = tree_flatten(selected)
    given, given_spec = tree_flatten(tangents)
    if spec != given_spec:
        raise RuntimeError(
            f"{label}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple of 3 "
            f"tensors, tangents also must be. Got primals with structure {spec} and tangents with structure {given_spec}"
        )
    for name, values in (("primals", flat), ("tangents", given)):
        if not values:
            raise RuntimeError(f"{label}: Expected {name} to contain at least one Tensor.")
        for x in values:
            if not isinstance(x, Tensor):
                raise RuntimeError(f"{label}: Expected {name} to only contain Tensors, got {type(x)}")
    with _recording():
        level = forward_mode.Level()
        forward_mode.levels.append(level)
        try:
            duals = spec.unflatten([level.make(lift(p, vmaps), t) for p, t in zip(flat, given, strict=True)])
            if argnums is not None:
                duals = replaced(args, duals[0] if isinstance(argnums, int) else duals, argnums)
            output = func(*duals)
            aux = None
            if has_aux:
                output, aux = _two(output, label)
            results, out_spec = tree_flatten(output)
            _check_tensors(results, label)
            slopes = [zeros_like(y) if t is None else t for y, t in zip(results, level.tangents(results), strict=True)]
            values = [level.primal(y) for y in results]
            own = [d for d, _, _ in level.duals]
        finally:
            forward_mode.levels.pop()
            level.end()
    plain = out_spec.unflatten(_leave(values, own)), out_spec.unflatten(_leave(slopes, own))
    return (*plain, _leave(aux, own)) if has_aux else plain


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The results of `func`, and the function that `jvp` with these primals is of the tangents. `func` runs once."""
    flat, spec = tree_flatten(primals)
    level = forward_mode.Level()
    with _recording():
        forward_mode.levels.append(level)
        try:
            output = func(*spec.unflatten([level.make(lift(p, vmaps), zeros_like(p)) for p in flat]))
        finally:
            forward_mode.levels.pop()
    duals = level.duals
    own = [d for d, _, _ in duals]
    levels.end(own)
    results, out_spec = tree_flatten(output)

    def push(*tangents: Any) -> Any:
        given, given_spec = tree_flatten(tangents)
        if given_spec != spec:
            raise RuntimeError(f"Expected the tangents {given_spec} to have the same argspec as the primals {spec}")
        for i, (t, p) in enumerate(zip(given, flat, strict=True)):
            for what in ("shape", "device", "dtype"):
                if getattr(t, what) != getattr(p, what):
                    raise RuntimeError(
                        f"tangent:{i} with {what} {getattr(t, what)} in flattened pytree doesn't match the {what} "
                        f"{getattr(p, what)} of the corresponding primal."
                    )
        level.duals = [(d, p, t) for (d, p, _), t in zip(duals, given, strict=True)]
        found = level.tangents(results)
        slopes = [zeros_like(y) if t is None else t for y, t in zip(results, found, strict=True)]
        return out_spec.unflatten(_leave(slopes, own))

    return _leave(output, own), push


def only_tensors(tree: Any) -> list[Tensor]:
    """The tensors among the leaves of a tree."""
    return [x for x in tree_leaves(tree) if isinstance(x, Tensor)]
