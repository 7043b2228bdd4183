"""`ChannelShuffle`."""

from __future__ import annotations

from ..._tensor import Tensor
from .. import functional as F
from ..module import Module


class ChannelShuffle(Module):
    """The channels of `groups` groups interleaved: (N, C, *) → (N, C, *). Source: arXiv 1707.01083."""

    __constants__ = ["groups"]

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
