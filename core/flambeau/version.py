"""`torch.version`: whose release is followed, and what it was built with."""

from .torch_alias import TORCH_VERSION
from .torch_version import TorchVersion

__version__ = TorchVersion(TORCH_VERSION)
debug = False
cuda: str | None = None
hip: str | None = None
rocm: str | None = None
xpu: str | None = None
git_version = "none"
