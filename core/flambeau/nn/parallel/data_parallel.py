"""`DataParallel`: the batch divided over devices; without several, the module itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from ..module import Module
from .parallel_apply import parallel_apply
from .replicate import replicate
from .scatter_gather import gather, scatter_kwargs
from .target import is_on_host, target, targets

__all__ = ["DataParallel", "data_parallel"]


class DataParallel(Module):
    """Runs `module` where it is, as PyTorch does without CUDA devices. Its state's names begin with "module.".

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.DataParallel.html
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Sequence[Any] | None = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:
    """`module(*inputs)` with the inputs divided along `dim` over devices, where copies of the module compute.

    Args:
        device_ids: the devices; default the module's.
        output_device: where the outputs go; default the first.

    Raises:
        RuntimeError: the module is on the CPU, or not on the first device.
    """
    given = inputs if isinstance(inputs, tuple) else () if inputs is None else (inputs,)
    tensors = list(chain(module.parameters(), module.buffers()))
    if any(is_on_host(tensor) for tensor in tensors):
        raise RuntimeError("device type could not be determined")
    devices = targets([tensors[0].device] if device_ids is None else device_ids)
    source = devices[0]
    for tensor in tensors:
        if tensor.device != source:
            raise RuntimeError(
                f"module must have its parameters and buffers on device {source} (device_ids[0]) but found one of them on "
                f"device: {tensor.device}"
            )
    parts, named = scatter_kwargs(given, module_kwargs, devices, dim)
    if not parts and not named:
        parts, named = ((),), ({},)
    if len(devices) == 1:
        return module(*parts[0], **named[0])
    used = devices[: len(parts)]
    outputs = parallel_apply(replicate(module, used), parts, named, used)
    return gather(outputs, source if output_device is None else target(output_device), dim)
