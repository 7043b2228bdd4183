"""`torch.optim`: optimizers, and schedules of their learning rates."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import lr_scheduler, optimizer
from .adagrad import Adagrad
from .adam import Adam
from .adamw import AdamW
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

if _TYPE_CHECKING:
    from . import swa_utils
    from ._adafactor import Adafactor
    from ._muon import Muon
    from ._stateless import swap_in_optimizer_params_and_state
    from .adadelta import Adadelta
    from .adamax import Adamax
    from .asgd import ASGD
    from .lbfgs import LBFGS
    from .nadam import NAdam
    from .radam import RAdam
    from .rprop import Rprop
    from .sparse_adam import SparseAdam

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SparseAdam",
    "lr_scheduler",
    "optimizer",
    "swa_utils",
    "swap_in_optimizer_params_and_state",
]

_FILES = {
    "ASGD": "asgd", "LBFGS": "lbfgs", "Adadelta": "adadelta", "Adafactor": "_adafactor", "Adamax": "adamax",
    "Muon": "_muon", "NAdam": "nadam", "RAdam": "radam", "Rprop": "rprop", "SparseAdam": "sparse_adam",
    "swap_in_optimizer_params_and_state": "_stateless",
}  # fmt: skip
"""Where the less common ones are, which are loaded when first used."""


def __getattr__(name: str) -> _Any:
    if name in _FILES:
        found = globals()[name] = getattr(_import_module(f"{__name__}.{_FILES[name]}"), name)
        return found
    if name == "swa_utils":
        return _import_module(f"{__name__}.swa_utils")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
