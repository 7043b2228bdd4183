"""Exceptions as the page shows them."""

import linecache

import pytest

import flambeau as torch
from flambeau.watch.errors import error_event


def failure(code: str, name: str = "<page test>") -> dict[str, object]:
    """The event of the exception that a program raises, as the page runs it."""
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    with pytest.raises(BaseException) as caught:
        exec(compile(code, name, "exec"), {"torch": torch})
    return error_event(caught.value, step=3)


def marked(code: str) -> str:
    """The text that the last frame of the program points at."""
    event = failure(code)
    frame = [f for f in event["frames"] if f["file"] == "<page test>"][-1]  # type: ignore[attr-defined]
    line = code.splitlines()[frame["line"] - 1]
    units = line.encode("utf-16-le")[2 * frame["column"] : 2 * frame["endColumn"]]
    return units.decode("utf-16-le")


def test_a_shape_error_points_at_the_expression() -> None:
    assert marked("a = torch.ones(2, 3)\nb = 1 + a @ torch.ones(4, 5)\n") == "a @ torch.ones(4, 5)"


def test_columns_count_as_editors_do() -> None:
    assert marked("x = ('🔥', 'é', torch.ones(2) + torch.ones(3))\n") == "torch.ones(2) + torch.ones(3)"


def test_frames_of_flambeau_are_left_out() -> None:
    event = failure("def f():\n    torch.nn.Linear(2, 3)(torch.ones(1, 5))\nf()\n")
    frames = [(f["function"], f["line"]) for f in event["frames"] if f["file"] == "<page test>"]  # type: ignore[attr-defined]
    assert frames == [("<module>", 3), ("f", 2)]
    assert not any("flambeau" in f["file"] and "nn" in f["file"] for f in event["frames"])  # type: ignore[attr-defined]


def test_a_syntax_error_has_its_place() -> None:
    event = failure("x = 1\nfor i in range(3)\n    pass\n")
    frame = event["frames"][-1]  # type: ignore[index]
    assert (event["kind"], event["message"]) == ("SyntaxError", "expected ':'")
    assert (frame["line"], frame["column"], frame["endColumn"]) == (2, 17, 18)
