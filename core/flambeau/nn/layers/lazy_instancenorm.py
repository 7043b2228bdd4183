"""Instance normalisations that count the channels of their first input.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm1d.html
"""

from __future__ import annotations

from .instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, _InstanceNorm
from .lazy_batchnorm import _LazyNormBase


class LazyInstanceNorm1d(_LazyNormBase, _InstanceNorm):
    """An `InstanceNorm1d` whose `num_features` is `input.size(1)` of its first input; arguments as there."""

    cls_to_become = InstanceNorm1d
    _unbatched = InstanceNorm1d._unbatched


class LazyInstanceNorm2d(_LazyNormBase, _InstanceNorm):
    """An `InstanceNorm2d` whose `num_features` is `input.size(1)` of its first input; arguments as there."""

    cls_to_become = InstanceNorm2d
    _unbatched = InstanceNorm2d._unbatched


class LazyInstanceNorm3d(_LazyNormBase, _InstanceNorm):
    """An `InstanceNorm3d` whose `num_features` is `input.size(1)` of its first input; arguments as there."""

    cls_to_become = InstanceNorm3d
    _unbatched = InstanceNorm3d._unbatched
