"""Cells of recurrent networks: what follows the matrix products, in one op.

Gates lie side by side in the last dimension, in PyTorch's order.
Source: https://docs.pytorch.org/docs/stable/nn.html#recurrent-layers
"""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..backends.protocol import Array
from .creation import zeros_like
from .nonlinearity import sigmoid_of
from .op import composite, op


def _gates(be: Any, x: Any, count: int) -> list[Any]:
    """The gates as `count` arrays of equal width."""
    last = len(x.shape) - 1
    size = x.shape[last] // count
    return [be.narrow(x, last, i * size, size) for i in range(count)]


def _joined(be: Any, gates: list[Any]) -> Any:
    return be.concat(gates, len(gates[0].shape) - 1)


# --- LSTM -------------------------------------------------------------------------------------------------------------


def _lstm_gradients(grads: Any, gates: Tensor, c: Tensor, out: Any) -> tuple[Tensor, ...]:
    grad_h, grad_c = grads
    gradients: tuple[Tensor, ...] = lstm_cell_backward(
        zeros_like(c) if grad_h is None else grad_h, zeros_like(c) if grad_c is None else grad_c, gates, c, out[1]
    )
    return gradients


@op(name="LstmCellBackward0", jointly=_lstm_gradients)
def lstm_cell(be: Any, gates: Array, c: Array) -> Any:
    """The next (h, c): c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c').

    Shapes: `gates` (*, 4 * hidden) in the order i, f, g, o; `c` (*, hidden).
    """
    i, f, g, o = _gates(be, gates, 4)
    c = be.add(be.mul(sigmoid_of(be, f), c), be.mul(sigmoid_of(be, i), be.tanh(g)))
    return be.mul(sigmoid_of(be, o), be.tanh(c)), c


@composite
def lstm_cell_backward(be: Any, grad_h: Array, grad_c: Array, gates: Array, c: Array, next_c: Array) -> Any:
    """The gradients of `gates` and `c`."""
    i, f, g, o = _gates(be, gates, 4)
    i, f, g, o = sigmoid_of(be, i), sigmoid_of(be, f), be.tanh(g), sigmoid_of(be, o)
    t = be.tanh(next_c)
    grad_c = be.add(grad_c, be.mul(be.mul(grad_h, o), be.sub(1.0, be.mul(t, t))))
    grads = [
        be.mul(be.mul(be.mul(grad_c, g), i), be.sub(1.0, i)),
        be.mul(be.mul(be.mul(grad_c, c), f), be.sub(1.0, f)),
        be.mul(be.mul(grad_c, i), be.sub(1.0, be.mul(g, g))),
        be.mul(be.mul(be.mul(grad_h, t), o), be.sub(1.0, o)),
    ]
    return _joined(be, grads), be.mul(grad_c, f)


# --- GRU --------------------------------------------------------------------------------------------------------------


@op(
    name="GruCellBackward0",
    jointly=lambda g, gates_x, gates_h, h: gru_cell_backward(g, gates_x, gates_h, h),
)
def gru_cell(be: Any, gates_x: Array, gates_h: Array, h: Array) -> Any:
    """The next h: (1 - z) n + z h, with r and z the sigmoid of both gates' sums and n = tanh(x_n + r h_n).

    Shapes: `gates_x` (of the input) and `gates_h` (of h), (*, 3 * hidden), in the order r, z, n; `h` (*, hidden).
    """
    x_r, x_z, x_n = _gates(be, gates_x, 3)
    h_r, h_z, h_n = _gates(be, gates_h, 3)
    r = sigmoid_of(be, be.add(x_r, h_r))
    z = sigmoid_of(be, be.add(x_z, h_z))
    n = be.tanh(be.add(x_n, be.mul(r, h_n)))
    return be.add(n, be.mul(z, be.sub(h, n)))


@composite
def gru_cell_backward(be: Any, g: Array, gates_x: Array, gates_h: Array, h: Array) -> Any:
    """The gradients of `gates_x`, `gates_h` and `h`."""
    x_r, x_z, x_n = _gates(be, gates_x, 3)
    h_r, h_z, h_n = _gates(be, gates_h, 3)
    r = sigmoid_of(be, be.add(x_r, h_r))
    z = sigmoid_of(be, be.add(x_z, h_z))
    n = be.tanh(be.add(x_n, be.mul(r, h_n)))
    grad_n = be.mul(be.mul(g, be.sub(1.0, z)), be.sub(1.0, be.mul(n, n)))
    grad_z = be.mul(be.mul(be.mul(g, be.sub(h, n)), z), be.sub(1.0, z))
    grad_r = be.mul(be.mul(be.mul(grad_n, h_n), r), be.sub(1.0, r))
    through_h = _joined(be, [grad_r, grad_z, be.mul(grad_n, r)])
    return _joined(be, [grad_r, grad_z, grad_n]), through_h, be.mul(g, z)


FUNCTIONS = ()
METHODS = ()
