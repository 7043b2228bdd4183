"""`torch.functional`: where PyTorch keeps those of its functions that are written in Python; all are `flambeau`'s own."""

from typing import Any

_NAMES = """
    align_tensors atleast_1d atleast_2d atleast_3d block_diag broadcast_shapes broadcast_tensors
    cartesian_prod cdist chain_matmul einsum istft lu meshgrid norm pca_lowrank split stft svd_lowrank
    tensordot unique unique_consecutive unravel_index
""".split()


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        import flambeau

        return getattr(flambeau, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
