"""Constraints, transforms and their registries, parameters that are refused, distributions of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .families import attempt

Same = Callable[..., None]

X = [[0.3, -1.2, 0.8], [1.5, 0.1, -0.4]]

TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "exp": lambda D: D.ExpTransform(),
    "sigmoid": lambda D: D.SigmoidTransform(),
    "softplus": lambda D: D.SoftplusTransform(),
    "tanh, inverted": lambda D: D.TanhTransform(cache_size=1).inv.inv,
    "affine": lambda D: D.AffineTransform(1.0, -2.0, event_dim=1),
    "power of exp": lambda D: D.ComposeTransform([D.ExpTransform(), D.PowerTransform(2.0)]),
    "softmax": lambda D: D.SoftmaxTransform(),
    "stick breaking": lambda D: D.StickBreakingTransform(),
    "correlations": lambda D: D.CorrCholeskyTransform(),
    "reshape": lambda D: D.ReshapeTransform((3,), (3, 1)),
    "independent": lambda D: D.IndependentTransform(D.ExpTransform(), 1),
    "cat": lambda D: D.CatTransform([D.ExpTransform(), D.AffineTransform(0.0, 2.0)], dim=1, lengths=[1, 2]),
    "stack": lambda D: D.StackTransform([D.ExpTransform(), D.SigmoidTransform(), D.TanhTransform()], dim=1),
    "cdf": lambda D: D.CumulativeDistributionTransform(D.Normal(0.0, 1.0)),
    "abs": lambda D: D.AbsTransform(),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transform(name: str, same: Same) -> None:
    def run(library: Any) -> Any:
        t = TRANSFORMS[name](library.distributions)
        x = library.tensor(X)
        y = t(x)
        jacobian = attempt(lambda: t.log_abs_det_jacobian(x, y))
        told = [
            attempt(lambda n=n: str(getattr(t, n))) for n in ("domain", "codomain", "bijective", "event_dim", "sign")
        ]
        shapes = [attempt(lambda: tuple(t.forward_shape((2, 3)))), attempt(lambda: tuple(t.inverse_shape((2, 3, 3))))]
        return [y, t.inv(y), jacobian, told, shapes, repr(t), t == TRANSFORMS[name](library.distributions), repr(t.inv)]

    same(run, rtol=2e-5, atol=2e-5)


CONSTRAINTS: dict[str, Callable[[Any], Any]] = {
    "real": lambda c: c.real,
    "positive": lambda c: c.positive,
    "nonnegative": lambda c: c.nonnegative,
    "greater_than": lambda c: c.greater_than(1.0),
    "less_than": lambda c: c.less_than(2.0),
    "interval": lambda c: c.interval(-1.0, 3.0),
    "unit_interval": lambda c: c.unit_interval,
    "half_open_interval": lambda c: c.half_open_interval(0.0, 1.0),
    "simplex": lambda c: c.simplex,
    "real_vector": lambda c: c.real_vector,
    "corr_cholesky": lambda c: c.corr_cholesky,
    "lower_cholesky": lambda c: c.lower_cholesky,
    "positive_definite": lambda c: c.positive_definite,
    "independent": lambda c: c.independent(c.positive, 1),
    "cat": lambda c: c.cat([c.positive, c.real], 1, [1, 2]),
    "stack": lambda c: c.stack([c.positive, c.real, c.unit_interval], 1),
    "boolean": lambda c: c.boolean,
    "integer_interval": lambda c: c.integer_interval(0, 3),
    "one_hot": lambda c: c.one_hot,
    "multinomial": lambda c: c.multinomial(3),
    "square": lambda c: c.square,
    "symmetric": lambda c: c.symmetric,
    "positive_semidefinite": lambda c: c.positive_semidefinite,
    "lower_triangular": lambda c: c.lower_triangular,
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraint(name: str, same: Same) -> None:
    def run(library: Any) -> Any:
        c = CONSTRAINTS[name](library.distributions.constraints)
        points = [X, [[0.0, 1.0, 0.0], [0.2, 0.3, 0.5]], [[1.0, 0.0], [0.6, 0.8]], [[2.0, 0.5], [0.5, 1.0]]]
        checks = [attempt(lambda p=p: c.check(library.tensor(p))) for p in points]
        ways = []
        for registry in (library.distributions.biject_to, library.distributions.transform_to):
            x = library.tensor(
                X if name not in ("lower_cholesky", "positive_definite", "positive_semidefinite") else points[3]
            )
            ways.append(attempt(lambda r=registry, x=x: r(c)(x)))
        return [checks, ways, repr(c), str(c.is_discrete), c.event_dim]

    same(run, rtol=2e-5, atol=2e-5)


REFUSED: dict[str, Callable[[Any, Any], Any]] = {
    "negative scale": lambda t, D: D.Normal(0.0, t.tensor([1.0, -1.0])),
    "nan": lambda t, D: D.Normal(float("nan"), 1.0),
    "no number": lambda t, D: D.Normal("a", 1.0),
    "not a simplex": lambda t, D: D.Categorical(t.tensor([-1.0, 2.0])),
    "both": lambda t, D: D.Bernoulli(t.tensor(0.5), logits=t.tensor(0.5)),
    "neither": lambda t, D: D.Categorical(),
    "scalar probs": lambda t, D: D.Categorical(t.tensor(0.5)),
    "probability above one": lambda t, D: D.Bernoulli(1.5),
    "empty range": lambda t, D: D.Uniform(2.0, 1.0),
    "no success": lambda t, D: D.Geometric(t.tensor([0.0, 0.5])),
    "not positive-definite": lambda t, D: D.MultivariateNormal(t.zeros(2), t.tensor([[1.0, 2.0], [2.0, 1.0]])),
    "two matrices": lambda t, D: D.MultivariateNormal(t.zeros(2), t.eye(2), t.eye(2)),
    "too many dims": lambda t, D: D.Independent(D.Normal(t.zeros(2), 1.0), 2),
    "not a categorical": lambda t, D: D.MixtureSameFamily(D.Normal(0.0, 1.0), D.Normal(t.zeros(2), 1.0)),
    "other count": lambda t, D: D.MixtureSameFamily(D.Categorical(t.ones(3)), D.Normal(t.zeros(2), 1.0)),
    "outside the support": lambda t, D: D.Bernoulli(0.5).log_prob(t.tensor(0.3)),
    "wrong shape": lambda t, D: D.Normal(t.zeros(3), 1.0).log_prob(t.zeros(2)),
    "wrong event": lambda t, D: D.MultivariateNormal(t.zeros(2), t.eye(2)).log_prob(t.zeros(3)),
    "no transform": lambda t, D: D.TransformedDistribution(D.Normal(0.0, 1.0), 3),
    "no constraint": lambda t, D: D.biject_to(D.constraints.boolean),
    "dim 1": lambda t, D: D.LKJCholesky(1),
    "counts of many": lambda t, D: D.Binomial(t.tensor([1.0, 2.0]), t.tensor([0.5, 0.5])).entropy(),
    "no mode": lambda t, D: D.Multinomial(3, t.ones(2)).mode,
    "no rsample": lambda t, D: D.Bernoulli(0.5).rsample(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, same: Same) -> None:
    same(lambda t: REFUSED[name](t, t.distributions), fails=True)


def test_validation_can_be_turned_off(same: Same) -> None:
    same(lambda t: t.distributions.Normal(0.0, -1.0, validate_args=False).scale)
    same(lambda t: t.distributions.Bernoulli(0.5, validate_args=False).log_prob(t.tensor(0.3)))


def test_distribution_of_ones_own(same: Same) -> None:
    def run(t: Any) -> Any:
        class Shifted(t.distributions.Normal):  # type: ignore[misc, name-defined]
            def __init__(self, shift: float) -> None:
                super().__init__(t.tensor([shift, 0.0]), 1.0)

        class Half(t.distributions.Distribution):  # type: ignore[misc, name-defined]
            arg_constraints: dict[str, Any] = {}
            support = t.distributions.constraints.real

            def rsample(self, sample_shape: Any = ()) -> Any:
                return t.full(self._extended_shape(sample_shape), 0.5)

        D = t.distributions

        @D.register_kl(Shifted, D.Normal)
        def shifted(p: Any, q: Any) -> Any:
            return p.loc - q.loc

        d = Shifted(2.0)
        return [repr(d), attempt(lambda: d.expand((3, 2))), Half((2,)).sample((3,)), D.kl_divergence(d, D.Normal(0.0, 1.0)),
                attempt(lambda: Half().mean), attempt(lambda: D.kl_divergence(Half(), d))]  # fmt: skip

    same(run)


def test_module_paths() -> None:
    from flambeau.distributions.kl import kl_divergence
    from flambeau.distributions.normal import Normal
    from flambeau.distributions.utils import broadcast_all, lazy_property, probs_to_logits

    assert kl_divergence(Normal(0.0, 1.0), Normal(0.0, 1.0)).item() == 0
    assert all((broadcast_all, lazy_property, probs_to_logits))


def test_policy_gradient(same: Same) -> None:
    """What reinforcement learning does with them: actions, their log probabilities, the entropy of a policy."""

    def run(t: Any) -> Any:
        t.manual_seed(1)
        policy = t.nn.Linear(4, 2)
        state = t.randn(6, 4)
        d = t.distributions.Categorical(logits=policy(state))
        action = d.sample()
        loss = -(d.log_prob(action) * t.arange(6.0)).mean() - 0.01 * d.entropy().mean()
        loss.backward()
        return [action, loss, policy.weight.grad]

    same(run)


def test_saturated_actor(same: Same) -> None:
    """A squashed normal policy whose samples' densities are exact, by the cache of the transform."""

    def run(t: Any) -> Any:
        D = t.distributions
        d = D.TransformedDistribution(D.Normal(t.tensor([8.0, 0.0]), t.ones(2)), D.TanhTransform(cache_size=1))
        t.manual_seed(0)
        action = d.rsample((3,))
        return [action, d.log_prob(action).sum(-1)]

    same(run, rtol=1e-4, atol=1e-4)
