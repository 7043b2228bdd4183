"""`DistributedDataParallel`: the same module in several processes, of which there is one.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..module import Module

__all__ = ["DistributedDataParallel"]


class DistributedDataParallel(Module):
    """A module whose gradients are averaged over the processes of a group: over those of a world of one, left as they are.

    Args:
        module: what is wrapped; parameters and buffers are called `module.<name>`.
        device_ids, output_device: for modules on one GPU; None for all others.
        dim: the dimension of batches.
        broadcast_buffers, find_unused_parameters, gradient_as_bucket_view, static_graph, bucket_cap_mb and the others: how
            processes talk to each other; they are kept, and change nothing here.

    Raises:
        ValueError: there is no process group, or devices are given for a module on the CPU.
        RuntimeError: nothing in the module requires grad.
    """

    def __init__(
        self,
        module: Module,
        device_ids: Any = None,
        output_device: Any = None,
        dim: int = 0,
        broadcast_buffers: bool = True,
        init_sync: bool = True,
        process_group: Any = None,
        bucket_cap_mb: float | None = None,
        find_unused_parameters: bool = False,
        check_reduction: bool = False,
        gradient_as_bucket_view: bool = False,
        static_graph: bool = False,
        delay_all_reduce_named_params: Any = None,
        param_to_hook_all_reduce: Any = None,
        mixed_precision: Any = None,
        device_mesh: Any = None,
        skip_all_reduce_unused_params: bool = False,
    ) -> None:
        from ... import distributed

        super().__init__()
        group = process_group or distributed.GroupMember.WORLD
        if group is None:
            raise ValueError(
                "Default process group has not been initialized, please make sure to call init_process_group."
            )
        trained = [p for p in module.parameters() if p.requires_grad]
        if not trained:
            raise RuntimeError(
                "DistributedDataParallel is not needed when a module doesn't have any parameter that requires a gradient."
            )
        if device_ids is not None and len(device_ids) > 1:
            raise ValueError("device_ids can only be None or contain a single element.")
        places = {p.device for p in module.parameters()}
        on_cpu = any(p.type == "cpu" for p in places)
        if len(places) > 1 or on_cpu:
            if device_ids or output_device:
                raise ValueError(
                    "DistributedDataParallel device_ids and output_device arguments only work with single-device/"
                    f"multiple-device GPU modules or CPU modules, but got device_ids {device_ids}, output_device "
                    f"{output_device}, and module parameters { {p.device for p in module.parameters()} }."
                )
            device_ids = output_device = None
        elif device_ids is not None and output_device is None:
            output_device = device_ids[0]
        self.process_group = group
        self.device_mesh = device_mesh
        self.dim = dim
        self.module = module
        self.device = trained[0].device
        self.device_type = self.device.type
        self.is_multi_device_module = len(places) > 1
        self.device_ids = device_ids
        self.output_device = output_device
        self.static_graph = static_graph
        self.broadcast_buffers = broadcast_buffers
        self.find_unused_parameters = find_unused_parameters
        self.skip_all_reduce_unused_params = skip_all_reduce_unused_params
        self.gradient_as_bucket_view = gradient_as_bucket_view
        self.mixed_precision = mixed_precision
        self.require_backward_grad_sync = True
        self.require_forward_param_sync = True
        self.parameters_to_ignore: set[str] = set(getattr(module, "_ddp_params_and_buffers_to_ignore", ()))

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module gives."""
        return self.module(*inputs, **kwargs)

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """A context in which gradients are summed up here, and not yet averaged over the processes."""
        before = self.require_backward_grad_sync
        self.require_backward_grad_sync = False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before

    @contextmanager
    def join(
        self, divide_by_initial_world_size: bool = True, enable: bool = True, throw_on_early_termination: bool = False
    ) -> Iterator[None]:
        """A context in which processes may have batches in different numbers: the one there is waits for nobody."""
        yield

    def register_comm_hook(self, state: object, hook: Callable[..., Any]) -> None:
        """Have gradients averaged by `hook` instead. One process averages nothing, and does not call it.

        Raises:
            TypeError: it cannot be called.
        """
        if not callable(hook):
            raise TypeError("Communication hook must be callable.")

    def will_sync_module_buffers(self) -> bool:
        """Whether a forward pass hands the buffers of the first process to the others."""
        return self.require_forward_param_sync and self.broadcast_buffers and any(True for _ in self.buffers())

    def _set_static_graph(self) -> None:
        self.static_graph = True
