"""torch.func and vmap, and the transforms within each other: the same programs with torch and with flambeau."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Library = Any
CASES: list[Callable[[Library], Any]] = []


def case(program: Callable[[Library], Any]) -> Callable[[Library], Any]:
    CASES.append(program)
    return program


def matrix(t: Library) -> Any:
    return t.arange(6.0).reshape(2, 3) / 3 + 0.1


def row(t: Library) -> Any:
    return matrix(t)[0]


@case
def grad(t: Library) -> Any:
    return t.func.grad(lambda x: (x**3).sum())(matrix(t)), t.func.grad(t.func.grad(lambda x: x**4))(t.tensor(2.0))


@case
def grad_of_each_sample(t: Library) -> Any:
    return t.func.vmap(t.func.grad(lambda x: (x.sin() * x).sum()))(matrix(t))


@case
def grad_and_value_with_more(t: Library) -> Any:
    x = matrix(t)
    return t.func.grad_and_value(lambda x, y: ((x * y).sum(), x), argnums=(0, 1), has_aux=True)(x, x)


@case
def grad_of_no_number(t: Library) -> Any:
    return t.func.grad(lambda x: x * 2)(matrix(t))


@case
def grad_by_an_argument_that_is_not_there(t: Library) -> Any:
    return t.func.grad(lambda x: x.sum(), argnums=2)(matrix(t))


@case
def grad_whatever_is_around(t: Library) -> Any:
    with t.no_grad():
        x = matrix(t)
        slope = t.func.grad(lambda x: (x**2).sum())(x)
        return slope, slope.requires_grad, t.func.jvp(lambda x: x**2, (x,), (x,))


@case
def grad_recorded_further(t: Library) -> Any:
    x = t.tensor(3.0, requires_grad=True)
    slope = t.func.grad(lambda y: (y * x) ** 2)(x)
    slope.backward()
    return slope.detach(), x.grad


@case
def grad_not_recorded(t: Library) -> Any:
    return t.func.grad(lambda y: y**2)(t.tensor(3.0)).requires_grad


@case
def jacobians(t: Library) -> Any:
    f = lambda x: x.sin() * x.sum()  # noqa: E731
    return t.func.jacrev(f)(matrix(t)), t.func.jacfwd(f)(matrix(t)), t.func.jacrev(f, chunk_size=2)(row(t))


@case
def jacobians_of_several(t: Library) -> Any:
    f = lambda x, y: (x * y, {"sum": y.sum()})  # noqa: E731
    x = row(t)
    return t.func.jacrev(f, argnums=(0, 1))(x, x), t.func.jacfwd(f, argnums=1)(x, x)


@case
def second_derivatives(t: Library) -> Any:
    x = row(t)
    return (
        t.func.hessian(lambda x: (x.exp() * x).sum())(x),
        t.func.jacfwd(t.func.jacrev(lambda x: x.prod()))(x),
        t.func.jacrev(t.func.jacfwd(lambda x: (x**3).sum()))(x),
        t.func.vmap(t.func.hessian(lambda x: (x**3).sum()))(matrix(t)),
    )


@case
def products(t: Library) -> Any:
    x = matrix(t)
    values, pull = t.func.vjp(lambda x: (x * 2, x.sum()), x)
    return (
        t.func.jvp(lambda x, y: (x * y, x.sum()), (x, x), (x * 0 + 1, x)),
        values,
        pull((x, t.tensor(2.0))),
    )


@case
def linearized(t: Library) -> Any:
    return t.func.vjp(lambda x: x.sin(), matrix(t))[1](matrix(t)), t.func.jvp(t.sin, (matrix(t),), (matrix(t),))


@case
def vmap_dimensions(t: Library) -> Any:
    x = matrix(t)
    return (
        t.vmap(lambda x, y: x @ y, in_dims=(1, 0), out_dims=1)(x, t.ones(3, 2, 4)),
        t.vmap(lambda x: (x, t.ones(2)))(x),
        t.vmap(lambda x: t.vmap(lambda y: x * y)(row(t)))(x[1]),
        t.vmap(lambda d: d["a"] * d["b"], in_dims=({"a": 0, "b": None},))({"a": x, "b": row(t)}),
        t.func.vmap(lambda x: x.sum(), chunk_size=1)(x),
    )


@case
def vmap_of_many_ops(t: Library) -> Any:
    def f(x: Any) -> Any:
        z = t.zeros_like(x)
        z[0] = x[1]
        z.add_(x)
        parts = (
            t.cat([z, x.flip(0)]),
            x.sort(descending=True)[0],
            t.stack([x, x * 2]).mean(0),
            x.cumsum(0),
            x[1:].view(1, 2),
        )
        return (*parts, t.nn.functional.softmax(x, 0).argmax(0), x.unsqueeze(0).expand(2, 3).t(), t.where(x > 1, x, -x))

    return t.vmap(f)(matrix(t))


@case
def vmap_of_indices(t: Library) -> Any:
    x = matrix(t)
    return t.vmap(lambda x, i: x[i])(x, t.tensor([2, 0])), t.vmap(lambda i: x[:, i])(t.tensor([0, 2, 1]))


@case
def vmap_over_what_is_shared(t: Library) -> Any:
    w = t.ones(3, requires_grad=True)
    sums = t.vmap(lambda x: (x * w).sum())(matrix(t))
    sums.sum().backward()
    return sums.detach(), w.grad


@case
def vmap_in_derivatives(t: Library) -> Any:
    x = matrix(t)
    return (
        t.func.jacrev(t.vmap(lambda x: x.sum() ** 2))(x),
        t.func.grad(lambda x: t.vmap(lambda y: (y**2).sum())(x).sum())(x),
        t.func.vmap(t.func.jacrev(lambda x: x**2))(x),
        t.func.vmap(t.func.jacfwd(lambda x: x**2))(x),
    )


@case
def vmap_reads_no_number(t: Library) -> Any:
    return t.vmap(lambda x: x.item())(row(t))


@case
def vmap_over_sizes_that_differ(t: Library) -> Any:
    return t.vmap(lambda x, y: x + y)(t.ones(2), t.ones(3))


@case
def vmap_over_no_dimension(t: Library) -> Any:
    return t.vmap(lambda x: x, in_dims=1)(t.ones(2))


@case
def vmap_over_a_number(t: Library) -> Any:
    return t.vmap(lambda x, y: x)(t.ones(2), 1.0)


@case
def vmap_returning_a_number(t: Library) -> Any:
    return t.vmap(lambda x: 1)(t.ones(2))


@case
def gradients_in_a_batch(t: Library) -> Any:
    x = matrix(t).requires_grad_()
    weights = t.stack([t.ones(2, 3), matrix(t), t.zeros(2, 3)])
    return t.autograd.grad(x**2, x, weights, is_grads_batched=True)


@case
def per_sample_gradients(t: Library) -> Any:
    def loss(params: Any, x: Any, y: Any) -> Any:
        return ((x @ params["w"] + params["b"] - y) ** 2).mean()

    params = {"w": row(t).reshape(3, 1), "b": t.ones(1)}
    return t.vmap(t.func.grad(loss), in_dims=(None, 0, 0))(params, matrix(t), t.ones(2, 1))


@case
def random_numbers_of_each(t: Library) -> Any:
    x = t.ones(4, 3) / 2
    draws = (
        lambda x: x + t.rand(3), lambda x: x.clone().normal_(), lambda x: t.randperm(3), t.randn_like, t.bernoulli,
        lambda x: t.randint(0, 5, (2,)),
    )  # fmt: skip
    return [t.vmap(f, randomness="different")(x) for f in draws]


@case
def random_numbers_for_all(t: Library) -> Any:
    x = t.zeros(4, 3)
    draws = lambda x: x + t.rand(3), t.rand_like, lambda x: x.clone().normal_()
    return [t.vmap(f, randomness="same")(x) for f in draws]


@case
def random_numbers_unasked_for(t: Library) -> Any:
    return t.vmap(lambda x: x + t.rand(3))(t.zeros(4, 3))


@case
def custom_functions(t: Library) -> Any:
    class Square(t.autograd.Function):  # type: ignore[misc, name-defined]
        generate_vmap_rule = True

        @staticmethod
        def forward(x: Any) -> Any:
            return x * x

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2 * ctx.saved_tensors[0]

    class Ruled(Square):
        generate_vmap_rule = False

        @staticmethod
        def vmap(info: Any, in_dims: Any, x: Any) -> Any:
            return x * 10 + info.batch_size, 0

    x = row(t)
    return t.vmap(t.func.grad(Square.apply))(x), t.vmap(Ruled.apply)(x), t.func.grad(lambda x: Ruled.apply(x).sum())(x)


@case
def custom_function_without_a_rule(t: Library) -> Any:
    members = {"forward": staticmethod(lambda x: x * x), "setup_context": staticmethod(lambda ctx, i, o: None)}
    return t.vmap(type("Plain", (t.autograd.Function,), members).apply)(row(t))


@pytest.mark.parametrize("program", CASES, ids=[c.__name__ for c in CASES])
def test_as_torch(program: Callable[[Library], Any], same: Callable[..., None]) -> None:
    fails = ("no_number", "not_there", "differ", "no_dimension", "a_number", "without_a_rule", "unasked_for")
    same(program, fails=program.__name__.endswith(fails))


def test_linearize_runs_the_function_once() -> None:
    import flambeau

    runs = []

    def f(x: Any) -> Any:
        runs.append(1)
        return x.sin()

    x = matrix(flambeau)
    value, push = flambeau.func.linearize(f, x)
    assert flambeau.equal(value, x.sin())
    for tangent in (x, x * 2):
        assert flambeau.allclose(push(tangent), x.cos() * tangent)
    assert len(runs) == 1


def test_tutorials(same: Callable[..., None]) -> None:
    """Gradients of each sample, an ensemble, the neural tangent kernel: models of modules, with their weights as arguments."""

    def program(t: Library) -> Any:
        m = t.nn.Sequential(
            t.nn.Conv2d(1, 2, 3), t.nn.ReLU(), t.nn.MaxPool2d(2), t.nn.Flatten(), t.nn.Linear(8, 3), t.nn.LogSoftmax(1)
        )
        weights = {k: v.detach() for k, v in m.named_parameters()}
        images, classes = t.randn(3, 1, 6, 6), t.tensor([0, 2, 1])

        def loss(weights: Any, image: Any, label: Any) -> Any:
            out = t.func.functional_call(m, weights, (image.unsqueeze(0),))
            return t.nn.functional.nll_loss(out, label.unsqueeze(0))

        each = t.vmap(t.func.grad(loss), in_dims=(None, 0, 0))(weights, images, classes)

        models = [t.nn.Sequential(t.nn.Linear(4, 5), t.nn.Tanh(), t.nn.Linear(5, 2)) for _ in range(3)]
        parameters, buffers = t.func.stack_module_state(models)
        x = t.randn(6, 4)
        call = lambda p, b, x: t.func.functional_call(models[0], (p, b), (x,))  # noqa: E731
        together = t.vmap(call, in_dims=(0, 0, None))(parameters, buffers, x)

        slopes = t.vmap(t.func.jacrev(lambda p, x: call(p, {}, x)), (None, 0))(
            {k: v[0] for k, v in parameters.items()}, x
        )
        kernel = sum(t.einsum("naf,mbf->nmab", j.flatten(2), j.flatten(2)) for j in slopes.values())
        return each, together.detach(), kernel.detach()

    same(program, rtol=1e-4, atol=1e-4)


def test_matrices_of_each(same: Callable[..., None]) -> None:
    def program(t: Library) -> Any:
        x = t.randn(2, 3, 3)
        functions = (t.linalg.inv, lambda x: t.linalg.svd(x)[1], lambda x: t.linalg.solve(x, t.ones(3)), t.logdet)
        good = x @ x.mT + 3 * t.eye(3)
        return [t.vmap(f)(good) for f in functions], t.vmap(t.func.grad(lambda x: t.linalg.inv(x).sum()))(good)

    same(program, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("pattern", "sizes"),
    [
        ("b h w c -> b c h w", {}),
        ("b h w c -> (b h) (w c)", {}),
        ("(b x) h w c -> b x h (w c) 1", {"b": 2}),
        ("b ... c -> c ... b", {}),
        ("b ... -> b (...)", {}),
        ("b h (w v) c -> b (h v) w c", {"v": 2}),
    ],
)
def test_rearrange(pattern: str, sizes: dict[str, int], same: Callable[..., None]) -> None:
    same(lambda t: t.func.rearrange(t.arange(96.0).reshape(4, 2, 6, 2), pattern, **sizes))


@pytest.mark.parametrize("shape", [(3, 2), (3, 3)])
def test_jacobians_of_what_ran_a_vmap_itself(same: Callable[..., None], shape: tuple[int, int]) -> None:
    """Whether the two have samples of one number or of two."""

    def code(t: Library) -> Any:
        x = t.linspace(-1, 1, shape[0] * shape[1]).reshape(shape)
        jacrev, vmap = t.func.jacrev, t.func.vmap
        rows = jacrev(lambda x: vmap(lambda row: t.tanh(row).sum() * row)(x))(x)
        twice = jacrev(jacrev(lambda x: t.stack([(x**3).sum(), x.sum() ** 2])))(x)
        through = t.func.grad(lambda x: (jacrev(lambda y: t.sin(y) * y.sum())(x) ** 2).sum())(x)
        return rows, twice, through

    same(code)
