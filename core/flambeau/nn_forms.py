"""What `torch` itself has of `nn.functional` and of recurrent networks, in its own forms: a reduction is a number here.

Source: https://docs.pytorch.org/docs/stable/torch.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import ops
from ._tensor import Tensor
from .dtype import bool_
from .nn import functional as F
from .nn.functional.linear import _renormalize
from .nn.layers.rnn import GRU, LSTM, RNN, RNNBase
from .nn.module import Module
from .nn.utils.rnn import PackedSequence

_REDUCTIONS = ("none", "mean", "sum")

# --- activations ------------------------------------------------------------------------------------------------------


def celu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """max(0, x) + min(0, alpha · (exp(x / alpha) - 1))."""
    return F.celu(input, alpha)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place `celu`."""
    return F.celu_(input, alpha)


def selu(input: Tensor) -> Tensor:
    """scale · elu(x, alpha), with the two constants that keep mean 0 and variance 1."""
    return F.selu(input)


def selu_(input: Tensor) -> Tensor:
    """In-place `selu`."""
    return F.selu_(input)


def rrelu(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """Leaky relu of a random slope in training, else of the mean of `lower` and `upper`."""
    return F.rrelu(input, lower, upper, training)


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """In-place `rrelu`."""
    return F.rrelu_(input, lower, upper, training)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """In-place `threshold`."""
    return F.threshold_(input, threshold, value)


# --- dropout ----------------------------------------------------------------------------------------------------------


def _checked(p: float) -> float:
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p}")
    return p


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """In-place `dropout`."""
    return F.dropout(input, _checked(p), train, inplace=True)


def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """`dropout`, and which elements were kept."""
    if train is False or p == 0 or not input.numel():
        return input.clone(), ops.ones_like(input, dtype=bool_)
    kept = ops.empty_like(input).bernoulli_(1 - p) > 0
    return input * kept * (0.0 if p == 1 else 1 / (1 - p)), kept


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout that keeps mean and variance of self-normalising networks."""
    return F.alpha_dropout(input, _checked(p), train)


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """In-place `alpha_dropout`."""
    return F.alpha_dropout(input, _checked(p), train, inplace=True)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout of whole channels."""
    from .nn.functional.dropout import _feature_dropout

    return _feature_dropout(input, _checked(p), train, False)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` of whole channels."""
    return F.feature_alpha_dropout(input, _checked(p), train)


# --- linear maps, tables, distances -----------------------------------------------------------------------------------


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x₁ᵀ A x₂ + b."""
    return F.bilinear(input1, input2, weight, bias)


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """Rows of `weight` at the integers `indices`; the row `padding_idx`, if not negative, gets no gradient."""
    padding = None if padding_idx < 0 else padding_idx
    return F.embedding(indices, weight, padding, None, 2.0, scale_grad_by_freq, sparse)


def embedding_renorm_(input: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Scale the rows of `input` at `indices` down to a norm of `max_norm`, in place."""
    _renormalize(input, indices, max_norm, norm_type)
    return input


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x₁·x₂ / (max(‖x₁‖, eps) max(‖x₂‖, eps)) along `dim`."""
    return F.cosine_similarity(x1, x2, dim, eps)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """‖x₁ - x₂ + eps‖ₚ along the last dimension."""
    return F.pairwise_distance(x1, x2, p, eps, keepdim)


# --- losses -----------------------------------------------------------------------------------------------------------


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None, reduction: int = 0
) -> Tensor:
    """Binary cross-entropy of sigmoid(x)."""
    return F.binary_cross_entropy_with_logits(
        input, target, weight, reduction=_REDUCTIONS[reduction], pos_weight=pos_weight
    )


def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int) -> Tensor:
    """exp(x) - y x, or x - y log(x + eps) without `log_input`."""
    how = _REDUCTIONS[reduction]
    return F.poisson_nll_loss(input, target, log_input=log_input, full=full, eps=eps, reduction=how)


def kl_div(input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False) -> Tensor:
    """t (log t - x) for log-probabilities x."""
    if reduction == 1:
        return F.kl_div(input, target, reduction="none", log_target=log_target).mean()
    return F.kl_div(input, target, reduction=_REDUCTIONS[reduction], log_target=log_target)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """1 - cos(x₁, x₂) where y = 1, max(0, cos(x₁, x₂) - margin) where y = -1."""
    return F.cosine_embedding_loss(input1, input2, target, margin, reduction=_REDUCTIONS[reduction])


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0) -> Tensor:
    """x where y = 1, max(0, margin - x) where y = -1."""
    return F.hinge_embedding_loss(input, target, margin, reduction=_REDUCTIONS[reduction])


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """max(0, -y (x₁ - x₂) + margin)."""
    return F.margin_ranking_loss(input1, input2, target, margin, reduction=_REDUCTIONS[reduction])


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """max(0, d(a, p) - d(a, n) + margin)."""
    how = _REDUCTIONS[reduction]
    return F.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction=how)


# --- recurrent networks -----------------------------------------------------------------------------------------------


def _cell_gates(x: Tensor, h: Tensor, weights: tuple[Any, ...]) -> tuple[Tensor, Tensor]:
    w_ih, w_hh, b_ih, b_hh = weights
    return ops.linear(x, w_ih, b_ih), ops.linear(h, w_hh, b_hh)


def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The next (h, c) of an LSTM, whose state is `hx`."""
    of_x, of_h = _cell_gates(input, hx[0], (w_ih, w_hh, b_ih, b_hh))
    state: tuple[Tensor, Tensor] = ops.lstm_cell(of_x + of_h, hx[1])
    return state


def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """The next h of a GRU."""
    state: Tensor = ops.gru_cell(*_cell_gates(input, hx, (w_ih, w_hh, b_ih, b_hh)), hx)
    return state


def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """The next h of an Elman network: the tanh of both products."""
    of_x, of_h = _cell_gates(input, hx, (w_ih, w_hh, b_ih, b_hh))
    return (of_x + of_h).tanh()


def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """The next h of an Elman network: the relu of both products."""
    of_x, of_h = _cell_gates(input, hx, (w_ih, w_hh, b_ih, b_hh))
    return (of_x + of_h).relu()


def _network(
    kind: type[RNNBase],
    mode: str,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> RNNBase:
    """A layer that has these weights."""
    layer = kind.__new__(kind)
    Module.__init__(layer)
    directions = 2 if bidirectional else 1
    each = len(params) // (num_layers * directions)
    kinds = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if has_biases else [])]
    kinds += ["weight_hr"] * (each - len(kinds))
    layer._all_weights = []
    for n in range(num_layers * directions):
        suffix = f"_l{n // directions}" + ("_reverse" if n % directions else "")
        names = [name + suffix for name in kinds]
        for name, weight in zip(names, params[n * each :], strict=False):
            layer.__dict__[name] = weight
        layer._all_weights.append(names)
    first = params[0]
    layer.mode, layer.bias, layer.dropout, layer.training = mode, has_biases, float(dropout), train
    layer.num_layers, layer.bidirectional, layer.batch_first = num_layers, bidirectional, batch_first
    layer.input_size = first.size(1)
    layer.hidden_size = first.size(0) // {"LSTM": 4, "GRU": 3}.get(mode, 1)
    layer.proj_size = params[each - 1].size(0) if "weight_hr" in kinds else 0
    return layer


def _run(kind: type[RNNBase], mode: str, args: tuple[Any, ...]) -> tuple[Tensor, ...]:
    """The two forms of these functions: (input, state, weights, ...), and (data, batch sizes, state, weights, ...)."""
    pair = kind is LSTM
    packed = isinstance(args[1 if pair else 2], Tensor)
    if packed:
        data, sizes, state, params, *options = args
        given: Any = PackedSequence(data, sizes)
        options = [*options, False]
    else:
        given, state, params, *options = args
    output, final = _network(kind, mode, params, *options)(given, tuple(state) if pair else state)
    output = output.data if packed else output
    return (output, *final) if pair else (output, final)


def lstm(*args: Any) -> tuple[Tensor, ...]:
    """Output, h and c of `nn.LSTM`: (input, (h, c), weights, has_biases, num_layers, dropout, train, bidirectional,
    batch_first), or packed data and batch sizes first, and no batch_first.
    """
    return _run(LSTM, "LSTM", args)


def gru(*args: Any) -> tuple[Tensor, ...]:
    """Output and h of `nn.GRU`; arguments as `lstm`, with the state h."""
    return _run(GRU, "GRU", args)


def rnn_tanh(*args: Any) -> tuple[Tensor, ...]:
    """Output and h of `nn.RNN`; arguments as `gru`."""
    return _run(RNN, "RNN_TANH", args)


def rnn_relu(*args: Any) -> tuple[Tensor, ...]:
    """Output and h of `nn.RNN` with relu; arguments as `gru`."""
    return _run(RNN, "RNN_RELU", args)
