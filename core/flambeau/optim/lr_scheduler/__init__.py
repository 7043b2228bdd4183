"""`torch.optim.lr_scheduler`: learning rates that change as training goes on."""

from .functions import LambdaLR, MultiplicativeLR
from .plateau import ReduceLROnPlateau
from .ramps import CosineAnnealingLR, LinearLR, PolynomialLR
from .scheduler import LRScheduler, _LRScheduler
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
    "_LRScheduler",
]
