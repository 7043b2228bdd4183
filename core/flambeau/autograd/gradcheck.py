"""Checking derivatives against finite differences.

Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from .._tensor import Tensor
from ..dtype import complex128, float64
from ..ops.creation import tensor
from .gradients import grad
from .modes import GradMode


class GradcheckError(RuntimeError):
    """The analytical and the numerical gradient differ."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of `func` agree with central differences, element by element. Use float64 inputs.

    Args:
        inputs: arguments of `func`; those tensors that require grad are checked.
        eps: the step of the differences.
        nondet_tol: by how much gradients may differ from one backward pass to the next.
        check_forward_ad, check_backward_ad: which derivatives are compared.
        check_grad_dtypes: whether gradients must have the dtype of their inputs.
        fast_mode, check_undefined_grad, check_batched_grad, check_batched_forward_grad, masked: what PyTorch checks less, or
            besides; here all of both Jacobians is always compared.

    Raises:
        GradcheckError: they do not agree, and `raise_exception` is set.
        ValueError: no input requires grad, or nothing is to be checked.
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    arguments = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    checked = [(i, x) for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for i, x in checked:
        if x.dtype not in (float64, complex128):
            import warnings

            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex. ",
                stacklevel=2,
            )
    try:
        numerical = {(number, i): matrix for i, x in checked for number, matrix in _slopes(func, arguments, i, x, eps)}
        if check_forward_ad:
            _check_forward(func, arguments, checked, numerical, atol, rtol)
        if check_backward_ad:
            _check_backward(func, arguments, checked, numerical, atol, rtol, nondet_tol, check_grad_dtypes)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _outputs(func: Callable[..., Any], arguments: Sequence[Any]) -> list[Tensor]:
    found = func(*arguments)
    found = [found] if isinstance(found, Tensor) else list(found)
    return [y for y in found if isinstance(y, Tensor) and y.dtype.priority >= 2]


def _numbers(x: Tensor) -> list[float]:
    """The elements as real numbers, complex ones as pairs."""
    flat: list[Any] = x.detach().reshape(-1).tolist()
    return [part for v in flat for part in (v.real, v.imag)] if x.dtype.is_complex else flat


def _from_numbers(numbers: list[float], like: Tensor) -> Tensor:
    flat: list[Any] = numbers
    if like.dtype.is_complex:
        flat = [complex(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
    made: Tensor = like.new_tensor(flat).reshape(like.shape)
    return made


def _count(x: Tensor) -> int:
    return 2 * x.numel() if x.dtype.is_complex else x.numel()


def _units(x: Tensor) -> tuple[Any, ...]:
    """What one element's parts are multiplied with."""
    return (1.0, 1j) if x.dtype.is_complex else (1.0,)


Matrix = list[list[float]]
"""Derivatives: a row per element of the input, a column per element of the output."""


def _compare(numerical: Matrix, analytical: Matrix, number: int, i: int, how: str, atol: float, rtol: float) -> None:
    for row, mine in zip(numerical, analytical, strict=True):
        for n, a in zip(row, mine, strict=True):
            if not (math.isclose(a, n, rel_tol=0, abs_tol=atol + rtol * abs(n)) or (a != a and n != n)):
                shown = [tensor(matrix, dtype=float64) for matrix in (numerical, analytical)]
                raise GradcheckError(
                    f"Jacobian {how}mismatch for output {number} with respect to input {i},\n"
                    f"numerical:{shown[0]}\nanalytical:{shown[1]}\n"
                )


def _check_backward(
    func: Callable[..., Any],
    arguments: list[Any],
    checked: list[tuple[int, Tensor]],
    numerical: dict[tuple[int, int], Matrix],
    atol: float,
    rtol: float,
    nondet_tol: float,
    check_dtypes: bool,
) -> None:
    for number, y in enumerate(_outputs(func, arguments)):
        if not y.requires_grad:
            continue
        passes = []
        for _ in range(2):
            columns: list[list[list[float]]] = [[] for _ in checked]
            for j, unit in ((j, unit) for j in range(y.numel()) for unit in _units(y)):
                seed = y.new_zeros(y.numel())
                seed[j] = unit
                found = grad(y, [x for _, x in checked], seed.reshape(y.shape), retain_graph=True, allow_unused=True)
                for k, ((i, x), g) in enumerate(zip(checked, found, strict=True)):
                    if g is not None and g.shape != x.shape:
                        raise GradcheckError(f"gradient of input {i} has shape {g.shape}, expected {x.shape}")
                    if g is not None and check_dtypes and g.dtype is not x.dtype:
                        raise GradcheckError(f"gradient of input {i} has dtype {g.dtype}, expected {x.dtype}")
                    columns[k].append([0.0] * _count(x) if g is None else _numbers(g))
            passes.append([_transposed(matrix, _count(x)) for matrix, (_, x) in zip(columns, checked, strict=True)])
        for (i, _), analytical, again in zip(checked, *passes, strict=True):
            _compare(numerical[number, i], analytical, number, i, "", atol, rtol)
            for row, other in zip(analytical, again, strict=True):
                if any(abs(a - b) > nondet_tol for a, b in zip(row, other, strict=True)):
                    raise GradcheckError(
                        "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times "
                        "gives different values, although analytical gradient matches numerical gradient."
                        f"The tolerance for nondeterminism was {nondet_tol}."
                    )


def _check_forward(
    func: Callable[..., Any],
    arguments: list[Any],
    checked: list[tuple[int, Tensor]],
    numerical: dict[tuple[int, int], Matrix],
    atol: float,
    rtol: float,
) -> None:
    from . import forward_ad

    for i, x in checked:
        rows: dict[int, Matrix] = {}
        for position, unit in ((position, unit) for position in range(x.numel()) for unit in _units(x)):
            tangent = x.detach().new_zeros(x.numel())
            tangent[position] = unit
            with forward_ad.dual_level():
                dual = forward_ad.make_dual(x.detach(), tangent.reshape(x.shape))
                for number, y in enumerate(_outputs(func, [*arguments[:i], dual, *arguments[i + 1 :]])):
                    slope = forward_ad.unpack_dual(y).tangent
                    flat = [0.0] * _count(y) if slope is None else _numbers(slope)
                    rows.setdefault(number, []).append(flat)
        for number, analytical in rows.items():
            _compare(numerical[number, i], analytical, number, i, "computed with forward mode ", atol, rtol)


def _transposed(matrix: list[list[float]], rows: int) -> Matrix:
    return [[column[r] for column in matrix] for r in range(rows)]


def _slopes(func: Callable[..., Any], arguments: list[Any], i: int, x: Tensor, eps: float) -> list[tuple[int, Matrix]]:
    """Of every output, its derivatives with respect to one input by central differences."""
    base = _numbers(x)
    rows: dict[int, Matrix] = {number: [] for number in range(len(_outputs(func, arguments)))}
    before = GradMode.enabled
    for position in range(len(base)):
        sides = []
        for step in (eps, -eps):
            moved = list(base)
            moved[position] += step
            shifted = _from_numbers(moved, x).requires_grad_()
            GradMode.enabled = True  # func may itself differentiate
            try:
                found = _outputs(func, [*arguments[:i], shifted, *arguments[i + 1 :]])
                sides.append([_numbers(y) for y in found])
            finally:
                GradMode.enabled = before
        for number, (up, down) in enumerate(zip(*sides, strict=True)):
            rows[number].append([(a - b) / (2 * eps) for a, b in zip(up, down, strict=True)])
    return list(rows.items())


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether the second derivatives of `func` agree with differences of its first ones.

    Args:
        grad_outputs: what the gradients are weighted with; made up where None.
        check_fwd_over_rev, check_rev_over_rev: which second derivatives are compared.
        others: see `gradcheck`.
    """
    arguments = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    outputs = [y for y in _outputs(func, arguments) if y.requires_grad]
    if grad_outputs is None:
        from ..ops.creation import linspace

        weights = [
            linspace(0.3, 1.7, y.numel(), dtype=y.dtype, device=y.device).reshape(y.shape).requires_grad_()
            for y in outputs
        ]
    else:
        weights = list(grad_outputs)
    count = len(arguments)

    def first(*both: Any) -> Any:
        args, seeds = both[:count], both[count:]
        ys = [y for y in _outputs(func, args) if y.requires_grad]
        xs = [x for x in args if isinstance(x, Tensor) and x.requires_grad]
        found = grad(ys, xs, list(seeds), create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        first,
        [*arguments, *weights],
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_grad_dtypes=check_grad_dtypes,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
    )


class _Module(ModuleType):
    """`torch.autograd.gradcheck` is the function, and the module to import it from."""

    __call__ = staticmethod(gradcheck)


sys.modules[__name__].__class__ = _Module
