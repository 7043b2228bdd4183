"""Attention, forward: softmax(scale · query @ keyᵀ + bias) · noise @ value in one kernel, and log Σ exp of each row's scores.

An invocation owns queries and walks the keys. It keeps the largest score so far of each; what it has summed before a larger
one came shrinks accordingly. Source: arXiv 1805.02867, 2205.14135.
"""

from __future__ import annotations

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, add_epilogue
from ..codegen.wgsl import word
from ..lazy import ATTENTION, ATTENTION_SUMS
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .attention_text import Text
from .attention_walk import OWN, Side, operand_names, result_lanes
from .attention_walk import build as build_walk

LOW = "-1.0e30"
"""Stands for the largest score of a row where all are masked: exp(-inf - LOW) is 0, as all such weights are."""

FORWARD = Side(("query",), ("key", "value"), owns_queries=True, sums=("out",))


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    graph = fusion.graph
    order, is_causal, has_bias, has_noise = graph.arrays[ref].attr
    sums = next((root for root in epilogue if graph.arrays[root].op is ATTENTION_SUMS), None)
    kernel = KernelBuilder(fusion, "attention", epilogue)
    operands = dict(zip(operand_names(ATTENTION, has_bias, has_noise), graph.args[ref], strict=True))
    results = {"out": (graph.shape(ref), order)}
    if sums is not None:
        results["sums"] = (graph.shape(sums), tuple(range(len(order))))

    def add_epilogues() -> None:
        add_epilogue(kernel, ref, [root for root in epilogue if root != sums], lanes=result_lanes(graph.arrays[ref]))
        if sums is not None:
            add_epilogue(kernel, sums, [sums], name="finish_sums")

    return [build_walk(kernel, ref, FORWARD, operands, results, is_causal, add_epilogues)]


def render(ir: KernelIR) -> str:
    text = Text(ir)
    rows = text.rows
    start = [
        *text.zeros("out", "value"),
        *(f"var peak{r} = {LOW};" for r in rows),
        *(f"var total{r} = 0.0;" for r in rows),
    ]
    turn = text.scores("s")
    for r in rows:
        if len(text.met) == 1:  # of the weight and of what others shrink by, one is 1
            turn += [
                f"let rises{r} = s{r} > peak{r};",
                f"let ratio{r} = exp_low(-abs(s{r} - peak{r}));",
                f"let shrink{r} = select(1.0, ratio{r}, rises{r});",
                f"var w{r} = select(ratio{r}, 1.0, rises{r});",
                f"peak{r} = max(peak{r}, s{r});",
            ]
        else:
            largest = f"peak{r}"
            for n in text.met:
                largest = f"max({largest}, {text.of(f's{r}', n)})"
            weights = [f"exp_low({text.of(f's{r}', n)} - higher{r})" for n in text.met]
            turn += [
                f"let higher{r} = {largest};",
                f"let shrink{r} = exp_low(peak{r} - higher{r});",
                f"var w{r} = {text.each(weights)};",
                f"peak{r} = higher{r};",
            ]
        turn.append(f"total{r} = total{r} * shrink{r} + ({' + '.join(text.of(f'w{r}', n) for n in text.met)});")
    if text.has("noise"):
        turn += [*text.scored("noise"), *(f"w{r} = w{r} * noise{r};" for r in rows)]
    for q in text.quads("value"):
        turn += text.load_met("value", q)
    turn += text.accumulate("out", "w", "value", shrink="shrink")
    end = [f"total{r} = max(total{r}, 1.0e-30);" for r in rows]
    end += [f"let share{r} = 1.0 / total{r};" for r in rows]
    end += text.store("out", "out", "value", "share#")
    if "sums" in text.walk.results:
        for r in rows:
            value = f"peak{r} + log_f(total{r})"
            end.append(f"if (first + {r}u < {word(OWN)}) {{ finish_sums(at_of_sums + row{r}, {value}); }}")
    return text.module(start, turn, end)
