"""The `graph` event: tokens of an iteration, as the nodes that lead to its root.

    {"hash": "a91f…", "root": 57, "partial": false,
     "sites":  [{"op": "tanh", "node": "TanhBackward0", "shape": [32, 128], "dtype": "float32",
                 "file": "main.py", "line": 54, "endLine": 54, "column": 16, "endColumn": 54}, …],
     "nodes":  [[site, call, [input, …]], …],      in the order in which they were made
     "leaves": [{"kind": "parameter", "name": "h2h.weight", "shape": [128, 128]}, …],
     "calls":  [{"parent": -1, "path": "", "type": "CharRNN"}, …]}

An input is the number of a node, or -1 - n for leaf n. A site is shared by all nodes that agree in all it says, so
a loop unrolled 100 times does not say it 100 times. A call is one run of a module's forward; call -1 is none. Leaf
kinds: `parameter`; `leaf`, a tensor with requires_grad that no module owns; `before`, a result of an earlier
iteration; `data`, what the first ops read that needs no gradient. `partial` is the graph of an iteration that ended
in an exception; its root is -1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .events import Event
from .names import Leaf
from .recorder import BEFORE, Entered, Made, Symbol


def graph_event(symbols: Sequence[Symbol], tokens: Sequence[int], root: int, step: int, digest: str) -> Event:
    """The event for the nodes that `root` depends on, or for all of them if it is -1."""
    made, call_of, calls = _replay(symbols, tokens)
    wanted = _ancestors(made, root) if root >= 0 else range(len(made))
    sites: dict[Any, int] = {}
    leaves: dict[Leaf, int] = {}
    used_calls: dict[int, int] = {}
    numbers = {old: new for new, old in enumerate(wanted)}
    nodes = []
    for old in wanted:
        node = made[old]
        site = sites.setdefault((node.name, node.shape, node.dtype, node.position), len(sites))
        inputs: list[int] = []
        # Data is shown only where ops begin: where something flows in as well, it would be a label or a constant.
        data = None in node.inputs and not any(isinstance(entry, int) and entry != BEFORE for entry in node.inputs)
        for entry in node.inputs:
            if isinstance(entry, Leaf):
                inputs.append(-1 - leaves.setdefault(entry, len(leaves)))
            elif entry == BEFORE:
                inputs.append(-1 - leaves.setdefault(Leaf("before", "", ()), len(leaves)))
            elif entry is not None:
                inputs.append(numbers[old - entry])
            elif data:  # once, in its place among the inputs
                inputs.append(-1 - leaves.setdefault(Leaf("data", "", ()), len(leaves)))
                data = False
        nodes.append([site, _renumber_call(call_of[old], calls, used_calls), inputs])
    ordered = sorted(used_calls, key=used_calls.__getitem__)
    return {
        "type": "graph",
        "step": step,
        "hash": digest,
        "partial": root < 0,
        "root": numbers.get(root, -1),
        "sites": [_site(*site) for site in sites],
        "nodes": nodes,
        "leaves": [{"kind": leaf.kind, "name": leaf.name, "shape": list(leaf.shape)} for leaf in leaves],
        "calls": [
            {"parent": used_calls.get(calls[old][0], -1), "path": calls[old][1].path, "type": calls[old][1].kind}
            for old in ordered
        ],
    }


def op_of(node_name: str) -> str:
    """The op's own name: `TanhBackward0` -> `tanh`, `NllLossBackward0` -> `nll_loss`."""
    name = re.sub(r"Backward\d*$", "", node_name)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() or node_name


def _replay(
    symbols: Sequence[Symbol], tokens: Sequence[int]
) -> tuple[list[Made], list[int], list[tuple[int, Entered]]]:
    """All nodes, the call each was made in, and the calls with their parents."""
    made: list[Made] = []
    call_of: list[int] = []
    calls: list[tuple[int, Entered]] = []
    running = [-1]
    for token in tokens:
        symbol = symbols[token]
        if isinstance(symbol, Made):
            made.append(symbol)
            call_of.append(running[-1])
        elif isinstance(symbol, Entered):
            calls.append((running[-1], symbol))
            running.append(len(calls) - 1)
        elif len(running) > 1:
            running.pop()
    return made, call_of, calls


def _ancestors(made: Sequence[Made], root: int) -> list[int]:
    """The nodes that `root` depends on, itself included, in the order in which they were made."""
    reached = {root}
    for number in range(root, -1, -1):
        if number in reached:
            reached.update(number - i for i in made[number].inputs if isinstance(i, int) and i != BEFORE)
    return sorted(reached)


def _renumber_call(call: int, calls: list[tuple[int, Entered]], used: dict[int, int]) -> int:
    """The number of a call among those that hold a node; its callers come before it."""
    if call < 0:
        return -1
    if call not in used:
        _renumber_call(calls[call][0], calls, used)
        used[call] = len(used)
    return used[call]


def _site(name: str, shape: tuple[int, ...], dtype: str, place: Any) -> dict[str, Any]:
    return {
        "op": op_of(name),
        "node": name,
        "shape": list(shape),
        "dtype": dtype,
        "file": place.file,
        "line": place.line,
        "endLine": place.end_line,
        "column": place.column,
        "endColumn": place.end_column,
    }
