"""The live graph: of this iteration, folded, stable, and tied to the program's lines both ways."""

import re

import pytest
from playwright.sync_api import expect

from .conftest import Playground

pytestmark = pytest.mark.slow


def test_dynamic_net_has_another_graph_for_another_depth(playground: Playground) -> None:
    playground.open("#dynamic_net")
    playground.device("cpu")
    playground.run()
    playground.wait_for_step(1)
    playground.button("Pause").click()
    playground.wait_for("paused")
    seen: dict[int, set[str]] = {}
    for _ in range(12):
        step = int(playground.status.get_attribute("data-step") or 0)
        playground.button("Step").click()
        expect(playground.status).to_have_attribute("data-step", str(step + 1))
        playground.wait_for("paused")
        expect(playground.facts).to_contain_text(f"step {step} ")
        middles = playground.box("middle").count()
        seen.setdefault(middles, set()).add(str(playground.facts.get_attribute("data-hash")))
    playground.stop()
    playground.wait_for("stopped")
    depths = sorted(seen)
    assert len(depths) >= 2
    assert all(len(hashes) == 1 for hashes in seen.values())
    assert len(set.union(*seen.values())) == len(depths)


def test_a_loop_folds_and_what_was_opened_stays_open(playground: Playground) -> None:
    playground.open("#char_rnn")
    playground.run()
    playground.wait_for_step(1)
    loop = playground.box("i2h · h2h · add · tanh")
    expect(loop).to_contain_text("× 32")
    expect(playground.facts).to_contain_text("ops")
    loop.locator("[data-fold]").click()
    expect(playground.box("t = 31")).to_be_visible()
    step = int(playground.status.get_attribute("data-step") or 0)
    playground.wait_for_step(step + 2)
    expect(playground.box("t = 0")).to_be_visible()
    playground.stop()
    playground.wait_for("stopped")
    playground.button("Auto").click()
    expect(loop).to_contain_text("× 32")


LINES = """import flambeau as torch
w = torch.randn(3, 3, requires_grad=True)
h = torch.ones(3)
h = torch.tanh(w @ h)
loss = h.sum()
loss.backward()
"""


def test_box_and_line_point_at_each_other(playground: Playground) -> None:
    playground.program(LINES)
    playground.open("#char_rnn")
    playground.device("cpu")
    playground.run()
    playground.wait_for("done")
    page = playground.page
    playground.box("tanh").click()
    expect(page.locator(".cm-marked-line")).to_have_text("h = torch.tanh(w @ h)")
    expect(page.locator(".details")).to_contain_text("TanhBackward0")
    page.locator(".cm-line", has_text="loss = h.sum()").click()
    expect(playground.box("sum")).to_have_class(re.compile("caret"))
    expect(playground.box("tanh")).not_to_have_class(re.compile("caret"))


def test_the_tree_is_walked_by_keyboard(playground: Playground) -> None:
    playground.open("#dynamic_net")
    playground.device("cpu")
    playground.run()
    playground.wait_for_step(1)
    playground.stop()
    playground.wait_for("stopped")
    playground.button("Tree").click()
    rows = playground.page.get_by_role("treeitem")
    net = playground.page.get_by_role("treeitem", name="DynamicNet")
    expect(net).to_have_attribute("aria-expanded", "true")
    net.focus()
    playground.page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    expect(rows.nth(1)).to_have_attribute("aria-level", "2")
    playground.page.keyboard.press("ArrowRight")
    expect(rows.nth(1)).to_have_attribute("aria-expanded", "true")
    expect(rows.nth(2)).to_contain_text("first.weight")
    playground.page.keyboard.press("ArrowLeft")
    expect(rows.nth(1)).to_have_attribute("aria-expanded", "false")
    playground.page.keyboard.press("ArrowLeft")
    expect(net).to_be_focused()
    playground.page.keyboard.press("ArrowLeft")
    expect(net).to_have_attribute("aria-expanded", "false")
