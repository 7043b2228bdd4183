"""Random numbers whose distribution a tensor gives: Poisson, binomial, gamma and Dirichlet. Drawn on the host.

Source: https://docs.pytorch.org/docs/stable/torch.html#random-sampling
"""

from __future__ import annotations

import math
from typing import Any

from .. import random as generators
from .._tensor import Tensor, from_array
from ..backends.protocol import Array
from ..dtype import C_NAMES, dtype, float64
from ..numeric_limits import finfo
from ..random import Generator
from . import rejection
from .creation import pack
from .inplace import check_writable
from .no_derivative import constant, underivable
from .on_host import run
from .op import op
from .random import _fill, _floating, _generator, _on_host


def _source(input: Tensor, generator: Generator | None) -> Generator:
    return _generator(input, generator) if _on_host(input) else generator or generators.default_generator


def _from_numbers(values: list[float], like: Tensor, kind: dtype | None = None) -> Any:
    kind = kind or like.dtype
    return like._storage.backend.from_bytes(bytes(memoryview(pack(values, kind))), like._shape, kind)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson numbers of the rates in `input`.

    Raises:
        RuntimeError: a rate is negative.
    """
    _floating("poisson_cpu", input)
    uniform = rejection.uniforms(_source(input, generator))
    drawn = [rejection.poisson(uniform, rate) for rate in input.detach()._flat()]
    return constant("PoissonBackward0", from_array(_from_numbers(drawn, input), input.dtype, input._storage), input)


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Binomial numbers of the counts and probabilities given, which broadcast."""
    given = count, prob
    if count.dtype is not prob.dtype:
        raise RuntimeError(f"Found dtype {prob.dtype.legacy_name} but expected {count.dtype.legacy_name}")
    _floating("binomial_cpu", count)
    from .joining import broadcast_tensors

    count, prob = (x.detach() for x in broadcast_tensors(count, prob))
    uniform = rejection.uniforms(_source(count, generator))
    pairs = zip(count._flat(), prob._flat(), strict=True)
    drawn = [rejection.binomial(uniform, n, p) for n, p in pairs]
    return underivable(from_array(_from_numbers(drawn, count), count.dtype, count._storage), "binomial", *given)


def _gammas(input: Tensor, generator: Generator | None, single: bool) -> list[float]:
    source = _source(input, generator)
    uniform = rejection.uniforms(source)
    return [rejection.gamma(source, uniform, alpha, single) for alpha in input.detach()._flat()]


@op(name="StandardGammaBackward0", input=lambda g, input, out: g * _standard_gamma_grad(input, out))
def _gamma_numbers(be: Any, input: Array, drawn: Any) -> Any:
    """`drawn`, which are gamma numbers of the shapes `input`."""
    return drawn


@op()
def _standard_gamma_slope(be: Any, output: Array, input: Array) -> Any:
    return run("implicit", "_standard_gamma_grad", be, output, input)


def _standard_gamma_grad(input: Tensor, output: Tensor) -> Tensor:
    """How gamma numbers `output` move with their shapes `input`."""
    found: Tensor = _standard_gamma_slope(output.detach(), input.detach())
    return found


def _standard_gamma(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Gamma numbers of the shapes in `input` and scale 1, differentiable with respect to the shapes."""
    _floating("gamma_cpu", input)
    tiny = finfo(input.dtype).tiny
    drawn = [max(tiny, x) for x in _gammas(input, generator, input.dtype is not float64)]
    found: Tensor = _gamma_numbers(input, _from_numbers(drawn, input))
    return found


@op()
def _beta_slope(be: Any, x: Array, alpha: Array, total: Array) -> Any:
    return run("implicit", "_beta_grad", be, x, alpha, total)


def _dirichlet_grad(x: Tensor, alpha: Tensor, total: Tensor) -> Tensor:
    """How beta numbers `x` of parameters `alpha` and `total - alpha` move with the first, over 1 - x."""
    found: Tensor = _beta_slope(x.detach(), alpha.detach().contiguous(), total.detach().contiguous())
    return found


def _dirichlet_backward(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    slope = _dirichlet_grad(out, input, input.sum(-1, True).expand(input._shape))
    return slope * (g - (out * g).sum(-1, True))


@op(name="_DirichletBackward", input=lambda g, input, out: _dirichlet_backward(g, input, out))
def _dirichlet_numbers(be: Any, input: Array, drawn: Any) -> Any:
    """`drawn`, which are Dirichlet numbers of the concentrations `input`."""
    return drawn


def _sample_dirichlet(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Points of the simplex of the concentrations in `input` (..., K), differentiable with respect to them."""
    _floating("dirichlet", input)
    gammas = _gammas(input, generator, False)
    k = input._shape[-1]
    limits = finfo(input.dtype)
    low, high = limits.tiny, 1 - limits.eps / 2
    drawn = []
    for i in range(0, len(gammas), k or 1):
        row = gammas[i : i + k]
        total = math.fsum(row)
        drawn += [min(high, max(low, x / total)) if total else math.nan for x in row]
    found: Tensor = _dirichlet_numbers(input, _from_numbers(drawn, input))
    return found


# --- filling in place -------------------------------------------------------------------------------------------------


def _filled(input: Tensor, draw: Any, generator: Generator | None, *parameters: float) -> Tensor:
    check_writable(input)
    data = draw(_source(input, generator), input.numel(), input.dtype, *parameters)
    return _fill(input, data)


def cauchy_(input: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with Cauchy numbers.

    Raises:
        RuntimeError: `sigma` is not positive, or the elements are integers.
    """
    if not input.dtype.is_floating_point:
        raise RuntimeError(
            "Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {C_NAMES[input.dtype.name]}"
        )
    if sigma <= 0.0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    return _filled(input, generators.cauchy, generator, median, sigma)


def log_normal_(input: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with exp of normal numbers.

    Raises:
        RuntimeError: `std` is not positive.
    """
    if std <= 0.0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    _floating("log_normal_cpu", input)
    return _filled(input, generators.log_normal, generator, mean, std)


def geometric_(input: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the number of trials of probability `p` up to the first success, that included.

    Raises:
        RuntimeError: `p` is not in (0, 1).
    """
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    check_writable(input)
    return _fill(input, generators.geometric(_source(input, generator), input.numel(), p, input.dtype))


def _kind(x: Tensor) -> str:
    return x.dtype.legacy_name


FUNCTIONS = (poisson, binomial, _standard_gamma, _sample_dirichlet, _dirichlet_grad)
METHODS = (cauchy_, log_normal_, geometric_)
