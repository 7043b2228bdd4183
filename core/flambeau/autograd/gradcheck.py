"""Checking derivatives against finite differences.

Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .._tensor import Tensor
from ..dtype import float64
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
) -> bool:
    """Whether the gradients of `func` agree with central differences, element by element. Use float64 inputs.

    Args:
        inputs: arguments of `func`; those tensors that require grad are checked.
        eps: the step of the differences.

    Raises:
        GradcheckError: they do not, and `raise_exception` is set.
        ValueError: no input requires grad.
    """
    arguments = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    checked = [(i, x) for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for i, x in checked:
        if x.dtype is not float64:
            import warnings

            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex. ",
                stacklevel=2,
            )
    try:
        _check(func, arguments, checked, eps, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _outputs(func: Callable[..., Any], arguments: Sequence[Any]) -> list[Tensor]:
    found = func(*arguments)
    found = [found] if isinstance(found, Tensor) else list(found)
    return [y for y in found if isinstance(y, Tensor) and y.dtype.is_floating_point]


def _check(
    func: Callable[..., Any],
    arguments: list[Any],
    checked: list[tuple[int, Tensor]],
    eps: float,
    atol: float,
    rtol: float,
) -> None:
    outputs = _outputs(func, arguments)
    for number, y in enumerate(outputs):
        if not y.requires_grad:
            continue
        columns = []
        for j in range(y.numel()):
            seed = y.new_zeros(y.numel())
            seed[j] = 1.0
            columns.append(
                grad(y, [x for _, x in checked], seed.reshape(y.shape), retain_graph=True, allow_unused=True)
            )
        for k, (i, x) in enumerate(checked):
            numerical = _differences(func, arguments, i, x, number, eps)
            for j, slopes in enumerate(columns):
                g = slopes[k]
                analytical = [0.0] * x.numel() if g is None else g.reshape(-1).tolist()
                if g is not None and g.shape != x.shape:
                    raise GradcheckError(f"gradient of input {i} has shape {g.shape}, expected {x.shape}")
                for position, (a, n) in enumerate(zip(analytical, numerical[j], strict=True)):
                    if not (math.isclose(a, n, rel_tol=0, abs_tol=atol + rtol * abs(n)) or (a != a and n != n)):
                        raise GradcheckError(
                            f"Jacobian mismatch for output {number} with respect to input {i},\n"
                            f"numerical:{n}\nanalytical:{a}\nat output element {j}, input element {position}"
                        )


def _differences(
    func: Callable[..., Any], arguments: list[Any], i: int, x: Tensor, number: int, eps: float
) -> list[list[float]]:
    """Slopes [output element][input element] by central differences."""
    base = x.detach().reshape(-1).tolist()
    columns = []
    before = GradMode.enabled
    for position in range(len(base)):
        sides = []
        for step in (eps, -eps):
            moved = list(base)
            moved[position] += step
            shifted = x.new_tensor(moved).reshape(x.shape).requires_grad_()
            replaced = [*arguments[:i], shifted, *arguments[i + 1 :]]
            GradMode.enabled = True  # func may itself differentiate
            try:
                sides.append(_outputs(func, replaced)[number].detach().reshape(-1).tolist())
            finally:
                GradMode.enabled = before
        columns.append([(a - b) / (2 * eps) for a, b in zip(*sides, strict=True)])
    outputs = len(columns[0]) if columns else _outputs(func, arguments)[number].numel()
    return [[column[j] for column in columns] for j in range(outputs)]


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether the second derivatives of `func` agree with differences of its first ones.

    Args:
        grad_outputs: what the gradients are weighted with; made up where None.
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

    return gradcheck(first, [*arguments, *weights], eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception)
