"""The page itself: how it starts, what it keeps, what it does without a GPU."""

import pytest
from playwright.sync_api import Page, expect

from .conftest import POLICY, SITE, Handler, Playground, serve

pytestmark = pytest.mark.slow


def test_starts_from_the_memory_image(playground: Playground) -> None:
    assert (SITE / "pyodide" / "python.image").exists(), "the build found no Chromium to make it with"
    playground.open()
    expect(playground.page.locator("[data-boot]")).to_have_attribute("data-boot", "snapshot")
    # The modules came with the image, their sources did not: a traceback inside flambeau needs them.
    expect(playground.page.get_by_label("Device")).to_contain_text("WebGPU ·")


SOURCES = """import inspect, flambeau, random
print(inspect.getsource(flambeau.nn.Linear.forward).strip().splitlines()[0])
print(random.random())
"""


@pytest.mark.parametrize("boot", ["snapshot", "plain"])
def test_sources_are_there(playground: Playground, boot: str) -> None:
    playground.program(SOURCES)
    playground.open("?boot=plain" if boot == "plain" else "")
    expect(playground.page.locator("[data-boot]")).to_have_attribute("data-boot", boot)
    playground.run()
    playground.wait_for("done")
    expect(playground.output).to_contain_text("def forward(")


def test_trains_without_the_memory_image(playground: Playground) -> None:
    playground.open("?boot=plain#dynamic_net")
    playground.run()
    playground.wait_for_step(5)
    playground.stop()
    playground.wait_for("stopped")


def test_without_webgpu_says_so_and_runs_on_the_cpu(playground_without_gpu: Playground) -> None:
    playground = playground_without_gpu.open("#dynamic_net")
    expect(playground.page.get_by_test_id("no-gpu")).to_contain_text("Running on the CPU")
    expect(playground.page.get_by_label("Device")).to_have_value("cpu")
    playground.run()
    playground.wait_for_step(20)
    playground.stop()
    playground.wait_for("stopped")
    losses = playground.losses()
    assert losses[-1] < losses[0]


class WithoutJspiHandler(Handler):
    """Serves a worker that takes its browser for one that cannot wait inside WebAssembly, as Firefox and Safari."""

    def do_GET(self) -> None:
        if "/assets/python-" not in self.path:
            super().do_GET()
            return
        script = (SITE / self.path.lstrip("/")).read_bytes()
        body = b"delete WebAssembly.Suspending; delete WebAssembly.promising;\n" + script
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_without_jspi_says_so_and_runs_on_the_cpu(page: Page) -> None:
    server = serve(WithoutJspiHandler)
    playground = Playground(page, next(server)).open("#dynamic_net")
    expect(page.locator("[data-boot]")).to_have_attribute("data-boot", "plain")
    expect(page.get_by_test_id("no-gpu")).to_contain_text("JSPI is missing")
    playground.run()
    playground.wait_for_step(5)
    expect(playground.button("Pause")).to_be_disabled()
    playground.stop()  # nothing can be heard between steps: Python is ended, and another one starts
    playground.wait_for("stopped")
    assert playground.complaints == []
    next(server, None)


def test_programs_are_kept_before_they_run(playground: Playground) -> None:
    playground.open("#dynamic_net")
    page = playground.page
    page.locator(".cm-line").first.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("# mine\n")
    playground.run()
    playground.wait_for_step(1)
    page.reload()
    playground.wait_for("ready")
    expect(page.locator(".cm-line").first).to_have_text("# mine")
    playground.button("Back to the example").click()
    expect(page.locator(".cm-line").first).to_contain_text("A network whose depth")
    page.reload()
    playground.wait_for("ready")
    expect(page.locator(".cm-line").first).to_contain_text("A network whose depth")


def test_the_curve_has_ink_and_keeps_its_zoom(playground: Playground) -> None:
    playground.open("#dynamic_net")
    playground.run()
    playground.wait_for_step(30)
    page = playground.page
    plot = page.locator(".u-over")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 40, steps=4)
    page.mouse.up()
    expect(playground.button("All steps")).to_be_visible()
    step = int(playground.status.get_attribute("data-step") or 0)
    playground.wait_for_step(step + 20)
    expect(playground.button("All steps")).to_be_visible()
    playground.button("All steps").click()
    expect(playground.button("All steps")).to_have_count(0)
    playground.stop()
    playground.wait_for("stopped")
    assert int(page.locator("[data-points]").get_attribute("data-points") or 0) > step
    assert painted(page) > 50


def painted(page: Page) -> int:
    """Pixels of the curve's colour on the chart's canvas."""
    count = page.locator(".uplot canvas").evaluate(
        """canvas => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            let count = 0;
            for (let i = 0; i < data.length; i += 4)
                if (data[i] > 150 && data[i + 2] < 90 && data[i + 3] > 200) count++;
            return count;
        }"""
    )
    return int(count)


def test_from_the_second_visit_on_it_is_isolated_and_works_offline(page: Page) -> None:
    server = serve(Handler)
    playground = Playground(page, next(server))
    playground.program("print('begun')\nwhile True: pass\n")
    playground.open()
    assert page.evaluate("crossOriginIsolated") is False
    expect(page.get_by_text("Works offline")).to_be_visible(timeout=60_000)
    page.reload()
    playground.wait_for("ready")
    assert page.evaluate("crossOriginIsolated") is True
    playground.run()
    expect(playground.output).to_contain_text("begun")
    playground.stop()
    playground.wait_for("stopped")
    expect(playground.output).not_to_contain_text("A new one is starting")
    next(server, None)  # the server goes away
    page.reload()
    playground.wait_for("ready")
    playground.page.get_by_role("combobox", name="Example").select_option("dynamic_net.py")
    playground.run()
    playground.wait_for_step(3)
    playground.stop()
    playground.wait_for("stopped")
    assert [text for text in playground.complaints if "ERR_CONNECTION_REFUSED" not in text] == []


def test_colours_follow_the_system_until_chosen(playground: Playground) -> None:
    page = playground.page
    page.emulate_media(color_scheme="dark")
    playground.open()
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(16, 15, 13)"
    playground.button("Light colours").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert page.evaluate(background) == "rgb(246, 244, 240)"
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_the_policy_is_strict() -> None:
    assert POLICY is not None
    assert "default-src 'none'" in POLICY[1].replace("&#39;", "'")
    assert "unsafe-eval'" not in POLICY[1].replace("wasm-unsafe-eval", "")
