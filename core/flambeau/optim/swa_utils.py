"""Averages of a model's weights over training: stochastic weight averaging, and exponential moving averages.

Source: Izmailov et al., arXiv 1803.05407; https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any

from .. import _foreach, ops
from .._tensor import Tensor
from ..autograd.modes import no_grad
from ..nn import Module
from .lr_scheduler import LRScheduler
from .lr_scheduler.scheduler import for_each_group
from .optimizer import Optimizer

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def _check_decay(decay: float) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[[Any, Any, Any], None]:
    """A function (averages, current, count) that makes each average decay · average + (1 - decay) · current."""
    _check_decay(decay)

    @no_grad()  # type: ignore[untyped-decorator]
    def ema_update(ema_param_list: Sequence[Tensor], current_param_list: Sequence[Tensor], _: Any) -> None:
        if ema_param_list[0].is_floating_point():
            _foreach._foreach_lerp_(ema_param_list, current_param_list, 1 - decay)
            return
        for average, current in zip(ema_param_list, current_param_list, strict=True):
            average.copy_(average * decay + current * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> Callable[[Any, Any, Any], None]:
    """A function (averages, current, count) that takes one more into each average of `count`."""

    @no_grad()  # type: ignore[untyped-decorator]
    def swa_update(
        averaged_param_list: Sequence[Tensor], current_param_list: Sequence[Tensor], num_averaged: Any
    ) -> None:
        if averaged_param_list[0].is_floating_point():
            share = 1 / (num_averaged + 1)
            weight = share.item() if isinstance(share, Tensor) else share
            _foreach._foreach_lerp_(averaged_param_list, current_param_list, weight)
            return
        changes = _foreach._foreach_sub(current_param_list, averaged_param_list)
        if isinstance(num_averaged, Tensor):
            counts = [num_averaged + 1] * len(averaged_param_list)
            _foreach._foreach_addcdiv_(averaged_param_list, changes, counts)
        else:
            _foreach._foreach_add_(averaged_param_list, changes, alpha=1.0 / (num_averaged + 1))

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Tensor, Tensor, Any], Tensor]:
    """A function (average, current, count) that returns decay · average + (1 - decay) · current."""
    _check_decay(decay)

    @no_grad()  # type: ignore[untyped-decorator]
    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn() -> Callable[[Tensor, Tensor, Any], Tensor]:
    """A function (average, current, count) that returns the average with one more in it."""

    @no_grad()  # type: ignore[untyped-decorator]
    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


class AveragedModel(Module):
    """A copy of a model whose parameters become averages; calling it calls the copy.

    Args:
        device: where the copy is; default that of the model.
        avg_fn: (average, current, count) to the new average; default an equal average.
        multi_avg_fn: the same for lists, in place of the averages.
        use_buffers: average the buffers too, which otherwise are copied; default False.

    Raises:
        AssertionError: both functions.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[[Tensor, Tensor, Any], Tensor] | None = None,
        multi_avg_fn: Callable[[Any, Any, Any], None] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", ops.tensor(0, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged copy gives."""
        return self.module(*args, **kwargs)

    def _averaged(self, model: Module) -> Iterable[Tensor]:
        return itertools.chain(model.parameters(), model.buffers()) if self.use_buffers else model.parameters()

    def update_parameters(self, model: Module) -> None:
        """Take the model's parameters, as they are now, into the averages; the first time they are copied."""
        averages = [p.detach() for p in self._averaged(self.module)]
        current = [p.detach().to(a.device) for p, a in zip(self._averaged(model), averages, strict=False)]
        if self.n_averaged == 0:
            for average, value in zip(averages, current, strict=True):
                average.copy_(value)
        elif self.multi_avg_fn is not None:
            for ours, theirs in _by_kind(averages, current):
                self.multi_avg_fn(ours, theirs, self.n_averaged.to(ours[0].device))
        else:
            mean = self.avg_fn or get_swa_avg_fn()
            for average, value in zip(averages, current, strict=True):
                average.copy_(mean(average, value, self.n_averaged.to(average.device)))
        if not self.use_buffers:
            for ours_, theirs_ in zip(self.module.buffers(), model.buffers(), strict=True):
                ours_.detach().copy_(theirs_.detach())
        self.n_averaged += 1


def _by_kind(averages: list[Tensor], current: list[Tensor]) -> list[tuple[list[Tensor], list[Tensor]]]:
    """The pairs, apart by device and dtype."""
    groups: dict[Any, tuple[list[Tensor], list[Tensor]]] = {}
    for average, value in zip(averages, current, strict=True):
        ours, theirs = groups.setdefault((average.device, average.dtype), ([], []))
        ours.append(average)
        theirs.append(value)
    return list(groups.values())


@no_grad()  # type: ignore[untyped-decorator]
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute anew the running statistics of a model's batch normalisations, in one pass over a loader.

    Args:
        loader: gives inputs, or lists and tuples of which the first is the input.
    """
    norms: list[Any] = [m for m in model.modules() if any(c.__name__ == "_BatchNorm" for c in type(m).__mro__)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    was_training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # an equal average of all batches
    for batch in loader:
        input = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(input if device is None else input.to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the present rates to `swa_lr` in `anneal_epochs` (10) steps, along a "cos" (default) or a "linear" curve.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.SWALR.html
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for lr, group in zip(for_each_group("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = lr
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def anneal_func(self, t: float) -> float:
        """How much of the way has been gone after the share `t` of the steps."""
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t

    def get_lr(self) -> list[Any]:
        self._check_called_within_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before = self.anneal_func(max(0, min(1, (step - 1) / max(1, self.anneal_epochs))))
        now = self.anneal_func(max(0, min(1, step / max(1, self.anneal_epochs))))
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates
