"""Writes docs/coverage.md: which of PyTorch's public names flambeau has, and why it has not the others.

python docs/coverage.py            the page, from docs/torch_names.txt and the flambeau that is there
python docs/coverage.py --names    docs/torch_names.txt too, from the PyTorch that is installed
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NAMES, PAGE = HERE / "torch_names.txt", HERE / "coverage.md"

NAMESPACES = """
torch Tensor nn nn.functional nn.init nn.utils nn.utils.rnn nn.utils.parametrize nn.utils.parametrizations nn.utils.prune
nn.utils.stateless nn.parallel nn.attention nn.attention.bias optim optim.lr_scheduler optim.swa_utils utils.data
utils.checkpoint utils.benchmark autograd autograd.functional autograd.forward_ad autograd.graph func linalg fft special
distributions distributions.constraints distributions.transforms distributions.kl serialization amp testing random hub
accelerator compiler cpu cuda mps library overrides utils.flop_counter signal.windows masked nested sparse futures jit fx onnx
export profiler distributed multiprocessing package monitor quantization
""".split()

SPARSE = "tensors are dense"
QUANTISED = "no quantised tensors"
CAPTURE = "PyTorch's own compiler and its intermediate forms"
SEVERAL = "one process, one device"
CUDA = "needs CUDA"
INTERNAL = "internal to PyTorch: generated bindings, backends' own entry points, or machinery without meaning here"
NAMED = "named tensors, which PyTorch never finished"
LEGACY = "removed from PyTorch: the name only raises an error there"
SYMBOLIC = "symbolic sizes of PyTorch's compiler"
VARIANTS = "a copying or in-place variant that PyTorch generates for its compiler"
SMALL = "integers of fewer than 8 bits and floats of 8 or 4, of which PyTorch can do little but store"
CALLS = "other devices of PyTorch"
IMPORTS = "what PyTorch's file imports or keeps for itself"

REASONS: list[tuple[str, str, str]] = [
    # namespace, names, reason: the first that matches
    ("jit|fx|export|package|onnx", ".*", CAPTURE),
    ("distributed|multiprocessing|nn.parallel|futures", ".*", SEVERAL),
    ("quantization", ".*", QUANTISED),
    ("nested", ".*", "nested tensors are held together until they are padded, in the strided layout"),
    ("sparse|masked", ".*", SPARSE),
    ("profiler|monitor", ".*", "traces of PyTorch's own runtime, and its counters"),
    ("library", ".*", "operators of C++, of PyTorch's dispatcher and its compiler; `custom_op` makes those of one's own"),
    ("overrides", ".*", "`__torch_function__` and its modes"),
    ("mps", ".*", "needs Metal"),
    ("cuda", ".*", CUDA),
    ("accelerator|cpu", ".*", "streams, events and graphs of CUDA"),
    ("compiler", ".*", CAPTURE),
    ("utils.benchmark", "Callgrind.*|FunctionCount.*|CopyIfCallgrind|FuzzedSparseTensor", "needs Valgrind, or sparse tensors"),
    ("autograd", ".*[pP]rofil.*|Kineto.*|emit_nvtx|record_function", "the inner parts of PyTorch's profiler"),
    ("linalg|fft|nn.functional", "common_notes|Tensor|.*_notes|BroadcastingList.|GRID_.*|assert_int_or_pair|boolean_dispatch|"
     "handle_torch.*|has_torch.*", IMPORTS),
    ("nn.functional", ".*scaled.*|grouped_mm|ScalingType|SwizzleType", "products of 8-bit floats on CUDA"),
    ("nn.attention", ".*flash.*", CUDA),
    ("utils.data", ".*", "data pipes, which PyTorch has given up"),
    ("utils.checkpoint", ".*", "selective checkpointing, which PyTorch's dispatcher does"),
    ("utils.flop_counter", ".*", "formulas of single operators, and what the file imports"),
    ("autograd|autograd.graph|func|serialization|testing|cpu", ".*", INTERNAL),
    ("torch", ".*(Script|Argument|Benchmark|Schema|Dispatch|Torch_?Function|Serialization|Execut|PyTorchFile|Logger|TorchFunction).*|"
     "AVG|SUM|AliasDb|Block|BufferDict|CallStack|Capsule|Code|CompilationUnit|ConcreteModule.*|DeepCopy.*|ErrorReport|FatalError|FileCheck|"
     "Future|Gradient|Graph.*|IODescriptor|ModuleDict|Node|OperatorInfo|ParameterDict|StaticModule|StorageBase|TracingState|Use|Value|"
     "bit|merge_type.*|unify_type.*|init_num_threads|set_anomaly_enabled|hash_tensor|from_file", INTERNAL),
    ("torch", "Event|Stream", "streams and events of CUDA"),
    ("torch", "Deserial.*", INTERNAL),
    ("torch", "lobpcg", "an iterative eigensolver; `linalg.eigh` finds all eigenvalues"),
    ("torch", "conj_physical_", VARIANTS),
    ("torch", "has_.*", "flags of PyTorch's build"),
    ("Tensor", "reinforce|hash_tensor|slice_inverse|index", INTERNAL),
    ("torch|Tensor", ".*sparse.*|.*crow_ind.*|.*ccol_ind.*|.*col_ind.*|.*row_ind.*|coalesce|is_coalesced|indices|values|"
     "sspaddmm|smm|dsmm|hsmm|hspmm|saddmm|to_mkldnn|dense_dim|.*indices_copy|values_copy", SPARSE),
    ("torch|Tensor", ".*[qQ]uantiz.*|q_.*|qscheme|q?u?int[1-7](x2|x4)?|qu?int.*|per_(channel|tensor).*|QU?Int.*|dequantize|fbgemm.*|"
     "int_repr|choose_qparams.*|fused_moving.*|.*fake_quant.*", QUANTISED),
    ("torch|Tensor", "cudnn.*|miopen.*|mkldnn.*|.*[cC]uda.*|is_vulkan.*|.*hip.*|is_(mtia|xpu|ipu|xla|maia|vulkan|ort|hpu|mkldnn)|ipu|xpu|"
     "hpu|mtia|record_stream|pin_memory|is_pinned|.*vulkan.*|cpp|get_file_path|is_shared|share_memory_", CALLS),
    ("torch|Tensor", "refine_names|rename_?|align_(as|to)|has_names|names|align_tensors", NAMED),
    ("torch|Tensor", "symeig|eig|solve|lstsq|matrix_rank", LEGACY),
    ("torch", "Sym.*|sym_.*", SYMBOLIC),
    ("torch|Tensor", ".*_copy|fill|.*_scatter_?copy", VARIANTS),
    ("torch", "u?int[1-7]|float(8|4)_.*|bits.*|complex32|chalf", SMALL),
    ("Tensor", "chalf", SMALL),
    ("torch", "native_.*|batch_norm_.*|_.*|unsafe_.*|grid_sampler.*|.*_(backward|elemt|stats|with_counts)|convolution|conv_tbc|"
     "affine_grid_generator|norm_except_dim|embedding_renorm_|constant_pad_nd|.*_with_indices|max_pool1d_with_indices|rnn_.*|lstm|gru|"
     "lstm_cell|gru_cell|.*autocast_(cpu|gpu|ipu|xla).*|ctc_loss|segment_reduce|hash_tensor|slice_inverse|frobenius_norm|nuclear_norm|"
     "instance_norm|group_norm|layer_norm|dropout_|feature_dropout_?|alpha_dropout_|feature_alpha_dropout_?|binary_cross.*|"
     "poisson_nll_loss|.*Storage|prepare_multi.*|USE_.*|PRIVATE_OPS|TYPE_CHECKING|LoggerBase|classproperty|profiler_allow.*|"
     "fork|wait|import_ir.*|parse_.*|.*Type|.*JIT.*|Lite.*|legacy_contiguous_format|thread_safe_generator|compiled_with.*|is_distributed|"
     "to_dlpack|from_dlpack|while_loop|cond|export|vmap|OutOfMemoryError|Tag", INTERNAL),
]  # fmt: skip
"""Why a name is absent."""


# --- PyTorch's names --------------------------------------------------------------------------------------------------


def public_names(space: str) -> list[str]:
    """The public names of one of PyTorch's namespaces."""
    import torch

    if space == "Tensor":
        return sorted(n for n in dir(torch.Tensor) if not n.startswith("_"))
    module = torch if space == "torch" else importlib.import_module(f"torch.{space}")

    def own(name: str) -> bool:
        value = getattr(module, name)
        if inspect.ismodule(value) or name in ("TYPE_CHECKING", "Any", "Callable"):
            return False
        home = getattr(value, "__module__", None) or "torch"
        return home.partition(".")[0] == "torch"

    listed = getattr(module, "__all__", None)
    names = set(listed or [])
    if listed is None or space in ("torch", "nn.utils", "optim", "utils.data"):
        names |= {n for n in dir(module) if own(n)}
    return sorted(n for n in names if not n.startswith("_") and not inspect.ismodule(getattr(module, n, None)))


def write_names() -> None:
    """Write the names of the PyTorch that is installed."""
    import torch

    lines = [
        f"# The public names of PyTorch {torch.__version__.split('+')[0]}, by namespace: a line each, then its names."
    ]
    for space in NAMESPACES:
        lines += ["", f"[{space}]", *textwrap.wrap(" ".join(public_names(space)), 120, break_on_hyphens=False)]
    NAMES.write_text("\n".join(lines) + "\n")


def read_names() -> dict[str, list[str]]:
    """PyTorch's names by namespace."""
    found: dict[str, list[str]] = {}
    for line in NAMES.read_text().splitlines():
        if line.startswith("["):
            names = found[line[1:-1]] = []
        elif line and not line.startswith("#"):
            names += line.split()
    return found


# --- the page ---------------------------------------------------------------------------------------------------------


def ours(space: str) -> Any:
    """The object of flambeau's that has a namespace's names; None if there is none."""
    flambeau = importlib.import_module("flambeau")
    if space == "torch":
        return flambeau
    if space == "Tensor":
        return flambeau.Tensor
    try:
        return importlib.import_module(f"flambeau.{space}")
    except ModuleNotFoundError:
        return None


def has(home: Any, name: str) -> bool:
    """Whether a namespace has a name; a tensor's dtype is an attribute of each, not of the class."""
    return home is not None and (hasattr(home, name) or name in vars(home).get("__annotations__", ()))


def reason(space: str, name: str) -> str:
    """Why PyTorch's name is absent."""
    for spaces, names, why in REASONS:
        if re.fullmatch(spaces, space) and re.fullmatch(names, name):
            return why
    return ""


def page() -> str:
    """The text of docs/coverage.md."""
    rows, parts = [], []
    total = there = 0
    for space, names in read_names().items():
        home = ours(space)
        absent = [name for name in names if not has(home, name)]
        total += len(names)
        there += len(names) - len(absent)
        shown = space if space in ("torch", "Tensor") else f"torch.{space}"
        rows.append(f"| `{shown}` | {len(names)} | {len(names) - len(absent)} | {len(absent)} |")
        if not absent:
            continue
        by_reason: dict[str, list[str]] = {}
        for name in absent:
            by_reason.setdefault(reason(space, name), []).append(name)
        parts.append(f"### {shown}\n")
        for why, missing in sorted(by_reason.items()):
            title = why[:1].upper() + why[1:] if why else "Not here"
            listed = ", ".join(f"`{name}`" for name in missing) if home is not None else f"all {len(missing)} names"
            parts.append(textwrap.fill(f"- {title}: {listed}", 120, subsequent_indent="  ", break_on_hyphens=False))
        parts.append("")
    return "\n".join(
        [
            "# Coverage",
            "",
            "Which of PyTorch's public names flambeau has. Written by `python docs/coverage.py` from the code and from",
            "[torch_names.txt](torch_names.txt), the names of PyTorch 2.13; a test keeps it current. That a name is there means that it",
            "does what PyTorch's does: values, gradients, errors and printed forms are compared with PyTorch in the tests.",
            "",
            f"{there} of {total} names are here. CUDA, Metal and XPU answer as in a PyTorch that was built without them;",
            "`torch.accelerator` names the GPU that there is.",
            "",
            "| Namespace | Names in PyTorch | Here | Absent |",
            "|---|---:|---:|---:|",
            *rows,
            "",
            "## What is absent, and why",
            "",
            *parts,
        ]
    )


if __name__ == "__main__":
    if "--names" in sys.argv[1:]:
        write_names()
    PAGE.write_text(page())
