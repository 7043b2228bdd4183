"""The kinds of devices that DLPack knows; a file of its own since only those who ask need `enum`."""

from __future__ import annotations

from enum import IntEnum


class DLDeviceType(IntEnum):
    """The kinds of devices that DLPack knows."""

    kDLCPU = 1
    kDLCUDA = 2
    kDLCUDAHost = 3
    kDLOpenCL = 4
    kDLVulkan = 7
    kDLMetal = 8
    kDLVPI = 9
    kDLROCM = 10
    kDLExtDev = 12
    kDLOneAPI = 14
    kDLWebGPU = 15
