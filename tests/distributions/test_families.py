"""Every family has torch's samples for torch's seed, and its moments, densities, entropies and printed forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .families import FAMILIES, Library, attempt, plain

Same = Callable[..., None]

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def check(same: Same, name: str, code: Callable[[Library, Any], dict[str, Callable[[], Any]]]) -> None:
    def run(library: Library) -> dict[str, Any]:
        made = FAMILIES[name](library, library.distributions, library.tensor)
        found = {}
        for label, part in code(library, made).items():
            library.manual_seed(5)
            found[label] = plain(attempt(part))
        return found

    same(run, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", FAMILIES)
def test_what_it_says_of_itself(name: str, same: Same) -> None:
    names = (
        "batch_shape",
        "event_shape",
        "support",
        "mean",
        "mode",
        "variance",
        "stddev",
        "has_rsample",
        "has_enumerate_support",
    )

    def code(library: Library, d: Any) -> dict[str, Callable[[], Any]]:
        told: dict[str, Callable[[], Any]] = {
            "repr": lambda: repr(d),
            "entropy": lambda: d.entropy(),
            "perplexity": lambda: d.perplexity(),
        }
        told |= {n: (lambda n=n: getattr(d, n)) for n in names}
        return told | {"all values": lambda: d.enumerate_support(), "few values": lambda: d.enumerate_support(False)}

    check(same, name, code)


@pytest.mark.parametrize("name", FAMILIES)
def test_samples_and_what_is_said_of_them(name: str, same: Same) -> None:
    def code(library: Library, d: Any) -> dict[str, Callable[[], Any]]:
        wide = (2, *d.batch_shape)
        return {
            "sample": lambda: d.sample(),
            "samples": lambda: d.sample((2, 3)),
            "rsample": lambda: d.rsample((4,)),
            "log_prob": lambda: d.log_prob(d.sample((2,))),
            "cdf": lambda: d.cdf(d.sample((2,))),
            "icdf": lambda: d.icdf(library.tensor(0.3)),
            "outside": lambda: d.log_prob(library.tensor(-3.5)),
            "no tensor": lambda: d.log_prob(3.0),
            "expanded": lambda: repr(d.expand(wide)),
            "sample of the expanded": lambda: d.expand(wide).sample(),
            "variance of the expanded": lambda: d.expand(wide).variance,
            "to itself": lambda: library.distributions.kl_divergence(d, d),
        }

    check(same, name, code)


PAIRS = [
    ("Normal", "Laplace"), ("Normal", "Gumbel"), ("Bernoulli", "Poisson"), ("Beta", "Uniform"), ("Beta", "Normal"), ("Beta", "Gamma"),
    ("Beta", "Exponential"), ("Beta", "ContinuousBernoulli"), ("ContinuousBernoulli", "Normal"), ("ContinuousBernoulli", "Uniform"),
    ("Exponential", "Gamma"), ("Exponential", "Gumbel"), ("Exponential", "Normal"), ("Gamma", "Exponential"), ("Gamma", "Gumbel"),
    ("Gamma", "Normal"), ("Gumbel", "Normal"), ("Laplace", "Normal"), ("Pareto", "Exponential"), ("Pareto", "Gamma"), ("Pareto", "Normal"),
    ("Uniform", "Beta"), ("Uniform", "Normal"), ("Uniform", "Gumbel"), ("Uniform", "Pareto"), ("Uniform", "Gamma"), ("Normal", "Beta"),
    ("Gumbel", "Gamma"), ("Exponential", "Uniform"), ("Poisson", "Bernoulli"), ("MultivariateNormal", "LowRankMultivariateNormal"),
    ("LowRankMultivariateNormal", "MultivariateNormal"), ("MultivariateNormal by factor", "MultivariateNormal"),
    ("Normal", "StudentT"),     ("Bernoulli", "Bernoulli by logits"), ("Categorical", "Categorical by logits"),
    ("Normal", "Normal of numbers"),
    ("Poisson", "Exponential"),     ("Uniform", "ContinuousBernoulli"), ("ContinuousBernoulli", "Exponential"), ("LogNormal", "LogNormal"),
]  # fmt: skip


@pytest.mark.parametrize(("p", "q"), PAIRS)
def test_divergence_of_two_families(p: str, q: str, same: Same) -> None:
    def run(library: Library) -> Any:
        first, second = (FAMILIES[n](library, library.distributions, library.tensor) for n in (p, q))
        return attempt(lambda: library.distributions.kl_divergence(first, second))

    same(run)


GRADIENTS = ("Normal", "Uniform", "Gamma", "Beta", "Dirichlet", "Laplace", "StudentT", "Gumbel", "Weibull", "Kumaraswamy",
             "RelaxedBernoulli", "OneHotCategoricalStraightThrough", "MultivariateNormal", "LowRankMultivariateNormal",
             "LogNormal", "Exponential", "Chi2")  # fmt: skip


@pytest.mark.parametrize("name", GRADIENTS)
def test_samples_move_with_the_parameters(name: str, same: Same) -> None:
    """Gamma and beta numbers by implicit reparameterisation; torch's own approximation of it has three digits."""

    def run(library: Library) -> Any:
        leaves: list[Any] = []

        def leaf(values: Any) -> Any:
            leaves.append(library.tensor(values, dtype=library.float64, requires_grad=True))
            return leaves[-1]

        d = FAMILIES[name](library, library.distributions, leaf)
        library.manual_seed(3)
        x = d.rsample((3,))
        (x * library.arange(1.0, x.numel() + 1, dtype=library.float64).reshape(x.shape)).sum().backward()
        return [leaf.grad for leaf in leaves]

    same(run, rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize("shape", [0.05, 0.7, 3.0, 60.0, 9000.0])
def test_implicit_gradient_is_that_of_the_quantile(shape: float) -> None:
    import flambeau

    a = flambeau.tensor([shape, shape], dtype=flambeau.float64, requires_grad=True)
    flambeau.manual_seed(1)
    x = flambeau._standard_gamma(a)
    x.sum().backward()
    step = 1e-4 * shape
    sides = [flambeau.special.gammainc(a.detach() + s, x.detach()) for s in (step, -step)]
    density = flambeau.distributions.Gamma(a.detach(), 1.0).log_prob(x.detach()).exp()
    expected = -(sides[0] - sides[1]) / (2 * step) / density
    for found, wanted in zip(a.grad.tolist(), expected.tolist(), strict=True):
        assert found == pytest.approx(wanted, rel=2e-3)
