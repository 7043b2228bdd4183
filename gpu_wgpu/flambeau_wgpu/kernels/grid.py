"""How many workgroups, in three dimensions that no device refuses."""

from __future__ import annotations

MOST = 65535  # maxComputeWorkgroupsPerDimension of every WebGPU device

Groups = tuple[int, int, int]


def fold(count: int) -> Groups:
    """`count` workgroups as x and y; a few more where it does not divide, so kernels check their index."""
    if count <= MOST:
        return (count, 1, 1)
    y = -(-count // MOST)
    return (-(-count // y), y, 1)


def cover(items: int, workgroup: int) -> Groups:
    """Workgroups for one invocation per item."""
    return fold(-(-items // workgroup))
