"""A script written for many processes runs alone: the collectives of one process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch.distributed

import flambeau
from flambeau import distributed

LIBRARIES = [pytest.param(flambeau, id="flambeau"), pytest.param(torch, id="torch")]


@pytest.fixture
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A library whose process group has been made from the environment, as a launcher gives it."""
    library = request.param
    for name, value in {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}.items():
        monkeypatch.setenv(name, value)
    library.distributed.init_process_group("gloo")
    yield library
    library.distributed.destroy_process_group()


@pytest.mark.parametrize("world", LIBRARIES, indirect=True)
def test_collectives(world: Any) -> None:
    d = world.distributed
    assert (d.get_rank(), d.get_world_size(), d.get_backend(), d.is_initialized()) == (0, 1, "gloo", True)
    x = world.tensor([1.0, 2.0])
    d.all_reduce(x)
    d.all_reduce(x, op=d.ReduceOp.MAX)
    d.broadcast(x, 0)
    assert d.all_reduce(x, async_op=True).wait()
    gathered, out = [world.zeros(2)], world.zeros(2)
    d.all_gather(gathered, x)
    d.reduce_scatter(out, [x])
    d.barrier()
    assert x.tolist() == gathered[0].tolist() == out.tolist() == [1.0, 2.0]
    objects = [None]
    d.all_gather_object(objects, {"loss": 1})
    assert objects == [{"loss": 1}]


@pytest.mark.parametrize("call", [
    lambda d: d.get_rank(), lambda d: d.barrier(), lambda d: d.destroy_process_group(), lambda d: d.init_process_group("gloo"),
    lambda d: d.init_process_group("gloo", rank=0),
])  # fmt: skip
def test_errors_are_those_of_torch(call: Any) -> None:
    raised = []
    for d in (distributed, torch.distributed):
        with pytest.raises((ValueError, AssertionError)) as error:
            call(d)
        raised.append((error.type, str(error.value)))
    assert raised[0] == raised[1]


def test_more_processes_are_refused_at_once() -> None:
    with pytest.raises(RuntimeError, match="a world of one process, but world_size is 4"):
        distributed.init_process_group("gloo", rank=0, world_size=4)
    assert not distributed.is_initialized()
