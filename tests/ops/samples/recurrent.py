"""Samples of the cells of recurrent layers, through the modules that use them."""

from __future__ import annotations

from typing import Any

from ..sample import F, Op, S


def _cell(kind: str) -> Any:
    """A cell module's function of the input, the state(s) and the parameters."""

    def run(library: Any, x: Any, *rest: Any) -> Any:
        states, parameters = rest[:-4], rest[-4:]
        made = getattr(library.nn, kind)(x.shape[-1], states[0].shape[-1])
        names = dict(zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), parameters, strict=True))
        state = states[0] if len(states) == 1 else states
        for name, value in names.items():
            del made._parameters[name]
            setattr(made, name, value)
        return made(x, state)

    return run


def _arguments(gates: int, states: int) -> Any:
    weights = (F(gates * 2, 3), F(gates * 2, 2), F(gates * 2), F(gates * 2))
    return [S(F(4, 3), *[F(4, 2)] * states, *weights), S(F(3), *[F(2)] * states, *weights)]


OPS = [
    Op("RNNCell", _arguments(1, 1), call=_cell("RNNCell")),
    Op("LSTMCell", _arguments(4, 2), call=_cell("LSTMCell"), tolerance=4),
    Op("GRUCell", _arguments(3, 1), call=_cell("GRUCell"), tolerance=4),
]
