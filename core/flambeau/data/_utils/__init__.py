"""PyTorch's private paths below `torch.utils.data._utils`: collation, fetching and workers."""

from .. import collate, fetch, worker
from ..worker import MP_STATUS_CHECK_INTERVAL

__all__ = ["MP_STATUS_CHECK_INTERVAL", "collate", "fetch", "worker"]
