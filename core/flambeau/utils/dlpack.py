"""`torch.utils.dlpack`: memory shared with other libraries.

Source: https://docs.pytorch.org/docs/stable/dlpack.html
"""

from __future__ import annotations

from ..ops.dlpack_device import DLDeviceType
from ..ops.interop import from_dlpack, to_dlpack

__all__ = ["DLDeviceType", "from_dlpack", "to_dlpack"]
