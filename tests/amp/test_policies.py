"""The GPU's table of autocast against the lists in torch's own header."""

import re
from pathlib import Path

import torch

from flambeau.ops.autocasting import POLICIES, Policy

HEADER = Path(torch.__file__).parent / "include/ATen/autocast_mode.h"
LISTS = {
    "AT_FORALL_LOWER_PRECISION_FP": Policy.LOWER,
    "AT_FORALL_FP32": Policy.FLOAT32,
    "AT_FORALL_FP32_SET_OPT_DTYPE": Policy.FLOAT32_UNLESS_TOLD,
    "AT_FORALL_PROMOTE": Policy.WIDEST,
}
MADE_OF_OTHERS = {"einsum"}
KERNELS = {  # functions here are not divided so finely
    "_convolution", "convolution", "_thnn_fused_lstm_cell", "_thnn_fused_gru_cell", "nll_loss2d",
    "_scaled_dot_product_flash_attention",
}  # fmt: skip


def test_every_entry_is_in_the_table() -> None:
    header = HEADER.read_text(encoding="utf-8")
    checked = 0
    for macro, policy in LISTS.items():
        found = re.search(rf"#define {macro}\(_\)(.*?)\n\n", header, re.DOTALL)
        assert found is not None
        for entry in re.findall(r"_\((\w+)", found[1]):
            if entry in MADE_OF_OTHERS | KERNELS:
                continue
            name = "interpolate" if "upsample" in entry else entry.removeprefix("linalg_")
            assert POLICIES["gpu"].get(name) is policy, entry
            checked += 1
    assert checked > 90
    assert POLICIES["gpu"]["norm"] is Policy.FLOAT32_UNLESS_TOLD  # of the list of other signatures


def test_what_is_cast_is_cast_by_torch() -> None:
    """Nothing is in the table that torch leaves alone on CUDA, but functions that are made of others there."""
    composed = set(
        "cat stack cross_entropy normalize pairwise_distance square float_power interpolate upsample upsample_nearest "
        "upsample_bilinear softmin lstm_scan gru_scan rnn_scan grid_sample multi_dot vecdot vector_norm matrix_norm".split()
    )
    has = torch._C._dispatch_has_kernel_for_dispatch_key  # type: ignore[attr-defined]
    overloads = {}
    for name in torch._C._dispatch_get_all_op_names():  # type: ignore[attr-defined]
        overloads.setdefault(name.split("::")[1].split(".")[0], []).append(name)
    for name in POLICIES["gpu"].keys() - composed:
        assert any(has(overload, "AutocastCUDA") for overload in overloads[name]), name
