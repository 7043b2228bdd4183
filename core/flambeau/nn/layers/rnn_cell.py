"""One step of a recurrent network: `RNNCell`, `LSTMCell`, `GRUCell`."""

from __future__ import annotations

import math
from typing import Any

from ... import ops
from ..._tensor import Tensor
from ...ops.node_names import name_node
from .. import init
from ..module import Module
from ..parameter import Parameter


class RNNCellBase(Module):
    """Weights of a cell, from U(-√k, √k), k = 1 / hidden_size: `weight_ih` (chunks · hidden, input), `weight_hh`
    (chunks · hidden, hidden), `bias_ih` and `bias_hh` (chunks · hidden)."""

    __constants__ = ["input_size", "hidden_size", "bias"]
    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(ops.empty((rows, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(ops.empty((rows, hidden_size), device=device, dtype=dtype))
        if bias:
            self.bias_ih = Parameter(ops.empty(rows, device=device, dtype=dtype))
            self.bias_hh = Parameter(ops.empty(rows, device=device, dtype=dtype))
        else:
            self.register_parameter("bias_ih", None)
            self.register_parameter("bias_hh", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the first values again."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        if nonlinearity != "tanh":
            text += f", nonlinearity={nonlinearity}"
        return text

    def _check(self, input: Tensor, *hidden: tuple[str, Tensor | None]) -> None:
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        for label, h in hidden:
            if h is not None and h.dim() not in (1, 2):
                raise ValueError(f"{name}: Expected {label} to be 1D or 2D, got {h.dim()}D instead")
        if input.size(-1) != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {input.size(-1)} expected {self.input_size}")
        for i, (_, h) in enumerate(hidden):
            if h is None:
                continue
            batch, size = (h.size(0) if h.dim() == 2 else 1), h.size(-1)
            expected = input.size(0) if input.dim() == 2 else 1
            if batch != expected:
                raise RuntimeError(f"Input batch size {expected} doesn't match hidden{i} batch size {batch}")
            if size != self.hidden_size:
                raise RuntimeError(f"hidden{i} has inconsistent hidden_size: got {size}, expected {self.hidden_size}")

    def _zeros(self, input: Tensor) -> Tensor:
        return ops.zeros((*input.shape[:-1], self.hidden_size), dtype=input.dtype, device=input.device)

    def _gates(self, input: Tensor, h: Tensor) -> Tensor:
        return ops.linear(input, self.weight_ih, self.bias_ih) + ops.linear(h, self.weight_hh, self.bias_hh)


class RNNCell(RNNCellBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or with relu instead of tanh.

    Shapes: x (N, input_size) or (input_size); h (N, hidden_size) or (hidden_size), zero if not given.

    Args:
        nonlinearity: "tanh" (default) or "relu".

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    """

    __constants__ = ["input_size", "hidden_size", "bias", "nonlinearity"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, num_chunks=1, device=device, dtype=dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        self._check(input, ("hidden", hx))
        gates = self._gates(input, self._zeros(input) if hx is None else hx)
        if self.nonlinearity == "tanh":
            return gates.tanh()
        if self.nonlinearity == "relu":
            return gates.relu()
        raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")


class LSTMCell(RNNCellBase):
    """c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'); i, f, g, o = W_ih x + b_ih + W_hh h + b_hh.

    Shapes: x (N, input_size) or (input_size); h and c (N, hidden_size) or (hidden_size), zero if not given.
    Returns (h', c').

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, num_chunks=4, device=device, dtype=dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        if hx is None:
            self._check(input)
            h = c = self._zeros(input)
        else:
            h, c = hx
            self._check(input, ("hx[0]", h), ("hx[1]", c))
        return ops.lstm_cell(self._gates(input, h), c)


class GRUCell(RNNCellBase):
    """h' = (1 - z) n + z h, with r and z the sigmoid of both gates' sums and n = tanh(x_n + r h_n).

    Shapes: x (N, input_size) or (input_size); h (N, hidden_size) or (hidden_size), zero if not given.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, num_chunks=3, device=device, dtype=dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        self._check(input, ("hidden", hx))
        h = self._zeros(input) if hx is None else hx
        gates_x = ops.linear(input, self.weight_ih, self.bias_ih)
        gates_h = ops.linear(h, self.weight_hh, self.bias_hh)
        return name_node(ops.gru_cell(gates_x, gates_h, h), "AddBackward0")  # PyTorch's is made of steps
