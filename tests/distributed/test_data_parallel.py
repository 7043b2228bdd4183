"""`DistributedDataParallel` and `SyncBatchNorm` in a world of one process, as torch with a group of one."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch.distributed

import flambeau

Library = Any


@pytest.fixture
def worlds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both libraries have a process group."""
    for name, value in {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}.items():
        monkeypatch.setenv(name, value)
    libraries: list[Any] = [torch, flambeau]
    for t in libraries:
        importlib.import_module(f"{t.__name__}.distributed").init_process_group("gloo")
    yield
    for t in libraries:
        t.distributed.destroy_process_group()


def network(t: Library) -> Any:
    return t.nn.Sequential(t.nn.Linear(3, 4), t.nn.BatchNorm1d(4), t.nn.ReLU(), t.nn.Linear(4, 2))


def parallel(t: Library, *args: Any, **options: Any) -> Any:
    return t.nn.parallel.DistributedDataParallel(*args, **options)


@pytest.mark.usefixtures("worlds")
@pytest.mark.parametrize("options", [{}, {"find_unused_parameters": True}, {"gradient_as_bucket_view": True}], ids=str)
def test_training(options: dict[str, Any], same: Callable[..., None]) -> None:
    def train(t: Library) -> Any:
        model = parallel(t, network(t), **options)
        optimizer = t.optim.SGD(model.parameters(), lr=0.1)
        losses = []
        for step in range(4):
            x = t.randn(5, 3)
            if step == 1:
                with model.no_sync():
                    inside = model.require_backward_grad_sync
                    model(x).square().mean().backward()
                continue
            loss = model(x).square().mean()
            loss.backward()
            losses.append(loss.item())
            optimizer.step()
            optimizer.zero_grad()
        return inside, losses, dict(model.state_dict()), [name for name, _ in model.named_parameters()]

    same(train, rtol=1e-4)


@pytest.mark.usefixtures("worlds")
def test_what_it_tells(same: Callable[..., None]) -> None:
    def look(t: Library) -> Any:
        inner = network(t)
        model = parallel(t, inner)
        seen = [model.module is inner, model.device_ids, model.output_device, model.dim, model.broadcast_buffers]
        seen += [model.find_unused_parameters, model.require_backward_grad_sync, model.static_graph, str(model.device)]
        seen += [model.device_type, model.is_multi_device_module, model.will_sync_module_buffers(), model.training]
        model.eval()
        fresh = network(t)
        fresh.load_state_dict({k.removeprefix("module."): v for k, v in model.state_dict().items()})
        with model.join():
            y = model(t.ones(2, 3))
        return repr(model), seen, inner.training, t.equal(fresh.eval()(t.ones(2, 3)), y)

    same(look)


@pytest.mark.usefixtures("worlds")
@pytest.mark.parametrize(
    "make",
    [
        lambda t: parallel(t, t.nn.ReLU()),
        lambda t: parallel(t, network(t), device_ids=[0, 1]),
        lambda t: parallel(t, network(t), device_ids=[0]),
    ],
)
def test_refused(make: Callable[[Library], Any], same: Callable[..., None]) -> None:
    same(make, fails=True)


@pytest.mark.usefixtures("worlds")
def test_normalization_over_one_process(same: Callable[..., None]) -> None:
    def run(t: Library) -> Any:
        model = t.nn.SyncBatchNorm.convert_sync_batchnorm(network(t))
        return repr(model), model.eval()(t.ones(2, 3)), dict(model.state_dict())

    same(run)
