"""Run, Pause, Step and Stop, with and without shared memory."""

import pytest
from playwright.sync_api import expect

from .conftest import Playground

pytestmark = pytest.mark.slow

ENDLESS = "print('begun')\nwhile True: pass\n"
STUBBORN = """print('begun')
while True:
    try:
        while True: pass
    except BaseException:
        pass
"""


def stop_ends(playground: Playground, code: str) -> None:
    playground.program(code)
    playground.open()
    playground.run()
    expect(playground.output).to_contain_text("begun")
    playground.page.keyboard.press("Control+.")
    expect(playground.status).to_have_attribute("data-state", "stopped", timeout=15_000)
    # And the page goes on working.
    playground.page.get_by_role("combobox", name="Example").select_option("dynamic_net.py")
    playground.device("cpu")
    playground.run()
    playground.wait_for_step(2)
    playground.stop()
    playground.wait_for("stopped")


def test_stop_ends_an_endless_loop(playground: Playground) -> None:
    stop_ends(playground, ENDLESS)


def test_stop_interrupts_an_endless_loop_where_memory_is_shared(isolated_playground: Playground) -> None:
    stop_ends(isolated_playground, ENDLESS)
    # Interrupted: Python lives on.
    expect(isolated_playground.output).not_to_contain_text("A new one is starting")


def test_stop_ends_a_program_that_does_not_want_to(isolated_playground: Playground) -> None:
    stop_ends(isolated_playground, STUBBORN)


def test_pause_holds_and_step_takes_one(playground: Playground) -> None:
    playground.open("#mlp_digits")
    playground.device("cpu")
    playground.run()
    playground.wait_for_step(3)
    playground.button("Pause").click()
    playground.wait_for("paused")
    step = int(playground.status.get_attribute("data-step") or 0)
    playground.button("Step").click()
    expect(playground.status).to_have_attribute("data-step", str(step + 1))
    playground.wait_for("paused")
    playground.button("Go on").click()
    playground.wait_for_step(step + 3)
    playground.stop()
    playground.wait_for("stopped")


def test_run_pressed_early_waits_for_python(playground: Playground) -> None:
    playground.program("print(6 * 7)\n")
    playground.open(ready=False)
    expect(playground.page.get_by_role("combobox", name="Example")).to_have_value("char_rnn.py")
    playground.page.keyboard.press("Control+Enter")
    playground.wait_for("done")
    expect(playground.output).to_contain_text("42")


def test_the_address_can_ask_for_a_run(playground: Playground) -> None:
    playground.open("#dynamic_net&run", ready=False)
    playground.wait_for_step(1)
    playground.stop()
    playground.wait_for("stopped")


def test_the_address_does_not_run_what_the_user_wrote(playground: Playground) -> None:
    playground.program("print('ran')\n", example="dynamic_net")
    playground.open("#dynamic_net&run")
    expect(playground.status).to_have_attribute("data-state", "ready")
    expect(playground.output).not_to_contain_text("ran")
