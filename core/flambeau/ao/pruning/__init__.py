"""`torch.ao.pruning`: masks that a sparsifier updates while a model trains.

Source: https://github.com/pytorch/pytorch/tree/main/torch/ao/pruning
"""

from .places import FakeSparsity, fqn_to_module, get_arg_info_from_tensor_fqn, module_to_fqn
from .sparsifier import BaseSparsifier
from .weight_norm import WeightNormSparsifier

__all__ = [
    "BaseSparsifier",
    "FakeSparsity",
    "WeightNormSparsifier",
    "fqn_to_module",
    "get_arg_info_from_tensor_fqn",
    "module_to_fqn",
]
