"""RNN, LSTM, GRU and their cells: printed form, names, first values, outputs, states and gradients as torch's."""

from collections.abc import Callable
from typing import Any

import pytest

Library = Any
Make = Callable[[Library], Any]

SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "two layers": {"num_layers": 2},
    "no bias": {"bias": False},
    "batch first": {"batch_first": True},
    "bidirectional": {"bidirectional": True},
    "all": {"num_layers": 3, "bidirectional": True, "batch_first": True, "dropout": 0.4},
    "dropout": {"num_layers": 3, "dropout": 0.5},
    "float64": {"dtype": "float64"},
}
KINDS: dict[str, dict[str, Any]] = {
    "RNN": {},
    "RNN relu": {"nonlinearity": "relu"},
    "LSTM": {},
    "LSTM projected": {"proj_size": 2},
    "GRU": {},
}
CASES = [pytest.param(kind, settings, id=f"{kind} {name}") for kind in KINDS for name, settings in SETTINGS.items()]


def build(t: Library, kind: str, settings: dict[str, Any]) -> Any:
    arguments = {**KINDS[kind], **settings}
    if "dtype" in arguments:
        arguments["dtype"] = getattr(t, arguments["dtype"])
    return getattr(t.nn, kind.split()[0])(4, 3, **arguments)


def state_of(t: Library, layer: Any, batch: tuple[int, ...], dtype: Any) -> Any:
    layers = layer.num_layers * (2 if layer.bidirectional else 1)
    h = t.randn(layers, *batch, layer.proj_size or layer.hidden_size, dtype=dtype, requires_grad=True)
    if layer.mode != "LSTM":
        return h
    return h, t.randn(layers, *batch, layer.hidden_size, dtype=dtype, requires_grad=True)


def leaves(value: Any) -> list[Any]:
    return [v for item in value for v in leaves(item)] if isinstance(value, tuple) else [value]


def backward(t: Library, *outputs: Any) -> None:
    total = 0.0
    for y in leaves(outputs):
        total = total + (y * t.linspace(0.5, 1.5, y.numel(), dtype=y.dtype).reshape(y.shape)).sum()
    total.backward()


@pytest.mark.parametrize(("kind", "settings"), CASES)
@pytest.mark.parametrize("given", [False, True], ids=["zero state", "given state"])
def test_sequences(same: Callable[..., None], kind: str, settings: dict[str, Any], given: bool) -> None:
    def code(t: Library) -> Any:
        layer = build(t, kind, settings)
        before = {name: p.detach().clone() for name, p in layer.named_parameters()}
        dtype = layer.weight_ih_l0.dtype
        x = t.randn(5, 2, 4, dtype=dtype, requires_grad=True)  # (T, N) or (N, T)
        h = state_of(t, layer, (5 if layer.batch_first else 2,), dtype) if given else None
        output, state = layer(x, h)
        backward(t, output, state)
        inputs = leaves((x, h)) if given else [x]
        grads = [v.grad for v in inputs if v is not None] + [p.grad for p in layer.parameters()]
        return repr(layer), before, list(layer.state_dict()), output, state, grads

    same(code, atol=2e-6)


@pytest.mark.parametrize("kind", list(KINDS))
def test_unbatched(same: Callable[..., None], kind: str) -> None:
    def code(t: Library) -> Any:
        layer = build(t, kind, {"num_layers": 2, "bidirectional": True, "batch_first": True})
        x = t.randn(5, 4)
        return layer(x), layer(x, state_of(t, layer, (), t.float32))

    same(code)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("settings", ["plain", "bidirectional", "all", "no bias"])
@pytest.mark.parametrize("ordered", [True, False], ids=["sorted", "unsorted"])
def test_packed(same: Callable[..., None], kind: str, settings: str, ordered: bool) -> None:
    def code(t: Library) -> Any:
        layer = build(t, kind, SETTINGS[settings]).eval()
        rnn = t.nn.utils.rnn
        x = t.randn(3, 5, 4, requires_grad=True)
        lengths = [5, 3, 3] if ordered else [2, 5, 1]
        packed = rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=ordered)
        h = state_of(t, layer, (3,), t.float32)
        output, state = layer(packed, h)
        zero, _ = layer(packed)
        padded, sizes = rnn.pad_packed_sequence(output, batch_first=True, padding_value=-1.0, total_length=6)
        backward(t, padded, state)
        grads = [x.grad, *[v.grad for v in leaves((h,))], *[p.grad for p in layer.parameters()]]
        parts = [output.data, output.batch_sizes, output.sorted_indices, output.unsorted_indices]
        return parts, zero.data, padded, sizes, state, grads

    same(code, atol=2e-6)


@pytest.mark.parametrize("name", ["RNNCell", "RNNCell relu", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch", [(), (2,)])
def test_cells(same: Callable[..., None], name: str, bias: bool, batch: tuple[int, ...]) -> None:
    def code(t: Library) -> Any:
        name_, _, nonlinearity = name.partition(" ")
        cell = getattr(t.nn, name_)(4, 3, bias=bias, **({"nonlinearity": nonlinearity} if nonlinearity else {}))
        first = {key: p.detach().clone() for key, p in cell.named_parameters()}
        x = t.randn(*batch, 4, requires_grad=True)
        state = [t.randn(*batch, 3, requires_grad=True) for _ in range(2)]
        hx = tuple(state) if name == "LSTMCell" else state[0]
        y = cell(x, hx)
        for _ in range(3):
            y = cell(x, y)
        backward(t, y, cell(x))
        return repr(cell), first, y, x.grad, [s.grad for s in state], [p.grad for p in cell.parameters()]

    same(code)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_second_derivatives(same: Callable[..., None], kind: str) -> None:
    def code(t: Library) -> Any:
        layer = build(t, kind, {"dtype": "float64"})
        x = t.randn(3, 2, 4, dtype=t.float64, requires_grad=True)
        (g,) = t.autograd.grad(layer(x)[0].sum(), x, create_graph=True)
        return g, t.autograd.grad((g * g).sum(), [x, *layer.parameters()], allow_unused=True)

    same(code)


def test_only_the_last_state_matters(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        layer = t.nn.LSTM(4, 3)
        _, (_, c) = layer(t.randn(5, 2, 4))
        c.sum().backward()
        return [p.grad for p in layer.parameters()]

    same(code)


def test_packing(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        rnn = t.nn.utils.rnn
        parts = [t.arange(1, 4), t.arange(4, 9), t.arange(9, 10)]
        packed = rnn.pack_sequence(parts, enforce_sorted=False)
        float_parts = [t.randn(n, 2) for n in (3, 1, 2)]
        return (
            packed.data,
            packed.batch_sizes,
            packed.sorted_indices,
            rnn.unpack_sequence(packed),
            rnn.pad_sequence(parts),
            rnn.pad_sequence(parts, batch_first=True, padding_value=-1),
            rnn.pad_sequence(parts, batch_first=True, padding_side="left"),
            rnn.pad_sequence(float_parts),
            rnn.unpad_sequence(rnn.pad_sequence(float_parts), t.tensor([3, 1, 2])),
            rnn.pad_packed_sequence(packed),
            packed.to(t.float64).data,
            packed.is_cuda,
            repr(packed),
        )

    same(code)


def _packed(t: Library, lengths: Any, **settings: Any) -> Any:
    return t.nn.utils.rnn.pack_padded_sequence(t.zeros(4, 3, 2), lengths, **settings)


ERRORS: dict[str, Make] = {
    "dropout": lambda t: t.nn.LSTM(3, 2, 2, dropout=1.5),
    "dropout, bool": lambda t: t.nn.LSTM(3, 2, 2, dropout=True),
    "bias": lambda t: t.nn.LSTM(3, 2, 2, 1),
    "batch_first": lambda t: t.nn.GRU(3, 2, batch_first=1),
    "input_size": lambda t: t.nn.GRU(0, 2),
    "input_size, float": lambda t: t.nn.GRU(1.5, 2),
    "hidden_size": lambda t: t.nn.GRU(3, -2),
    "hidden_size, float": lambda t: t.nn.RNN(3, 2.0),
    "num_layers": lambda t: t.nn.RNN(3, 2, 0),
    "nonlinearity": lambda t: t.nn.RNN(3, 2, nonlinearity="sin"),
    "proj_size of a GRU": lambda t: t.nn.GRU(3, 2, proj_size=1),
    "proj_size": lambda t: t.nn.LSTM(3, 2, proj_size=2),
    "proj_size, negative": lambda t: t.nn.LSTM(3, 2, proj_size=-1),
    "input dims": lambda t: t.nn.LSTM(3, 2)(t.zeros(3)),
    "input dims, GRU": lambda t: t.nn.GRU(3, 2)(t.zeros(1, 2, 3, 4)),
    "input dims, RNN": lambda t: t.nn.RNN(3, 2)(t.zeros(3)),
    "input features": lambda t: t.nn.LSTM(3, 2)(t.zeros(4, 1, 5)),
    "input dtype": lambda t: t.nn.GRU(3, 2)(t.zeros(4, 1, 3, dtype=t.float64)),
    "state shape": lambda t: t.nn.GRU(3, 2)(t.zeros(4, 1, 3), t.zeros(1, 2, 2)),
    "state shape, h": lambda t: t.nn.LSTM(3, 2)(t.zeros(4, 1, 3), (t.zeros(1, 2, 2), t.zeros(1, 1, 2))),
    "state shape, c": lambda t: t.nn.LSTM(3, 2)(t.zeros(4, 1, 3), (t.zeros(1, 1, 2), t.zeros(1, 1, 5))),
    "state dims": lambda t: t.nn.RNN(3, 2)(t.zeros(4, 1, 3), t.zeros(1, 2)),
    "state dims, unbatched": lambda t: t.nn.GRU(3, 2)(t.zeros(4, 3), t.zeros(1, 1, 2)),
    "state dims, LSTM": lambda t: t.nn.LSTM(3, 2)(t.zeros(4, 1, 3), (t.zeros(1, 2), t.zeros(1, 2))),
    "state dims, LSTM unbatched": lambda t: t.nn.LSTM(3, 2)(t.zeros(4, 3), (t.zeros(1, 1, 2), t.zeros(1, 1, 2))),
    "cell, dims": lambda t: t.nn.GRUCell(3, 2)(t.zeros(1, 1, 3)),
    "cell, state dims": lambda t: t.nn.RNNCell(3, 2)(t.zeros(1, 3), t.zeros(1, 1, 2)),
    "cell, state dims, LSTM": lambda t: t.nn.LSTMCell(3, 2)(t.zeros(1, 3), (t.zeros(1, 2), t.zeros(1, 1, 2))),
    "cell, features": lambda t: t.nn.LSTMCell(3, 2)(t.zeros(1, 4)),
    "cell, batch": lambda t: t.nn.GRUCell(3, 2)(t.zeros(3, 3), t.zeros(2, 2)),
    "cell, hidden": lambda t: t.nn.GRUCell(3, 2)(t.zeros(3, 3), t.zeros(3, 5)),
    "cell, nonlinearity": lambda t: t.nn.RNNCell(3, 2, nonlinearity="sin")(t.zeros(1, 3)),
    "pack, order": lambda t: _packed(t, [1, 3, 2]),
    "pack, count": lambda t: _packed(t, [3, 2]),
    "pack, zero": lambda t: _packed(t, [3, 2, 0]),
    "pad, short": lambda t: t.nn.utils.rnn.pad_packed_sequence(_packed(t, [4, 2, 1]), total_length=3),
    "pad_sequence, nothing": lambda t: t.nn.utils.rnn.pad_sequence([]),
    "pad_sequence, a number": lambda t: t.nn.utils.rnn.pad_sequence(3),
    "pad_sequence, side": lambda t: t.nn.utils.rnn.pad_sequence([t.zeros(2)], padding_side="up"),
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Make) -> None:
    same(code, fails=True)


def test_dropout_with_one_layer_warns(same: Callable[..., None]) -> None:
    same(lambda t: repr(t.nn.GRU(3, 2, dropout=0.5)))


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_changing_results_in_place(same: Callable[..., None], kind: str) -> None:
    """The last state never matters to backward, the output only that of LSTM."""

    def code(t: Library) -> Any:
        layer = getattr(t.nn, kind)(3, 4, bidirectional=True)
        y, h = layer(t.randn(5, 2, 3))
        h = h[0] if kind == "LSTM" else h
        h.relu_()
        y = y.clone() if kind == "LSTM" else y.mul_(2)
        (y.sum() + h.sum()).backward()
        return [p.grad for p in layer.parameters()]

    same(code)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_no_time_at_all(same: Callable[..., None], kind: str) -> None:
    same(lambda t: getattr(t.nn, kind)(3, 4)(t.ones(0, 2, 3)), fails=True)
