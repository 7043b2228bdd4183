"""CUDA, Metal and XPU answer as in a PyTorch that was built without them; switches for them can be set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Same = Callable[..., None]

ANSWERS = {
    "cuda": lambda t: [
        t.cuda.is_available(), t.cuda.device_count(), t.cuda.is_initialized(), t.cuda.empty_cache(), t.cuda.manual_seed(1),
        t.cuda.manual_seed_all(1), t.cuda.seed(), t.cuda.memory_allocated(), t.cuda.max_memory_allocated(),
        t.cuda.memory_reserved(), t.cuda.max_memory_reserved(), dict(t.cuda.memory_stats()), t.cuda.get_arch_list(),
        t.cuda.get_gencode_flags(), t.cuda.is_bf16_supported(), t.cuda.get_rng_state_all(), t.cuda.set_device(-1),
        issubclass(t.cuda.OutOfMemoryError, RuntimeError), t.cuda.OutOfMemoryError is t.OutOfMemoryError,
    ],
    "mps": lambda t: [t.mps.is_available(), t.mps.device_count(), t.mps.manual_seed(1), t.backends.mps.is_available(),
                      t.backends.mps.is_built()],
    "xpu": lambda t: [t.xpu.is_available(), t.xpu.device_count(), t.xpu.is_initialized(), t.xpu.empty_cache(),
                      t.xpu.manual_seed_all(1), t.xpu.memory_allocated()],
    "cpu": lambda t: [t.cpu.is_available(), t.cpu.device_count(), t.cpu.current_device(), t.cpu.synchronize()],
    "cudnn": lambda t: [t.backends.cudnn.is_available(), t.backends.cudnn.version(), t.backends.cudnn.enabled,
                        t.backends.cudnn.is_acceptable(t.ones(1)), t.backends.cudnn.benchmark, t.backends.cudnn.allow_tf32],
    "versions": lambda t: [t.version.cuda, t.version.hip, t.version.debug],
    "sdp": lambda t: [t.backends.cuda.flash_sdp_enabled(), t.backends.cuda.math_sdp_enabled(), t.backends.cuda.is_built()],
    "tensor types": lambda t: [isinstance(t.ones(1), t.cuda.FloatTensor), t.cuda.FloatTensor.__name__],
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_answers(same: Same, name: str) -> None:
    same(ANSWERS[name])


REFUSALS = [
    lambda t: t.cuda.current_device(), lambda t: t.cuda.synchronize(), lambda t: t.cuda.get_device_name(0),
    lambda t: t.cuda.get_device_capability(), lambda t: t.cuda.get_device_properties(0), lambda t: t.cuda.init(),
    lambda t: t.cuda.mem_get_info(), lambda t: t.cuda.get_rng_state(), lambda t: t.cuda.FloatTensor(2),
    lambda t: t.ones(2).cuda(), lambda t: t.ones(2).to("cuda"), lambda t: t.ones(2, device="cuda"), lambda t: t.nn.Linear(1, 1).cuda(),
    lambda t: t.mps.synchronize(), lambda t: t.mps.empty_cache(), lambda t: t.mps.current_allocated_memory(),
    lambda t: t.xpu.current_device(), lambda t: t.xpu.synchronize(), lambda t: t.set_default_tensor_type(t.cuda.FloatTensor),
    lambda t: t.set_default_tensor_type("torch.cuda.FloatTensor"), lambda t: t.set_default_tensor_type(t.LongTensor),
]  # fmt: skip


@pytest.mark.parametrize("i", range(len(REFUSALS)))
def test_refusals(same: Same, i: int) -> None:
    same(REFUSALS[i], fails=True)


def test_switches_are_kept(same: Same) -> None:
    def switch(t: Any) -> Any:
        import importlib

        cudnn = importlib.import_module(f"{t.__name__}.backends.cudnn")
        before = cudnn.benchmark, cudnn.deterministic
        cudnn.benchmark = cudnn.deterministic = True
        seen = [t.backends.cudnn.benchmark, t.backends.cudnn.deterministic]
        with cudnn.flags(enabled=False):
            seen += [cudnn.enabled, cudnn.benchmark]
        seen += [cudnn.enabled, cudnn.benchmark]
        cudnn.benchmark, cudnn.deterministic = before
        precision = t.get_float32_matmul_precision()
        t.backends.cuda.matmul.allow_tf32 = True
        seen += [t.get_float32_matmul_precision(), t.backends.cuda.matmul.allow_tf32]
        t.set_float32_matmul_precision("medium")
        seen += [t.get_float32_matmul_precision(), t.backends.cuda.matmul.allow_tf32]
        t.set_float32_matmul_precision(precision)
        return seen

    same(switch)
    same(lambda t: setattr(t.backends.cudnn, "benchmark", "yes"), fails=True)
    same(lambda t: setattr(t.backends.cuda.matmul, "nothing", True), fails=True)


def test_names_that_need_cuda_are_absent() -> None:
    import flambeau

    for name in ("Stream", "Event", "CUDAGraph", "nvtx"):
        with pytest.raises(AttributeError, match=f"module 'flambeau.cuda' has no attribute '{name}'"):
            getattr(flambeau.cuda, name)
    with pytest.raises(AttributeError, match="module 'flambeau' has no attribute 'sparse_coo_tensor'"):
        flambeau.sparse_coo_tensor
