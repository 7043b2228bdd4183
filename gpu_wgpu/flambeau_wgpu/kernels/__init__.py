"""Kernels by template: how each is laid out over invocations, and its WGSL around the elementwise code that fused with
it.

A template is a module with two functions:

    build(fusion, ref, epilogue) -> list[Kernel]     what to run for the array `ref`; `epilogue` are the arrays to store
    after it render(ir) -> str                                WGSL of one structure
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from . import (
    attention,
    attention_backward,
    convolution,
    convolution_weight,
    elementwise,
    fold,
    join,
    matmul,
    pooling,
    resample,
    rows,
    scan,
    scatter,
    sort,
    winograd,
)

if TYPE_CHECKING:
    from ..codegen.ir import KernelIR
    from ..codegen.lower import Kernel
    from ..schedule.fuse import Fusion
    from ..schedule.graph import Ref


class Template(Protocol):
    def build(self, fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]: ...
    def render(self, ir: KernelIR) -> str: ...


TEMPLATES: Final[dict[str, Template]] = {
    "reduce": rows,
    "matmul": matmul,
    "convolution": convolution,
    "convolution_input": convolution,
    "convolution_weight": convolution_weight,
    "attention": attention,
    "attention_query": attention_backward,
    "attention_key": attention_backward,
    "resample": resample,
    "max_pool": pooling,
    "max_pool_at": pooling,
    "max_pool_input": pooling,
    "max_pool_places": pooling,
    "scan": scan,
    "argsort": sort,
    "concat": join,
    "pack": join,
    "put": scatter,
    "scatter": scatter,
}
RENDER: Final = {
    "elementwise": elementwise.render,
    "rows": rows.render,
    "partials": rows.render_partials,
    "matmul": matmul.render,
    "matmul_parts": matmul.render_parts,
    "convolution": convolution.render,
    "convolution_weight": convolution_weight.render,
    "fold": fold.render,
    "winograd": winograd.render,
    "attention": attention.render,
    "attention_backward": attention_backward.render,
    "pooling": pooling.render,
    "resample": resample.render,
    "scan": scan.render,
    "sort": sort.render,
    "join": join.render,
    "scatter": scatter.render,
}
