"""`torch.utils`: here `utils.data`, whose code is in `flambeau.data`."""

import sys

from .. import data

# So that `import flambeau.utils.data` and `from flambeau.utils.data.dataset import Dataset` find it.
sys.modules[f"{__name__}.data"] = data
for _name in ("collate", "dataloader", "dataset", "sampler"):
    sys.modules[f"{__name__}.data.{_name}"] = getattr(data, _name)

__all__ = ["data"]
