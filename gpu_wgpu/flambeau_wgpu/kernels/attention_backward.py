"""The gradients of attention, with its weights made anew from log Σ exp of each row: one kernel for that of queries, one for
those of keys and values.

With w = exp(score - sums), of a weight the gradient is d = g @ valueᵀ · noise, and of a score w · (d - along), where `along`
is the sum of g · out over a row of the result. Source: arXiv 2205.14135, section B.4.
"""

from __future__ import annotations

from ..codegen.ir import KernelIR
from ..codegen.lower import Kernel, KernelBuilder, TooManyBindings, add_epilogue
from ..lazy import ATTENTION_QUERY, ATTENTION_VALUE
from ..schedule.fuse import Fusion
from ..schedule.graph import Ref
from .attention_text import Text
from .attention_walk import Side, operand_names, result_lanes
from .attention_walk import build as build_walk

OF_QUERIES = Side(("query", "g"), ("key", "value"), owns_queries=True, sums=("query",))
OF_KEYS = Side(("key", "value"), ("query", "g"), owns_queries=False, sums=("key", "value"))


def build(fusion: Fusion, ref: Ref, epilogue: list[Ref]) -> list[Kernel]:
    graph = fusion.graph
    if graph.arrays[ref].op is ATTENTION_QUERY:
        return [_build(fusion, ref, OF_QUERIES, {"query": ref}, epilogue)]
    value = next((root for root in epilogue if graph.arrays[root].op is ATTENTION_VALUE), None)
    if value is None:
        return [_build(fusion, ref, OF_KEYS, {"key": ref}, epilogue)]
    try:
        return [_build(fusion, ref, OF_KEYS, {"key": ref, "value": value}, epilogue)]
    except TooManyBindings:  # bias, noise, and everything in a buffer of its own
        rest = [root for root in epilogue if root != value]
        return [
            _build(fusion, ref, OF_KEYS, {"key": ref}, rest),
            _build(fusion, ref, OF_KEYS, {"value": value}, [value]),
        ]


def _build(fusion: Fusion, ref: Ref, side: Side, made: dict[str, Ref], epilogue: list[Ref]) -> Kernel:
    """The kernel for the gradients `made`."""
    graph = fusion.graph
    _, is_causal, has_bias, has_noise = graph.arrays[ref].attr
    operands = dict(zip(operand_names(graph.arrays[ref].op, has_bias, has_noise), graph.args[ref], strict=True))
    kernel = KernelBuilder(fusion, "attention_backward", epilogue)
    results = {name: (graph.shape(own), graph.arrays[own].attr[0]) for name, own in made.items()}

    def add_epilogues() -> None:
        value = made.get("value")
        if "value" not in made or len(made) > 1:
            add_epilogue(
                kernel, ref, [root for root in epilogue if root != value], lanes=result_lanes(graph.arrays[ref])
            )
        if value is not None:
            add_epilogue(kernel, value, [value], name="finish_value", lanes=result_lanes(graph.arrays[value]))

    return build_walk(kernel, ref, side, operands, results, is_causal, add_epilogues)


def render(ir: KernelIR) -> str:
    text = Text(ir)
    rows, side, results = text.rows, text.side, text.walk.results
    start, turn = [], text.scores("s")
    of_queries = side.owns_queries
    if of_queries:
        start += [f"let {name}{r} = {text.of_own_row(name, r)};" for name in ("sums", "along") for r in rows]
        sums, along = f"{text.type}(sums{{r}})", f"{text.type}(along{{r}})"
    else:
        turn += [f"let {name} = {text.of_met_rows(name)};" for name in ("sums", "along")]
        sums, along = "sums", "along"
    for r in rows:
        turn.append(f"let x{r} = s{r} - {sums.format(r=r)};")
        weights = [f"exp_low({text.of(f'x{r}', n)})" for n in text.met]
        turn.append(f"let w{r} = {text.each(weights)};")
    if text.has("noise"):
        turn += [*text.scored("noise"), *(f"let used{r} = w{r} * noise{r};" for r in rows)]
    turn += text.product("d", side.own[1], side.met[1])
    if "value" in results:
        start += text.zeros("value_sum", "value")
        turn += text.accumulate("value_sum", "used" if text.has("noise") else "w", "g")
    first = results[0]
    if first != "value":
        start += text.zeros("sum", first)
        noise = " * noise{r}" if text.has("noise") else ""
        turn += [f"let ds{r} = w{r} * (d{r}{noise.format(r=r)} - {along.format(r=r)});" for r in rows]
        turn += text.accumulate("sum", "ds", side.met[0])
    end = text.store(first, "sum", first, "scale") if first != "value" else []
    if "value" in results:
        end += text.store("value", "value_sum", "value", "1.0", "finish_value")
    return text.module(start, turn, end)
