"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict: as torch's."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Make = Callable[[Library], Any]


def layers(t: Library) -> list[Any]:
    return [t.nn.Linear(2, 3), t.nn.Tanh(), t.nn.Linear(3, 2), t.nn.ReLU()]


def sequential(t: Library) -> Any:
    return t.nn.Sequential(*layers(t))


def after(change: Callable[[Library, Any], Any], make: Make = sequential) -> Make:
    def code(t: Library) -> Any:
        m = make(t)
        result = change(t, m)
        return repr(m), list(m.state_dict()), result

    return code


def module_list(t: Library) -> Any:
    return t.nn.ModuleList(layers(t))


def module_dict(t: Library) -> Any:
    return t.nn.ModuleDict({"b": t.nn.Linear(1, 1), "a": t.nn.Tanh()})


def parameters(t: Library) -> Any:
    return t.nn.ParameterList([t.ones(2), t.nn.Parameter(t.zeros(1, 3)), "text"])


def parameter_dict(t: Library) -> Any:
    return t.nn.ParameterDict({"b": t.ones(2), "a": t.nn.Parameter(t.zeros(1, 3)), "c": 5})


CASES: dict[str, Make] = {
    "forward": after(lambda t, m: m(t.ones(1, 2))),
    "named": lambda t: repr(t.nn.Sequential(OrderedDict(first=t.nn.Tanh(), second=t.nn.ReLU()))),
    "empty": lambda t: repr(t.nn.Sequential()) + repr(t.nn.ModuleList()) + repr(t.nn.ModuleDict()),
    "slice": after(lambda t, m: (m[1:3], m[::2], m[-1], len(m), [type(x).__name__ for x in m])),
    "slice, named": lambda t: t.nn.Sequential(OrderedDict(a=t.nn.Tanh(), b=t.nn.ReLU(), c=t.nn.GELU()))[1:],
    "set": after(lambda t, m: m.__setitem__(-1, t.nn.Sigmoid())),
    "delete": after(lambda t, m: m.__delitem__(1)),
    "delete slice": after(lambda t, m: m.__delitem__(slice(0, 4, 2))),
    "append": after(lambda t, m: m.append(t.nn.GELU()) is m),
    "insert": after(lambda t, m: m.insert(1, t.nn.GELU()) is m),
    "insert from the end": after(lambda t, m: m.insert(-1, t.nn.GELU()) is m),
    "extend": after(lambda t, m: m.extend([t.nn.GELU(), t.nn.SiLU()]) is m),
    "pop": after(lambda t, m: m.pop(-2)),
    "add": after(lambda t, m: m + t.nn.Sequential(t.nn.GELU())),
    "iadd": after(lambda t, m: m.__iadd__(t.nn.Sequential(t.nn.GELU(), t.nn.SiLU()))),
    "mul": after(lambda t, m: (m[:1] * 3, 2 * m[:2])),
    "imul": after(lambda t, m: m.__imul__(2)),
    "dir": after(lambda t, m: [n for n in dir(m) if n.isdigit()]),
    "list": after(lambda t, m: (m[0], m[-1], m[1:3], len(m), [repr(x) for x in m]), module_list),
    "list, repeats": lambda t: repr(
        t.nn.ModuleList([t.nn.Linear(2, 2), t.nn.Linear(2, 2), t.nn.Sequential(t.nn.Tanh()), t.nn.Linear(2, 2)])
    ),
    "list, set": after(lambda t, m: m.__setitem__(1, t.nn.GELU()), module_list),
    "list, delete": after(lambda t, m: m.__delitem__(-1), module_list),
    "list, delete slice": after(lambda t, m: m.__delitem__(slice(1, 3)), module_list),
    "list, insert": after(lambda t, m: m.insert(0, t.nn.GELU()), module_list),
    "list, append": after(lambda t, m: m.append(t.nn.GELU()) is m, module_list),
    "list, extend": after(lambda t, m: m.extend(x for x in [t.nn.GELU()]) is m, module_list),
    "list, pop": after(lambda t, m: m.pop(0), module_list),
    "list, add": after(lambda t, m: m.__add__([t.nn.GELU()]), module_list),
    "list, iadd": after(lambda t, m: m.__iadd__([t.nn.GELU()]), module_list),
    "dict": after(lambda t, m: (m["a"], list(m), list(m.keys()), len(m), "a" in m, "z" in m), module_dict),
    "dict, items": after(lambda t, m: [(k, repr(v)) for k, v in m.items()], module_dict),
    "dict, set": after(lambda t, m: m.__setitem__("c", t.nn.GELU()), module_dict),
    "dict, delete": after(lambda t, m: m.__delitem__("b"), module_dict),
    "dict, pop": after(lambda t, m: m.pop("a"), module_dict),
    "dict, clear": after(lambda t, m: m.clear(), module_dict),
    "dict, update": after(lambda t, m: m.update([("c", t.nn.GELU()), ("a", t.nn.ReLU())]), module_dict),
    "dict, update from dict": after(lambda t, m: m.update(t.nn.ModuleDict({"c": t.nn.GELU()})), module_dict),
    "parameters": after(lambda t, m: (m[0], m[-1], len(m), list(m), [n for n, _ in m.named_parameters()]), parameters),
    "parameters, slice": after(lambda t, m: m[:2], parameters),
    "parameters, set": after(lambda t, m: m.__setitem__(0, t.zeros(4)), parameters),
    "parameters, append": after(lambda t, m: m.append(t.zeros(4)) is m, parameters),
    "parameters, extend": after(lambda t, m: m.__iadd__([t.zeros(4), t.nn.Parameter(t.ones(1))]), parameters),
    "parameter dict": after(
        lambda t, m: (m["a"], len(m), list(m), list(reversed(m)), "b" in m, list(m.values()), dict(m.items())),
        parameter_dict,
    ),
    "parameter dict, set": after(lambda t, m: m.__setitem__("d", t.zeros(4)), parameter_dict),
    "parameter dict, delete": after(lambda t, m: m.__delitem__("b"), parameter_dict),
    "parameter dict, pop": after(lambda t, m: (m.pop("a"), m.popitem()), parameter_dict),
    "parameter dict, get": after(
        lambda t, m: (m.get("a"), m.get("z", 3), m.setdefault("q", t.ones(1))), parameter_dict
    ),
    "parameter dict, or": after(
        lambda t, m: (m | t.nn.ParameterDict({"z": t.ones(1)}), t.nn.ParameterDict({"a": t.ones(1)}) | m),
        parameter_dict,
    ),
    "parameter dict, update": after(lambda t, m: m.update([("y", t.ones(1)), ("x", t.ones(2))]), parameter_dict),
    "parameter dict, copy": after(lambda t, m: (m.copy(), m.fromkeys(["u", "v"], t.ones(1))), parameter_dict),
    "parameter dict, clear": after(lambda t, m: m.clear(), parameter_dict),
    "container": lambda t: repr(t.nn.Container(a=t.nn.Tanh(), b=t.nn.ReLU())),
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in CASES.items()])
def test_containers(same: Callable[..., None], code: Make) -> None:
    same(code)


ERRORS: dict[str, Make] = {
    "index": lambda t: sequential(t)[4],
    "index below": lambda t: sequential(t)[-5],
    "list index": lambda t: module_list(t)[4],
    "parameter index": lambda t: parameters(t)[3],
    "dict key": lambda t: module_dict(t)["z"],
    "add": lambda t: sequential(t).__add__([t.nn.Tanh()]),
    "mul": lambda t: sequential(t) * 1.5,
    "mul zero": lambda t: sequential(t) * 0,
    "insert, number": lambda t: sequential(t).insert(0, 3),
    "insert, place": lambda t: sequential(t).insert(9, t.nn.Tanh()),
    "append, number": lambda t: sequential(t).append(3),
    "a number": lambda t: t.nn.Sequential(3),
    "a class": lambda t: t.nn.Sequential(t.nn.Tanh),
    "list of numbers": lambda t: t.nn.ModuleList([1]),
    "list, extend": lambda t: module_list(t).extend(3),
    "list, called": lambda t: module_list(t)(t.zeros(2)),
    "dict, update": lambda t: module_dict(t).update(3),
    "dict, update element": lambda t: module_dict(t).update([3]),
    "dict, update triple": lambda t: module_dict(t).update([("a", t.nn.Tanh(), 1)]),
    "parameters, extend": lambda t: parameters(t).extend(t.zeros(2)),
    "parameters, called": lambda t: parameters(t)(1),
    "parameter dict, called": lambda t: parameter_dict(t)(1),
    "parameter dict, key": lambda t: parameter_dict(t).__setitem__(1, t.zeros(1)),
    "parameter dict, update": lambda t: parameter_dict(t).update(3),
    "parameter dict, update triple": lambda t: parameter_dict(t).update([("a", 1, 2)]),
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Make) -> None:
    same(code, fails=True)
