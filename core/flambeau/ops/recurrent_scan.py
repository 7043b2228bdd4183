"""Recurrent networks over all of time in one op: backward makes one product of the weight's gradients of all steps.

Time is the first dimension. A network that reads from the end is one of `reverse`.
Source: https://docs.pytorch.org/docs/stable/nn.html#recurrent-layers
"""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..autograd.modes import GradMode
from ..backends.protocol import Array
from .nonlinearity import sigmoid_of
from .op import composite, op
from .recurrent import _gates, _joined


def _at(be: Any, x: Any, t: int) -> Any:
    """`x[t]`."""
    return be.reshape(be.narrow(x, 0, t, 1), x.shape[1:])


def _order(steps: int, reverse: bool) -> list[int]:
    return list(range(steps))[:: -1 if reverse else 1]


def _stacked(be: Any, parts: list[Any], reverse: bool) -> Any:
    """What was made step by step, along time."""
    rows = [be.reshape(x, (1, *x.shape)) for x in parts]
    return be.concat(rows[::-1] if reverse else rows, 0)


def _before(be: Any, x: Any, first: Any, reverse: bool) -> Any:
    """The state that each step began with."""
    first = be.reshape(first, (1, *first.shape))
    kept = be.narrow(x, 0, 1 if reverse else 0, x.shape[0] - 1)
    return be.concat([kept, first] if reverse else [first, kept], 0)


def _all_states(be: Any, output: Any, first: Any, reverse: bool) -> Any:
    """The state before the first step, and after each: what backward needs, which may outlive changes to the output."""
    first = be.reshape(first, (1, *first.shape))
    return be.concat([output, first] if reverse else [first, output], 0)


def _without(be: Any, states: Any, last: bool) -> Any:
    """`_all_states` without the last in time, or without the first."""
    return be.narrow(states, 0, 0 if last else 1, states.shape[0] - 1)


def _weight_gradient(be: Any, grads: Any, states: Any) -> Any:
    """gradsᵀ @ states over all steps and samples."""
    steps, n, width = grads.shape
    rows = be.reshape(grads, (steps * n, width))
    return be.matmul(be.permute(rows, (1, 0)), be.reshape(states, (steps * n, states.shape[2])))


def _plus(be: Any, x: Any, y: Any) -> Any:
    return y if x is None else x if y is None else be.add(x, y)


def _known(*saved: Tensor) -> tuple[Tensor | None, ...]:
    """Saved results for backward; None, to be computed anew, where that is to be differentiated itself."""
    return tuple([None] * len(saved)) if GradMode.enabled else saved


# --- LSTM -------------------------------------------------------------------------------------------------------------


def _lstm_gradients(
    grads: Any,
    gates: Tensor,
    h: Tensor,
    c: Tensor,
    weight: Tensor,
    reverse: bool,
    out_0: Tensor,
    out_3: Tensor,
    out_4: Tensor,
) -> Any:
    return lstm_scan_backward(gates, h, c, weight, *grads, *_known(out_0, out_3, out_4), reverse)


@op(name="MkldnnRnnLayerBackward0", graded=3, jointly=_lstm_gradients)
def lstm_scan(be: Any, gates: Array, h: Array, c: Array, weight: Array, reverse: bool) -> Any:
    """Every h, the last h and c; for backward every c, and every gate after its activation.

    Shapes: `gates` (T, N, 4 * hidden) of the input, biases included, in the order i, f, g, o; `h`, `c` (N, hidden), the
    state before; `weight` (4 * hidden, hidden).
    """
    turned = be.permute(weight, (1, 0))
    every_h, every_c, every_gate = [], [], []
    for t in _order(gates.shape[0], reverse):
        i, f, g, o = _gates(be, be.add(_at(be, gates, t), be.matmul(h, turned)), 4)
        i, f, g, o = sigmoid_of(be, i), sigmoid_of(be, f), be.tanh(g), sigmoid_of(be, o)
        c = be.add(be.mul(f, c), be.mul(i, g))
        h = be.mul(o, be.tanh(c))
        every_h.append(h)
        every_c.append(c)
        every_gate.append(_joined(be, [i, f, g, o]))
    return (
        _stacked(be, every_h, reverse),
        be.copy(h),
        be.copy(c),
        _stacked(be, every_c, reverse),
        _stacked(be, every_gate, reverse),
    )


@composite
def lstm_scan_backward(
    be: Any,
    gates: Array,
    h: Array,
    c: Array,
    weight: Array,
    grad_out: Array | None,
    grad_h: Array | None,
    grad_c: Array | None,
    output: Array | None,
    cells: Array | None,
    active: Array | None,
    reverse: bool,
) -> Any:
    """The gradients of `gates`, `h`, `c` and `weight`."""
    if output is None:
        output, _, _, cells, active = lstm_scan.op.forward(be, gates, h, c, weight, reverse)  # type: ignore[attr-defined]
    before = _before(be, cells, c, reverse)
    found = []
    for t in _order(gates.shape[0], not reverse):
        i, f, g, o = _gates(be, _at(be, active, t), 4)
        grad_h = _plus(be, grad_h, None if grad_out is None else _at(be, grad_out, t))
        squashed = be.tanh(_at(be, cells, t))
        if grad_h is None:
            grad_h = be.mul(squashed, 0.0)
        through = be.mul(be.mul(grad_h, o), be.sub(1.0, be.mul(squashed, squashed)))
        grad_c = _plus(be, grad_c, through)
        grads = [
            be.mul(be.mul(be.mul(grad_c, g), i), be.sub(1.0, i)),
            be.mul(be.mul(be.mul(grad_c, _at(be, before, t)), f), be.sub(1.0, f)),
            be.mul(be.mul(grad_c, i), be.sub(1.0, be.mul(g, g))),
            be.mul(be.mul(be.mul(grad_h, squashed), o), be.sub(1.0, o)),
        ]
        grad_gates = _joined(be, grads)
        found.append(grad_gates)
        grad_c = be.mul(grad_c, f)
        grad_h = be.matmul(grad_gates, weight)
    grad_all = _stacked(be, found, not reverse)
    return grad_all, grad_h, grad_c, _weight_gradient(be, grad_all, _before(be, output, h, reverse))


# --- GRU --------------------------------------------------------------------------------------------------------------


def _gru_gradients(
    grads: Any,
    gates: Tensor,
    h: Tensor,
    weight: Tensor,
    bias: Tensor,
    reverse: bool,
    out_2: Tensor,
    out_3: Tensor,
) -> Any:
    return gru_scan_backward(gates, h, weight, bias, *grads, *_known(out_2, out_3), reverse)


@op(name="StackBackward0", graded=2, jointly=_gru_gradients)
def gru_scan(be: Any, gates: Array, h: Array, weight: Array, bias: Array, reverse: bool) -> Any:
    """Every h, the last h; for backward r, z and n of every step with what r was multiplied with, and all states.

    Shapes: `gates` (T, N, 3 * hidden) of the input, its bias included, in the order r, z, n; `h` (N, hidden), the state
    before; `weight` (3 * hidden, hidden) and `bias` (3 * hidden) for the state.
    """
    turned = be.permute(weight, (1, 0))
    every_h, every_gate, first = [], [], h
    for t in _order(gates.shape[0], reverse):
        x_r, x_z, x_n = _gates(be, _at(be, gates, t), 3)
        h_r, h_z, h_n = _gates(be, be.add(be.matmul(h, turned), bias), 3)
        r = sigmoid_of(be, be.add(x_r, h_r))
        z = sigmoid_of(be, be.add(x_z, h_z))
        n = be.tanh(be.add(x_n, be.mul(r, h_n)))
        h = be.add(n, be.mul(z, be.sub(h, n)))
        every_h.append(h)
        every_gate.append(_joined(be, [r, z, n, h_n]))
    output = _stacked(be, every_h, reverse)
    return output, be.copy(h), _stacked(be, every_gate, reverse), _all_states(be, output, first, reverse)


@composite
def gru_scan_backward(
    be: Any,
    gates: Array,
    h: Array,
    weight: Array,
    bias: Array,
    grad_out: Array | None,
    grad_h: Array | None,
    active: Array | None,
    states: Array | None,
    reverse: bool,
) -> Any:
    """The gradients of `gates`, `h`, `weight` and `bias`."""
    if states is None:
        _, _, active, states = gru_scan.op.forward(be, gates, h, weight, bias, reverse)  # type: ignore[attr-defined]
    before = _without(be, states, not reverse)
    of_x, of_h = [], []
    for t in _order(gates.shape[0], not reverse):
        r, z, n, h_n = _gates(be, _at(be, active, t), 4)
        grad_h = _plus(be, grad_h, None if grad_out is None else _at(be, grad_out, t))
        grad_n = be.mul(be.mul(grad_h, be.sub(1.0, z)), be.sub(1.0, be.mul(n, n)))
        grad_z = be.mul(be.mul(be.mul(grad_h, be.sub(_at(be, before, t), n)), z), be.sub(1.0, z))
        grad_r = be.mul(be.mul(be.mul(grad_n, h_n), r), be.sub(1.0, r))
        of_x.append(_joined(be, [grad_r, grad_z, grad_n]))
        of_h.append(_joined(be, [grad_r, grad_z, be.mul(grad_n, r)]))
        grad_h = be.add(be.mul(grad_h, z), be.matmul(of_h[-1], weight))
    grads = _stacked(be, of_h, not reverse)
    of_weight = _weight_gradient(be, grads, before)
    return _stacked(be, of_x, not reverse), grad_h, of_weight, be.sum(grads, (0, 1), False)


# --- Elman's network --------------------------------------------------------------------------------------------------


def _rnn_gradients(
    grads: Any, gates: Tensor, h: Tensor, weight: Tensor, squash: bool, reverse: bool, out_2: Tensor
) -> Any:
    return rnn_scan_backward(gates, h, weight, *grads, *_known(out_2), squash, reverse)


@op(name="StackBackward0", graded=2, jointly=_rnn_gradients)
def rnn_scan(be: Any, gates: Array, h: Array, weight: Array, squash: bool, reverse: bool) -> Any:
    """Every h = tanh(gates + weight @ h), or relu unless `squash`, and the last; for backward all states.

    Shapes: `gates` (T, N, hidden) of the input, biases included; `h` (N, hidden), the state before; `weight` (hidden,
    hidden).
    """
    turned = be.permute(weight, (1, 0))
    every_h, first = [], h
    for t in _order(gates.shape[0], reverse):
        x = be.add(_at(be, gates, t), be.matmul(h, turned))
        h = be.tanh(x) if squash else be.maximum(x, 0.0)
        every_h.append(h)
    output = _stacked(be, every_h, reverse)
    return output, be.copy(h), _all_states(be, output, first, reverse)


@composite
def rnn_scan_backward(
    be: Any,
    gates: Array,
    h: Array,
    weight: Array,
    grad_out: Array | None,
    grad_h: Array | None,
    states: Array | None,
    squash: bool,
    reverse: bool,
) -> Any:
    """The gradients of `gates`, `h` and `weight`."""
    if states is None:
        _, _, states = rnn_scan.op.forward(be, gates, h, weight, squash, reverse)  # type: ignore[attr-defined]
    output = _without(be, states, reverse)
    found = []
    for t in _order(gates.shape[0], not reverse):
        grad_h = _plus(be, grad_h, None if grad_out is None else _at(be, grad_out, t))
        y = _at(be, output, t)
        if squash:
            grad = be.mul(grad_h, be.sub(1.0, be.mul(y, y)))
        else:
            grad = be.where(be.lt(0.0, y), grad_h, 0.0)
        found.append(grad)
        grad_h = be.matmul(grad, weight)
    grads = _stacked(be, found, not reverse)
    return grads, grad_h, _weight_gradient(be, grads, _without(be, states, not reverse))


FUNCTIONS = ()
METHODS = ()
