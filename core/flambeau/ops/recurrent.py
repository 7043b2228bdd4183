"""Time steps of recurrent layers, after the matrix products: all gates of a step as one op.

Gates of several kinds come side by side, (batch, k * hidden), in PyTorch's order. Source:
https://docs.pytorch.org/docs/stable/nn.html#recurrent-layers
"""

from __future__ import annotations

from typing import Any

from ..backends.protocol import Array, Operand
from ..tensor import Tensor
from .activation import tanh_backward, threshold_backward
from .op import binary, composite, op


@binary(name="TanhBackward0", input=lambda g, out: tanh_backward(g, out), other=lambda g, out: tanh_backward(g, out))
def rnn_tanh_cell(be: Any, input: Operand, other: Operand) -> Any:
    """tanh(input + other): a step of an Elman RNN, from the gates of its input and of its hidden state."""
    return be.tanh(be.add(input, other))


@binary(
    name="ReluBackward0",
    input=lambda g, out: threshold_backward(g, out),
    other=lambda g, out: threshold_backward(g, out),
)
def rnn_relu_cell(be: Any, input: Operand, other: Operand) -> Any:
    """max(input + other, 0): a step of an Elman RNN with relu."""
    return be.maximum(be.add(input, other), 0.0)


def _sigmoid(be: Any, x: Any) -> Any:
    return be.div(1.0, be.add(be.exp(be.neg(x)), 1.0))


def _split(be: Any, gates: Any, parts: int) -> list[Any]:
    """Gates side by side as separate matrices."""
    width = gates.shape[1] // parts
    return [be.narrow(gates, 1, i * width, width) for i in range(parts)]


@op(
    name="LstmCellBackward0",
    jointly=lambda g, gates, c, out: lstm_cell_backward(*_present(g, out), gates, c, out[1]),
)
def lstm_cell(be: Any, gates: Array, c: Array) -> Any:
    """(h', c') of an LSTM step, from gates (input, forget, cell, output) and the cell state:

    c' = sigmoid(f) * c + sigmoid(i) * tanh(g), h' = sigmoid(o) * tanh(c').
    """
    i, f, g, o = _split(be, gates, 4)
    new_c = be.add(be.mul(_sigmoid(be, f), c), be.mul(_sigmoid(be, i), be.tanh(g)))
    return be.mul(_sigmoid(be, o), be.tanh(new_c)), new_c


def _present(grads: list[Tensor | None], out: tuple[Tensor, ...]) -> list[Tensor]:
    """Zeros for the gradient of an output that nobody used."""
    return [o.new_zeros(o._shape) if g is None else g for g, o in zip(grads, out, strict=True)]


@composite
def lstm_cell_backward(be: Any, grad_h: Array, grad_c: Array, gates: Array, c: Array, new_c: Array) -> Any:
    """The gradients of the gates and of the cell state."""
    i, f, g, o = _split(be, gates, 4)
    i, f, o = _sigmoid(be, i), _sigmoid(be, f), _sigmoid(be, o)
    g = be.tanh(g)
    t = be.tanh(new_c)
    through = be.add(grad_c, be.mul(be.mul(grad_h, o), be.sub(1.0, be.mul(t, t))))
    parts = [
        be.mul(be.mul(through, g), be.mul(i, be.sub(1.0, i))),
        be.mul(be.mul(through, c), be.mul(f, be.sub(1.0, f))),
        be.mul(be.mul(through, i), be.sub(1.0, be.mul(g, g))),
        be.mul(be.mul(grad_h, t), be.mul(o, be.sub(1.0, o))),
    ]
    return be.concat(parts, 1), be.mul(through, f)


@op(
    name="GruCellBackward0",
    jointly=lambda g, gates_x, gates_h, h: gru_cell_backward(g, gates_x, gates_h, h),
)
def gru_cell(be: Any, gates_x: Array, gates_h: Array, h: Array) -> Any:
    """h' of a GRU step, from the gates (reset, update, new) of the input and of the hidden state, and that state:

    n = tanh(n_x + sigmoid(r_x + r_h) * n_h), h' = n + sigmoid(z_x + z_h) * (h - n).
    """
    rx, zx, nx = _split(be, gates_x, 3)
    rh, zh, nh = _split(be, gates_h, 3)
    n = be.tanh(be.add(nx, be.mul(_sigmoid(be, be.add(rx, rh)), nh)))
    return be.add(n, be.mul(_sigmoid(be, be.add(zx, zh)), be.sub(h, n)))


@composite
def gru_cell_backward(be: Any, grad: Array, gates_x: Array, gates_h: Array, h: Array) -> Any:
    """The gradients of both kinds of gates and of the hidden state."""
    rx, zx, nx = _split(be, gates_x, 3)
    rh, zh, nh = _split(be, gates_h, 3)
    r = _sigmoid(be, be.add(rx, rh))
    z = _sigmoid(be, be.add(zx, zh))
    n = be.tanh(be.add(nx, be.mul(r, nh)))
    into_n = be.mul(be.mul(grad, be.sub(1.0, z)), be.sub(1.0, be.mul(n, n)))
    into_z = be.mul(be.mul(grad, be.sub(h, n)), be.mul(z, be.sub(1.0, z)))
    into_r = be.mul(be.mul(into_n, nh), be.mul(r, be.sub(1.0, r)))
    gates_x_grad = be.concat([into_r, into_z, into_n], 1)
    return gates_x_grad, be.concat([into_r, into_z, be.mul(into_n, r)], 1), be.mul(grad, z)


FUNCTIONS = ()
METHODS = ()
