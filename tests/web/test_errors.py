"""Bad input: marked where it is, said in words."""

import pytest
from playwright.sync_api import expect

from .conftest import Playground

pytestmark = pytest.mark.slow

SHAPES = """import flambeau as torch


def forward(x):
    return x @ torch.ones(65, 128)  # the wrong way round


forward(torch.ones(64, 128))
"""


def run(playground: Playground, code: str, outcome: str = "error") -> None:
    playground.program(code)
    playground.open()
    playground.device("cpu")
    playground.run()
    playground.wait_for(outcome)


def test_a_shape_error_marks_its_expression(playground: Playground) -> None:
    run(playground, SHAPES)
    page = playground.page
    expect(page.locator(".cm-error-line")).to_contain_text("return x @ torch.ones(65, 128)")
    expect(page.locator(".cm-error-range").first).to_be_visible()
    assert "".join(page.locator(".cm-error-range").all_inner_texts()) == "x @ torch.ones(65, 128)"
    message = page.locator(".cm-error-message")
    expect(message).to_contain_text("mat1 and mat2 shapes cannot be multiplied (64x128 and 65x128)")
    expect(playground.output).to_contain_text('File "main.py", line 5, in forward')
    expect(playground.output).not_to_contain_text("site-packages")
    # It goes when the program is edited.
    page.locator(".cm-line", has_text="the wrong way round").click()
    page.keyboard.press("End")
    page.keyboard.type("!")
    expect(page.locator(".cm-error-line")).to_have_count(0)


def test_a_syntax_error_marks_its_place(playground: Playground) -> None:
    run(playground, "x = 1\nfor i in range(3)\n    pass\n")
    expect(playground.page.locator(".cm-error-line")).to_have_text("for i in range(3)")
    expect(playground.page.locator(".cm-error-message")).to_contain_text("SyntaxError: expected ':'")


def test_an_error_in_training_keeps_the_graph_up_to_it(playground: Playground) -> None:
    code = "import flambeau as torch\nw = torch.ones(2, 2, requires_grad=True)\n"
    run(playground, code + "h = torch.tanh(w @ w)\nh @ torch.ones(3, 1)\n")
    expect(playground.facts).to_contain_text("up to the error")
    expect(playground.box("tanh")).to_be_visible()


def test_output_is_never_markup(playground: Playground) -> None:
    run(playground, "print('<img src=x onerror=\"document.title=1\"><b>bold</b>')\n", outcome="done")
    expect(playground.output).to_contain_text("<b>bold</b>")
    assert playground.output.locator("img, b").count() == 0


def test_a_progress_bar_is_one_line(playground: Playground) -> None:
    run(playground, "from tqdm import trange\nfor _ in trange(5000): pass\nprint('after')\n", outcome="done")
    expect(playground.output).to_contain_text("5000/5000")
    assert playground.output.inner_text().count("|") == 2
    expect(playground.output).to_contain_text("after")


def test_wrong_arguments_and_exit_codes_are_said(playground: Playground) -> None:
    run(playground, "import sys\nsys.exit('no data')\n")
    expect(playground.output).to_contain_text("no data")
