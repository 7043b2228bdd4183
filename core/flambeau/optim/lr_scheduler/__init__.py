"""`torch.optim.lr_scheduler`: learning rates that change as training goes on."""

from .combined import ChainedScheduler, SequentialLR
from .cycles import CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR
from .functions import LambdaLR, MultiplicativeLR
from .plateau import ReduceLROnPlateau
from .ramps import CosineAnnealingLR, LinearLR, PolynomialLR
from .scheduler import (
    EPOCH_DEPRECATION_WARNING,
    LRScheduler,
    _enable_get_lr_call,
    _format_param,
    _initial_mode,
    _LRScheduler,
    _param_groups_val_list,
    _update_param_group_val,
    _warn_get_lr_called_within_step,
)
from .steps import ConstantLR, ExponentialLR, MultiStepLR, StepLR

__all__ = [
    "LRScheduler",
    "LambdaLR",
    "MultiplicativeLR",
    "StepLR",
    "MultiStepLR",
    "ConstantLR",
    "ExponentialLR",
    "LinearLR",
    "PolynomialLR",
    "CosineAnnealingLR",
    "ReduceLROnPlateau",
    "CyclicLR",
    "OneCycleLR",
    "CosineAnnealingWarmRestarts",
    "SequentialLR",
    "ChainedScheduler",
    "EPOCH_DEPRECATION_WARNING",
    "_LRScheduler",
    "_enable_get_lr_call",
    "_format_param",
    "_initial_mode",
    "_param_groups_val_list",
    "_update_param_group_val",
    "_warn_get_lr_called_within_step",
]
