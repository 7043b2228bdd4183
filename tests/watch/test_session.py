"""What a training run says about itself."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import flambeau as torch
from flambeau import watch
from flambeau.autograd import engine, node
from flambeau.nn import hooks


def of_type(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]


def train(steps: int) -> list[float]:
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, losses = torch.ones(4, 3), []
    for _ in range(steps):
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_unmodified_training_gives_losses_steps_and_one_graph(events: list[dict[str, Any]]) -> None:
    losses = train(5)
    assert [(e["step"], e["name"]) for e in of_type(events, "scalar")] == [(i, "loss") for i in range(5)]
    assert [e["value"] for e in of_type(events, "scalar")] == pytest.approx(losses)
    assert [e["step"] for e in of_type(events, "step")] == list(range(5))
    (graph,) = of_type(events, "graph")
    assert {e["graph"] for e in of_type(events, "step")} == {graph["hash"]}
    # The point and the graph come before the end of the step that they belong to.
    assert [e["type"] for e in events[:3]] == ["scalar", "graph", "step"]


def test_descent_by_hand_ends_a_step_at_each_backward(events: list[dict[str, Any]]) -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(3):
        w.grad = None
        energy = (w * w).sum()
        energy.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
    watch.off()
    assert [e["name"] for e in of_type(events, "scalar")] == ["energy"] * 3
    assert [e["step"] for e in of_type(events, "step")] == [0, 1, 2]
    assert [e["value"] for e in of_type(events, "scalar")] == pytest.approx([5 * 0.64**i for i in range(3)])


def test_losses_are_called_what_the_program_calls_them(events: list[dict[str, Any]]) -> None:
    critic, forger = torch.nn.Linear(2, 1), torch.nn.Linear(2, 2)
    critic_steps = torch.optim.SGD(critic.parameters(), lr=0.1)
    forger_steps = torch.optim.SGD(forger.parameters(), lr=0.1)
    for _ in range(2):
        critic_loss = critic(forger(torch.ones(1, 2)).detach()).sum()
        critic_loss.backward()
        critic_steps.step()
        critic(forger(torch.ones(1, 2))).sum().backward()
        forger_steps.step()
    assert [e["name"] for e in of_type(events, "scalar")] == ["critic_loss", "loss"] * 2


def test_values_that_are_not_finite_are_valid_json(events: list[dict[str, Any]]) -> None:
    watch.scalar("a", math.nan)
    watch.scalar("a", math.inf)
    watch.scalar("a", -math.inf)
    watch.scalar("a", torch.tensor(2.0))
    assert [e["value"] for e in events] == ["NaN", "Infinity", "-Infinity", 2.0]
    json.dumps(events, allow_nan=False)


def test_samples_and_errors_carry_the_step(events: list[dict[str, Any]]) -> None:
    train(2)
    watch.sample("hello", name="greeting")
    assert events[-1] == {"type": "sample", "step": 2, "name": "greeting", "text": "hello"}
    try:
        torch.ones(2, 3) @ torch.ones(4, 5)
    except RuntimeError as error:
        watch.error(error)
    assert events[-1]["kind"] == "RuntimeError"
    assert events[-1]["frames"][-1]["file"] == __file__
    assert "mat1 and mat2 shapes cannot be multiplied" in events[-1]["message"]


def test_an_error_shows_the_graph_up_to_it(events: list[dict[str, Any]]) -> None:
    w = torch.ones(2, 2, requires_grad=True)
    with pytest.raises(RuntimeError) as caught:
        torch.tanh(w @ w) @ torch.ones(3, 1)
    watch.error(caught.value)
    graph = events[0]
    assert (graph["type"], graph["partial"], graph["root"]) == ("graph", True, -1)
    assert [graph["sites"][site]["op"] for site, _, _ in graph["nodes"]] == ["mm", "tanh"]


def test_off_leaves_nothing_behind() -> None:
    before = len(hooks.global_forward_hooks), len(hooks.global_forward_pre_hooks)
    watch.on(lambda event: None)
    assert node.on_create is not None
    watch.off()
    watch.off()
    assert node.on_create is None
    assert engine.on_backward is None
    assert (len(hooks.global_forward_hooks), len(hooks.global_forward_pre_hooks)) == before
    watch.scalar("unseen", 1.0)
    watch.sample("unseen")


def test_watching_changes_no_value() -> None:
    torch.manual_seed(1)
    plain = train(4)
    torch.manual_seed(1)
    with watch.on(lambda event: None):
        watched = train(4)
    assert watched == plain


def test_graph_interval_holds_graphs_back_but_not_the_last(events: list[dict[str, Any]]) -> None:
    watch.off()
    seen: list[dict[str, Any]] = []
    w = torch.ones(2, requires_grad=True)
    with watch.on(seen.append, graph_interval=1000.0) as watching:
        for depth in range(4):
            y = w
            for _ in range(depth):
                y = y.tanh()
            y.sum().backward()
        watching.send_graph()
    sizes = [len(e["nodes"]) for e in of_type(seen, "graph")]
    assert sizes == [1, 3, 4]  # the first, that asked for after the third step had ended, and the last


def test_jsonl_has_one_valid_object_a_line(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with watch.JSONL(path) as log, watch.on(log):
        train(3)
        watch.sample("ein Zug\nfährt")
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [e["type"] for e in events] == ["scalar", "graph", "step", "scalar", "step", "scalar", "step", "sample"]
    assert events[-1]["text"] == "ein Zug\nfährt"
