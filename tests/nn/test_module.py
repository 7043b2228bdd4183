"""`Module`: attributes, registration, walking, state, hooks, printing, copies and errors, as torch's."""

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import flambeau

Library = Any
Make = Callable[[Library], Any]


def tree(t: Library) -> Any:
    """A module with parameters, buffers of both kinds, None of each, a shared layer and nested containers."""
    nn = t.nn

    class Tree(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(t.ones(2))
            self.register_parameter("missing", None)
            self.register_buffer("mean", t.zeros(2))
            self.register_buffer("cache", t.ones(3), persistent=False)
            self.register_buffer("nothing", None)
            self.steps = nn.Buffer(t.tensor([1, 2]))
            self.shared = nn.Linear(2, 2)
            self.body = nn.Sequential(self.shared, nn.Tanh(), nn.ModuleList([nn.Linear(2, 1, bias=False)]))
            self.absent = None
            self.name = "tree"

        def forward(self, x: Any, factor: float = 1.0) -> Any:
            return self.body[1](self.shared(x * self.scale)) * factor

        def extra_repr(self) -> str:
            return "two\nlines"

    return Tree()


def test_attributes_and_walking(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        m = tree(t)
        m.apply(lambda sub: setattr(sub, "seen", type(sub).__name__))
        return (
            repr(m),
            [n for n, _ in m.named_parameters()],
            [n for n, _ in m.named_parameters(prefix="p", recurse=False)],
            [n for n, _ in m.named_parameters(remove_duplicate=False)],
            [n for n, _ in m.named_buffers()],
            [n for n, _ in m.named_modules()],
            [n for n, _ in m.named_modules(remove_duplicate=False)],
            [n for n, _ in m.named_children()],
            len(list(m.modules())),
            len(list(m.children())),
            len(list(m.buffers())),
            [n for n in dir(m) if n in ("scale", "mean", "shared", "name", "forward", "0")],
            m.get_submodule("body.2.0") is m.body[2][0],
            m.get_submodule("") is m,
            m.get_parameter("shared.bias") is m.shared.bias,
            m.get_buffer("mean") is m.mean,
            m.shared.seen,
            hasattr(m, "nowhere"),
            m.missing,
            m.nothing,
        )

    same(code)


def test_attributes_move_between_tables(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        m = tree(t)
        m.mean = t.full((2,), 5.0)  # a buffer stays one
        m.name = t.nn.Linear(1, 1)  # plain, then module
        m.absent = t.nn.Parameter(t.zeros(1))
        m.shared = None
        m.scale = None
        m.tensor = t.zeros(3)  # neither
        m.fresh = t.nn.Buffer(t.zeros(1), persistent=False)
        del m.cache
        del m.body
        m.set_submodule("name", t.nn.Tanh())
        return (
            repr(m),
            list(m.state_dict()),
            list(m._buffers),
            list(m._parameters),
            list(m._modules),
            "tensor" in vars(m),
        )

    same(code)


def test_modes_and_gradients(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        m = tree(t)
        seen = [m.eval().training, m.body[0].training, m.train().body[1].training]
        m(t.ones(3, 2), factor=2.0).sum().backward()
        grads = [None if p.grad is None else p.grad.clone() for p in m.parameters()]
        m.zero_grad(set_to_none=False)
        zeros = [p.grad for p in m.parameters()]
        m.zero_grad()
        frozen = [p.requires_grad for p in m.requires_grad_(False).parameters()]
        return seen, grads, zeros, [p.grad for p in m.parameters()], frozen

    same(code)


def test_casts_keep_parameters_and_their_gradients(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        m = tree(t)
        weight = m.shared.weight
        m(t.ones(3, 2)).sum().backward()
        m.double()
        doubled = [(n, str(v.dtype)) for n, v in m.state_dict().items()], str(weight.grad.dtype)
        same_object = weight is m.shared.weight
        halved = str(m.half().mean.dtype), str(m.to(t.float32).scale.dtype), str(m.float().steps.dtype)
        moved = [
            m.to("cpu", t.float64).scale.clone(),
            m.to(t.zeros(1)).scale.clone(),
            m.to(device="cpu", dtype=t.float64).mean.clone(),
        ]
        other = str(m.half().scale.dtype), str(m.type(t.float32).scale.dtype)
        return doubled, same_object, halved, moved, other, m.cpu() is m, m.to_empty(device="cpu").scale.shape

    same(code)


def test_state_dict(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        m = tree(t)
        state = m.state_dict()
        kept = m.state_dict(keep_vars=True)
        own = m.state_dict(prefix="net.")
        target: dict[str, Any] = {}
        m.shared.state_dict(destination=target, prefix="x.")
        return (
            type(state).__name__,
            dict(state),
            dict(state._metadata),
            [v.requires_grad for v in state.values()],
            kept["scale"] is m.scale,
            list(own),
            list(target),
            m.shared.state_dict(None, "old."),
        )

    same(code)


def test_state_dict_shares_memory_with_the_module() -> None:
    layer = flambeau.nn.Linear(2, 2)
    layer.state_dict()["bias"].fill_(7.0)
    assert layer.bias.tolist() == [7.0, 7.0]


def _load(change: Callable[[Library, dict[str, Any]], Any], **arguments: Any) -> Make:
    def code(t: Library) -> Any:
        source, target = tree(t), tree(t)
        state = source.state_dict()
        changed = change(t, state)
        keys = target.load_state_dict(state if changed is None else changed, **arguments)
        return repr(keys), list(keys.missing_keys), keys.unexpected_keys, dict(target.state_dict())

    return code


LOADS: dict[str, tuple[bool, Make]] = {
    "all": (False, _load(lambda t, s: None)),
    "assign": (False, _load(lambda t, s: s.update(mean=t.ones(2, dtype=t.float64)), assign=True)),
    "cast": (False, _load(lambda t, s: {k: v.double() for k, v in s.items()})),
    "not strict": (False, _load(lambda t, s: [s.pop("scale"), s.update(more=t.zeros(1))][1], strict=False)),
    "0.3 scalar": (False, lambda t: _scalar(t, t.tensor([3.0]))),
    "missing": (True, _load(lambda t, s: [s.pop("shared.weight"), None][1])),
    "unexpected": (True, _load(lambda t, s: s.update({"more": t.zeros(1), "body.5.weight": t.zeros(1)}))),
    "size": (True, _load(lambda t, s: s.update(scale=t.zeros(3), mean=t.zeros(2, 1)))),
    "everything": (True, _load(lambda t, s: (s.pop("mean"), s.update({"scale": t.zeros(3), "x.y": t.zeros(1)}))[1])),
    "size, not strict": (True, _load(lambda t, s: s.update(scale=t.zeros(3)), strict=False)),
    "not a tensor": (True, _load(lambda t, s: s.update(scale=[1.0, 2.0]))),
    "not a mapping": (True, _load(lambda t, s: [1])),
    "scalar size": (True, lambda t: _scalar(t, t.zeros(2))),
}


def _scalar(t: Library, value: Any) -> Any:
    m = t.nn.Module()
    m.x = t.nn.Parameter(t.tensor(1.0))
    m.load_state_dict({"x": value})
    return m.x


@pytest.mark.parametrize(("fails", "code"), [pytest.param(*case, id=name) for name, case in LOADS.items()])
def test_load_state_dict(same: Callable[..., None], fails: bool, code: Make) -> None:
    same(code, fails=fails)


def test_extra_state_and_state_hooks(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        class Counter(t.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.count = 3
                self.w = t.nn.Parameter(t.zeros(1))

            def get_extra_state(self) -> Any:
                return {"count": self.count}

            def set_extra_state(self, state: Any) -> None:
                self.count = state["count"]

        log: list[Any] = []
        m, other = t.nn.Sequential(Counter()), t.nn.Sequential(Counter())
        m[0].count = 9
        m.register_state_dict_pre_hook(lambda mod, prefix, keep: log.append(("pre", prefix, keep)))
        m[0].register_state_dict_post_hook(lambda mod, state, prefix, meta: log.append(("post", prefix, dict(meta))))
        other.register_load_state_dict_pre_hook(
            lambda mod, state, prefix, *rest: log.append(("load", prefix, list(state)))
        )
        handle = other.register_load_state_dict_post_hook(lambda mod, keys: keys.missing_keys.append("hello"))
        state = m.state_dict()
        keys = other.load_state_dict(state, strict=False)
        handle.remove()
        plain = other.load_state_dict(state)
        state.pop("0._extra_state")
        return log, list(state), keys, plain, other[0].count, other.load_state_dict(state, strict=False)

    same(code)


# --- hooks ------------------------------------------------------------------------------------------------------------


def test_forward_hooks(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        log: list[Any] = []
        m = tree(t)
        handles = [
            m.register_forward_pre_hook(lambda mod, args: log.append("pre") or (args[0] + 1,)),
            m.register_forward_pre_hook(lambda mod, args: log.append("first"), prepend=True),
            m.register_forward_pre_hook(lambda mod, args, kw: (args, {"factor": kw["factor"] * 2}), with_kwargs=True),
            m.register_forward_hook(lambda mod, args, out: log.append("post") or out + 1),
            m.register_forward_hook(lambda mod, args, kw, out: log.append(sorted(kw)), with_kwargs=True),
        ]
        x = t.ones(1, 2)
        hooked = m(x, factor=1.5)
        for h in handles:
            h.remove()
        handles[0].remove()
        with m.register_forward_hook(lambda mod, args, out: out * 0):
            zero = m(x)
        return hooked, zero, m(x), log, [len(m._forward_hooks), len(m._forward_pre_hooks_with_kwargs)]

    same(code)


def test_always_called_hooks(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        log: list[Any] = []
        m = t.nn.Linear(2, 2)
        m.register_forward_hook(lambda mod, args, out: log.append(out), always_call=True)
        m.register_forward_hook(lambda mod, args, out: log.append("never"))
        m.register_forward_hook(lambda mod, args, out: 1 / 0, always_call=True)
        try:
            m(t.zeros(1, 3))
        except RuntimeError as error:
            log.append(type(error).__name__)
        return log

    same(code)


def test_global_hooks(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        log: list[Any] = []
        hooks = t.nn.modules.module
        m = t.nn.Sequential(t.nn.Linear(2, 2), t.nn.Tanh())

        def name(module: Any) -> str:
            return type(module).__name__

        handles = [
            hooks.register_module_forward_pre_hook(lambda mod, args: log.append(("pre", name(mod)))),
            hooks.register_module_forward_hook(lambda mod, args, out: log.append(("post", name(mod)))),
            hooks.register_module_forward_hook(lambda mod, a, k, out: log.append(len(k)), with_kwargs=True),
            hooks.register_module_full_backward_pre_hook(lambda mod, g: log.append(("back", name(mod)))),
            hooks.register_module_full_backward_hook(lambda mod, gi, go: log.append((name(mod), gi, go))),
            hooks.register_module_parameter_registration_hook(lambda mod, n, p: log.append(("param", n))),
            hooks.register_module_buffer_registration_hook(lambda mod, n, b: log.append(("buffer", n))),
            hooks.register_module_module_registration_hook(lambda mod, n, s: log.append(("module", n))),
        ]
        m(t.ones(1, 2, requires_grad=True)).sum().backward()
        m.more = t.nn.Linear(1, 1)
        m.register_buffer("b", None)
        for h in handles:
            h.remove()
        m[0](t.ones(1, 2)).sum().backward()
        return log

    same(code)


def test_backward_hooks(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        log: list[Any] = []

        class Two(t.nn.Module):
            def forward(self, x: Any, flag: Any, y: Any) -> Any:
                return x * y, flag, x + y

        m = Two()
        m.register_full_backward_pre_hook(lambda mod, go: log.append(("pre", go)))
        m.register_full_backward_pre_hook(lambda mod, go: tuple(None if g is None else g * 2 for g in go))
        m.register_full_backward_hook(lambda mod, gi, go: log.append(("post", gi, go)))
        m.register_full_backward_hook(lambda mod, gi, go: tuple(None if g is None else g + 1 for g in gi))
        x, y = t.tensor([1.0, 2.0], requires_grad=True), t.tensor([3.0, 4.0], requires_grad=True)
        a, flag, b = m(x, "flag", y)
        (a.sum() + 3 * b.sum()).backward()
        return log, flag, x.grad, y.grad

    same(code)


def test_backward_hooks_without_input_gradients(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        log: list[Any] = []
        m = t.nn.Linear(2, 1)
        m.register_full_backward_hook(lambda mod, gi, go: log.append((gi, go)))
        m(t.ones(3, 2)).sum().backward()
        with t.no_grad():
            m(t.ones(3, 2))
        return log

    same(code)


def test_older_backward_hooks(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        log: list[Any] = []
        m = t.nn.Tanh()
        handle = m.register_backward_hook(lambda mod, gi, go: log.append((gi, go)))
        x = t.tensor([0.5], requires_grad=True)
        m(x * 2).sum().backward()
        handle.remove()
        m(x * 2).sum().backward()
        return log

    same(code)


# --- copies -----------------------------------------------------------------------------------------------------------


def test_deepcopy(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        m = tree(t)
        m(t.ones(1, 2)).sum().backward()
        twin = copy.deepcopy(m)
        with t.no_grad():
            twin.shared.weight.zero_()
        return (
            dict(m.state_dict()),
            dict(twin.state_dict()),
            twin.shared is twin.body[0],
            twin.scale.grad is None,
            type(twin.scale).__name__,
            twin.scale.requires_grad,
            list(twin.state_dict()),
        )

    same(code)


def test_pickle() -> None:
    m = flambeau.nn.Sequential(flambeau.nn.Linear(2, 3), flambeau.nn.Dropout(0.2), flambeau.nn.LSTM(3, 2))
    m.register_buffer("b", flambeau.ones(2), persistent=False)
    m.extra = flambeau.nn.Buffer(flambeau.zeros(1))
    loaded = pickle.load(io.BytesIO(pickle.dumps(m)))
    assert repr(loaded) == repr(m)
    assert [n for n, _ in loaded.named_parameters()] == [n for n, _ in m.named_parameters()]
    assert all((a == b).all().item() for a, b in zip(loaded.parameters(), m.parameters(), strict=True))
    assert loaded.b.tolist() == [1.0, 1.0]
    assert list(loaded._buffers) == ["b", "extra"]
    assert "b" not in loaded.state_dict()
    x = flambeau.ones(4, 1, 2)
    assert (loaded.eval()(x)[0] == m.eval()(x)[0]).all().item()


def test_parameters(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        data = t.arange(4.0)
        p = t.nn.Parameter(data)
        q = t.nn.Parameter(data[1:3], requires_grad=False)
        data[1] = 9.0
        with t.no_grad():
            born = t.nn.Parameter(t.zeros(1))
        return (
            repr(p),
            repr(q),
            str(p),
            p.is_leaf,
            isinstance(p, t.Tensor),
            type(p * 2).__name__,
            type(p.data).__name__,
            born.requires_grad,
            repr(t.nn.Parameter()),
            repr(copy.deepcopy(q)),
            q.shape,
            repr(t.nn.Buffer(t.zeros(2))),
        )

    same(code)


def test_functional_looking_subclass_with_call_super_init(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        class Base:
            def __init__(self, x: int = 0) -> None:
                self.x = x

        class Net(t.nn.Module, Base):
            call_super_init = True

            def __init__(self, x: int) -> None:
                super().__init__(x=x)

        return Net(4).x

    same(code)


# --- errors -----------------------------------------------------------------------------------------------------------


def _without_init(assign: Callable[[Any, Library], Any]) -> Make:
    def code(t: Library) -> Any:
        class Late(t.nn.Module):
            def __init__(self) -> None:
                assign(self, t)

        return Late()

    return code


ERRORS: dict[str, Make] = {
    "parameter before init": _without_init(lambda m, t: setattr(m, "w", t.nn.Parameter(t.zeros(1)))),
    "module before init": _without_init(lambda m, t: setattr(m, "sub", t.nn.Tanh())),
    "buffer before init": _without_init(lambda m, t: m.register_buffer("b", t.zeros(1))),
    "register_parameter before init": _without_init(lambda m, t: m.register_parameter("b", None)),
    "attribute before init": _without_init(lambda m, t: m.whatever),
    "no forward": lambda t: t.nn.Module()(1),
    "unknown attribute": lambda t: t.nn.Linear(1, 1).weigth,
    "init arguments": lambda t: t.nn.Module(3),
    "init keywords": lambda t: t.nn.Module(size=3),
    "parameter, tensor assigned": lambda t: setattr(t.nn.Linear(1, 1), "weight", t.zeros(1, 1)),
    "parameter, module assigned": lambda t: setattr(t.nn.Linear(1, 1), "weight", t.nn.Tanh()),
    "module, number assigned": lambda t: setattr(t.nn.Sequential(t.nn.Tanh()), "0", 3),
    "buffer, number assigned": lambda t: setattr(tree(t), "mean", 3),
    "register_parameter, tensor": lambda t: t.nn.Module().register_parameter("a", t.zeros(1)),
    "register_parameter, name": lambda t: t.nn.Module().register_parameter("a.b", None),
    "register_parameter, empty": lambda t: t.nn.Module().register_parameter("", None),
    "register_parameter, number": lambda t: t.nn.Module().register_parameter(3, None),
    "register_parameter, taken": lambda t: t.nn.Module().register_parameter("forward", None),
    "register_buffer, number": lambda t: t.nn.Module().register_buffer("b", 3),
    "register_buffer, name": lambda t: t.nn.Module().register_buffer("a.b", None),
    "register_buffer, taken": lambda t: tree(t).register_buffer("scale", None),
    "add_module, number": lambda t: t.nn.Module().add_module("a", 3),
    "add_module, name": lambda t: t.nn.Module().add_module("a.b", t.nn.Tanh()),
    "add_module, empty": lambda t: t.nn.Module().add_module("", t.nn.Tanh()),
    "add_module, name type": lambda t: t.nn.Module().add_module(1, t.nn.Tanh()),
    "add_module, taken": lambda t: t.nn.Module().add_module("training", t.nn.Tanh()),
    "get_submodule, none": lambda t: tree(t).get_submodule("body.7"),
    "get_submodule, parameter": lambda t: tree(t).get_submodule("scale"),
    "get_parameter, none": lambda t: tree(t).get_parameter("shared.w"),
    "get_parameter, buffer": lambda t: tree(t).get_parameter("mean"),
    "get_buffer, parameter": lambda t: tree(t).get_buffer("scale"),
    "get_buffer, none": lambda t: tree(t).get_buffer("x"),
    "set_submodule, empty": lambda t: tree(t).set_submodule("", t.nn.Tanh()),
    "set_submodule, number": lambda t: tree(t).set_submodule("shared", 3),
    "set_submodule, strict": lambda t: tree(t).set_submodule("x", t.nn.Tanh(), strict=True),
    "set_submodule, parameter": lambda t: tree(t).set_submodule("scale", t.nn.Tanh()),
    "delete": lambda t: delattr(tree(t), "nowhere"),
    "to, integer": lambda t: tree(t).to(t.int64),
    "train, number": lambda t: tree(t).train(1),
    "both kinds of backward hooks": lambda t: [
        (m.register_backward_hook(print), m.register_full_backward_hook(print)) for m in [t.nn.Tanh()]
    ],
    "both kinds of backward hooks, other order": lambda t: [
        (m.register_full_backward_hook(print), m.register_backward_hook(print)) for m in [t.nn.Tanh()]
    ],
    "pre-hook with kwargs returns one": lambda t: [
        (m.register_forward_pre_hook(lambda mod, a, k: 3, with_kwargs=True), m(t.zeros(1))) for m in [t.nn.Tanh()]
    ],
    "state_dict post-hook returns": lambda t: [
        (m.register_state_dict_post_hook(lambda *a: {}), m.state_dict()) for m in [t.nn.Tanh()]
    ],
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Make) -> None:
    same(code, fails=True)


def test_a_call_without_hooks_is_one_function_call() -> None:
    """The fast path: nothing of the hook machinery runs."""
    calls = []

    class Spy(flambeau.nn.Module):
        def forward(self, *args: Any, **kwargs: Any) -> Any:
            calls.append((args, kwargs))
            return args

    assert Spy()(1, 2, x=3) == (1, 2)
    assert calls == [((1, 2), {"x": 3})]
