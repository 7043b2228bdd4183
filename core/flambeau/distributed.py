"""`torch.distributed` for a world of one process, so that a script written for many also runs alone.

Collectives over one process are the identity. More processes are refused when the group is made, not later.

Source: https://docs.pytorch.org/docs/stable/distributed.html
"""

from __future__ import annotations

import enum
import os
from collections.abc import Sequence
from typing import Any

from ._tensor import Tensor
from .autograd.modes import no_grad

__all__ = [
    "GroupMember", "ReduceOp", "Work", "all_gather", "all_gather_object", "all_reduce", "barrier", "broadcast",
    "broadcast_object_list", "destroy_process_group", "gather", "get_backend", "get_rank", "get_world_size", "group",
    "init_process_group", "is_available", "is_gloo_available", "is_initialized", "is_mpi_available", "is_nccl_available",
    "is_torchelastic_launched", "new_group", "reduce", "reduce_scatter", "scatter",
]  # fmt: skip


class ReduceOp(enum.Enum):
    """How a reduction combines what the processes hold; of one process, always what it holds."""

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4
    BAND = 5
    BOR = 6
    BXOR = 7


class ProcessGroup:
    """The group of the one process."""

    def __init__(self, backend: str) -> None:
        self.backend = backend

    def rank(self) -> int:
        """0."""
        return 0

    def size(self) -> int:
        """1."""
        return 1


class GroupMember:
    """Names for the default group and for no group."""

    WORLD: ProcessGroup | None = None
    NON_GROUP_MEMBER = -100


group = GroupMember


class Work:
    """What an asynchronous collective returns: work that is done."""

    def wait(self, timeout: Any = None) -> bool:
        """True at once."""
        return True

    def is_completed(self) -> bool:
        """True."""
        return True


def is_available() -> bool:
    """True: a world of one can always be made."""
    return True


def is_gloo_available() -> bool:
    """True: the name is accepted for a world of one."""
    return True


def is_mpi_available() -> bool:
    """False."""
    return False


def is_nccl_available() -> bool:
    """False: there is no CUDA."""
    return False


def is_torchelastic_launched() -> bool:
    """Whether a launcher started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def is_initialized() -> bool:
    """Whether `init_process_group` was called."""
    return GroupMember.WORLD is not None


def _from_environment(name: str) -> int:
    if name not in os.environ:
        raise ValueError(
            "Error initializing torch.distributed using env:// rendezvous: environment variable "
            f"{name} expected, but not set"
        )
    return int(os.environ[name])


def init_process_group(
    backend: str | None = None,
    init_method: str | None = None,
    timeout: Any = None,
    world_size: int = -1,
    rank: int = -1,
    store: Any = None,
    group_name: str = "",
    pg_options: Any = None,
    device_id: Any = None,
) -> None:
    """Make the world's group. Rank and size come from the arguments, or from RANK and WORLD_SIZE of the environment.

    Raises:
        ValueError: called twice, or rank and size are nowhere given.
        RuntimeError: a world of more than one process, or a backend that needs CUDA.
    """
    if is_initialized():
        raise ValueError("trying to initialize the default process group twice!")
    if rank < 0:
        rank = _from_environment("RANK")
    if world_size < 0:
        world_size = _from_environment("WORLD_SIZE")
    if backend == "nccl":
        raise RuntimeError("Distributed package doesn't have NCCL built in")
    if world_size != 1:
        raise RuntimeError(f"flambeau.distributed is a world of one process, but world_size is {world_size}")
    GroupMember.WORLD = ProcessGroup(backend or "gloo")


def destroy_process_group(group: ProcessGroup | None = None) -> None:
    """Forget the group."""
    if not is_initialized():
        raise AssertionError("Process group cannot be None")
    GroupMember.WORLD = None


def _checked(group: ProcessGroup | None = None) -> ProcessGroup:
    if GroupMember.WORLD is None:
        raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")
    return GroupMember.WORLD if group is None else group


def new_group(ranks: Sequence[int] | None = None, **options: Any) -> ProcessGroup:
    """Another group: of the one process again."""
    return ProcessGroup(_checked().backend)


def get_rank(group: ProcessGroup | None = None) -> int:
    """This process's number in the group."""
    return _checked(group).rank()


def get_world_size(group: ProcessGroup | None = None) -> int:
    """The number of processes in the group."""
    return _checked(group).size()


def get_backend(group: ProcessGroup | None = None) -> str:
    """The backend's name, as `init_process_group` was given it."""
    return _checked(group).backend


def _done(async_op: bool) -> Work | None:
    return Work() if async_op else None


def barrier(group: ProcessGroup | None = None, async_op: bool = False, device_ids: Any = None) -> Work | None:
    """Wait for all processes."""
    _checked(group)
    return _done(async_op)


def all_reduce(
    tensor: Tensor, op: ReduceOp = ReduceOp.SUM, group: ProcessGroup | None = None, async_op: bool = False
) -> Work | None:
    """Combine the processes' tensors into each of them, in place."""
    _checked(group)
    return _done(async_op)


def reduce(
    tensor: Tensor,
    dst: int | None = None,
    op: ReduceOp = ReduceOp.SUM,
    group: ProcessGroup | None = None,
    async_op: bool = False,
) -> Work | None:
    """Combine the processes' tensors into that of one of them, in place."""
    _checked(group)
    return _done(async_op)


def broadcast(
    tensor: Tensor, src: int | None = None, group: ProcessGroup | None = None, async_op: bool = False
) -> Work | None:
    """Give every process the tensor of one of them, in place."""
    _checked(group)
    return _done(async_op)


def broadcast_object_list(object_list: list[Any], src: int | None = None, group: ProcessGroup | None = None) -> None:
    """Give every process the objects of one of them."""
    _checked(group)


def _copy(target: Tensor, source: Tensor) -> None:
    with no_grad():
        target.copy_(source)


def all_gather(
    tensor_list: list[Tensor], tensor: Tensor, group: ProcessGroup | None = None, async_op: bool = False
) -> Work | None:
    """Write the tensor of each process into a list, in every process."""
    _checked(group)
    _copy(tensor_list[0], tensor)
    return _done(async_op)


def all_gather_object(object_list: list[Any], obj: Any, group: ProcessGroup | None = None) -> None:
    """Write the object of each process into a list, in every process."""
    _checked(group)
    object_list[0] = obj


def gather(
    tensor: Tensor,
    gather_list: list[Tensor] | None = None,
    dst: int | None = None,
    group: ProcessGroup | None = None,
    async_op: bool = False,
) -> Work | None:
    """Write the tensor of each process into a list, in one of them."""
    _checked(group)
    if gather_list:
        _copy(gather_list[0], tensor)
    return _done(async_op)


def scatter(
    tensor: Tensor,
    scatter_list: list[Tensor] | None = None,
    src: int | None = None,
    group: ProcessGroup | None = None,
    async_op: bool = False,
) -> Work | None:
    """Give each process one tensor of a list that one of them holds."""
    _checked(group)
    if scatter_list:
        _copy(tensor, scatter_list[0])
    return _done(async_op)


def reduce_scatter(
    output: Tensor,
    input_list: list[Tensor],
    op: ReduceOp = ReduceOp.SUM,
    group: ProcessGroup | None = None,
    async_op: bool = False,
) -> Work | None:
    """Combine the processes' lists of tensors, and give each process one of the results."""
    _checked(group)
    _copy(output, input_list[0])
    return _done(async_op)
