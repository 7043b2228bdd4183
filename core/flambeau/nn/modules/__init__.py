"""`torch.nn.modules`: the same classes under the names of PyTorch's files, as in `torch.nn.modules.linear.Linear`.

Each line gives PyTorch's file and the files here that hold its classes.
"""

import sys
from types import ModuleType
from typing import Any

from .. import hooks as _hooks
from .. import module as _module
from .. import state as _state
from ..functional import linear_loss as _linear_loss_options
from ..layers import activation as _activation
from ..layers import adaptive as _adaptive
from ..layers import attention as _attention
from ..layers import bags as _bags
from ..layers import batchnorm as _batchnorm
from ..layers import channelshuffle as _channelshuffle
from ..layers import container as _container
from ..layers import conv as _conv
from ..layers import distance as _distance
from ..layers import dropout as _dropout
from ..layers import embedding as _embedding
from ..layers import flatten as _flatten
from ..layers import fold as _fold
from ..layers import instancenorm as _instancenorm
from ..layers import lazy as _lazy
from ..layers import lazy_batchnorm as _lazy_batchnorm
from ..layers import lazy_conv as _lazy_conv
from ..layers import lazy_instancenorm as _lazy_instancenorm
from ..layers import lazy_linear as _lazy_linear
from ..layers import linear as _linear
from ..layers import normalization as _normalization
from ..layers import padding as _padding
from ..layers import parameter_container as _parameter_container
from ..layers import pixelshuffle as _pixelshuffle
from ..layers import pooling as _pooling
from ..layers import rnn as _rnn
from ..layers import rnn_cell as _rnn_cell
from ..layers import state_prefix as _state_prefix
from ..layers import transformer as _transformer
from ..layers import tuples as _tuples
from ..layers import upsampling as _upsampling
from ..losses import base as _loss_base
from ..losses import classification as _classification
from ..losses import linear as _linear_loss
from ..losses import margin as _margin
from ..losses import regression as _regression
from ..losses import sequence as _sequence
from ..module import Module

_FILES: dict[str, tuple[ModuleType, ...]] = {
    "module": (_module, _hooks, _state),
    "adaptive": (_adaptive,),
    "linear_cross_entropy_options": (_linear_loss_options,),
    "lazy": (_lazy,),
    "linear": (_linear, _lazy_linear),
    "activation": (_activation, _attention),
    "batchnorm": (_batchnorm, _lazy_batchnorm),
    "channelshuffle": (_channelshuffle,),
    "conv": (_conv, _lazy_conv),
    "container": (_container, _parameter_container),
    "distance": (_distance,),
    "dropout": (_dropout,),
    "flatten": (_flatten,),
    "instancenorm": (_instancenorm, _lazy_instancenorm),
    "normalization": (_normalization,),
    "fold": (_fold,),
    "loss": (_loss_base, _classification, _regression, _margin, _sequence, _linear_loss),
    "padding": (_padding,),
    "pixelshuffle": (_pixelshuffle,),
    "pooling": (_pooling,),
    "rnn": (_rnn, _rnn_cell),
    "sparse": (_embedding, _bags),
    "transformer": (_transformer,),
    "upsampling": (_upsampling,),
    "utils": (_tuples, _state_prefix),
}


def _gather(name: str, files: tuple[ModuleType, ...]) -> ModuleType:
    gathered = ModuleType(f"{__name__}.{name}", f"torch.nn.modules.{name}: the classes of PyTorch's file.")
    for file in files:
        for key, value in vars(file).items():
            if getattr(value, "__module__", None) == file.__name__:
                setattr(gathered, key, value)
    sys.modules[gathered.__name__] = gathered
    return gathered


for _name, _files in _FILES.items():
    globals()[_name] = _gather(_name, _files)


def __getattr__(name: str) -> Any:
    """The classes themselves, as in `torch.nn.modules.Linear`."""
    for file in _FILES:
        found = getattr(globals()[file], name, None)
        if isinstance(found, type):
            globals()[name] = found
            return found
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


__all__ = [
    "Module",
    "activation",
    "adaptive",
    "batchnorm",
    "channelshuffle",
    "container",
    "conv",
    "distance",
    "dropout",
    "flatten",
    "fold",
    "instancenorm",
    "lazy",
    "linear",
    "loss",
    "module",
    "normalization",
    "padding",
    "pixelshuffle",
    "pooling",
    "rnn",
    "sparse",
    "transformer",
    "upsampling",
    "utils",
]
