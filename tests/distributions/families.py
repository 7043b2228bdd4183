"""One distribution of every family, made by either library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Library = Any
Make = Callable[[Library, Any, Callable[[Any], Any]], Any]

A = [0.4, 1.3, 2.2]
B = [1.0, 2.0, 0.5]
LOC = [0.0, 1.0, -1.0]
PROBS = [0.2, 0.5, 0.3]
MATRIX = [[2.0, 0.5], [0.5, 1.0]]
LOWER = [[2.0, 0.0], [0.5, 1.0]]

FAMILIES: dict[str, Make] = {
    "Normal": lambda L, D, t: D.Normal(t(LOC), t(A)),
    "Normal of numbers": lambda L, D, t: D.Normal(0.0, 1.0),
    "LogNormal": lambda L, D, t: D.LogNormal(t(LOC), t(A)),
    "Uniform": lambda L, D, t: D.Uniform(t(LOC), t([2.0, 3.0, 5.0])),
    "Bernoulli": lambda L, D, t: D.Bernoulli(t(PROBS)),
    "Bernoulli by logits": lambda L, D, t: D.Bernoulli(logits=t(A)),
    "Categorical": lambda L, D, t: D.Categorical(t([PROBS, A])),
    "Categorical by logits": lambda L, D, t: D.Categorical(logits=t([PROBS, A])),
    "OneHotCategorical": lambda L, D, t: D.OneHotCategorical(t([PROBS, A])),
    "OneHotCategoricalStraightThrough": lambda L, D, t: D.OneHotCategoricalStraightThrough(t(PROBS)),
    "Binomial": lambda L, D, t: D.Binomial(10, t(PROBS)),
    "Binomial by logits": lambda L, D, t: D.Binomial(t([30.0, 40.0, 50.0]), logits=t(PROBS)),
    "Multinomial": lambda L, D, t: D.Multinomial(5, t([PROBS, A])),
    "Gamma": lambda L, D, t: D.Gamma(t(A), t(B)),
    "Chi2": lambda L, D, t: D.Chi2(t(A)),
    "Dirichlet": lambda L, D, t: D.Dirichlet(t([A, [0.1, 0.2, 0.3]])),
    "Beta": lambda L, D, t: D.Beta(t(A), t(B)),
    "Beta of numbers": lambda L, D, t: D.Beta(2.0, 3.0),
    "Exponential": lambda L, D, t: D.Exponential(t(A)),
    "Poisson": lambda L, D, t: D.Poisson(t([0.0, 2.5, 30.0])),
    "Laplace": lambda L, D, t: D.Laplace(t(LOC), t(A)),
    "Cauchy": lambda L, D, t: D.Cauchy(t(LOC), t(A)),
    "HalfNormal": lambda L, D, t: D.HalfNormal(t(A)),
    "HalfCauchy": lambda L, D, t: D.HalfCauchy(t(A)),
    "Geometric": lambda L, D, t: D.Geometric(t(PROBS)),
    "NegativeBinomial": lambda L, D, t: D.NegativeBinomial(t([3.0, 4.0, 5.0]), t(PROBS)),
    "FisherSnedecor": lambda L, D, t: D.FisherSnedecor(t(A), t([3.0, 4.0, 5.0])),
    "StudentT": lambda L, D, t: D.StudentT(t(A)),
    "Gumbel": lambda L, D, t: D.Gumbel(t(LOC), t(A)),
    "Weibull": lambda L, D, t: D.Weibull(t(A), t(B)),
    "Pareto": lambda L, D, t: D.Pareto(t(A), t(B)),
    "VonMises": lambda L, D, t: D.VonMises(t(LOC), t(A)),
    "Kumaraswamy": lambda L, D, t: D.Kumaraswamy(t(A), t(B)),
    "InverseGamma": lambda L, D, t: D.InverseGamma(t(A), t(B)),
    "LogisticNormal": lambda L, D, t: D.LogisticNormal(t(LOC), t(A)),
    "RelaxedBernoulli": lambda L, D, t: D.RelaxedBernoulli(t(2.2), t(PROBS)),
    "LogitRelaxedBernoulli": lambda L, D, t: D.relaxed_bernoulli.LogitRelaxedBernoulli(t(2.2), t(PROBS)),
    "RelaxedOneHotCategorical": lambda L, D, t: D.RelaxedOneHotCategorical(t(2.2), t(PROBS)),
    "MultivariateNormal": lambda L, D, t: D.MultivariateNormal(t([0.0, 1.0]), t(MATRIX)),
    "MultivariateNormal by factor": lambda L, D, t: D.MultivariateNormal(L.zeros(3, 2), scale_tril=t(LOWER)),
    "MultivariateNormal by precision": lambda L, D, t: D.MultivariateNormal(t([0.0, 1.0]), precision_matrix=t([MATRIX] * 2)),
    "LowRankMultivariateNormal": lambda L, D, t: D.LowRankMultivariateNormal(t([0.0, 1.0]), t([[1.0], [2.0]]), t([1.0, 2.0])),
    "Independent": lambda L, D, t: D.Independent(D.Normal(L.zeros(2, 3), t(A)), 1),
    "MixtureSameFamily": lambda L, D, t: D.MixtureSameFamily(D.Categorical(t(PROBS)), D.Normal(t(LOC), t(A))),
    "MixtureSameFamily of vectors": lambda L, D, t: D.MixtureSameFamily(
        D.Categorical(t(PROBS)), D.Independent(D.Normal(L.zeros(3, 2), 1.0), 1)),
    "TransformedDistribution": lambda L, D, t: D.TransformedDistribution(
        D.Normal(t(LOC), t(A)), [D.AffineTransform(1.0, 2.0), D.TanhTransform()]),
    "TransformedDistribution to vectors": lambda L, D, t: D.TransformedDistribution(
        D.Normal(L.zeros(2, 3), 1.0), [D.StickBreakingTransform()]),
    "LKJCholesky": lambda L, D, t: D.LKJCholesky(3, t([1.0, 2.0])),
    "Wishart": lambda L, D, t: D.Wishart(t([4.0, 5.0]), t(MATRIX)),
    "ContinuousBernoulli": lambda L, D, t: D.ContinuousBernoulli(t([0.2, 0.5, 0.9])),
    "GeneralizedPareto": lambda L, D, t: D.GeneralizedPareto(t(LOC), t(A), t([0.0, 0.3, -0.4])),
}  # fmt: skip


def attempt(code: Callable[[], Any]) -> Any:
    """What the code gives, or the first line of its error: both libraries must fail alike too."""
    try:
        found = code()
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[:1]}"
    return found


def plain(found: Any) -> Any:
    """A result without history: integer samples too are compared as tensors."""
    return repr(found) if not hasattr(found, "detach") and not isinstance(found, (bool, tuple)) else found
