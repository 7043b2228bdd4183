"""axe-core finds nothing, in every state of the page."""

import pytest
from playwright.sync_api import expect

from .conftest import ROOT, Playground

pytestmark = pytest.mark.slow

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def violations(playground: Playground) -> list[str]:
    """What axe-core objects to, one line each."""
    # Through the debugger, since the page's policy lets no script in.
    playground.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = playground.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_a_graph_and_a_curve(playground: Playground, scheme: str) -> None:
    playground.page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    playground.never_ending("dynamic_net")
    playground.open("#dynamic_net")
    assert violations(playground) == []
    playground.run()
    playground.wait_for_step(10)
    assert violations(playground) == []  # running
    playground.button("Pause").click()
    playground.wait_for("paused")
    playground.box("first").click()
    assert violations(playground) == []
    playground.button("Tree").click()
    playground.button("Table").click()
    playground.page.get_by_role("treeitem").nth(1).click()
    assert violations(playground) == []
    playground.stop()
    playground.wait_for("stopped")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_an_error(playground: Playground, scheme: str) -> None:
    playground.page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    playground.program("import flambeau as torch\ntorch.ones(2, 3) @ torch.ones(4, 5)\n")
    playground.open()
    playground.device("cpu")
    playground.run()
    playground.wait_for("error")
    expect(playground.page.locator(".cm-error-message")).to_be_visible()
    assert violations(playground) == []


def test_narrow(playground: Playground) -> None:
    playground.page.set_viewport_size({"width": 390, "height": 780})
    playground.never_ending("dynamic_net")
    playground.open("#dynamic_net")
    playground.run()
    playground.wait_for_step(5)
    panes = playground.page.get_by_role("navigation", name="Panes")
    shown = {
        "Code": playground.page.get_by_role("textbox"),
        "Output": playground.output,
        "Graph": playground.facts,
        "Loss": playground.page.get_by_role("img", name="Loss curve"),
    }
    for name, content in shown.items():
        panes.get_by_role("button", name=name).click()
        expect(content).to_be_visible()
        assert violations(playground) == [], name
        # Nothing sticks out to the side.
        assert playground.page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(playground.button("Stop")).to_be_visible()
    playground.stop()
    playground.wait_for("stopped")
