"""Recurrent networks over whole sequences: `RNN`, `LSTM`, `GRU`.

All gates of a layer's inputs are one matrix product; then a Python loop over time applies the cell.
Source: https://docs.pytorch.org/docs/stable/nn.html#recurrent-layers
"""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Sequence
from typing import Any

from ... import ops
from ..._tensor import Tensor
from ...ops.autocasting import Autocast, cast, lower
from .. import functional as F
from .. import init
from ..module import Module
from ..parameter import Parameter
from ..utils.rnn import PackedSequence

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


class RNNBase(Module):
    """Parameters, checks and the walk over layers, directions and time; subclasses give the cell.

    For layer k (and with the suffix `_reverse` for the backward direction): `weight_ih_l[k]` (gates · hidden, input),
    `weight_hh_l[k]` (gates · hidden, hidden), `bias_ih_l[k]` and `bias_hh_l[k]` (gates · hidden), and with a projection
    `weight_hr_l[k]` (proj_size, hidden). All start from U(-√k, √k), k = 1 / hidden_size.
    """

    __constants__ = [
        "mode",
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
        "proj_size",
    ]

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_arguments(dropout)
        rows = _GATES[mode] * hidden_size
        out_size = proj_size or hidden_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for suffix in ("", "_reverse") if bidirectional else ("",):
                in_size = input_size if layer == 0 else out_size * (2 if bidirectional else 1)
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, in_size), "weight_hh": (rows, out_size)}
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                names = [f"{kind}_l{layer}{suffix}" for kind in shapes]
                for name, shape in zip(names, shapes.values(), strict=True):
                    setattr(self, name, Parameter(ops.empty(shape, device=device, dtype=dtype)))
                self._all_weights.append(names)
        self.reset_parameters()

    def _check_arguments(self, dropout: Any) -> None:
        is_number = isinstance(dropout, numbers.Number) and not isinstance(dropout, bool)
        if not is_number or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={self.num_layers}",
                stacklevel=4,
            )
        for name, kind in (("bias", bool), ("batch_first", bool), ("input_size", int), ("hidden_size", int)):
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
            if kind is int and value <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if self.num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if self.proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable projections")
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        if self.mode not in _GATES:
            raise ValueError("Unrecognized RNN mode: " + self.mode)

    @property
    def _flat_weights(self) -> list[Parameter]:
        """All parameters, as the state of PyTorch's modules lists them."""
        return [getattr(self, name) for name in self._flat_weights_names]

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_flat_weights_names": self._flat_weights_names, "_flat_weights": self._flat_weights}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({k: v for k, v in state.items() if not k.startswith("_flat_weight")})

    def reset_parameters(self) -> None:
        """Draw the first values again."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing to do: PyTorch joins the weights for cuDNN here."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.proj_size != 0:
            text += f", proj_size={self.proj_size}"
        if self.num_layers != 1:
            text += f", num_layers={self.num_layers}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if self.batch_first is not False:
            text += f", batch_first={self.batch_first}"
        if self.dropout != 0:
            text += f", dropout={self.dropout}"
        if self.bidirectional is not False:
            text += f", bidirectional={self.bidirectional}"
        return text

    # --- what the cells give ------------------------------------------------------------------------------------------

    _states = 1  # how many tensors the state of a cell is: h, or h and c

    def _cell(
        self, gates_x: Tensor, state: tuple[Tensor, ...], weights: dict[str, Tensor | None]
    ) -> tuple[Tensor, ...]:
        """The next state."""
        raise NotImplementedError

    def _all_steps(
        self, x: Tensor, state: tuple[Tensor, ...], weights: dict[str, Any], reverse: bool
    ) -> tuple[Tensor, ...]:
        """All outputs, and the last state, in one op."""
        raise NotImplementedError

    @staticmethod
    def _gates_of(x: Tensor, weights: dict[str, Any]) -> Tensor:
        """What the input, and both biases, add to the gates of every step."""
        bias = weights["bias_ih"] + weights["bias_hh"] if "bias_ih" in weights else None
        return ops.linear(x, weights["weight_ih"], bias)

    # --- checks -------------------------------------------------------------------------------------------------------

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Raise PyTorch's errors for an input of a wrong dtype or shape."""
        weight = getattr(self, self._all_weights[0][0])
        if input.dtype != weight.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). "
                f"Convert input: input.to({weight.dtype}), or convert model: model.to({input.dtype})"
            )
        expected = 3 if batch_sizes is None else 2
        if input.dim() != expected:
            raise RuntimeError(f"input must have {expected} dimensions, got {input.dim()}")
        if self.input_size != input.size(-1):
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}"
            )

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """(layers · directions, batch, proj_size or hidden_size)."""
        return self._expected_sizes(self._batch_of(input, batch_sizes))[0]

    def check_hidden_size(
        self, hx: Tensor, expected_hidden_size: tuple[int, int, int], msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Raise PyTorch's error for a hidden state of a wrong shape."""
        if tuple(hx.size()) != expected_hidden_size:
            raise RuntimeError(msg.format(expected_hidden_size, list(hx.size())))

    def _batch_of(self, input: Tensor, batch_sizes: Tensor | None) -> int:
        if batch_sizes is not None:
            return int(batch_sizes[0].item())
        return int(input.size(0 if self.batch_first else 1))

    def _expected_sizes(self, batch: int) -> tuple[tuple[int, int, int], ...]:
        layers = self.num_layers * (2 if self.bidirectional else 1)
        return tuple((layers, batch, size) for size in (self.proj_size or self.hidden_size, self.hidden_size))

    def _check_state_dims(self, state: Sequence[Tensor], batched: bool) -> None:
        dims, kind = (3, "batched") if batched else (2, "unbatched")
        if any(h.dim() != dims for h in state):
            raise RuntimeError(
                f"For {kind} {dims}-D input, hx should also be {dims}-D but got {state[0].dim()}-D tensor"
            )

    def _check_state(self, state: Sequence[Tensor], sizes: Sequence[tuple[int, int, int]]) -> None:
        self.check_hidden_size(state[0], sizes[0])

    # --- forward ------------------------------------------------------------------------------------------------------

    def forward(self, input: Any, hx: Any = None) -> Any:
        """(output, final state): output (T, N, directions · out) or batch first, or packed as the input was.

        Args:
            input: (T, N, input_size), (N, T, input_size) if `batch_first`, (T, input_size), or a `PackedSequence`.
            hx: the state before the first step; default zeros.
        """
        given = None if hx is None else tuple(hx) if self._states == 2 else (hx,)
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, given)
        if input.dim() not in (2, 3):
            tensor = " tensor" if self.mode.startswith("RNN") else ""
            raise ValueError(f"{self._get_name()}: Expected input to be 2D or 3D, got {input.dim()}D{tensor} instead")
        batched = input.dim() == 3
        if given is not None:
            self._check_state_dims(given, batched)
        if not batched:
            input = input.unsqueeze(0 if self.batch_first else 1)
            given = None if given is None else tuple(h.unsqueeze(1) for h in given)
        self.check_input(input, None)
        if input.size(1 if self.batch_first else 0) == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        state = self._initial_state(input, self._batch_of(input, None), given)
        output, final = self._layers(input.transpose(0, 1) if self.batch_first else input, state, None)
        if self.batch_first:
            output = output.transpose(0, 1)
        if not batched:
            output = output.squeeze(0 if self.batch_first else 1)
            final = tuple(h.squeeze(1) for h in final)
        return output, final if self._states == 2 else final[0]

    def _forward_packed(self, input: PackedSequence, given: tuple[Tensor, ...] | None) -> Any:
        data, batch_sizes, sorted_indices, unsorted_indices = input
        self.check_input(data, batch_sizes)
        if given is not None and sorted_indices is not None:
            given = tuple(h.index_select(1, sorted_indices) for h in given)
        state = self._initial_state(data, self._batch_of(data, batch_sizes), given)
        output, final = self._layers(data, state, batch_sizes.tolist())
        if unsorted_indices is not None:
            final = tuple(h.index_select(1, unsorted_indices) for h in final)
        packed = PackedSequence(output, batch_sizes, sorted_indices, unsorted_indices)
        return packed, final if self._states == 2 else final[0]

    def _initial_state(self, input: Tensor, batch: int, given: tuple[Tensor, ...] | None) -> tuple[Tensor, ...]:
        sizes = self._expected_sizes(batch)[: self._states]
        if given is None:
            return tuple(ops.zeros(size, dtype=input.dtype, device=input.device) for size in sizes)
        self._check_state(given, sizes)
        return given

    def _layers(
        self, x: Tensor, state: tuple[Tensor, ...], batch_sizes: list[int] | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """All layers over time-major input; the final states stacked as (layers · directions, N, ...)."""
        directions = 2 if self.bidirectional else 1
        firsts = list(zip(*(h.unbind(0) for h in state), strict=True))
        finals: list[tuple[Tensor, ...]] = []
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(directions):
                number = layer * directions + direction
                names = self._all_weights[number]
                weights = {name.split("_l")[0]: getattr(self, name) for name in names}
                if batch_sizes is None and not self.proj_size:
                    output, *last = self._all_steps(x, firsts[number], weights, direction == 1)
                    outputs.append(output)
                    finals.append(tuple(last))
                    continue
                gates = ops.linear(x, weights["weight_ih"], weights.get("bias_ih"))
                if batch_sizes is None:
                    output, final = self._scan(gates, firsts[number], weights, direction == 1)
                else:
                    scan = self._scan_packed_reverse if direction == 1 else self._scan_packed
                    output, final = scan(gates, firsts[number], weights, batch_sizes)
                outputs.append(output)
                finals.append(final)
            x = outputs[0] if directions == 1 else ops.cat(outputs, -1)
            if self.dropout and self.training and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, True)
        final = tuple(ops.stack(list(h), 0) for h in zip(*finals, strict=True))
        if Autocast.active and self.mode == "LSTM":  # of the three the one that PyTorch runs in the lower precision
            return cast(x, lower(x)), cast(final, lower(x))
        return x, final

    def _scan(
        self, gates: Tensor, state: tuple[Tensor, ...], weights: dict[str, Tensor | None], reverse: bool
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        steps = gates.unbind(0)
        outputs = []
        for gates_x in reversed(steps) if reverse else steps:
            state = self._cell(gates_x, state, weights)
            outputs.append(state[0])
        if reverse:
            outputs.reverse()
        return ops.stack(outputs, 0), state

    def _scan_packed(
        self, gates: Tensor, state: tuple[Tensor, ...], weights: dict[str, Tensor | None], batch_sizes: list[int]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Sequences end one after another, the shortest (last in the batch) first."""
        outputs: list[Tensor] = []
        ended: list[tuple[Tensor, ...]] = []
        running = batch_sizes[0]
        for gates_x, batch in zip(gates.split(batch_sizes, 0), batch_sizes, strict=True):
            if batch < running:
                ended.append(tuple(h[batch:running] for h in state))
                state = tuple(h[:batch] for h in state)
                running = batch
            state = self._cell(gates_x, state, weights)
            outputs.append(state[0])
        ended.append(state)
        final = tuple(ops.cat(list(h), 0) for h in zip(*reversed(ended), strict=True))
        return ops.cat(outputs, 0), final

    def _scan_packed_reverse(
        self, gates: Tensor, state: tuple[Tensor, ...], weights: dict[str, Tensor | None], batch_sizes: list[int]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """From the end, sequences join one after another, the longest (first in the batch) first."""
        first = state
        state = tuple(h[: batch_sizes[-1]] for h in first)
        running = batch_sizes[-1]
        outputs: list[Tensor] = []
        for gates_x, batch in zip(reversed(gates.split(batch_sizes, 0)), reversed(batch_sizes), strict=True):
            if batch > running:
                state = tuple(ops.cat([h, f[running:batch]], 0) for h, f in zip(state, first, strict=True))
                running = batch
            state = self._cell(gates_x, state, weights)
            outputs.append(state[0])
        outputs.reverse()
        return ops.cat(outputs, 0), state


class RNN(RNNBase):
    """Elman network: h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), or with relu.

    Args:
        input_size, hidden_size: number of features of x and h.
        num_layers: each layer reads the outputs of the one below; default 1.
        nonlinearity: "tanh" (default) or "relu".
        bias: default True.
        batch_first: sequences are (N, T, features); default False: (T, N, features).
        dropout: between layers; default 0.
        bidirectional: a second network reads from the end; outputs are concatenated; default False.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        **rest: Any,
    ) -> None:
        _refuse_projection(self, rest)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        self.nonlinearity = nonlinearity
        super().__init__(
            f"RNN_{nonlinearity.upper()}",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )

    def _cell(
        self, gates_x: Tensor, state: tuple[Tensor, ...], weights: dict[str, Tensor | None]
    ) -> tuple[Tensor, ...]:
        gates = gates_x + ops.linear(state[0], weights["weight_hh"], weights.get("bias_hh"))
        return (ops.tanh(gates) if self.mode == "RNN_TANH" else ops.relu(gates),)

    def _all_steps(
        self, x: Tensor, state: tuple[Tensor, ...], weights: dict[str, Any], reverse: bool
    ) -> tuple[Tensor, ...]:
        gates = self._gates_of(x, weights)
        output, h, _ = ops.rnn_scan(gates, *state, weights["weight_hh"], self.mode == "RNN_TANH", reverse)
        return output, h


class LSTM(RNNBase):
    """c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g), h_t = sigmoid(o) tanh(c_t), gates i, f, g, o as in `LSTMCell`.

    The state is the pair (h, c). With `proj_size` > 0 the output is h_t = W_hr (sigmoid(o) tanh(c_t)).
    Arguments as `RNN`, without nonlinearity.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
    """

    _states = 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "LSTM",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device,
            dtype,
        )

    def _check_state_dims(self, state: Sequence[Tensor], batched: bool) -> None:
        dims, kind = (3, "batched") if batched else (2, "unbatched")
        if any(h.dim() != dims for h in state):
            raise RuntimeError(
                f"For {kind} {dims}-D input, hx and cx should "
                f"also be {dims}-D but got ({state[0].dim()}-D, {state[1].dim()}-D) tensors"
            )

    def _check_state(self, state: Sequence[Tensor], sizes: Sequence[tuple[int, int, int]]) -> None:
        for i, (h, size) in enumerate(zip(state, sizes, strict=True)):
            self.check_hidden_size(h, size, f"Expected hidden[{i}] size {{}}, got {{}}")

    def _cell(
        self, gates_x: Tensor, state: tuple[Tensor, ...], weights: dict[str, Tensor | None]
    ) -> tuple[Tensor, ...]:
        h, c = state
        gates = gates_x + ops.linear(h, weights["weight_hh"], weights.get("bias_hh"))
        h, c = ops.lstm_cell(gates, c)
        if self.proj_size:
            h = ops.linear(h, weights["weight_hr"])
        return h, c

    def _all_steps(
        self, x: Tensor, state: tuple[Tensor, ...], weights: dict[str, Any], reverse: bool
    ) -> tuple[Tensor, ...]:
        output, h, c, _, _ = ops.lstm_scan(self._gates_of(x, weights), *state, weights["weight_hh"], reverse)
        return output, h, c


class GRU(RNNBase):
    """h_t = (1 - z) n + z h_{t-1}, with r and z the sigmoid of both gates' sums and n = tanh(x_n + r h_n).

    The gates are those of `GRUCell`. Arguments as `RNN`, without nonlinearity.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        **rest: Any,
    ) -> None:
        _refuse_projection(self, rest)
        super().__init__(
            "GRU",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )

    def _cell(
        self, gates_x: Tensor, state: tuple[Tensor, ...], weights: dict[str, Tensor | None]
    ) -> tuple[Tensor, ...]:
        gates_h = ops.linear(state[0], weights["weight_hh"], weights.get("bias_hh"))
        return (ops.gru_cell(gates_x, gates_h, state[0]),)

    def _all_steps(
        self, x: Tensor, state: tuple[Tensor, ...], weights: dict[str, Any], reverse: bool
    ) -> tuple[Tensor, ...]:
        weight = weights["weight_hh"]
        gates = ops.linear(x, weights["weight_ih"], weights.get("bias_ih"))
        bias = weights["bias_hh"] if "bias_hh" in weights else weight.new_zeros(weight.size(0))
        output, h, _, _ = ops.gru_scan(gates, *state, weight, bias, reverse)
        return output, h


def _refuse_projection(module: Module, rest: dict[str, Any]) -> None:
    if "proj_size" in rest:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
    if rest:
        raise TypeError(f"{type(module).__name__}.__init__() got an unexpected keyword argument '{next(iter(rest))}'")
