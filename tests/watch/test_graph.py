"""The graph event: what leads to the loss, where it comes from, and when it is another one."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import flambeau as torch
from flambeau import watch
from flambeau.watch.graph import op_of


class Net(torch.nn.Module):
    """A layer used `depth` times."""

    def __init__(self) -> None:
        super().__init__()
        self.middle = torch.nn.Linear(4, 4)
        self.last = torch.nn.Linear(4, 1)
        self.depth = 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(self.depth):
            x = torch.tanh(self.middle(x))
        return self.last(x)


def graph_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    return [event for event in events if event["type"] == "graph"][-1]


def ops(graph: dict[str, Any]) -> list[str]:
    return [graph["sites"][site]["op"] for site, _, _ in graph["nodes"]]


def test_nodes_know_op_shape_line_and_module(events: list[dict[str, Any]]) -> None:
    net = Net()
    net(torch.ones(5, 4)).sum().backward()
    watch.off()
    graph = graph_of(events)
    assert ops(graph) == ["addmm", "tanh", "addmm", "sum"]
    site = graph["sites"][graph["nodes"][1][0]]
    assert site["shape"] == [5, 4]
    assert site["dtype"] == "float32"
    assert site["file"] == __file__
    line = Path(__file__).read_text(encoding="utf-8").splitlines()[site["line"] - 1]
    assert line[site["column"] : site["endColumn"]] == "torch.tanh(self.middle(x))"
    # A layer's op is credited to the line that called the layer.
    layer = graph["sites"][graph["nodes"][0][0]]
    assert line[layer["column"] : layer["endColumn"]] == "self.middle(x)"
    assert graph["calls"] == [
        {"parent": -1, "path": "", "type": "Net"},
        {"parent": 0, "path": "middle", "type": "Linear"},
        {"parent": 0, "path": "last", "type": "Linear"},
    ]
    assert [call for _, call, _ in graph["nodes"]] == [1, 0, 2, -1]
    assert graph["root"] == 3


def test_inputs_are_nodes_or_named_leaves(events: list[dict[str, Any]]) -> None:
    net = Net()
    scale = torch.ones((), requires_grad=True)
    (net(torch.ones(5, 4)).sum() * scale).backward()
    watch.off()
    graph = graph_of(events)
    names = {leaf["name"]: leaf for leaf in graph["leaves"]}
    assert names["middle.weight"] == {"kind": "parameter", "name": "middle.weight", "shape": [4, 4]}
    assert names["scale"]["kind"] == "leaf"
    first = [graph["leaves"][-1 - i] for i in graph["nodes"][0][2]]
    assert sorted(leaf["kind"] for leaf in first) == ["data", "parameter", "parameter"]
    assert 0 in graph["nodes"][1][2]


def test_the_hash_tells_structures_apart(events: list[dict[str, Any]]) -> None:
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for depth in (1, 3, 3, 1, 2):
        net.depth = depth
        loss = net(torch.ones(5, 4)).sum()
        loss.backward()
        optimizer.step()
    hashes = [event["graph"] for event in events if event["type"] == "step"]
    assert hashes[0] == hashes[3] != hashes[1] == hashes[2] != hashes[4]
    graphs = [event for event in events if event["type"] == "graph"]
    assert [ops(graph).count("tanh") for graph in graphs] == [1, 3, 1, 2]  # none for the step like the one before
    assert [graph["hash"] for graph in graphs] == [hashes[0], hashes[1], hashes[3], hashes[4]]


def test_another_shape_is_another_structure(events: list[dict[str, Any]]) -> None:
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for batch in (5, 6):
        net(torch.ones(batch, 4)).sum().backward()
        optimizer.step()
    first, second = (event["graph"] for event in events if event["type"] == "step")
    assert first != second


def test_evaluation_leaves_no_trace(events: list[dict[str, Any]]) -> None:
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in range(4):
        if step % 2:
            with torch.no_grad():
                net(torch.ones(2, 4))
        net(torch.ones(5, 4)).sum().backward()
        optimizer.step()
    assert len({event["graph"] for event in events if event["type"] == "step"}) == 1


def test_what_does_not_lead_to_the_loss_is_left_out(events: list[dict[str, Any]]) -> None:
    w = torch.ones(3, requires_grad=True)
    _ = (w * 2).exp()
    w.sin().sum().backward()
    watch.off()
    assert ops(graph_of(events)) == ["sin", "sum"]


def test_a_module_that_raised_does_not_stay_open(events: list[dict[str, Any]]) -> None:
    net = Net()
    with pytest.raises(RuntimeError):
        net(torch.ones(5, 7))
    net(torch.ones(5, 4)).sum().backward()
    watch.off()
    graph = graph_of(events)
    assert [call["path"] for call in graph["calls"]] == ["", "middle", "last"]
    assert graph["nodes"][-1][1] == -1


def test_a_graph_that_goes_back_to_an_earlier_step_says_so(events: list[dict[str, Any]]) -> None:
    net = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.0)
    carried = net(torch.ones(1, 2))
    carried.sum().backward(retain_graph=True)
    optimizer.step()
    carried.tanh().sum().backward()
    optimizer.step()
    assert [leaf["kind"] for leaf in graph_of(events)["leaves"]] == ["before"]


def test_a_recurrent_cell_is_one_site_for_all_time_steps(events: list[dict[str, Any]]) -> None:
    cell = torch.nn.RNNCell(3, 4)
    h = torch.zeros(2, 4)
    for x in torch.ones(7, 2, 3):
        h = cell(x, h)
    h.sum().backward()
    watch.off()
    graph = graph_of(events)
    assert len([call for call in graph["calls"] if call["type"] == "RNNCell"]) == 7
    tanhs = [site for site, _, _ in graph["nodes"] if graph["sites"][site]["op"] == "tanh"]
    assert len(tanhs) == 7
    assert len(set(tanhs)) == 1


PROGRAM = """
import flambeau as torch
from flambeau import watch
w = torch.ones(3, requires_grad=True)
with watch.on(lambda e: print(e["hash"]) if e["type"] == "graph" else None):
    (w * w).tanh().sum().backward()
"""


@pytest.mark.slow
def test_the_hash_is_the_same_in_another_process() -> None:
    first, second = (
        subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert first == second
    assert len(first.strip()) == 16


def test_op_names() -> None:
    assert [op_of(n) for n in ("TanhBackward0", "NllLossBackward0", "AddmmBackward0", "MyFunctionBackward")] == [
        "tanh",
        "nll_loss",
        "addmm",
        "my_function",
    ]
