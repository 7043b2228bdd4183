"""Worker processes: order, seeds, shards, failures and their end, as torch's."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flambeau

Library = Any


def data(t: Library) -> Any:
    return import_module(f"{t.__name__}.utils.data")


def numbers(t: Library, n: int = 11) -> Any:
    """Samples that tell who made them, and with which random numbers."""

    class Numbers(data(t).Dataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return n

        def __getitem__(self, i: int) -> Any:
            info = data(t).get_worker_info()
            return i, info.id, info.num_workers, info.seed, random.random(), np.random.rand(), t.rand(2)

    return Numbers()


def shards(t: Library, stated: int | None = None) -> Any:
    class Shards(data(t).IterableDataset):  # type: ignore[misc]
        def __iter__(self) -> Iterator[int]:
            info = data(t).get_worker_info()
            return iter(range(info.id, 7, info.num_workers))

        def __repr__(self) -> str:
            return "Shards"

    if stated is not None:
        Shards.__len__ = lambda self: stated  # type: ignore[attr-defined]
    return Shards()


LOADERS: dict[str, Callable[[Library], Any]] = {
    "plain": lambda t: data(t).DataLoader(numbers(t), batch_size=2, num_workers=2),
    "shuffled": lambda t: data(t).DataLoader(
        numbers(t), 3, True, num_workers=2, generator=t.Generator().manual_seed(5), prefetch_factor=1
    ),
    "persistent": lambda t: data(t).DataLoader(numbers(t), 4, True, num_workers=2, persistent_workers=True),
    "single samples": lambda t: data(t).DataLoader(numbers(t, 3), batch_size=None, num_workers=1),
    "shards": lambda t: data(t).DataLoader(shards(t), batch_size=2, num_workers=2),
    "shards, persistent": lambda t: data(t).DataLoader(
        shards(t), batch_size=3, num_workers=2, drop_last=True, persistent_workers=True
    ),
    "begun": lambda t: data(t).DataLoader(
        numbers(t, 4), 2, num_workers=2, worker_init_fn=lambda i: t.manual_seed(i + 70), multiprocessing_context="fork"
    ),
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in LOADERS.items()])
def test_passes(same: Callable[..., None], make: Callable[[Library], Any]) -> None:
    def code(t: Library) -> Any:
        loader = make(t)
        return [list(loader), list(loader)], t.rand(1), random.seed(0)

    same(code)


def test_shards_longer_than_stated(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        loader = data(t).DataLoader(shards(t, stated=3), batch_size=None, num_workers=2)
        return len(loader), list(loader)

    same(code)


def test_out_of_order() -> None:
    class Slow(flambeau.utils.data.Dataset[int]):
        def __len__(self) -> int:
            return 6

        def __getitem__(self, i: int) -> int:
            time.sleep(0.3 if i == 0 else 0)
            return i

    loader = flambeau.utils.data.DataLoader(Slow(), batch_size=None, num_workers=2, in_order=False)
    seen = list(loader)
    assert sorted(seen) == [0, 1, 2, 3, 4, 5]
    assert seen[0] != 0


class Picky(Exception):
    """It cannot be made from a text."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(first, second)


def raising(t: Library, failure: Callable[[], None], at: int = 2) -> Any:
    class Raising(data(t).Dataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 5

        def __getitem__(self, i: int) -> int:
            if i == at:
                failure()
            return i

    return Raising()


def fail(error: Exception) -> None:
    raise error


FAILURES: dict[str, Callable[[], None]] = {
    "ValueError": lambda: fail(ValueError("no such sample")),
    "KeyError": lambda: fail(KeyError("name")),
    "StopIteration": lambda: fail(StopIteration()),
    "arguments": lambda: fail(Picky(1, 2)),
}


@pytest.mark.parametrize("failure", [pytest.param(f, id=name) for name, f in FAILURES.items()])
def test_failures(same: Callable[..., None], failure: Callable[[], None]) -> None:
    """The error has the worker's traceback, and the batches after it still come."""

    def code(t: Library) -> Any:
        iterator = iter(data(t).DataLoader(raising(t, failure), num_workers=2))
        seen: list[Any] = []
        while len(seen) < 5:
            try:
                seen.append(next(iterator))
            except Exception as error:
                lines = str(error).splitlines()
                seen.append([type(error).__name__, lines[:2], lines[-1], "in __getitem__" in str(error)])
        iterator._shutdown_workers()  # torch's is part of a cycle by now, and the collector ends it in five seconds
        return seen

    same(code)


def test_failures_at_the_start(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        settings: dict[str, Any] = {"num_workers": 1, "worker_init_fn": lambda i: fail(OSError("no disk"))}
        iterator = iter(data(t).DataLoader(numbers(t), **settings))
        try:
            next(iterator)
        except OSError as error:
            return str(error).splitlines()[:2]
        finally:
            iterator._shutdown_workers()

    same(code)


@pytest.mark.parametrize("end", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: os._exit(3)])
def test_a_worker_that_dies_is_noticed_at_once(end: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flambeau.data.processes.MP_STATUS_CHECK_INTERVAL", 3600.0)  # it must not be the look around
    iterator = iter(flambeau.utils.data.DataLoader(raising(flambeau, end, at=3), num_workers=2))
    with pytest.raises(RuntimeError, match=r"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly") as caught:
        list(iterator)
    assert "is killed by signal: Killed. " in str(caught.value.__cause__) or "exit code 3" in str(
        caught.value.__cause__
    )


@pytest.mark.slow
def test_timeouts(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        return list(data(t).DataLoader(raising(t, lambda: time.sleep(1), at=0), num_workers=1, timeout=0.3))

    same(code, fails=True)


ERRORS: dict[str, Callable[[Library], Any]] = {
    "context name": lambda t: data(t).DataLoader([1], num_workers=1, multiprocessing_context="thread"),
    "context": lambda t: data(t).DataLoader([1], num_workers=1, multiprocessing_context=3),
    "timeout without workers": lambda t: list(data(t).DataLoader([1], timeout=1)),
    "frozen info": lambda t: setattr(
        import_module(f"{t.__name__}.utils.data._utils.worker").WorkerInfo(0, 1, 2, []), "id", 1
    ),
    "rank": lambda t: data(t).DistributedSampler([1, 2], num_replicas=2, rank=2),
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ERRORS.items()])
def test_errors(same: Callable[..., None], code: Callable[[Library], Any]) -> None:
    same(code, fails=True)


def test_too_many_workers_warn(same: Callable[..., None]) -> None:
    same(lambda t: data(t).DataLoader([1], num_workers=5000).num_workers)


def test_pickled_iterators(same: Callable[..., None]) -> None:
    same(lambda t: iter(data(t).DataLoader([1])).__getstate__(), fails=True)


@pytest.mark.slow
def test_spawned_workers(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        dataset = data(t).TensorDataset(t.arange(6), t.rand(6, 2))
        return list(data(t).DataLoader(dataset, 2, True, num_workers=1, multiprocessing_context="spawn"))

    same(code)


@pytest.mark.parametrize("settings", [
    {}, {"shuffle": False}, {"drop_last": True}, {"seed": 5}, {"shuffle": False, "drop_last": True},
])  # fmt: skip
@pytest.mark.parametrize("size", [2, 9, 10])
def test_distributed_sampler(same: Callable[..., None], settings: dict[str, Any], size: int) -> None:
    def code(t: Library) -> Any:
        seen = []
        for rank in range(4):
            sampler = data(t).distributed.DistributedSampler(range(size), num_replicas=4, rank=rank, **settings)
            seen.append([list(sampler), len(sampler)])
            sampler.set_epoch(3)
            seen.append(list(sampler))
        return seen

    if size == 2 and settings.get("drop_last"):
        pytest.skip("torch's fails on its own assertion or gives nothing, as the count of samples is negative or 0")
    same(code)


# --- no worker is left ------------------------------------------------------------------------------------------------

PROGRAM = """
import signal, sys, time
import flambeau as torch
from flambeau.utils.data import DataLoader

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it

class Slow(torch.utils.data.Dataset):
    def __len__(self):
        return 10000
    def __getitem__(self, i):
        time.sleep(0.01)
        return torch.zeros(50000)

iterator = iter(DataLoader(Slow(), batch_size=4, num_workers=2, persistent_workers=PERSISTENT))
print(*[w.pid for w in iterator._workers], flush=True)
for batch in iterator:
    END
time.sleep(0.2)
print("done", flush=True)
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until_gone(pids: list[int], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while any(alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(alive(pid) for pid in pids)


@pytest.mark.parametrize(("end", "send", "seconds"), [
    ("break", None, 3),
    ("raise ValueError", None, 3),
    ("sys.exit(1)", None, 3),
    ("time.sleep(0.001)", signal.SIGINT, 3),
    pytest.param("time.sleep(0.001)", signal.SIGKILL, 12, marks=pytest.mark.slow),
])  # fmt: skip
@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.skipif(not os.path.exists("/proc"), reason="processes are looked for in /proc")
def test_no_worker_is_left(end: str, send: int | None, seconds: float, persistent: bool) -> None:
    program = PROGRAM.replace("END", end).replace("PERSISTENT", str(persistent))
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert len(pids) == 2
    if send is not None:
        time.sleep(0.3)
        process.send_signal(send)
    process.wait(timeout=15)
    process.stdout.close()
    assert wait_until_gone(pids, seconds)


# --- torch.multiprocessing --------------------------------------------------------------------------------------------


def answer(tasks: Any, answers: Any) -> None:
    answers.put((tasks.get() * 2).detach())


def test_tensors_pass_through_queues() -> None:
    mp = import_module("flambeau.multiprocessing").get_context("fork")
    tasks, answers = mp.Queue(), mp.Queue()
    process = mp.Process(target=answer, args=(tasks, answers))
    process.start()
    tasks.put(flambeau.arange(3.0).requires_grad_())
    result = answers.get(timeout=10)
    process.join()
    assert (result.tolist(), process.exitcode) == ([0.0, 2.0, 4.0], 0)


def test_tensors_with_a_history_are_not_sent(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        import_module(f"{t.__name__}.multiprocessing")
        ForkingPickler.dumps(t.ones(1, requires_grad=True) * 2)

    same(code, fails=True)


def test_names_of_multiprocessing(same: Callable[..., None]) -> None:
    def code(t: Library) -> Any:
        mp = import_module(f"{t.__name__}.multiprocessing")
        return (
            mp.get_start_method(), mp.get_all_start_methods(), mp.get_sharing_strategy(),
            sorted(mp.get_all_sharing_strategies()), issubclass(mp.ProcessRaisedException, Exception),
            mp.Queue.__name__, mp.cpu_count(), mp.current_process().name,
        )  # fmt: skip

    same(code)


def failing(i: int, code: int) -> None:
    if code == 0:
        raise ValueError(f"process {i} has failed")
    if code > 0:
        sys.exit(code)
    os.kill(os.getpid(), -code)


@pytest.mark.parametrize("code", [0, 3, -9])
def test_processes_that_fail(same: Callable[..., None], code: int) -> None:
    def run(t: Library) -> Any:
        mp = import_module(f"{t.__name__}.multiprocessing")
        try:
            mp.start_processes(failing, (code,), nprocs=1, start_method="fork")
        except Exception as error:
            lines = str(error).splitlines()
            return type(error).__name__, lines[:3], lines[-1], error.error_index, getattr(error, "exit_code", None)

    same(run)


SPAWN = """
import flambeau as torch
import flambeau.multiprocessing as mp

def store(i, results, factor):
    results.put((i, torch.tensor([i * factor])))

if __name__ == "__main__":
    results = mp.get_context("spawn").Queue()
    mp.spawn(store, (results, 10), nprocs=2)
    print(sorted((i, x.item()) for i, x in (results.get(timeout=10) for _ in range(2))))
"""


@pytest.mark.slow
def test_spawn(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(SPAWN)
    run = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.stderr) == ("[(0, 0), (1, 10)]\n", "")
