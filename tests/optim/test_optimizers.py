"""Optimizers: trajectories, state, groups, hooks, printing and errors, as torch's."""

import copy
import pickle
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

import flambeau

Library = Any
Make = Callable[[Library], Any]

# name: settings. Each runs 50 steps on a small network.
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {"lr": 0.1},
        {},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"lr": 0.1, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1},
        {"lr": 0.05, "weight_decay": 0.2, "maximize": True},
        {"lr": 0.05, "weight_decay": 0.2, "momentum": 0.5, "nesterov": True},
    ],
    "Adam": [
        {},
        {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-5},
        {"lr": 0.05, "weight_decay": 0.1},
        {"lr": 0.05, "amsgrad": True},
        {"lr": 0.02, "maximize": True},
        {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "AdamW": [{}, {"lr": 0.05, "weight_decay": 0.3}, {"lr": 0.05, "amsgrad": True}],
    "RMSprop": [
        {},
        {"lr": 0.01, "alpha": 0.9, "weight_decay": 0.1},
        {"lr": 0.01, "momentum": 0.9},
        {"lr": 0.01, "centered": True, "maximize": True},
        {"lr": 0.01, "centered": True, "momentum": 0.5},
    ],
    "Adagrad": [{}, {"lr": 0.1, "lr_decay": 0.05, "weight_decay": 0.1, "initial_accumulator_value": 0.2}],
    "Adamax": [{}, {"lr": 0.05, "betas": (0.8, 0.95), "weight_decay": 0.1, "maximize": True}],
    "NAdam": [
        {},
        {"lr": 0.05, "weight_decay": 0.1, "momentum_decay": 0.1},
        {"lr": 0.02, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "RAdam": [
        {},
        {"lr": 0.05, "weight_decay": 0.1, "betas": (0.8, 0.9)},
        {"lr": 0.02, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "Adadelta": [{}, {"lr": 0.5, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.1, "maximize": True}],
    "ASGD": [{}, {"lr": 0.1, "lambd": 0.01, "alpha": 0.5, "t0": 10, "weight_decay": 0.1}],
    "Rprop": [{}, {"lr": 0.05, "etas": (0.4, 1.3), "step_sizes": (1e-3, 0.1), "maximize": True}],
    "Adafactor": [
        {},
        {"lr": 0.1, "beta2_decay": -0.5, "eps": (1e-3, 1e-2), "d": 1.5, "weight_decay": 0.1, "maximize": True},
    ],
}
CASES = [pytest.param(name, settings, id=f"{name} {settings}") for name, each in SETTINGS.items() for settings in each]


CHAOTIC = ("Rprop", "Adafactor")
"""Whose steps jump with the sign of a gradient near 0, or climb steeply: float32's rounding would soon show."""


def network(t: Library) -> Any:
    net = t.nn.Sequential(t.nn.Linear(4, 8), t.nn.Tanh(), t.nn.Linear(8, 3))
    net.register_parameter("unused", t.nn.Parameter(t.ones(2)))
    return net


def train(t: Library, net: Any, optimizer: Any, steps: int) -> list[Any]:
    x, y = t.randn(6, 4).to(next(net.parameters()).dtype), t.tensor([0, 1, 2, 0, 1, 2])
    losses = []
    for _ in range(steps):
        loss = t.nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_fifty_steps(same: Callable[..., None], name: str, settings: dict[str, Any]) -> None:
    def code(t: Library) -> Any:
        net = network(t)
        if name in CHAOTIC:
            net = net.double()
        optimizer = getattr(t.optim, name)(net.parameters(), **settings)
        losses = train(t, net, optimizer, 50)
        state = optimizer.state_dict()["state"]
        known = {i: {key: (v.dtype, v.shape) for key, v in each.items()} for i, each in state.items()}
        return repr(optimizer), losses, list(net.parameters()), known

    same(code, rtol=2e-5, atol=5e-6)


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in CHAOTIC])
def test_parameters_of_all_sizes(same: Callable[..., None], name: str) -> None:
    """Small and large, of two dtypes, transposed, 0-d, empty, and some without a gradient now and then."""

    def code(t: Library) -> Any:
        shapes = [(3,), (2, 3), (), (0,), (70, 70), (4, 2), (5,)]
        params = [t.rand(shape) for shape in shapes] + [t.rand(3, 2).t(), t.rand(4, dtype=t.float64)]
        params = [p.requires_grad_() for p in params]
        optimizer = getattr(t.optim, name)(params, **SETTINGS[name][-1])
        for step in range(4):
            for i, p in enumerate(params):
                p.grad = None if i == 2 * step else t.rand(p.shape, dtype=p.dtype) - 0.3
            optimizer.step()
        state = {i: [v.sum() for v in s.values() if v is not None] for i, s in optimizer.state_dict()["state"].items()}
        return [p.sum() for p in params], params[7], state

    same(code)


@pytest.mark.parametrize("name", list(SETTINGS))
def test_groups(same: Callable[..., None], name: str) -> None:
    def code(t: Library) -> Any:
        net = network(t)
        optimizer = getattr(t.optim, name)(
            [{"params": net[0].parameters(), "lr": 0.02}, {"params": net[2].weight, "weight_decay": 0.5}], lr=0.01
        )
        optimizer.add_param_group({"params": [net[2].bias]})
        optimizer.param_groups[0]["lr"] = 0.005
        losses = train(t, net, optimizer, 5)
        groups = [{k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups]
        return repr(optimizer), losses, list(net.parameters()), groups, optimizer.state_dict()

    same(code)


@pytest.mark.parametrize("name", list(SETTINGS))
def test_saved_state_goes_on(same: Callable[..., None], name: str) -> None:
    def code(t: Library) -> Any:
        net = network(t)
        optimizer = getattr(t.optim, name)(net.parameters(), lr=0.02)
        train(t, net, optimizer, 3)
        state = copy.deepcopy(optimizer.state_dict())
        again = getattr(t.optim, name)(net.parameters(), lr=0.5)
        again.load_state_dict(state)
        losses = train(t, net, again, 3)
        return losses, list(net.parameters()), again.state_dict(), again.param_groups[0]["lr"]

    same(code)


@pytest.mark.parametrize("name", list(SETTINGS))
def test_state_is_interchangeable_with_torch(name: str) -> None:
    """What torch saved goes on here with torch's losses, and what was saved here in torch."""
    import torch

    def tensors(state: Any, t: Library) -> Any:
        if isinstance(state, dict):
            return {k: tensors(v, t) for k, v in state.items()}
        return t.tensor(state.numpy()) if isinstance(state, (torch.Tensor, flambeau.Tensor)) else state

    def moved(net: Any, optimizer: Any, t: Library) -> list[float]:
        """The losses of going on in another library from what one has saved."""
        other = network(t)
        other.load_state_dict(tensors(dict(net.state_dict()), t))
        its_optimizer = getattr(t.optim, name)(other.parameters())
        its_optimizer.load_state_dict(tensors(optimizer.state_dict(), t))
        t.manual_seed(5)
        losses: list[float] = train(t, other, its_optimizer, 4)
        return losses

    def started(t: Library) -> tuple[Any, Any]:
        t.manual_seed(0)
        net = network(t)
        optimizer = getattr(t.optim, name)(net.parameters(), lr=0.02)
        train(t, net, optimizer, 4)
        return net, optimizer

    expected = moved(*started(torch), torch)
    assert moved(*started(torch), flambeau) == pytest.approx(expected, rel=1e-5)
    assert moved(*started(flambeau), torch) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("settings", [
    {},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "lr": 3.0, "max_iter": 4},
    {"lr": 0.1, "max_iter": 7, "history_size": 3},
])  # fmt: skip
def test_lbfgs(same: Callable[..., None], settings: dict[str, Any]) -> None:
    """Rosenbrock's valley, and a small network; in between the state is saved and loaded."""

    def valley(t: Library) -> Any:
        p = t.nn.Parameter(t.tensor([-1.5, 2.0], dtype=t.float64))
        optimizer = t.optim.LBFGS([p], **settings)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2
            loss.backward()
            return loss

        places = []
        for _ in range(4):
            if settings:  # full steps alone leap about
                places.append([optimizer.step(closure).item(), p])
            state = optimizer.state_dict()
            optimizer = t.optim.LBFGS([p], **settings)
            optimizer.load_state_dict(state)
        return places, repr(optimizer)

    def net(t: Library) -> Any:
        model = network(t)
        x, y = t.randn(6, 4), t.tensor([0, 1, 2, 0, 1, 2])
        optimizer = t.optim.LBFGS(model.parameters(), **settings)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = t.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            return loss

        losses = [optimizer.step(closure).item() for _ in range(2)]
        (state,) = optimizer.state_dict()["state"].values()
        return losses, state["func_evals"], state["n_iter"], list(state), len(state["old_dirs"])

    same(valley, rtol=1e-6)
    same(net, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("settings", [
    {"lr": 0.02}, {"lr": 0.02, "nesterov": False, "weight_decay": 0.3}, {"adjust_lr_fn": "match_rms_adamw", "ns_steps": 3},
])  # fmt: skip
def test_muon(same: Callable[..., None], settings: dict[str, Any]) -> None:
    """To the rounding of bfloat16, in which the step is computed."""

    def code(t: Library) -> Any:
        net = t.nn.Sequential(t.nn.Linear(4, 8, bias=False), t.nn.Tanh(), t.nn.Linear(8, 3, bias=False))
        optimizer = t.optim.Muon(net.parameters(), **settings)
        return train(t, net, optimizer, 8), list(net.parameters()), repr(optimizer), optimizer.state_dict()

    same(code, rtol=1e-2, atol=5e-3)


FUNCTIONS: dict[str, Callable[[Library, Any], Any]] = {
    "adam": lambda t, f: f(
        *lists(t, 5), [t.tensor(3.0)], amsgrad=False, beta1=0.9, beta2=0.99, lr=0.1, weight_decay=0.1, eps=1e-8,
        maximize=False,
    ),
    "adamw": lambda t, f: f(
        *lists(t, 5), [t.tensor(3.0)], amsgrad=True, beta1=0.9, beta2=0.99, lr=0.1, weight_decay=0.1, eps=1e-8,
        maximize=True,
    ),
    "sgd": lambda t, f: f(
        *lists(t, 2), [None], weight_decay=0.1, momentum=0.9, lr=0.1, dampening=0, nesterov=False, maximize=False
    ),
    "rprop": lambda t, f: f(
        *lists(t, 4), [t.tensor(3.0)], step_size_min=0.1, step_size_max=3, etaminus=0.5, etaplus=1.2
    ),
    "rmsprop": lambda t, f: f(
        *lists(t, 5), [t.tensor(3.0)], lr=0.1, alpha=0.9, eps=1e-8, weight_decay=0, momentum=0.9, centered=False
    ),
}  # fmt: skip
GIVEN: list[Any] = []


def lists(t: Library, count: int) -> list[Any]:
    made = [[t.tensor([0.5, 1.0 + i])] for i in range(count)]
    GIVEN[:] = made
    return made


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_steps_as_functions(same: Callable[..., None], name: str) -> None:
    def code(t: Library) -> Any:
        FUNCTIONS[name](t, getattr(import_module(f"{t.__name__}.optim.{name}"), name))
        return GIVEN

    same(code)


def test_other_parameters_and_state_for_a_while(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        p, q = t.nn.Parameter(t.ones(2)), t.ones(2) * 3
        p.grad, q.grad = t.ones(2), t.ones(2)
        optimizer = t.optim.Adam([p])
        optimizer.step()
        state = copy.deepcopy(optimizer.state_dict())
        state["param_groups"][0]["lr"] = 0.5
        with t.optim.swap_in_optimizer_params_and_state(optimizer, {"q": q}, state):
            optimizer.step()
        return p, q, state, optimizer.state_dict()

    same(code)


def test_closures(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        p = t.nn.Parameter(t.tensor([2.0]))
        optimizer = t.optim.SGD([p], lr=0.1)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = (p * p).sum()
            loss.backward()
            return loss

        with t.no_grad():
            first = optimizer.step(closure)
        return first.item(), optimizer.step(closure).item(), optimizer.step(), p, p.requires_grad

    same(code)


def test_zero_grad(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        p = t.nn.Parameter(t.tensor([2.0]))
        optimizer = t.optim.SGD([p], lr=0.1)
        (p * p).sum().backward()
        optimizer.zero_grad(set_to_none=False)
        zeroed = p.grad.clone()
        (p * p).sum().backward()
        grad = p.grad
        optimizer.zero_grad()
        return zeroed, grad, p.grad

    same(code)


def test_tensor_learning_rate(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        net = network(t)
        results = []
        for name in ("SGD", "Adam", "RMSprop"):
            optimizer = getattr(t.optim, name)(net.parameters(), lr=t.tensor(0.05))
            results += [train(t, net, optimizer, 3), repr(optimizer)]
        return results

    same(code)


def test_named_parameters(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        net = network(t)
        optimizer = t.optim.Adam(net.named_parameters(), lr=0.02)
        losses = train(t, net, optimizer, 2)
        return losses, optimizer.state_dict()["param_groups"], repr(optimizer)

    same(code)


def test_hooks(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        log: list[Any] = []
        p = t.nn.Parameter(t.tensor([2.0]))
        optimizer = t.optim.SGD([p], lr=0.1)
        module = import_module(f"{t.__name__}.optim.optimizer")
        handles = [
            module.register_optimizer_step_pre_hook(lambda o, a, k: log.append(("global pre", len(a), k))),
            module.register_optimizer_step_post_hook(lambda o, a, k: log.append(("global post", o is optimizer))),
            optimizer.register_step_pre_hook(lambda o, a, k: log.append("pre")),
            optimizer.register_step_post_hook(lambda o, a, k: log.append("post")),
            optimizer.register_state_dict_pre_hook(lambda o: log.append("state pre")),
            optimizer.register_state_dict_post_hook(lambda o, s: log.append(list(s))),
            optimizer.register_load_state_dict_pre_hook(lambda o, s: log.append("load pre")),
            optimizer.register_load_state_dict_post_hook(lambda o: log.append("load post"), prepend=True),
        ]
        optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        for h in handles:
            h.remove()
        optimizer.step()
        return log

    same(code)


def test_an_optimizer_of_ones_own(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        log: list[str] = []

        class Half(t.optim.Optimizer):
            def __init__(self, params: Any, factor: Any = 0.5) -> None:
                super().__init__(params, {"factor": factor})

            @t.no_grad()
            def step(self, closure: Any = None) -> None:
                for group in self.param_groups:
                    for p in group["params"]:
                        p.mul_(group["factor"])
                        self.state[p]["count"] = self.state[p].get("count", 0) + 1

        p = t.nn.Parameter(t.tensor([2.0]))
        optimizer = Half([p])
        hook = import_module(f"{t.__name__}.optim.optimizer").register_optimizer_step_post_hook(
            lambda o, a, k: log.append(type(o).__name__)
        )
        optimizer.step()
        hook.remove()
        return p, log, repr(optimizer), optimizer.state_dict()

    same(code)


def test_an_optimizer_copied_from_torch(same: Callable[..., None]) -> None:
    """It imports what torch's own are built of."""

    def code(t: Library) -> Any:
        parts = import_module(f"{t.__name__}.optim.optimizer")

        class Signed(t.optim.Optimizer):
            def __init__(self, params: Any, lr: Any) -> None:
                super().__init__(params, {"lr": lr, "differentiable": False})

            @parts._use_grad_for_differentiable
            def step(self, closure: Any = None) -> Any:
                for group in self.param_groups:
                    for p in group["params"]:
                        p.add_(p.grad.sign(), alpha=-parts._get_value(parts._to_scalar(group["lr"])))
                return t.is_grad_enabled()

        p = t.nn.Parameter(t.tensor([2.0, -1.0]))
        p.grad = t.tensor([3.0, -4.0])
        return Signed([p], t.tensor([0.5])).step(), t.is_grad_enabled(), p, str(parts._get_scalar_dtype())

    same(code)


def test_a_step_called_by_a_subclass_is_one_step() -> None:
    """Who watches steps sees one, where torch, once the parent has been used, reports two."""

    class Noisy(flambeau.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            return super().step(closure)

    seen = []
    flambeau.optim.SGD([flambeau.nn.Parameter(flambeau.ones(1))]).step()
    with flambeau.optim.optimizer.register_optimizer_step_post_hook(lambda o, a, k: seen.append(type(o).__name__)):
        Noisy([flambeau.nn.Parameter(flambeau.ones(1))], lr=0.1).step()
    assert seen == ["Noisy"]


def test_differentiable_steps(same: Callable[..., None]) -> None:
    """With `differentiable` the step itself is recorded."""

    def code(t: Library) -> Any:
        grads = []
        for settings in ({"lr": 0.1}, {"lr": 0.1, "momentum": 0.9}):
            w = t.tensor([1.0, 2.0], requires_grad=True)
            p = w.clone()
            p.grad = (w**3).detach() * 1.0
            p.grad = w**3
            t.optim.SGD([p], differentiable=True, **settings).step()
            (g,) = t.autograd.grad((p * p).sum(), w)
            grads.append(g)
        return grads

    same(code)


def test_pickle_and_deepcopy() -> None:
    net = network(flambeau)
    optimizer = flambeau.optim.Adam(net.parameters(), lr=0.02)
    train(flambeau, net, optimizer, 2)
    for twin in (pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer)):
        assert repr(twin) == repr(optimizer)
        assert len(twin.state) == len(optimizer.state)
        twin.step()


def test_the_backend_hears_of_the_end_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = []
    p = flambeau.nn.Parameter(flambeau.ones(1))
    monkeypatch.setattr(flambeau.optim.optimizer, "step_boundary", heard.append)
    optimizer = flambeau.optim.SGD([p], lr=0.1)
    optimizer.step()
    optimizer.step()
    assert heard == [p.device, p.device]


ERRORS: dict[str, Make] = {
    "no parameters": lambda t: t.optim.SGD([]),
    "a tensor": lambda t: t.optim.SGD(t.zeros(1)),
    "a number": lambda t: t.optim.SGD([3.0]),
    "a set": lambda t: t.optim.SGD([{"params": {t.nn.Parameter(t.zeros(1))}}]),
    "a non-leaf": lambda t: t.optim.SGD([t.zeros(1, requires_grad=True) * 2]),
    "twice": lambda t: t.optim.SGD([{"params": [p]} for p in [t.nn.Parameter(t.zeros(1))] * 2]),
    "a group that is none": lambda t: t.optim.SGD([t.nn.Parameter(t.zeros(1))]).add_param_group([1]),
    "names for some": lambda t: t.optim.SGD([("a", t.nn.Parameter(t.zeros(1))), t.nn.Parameter(t.zeros(1))]),
    "names in some groups": lambda t: t.optim.SGD(
        [{"params": [("a", t.nn.Parameter(t.zeros(1)))]}, {"params": [t.nn.Parameter(t.zeros(1))]}]
    ),
    "required": lambda t: t.optim.Optimizer(
        [t.nn.Parameter(t.zeros(1))], {"lr": import_module(f"{t.__name__}.optim.optimizer").required}
    ),
    "no step": lambda t: t.optim.Optimizer([t.nn.Parameter(t.zeros(1))], {}).step(),
    "load, groups": lambda t: one(t).load_state_dict({"state": {}, "param_groups": []}),
    "load, sizes": lambda t: one(t).load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]}),
    "SGD lr": lambda t: one(t, "SGD", lr=-1),
    "SGD lr tensor": lambda t: one(t, "SGD", lr=t.zeros(2)),
    "SGD momentum": lambda t: one(t, "SGD", momentum=-0.5),
    "SGD weight_decay": lambda t: one(t, "SGD", weight_decay=-0.5),
    "SGD nesterov": lambda t: one(t, "SGD", nesterov=True),
    "SGD nesterov dampening": lambda t: one(t, "SGD", nesterov=True, momentum=0.9, dampening=0.1),
    "SGD fused foreach": lambda t: one(t, "SGD", fused=True, foreach=True),
    "Adam lr": lambda t: one(t, "Adam", lr=-1.0),
    "Adam eps": lambda t: one(t, "Adam", eps=-1.0),
    "Adam beta 0": lambda t: one(t, "Adam", betas=(1.0, 0.9)),
    "Adam beta 1": lambda t: one(t, "Adam", betas=(0.9, -0.1)),
    "Adam beta types": lambda t: one(t, "Adam", betas=(0.9, t.tensor(0.9))),
    "Adam weight_decay": lambda t: one(t, "Adam", weight_decay=-1),
    "AdamW lr": lambda t: one(t, "AdamW", lr=-1.0),
    "RMSprop lr": lambda t: one(t, "RMSprop", lr=-1.0),
    "RMSprop eps": lambda t: one(t, "RMSprop", eps=-1.0),
    "RMSprop momentum": lambda t: one(t, "RMSprop", momentum=-1.0),
    "RMSprop alpha": lambda t: one(t, "RMSprop", alpha=-1.0),
    "RAdam beta": lambda t: one(t, "RAdam", betas=(0.9, 1.0)),
    "NAdam momentum_decay": lambda t: one(t, "NAdam", momentum_decay=-1.0),
    "Adamax eps": lambda t: one(t, "Adamax", eps=-1.0),
    "Adadelta rho": lambda t: one(t, "Adadelta", rho=1.5),
    "ASGD weight_decay": lambda t: one(t, "ASGD", weight_decay=-1.0),
    "Rprop etas": lambda t: one(t, "Rprop", etas=(1.5, 1.2)),
    "Adafactor lr": lambda t: one(t, "Adafactor", lr=-1.0),
    "Adafactor beta2_decay": lambda t: one(t, "Adafactor", beta2_decay=1.0),
    "Adafactor eps 1": lambda t: one(t, "Adafactor", eps=(-1.0, 1.0)),
    "Adafactor eps 2": lambda t: one(t, "Adafactor", eps=(None, -1.0)),
    "Adafactor d": lambda t: one(t, "Adafactor", d=0.5),
    "Adafactor weight_decay": lambda t: one(t, "Adafactor", weight_decay=-0.5),
    "Muon vector": lambda t: one(t, "Muon"),
    "Muon lr": lambda t: one(t, "Muon", lr=-1.0),
    "Muon momentum": lambda t: one(t, "Muon", momentum=-1.0),
    "Muon weight_decay": lambda t: one(t, "Muon", weight_decay=-1.0),
    "Muon scale": lambda t: one(t, "Muon", adjust_lr_fn="x"),
    "SparseAdam lr": lambda t: one(t, "SparseAdam", lr=0.0),
    "SparseAdam eps": lambda t: one(t, "SparseAdam", eps=0.0),
    "SparseAdam dense": lambda t: stepped(t, "SparseAdam"),
    "LBFGS lr": lambda t: one(t, "LBFGS", lr=-1.0),
    "LBFGS groups": lambda t: t.optim.LBFGS([{"params": [t.nn.Parameter(t.zeros(1))]} for _ in range(2)]),
    "LBFGS search": lambda t: stepped(t, "LBFGS", lambda: t.tensor(1.0), line_search_fn="golden"),
    **{
        f"{name} capturable": lambda t, name=name: stepped(t, name, capturable=True)  # type: ignore[misc]
        for name in ("Adam", "RMSprop", "Adamax", "NAdam", "RAdam", "Adadelta", "ASGD", "Rprop")
    },
    "Adagrad lr_decay": lambda t: one(t, "Adagrad", lr_decay=-1.0),
    "Adagrad eps": lambda t: one(t, "Adagrad", eps=-1.0),
    "Adagrad initial": lambda t: one(t, "Adagrad", initial_accumulator_value=-1.0),
}


def stepped(t: Library, name: str, closure: Any = None, **settings: Any) -> None:
    optimizer = one(t, name, **settings)
    optimizer.param_groups[0]["params"][0].grad = t.ones(1)
    optimizer.step(closure)


def one(t: Library, name: str = "SGD", **settings: Any) -> Any:
    return getattr(t.optim, name)([t.nn.Parameter(t.zeros(1))], **settings)


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Make) -> None:
    same(code, fails=True)


def test_duplicates_warn(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        p = t.nn.Parameter(t.zeros(1))
        return repr(t.optim.SGD([p, p], lr=0.1))

    same(code)
