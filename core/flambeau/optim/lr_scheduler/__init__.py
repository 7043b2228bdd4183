"""`torch.optim.lr_scheduler`: learning rates that change as training goes on."""

from .combined import ChainedScheduler, SequentialLR
from .cycles import CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR
from .functions import LambdaLR, MultiplicativeLR
from .plateau import ReduceLROnPlateau
from .ramps import CosineAnnealingLR, LinearLR, PolynomialLR
from .scheduler import EPOCH_DEPRECATION_WARNING, LRScheduler, _LRScheduler
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
]
